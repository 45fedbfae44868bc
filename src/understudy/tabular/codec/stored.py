"""Typed values in a saved model: short columns as JSON, long ones as Arrow tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from understudy.data.dtypes import dtype_name, polars_dtype

MOST_AS_JSON = 2000


def store(frame: pl.DataFrame) -> tuple[dict[str, Any], pl.DataFrame | None]:
    """JSON facts that `restore` understands, and the table that holds the values where they are too many for JSON."""
    plain = frame.select(_plain(frame[name]) for name in frame.columns)
    facts: dict[str, Any] = {"dtypes": {name: dtype_name(frame.schema[name]) for name in frame.columns}}
    if frame.height * frame.width > MOST_AS_JSON:
        return facts, plain
    return facts | {"values": plain.to_dict(as_series=False)}, None


def restore(facts: dict[str, Any], table: pl.DataFrame | None) -> pl.DataFrame:
    """The frame that was stored."""
    columns = []
    for name, dtype in facts["dtypes"].items():
        target = polars_dtype(dtype)
        values = pl.Series(name, facts["values"][name], dtype=_stored_as(target)) if table is None else table[name]
        columns.append(values.cast(target))
    return pl.DataFrame(columns)


def _plain(series: pl.Series) -> pl.Series:
    return series.cast(_stored_as(series.dtype))


def _stored_as(dtype: pl.DataType) -> Any:
    """The type that stands for ``dtype`` in JSON: whole numbers for moments, text for decimals and categories."""
    if dtype.is_temporal():
        return pl.Int64
    if (dtype.is_numeric() and not dtype.is_decimal()) or dtype == pl.Boolean or dtype == pl.Null:
        return dtype
    return pl.String
