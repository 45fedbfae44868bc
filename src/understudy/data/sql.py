"""Databases by URL (extra `sql`): SQLite and PostgreSQL, read in chunks and written inside one transaction; DuckDB, written.

Reading goes through one cursor — server-side on PostgreSQL — into a spool, so that the table is one snapshot however
often it is looked at. Writing to PostgreSQL goes through COPY. Passwords appear in no message.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from understudy.core.errors import ArgumentError, DataError, MissingExtraError, SinkError, UnderstudyError, did_you_mean
from understudy.data.admission import Admission, require_columns, require_rows
from understudy.data.json_rows import table_of_rows
from understudy.data.spool import Spool
from understudy.data.table import Note, Table
from understudy.data.values import typed_series

if TYPE_CHECKING:
    import sqlalchemy as sa

IfExists = Literal["fail", "replace", "append"]
_FETCHED_ROWS = 50_000
_WRITTEN_ROWS = 50_000
_KNOWN = ("sqlite", "postgresql", "duckdb")
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "sqlite": "sqlite"}

# PostgreSQL types by object identifier (pg_type.dat), so that a column's type does not hang on the values at hand.
_DTYPES_BY_OID: dict[int, Any] = {
    16: pl.Boolean, 20: pl.Int64, 21: pl.Int16, 23: pl.Int32, 26: pl.Int64, 700: pl.Float32, 701: pl.Float64,
    25: pl.String, 1042: pl.String, 1043: pl.String, 18: pl.String, 19: pl.String,
    1082: pl.Date, 1083: pl.Time, 1114: pl.Datetime("us"), 1184: pl.Datetime("us", "UTC"), 1186: pl.Duration("us"),
}  # fmt: skip
_JSON_OIDS = {114: "json", 3802: "jsonb"}
_TEXT_OIDS = {2950: "uuid", 869: "inet", 650: "cidr", 829: "macaddr", 1266: "time with time zone", **_JSON_OIDS}


def split_url(url: str) -> tuple[str, str | None]:
    """A database URL and the table named after its #, if any."""
    place, _, table = url.partition("#")
    return place, table or None


def read_sql(url: str, admission: Admission, *, table: str | None = None, query: str | None = None) -> Table:
    """A table of a database, or the result of a query.

    Args:
        url: "sqlite:///path", "postgresql://user:password@host/database", each with "#table" if wanted.
        table: its name, as "schema.table" where it is not in the default schema.
        query: one SELECT.

    Raises:
        DataError: no such database, user, table or column; binary or nested columns; names them, never the password.
        MissingExtraError: the extra `sql` is not installed.
    """
    place, named = split_url(url)
    table = table or named
    if (table is None) == (query is None):
        raise ArgumentError(
            "Say what to read: either a table or a query.",
            where=shown_url(place),
            remedy=f'read("{shown_url(place)}", table="…"), or query="SELECT …".' + _tables_listed(place),
        )
    origin = f"{shown_url(place)}/{table}" if table else f"{shown_url(place)} (query)"
    with _connected(place, DataError) as connection, _explained(connection, place, DataError):
        statement = query if query is not None else f"SELECT * FROM {_found_table(connection, str(table), place)}"  # noqa: S608 - a quoted name
        return _read_all(connection, statement.strip().rstrip(";"), admission, origin)


def write_sql(frames: Iterator[pl.DataFrame], url: str, table: str | None, *, if_exists: IfExists = "fail") -> int:
    """Write frames of one schema to a database table, all rows or none, and return their number.

    Args:
        url: as for `read_sql`, or "duckdb:///path".
        table: name of the table; made anew where it is not there.
        if_exists: "fail", "replace" it, or "append" to it.

    Raises:
        SinkError: the table is there already, lacks a column, or the database refuses; names them.
    """
    place, named = split_url(url)
    table = table or named
    if table is None:
        raise ArgumentError(
            "A database needs the name of a table to write.",
            where=shown_url(place),
            remedy=f"Add it after a #: {shown_url(place)}#synthetic",
        )
    return write_sql_tables({table: frames}, place, if_exists=if_exists)[table]


