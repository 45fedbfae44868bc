"""Databases: SQLite in a file, and a PostgreSQL server that the tests start themselves."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from understudy.core.errors import ArgumentError, DataError, SinkError
from understudy.data import read, write_table
from understudy.data.sql import shown_url, write_sql
from understudy.data.table import Table

pytest.importorskip("sqlalchemy")


def mixed() -> pl.DataFrame:
    """One column of every type that a table may hold, with missing cells, empty text and text that needs care."""
    return pl.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "small": pl.Series([1, -2, None, 3], dtype=pl.Int16),
            "rate": [1.5, None, -1e-7, 1e22],
            "word": ["plain", "", None, 'a "b", \\N\tc\nd\\'],
            "flag": [True, None, False, True],
            "day": [dt.date(2020, 2, 29), None, dt.date(1999, 12, 31), dt.date(2024, 1, 1)],
            "at": [dt.datetime(2020, 1, 2, 3, 4, 5, 678901), None, dt.datetime(1970, 1, 1), dt.datetime(2038, 1, 19)],
            "clock": [dt.time(1, 2, 3), None, dt.time(0), dt.time(23, 59, 59)],
        }
    )


@pytest.fixture
def empty(postgres: str) -> str:
    """The PostgreSQL database with nothing in it."""
    _execute(postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS sales CASCADE")
    return postgres


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def _what(table: Table, column: str) -> str:
    return " ".join(str(note) for note in table.notes if note.column == column)


# SQLite


def test_sqlite_gives_back_what_was_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    frame = mixed().drop("flag", "day", "at", "clock", "small")
    write_table(frame, f"{url}#orders")
    assert_frame_equal(read(f"{url}#orders").frame, frame)
    assert_frame_equal(read(tmp_path / "shop.db", table="orders").frame, frame)
    assert read(url, query="SELECT word FROM orders WHERE id > 2;").frame["word"].to_list() == [None, 'a "b", \\N\tc\nd\\']


def test_sqlite_keeps_dates_and_times_as_iso_text(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    write_table(mixed(), f"{url}#orders")
    first = read(f"{url}#orders").frame.row(0, named=True)
    assert first["day"] == "2020-02-29"
    assert first["at"] == "2020-01-02 03:04:05.678901"


def test_sqlite_columns_of_several_types_become_text_and_say_so(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, 1), ("n/a", 2.5), (None, None)])
    connection.close()
    table = read(tmp_path / "x.db", table="t")
    assert table.frame["a"].to_list() == ["1", "n/a", None]
    assert table.frame["b"].to_list() == [1.0, 2.5, None]
    assert "whole numbers" in _what(table, "a")


def test_sqlite_type_is_decided_over_all_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.data.sql._FETCHED_ROWS", 2)
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(None, 1), (None, 2), (3, 2.5), (4, 1), ("x", 7), (1, 8)])
    connection.close()
    table = read(tmp_path / "x.db", table="t")
    assert table.frame.to_dict(as_series=False) == {"a": [None, None, "3", "4", "x", "1"], "b": [1.0, 2.0, 2.5, 1.0, 7.0, 8.0]}
    assert _what(table, "a")


def test_blobs_are_refused_by_column(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (id, picture)")
        connection.execute("INSERT INTO t VALUES (1, NULL), (2, x'00ff')")
    connection.close()
    with pytest.raises(DataError, match=r'"picture".*binary(.|\n)*row 2(.|\n)*Drop the column'):
        read(tmp_path / "x.db", table="t")


def test_absent_database_file_names_the_nearest(tmp_path: Path) -> None:
    write_table(mixed(), f"sqlite:///{tmp_path / 'shop.db'}#orders")
    with pytest.raises(DataError, match=r"shop\.db"):
        read(f"sqlite:///{tmp_path / 'shpo.db'}#orders")


def test_absent_table_and_column_name_the_nearest(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    write_table(mixed(), f"{url}#orders")
    with pytest.raises(DataError, match='"ordres"(.|\n)*"orders"'):
        read(f"{url}#ordres")
    with pytest.raises(DataError, match='wrod(.|\n)*"word"'):
        read(url, query="SELECT wrod FROM orders")
    with pytest.raises(DataError, match='ordres(.|\n)*"orders"'):
        read(url, query="SELECT word FROM ordres")


def test_table_or_query_must_be_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    write_table(mixed(), f"{url}#orders")
    with pytest.raises(ArgumentError, match="either a table or a query(.|\n)*orders"):
        read(url)
    with pytest.raises(ArgumentError):
        read(url, table="orders", query="SELECT 1")


def test_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ArgumentError, match="postgresql"):
        read("postgressql://localhost/x#t")


def test_written_table_is_not_replaced_unasked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}#t"
    write_table(pl.DataFrame({"a": [1]}), url)
    with pytest.raises(SinkError, match=r'"t" is there already(.|\n)*if_exists'):
        write_table(pl.DataFrame({"a": [2]}), url)
    write_table(pl.DataFrame({"a": [2]}), url, if_exists="append")
    assert read(url).frame["a"].to_list() == [1, 2]
    write_table(pl.DataFrame({"b": [3]}), url, if_exists="replace")
    assert read(url).frame.to_dict(as_series=False) == {"b": [3]}
    with pytest.raises(SinkError, match='no column "c"'):
        write_table(pl.DataFrame({"c": [3]}), url, if_exists="append")


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"

    def broken() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame({"a": [1, 2]})
        raise RuntimeError("the generator broke")

    write_table(pl.DataFrame({"a": [7]}), f"{url}#t")
    with pytest.raises(RuntimeError):
        write_sql(broken(), url, "t", if_exists="append")
    with pytest.raises(RuntimeError):
        write_sql(broken(), url, "new")
    assert read(f"{url}#t").frame["a"].to_list() == [7]
    with pytest.raises(DataError, match='no table "new"'):
        read(f"{url}#new")


def test_passwords_are_not_shown() -> None:
    assert shown_url("postgresql://ann:p@ss:w/rd@db.example/x".replace("/rd", "rd")) == "postgresql://ann@db.example/x"
    assert shown_url("postgresql://ann@db.example/x") == "postgresql://ann@db.example/x"


# PostgreSQL


@pytest.mark.postgres
def test_postgres_gives_back_what_was_written(empty: str) -> None:
    frame = mixed().with_columns(
        zoned=pl.Series([dt.datetime(2020, 7, 1, 12, tzinfo=dt.UTC), None, None, None]),
        long=pl.Series([dt.timedelta(days=2, seconds=3), None, dt.timedelta(0), dt.timedelta(microseconds=5)]),
    )
    write_table(frame, f"{empty}#orders")
    table = read(f"{empty}#orders")
    assert_frame_equal(table.frame, frame)
    assert "tester@127.0.0.1" in table.origin
    assert "s3cret" not in table.origin


@pytest.mark.postgres
def test_postgres_decimals_stay_exact(empty: str) -> None:
    frame = pl.DataFrame({"price": [Decimal("12.50"), None, Decimal("-0.01")]}, schema={"price": pl.Decimal(10, 2)})
    write_table(frame, f"{empty}#t")
    assert read(f"{empty}#t").frame["price"].to_list() == frame["price"].to_list()


@pytest.mark.postgres
def test_postgres_own_types_are_text_with_a_note_or_refused(empty: str) -> None:
    _execute(
        empty,
        """CREATE TABLE t (id uuid, doc jsonb, ip inet, mood text, tags text[], raw bytea);
           INSERT INTO t VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, 2]}', '10.0.0.1', 'ok', '{a,b}', '\\x00ff')""",
    )
    table = read(empty, query="SELECT id, doc, ip, mood FROM t")
    assert table.frame.row(0) == ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"a": [1, 2]}', "10.0.0.1", "ok")
    assert "uuid" in _what(table, "id")
    assert "jsonb" in _what(table, "doc")
    with pytest.raises(DataError, match='"raw".*binary'):
        read(empty, query="SELECT raw FROM t")
    with pytest.raises(DataError, match='"tags".*nested'):
        read(empty, query="SELECT tags FROM t")
    assert read(empty, query="SELECT tags FROM t", nested="text").frame["tags"].to_list() == ['["a", "b"]']


