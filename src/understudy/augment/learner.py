"""The user's model in a study: an estimator or a pipeline of scikit-learn, trained on some rows and asked about others.

A pipeline gets the rows as the caller's own frame, without the target, and encodes them itself. A bare estimator gets numbers:
histogram boosting (also the default) category codes and NaN, any other standardised numbers and one column a common value.
Classes are numbers, the commonest 0.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from understudy.augment.encoding import Encoding, Floats
from understudy.core.errors import ArgumentError
from understudy.data.table import Table

MOST_INDICATORS = 40
_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


@dataclass(frozen=True)
class Rows:
    """Rows without their target, and the target: class numbers, or values."""

    frame: pl.DataFrame
    target: NDArray[Any]

    def __len__(self) -> int:
        return len(self.target)

    def __add__(self, other: Rows) -> Rows:
        return Rows(pl.concat([self.frame, other.frame]), np.concatenate([self.target, other.target]))

    def take(self, places: NDArray[np.integer]) -> Rows:
        return Rows(self.frame[places], self.target[places])


@dataclass(frozen=True)
class Predicted:
    """For the test rows: class probabilities (n, classes), or values (n,). `probable` is False where they only rank."""

    values: Floats
    probable: bool = True


class Learner:
    """Trains the estimator anew for each training set.

    Args:
        estimator: None for histogram boosting.
        real: gives the type of the frames that a pipeline gets.
        classes: how many; 0 for regression.

    Raises:
        ArgumentError: a regressor for classes, a classifier for numbers, or no estimator at all.
    """

    def __init__(self, estimator: Any, real: Table, classes: int) -> None:
        self._real, self._classes = real, classes
        self._estimator = _default(classes) if estimator is None else estimator
        _require_fitting(self._estimator, classes)
        self.takes_frames = _takes_frames(self._estimator)

    def __str__(self) -> str:
        return " ".join(str(self._estimator).split())

    @property
    def takes_weights(self) -> bool:
        return _weight_name(self._estimator) is not None

    def fitted(self, rows: Rows, encoding: Encoding, weights: Floats | None = None) -> Callable[[pl.DataFrame], Predicted]:
        """The estimator trained on `rows`, as a function from rows to predictions."""
        if self._classes and len(np.unique(rows.target)) < 2:
            only = int(rows.target[0])
            return lambda new: Predicted(np.eye(self._classes)[np.full(new.height, only)])
        features = self._features(rows.frame, encoding)
        estimator = clone(self._estimator)
        if isinstance(estimator, _BOOSTING) and any(encoding.categorical):
            estimator.set_params(categorical_features=np.array(encoding.categorical))
        extra = {} if weights is None else {_weight_name(estimator) or "sample_weight": weights}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(features(rows.frame), rows.target, **extra)
        return lambda new: self._predicted(estimator, features(new))

    def _features(self, rows: pl.DataFrame, encoding: Encoding) -> Callable[[pl.DataFrame], Any]:
        if self.takes_frames:
            return self._real.to_native
        return encoding if isinstance(self._estimator, _BOOSTING) else _Indicators(encoding, rows)

    def _predicted(self, estimator: Any, features: Any) -> Predicted:
        if not self._classes:
            return Predicted(np.asarray(estimator.predict(features), np.float64))
        spread = np.zeros((len(features), self._classes))
        known = np.asarray(estimator.classes_, np.int64)
        if hasattr(estimator, "predict_proba"):
            spread[:, known] = estimator.predict_proba(features)
            return Predicted(spread)
        ranked = np.asarray(estimator.decision_function(features), np.float64)
        if ranked.ndim == 1:
            ranked = np.column_stack([-ranked, ranked])
        spread[:] = ranked.min() - 1
        spread[:, known] = ranked
        return Predicted(spread, probable=False)


class _Indicators:
    """Standardised numbers with a column for missing, and a column a common value: what any estimator takes."""

    def __init__(self, encoding: Encoding, rows: pl.DataFrame) -> None:
        self._encoding = encoding
        values = encoding(rows)
        self._centre = [_median(column) for column in values.T]
        self._scale = [float(np.nanstd(column)) or 1.0 if np.isfinite(column).any() else 1.0 for column in values.T]

    def __call__(self, rows: pl.DataFrame) -> Floats:
        parts: list[Floats] = []
        for place, values in enumerate(self._encoding(rows).T):
            if self._encoding.categorical[place]:
                levels = min(len(self._encoding.levels[self._encoding.names[place]]), MOST_INDICATORS)
                parts.append((values[:, None] == np.arange(levels)).astype(np.float64))
            else:
                missing = np.isnan(values)
                filled = np.where(missing, 0.0, (values - self._centre[place]) / self._scale[place])
                parts += [filled[:, None], missing[:, None].astype(np.float64)]
        return np.hstack(parts)


def _median(values: Floats) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0


def _default(classes: int) -> Any:
    # Early stopping begins at 10,000 rows; a set that synthetic rows lift over that line would be trained by other rules.
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(early_stopping=False, random_state=0)


def _takes_frames(estimator: Any) -> bool:
    """True where a pipeline or a column transformer is somewhere inside: it encodes columns itself, by their names."""
    inside = list(estimator.get_params(deep=True).values()) if hasattr(estimator, "get_params") else []
    return any(isinstance(part, Pipeline | ColumnTransformer) for part in [estimator, *inside])


def _require_fitting(estimator: Any, classes: int) -> None:
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")) or inspect.isclass(estimator):
        raise ArgumentError(
            f"The model to train is an estimator or a pipeline of scikit-learn, not {estimator!r}.",
            where="estimator",
            remedy="For example estimator=LogisticRegression().",
        )
    fits = is_classifier(estimator) if classes else is_regressor(estimator)
    if not fits:
        kinds = ("classes", "classifier") if classes else ("numbers", "regressor")
        raise ArgumentError(
            f"The target holds {kinds[0]}, and the model is no {kinds[1]}.", where="estimator", remedy=f"Pass a {kinds[1]}."
        )


def _weight_name(estimator: Any) -> str | None:
    """The argument of `fit` that takes weights; None where there is none."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = _weight_name(last)
        return None if inner is None else f"{name}__{inner}"
    return "sample_weight" if "sample_weight" in inspect.signature(estimator.fit).parameters else None
