"""Dates, times and durations: by type, and kept as text in one or several formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.data.inference.evidence import MISSING_WORDS, Evidence, percent
from understudy.data.inference.words import masks_of
from understudy.data.typed import parse_dates

Facts = dict[str, Any]

_DATES = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"), (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"), (r"\d{4}\.\d{1,2}\.\d{1,2}", "%Y.%m.%d"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y|%m/%d/%Y"), (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y|%m-%d-%Y"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y|%m.%d.%Y"), (r"\d{1,2}/\d{1,2}/\d{2}", "%d/%m/%y|%m/%d/%y|%y/%m/%d"),
    (r"\d{1,2}-\d{1,2}-\d{2}", "%d-%m-%y|%m-%d-%y|%y-%m-%d"), (r"\d{1,2}\.\d{1,2}\.\d{2}", "%d.%m.%y"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"), (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"), (r"\d{1,2}-[A-Za-z]{3}-\d{2}", "%d-%b-%y"),
    (r"\d{1,2} [A-Za-z]{4,9} \d{4}", "%d %B %Y"), (r"[A-Za-z]{3} \d{1,2}, \d{4}", "%b %d, %Y"),
    (r"[A-Za-z]{3,9} \d{1,2}, \d{4}", "%B %d, %Y"),
    (r"[A-Za-z]{3,9} \d{1,2} \d{4}", "%B %d %Y"), (r"(?:19|20)\d{6}", "%Y%m%d"),
    (r"\d{4}-\d{2}", "%Y-%m"), (r"\d{2}/\d{4}", "%m/%Y"), (r"[A-Za-z]{3}-\d{4}", "%b-%Y"), (r"[A-Za-z]{3} \d{4}", "%b %Y"),
)  # fmt: skip
_TIMES = (
    (r"\d{1,2}:\d{2}:\d{2}[.]\d+", "%H:%M:%S%.f"), (r"\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"), (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2} ?[AaPp][Mm]", "%I:%M:%S %p"), (r"\d{1,2}:\d{2} ?[AaPp][Mm]", "%I:%M %p"),
)  # fmt: skip
_ZONES = (
    (r"", ""),
    (r"Z", "Z"),
    (r"[+-]\d{2}:\d{2}", "%:z"),
    (r" [+-]\d{2}:\d{2}", " %:z"),
    (r"[+-]\d{4}", "%z"),
    (r" [+-]\d{4}", " %z"),
    (r" UTC", " UTC"),
)
# A date ends where no further digit or letter follows; a time likewise.
_DAYS = tuple(
    (re.compile(rf"{date}(?![\dA-Za-z]|(?<!\d{{4}})-\d|/\d|\.\d)|{date}(?=T\d)"), tuple(formats.split("|"))) for date, formats in _DATES
)
_CLOCKS = tuple((re.compile(rf"{time}(?![\d:.]| ?[AaPp][Mm])"), clock) for time, clock in _TIMES)
_MOST_MASKS = 60
# 0000-00-00 00:00:00 stands for no date in some databases.
_ZEROS = r"^0[0:/.\- T]+$"
_TIME_MARKS = ("%H", "%I", "%-H", "%-I")
_TIMED_SHARE = 0.05


def decide_typed_calendar(e: Evidence) -> Facts:
    """The kind of a column whose type is already a date, time, datetime or duration."""
    if e.dtype == pl.Date:
        return {"kind": "date", "resolution": "day", "reason": f"its type is a date ({e.of()} values)"}
    if e.dtype == pl.Time:
        return {"kind": "time", "resolution": resolution_of(e.values), "reason": f"its type is a time of day ({e.of()} values)"}
    if isinstance(e.dtype, pl.Duration):
        return {"kind": "duration", "resolution": _duration_resolution(e.values), "reason": f"its type is a duration ({e.of()} values)"}
    resolution = resolution_of(e.values)
    zone = getattr(e.dtype, "time_zone", None)
    if resolution == "day" and zone is None and len(e.values) >= 5:
        return {"kind": "date", "resolution": "day", "reason": f"its type is a time stamp, and all {e.of()} are midnight"}
    local = f", read as clock time in {zone}" if zone else ""
    return {
        "kind": "datetime",
        "time_zone": zone,
        "resolution": resolution,
        "reason": f"its type is a time stamp to the {resolution}{local}",
    }


def resolution_of(values: pl.Series) -> str:
    """The finest unit of dates and times that is not zero everywhere."""
    if values.dtype == pl.Date:
        return "day"
    for unit, name in ((1_000, "nanosecond"), (1_000_000, "microsecond"), (1_000_000_000, "millisecond")):
        if (values.dt.nanosecond() % unit != 0).any():
            return name
    for name, part in (("second", values.dt.second()), ("minute", values.dt.minute()), ("hour", values.dt.hour())):
        if (part != 0).any():
            return name
    return "day"


def _duration_resolution(values: pl.Series) -> str:
    nanoseconds = values.dt.total_nanoseconds()
    steps = (("day", 86_400_000_000_000), ("hour", 3_600_000_000_000), ("minute", 60_000_000_000), ("second", 1_000_000_000),
             ("millisecond", 1_000_000), ("microsecond", 1_000))  # fmt: skip
    return next((name for name, size in steps if (nanoseconds % size == 0).all()), "nanosecond")


@dataclass(frozen=True)
class _Shape:
    """One way in which dates are written: its format, the levels written so, and how many rows they are."""

    formats: tuple[str, ...]
    levels: pl.Series
    rows: int


def decide_calendar_text(e: Evidence) -> Facts | None:
    """Date, datetime or time kept as text, in one or more formats; None where it is something else."""
    sample = str(e.levels[0])
    if not any(character.isdigit() for character in sample) or len(sample) > 40 or e.distinct < 2:
        return None
    shapes = _finest_first(_shapes(e))
    strays = _strays(e, shapes)
    if not shapes or strays is None or sum(shape.rows for shape in shapes) < 0.99 * (len(e.values) - sum(strays.values())):
        return None
    chosen = [_choose(e, shape) for shape in shapes]
    if any(choice is None for choice in chosen):
        return None
    formats = [choice[0] for choice in chosen if choice is not None]
    note = next(choice[1] for choice in chosen if choice is not None)
    facts = _calendar_facts(e, shapes, formats)
    facts["reason"] = _reason(e, shapes, formats, note, strays)
    if strays:
        facts["missing_text"] = list(strays)
    return facts


def _shapes(e: Evidence) -> list[_Shape]:
    """The ways in which the texts are written as dates, the most frequent first.

    Texts of one mask (9999-99-99) are written in one way, so a format is looked for once a mask.
    """
    counts = e.counts.filter(~pl.col("value").str.contains(_ZEROS))
    masks = counts.with_columns(mask=masks_of(counts["value"])).with_columns(pl.col("mask").str.replace_all("A", "a"))
    known = masks.group_by("mask", maintain_order=True).agg(pl.col("value").first(), pl.col("count").sum()).sort("count", descending=True)
    if known.height > _MOST_MASKS:
        return []
    formats = {mask: _formats_of(value) for mask, value in known.select("mask", "value").iter_rows()}
    found: dict[tuple[str, ...], list[pl.DataFrame]] = {}
    for (mask,), part in masks.partition_by("mask", as_dict=True, maintain_order=True).items():
        fitting = formats[str(mask)]
        if fitting:
            found.setdefault(fitting, []).append(part)
    shapes = [
        _Shape(fitting, pl.concat(p["value"] for p in parts), sum(int(p["count"].sum()) for p in parts)) for fitting, parts in found.items()
    ]
    return sorted(shapes, key=lambda shape: -shape.rows)


def _finest_first(shapes: list[_Shape]) -> list[_Shape]:
    """The shape to write in first: where a fair share of the dates has a time of day, one that has it too, so that it is not lost."""
    timed = [shape for shape in shapes if any(_has_clock(form) and _has_date(form) for form in shape.formats)]
    if sum(shape.rows for shape in timed) < _TIMED_SHARE * sum(shape.rows for shape in shapes):
        return shapes
    return timed + [shape for shape in shapes if shape not in timed]


def _has_clock(pattern: str) -> bool:
    return any(mark in pattern for mark in _TIME_MARKS)


def _has_date(pattern: str) -> bool:
    return "%Y" in pattern or "%y" in pattern


def _formats_of(text: str) -> tuple[str, ...]:
    """The formats in which one text may be a date, a time or both; none where it is neither."""
    for pattern, formats in _DAYS:
        if match := pattern.match(text):
            rest = text[match.end() :]
            clock = _clock_of(rest) if rest else ""
            if clock is not None:
                return tuple(f"{day}{clock}" for day in formats)
    clock = _clock_of(text)
    return (clock,) if clock else ()


def _clock_of(text: str) -> str | None:
    """The format of a time of day with what stands before and after it; None where the text is none."""
    gap = re.match(r"T|, | |", text)
    start = gap.end() if gap else 0
    for pattern, clock in _CLOCKS:
        if match := pattern.match(text, start):
            zone = next((mark for zone, mark in _ZONES if re.fullmatch(zone, text[match.end() :])), None)
            if zone is not None:
                return text[:start] + clock + zone
    return None


def _strays(e: Evidence, shapes: list[_Shape]) -> dict[str, int] | None:
    """Texts that are no dates with their rows: a few that may stand for missing; None where they are too many."""
    read = pl.concat([shape.levels for shape in shapes]) if shapes else e.levels.head(0)
    rest = e.counts.filter(~pl.col("value").is_in(read.implode()))
    if len(rest) > 3:
        return None
    strays = dict(zip(rest["value"].to_list(), rest["count"].to_list(), strict=True))
    if any(text.strip().lower() not in MISSING_WORDS and not re.match(_ZEROS, text) for text in strays):
        return None
    return strays


def _choose(e: Evidence, shape: _Shape) -> tuple[str, str] | None:
    """Which of a shape's formats is meant, and by what evidence; None where none reads all of it."""
    fitting: list[tuple[str, pl.Series]] = []
    for pattern in shape.formats:
        padded = _padding(pattern, shape.levels)
        dates = parse_dates(shape.levels, padded)
        if dates.null_count() == 0:
            fitting.append((padded, dates))
    if not fitting:
        return None
    if len(fitting) == 1:
        return fitting[0][0], _only_reading(shape, fitting[0][0])
    return _ambiguous(e, shape, fitting)


