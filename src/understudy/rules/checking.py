"""A spec against itself: every name that it uses is there, no column needs itself, no table belongs to itself."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ConstraintError, did_you_mean
from understudy.data.constraints import Contradiction
from understudy.data.expression import Expression, parse
from understudy.rules import columns as c

if TYPE_CHECKING:
    from understudy.rules.spec import Spec, TableSpec

At = tuple[Any, ...]


def check_names(spec: Spec) -> None:
    """Raise `Contradiction` with the place of the first name that is not there, or of a circle."""
    for name, table in spec.tables.items():
        at = ("tables", name)
        if table.per is not None:
            _require(table.per.table, list(spec.tables), "table", (*at, "per", "table"))
        for key, column in table.columns.items():
            _check_column(spec, name, table, column, (*at, "columns", key))
        for rule, formula in table.rules.items():
            for used in parsed(formula, (*at, "rules", rule)).columns:
                _require_readable(spec, name, used, (*at, "rules", rule))
    _refuse_circles_of_tables(spec)
    for name, table in spec.tables.items():
        _refuse_circles_of_columns(spec, name, table)


def parsed(formula: str, at: At) -> Expression:
    """A formula read; its mistakes are the spec's."""
    try:
        return parse(formula)
    except ConstraintError as error:
        raise Contradiction(f"{error.what} ({error.where})" if error.where else error.what, error.remedy, at=at) from None


def needs(column: c.Column) -> Iterator[tuple[str, At]]:
    """The columns that a column is made from, each with its place inside the column: names of this table, or table.column."""
    if isinstance(column.nulls, str):
        yield from ((name, ("nulls",)) for name in parsed(column.nulls, ("nulls",)).columns)
    match column:
        case c.NumberColumn() | c.DayColumn():
            yield from ((name, (side,)) for side, name in (("above", column.above), ("below", column.below)) if name is not None)
        case c.ListColumn(together=str(name)):
            yield name, ("with",)
        case c.TemplateColumn():
            yield from ((name, ("text",)) for name in placeholders(column.text))
        case c.ExpressionColumn():
            yield from ((name, ("formula",)) for name in parsed(column.formula, ("formula",)).columns)
        case c.CaseColumn():
            yield from _needs_of_cases(column)
        case c.PartColumn() | c.SiblingColumn() | c.RunningColumn():
            yield column.of, ("of",)
        case c.ParentColumn(through=str(name)):
            yield name, ("through",)


def _needs_of_cases(column: c.CaseColumn) -> Iterator[tuple[str, At]]:
    for i, case in enumerate(column.cases):
        yield from ((name, ("cases", i, "when")) for name in parsed(case.when, ("cases", i, "when")).columns)
        if isinstance(case.then, c.Column):
            yield from ((name, ("cases", i, "then", *at)) for name, at in needs(case.then))
    if isinstance(column.otherwise, c.Column):
        yield from ((name, ("else", *at)) for name, at in needs(column.otherwise))


def placeholders(text: str) -> list[str]:
    """The columns that a template names."""
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise Contradiction(
            f"The template cannot be read: {error}.", "Write a brace that is meant as such twice: {{.", at=("text",)
        ) from None
    for name, spec, conversion in fields:
        if not name or spec or conversion:
            raise Contradiction(
                "A placeholder is a column's name in braces: {city}.", "Round or format in an expression column.", at=("text",)
            )
    return [name for name, _, _ in fields]


def _check_column(spec: Spec, table_name: str, table: TableSpec, column: c.Column, at: At) -> None:
    try:
        for name, place in needs(column):
            _require_readable(spec, table_name, name, (*at, *place))
    except Contradiction as error:
        raise error if error.at[: len(at)] == at else Contradiction(error.what, error.remedy, at=(*at, *error.at)) from None
    _check_source(spec, column, at)
    match column:
        case c.ReferenceColumn():
            _require_reference(spec, table_name, column.to, (*at, "to"))
        case c.ParentColumn():
            _require_readable(spec, table_name, column.of, (*at, "of"))
            _require_way(table, column, at)
        case c.AggregateColumn():
            _require_children(spec, table_name, column.of, (*at, "of"))
        case c.StateColumn() | c.OrdinalColumn() | c.SiblingColumn() | c.RunningColumn() if table.per is None:
            raise Contradiction(
                f'A column of type "{column.type}" runs along the rows of one owner, but "{table_name}" has none.',
                "Give the table `per: {table: OWNER, count: LAW}` in place of `rows`.",
                at=at,
            )
        case c.CaseColumn():
            for i, case in enumerate(column.cases):
                if isinstance(case.then, c.Column):
                    _check_column(spec, table_name, table, case.then, (*at, "cases", i, "then"))
            if isinstance(column.otherwise, c.Column):
                _check_column(spec, table_name, table, column.otherwise, (*at, "else"))
        case c.PersonColumn() if column.who != "person" and column.who not in table.people:
            raise Contradiction(
                f'The table has no person "{column.who}".', did_you_mean(column.who, ["person", *table.people]), at=(*at, "who")
            )


