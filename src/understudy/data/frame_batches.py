"""Batches that are Polars frames: what every generator of tables does with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl


class FrameBatches:
    """Stands before `Generator` among the bases of a class whose batches are frames."""

    def _concat(self, batches: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return pl.concat(list(batches))

    def _slice(self, batch: pl.DataFrame, start: int, stop: int) -> pl.DataFrame:
        return batch.slice(start, stop - start)

    def _length(self, batch: pl.DataFrame) -> int:
        return int(batch.height)

    def _fingerprint(self, batch: pl.DataFrame) -> bytes:
        digest = hashlib.blake2b(digest_size=32)
        for column in batch:
            _feed(digest, column)
        return digest.digest()


def _feed(digest: Any, column: pl.Series) -> None:
    """Name, type, missing values and values of a column, each with its length first; lists and records by what is in them."""
    if column.dtype.is_nested():
        gaps = np.packbits(column.is_null().to_numpy()).tobytes()
        for part in (column.name.encode(), str(column.dtype).encode(), gaps, *_lengths(column)):
            _put(digest, part)
        for inner in _inner(column):
            _feed(digest, inner)
        return
    missing = column.is_null().to_numpy()
    parts = [column.name.encode(), str(column.dtype).encode(), np.packbits(missing).tobytes()]
    if column.dtype.is_numeric() and not column.dtype.is_decimal():
        parts.append(np.ascontiguousarray(column.fill_null(0).to_numpy()).tobytes())
    elif column.dtype.is_temporal():
        parts.append(np.ascontiguousarray(column.to_physical().fill_null(0).to_numpy()).tobytes())
    else:
        texts = column.cast(pl.String).fill_null("")
        parts += [texts.str.len_bytes().to_numpy().tobytes(), "".join(texts.to_list()).encode("utf-8", "surrogatepass")]
    for part in parts:
        _put(digest, part)


def _put(digest: Any, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "little"))
    digest.update(part)


def _lengths(column: pl.Series) -> list[bytes]:
    """How many entries each list of a column has; records have none to tell."""
    if isinstance(column.dtype, pl.Struct):
        return []
    lengths = column.arr if isinstance(column.dtype, pl.Array) else column.list
    return [lengths.len().fill_null(0).to_numpy().tobytes()]


def _inner(column: pl.Series) -> list[pl.Series]:
    """What lists or records hold, one below the other, missing and empty ones left out."""
    if isinstance(column.dtype, pl.Struct):
        return column.struct.unnest().get_columns()
    lengths = column.arr if isinstance(column.dtype, pl.Array) else column.list
    return [column.filter(lengths.len().fill_null(0) > 0).explode()]
