"""Text columns as arrays of characters, and back: how patterns are learned and filled without a loop over rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Letters = NDArray[np.uint32]


def letters_of(texts: pl.Series) -> Letters:
    """Texts of one length as code points, (n, length)."""
    if not len(texts):
        return np.empty((0, 0), dtype=np.uint32)
    raw = "".join(texts.to_list()).encode("utf-32-le")
    return np.frombuffer(raw, dtype=np.uint32).reshape(len(texts), -1)


def texts_of(letters: Letters) -> pl.Series:
    """Code points (n, length) as texts."""
    rows, length = letters.shape
    if length == 0 or rows == 0:
        return pl.Series([""] * rows, dtype=pl.String)
    if int(letters.max()) < 128:
        return _from_ascii(letters.astype(np.uint8))
    flat = letters.astype(np.uint32).tobytes().decode("utf-32-le")
    return pl.Series([flat[i : i + length] for i in range(0, rows * length, length)], dtype=pl.String)


def _from_ascii(characters: NDArray[np.uint8]) -> pl.Series:
    rows, length = characters.shape
    offsets = np.arange(0, (rows + 1) * length, length, dtype=np.int64)
    array = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters)))
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series


def scattered(parts: list[tuple[NDArray[np.intp], pl.Series]], rows: int) -> pl.Series:
    """Texts made in parts, each with its places, as one column of `rows` texts."""
    places = np.concatenate([place for place, _ in parts])
    back = np.empty(rows, dtype=np.int64)
    back[places] = np.arange(rows)
    return pl.concat([texts for _, texts in parts]).gather(back)
