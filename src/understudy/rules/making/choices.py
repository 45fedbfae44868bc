"""Values of a closed list: booleans, choices, entries of the spec's lists, constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.rules.cells import Cells
from understudy.rules.columns import BooleanColumn, ChoiceColumn, Scalar
from understudy.rules.inverse import Discrete, discrete
from understudy.rules.making.maker import Maker, Place, enum_series

MOST_ENUM = 60_000


class BooleanMaker(Maker):
    """True where the bits are below a threshold."""

    kind = "boolean"
    correlates = True

    def __init__(self, place: Place, column: BooleanColumn) -> None:
        super().__init__(place)
        self._threshold = threshold(1.0 - column.share)
        self.domain = 2 if column.share == 0.5 else None

    def make(self, cells: Cells) -> pl.Series:
        return pl.Series(at_least(self.words(cells), self._threshold))


class ChoiceMaker(Maker):
    """One of some values by weight, in their order."""

    correlates = True

    def __init__(self, place: Place, column: ChoiceColumn) -> None:
        super().__init__(place)
        weights = {value: weight for value, weight in column.weights.items() if weight > 0}
        self._table = discrete(np.array(list(weights.values())))
        self._pool = Pool(list(weights))
        self.kind = self._pool.kind
        self.domain = len(weights) if len(set(weights.values())) == 1 else None

    def make(self, cells: Cells) -> pl.Series:
        return self._pool.take(self._table.index(self.words(cells)))


class ListMaker(Maker):
    """A column of a list; all columns of it that go together take the same entry."""

    correlates = True

    def __init__(self, place: Place, entries: pl.Series, table: Discrete, leader: ListMaker | None) -> None:
        super().__init__(place)
        self._pool = Pool.of(entries)
        self._table, self._leader = table, leader
        self.kind = self._pool.kind
        shares = np.diff(table.thresholds.astype(np.float64), prepend=0.0)
        self.domain = (
            len(entries) if leader is None and np.allclose(shares, shares[0], rtol=1e-9) and entries.n_unique() == len(entries) else None
        )

    def index(self, cells: Cells) -> NDArray[np.int32]:
        """The entry of each row."""
        if self._leader is not None:
            return self._leader.index(cells)
        found: NDArray[np.int32] = cells.keep(("entry", self.place), lambda: self._table.index(self.words(cells)))
        return found

    def make(self, cells: Cells) -> pl.Series:
        return self._pool.take(self.index(cells))


class ConstantMaker(Maker):
    """One value in all rows."""

    def __init__(self, place: Place, value: Scalar) -> None:
        super().__init__(place)
        self._pool = Pool([value])
        self.kind = self._pool.kind

    def make(self, cells: Cells) -> pl.Series:
        return self._pool.take(np.zeros(cells.height, np.int32))


class Pool:
    """Values to pick from by place; texts as a Polars Enum where there are not too many."""

    def __init__(self, values: Sequence[Scalar]) -> None:
        self._setup(pl.Series(values, dtype=_dtype_of(values)))

    @classmethod
    def of(cls, series: pl.Series) -> Pool:
        pool = cls.__new__(cls)
        pool._setup(series)
        return pool

    def _setup(self, series: pl.Series) -> None:
        self._series = series
        self._enum: pl.Enum | None = None
        self._codes: NDArray[Any] | None = None
        self.kind = kind_of(series.dtype)
        if series.dtype == pl.String and series.null_count() == 0:
            distinct = series.unique(maintain_order=True)
            if len(distinct) <= MOST_ENUM:
                self._enum = pl.Enum(distinct)
                self._codes = series.cast(self._enum).to_physical().to_numpy()
                self.kind = "categorical"

    def take(self, places: NDArray[Any]) -> pl.Series:
        if self._enum is not None and self._codes is not None:
            return enum_series(self._codes[places], self._enum)
        return self._series.gather(places.astype(np.uint32))


def kind_of(dtype: Any) -> str:
    """What formulas take values of a type for."""
    if dtype == pl.Boolean:
        return "boolean"
    if dtype == pl.Date:
        return "date"
    if dtype == pl.Time:
        return "time"
    if dtype == pl.Duration:
        return "duration"
    if isinstance(dtype, pl.Datetime) or dtype == pl.Datetime:
        return "datetime"
    if dtype.is_integer():
        return "integer"
    return "decimal" if dtype.is_numeric() else "text"


def _dtype_of(values: Sequence[Scalar]) -> Any:
    if any(isinstance(value, float) for value in values):
        return pl.Float64
    first = values[0]
    return pl.Boolean if isinstance(first, bool) else pl.Int64 if isinstance(first, int) else pl.String


def threshold(share: float) -> np.uint64 | None:
    """The bits below which a share of all words lies; None: all of them."""
    exact = round(share * 2.0**53)
    return None if exact >= 1 << 53 else np.uint64(exact << 11)


def at_least(words: NDArray[np.uint64], bound: np.uint64 | None) -> NDArray[np.bool_]:
    return np.zeros(len(words), bool) if bound is None else words >= bound


def below(words: NDArray[np.uint64], bound: np.uint64 | None) -> NDArray[np.bool_]:
    return np.ones(len(words), bool) if bound is None else words < bound
