"""Pair trends: do columns go together as in the real table?

Two numbers: 1 - |difference of their Pearson correlations| / 2. Anything else: the overlap of the two-column table, numbers cut
into ten bins of equal width. These are SDMetrics' CorrelationSimilarity and ContingencySimilarity, except that one set of bins,
over the real range, serves both tables. A pair with a constant column has no correlation and is left out. SDMetrics (0.32)
averages related pairs only (correlation beyond .5, Cramér's V beyond .3 in the real table), because unrelated pairs are right by
themselves; both means are given.

With many columns the mean is over a random part of the pairs, and the worst are looked for among those where a coarse cut of every pair
(five cells a column, all pairs at once as one matrix product) shows the greatest difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.accuracy import some_pairs
from understudy.evaluate.cells import Cut, equal_mass, equal_width, paired
from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, Side, overlap
from understudy.evaluate.tables import Column, Comparison

MOST_PAIRS = 1_500
SCREENED = 150
_SCREEN_ROWS = 5_000
RELATED_CORRELATION = 0.5
RELATED_TABLE = 0.3


@dataclass(frozen=True)
class Trend:
    """The score of one pair (columns a, b by number)."""

    a: int
    b: int
    correlation: bool  # else contingency
    strength: float  # real: |correlation| or Cramér's V of the table
    score: Sampled

    @property
    def related(self) -> bool:
        return self.strength > (RELATED_CORRELATION if self.correlation else RELATED_TABLE)


@dataclass(frozen=True)
class Trends:
    mean: Sampled  # over all pairs
    related: Sampled | None  # over the related ones; None where there is none
    related_counted: int
    counted: int  # pairs in the mean
    possible: int
    pairs: list[Trend]  # those of the mean and those found by screening


def trends(comparison: Comparison, groups: Groups, stream: Stream) -> Trends | None:
    """Scores of the pairs of learned columns; None where there is one column only."""
    columns = comparison.columns
    possible = len(columns) * (len(columns) - 1) // 2
    if not possible:
        return None
    chosen = some_pairs(len(columns), MOST_PAIRS, stream.child("trends"))
    score = _Scorer(columns, groups)
    found = score.pairs(chosen)
    known = [trend for trend in found if not np.isnan(trend.score.value)]
    further: list[Trend] = []
    if len(chosen) < possible:
        further = score.pairs([pair for pair in most_different(comparison, stream) if pair not in set(chosen)])
    related = [trend.score for trend in known if trend.related]
    mean = Sampled.mean([trend.score for trend in known])
    return Trends(mean, Sampled.mean(related) if related else None, len(related), len(known), possible, found + further)


class _Scorer:
    """Scores pairs; keeps the cuts and the standardised numbers of columns that return."""

    def __init__(self, columns: Sequence[Column], groups: Groups) -> None:
        self._columns, self._groups = columns, groups
        self._cuts: dict[int, Cut] = {}
        self._moments: dict[int, dict[Side, Floats]] = {}

    def pairs(self, chosen: Sequence[tuple[int, int]]) -> list[Trend]:
        found = []
        for a, b in chosen:
            numbers = self._columns[a].numeric and self._columns[b].numeric
            strength, score = self._correlation(a, b) if numbers else self._contingency(a, b)
            found.append(Trend(a, b, numbers, strength, score))
        return found

    def _contingency(self, a: int, b: int) -> tuple[float, Sampled]:
        both = paired(self._cut(a), self._cut(b))
        counts = {side: self._groups.counts(side, both.codes[side], both.cells) for side in SIDES}
        used = sum(count.sum(axis=0) for count in counts.values()) > 0
        strength = _table_strength(counts["real"].sum(axis=0).reshape(self._cut(a).cells, self._cut(b).cells))
        return strength, self._groups.sampled({side: count[:, used] for side, count in counts.items()}, overlap)

    def _correlation(self, a: int, b: int) -> tuple[float, Sampled]:
        x, y = self._standardised(a), self._standardised(b)
        sums = {side: self._sums(side, x[side], y[side]) for side in SIDES}
        total = {side: pearson(sums[side].sum(axis=0)) for side in SIDES}
        drawn = {side: pearson(self._groups.weights[side] @ sums[side]) for side in SIDES}
        matched = pearson(self._groups.subsets @ sums["synthetic"])
        if np.isnan(total["real"]) or np.isnan(total["synthetic"]):
            nothing = np.full(self._groups.draws, np.nan)
            return 0.0, Sampled(np.nan, np.nan, np.nan, nothing, nothing)

        def similarity(other: Floats, real: Floats) -> Floats:
            return 1.0 - np.abs(other - real) / 2.0

        score = Sampled(
            float(similarity(total["synthetic"], total["real"])),
            float(similarity(total["holdout"], total["real"])),
            float(np.nanmean(similarity(matched, total["real"]))),
            similarity(drawn["synthetic"], drawn["real"]),
            similarity(drawn["holdout"], drawn["real"]),
        )
        return abs(float(total["real"])), score

    def _sums(self, side: Side, x: Floats, y: Floats) -> Floats:
        """Per group: n, Σx, Σy, Σx², Σy², Σxy over the rows that have both: (groups, 6)."""
        both = ~(np.isnan(x) | np.isnan(y))
        member, size = self._groups.member[side], self._groups.size[side]
        if not both.all():
            x, y, member = x[both], y[both], member[both]
        parts = (None, x, y, x * x, y * y, x * y)
        return np.stack([np.bincount(member, weights, minlength=size) for weights in parts], axis=1).astype(np.float64)

    def _cut(self, number: int) -> Cut:
        if number not in self._cuts:
            self._cuts[number] = equal_width(self._columns[number])
        return self._cuts[number]

    def _standardised(self, number: int) -> dict[Side, Floats]:
        """Centred and scaled by the real column, so that sums of squares lose no digits."""
        if number not in self._moments:
            column = self._columns[number]
            real = column.present("real")
            centre, scale = (float(real.mean()), float(real.std())) if len(real) else (0.0, 1.0)
            self._moments[number] = {side: (column.values[side] - centre) / (scale or 1.0) for side in SIDES}
        return self._moments[number]


def _table_strength(table: NDArray[np.float32]) -> float:
    """Cramér's V of a table of counts, uncorrected; 0 where a row or column is alone."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    smaller = min(table.shape) - 1
    if smaller < 1:
        return 0.0
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / n / smaller))


