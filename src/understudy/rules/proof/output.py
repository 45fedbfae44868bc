"""What is to be proven, as views in DuckDB: folders of Parquet, CSV, JSON lines or Arrow files, databases, frames.

Every written column is there in the type of its kind; where it is stored in another, what could not be read stays beside it, so that the
check of types can tell. The order of rows is that of the files by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from understudy.core.errors import DataError, MissingExtraError, did_you_mean
from understudy.data.expression_sql import literal, quoted
from understudy.rules.proof.compiling import unread
from understudy.rules.proof.facts import Facts

SQL_TYPES = {
    "integer": "BIGINT", "decimal": "DOUBLE", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP",
    "time": "TIME", "duration": "BIGINT",
}  # fmt: skip
_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".arrow": "arrow"}
_DATABASES = (".db", ".sqlite", ".sqlite3", ".duckdb")
_CHUNK = 200_000


def connected(threads: int | None, memory: str | None, temporary: str | Path | None) -> Any:
    """An empty DuckDB that reaches nothing outside: no extension is fetched."""
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError.of("duckdb", "A proof") from None
    options: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "preserve_insertion_order": True}
    if threads is not None:
        options["threads"] = threads
    if memory is not None:
        options["memory_limit"] = memory
    if temporary is not None:
        options["temp_directory"] = str(temporary)
    return duckdb.connect(config=options)


class Output:
    """The tables of an output as views "TABLE"; kinds of columns that the spec does not tell go into `facts.seen`."""

    def __init__(self, connection: Any, facts: Facts, source: Any) -> None:
        self.connection, self.facts = connection, facts
        self.files: dict[str, list[Path]] = {}
        self._source = source
        self._frames: Mapping[str, Any] | None = source if isinstance(source, Mapping) else None
        self.shown = "tables in memory" if self._frames is not None else str(source)
        for table in facts.spec.tables:
            self._view(table, *self._relation(table))

    def close(self) -> None:
        self.connection.close()

    # -- where a table is

    def _relation(self, table: str) -> tuple[str, bool]:
        """SQL of a table as it is stored, and whether its columns have types."""
        if self._frames is not None:
            return self._frame(table, self._frames), True
        if isinstance(self._source, str) and "://" in self._source and not self._source.startswith("duckdb:"):
            return self._from_database(table, self._source), True
        path = Path(str(self._source).removeprefix("duckdb:///"))
        if path.suffix in _DATABASES and path.is_file():
            return self._of_database_file(table, path)
        return self._of_folder(table, path)

    def _frame(self, table: str, frames: Mapping[str, Any]) -> str:
        if table not in frames:
            raise DataError(f'The table "{table}" is not among those to prove.', remedy=did_you_mean(table, frames))
        import narwhals as nw

        given = frames[table]
        frame = given if isinstance(given, pl.DataFrame) else nw.from_native(given, eager_only=True).to_polars()
        self.connection.register(f"{table} stored", frame.to_arrow())
        return quoted(f"{table} stored")

    def _of_folder(self, table: str, folder: Path) -> tuple[str, bool]:
        found = self._parts(table, folder)
        if not found:
            raise DataError(
                f'There are no files of the table "{table}".',
                where=str(folder),
                remedy=f"Expected {table}/part-00000.parquet, or {table}.csv.",
            )
        form = _SUFFIXES[found[0].suffix]
        self.files[table] = found
        listed = "[" + ", ".join(literal(str(path)) for path in found) + "]"
        match form:
            case "parquet":
                return f"read_parquet({listed})", True
            case "csv":
                return f"read_csv({listed}, all_varchar = true, header = true, nullstr = '', allow_quoted_nulls = false)", False
            case "jsonl":
                columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.facts.table(table).visible)
                return f"read_json({listed}, format = 'newline_delimited', columns = {{{columns}}})", False
        import pyarrow.dataset as ds

        self.connection.register(f"{table} stored", ds.dataset([str(path) for path in found], format="ipc"))
        return quoted(f"{table} stored"), True

    def _parts(self, table: str, folder: Path) -> list[Path]:
        """The files of a table: a folder of parts, one file of its name, or parts right here where it is the only table."""
        places = [folder / table] + ([folder] if len(self.facts.spec.tables) == 1 else [])
        for place in places:
            for suffix in _SUFFIXES:
                parts = sorted(place.glob(f"part-*{suffix}")) if place.is_dir() else []
                if parts:
                    return parts
        whole = [folder / f"{table}{suffix}" for suffix in _SUFFIXES]
        if len(self.facts.spec.tables) == 1 and folder.suffix in _SUFFIXES:
            whole.append(folder)
        return [path for path in whole if path.is_file()][:1]

    def _of_database_file(self, table: str, path: Path) -> tuple[str, bool]:
        if path.suffix != ".duckdb":
            return self._from_database(table, f"sqlite:///{path}"), True
        attached = {name for (name,) in self.connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
        if "output" not in attached:
            self.connection.execute(f"ATTACH {literal(str(path))} AS output (READ_ONLY)")
        return f"output.main.{quoted(table)}", True

    def _from_database(self, table: str, url: str) -> str:
        """A table of another database, copied over in chunks."""
        from understudy.data.files import read

        name = quoted(f"{table} stored")
        for number, chunk in enumerate(read(url, table=table).chunks(_CHUNK)):
            self.connection.register("chunk", chunk.to_arrow())
            self.connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM chunk" if number == 0 else f"INSERT INTO {name} SELECT * FROM chunk"
            )
            self.connection.unregister("chunk")
        return name

    # -- as it should be

    def _view(self, table: str, relation: str, typed: bool) -> None:
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        stored = {row[0]: str(row[1]) for row in described}
        columns = self.facts.table(table).visible
        missing = [name for name in columns if name not in stored]
        if missing:
            raise DataError(f'The table "{table}" has no column "{missing[0]}".', where=self.shown, remedy=did_you_mean(missing[0], stored))
        if typed:
            for name in columns:
                self.facts.seen[table, name] = _kind(stored[name])
        parts = [part for name in columns for part in self._column(table, name, stored[name], typed)]
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS SELECT {', '.join(parts)} FROM {relation}")

    def _column(self, table: str, name: str, stored: str, typed: bool) -> tuple[str, str]:
        """A column in the type of its kind, and what of it could not be read."""
        kind = self.facts.kind(table, name) or (_kind(stored) if typed else "text")
        wanted, source = SQL_TYPES[kind], quoted(name)
        if stored == wanted:
            return source, f"NULL AS {quoted(unread(name))}"
        if typed and _kind(stored) == kind:
            return f"{source}::{wanted} AS {quoted(name)}", f"NULL AS {quoted(unread(name))}"
        return f"TRY_CAST({source} AS {wanted}) AS {quoted(name)}", f"{source}::VARCHAR AS {quoted(unread(name))}"

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()[0][0])

    def frame(self, query: str) -> pl.DataFrame:
        """A query's rows."""
        return pl.DataFrame(pl.from_arrow(self.connection.sql(query).to_arrow_table()))


def _kind(stored: str) -> str:
    """The kind of a type of DuckDB's."""
    if stored.startswith(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")):
        return "integer"
    if stored.startswith(("FLOAT", "DOUBLE", "DECIMAL", "REAL")):
        return "decimal"
    if stored.startswith("TIMESTAMP"):
        return "datetime"
    return {"BOOLEAN": "boolean", "DATE": "date", "TIME": "time", "INTERVAL": "duration", "TIME_NS": "time"}.get(stored, "text")
