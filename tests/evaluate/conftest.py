from __future__ import annotations

import polars as pl
import pytest
from tests.evaluate.planted import population


@pytest.fixture(scope="session")
def train() -> pl.DataFrame:
    return population(900, 1)


@pytest.fixture(scope="session")
def holdout() -> pl.DataFrame:
    return population(900, 2)
