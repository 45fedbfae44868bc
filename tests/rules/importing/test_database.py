"""Schemas of live databases, taken with their rows; what is made goes back into a database with its constraints on."""

# ruff: noqa: E501 - statements and rows

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("sqlalchemy")

from understudy.core.errors import DataError
from understudy.rules import Dataset, Spec
from understudy.rules.ddl import references
from understudy.rules.importing import from_database

DATA = Path(os.environ.get("UNDERSTUDY_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")) / "relational"
LIBRARY = """
CREATE TABLE shelf (id INTEGER PRIMARY KEY, room TEXT NOT NULL CHECK (room IN ('A', 'B')), width NUMERIC NOT NULL CHECK (width > 0 AND width <= 3));
CREATE TABLE book (isbn TEXT PRIMARY KEY, shelf_id INTEGER NOT NULL REFERENCES shelf (id), pages INTEGER, follows TEXT REFERENCES book (isbn),
    CHECK (pages BETWEEN 1 AND 900));
CREATE TABLE reader (no INTEGER, branch INTEGER, note TEXT, PRIMARY KEY (branch, no));
CREATE TABLE loan (branch INTEGER NOT NULL, no INTEGER NOT NULL, isbn TEXT NOT NULL REFERENCES book (isbn), lent DATE NOT NULL, back DATE,
    PRIMARY KEY (branch, no, isbn), FOREIGN KEY (branch, no) REFERENCES reader (branch, no), CHECK (lent <= back));
"""


@pytest.fixture
def library(tmp_path: Path) -> str:
    """A small database with rows."""
    file = tmp_path / "library.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(LIBRARY)
        connection.executemany("INSERT INTO shelf VALUES (?, ?, ?)", [(i, "AB"[i % 2], 1 + i % 2) for i in range(12)])
        connection.executemany(
            "INSERT INTO book VALUES (?, ?, ?, NULL)", [(f"978-{i:05d}", i % 12, 50 + i if i % 4 else None) for i in range(80)]
        )
        connection.executemany("INSERT INTO reader VALUES (?, ?, NULL)", [(i, i % 3) for i in range(30)])
        loans = [
            (i % 3, i, f"978-{(7 * i + k) % 80:05d}", f"2024-0{1 + i % 9}-11", None if k else "2024-12-01")
            for i in range(30)
            for k in range(i % 4)
        ]
        connection.executemany("INSERT INTO loan VALUES (?, ?, ?, ?, ?)", loans)
    connection.close()
    return f"sqlite:///{file}"


def foreign_keys_hold(spec: Spec, made: dict[str, pl.DataFrame]) -> int:
    """All rows name rows of the other table; the number of references."""
    count = 0
    for table in spec.tables:
        for columns, other, to in references(spec, table):
            named = made[table].select(columns).drop_nulls().unique()
            there = made[other].select(to).unique().rename(dict(zip(to, columns, strict=True)))
            assert named.join(there, on=list(columns), how="anti").height == 0, (table, columns)
            count += 1
        if spec.tables[table].key:
            key = made[table].select(spec.tables[table].key)
            assert key.unique().height == key.height, table
            assert key.null_count().sum_horizontal()[0] == 0, table
    return count


def test_a_database_is_taken_with_its_rows_and_its_missing_values(library: str) -> None:
    found = from_database(library, scale=5)
    assert found.spec.tables["shelf"].rows == 60
    assert found.spec.tables["book"].rows == 400
    assert found.spec.tables["book"].columns["pages"].nulls == pytest.approx(0.25)
    assert found.spec.tables["book"].columns["follows"].nulls == 1
    assert found.spec.tables["loan"].per is not None
    made = Dataset(found.spec).sample()
    assert foreign_keys_hold(found.spec, made) == 4
    assert 100 <= made["loan"].height <= 400
    assert made["shelf"]["width"].is_between(0.01, 3).all()
    assert made["book"]["pages"].drop_nulls().is_between(1, 900).all()
    assert made["loan"].filter(pl.col("back") < pl.col("lent")).height == 0


