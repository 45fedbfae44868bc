"""Columns that repeat another column value for value."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.data.constraints import Equal
from understudy.data.discovery.survey import Survey


def find_copies(survey: Survey) -> list[Equal]:
    """One rule for each column that equals an earlier one on every row, missing values included."""
    firsts: dict[tuple[str, bytes], str] = {}
    found: list[Equal] = []
    for column in survey.schema.columns:
        if column.kind == "constant":
            continue
        series = survey.sample[column.name]
        family = "number" if series.dtype.is_numeric() else str(series.dtype)
        if series.null_count() == len(series):
            continue
        first = firsts.setdefault((family, _content(series)), column.name)
        if first != column.name and _equal_everywhere(survey, first, column.name):
            found.append(
                Equal(
                    a=first,
                    b=column.name,
                    rows_checked=survey.rows,
                    reason=f"the two columns hold the same values in all {survey.rows:,} rows",
                )
            )
    return found


def _content(series: pl.Series) -> bytes:
    if series.dtype.is_numeric():
        series = series.cast(pl.Float64)
    return np.asarray(series.hash(seed=0).to_numpy()).tobytes()[:4096]


def _equal_everywhere(survey: Survey, a: str, b: str) -> bool:
    return all(bool(chunk[a].eq_missing(chunk[b]).all()) for chunk in survey.chunks([a, b]))
