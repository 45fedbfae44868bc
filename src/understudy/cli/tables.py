"""Tables and models as lines for people, and tables read from what the command line names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.core.record import FitRecord
    from understudy.data import Table, TableSchema


def read_table(data: str, *, schema: Path | None = None, table: str | None = None, query: str | None = None) -> Table:
    """Read DATA: a file, a folder of parts, or a database URL (`URL#table` names its table)."""
    from understudy.data import read
    from understudy.data.schema import TableSchema

    options: dict[str, Any] = {"schema": TableSchema.load(schema) if schema is not None else None}
    if "://" in data:
        data, _, named = data.partition("#")
        options |= {"table": table or named or None, "query": query}
    elif query is not None:
        import typer

        raise typer.BadParameter("--query is for databases; DATA is a file")
    elif table is not None:
        options["sheet"] = table
    return read(data, **{name: value for name, value in options.items() if value is not None})


def column_rows(schema: TableSchema) -> list[tuple[str, str, str]]:
    """One line a column: its name, what it is treated as, why."""
    return [(column.name, treated_as(column), column.reason) for column in schema.columns]


def treated_as(column: Any) -> str:
    """The kind with the fact that says most: `date %d/%m/%Y`, `decimal .01`, `personal (email)`."""
    facts: dict[str, Any] = column.model_dump(exclude_none=True)
    detail = ""
    if column.kind == "decimal" and "decimals" in facts:
        detail = f"{facts['decimals']} digits"
    elif column.kind == "categorical" and "categories" in facts:
        detail = f"{len(facts['categories'])} values"
    else:
        told = ("personal", "format", "pattern", "time_zone", "value")
        detail = next((str(facts[fact]) for fact in told if fact in facts), "")
    words = f"{column.kind} ({detail})" if detail else str(column.kind)
    return words + (", may be missing" if column.nullable else "")


def constraint_lines(schema: TableSchema) -> list[str]:
    """The rules between columns in plain words."""
    return [rule_in_words(rule) for rule in schema.constraints]


def rule_in_words(rule: Any) -> str:
    words = {
        "dependency": lambda: f"{', '.join(rule.determinants)} decides {rule.dependent}",
        "inequality": lambda: f"{rule.low} {'<' if rule.strict else '≤'} {rule.high}",
        "sum": lambda: f"{rule.total} = {' + '.join(rule.parts)}",
        "one_hot": lambda: f"exactly one of {', '.join(rule.columns)} is 1",
        "equal": lambda: f"{rule.a} = {rule.b}",
    }[rule.type]()
    return f"{words}{'' if rule.enforce else ' (not enforced)'}"


def record_lines(record: FitRecord) -> list[str]:
    """What was done to the columns, and the notes."""
    decisions = [
        f"{decision['column']}: {decision['what']}, because {decision['why']}"
        if decision["column"]
        else f"{decision['what']}, because {decision['why']}"
        for decision in record.decisions
    ]
    return [*record.notes, *decisions]


def fitted_schema(model: Any) -> TableSchema | None:
    """The schema that a model of a table was fitted under."""
    schema = getattr(model, "schema", None)
    return schema if hasattr(schema, "columns") else None
