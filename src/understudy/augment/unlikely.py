"""The least likely valid rows: made by one model, ranked by the log-probability of a model that can tell it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core import registry
from understudy.core.errors import ArgumentError, UnderstudyError
from understudy.core.generator import Synthesizer
from understudy.data.table import Table

CANDIDATES = 100
"""Rows made for each that is kept: the least likely 1 %."""
MOST_CANDIDATES = 200_000
JUDGE = "mixture"


class Judge:
    """Tells how likely rows are: the model itself, or a small one beside it where it cannot.

    Raises:
        ArgumentError: neither can.
    """

    def __init__(self, model: Synthesizer, real: Table, *, seed: int) -> None:
        self._model, self.name = model, ""
        if _can(model, real):
            return
        judge = registry.get("generators", JUDGE)
        if not hasattr(judge, "log_prob"):
            raise ArgumentError(
                f'A model of the method "{model.name}" cannot tell how likely a row is.',
                where="cover, unlikely",
                remedy='Fit with method="autoregressive" or method="mixture".',
            )
        self._model = judge().fit(real, seed=seed)
        self.name = self._model.name

    def log_prob(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """(n,) natural logarithms."""
        teller: Any = self._model
        return np.asarray(teller.log_prob(rows), np.float64)


def least_likely(log_prob: NDArray[np.float64], rows: int) -> NDArray[np.int64]:
    """The places of the `rows` least likely, in the order that they were made; impossible ones (-inf) are not valid and left out."""
    possible = np.flatnonzero(np.isfinite(log_prob))
    return np.sort(possible[np.argsort(log_prob[possible], kind="stable")[:rows]])


def _can(model: Synthesizer, real: Table) -> bool:
    teller: Any = getattr(model, "log_prob", None)
    if teller is None:
        return False
    try:
        teller(real.head(2))
    except UnderstudyError:
        return False
    return True
