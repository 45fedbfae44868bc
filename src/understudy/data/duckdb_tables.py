"""Tables of a DuckDB file (extra `duckdb`), written frame by frame inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Literal

import polars as pl

from understudy.core.errors import ArgumentError, MissingExtraError, SinkError
from understudy.data.admission import require_columns

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

IfExists = Literal["fail", "replace", "append"]
_ROWS = "understudy_rows"


def write_duckdb(
    tables: Mapping[str, Iterator[pl.DataFrame]], url: str, *, if_exists: IfExists = "fail", statements: Sequence[str] = ()
) -> dict[str, int]:
    """As `data.sql.write_sql_tables`, for "duckdb:///path"."""
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError.of("duckdb", "Writing DuckDB files") from None
    path = _path(url)
    try:
        with closing(duckdb.connect(path)) as connection:
            connection.execute("BEGIN")
            _make_way(connection, list(tables), if_exists, url)
            for statement in statements:
                connection.execute(statement)
            rows = {table: _write_table(connection, table, frames, url) for table, frames in tables.items()}
            connection.execute("COMMIT")
            return rows
    except duckdb.Error as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise SinkError(f"The database refused: {reason}.", where=url, remedy="Nothing was written.") from None


def _path(url: str) -> str:
    path = url.removeprefix("duckdb:///")
    if path == url or not path or path == ":memory:":
        raise ArgumentError(
            "A DuckDB database is a file.", where=url, remedy="Write duckdb:///path.duckdb (four slashes for /an/absolute/path)."
        )
    return path


def _make_way(connection: duckdb.DuckDBPyConnection, tables: list[str], if_exists: IfExists, url: str) -> None:
    from understudy.data.sql import there_already

    for table in reversed(tables) if if_exists != "append" else ():
        if not _columns(connection, table):
            continue
        if if_exists == "fail":
            raise there_already(table, url)
        connection.execute(f"DROP TABLE {_quoted(table)}")


def _write_table(connection: duckdb.DuckDBPyConnection, table: str, frames: Iterator[pl.DataFrame], url: str) -> int:
    from understudy.data.sql import require_known

    first = next(frames, None)
    if first is None:
        return 0
    require_columns(first.columns, where=url)
    known = _columns(connection, table)
    if known:
        require_known(first.columns, known, table, url)
    rows = 0
    for frame in chain([first], frames):
        connection.register(_ROWS, _arrow(frame))
        if not known:
            connection.execute(f"CREATE TABLE {_quoted(table)} AS SELECT * FROM {_ROWS} LIMIT 0")  # noqa: S608 - quoted names only
            known = frame.columns
        columns = ", ".join(_quoted(name) for name in frame.columns)
        connection.execute(f"INSERT INTO {_quoted(table)} ({columns}) SELECT {columns} FROM {_ROWS}")  # noqa: S608
        connection.unregister(_ROWS)
        rows += frame.height
    return rows


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    found = connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]).fetchall()
    return [name for (name,) in found]


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """Categories as text: their list may differ from frame to frame. A column of nothing has no type of its own. Times in microseconds."""
    import pyarrow as pa

    table = frame.with_columns(pl.col(pl.Categorical, pl.Enum, pl.Null).cast(pl.String)).to_arrow()
    times = [pa.time64("us") if pa.types.is_time(column.type) else column.type for column in table.schema]
    return table.cast(pa.schema(zip(table.column_names, times, strict=True)), safe=False)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