def _check_source(spec: Spec, column: c.Column, at: At) -> None:
    """What a column is taken from stands in the spec."""
    match column:
        case c.ListColumn():
            _require(column.list, list(spec.lists), "list", (*at, "list"))
        case c.ModelColumn():
            _require(column.model, list(spec.models), "model", (*at, "model"))
        case c.FrameColumn():
            _require(column.frame, list(spec.frames), "frame", (*at, "frame"))


def _require(name: str, known: list[str], what: str, at: At) -> None:
    if name not in known:
        remedy = did_you_mean(name, known) if known else f"The spec has no {what}s: add it under `{what}s`."
        raise Contradiction(f'There is no {what} "{name}".', remedy, at=at)


def _require_readable(spec: Spec, table: str, name: str, at: At) -> None:
    """A column of the table, or `owner.column` of one that it belongs or refers to."""
    columns = spec.tables[table].columns
    if name in columns:
        return
    other, dot, column = name.partition(".")
    if not dot:
        raise Contradiction(f'There is no column "{name}".', did_you_mean(name, list(columns)), at=at)
    within = readable_tables(spec, table)
    if other not in within:
        remedy = did_you_mean(other, within) if within else "Give the table a reference to it, or make it `per` that table."
        raise Contradiction(f'"{table}" neither belongs nor refers to a table "{other}".', remedy, at=at)
    _require(column, list(spec.tables[other].columns), "column", at)


def readable_tables(spec: Spec, table: str) -> list[str]:
    """The tables of which each row of `table` has one row: its owner, and those of its references."""
    stated = spec.tables[table]
    owner = [stated.per.table] if stated.per is not None else []
    to = [column.to.partition(".")[0] for column in stated.columns.values() if isinstance(column, c.ReferenceColumn)]
    return list(dict.fromkeys([*owner, *(name for name in to if name != "self")]))


def _require_reference(spec: Spec, table: str, to: str, at: At) -> None:
    other, _, column = to.partition(".")
    other = table if other == "self" else other
    _require(other, list(spec.tables), "table", at)
    _require(column, list(spec.tables[other].columns), "column", at)
    target = spec.tables[other]
    if not isinstance(target.columns[column], c.KeyColumn) and target.key != [column] and [column] not in target.unique:
        raise Contradiction(
            f'A reference names one row, but "{to}" is no key.', f'Give "{other}" `key: {column}`, or refer to its key.', at=at
        )


def _require_way(table: TableSpec, column: c.ParentColumn, at: At) -> None:
    """`through` names a reference to the table that the column is of."""
    if column.through is None:
        return
    other = column.of.partition(".")[0]
    ways = [name for name, stated in table.columns.items() if isinstance(stated, c.ReferenceColumn) and stated.to.startswith(f"{other}.")]
    if column.through not in ways:
        raise Contradiction(f'"{column.through}" is no reference to "{other}".', did_you_mean(column.through, ways), at=(*at, "through"))


def _require_children(spec: Spec, table: str, of: str, at: At) -> None:
    other, _, column = of.partition(".")
    children = [name for name, stated in spec.tables.items() if stated.per is not None and stated.per.table == table]
    if other not in children:
        remedy = did_you_mean(other, children) if children else f"Give a table `per: {{table: {table}, count: LAW}}`."
        raise Contradiction(f'An aggregate goes over a table that is per "{table}"; "{other}" is not.', remedy, at=at)
    _require(column, list(spec.tables[other].columns), "column", at)


def _refuse_circles_of_tables(spec: Spec) -> None:
    for start in spec.tables:
        seen, table = [start], start
        while (per := spec.tables[table].per) is not None:
            table = per.table
            if table in seen:
                raise Contradiction(
                    f"A table belongs to itself: {' → '.join([*seen, table])}.",
                    "One of them must say its rows.",
                    at=("tables", start, "per"),
                )
            seen.append(table)


def _refuse_circles_of_columns(spec: Spec, name: str, table: TableSpec) -> None:
    done: set[tuple[str, str]] = set()

    def visit(at: tuple[str, str], path: list[tuple[str, str]]) -> None:
        if at in done:
            return
        if at in path:
            circle = " → ".join(column if owner == name else f"{owner}.{column}" for owner, column in [*path[path.index(at) :], at])
            raise Contradiction(
                f"A column needs itself: {circle}.", "Break the circle.", at=("tables", name, "columns", at[1]) if at[0] == name else ()
            )
        for needed in reads(spec, *at):
            visit(needed, [*path, at])
        done.add(at)

    for column in table.columns:
        visit((name, column), [])


def reads(spec: Spec, table: str, column: str) -> Iterator[tuple[str, str]]:
    """The columns, as (table, column), that one is made from, in whichever table they are."""
    stated = spec.tables[table].columns[column]
    names = [name for name, _ in needs(stated)]
    match stated:
        case c.ParentColumn() | c.AggregateColumn():
            names.append(stated.of)
        case c.ReferenceColumn() if not stated.to.startswith("self."):
            names.append(stated.to)
    for name in names:
        if name in spec.tables[table].columns:
            yield table, name
        else:
            other, _, theirs = name.partition(".")
            yield other, theirs
