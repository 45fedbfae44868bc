"""Tables of a DuckDB file, written frame by frame."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy.core.errors import ArgumentError, MissingExtraError, SinkError
from understudy.data import write_table
from understudy.data.sql import write_sql, write_sql_tables

duckdb = pytest.importorskip("duckdb")

EVERYTHING = pl.DataFrame(
    {
        "whole": [1, None],
        "part": [0.5, -1e300],
        "yes": [True, None],
        'a "quoted" name': ["ü, or not", None],
        "level": pl.Series(["low", "high"], dtype=pl.Enum(["low", "high"])),
        "kind": pl.Series(["x", None], dtype=pl.Categorical),
        "day": [dt.date(2020, 2, 29), None],
        "moment": [dt.datetime(2020, 1, 1, 12, 30, 0, 5), None],
        "time": [dt.time(23, 59), None],
        "nothing": pl.Series([None, None], dtype=pl.Null),
    }
)


def rows(path: Path, query: str) -> list[Any]:
    with closing(duckdb.connect(str(path))) as database:
        return list(database.execute(query).fetchall())


def test_every_type_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    assert write_sql(iter([EVERYTHING, EVERYTHING]), f"duckdb:///{path}", "all of it") == 4
    assert rows(path, 'select * from "all of it"') == EVERYTHING.rows() * 2
    types = dict(rows(path, "select column_name, data_type from duckdb_columns() where table_name = 'all of it'"))
    assert [types[name] for name in ("whole", "part", "yes", "level", "day", "moment", "time", "nothing")] == [
        "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP", "TIME", "VARCHAR",
    ]  # fmt: skip


def test_categories_may_differ_from_frame_to_frame(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"c": pl.Series([value], dtype=pl.Enum([value]))}) for value in "ab"]
    write_table(iter(frames), f"duckdb:///{tmp_path / 'x.duckdb'}#t")
    assert rows(tmp_path / "x.duckdb", "select c from t") == [("a",), ("b",)]


def test_a_table_is_replaced_or_added_to_only_on_request(tmp_path: Path) -> None:
    url, frame = f"duckdb:///{tmp_path / 'x.duckdb'}", pl.DataFrame({"a": [1]})
    write_sql(iter([frame]), url, "t")
    with pytest.raises(SinkError, match='"t" is there already'):
        write_sql(iter([frame]), url, "t")
    write_sql(iter([frame]), url, "t", if_exists="append")
    assert rows(tmp_path / "x.duckdb", "select count(*) from t") == [(2,)]
    with pytest.raises(SinkError, match='no column "b"'):
        write_sql(iter([pl.DataFrame({"b": [1]})]), url, "t", if_exists="append")
    write_sql(iter([frame]), url, "t", if_exists="replace")
    assert rows(tmp_path / "x.duckdb", "select count(*) from t") == [(1,)]


def test_all_tables_or_none(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path / 'x.duckdb'}"
    statements = ["create table p (id bigint primary key)", "create table c (p bigint references p (id))"]
    tables = {"p": iter([pl.DataFrame({"id": [1, 2]})]), "c": iter([pl.DataFrame({"p": [1, 3]})])}
    with pytest.raises(SinkError, match="refused"):
        write_sql_tables(tables, url, statements=statements)
    assert rows(tmp_path / "x.duckdb", "select table_name from duckdb_tables()") == []


@pytest.mark.parametrize("url", ["duckdb://x", "duckdb:///", "duckdb:///:memory:"])
def test_a_database_that_is_no_file_is_refused(url: str) -> None:
    with pytest.raises(ArgumentError, match="is a file"):
        write_sql(iter([EVERYTHING]), url, "t")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="refused"):
        write_sql(iter([EVERYTHING]), f"duckdb:///{tmp_path / 'no' / 'x.duckdb'}", "t")


def test_without_duckdb_the_error_names_the_install_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match=r"understudy\[duckdb\]"):
        write_sql(iter([EVERYTHING]), f"duckdb:///{tmp_path / 'x.duckdb'}", "t")
