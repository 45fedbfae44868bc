"""Where a number lies, given the rest of the row: boosted oblivious trees, fitted crosswise.

Least-squares gradient boosting (Friedman, Annals of Statistics 29, 2001) with oblivious trees, in which one split serves a whole
level (Kohavi & Li 1995; CatBoost, Prokhorenkova et al. 2018): a row's leaf is a number of `depth` bits, found without a branch. The
rows are cut into folds; the trees of fold k never saw fold k, so what is left over in fold k is an honest residual
(cross-fitting: Chernozhukov et al. 2018). The number of trees is the one with the least squared residual over all folds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.forest import BINS

DEPTH = 6
DEPTH_OF_FEW = 4
FEW_ROWS = 2_000
"""Fewer rows than this get shallower trees, and half as many."""
RATE = 0.1
SHRINKAGE = 3.0
"""Rows of residual zero that every leaf is given."""
PATIENCE = 20


@dataclass
class Location:
    """Trees of every fold: ``start`` (folds,) the mean, ``feature`` (folds, trees, depth), ``right`` (folds, trees, depth, 256) whether a
    bin sets the level's bit, ``value`` (folds, trees, 2**depth) what a leaf adds."""

    start: NDArray[np.float64]
    feature: NDArray[np.int32]
    right: NDArray[np.bool_]
    value: NDArray[np.float32]

    @property
    def folds(self) -> int:
        return len(self.start)

    def predict(self, rows: NDArray[np.uint8], fold: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n,) location of rows of bins (n, fields), each by the trees of one fold."""
        return np.asarray(predict(rows, fold, self.start, self.feature, self.right, self.value))

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        packed = {f"{prefix}.{f.name}": getattr(self, f.name) for f in fields(self)}
        packed[f"{prefix}.right"] = np.packbits(self.right, axis=-1)
        return packed

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str) -> Location:
        found = {f.name: arrays[f"{prefix}.{f.name}"] for f in fields(cls)}
        return cls(**{**found, "right": np.unpackbits(found["right"], axis=-1).astype(np.bool_)})


def fit_location(
    bins: NDArray[np.uint8],
    ordered: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    features: NDArray[np.int64],
    target: NDArray[np.float64],
    stream: Stream,
    *,
    folds: int = 3,
    trees: int = 200,
    rows: int = 60_000,
) -> tuple[Location, NDArray[np.float64]]:
    """Fit crosswise; the location model and the residual (n,) of every row under the trees that did not see it.

    Args:
        bins, ordered, sizes, features: as in `forest.grow_forest`.
        target: (n,) numbers of about unit variance; NaN rows are left out, and have residual NaN.
        rows: rows used in a fold at the most.
    """
    rng = stream.generator()
    fold_of = rng.integers(0, folds, len(target))
    usable = np.isfinite(target)
    few = len(target) < FEW_ROWS
    depth, trees = (DEPTH_OF_FEW, trees // 2) if few else (DEPTH, trees)
    grown = []
    for k in range(folds):
        learn = rng.permutation(np.flatnonzero(usable & (fold_of != k)))[:rows].astype(np.int64)
        watch = rng.permutation(np.flatnonzero(usable & (fold_of == k)))[: rows // 4].astype(np.int64)
        mean = float(target[learn].mean()) if len(learn) else 0.0
        part = np.ascontiguousarray(bins[:, np.concatenate([learn, watch])])
        rest = np.concatenate([target[learn], target[watch]]) - mean
        grown.append((mean, *boost(part, ordered, sizes, features, rest, len(learn), trees, RATE, depth, SHRINKAGE, PATIENCE)))
    shortest = min(len(g[1]) for g in grown)
    loss = np.sum([g[4][: shortest + 1] for g in grown], axis=0)
    best = max(1, int(np.argmin(loss)))
    location = Location(
        np.array([g[0] for g in grown]),
        np.stack([g[1][:best] for g in grown]),
        np.stack([g[2][:best] for g in grown]),
        np.stack([g[3][:best] for g in grown]),
    )
    return location, target - location.predict(np.ascontiguousarray(bins.T), fold_of)


@numba.njit(cache=True, fastmath=True)
def boost(  # type: ignore[no-untyped-def]  # noqa: C901
    bins, ordered, sizes, features, residual, learners, trees, rate, depth, shrinkage, patience
):
    """Boost on the first `learners` columns of `bins` (fields, n), watching the rest; `residual` (n,) is used up.

    Returns feature (trees, depth), right (trees, depth, 256), value (trees, 2**depth), and the watched rows' squared residual
    before the first and after each tree.
    """
    n, leaves = residual.shape[0], 1 << depth
    feature = np.zeros((trees, depth), np.int32)
    right = np.zeros((trees, depth, BINS), np.bool_)
    value = np.zeros((trees, leaves), np.float32)
    loss = np.zeros(trees + 1)
    leaf, some = np.zeros(n, np.int32), np.zeros(learners, np.int32)
    packed = np.zeros(learners, np.int64)
    tables, fresh = np.zeros((len(features), BINS * leaves // 2), np.int64), np.zeros(BINS * leaves // 2, np.int64)
    work = np.zeros((2, BINS * leaves // 2), np.float32)
    sums, counts = np.zeros(leaves), np.zeros(leaves)
    order, best_order = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for i in range(learners, n):
        loss[0] += residual[i] * residual[i]
    least, least_at, made = loss[0], 0, 0
    for tree in range(trees):
        step = _pack(residual, packed)
        leaf[:] = 0
        for level in range(depth):
            parts = 1 << level
            chosen, side = _smaller_side(leaf, some, parts >> 1, learners)
            best, best_feature, best_cut = np.float32(-1.0), -1, 0
            for number in range(len(features)):
                f = features[number]
                if level == 0:
                    _count_all(tables[number], bins[f], sizes[f], packed)
                else:
                    _count(fresh, bins[f], leaf, some, chosen, sizes[f], parts >> 1, packed)
                    _divide(tables[number], fresh, sizes[f], parts >> 1, side)
                _unpack(tables[number], work, sizes[f] * parts, step)
                _bins_in_order(order, work, ordered[f], sizes[f], parts, shrinkage)
                gain, cut = _best_cut(work[0], work[1], order, sizes[f], parts, np.float32(shrinkage))
                if gain > best:
                    best, best_feature, best_cut = gain, f, cut
                    best_order[:] = order
            if best_feature < 0:
                break
            feature[tree, level] = best_feature
            for q in range(best_cut, sizes[best_feature]):
                right[tree, level, best_order[q]] = True
            column = bins[best_feature]
            for i in range(n):
                leaf[i] += parts * right[tree, level, column[i]]
        sums[:], counts[:] = 0.0, 0.0
        for i in range(learners):
            sums[leaf[i]] += residual[i]
            counts[leaf[i]] += 1.0
        for p in range(leaves):
            value[tree, p] = rate * sums[p] / (counts[p] + shrinkage)
        made = tree + 1
        for i in range(n):
            residual[i] -= value[tree, leaf[i]]
            if i >= learners:
                loss[made] += residual[i] * residual[i]
        if loss[made] < least:
            least, least_at = loss[made], made
        elif made - least_at >= patience:
            break
    return feature[:made], right[:made], value[:made], loss[: made + 1]


@numba.njit(cache=True, fastmath=True)
def _pack(residual, packed):  # type: ignore[no-untyped-def]
    """A row's count and residual as one whole number: 1 in the upper half, the residual in steps of what comes back in the lower, so
    that one addition counts both. No sum over rows leaves its half."""
    magnitude = 1e-12
    for i in range(len(packed)):
        magnitude += abs(residual[i])
    step = magnitude / 2**30
    for i in range(len(packed)):
        packed[i] = (np.int64(1) << 32) + np.int64(np.rint(residual[i] / step))
    return np.float32(step)


@numba.njit(cache=True)
def _smaller_side(leaf, some, parts, learners):  # type: ignore[no-untyped-def]
    """The learners on that side of the last split that has fewer, into `some`; how many, and whether it is the right one."""
    chosen = 0
    if parts == 0:
        return chosen, False
    for i in range(learners):
        chosen += leaf[i] >= parts
    side = 2 * chosen <= learners
    chosen = 0
    for i in range(learners):
        some[chosen] = i
        chosen += (leaf[i] >= parts) == side
    return chosen, side


@numba.njit(cache=True)
def _count_all(table, column, size, packed):  # type: ignore[no-untyped-def]
    table[:size] = 0
    for i in range(len(packed)):
        table[column[i]] += packed[i]


@numba.njit(cache=True)
def _count(fresh, column, leaf, some, chosen, size, parts, packed):  # type: ignore[no-untyped-def]
    """The chosen rows by bin and by what was their leaf before the last split."""
    fresh[: size * parts] = 0
    for m in range(chosen):
        i = some[m]
        fresh[column[i] * parts + (leaf[i] & (parts - 1))] += packed[i]


@numba.njit(cache=True)
def _divide(table, fresh, size, parts, side):  # type: ignore[no-untyped-def]
    """In place, from the last bin on: what was counted is one side of a split, the rest of the whole the other."""
    counted, other = (parts, 0) if side else (0, parts)
    for k in range(size - 1, -1, -1):
        for p in range(parts - 1, -1, -1):
            one = fresh[k * parts + p]
            rest = table[k * parts + p] - one
            table[2 * k * parts + counted + p] = one
            table[2 * k * parts + other + p] = rest


@numba.njit(cache=True, fastmath=True)
def _unpack(table, work, length, step):  # type: ignore[no-untyped-def]
    """Sums of residuals, and counts."""
    sums, counts = work
    for at in range(length):
        low = np.int32(table[at] & 0xFFFFFFFF)
        sums[at] = np.float32(low) * step
        counts[at] = np.float32(np.int32((table[at] - low) >> 32))


@numba.njit(cache=True, fastmath=True)
def _bins_in_order(order, work, ordered, size, parts, shrinkage):  # type: ignore[no-untyped-def]
    """Bins as they are, or, of a category, by their mean residual."""
    for k in range(size):
        order[k] = k
    if ordered:
        return
    key = np.zeros(size)
    for k in range(size):
        total, count = 0.0, 0.0
        for at in range(k * parts, (k + 1) * parts):
            total += work[0, at]
            count += work[1, at]
        key[k] = total / (count + shrinkage)
    order[:size] = np.argsort(key)


@numba.njit(cache=True, fastmath=True)
def _best_cut(sums, counts, order, size, parts, shrinkage):  # type: ignore[no-untyped-def]
    """The gain of the best cut along `order`, -1 where there is none, and how many bins lie left of it."""
    total, whole = np.zeros(parts, np.float32), np.zeros(parts, np.float32)
    for k in range(size):
        for p in range(parts):
            total[p] += sums[k * parts + p]
            whole[p] += counts[k * parts + p]
    left, count = np.zeros(parts, np.float32), np.zeros(parts, np.float32)
    best, cut = np.float32(-1.0), 0
    for q in range(size - 1):
        at = order[q] * parts
        gain = np.float32(0.0)
        for p in range(parts):
            a, m = left[p] + sums[at + p], count[p] + counts[at + p]
            left[p], count[p] = a, m
            b = total[p] - a
            gain += a * a / (m + shrinkage) + b * b / (whole[p] - m + shrinkage)
        if gain > best:
            best, cut = gain, q + 1
    return best, cut


@numba.njit(cache=True)
def predict(rows, fold, start, feature, right, value):  # type: ignore[no-untyped-def]
    """Tree by tree, so that one tree at a time is looked up in the cache."""
    trees, depth = feature.shape[1], feature.shape[2]
    out = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        out[i] = start[fold[i]]
    for t in range(trees):
        for i in range(rows.shape[0]):
            k = fold[i]
            leaf = np.int64(0)
            for level in range(depth):
                leaf |= np.int64(right[k, t, level, rows[i, feature[k, t, level]]]) << level
            out[i] += value[k, t, leaf]
    return out
