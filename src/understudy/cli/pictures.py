"""`understudy evaluate` for folders of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from understudy.cli.outputs import require_file
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.evaluate.pictures.result import PictureEvaluation


def holds_pictures(place: str) -> bool:
    """Whether this is a folder with pictures in it, and no table."""
    from understudy.data.media.reading import PICTURES

    folder = Path(place)
    return "://" not in place and folder.is_dir() and any(path.suffix.lower() in PICTURES for path in folder.rglob("*"))


def evaluate_pictures(
    screen: Screen, real: str, synthetic: str, output: Path | None, holdout: str | None, seed: int, as_json: bool
) -> None:
    """Judge a folder of synthetic pictures, and its labels, beside a folder of real ones."""
    from understudy.evaluate.pictures.judging import evaluate_pictures as judge

    if output is not None:
        if output.suffix.lower() != ".json":
            raise typer.BadParameter(f'figures about pictures are written as .json, not "{output.name}"', param_hint="-o")
        require_file(output, "pictures.json")
    listener = screen.progress()
    try:
        evaluation = judge(real, synthetic, holdout=holdout, seed=seed, progress=listener)
    finally:
        listener.close()
    if output is not None:
        evaluation.save(output)
    _show(screen, evaluation, output)
    if as_json:
        screen.document({"report": None if output is None else str(output), **evaluation.model_dump(mode="json")})


def _show(screen: Screen, evaluation: PictureEvaluation, output: Path | None) -> None:
    from understudy.cli.evaluate import shown

    rows = [(figure.name, shown(figure, "value"), shown(figure, "holdout"), f"{figure.best:g}") for figure in evaluation.figures]
    screen.table(["figure", "synthetic", "held-out real", "best"], rows)
    for note in evaluation.notes:
        screen.say(note, style="dim")
    if output is not None:
        screen.say()
        screen.say(f"Figures: {output} ({seconds_in_words(evaluation.seconds)})", style="bold")
