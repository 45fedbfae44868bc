"""`read` and `write_table`: any file, folder of parts or database in, any file or database table out.

The format is what the name says, and where the name says nothing, what the first bytes say.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.core.errors import ArgumentError, DataError, SinkError, did_you_mean
from understudy.data.streams import COMPRESSIONS, beginning, missing_file, replacing, require_file
from understudy.data.table import CHUNK_ROWS, Table, as_table

if TYPE_CHECKING:
    import polars as pl

    from understudy.data.admission import Admission, Infinities
    from understudy.data.columnar_writers import ArrowWriter, ParquetWriter
    from understudy.data.csv_cells import Ragged
    from understudy.data.dialect import Dialect
    from understudy.data.schema import TableSchema
    from understudy.data.sql import IfExists
    from understudy.data.values import Nested

SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".dat": "csv", ".data": "csv", ".psv": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow", ".arrows": "arrow",
    ".xlsx": "excel", ".xls": "excel", ".xlsm": "excel", ".xlsb": "excel", ".ods": "excel",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "arrow", "excel", "sqlite")
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "excel"),
    (b"SQLite format 3", "sqlite"),
)


@dataclass(frozen=True)
class _Asked:
    """What the caller asked for beyond the source; None where nothing was said. `used` tells which formats heed each."""

    query: str | None
    table: str | None
    sheet: str | int | None
    delimiter: str | None
    encoding: str | None
    quote: str | None
    header: bool | None
    decimal: str | None
    thousands: str | None
    missing: Sequence[str] | None
    ragged: Ragged | None

    def require_use(self, form: str, where: str) -> None:
        """Raises `ArgumentError` for a word that the format does not heed: nothing is ignored in silence."""
        for each in fields(self):
            heeding = _HEEDED_BY.get(each.name, ("csv", "tsv"))
            if getattr(self, each.name) is not None and form not in heeding:
                raise ArgumentError(
                    f"`{each.name}` has no meaning for {form} data.",
                    where=where,
                    remedy=f"It belongs to: {', '.join(heeding)}. Leave it out.",
                )


_HEEDED_BY = {"query": ("sql", "sqlite"), "table": ("sql", "sqlite"), "sheet": ("excel",)}


def read(
    source: str | PathLike[str] | Any,
    *,
    schema: TableSchema | str | PathLike[str] | None = None,
    format: str | None = None,  # noqa: A002
    query: str | None = None,
    table: str | None = None,
    sheet: str | int | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] | None = None,
    ragged: Ragged | None = None,
    nested: Nested = "error",
    infinities: Infinities = "error",
) -> Table:
    """A table from a file, a folder or pattern of parts, a database, or a frame.

    Args:
        source: path (CSV, TSV, JSON lines, JSON, Parquet, Arrow/Feather, Excel, SQLite; text also as .gz or .zst), folder,
            pattern such as "parts/*.csv", database URL ("postgresql://user@host/db#table", "sqlite:///shop.db#orders"), or a frame.
        schema: what the columns mean, as an object or a YAML file; inferred when first needed where None.
        format: "csv", "tsv", "jsonl", "json", "parquet", "arrow", "excel" or "sqlite", where the name does not tell.
        query, table: databases: what to read; exactly one of them.
        sheet: Excel: name of the sheet or its position from 0.
        delimiter, encoding, quote, header, decimal, thousands: delimited text: found out where None. quote="": quotes are plain characters.
        missing: delimited text: cells that stand for missing, beside the empty ones.
        ragged: delimited text: rows of another length are refused ("error") or left out and counted ("skip").
        nested: lists and mappings in cells are refused ("error") or passed as JSON text ("text").
        infinities: infinite numbers are refused ("error") or treated as missing ("null").

    Returns:
        The table. What was done to its values on the way in stands in `table.notes`.

    Raises:
        DataError: the data cannot be read as they are; names file, column and row, and says what to do.
        MissingExtraError: Excel or a database without the packages for it; names the line that installs them.
    """
    from understudy.data.admission import Admission

    asked = _Asked(query, table, sheet, delimiter, encoding, quote, header, decimal, thousands, missing, ragged)
    admission = Admission(_one_of("nested", nested, ("error", "text")), _one_of("infinities", infinities, ("error", "null")))
    _one_of("ragged", ragged, (None, "error", "skip"))
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        found = _read_named(str(source), format, asked, admission)
    elif isinstance(source, Table):
        found = source
    else:
        from understudy.data.frames import table_from_frame

        asked.require_use("DataFrame", "read")
        found = table_from_frame(source, nested=admission.nested, infinities=admission.infinities)
    return as_table(found, schema)


def write_table(
    frame: pl.DataFrame | Table | Iterable[pl.DataFrame] | Any,
    target: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    table: str | None = None,
    if_exists: IfExists = "fail",
    dialect: Dialect | None = None,
) -> None:
    """Write a table to a file or into a database, all of it or nothing.

    Args:
        frame: a frame of any library, a `Table`, or Polars frames of one schema in order (written one by one, in constant memory).
        target: path, whose suffix names the format (.csv, .tsv, .jsonl, .parquet, .arrow, .feather; text also with .gz or .zst), or
            database URL ("sqlite:///shop.db#orders"). A file that is there is replaced.
        format: where the suffix does not tell.
        table: databases: the table to write, where it is not named after the # of the URL.
        if_exists: databases: "fail", "replace" or "append" where the table is there.
        dialect: delimited text: how to write it; that of the `Table` where one is given, else plain UTF-8 with commas.

    Raises:
        SinkError: full disk, no permission, no such folder, table there already; nothing half-written is left.
    """
    if "://" in str(target):
        from understudy.data.sql import split_url, write_sql

        url, named = split_url(str(target))
        write_sql(_frames(frame), url, table or named, if_exists=_one_of("if_exists", if_exists, ("fail", "replace", "append")))
        return
    path = Path(target)
    form = _written_format(path, format)
    if dialect is None and isinstance(frame, Table):
        dialect = frame.dialect
    write = _writer(form, path, dialect)
    frames = _frames(frame)
    first = next(frames, None)
    if first is None:
        raise SinkError("There is nothing to write, not even columns.", where=str(path), remedy="Hand in at least one frame.")
    with replacing(path) as file:
        write(chain([first], frames), file)


# Reading


def _read_named(source: str, form: str | None, asked: _Asked, admission: Admission) -> Table:
    if "://" in source:
        from understudy.data.sql import read_sql

        asked.require_use("sql", source.partition("@")[2] or source)
        return read_sql(source, admission, table=asked.table, query=asked.query)
    paths, origin = _paths(source)
    for path in paths:
        require_file(path)
    form = _chosen_format(paths, form)
    asked.require_use(form, source)
    return _read_files(paths, form, asked, admission, origin)


def _read_files(paths: list[Path], form: str, asked: _Asked, admission: Admission, origin: str) -> Table:
    if form in ("csv", "tsv"):
        from understudy.data.csv import read_csv

        return read_csv(paths, _csv_options(asked, admission, form), origin=origin)
    if form == "jsonl":
        from understudy.data.json_rows import read_json_lines

        return read_json_lines(paths, admission, origin=origin)
    if form in ("parquet", "arrow"):
        from understudy.data.columnar import ArrowFile, ParquetFile, read_columnar

        return read_columnar(paths, ParquetFile if form == "parquet" else ArrowFile, admission, origin=origin)
    if len(paths) > 1:
        raise DataError(f"A folder of {form} files is not one table.", where=origin, remedy="Read them one by one.")
    if form == "json":
        from understudy.data.json_rows import read_json_array

        return read_json_array(paths[0], admission, origin=origin)
    if form == "excel":
        from understudy.data.excel import read_excel

        return read_excel(paths[0], admission, sheet=asked.sheet, origin=origin)
    from understudy.data.sql import read_sql

    return read_sql(f"sqlite:///{paths[0]}", admission, table=asked.table, query=asked.query)


def _csv_options(asked: _Asked, admission: Admission, form: str) -> Any:
    from understudy.data.csv import CsvOptions

    return CsvOptions(
        delimiter=asked.delimiter or ("\t" if form == "tsv" else None),
        encoding=asked.encoding,
        quote=asked.quote,
        header=asked.header,
        decimal=asked.decimal,
        thousands=asked.thousands,
        missing=(asked.missing,) if isinstance(asked.missing, str) else tuple(asked.missing or ()),
        ragged=asked.ragged or "error",
        infinities=admission.infinities,
    )


def _paths(source: str) -> tuple[list[Path], str]:
    """The files that `source` names, and what to call them together."""
    path = Path(source).expanduser()
    if path.is_dir():
        files = _parts(path)
        return files, files[0].name if len(files) == 1 else f"{path.name}/ ({len(files)} files)"
    if not path.exists() and glob.has_magic(source):
        files = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())
        if not files:
            raise DataError("No file matches the pattern.", where=source, remedy="Check the folder and the pattern.")
        return files, path.name if len(files) > 1 else files[0].name
    if not path.exists():
        raise missing_file(path)
    return [path], path.name


def _parts(folder: Path) -> list[Path]:
    """The data files in a folder, by name. Hidden files, names that begin with _ and a manifest are no data."""
    files = sorted(
        p for p in folder.iterdir() if p.is_file() and p.name[0] not in "._" and p.name != "manifest.json" and _format_by_name(p)
    )
    if not files:
        raise DataError(
            "The folder holds no data files.", where=str(folder), remedy=f"Read one file, or a folder of: {', '.join(FORMATS[:6])}."
        )
    return files


def _chosen_format(paths: Sequence[Path], form: str | None) -> str:
    if form is not None:
        name = form.lower().lstrip(".")
        name = SUFFIXES.get(f".{name}", name)
        if name not in FORMATS:
            raise ArgumentError(f'"{form}" is no format.', remedy=did_you_mean(name, FORMATS))
        return name
    formats = {path: _format_by_name(path) or _format_by_content(path) for path in paths}
    if len(set(formats.values())) > 1:
        first, other = paths[0], next(path for path in paths if formats[path] != formats[paths[0]])
        raise DataError(
            "The folder holds files of several formats.",
            where=f"{first.name} is {formats[first]}, {other.name} is {formats[other]}",
            remedy=f'Name those of one table by a pattern: "{first.parent}/*{first.suffix}".',
        )
    return formats[paths[0]]


def _format_by_name(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def _format_by_content(path: Path) -> str:
    start = beginning(path, 4096)
    for magic, form in _MAGIC:
        if start.startswith(magic):
            return form
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return "jsonl" if text.startswith(b"{") else "json" if text.startswith(b"[") else "csv"


# Writing


def _frames(data: Any) -> Iterator[pl.DataFrame]:
    import polars as pl

    if isinstance(data, pl.DataFrame):
        return iter([data])
    if isinstance(data, Table):
        return data.chunks(CHUNK_ROWS)
    if isinstance(data, Iterator) or (isinstance(data, (list, tuple)) and all(isinstance(each, pl.DataFrame) for each in data)):
        return iter(data)
    return as_table(data).chunks(CHUNK_ROWS)


def _written_format(path: Path, form: str | None) -> str:
    name = _chosen_format([path], form) if form is not None else _format_by_name(path)
    writable = ("csv", "tsv", "jsonl", "parquet", "arrow")
    if name is None:
        raise SinkError(
            "The file's name does not tell its format.",
            where=str(path),
            remedy="End it with .csv, .tsv, .jsonl, .parquet or .arrow, or pass format=.",
        )
    if name not in writable:
        remedy = {"sqlite": f"Write to sqlite:///{path}#TABLE.", "json": "Write .jsonl: one object a line."}.get(
            name, "Write .csv or .parquet."
        )
        raise SinkError(f"{name} files are not written.", where=str(path), remedy=remedy)
    if path.suffix.lower() in COMPRESSIONS and name in ("parquet", "arrow"):
        raise SinkError(f"{name} files are compressed within.", where=str(path), remedy=f"Leave out the {path.suffix}.")
    return name


def _writer(form: str, path: Path, dialect: Dialect | None) -> Callable[[Iterator[pl.DataFrame], BinaryIO], None]:
    if form == "jsonl":
        from understudy.data.json_rows import write_json_lines

        return write_json_lines
    if form in ("parquet", "arrow"):
        from understudy.data.columnar_writers import ArrowWriter, ParquetWriter

        return lambda frames, file: _write_all(frames, ParquetWriter(file) if form == "parquet" else ArrowWriter(file))
    from understudy.data.csv import write_csv
    from understudy.data.dialect import Dialect

    chosen = dialect or Dialect()
    chosen = replace(chosen, delimiter="\t") if form == "tsv" else chosen
    return lambda frames, file: write_csv(frames, file, chosen)


def _write_all(frames: Iterator[pl.DataFrame], writer: ParquetWriter | ArrowWriter) -> None:
    for frame in frames:
        writer.write(frame)
    writer.close()


def _one_of(name: str, value: Any, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        known = [choice for choice in choices if choice is not None]
        raise ArgumentError(f'`{name}` cannot be "{value}".', remedy=did_you_mean(str(value), known))
    return value
