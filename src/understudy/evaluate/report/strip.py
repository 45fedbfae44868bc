"""A figure as dots and whiskers on one line: synthetic above, held-out real data under it, the best value as a mark.

All places are per cent of the picture's width, so that it fits any screen without its text or dots being stretched.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.numbers import THIN, formatted, interval, number

Interval = tuple[float, float]

_SMALLEST_SPAN = 0.02  # of the scale: smaller differences are not blown up
_SYNTHETIC_Y, _HOLDOUT_Y, _AXIS_Y, _HEIGHT = 9, 23, 34, 47
_NEAR_AN_END = 0.12  # of the width: a label is then set from that end
_ROOM_OF_A_LABEL = 0.32


@dataclass(frozen=True)
class Reading:
    """What one strip shows. `form` as in `Figure`; `matched`: the synthetic value at the yardstick's number of rows."""

    value: float | None
    interval: Interval | None
    holdout: float | None
    holdout_interval: Interval | None
    best: float
    scale: Interval
    form: str
    matched: float | None = None


def strip(reading: Reading) -> Markup:
    """The picture, with its content in words for those who cannot see it."""
    low, high = domain(reading)
    place = _Placer(low, high)
    marks = [_best(place(reading.best))]
    best_at = place.part(reading.best)
    if reading.holdout is not None:
        marks += _whisker(place, reading.holdout_interval, _HOLDOUT_Y, "hold")
        marks.append(_diamond(place(reading.holdout)))
    if reading.value is not None:
        marks += _whisker(place, reading.interval, _SYNTHETIC_Y, "syn")
        if reading.matched is not None:
            marks.append(tag("circle", cx=place(reading.matched), cy=_SYNTHETIC_Y, r=3.5, class_="syn open"))
        marks.append(tag("circle", cx=place(reading.value), cy=_SYNTHETIC_Y, r=4.5, class_="syn dot"))
    axis = [tag("line", x1="0", x2="100%", y1=_AXIS_Y, y2=_AXIS_Y, class_="axis")]
    axis.append(_label(best_at, f"best {_short(reading.best, reading.form)}"))
    if best_at > _ROOM_OF_A_LABEL:
        axis.append(_label(0.0, formatted(low, reading.form)))
    if best_at < 1 - _ROOM_OF_A_LABEL:
        axis.append(_label(1.0, formatted(high, reading.form)))
    return tag("svg", join(*axis, *marks), class_="strip", height=_HEIGHT, role="img", aria_label=in_words(reading))


def in_words(reading: Reading) -> str:
    """The same content as one sentence."""
    parts = [f"synthetic {formatted(reading.value, reading.form)}"]
    if reading.interval:
        parts.append(f"95 % interval {interval(reading.interval, reading.form)}")
    if reading.holdout is not None:
        parts.append(f"held-out real data {formatted(reading.holdout, reading.form)}")
    if reading.holdout_interval:
        parts.append(f"its interval {interval(reading.holdout_interval, reading.form)}")
    parts.append(f"best {_short(reading.best, reading.form)}")
    return ", ".join(parts)


def domain(reading: Reading) -> Interval:
    """The part of the scale that the strip shows: all its marks and a margin, but never a sliver that blows up noise."""
    marks = [reading.best, *(reading.interval or ()), *(reading.holdout_interval or ())]
    marks += [mark for mark in (reading.value, reading.holdout, reading.matched) if mark is not None]
    low, high = min(marks), max(marks)
    span = max(high - low, _SMALLEST_SPAN * (reading.scale[1] - reading.scale[0]))
    margin = 0.1 * span
    middle = (low + high) / 2
    low, high = min(low, middle - span / 2) - margin, max(high, middle + span / 2) + margin
    # The ends of the scale are walls (no share beyond 1), unless a mark lies beyond them.
    return max(low, min(reading.scale[0], *marks)), min(high, max(reading.scale[1], *marks))


class _Placer:
    """From a value to a place, "43.2%"."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.width = low, (high - low) or 1.0

    def part(self, value: float) -> float:
        return min(max((value - self.low) / self.width, 0.0), 1.0)

    def __call__(self, value: float) -> str:
        return _per_cent(self.part(value))


def _whisker(place: _Placer, ends: Interval | None, y: int, class_: str) -> list[Markup]:
    if ends is None:
        return []
    left, right = place(ends[0]), place(ends[1])
    bar = tag("line", x1=left, x2=right, y1=y, y2=y, class_=f"{class_} bar")
    caps = [tag("line", x1=x, x2=x, y1=y - 3.5, y2=y + 3.5, class_=f"{class_} cap") for x in (left, right)]
    return [bar, *caps]


def _diamond(x: str) -> Markup:
    # A path has no places in per cent; an inner picture carries it there.
    path = tag("path", d=f"M0 {_HOLDOUT_Y - 5}l5 5-5 5-5-5z", class_="hold dot")
    return tag("svg", path, x=x, y="0", overflow="visible", width="1", height="1")


def _label(part: float, text: str) -> Markup:
    """A number under the axis that stays inside the picture."""
    where, class_ = (0.0, "tick") if part < _NEAR_AN_END else (1.0, "tick end") if part > 1 - _NEAR_AN_END else (part, "tick middle")
    return tag("text", text, x=_per_cent(where), y=_HEIGHT - 1, class_=class_)


def _short(best: float, form: str) -> str:
    return f"{100 * best:.4g}{THIN}%" if form == "share" else number(best)


def _per_cent(part: float) -> str:
    return f"{100 * part:.2f}%"


def _best(x: str) -> Markup:
    return tag("line", x1=x, x2=x, y1=0, y2=_AXIS_Y, class_="best")
