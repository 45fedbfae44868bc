"""What is measured in a study: scores of predictions for untouched real rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from understudy.augment.learner import Predicted

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Metric:
    """A score: its key, its name for people, which way is better, and between what it lies."""

    key: str
    name: str
    better: Literal["higher", "lower"] = "higher"
    bounds: tuple[float, float] = (0.0, 1.0)


CLASSES = (
    Metric("pr_auc", "PR-AUC, rare class"),
    Metric("roc_auc", "ROC-AUC"),
    Metric("f1", "F1, rare class"),
    Metric("balanced_accuracy", "Balanced accuracy"),
    Metric("brier", "Brier score", "lower", (0.0, 2.0)),
)
NUMBERS = (Metric("r2", "R²", "higher", (-inf, 1.0)), Metric("mae", "Mean absolute error", "lower", (0.0, inf)))


BOUNDS = {metric.key: metric.bounds for metric in (*CLASSES, *NUMBERS)}


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """The scores of a task; the first decides."""
    return NUMBERS if task == "regression" else CLASSES


def scores(truth: NDArray[Any], predicted: Predicted, task: Task) -> dict[str, float]:
    """Every score of the task; NaN where the predictions cannot give it. The rare class is the last one."""
    values = predicted.values
    if task == "regression":
        return {"r2": float(metrics.r2_score(truth, values)), "mae": float(metrics.mean_absolute_error(truth, values))}
    rare, chosen = values.shape[1] - 1, values.argmax(axis=1)
    one_hot = np.eye(values.shape[1])[truth]
    several = [k for k in range(values.shape[1]) if 0 < one_hot[:, k].sum() < len(truth)]
    ranked = several[-1:] if task == "binary" else several
    return {
        "pr_auc": float(metrics.average_precision_score(truth == rare, values[:, rare])),
        "roc_auc": float(np.mean([metrics.roc_auc_score(one_hot[:, k], values[:, k]) for k in ranked])) if ranked else float("nan"),
        "f1": float(metrics.f1_score(truth == rare, chosen == rare, zero_division=0.0)),
        "balanced_accuracy": float(np.mean([(chosen[truth == k] == k).mean() for k in np.unique(truth)])),
        "brier": _brier(one_hot, values, task) if predicted.probable else float("nan"),
    }


def _brier(one_hot: NDArray[np.float64], values: NDArray[np.float64], task: Task) -> float:
    """Mean squared error of the probabilities; of two classes, that of the rare one."""
    if task == "binary":
        return float(((one_hot[:, 1] - values[:, 1]) ** 2).mean())
    return float(((one_hot - values) ** 2).sum(axis=1).mean())
