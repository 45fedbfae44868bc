"""Parquet and Arrow (Feather) files written frame by frame into an open file.

Row groups and record batches are cut by the frames alone: equal frames give equal bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP_ROWS = 131_072
ROW_GROUP_BYTES = 64 << 20
_SAMPLED_ROWS = 4096
PARQUET_ZSTD_LEVEL = 1  # higher levels save 2 to 4 % of the size for two to five times the time


class ArrowWriter:
    """Arrow IPC file (Feather v2), zstd, one record batch a frame (of at most 131,072 rows)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: pa.RecordBatchFileWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """The next frame; all have the columns of the first."""
        import pyarrow as pa

        table = arrow_table(frame)
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1))
            self._writer = pa.ipc.new_file(self._file, table.schema, options=options)
            self._schema = table.schema
        self._writer.write_table(table.cast(self._schema).combine_chunks(), max_chunksize=ROW_GROUP_ROWS)

    def close(self) -> None:
        """The file is complete; it stays open."""
        if self._writer is not None:
            self._writer.close()


class ParquetWriter:
    """Parquet, zstd, dictionary-encoded, several frames a row group (up to 131,072 rows or 64 MiB in memory)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: pa.parquet.ParquetWriter | None = None
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._bytes = 0

    def write(self, frame: pl.DataFrame) -> None:
        """The next frame; all have the columns of the first."""
        for part in frame.iter_slices(ROW_GROUP_ROWS) if frame.height else [frame]:
            self._waiting.append(part)
            self._rows += part.height
            self._bytes += int(part.estimated_size())
            if self._rows >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
                self._write_row_group()

    def close(self) -> None:
        """The file is complete; it stays open."""
        if self._waiting:
            self._write_row_group()
        if self._writer is not None:
            self._writer.close()

    def _write_row_group(self) -> None:
        self.write_table(arrow_table(pl.concat(self._waiting)))
        self._waiting, self._rows, self._bytes = [], 0, 0

    def write_table(self, table: pa.Table) -> None:
        """One row group."""
        import pyarrow.parquet

        if self._writer is None:
            dictionary, encodings = column_encodings(table)
            self._writer = pyarrow.parquet.ParquetWriter(
                self._file,
                table.schema,
                compression="zstd",
                compression_level=PARQUET_ZSTD_LEVEL,
                use_dictionary=dictionary,
                column_encoding=encodings,
            )
        self._writer.write_table(table.cast(self._writer.schema), row_group_size=max(1, table.num_rows))


def column_encodings(table: pa.Table) -> tuple[list[str], dict[str, str]]:
    """Which columns get a dictionary, and how the others are encoded, by how varied their first values are.

    A dictionary pays where values repeat; elsewhere it is built for nothing. Varied whole numbers and moments are written as differences
    of few bits, varied real numbers byte by byte, varied texts as they are, or, where
    all are of one length, lengths apart from letters. Every reader of Parquet since 2014 knows these encodings.
    """
    import pyarrow as pa

    dictionary: list[str] = []
    encodings: dict[str, str] = {}
    for field in table.schema:
        kind = field.type
        if pa.types.is_nested(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
            continue
        if pa.types.is_dictionary(kind):
            dictionary.append(field.name)
            continue
        varied = _share_of_distinct(table[field.name])
        if (
            pa.types.is_integer(kind) or pa.types.is_date32(kind) or pa.types.is_timestamp(kind) or pa.types.is_time(kind)
        ) and varied > 0.05:
            encodings[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_floating(kind) and not pa.types.is_float16(kind) and varied > 0.98:
            encodings[field.name] = "BYTE_STREAM_SPLIT"
        elif varied > 0.6 and not pa.types.is_floating(kind):
            encodings[field.name] = "DELTA_LENGTH_BYTE_ARRAY" if _equally_long(table[field.name]) else "PLAIN"
        else:
            dictionary.append(field.name)
    return dictionary, encodings


def _share_of_distinct(column: pa.ChunkedArray) -> float:
    sample = column.slice(0, _SAMPLED_ROWS)
    return float(len(sample.unique()) / max(1, len(sample)))


def _equally_long(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    return len(pc.unique(pc.binary_length(column.slice(0, _SAMPLED_ROWS)))) == 1


def arrow_table(frame: pl.DataFrame) -> pa.Table:
    """The frame as Arrow; categories, whose list may differ from frame to frame, as text."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_arrow()
