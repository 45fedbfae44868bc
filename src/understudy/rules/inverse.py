"""Laws as tables that turn 64 random bits into a value: the inverse of the distribution function, monotone in the bits.

Continuous laws: 4,096 cells of equal probability, linear inside; the first and the last are cut again, an octave at a time in sixteen
steps, down to 2^-48, so that tails keep their form. Discrete laws: exact thresholds of 64 bits behind a guide table (Chen, Asau 1974,
"On generating random variates from an empirical distribution").

Knots are rounded to 40 bits and only added, subtracted and multiplied from there on: the same bits give the same value on every machine,
whichever SciPy computed the knots.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.data.keyed import Words
from understudy.rules.distributions import continuous, counts
from understudy.rules.law import Law

Floats = NDArray[np.float64]

CELLS = 4096
_OCTAVES, _STEPS = 36, 16
_LEAST = 16  # bits: below 2^16 of 2^64 the tail ends
_MOST_VALUES = 1 << 20
# Constants for kernels: what is written inside one may be computed each time.
_CELL_UNIT = 2.0**-52
_CELL_SHIFT, _INSIDE = np.uint64(52), np.uint64((1 << 52) - 1)
_ZERO, _ONE, _LAST_CELL = np.uint64(0), np.uint64(1), np.uint64(CELLS - 1)


class Inverse(ABC):
    """A law that can be drawn from."""

    low: float
    high: float

    @abstractmethod
    def at(self, words: Words) -> Floats:
        """The value at each word, ascending with it."""

    @abstractmethod
    def share_below(self, values: Floats) -> Floats:
        """The probability of lower values, from the table itself, so that `at` and it are inverse to one another."""


@dataclass(frozen=True)
class Continuous(Inverse):
    """knots: (4097,) values at i/4096. lower, upper: (577,) values inside the first and the last cell, from the end inwards."""

    knots: Floats
    lower: Floats
    upper: Floats

    @property
    def low(self) -> float:  # type: ignore[override]
        return float(self.lower[0])

    @property
    def high(self) -> float:  # type: ignore[override]
        return float(self.upper[0])

    def at(self, words: Words) -> Floats:
        return np.asarray(_continuous(words, self.knots, self.lower, self.upper))

    def share_below(self, values: Floats) -> Floats:
        shares = np.concatenate((_tail_shares(), np.arange(1, CELLS) / CELLS, 1 - _tail_shares()[::-1]))
        ascending = np.maximum.accumulate(np.concatenate((self.lower, self.knots[1:-1], self.upper[::-1])))
        return np.interp(values, ascending, shares, left=0.0, right=1.0)


@dataclass(frozen=True)
class Discrete(Inverse):
    """values: ascending. thresholds: (k,) uint64, the bits below which each value or a lower one is meant; the last is all ones."""

    values: Floats
    thresholds: Words
    guide: NDArray[np.int32]

    @property
    def low(self) -> float:  # type: ignore[override]
        return float(self.values[0])

    @property
    def high(self) -> float:  # type: ignore[override]
        return float(self.values[-1])

    def at(self, words: Words) -> Floats:
        return np.asarray(self.values[self.index(words)])

    def index(self, words: Words) -> NDArray[np.int32]:
        """The place of the value in `values`."""
        return np.asarray(_lookup(words, self.thresholds, self.guide))

    def share_below(self, values: Floats) -> Floats:
        cumulated = np.concatenate(([0.0], self.thresholds.astype(np.float64) / 2.0**64))
        return cumulated[np.searchsorted(self.values, values, side="left")]


@dataclass(frozen=True)
class Piecewise(Inverse):
    """Straight lines between given points: (k,) shares from 0 to 1, and values. For histograms and long tails of whole numbers."""

    shares: Floats
    values: Floats
    whole: bool = False

    @property
    def low(self) -> float:  # type: ignore[override]
        return float(self.values[0])

    @property
    def high(self) -> float:  # type: ignore[override]
        return float(self.values[-1])

    def at(self, words: Words) -> Floats:
        found = np.interp((words >> np.uint64(11)).astype(np.float64) * 2.0**-53, self.shares, self.values)
        return np.floor(found) if self.whole else found

    def share_below(self, values: Floats) -> Floats:
        return np.interp(values, self.values, self.shares)


def discrete(weights: Floats, values: Floats | None = None) -> Discrete:
    """A table of weighted values (0, 1, 2 … unless told)."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    shares = np.round(cumulated / cumulated[-1] * 2.0**53).astype(np.uint64)
    thresholds = shares << np.uint64(11)
    thresholds[shares >= np.uint64(2**53)] = np.uint64(2**64 - 1)
    thresholds[-1] = np.uint64(2**64 - 1)
    starts = np.arange(CELLS, dtype=np.uint64) << np.uint64(52)
    guide = np.searchsorted(thresholds, starts, side="right").astype(np.int32)
    values = np.arange(len(thresholds), dtype=np.float64) if values is None else values
    return Discrete(values, thresholds, np.minimum(guide, len(thresholds) - 1).astype(np.int32))


