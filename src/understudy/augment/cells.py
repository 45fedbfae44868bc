"""Cells of a table: the combinations of values of some columns that occur, and how often each does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.data.table import Table

MOST_LEVELS = 200
NUMBERS = frozenset({"integer", "decimal", "latitude", "longitude"})
CLASSES = frozenset({"categorical", "ordinal", "boolean", "constant"})


@dataclass(frozen=True)
class Cell:
    """One combination of values, by column, and the rows that hold it."""

    values: Mapping[str, Any]
    rows: int

    def __str__(self) -> str:
        return named(self.values)


def named(values: Mapping[str, Any]) -> str:
    """churn=Yes, plan=basic, age=80.."""
    return ", ".join(f"{column}={_shown(value)}" for column, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "..".join("" if end is None else f"{end:g}" if isinstance(end, float) else str(end) for end in value)
    return str(value)


def cells_of(frame: pl.DataFrame, columns: Sequence[str]) -> list[Cell]:
    """The combinations that occur, rarest last; rows with a missing value in one of the columns are in none."""
    counts = frame.select(columns).drop_nulls().group_by(columns, maintain_order=True).len(name="\0rows")
    counts = counts.sort("\0rows", descending=True, maintain_order=True)
    return [Cell(dict(zip(columns, values, strict=True)), rows) for *values, rows in counts.iter_rows()]


def holding(frame: pl.DataFrame, values: Mapping[str, Any]) -> pl.Series:
    """Which rows hold these values."""
    found = frame.select(pl.all_horizontal(pl.col(column) == pl.lit(value, frame[column].dtype) for column, value in values.items()))
    return found.to_series().fill_null(False)


def require_classes(real: Table, columns: Sequence[str], where: str) -> None:
    """Raises where a column is unknown, or holds so many values that none could be given a share.

    Raises:
        ArgumentError: no such column (with the nearest), named twice, none named.
        DataError: the column is an identifier or the like, or has too many values.
    """
    if not columns:
        raise ArgumentError("No column is named.", where=where, remedy=f'For example {where}="{real.columns[-1]}".')
    for column in columns:
        if not isinstance(column, str) or column not in real.columns:
            raise ArgumentError(f'There is no column "{column}".', where=where, remedy=did_you_mean(str(column), real.columns))
        if columns.count(column) > 1:
            raise ArgumentError(f'The column "{column}" is named twice.', where=where, remedy="Name it once.")
        _require_few_values(real, column, where)


def _require_few_values(real: Table, column: str, where: str) -> None:
    kind = real.schema.column(column)
    if kind.remade:
        raise DataError(
            f'The column "{column}" is treated as {kind.kind}: its values are made anew, so none can be asked for.',
            where=f"{where}, {real.origin}",
            remedy='If it is a class, declare it: schema.override({"' + column + '": "categorical"}).',
        )
    levels = real.frame[column].drop_nulls().n_unique()
    if levels > MOST_LEVELS:
        raise DataError(
            f'The column "{column}" has {levels:,} different values; at most {MOST_LEVELS} can be given shares.',
            where=f"{where}, {real.origin}",
            remedy="Group its values in a column of their own, or use cover= for the far ends of a number.",
        )
    if levels == 0:
        raise DataError(f'The column "{column}" holds no value.', where=f"{where}, {real.origin}", remedy="Name another column.")
