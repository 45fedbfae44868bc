"""Rows as the models of scikit-learn take them: numbers as they are, moments as numbers, categories as codes.

What is made anew and never learned (identifiers, personal data, codes, texts) and what never varies is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.augment.cells import CLASSES, NUMBERS
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.typed import typed, written

Floats: TypeAlias = NDArray[np.float64]

MOST_CODES = 250
"""Histogram trees take at most 255 categories; rarer values share one code."""
_MOMENTS = frozenset({"datetime", "date", "time", "duration"})


class Encoding:
    """How some columns become numbers; levels are those of the rows that it is made from.

    Args:
        schema: what the columns mean.
        columns: those to encode, if they can be.
        rows: in the source's own form; unknown values of other rows count as missing.
    """

    def __init__(self, schema: TableSchema, columns: Sequence[str], rows: pl.DataFrame) -> None:
        self.columns = [schema.column(name) for name in columns if _learnable(schema.column(name))]
        self.left_out = [name for name in columns if not _learnable(schema.column(name))]
        self.categorical = [column.kind in CLASSES for column in self.columns]
        self.levels = {column.name: _levels(rows[column.name], column) for column in self.columns if column.kind in CLASSES}

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def __call__(self, rows: pl.DataFrame) -> Floats:
        """(n, columns) float64, missing values as NaN."""
        parts = [self._encoded(rows[column.name], column) for column in self.columns]
        return np.column_stack(parts) if parts else np.zeros((rows.height, 0))

    def decoded(self, values: Floats, like: pl.DataFrame) -> pl.DataFrame:
        """Encoded rows as the source has them; columns that are not encoded are those of `like`, row by row."""
        made = {column.name: self._decoded(values[:, place], column) for place, column in enumerate(self.columns)}
        return like.with_columns(series.cast(like[name].dtype, strict=False).alias(name) for name, series in made.items())

    def _encoded(self, series: pl.Series, column: ColumnSchema) -> Floats:
        values = typed(series, column)
        if column.kind in CLASSES:
            codes = {text: min(place, MOST_CODES) for place, text in enumerate(self.levels[column.name])}
            values = values.cast(pl.String).replace_strict(codes, default=None, return_dtype=pl.Float64)
        elif column.kind in _MOMENTS:
            values = values.to_physical()
        return np.asarray(values.cast(pl.Float64).fill_null(float("nan")).to_numpy(), np.float64)

    def _decoded(self, values: Floats, column: ColumnSchema) -> pl.Series:
        series = pl.Series(column.name, values).fill_nan(None)
        if column.kind in CLASSES:
            texts = pl.Series(self.levels[column.name], dtype=pl.String)
            return written(_as_read(texts.gather(series.cast(pl.UInt32)), column), column)
        if column.kind in NUMBERS:
            return written(series.round(0).cast(pl.Int64) if column.kind == "integer" else series, column)
        whole = series.round(0).cast(pl.Int64)
        return written(whole.cast({"date": pl.Int32}.get(column.kind, pl.Int64)).cast(_MOMENT_TYPES[column.kind]), column)


_MOMENT_TYPES: dict[str, Any] = {"datetime": pl.Datetime("us"), "date": pl.Date, "time": pl.Time, "duration": pl.Duration("us")}


def _as_read(texts: pl.Series, column: ColumnSchema) -> pl.Series:
    """Levels as `typed` gives them; they are known by their texts."""
    if column.kind == "boolean":
        return texts.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return texts


def _learnable(column: ColumnSchema) -> bool:
    return not column.remade and column.kind != "constant"


def _levels(series: pl.Series, column: ColumnSchema) -> list[str]:
    """The values as texts: in their order where they have one, else the commonest first."""
    values = typed(series, column).cast(pl.String).drop_nulls()
    counts = values.rename("level").value_counts().sort(["count", "level"], descending=[True, False])
    found: list[str] = counts["level"].to_list()
    if column.kind == "ordinal" and column.order:
        order = [str(value) for value in column.order]
        found.sort(key=lambda level: order.index(level) if level in order else len(order))
    return found
