"""Column shapes: does each column on its own look like the real one?

1 - Kolmogorov-Smirnov distance for numbers, 1 - total variation distance for categories, both over the values that are not
missing; the definitions are those of SDMetrics (KSComplement, TVComplement), so that the mean can be compared with its reports.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from understudy.evaluate.cells import Cut, distribution_grid
from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, one_minus_ks, overlap
from understudy.evaluate.tables import Column, Comparison


def shapes(comparison: Comparison, groups: Groups) -> dict[str, Sampled]:
    """The score of every learned column; NaN where a table has no value at all."""
    return {column.name: _shape(column, groups) for column in comparison.columns}


def measure_of(column: Column) -> str:
    return "1-KS" if column.numeric else "1-TVD"


def _shape(column: Column, groups: Groups) -> Sampled:
    if not column.numeric:
        cut = Cut(column.values, max(1, len(column.levels)))
        return groups.sampled({side: groups.counts(side, cut.codes[side], cut.cells) for side in SIDES}, overlap)
    cut = distribution_grid(column)
    sampled = groups.sampled({side: groups.counts(side, cut.codes[side], cut.cells) for side in SIDES}, one_minus_ks)
    if np.isnan(sampled.value):
        return sampled
    exact = 1 - ks_distance(column.present("real"), column.present("synthetic"))
    exact_holdout = 1 - ks_distance(column.present("real"), column.present("holdout"))
    # The grid loses a little of the distance; what it loses for the whole table it loses for the matched part as well.
    return replace(sampled, value=exact, holdout=exact_holdout, matched=sampled.matched - sampled.holdout + exact_holdout)


def ks_distance(a: Floats, b: Floats) -> float:
    """The greatest difference of the two empirical distribution functions."""
    a, b = np.sort(a), np.sort(b)
    everywhere = np.concatenate([a, b])
    below_a = np.searchsorted(a, everywhere, "right") / len(a)
    below_b = np.searchsorted(b, everywhere, "right") / len(b)
    return float(np.abs(below_a - below_b).max())
