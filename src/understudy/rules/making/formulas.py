"""Formulas over columns, and values by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from understudy.core.errors import ConstraintError
from understudy.data.expression import Expression, parse
from understudy.data.schema import ColumnSchema
from understudy.rules.cells import Cells
from understudy.rules.making.maker import Maker, Place

_KIND = {"number": "decimal", "text": "text", "truth": "boolean", "moment": "datetime", "time": "time", "duration": "duration"}


class Formula:
    """A formula compiled over columns whose kinds are known."""

    def __init__(self, text: str, kinds: Mapping[str, str], where: str) -> None:
        self.expression: Expression = parse(text)
        schema = {name: _column(name, kinds[name]) for name in self.expression.columns}
        try:
            term = self.expression.compiled(schema)
        except ConstraintError as error:
            raise ConstraintError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from None
        self._expr, self.sort = term.expr, term.sort
        self._texts = [name for name, column in schema.items() if column.kind in ("text", "categorical")]

    def at(self, cells: Cells) -> pl.Series:
        names = list(self.expression.columns)
        frame = prepared(cells.frame(names) if names else pl.DataFrame({"": [0] * cells.height}))
        # A row alone is calculated as two: Polars divides single values and columns by a constant in different ways.
        whole = pl.concat([frame, frame]) if frame.height == 1 else frame
        found = whole.select(self._expr.alias("value"))["value"].head(cells.height)
        return found if len(found) == cells.height else pl.select(pl.repeat(found[0], cells.height, dtype=found.dtype)).to_series()

    def true_at(self, cells: Cells) -> pl.Series:
        """Whether it is true; unknown counts as false."""
        return self.at(cells).fill_null(False)


class ExpressionMaker(Maker):
    """A formula's value."""

    def __init__(self, place: Place, formula: Formula, decimals: int | None) -> None:
        super().__init__(place)
        self._formula, self._decimals = formula, decimals
        self.kind = "integer" if decimals == 0 and formula.sort == "number" else _KIND[formula.sort]

    def make(self, cells: Cells) -> pl.Series:
        made = self._formula.at(cells)
        if self._formula.sort != "number" or self._decimals is None:
            return made
        if self._decimals == 0:
            return made.cast(pl.Float64).round(0).cast(pl.Int64)
        return made.cast(pl.Float64).round(self._decimals)


class CaseMaker(Maker):
    """The value of the first case that is met."""

    def __init__(self, place: Place, cases: Sequence[tuple[Formula, Maker]], otherwise: Maker | None) -> None:
        super().__init__(place)
        self._cases, self._otherwise = cases, otherwise
        kinds = {maker.kind for _, maker in cases} | ({otherwise.kind} if otherwise is not None else set())
        self.kind = kinds.pop() if len(kinds) == 1 else "decimal" if kinds <= {"integer", "decimal"} else "text"
        if self.kind == "text" and not kinds <= {"text", "categorical", "identifier", "code"}:
            raise self.refuse(
                f"The cases have values of different types: {', '.join(sorted(kinds))}.", "Give all cases values of one type."
            )

    def make(self, cells: Cells) -> pl.Series:
        columns: dict[str, pl.Series] = {}
        for i, (formula, maker) in enumerate(self._cases):
            columns[f"when{i}"] = formula.true_at(cells)
            columns[f"then{i}"] = _plain(maker.make(cells))
        made: pl.Expr = pl.lit(None)
        if self._otherwise is not None:
            columns["else"] = _plain(self._otherwise.make(cells))
            made = pl.col("else")
        for i in reversed(range(len(self._cases))):
            made = pl.when(pl.col(f"when{i}")).then(pl.col(f"then{i}")).otherwise(made)
        return pl.DataFrame(columns).select(made.alias("value"))["value"]


def prepared(frame: pl.DataFrame) -> pl.DataFrame:
    """Values as formulas take them: enumerations as texts, whole numbers of 64 bits."""
    return frame.with_columns(
        pl.col(pl.Enum, pl.Categorical).cast(pl.String), pl.col(pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32).cast(pl.Int64)
    )


def _plain(series: pl.Series) -> pl.Series:
    return prepared(series.alias("x").to_frame())["x"]


def _column(name: str, kind: str) -> ColumnSchema:
    dtypes = {"integer": "Int64", "decimal": "Float64", "boolean": "Boolean", "date": "Date", "datetime": "Datetime[us]", "time": "Time"}
    kind = "text" if kind in ("identifier", "code") else kind
    return ColumnSchema(name=name, kind=kind, dtype=dtypes.get(kind, "String"))
