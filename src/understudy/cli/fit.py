"""`understudy fit`: learn a table, say what each column was taken for, and save the model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Budget, Data, Debug, Json, Method, Quiet, Reading, Schema, Seed, TableName, Target
from understudy.cli.outputs import require_model
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words

if TYPE_CHECKING:
    from understudy.core.generator import Generator, Synthesizer
    from understudy.data import Table


def fit(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="MODEL", help="Where to save the model.", show_default=False)],
    method: Method = "auto",
    budget: Budget = None,
    schema: Schema = None,
    target: Target = None,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Learn a column of texts: --method text-ngram (the default) or text-transformer.", show_default=False
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --text: what says what a text is, its class or stars.", show_default=False)
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --text: whose a text is; all of one owner count as one.", show_default=False)
    ] = None,
    epsilon: Annotated[
        float | None, typer.Option(metavar="E", help="With --text: learn under differential privacy, so strict.", show_default=False)
    ] = None,
    phrases: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="With --text: texts that must share words in a row; more are harder to recognise.", show_default=False
        ),
    ] = None,
    table: TableName = None,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Query of the database, instead of a table.")] = None,
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Learn a table, or a column of texts, and save the model.

    **understudy fit customers.csv -o customers.understudy**

    **understudy fit reviews.csv --text review --label stars -o reviews.understudy**
    """
    from understudy.cli import fit_texts
    from understudy.cli.tables import read_table
    from understudy.core.cancellation import cancel_on_interrupt
    from understudy.tabular import fit as learn

    screen = Screen(machine=as_json, quiet=quiet)
    require_model(output)
    started = time.monotonic()
    if text is not None:
        if target is not None:
            raise typer.BadParameter("--target is for tables; the class of texts is --label", param_hint="--target")
        columns = fit_texts.TextColumns(text, label, owner)
        fit_texts.learned(
            screen, data, output, columns, method, budget, seed, epsilon=epsilon, phrases=phrases, schema=schema, table=table, query=query,
            reading=reading or (),
        )  # fmt: skip
        return
    fit_texts.refuse_without_text(method, label=label, owner=owner, epsilon=epsilon, phrases=phrases)
    options = _own_options(method, target)
    real = read_table(data, schema=schema, table=table, query=query, reading=reading or ())
    if target is not None:
        real.schema.column(target)  # refuses, with the nearest name, before any work
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            model = learn(real, method=method, budget=budget, seed=seed, progress=listener, **options)
    finally:
        listener.close()
    model.save(output)
    _show(screen, real, model, output, data, target, time.monotonic() - started)


def _own_options(method: str, target: str | None) -> dict[str, Any]:
    """`target` for the methods that make use of it."""
    from inspect import signature

    from understudy.core import registry

    takes_target = "target" in signature(registry.get("generators", method)).parameters
    return {"target": target} if target is not None and takes_target else {}


def _show(screen: Screen, real: Table, model: Synthesizer, output: Path, data: str, target: str | None, seconds: float) -> None:
    from understudy.cli.tables import column_rows, constraint_lines, fitted_schema, noteworthy_lines

    schema = fitted_schema(model) or real.schema
    assert model.record is not None
    screen.say(f"{real.origin}: {real.rows:,} rows, {len(real.columns)} columns", style="bold")
    screen.say()
    screen.table(["column", "treated as", "because"], column_rows(schema), more=f"All: understudy inspect {output}", wide=2)
    for title, lines in (("Rules found, kept in every row", constraint_lines(schema)), ("To note", noteworthy_lines(model.record))):
        if lines:
            screen.say()
            screen.say(title, style="bold")
        for line in lines[:20]:
            screen.say(f"  {line}")
        if len(lines) > 20:
            screen.say(f"  … and {len(lines) - 20} more: understudy inspect {output}", style="dim")
    size = output.stat().st_size
    screen.say()
    screen.say(
        f"Learned with {method_name(model)} in {seconds_in_words(seconds)}; saved to {output} ({bytes_in_words(size)})", style="bold"
    )
    screen.say("Go on with:")
    screen.say(f"  understudy sample {output} -n {real.rows} -o synthetic.csv")
    screen.say(f"  understudy evaluate {data} synthetic.csv{f' --target {target}' if target else ''} -o report.html")
    screen.document(
        {
            "model": str(output),
            "method": method_name(model),
            "rows": real.rows,
            "bytes": size,
            "seconds": round(seconds, 3),
            "schema": schema.model_dump(mode="json", exclude_none=True),
            "record": model.record.to_dict(),
        }
    )


def method_name(model: Generator) -> str:
    """The method that does the work: `auto` says whom it picked."""
    chosen = getattr(model, "chosen", None)
    return chosen if isinstance(chosen, str) else model.name
