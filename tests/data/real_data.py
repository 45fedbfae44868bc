"""Where the real tables for development lie, and the skip where they do not."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from understudy.data.table import Table, as_table

FOLDER = Path(os.environ.get("UNDERSTUDY_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


def real_table(path: str) -> Table:
    """A real table as `Table`; the test is skipped where the data are not there."""
    return as_table(real_frame(path))


def real_frame(path: str) -> pl.DataFrame:
    file = FOLDER / path
    if not file.exists():
        pytest.skip(f"the real data are not here: {file} (set UNDERSTUDY_DATA to their folder)")
    return pl.read_parquet(file)
