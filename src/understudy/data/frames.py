"""Frames of other libraries ↔ Polars: pandas, Polars, PyArrow, and through narwhals whatever else it knows.

`table_from_frame` takes any of them in. The `NativeForm` remembers what came — library, labels, types — and gives a
Polars frame back in it; it is small, holds no values, and goes into the model file.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from understudy.core.errors import DataError, SchemaError
from understudy.data.admission import Admission, admitted, require_columns, require_rows
from understudy.data.dtypes import dtype_name, polars_dtype
from understudy.data.table import FrameSource, Note, Table
from understudy.data.values import Nested, refusal, typed_series

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ORIGIN = "DataFrame"


@dataclass(frozen=True)
class NativeForm:
    """What a frame was: enough to give another in the same form.

    Args:
        library: "polars", "pandas" or "pyarrow".
        dtypes: by column, the library's own name of the type ("Int64", "datetime64[ns, UTC]"; PyArrow: a serialised field).
        labels: pandas labels that are no text, by the text that stands for them ({"0": 0}).
        categories: of ordered categorical types only, low to high. Unordered categories come from the values given
            back, so that no rare one is carried along in a model file.
    """

    library: str = "polars"
    dtypes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int | float | bool] = field(default_factory=dict)
    categories: dict[str, list[Any]] = field(default_factory=dict)

    def restore(self, frame: pl.DataFrame) -> Any:
        """`frame` in this form. Columns it does not know keep their natural type; values that do not fit a type keep theirs."""
        if self.library == "pandas":
            return _to_pandas(frame, self)
        if self.library == "pyarrow":
            return _to_pyarrow(frame, self)
        return _to_polars(frame, self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON writes them."""
        return {"library": self.library, "dtypes": self.dtypes, "labels": self.labels, "categories": self.categories}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> NativeForm:
        return cls(**state)


def table_from_frame(data: Any, *, nested: Nested = "error", infinities: Any = "error", origin: str = ORIGIN) -> Table:
    """A frame of any library as a `Table`.

    Raises:
        DataError: no columns or rows, repeated names, nested, binary or infinite cells, types that are not handled.
    """
    admission = Admission(nested, infinities)
    frame, form, notes = _taken(data, admission, origin)
    require_rows(frame.height, where=origin)
    frame, told = admitted(frame, admission, where=origin)
    return Table(FrameSource(frame), origin=origin, form=form, notes=notes + told)


_Taken = tuple[pl.DataFrame, NativeForm, list[Note]]


def _taken(data: Any, admission: Admission, origin: str) -> _Taken:
    if nw.dependencies.is_polars_lazyframe(data):
        data = data.collect()
    if nw.dependencies.is_polars_dataframe(data):
        require_columns(data.columns, where=origin)
        return data, polars_form(data), []
    if nw.dependencies.is_pandas_dataframe(data):
        return _from_pandas(data, admission, origin)
    if nw.dependencies.is_pyarrow_table(data) or type(data).__module__.startswith("pyarrow"):
        return _from_pyarrow(data, origin)
    try:
        known = nw.from_native(data)
    except TypeError:
        raise _no_table(data) from None
    frame = (known.collect() if isinstance(known, nw.LazyFrame) else known).to_polars()
    note = Note(None, "given back as a Polars frame", f"{type(data).__module__.partition('.')[0]} frames are read only")
    return frame, polars_form(frame), [note]


def _no_table(data: Any) -> DataError:
    if nw.dependencies.is_pandas_series(data) or nw.dependencies.is_polars_series(data):
        return DataError("A single column (Series) is no table.", remedy="Hand in a frame: series.to_frame().")
    return DataError(
        f"Values of type {type(data).__name__} are no table.",
        remedy="Hand in a path, a database URL, or a pandas, Polars or PyArrow table; other values: polars.DataFrame(values).",
    )


# Polars


def polars_form(frame: pl.DataFrame) -> NativeForm:
    """The form of a Polars frame; also that of tables read from files."""
    dtypes: dict[str, str] = {}
    categories: dict[str, list[Any]] = {}
    for name, dtype in frame.schema.items():
        try:
            dtypes[name] = dtype_name(dtype)
        except SchemaError:
            continue
        if isinstance(dtype, pl.Enum):
            categories[name] = dtype.categories.to_list()
    return NativeForm("polars", dtypes, categories=categories)


def _to_polars(frame: pl.DataFrame, form: NativeForm) -> pl.DataFrame:
    wanted = {name: polars_dtype(text, form.categories.get(name)) for name, text in form.dtypes.items() if name in frame.columns}
    return frame.with_columns(cast_if_exact(frame[name], dtype) for name, dtype in wanted.items())


