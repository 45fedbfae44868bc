"""Naive makers of synthetic rows, so that every figure of ours stands beside one that forty lines reach.

`copy` gives the training rows themselves: perfect likeness, no privacy. `shuffle` permutes each column: perfect columns, no
relations. `NaiveChain` is a chain of scikit-learn's trees whose leaves hand out the training values that fell into them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

MOST_ONE_HOT = 60


def copy(train: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """The training rows, in another order."""
    return train[np.resize(np.random.default_rng(seed).permutation(train.height), rows)]


def shuffle(train: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """Each column drawn for itself."""
    draw = np.random.default_rng(seed)
    return train.select(values.gather(draw.integers(0, train.height, rows)) for values in train)


class NaiveChain:
    """Column after column, categories first: one tree on the columns before it, and in each leaf the values of its rows.

    Every made value is the value of some training row, so all that is kept of a made row is, for each column, a row number.
    """

    def __init__(self, leaf: int) -> None:
        self.leaf = leaf

    def fit(self, train: pl.DataFrame) -> NaiveChain:
        self.train = train
        self.order = sorted(train.columns, key=lambda name: (train[name].dtype.is_numeric(), train[name].n_unique()))
        self.features = {name: _features(train[name]) for name in self.order}
        self.links: dict[str, tuple[Any, Any, Any]] = {}
        known = np.empty((train.height, 0), np.float32)
        for name in self.order[1:]:
            known = np.hstack([known, self.features[self.order[len(self.links)]]])
            codes, kind = _codes(train[name])
            tree = kind(min_samples_leaf=self.leaf, random_state=0).fit(known, codes)
            leaves = tree.apply(known)
            rows = np.argsort(leaves, kind="stable")
            self.links[name] = (tree, rows, np.searchsorted(leaves[rows], np.arange(tree.tree_.node_count + 1)))
        return self

    def sample(self, rows: int, seed: int) -> pl.DataFrame:
        draw = np.random.default_rng(seed)
        donors = {self.order[0]: draw.integers(0, self.train.height, rows)}
        known = self.features[self.order[0]][donors[self.order[0]]]
        for name in self.order[1:]:
            tree, members, starts = self.links[name]
            leaves = tree.apply(known)
            first, after = starts[leaves], starts[leaves + 1]
            donors[name] = members[first + (draw.random(rows) * (after - first)).astype(np.int64)]
            known = np.hstack([known, self.features[name][donors[name]]])
        return self.train.select(self.train[name].gather(donors[name]) for name in self.train.columns)


def _codes(values: pl.Series) -> tuple[Any, Any]:
    """What the tree of a column is to predict: a number's rank in 0 .. 1 (missing: -1), a category's code."""
    ranks = values.rank("dense").cast(pl.Float64).fill_null(0).to_numpy()
    if values.dtype.is_numeric() or values.dtype.is_temporal() or values.n_unique() > MOST_ONE_HOT:
        return np.where(ranks > 0, ranks / max(ranks.max(), 1), -1), DecisionTreeRegressor
    return ranks.astype(np.int64), DecisionTreeClassifier


def _features(values: pl.Series) -> Any:
    """What later trees see of a column: a number's rank, a category one-hot."""
    codes, kind = _codes(values)
    if kind is DecisionTreeRegressor:
        return codes[:, None].astype(np.float32)
    return np.eye(codes.max() + 1, dtype=np.float32)[codes]
