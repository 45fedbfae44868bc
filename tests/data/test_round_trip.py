"""What is written is what is read, in every format, for tables of all types with missing, empty and awkward cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from understudy.data import read, write_table
from understudy.data.dialect import Dialect

TYPES: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.Int8: st.integers(-128, 127),
    pl.UInt32: st.integers(0, 2**32 - 1),
    pl.Float64: st.floats(allow_nan=False, allow_infinity=False),
    pl.Boolean: st.booleans(),
    pl.String: st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
    pl.Date: st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    pl.Datetime("us"): st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)),
    pl.Time: st.times(),
}
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=8)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Tables of one to five columns and one to twenty rows, each column of a type of its own, with missing cells."""
    height = draw(st.integers(1, 20))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    columns: dict[str, pl.Series] = {}
    for name in names:
        dtype = draw(st.sampled_from(list(TYPES)))
        cells = draw(st.lists(st.none() | TYPES[dtype], min_size=height, max_size=height))
        columns[name] = pl.Series(name, cells, dtype=dtype)
    return pl.DataFrame(columns)


def written_and_read(frame: pl.DataFrame, name: str, **options: Any) -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_table(frame, path)
        return read(path, **options).frame


quick = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.feather"])
@quick
@given(frame=frames())
def test_typed_files_give_back_the_frame(name: str, frame: pl.DataFrame) -> None:
    assert_frame_equal(written_and_read(frame, name), frame)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).map(lambda text: "w" + text)


@st.composite
def plain_frames(draw: st.DrawFn) -> pl.DataFrame:
    """As `frames`, of the types that a text file has: numbers, true/false and text that is neither."""
    height = draw(st.integers(1, 20))
    names = draw(st.lists(NAMES.map(lambda name: "c" + name), min_size=2, max_size=5, unique=True))
    kinds = {pl.Int64: TYPES[pl.Int64], pl.Float64: TYPES[pl.Float64], pl.Boolean: st.booleans(), pl.String: TEXT | st.just("")}
    columns: dict[str, pl.Series] = {}
    for name in names:
        dtype = draw(st.sampled_from(list(kinds)))
        cells = draw(st.lists(st.none() | kinds[dtype], min_size=height, max_size=height))
        columns[name] = pl.Series(name, cells, dtype=dtype)
    return pl.DataFrame(columns)


def as_text_files_hold_it(frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The frame in the types found: a column without a value is text, whole floats may be integers."""
    for name, dtype in found.schema.items():
        if frame[name].is_null().all():
            assert dtype == pl.String
        elif frame.schema[name] == pl.Float64:
            assert dtype.is_numeric()
        else:
            assert dtype == frame.schema[name]
    return frame.cast(dict(found.schema))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.csv.zst"])
@quick
@given(frame=plain_frames())
def test_delimited_files_give_back_every_cell(name: str, frame: pl.DataFrame) -> None:
    assume(any(frame[column].null_count() < frame.height for column in frame.columns))
    found = written_and_read(frame, name, header=True, quote='"', delimiter="\t" if "tsv" in name else ",")
    assert_frame_equal(found, as_text_files_hold_it(frame, found), abs_tol=0, rel_tol=0)


@quick
@given(frame=plain_frames())
def test_delimited_files_are_understood_without_a_word(frame: pl.DataFrame) -> None:
    """The same with everything found out, for tables that look like tables: a key column of numbers under a name."""
    frame = frame.with_row_index("row number", offset=100).with_columns(pl.col("row number").cast(pl.Int64))
    plain = frame.with_columns(pl.col(pl.String).str.replace_all(r"[\"',;|\t\r\n]", "-"))
    plain = plain.rename({name: f"c{i}" for i, name in enumerate(plain.columns)})
    found = written_and_read(plain, "t.csv")
    assert_frame_equal(found, as_text_files_hold_it(plain, found), abs_tol=0, rel_tol=0)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings_are_written_and_read(tmp_path: Path, encoding: str) -> None:
    frame = pl.DataFrame({"größe": [1.5, None], "wort": ["naïve €", ""]})
    write_table(frame, tmp_path / "t.csv", dialect=Dialect(encoding=encoding, delimiter=";"))
    assert (tmp_path / "t.csv").read_bytes().decode(encoding).splitlines()[0] == "größe;wort"
    assert_frame_equal(read(tmp_path / "t.csv").frame, frame)


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.ndjson.zst"])
@quick
@given(frame=plain_frames())
def test_json_lines_give_back_every_cell(name: str, frame: pl.DataFrame) -> None:
    found = written_and_read(frame, name)
    assert_frame_equal(found.cast(dict(frame.schema)), frame)  # type: ignore[arg-type]


def test_dates_and_times_are_iso_text_in_text_files(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "day": [dt.date(2020, 2, 29)],
            "clock": [dt.time(1, 2, 3)],
            "span": [dt.timedelta(days=2, seconds=3)],
            "at": [dt.datetime(2020, 1, 2, 3, 4, 5)],
            "zoned": pl.Series([dt.datetime(2020, 7, 1, 10, tzinfo=dt.UTC)]).dt.convert_time_zone("Europe/Vienna"),
        }
    )
    for name in ("t.csv", "t.jsonl"):
        write_table(frame, tmp_path / name)
        row = read(tmp_path / name).frame.row(0, named=True)
        assert row["day"] == "2020-02-29"
        assert row["span"] == "P2DT3S"
        assert dt.time.fromisoformat(row["clock"][:15]) == dt.time(1, 2, 3)
        assert dt.datetime.fromisoformat(row["at"][:26]) == dt.datetime(2020, 1, 2, 3, 4, 5)
        assert dt.datetime.fromisoformat(row["zoned"]) == dt.datetime(2020, 7, 1, 10, tzinfo=dt.UTC)
