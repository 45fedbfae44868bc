"""Repeated splits, and what their mean is worth.

Training sets of repeated random splits overlap, so their scores are not independent and s²/J is far too small a variance. Nadeau and
Bengio ("Inference for the generalization error", Machine Learning 52, 2003, section 3) correct it to (1/J + n_test/n_train) s²; the
interval is Student's with J - 1 degrees of freedom. The same holds for paired differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from understudy.core.random import Stream

Interval = tuple[float, float]


def splits(classes: NDArray[Any] | None, rows: int, *, times: int, test: float, stream: Stream) -> Iterator[tuple[Any, Any]]:
    """`times` random splits into the places of training and test rows, class by class where classes are given.

    Every class has at least one row on each side; both lists are ascending.
    """
    for number in range(times):
        rng = stream.child("split", number).generator()
        groups = [np.arange(rows)] if classes is None else [np.flatnonzero(classes == value) for value in np.unique(classes)]
        tested = np.zeros(rows, np.bool_)
        for group in groups:
            held = min(max(round(test * len(group)), 1), len(group) - 1)
            tested[rng.permutation(group)[:held]] = True
        yield np.flatnonzero(~tested), np.flatnonzero(tested)


def mean_interval(values: Sequence[float], *, test_to_train: float, level: float = 0.95) -> tuple[float, Interval | None]:
    """The mean over splits with its corrected interval; None where a single split or a NaN leaves none."""
    found = np.asarray(values, np.float64)
    mean = float(found.mean()) if len(found) else float("nan")
    if len(found) < 2 or not np.isfinite(found).all():
        return mean, None
    error = float(np.sqrt((1 / len(found) + test_to_train) * found.var(ddof=1)))
    half = float(stats.t.ppf(0.5 + level / 2, len(found) - 1)) * error
    return mean, (mean - half, mean + half)
