"""A sieve for rows made for a class: each stays with the probability that the real rows give it of being of that class.

A generator blurs the border between classes, and rows made for a rare class fall among the common one, where they teach a model
what is wrong. Boosted trees learn the class from the real rows; a made row x of class c is kept with probability P(c | x), so what
is left follows q(x | c) P(c | x). Only real rows that the generator knows as well are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from understudy.augment.cells import cells_of, holding
from understudy.augment.encoding import Encoding
from understudy.core.random import Stream
from understudy.data.schema import TableSchema

LEAST_ROWS = 20
"""Real rows that a cell needs before anything is said against rows made for it."""


class Sieve:
    """Knows the classes `columns` from real rows.

    Args:
        schema: what the columns mean.
        rows: the real rows.
        columns: the classes; all other columns tell of them.
    """

    def __init__(self, schema: TableSchema, rows: pl.DataFrame, columns: Sequence[str]) -> None:
        self._cells = [cell.values for cell in cells_of(rows, columns) if cell.rows >= LEAST_ROWS]
        self._encoding = Encoding(schema, [name for name in schema.names if name not in columns], rows)
        self._model: HistGradientBoostingClassifier | None = None
        codes = np.full(rows.height, -1)
        for number, values in enumerate(self._cells):
            codes[holding(rows, values).to_numpy()] = number
        known = np.flatnonzero(codes >= 0)
        if len(self._cells) > 1 and self._encoding.names:
            with threadpool_limits(1, user_api="openmp"):
                model = HistGradientBoostingClassifier(categorical_features=self._encoding.categorical, random_state=0)
                self._model = model.fit(self._encoding(rows[known]), codes[known])

    def keeps(self, made: pl.DataFrame, values: Mapping[str, Any], stream: Stream) -> NDArray[np.bool_]:
        """Which of the rows made for the cell `values` pass; all where the cell is too rare to be known."""
        if self._model is None or dict(values) not in [dict(cell) for cell in self._cells]:
            return np.ones(made.height, np.bool_)
        place = [dict(cell) for cell in self._cells].index(dict(values))
        with threadpool_limits(1, user_api="openmp"):
            likely = self._model.predict_proba(self._encoding(made))[:, place]
        return np.asarray(stream.generator().random(made.height) < likely)
