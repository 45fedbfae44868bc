"""A table made ready for looking for rules: typed values and level codes of a part of its rows, and all rows on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.typed import typed

if TYPE_CHECKING:
    from understudy.data.schema import ColumnSchema, TableSchema
    from understudy.data.table import Table

# Rules are looked for on so many cells, and then checked on all rows.
_MOST_CELLS = 8_000_000
_FEWEST_ROWS = 20_000
_MOST_ROWS = 200_000


@dataclass
class Survey:
    """A random part of the rows in random order (all of them where that fits in memory), and the way to all of them.

    `complete` tells whether `sample` is the whole table. Columns are typed (see `data.typed`).
    """

    table: Table
    schema: TableSchema
    sample: pl.DataFrame
    rows: int
    _codes: dict[str, NDArray[np.int32]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, schema: TableSchema) -> Survey:
        generator = Stream(0).child("discover").generator()
        most = min(_MOST_ROWS, max(_FEWEST_ROWS, _MOST_CELLS // max(1, len(schema.columns))))
        rows = table.rows
        if rows <= most:
            frame = table.frame
        else:
            keep = np.zeros(rows, dtype=bool)
            keep[generator.choice(rows, most, replace=False)] = True
            frame = _kept(table, keep)
        # Files are often sorted; in random order the first rows already refute most rules.
        order = generator.permutation(frame.height)
        shuffled = frame.select(typed(frame[column.name], column) for column in schema.columns)[order]
        return cls(table, schema, shuffled, rows)

    @property
    def complete(self) -> bool:
        return self.sample.height == self.rows

    def columns(self, *kinds: str) -> list[ColumnSchema]:
        """The columns of some kinds, in order."""
        return [column for column in self.schema.columns if column.kind in kinds]

    def codes(self, name: str) -> NDArray[np.int32]:
        """A column's sampled values as codes 0, 1, …; a missing value is a level like any other."""
        if name not in self._codes:
            ranks = self.sample[name].rank("dense").fill_null(0)
            _, codes = np.unique(ranks.to_numpy(), return_inverse=True)
            self._codes[name] = codes.astype(np.int32)
        return self._codes[name]

    def numbers(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Sampled numbers and dates as float64 (rows, columns); NaN where missing. Dates count microseconds."""
        return np.column_stack([as_numbers(self.sample[name]) for name in names]) if names else np.empty((self.sample.height, 0))

    def chunks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows of some columns, typed, chunk by chunk."""
        if self.complete:
            yield self.sample.select(names)
            return
        for chunk in self.table.select(list(names)).chunks():
            yield chunk.select(typed(chunk[name], self.schema.column(name)) for name in names)


def as_numbers(series: pl.Series) -> NDArray[np.float64]:
    """Numbers, dates and times as float64; NaN where missing."""
    if series.dtype == pl.Date:
        series = series.cast(pl.Datetime("us"))
    if series.dtype.is_temporal():
        series = series.cast(pl.Int64)
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _kept(table: Table, keep: NDArray[np.bool_]) -> pl.DataFrame:
    parts: list[pl.DataFrame] = []
    first = 0
    for chunk in table.chunks():
        parts.append(chunk.filter(keep[first : first + chunk.height]))
        first += chunk.height
    return pl.concat(parts)
