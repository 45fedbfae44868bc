"""Codecs fitted to frames of typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest

from understudy.core.random import Stream
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.codec import Codec, Protection


class Frames:
    """A frame given in chunks."""

    def __init__(self, frame: pl.DataFrame, rows: int = 1000) -> None:
        self.frame, self.rows = frame, rows

    def chunks(self) -> Iterator[pl.DataFrame]:
        return self.frame.iter_slices(self.rows)


@pytest.fixture
def fitted() -> Callable[..., Codec]:
    """A codec for the described columns of a typed frame."""

    def fit(frame: pl.DataFrame, *columns: ColumnSchema, seed: int = 0, protection: Protection | None = None) -> Codec:
        schema = TableSchema(columns=list(columns))
        return Codec.fit(Frames(frame.select(schema.names)), schema, Stream(seed), protection or Protection())

    return fit
