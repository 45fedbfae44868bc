"""The first difference of two files of rows, in words."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    import polars as pl

SHOWN = 60


def first_difference(written: BinaryIO, remade: BinaryIO, form: str) -> str:
    """Where a file and its like, made again, part: number of rows, columns, or the first cell (line, in text) that is not the same."""
    if form in ("parquet", "huggingface", "arrow"):
        return _of_frames(_frame(written, form), _frame(remade, form))
    return _of_lines(_lines(written, form), _lines(remade, form))


def _frame(file: BinaryIO, form: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(file) if form != "arrow" else pl.read_ipc(file.read())


def _of_frames(written: pl.DataFrame, remade: pl.DataFrame) -> str:
    if written.columns != remade.columns:
        return f"its columns are {_short(written.columns)}, made again {_short(remade.columns)}"
    if written.height != remade.height:
        return f"it has {written.height:,} rows, made again {remade.height:,}"
    for name, before, after in zip(written.columns, written.iter_columns(), remade.iter_columns(), strict=True):
        if before.dtype != after.dtype:
            return f'column "{name}" is {before.dtype}, made again {after.dtype}'
        row = before.ne_missing(after).arg_max() if before.ne_missing(after).any() else None
        if row is not None:
            return f'column "{name}", row {row + 1:,} holds {_short(before[row])}, made again {_short(after[row])}'
    return "all rows are the same, only their form in the file is another"


def _lines(file: BinaryIO, form: str) -> BinaryIO:
    if form.endswith(".gz"):
        return cast("BinaryIO", gzip.open(file))
    if form.endswith(".zst"):
        import pyarrow as pa

        return cast("BinaryIO", pa.CompressedInputStream(file, "zstd"))
    return file


def _of_lines(written: BinaryIO, remade: BinaryIO) -> str:
    before, after = written.read().splitlines(), remade.read().splitlines()
    for number, (was, now) in enumerate(zip(before, after, strict=False), 1):
        if was != now:
            return f"line {number:,} reads {_short(was.decode('utf-8', 'replace'))}, made again {_short(now.decode('utf-8', 'replace'))}"
    if len(before) != len(after):
        return f"it has {len(before):,} lines, made again {len(after):,}"
    return "all lines are the same, only their form in the file is another"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