def inverse_of(law: Law, low: float | None = None, high: float | None = None, *, whole: bool = False) -> Inverse:
    """The table of a law, cut to [low, high]. whole: only whole numbers are wanted of a continuous law (bounds are widened by a half).

    Raises:
        ConstraintError: parameters that SciPy refuses, or no probability between the bounds.
    """
    if low is not None and high is not None and low == high:
        return discrete(np.ones(1), np.array([low]))
    if law.name == "histogram" and law.histogram is not None:
        shares = np.concatenate(([0.0], np.cumsum(law.histogram.shares) / sum(law.histogram.shares)))
        return _cut_piecewise(Piecewise(_rounded(shares), np.array(law.histogram.edges)), low, high, law)
    if law.name == "values":
        ordered = sorted((law.values or {}).items())
        return _cut_values(np.array([v for v, _ in ordered]), np.array([w for _, w in ordered]), low, high, law)
    if law.name == "mixture":
        return _continuous_table(_Mixture(law), low, high, law)
    if law.name in ("zipf", "zipfian"):
        return _zipf(law, low, high)
    frozen = _frozen(law)
    if hasattr(frozen, "pmf"):
        return _discrete_table(frozen, low, high, law)
    if whole:
        low, high = (None if low is None else low - 0.5), (None if high is None else high + 0.5)
    return _continuous_table(frozen, low, high, law)


def _frozen(law: Law) -> Any:
    """A distribution with its parameters: of our own, or of `scipy.stats`."""
    found = continuous(law.name, law.parameters) or counts(law.name, law.parameters)
    if found is not None:
        return found
    from scipy import stats

    return getattr(stats, law.name)(**law.parameters)


def _zipf(law: Law, low: float | None, high: float | None) -> Inverse:
    """Zipf's law, whose tail SciPy would look for one by one: the unbounded one ends at 2^40."""
    loc = law.parameters.get("loc", 0.0)
    if law.name == "zipfian" and "n" not in law.parameters and high is None:
        raise ConstraintError("The law zipfian needs the number of its values, n.", remedy="Write {zipfian: {a: 1.1, n: 1000}}.")
    size = law.parameters.get("n", 2.0**40)
    size = min(size, np.inf if high is None else np.floor(high - loc))
    if size < 1 or (low is not None and low > loc + 1):
        _refuse(law, low, high, float("nan"))
    ranks = zipf_ranks(law.parameters["a"], int(size))
    return replace(ranks, values=ranks.values + loc + 1)


def zipf_ranks(exponent: float, size: int) -> Discrete | Piecewise:
    """Ranks 0 .. size-1 with chances (rank+1)^-exponent; beyond 65,536 of them by straight lines between knots of the sum's integral."""
    head = np.arange(1, min(size, 1 << 16) + 1, dtype=np.float64) ** -exponent
    if size <= len(head):
        return discrete(head)
    edges = np.unique(np.round(np.geomspace(len(head), size, 4096)).astype(np.int64)).astype(np.float64)
    # Euler–Maclaurin: the sum over ranks a+1 .. b is close to the integral from a+1/2 to b+1/2.
    ends = edges + 0.5
    integral = np.log(ends) if exponent == 1 else ends ** (1 - exponent) / (1 - exponent)
    cumulated = np.concatenate((np.cumsum(head), head.sum() + integral[1:] - integral[0]))
    shares = np.concatenate(([0.0], cumulated / cumulated[-1]))
    return Piecewise(_rounded(shares), np.concatenate((np.arange(len(head) + 1, dtype=np.float64), edges[1:])), whole=True)


# ---- making tables


def _tail_words() -> Words:
    """The words at the knots of the lower tail, ascending: an octave at a time in sixteen steps, up to 2^52."""
    steps = [(1 << (_LEAST + o)) + (s << (_LEAST + o - 4)) for o in range(_OCTAVES) for s in range(_STEPS)]
    return np.array([*steps, 1 << 52], dtype=np.uint64)


def _tail_shares() -> Floats:
    return _tail_words().astype(np.float64) / 2.0**64


