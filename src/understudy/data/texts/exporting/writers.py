"""Rows of a frame written as lines of text, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.core.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

Row = dict[str, Any]


class RowError(ValueError):
    """A row cannot be written in a format: what it lacks, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class LineWriter:
    """Writes each row of frames as `encode` says: one line, or several.

    Raises:
        SinkError: a row lacks what the format needs; the row, the format and a way out are named.
    """

    def __init__(self, file: BinaryIO, form: str, encode: Callable[[Row], str]) -> None:
        self._file, self._form, self._encode = file, form, encode
        self._written = 0

    def write(self, frame: pl.DataFrame) -> None:
        lines = []
        for row in frame.iter_rows(named=True):
            try:
                lines.append(self._encode(row))
            except RowError as error:
                raise unfit(error, self._form, self._written + len(lines)) from None
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._written += len(lines)

    def close(self) -> None:
        """Lines need no end."""


def unfit(error: RowError, form: str, row: int) -> SinkError:
    """The error of a row, with its number within the file (from 1)."""
    return SinkError(f"This row cannot be written as {form}: {error.what}", where=f"row {row + 1:,}", remedy=error.remedy)


def stated(row: Row, *columns: str) -> list[Any] | None:
    """The values of columns, where the row has all of them; None where a column is not there at all."""
    if any(column not in row for column in columns):
        return None
    for column in columns:
        if row[column] is None:
            why = f" ({row['problem']})" if row.get("problem") else ""
            raise RowError(f"it has no {column}{why}.", "Leave such rows out first (`sift` does, and says why), or write jsonl.")
    return [row[column] for column in columns]
