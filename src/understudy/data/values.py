"""Python values (a pandas object column, a JSON key, a database column) as one typed Polars series, and nothing lost unsaid."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, Literal
from uuid import UUID

import numpy as np
import polars as pl

from understudy.core.errors import DataError
from understudy.data.table import Note

Nested = Literal["error", "text"]

# The first match counts: a bool is an int, a datetime is a date.
_GROUPS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("text", (str,)),
    ("true/false", (bool, np.bool_)),
    ("whole numbers", (int, np.integer)),
    ("numbers", (float, np.floating)),
    ("decimals", (Decimal,)),
    ("datetimes", (datetime,)),
    ("dates", (date,)),
    ("times", (time,)),
    ("durations", (timedelta,)),
    ("written", (UUID, IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)),
    ("binary", (bytes, bytearray, memoryview)),
    ("nested", (list, tuple, dict, set, frozenset, np.ndarray)),
)
_DTYPES: dict[str, Any] = {"text": pl.String, "true/false": pl.Boolean, "dates": pl.Date, "times": pl.Time, "durations": pl.Duration("us")}
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)


def typed_series(
    name: str, values: Sequence[Any], *, where: str, nested: Nested = "error", first_row: int = 1
) -> tuple[pl.Series, list[Note]]:
    """One column of Python values (None is missing) as a series, with notes on what was changed.

    Args:
        name: the column's name.
        values: the cells.
        where: the file or frame, for messages.
        nested: lists and mappings are refused ("error") or passed as JSON text ("text").
        first_row: number of the first value's row, for messages.

    Raises:
        DataError: nested, binary or other values that no column can hold; names column, row and remedy.
    """
    values = [None if _is_nan(value) else value for value in values]
    counts = Counter(map(type, values))
    counts.pop(type(None), None)
    groups: Counter[str] = Counter()
    for kind, count in counts.items():
        groups[_group_of(kind)] += count
    for refused in ("nested", "binary", "other"):
        if refused in groups and not (refused == "nested" and nested == "text"):
            row, value = next((i, v) for i, v in enumerate(values) if v is not None and _group_of(type(v)) == refused)
            raise refusal(name, type(value).__name__, refused, where=where, row=first_row + row)
    return _series_of(name, list(values), groups)


def refusal(name: str, kind: str, group: str, *, where: str, row: int | None = None) -> DataError:
    """The error for cells that no column can hold: group "nested", "binary" or "other"."""
    place = f"{where}, row {row}" if row is not None else where
    if group == "nested":
        return DataError(
            f'Column "{name}" holds nested values ({kind}) in its cells.',
            where=place,
            remedy='Spread them over columns of their own, drop the column, or read them as JSON text: read(..., nested="text").',
        )
    if group == "binary":
        return DataError(
            f'Column "{name}" holds binary values ({kind}).', where=place, remedy="Drop the column, or decode it to text or numbers first."
        )
    return DataError(
        f'Column "{name}" has the type {kind}, which is not handled.',
        where=place,
        remedy="Drop the column, or turn it into numbers, dates or text first.",
    )


def json_text(value: Any) -> str | None:
    """A nested value as JSON text; members that JSON does not know are written as text."""
    if value is None:
        return None
    return json.dumps(_plain(value), ensure_ascii=False, default=str)


def nested_note(name: str) -> Note:
    return Note(name, "nested values are passed as JSON text", 'nested="text" was asked for')


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.to_list() if isinstance(value, pl.Series) else value


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating, Decimal)) and value != value


def _group_of(kind: type) -> str:
    return next((group for group, kinds in _GROUPS if issubclass(kind, kinds)), "other")


def _series_of(name: str, values: list[Any], groups: Counter[str]) -> tuple[pl.Series, list[Note]]:
    present = frozenset(groups)
    if not present:
        return pl.Series(name, [None] * len(values), dtype=pl.Null), []
    if present == {"nested"}:
        return pl.Series(name, [json_text(value) for value in values], dtype=pl.String), [nested_note(name)]
    if present == {"written"}:
        kind = next(type(value).__name__ for value in values if value is not None)
        return _as_text(name, values), [Note(name, "read as text", f"its values are of type {kind}")]
    if present == {"whole numbers"}:
        return _whole(name, values)
    if present <= {"whole numbers", "numbers"}:
        return _numbers(name, values, groups["whole numbers"])
    if present <= {"whole numbers", "decimals"}:
        return _decimals(name, values)
    if present <= {"decimals", "numbers", "whole numbers"}:
        return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64), [
            Note(name, "read as floating-point numbers", "it holds decimals and floats together")
        ]
    if present == {"datetimes"}:
        return _datetimes(name, values)
    if present == {"dates", "datetimes"}:
        whole = [value if value is None or isinstance(value, datetime) else datetime.combine(value, time()) for value in values]
        series, notes = _datetimes(name, whole)
        return series, [*notes, Note(name, "dates are read as midnight of the day", "it holds dates and datetimes together")]
    if len(present) == 1:
        dtype = _DTYPES[next(iter(present))]
        return pl.Series(name, [bool(value) if isinstance(value, np.bool_) else value for value in values], dtype=dtype), []
    return _as_text(name, values), [Note(name, "read as text", f"it holds {_described(groups)} together")]


def _described(groups: Counter[str]) -> str:
    return " and ".join(f"{group} ({count:,})" for group, count in groups.most_common())


def _as_text(name: str, values: list[Any]) -> pl.Series:
    nested = (list, tuple, dict, set, frozenset, np.ndarray)
    cells = [
        value if value is None or isinstance(value, str) else json_text(value) if isinstance(value, nested) else str(value)
        for value in values
    ]
    return pl.Series(name, cells, dtype=pl.String)


def _whole(name: str, values: list[Any]) -> tuple[pl.Series, list[Note]]:
    numbers = [value for value in values if value is not None]
    low, high = int(min(numbers)), int(max(numbers))
    if low in _INT64 and high in _INT64:
        return pl.Series(name, values, dtype=pl.Int64), []
    if low in _UINT64 and high in _UINT64:
        return pl.Series(name, values, dtype=pl.UInt64), []
    return _as_text(name, values), [Note(name, "kept as text", "its whole numbers do not fit into 64 bits")]


def _numbers(name: str, values: list[Any], whole: int) -> tuple[pl.Series, list[Note]]:
    series = pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)
    rounded = sum(1 for value in values if isinstance(value, (int, np.integer)) and int(float(value)) != int(value)) if whole else 0
    if not rounded:
        return series, []
    return series, [Note(name, f"{rounded:,} whole numbers are rounded to 53 bits", "it holds whole numbers and fractions together")]


def _decimals(name: str, values: list[Any]) -> tuple[pl.Series, list[Note]]:
    exact = [None if value is None else Decimal(value) for value in values]
    finite = [value for value in exact if value is not None and value.is_finite()]
    scale = max((-int(value.as_tuple().exponent) for value in finite), default=0)
    digits = max((len(value.as_tuple().digits) + int(value.as_tuple().exponent) for value in finite), default=0)
    if len(finite) == sum(value is not None for value in exact) and max(scale, 0) + max(digits, 1) <= 38:
        return pl.Series(name, exact, dtype=pl.Decimal(38, max(scale, 0))), []
    numbers = [None if value is None else float(value) for value in exact]
    return pl.Series(name, numbers, dtype=pl.Float64), [
        Note(name, "read as floating-point numbers", "its decimals have more than 38 digits or are infinite")
    ]


def _datetimes(name: str, values: list[Any]) -> tuple[pl.Series, list[Note]]:
    zones = {value.tzinfo for value in values if value is not None}
    if zones == {None}:
        return pl.Series(name, [_microseconds(value) for value in values], dtype=pl.Datetime("us")), []
    if None in zones:
        return _as_text(name, values), [Note(name, "read as text", "it holds times with and without a time zone")]
    keys = {_zone_key(zone) for zone in zones}
    series = pl.Series(name, [None if value is None else value.astimezone(UTC) for value in values], dtype=pl.Datetime("us", "UTC"))
    key = keys.pop() if len(keys) == 1 else None
    if key is not None:
        return series.dt.convert_time_zone(key), []
    return series, [Note(name, "times are turned to UTC", "they are given in several time zones or as bare offsets")]


def _zone_key(zone: tzinfo | None) -> str | None:
    return "UTC" if zone is UTC else getattr(zone, "key", None) or getattr(zone, "zone", None)


def _microseconds(value: datetime | None) -> datetime | None:
    # A pandas Timestamp carries nanoseconds and warns when they are cut; here they are cut knowingly, as Python datetimes have none.
    return value.to_pydatetime(warn=False) if value is not None and hasattr(value, "to_pydatetime") else value