def write_sql_tables(
    tables: Mapping[str, Iterator[pl.DataFrame]], url: str, *, if_exists: IfExists = "fail", statements: Sequence[str] = ()
) -> dict[str, int]:
    """Write several tables in order, all rows of all or none, and return the number of rows of each.

    Args:
        tables: frames of one schema by the table's name, each table after those that it refers to.
        url, if_exists: as for `write_sql`; tables to be replaced are dropped in the opposite order.
        statements: SQL that makes the tables with their constraints; those that none makes are made from their columns' types.

    Raises:
        SinkError: as `write_sql`.
    """
    if database_kind(url) == "duckdb":
        from understudy.data.duckdb_tables import write_duckdb

        return write_duckdb(tables, url, if_exists=if_exists, statements=statements)
    with _connected(url, SinkError) as connection, _explained(connection, url, SinkError):
        _begin(connection, checked=bool(statements))
        _make_way(connection, list(tables), if_exists, url)
        for statement in statements:
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(statement)
        rows = {table: _write_table(connection, table, frames, url) for table, frames in tables.items()}
        connection.commit()
        return rows


@contextmanager
def opened(url: str) -> Iterator[sa.Connection]:
    """A connection to look around on. What the database refuses is a `DataError` in words."""
    with _connected(url, DataError) as connection, _explained(connection, url, DataError):
        yield connection


def database_kind(url: str) -> str:
    """ "sqlite", "postgresql" or "duckdb"; ArgumentError for another."""
    if url.startswith("duckdb://"):
        return "duckdb"
    try:
        return str(_address(url).get_backend_name())
    except ImportError:
        raise MissingExtraError.of("sql", "Reading and writing databases") from None


def shown_url(url: str) -> str:
    """The URL without its password."""
    return re.sub(r"^([\w+]+://[^/?#]*?):[^/]*@", r"\1@", url)


# Connecting


@contextmanager
def _connected(url: str, failure: type[UnderstudyError]) -> Iterator[sa.Connection]:
    try:
        import sqlalchemy as sa
    except ImportError:
        raise MissingExtraError.of("sql", "Reading and writing databases") from None
    address = _address(url)
    where = shown_url(url)
    if address.get_backend_name() == "sqlite":
        _require_sqlite_file(address.database, where, failure)
    try:
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        connection = engine.connect()
    except ImportError:
        raise MissingExtraError.of("sql", "Reading and writing PostgreSQL") from None
    except sa.exc.DBAPIError as error:
        raise failure(f"The database cannot be opened: {_reason(error)}.", where=where, remedy=_connection_remedy(_reason(error))) from None
    try:
        yield connection
    finally:
        connection.close()
        engine.dispose()


def _address(url: str) -> sa.URL:
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ArgumentError(
            "This is no database URL.", where=shown_url(url), remedy="Write postgresql://user@host:port/database or sqlite:///path."
        ) from None
    backend = address.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise ArgumentError(
            f'Databases of the kind "{backend}" are not handled.', where=shown_url(url), remedy=did_you_mean(backend, _KNOWN)
        )
    return address.set(drivername=_DRIVERS[backend])


def _require_sqlite_file(path: str | None, where: str, failure: type[UnderstudyError]) -> None:
    if not path or path == ":memory:":
        raise failure("A database in memory holds nothing.", where=where, remedy="Name a file: sqlite:///path.")
    if failure is DataError:
        from understudy.data.streams import require_file

        require_file(Path(path))


def _connection_remedy(reason: str) -> str:
    if "password" in reason or "authentication" in reason:
        return "Check the user and password in the URL, or set PGPASSWORD."
    if "does not exist" in reason:
        return "Check the name of the database or user."
    return "Check that the server runs and that host and port are right."


