"""Scores of predictions under many weightings of the test rows at once: the bootstrap of a score is its value under random counts.

Every function takes weights (draws, n) and gives (draws,). With unit weights the values are those of scikit-learn's functions of
the same name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def roc_auc(positive: NDArray[np.bool_], score: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve, ties half; NaN where a draw has one class only."""
    pos, neg = _by_score(positive, score, weights)
    below = np.cumsum(neg, axis=1) - neg
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((pos * (below + 0.5 * neg)).sum(axis=1) / (pos.sum(axis=1) * neg.sum(axis=1)))


def average_precision(positive: NDArray[np.bool_], score: Floats, weights: Floats) -> Floats:
    """Area under the precision-recall curve as the step sum that scikit-learn uses; NaN where a draw has no positive."""
    pos, neg = (part[:, ::-1] for part in _by_score(positive, score, weights))
    true = np.cumsum(pos, axis=1)
    every = np.cumsum(pos + neg, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(every > 0, true / every, 0.0)
        return np.asarray((precision * pos).sum(axis=1) / pos.sum(axis=1))


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: Floats) -> Floats:
    """Unweighted mean over the classes of F1; a class that a draw lacks and nobody predicts is left out."""
    table = np.zeros((len(weights), classes, classes))
    for t in range(classes):
        for p in range(classes):
            table[:, t, p] = weights[:, (truth == t) & (predicted == p)].sum(axis=1)
    hit = np.einsum("dkk->dk", table)
    involved = table.sum(axis=1) + table.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.where(involved > 0, 2 * hit / involved, np.nan)
    return np.asarray(np.nanmean(f1, axis=1))


def r2(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Coefficient of determination."""
    total = weights.sum(axis=1)
    mean = weights @ truth / total
    spread = weights @ truth**2 - total * mean**2
    return np.asarray(1.0 - weights @ (truth - predicted) ** 2 / np.where(spread > 0, spread, np.nan))


def mae(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Mean absolute error, in the target's units."""
    return np.asarray(weights @ np.abs(truth - predicted) / weights.sum(axis=1))


def _by_score(positive: NDArray[np.bool_], score: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and negatives at each distinct score, ascending: two (draws, distinct)."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    here = weights[:, order]
    pos = np.add.reduceat(here * positive[order], starts, axis=1)
    return pos, np.add.reduceat(here, starts, axis=1) - pos
