"""Finished parts joined, in order, into the one file that was asked for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from understudy.run.manifest import PartRecord
from understudy.run.sinks import FORMATS, zstd_stream

if TYPE_CHECKING:
    from understudy.run.store import Store

COPY_BYTES = 8 << 20


def join_parts(parts: list[str], staged: Store, form: str, store: Store, name: str, rows: int) -> PartRecord:
    """Make the file `name` in `store`, of the format `form`, from parts in `staged` that were written as its `staged` format.

    A row group or a few megabytes are in memory at a time. The file appears whole or not at all. SinkError where it cannot be written.
    """
    with store.file(name) as file:
        _joiner(form)(parts, staged, cast("BinaryIO", file))
    return PartRecord(name, rows, file.bytes, file.sha256)


def _joiner(form: str) -> Any:
    if form == "parquet":
        return _join_parquet
    if form == "arrow":
        return _join_arrow
    if form == "spacy":
        return _join_docbins
    return _join_bytes if FORMATS[form].staged == form else _join_compressed


def _join_bytes(parts: list[str], staged: Store, file: BinaryIO) -> None:
    for part in parts:
        with staged.reader(part) as source:
            shutil.copyfileobj(source, file, COPY_BYTES)


def _join_compressed(parts: list[str], staged: Store, file: BinaryIO) -> None:
    stream = zstd_stream(file)
    _join_bytes(parts, staged, stream)
    stream.close()


def _join_parquet(parts: list[str], staged: Store, file: BinaryIO) -> None:
    """Row group by row group: Parquet's footer has offsets, so its bytes cannot be joined as they are."""
    import pyarrow.parquet as pq

    from understudy.data.columnar_writers import ParquetWriter

    writer = ParquetWriter(file)
    for part in parts:
        with staged.reader(part) as opened, pq.ParquetFile(opened) as source:
            for index in range(source.num_row_groups):
                writer.write_table(source.read_row_group(index))
    writer.close()


def _join_docbins(parts: list[str], staged: Store, file: BinaryIO) -> None:
    """All documents are in memory at once, as in any DocBin."""
    from understudy.data.texts.exporting.docbin import require_spacy

    kind = require_spacy().tokens.DocBin
    joined = None
    for part in parts:
        with staged.reader(part) as source:
            found = kind().from_bytes(source.read())
        if joined is None:
            joined = found
        else:
            joined.merge(found)
    if joined is not None:
        file.write(joined.to_bytes())


def _join_arrow(parts: list[str], staged: Store, file: BinaryIO) -> None:
    import pyarrow as pa

    writer = None
    for part in parts:
        with staged.reader(part) as opened, pa.ipc.open_file(opened) as source:
            if writer is None:
                writer = pa.ipc.new_file(file, source.schema, options=pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1)))
            for index in range(source.num_record_batches):
                writer.write_batch(source.get_batch(index))
    if writer is not None:
        writer.close()
