"""JSON lines and JSON arrays of objects: one object a row, exact about types."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from understudy.core.errors import DataError
from understudy.data.admission import Admission, Door, require_columns, require_rows
from understudy.data.native_form import polars_form
from understudy.data.spool import Spool
from understudy.data.streams import opened
from understudy.data.table import Note, Source, Table
from understudy.data.values import typed_series

_CHUNK_ROWS = 50_000


def read_json_lines(paths: Sequence[Path], admission: Admission, *, origin: str) -> Table:
    """Files with one JSON object a line, as a `Table`. A key that is absent is a missing cell.

    Raises:
        DataError: lines that are no JSON object, nested values; names file and line.
    """
    return _table((row for path in paths for row in _lines(path)), admission, origin, where=str(paths[0]) if len(paths) == 1 else origin)


def read_json_array(path: Path, admission: Admission, *, origin: str) -> Table:
    """A file that is one JSON array of objects, as a `Table`. The file is held in memory while it is read.

    Raises:
        DataError: the file is no JSON or no array of objects.
    """
    with opened(path) as stream:
        content = stream.read()
    try:
        rows = json.loads(content)
    except json.JSONDecodeError as error:
        raise DataError(
            f"This is not JSON: {error.msg}.",
            where=f"{path}, line {error.lineno}",
            remedy="One object a line is JSON lines: name the file .jsonl.",
        ) from None
    except UnicodeDecodeError as error:
        raise _not_text(path, error.start) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(
            "The JSON is not an array of objects.", where=str(path), remedy='Write it as [{"column": value, …}, …], one object a row.'
        )
    return _table(iter(rows), admission, origin, where=str(path))


def write_json_lines(frames: Iterator[pl.DataFrame], file: BinaryIO) -> None:
    """One JSON object a row. Dates, times and durations are ISO 8601 text, missing cells are null."""
    for frame in frames:
        exact = frame.with_columns(pl.col(pl.Duration).dt.to_string("iso"), pl.col(pl.Decimal).cast(pl.Float64))
        file.write(exact.write_ndjson().encode())


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with opened(path) as stream:
        number = 0
        for line in io.BufferedReader(stream, 1 << 20):
            number += 1
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise DataError(
                    f"This line is not JSON: {error.msg} at character {error.pos + 1}.",
                    where=f"{path}, line {number:,}",
                    remedy="Mend the line; each holds one object.",
                ) from None
            except UnicodeDecodeError:
                raise _not_text(path, None, number) from None
            if not isinstance(row, dict):
                raise DataError(
                    f"This line holds a {type(row).__name__}, not an object.",
                    where=f"{path}, line {number:,}",
                    remedy='Write each row as {"column": value, …}.',
                )
            yield row


def _not_text(path: Path, offset: int | None, line: int | None = None) -> DataError:
    place = f", line {line:,}" if line is not None else f", byte {offset:,}"
    return DataError("The file is not UTF-8 text.", where=f"{path}{place}", remedy="JSON is UTF-8; write the file again in that encoding.")


def _table(rows: Iterator[dict[str, Any]], admission: Admission, origin: str, *, where: str) -> Table:
    spool = Spool()
    notes: list[Note] = []
    count = 0
    names: dict[str, None] = {}
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK_ROWS:
            notes += _spooled(chunk, names, spool, admission, where, count)
            count += len(chunk)
            chunk = []
    if chunk:
        notes += _spooled(chunk, names, spool, admission, where, count)
    require_rows(count + len(chunk), where=where)
    require_columns(names, where=where)
    source, told = spool.source()
    return table_of_rows(source, _merged(notes) + told, admission, origin, where=where)


def table_of_rows(source: Source, notes: list[Note], admission: Admission, origin: str, *, where: str) -> Table:
    """Spooled rows as a `Table`, once they have passed the door."""
    door = Door(source.dtypes, admission, where=where)
    for frame in source.frames(list(source.dtypes)):
        door.examine(frame)
    told = door.finish()
    return Table(AdmittedSource(source, door), origin=origin, form=polars_form(pl.DataFrame(schema=source.dtypes)), notes=notes + told)


class AdmittedSource:
    """A source whose frames pass the door on their way."""

    def __init__(self, source: Source, door: Door) -> None:
        self._source = source
        self._door = door

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        return dict(self._door.admit(pl.DataFrame(schema=self._source.dtypes)).schema)

    @property
    def rows(self) -> int:
        return self._source.rows

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for frame in self._source.frames(columns):
            yield self._door.admit(frame)


def _spooled(
    chunk: list[dict[str, Any]], names: dict[str, None], spool: Spool, admission: Admission, where: str, before: int
) -> list[Note]:
    notes: list[Note] = []
    columns: dict[str, pl.Series] = {}
    for row in chunk:
        names.update(dict.fromkeys(row))
    for name in names:
        series, told = typed_series(name, [row.get(name) for row in chunk], where=where, nested=admission.nested, first_row=before + 1)
        columns[name] = series
        notes += told
    spool.add(pl.DataFrame(columns))
    return notes


def _merged(notes: list[Note]) -> list[Note]:
    """One note for what was said of several chunks."""
    return list({(note.column, note.what): note for note in notes}.values())
