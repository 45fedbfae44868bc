"""SMOTE as imbalanced-learn has it (Chawla et al., JAIR 16, 2002), made to work where it refuses.

Missing numbers are filled with the median and missing categories with a value of their own, for made rows only; SMOTE takes numbers,
SMOTENC mixed columns, SMOTEN categories alone; a class with few rows has fewer neighbours.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.augment.encoding import Encoding
from understudy.augment.learner import Rows
from understudy.core.errors import MissingExtraError

NEIGHBOURS = 5


def require_smote() -> None:
    """Raises `MissingExtraError` where imbalanced-learn is not installed."""
    try:
        import imblearn.over_sampling  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "Comparing with SMOTE needs imbalanced-learn, which is not installed.",
            remedy='Install it: pip install "understudy[augment]"; or leave SMOTE out: beside=["weights", "oversampling"]',
        ) from error


def smote(train: Rows, encoding: Encoding, targets: dict[int, int], seed: int) -> tuple[Rows | None, str]:
    """Rows that lift each class to its target, and the name of the variant; None where no class has two rows to go between.

    Args:
        train: real rows.
        targets: rows that each class is to have in the end, real ones included.
    """
    counts = {int(value): int(count) for value, count in zip(*np.unique(train.target, return_counts=True), strict=True)}
    wanted = {value: rows for value, rows in targets.items() if rows > counts.get(value, 0) and counts.get(value, 0) > 1}
    values = _filled(encoding, train)
    if not wanted or not values.shape[1]:
        return None, "SMOTE"
    neighbours = min(NEIGHBOURS, min(counts[value] for value in wanted) - 1)
    sampler = _sampler(encoding.categorical, wanted, neighbours, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made, target = sampler.fit_resample(values, train.target)
    made, target = np.asarray(made, np.float64)[len(train) :], np.asarray(target)[len(train) :]
    return Rows(encoding.decoded(_missing_again(encoding, made), _partners(train, target, seed)), target), type(sampler).__name__


def _sampler(categorical: list[bool], wanted: dict[int, int], neighbours: int, seed: int) -> Any:
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    options = {"sampling_strategy": wanted, "k_neighbors": neighbours, "random_state": seed % 2**32}
    if all(categorical):
        return SMOTEN(**options)
    return (
        SMOTENC(categorical_features=[int(place) for place in np.flatnonzero(categorical)], **options)
        if any(categorical)
        else SMOTE(**options)
    )


def _filled(encoding: Encoding, train: Rows) -> NDArray[np.float64]:
    values = encoding(train.frame)
    for place, column in enumerate(values.T):
        empty = np.isnan(column)
        if empty.any():
            column[empty] = -1.0 if encoding.categorical[place] else (np.nanmedian(column) if not empty.all() else 0.0)
    return values


def _missing_again(encoding: Encoding, made: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((made < 0) & np.array(encoding.categorical), np.nan, made)


def _partners(train: Rows, target: NDArray[Any], seed: int) -> Any:
    """For each made row a real row of its class, from which it takes the columns that are not encoded."""
    rng = np.random.default_rng(seed)
    places = np.zeros(len(target), np.int64)
    for value in np.unique(target):
        rows = np.flatnonzero(train.target == value)
        places[target == value] = rng.choice(rows, int((target == value).sum()))
    return train.frame[places]
