"""Synthetic rows on request: one model, one seed, rows handed out in order, so that no row and no identifier comes twice."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.core.errors import DataError, did_you_mean
from understudy.core.generator import Synthesizer
from understudy.data.schema import TableSchema
from understudy.data.table import Table, as_table


@dataclass(frozen=True)
class Part:
    """Synthetic rows that were made for one reason."""

    rows: pl.DataFrame
    why: str


class Source:
    """The rows of `model` under `seed`.

    Args:
        model: fitted on a table with the columns of `real`.
        real: the table that the rows will stand beside; they come in its columns' order and types.

    Raises:
        DataError: the model makes other columns than the table has.
    """

    def __init__(self, model: Synthesizer, real: Table, seed: int) -> None:
        self.model, self.seed = model, seed
        self._real, self._next = real, 0
        schema = getattr(model, "schema", None)
        if schema is not None:
            _require_same_columns(list(schema.names), real)

    @property
    def schema(self) -> TableSchema:
        """What the columns mean, by the rows that the model has seen."""
        return self._real.schema

    def possible(self, given: Any) -> None:
        """Raises `ConditionError` where no row can be made under these conditions; nothing is drawn."""
        self.model.stream(0, seed=self.seed, given=given)

    def take(self, rows: int, given: Any = None) -> pl.DataFrame:
        """The next `rows` rows that meet the conditions, in the real table's types."""
        if not rows:
            return self._real.frame.clear()
        with warnings.catch_warnings():
            warnings.filterwarnings("once", category=UserWarning)
            batches = [_frame_of(batch) for batch in self.model.stream(rows, seed=self.seed, given=given, start=self._next)]
        self._next += rows
        return self._fitted(pl.concat(batches))

    def _fitted(self, made: pl.DataFrame) -> pl.DataFrame:
        """The rows in the order and types of the real table."""
        _require_same_columns(made.columns, self._real)
        fitted = {}
        for name, dtype in self._real.dtypes.items():
            try:
                fitted[name] = made[name].cast(dtype)
            except pl.exceptions.PolarsError as error:
                raise DataError(
                    f'The model makes values of the column "{name}" that do not fit its type {dtype}.',
                    where=self._real.origin,
                    remedy="Fit the model on a table of the same types.",
                ) from error
        return pl.DataFrame(fitted)


def _frame_of(batch: Any) -> pl.DataFrame:
    return batch if isinstance(batch, pl.DataFrame) else as_table(batch).frame


def _require_same_columns(made: list[str], real: Table) -> None:
    for name in real.columns:
        if name not in made:
            raise DataError(f'The model does not know the column "{name}".', where=real.origin, remedy=did_you_mean(name, made))
    for name in made:
        if name not in real.columns:
            raise DataError(
                f'The model makes a column "{name}" that the table lacks.', where=real.origin, remedy="Fit the model on this table."
            )
