"""What is wrong with a delimited file, looked up row by row with the standard library: slow, exact, only after something failed."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.core.errors import DataError
from understudy.data.dialect import NAMES, Dialect
from understudy.data.streams import opened


def undecodable(path: Path, tried: Sequence[str]) -> DataError:
    """The error for bytes that are no text in the encodings tried."""
    offset, line, byte = first_bad_byte(path, tried[0]) or (0, 1, 0)
    other = next((name for name in ("utf-8", "cp1252", "latin-1") if name not in tried and first_bad_byte(path, name) is None), "latin-1")
    return DataError(
        f"The byte 0x{byte:02X} is no text in the encoding {' or '.join(tried)}.",
        where=f"{path}, line {line:,}, byte {offset:,}",
        remedy=f'Say which encoding it is: read(path, encoding="{other}") takes all its bytes, rightly or not.',
    )


def first_bad_byte(path: Path, encoding: str) -> tuple[int, int, int] | None:
    """Offset (from 0), line (from 1) and value of the first byte that does not decode; None where all do."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    with opened(path) as stream:
        while True:
            part = stream.read(1 << 20)
            pending = len(decoder.getstate()[0])
            try:
                line_breaks = decoder.decode(part, final=not part).count("\n")
            except UnicodeDecodeError as error:
                start = max(0, error.start)
                before = error.object[:start]
                value = error.object[start] if start < len(error.object) else 0
                return offset - pending + start, line + before.count(b"\n"), value
            if not part:
                return None
            offset += len(part)
            line += line_breaks


def ragged_rows(path: Path, dialect: Dialect, width: int, preamble: int) -> DataError:
    """The error for rows that have not `width` cells: which, and how many."""
    listed: list[str] = []
    count = 0
    with opened(path) as stream:
        reader = dialect.reader(islice(_lines(stream, dialect.encoding), preamble, None))
        number = -1 if dialect.header else 0
        for row in reader:
            number += 1 if row else 0
            if row and len(row) != width:
                count += 1
                if len(listed) < 3:
                    listed.append(f"row {max(number, 0):,} (line {reader.line_num + preamble:,}) has {len(row)}")
    more = f", and {count - len(listed):,} more rows" if count > len(listed) else ""
    found = "; ".join(listed) + more if listed else "a quote is opened and never closed"
    return DataError(
        f"Rows have different numbers of cells: {width} expected, {found}.",
        where=f"{path}, delimiter {NAMES.get(dialect.delimiter, dialect.delimiter)}",
        remedy='Mend those rows, name the delimiter or quote (delimiter=";", quote=""), or leave the rows out: read(path, ragged="skip").',
    )


def require_closed_quotes(path: Path, dialect: Dialect, preamble: int) -> None:
    """Raises `DataError` with the line where a quote is opened that is not closed as it should be."""
    line = preamble
    with opened(path) as stream:
        reader = dialect.reader(islice(_lines(stream, dialect.encoding), preamble, None), strict=True)
        try:
            for _ in reader:
                line = preamble + reader.line_num
        except csv.Error:
            raise DataError(
                "A quote is opened and not closed, so that several rows run into one cell.",
                where=f"{path}, line {line + 1:,}",
                remedy='Close the quote, or take quotes for plain characters: read(path, quote="").',
            ) from None


def _lines(stream: Any, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    left = ""
    while part := stream.read(1 << 20):
        *lines, left = (left + decoder.decode(part)).split("\n")
        yield from (line + "\n" for line in lines)
    if left:
        yield left
