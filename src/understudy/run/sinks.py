"""Formats that a part can be written in, each encoded block by block into an open file.

Row groups and chunks are cut by the blocks alone, so a part's bytes are the same wherever and whenever it is made.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from understudy.core.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from _typeshed import ReadableBuffer as Buffer

    from understudy.data.dialect import Dialect

GZIP_LEVEL = 5


class PartWriter(Protocol):
    """Takes frames of one schema, in order; nothing is complete before `close`."""

    def write(self, frame: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


Opener: TypeAlias = "Callable[[BinaryIO, Dialect], PartWriter]"


@dataclass(frozen=True)
class Format:
    """One way to write rows.

    name: as the user writes it. suffixes: the first is given to new files. open: a writer on an open file, and how delimited text is
    to be written. staged: what the parts of a single file are written as before they are joined; None where it is a folder or nothing.
    told_by_suffix: whether a file's name tells the format; where not, many others end alike and it has to be named.
    """

    name: str
    suffixes: tuple[str, ...]
    open: Opener
    staged: str | None
    told_by_suffix: bool = True

    @property
    def suffix(self) -> str:
        return self.suffixes[0]


class DelimitedWriter:
    """CSV or TSV, written as `dialect` says; missing cells are empty, empty text is quoted."""

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self._file = file
        self._dialect = dialect

    def write(self, frame: pl.DataFrame) -> None:
        from understudy.data.csv import write_csv

        refuse_nested(frame)
        write_csv(iter([frame]), self._file, self._dialect)
        self._dialect = replace(self._dialect, header=False, bom=False)

    def close(self) -> None: ...


class JsonLinesWriter:
    """One JSON object a line, UTF-8."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, frame: pl.DataFrame) -> None:
        from understudy.data.json_rows import write_json_lines

        write_json_lines(iter([frame]), self._file)

    def close(self) -> None: ...


class CompressedWriter:
    """Another writer's bytes, compressed; closing finishes the stream and leaves the file open."""

    def __init__(self, stream: BinaryIO, open_writer: Callable[[BinaryIO], PartWriter]) -> None:
        self._stream = stream
        self._writer = open_writer(stream)

    def write(self, frame: pl.DataFrame) -> None:
        self._writer.write(frame)

    def close(self) -> None:
        self._writer.close()
        self._stream.close()


def gzip_stream(file: BinaryIO) -> BinaryIO:
    """gzip without a name or a time in its header: equal content, equal bytes."""
    return gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=file, mtime=0)  # type: ignore[return-value]


class ZstdStream(io.RawIOBase):
    """Zstandard into an open file, which stays open."""

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow as pa

        self._sink = pa.PythonFile(_Unclosed(file), mode="w")
        self._stream = pa.CompressedOutputStream(self._sink, "zstd")

    def writable(self) -> bool:
        return True

    def write(self, content: Buffer) -> int:
        return int(self._stream.write(content))

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Unclosed(io.RawIOBase):
    """A file whose `close` is ignored: the compressor closes what it writes to, but the file is not its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, content: Buffer) -> int:
        return self._file.write(content)

    def flush(self) -> None:
        if not self.closed:
            self._file.flush()


def zstd_stream(file: BinaryIO) -> BinaryIO:
    return ZstdStream(file)  # type: ignore[return-value]


def as_frame(batch: object, generator: str) -> pl.DataFrame:
    """A block as a frame. SinkError for generators whose items are not rows of a table."""
    import polars as pl

    if isinstance(batch, pl.DataFrame):
        return batch
    raise SinkError(
        f"The generator {generator!r} makes {type(batch).__name__} blocks, and only tables (Polars frames) can be written as rows.",
        remedy="Use sample() or stream() and store the items in a form of their own.",
    )


def refuse_nested(frame: pl.DataFrame) -> None:
    """Raise `SinkError` where a column holds lists or records, for which delimited text has no cells."""
    for name, dtype in frame.schema.items():
        if dtype.is_nested():
            raise SinkError(
                f'The column "{name}" holds {"lists" if "List" in str(dtype) else "records"}, and delimited text has no cells for them.',
                remedy="Write jsonl or parquet, or a format made for such rows (chat, conll …).",
            )


def _delimited(separator: str | None = None) -> Opener:
    """`separator` overrules the dialect's own."""
    return lambda file, dialect: DelimitedWriter(file, replace(dialect, delimiter=separator or dialect.delimiter))


