"""Frames of other libraries as tables: pandas, Polars, PyArrow, and through narwhals whatever else it knows."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from understudy.core.errors import DataError
from understudy.data.admission import Admission, Infinities, admitted, require_columns, require_rows
from understudy.data.native_form import NativeForm, polars_form
from understudy.data.table import FrameSource, Note, Table
from understudy.data.values import Nested

ORIGIN = "DataFrame"


def table_from_frame(data: Any, *, nested: Nested = "error", infinities: Infinities = "error", origin: str = ORIGIN) -> Table:
    """A frame of any library as a `Table`.

    Raises:
        DataError: no columns or rows, repeated names, nested, binary or infinite cells, types that are not handled.
    """
    admission = Admission(nested, infinities)
    frame, form, notes = _taken(data, admission, origin)
    require_rows(frame.height, where=origin)
    frame, told = admitted(frame, admission, where=origin)
    return Table(FrameSource(frame), origin=origin, form=form, notes=notes + told)


def _taken(data: Any, admission: Admission, origin: str) -> tuple[pl.DataFrame, NativeForm, list[Note]]:
    if nw.dependencies.is_polars_lazyframe(data):
        data = data.collect()
    if nw.dependencies.is_polars_dataframe(data):
        require_columns(data.columns, where=origin)
        return data, polars_form(data), []
    if nw.dependencies.is_pandas_dataframe(data):
        from understudy.data.pandas_frames import from_pandas

        return from_pandas(data, admission, origin)
    if nw.dependencies.is_pyarrow_table(data) or _is_record_batch(data):
        from understudy.data.arrow_frames import from_arrow

        return from_arrow(data, origin)
    try:
        known = nw.from_native(data)
    except TypeError:
        raise _no_table(data) from None
    frame = (known.collect() if isinstance(known, nw.LazyFrame) else known).to_polars()
    note = Note(None, "given back as a Polars frame", f"{type(data).__module__.partition('.')[0]} frames are read only")
    return frame, polars_form(frame), [note]


def is_frame(data: Any) -> bool:
    """Whether ``data`` is a `Table`, or a frame of some library."""
    if isinstance(data, Table) or nw.dependencies.is_polars_lazyframe(data) or nw.dependencies.is_into_dataframe(data):
        return True
    return nw.dependencies.is_pyarrow_table(data) or _is_record_batch(data)


def _is_record_batch(data: Any) -> bool:
    return type(data).__name__ == "RecordBatch" and type(data).__module__.startswith("pyarrow")


def _no_table(data: Any) -> DataError:
    if nw.dependencies.is_pandas_series(data) or nw.dependencies.is_polars_series(data):
        return DataError("A single column (Series) is no table.", remedy="Hand in a frame: series.to_frame().")
    return DataError(
        f"Values of type {type(data).__name__} are no table.",
        remedy="Hand in a path, a database URL, or a pandas, Polars or PyArrow table; other values: polars.DataFrame(values).",
    )
