"""Moments in time: a date part, and further fields for the weekday and the time of day where they carry anything.

A date is counted in years, months or days, whichever is the coarsest that loses nothing. Where weekdays are used unevenly it
is counted in weeks, and the weekday becomes a field of its own, so that learners see it and the output keeps it. The time of
day is a field where times vary, in the coarsest unit that loses nothing. Times of day come back to their resolution,
dates to their day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.condition import DAY_US, Condition, micros, moment_spans
from understudy.data.dtypes import dtype_name, polars_dtype
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec.column import Arrays, ColumnCodec, Limit, Part, Restriction, Tables, no_missing
from understudy.tabular.codec.number import describe_shape
from understudy.tabular.codec.number_field import NumberField
from understudy.tabular.codec.protection import Protection
from understudy.tabular.fields import Allowed, Field, Floats, Positions, Tokens

Integers = NDArray[np.int64]
Counted = Literal["year", "month", "week", "day", "none"]

_TIME_UNITS_US = (3_600_000_000, 60_000_000, 1_000_000, 1_000, 1)
_MODULI = {3_600_000_000: (12,), 60_000_000: (60,), 1_000_000: (60, 3600), 1_000: (10, 100, 1000), 1: (10, 100, 1000)}
_FEWEST_FOR_WEEKDAYS = 100
_UNEVEN = 0.05  # total variation of the weekdays from evenness that is worth a field
_EPOCH = date(1970, 1, 1)
_MONDAY = 4  # 1970-01-01 was a Thursday: four days to the next Monday


@dataclass(frozen=True)
class Clock:
    """How moments are taken apart. ``time_us``: microseconds in a unit of the time of day; 0 where it never varies, and then
    ``fixed_us`` is added to every day."""

    counted: Counted
    weekday: bool
    time_us: int
    fixed_us: int = 0
    fixed_day: int = 0

    @classmethod
    def of(cls, days: Integers, times_us: Integers) -> Self:
        """The clock for whole days since 1970 and microseconds of the day."""
        time_us, fixed_us = 0, int(times_us[0])
        if (times_us != fixed_us).any():
            time_us, fixed_us = next(unit for unit in _TIME_UNITS_US if not (times_us % unit).any()), 0
        if (days == days[0]).all():
            return cls("none" if time_us else "day", False, time_us, fixed_us, int(days[0]))
        calendar = days.astype("datetime64[D]")
        months = calendar.astype("datetime64[M]")
        if not (calendar != months).any():
            years = months.astype("datetime64[Y]")
            return cls("month" if (months != years).any() else "year", False, time_us, fixed_us)
        uneven = _weekdays_uneven(days)
        return cls("week" if uneven else "day", uneven, time_us, fixed_us)

    def count(self, days: NDArray[Any]) -> Floats:
        """Days since 1970 as the count of the date part (years, months, weeks or days since 1970)."""
        if self.counted == "week":
            return np.floor((days - _MONDAY) / 7.0)
        if self.counted in ("month", "year"):
            unit = "datetime64[M]" if self.counted == "month" else "datetime64[Y]"
            return days.astype(np.int64).astype("datetime64[D]").astype(unit).astype(np.int64).astype(np.float64)
        return days.astype(np.float64)

    def first_day(self, count: Floats) -> Floats:
        """The first day of a counted year, month, week or day."""
        if self.counted == "week":
            return count * 7 + _MONDAY
        if self.counted in ("month", "year"):
            unit = "datetime64[M]" if self.counted == "month" else "datetime64[Y]"
            return np.rint(count).astype(np.int64).astype(unit).astype("datetime64[D]").astype(np.int64).astype(np.float64)
        return count

    def weekday_of(self, days: NDArray[Any]) -> NDArray[Any]:
        """0 (Monday) .. 6."""
        return np.asarray(np.mod(days - _MONDAY, 7))


def _weekdays_uneven(days: Integers) -> bool:
    if len(days) < _FEWEST_FOR_WEEKDAYS:
        return False
    seen = np.bincount(np.mod(days - _MONDAY, 7), minlength=7)
    expected = len(days) / 7
    chi_square = ((seen - expected) ** 2).sum() / expected
    far = np.abs(seen / len(days) - 1 / 7).sum() / 2
    # 22.5 is the 99.9th percentile of chi-square with six degrees of freedom.
    return bool(chi_square > 22.5 and far > _UNEVEN)


class CalendarColumn(ColumnCodec):
    """datetime, date, time; typed values are Datetime without a zone, Date or Time."""

    tag: ClassVar[str] = "calendar"

    def __init__(self, name: str, dtype: str, clock: Clock, parts: dict[str, NumberField]) -> None:
        self.name = name
        self.dtype = dtype
        self.clock = clock
        self.parts = parts
        self.fields: list[Field] = [part.field for part in parts.values()]
        self._order = list(parts)

    @classmethod
    def fit(cls, sample: pl.Series, column: ColumnSchema, protection: Protection, rare: int) -> Self:
        """Learn from a sample of typed values, at least one of them present."""
        ticks, missing = _micros(sample)
        days, times_us = np.divmod(ticks, DAY_US)
        clock = Clock.of(days[~missing], times_us[~missing])
        axes = _axes(clock, days, times_us, missing)
        moduli = {"date": (), "weekday": (), "time": _MODULI.get(clock.time_us, ())}
        parts: dict[str, NumberField] = {}
        for part, axis in axes.items():
            main = not parts
            parts[part] = NumberField.fit(
                column.name if main else f"{column.name}|{part}",
                column.name,
                axis,
                grid=True,
                moduli=moduli[part],
                protection=protection,
                # That something happened on a Tuesday is nobody's secret.
                rare=1 if part == "weekday" else rare,
                main=main,
            )
        return cls(column.name, dtype_name(sample.dtype), clock, parts)

    def encode(self, values: pl.Series) -> list[Part]:
        ticks, missing = _micros(values)
        axes = _axes(self.clock, *np.divmod(ticks, DAY_US), missing)
        return [part.encode(axes[name]) for name, part in self.parts.items()]

    def decode(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, limits: dict[int, Limit]) -> pl.Series:
        own = stream.child(self.name)
        axes = {}
        for k, (name, part) in enumerate(self.parts.items()):
            tokens, positions = parts[k]
            if k and part.offset:
                # Whether the moment is missing is the first part's to say.
                tokens = np.where(tokens == 0, part.usual, tokens).astype(tokens.dtype)
            axes[name] = part.decode(tokens, positions, own.child(name), limits.get(k))
        ticks, missing = self._ticks(axes)
        return self._typed(ticks, missing)

    def _ticks(self, axes: dict[str, Floats]) -> tuple[Integers, NDArray[np.bool_]]:
        """Microseconds since 1970 (of the day, for a Time) from the parts' axis values."""
        missing = np.isnan(axes[self._order[0]])
        clean = (
            {name: np.where(missing, self.parts[name].shape.pieces.low[0], axis) for name, axis in axes.items()} if missing.any() else axes
        )
        ticks = np.full(len(missing), self.clock.fixed_day * DAY_US, np.int64)
        if "date" in clean:
            days = self.clock.first_day(clean["date"])
            ticks = (days + clean["weekday"] if "weekday" in clean else days).astype(np.int64) * DAY_US
        if "time" in clean:
            ticks += clean["time"].astype(np.int64) * self.clock.time_us
        return ticks + self.clock.fixed_us, missing

    def _typed(self, ticks: Integers, missing: NDArray[np.bool_]) -> pl.Series:
        series = pl.Series(self.name, ticks)
        if missing.any():
            series = series.set(pl.Series(missing), None)
        if self.dtype == "Date":
            return (series // DAY_US).cast(pl.Int32).cast(pl.Date)
        if self.dtype == "Time":
            return (series * 1000).cast(pl.Time)
        return series.cast(pl.Datetime("us")).cast(polars_dtype(self.dtype))

    # -- conditions

    def restrict(self, condition: Condition) -> Restriction:
        if condition.null and self.fields[0].null_token is None:
            raise no_missing(self.name)
        if condition.only_null:
            return Restriction({0: self.parts[self._order[0]].allow_null()})
        spans = moment_spans(condition, self.dtype)
        if len(spans) == 1:
            return self._restrict_span(*spans[0], condition.null)
        return self._restrict_spans(spans, condition.null)

    def _restrict_span(self, low: float, high: float, null: bool) -> Restriction:
        """One span of microseconds, both ends included."""
        (first, first_us), (last, last_us) = _split(low), _split(high)
        allowed: dict[int, Allowed] = {}
        limits: dict[int, Limit] = {}
        exact = True
        for k, (name, part) in enumerate(self.parts.items()):
            null_here = null and k == 0
            if name == "date":
                allowed[k], limits[k] = part.allow_range(*self._counts(first, last), null_here, self._say_count)
            elif name == "weekday":
                if self._one_week(first, last):
                    days = self.clock.weekday_of(np.array([first, last]))
                    allowed[k], limits[k] = part.allow_range(float(days[0]), float(days[1]), False, _say_weekday)
                else:
                    exact = exact and self._whole_weeks(first, last)
            elif first == last or "date" not in self.parts:
                unit = self.clock.time_us
                allowed[k], limits[k] = part.allow_range(np.ceil(first_us / unit), np.floor(last_us / unit), null_here, self._say_time)
            else:
                exact = exact and first_us == 0 and last_us == DAY_US - 1
        if null:
            # The other parts of a missing moment carry no meaning; they must not be held against it.
            allowed = {k: _or_null(a, self.fields[k]) for k, a in allowed.items()}
        return Restriction(allowed, limits, exact)

    def _restrict_spans(self, spans: list[tuple[float, float]], null: bool) -> Restriction:
        """Several spans: each field allows what any of them allows; rows are then tested one by one."""
        each = [self._restrict_span(low, high, null) for low, high in spans]
        allowed = {}
        for k, f in enumerate(self.fields):
            if all(k in r.allowed for r in each):
                mask = np.logical_or.reduce([r.allowed[k].mask for r in each])
                allowed[k] = Allowed(mask, nullable=f.null_token is not None)
        dates_only = self._order == ["date"] and self.clock.counted != "week"
        limits = {}
        if dates_only:
            counts = [c for r in each for c in (r.limits[0].low, r.limits[0].high)]
            if all(r.limits[0].low == r.limits[0].high for r in each):
                limits[0] = Limit(choices=tuple(sorted(set(counts))))
        return Restriction(allowed, limits, exact=bool(limits))

    def _counts(self, first: float, last: float) -> tuple[float, float]:
        """The range of counts whose first day may lie in a span of days; an end may be open."""
        low = float(self.clock.count(np.array([first]))[0]) if np.isfinite(first) else first
        high = float(self.clock.count(np.array([last]))[0]) if np.isfinite(last) else last
        if self.clock.counted in ("month", "year") and np.isfinite(low) and self.clock.first_day(np.array([low]))[0] < first:
            low += 1
        return low, high

    def _one_week(self, first: float, last: float) -> bool:
        return bool(np.isfinite([first, last]).all()) and len(np.unique(self.clock.count(np.array([first, last])))) == 1

    def _whole_weeks(self, first: float, last: float) -> bool:
        starts = not np.isfinite(first) or self.clock.weekday_of(np.array([first]))[0] == 0
        ends = not np.isfinite(last) or self.clock.weekday_of(np.array([last]))[0] == 6
        return bool(starts and ends)

    def _say_count(self, count: float) -> str:
        day = _EPOCH + timedelta(days=float(self.clock.first_day(np.array([count]))[0]))
        return {"year": f"{day:%Y}", "month": f"{day:%Y-%m}", "week": f"the week of {day}"}.get(self.clock.counted, str(day))

    def _say_time(self, axis: float) -> str:
        return str((datetime.min + timedelta(microseconds=axis * self.clock.time_us)).time())

    # -- plain numbers: microseconds since 1970 (of the day, for a Time)

    def scale(self, tokens: Tokens, positions: Positions | None, stream: Stream) -> Floats:
        part = self._order[0]
        axis = self.parts[part].decode(tokens, positions, stream.child(self.name).child(part))
        if part == "time":
            return axis * self.clock.time_us + self.clock.fixed_day * DAY_US
        missing = np.isnan(axis)
        days = self.clock.first_day(np.where(missing, 0.0, axis))
        return np.where(missing, np.nan, days * DAY_US)

    def coordinate(self, values: Floats) -> Floats:
        part = self.parts[self._order[0]]
        if self._order[0] == "time":
            return part.coordinate((values - self.clock.fixed_day * DAY_US) / self.clock.time_us)
        missing = np.isnan(values)
        counts = self.clock.count(np.floor(np.where(missing, 0.0, values) / DAY_US))
        return part.coordinate(np.where(missing, np.nan, counts))

    @property
    def step(self) -> float:
        return float(self.clock.time_us) if self.clock.time_us else float(DAY_US)

    def what(self) -> str:
        names = {"date": f"date, counted in {self.clock.counted}s", "weekday": "weekday", "time": "time of day"}
        first = self.parts[self._order[0]]
        say = self._say_count if self._order[0] == "date" else self._say_time
        return f"{' and '.join(names[p] for p in self._order)}; the first {describe_shape(first, say)}"

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        facts: dict[str, Any] = {"name": self.name, "dtype": self.dtype, "clock": self.clock.__dict__, "parts": {}}
        arrays: Arrays = {}
        for name, part in self.parts.items():
            facts["parts"][name], more = part.to_state()
            arrays |= more
        return facts, arrays, {}

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        parts = {name: NumberField.from_state(part, arrays) for name, part in facts["parts"].items()}
        return cls(facts["name"], facts["dtype"], Clock(**facts["clock"]), parts)


def _micros(values: pl.Series) -> tuple[Integers, NDArray[np.bool_]]:
    """Typed moments as microseconds since 1970 (of the day, for a Time), and which are missing (those are 0)."""
    return micros(values).fill_null(0).to_numpy(), values.is_null().to_numpy()


def _axes(clock: Clock, days: Integers, times_us: Integers, missing: NDArray[np.bool_]) -> dict[str, Floats]:
    """The parts' axis values, missing as NaN; the main part first."""
    axes: dict[str, Floats] = {}
    if clock.counted != "none":
        axes["date"] = clock.count(days)
    if clock.weekday:
        axes["weekday"] = clock.weekday_of(days).astype(np.float64)
    if clock.time_us:
        axes["time"] = np.floor(times_us / clock.time_us)
    return {name: np.where(missing, np.nan, axis) for name, axis in axes.items()}


def _split(micros: float) -> tuple[float, float]:
    """Day and microseconds of the day; an open end stays open."""
    if not np.isfinite(micros):
        return micros, 0.0 if micros < 0 else float(DAY_US - 1)
    day, rest = divmod(micros, DAY_US)
    return day, rest


def _or_null(allowed: Allowed, field: Field) -> Allowed:
    if field.null_token is None:
        return allowed
    mask = allowed.mask.copy()
    mask[0] = True
    return replace(allowed, mask=mask)


def _say_weekday(day: float) -> str:
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[int(day)]
