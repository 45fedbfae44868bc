"""Classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017): can boosted trees tell synthetic rows from real ones?

Five-fold AUC on equal numbers of held-out real and synthetic rows; .5 is best, 1 means that every row gives itself away. Equal rows always lie
in one fold, so that recognising a row seen in training is not mistaken for telling the tables apart. The yardstick sets real training
rows against held-out real rows in the same way.

The columns that give the table away are found by shuffling one column at a time in the rows kept from training: what the AUC loses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc
from understudy.evaluate.features import TreeFeatures, row_keys
from understudy.evaluate.resample import Floats, Side
from understudy.evaluate.tables import Comparison

MOST_ROWS = 10_000
_FOLDS = 5
_CELLS = 1_500_000
_SMALL = 2_000
_REPEATS = 4
_SHUFFLED_ROWS = 1_000


@dataclass(frozen=True)
class TwoSample:
    rows: int                        # of each table
    synthetic: Estimate
    holdout: Estimate
    lost: dict[str, float]           # AUC lost when the column is shuffled, all columns


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
        self._repeats = _REPEATS if rows < _SMALL else 1

    def run(self, first: Side, second: Side, *, importance: bool) -> tuple[Estimate, dict[str, float]]:
        """AUC of scores for the first table; the mean over repeats, whose error is one repeat's (they share the rows)."""
        found, lost = [], np.zeros(len(self._features.columns))
        for repeat in range(self._repeats):
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


def _cross_validated(X: Floats, y: NDArray[np.int64], categorical: list[bool], stream: Stream, *, importance: bool) -> tuple[Floats, Floats]:
    """Scores of every row from the model that did not see it, and the AUC that each column's shuffling costs, mean over folds."""
    fold = _folds(X, stream)
    scores, lost = np.zeros(len(y)), np.zeros(X.shape[1])
    for k in range(_FOLDS):
        train, test = fold != k, np.flatnonzero(fold == k)
        if len(set(y[train])) < 2 or not len(test):
            continue
        model = _classifier(categorical, X.shape[1]).fit(X[train], y[train])
        scores[test] = model.decision_function(X[test])
        # One fold is enough to rank many columns.
        if importance and (k == 0 or X.shape[1] <= 60):
            lost += _shuffling_losses(model, X[test], y[test], stream.child("shuffle", k)) / (_FOLDS if X.shape[1] <= 60 else 1)
    return scores, lost


def _folds(X: Floats, stream: Stream) -> NDArray[np.int64]:
    """A fold for every row; equal rows share one."""
    keys = row_keys(X)
    distinct = int(keys.max()) + 1
    return np.asarray(stream.child("folds").generator().permutation(distinct)[keys] % _FOLDS, np.int64)


def _classifier(categorical: list[bool], columns: int):  # type: ignore[no-untyped-def]
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=150 if columns <= 100 else 80,
        learning_rate=0.08 if columns <= 100 else 0.12,
        max_leaf_nodes=31,
        min_samples_leaf=20,
        categorical_features=categorical,
        early_stopping=False,
        random_state=0,
    )


def _shuffling_losses(model, X: Floats, y: NDArray[np.int64], stream: Stream) -> Floats:  # type: ignore[no-untyped-def]
    rng = stream.generator()
    part = rng.permutation(len(y))[:_SHUFFLED_ROWS] if X.shape[1] > 60 else np.arange(len(y))
    X, y = X[part].copy(), y[part]
    if len(set(y)) < 2:
        return np.zeros(X.shape[1])
    full = _auc(model.decision_function(X), y)
    lost = np.zeros(X.shape[1])
    for j in range(X.shape[1]):
        kept = X[:, j].copy()
        X[:, j] = rng.permutation(kept)
        lost[j] = full - _auc(model.decision_function(X), y)
        X[:, j] = kept
    return lost


def _auc(scores: Floats, y: NDArray[np.int64]) -> float:
    return auc(scores[y == 1], scores[y == 0]).value
