"""Tables as the models of scikit-learn take them: numbers as they are, categories as codes or as indicator columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.evaluate.resample import Floats
from understudy.evaluate.tables import Column

MOST_CODES = 250
"""Histogram trees take at most 255 categories; rarer levels share one code."""

Rows = Mapping[str, NDArray[Any]]


class TreeFeatures:
    """(n, p) float64 for histogram trees; missing is NaN, which they split on."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)
        self.categorical = [not column.numeric for column in columns]
        self._places = {column.name: _code_places(column) for column in columns if not column.numeric}

    def __call__(self, rows: Rows) -> Floats:
        parts = [rows[column.name] if column.numeric else self._places[column.name][rows[column.name]] for column in self.columns]
        return np.column_stack(parts).astype(np.float64) if parts else np.zeros((0, 0))


class LinearFeatures:
    """(n, q) float64 for linear models: standardised numbers with an indicator for missing, an indicator per common level.

    Centre and scale are those of the rows it is made from, so a model trained on synthetic rows uses nothing real.
    """

    def __init__(self, columns: Sequence[Column], rows: Rows, most_levels: int = 40) -> None:
        self._columns = list(columns)
        self._scaling = {column.name: _centre_and_scale(rows[column.name]) for column in columns if column.numeric}
        self._levels = {
            column.name: _common(rows[column.name], len(column.levels), most_levels) for column in columns if not column.numeric
        }

    def __call__(self, rows: Rows) -> Floats:
        return np.column_stack([part for column in self._columns for part in self._parts(column, rows[column.name])])

    def _parts(self, column: Column, values: NDArray[Any]) -> list[Floats]:
        if not column.numeric:
            return [(values[:, None] == self._levels[column.name]).astype(np.float64)]
        centre, scale = self._scaling[column.name]
        standard = np.clip((values - centre) / scale, -8, 8)
        missing = np.isnan(values)
        return [np.where(missing, 0.0, standard)[:, None], missing.astype(np.float64)[:, None]]


def row_keys(features: Floats) -> NDArray[np.int64]:
    """A number per row, equal exactly for equal rows."""
    solid = np.ascontiguousarray(np.nan_to_num(features, nan=-1.2345e300) + 0.0)
    _, code = np.unique(solid.view(f"V{solid.shape[1] * 8}").ravel(), return_inverse=True)
    return np.asarray(code, np.int64)


def _code_places(column: Column) -> Floats:
    """Code -> feature value, the last place (code -1) missing; the commonest real levels first, all others as one."""
    counts = np.bincount(column.present("real"), minlength=len(column.levels))
    if len(column.levels) <= MOST_CODES:
        return np.append(np.arange(len(column.levels), dtype=np.float64), np.nan)
    place = np.full(len(column.levels) + 1, float(MOST_CODES))
    place[np.argsort(-counts, kind="stable")[:MOST_CODES]] = np.arange(MOST_CODES)
    place[-1] = np.nan
    return place


def _centre_and_scale(values: Floats) -> tuple[float, float]:
    present = values[~np.isnan(values)]
    if not len(present):
        return 0.0, 1.0
    return float(present.mean()), float(present.std()) or 1.0


def _common(codes: NDArray[np.int64], levels: int, most: int) -> NDArray[np.int64]:
    counts = np.bincount(codes[codes >= 0], minlength=levels)
    order = np.argsort(-counts, kind="stable")[:most]
    return order[counts[order] > 0]
