"""The cells of a delimited file as text, block by block, in constant memory.

Tokenising is PyArrow's. What it refuses is explained by `csv_faults`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from understudy.core.errors import DataError
from understudy.data.csv_faults import ragged_rows
from understudy.data.dialect import Dialect
from understudy.data.streams import opened

if TYPE_CHECKING:
    import pyarrow as pa

Ragged = Literal["error", "skip"]
_BLOCK_BYTES = 1 << 20
_LARGEST_BLOCK = 1 << 30


@dataclass(frozen=True)
class Layout:
    """All that is needed to read a file's cells as text. preamble: lines before the header or first row, to be passed over."""

    dialect: Dialect
    names: list[str]
    missing: tuple[str, ...] = ()
    ragged: Ragged = "error"
    preamble: int = 0


class UndecodableText(Exception):
    """The bytes are not in the encoding that was tried."""


def text_frames(
    path: Path, layout: Layout, *, columns: Sequence[str] | None = None, left_out: Counter[Path] | None = None
) -> Iterator[pl.DataFrame]:
    """The file's rows as text: null is an empty cell, "" a quoted empty one.

    Args:
        columns: those to give; all where None.
        left_out: takes the number of ragged rows that were left out, under the path.

    Raises:
        UndecodableText: the bytes are not in the layout's encoding.
        DataError: ragged rows, a quote that is never closed.
    """
    block, given = _BLOCK_BYTES, 0
    while True:
        passed = 0
        try:
            for frame in _parsed(path, layout, columns, Counter() if left_out is None else left_out, block):
                new = frame.slice(max(0, given - passed))
                passed += frame.height
                given = max(given, passed)
                if new.height:
                    yield new
            return
        except _LongRow:
            # A row longer than the block: start anew with larger blocks and leave out what was given already.
            block *= 8
            if block > _LARGEST_BLOCK:
                raise DataError(
                    "A row is longer than a gigabyte.", where=str(path), remedy="Look for a quote that is never closed."
                ) from None


class _LongRow(Exception):
    """A row does not fit into two blocks."""


def _parsed(path: Path, layout: Layout, columns: Sequence[str] | None, left_out: Counter[Path], block: int) -> Iterator[pl.DataFrame]:
    import pyarrow as pa
    import pyarrow.csv as pc

    keys = {f"f{i}": name for i, name in enumerate(layout.names)}
    wanted = [key for key, name in keys.items() if columns is None or name in set(columns)]
    header = layout.dialect.header
    with opened(path) as stream:
        reader = None
        try:
            reader = pc.open_csv(
                _as_utf8(stream, layout.dialect.encoding),
                # The header is read as a row like any other: names may hold anything, line breaks too.
                read_options=pc.ReadOptions(autogenerate_column_names=True, block_size=block, skip_rows=layout.preamble),
                parse_options=_parse_options(path, layout, left_out),
                convert_options=_convert_options(layout, list(keys), wanted),
            )
            for batch in reader:
                frame = _text_frame(batch, keys, layout)
                if header:
                    frame, header = frame.slice(1), frame.height == 0
                yield frame
        except UnicodeDecodeError:
            raise UndecodableText from None
        except pa.ArrowKeyError:
            raise ragged_rows(path, layout.dialect, len(layout.names), layout.preamble) from None
        except pa.ArrowInvalid as error:
            raise _explained(error, path, layout) from None
        finally:
            if reader is not None:
                reader.close()


def _parse_options(path: Path, layout: Layout, left_out: Counter[Path]) -> Any:
    import pyarrow.csv as pc

    left_out[path] = 0

    def judge(row: Any) -> str:
        if layout.ragged == "error":
            return "error"
        left_out[path] += 1
        return "skip"

    dialect = layout.dialect
    return pc.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        double_quote=dialect.escape is None,
        escape_char=dialect.escape or False,
        newlines_in_values=dialect.quote is not None,
        # In a single column an empty line is a missing cell.
        ignore_empty_lines=len(layout.names) > 1,
        invalid_row_handler=judge,
    )


def _convert_options(layout: Layout, keys: list[str], wanted: list[str]) -> Any:
    import pyarrow as pa
    import pyarrow.csv as pc

    return pc.ConvertOptions(
        column_types={key: pa.string() for key in keys},
        include_columns=wanted,
        null_values=["", *layout.missing],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def _as_utf8(stream: Any, encoding: str) -> Any:
    import pyarrow as pa

    return stream if encoding == "utf-8" else pa.transcoding_input_stream(stream, encoding, "utf-8")


def _text_frame(batch: pa.RecordBatch, keys: dict[str, str], layout: Layout) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.rename({key: keys[key] for key in frame.columns})
    if layout.missing:
        quoted_too = pl.all().is_in(list(layout.missing))
        frame = frame.select(pl.when(~quoted_too).then(pl.all()))
    return frame.with_columns(pl.all().str.strip_chars_start(" ")) if layout.dialect.skip_space else frame


def _explained(error: Exception, path: Path, layout: Layout) -> Exception:
    text = str(error)
    if "invalid UTF8" in text:
        return UndecodableText()
    if "straddl" in text or "block boundaries" in text:
        return _LongRow()
    if "Empty CSV" in text:
        return DataError("The file has no rows.", where=str(path), remedy="Hand in a file with at least one row of values.")
    if "columns, got" in text:
        return ragged_rows(path, layout.dialect, len(layout.names), layout.preamble)
    return DataError(
        f"The file cannot be read as delimited text: {text}.",
        where=str(path),
        remedy="Name its delimiter and quote: read(path, delimiter=..., quote=...).",
    )