def _only_reading(shape: _Shape, pattern: str) -> str:
    if len(shape.formats) == 1:
        return ""
    plain = pattern.replace("%-", "%")
    position = {"%d": "day", "%m": "month", "%y": "year", "%Y": "year"}.get(plain[:2], "day")
    return f"; {position} first, because other readings fail on some of the {shape.rows:,} rows"


def _ambiguous(e: Evidence, shape: _Shape, fitting: list[tuple[str, pl.Series]]) -> tuple[str, str]:
    """Several readings fit every row: the one in whose order the rows stand, else the one that spans less time, else convention."""
    rows = e.values.filter(e.values.is_in(shape.levels.implode()))
    steps = {pattern: _backward_steps(parse_dates(rows, pattern)) for pattern, _ in fitting}
    best, second = sorted(steps.values())[:2]
    if best < 0.6 * second:
        pattern = min(steps, key=lambda p: steps[p])
        return pattern, f"; the order of day and month is not certain: read as {pattern} because then the rows stand in time order"
    spans = {pattern: (dates.max() - dates.min()).days for pattern, dates in fitting}  # type: ignore[operator,union-attr]
    narrow, wide = sorted(spans.values())[:2]
    if narrow < 0.6 * wide:
        pattern = min(spans, key=lambda p: spans[p])
        return pattern, f"; the order of day and month is not certain: read as {pattern}, by which the dates span less time"
    month_first = next((p for p, _ in fitting if p.replace("%-", "%").startswith("%m/")), None)
    pattern = month_first or fitting[0][0]
    return pattern, f"; the order of day and month is AMBIGUOUS (no value decides): read as {pattern}; set `format` if that is wrong"