@pytest.mark.postgres
def test_postgres_schemas_and_awkward_names(empty: str) -> None:
    _execute(
        empty,
        """CREATE SCHEMA sales; CREATE TABLE sales."Order Details" ("Größe [cm], ""x\""" float8, "Select" int);
           INSERT INTO sales."Order Details" VALUES (1.5, 2)""",
    )
    assert read(empty, table="sales.Order Details").frame.to_dict(as_series=False) == {'Größe [cm], "x"': [1.5], "Select": [2]}
    write_table(pl.DataFrame({'a "b" %s :x': [1]}), empty, table="sales.my table")
    assert read(empty, table="sales.my table").columns == ['a "b" %s :x']


@pytest.mark.postgres
def test_postgres_reads_percent_signs_and_colons_as_they_are(empty: str) -> None:
    _execute(empty, "CREATE TABLE t (w text); INSERT INTO t VALUES ('50%'), ('a:b')")
    assert read(empty, query="SELECT w FROM t WHERE w LIKE '50%' OR w = 'a:b' ORDER BY w").frame["w"].to_list() == ["50%", "a:b"]


@pytest.mark.postgres
def test_postgres_errors_name_the_thing_and_never_the_password(empty: str) -> None:
    write_table(mixed(), f"{empty}#orders")
    host = empty.partition("@")[2].partition("/")[0]
    cases: list[tuple[str, dict[str, Any], str]] = [
        (f"{empty}#ordres", {}, '"orders"'),
        (empty, {"query": "SELECT wrod FROM orders"}, '"word"'),
        (empty, {"query": "SELEC 1"}, "syntax error"),
        (f"postgresql://tester:s3cret-passw0rd@{host}/nowhere#t", {}, 'database "nowhere" does not exist'),
        (f"postgresql://tester:s3cret-wrong@{host}/postgres#t", {}, "password authentication failed"),
        ("postgresql://tester:s3cret-passw0rd@127.0.0.1:1/postgres#t", {}, "server runs"),
    ]
    for url, words, expected in cases:
        with pytest.raises(DataError) as caught:
            read(url, **words)
        assert expected in str(caught.value)
        assert "s3cret" not in str(caught.value)


