"""Days, moments and times of day: between two by weights of days and hours, or beside another column by a gap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from understudy.data.keyed import Words
from understudy.rules.cells import Cells
from understudy.rules.columns import WEEKDAYS, DateColumn, DateTimeColumn, DayColumn, TimeColumn
from understudy.rules.inverse import Discrete, Floats, discrete, inverse_of
from understudy.rules.making.maker import Integers, Maker, Place
from understudy.rules.making.numbers import gap_values

DAY_US = 86_400_000_000
RESOLUTION_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
UNIT_US = {
    "microseconds": 1, "milliseconds": 1_000, "seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": DAY_US,
    "weeks": 7 * DAY_US,
}  # fmt: skip


class BetweenMaker(Maker):
    """Days by weight between a first and a last; moments by weights of hours inside them."""

    correlates = True

    def __init__(self, place: Place, column: DayColumn, holidays: set[dt.date]) -> None:
        super().__init__(place)
        assert column.between is not None
        self.kind = "date" if isinstance(column, DateColumn) else "datetime"
        self._step = RESOLUTION_US[column.resolution] if isinstance(column, DateTimeColumn) else DAY_US
        start, stop = (self._moment(text, last=bool(i)) for i, text in enumerate(column.between))
        if stop < start:
            raise self.refuse(f"{column.between[1]} comes before {column.between[0]}.", "Exchange them.")
        self.first_us, self.last_us = start, stop
        first_day, last_day = start // DAY_US, stop // DAY_US
        weights = day_weights(column, first_day, last_day, holidays)
        weights[0] *= (DAY_US - start % DAY_US) / DAY_US if self.kind == "datetime" else 1
        weights[-1] *= (stop % DAY_US + 1) / DAY_US if self.kind == "datetime" else 1
        if not weights.sum() > 0:
            raise self.refuse("No day between the two has a weight above 0.", "Give some weekday and month of the span a weight.")
        self._days, self._first_day = discrete(weights), first_day
        self.domain = len(weights) if self.kind == "date" and len(set(weights.tolist())) == 1 else None
        hours = column.hours if isinstance(column, DateTimeColumn) else None
        self._clock = None if self.kind == "date" else Clock(hours, self._step)

    def _moment(self, text: str, *, last: bool) -> int:
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            raise self.refuse(f'"{text}" is no date.', "Write it as 2024-05-31 or 2024-05-31 14:30.") from None
        us = (moment.replace(tzinfo=None) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
        whole_day = len(text.strip()) <= 10
        return us + (DAY_US - 1 if last and whole_day else 0)

    def make(self, cells: Cells) -> pl.Series:
        days = self._days.index(self.words(cells)).astype(np.int64) + self._first_day
        if self._clock is None:
            return pl.Series(days.astype(np.int32)).cast(pl.Date)
        us = days * DAY_US + self._clock.at(self.words(cells, "time"))
        return pl.Series(np.clip(us, *self.ends())).cast(pl.Datetime("us"))

    def ends(self) -> tuple[int, int]:
        """The first and the last moment of the resolution."""
        return -(-self.first_us // self._step) * self._step, self.last_us // self._step * self._step


class BesideMomentMaker(Maker):
    """A moment or day of another column plus or minus a gap."""

    def __init__(self, place: Place, column: DayColumn) -> None:
        super().__init__(place)
        assert column.gap is not None
        self.kind = "date" if isinstance(column, DateColumn) else "datetime"
        self._name = column.above if column.above is not None else str(column.below)
        self._sign = 1 if column.above is not None else -1
        self._unit = UNIT_US[column.unit]
        self._step = RESOLUTION_US[column.resolution] if isinstance(column, DateTimeColumn) else DAY_US
        self._bound = column.until
        self.gap = inverse_of(column.gap, 0.0, None)

    def make(self, cells: Cells) -> pl.Series:
        base = cells.column(self._name)
        missing = base.is_null()
        start = base.cast(pl.Datetime("us")).to_physical().fill_null(0).to_numpy()
        room = self._room(start)
        gap = gap_values(self.gap, self.words(cells), None if room is None else room / self._unit)
        steps = np.floor(np.minimum(gap * self._unit, 2.0**60) / self._step).astype(np.int64)
        us = start + self._sign * steps * self._step
        made = pl.Series(us).cast(pl.Datetime("us"))
        made = made.cast(pl.Date) if self.kind == "date" else made
        return made if not missing.any() else pl.DataFrame({"x": made, "m": missing}).select(pl.when(~pl.col("m")).then("x"))["x"]

    def _room(self, start: Integers) -> Floats | None:
        if self._bound is None:
            return None
        end = dt.datetime.fromisoformat(self._bound)
        us = (end - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1) + (
            DAY_US - 1 if len(self._bound) <= 10 and self._sign > 0 else 0
        )
        room = (us - start) * self._sign
        if len(room) and room.min() < 0:
            raise self.refuse(f'"{self._name}" goes beyond {self._bound}, where this column ends.', f'Bound "{self._name}" as well.')
        return np.asarray(room, dtype=np.float64)


class TimeMaker(Maker):
    """Times of day."""

    kind = "time"
    correlates = True

    def __init__(self, place: Place, column: TimeColumn) -> None:
        super().__init__(place)
        self._clock = Clock(column.hours, RESOLUTION_US[column.resolution])

    def make(self, cells: Cells) -> pl.Series:
        return pl.Series(self._clock.at(self.words(cells)) * 1000).cast(pl.Time)


class Clock:
    """Microseconds of the day by weights of hours, uniform inside them, in steps."""

    def __init__(self, hours: Any, step_us: int) -> None:
        weights = np.ones(24) if hours is None else np.array([float(hours.get(hour, 0.0)) for hour in range(24)])
        self._hours: Discrete | None = None if hours is None else discrete(weights)
        self._step = step_us

    def at(self, words: Words) -> Integers:
        """Uses the upper half of the bits for the hour, ascending, and the lower for the rest."""
        if self._hours is None:
            return scaled(words, DAY_US // self._step) * self._step
        hours = self._hours.index(words).astype(np.int64)
        return hours * RESOLUTION_US["h"] + scaled(words << np.uint64(24), RESOLUTION_US["h"] // self._step) * self._step


def scaled(words: Words, size: int) -> Integers:
    """Whole numbers below `size`, ascending with the bits."""
    return np.asarray(((words >> np.uint64(11)).astype(np.float64) * 2.0**-53 * size).astype(np.int64))


def day_weights(column: DayColumn, first_day: int, last_day: int, holidays: set[dt.date]) -> Floats:
    """A weight for every day."""
    days = np.arange(first_day, last_day + 1)
    weights = np.ones(len(days))
    if column.weekdays:
        by_weekday: Mapping[str, float] = column.weekdays  # type: ignore[assignment]
        table = np.array([by_weekday.get(day, 1.0) for day in WEEKDAYS])
        weights *= table[(days + 3) % 7]  # 1970-01-01 was a Thursday
    if column.months:
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
        weights *= np.array([column.months.get(month + 1, 1.0) for month in range(12)])[months]
    if column.holidays is not None:
        epoch = dt.date(1970, 1, 1)
        weights[np.isin(days, [(day - epoch).days for day in holidays])] *= column.holidays.weight
    if column.growth != 1.0 and len(days) > 1:
        weights *= 1 + (column.growth - 1) * np.arange(len(days)) / (len(days) - 1)
    return weights