def cast_if_exact(series: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The series in `dtype` where every value survives, else as it is."""
    if series.dtype == dtype:
        return series
    try:
        cast = series.cast(dtype, strict=True)
        exact = not (series.dtype.is_float() and dtype.is_integer()) or bool((cast.cast(series.dtype) == series).all())
    except pl.exceptions.PolarsError:
        return series
    return cast if exact else series


# PyArrow


def _from_pyarrow(data: Any, origin: str) -> _Taken:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table):
        raise _no_table(data)
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


def _to_pyarrow(frame: pl.DataFrame, form: NativeForm) -> pa.Table:
    import pyarrow as pa

    columns, fields = [], []
    for series in frame:
        plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
        column = plain.to_arrow()
        wanted = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(form.dtypes[series.name]))).field(0) if series.name in form.dtypes else None
        if wanted is not None:
            column = _arrow_cast(column, wanted.type)
        columns.append(column)
        nullable = wanted is None or wanted.nullable or column.null_count > 0
        fields.append(pa.field(series.name, column.type, nullable))
    return pa.table(columns, schema=pa.schema(fields))


def _arrow_cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(kind):
            return column.cast(kind.value_type).dictionary_encode().cast(kind)
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column


# pandas


def _from_pandas(data: pd.DataFrame, admission: Admission, origin: str) -> _Taken:
    import pandas as pd

    if data.columns.nlevels > 1:
        raise DataError(
            f"The columns have {data.columns.nlevels} levels of names.",
            where=origin,
            remedy='Join them to one: frame.columns = ["_".join(map(str, names)) for names in frame.columns].',
        )
    names = require_columns([str(label) for label in data.columns], where=origin)
    notes = _index_notes(data)
    dtypes: dict[str, str] = {}
    categories: dict[str, list[Any]] = {}
    columns: list[pl.Series] = []
    for position, name in enumerate(names):
        column = data.iloc[:, position]
        dtypes[name] = str(column.dtype)
        if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
            categories[name] = column.dtype.categories.tolist()
        series, told = _from_pandas_column(name, column, admission, origin)
        columns.append(series)
        notes += told
    form = NativeForm("pandas", dtypes, _labels(data, names), categories)
    # Not from a list of series: that would rename a column whose name is empty.
    return pl.DataFrame(dict(zip(names, columns, strict=True))), form, notes


def _labels(data: pd.DataFrame, names: list[str]) -> dict[str, int | float | bool]:
    kept: dict[str, int | float | bool] = {}
    for label, name in zip(data.columns, names, strict=True):
        plain = label.item() if hasattr(label, "item") else label
        if isinstance(plain, (int, float, bool)):
            kept[name] = plain
    return kept


def _index_notes(data: pd.DataFrame) -> list[Note]:
    import pandas as pd

    if isinstance(data.index, pd.RangeIndex) or (data.index.name is None and data.index.nlevels == 1 and data.index.dtype.kind == "i"):
        return []
    name = f'"{data.index.name}" ' if data.index.name is not None else ""
    return [Note(None, f"the index {name}is left out", "only columns are learned; frame.reset_index() makes it one")]


def _from_pandas_column(name: str, column: pd.Series, admission: Admission, origin: str) -> tuple[pl.Series, list[Note]]:
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)) or getattr(dtype, "kind", "") in ("c", "V", "S"):
        raise refusal(name, str(dtype), "other", where=origin)
    if isinstance(dtype, pd.SparseDtype):
        return _from_pandas_column(name, column.sparse.to_dense(), admission, origin)
    if dtype == object:
        return typed_series(name, _python_values(column), where=origin, nested=admission.nested)
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_categorical(name, column, admission, origin)
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        frame, notes = frame_from_arrow(pa.table({name: pa.array(column.array)}), where=origin)
        return frame.to_series(), notes
    if getattr(dtype, "kind", "") == "f":
        # NaN is how this type writes missing: no note, and infinities stay for the door to see.
        return pl.from_pandas(column, nan_to_null=True).alias(name), []
    return pl.from_pandas(column).alias(name), []


def _python_values(column: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _from_categorical(name: str, column: pd.Series, admission: Admission, origin: str) -> tuple[pl.Series, list[Note]]:
    import pandas as pd

    levels, notes = typed_series(name, column.cat.categories.tolist(), where=origin, nested=admission.nested)
    codes = pl.Series(column.cat.codes.to_numpy().astype("int64"))
    values = levels.gather(codes.set(codes < 0, None)).alias(name) if len(levels) else pl.Series(name, [None] * len(column), dtype=pl.String)
    if levels.dtype != pl.String:
        return values, notes
    assert isinstance(column.dtype, pd.CategoricalDtype)
    return values.cast(pl.Enum(levels) if column.dtype.ordered else pl.Categorical()), notes


def _to_pandas(frame: pl.DataFrame, form: NativeForm) -> pd.DataFrame:
    import pandas as pd

    columns = [_pandas_column(series, form) for series in frame]
    out = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(frame.height))
    if form.labels:
        labels = [form.labels.get(name, name) for name in frame.columns]
        out.columns = pd.Index(labels)
    return out


def _pandas_column(series: pl.Series, form: NativeForm) -> pd.Series:
    import pandas as pd

    text = form.dtypes.get(series.name)
    if text is None:
        return _natural_pandas(series)
    if text == "category":
        return _pandas_category(series, form.categories.get(series.name))
    if text == "object" or text.startswith("Sparse"):
        return _objects(series) if text == "object" else _natural_pandas(series)
    try:
        dtype = pd.api.types.pandas_dtype(text)
        return _TO_PANDAS.get(dtype.kind, _through_arrow)(series, dtype)
    except (TypeError, ValueError, OverflowError, NotImplementedError, pl.exceptions.PolarsError):
        return _natural_pandas(series)


def _natural_pandas(series: pl.Series) -> pd.Series:
    plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    return plain.to_pandas()


def _objects(series: pl.Series) -> pd.Series:
    import pandas as pd

    plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    return pd.Series(plain.to_list(), dtype=object, name=series.name)


def _pandas_category(series: pl.Series, ordered: list[Any] | None) -> pd.Series:
    import pandas as pd

    plain = _objects(series)
    if ordered is not None:
        present = set(plain.dropna())
        if present <= set(ordered):
            return plain.astype(pd.CategoricalDtype(ordered, ordered=True))
    return plain.astype("category")


def _through_arrow(series: pl.Series, dtype: Any) -> pd.Series:
    import pandas as pd

    if hasattr(dtype, "__from_arrow__") and dtype.kind != "M":
        target = _ARROW_OF.get(str(dtype).lower())
        column = series.to_arrow()
        if getattr(dtype, "pyarrow_dtype", None) is not None:
            column = _arrow_cast(column, dtype.pyarrow_dtype)
        elif target is not None:
            column = column.cast(target)
        return pd.Series(dtype.__from_arrow__(column), name=series.name)
    return _natural_pandas(series).astype(dtype)


def _numpy_number(series: pl.Series, dtype: Any) -> pd.Series:
    """NumPy integers and booleans have no missing: pandas' own way out (floats, objects) is taken where some are."""
    import pandas as pd

    if hasattr(dtype, "__from_arrow__"):
        return _through_arrow(series, dtype)
    exact = cast_if_exact(series, _POLARS_OF[dtype.name])
    return _natural_pandas(series) if exact.null_count() else pd.Series(exact.to_numpy().astype(dtype), name=series.name)


def _numpy_float(series: pl.Series, dtype: Any) -> pd.Series:
    import pandas as pd

    if hasattr(dtype, "__from_arrow__"):
        return _through_arrow(series, dtype)
    if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
        return _natural_pandas(series)
    return pd.Series(series.cast(pl.Float64).to_numpy().astype(dtype), name=series.name)


def _pandas_datetime(series: pl.Series, dtype: Any) -> pd.Series:
    if not series.dtype.is_temporal():
        return _natural_pandas(series)
    if hasattr(dtype, "pyarrow_dtype"):
        return _through_arrow(series, dtype)
    return _natural_pandas(series).astype(dtype)


_TO_PANDAS: dict[str, Callable[[pl.Series, Any], Any]] = {
    "i": _numpy_number,
    "u": _numpy_number,
    "b": _numpy_number,
    "f": _numpy_float,
    "M": _pandas_datetime,
    "m": _pandas_datetime,
}
_POLARS_OF: dict[str, Any] = {
    "int8": pl.Int8(), "int16": pl.Int16(), "int32": pl.Int32(), "int64": pl.Int64(),
    "uint8": pl.UInt8(), "uint16": pl.UInt16(), "uint32": pl.UInt32(), "uint64": pl.UInt64(), "bool": pl.Boolean(),
}  # fmt: skip
_ARROW_OF = {
    "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64", "uint8": "uint8", "uint16": "uint16",
    "uint32": "uint32", "uint64": "uint64", "float32": "float32", "float64": "float64", "boolean": "bool", "string": "string", "str": "string",
}  # fmt: skip
