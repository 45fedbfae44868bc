"""Classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017): can boosted trees tell synthetic rows from real ones?

Five-fold AUC on equal numbers of held-out real and synthetic rows; .5 is best, 1 means that every row gives itself away. Equal
rows always lie in one fold, so that recognising a row seen in training is not mistaken for telling the tables apart. The
yardstick sets real training rows against held-out real rows in the same way.

The columns that give the table away are found by shuffling one column at a time in the rows kept from training: what the AUC loses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc
from understudy.evaluate.features import TreeFeatures, row_keys
from understudy.evaluate.parallel import side_by_side
from understudy.evaluate.resample import Floats, Side
from understudy.evaluate.tables import Comparison

MOST_ROWS = 10_000
_FOLDS = 5
_CELLS = 1_000_000
_SMALL = 2_000
_REPEATS = 2
_SHUFFLED_ROWS = 800
_WIDE = 100
_BLOCK = 25
_OPENED = 4


@dataclass(frozen=True)
class TwoSample:
    rows: int  # of each table
    synthetic: Estimate
    holdout: Estimate
    lost: dict[str, float]  # AUC lost when the column is shuffled, all columns


def two_sample_test(comparison: Comparison, stream: Stream) -> TwoSample | None:
    """None where a table has fewer than ten rows."""
    rows = min(MOST_ROWS, *comparison.rows.values(), max(1_000, _CELLS // len(comparison.columns)))
    if rows < 10:
        return None
    features = TreeFeatures(comparison.columns)
    test = _Test(comparison, features, rows, stream)
    synthetic, lost = test.run("synthetic", "holdout", importance=True)
    holdout, _ = test.run("real", "holdout", importance=False)
    return TwoSample(rows, synthetic, holdout, lost)


class _Test:
    def __init__(self, comparison: Comparison, features: TreeFeatures, rows: int, stream: Stream) -> None:
        self._comparison, self._features, self._rows, self._stream = comparison, features, rows, stream

    def run(self, first: Side, second: Side, *, importance: bool) -> tuple[Estimate, dict[str, float]]:
        """AUC of scores for the first table; the mean over repeats, whose error is one repeat's (they share the rows)."""
        found, lost = [], np.zeros(len(self._features.columns))
        for repeat in range(_REPEATS if self._rows < _SMALL else 1):
            stream = self._stream.child(first, second, repeat)
            X = np.concatenate([self._draw(first, stream), self._draw(second, stream)])
            y = np.repeat([1, 0], self._rows)
            scores, missed = _cross_validated(X, y, self._features.categorical, stream, importance=importance and repeat == 0)
            found.append(auc(scores[y == 1], scores[y == 0]))
            lost += missed
        error = float(np.mean([estimate.standard_error for estimate in found]))
        names = [column.name for column in self._features.columns]
        return Estimate(float(np.mean([estimate.value for estimate in found])), error), dict(zip(names, lost.tolist(), strict=True))

    def _draw(self, side: Side, stream: Stream) -> Floats:
        total = self._comparison.rows[side]
        chosen = stream.child("rows", side).generator().choice(total, self._rows, replace=False)
        return self._features(self._comparison.select(side, chosen))


def _cross_validated(
    X: Floats, y: NDArray[np.int64], categorical: list[bool], stream: Stream, *, importance: bool
) -> tuple[Floats, Floats]:
    """Scores of every row from the model that did not see it, and the AUC that each column's shuffling costs, mean over folds."""
    fold = _folds(X, stream)
    small = len(y) < 2 * _SMALL

    def one(k: int) -> tuple[NDArray[np.int64], Floats, Floats]:
        train, test = fold != k, np.flatnonzero(fold == k)
        nothing = np.zeros(X.shape[1])
        if len(set(y[train])) < 2 or not len(test):
            return test, np.zeros(len(test)), nothing
        model = _classifier(categorical, small=small).fit(X[train], y[train])
        found = model.decision_function(X[test])
        if importance and X.shape[1] <= _WIDE:
            return test, found, _shuffling_losses(model, X[test], y[test], range(X.shape[1]), stream.child("shuffle", k)) / _FOLDS
        if importance and k == 0:
            return test, found, _telling_blocks(model, X[test], y[test], stream.child("shuffle", k))
        return test, found, nothing

    scores, lost = np.zeros(len(y)), np.zeros(X.shape[1])
    for test, found, missed in side_by_side([partial(one, k) for k in range(_FOLDS)]):
        scores[test] = found
        lost += missed
    return scores, lost


def _folds(X: Floats, stream: Stream) -> NDArray[np.int64]:
    """A fold for every row; equal rows share one."""
    keys = row_keys(X)
    distinct = int(keys.max()) + 1
    return np.asarray(stream.child("folds").generator().permutation(distinct)[keys] % _FOLDS, np.int64)


def _classifier(categorical: list[bool], *, small: bool) -> Any:
    """150 trees; fewer that learn faster where rows are few or columns many, and for many columns coarser bins and codes as numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    wide = len(categorical) > _WIDE
    return HistGradientBoostingClassifier(
        max_iter=80 if wide or small else 150,
        learning_rate=0.12 if wide or small else 0.08,
        max_leaf_nodes=31,
        min_samples_leaf=20,
        max_bins=63 if wide else 255,
        categorical_features=None if wide else categorical,
        early_stopping=False,
        random_state=0,
    )


def _shuffling_losses(model: Any, X: Floats, y: NDArray[np.int64], columns: Iterable[int], stream: Stream) -> Floats:
    """AUC lost per column, 0 for those not asked for."""
    lost = np.zeros(X.shape[1])
    if len(set(y)) < 2:
        return lost
    full = _auc(model.decision_function(X), y)
    order = stream.generator().permutation(len(y))
    for j in columns:
        lost[j] = full - _auc(model.decision_function(_shuffled(X, [j], order)), y)
    return lost


def _telling_blocks(model: Any, X: Floats, y: NDArray[np.int64], stream: Stream) -> Floats:
    """Many columns: blocks of 25 are shuffled together, and only the blocks that cost most are looked into."""
    rng = stream.generator()
    part = rng.permutation(len(y))[:_SHUFFLED_ROWS]
    X, y = X[part], y[part]
    if len(set(y)) < 2:
        return np.zeros(X.shape[1])
    order = rng.permutation(len(y))
    blocks = [range(start, min(start + _BLOCK, X.shape[1])) for start in range(0, X.shape[1], _BLOCK)]
    scores = [_auc(model.decision_function(_shuffled(X, list(block), order)), y) for block in blocks]
    telling = [j for place in np.argsort(scores, kind="stable")[:_OPENED] for j in blocks[place]]
    return _shuffling_losses(model, X, y, telling, stream.child("columns"))


def _shuffled(X: Floats, columns: list[int], order: NDArray[np.int64]) -> Floats:
    changed = X.copy()
    changed[:, columns] = X[order][:, columns]
    return changed


def _auc(scores: Floats, y: NDArray[np.int64]) -> float:
    return auc(scores[y == 1], scores[y == 0]).value