def _reason(error: Any) -> str:
    """What the driver said, one line, without statement, parameters or connection string."""
    text = str(getattr(error, "orig", None) or error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = next((line for line in lines if "FATAL" in line or "failed:" in line), lines[0] if lines else type(error).__name__)
    line = line.rpartition("FATAL:")[2].strip() if "FATAL:" in line else line
    return re.sub(r"(password=)\S+", r"\1…", line).rstrip(".")


@contextmanager
def _explained(connection: sa.Connection, url: str, failure: type[UnderstudyError]) -> Iterator[None]:
    import sqlalchemy as sa

    drivers: tuple[type[Exception], ...] = (sa.exc.SQLAlchemyError, sqlite3.Error)
    if connection.dialect.name == "postgresql":
        import psycopg

        drivers = (*drivers, psycopg.Error)
    try:
        yield
    except drivers as error:
        reason = _reason(error)
        remedy = "Check the statement and the permissions; nothing was written." if failure is SinkError else "Check the query."
        raise failure(
            f"The database refused: {reason}.", where=shown_url(url), remedy=_column_remedy(reason, connection) or remedy
        ) from None


def _column_remedy(reason: str, connection: sa.Connection) -> str | None:
    """For a column that is not there: the nearest of all columns."""
    match = re.search(r'column "?(?:\w+\.)?([^"\s]+)"? does not exist|no such column: (?:\w+\.)?(\S+)', reason)
    table = re.search(r'relation "([^"]+)" does not exist|no such table: (\S+)', reason)
    if not (match or table):
        return None
    # Both: the driver's cursor may have begun a transaction that the connection knows nothing of.
    connection.rollback()
    connection.connection.rollback()
    if match:
        word = match[1] or match[2]
        return did_you_mean(word, sorted({column for table in _tables(connection) for column in _columns(connection, table)}))
    assert table is not None
    return did_you_mean(table[1] or table[2], _tables(connection))


# Tables and columns that are there


def _tables(connection: sa.Connection) -> list[str]:
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    default = inspector.default_schema_name
    names = inspector.get_table_names() + inspector.get_view_names()
    for schema in inspector.get_schema_names():
        if schema not in (default, "information_schema", "main"):
            names += [f"{schema}.{name}" for name in inspector.get_table_names(schema=schema)]
    return list(names)


def _columns(connection: sa.Connection, table: str) -> list[str]:
    import sqlalchemy as sa

    name, schema = _split_name(connection, table)
    return [column["name"] for column in sa.inspect(connection).get_columns(name, schema=schema)]


def _split_name(connection: sa.Connection, table: str) -> tuple[str, str | None]:
    """Name and schema. A dot is part of the name where a table is called so."""
    import sqlalchemy as sa

    schema, dot, name = table.partition(".")
    if dot and not sa.inspect(connection).has_table(table) and schema in sa.inspect(connection).get_schema_names():
        return name, schema
    return table, None


def _found_table(connection: sa.Connection, table: str, url: str) -> str:
    """The table's name, quoted for a statement. Raises `DataError` with the nearest name where it is not there."""
    import sqlalchemy as sa

    name, schema = _split_name(connection, table)
    if not sa.inspect(connection).has_table(name, schema=schema):
        raise DataError(f'There is no table "{table}".', where=shown_url(url), remedy=did_you_mean(table, _tables(connection)))
    return _quoted(name, schema)


def _quoted(name: str, schema: str | None = None) -> str:
    """A name for a statement, as the standard and both databases quote it."""
    text = '"' + name.replace('"', '""') + '"'
    return f"{_quoted(schema)}.{text}" if schema else text


def _tables_listed(url: str) -> str:
    with _connected(url, DataError) as connection:
        names = _tables(connection)
    return f" Tables: {', '.join(names[:12])}." if names else ""


# Reading


def _read_all(connection: sa.Connection, statement: str, admission: Admission, origin: str) -> Table:
    with closing(_cursor(connection)) as cursor:
        cursor.execute(statement)
        if cursor.description is None:
            raise DataError("The statement gives no rows.", where=origin, remedy="Hand in one SELECT.")
        names = require_columns((column[0] for column in cursor.description), where=origin)
        # SQLite has no types of columns; its cells are typed one by one.
        oids = [int(column[1]) for column in cursor.description] if connection.dialect.name == "postgresql" else []
        declared = {name: _TEXT_OIDS[oid] for name, oid in zip(names, oids, strict=False) if oid in _TEXT_OIDS}
        notes = {(name, "read as text"): Note(name, "read as text", f"its type is {kind}") for name, kind in declared.items()}
        spool = Spool()
        count = 0
        while rows := cursor.fetchmany(_FETCHED_ROWS):
            frame, told = _frame(rows, names, oids, admission, origin, count)
            spool.add(frame)
            for note in told:
                notes.setdefault((str(note.column), note.what), note)
            count += len(rows)
    require_rows(count, where=origin)
    source, unified = spool.source()
    return table_of_rows(source, [*notes.values(), *unified], admission, origin, where=origin)


def _cursor(connection: sa.Connection) -> Any:
    """The driver's own cursor, which takes a statement as it is; on PostgreSQL one that stays on the server, with JSON as text."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql":
        return driver.cursor()
    from psycopg.types.string import TextLoader

    for name in _JSON_OIDS.values():
        driver.adapters.register_loader(name, TextLoader)
    return driver.cursor(name="understudy")


def _frame(
    rows: Sequence[Any], names: list[str], oids: list[int], admission: Admission, where: str, before: int
) -> tuple[pl.DataFrame, list[Note]]:
    columns: dict[str, pl.Series] = {}
    notes: list[Note] = []
    for position, name in enumerate(names):
        values = [row[position] for row in rows]
        dtype = _DTYPES_BY_OID.get(oids[position]) if oids else None
        if dtype is not None:
            columns[name] = pl.Series(name, values, dtype=dtype)
        else:
            columns[name], told = typed_series(name, values, where=where, nested=admission.nested, first_row=before + 1)
            notes += told
    return pl.DataFrame(columns), notes


# Writing


def _begin(connection: sa.Connection, *, checked: bool) -> None:
    """A transaction. On SQLite the driver would else make tables outside of it; and foreign keys are `checked` only on request."""
    if connection.dialect.name == "sqlite":
        if checked:
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_way(connection: sa.Connection, tables: list[str], if_exists: IfExists, url: str) -> None:
    """Drop tables that are to be replaced, those first that refer to others. SinkError where one is there that must not be."""
    import sqlalchemy as sa

    for table in reversed(tables) if if_exists != "append" else ():
        name, schema = _split_name(connection, table)
        if not sa.inspect(connection).has_table(name, schema=schema):
            continue
        if if_exists == "fail":
            raise there_already(table, shown_url(url))
        sa.Table(name, sa.MetaData(), schema=schema).drop(connection)


def there_already(table: str, where: str) -> SinkError:
    return SinkError(f'The table "{table}" is there already.', where=where, remedy='Name another, or pass if_exists="replace" or "append".')


def _write_table(connection: sa.Connection, table: str, frames: Iterator[pl.DataFrame], url: str) -> int:
    first = next(frames, None)
    if first is None:
        return 0
    target = _prepared_table(connection, table, first, url)
    rows = 0
    for frame in chain([first], frames):
        _insert(connection, target, frame)
        rows += frame.height
    return rows


def _prepared_table(connection: sa.Connection, table: str, first: pl.DataFrame, url: str) -> sa.Table:
    """The table, made where it is not there; SinkError where it lacks a column."""
    import sqlalchemy as sa

    require_columns(first.columns, where=shown_url(url))
    name, schema = _split_name(connection, table)
    target = sa.Table(
        name, sa.MetaData(), *(sa.Column(column, _sql_type(column, dtype)) for column, dtype in first.schema.items()), schema=schema
    )
    if not sa.inspect(connection).has_table(name, schema=schema):
        target.create(connection)
        return target
    require_known(first.columns, _columns(connection, table), table, shown_url(url))
    return target


def require_known(columns: Sequence[str], known: Sequence[str], table: str, where: str) -> None:
    """Raise `SinkError` for a column that the table lacks."""
    for column in columns:
        if column not in known:
            raise SinkError(f'The table "{table}" has no column "{column}".', where=where, remedy=did_you_mean(column, known))


def _sql_type(name: str, dtype: pl.DataType) -> Any:
    import sqlalchemy as sa

    if isinstance(dtype, pl.Datetime):
        return sa.DateTime(timezone=dtype.time_zone is not None)
    if isinstance(dtype, pl.Decimal):
        return sa.Numeric(dtype.precision, dtype.scale)
    plain: dict[Any, Any] = {
        pl.Int8: sa.SmallInteger, pl.Int16: sa.SmallInteger, pl.UInt8: sa.SmallInteger, pl.Int32: sa.Integer, pl.UInt16: sa.Integer,
        pl.Int64: sa.BigInteger, pl.UInt32: sa.BigInteger, pl.UInt64: sa.Numeric(20, 0), pl.Float32: sa.REAL, pl.Float64: sa.Double,
        pl.Boolean: sa.Boolean, pl.String: sa.Text, pl.Categorical: sa.Text, pl.Enum: sa.Text, pl.Null: sa.Text,
        pl.Date: sa.Date, pl.Time: sa.Time, pl.Duration: sa.Interval,
    }  # fmt: skip
    found = plain.get(dtype.base_type())
    if found is None:
        raise SinkError(f'Column "{name}" of type {dtype} has no place in a database.', remedy="Turn it into text first.")
    return found


def _insert(connection: sa.Connection, target: sa.Table, frame: pl.DataFrame) -> None:
    if connection.dialect.name == "postgresql":
        _copy(connection, target, frame)
        return
    plain = _for_sqlite(frame)
    columns = ", ".join(_quoted(name) for name in frame.columns)
    marks = ", ".join("?" * frame.width)
    statement = f"INSERT INTO {_quoted(target.name, target.schema)} ({columns}) VALUES ({marks})"  # noqa: S608 - quoted names only
    for start in range(0, plain.height, _WRITTEN_ROWS):
        connection.exec_driver_sql(statement, plain.slice(start, _WRITTEN_ROWS).rows())


def _for_sqlite(frame: pl.DataFrame) -> pl.DataFrame:
    """SQLite knows whole numbers, floats and text: dates and times are written as ISO 8601 text, as its own functions read them."""
    changed: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            changed.append(column.dt.strftime("%Y-%m-%d %H:%M:%S%.6f" + ("%:z" if dtype.time_zone else "")))
        elif isinstance(dtype, pl.Duration):
            changed.append(column.dt.to_string("iso"))
        elif dtype in (pl.Date, pl.Time, pl.Categorical, pl.Enum, pl.Decimal) or dtype == pl.UInt64:
            changed.append(column.cast(pl.String))
    return frame.with_columns(changed)


def _copy(connection: sa.Connection, target: sa.Table, frame: pl.DataFrame) -> None:
    columns = ", ".join(_quoted(name) for name in frame.columns)
    # Quoting all but numbers leaves \N as the one unquoted word, so no text can be taken for missing.
    statement = f"COPY {_quoted(target.name, target.schema)} ({columns}) FROM STDIN (FORMAT csv, NULL '\\N', ENCODING 'UTF8')"
    plain = frame.with_columns(pl.col(pl.Duration).dt.to_string("iso"))
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for start in range(0, plain.height, _WRITTEN_ROWS):
                text: str = plain.slice(start, _WRITTEN_ROWS).write_csv(include_header=False, null_value="\\N", quote_style="non_numeric")
                copy.write(text)
    finally:
        cursor.close()
