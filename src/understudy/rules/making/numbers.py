"""Numbers: drawn from a law inside bounds, or kept on one side of another column by a gap."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import polars as pl

from understudy.data.keyed import Words
from understudy.rules.cells import Cells
from understudy.rules.columns import DecimalColumn, IntegerColumn, NumberColumn
from understudy.rules.inverse import Continuous, Discrete, Floats, Inverse, inverse_of, quantile_at
from understudy.rules.law import Law
from understudy.rules.making.maker import Maker, Place


class NumberMaker(Maker):
    """A law's values, rounded."""

    correlates = True

    def __init__(self, place: Place, column: NumberColumn) -> None:
        super().__init__(place)
        self.whole = isinstance(column, IntegerColumn)
        self.kind = "integer" if self.whole else "decimal"
        self.decimals = column.decimals if isinstance(column, DecimalColumn) else 0
        low, high = bounds(column)
        law = column.law or (
            _whole_uniform(low, high)
            if self.whole
            else Law(name="uniform", parameters={"loc": low or 0.0, "scale": (high or 0.0) - (low or 0.0)})
        )
        self.inverse = inverse_of(law, low, high, whole=self.whole)
        self.domain = int(high - low + 1) if self.whole and column.law is None and low is not None and high is not None else None
        self._ends = (-np.inf if low is None else low, np.inf if high is None else high)
        self._dtype = (
            narrow_integers(max(self.inverse.low, self._ends[0]), min(self.inverse.high, self._ends[1])) if self.whole else np.float64
        )

    def make(self, cells: Cells) -> pl.Series:
        words = self.words(cells)
        if isinstance(self.inverse, Discrete) and self.whole:
            return pl.Series(self.inverse.values.astype(self._dtype)[self.inverse.index(words)])
        return rounded_series(self.inverse, words, self.decimals, self._ends, self._dtype)


class BesideMaker(Maker):
    """Another column plus or minus a gap; where a bound stands beyond, the gap's law is cut to what it leaves, row by row."""

    def __init__(self, place: Place, column: NumberColumn) -> None:
        super().__init__(place)
        assert column.gap is not None
        self.whole = isinstance(column, IntegerColumn)
        self.kind = "integer" if self.whole else "decimal"
        self._decimals = column.decimals if isinstance(column, DecimalColumn) else 0
        self._name = column.above if column.above is not None else str(column.below)
        self._sign = 1.0 if column.above is not None else -1.0
        self._bound = column.high if column.above is not None else column.low
        self.gap = inverse_of(column.gap, 0.0, None, whole=self.whole)

    def make(self, cells: Cells) -> pl.Series:
        base = cells.column(self._name)
        start = base.cast(pl.Float64).to_numpy()
        room = None
        if self._bound is not None:
            room = (self._bound - start) * self._sign
            if np.nanmin(room, initial=np.inf) < 0:
                raise self.refuse(
                    f'"{self._name}" goes beyond {self._bound:g}, where this column ends.',
                    f'Bound "{self._name}" as well, or move the bound.',
                )
        gap = gap_values(self.gap, self.words(cells), room)
        scale = 10.0**self._decimals
        # Rounded away from the other column, never across it.
        steps = np.floor(gap * scale + 0.5) if self.whole else np.floor(gap * scale)
        steps = np.maximum(steps, 0.0)
        if room is not None:
            steps = np.minimum(steps, np.floor(np.round(room * scale, 6)))
        exact = np.round(start * scale)
        values = (exact + self._sign * steps) / scale
        series = pl.Series(values, nan_to_null=True)
        return series.cast(pl.Int64) if self.whole else series


def gap_values(inverse: Inverse, words: Words, room: Floats | None) -> Floats:
    """Gaps of a law; where there is only so much room, of the law cut to it."""
    if room is None:
        return inverse.at(words)
    if isinstance(inverse, Discrete):
        share = inverse.share_below(np.floor(room) + 1)
    else:
        share = inverse.share_below(room)
    share = np.nan_to_num(share, nan=1.0)
    high = (words >> np.uint64(11)).astype(np.float64) * share  # below 2^53
    return np.minimum(inverse.at(np.minimum(high, 2.0**53 - 1).astype(np.uint64) << np.uint64(11)), room)


def bounds(column: NumberColumn) -> tuple[float | None, float | None]:
    """The bounds, moved to values that there are: whole, or of so many digits."""
    scale = 10.0**column.decimals if isinstance(column, DecimalColumn) else 1.0
    low = None if column.low is None else float(np.ceil(np.round(column.low * scale, 6)) / scale)
    high = None if column.high is None else float(np.floor(np.round(column.high * scale, 6)) / scale)
    return low, high


def _whole_uniform(low: float | None, high: float | None) -> Law:
    assert low is not None
    assert high is not None
    return Law(name="uniform", parameters={"loc": low - 0.5, "scale": high - low + 1})


def narrow_integers(low: float, high: float) -> Any:
    """32 bits where they hold all values."""
    return np.int32 if low >= -(2**31) and high < 2**31 else np.int64


def rounded_series(inverse: Inverse, words: Words, decimals: int, ends: tuple[float, float], dtype: Any) -> pl.Series:
    """Values of a law, rounded to so many digits and kept between the ends."""
    scale = 10.0**decimals
    if isinstance(inverse, Continuous):
        if dtype is np.float64:
            return pl.Series(_decimals(words, inverse.knots, inverse.lower, inverse.upper, scale, ends[0], ends[1]))
        whole = np.empty(len(words), dtype)
        _integers(words, inverse.knots, inverse.lower, inverse.upper, ends[0], ends[1], whole)
        return pl.Series(whole)
    values = np.clip(np.round(inverse.at(words) * scale) / scale, *ends)
    return pl.Series(values.astype(dtype))


@numba.njit(inline="always")
def _rounded_at(word: Any, knots: Floats, lower: Floats, upper: Floats, scale: float, low: float, high: float) -> Any:
    value = np.rint(quantile_at(word, knots, lower, upper) * scale) / scale
    if value < low:
        value = low
    if value > high:
        value = high
    return value + 0.0  # no negative zero


@numba.njit(cache=True, nogil=True)
def _decimals(words: Words, knots: Floats, lower: Floats, upper: Floats, scale: float, low: float, high: float) -> Floats:
    out = np.empty(len(words))
    for i in range(len(words)):
        out[i] = _rounded_at(words[i], knots, lower, upper, scale, low, high)
    return out


@numba.njit(cache=True, nogil=True)
def _integers(words: Words, knots: Floats, lower: Floats, upper: Floats, low: float, high: float, out: Any) -> None:
    for i in range(len(words)):
        out[i] = np.int64(_rounded_at(words[i], knots, lower, upper, 1.0, low, high))
