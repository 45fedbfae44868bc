from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from understudy.core.errors import DataError
from understudy.data.filling import fill_cells
from understudy.data.table import as_table

AT = np.array([1])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pl.Series("c", [1.5, None, 2.25]), 7.125),
        (pl.Series("c", ["a", None, "b"], dtype=pl.Categorical), "b"),
        (pl.Series("c", ["a", None, "b"], dtype=pl.Enum(["a", "b", "z"])), "z"),
        (pl.Series("c", [1, None, 3], dtype=pl.Int16), 2),
        (pl.Series("c", [None, None, None]), "new"),
    ],
)
def test_a_cell_of_a_polars_column_is_filled_in_its_type(column: pl.Series, value: object) -> None:
    frame = column.to_frame()
    filled = fill_cells(frame, as_table(frame), {"c": (AT, pl.Series([value]))})
    assert filled["c"][1] == value
    assert filled["c"][0] == column[0]
    assert column.dtype == pl.Null or filled.schema == frame.schema


def test_a_dictionary_of_arrow_stays_one() -> None:
    table = pa.table({"c": pa.array(["a", None, "b"]).dictionary_encode(), "d": [1, 2, 3]})
    filled = fill_cells(table, as_table(table), {"c": (AT, pl.Series(["b"]))})
    assert filled.schema == table.schema
    assert filled["c"].to_pylist() == ["a", "b", "b"]


def test_pandas_columns_keep_their_type_and_index() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({0: pandas.array([1, None, 3], dtype="Int8"), "c": pandas.Categorical(["x", None, "y"])}, index=[5, 6, 7])
    filled = fill_cells(frame, as_table(frame), {"0": (AT, pl.Series([2])), "c": (AT, pl.Series(["y"]))})
    assert filled.dtypes.equals(frame.dtypes)
    assert filled.index.tolist() == [5, 6, 7]
    assert filled[0].tolist() == [1, 2, 3]
    assert filled["c"].tolist() == ["x", "y", "y"]
    assert frame["c"].isna().sum() == 1


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_a_category_that_the_column_does_not_list_is_refused(library: str) -> None:
    if library == "pandas":
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"c": pandas.Categorical(["x", None, "y"])})
    else:
        frame = pl.DataFrame({"c": pl.Series(["x", None, "y"], dtype=pl.Enum(["x", "y"]))})
    with pytest.raises(DataError, match='no place in the column "c"'):
        fill_cells(frame, as_table(frame), {"c": (AT, pl.Series(["z"]))})
