"""How strongly columns go together: the matrices behind the heat maps.

Two numbers: Spearman's rank correlation, signed, because a few extreme values rule Pearson's. Two categories: Cramér's V with
Bergsma's correction (J. Korean Stat. Soc. 42, 2013), because the plain one grows with the number of levels. One of each: the
correlation ratio η of the number's ranks given the category (Fisher 1925), corrected in the same way (Kelley's ε², PNAS 21,
1935).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from understudy.evaluate.resample import Floats, Side
from understudy.evaluate.tables import Column

_MOST_ROWS = 20_000


def association_matrix(columns: list[Column], side: Side) -> Floats:
    """(columns, columns) associations of one table, 1 on the diagonal; NaN where a column is constant or never present together."""
    rows = [column.values[side][:_MOST_ROWS] for column in columns]
    parts = [_ranks(values) if column.numeric else values for column, values in zip(columns, rows, strict=True)]
    matrix = np.eye(len(columns))
    for i, first in enumerate(columns):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = _strength(first, parts[i], columns[j], parts[j])
    return matrix


def association(a: Column, x: NDArray[np.generic], b: Column, y: NDArray[np.generic]) -> float:
    """The association of two columns over some rows of theirs."""
    return _strength(a, _ranks(x) if a.numeric else x, b, _ranks(y) if b.numeric else y)


def _ranks(values: NDArray[np.generic]) -> Floats:
    return np.asarray(rankdata(values.astype(np.float64), nan_policy="omit"), np.float64)


def _strength(a: Column, x: NDArray[np.generic], b: Column, y: NDArray[np.generic]) -> float:
    if a.numeric and b.numeric:
        return _correlation(x.astype(float), y.astype(float))
    if a.numeric:
        return correlation_ratio(y.astype(np.int64), x.astype(float))
    if b.numeric:
        return correlation_ratio(x.astype(np.int64), y.astype(float))
    return cramers_v(x.astype(np.int64), y.astype(np.int64))


def _correlation(x: Floats, y: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def cramers_v(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """Bias-corrected Cramér's V of two code arrays (negative: missing, left out), 0 .. 1."""
    both = (x >= 0) & (y >= 0)
    _, x = np.unique(x[both], return_inverse=True)
    _, y = np.unique(y[both], return_inverse=True)
    if len(x) < 2 or x.max() == 0 or y.max() == 0:
        return float("nan")
    n, r, k = len(x), int(x.max()) + 1, int(y.max()) + 1
    cell, count = np.unique(x * k + y, return_counts=True)
    expected = np.bincount(x)[cell // k] * np.bincount(y)[cell % k] / n
    # Σ (O-E)²/E over all cells is Σ O²/E - n, and only cells with rows add to the sum.
    phi2 = max(0.0, float((count**2 / expected).sum() / n - 1) - (r - 1) * (k - 1) / (n - 1))
    size = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi2 / size))) if size > 0 else float("nan")


def correlation_ratio(codes: NDArray[np.int64], values: Floats) -> float:
    """Square root of the share of the variance of `values` that lies between categories, corrected for their number, 0 .. 1."""
    both = (codes >= 0) & ~np.isnan(values)
    _, codes = np.unique(codes[both], return_inverse=True)
    values = values[both]
    if len(values) < 2 or codes.max() == 0 or np.ptp(values) == 0:
        return float("nan")
    n, groups = len(values), int(codes.max()) + 1
    count = np.bincount(codes)
    centre = np.bincount(codes, values) / count
    between = float((count * (centre - values.mean()) ** 2).sum())
    whole = float(((values - values.mean()) ** 2).sum())
    if n <= groups:
        return float("nan")
    corrected = (between - (groups - 1) * (whole - between) / (n - groups)) / whole
    return float(np.sqrt(min(1.0, max(0.0, corrected))))
