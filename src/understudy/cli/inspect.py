"""`understudy inspect`: what a model has learned, or what a table's columns would be taken for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Debug, Json, Quiet, Reading, TableName
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words

if TYPE_CHECKING:
    from understudy.core.generator import Generator
    from understudy.data import TableSchema


def inspect(
    subject: Annotated[str, typer.Argument(metavar="MODEL|DATA", help="A saved model, or a table: a file, a folder, a database URL.")],
    schema_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the schema as YAML, to be edited and given to `understudy fit --schema`.")
    ] = None,
    table: TableName = None,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show what a model has learned, or what each column of a table would be treated as, and why.

    **understudy inspect customers.csv --schema-out customers.yaml**
    """
    screen = Screen(machine=as_json, quiet=quiet)
    schema, content = _inspect_model(screen, subject) if _is_model(subject) else _inspect_table(screen, subject, table, reading or [])
    if schema_out is not None:
        if schema is None:
            from understudy.core.errors import DataError

            raise DataError("This model has no schema: it is not of a table.", where=subject, remedy="Leave out --schema-out.")
        schema.save(schema_out)
        screen.say()
        screen.say(f"Schema: {schema_out}. Edit it, then: understudy fit DATA --schema {schema_out} -o MODEL")
        content["schema_out"] = str(schema_out)
    screen.document(content)


def _is_model(subject: str) -> bool:
    """Models are zip files; workbooks are too, but are named so."""
    path = Path(subject)
    if not path.is_file() or path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods"):
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _inspect_model(screen: Screen, path: str) -> tuple[TableSchema | None, dict[str, Any]]:
    from understudy.cli.fit import method_name
    from understudy.cli.tables import fitted_schema, record_lines
    from understudy.core import load

    model: Generator = load(path)
    size = Path(path).stat().st_size
    screen.say(f"{path}: a model of the kind {method_name(model)}, {bytes_in_words(size)}", style="bold")
    schema, record = fitted_schema(model), getattr(model, "record", None)
    content: dict[str, Any] = {"model": path, "method": method_name(model), "bytes": size, "record": record and record.to_dict()}
    if schema is not None:
        screen.say()
        _show_schema(screen, schema)
        content["schema"] = schema.model_dump(mode="json", exclude_none=True)
    if record is not None:
        screen.say()
        screen.say("Record of the fit", style="bold")
        versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
        screen.say(f"  {seconds_in_words(record.seconds)}, with {versions}")
        for line in record_lines(record):
            screen.say(f"  {line}")
        for name, value in record.figures.items():
            if isinstance(value, (int, float, str)):
                screen.say(f"  {name}: {value:.4g}" if isinstance(value, float) else f"  {name}: {value}")
    return schema, content


def _inspect_table(screen: Screen, data: str, table: str | None, reading: list[str]) -> tuple[TableSchema, dict[str, Any]]:
    from understudy.cli.tables import read_table

    real = read_table(data, table=table, reading=reading)
    screen.say(f"{real.origin}: {real.rows:,} rows, {len(real.columns)} columns", style="bold")
    screen.say()
    _show_schema(screen, real.schema)
    notes = [str(note) for note in real.notes]
    if notes:
        screen.say()
        screen.say("Done on reading", style="bold")
        for note in notes:
            screen.say(f"  {note}")
    content = {"table": real.origin, "rows": real.rows, "schema": real.schema.model_dump(mode="json", exclude_none=True), "notes": notes}
    return real.schema, content


def _show_schema(screen: Screen, schema: TableSchema) -> None:
    from understudy.cli.tables import column_rows, constraint_lines

    screen.table(["column", "treated as", "because"], column_rows(schema), more="All: --schema-out FILE, or --json", wide=2)
    if schema.constraints:
        screen.say()
        screen.say("Rules between columns", style="bold")
        for line in constraint_lines(schema):
            screen.say(f"  {line}")
