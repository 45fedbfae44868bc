"""pandas frames ↔ Polars: labels, nullable and extension types, and object columns by what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.errors import DataError
from understudy.data.admission import Admission, require_columns
from understudy.data.arrow_frames import arrow_cast, frame_from_arrow
from understudy.data.native_form import NativeForm, cast_if_exact
from understudy.data.table import Note
from understudy.data.values import refusal, typed_series

if TYPE_CHECKING:
    import pandas as pd


def from_pandas(data: pd.DataFrame, admission: Admission, origin: str) -> tuple[pl.DataFrame, NativeForm, list[Note]]:
    """A pandas frame as a Polars frame, with its form and notes on what was changed. Raises `DataError` for what no column can hold."""
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
    if dtype.kind == "O" and str(dtype) == "object":
        return typed_series(name, _python_values(column), where=origin, nested=admission.nested)
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_categorical(name, column, admission, origin)
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        frame, notes = frame_from_arrow(pa.table({name: pa.array(column.array)}), where=origin)
        return frame.to_series(), notes
    if getattr(dtype, "kind", "") == "f":
        # NaN is how this type writes missing: no note, and infinities stay for the door to see.
        return pl.Series(name, pl.from_pandas(column, nan_to_null=True)), []
    return pl.Series(name, pl.from_pandas(column)), []


def _python_values(column: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _from_categorical(name: str, column: pd.Series, admission: Admission, origin: str) -> tuple[pl.Series, list[Note]]:
    import pandas as pd

    levels, notes = typed_series(name, column.cat.categories.tolist(), where=origin, nested=admission.nested)
    codes = pl.Series(column.cat.codes.to_numpy().astype("int64"))
    values = (
        levels.gather(codes.set(codes < 0, None)).alias(name) if len(levels) else pl.Series(name, [None] * len(column), dtype=pl.String)
    )
    if levels.dtype != pl.String:
        return values, notes
    assert isinstance(column.dtype, pd.CategoricalDtype)
    return values.cast(pl.Enum(levels) if column.dtype.ordered else pl.Categorical()), notes


def to_pandas(frame: pl.DataFrame, form: NativeForm) -> pd.DataFrame:
    """The frame as a pandas frame with the types and labels that `form` remembers."""
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
            column = arrow_cast(column, dtype.pyarrow_dtype)
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
    return (
        _natural_pandas(exact)
        if exact.null_count() or exact.dtype != _POLARS_OF[dtype.name]
        else pd.Series(exact.to_numpy().astype(dtype), name=series.name)
    )


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
    "uint32": "uint32", "uint64": "uint64", "float32": "float32", "float64": "float64",
    "boolean": "bool", "string": "string", "str": "string",
}  # fmt: skip
