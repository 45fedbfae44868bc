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
    leaf = np.zeros(n, np.int64)
    sums, counts = np.zeros((leaves, BINS)), np.zeros((leaves, BINS))
    total, size_of = np.zeros(leaves), np.zeros(leaves)
    key, order = np.zeros(BINS), np.zeros(BINS, np.int64)
    left_sum, left_count = np.zeros(leaves), np.zeros(leaves)
    best_right = np.zeros(BINS, np.bool_)
    for i in range(learners, n):
        loss[0] += residual[i] * residual[i]
    least, least_at, made = loss[0], 0, 0
    for tree in range(trees):
        leaf[:] = 0
        for level in range(depth):
            parts = 1 << level
            best, best_feature = -1.0, -1
            for f in features:
                size = sizes[f]
                for p in range(parts):
                    for k in range(size):
                        sums[p, k] = 0.0
                        counts[p, k] = 0.0
                column = bins[f]
                for i in range(learners):
                    sums[leaf[i], column[i]] += residual[i]
                    counts[leaf[i], column[i]] += 1.0
                for k in range(size):
                    order[k] = k
                if not ordered[f]:
                    for k in range(size):
                        s, c = 0.0, 0.0
                        for p in range(parts):
                            s += sums[p, k]
                            c += counts[p, k]
                        key[k] = s / (c + shrinkage)
                    order[:size] = np.argsort(key[:size])
                for p in range(parts):
                    total[p], size_of[p] = 0.0, 0.0
                    for k in range(size):
                        total[p] += sums[p, k]
                        size_of[p] += counts[p, k]
                    left_sum[p], left_count[p] = 0.0, 0.0
                for q in range(size - 1):
                    k = order[q]
                    gain = 0.0
                    for p in range(parts):
                        left_sum[p] += sums[p, k]
                        left_count[p] += counts[p, k]
                        rest = total[p] - left_sum[p]
                        gain += left_sum[p] * left_sum[p] / (left_count[p] + shrinkage)
                        gain += rest * rest / (size_of[p] - left_count[p] + shrinkage)
                    if gain > best:
                        best, best_feature = gain, f
                        best_right[:] = False
                        for r in range(q + 1, size):
                            best_right[order[r]] = True
            if best_feature < 0:
                break
            feature[tree, level] = best_feature
            right[tree, level] = best_right
            column = bins[best_feature]
            for i in range(n):
                if best_right[column[i]]:
                    leaf[i] += parts
        total[:] = 0.0
        size_of[:] = 0.0
        for i in range(learners):
            total[leaf[i]] += residual[i]
            size_of[leaf[i]] += 1.0
        for p in range(leaves):
            value[tree, p] = rate * total[p] / (size_of[p] + shrinkage)
        watched = 0.0
        for i in range(n):
            residual[i] -= value[tree, leaf[i]]
            if i >= learners:
                watched += residual[i] * residual[i]
        made = tree + 1
        loss[made] = watched
        if watched < least:
            least, least_at = watched, made
        elif made - least_at >= patience:
            break
    return feature[:made], right[:made], value[:made], loss[: made + 1]


@numba.njit(cache=True)
def predict(rows, fold, start, feature, right, value):  # type: ignore[no-untyped-def]
    trees, depth = feature.shape[1], feature.shape[2]
    out = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        k = fold[i]
        row = rows[i]
        place = start[k]
        for t in range(trees):
            leaf = np.int64(0)
            for level in range(depth):
                leaf |= np.int64(right[k, t, level, row[feature[k, t, level]]]) << level
            place += value[k, t, leaf]
        out[i] = place
    return out