@pytest.mark.postgres
def test_postgres_write_is_one_transaction(empty: str) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame({"a": [1, 2]})
        raise RuntimeError("the generator broke")

    with pytest.raises(RuntimeError):
        write_sql(broken(), empty, "t")
    with pytest.raises(DataError, match='no table "t"'):
        read(f"{empty}#t")
    write_table(pl.DataFrame({"a": [1]}), f"{empty}#t")
    with pytest.raises(SinkError, match="already"):
        write_table(pl.DataFrame({"a": [1]}), f"{empty}#t")
    with pytest.raises(RuntimeError):
        write_sql(broken(), empty, "t", if_exists="replace")
    assert read(f"{empty}#t").frame["a"].to_list() == [1]


@pytest.mark.postgres
def test_postgres_is_filled_by_copy_as_the_frames_come(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    told: list[str] = []
    copy = psycopg.Cursor.copy

    def heard(cursor: Any, statement: Any, *rest: Any, **options: Any) -> Any:
        told.append(str(statement).partition(" ")[0])
        return copy(cursor, statement, *rest, **options)

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(3):
            assert told == ["COPY"] * max(0, number)  # the one before is gone when the next is asked for
            yield pl.DataFrame({"n": [number] * 10})

    monkeypatch.setattr(psycopg.Cursor, "copy", heard)
    assert write_sql(frames(), empty, "copied") == 30
    assert told == ["COPY"] * 3


@pytest.mark.postgres
def test_postgres_refusal_names_what_it_refused(empty: str) -> None:
    _execute(empty, "CREATE TABLE t (a int NOT NULL)")
    with pytest.raises(SinkError, match='null value in column "a"'):
        write_table(pl.DataFrame({"a": [1, None]}), f"{empty}#t", if_exists="append")
    with pytest.raises(DataError, match="no rows"):
        read(f"{empty}#t")
