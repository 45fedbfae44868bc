"""What a spec says of a column without making any: its kind, its digits, whether it may be missing, which column names the owner.

Written anew from the spec's meaning, and sharing nothing with what makes the values: a proof by the maker's own code would prove nothing.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from understudy.core.errors import UnderstudyError
from understudy.data.expression import parse
from understudy.rules import columns as c
from understudy.rules.checking import needs
from understudy.rules.spec import Spec, TableSpec

_PERSON_KINDS = {"birth_date": "date", "age": "integer", "latitude": "decimal", "longitude": "decimal"}
_OF_SORT = {"number": "decimal", "text": "text", "truth": "boolean", "moment": "datetime", "time": "time", "duration": "duration"}


class Facts:
    """A spec, read for checking. folder: what its file names are relative to. seen: kinds of columns as an output has them, where no spec
    tells (models, frames)."""

    def __init__(self, spec: Spec, folder: Path | None = None) -> None:
        self.spec, self.folder = spec, folder or Path()
        self.seen: dict[tuple[str, str], str] = {}
        self._kinds: dict[tuple[str, str], str | None] = {}

    def table(self, name: str) -> TableSpec:
        return self.spec.tables[name]

    def column(self, table: str, name: str) -> c.Column:
        return self.spec.tables[table].columns[name]

    def located(self, table: str, name: str) -> tuple[str, str]:
        """The table and column that a name in a table's formulas means."""
        if name in self.spec.tables[table].columns:
            return table, name
        other, _, theirs = name.partition(".")
        return other, theirs

    # -- kinds

    def kind(self, table: str, name: str) -> str | None:
        """integer, decimal, text, boolean, date, datetime, time, duration; None where only the output tells."""
        at = self.located(table, name)
        if at not in self._kinds:
            self._kinds[at] = None  # a circle tells nothing
            self._kinds[at] = self.kind_of(at[0], self.column(*at))
        return self._kinds[at] or self.seen.get(at)

    def kind_of(self, table: str, column: c.Column) -> str | None:
        """The kind of a column's values by what it is."""
        match column:
            case c.KeyColumn():
                return "text" if column.format is not None or column.uuid or column.pattern is not None else "integer"
            case c.IntegerColumn() | c.OrdinalColumn():
                return "integer"
            case c.DecimalColumn():
                return "decimal"
            case c.BooleanColumn():
                return "boolean"
            case c.DateColumn() | c.DateTimeColumn() | c.TimeColumn():
                return column.type
            case c.ChoiceColumn():
                return kind_of_values(list(column.weights))
            case c.ConstantColumn():
                return kind_of_values([column.value])
            case c.PatternColumn() | c.TemplateColumn() | c.WordColumn() | c.StateColumn():
                return "text"
            case c.PersonColumn():
                return _PERSON_KINDS.get(column.field, "text")
            case c.ListColumn():
                return self._kind_of_list(column)
        return self._kind_of_derived(table, column)

    def _kind_of_derived(self, table: str, column: c.Column) -> str | None:
        match column:
            case c.ExpressionColumn():
                return self._kind_of_formula(table, column)
            case c.CaseColumn():
                branches = [case.then for case in column.cases] + ([] if column.otherwise is None else [column.otherwise])
                kinds = {self.kind_of(table, b) if isinstance(b, c.Column) else kind_of_values([b]) for b in branches}
                return kinds.pop() if len(kinds) == 1 else "decimal" if kinds <= {"integer", "decimal"} else "text"
            case c.AggregateColumn() | c.RunningColumn():
                return {"count": "integer", "mean": "decimal"}.get(column.by) or self._number(self.kind(table, column.of), column.by)
            case c.ParentColumn() | c.SiblingColumn():
                return self.kind(table, column.of)
            case c.PartColumn():
                return "integer" if self.decimals(table, column.of) == 0 else "decimal"
            case c.ReferenceColumn():
                other, _, key = column.to.partition(".")
                return self.kind(table if other == "self" else other, key)
        return None

    @staticmethod
    def _number(kind: str | None, by: str) -> str | None:
        return "integer" if kind == "boolean" and by == "sum" else kind

    def _kind_of_formula(self, table: str, column: c.ExpressionColumn) -> str:
        from understudy.rules.proof.terms import Rows

        if column.decimals == 0:
            return "integer"
        term = Rows(self, table).formula(column.formula)
        return "integer" if term.sort == "number" and term.whole and column.decimals is None else _OF_SORT[term.sort]

    def _kind_of_list(self, column: c.ListColumn) -> str | None:
        entries = self.entries(column.list)
        if entries is None or not entries.columns:
            return "text"
        series = entries[column.column or self.first_column(column.list)]
        if series.dtype == pl.Boolean:
            return "boolean"
        if series.dtype in (pl.Date, pl.Datetime, pl.Time):
            return "date" if series.dtype == pl.Date else "time" if series.dtype == pl.Time else "datetime"
        return "integer" if series.dtype.is_integer() else "decimal" if series.dtype.is_numeric() else "text"

    # -- lists

    def entries(self, name: str) -> pl.DataFrame | None:
        """A list's entries with their weights in the column "": None where they come from elsewhere when making (Faker)."""
        return self._lists[name]

    def first_column(self, name: str) -> str:
        """The column of a list that is meant where none is named."""
        entries = self.entries(name)
        weight = self.spec.lists[name].weight
        return next(column for column in (entries.columns if entries is not None else ["value"]) if column not in ("", weight))

    @cached_property
    def _lists(self) -> dict[str, pl.DataFrame | None]:
        return {name: self._read_list(name) for name in self.spec.lists}

    def _read_list(self, name: str) -> pl.DataFrame | None:
        stated = self.spec.lists[name]
        if stated.faker is not None:
            return None
        if stated.file is None:
            weights = stated.values if isinstance(stated.values, dict) else dict.fromkeys(stated.values or [], 1.0)
            return pl.DataFrame({"value": list(weights), "": [float(w) for w in weights.values()]}, strict=False)
        from understudy.data.files import read

        try:
            frame = read(self.folder / stated.file).frame
        except UnderstudyError as error:
            raise type(error)(error.what, where=f"lists.{name}.file: {error.where}", remedy=error.remedy) from None
        weights_of = pl.lit(1.0) if stated.weight is None else pl.col(stated.weight).cast(pl.Float64, strict=False).fill_null(0.0)
        return frame.with_columns(weights_of.alias(""))

    # -- digits, missing values, owners

    def decimals(self, table: str, name: str) -> int | None:
        """The digits after the point of a column's numbers; None: not rounded."""
        at = self.located(table, name)
        column = self.column(*at)
        match column:
            case c.DecimalColumn() | c.ExpressionColumn():
                return column.decimals
            case c.PartColumn() | c.RunningColumn() | c.SiblingColumn() | c.ParentColumn() | c.AggregateColumn():
                return None if getattr(column, "by", "") == "mean" else self.decimals(at[0], column.of)
        return 0 if self.kind(*at) in ("integer", "boolean") else None

    def may_miss(self, table: str, name: str) -> bool:
        """Whether a column may be missing somewhere."""
        at = self.located(table, name)
        column = self.column(*at)
        return column.nulls != 0.0 or self.misses_by_nature(at[0], column)

    def misses_by_nature(self, table: str, column: c.Column) -> bool:
        """Whether what a column is made from leaves some rows without a value, apart from its own `nulls`."""
        match column:
            case c.ReferenceColumn():
                return column.roots > 0 or column.to.startswith("self.")
            case c.SiblingColumn() | c.ExpressionColumn() | c.CaseColumn() | c.FrameColumn() | c.ModelColumn():
                return True
            case c.AggregateColumn():
                return column.by not in ("sum", "count")
            case c.RunningColumn():
                return column.by not in ("sum", "count") and self.may_miss(table, column.of)
            case c.ParentColumn():
                way = column.through or self.reference_to(table, column.of.partition(".")[0])
                return self.may_miss(table, column.of) or (way is not None and self.may_miss(table, way))
            case c.ListColumn():
                entries = self.entries(column.list)
                return entries is not None and entries[column.column or self.first_column(column.list)].null_count() > 0
        return any(self.may_miss(table, name) for name, _ in needs(column) if column.nulls != name and isinstance(name, str))

    def reference_to(self, table: str, other: str) -> str | None:
        """The column of a table that names its row of another: the first, which is the owner's where that is the owner."""
        for name, column in self.table(table).columns.items():
            if isinstance(column, c.ReferenceColumn) and column.to.startswith(f"{other}."):
                return name
        return None

    def owner_column(self, table: str) -> str | None:
        """The written column that names the owner of a row."""
        per = self.table(table).per
        name = None if per is None else self.reference_to(table, per.table)
        if name is None:
            return None
        column = self.column(table, name)
        assert isinstance(column, c.ReferenceColumn)
        return name if column.law is None and not column.hidden and column.nulls == 0.0 else None

    def target(self, table: str, name: str) -> tuple[str, str]:
        """The table and the column that a reference names."""
        column = self.column(table, name)
        assert isinstance(column, c.ReferenceColumn)
        other, _, key = column.to.partition(".")
        return (table if other == "self" else other), key

    def names_in(self, formula: str) -> tuple[str, ...]:
        return parse(formula).columns


def kind_of_values(values: list[Any]) -> str:
    """The kind of values in a spec."""
    if any(isinstance(value, float) for value in values):
        return "decimal"
    first = values[0]
    return "boolean" if isinstance(first, bool) else "integer" if isinstance(first, int) else "text"
