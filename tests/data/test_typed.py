"""Values read from their source form, and written back to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import DataError
from understudy.data.infer import infer_column
from understudy.data.schema import ColumnSchema
from understudy.data.typed import misfits, typed, written


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["31/12/2020", "01/02/2021"], date(2020, 12, 31)),
        (["12/31/2020", "01/02/2021"], date(2020, 12, 31)),
        (["1.2.2020", "31.12.2019"], date(2020, 2, 1)),
        (["31 Dec 2020", "1 Jan 2021"], date(2020, 12, 31)),
        (["2020-03", "2020-04"], date(2020, 3, 1)),
        (["20200131", "20200201"], date(2020, 1, 31)),
        (["2020-01-01T10:20:30Z", "2021-05-05T00:00:00Z"], datetime(2020, 1, 1, 10, 20, 30)),
        (["2020-01-01 10:20:30+02:00", "2021-05-05 00:00:00+02:00"], datetime(2020, 1, 1, 10, 20, 30)),
        (["1/2/2020 5:30 PM", "12/31/2020 11:05 AM"], datetime(2020, 1, 2, 17, 30)),
        (["36:00:00", "10:20:30"], timedelta(hours=36)),
        (["1.234,50 €", "99,00 €"], 1234.5),
        (["$1,234.50", "$99.00"], 1234.5),
        (["12 %", "3.5 %"], 12.0),
        (["1,234", "5,678,901"], 1234),
        (["-1,5", "2,25"], -1.5),
        (["Yes", "No", "No"], True),
    ],
)
def test_texts_are_read_and_written_back_as_they_were(texts: list[str], first: object) -> None:
    source = pl.Series("x", texts)
    column = infer_column(source)
    values = typed(source, column)
    assert values[0] == first
    assert written(values, column).to_list() == texts


@given(st.lists(st.integers(-(10**12), 10**12).map(lambda n: n / 100), min_size=1, max_size=30))
def test_numbers_as_grouped_text_come_back(numbers: list[float]) -> None:
    column = ColumnSchema(
        name="x", kind="decimal", dtype="String", decimals=2, thousands=".", decimal_comma=True, trailing_zeros=True, suffix=" €"
    )
    source = pl.Series("x", numbers, dtype=pl.Float64)
    texts = written(source, column)
    assert typed(texts, column).to_list() == pytest.approx(numbers)


def test_missing_texts_become_missing_and_come_back() -> None:
    source = pl.Series("total", ["29.85", " ", "108.15"] * 10)
    column = infer_column(source)
    values = typed(source, column)
    assert values[1] is None
    assert column.missing_text == [" "]
    assert written(values, column).to_list() == source.to_list()


def test_a_misfit_is_told_with_column_row_and_cell() -> None:
    column = ColumnSchema(name="age", kind="integer", dtype="String")
    with pytest.raises(DataError) as error:
        typed(pl.Series("age", ["1", "x"]), column, first_row=100)
    assert '"age"' in str(error.value)
    assert "'x'" in str(error.value)
    assert "row 102" in str(error.value)
    assert misfits(pl.Series("age", ["1", "x"]), column).to_list() == [False, True]


def test_infinities_are_refused_with_their_row() -> None:
    with pytest.raises(DataError, match=r"infinite.*row 2"):
        typed(pl.Series("rate", [1.0, float("inf")]), ColumnSchema(name="rate", kind="decimal", dtype="Float64"))


def test_nan_is_missing() -> None:
    assert typed(pl.Series("x", [1.0, float("nan")]), ColumnSchema(name="x", kind="decimal", dtype="Float64"))[1] is None


def test_zoned_times_are_read_as_clock_time_and_get_their_zone_back() -> None:
    source = (
        pl.Series("t", [datetime(2020, 7, 1, 8), datetime(2020, 1, 1, 8)]).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Vienna")
    )
    column = infer_column(source)
    values = typed(source, column)
    assert values.to_list() == [datetime(2020, 7, 1, 10), datetime(2020, 1, 1, 9)]
    assert written(values, column).to_list() == source.to_list()


def test_a_clock_time_that_the_zone_skips_is_moved_behind_the_gap() -> None:
    column = ColumnSchema(name="t", kind="datetime", dtype="Datetime[us, Europe/Vienna]", time_zone="Europe/Vienna")
    made = written(pl.Series("t", [datetime(2021, 3, 28, 2, 30)]), column)
    assert made.null_count() == 0
    assert made.dt.hour()[0] == 3


def test_midnight_stamps_are_dates_and_come_back_as_stamps() -> None:
    source = pl.Series("d", [datetime(2020, 1, day) for day in range(1, 10)])
    column = infer_column(source)
    assert column.kind == "date"
    assert written(typed(source, column), column).equals(source)
