"""`understudy fit --text`: learn a column of texts and save the model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words

if TYPE_CHECKING:
    from understudy.text.synthesizer import TextSynthesizer

USUAL = "text-ngram"
METHODS = ("text-ngram", "text-transformer")
_SHOWN = 20


class TextColumns(NamedTuple):
    """What the columns are: the texts, what says what they are, whose they are."""

    text: str
    label: str | None
    owner: str | None


def refuse_without_text(method: str, **stated: Any) -> None:
    """Raise where something is said of texts, and not which column holds them."""
    for option, value in stated.items():
        if value is not None:
            raise typer.BadParameter(f"this is for texts: name their column too, --text COLUMN --{option} …", param_hint=f"--{option}")
    if method in METHODS:
        raise typer.BadParameter(f"{method} learns a column of texts: name it, --text COLUMN", param_hint="--text")


def learned(
    screen: Screen, data: str, output: Path, columns: TextColumns, method: str, budget: str | None, seed: int,
    *, epsilon: float | None, phrases: int | None, schema: Path | None, table: str | None, query: str | None, reading: Sequence[str],
) -> None:  # fmt: skip
    """Learn the texts of DATA and save the model to `output`; columns are looked for before anything is learned."""
    from understudy.cli.tables import read_table
    from understudy.core.cancellation import cancel_on_interrupt
    from understudy.core.errors import DataError, did_you_mean

    started = time.monotonic()
    learner = _learner(method, epsilon=epsilon, phrases=phrases)
    real = read_table(data, schema=schema, table=table, query=query, reading=reading)
    for column in columns:
        if column is not None and column not in real.columns:
            raise DataError(f'There is no column "{column}".', where=real.origin, remedy=did_you_mean(column, real.columns))
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            model = learner.fit(real, **columns._asdict(), budget=budget, seed=seed, progress=listener)
    finally:
        listener.close()
    model.save(output)
    _show(screen, data, real.rows, model, output, columns, time.monotonic() - started)


def _learner(method: str, **options: Any) -> Any:
    """The method with the options that were stated, which the usual one alone has."""
    from understudy.core import registry
    from understudy.core.errors import did_you_mean

    name = USUAL if method == "auto" else method
    if name not in METHODS:
        raise typer.BadParameter(f'"{method}" does not learn texts. {did_you_mean(method, METHODS)}', param_hint="--method")
    stated = {option: value for option, value in options.items() if value is not None}
    for option in stated if name != USUAL else ():
        raise typer.BadParameter(f"only {USUAL} has it", param_hint=f"--{option}")
    return registry.get("generators", name)(**stated)


def _show(
    screen: Screen, data: str, rows: int, model: TextSynthesizer, output: Path, columns: TextColumns, seconds: float
) -> None:  # fmt: skip
    from understudy.cli.tables import record_lines

    assert model.record is not None
    lines, size = record_lines(model.record), output.stat().st_size
    screen.say(f'{data}: {rows:,} rows, texts in "{columns.text}"', style="bold")
    if model.levels is not None:
        shares = zip(model.levels.to_list(), model.shares.tolist(), strict=True)
        screen.say(f"  {columns.label}: {', '.join(f'{level} {share:.0%}' for level, share in list(shares)[:_SHOWN])}")
    screen.say()
    screen.say("To note", style="bold")
    for line in lines[:_SHOWN]:
        screen.say(f"  {line}")
    if len(lines) > _SHOWN:
        screen.say(f"  … and {len(lines) - _SHOWN} more: understudy inspect {output}", style="dim")
    screen.say()
    screen.say(f"Learned with {model.name} in {seconds_in_words(seconds)}; saved to {output} ({bytes_in_words(size)})", style="bold")
    screen.say("Go on with:")
    screen.say(f"  understudy sample {output} -n {rows} -o synthetic.jsonl")
    screen.document(
        {
            "model": str(output),
            "method": model.name,
            "rows": rows,
            "bytes": size,
            "seconds": round(seconds, 3),
            "text": columns.text,
            "label": columns.label,
            "owner": columns.owner,
            "record": model.record.to_dict(),
        }
    )
