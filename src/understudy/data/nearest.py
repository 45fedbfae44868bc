"""Exact nearest rows of mixed tables, and the memorising statistics that are read off them.

The distance of two rows is the sum over numeric columns of the difference of their ranks (each rank in 0 .. 1, so that no scale
and no outlier rules) plus one for every category that differs: Gower's distance (Biometrics 27, 1971) on ranks, not divided by
the number of columns. Ranks come from `ranks`, categories are any whole-number codes.

Everything is compared with everything, column by column over short blocks of base rows that stay in the processor's cache;
a block is left early once all of its rows are farther away than what was found before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
MISSING_RANK = np.float32(-0.5)
_BLOCK = 512
_COLUMNS_BETWEEN_CHECKS = 12


class Neighbours(NamedTuple):
    """The k nearest base rows of every query: distances (q, k) ascending and their row numbers (q, k); -1 where there are fewer."""

    distance: NDArray[np.float32]
    row: NDArray[np.int64]


class Estimate(NamedTuple):
    """A statistic and its standard error."""

    value: float
    standard_error: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by the normal approximation, within 0 .. 1."""
        reach = 1.959964 * self.standard_error
        return max(0.0, self.value - reach), min(1.0, self.value + reach)


def mean_of(found: Sequence[Estimate]) -> Estimate:
    """The mean of at least one figure, with its standard error as of independent ones."""
    error = float(np.sqrt(np.sum([e.standard_error**2 for e in found])) / len(found))
    return Estimate(float(np.mean([e.value for e in found])), error)


def ranks(reference: Floats, values: Floats) -> NDArray[np.float32]:
    """Where `values` (n,) stand among the `reference` (m,), 0 .. 1: the middle of their ties. Missing (NaN) is -0.5."""
    ordered = np.sort(reference[~np.isnan(reference)])
    low = np.searchsorted(ordered, values, "left")
    high = np.searchsorted(ordered, values, "right")
    middle = ((low + high) / (2.0 * max(1, len(ordered)))).astype(np.float32)
    return np.where(np.isnan(values), MISSING_RANK, middle)


def neighbours(
    queries_num: NDArray[np.float32],
    queries_cat: NDArray[np.int32],
    base_num: NDArray[np.float32],
    base_cat: NDArray[np.int32],
    k: int = 1,
    exclude_self: bool = False,
    threads: int | None = None,
) -> Neighbours:
    """The k base rows nearest to every query row, exactly.

    Args:
        queries_num, base_num: ranks, (q, p) and (n, p); p may be 0.
        queries_cat, base_cat: category codes, (q, c) and (n, c); c may be 0.
        k: how many, at least 1; where the base has fewer, distance is infinite and index -1.
        exclude_self: query i is base row i and is not its own neighbour.
        threads: at most this many; None: one a core. The answer does not depend on it.
    """
    distance = np.full((len(queries_num), k), np.inf, np.float32)
    index = np.full((len(queries_num), k), -1, np.int64)
    by_column = _by_column(base_num, np.float32), _by_column(base_cat, np.int32)
    queries = np.ascontiguousarray(queries_num, np.float32), np.ascontiguousarray(queries_cat, np.int32)

    def search(part: slice) -> None:
        first = part.start if exclude_self else -1
        _search(queries[0][part], queries[1][part], *by_column, first, distance[part], index[part])

    parts = _parts(len(queries_num), _threads(threads))
    if len(parts) == 1:
        search(parts[0])
    else:
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(search, parts))
    return Neighbours(distance, index)


