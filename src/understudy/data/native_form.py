"""What a frame was before it came in, so that another can be given back like it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from understudy.core.errors import SchemaError
from understudy.data.dtypes import dtype_name, polars_dtype


@dataclass(frozen=True)
class NativeForm:
    """What a frame was: enough to give another in the same form. It goes into the model file.

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
            from understudy.data.pandas_frames import to_pandas

            return to_pandas(frame, self)
        if self.library == "pyarrow":
            from understudy.data.arrow_frames import to_arrow

            return to_arrow(frame, self)
        return _to_polars(frame, self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON writes them."""
        return {"library": self.library, "dtypes": self.dtypes, "labels": self.labels, "categories": self.categories}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> NativeForm:
        return cls(**state)


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