def _continuous_table(frozen: Any, low: float | None, high: float | None, law: Law) -> Continuous:
    """`frozen` has cdf, sf, ppf and isf."""
    below = 0.0 if low is None else float(frozen.cdf(low))
    above = 0.0 if high is None else float(frozen.sf(high))
    between = 1.0 - below - above
    if not between > 1e-12:
        _refuse(law, low, high, between)
    inner = np.arange(CELLS + 1) / CELLS

    def quantile(shares: Floats) -> Floats:
        upper_half = frozen.isf(above + (1 - shares) * between)
        return np.asarray(np.where(shares <= 0.5, frozen.ppf(below + shares * between), upper_half))

    with np.errstate(all="ignore"):
        knots = quantile(inner)
        lower = frozen.ppf(below + _tail_shares() * between)
        upper = frozen.isf(above + _tail_shares() * between)
    for part in (lower, upper, knots[1:-1]):
        if not np.isfinite(part).all():
            _refuse(law, low, high, between)
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    lower, upper, knots = (np.clip(_rounded(part), *bounds) for part in (lower, upper, knots))
    knots[0], knots[-1] = lower[0], upper[0]
    return Continuous(knots, lower, upper)


def _discrete_table(frozen: Any, low: float | None, high: float | None, law: Law) -> Inverse:
    with np.errstate(all="ignore"):
        first = float(frozen.support()[0])
        first = float(frozen.ppf(2.0**-48)) if not np.isfinite(first) else first
        last = float(frozen.isf(2.0**-48))
    if not (np.isfinite(first) and np.isfinite(last)):
        _refuse(law, low, high, float("nan"))
    first = first if low is None else max(first, np.ceil(low))
    last = last if high is None else min(last, np.floor(high))
    if last < first:
        _refuse(law, low, high, 0.0)
    if last - first >= _MOST_VALUES:
        return _long_discrete_table(frozen, first, last)
    values = np.arange(first, last + 1)
    return _cut_values(values, np.asarray(frozen.pmf(values)), None, None, law)


def _long_discrete_table(frozen: Any, first: float, last: float) -> Inverse:
    """The first values one by one, the others by straight lines between knots."""
    head = first + np.arange(1 << 16)
    tail = np.unique(np.round(first + np.geomspace(len(head), last - first + 1, 4096)))
    ends = np.concatenate((head, tail[1:]))  # each knot is the end of a value: its share is that of all lower ones
    start = float(frozen.cdf(first - 1))
    shares = (np.asarray(frozen.cdf(ends - 1)) - start) / (float(frozen.cdf(last)) - start)
    return Piecewise(_rounded(np.concatenate((shares[:-1], [1.0]))), ends, whole=True)


def _cut_values(values: Floats, weights: Floats, low: float | None, high: float | None, law: Law) -> Discrete:
    inside = np.ones(len(values), bool)
    inside &= True if low is None else values >= low
    inside &= True if high is None else values <= high
    if not weights[inside].sum() > 0:
        _refuse(law, low, high, 0.0)
    return discrete(_rounded(weights[inside]), values[inside])


def _cut_piecewise(table: Piecewise, low: float | None, high: float | None, law: Law) -> Piecewise:
    low = table.low if low is None else max(low, table.low)
    high = table.high if high is None else min(high, table.high)
    start, stop = table.share_below(np.array([low, high]))
    if low > high or stop - start < 1e-12:
        _refuse(law, low, high, float(stop - start))
    inside = (table.values > low) & (table.values < high)
    values = np.concatenate(([low], table.values[inside], [high]))
    shares = (np.concatenate(([start], table.shares[inside], [stop])) - start) / (stop - start)
    return Piecewise(_rounded(shares), values)


class _Mixture:
    """The distribution function of a mixture, and its inverse by bisection."""

    def __init__(self, law: Law) -> None:
        self._parts = [(part.share, _as_frozen(part.law)) for part in law.mixture or []]
        total = sum(share for share, _ in self._parts)
        self._parts = [(share / total, frozen) for share, frozen in self._parts]

    def cdf(self, x: Any) -> Any:
        return sum(share * frozen.cdf(x) for share, frozen in self._parts)

    def sf(self, x: Any) -> Any:
        return sum(share * frozen.sf(x) for share, frozen in self._parts)

    def ppf(self, q: Any) -> Any:
        return self._solve(np.asarray(q, dtype=np.float64), self.cdf, [frozen.ppf for _, frozen in self._parts], ascending=True)

    def isf(self, q: Any) -> Any:
        return self._solve(np.asarray(q, dtype=np.float64), self.sf, [frozen.isf for _, frozen in self._parts], ascending=False)

    def _solve(self, q: Floats, share: Any, quantiles: list[Any], *, ascending: bool) -> Floats:
        """Between the least and the greatest of the parts' own quantiles."""
        ends = np.stack([np.asarray(quantile(q), dtype=np.float64) for quantile in quantiles])
        low, high = ends.min(0), ends.max(0)
        for _ in range(100):
            middle = low + (high - low) / 2
            under = (share(middle) < q) if ascending else (share(middle) > q)
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray(high)


