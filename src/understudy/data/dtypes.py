"""Polars types as text, so that a schema file can name the type of a source column.

Plain types are written by name (`Int64`, `String`, `Date`); types with a unit, zone or size carry it in brackets:
`Datetime[us]`, `Datetime[ns, Europe/Vienna]`, `Duration[ms]`, `Decimal[10, 2]`, `Enum`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from understudy.core.errors import SchemaError, did_you_mean

_PLAIN: dict[str, type[DataType]] = {
    dtype.__name__: dtype
    for dtype in (
        pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
        pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Date, pl.Time, pl.Categorical, pl.Null,
    )
}  # fmt: skip
_BRACKETS = re.compile(r"(Datetime|Duration|Decimal)\[([^\]]*)\]")


def dtype_name(dtype: DataType | DataTypeClass) -> str:
    """The type as text. Nested and binary types have no name here: `SchemaError`."""
    if isinstance(dtype, pl.Datetime):
        return f"Datetime[{dtype.time_unit}{', ' + dtype.time_zone if dtype.time_zone else ''}]"
    if isinstance(dtype, pl.Duration):
        return f"Duration[{dtype.time_unit}]"
    if isinstance(dtype, pl.Decimal):
        return f"Decimal[{dtype.precision}, {dtype.scale}]"
    if isinstance(dtype, pl.Enum):
        return "Enum"
    name = str(dtype.base_type().__name__)
    if name not in _PLAIN:
        raise SchemaError(
            f"Columns of type {dtype} are not handled.",
            remedy="Turn the column into text, or spread its parts over columns of their own.",
        )
    return name


def polars_dtype(name: str, categories: Sequence[str] | None = None) -> DataType:
    """The type that `dtype_name` wrote. `categories` are those of an Enum. Raises `SchemaError` with the nearest type."""
    if name in _PLAIN:
        return _PLAIN[name]()
    if name == "Enum":
        return pl.Enum(list(categories or []))
    if match := _BRACKETS.fullmatch(name):
        return _with_parts(match[1], [part.strip() for part in match[2].split(",")])
    raise SchemaError(
        f'"{name}" is not a type of column.',
        remedy=did_you_mean(name, [*_PLAIN, "Datetime[us]", "Duration[us]", "Decimal[10, 2]", "Enum"], shown=30),
    )


def _with_parts(kind: str, parts: list[str]) -> DataType:
    if kind == "Decimal":
        return pl.Decimal(int(parts[0]) if parts[0] != "None" else None, int(parts[1]))
    unit = parts[0]
    if unit not in ("ms", "us", "ns"):
        raise SchemaError(f'"{unit}" is not a unit of time.', remedy="The units are ms, us and ns.")
    if kind == "Duration":
        return pl.Duration(unit)  # type: ignore[arg-type]
    return pl.Datetime(unit, parts[1] if len(parts) > 1 else None)  # type: ignore[arg-type]