def _compressed(stream: Callable[[BinaryIO], BinaryIO], inner: Opener) -> Opener:
    return lambda file, dialect: CompressedWriter(stream(file), lambda opened: inner(opened, dialect))


def _headless(writer: Callable[[BinaryIO], PartWriter]) -> Opener:
    return lambda file, _dialect: writer(file)


def _parquet(file: BinaryIO) -> PartWriter:
    from understudy.data.columnar_writers import ParquetWriter

    return ParquetWriter(file)


def _arrow(file: BinaryIO) -> PartWriter:
    from understudy.data.columnar_writers import ArrowWriter

    return ArrowWriter(file)


def _lines(name: str, encoder: str) -> Opener:
    """Rows as the lines of a format of texts."""

    def open_writer(file: BinaryIO, _dialect: Dialect) -> PartWriter:
        from understudy.data.texts import exporting

        return exporting.LineWriter(file, name, getattr(exporting, encoder))

    return open_writer


def _docbin(file: BinaryIO) -> PartWriter:
    from understudy.data.texts.exporting.docbin import DocBinWriter

    return DocBinWriter(file)


# gzip members may be joined end to end (RFC 1952, 2.2); some readers stop after the first Zstandard frame, so those are staged plain.
FORMATS = {
    known.name: known
    for known in (
        Format("parquet", (".parquet", ".pq"), _headless(_parquet), "parquet"),
        Format("csv", (".csv",), _delimited(), "csv"),
        Format("csv.gz", (".csv.gz",), _compressed(gzip_stream, _delimited()), "csv.gz"),
        Format("csv.zst", (".csv.zst",), _compressed(zstd_stream, _delimited()), "csv"),
        Format("tsv", (".tsv", ".tab"), _delimited("\t"), "tsv"),
        Format("tsv.gz", (".tsv.gz",), _compressed(gzip_stream, _delimited("\t")), "tsv.gz"),
        Format("tsv.zst", (".tsv.zst",), _compressed(zstd_stream, _delimited("\t")), "tsv"),
        Format("jsonl", (".jsonl", ".ndjson"), _headless(JsonLinesWriter), "jsonl"),
        Format("jsonl.gz", (".jsonl.gz", ".ndjson.gz"), _compressed(gzip_stream, _headless(JsonLinesWriter)), "jsonl.gz"),
        Format("jsonl.zst", (".jsonl.zst", ".ndjson.zst"), _compressed(zstd_stream, _headless(JsonLinesWriter)), "jsonl"),
        Format("arrow", (".arrow", ".feather", ".ipc"), _headless(_arrow), "arrow"),
        Format("huggingface", (".parquet",), _headless(_parquet), None, told_by_suffix=False),
        Format("chat", (".jsonl",), _lines("chat", "chat_line"), "chat", told_by_suffix=False),
        Format("sharegpt", (".jsonl",), _lines("sharegpt", "sharegpt_line"), "sharegpt", told_by_suffix=False),
        Format("alpaca", (".jsonl",), _lines("alpaca", "alpaca_line"), "alpaca", told_by_suffix=False),
        Format("dpo", (".jsonl",), _lines("dpo", "dpo_line"), "dpo", told_by_suffix=False),
        Format("spans", (".jsonl",), _lines("spans", "spans_line"), "spans", told_by_suffix=False),
        Format("conll", (".conll", ".bio"), _lines("conll", "conll_lines"), "conll"),
        Format("spacy", (".spacy",), _headless(_docbin), "spacy"),
    )
}
