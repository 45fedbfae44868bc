"""PyArrow tables ↔ Polars."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.data.admission import require_columns
from understudy.data.native_form import NativeForm
from understudy.data.table import Note
from understudy.data.values import refusal

if TYPE_CHECKING:
    import pyarrow as pa


def from_arrow(data: Any, origin: str) -> tuple[pl.DataFrame, NativeForm, list[Note]]:
    """A table or record batch as a Polars frame, with its form and notes on what was changed."""
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    require_columns(data.column_names, where=origin)
    form = NativeForm("pyarrow", {f.name: _field_text(f) for f in data.schema})
    frame, notes = frame_from_arrow(data, where=origin)
    return frame, form, notes


def frame_from_arrow(data: pa.Table, *, where: str) -> tuple[pl.DataFrame, list[Note]]:
    """An Arrow table as a Polars frame; types that Polars lacks become ones that it has, or are refused by name."""
    notes: list[Note] = []
    for index, arrow_field in enumerate(data.schema):
        target = _polars_ready(arrow_field, where)
        if target != arrow_field.type:
            data = data.set_column(index, arrow_field.name, data.column(index).cast(target))
            notes.append(Note(arrow_field.name, f"read as {target}", f"its type {arrow_field.type} is not handled"))
    frame = pl.from_arrow(data)
    assert isinstance(frame, pl.DataFrame)
    return frame, notes


def _polars_ready(arrow_field: pa.Field, where: str) -> pa.DataType:
    import pyarrow as pa

    kind = arrow_field.type
    if pa.types.is_decimal256(kind):
        return pa.decimal128(38, kind.scale) if kind.precision <= 38 else pa.string()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        raise refusal(arrow_field.name, str(kind), "binary", where=where)
    if pa.types.is_interval(kind) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_union(kind):
        raise refusal(arrow_field.name, str(kind), "other", where=where)
    if pa.types.is_map(kind):
        raise refusal(arrow_field.name, str(kind), "nested", where=where)
    return kind


def _field_text(arrow_field: pa.Field) -> str:
    import pyarrow as pa

    bare = pa.field(arrow_field.name, arrow_field.type, arrow_field.nullable)
    return base64.b64encode(pa.schema([bare]).serialize().to_pybytes()).decode("ascii")


def to_arrow(frame: pl.DataFrame, form: NativeForm) -> pa.Table:
    """The frame as a PyArrow table with the fields that `form` remembers."""
    import pyarrow as pa

    columns, fields = [], []
    for series in frame:
        plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
        column = plain.to_arrow()
        wanted = (
            pa.ipc.read_schema(pa.py_buffer(base64.b64decode(form.dtypes[series.name]))).field(0) if series.name in form.dtypes else None
        )
        if wanted is not None:
            column = arrow_cast(column, wanted.type)
        columns.append(column)
        nullable = wanted is None or wanted.nullable or column.null_count > 0
        fields.append(pa.field(series.name, column.type, nullable))
    return pa.table(columns, schema=pa.schema(fields))


def arrow_cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column in another type where every value fits, else as it is."""
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(kind):
            return column.cast(kind.value_type).dictionary_encode().cast(kind)
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column
