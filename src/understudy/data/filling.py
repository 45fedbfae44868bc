"""Single cells of a frame replaced, in the frame's own library and types; every other cell stays bit for bit what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.arrow_frames import arrow_cast
from understudy.data.table import Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Cells = dict[str, tuple[NDArray[np.int64], pl.Series]]


def fill_cells(data: Any, table: Table, cells: Cells) -> Any:
    """A copy of ``data`` with ``cells`` (by column: row numbers and values) in place.

    Args:
        data: what the caller handed in. A path, and a library that is only read, give a Polars frame.
        table: ``data`` as a table.

    Raises:
        DataError: a value has no place in the column's type, such as a category that it does not list.
    """
    if nw.dependencies.is_pandas_dataframe(data):
        return _fill_pandas(data, cells)
    if nw.dependencies.is_pyarrow_table(data):
        return _fill_arrow(data, cells)
    return _fill_polars(table.frame, cells, table.origin)


def _fill_polars(frame: pl.DataFrame, cells: Cells, origin: str) -> pl.DataFrame:
    changed = []
    for name, (rows, values) in cells.items():
        column = frame[name]
        try:
            fresh = values if column.dtype == pl.Null else values.cast(column.dtype)
        except pl.exceptions.PolarsError as error:
            raise _no_place(name, column.dtype, origin) from error
        index = np.arange(len(column))
        index[rows] = len(column) + np.arange(len(rows))
        old = pl.Series(name, [None] * len(column), dtype=fresh.dtype) if column.dtype == pl.Null else column
        changed.append(pl.concat([old, fresh.alias(name)]).gather(index))
    return frame.with_columns(changed)


def _fill_pandas(data: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    import pandas as pd

    out = data.copy()
    for name, (rows, values) in cells.items():
        position = [str(label) for label in data.columns].index(name)
        column = out.iloc[:, position]
        fresh = pd.Series(values.to_list(), dtype=object)
        if isinstance(column.dtype, pd.CategoricalDtype) and not fresh.isin(column.dtype.categories).all():
            raise _no_place(name, "category", "DataFrame")
        try:
            fresh = fresh.astype(column.dtype)
        except (TypeError, ValueError) as error:
            raise _no_place(name, column.dtype, "DataFrame") from error
        merged = column.copy()
        merged.iloc[rows] = fresh.array
        out.isetitem(position, merged)
    return out


def _fill_arrow(data: pa.Table, cells: Cells) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, (rows, values) in cells.items():
        position = data.column_names.index(name)
        column = data.column(position).combine_chunks()
        kind = column.type
        plain = column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column
        fresh = arrow_cast(values.to_arrow(), plain.type) if not pa.types.is_null(kind) else values.to_arrow()
        if fresh.type != plain.type and not pa.types.is_null(kind):
            raise _no_place(name, kind, "Table")
        plain = plain.cast(fresh.type) if pa.types.is_null(kind) else plain
        mask = np.zeros(len(plain), bool)
        mask[rows] = True
        filled = arrow_cast(pc.replace_with_mask(plain, pa.array(mask), fresh), fresh.type if pa.types.is_null(kind) else kind)
        data = data.set_column(position, data.schema.field(position).with_type(filled.type), filled)
    return data


def _no_place(name: str, dtype: Any, origin: str) -> DataError:
    return DataError(
        f'A value to fill in has no place in the column "{name}" of type {dtype}.',
        where=origin,
        remedy="Widen the column's type, for example to text.",
    )