def pearson(sums: NDArray[np.floating]) -> Floats:
    """Correlation from (..., 6) sums n, Σx, Σy, Σx², Σy², Σxy; NaN where a column is constant."""
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = xy / n - x * y / n**2
        variance_x, variance_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
        flat = (variance_x <= 1e-12 * np.maximum(1.0, xx / n)) | (variance_y <= 1e-12 * np.maximum(1.0, yy / n))
        return np.asarray(np.where(flat, np.nan, np.clip(covariance / np.sqrt(variance_x * variance_y), -1, 1)))


def most_different(comparison: Comparison, stream: Stream) -> list[tuple[int, int]]:
    """The pairs whose coarse two-column tables differ most between real and synthetic, beyond what their columns differ alone."""
    cuts = [equal_mass(column, bins=3) for column in comparison.columns]
    difference = np.abs(_dependence(cuts, "real", stream) - _dependence(cuts, "synthetic", stream))
    starts = np.cumsum([0, *(cut.cells for cut in cuts[:-1])])
    by_pair = np.add.reduceat(np.add.reduceat(difference, starts, axis=0), starts, axis=1)
    first, second = np.triu_indices(len(cuts), 1)
    worst = np.argsort(-by_pair[first, second])[:SCREENED]
    return [(int(first[place]), int(second[place])) for place in worst]


def _dependence(cuts: list[Cut], side: Side, stream: Stream) -> NDArray[np.float32]:
    """P(cells together) - P(cell) P(cell) for the cells of all columns at once, from at most 5,000 rows."""
    total = len(cuts[0].codes[side])
    rows = np.sort(stream.child("screen", side).generator().choice(total, min(_SCREEN_ROWS, total), replace=False))
    starts = np.cumsum([0, *(cut.cells for cut in cuts)])
    indicator = np.zeros((len(rows), int(starts[-1])), np.float32)
    for start, cut in zip(starts, cuts, strict=False):
        indicator[np.arange(len(rows)), start + cut.codes[side][rows]] = 1
    alone = indicator.mean(axis=0)
    return np.asarray(indicator.T @ indicator / len(rows) - np.outer(alone, alone), np.float32)
