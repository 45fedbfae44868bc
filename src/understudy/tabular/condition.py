"""What a user may ask of a column: a value, one of several, or a range.

    given={"churn": "Yes", "age": (30, 40), "plan": ["basic", "plus"], "income": Range(50_000, None), "phone": None}

A tuple of two, a `Range` or a slice is a range with both ends included (None: open); a list, set, array or series holds choices;
None stands for a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError
from understudy.tabular.fields import Floats


class Range(NamedTuple):
    """Values from ``low`` to ``high``, both included; None leaves an end open."""

    low: Any = None
    high: Any = None


@dataclass(frozen=True)
class Condition:
    """One column's condition: ``choices``, or else the closed range [low, high]; ``null``: a missing value will do as well."""

    column: str
    choices: tuple[Any, ...] | None
    low: Any = None
    high: Any = None
    null: bool = False

    @property
    def only_null(self) -> bool:
        return self.choices == () and self.null

    def __str__(self) -> str:
        if self.choices is None:
            return f'"{self.column}" from {_shown(self.low)} to {_shown(self.high)}'
        shown = [*(_shown(c) for c in self.choices[:5]), *["missing"] * self.null]
        return f'"{self.column}" = ' + " or ".join(shown) + (" …" if len(self.choices) > 5 else "")


def parse_conditions(given: Any) -> dict[str, Condition]:
    """The conditions in ``given``, by column. Raises ``ConditionError`` for anything that is not a mapping of columns."""
    if not isinstance(given, Mapping):
        raise ConditionError(
            f"Conditions are a mapping from columns to values, not {type(given).__name__}.",
            where="given",
            remedy='For example given={"churn": "Yes"}.',
        )
    return {str(column): _parse(str(column), wanted) for column, wanted in given.items()}


def _parse(column: str, wanted: Any) -> Condition:
    if isinstance(wanted, Condition):
        return wanted
    if isinstance(wanted, slice):
        return _range(column, wanted.start, wanted.stop)
    if isinstance(wanted, tuple):
        if len(wanted) != 2:
            raise ConditionError(
                f"A range has two ends; {len(wanted)} were given.",
                where=f'given, column "{column}"',
                remedy="Use a list for several values.",
            )
        return _range(column, *wanted)
    if isinstance(wanted, list | set | frozenset | np.ndarray) or hasattr(wanted, "to_list"):
        values = [_plain(value) for value in (wanted.to_list() if hasattr(wanted, "to_list") else wanted)]
        return _choices(column, sorted(values, key=_order) if isinstance(wanted, set | frozenset) else values)
    return _choices(column, [_plain(wanted)])


def _choices(column: str, values: list[Any]) -> Condition:
    if not values:
        raise ConditionError("No value is left to choose from: the list is empty.", where=f'given, column "{column}"')
    present = tuple(dict.fromkeys(value for value in values if value is not None))
    return Condition(column, present, null=any(value is None for value in values))


def _range(column: str, low: Any, high: Any) -> Condition:
    low, high = _plain(low), _plain(high)
    if low is None and high is None:
        raise ConditionError("A range needs at least one end.", where=f'given, column "{column}"', remedy="For example (18, None).")
    return Condition(column, None, low, high)


def _plain(value: Any) -> Any:
    """NumPy and pandas scalars as Python's; not-a-number and not-a-time as None."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    elif isinstance(value, np.datetime64 | np.timedelta64):
        value = value.astype("datetime64[us]" if isinstance(value, np.datetime64) else "timedelta64[us]").item()
    elif hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def _order(value: Any) -> tuple[str, str]:
    """Any order will do for a set, as long as it is always the same."""
    return type(value).__name__, repr(value)


def _shown(value: Any) -> str:
    return "any" if value is None else repr(value) if isinstance(value, str) else str(value)


# What a typed value means to a condition

DAY_US = 86_400_000_000


def meets(values: pl.Series, condition: Condition) -> NDArray[np.bool_]:
    """Which of the typed values (n,) meet the condition."""
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
