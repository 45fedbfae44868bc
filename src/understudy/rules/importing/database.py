"""The schema of a live database (extra `sql`): tables, keys, references and checks as the database tells them, rows and missing values
counted there, and values profiled where wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from understudy.core.errors import DataError, did_you_mean
from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.checks import read_check_text
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.types import set_type, split_type
from understudy.rules.law import Law

if TYPE_CHECKING:
    import sqlalchemy as sa

_DIALECTS = {"postgresql": "postgres"}
_CHILDREN_TOLD = 12


def from_database(
    url: str, *, tables: Iterable[str] | None = None, schema: str | None = None, rows: int = ROWS, scale: float = 1.0, profile: bool = False
) -> Imported:
    """A spec of the tables of a database, with as many rows.

    Args:
        url: "sqlite:///path", "postgresql://user:password@host/database" or "duckdb:///path".
        tables: only these.
        schema: of the tables, where it is not the default one.
        rows: of each table, where all are empty.
        scale: so many times the rows that are there.
        profile: propose values from those that are there, where at least five rows share them.

    Raises:
        DataError: no such database, user or table; in words, without the password.
        MissingExtraError: the extra `sql` (for checks, `rules` too) is not installed.
    """
    from understudy.data.sql import database_kind, opened, shown_url

    if database_kind(url) == "duckdb":
        return _from_duckdb(url, rows=rows, scale=scale)
    with opened(url) as connection:
        reader = _Reader(connection, schema, shown_url(url))
        declared = reader.read(list(tables) if tables is not None else None)
        if profile:
            from understudy.rules.importing.sample import profile_table

            for table in declared.tables.values():
                profile_table(declared, table, reader.frame(table.name))
        return build(declared, rows=rows, scale=scale)


def _from_duckdb(url: str, *, rows: int, scale: float) -> Imported:
    """DuckDB tells the statements that would make its tables."""
    from understudy.core.errors import MissingExtraError
    from understudy.rules.importing.ddl import declared_of

    try:
        import duckdb
    except ImportError:
        raise MissingExtraError.of("sql", "Reading DuckDB files") from None
    path = re.sub(r"^duckdb:/{2,3}", "", url)
    try:
        with duckdb.connect(path, read_only=True) as connection:
            found = connection.execute("SELECT table_name, sql, estimated_size FROM duckdb_tables() WHERE NOT internal").fetchall()
    except duckdb.Error as error:
        raise DataError(f"The database cannot be read: {str(error).splitlines()[0]}.", where=path) from None
    declared = declared_of(";\n".join(sql.rstrip(";") for _, sql, _ in found), dialect="duckdb", origin=path)
    if any(size for _, _, size in found):
        for name, _, size in found:
            if name in declared.tables:
                declared.tables[name].rows = int(size)
    return build(declared, rows=rows, scale=scale)


class _Reader:
    """What SQLAlchemy's inspection tells, as declarations."""

    def __init__(self, connection: sa.Connection, schema: str | None, where: str) -> None:
        import sqlalchemy as sa

        self._connection, self._schema, self._where = connection, schema, where
        self._inspector = sa.inspect(connection)
        self._dialect = _DIALECTS.get(connection.dialect.name, connection.dialect.name)
        self._rows: dict[str, int] = {}
        self._declared = Declared(name=re.sub(r"\W+", "_", where.rpartition("/")[2].partition(".")[0]) or "data", fan_out=self._fan_out)

    def read(self, wanted: list[str] | None) -> Declared:
        there = self._inspector.get_table_names(schema=self._schema)
        for name in wanted or []:
            if name not in there:
                raise DataError(f'There is no table "{name}".', where=self._where, remedy=did_you_mean(name, there))
        if not there:
            raise DataError("The database has no tables.", where=self._where, remedy="Name the schema, if it is not the default one.")
        for name in there if wanted is None else wanted:
            self._table(name)
        for name, table in self._declared.tables.items():
            self._checks(name, table)
        self._count()
        return self._declared

    def frame(self, table: str) -> Any:
        """All rows of a table, read as any table is."""
        from understudy.data.files import read

        url = self._connection.engine.url.render_as_string(hide_password=False)
        return read(re.sub(r"^postgresql\+psycopg", "postgresql", url), table=f"{self._schema}.{table}" if self._schema else table)

    def _table(self, name: str) -> None:
        table = self._declared.tables[name] = DeclaredTable(name)
        inspector: Any = self._inspector
        for told in inspector.get_columns(name, schema=self._schema):
            self._column(table, told)
        table.key = tuple(inspector.get_pk_constraint(name, schema=self._schema).get("constrained_columns") or ())
        for key in table.key:
            table.columns[key].nullable = False
        for told in inspector.get_foreign_keys(name, schema=self._schema):
            to = tuple(told["referred_columns"])
            table.references.append(DeclaredReference(tuple(told["constrained_columns"]), told["referred_table"], to))
        sets = [tuple(told["column_names"]) for told in inspector.get_unique_constraints(name, schema=self._schema)]
        for told in inspector.get_indexes(name, schema=self._schema):
            if told.get("unique"):
                self._unique_index(table, told, sets)
        table.unique = [names for names in dict.fromkeys(sets) if names != table.key]

    def _unique_index(self, table: DeclaredTable, told: Any, sets: list[tuple[str, ...]]) -> None:
        names = tuple(told.get("column_names") or ())
        options = told.get("dialect_options") or {}
        if None in names or told.get("expressions") or any(key.endswith("_where") for key in options):
            self._declared.note(
                "left out", f"the unique index {told['name']}, which is of an expression or of a part of the rows", table.name
            )
        elif names:
            sets.append(names)

    def _column(self, table: DeclaredTable, told: Any) -> None:
        column = DeclaredColumn(told["name"], nullable=bool(told.get("nullable", True)), description=told.get("comment"))
        table.add(column)
        identity = told.get("identity")
        if identity:
            column.identity, column.start = True, int(identity.get("start") or 1)
        if str(told.get("default") or "").startswith("nextval("):
            column.identity = True
        default = re.fullmatch(r"'((?:[^']|'')*)'(?:::.*)?|(-?\d+)", str(told.get("default")))
        if default is not None:
            column.default = default[1].replace("''", "'") if default[1] is not None else int(default[2])
        self._type(table, column, told["type"])
        if told.get("computed"):
            read_check_text(self._declared, table, f'"{column.name}" = ({told["computed"]["sqltext"]})', self._dialect)

    def _type(self, table: DeclaredTable, column: DeclaredColumn, kind: Any) -> None:
        import sqlalchemy as sa

        from understudy.rules.importing.ddl import without_type

        if type(kind).__name__ == "DOMAIN":
            if kind.check:
                read_check_text(self._declared, table, re.sub(r"\bVALUE\b", f'"{column.name}"', str(kind.check)), self._dialect)
            column.nullable = column.nullable and not kind.not_null
            kind = kind.data_type
        if isinstance(kind, sa.Enum) and kind.enums:
            column.kind, column.choices = "text", list(kind.enums)
            return
        if isinstance(kind, sa.types.NullType):
            if self._dialect != "sqlite":
                without_type(self._declared, table, column, "that is not known here")
            return
        shown = str(kind)
        if isinstance(kind, sa.ARRAY) or not set_type(column, *split_type(shown)):
            without_type(self._declared, table, column, f"{kind.item_type}[]" if isinstance(kind, sa.ARRAY) else shown)

    def _checks(self, name: str, table: DeclaredTable) -> None:
        for told in self._inspector.get_check_constraints(name, schema=self._schema):
            read_check_text(self._declared, table, told["sqltext"], self._dialect, told.get("name"))

    # ---- counted there

    def _count(self) -> None:
        """Rows and missing values of every table."""
        counted = {name: self._counts(table) for name, table in self._declared.tables.items()}
        if not any(rows for rows, _ in counted.values()):
            self._declared.note("guessed", "all tables are empty: the numbers of rows are guessed")
            return
        for name, (rows, present) in counted.items():
            table = self._declared.tables[name]
            self._rows[name] = table.rows = rows
            if rows == 0:
                self._declared.note("guessed", "the table is empty there, and here too", name)
            for column, filled in zip(table.columns.values(), present, strict=True):
                if column.nullable and rows and column.nulls is None:
                    column.nulls = round(1 - filled / rows, 4)

    def _counts(self, table: DeclaredTable) -> tuple[int, list[int]]:
        import sqlalchemy as sa

        counts = [sa.func.count(sa.column(name)) for name in table.columns]
        statement = sa.select(sa.func.count(), *counts).select_from(self._source(table.name))
        rows, *present = self._connection.execute(statement).one()
        return int(rows), [int(number) for number in present]

    def _source(self, name: str) -> sa.TableClause:
        import sqlalchemy as sa

        return sa.table(name, schema=self._schema)

    def _fan_out(self, name: str, reference: DeclaredReference) -> tuple[Law, int] | None:
        """How many rows refer to each row of the other table, as a law, and a bound."""
        import sqlalchemy as sa

        owners = self._rows.get(reference.table)
        if not owners or not self._rows.get(name):
            return None
        columns: list[Any] = [sa.column(column) for column in reference.columns]
        each = sa.select(sa.func.count().label("n")).select_from(self._source(name)).group_by(*columns).subquery()
        counted = self._connection.execute(sa.select(each.c.n, sa.func.count()).group_by(each.c.n))
        found = {int(n): int(times) for n, times in counted}
        found[0] = max(0, owners - sum(found.values()))
        found = {n: times for n, times in found.items() if times}
        return law_of_counts(found), 2 ** (2 * max(found) - 1).bit_length()


def law_of_counts(found: dict[int, int]) -> Law:
    """A law of counts seen: the counts themselves where all are small and shared by five owners; else one with their mean and variance."""
    owners = sum(found.values())
    mean = sum(n * times for n, times in found.items()) / owners
    if mean == 0:
        return Law.model_validate({"values": {0: 1.0}})
    if max(found) <= _CHILDREN_TOLD and min(found.values()) >= 5:
        return Law.model_validate({"values": {n: round(found[n] / owners, 4) for n in sorted(found)}})
    variance = sum(times * (n - mean) ** 2 for n, times in found.items()) / owners
    if variance <= mean * 1.05:
        return Law.model_validate({"poisson": {"mu": round(mean, 4)}})
    p = mean / variance
    return Law.model_validate({"nbinom": {"n": round(mean * p / (1 - p), 4), "p": round(p, 6)}})
