"""95 % intervals for statistics of counts, jointly for all columns, by a bootstrap over groups of rows.

The rows of each table are dealt at random into groups; a draw takes as many groups with replacement (Efron's bootstrap with blocks of
exchangeable rows). A statistic that is a function of counts then needs one pass over the rows for all draws: counts per group, times
a matrix of weights. All statistics share the draws, so means over columns and differences between tables have honest intervals.

A distance between two samples is never zero, even between two samples of one population, and grows as they shrink. Two measures keep
this from misleading: draws are centred on the value that was observed, and a synthetic table with more rows than the holdout is
also measured at the holdout's size (`matched`), from random subsets of its groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream

Side = Literal["real", "holdout", "synthetic"]
SIDES: tuple[Side, ...] = ("real", "holdout", "synthetic")
Floats = NDArray[np.float64]
Statistic = Callable[[NDArray[np.float32], NDArray[np.float32]], Floats]
"""(..., cells) shares of real and (..., cells) shares of another table -> (...) values."""


@dataclass(frozen=True)
class Sampled:
    """A statistic of the synthetic table and of the holdout, each against real, with bootstrap draws (draws,)."""

    value: float
    holdout: float
    matched: float  # value at the holdout's number of rows
    draws: Floats
    holdout_draws: Floats

    @property
    def interval(self) -> tuple[float, float]:
        return centred(self.value, self.draws)

    @property
    def holdout_interval(self) -> tuple[float, float]:
        return centred(self.holdout, self.holdout_draws)

    @property
    def gap(self) -> float:
        return self.matched - self.holdout

    @property
    def gap_interval(self) -> tuple[float, float]:
        return centred(self.gap, self.draws - self.holdout_draws)

    @classmethod
    def mean(cls, parts: Sequence[Sampled]) -> Sampled:
        """The mean over columns, pairs or triples; parts without a value (NaN) are left out."""
        known = [part for part in parts if not np.isnan(part.value)]
        if not known:
            nothing = np.full(1, np.nan)
            return cls(np.nan, np.nan, np.nan, nothing, nothing)
        return cls(
            float(np.mean([part.value for part in known])),
            _mean([part.holdout for part in known]),
            _mean([part.matched for part in known]),
            np.mean([part.draws for part in known], axis=0),
            np.nanmean([part.holdout_draws for part in known], axis=0),
        )


def centred(value: float, draws: Floats) -> tuple[float, float]:
    """The middle 95 % of the draws, moved so that their mean is the value observed."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return value, value
    low, high = np.quantile(known, [0.025, 0.975]) - known.mean()
    return value + float(low), value + float(high)


class Groups:
    """Rows dealt into groups, and the weights of the draws.

    Args:
        rows: number of rows of each table.
        stream: randomness of the dealing and of the draws.
        groups: how many; fewer where there are fewer rows.
        draws: bootstrap draws.
    """

    def __init__(self, rows: Mapping[Side, int], stream: Stream, groups: int = 64, draws: int = 200) -> None:
        self.rows = dict(rows)
        self.draws = draws
        self.size: dict[Side, int] = {side: max(2, min(groups, count)) for side, count in rows.items()}
        self.member: dict[Side, NDArray[np.int64]] = {}
        self.weights: dict[Side, NDArray[np.float32]] = {}
        for side, count in rows.items():
            rng = stream.child("groups", side).generator()
            dealt = np.arange(count, dtype=np.int64) % self.size[side]
            self.member[side] = rng.permutation(dealt)
            even = np.full(self.size[side], 1 / self.size[side])
            self.weights[side] = rng.multinomial(self.size[side], even, size=draws).astype(np.float32)
        self.subsets = self._subsets(stream)

    def _subsets(self, stream: Stream, repeats: int = 24) -> NDArray[np.float32]:
        """0/1 weights (repeats, groups) of synthetic groups that hold together as many rows as the holdout."""
        groups, share = self.size["synthetic"], self.rows["holdout"] / max(1, self.rows["synthetic"])
        chosen = min(groups, max(1, round(share * groups)))
        if chosen == groups:
            return np.ones((1, groups), np.float32)
        rng = stream.child("subsets").generator()
        order = rng.random((repeats, groups)).argsort(axis=1)
        return (order < chosen).astype(np.float32)

    def counts(self, side: Side, codes: NDArray[np.int64], cells: int) -> NDArray[np.float32]:
        """Counts (groups, cells) of codes 0 .. cells-1; rows with a negative code are left out."""
        keep = codes >= 0
        member = self.member[side]
        if not keep.all():
            codes, member = codes[keep], member[keep]
        flat = np.bincount(member * cells + codes, minlength=self.size[side] * cells)
        return flat.reshape(self.size[side], cells).astype(np.float32)

    def sampled(self, counts: Mapping[Side, NDArray[np.float32]], statistic: Statistic) -> Sampled:
        """The statistic of shares from counts (groups, cells) of each table."""
        everything = {side: shares(counts[side].sum(axis=0)) for side in SIDES}
        if any(np.isnan(part).any() for part in everything.values()):
            return _unknown(self.draws)
        drawn = {side: shares(self.weights[side] @ counts[side]) for side in SIDES}
        return Sampled(
            float(statistic(everything["real"], everything["synthetic"])),
            float(statistic(everything["real"], everything["holdout"])),
            float(np.nanmean(statistic(everything["real"], shares(self.subsets @ counts["synthetic"])))),
            statistic(drawn["real"], drawn["synthetic"]),
            statistic(drawn["real"], drawn["holdout"]),
        )


def shares(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Counts (..., cells) over their sum; NaN where there are none."""
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts / total, np.float32)


def overlap(real: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
    """1 - total variation distance."""
    return np.asarray(1.0 - 0.5 * np.abs(real - other).sum(axis=-1), np.float64)


def one_minus_ks(real: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
    """1 - Kolmogorov-Smirnov distance, for cells in ascending order of value."""
    return np.asarray(1.0 - np.abs(np.cumsum(real - other, axis=-1)).max(axis=-1), np.float64)


def _unknown(draws: int) -> Sampled:
    nothing = np.full(draws, np.nan)
    return Sampled(np.nan, np.nan, np.nan, nothing, nothing)


def _mean(values: list[float]) -> float:
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")
