"""Frames of other libraries: taken in, understood, and given back as they came."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from understudy.core.errors import DataError
from understudy.data import NativeForm, as_table, read
from understudy.data.table import Table

pd = pytest.importorskip("pandas")


def there_and_back(data: Any) -> Any:
    """Through the table and through the form as a model file keeps it."""
    table = as_table(data)
    form = NativeForm.from_dict(json.loads(json.dumps(table.form.to_dict())))
    return form.restore(table.frame)


def said(table: Table, column: str | None = None) -> str:
    return "\n".join(str(note) for note in table.notes if note.column == column)


PANDAS = {
    "int64": [1, 2, 3],
    "int8": [1, -2, 3],
    "uint64": [1, 2**63 + 1, 3],
    "float32": [1.5, None, 3],
    "float64": [1.5, None, -3],
    "bool": [True, False, True],
    "str": ["a", None, ""],
    "string": ["a", None, "c"],
    "object": ["a", None, "c"],
    "category": ["u", None, "v"],
    "Int64": [2**62 + 1, None, 3],
    "UInt8": [1, None, 3],
    "Float64": [1.5, None, 3],
    "boolean": [True, None, False],
    "datetime64[s]": ["2020-01-01", None, "1999-12-31 23:59:59"],
    "datetime64[ns]": ["2020-01-01", None, "1999-12-31 23:59:59.123456789"],
    "datetime64[us, Europe/Vienna]": ["2020-01-01", None, "2020-07-01 12:00"],
    "timedelta64[us]": ["1s", None, "2 days"],
    "int64[pyarrow]": [1, None, 3],
    "string[pyarrow]": ["a", None, "c"],
    "double[pyarrow]": [1.5, None, 2],
}


@pytest.mark.parametrize("dtype", PANDAS)
def test_pandas_column_comes_back_in_its_type(dtype: str) -> None:
    values = PANDAS[dtype]
    series = (
        pd.Series(pd.to_datetime(pd.Series(values), format="ISO8601") if dtype.startswith("datetime64[ns]") else values, dtype=dtype)
        if "," not in dtype
        else pd.Series(pd.to_datetime(values, format="ISO8601").tz_localize("Europe/Vienna").as_unit("us"))
    )
    frame = pd.DataFrame({"x": series, "other": [1, 2, 3]})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_ordered_categories_come_back_ordered_and_unordered_ones_from_the_values() -> None:
    sizes = pd.Categorical(["m", None, "s"], categories=["s", "m", "l"], ordered=True)
    colours = pd.Categorical(["red", "blue", None], categories=["blue", "green", "red"])
    frame = pd.DataFrame({"size": sizes, "colour": colours, "code": pd.Categorical([3, 1, 3])})
    back = there_and_back(frame)
    assert back["size"].dtype == frame["size"].dtype
    assert list(back["colour"].cat.categories) == ["blue", "red"]
    assert back["code"].tolist() == [3, 1, 3]
    assert "green" not in json.dumps(as_table(frame).form.to_dict())


def test_labels_that_are_no_text_come_back() -> None:
    frame = pd.DataFrame({0: [1, 2], 1: ["a", "b"], "x": [1.5, 2]})
    table = as_table(frame)
    assert table.columns == ["0", "1", "x"]
    assert there_and_back(frame).columns.tolist() == [0, 1, "x"]
    years = pd.DataFrame(np.eye(2), columns=[2019, 2020])
    pd.testing.assert_frame_equal(there_and_back(years), years)
    with pytest.raises(DataError, match='"0" at positions 1 and 2'):
        as_table(pd.DataFrame([[1, 2]], columns=[0, "0"]))


def test_whole_numbers_that_got_missing_cells_come_back_as_pandas_would_hold_them() -> None:
    table = as_table(pd.DataFrame({"x": [1, 2, 3], "b": [True, False, True]}))
    back = table.to_native(pl.DataFrame({"x": [1, None], "b": [True, None]}))
    assert back["x"].dtype == "float64"
    assert back["b"].tolist() == [True, None]


def test_fewer_other_and_reordered_columns_are_given_back() -> None:
    table = as_table(pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": ["x", "y"]}))
    back = table.to_native(pl.DataFrame({"b": ["z"], "new": [1.5], "a": [7]}))
    assert back.columns.tolist() == ["b", "new", "a"]
    assert [str(dtype) for dtype in back.dtypes] == ["str", "float64", "Int64"]


def test_object_columns_are_read_by_their_values() -> None:
    frame = pd.DataFrame(
        {
            "day": [dt.date(2020, 1, 1), None],
            "price": [Decimal("1.50"), Decimal("2.25")],
            "flag": [True, None],
            "whole": pd.Series([1, None], dtype=object),
            "big": [2**70, 1],
            "uuid": [UUID(int=1), UUID(int=2)],
            "mixed": [1, "n/a"],
            "clock": [dt.time(1, 2), None],
        }
    )
    table = as_table(frame)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == {
        "day": "Date", "price": "Decimal(precision=38, scale=2)", "flag": "Boolean", "whole": "Int64",
        "big": "String", "uuid": "String", "mixed": "String", "clock": "Time",
    }  # fmt: skip
    assert "whole numbers (1) and text (1)" in said(table, "mixed") or "text (1) and whole numbers (1)" in said(table, "mixed")
    assert "64 bits" in said(table, "big")
    assert "UUID" in said(table, "uuid")
    back = table.to_native(table.frame)
    assert back["day"].tolist() == [dt.date(2020, 1, 1), None]
    assert back["price"].tolist() == [Decimal("1.50"), Decimal("2.25")]


def test_index_that_means_something_is_left_out_and_said() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    table = as_table(frame)
    assert table.columns == ["a"]
    assert '"key"' in said(table)
    assert "reset_index" in said(table)
    assert said(as_table(pd.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0]])) == ""


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([1 + 2j, 2], "complex128"),
        (pd.period_range("2020-01", periods=2, freq="M"), "period"),
        (pd.interval_range(0, 2), "interval"),
        ([b"x", b"y"], "binary"),
        ([object(), 1], "object"),
        ([["a"], ["b", "c"]], "nested values .list."),
        ([{"a": 1}, None], "nested values .dict."),
        ([(1, 2), None], "nested values .tuple."),
        ([None, np.array([1, 2])], r"row 2"),
    ],
)
def test_cells_that_no_column_can_hold_are_refused_by_name(values: Any, named: str) -> None:
    with pytest.raises(DataError, match=rf'"bad"(.|\n)*{named}'):
        as_table(pd.DataFrame({"good": [1, 2], "bad": values}))


def test_nested_cells_pass_as_json_text_where_asked() -> None:
    frame = pd.DataFrame({"tags": [["a", "ü"], None], "doc": [{"k": 1.5}, {"k": None}]})
    table = read(frame, nested="text")
    assert table.frame.to_dict(as_series=False) == {"tags": ['["a", "ü"]', None], "doc": ['{"k": 1.5}', '{"k": null}']}
    assert "JSON text" in said(table, "tags")
    nested = pl.DataFrame({"tags": [["a"], None], "doc": [{"k": 1}, None]})
    assert read(nested, nested="text").frame.to_dict(as_series=False) == {"tags": ['["a"]', None], "doc": ['{"k": 1}', None]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_nested_and_infinite_and_repeated_and_empty_are_refused_in_every_library(make: Any) -> None:
    with pytest.raises(DataError, match=r'"x".*nested(.|\n)*nested="text"'):
        as_table(make({"x": [["a"], ["b"]]}))
    with pytest.raises(DataError, match=r'"x" holds 2 infinite(.|\n)*rows 2, 3(.|\n)*infinities="null"'):
        as_table(make({"x": [1.0, float("inf"), float("-inf")]}))
    table = read(make({"x": [1.0, float("inf")]}), infinities="null")
    assert table.frame["x"].to_list() == [1.0, None]
    with pytest.raises(DataError, match="no rows"):
        as_table(make({"x": [1.0]})[:0])
    with pytest.raises(DataError, match="no columns"):
        as_table(make({}))


def test_multilevel_columns_are_refused_with_the_line_that_joins_them() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    with pytest.raises(DataError, match=r"2 levels(.|\n)*join"):
        as_table(frame)


def test_polars_frame_comes_back_in_its_types() -> None:
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, None], dtype=pl.Int8),
            "cat": pl.Series(["a", None], dtype=pl.Categorical),
            "enum": pl.Series(["lo", "hi"], dtype=pl.Enum(["lo", "hi"])),
            "price": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
            "at": pl.Series([dt.datetime(2020, 1, 1), None], dtype=pl.Datetime("ms", "Europe/Vienna")),
            "span": pl.Series([dt.timedelta(1), None], dtype=pl.Duration("ns")),
            "none": [None, None],
        }
    )
    assert_frame_equal(there_and_back(frame), frame)
    assert_frame_equal(as_table(frame.lazy()).frame, frame)


def test_polars_nan_is_missing_and_said_and_wide_numbers_are_text() -> None:
    table = as_table(pl.DataFrame({"x": [1.0, float("nan")], "wide": pl.Series([2**100, 1], dtype=pl.Int128)}))
    assert table.frame.to_dict(as_series=False) == {"x": [1.0, None], "wide": [str(2**100), "1"]}
    assert "1 NaN" in said(table, "x")
    assert "64 bits" in said(table, "wide")


def test_values_that_do_not_fit_the_old_type_keep_theirs() -> None:
    table = as_table(pl.DataFrame({"x": pl.Series([1, 2], dtype=pl.Int8), "y": [1, 2]}))
    back = table.to_native(pl.DataFrame({"x": [300], "y": [1.5]}))
    assert back.to_dict(as_series=False) == {"x": [300], "y": [1.5]}


def test_pyarrow_table_comes_back_in_its_types() -> None:
    table = pa.table(
        {
            "d": pa.array(["u", None, "v"]).dictionary_encode(),
            "i": pa.array([1, None, 3], pa.int16()),
            "s": pa.array(["a", None, ""], pa.string()),
            "t": pa.array([0, None, 86_400], pa.timestamp("s", "UTC")),
            "m": pa.array([Decimal("1.50"), None, Decimal("2.00")], pa.decimal128(8, 2)),
            "c": pa.array([1, 2, 3], pa.time32("s")),
        }
    )
    back = there_and_back(table)
    assert back.schema == table.schema
    assert back.equals(table)
    assert as_table(table.to_batches()[0]).rows == 3


@pytest.mark.parametrize("kind", [pa.binary(), pa.month_day_nano_interval(), pa.uuid()])
def test_pyarrow_types_that_are_not_handled_are_named(kind: Any) -> None:
    with pytest.raises(DataError, match='"x"'):
        as_table(pa.table({"x": pa.nulls(2, kind)}))


def test_things_that_are_no_table_are_refused_with_advice() -> None:
    with pytest.raises(DataError, match=r"to_frame\(\)"):
        as_table(pl.Series([1, 2]))
    with pytest.raises(DataError, match=r"list(.|\n)*polars\.DataFrame"):
        as_table([{"a": 1}])
    with pytest.raises(DataError, match="ndarray"):
        as_table(np.eye(2))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_infinity=False, allow_nan=False),
            st.none() | st.text(max_size=5),
            st.none() | st.booleans(),
            st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_any_pandas_frame_comes_back_as_it_was(rows: list[tuple[Any, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    frame = pd.DataFrame(
        {
            "i": pd.array(columns[0], dtype="Int64"),
            "f": pd.Series(columns[1], dtype="float64"),
            "s": pd.Series(columns[2], dtype="str"),
            "b": pd.array(columns[3], dtype="boolean"),
            "t": pd.Series(columns[4], dtype="datetime64[us]"),
        }
    )
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