def _as_frozen(law: Law) -> Any:
    """A part of a mixture, with all four functions of arrays."""
    if law.name == "mixture":
        return _Mixture(law)
    found = continuous(law.name, law.parameters)
    if found is not None:
        return found
    from scipy import stats

    if law.histogram is not None:
        return stats.rv_histogram((np.array(law.histogram.shares), np.array(law.histogram.edges)), density=False)
    if law.values is not None:
        values = sorted(law.values.items())
        weights = np.array([w for _, w in values])
        return stats.rv_discrete(values=(np.array([v for v, _ in values]), weights / weights.sum()))
    return getattr(stats, law.name)(**law.parameters)


def _rounded(values: Any) -> Floats:
    """To 40 significant bits: what libraries compute differently in the last bits becomes equal."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.asarray(np.ldexp(np.round(mantissa * 2.0**40), exponent - 40))


def _refuse(law: Law, low: float | None, high: float | None, share: float) -> None:
    stated = law.model_dump()
    if low is None and high is None:
        raise ConstraintError(f"The law {stated} has no finite values: its parameters are out of range.", remedy="See its page in SciPy.")
    low_text, high_text = "-∞" if low is None else f"{low:g}", "∞" if high is None else f"{high:g}"
    what = f"The law {stated} gives no value between {low_text} and {high_text} (probability {share:.3g})."
    raise ConstraintError(what, remedy="Widen the bounds, or choose a law that reaches them.")


# ---- kernels


@numba.njit(inline="always")
def _bit_length(word: Any) -> Any:
    """Of a word below 2^53: the exponent of its exact float."""
    return int(np.float64(word).view(np.int64) >> 52) - 1022


@numba.njit(inline="always")
def in_tail(word: Any, tail: Floats) -> Any:
    """The value in a tail, by a word below 2^52 that counts from its end."""
    if word < np.uint64(1 << _LEAST):
        return tail[0]
    octave = _bit_length(word) - 1
    steps = word >> np.uint64(octave - 4)
    cell = (octave - _LEAST) * _STEPS + int(steps) - 16
    rest = np.float64(word - (steps << np.uint64(octave - 4))) / np.float64(np.uint64(1) << np.uint64(octave - 4))
    return tail[cell] + rest * (tail[cell + 1] - tail[cell])


@numba.njit(inline="always")
def quantile_at(word: Any, knots: Floats, lower: Floats, upper: Floats) -> Any:
    """The value of a continuous table at a word."""
    cell = word >> _CELL_SHIFT
    inside = word & _INSIDE
    start = knots[cell]
    # Signed integers become floats in one instruction.
    value = start + np.float64(np.int64(inside)) * _CELL_UNIT * (knots[cell + _ONE] - start)
    # Rare, and last: with an early return here the loops around this take ten times as long.
    if cell == _ZERO or cell == _LAST_CELL:  # noqa: SIM109
        value = in_tail(inside, lower) if cell == _ZERO else in_tail(_INSIDE - inside, upper)
    return value


@numba.njit(cache=True, nogil=True)
def _continuous(words: Words, knots: Floats, lower: Floats, upper: Floats) -> Floats:
    out = np.empty(len(words))
    for i in range(len(words)):
        out[i] = quantile_at(words[i], knots, lower, upper)
    return out


@numba.njit(inline="always")
def place_at(word: Any, thresholds: Words, guide: NDArray[np.int32]) -> Any:
    """The place of the first threshold above a word."""
    place = guide[int(word >> np.uint64(52))]
    last = len(thresholds) - 1
    steps = 0
    while place < last and word >= thresholds[place]:
        place += 1
        steps += 1
        if steps > 8:  # many values in one cell: halve what is left
            low, high = place, last
            while low < high:
                middle = (low + high) // 2
                if word < thresholds[middle]:
                    high = middle
                else:
                    low = middle + 1
            return low
    return place


@numba.njit(cache=True, nogil=True)
def _lookup(words: Words, thresholds: Words, guide: NDArray[np.int32]) -> NDArray[np.int32]:
    out = np.empty(len(words), np.int32)
    for i in range(len(words)):
        out[i] = place_at(words[i], thresholds, guide)
    return out
