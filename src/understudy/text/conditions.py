"""What may be asked of the label: a value, one of several, or shares of values.

given={"stars": 5}    given={"stars": [4, 5]}    given={"stars": {5: 0.9, 1: 0.1}}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, did_you_mean
from understudy.core.random import Stream
from understudy.data.apportioning import Apportioning

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """Which labels rows have: drawn by `shares` (levels,), or, where they were asked for, dealt out so that every head has them."""

    shares: Floats
    apportioning: Apportioning | None = None

    def of(self, start: int, rows: int, rng: Stream) -> Integers:
        """(rows,) places of the labels of rows start, start + 1, …"""
        if self.apportioning is not None:
            return self.apportioning.cells(start, rows)
        drawn = np.searchsorted(np.cumsum(self.shares), rng.child("label").generator().random(rows), side="right")
        return np.minimum(drawn, len(self.shares) - 1).astype(np.int64)


def wanted_labels(given: Any, label: str | None, levels: pl.Series | None, shares: Floats) -> Labels:
    """What `given` asks for; `shares` are those that were learned.

    Raises:
        ConditionError: another column than the label, a value that it does not have, or shares that are none.
    """
    if given is None:
        return Labels(shares)
    if not isinstance(given, Mapping):
        raise ConditionError(
            f"Conditions are a mapping from columns to values, not {type(given).__name__}.", where="given",
            remedy=f'For example given={{"{label or "label"}": …}}.',
        )  # fmt: skip
    for column in given:
        if column != label:
            raise ConditionError(
                f'There is no label "{column}".', where="given",
                remedy="This model learned no label; fit it with label=." if label is None else did_you_mean(str(column), [label]),
            )  # fmt: skip
    if not given:
        return Labels(shares)
    assert levels is not None
    wanted = given[label]
    if isinstance(wanted, Mapping):
        return Labels(shares, Apportioning(_asked(wanted, str(label), levels)))
    several = wanted if isinstance(wanted, (list, set, frozenset, pl.Series, np.ndarray)) else [wanted]
    chosen = np.zeros(len(shares))
    for value in several:
        place = _place(value, str(label), levels)
        chosen[place] = shares[place]
    if not chosen.any():
        raise ConditionError("No value is left to choose from: the list is empty.", where=f'given, column "{label}"')
    return Labels(chosen / chosen.sum())


def _asked(wanted: Mapping[Any, Any], label: str, levels: pl.Series) -> Floats:
    asked = np.zeros(len(levels))
    for value, share in wanted.items():
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not math.isfinite(share) or share < 0:
            raise ConditionError(f"{share!r} is no share.", where=f'given, column "{label}"', remedy="Shares are numbers from 0 to 1.")
        asked[_place(value, label, levels)] += share
    if not math.isclose(asked.sum(), 1.0, abs_tol=1e-6):
        raise ConditionError(f"The shares add up to {asked.sum():.6g}, not to 1.", where=f'given, column "{label}"')
    return np.asarray(asked / asked.sum())


def _place(value: Any, label: str, levels: pl.Series) -> int:
    known = levels.to_list()
    for place, level in enumerate(known):
        if level == value and isinstance(level, bool) == isinstance(value, (bool, np.bool_)):
            return place
    raise ConditionError(
        f"{value!r} is not among the values of the label.", where=f'given, column "{label}"',
        remedy=did_you_mean(str(value), [str(level) for level in known]),
    )  # fmt: skip
