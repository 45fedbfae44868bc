"""One prediction task: a target column, what may predict it, and the scores that judge a model of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from understudy.evaluate.features import LinearFeatures, Rows, TreeFeatures
from understudy.evaluate.resample import Floats, Side
from understudy.evaluate.scores import average_precision, macro_f1, mae, r2, roc_auc
from understudy.evaluate.tables import Column, Comparison

Kind = Literal["binary", "multiclass", "regression"]
Metric = Literal["ROC AUC", "PR AUC", "macro F1", "R2", "MAE"]
MODELS: tuple[Literal["boosted trees", "linear"], ...] = ("boosted trees", "linear")
MOST_CLASSES = 10
_FEW_VALUES = 10
_WIDE = 100

METRICS: dict[Kind, tuple[Metric, ...]] = {
    "binary": ("ROC AUC", "PR AUC", "macro F1"),
    "multiclass": ("ROC AUC", "macro F1"),
    "regression": ("R2", "MAE"),
}


@dataclass(frozen=True)
class Task:
    """`classes`: real values of the target, commonest first (codes, or numbers where few); empty for regression."""

    target: Column
    kind: Kind
    classes: NDArray[Any]
    others: tuple[Column, ...]

    @property
    def positive(self) -> str | None:
        return self.label(1) if self.kind == "binary" else None

    def label(self, number: int) -> str:
        value = self.classes[number]
        return f"{value:g}" if self.target.numeric else self.target.levels[int(value)]

    def known(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Rows whose target is present and, for classes, among them."""
        if self.kind == "regression":
            return np.flatnonzero(~np.isnan(values))
        return np.flatnonzero(np.isin(values, self.classes))

    def truth(self, values: NDArray[Any]) -> NDArray[Any]:
        """Class numbers, or the values themselves."""
        if self.kind == "regression":
            return values
        order = np.argsort(self.classes)
        return np.asarray(order[np.searchsorted(self.classes[order], values)], np.int64)


def task_of(comparison: Comparison, target: str) -> Task:
    """Regression for numbers of more than ten distinct values, else classification (of the ten commonest classes)."""
    column = comparison.column(target)
    others = tuple(other for other in comparison.columns if other.name != target)
    values, counts = np.unique(column.present("real"), return_counts=True)
    if column.numeric and len(values) > _FEW_VALUES:
        return Task(column, "regression", np.zeros(0), others)
    classes = values[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
    return Task(column, "binary" if len(classes) == 2 else "multiclass", classes, others)


@dataclass(frozen=True)
class Predictions:
    """Of one model for the test rows: class probabilities (n, classes) or values (n,)."""

    values: Floats

    def score(self, task: Task, metric: Metric, truth: NDArray[Any], weights: Floats) -> Floats:
        """(draws,) values of the metric under weights (draws, n)."""
        if metric == "R2":
            return r2(truth, self.values, weights)
        if metric == "MAE":
            return mae(truth, self.values, weights)
        if metric == "macro F1":
            return macro_f1(truth, self.values.argmax(axis=1), len(task.classes), weights)
        rank = roc_auc if metric == "ROC AUC" else average_precision
        if task.kind == "binary":
            return rank(truth == 1, self.values[:, 1], weights)
        each = [rank(truth == k, self.values[:, k], weights) for k in range(len(task.classes)) if (truth == k).any()]
        return np.asarray(np.nanmean(each, axis=0))


def fitted(task: Task, model: str, rows: Rows, *, iterations: int, learning_rate: float) -> Callable[[Rows], Predictions]:
    """A model of the target trained on `rows` (all of known target), as a function from rows to predictions."""
    truth = task.truth(rows[task.target.name])
    present = np.unique(truth)
    if len(present) < 2:
        return _constant(task, truth)
    features = TreeFeatures(task.others) if model == "boosted trees" else LinearFeatures(task.others, rows)
    if task.kind == "regression":
        scale = float(np.std(truth)) or 1.0
        centre = float(np.mean(truth))
        estimator = _regressor(features, iterations, learning_rate).fit(features(rows), (truth - centre) / scale)
        return lambda new: Predictions(np.asarray(estimator.predict(features(new)) * scale + centre, np.float64))
    with warnings.catch_warnings():
        # A linear model stopped at its limit of steps is near enough to judge by.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = _classifier(features, iterations, learning_rate).fit(features(rows), truth)

    def probabilities(new: Rows) -> Predictions:
        spread = np.zeros((len(next(iter(new.values()))), len(task.classes)))
        spread[:, classifier.classes_] = classifier.predict_proba(features(new))
        return Predictions(spread)

    return probabilities


def _constant(task: Task, truth: NDArray[Any]) -> Callable[[Rows], Predictions]:
    """What can be learned where the target has one value only: that value."""

    def always(new: Rows) -> Predictions:
        n = len(next(iter(new.values())))
        if task.kind == "regression":
            return Predictions(np.full(n, float(truth[0]) if len(truth) else 0.0))
        spread = np.zeros((n, len(task.classes)))
        spread[:, int(truth[0]) if len(truth) else 0] = 1.0
        return Predictions(spread)

    return always


def _classifier(features: TreeFeatures | LinearFeatures, iterations: int, learning_rate: float) -> Any:
    if isinstance(features, TreeFeatures):
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(**_boosting(features, iterations, learning_rate))
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=150, tol=1e-3)


def _regressor(features: TreeFeatures | LinearFeatures, iterations: int, learning_rate: float) -> Any:
    if isinstance(features, TreeFeatures):
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(**_boosting(features, iterations, learning_rate))
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0)


def _boosting(features: TreeFeatures, iterations: int, learning_rate: float) -> dict[str, Any]:
    wide = len(features.columns) > _WIDE
    return {
        "max_iter": iterations,
        "learning_rate": learning_rate,
        "max_leaf_nodes": 31,
        "min_samples_leaf": 20,
        "max_bins": 63 if wide else 255,
        "categorical_features": None if wide else features.categorical,
        "early_stopping": False,
        "random_state": 0,
    }


def rows_of(comparison: Comparison, side: Side, task: Task, most: int, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """At most `most` random rows of known target."""
    known = task.known(task.target.values[side])
    chosen = np.sort(rng.choice(known, min(most, len(known)), replace=False))
    return comparison.select(side, chosen)


def halves(rows: Rows, rng: np.random.Generator) -> Sequence[dict[str, NDArray[Any]]]:
    order = rng.permutation(len(next(iter(rows.values()))))
    middle = len(order) // 2
    return [{name: values[part] for name, values in rows.items()} for part in (order[:middle], order[middle:])]
