"""Rows that can be read only once (a query's result, JSON objects): kept in memory while few, on disk when many.

Frames are typed one by one as they come; the type of each column over all of them is known at the end, and every frame
is brought to it when it is read again.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from understudy.data.table import FrameSource, Note, Source

MEMORY_BYTES = 128 << 20


class Spool:
    """Takes frames that have the same columns; `source` gives them back in one type a column."""

    def __init__(self) -> None:
        self._held: list[pl.DataFrame] = []
        self._bytes = 0
        self._folder: Path | None = None
        self._files: list[Path] = []
        self._types: dict[str, list[pl.DataType]] = {}
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take in the next rows. A column that is new was missing in all rows before; one that is absent is missing in these."""
        for name, dtype in frame.schema.items():
            seen = self._types.setdefault(name, [])
            if dtype not in seen:
                seen.append(dtype)
        self._rows += frame.height
        self._bytes += int(frame.estimated_size())
        self._held.append(frame)
        if self._bytes > MEMORY_BYTES:
            self._to_disk()

    def source(self) -> tuple[Source, list[Note]]:
        """All rows, and notes on columns whose type was not the same throughout."""
        types: dict[str, pl.DataType] = {}
        notes: list[Note] = []
        for name, seen in self._types.items():
            types[name] = union(seen)
            if types[name] == pl.String and len([dtype for dtype in seen if dtype != pl.Null]) > 1:
                notes.append(
                    Note(
                        name,
                        "read as text",
                        f"its values are {' and '.join(str(dtype) for dtype in seen if dtype != pl.Null)} in different rows",
                    )
                )
        if not self._files:
            frames = [_as(frame, types) for frame in self._held]
            return FrameSource(pl.concat(frames, rechunk=True) if frames else pl.DataFrame(schema=types)), notes
        self._to_disk()
        assert self._folder is not None
        self._cleanup.detach()
        return SpoolSource(self._folder, self._files, types, self._rows), notes

    def _to_disk(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="understudy-"))
            self._cleanup = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for frame in self._held:
            path = self._folder / f"{len(self._files):06}.arrow"
            frame.write_ipc(path, compression="lz4")
            self._files.append(path)
        self._held, self._bytes = [], 0


class SpoolSource:
    """Frames on disk; the files go when the source goes."""

    def __init__(self, folder: Path, files: Sequence[Path], types: dict[str, pl.DataType], rows: int) -> None:
        self._files = list(files)
        self._types = types
        self._rows = rows
        self._cleanup = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        return dict(self._types)

    @property
    def rows(self) -> int:
        return self._rows

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        wanted = {name: self._types[name] for name in columns}
        for path in self._files:
            yield _as(pl.read_ipc(path), wanted)


def union(dtypes: Sequence[pl.DataType]) -> pl.DataType:
    """The one type that holds the values of all: numbers widen, anything else that differs becomes text."""
    present = [dtype for dtype in dtypes if dtype != pl.Null]
    if not present:
        return pl.Null()
    if all(dtype == present[0] for dtype in present):
        return present[0]
    if all(dtype.is_integer() or dtype.is_float() for dtype in present):
        return pl.Float64()
    decimals = [dtype for dtype in present if isinstance(dtype, pl.Decimal)]
    if len(decimals) == len(present):
        return pl.Decimal(38, max(dtype.scale for dtype in decimals))
    if all(dtype.is_numeric() for dtype in present):
        return pl.Float64()
    if all(isinstance(dtype, pl.Datetime) and dtype.time_zone is not None for dtype in present):
        return pl.Datetime("us", "UTC")
    return pl.String()


def _as(frame: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    columns = []
    for name, dtype in types.items():
        if name not in frame.columns:
            columns.append(pl.lit(None, dtype=dtype).alias(name))
        elif frame.schema[name] == pl.Boolean and dtype == pl.String:
            columns.append(pl.when(pl.col(name)).then(pl.lit("True")).when(~pl.col(name)).then(pl.lit("False")).alias(name))
        else:
            columns.append(pl.col(name).cast(dtype))
    return frame.select(columns)
