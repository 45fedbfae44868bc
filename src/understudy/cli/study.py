"""`understudy study`: does it help to add synthetic rows? Models trained with and without them, tested on untouched real rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.options import Data, Debug, Json, Method, Page, Quiet, Reading, Schema, Seed, Sieve, TableName
from understudy.cli.outputs import require_page
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.augment.study_result import Study


def study(
    data: Data,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.", show_default=False)],
    output: Page = None,
    method: Method = "auto",
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Effort of each split's generator: 30s, 10min.")] = None,
    splits: Annotated[int, typer.Option(min=2, help="Random splits into rows to learn and rows to test.")] = 10,
    test: Annotated[float, typer.Option(help="Share of the rows to test on.")] = 0.25,
    beside: Annotated[
        list[str] | None, typer.Option(help="Compare with weights, oversampling, smote; all unless told. May be repeated.")
    ] = None,
    sieve: Sieve = True,
    schema: Schema = None,
    table: TableName = None,
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find out whether synthetic rows help to predict a column, and how many of them.

    **understudy study customers.csv --target churn -o study.html**
    """
    from understudy.augment.studying import BESIDE
    from understudy.augment.studying import study as examine
    from understudy.cli.tables import read_table
    from understudy.core.cancellation import cancel_on_interrupt

    screen = Screen(machine=as_json, quiet=quiet)
    if output is not None:
        require_page(output)
    real = read_table(data, schema=schema, table=table, reading=reading or ())
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            found = examine(
                real, target, method=method, budget=budget, splits=splits, test=test, beside=beside or BESIDE, sieve=sieve, seed=seed,
                progress=listener,
            )  # fmt: skip
    finally:
        listener.close()
    if output is not None:
        found.save(output)
    _show(screen, found, output)


def _show(screen: Screen, found: Study, output: Path | None) -> None:
    from understudy.augment.study_result import shown

    screen.say(found.verdict.headline, style="bold")
    for text in found.verdict.sentences:
        screen.say(f"  {text}")
    screen.say()
    first = found.measures[0]
    rows = []
    for variant in found.variants:
        gain = variant.against_real.get(first.key)
        rows.append((variant.name, f"{variant.rows:,}", shown(variant.scores[first.key]), "" if gain is None else shown(gain, signed=True)))
    screen.table(["trained on", "rows", first.name, "against real rows alone"], rows)
    for note in found.notes:
        screen.say(note, style="dim")
    if output is not None:
        screen.say()
        screen.say(f"Report: {output} ({seconds_in_words(found.seconds)})", style="bold")
    screen.document({"report": None if output is None else str(output), **found.to_dict()})
