"""What is asked of one column, and which typed values meet it: for conditions of a draw and for declared rules alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, UnderstudyError

if TYPE_CHECKING:
    from understudy.data.schema import ColumnSchema

Floats = NDArray[np.float64]
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Condition:
    """One column's condition: ``choices``, or else the closed range [low, high]; ``null``: a missing value will do as well.

    ``excluded``: whatever meets none of these conditions on the same column, and nothing else is asked.
    """

    column: str
    choices: tuple[Any, ...] | None
    low: Any = None
    high: Any = None
    null: bool = False
    excluded: tuple[Condition, ...] = ()

    @property
    def only_null(self) -> bool:
        return self.choices == () and self.null

    def __str__(self) -> str:
        if self.excluded:
            return f'"{self.column}" neither of the asked values'
        if self.choices is None:
            return f'"{self.column}" from {_shown(self.low)} to {_shown(self.high)}'
        shown = [*(_shown(c) for c in self.choices[:5]), *["missing"] * self.null]
        return f'"{self.column}" = ' + " or ".join(shown) + (" …" if len(self.choices) > 5 else "")


def in_typed_values(condition: Condition, column: ColumnSchema) -> Condition:
    """A condition as the source writes values ("Yes", "31/12/2020", "1.234,50 €") in the values that these mean."""
    if condition.excluded:
        return replace(condition, excluded=tuple(in_typed_values(each, column) for each in condition.excluded))
    changed = {
        "choices": None if condition.choices is None else tuple(meaning(value, column) for value in condition.choices),
        "low": meaning(condition.low, column),
        "high": meaning(condition.high, column),
    }
    choices = changed["choices"]
    null = condition.null or (choices is not None and None in choices)
    present = None if choices is None else tuple(value for value in choices if value is not None)
    return Condition(condition.column, present, changed["low"], changed["high"], null)


def meaning(value: Any, column: ColumnSchema) -> Any:
    """One value as the source writes it in the value that it means; what cannot be read stays as it is."""
    if value is None or column.kind in ("categorical", "ordinal", "constant") or column.remade:
        return None if column.missing_text and value in column.missing_text else value
    if column.spelling is not None and value in column.spelling:
        return column.spelling.index(value) == 1
    from understudy.data.typed import typed

    if not isinstance(value, str) or column.dtype != "String":
        return value
    try:
        return typed(pl.Series([value]), column)[0]
    except UnderstudyError:
        return value


def meets(values: pl.Series, condition: Condition) -> NDArray[np.bool_]:
    """Which of the typed values (n,) meet the condition."""
    if condition.excluded:
        return np.asarray(~np.logical_or.reduce([meets(values, each) for each in condition.excluded]))
    missing = values.is_null().to_numpy()
    if condition.only_null:
        return missing
    if values.dtype.is_temporal():
        met = _meets_moment(values, condition)
    elif values.dtype.is_numeric():
        met = _meets_number(values.cast(pl.Float64).fill_null(0).to_numpy(), condition)
    else:
        met = _meets_level(values, condition)
    return np.asarray(np.where(missing, condition.null, met), dtype=np.bool_)


def _meets_moment(values: pl.Series, condition: Condition) -> NDArray[np.bool_]:
    if isinstance(values.dtype, pl.Duration):
        wanted = replace(
            condition,
            choices=None if condition.choices is None else tuple(_seconds(c) for c in condition.choices),
            low=_seconds(condition.low),
            high=_seconds(condition.high),
        )
        return _meets_number(values.dt.total_microseconds().fill_null(0).to_numpy() / 1e6, wanted)
    dtype = "Date" if values.dtype == pl.Date else "Time" if values.dtype == pl.Time else "Datetime"
    ticks = micros(values).fill_null(0).to_numpy()
    spans = moment_spans(condition, dtype)
    return np.asarray(np.logical_or.reduce([(ticks >= low) & (ticks <= high) for low, high in spans]))


def _seconds(value: Any) -> Any:
    """A duration in seconds; a bare number is microseconds, as everywhere in conditions."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value / 1e6 if isinstance(value, int | float) else value