def _backward_steps(dates: pl.Series) -> float:
    moves = dates.drop_nulls().diff().drop_nulls().dt.total_days()
    moved = moves.filter(moves != 0)
    return float((moved < 0).to_numpy().mean()) if len(moved) else 0.5


def _padding(pattern: str, levels: pl.Series) -> str:
    """The format with %-d, %-m, %-H where single digits are written without a zero."""
    if not levels.str.contains(r"(?:^|\D)\d(?:\D|$)").any():
        return pattern
    date, separator, clock = _split_clock(pattern)
    unpadded_date = levels.str.contains(r"^(?:\d[/.\- ]|\d{1,4}[/.\-]\d[/.\- ]|\d{4}[/.\-]\d{1,2}[/.\-]\d(?:\D|$)|[A-Za-z]+ \d\D)").any()
    if unpadded_date:
        date = date.replace("%d", "%-d").replace("%m", "%-m")
    if levels.str.contains(r"(?:^|[ T])\d:").any():
        clock = clock.replace("%H", "%-H").replace("%I", "%-I")
    return date + separator + clock


def _split_clock(pattern: str) -> tuple[str, str, str]:
    places = [pattern.find(mark) for mark in _TIME_MARKS if mark in pattern]
    if not places:
        return pattern, "", ""
    return pattern[: min(places)], "", pattern[min(places) :]


