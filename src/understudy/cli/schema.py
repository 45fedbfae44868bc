"""`understudy schema`: specs from what describes data already, and what others need of specs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen

schema = typer.Typer(name="schema", help="Specs from schemas, and SQL or JSON Schema from specs.", no_args_is_help=True)


@schema.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="SQL (CREATE TABLE …), a database URL, a JSON Schema, dbt's schema.yml, a table of values, or package.module:Name of a "
            "pydantic model, dataclass, Arrow or pandera schema.",
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the spec here; else print it.")] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORM",
            help="What SOURCE is, where it is not found out: ddl, database, json-schema, pydantic, dataclass, arrow, pandera, dbt, sample.",
        ),
    ] = None,
    dialect: Annotated[str | None, typer.Option(metavar="NAME", help="Of SQL: postgres, mysql, sqlite, tsql, oracle, duckdb …")] = None,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Rows of each table whose number of rows is not known.", min=1)] = None,
    scale: Annotated[float, typer.Option(metavar="X", help="So many times the rows.")] = 1.0,
    profile: Annotated[bool, typer.Option(help="Of a database: propose values from those that are there.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Propose a spec for `understudy generate`, and tell what was guessed, changed or left out.

    **understudy schema import shop.sql --dialect postgres -o shop.yaml**
    """
    from understudy.core.errors import ArgumentError
    from understudy.rules.importing import import_schema

    if not scale > 0:
        raise ArgumentError(f"--scale is {scale:g}; it is a number above 0.", remedy="--scale 100 makes a hundred times the rows.")
    screen = Screen(machine=as_json, quiet=quiet, aside=output is None)
    found = import_schema(source, form, dialect=dialect, rows=rows, scale=scale, profile=profile)
    if output is not None:
        from understudy.core.atomic import atomic_file

        with atomic_file(output) as file:
            file.write(found.to_yaml().encode())
    elif not as_json and not quiet:
        typer.echo(found.to_yaml(), nl=False)
    for note in found.notes if output is not None else ():
        screen.say(str(note))
    if output is not None:
        columns = sum(len(table.columns) for table in found.spec.tables.values())
        screen.say()
        screen.say(f"{output}: {len(found.spec.tables)} tables, {columns} columns. Look at the notes, then: understudy generate {output}")
    screen.document(
        {
            "spec": str(output) if output is not None else found.spec.to_dict(),
            "notes": [{"what": note.what, "table": note.table, "column": note.column, "text": note.text} for note in found.notes],
        }
    )


@schema.command("ddl")
def ddl(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="A spec's YAML file.")],
    dialect: Annotated[str, typer.Option(metavar="NAME", help="postgresql, sqlite, duckdb or mysql.")] = "postgresql",
    debug: Debug = False,
) -> None:
    """Print the SQL that makes a spec's tables, with keys, references and checks.

    **understudy schema ddl shop.yaml --dialect postgresql**
    """
    from understudy.rules import read_spec
    from understudy.rules.ddl import create_statements

    for statement in create_statements(read_spec(spec), dialect):
        typer.echo(f"{statement};\n")


@schema.command("json-schema")
def json_schema(debug: Debug = False) -> None:
    """Print the JSON Schema of specs, by which editors complete and check them.

    **understudy schema json-schema > understudy.schema.json**
    """
    import json

    from understudy.rules import Spec

    typer.echo(json.dumps(Spec.json_schema(), indent=1))
