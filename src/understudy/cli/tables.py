"""Tables and models as lines for people, and tables read from what the command line names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.constraints import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from understudy.core.record import Decision, FitRecord
    from understudy.data import Table, TableSchema


def read_table(
    data: str, *, schema: Path | None = None, table: str | None = None, query: str | None = None, reading: Sequence[str] = ()
) -> Table:
    """Read DATA: a file, a folder of parts, or a database URL (`URL#table` names its table). `reading`: "OPTION=VALUE" texts."""
    from understudy.data import read

    options: dict[str, Any] = {"schema": schema, "query": query, **reading_options(reading)}
    if table is not None:
        options["table" if "://" in data else "sheet"] = table
    return read(data, **{name: value for name, value in options.items() if value is not None})


def reading_options(texts: Sequence[str]) -> dict[str, Any]:
    """`delimiter=;` and the like as arguments of `read`. ArgumentError for an option that `read` does not have."""
    from inspect import signature

    from understudy.data import read

    known = [name for name in signature(read).parameters if name not in ("source", "schema", "table", "query")]
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise ArgumentError(f'"{text}" is no option of reading.', where="--read", remedy=did_you_mean(name, known))
        options[name] = _CONVERTED.get(name, str)(value)
    return options


_CONVERTED: dict[str, Callable[[str], Any]] = {
    "header": lambda value: value.lower() in ("true", "yes", "1"),
    "missing": lambda value: value.split(","),
    "delimiter": lambda value: value.replace("\\t", "\t"),
}


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
    found = {
        "dependency": lambda: f"{', '.join(rule.determinants)} decides {rule.dependent}",
        "inequality": lambda: f"{rule.low} {'<' if rule.strict else '≤'} {rule.high}",
        "sum": lambda: f"{rule.total} = {' + '.join(rule.parts)}",
        "one_hot": lambda: f"exactly one of {', '.join(rule.columns)} is 1",
        "equal": lambda: f"{rule.a} = {rule.b}",
    }.get(rule.type)
    words = found() if found else in_words(rule)
    return f"{words}{'' if rule.enforce else ' (not enforced)'}"


def record_lines(record: FitRecord) -> list[str]:
    """The notes, and everything that was done to the columns."""
    return [*record.notes, *(decision_in_words(decision) for decision in record.decisions)]


def noteworthy_lines(record: FitRecord) -> list[str]:
    """The notes, and what was done to columns beyond learning them as what they are."""
    lines = list(record.notes)
    for decision in record.decisions:
        plain, _, more = decision["what"].partition("; ")
        if not plain.startswith("treated as"):
            lines.append(decision_in_words(decision))
        elif more:
            lines.append(f"{decision['column']}: {more}")
    return lines


def decision_in_words(decision: Decision) -> str:
    place = f"{decision['column']}: " if decision["column"] is not None else ""
    return f"{place}{decision['what']}, because {decision['why']}"


def fitted_schema(model: Any) -> TableSchema | None:
    """The schema that a model of a table was fitted under."""
    schema = getattr(model, "schema", None)
    return schema if hasattr(schema, "columns") else None
