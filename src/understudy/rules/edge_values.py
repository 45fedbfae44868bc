"""The values at the edges of what a column may hold, and those just outside, by its type."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from understudy.rules import columns as c
from understudy.rules.cells import Cells
from understudy.rules.making.choices import ListMaker
from understudy.rules.making.maker import Maker
from understudy.rules.making.numbers import BesideMaker, NumberMaker
from understudy.rules.making.times import DAY_US, RESOLUTION_US, BesideMomentMaker, BetweenMaker
from understudy.rules.regex import Pattern
from understudy.rules.setting import Following

SMALL_WHOLES = {
    "zero": 0, "one": 1, "minus one": -1, "largest of 8 bits": 2**7 - 1, "largest of 16 bits": 2**15 - 1, "largest of 32 bits": 2**31 - 1,
    "above 32 bits": 2**31, "smallest of 32 bits": -(2**31), "below 32 bits": -(2**31) - 1, "above 32 bits unsigned": 2**32,
    "largest exact in a float": 2**53, "above exact in a float": 2**53 + 1, "largest of 64 bits": 2**63 - 1,
    "smallest of 64 bits": -(2**63),
}  # fmt: skip
TEXTS = {
    "empty": "", "space": " ", "accents": "Ångström Žižek", "combining marks": "e\u0301o\u0302n\u0303", "right to left": "שלום مرحبا",
    "East Asian": "田中さくら 김민수", "emoji": "👩\u200d🚀🎉", "beyond the first plane": "𝒜𠜎", "zero width": "a\u200bb\ufeff",
    "quotes and marks": "O'Neil; \"x\", <b>&amp;\\", "line break": "a\nb", "looks like a number": "007", "looks missing": "NULL",
    "direction override": "a\u202eb", "large sharp s": "STRAẞE ß İı",
}  # fmt: skip
FREE_FIELDS = ("first_name", "last_name", "name", "street", "city", "region", "company", "job", "bank")
_EPOCH = dt.datetime(1970, 1, 1)


@dataclass(frozen=True)
class Edge:
    """A value and what it is the edge of. extreme: -1 the least, 1 the greatest of its column, 0 neither. inside: whether it is allowed."""

    column: str
    edge: str
    value: Any
    extreme: int = 0
    inside: bool = True


def edges_of(name: str, column: c.Column, maker: Maker, zone: str | None, *, beyond: bool) -> Iterator[Edge]:
    """The edges of a column; with `beyond`, what lies just outside. Columns that others decide have none but a missing value."""
    for edge, value, extreme in _inside(column, maker, zone):
        yield Edge(name, edge, value, extreme)
    if not isinstance(column.nulls, str) and column.nulls > 0:
        yield Edge(name, "missing", None)
    if beyond:
        for edge, value in _outside(column, maker):
            yield Edge(name, edge, value, inside=False)
        if column.nulls == 0:
            yield Edge(name, "missing where a value must be", None, inside=False)


Found = Iterator[tuple[str, Any, int]]


def _inside(column: c.Column, maker: Maker, zone: str | None) -> Found:
    match maker, column:
        case NumberMaker(), c.IntegerColumn():
            yield from _wholes(maker)
        case NumberMaker(), c.DecimalColumn():
            yield from _decimals(maker)
        case ((BesideMaker() | BesideMomentMaker()), (c.NumberColumn() | c.DayColumn())):
            yield from _beside(maker)
        case BetweenMaker(), c.DayColumn():
            yield from _days(maker, column, zone)
        case _, c.TimeColumn():
            yield from _times(column)
        case _, c.BooleanColumn():
            yield from (("false", False, -1), ("true", True, 1))
        case _, c.ChoiceColumn():
            yield from _choices([value for value, weight in column.weights.items() if weight > 0])
        case ListMaker(), c.ListColumn() if maker._leader is None:
            # A list's entry is set as a whole: `EdgeSetting` in edges.py knows that these are places in it.
            yield from (("first entry", 0, -1), ("last entry", len(maker._table.values) - 1, 1))
        case _, c.PatternColumn() if not column.unique:
            yield from _patterns(column.regex)
        case _, c.PersonColumn() if column.field in FREE_FIELDS:
            yield from _texts(column)
        case _, c.WordColumn():
            yield from _texts(column)


def _ends(maker: NumberMaker) -> tuple[float, float]:
    low, high = maker._ends
    scale = 10.0**maker.decimals
    least, most = max(maker.inverse.low, low), min(maker.inverse.high, high)
    return math.ceil(round(least * scale, 6)) / scale, math.floor(round(most * scale, 6)) / scale


def _wholes(maker: NumberMaker) -> Found:
    low, high = _ends(maker)
    least, most = (-(2**63) if low <= -(2**63) else int(low)), (2**63 - 1 if high >= 2**63 else int(high))
    yield "least", least, -1
    yield "greatest", most, 1
    if most - least > 1:
        yield "least + 1", least + 1, 0
        yield "greatest - 1", most - 1, 0
    yield from ((edge, value, 0) for edge, value in SMALL_WHOLES.items() if least < value < most)


def _decimals(maker: NumberMaker) -> Found:
    low, high = _ends(maker)
    step = 10.0**-maker.decimals
    yield "least", low, -1
    yield "greatest", high, 1
    if high - low > 2 * step:
        yield "least + a step", round(low + step, maker.decimals), 0
        yield "greatest - a step", round(high - step, maker.decimals), 0
    if low <= 0 <= high:
        yield "zero", 0.0, 0
        yield "negative zero", -0.0, 0
    yield from ((edge, value, 0) for edge, value in (("a step above zero", step), ("a step below zero", -step)) if low < value < high)


def _beside(maker: BesideMaker | BesideMomentMaker) -> Found:
    """As near to the other column as the law of the gap allows."""

    def near(cells: Cells) -> pl.Series:
        base = cells.column(maker._name)
        if isinstance(maker, BesideMaker):
            scale = 10.0**maker._decimals
            gap = math.floor(maker.gap.low * scale + (0.5 if maker.whole else 0.0)) / scale
            series = base.cast(pl.Float64) + maker._sign * gap
            return series.round(maker._decimals).cast(pl.Int64) if maker.whole else series.round(maker._decimals)
        steps = math.floor(maker.gap.low * maker._unit / maker._step) * maker._step
        moments = base.cast(pl.Datetime("us")) + maker._sign * dt.timedelta(microseconds=steps)
        return moments.cast(pl.Date) if maker.kind == "date" else moments

    yield f'as near to "{maker._name}" as may be', Following(near), -1 if maker._sign > 0 else 1


def _days(maker: BetweenMaker, column: c.DayColumn, zone: str | None) -> Found:
    first, last = maker.ends()
    allowed = np.diff(maker._days.thresholds.astype(np.float64), prepend=0.0) > 0
    days = maker._first_day + maker._days.values[allowed].astype(np.int64)
    hours: Any = column.hours if isinstance(column, c.DateTimeColumn) else None
    open_days = set(days.tolist())

    def at(us: int) -> Any:
        moment = _EPOCH + dt.timedelta(microseconds=us)
        return moment.date() if maker.kind == "date" else moment

    def may(us: int) -> bool:
        hour = us % DAY_US // RESOLUTION_US["h"]
        return first <= us <= last and us // DAY_US in open_days and (hours is None or maker.kind == "date" or hours.get(hour, 0) > 0)

    opens = 0 if not hours or maker.kind == "date" else min(h for h, w in hours.items() if w > 0) * RESOLUTION_US["h"]
    closes = DAY_US if not hours or maker.kind == "date" else (max(h for h, w in hours.items() if w > 0) + 1) * RESOLUTION_US["h"]
    earliest = max(first, int(days[0]) * DAY_US + opens)
    latest = min(last, int(days[-1]) * DAY_US + closes - maker._step)
    yield "first", at(earliest), -1
    yield "last", at(latest), 1
    for edge, us in _calendar(first, last, maker._step if maker.kind == "datetime" else DAY_US, zone if maker.kind == "datetime" else None):
        if may(us):
            yield edge, at(us), 0


def _calendar(first: int, last: int, step: int, zone: str | None) -> Iterator[tuple[str, int]]:
    """Days and moments that calendars stumble over, in microseconds; one of each sort."""
    years = range((_EPOCH + dt.timedelta(microseconds=first)).year, (_EPOCH + dt.timedelta(microseconds=last)).year + 1)

    def us(*parts: int) -> int:
        return int((dt.datetime(*parts) - _EPOCH) // dt.timedelta(microseconds=1))  # type: ignore[arg-type]

    def one(edge: str, moments: list[int]) -> Iterator[tuple[str, int]]:
        yield from ((edge, moment) for moment in [m for m in moments if first <= m <= last][:1])

    leap = [year for year in years if year % 4 == 0 and (year % 100 or year % 400 == 0)]
    yield from one("leap day", [us(year, 2, 29) for year in leap])
    yield from one("last of a leap day", [us(year, 3, 1) - step for year in leap] if step < DAY_US else [])
    yield from one("day after 28 February", [us(year, 3, 1) for year in years if year not in leap])
    yield from one("first of a year", [us(year, 1, 1) for year in years])
    yield from one("last of a year", [us(year + 1, 1, 1) - step for year in years if year < dt.MAXYEAR])
    yield from one("week 53", [us(year, 12, 31) for year in years if dt.date(year, 12, 31).isocalendar().week == 53])
    yield from one("the Unix epoch", [0])
    yield from one("end of 32-bit time", [(2**31 - 1) * 1_000_000 // step * step])
    if zone is not None:
        gaps, overlaps = _shifts(zone, years)
        yield from one(f"skipped when {zone} moves its clocks on", gaps)
        yield from one(f"twice when {zone} moves its clocks back", overlaps)


def _shifts(zone: str, years: range) -> tuple[list[int], list[int]]:
    """Local moments that a zone's clocks skip, and those that they show twice, half-hours of each, in microseconds."""
    place = ZoneInfo(zone)
    gaps: list[int] = []
    overlaps: list[int] = []
    for year in years[-30:]:
        for day in range(366):
            noon = dt.datetime(year, 1, 1, 12) + dt.timedelta(days=day)
            if noon.replace(tzinfo=place).utcoffset() == (noon - dt.timedelta(days=1)).replace(tzinfo=place).utcoffset():
                continue
            for half_hour in range(48):
                local = noon - dt.timedelta(days=1) + dt.timedelta(minutes=30 * half_hour)
                early, late = (local.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
                if early != late and early is not None and late is not None:
                    (overlaps if early > late else gaps).append((local - _EPOCH) // dt.timedelta(microseconds=1))
    return gaps, overlaps


def _times(column: c.TimeColumn) -> Found:
    hours = sorted(hour for hour, weight in (column.hours or dict.fromkeys(range(24), 1.0)).items() if weight > 0)  # type: ignore[union-attr]
    step = RESOLUTION_US[column.resolution]
    yield "first", _time(int(hours[0]) * RESOLUTION_US["h"]), -1
    yield "last", _time((int(hours[-1]) + 1) * RESOLUTION_US["h"] - step), 1
    if 12 in hours:
        yield "noon", dt.time(12), 0


def _time(us: int) -> dt.time:
    return (_EPOCH + dt.timedelta(microseconds=us)).time()


def _choices(values: list[Any]) -> Found:
    if isinstance(values[0], str):
        yield "shortest", min(values, key=len), 0
        yield "longest", max(values, key=len), 0
        low, high = values[0], values[-1]
    else:
        low, high = min(values), max(values)
    yield "first" if isinstance(low, str) else "least", low, -1
    if high != low:
        yield "last" if isinstance(high, str) else "greatest", high, 1


def _patterns(regex: str) -> Found:
    pattern = Pattern.parse(regex)
    first, last = pattern.nth([0, min(pattern.size, 2**63 - 1) - 1])
    yield "first in order", first, -1
    yield "last in order", last, 1
    tried = pattern.draw(np.arange(4096), np.uint64(1))
    yield "short", min(tried, key=len), 0
    yield "long", max(tried, key=len), 0


def _texts(column: c.Column) -> Found:
    longest = getattr(column, "longest", None)
    for edge, text in TEXTS.items():
        if longest is None or len(text) <= longest:
            yield edge, text, 0
    size = longest or 255
    yield f"{size} characters", ("abcdefghij" * (size // 10 + 1))[:size], 0
    yield f"{size} characters of 4 bytes", "😀" * size, 0


def _outside(column: c.Column, maker: Maker) -> Iterator[tuple[str, Any]]:
    longest = getattr(column, "longest", None)
    if longest is not None and not isinstance(column, c.ChoiceColumn):
        yield "one character too long", "x" * (longest + 1)
    match maker, column:
        case NumberMaker(), c.NumberColumn():
            low, high = _ends(maker)
            step = 10.0**-maker.decimals
            for edge, value, stated in (("below the least", low - step, column.low), ("above the greatest", high + step, column.high)):
                if stated is not None and (not maker.whole or -(2**63) <= value < 2**63):
                    yield edge, int(value) if maker.whole else round(value, maker.decimals)
        case ((BesideMaker() | BesideMomentMaker()), (c.NumberColumn() | c.DayColumn())):
            yield f'on the wrong side of "{maker._name}"', Following(lambda cells: _across(maker, cells))
        case BetweenMaker(), c.DayColumn():
            first, last = maker.ends()
            for edge, us in (("before the first", first - maker._step), ("after the last", last + maker._step)):
                moment = _EPOCH + dt.timedelta(microseconds=us)
                yield edge, moment.date() if maker.kind == "date" else moment
        case _, c.ChoiceColumn() if all(isinstance(value, str) for value in column.weights):
            yield "no such choice", "~none of these~"
        case _, c.PatternColumn():
            yield "not of the pattern", str(Pattern.parse(column.regex).nth([0])[0]) + "\x7f"


def _across(maker: BesideMaker | BesideMomentMaker, cells: Cells) -> pl.Series:
    base = cells.column(maker._name)
    if isinstance(maker, BesideMaker):
        moved = base.cast(pl.Float64) - maker._sign * 10.0**-maker._decimals
        return moved.cast(pl.Int64) if maker.whole else moved.round(maker._decimals)
    moments = base.cast(pl.Datetime("us")) - maker._sign * dt.timedelta(microseconds=maker._step)
    return moments.cast(pl.Date) if maker.kind == "date" else moments
