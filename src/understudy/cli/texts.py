"""`understudy evaluate --text`: the texts of a column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.cli.screen import Screen

if TYPE_CHECKING:
    from understudy.evaluate.texts.result import TextEvaluation


def evaluate_texts(
    screen: Screen,
    real: str,
    synthetic: str,
    output: Path | None,
    holdout: str | None,
    text: str,
    label: str | None,
    seed: int,
    reading: Sequence[str],
    as_json: bool,
) -> TextEvaluation:
    """Judge the texts of a column of a synthetic table beside those of the real one; the page and the figures are written and shown."""
    from understudy.cli.evaluate import show_evaluation
    from understudy.cli.tables import read_table
    from understudy.evaluate.texts.judging import evaluate_texts as judge

    real_table, made = read_table(real, reading=reading), read_table(synthetic)
    held = None if holdout is None else read_table(holdout, reading=reading)
    listener = screen.progress()
    try:
        evaluation = judge(real_table, made, text=text, label=label, holdout=held, seed=seed, progress=listener)
    finally:
        listener.close()
    if output is not None:
        evaluation.save(output)
    show_evaluation(screen, evaluation, output)
    for note in evaluation.notes:
        screen.say(note, style="dim")
    if as_json:
        screen.document({"report": None if output is None else str(output), **evaluation.model_dump(mode="json")})
    return evaluation