def test_values_are_profiled_where_five_rows_share_them(library: str) -> None:
    found = from_database(library, profile=True)
    shelf, book = found.spec.tables["shelf"], found.spec.tables["book"]
    assert set(shelf.columns["room"].weights) == {"A", "B"}  # type: ignore[union-attr]
    assert shelf.columns["width"].law.values == {1.0: 0.5, 2.0: 0.5}  # type: ignore[union-attr]
    assert book.columns["pages"].low >= 40  # type: ignore[union-attr, operator]
    made = Dataset(found.spec).sample()
    assert foreign_keys_hold(found.spec, made) == 4
    assert set(made["shelf"]["width"]) == {1.0, 2.0}


def test_what_is_not_there_is_said_with_the_nearest(library: str) -> None:
    with pytest.raises(DataError, match="shelf"):
        from_database(library, tables=["shelv"])
    with pytest.raises(DataError, match="nowhere"):
        from_database("sqlite:////nowhere/x.sqlite")


def test_the_library_goes_back_into_sqlite_with_its_constraints_on(library: str, tmp_path: Path) -> None:
    spec = from_database(library, scale=3).spec
    file = tmp_path / "made.sqlite"
    Dataset(spec).write(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA foreign_key_list(loan)").fetchall() != []
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (240,)
    connection.close()


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    import sqlalchemy as sa

    engine = sa.create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    yield postgres
    engine.dispose()


@pytest.mark.postgres
def test_postgresql_takes_what_is_made_with_its_constraints_on_and_gives_the_same_schema_again(library: str, database: str) -> None:
    spec = from_database(library, scale=3).spec
    Dataset(spec).write(database)
    again = from_database(database)
    assert {name: table.key for name, table in again.spec.tables.items()} == {name: table.key for name, table in spec.tables.items()}
    assert {(r[0], r[1]) for name in spec.tables for r in references(again.spec, name)} == {
        (r[0], r[1]) for name in spec.tables for r in references(spec, name)
    }
    assert again.spec.tables["book"].rows == 240
    assert again.spec.tables["shelf"].columns["room"].type == "choice"
    assert again.spec.tables["book"].columns["pages"].high == 900  # type: ignore[union-attr]
    made = Dataset(again.spec).sample()
    assert foreign_keys_hold(again.spec, made) == 4


def real(name: str) -> str:
    file = next((DATA / name).glob("*.sqlite"), None) if (DATA / name).exists() else None
    if file is None:
        pytest.skip(f"the real data are not here: {DATA / name} (set UNDERSTUDY_DATA to their folder)")
    return f"sqlite:///{file}"


@pytest.mark.data
@pytest.mark.parametrize(("name", "tables", "keys"), [("chinook", 11, 11), ("northwind", 13, 13)])
def test_well_known_databases_are_taken_whole(name: str, tables: int, keys: int) -> None:
    spec = from_database(real(name)).spec
    assert len(spec.tables) == tables
    assert sum(len(references(spec, table)) for table in spec.tables) == keys
    made = Dataset(spec).sample()
    assert foreign_keys_hold(spec, made) == keys


@pytest.mark.data
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize(("name", "times"), [("chinook", 10), ("northwind", 100)])
def test_many_times_a_well_known_database_loads_into_postgresql_with_its_constraints_on(name: str, times: int, database: str) -> None:
    import sqlalchemy as sa

    spec = from_database(real(name), scale=times).spec
    data = Dataset(spec)
    data.write(database)
    engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        for table, rows in data.sizes().items():
            assert connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one() == rows
        declared = sum(len(sa.inspect(connection).get_foreign_keys(table)) for table in spec.tables)
    engine.dispose()
    assert declared == {"chinook": 11, "northwind": 13}[name]
