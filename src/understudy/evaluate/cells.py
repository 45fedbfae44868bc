"""Columns cut into few cells, so that tables can be compared by counting.

Two cuts: `equal_width` (ten bins over the real range, as SDMetrics cuts columns for its pair trends) and `equal_mass` (deciles of the real
column or its ten commonest levels, which see the body of a skewed column). Missing is a cell of its own in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.tables import Column

MOST_LEVELS = 100
"""Levels of a category that are told apart in two-column tables; the rest are one."""


@dataclass(frozen=True)
class Cut:
    """Codes 0 .. cells-1 of one column for every row of every table."""

    codes: dict[Side, NDArray[np.int64]]
    cells: int


def equal_width(column: Column, bins: int = 10) -> Cut:
    """Numbers: bins of equal width over the real range, values beyond it in the end bins. Categories: their levels."""
    if not column.numeric:
        return _levels(column, MOST_LEVELS)
    real = column.present("real")
    edges = np.histogram_bin_edges(real, bins)[1:-1] if len(real) else np.zeros(0)
    return _numbers(column, edges, "right")


def equal_mass(column: Column, bins: int = 10) -> Cut:
    """Numbers: quantile bins of the real column (fewer where values are shared by many). Categories: the commonest levels."""
    if not column.numeric:
        return _levels(column, bins)
    real = column.present("real")
    edges = np.unique(np.quantile(real, np.linspace(0, 1, bins + 1)[1:-1])) if len(real) else np.zeros(0)
    return _numbers(column, edges, "right")


def distribution_grid(column: Column, cells: int = 256) -> Cut:
    """A numeric column on a fine grid of pooled quantiles, in ascending order, missing left out (-1)."""
    pooled = np.concatenate([column.present(side) for side in SIDES])
    if not len(pooled):
        return Cut({side: np.full(len(column.values[side]), -1, np.int64) for side in SIDES}, 1)
    levels = np.unique(pooled)
    edges = levels if len(levels) <= cells else np.unique(np.quantile(pooled, np.linspace(0, 1, cells + 1)[1:-1]))
    codes = {side: np.where(column.missing(side), -1, np.searchsorted(edges, column.values[side], "left")) for side in SIDES}
    return Cut({side: values.astype(np.int64) for side, values in codes.items()}, len(edges) + 1)


def paired(a: Cut, b: Cut) -> Cut:
    """The two-column table of two cuts."""
    return Cut({side: a.codes[side] * b.cells + b.codes[side] for side in SIDES}, a.cells * b.cells)


def _numbers(column: Column, edges: NDArray[np.float64], side_of_edge: str) -> Cut:
    missing = len(edges) + 1
    codes = {}
    for side in SIDES:
        found = np.searchsorted(edges, column.values[side], "right" if side_of_edge == "right" else "left")
        codes[side] = np.where(column.missing(side), missing, found).astype(np.int64)
    return Cut(codes, missing + 1)


def _levels(column: Column, most: int) -> Cut:
    """The commonest `most` real levels, one cell for all others, one for missing."""
    counts = np.bincount(column.present("real"), minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")
    others, missing = min(most, len(order)), min(most, len(order)) + 1
    place = np.full(len(order) + 1, others, np.int64)
    place[order[:others]] = np.arange(others)
    place[-1] = missing
    return Cut({side: place[column.values[side]] for side in SIDES}, missing + 1)