def _calendar_facts(e: Evidence, shapes: list[_Shape], formats: list[str]) -> Facts:
    first = formats[0]
    has_clock, has_date = _has_clock(first), _has_date(first)
    facts: Facts = {"kind": "datetime" if has_clock and has_date else "time" if has_clock else "date", "format": first}
    if formats[1:]:
        facts["also_read"] = formats[1:]
    if "%z" in first or "%:z" in first:
        facts["time_zone"] = _offset(shapes[0].levels)
    elif first.endswith(("Z", " UTC")):
        facts["time_zone"] = "UTC"
    has_day = "%d" in first.replace("%-d", "%d")
    facts["resolution"] = resolution_of(parse_dates(shapes[0].levels, first)) if has_day or has_clock else "month"
    if facts["kind"] == "datetime" and facts["resolution"] == "day":
        facts["resolution"] = "minute"
    return facts


def _offset(levels: pl.Series) -> str:
    """The one offset from UTC, as +02:00; UTC where several occur."""
    found = levels.str.extract(r"([+-]\d{2}:?\d{2})$").str.replace(":", "").unique().to_list()
    return f"{found[0][:3]}:{found[0][3:]}" if len(found) == 1 else "UTC"


def _reason(e: Evidence, shapes: list[_Shape], formats: list[str], note: str, strays: dict[str, int]) -> str:
    total = len(e.values)
    if len(formats) == 1:
        reason = f"all {e.of()} texts are dates or times written {formats[0]}{note}"
    else:
        shares = "; ".join(f"{percent(shape.rows / total)} as {form}" for shape, form in zip(shapes, formats, strict=True))
        reason = f"dates in {len(formats)} formats ({shares}){note}; all are written as {formats[0]}"
        reason += _about_clocks(shapes, formats, total)
    if "time_zone" in formats[0] or "%z" in formats[0] or "%:z" in formats[0]:
        offset = _offset(shapes[0].levels)
        reason += "; several offsets occur, all are written in UTC" if offset == "UTC" else f"; the offset is always {offset}"
    if strays:
        reason += f"; {', '.join(repr(text) for text in strays)} stands for missing ({sum(strays.values())} rows)"
    return reason


def _about_clocks(shapes: list[_Shape], formats: list[str], total: int) -> str:
    """What becomes of times of day where only some of the dates have one."""
    timed = sum(shape.rows for shape, form in zip(shapes, formats, strict=True) if _has_clock(form))
    if not timed or timed == sum(shape.rows for shape in shapes):
        return ""
    if _has_clock(formats[0]):
        return "; those without a time of day count as midnight"
    return f", so the time of day in {percent(timed / total)} of the rows is dropped"


_DURATION = r"-?(?:\d+(?: days?,?)? )?\d+:\d\d(?::\d\d(?:\.\d{1,6})?)?"
_DURATION_WORDS = ("duration", "elapsed", "length", "runtime", "lap", "took", "delay", "uptime")


def _duration_format(e: Evidence) -> Facts:
    """How durations are written, where not as 01:30:00: days apart, or hours below ten without a zero."""
    if e.levels.str.contains(r"^-?\d+ days \d\d:").all():
        return {"format": "%-d days %H:%M:%S"}
    return {"format": "%-H:%M:%S"} if e.levels.str.contains(r"^-?\d:").any() else {}


def decide_duration_text(e: Evidence) -> Facts | None:
    """Texts such as 36:15:00 or "2 days 03:04:05": hours beyond a day, or a name that says duration."""
    if not e.levels.head(50).str.contains(f"^{_DURATION}$").all() or e.share(_DURATION) < 1:
        return None
    hours = e.levels.str.extract(r"(\d+):\d\d(?::|$)").cast(pl.Int64)
    beyond = bool((hours > 23).any()) or e.levels.str.contains("day|^-").any()
    word = e.named(*_DURATION_WORDS)
    if not beyond and not word:
        return None
    if not e.levels.str.contains(r":\d\d:\d\d").all():
        return None
    why = "hours go beyond a day" if beyond else f"the name says '{word}'"
    return {
        "kind": "duration",
        "resolution": "second",
        **_duration_format(e),
        "reason": f"all {e.of()} texts are hours, minutes and seconds, and {why}",
    }
