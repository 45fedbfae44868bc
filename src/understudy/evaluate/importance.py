"""Do models trained on synthetic rows rely on the same columns as models trained on real ones?

Permutation importance (Breiman 2001) on held-out real rows: how much the score falls when a column is shuffled. The two lists are
compared by Spearman's rank correlation and by how many of the top columns they share; the yardstick compares two models trained
on two halves of the real rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from understudy.core.random import Stream
from understudy.evaluate.resample import Floats
from understudy.evaluate.tables import Column
from understudy.evaluate.task import METRICS, Predictions, Task

Predict = Callable[[dict[str, NDArray[Any]]], Predictions]


@dataclass(frozen=True)
class Importances:
    """Score lost per column: on the test rows (columns,), and under bootstrap draws of them (draws, columns)."""

    lost: Floats
    drawn: Floats


def importances(
    task: Task, columns: Sequence[Column], predict: Predict, test: dict[str, NDArray[Any]], weights: Floats, stream: Stream
) -> Importances:
    """For `columns`, in that order. `weights` (draws, n): bootstrap counts of the test rows."""
    metric = METRICS[task.kind][0]
    truth = task.truth(test[task.target.name])
    every = np.concatenate([np.ones((1, len(truth))), weights])
    whole = predict(test).score(task, metric, truth, every)
    # One order for all columns and models: the comparison is of columns, not of shuffles.
    order = stream.child("shuffle").generator().permutation(len(truth))
    fallen = []
    for column in columns:
        shuffled = {**test, column.name: test[column.name][order]}
        fallen.append(whole - predict(shuffled).score(task, metric, truth, every))
    table = np.stack(fallen, axis=1)
    return Importances(table[0], table[1:])


def rank_agreement(a: Importances, b: Importances) -> tuple[float, Floats]:
    """Spearman's correlation of the two lists, and its bootstrap draws; NaN where a list is constant."""
    return _spearman(a.lost[None], b.lost[None])[0], _spearman(a.drawn, b.drawn)


def top_overlap(a: Importances, b: Importances, k: int) -> tuple[float, Floats]:
    """Share of the k most important columns that the two lists have in common, and its draws."""
    return _common(a.lost[None], b.lost[None], k)[0], _common(a.drawn, b.drawn, k)


def _spearman(a: Floats, b: Floats) -> Floats:
    x, y = (rankdata(part, axis=1) for part in (a, b))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1)))


def _common(a: Floats, b: Floats, k: int) -> Floats:
    first, second = (np.argsort(-part, axis=1, kind="stable")[:, :k] for part in (a, b))
    return np.asarray((first[:, :, None] == second[:, None, :]).any(axis=2).mean(axis=1))
