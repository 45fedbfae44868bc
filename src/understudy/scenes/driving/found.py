"""Rows of a table of scenarios that a search has found, each with its likelihood weight."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.scenes.traffic.scenarios import Scenario

Floats = NDArray[np.float64]
WEIGHT = "likelihood_weight"


def found_row(path: str, scenario: Scenario, quantile: float) -> tuple[Floats, float]:
    """The values (k,) and the weight of one row, each row as likely as another; `quantile` (0 .. 1) chooses it.

    Raises:
        DataError: the file is not there, empty, or lacks a parameter of the scenario.
    """
    values, weights = _table(path, scenario.names)
    row = min(int(quantile * len(values)), len(values) - 1)
    return values[row], float(weights[row])


@lru_cache(maxsize=8)
def _table(path: str, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    import polars as pl

    if not Path(path).is_file():
        raise DataError("There is no such file.", where=f"settings.found: {path}", remedy="Write it: understudy scenarios search")
    frame = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_csv(path)
    missing = [name for name in (*names, WEIGHT) if name not in frame.columns]
    if missing:
        raise DataError(f'The table has no column "{missing[0]}".', where=path, remedy=f"It needs {', '.join((*names, WEIGHT))}.")
    if frame.is_empty():
        raise DataError("The table has no rows.", where=path)
    return frame.select(names).to_numpy().astype(np.float64), frame[WEIGHT].to_numpy().astype(np.float64)