def nearest(
    queries_num: NDArray[np.float32],
    queries_cat: NDArray[np.int32],
    base_num: NDArray[np.float32],
    base_cat: NDArray[np.int32],
    k: int = 1,
    exclude_self: bool = False,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """The distances (q, k) of `neighbours`, without the row numbers."""
    return neighbours(queries_num, queries_cat, base_num, base_cat, k, exclude_self, threads).distance


def membership_auc(members: Floats | NDArray[np.float32], others: Floats | NDArray[np.float32]) -> Estimate:
    """Chance that a training row lies nearer to the synthetic table than a row the model never saw; .5 is best, 1 a copy.

    Args:
        members: (m,) distances of training rows to their nearest synthetic row (or any score that is small for members).
        others: (n,) the same for held-out rows.

    The standard error is DeLong's (Biometrics 44, 1988); ties count half.
    """
    return auc(-np.asarray(members, np.float64), -np.asarray(others, np.float64))


def auc(positives: Floats, negatives: Floats) -> Estimate:
    """Area under the ROC curve of scores (high means positive) with DeLong's standard error, by mid-ranks (Sun & Xu 2014)."""
    positive_above, negative_below = placements(positives, negatives)
    m, n = len(positives), len(negatives)
    variance = (positive_above.var(ddof=1) / m if m > 1 else 0.25) + (negative_below.var(ddof=1) / n if n > 1 else 0.25)
    return Estimate(float(positive_above.mean()), float(np.sqrt(variance)))


def placements(positives: Floats, negatives: Floats) -> tuple[Floats, Floats]:
    """For every positive the share of negatives under it, for every negative the share of positives above it; ties half."""
    m, n = len(positives), len(negatives)
    together = rankdata(np.concatenate([positives, negatives]))
    above = (together[:m] - rankdata(positives)) / n
    below = 1.0 - (together[m:] - rankdata(negatives)) / m
    return above, below


def dcr_share(
    to_train: NDArray[np.float32],
    to_holdout: NDArray[np.float32],
    train_rows: int,
    holdout_rows: int,
    nearest_row: NDArray[np.int64] | None = None,
) -> Estimate:
    """Share of synthetic rows that lie nearer to the training rows than to the holdout, brought to a 50 % baseline.

    A row that knows nothing of the training rows is nearest to one of them with chance e = train / (train + holdout); what
    comes back is odds / (1 + odds) with odds = share/(1-share) over e/(1-e). Fresh real rows give .5, copies 1.

    Args:
        to_train, to_holdout: (q,) distance of every synthetic row to its nearest row of each table; ties count as e.
        train_rows, holdout_rows: sizes of the tables searched.
        nearest_row: (q,) number of the nearest real row in both tables together. Several synthetic rows near one real row
            stand or fall together with that row, so the standard error counts them as one cluster; None: as independent.
    """
    expected = train_rows / (train_rows + holdout_rows)
    nearer = np.where(to_train < to_holdout, 1.0, np.where(to_train == to_holdout, expected, 0.0))
    share = float(nearer.mean())
    spread = _clustered_error(nearer - share, nearest_row)
    inside = min(max(share, 0.5 / len(nearer)), 1 - 0.5 / len(nearer))
    odds = inside / (1 - inside) * (1 - expected) / expected
    balanced = odds / (1 + odds)
    # The logit moves by spread / (share (1-share)), and the balanced share by its own p (1-p) of that.
    return Estimate(balanced, spread / (inside * (1 - inside)) * balanced * (1 - balanced))


def _clustered_error(deviations: Floats, cluster: NDArray[np.int64] | None) -> float:
    if cluster is None:
        return float(np.sqrt(np.square(deviations).sum())) / len(deviations)
    _, member = np.unique(cluster, return_inverse=True)
    return float(np.sqrt(np.square(np.bincount(member, deviations)).sum())) / len(deviations)


def _by_column(rows: NDArray[np.generic], dtype: type) -> NDArray[np.generic]:
    return np.ascontiguousarray(rows.T, dtype)


def _threads(asked: int | None) -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = int(os.environ.get("NUMBA_NUM_THREADS", available))
    return max(1, min(asked or available, limit, available))


def _parts(rows: int, threads: int) -> list[slice]:
    if rows < 64 or threads == 1:
        return [slice(0, rows)]
    cuts = np.linspace(0, rows, threads + 1).astype(int)
    return [slice(a, b) for a, b in pairwise(cuts.tolist())]


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _search(queries_num, queries_cat, base_num, base_cat, first, distance, index):  # type: ignore[no-untyped-def]
    """Fill `distance` and `index` (q, k). Base arrays are by column: (p, n), (c, n). `first`: row number of query 0, or -1."""
    p, c, n = base_num.shape[0], base_cat.shape[0], max(base_num.shape[1], base_cat.shape[1])
    k = distance.shape[1]
    sums = np.empty(_BLOCK, np.float32)
    for start in range(0, n, _BLOCK):
        size = min(_BLOCK, n - start)
        for q in range(distance.shape[0]):
            worst = distance[q, k - 1]
            for r in range(size):
                sums[r] = 0.0
            # Categories first: one that differs costs 1, more than most ranks, so far blocks are left soonest.
            far = _add_columns(sums, size, start, queries_num[q], queries_cat[q], base_num, base_cat, p, c, worst)
            if far:
                continue
            for r in range(size):
                if sums[r] < worst and start + r != first + q * (first >= 0):
                    worst = _insert(distance[q], index[q], sums[r], start + r, k)


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def _add_columns(sums, size, start, query_num, query_cat, base_num, base_cat, p, c, worst):  # type: ignore[no-untyped-def]
    """Add all columns' differences to `sums`; True where every row of the block turned out farther than `worst`."""
    since_check = 0
    for j in range(c):
        code = query_cat[j]
        column = base_cat[j, start : start + size]
        for r in range(size):
            sums[r] += np.float32(column[r] != code)
        since_check += 1
        if since_check == _COLUMNS_BETWEEN_CHECKS:
            since_check = 0
            if _all_beyond(sums, size, worst):
                return True
    for j in range(p):
        rank = query_num[j]
        column_num = base_num[j, start : start + size]
        for r in range(size):
            sums[r] += abs(column_num[r] - rank)
        since_check += 1
        if since_check == _COLUMNS_BETWEEN_CHECKS:
            since_check = 0
            if _all_beyond(sums, size, worst):
                return True
    return False


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _all_beyond(sums, size, worst):  # type: ignore[no-untyped-def]
    within = 0
    for r in range(size):
        within += sums[r] < worst
    return within == 0


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _insert(distance, index, value, row, k):  # type: ignore[no-untyped-def]
    """Put one neighbour into its place among the k; the new worst distance comes back."""
    place = k - 1
    while place > 0 and distance[place - 1] > value:
        distance[place] = distance[place - 1]
        index[place] = index[place - 1]
        place -= 1
    distance[place] = value
    index[place] = row
    return distance[k - 1]
