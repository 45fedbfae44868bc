"""`understudy impute`: fill the missing cells of a table, by a model or by one that is learned from the table itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Budget, Debug, Json, Method, Quiet, Reading, Seed
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.data import Table


def impute(
    model_or_data: Annotated[
        str,
        typer.Argument(metavar="[MODEL] DATA", help="A saved model and a table; or a table alone, which is learned first."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="A file, or a database URL#table.", show_default=False)],
    data: Annotated[str | None, typer.Argument(metavar="", show_default=False)] = None,
    method: Method = "auto",
    budget: Budget = None,
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fill in missing cells; all others stay as they are.

    **understudy impute customers.understudy customers.csv -o whole.csv**
    """
    from understudy.cli.tables import read_table
    from understudy.data import write_table

    screen = Screen(machine=as_json, quiet=quiet)
    started = time.monotonic()
    table = read_table(data or model_or_data, reading=reading or ())
    model = _model(model_or_data if data is not None else None, table, screen, method=method, budget=budget, seed=seed)
    filled = model.impute(table, seed=seed)
    write_table(filled, output, dialect=table.dialect)
    cells = sum(int(table.frame[name].ne_missing(filled[name].cast(dtype)).sum()) for name, dtype in table.frame.schema.items())
    seconds = time.monotonic() - started
    screen.say(f"{cells:,} cells of {filled.height:,} rows filled in, to {output} in {seconds_in_words(seconds)}")
    screen.document({"target": output, "rows": filled.height, "filled": cells, "seconds": round(seconds, 3)})


def _model(path: str | None, table: Table, screen: Screen, **options: Any) -> Any:
    """The model in the file, or one of the table itself."""
    from understudy.core import load
    from understudy.core.cancellation import cancel_on_interrupt
    from understudy.core.errors import ArgumentError
    from understudy.tabular import fit

    if path is not None:
        model = load(Path(path))
        if not hasattr(model, "impute"):
            raise ArgumentError(f'A model of the kind "{model.name}" does not fill in tables.', where=path)
        return model
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            return fit(table, progress=listener, **options)
    finally:
        listener.close()