def _meets_number(values: Floats, condition: Condition) -> NDArray[np.bool_]:
    if condition.choices is None:
        low = -np.inf if condition.low is None else _number(condition, condition.low)
        high = np.inf if condition.high is None else _number(condition, condition.high)
        slack = 1e-9 * np.maximum(1.0, np.abs(values))
        return np.asarray((values >= low - slack) & (values <= high + slack))
    wanted = np.array([_number(condition, choice) for choice in condition.choices])
    return np.asarray(np.isclose(values[:, None], wanted, rtol=1e-9, atol=1e-9).any(axis=1))


def _number(condition: Condition, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConditionError(
            f'The column "{condition.column}" holds numbers, and {value!r} is none.', where=f'given, column "{condition.column}"'
        ) from None


def _meets_level(values: pl.Series, condition: Condition) -> NDArray[np.bool_]:
    if condition.choices is None:
        raise ConditionError(
            f'The values of the column "{condition.column}" have no order to take a range of.',
            where=f'given, column "{condition.column}"', remedy="Give a list of values.",
        )  # fmt: skip
    texts = {str(choice).lower() if values.dtype == pl.Boolean else str(choice) for choice in condition.choices}
    return values.cast(pl.String).is_in(list(texts)).fill_null(False).to_numpy()


def micros(values: pl.Series) -> pl.Series:
    """Moments as Int64 microseconds since 1970 (of the day, for a Time)."""
    if values.dtype == pl.Date:
        return values.cast(pl.Int64) * DAY_US
    if values.dtype == pl.Time:
        return values.cast(pl.Int64) // 1000
    return values.cast(pl.Datetime("us")).to_physical()


def moment_spans(condition: Condition, dtype: str) -> list[tuple[float, float]]:
    """A condition on moments as closed spans of microseconds. A day named for a moment means the whole day.

    ``dtype`` is "Date", "Time" or anything else for a Datetime.
    """
    if condition.choices is not None:
        return [_span(condition.column, value, dtype) for value in condition.choices]
    low = -np.inf if condition.low is None else _span(condition.column, condition.low, dtype)[0]
    high = np.inf if condition.high is None else _span(condition.column, condition.high, dtype)[1]
    if low > high:
        raise ConditionError("The range is empty: its low end lies above its high end.", where=f'given, column "{condition.column}"')
    return [(low, high)]


def _span(column: str, value: Any, dtype: str) -> tuple[float, float]:
    if dtype == "Time":
        moment = _moment(column, value, time, dtype)
        at = ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1e6 + moment.microsecond
        return at, at
    if isinstance(value, date) and not isinstance(value, datetime):
        return _day(value)
    if isinstance(value, str) and len(value) <= len("2020-12-31"):
        return _day(_moment(column, value, date, dtype))
    moment = _moment(column, value, datetime, dtype).replace(tzinfo=None)
    if dtype == "Date":
        return _day(moment.date())
    at = (moment - datetime(1970, 1, 1)) / timedelta(microseconds=1)
    return at, at


def _day(day: date) -> tuple[float, float]:
    start = float((day - date(1970, 1, 1)).days) * DAY_US
    return start, start + DAY_US - 1


def _moment(column: str, value: Any, kind: Any, dtype: str) -> Any:
    if isinstance(value, kind):
        return value
    try:
        return kind.fromisoformat(value)
    except (TypeError, ValueError):
        example = {"Time": "14:30", "Date": "2024-05-31"}.get(dtype, "2024-05-31 14:30")
        raise ConditionError(
            f'{value!r} is no moment that the column "{column}" could hold.',
            where=f'given, column "{column}"',
            remedy=f'Write it as "{example}".',
        ) from None


def _shown(value: Any) -> str:
    return "any" if value is None else repr(value) if isinstance(value, str) else str(value)
