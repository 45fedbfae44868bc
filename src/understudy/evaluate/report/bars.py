"""Bars and pairs of dots that fit any width: all places are per cent of the picture's."""

from __future__ import annotations

from understudy.evaluate.report.markup import Markup, join, tag

Interval = tuple[float, float]


def bar(part: float, series: str, whisker: Interval | None = None) -> Markup:
    """One bar from the left edge. `part` and `whisker` are shares of the picture's width, 0..1; series: "real", "hold" or "syn"."""
    marks = [tag("rect", x="0", y="0", width="100%", height="12", class_="track")]
    marks.append(tag("rect", x="0", y="0", width=_place(part), height="12", class_=f"{series} fill"))
    if whisker is not None:
        low, high = _place(whisker[0]), _place(whisker[1])
        marks.append(tag("line", x1=low, x2=high, y1="6", y2="6", class_="whisker"))
        marks += [tag("line", x1=end, x2=end, y1="2", y2="10", class_="whisker") for end in (low, high)]
    return tag("svg", join(*marks), class_="bar", height="12", aria_hidden="true")


def dots(real: float, synthetic: float, holdout: float | None = None) -> Markup:
    """Two or three dots on a line that are the same thing measured on different tables; shares of the picture's width, 0..1."""
    ends = [real, synthetic]
    marks = [
        tag("line", x1="0", x2="100%", y1="8", y2="8", class_="axis"),
        tag("line", x1=_place(min(ends)), x2=_place(max(ends)), y1="8", y2="8", class_="between"),
        tag("circle", cx=_place(real), cy="8", r="5", class_="real dot"),
    ]
    if holdout is not None:
        path = tag("path", d="M0 3l5 5-5 5-5-5z", class_="hold dot")
        marks.append(tag("svg", path, x=_place(holdout), y="0", overflow="visible", width="1", height="1"))
    marks.append(tag("circle", cx=_place(synthetic), cy="8", r="4", class_="syn dot"))
    return tag("svg", join(*marks), class_="dots", height="16", aria_hidden="true")


def spot(value: float, ends: Interval | None, best: float, series: str = "syn") -> Markup:
    """One dot with its whiskers on a line, and a mark where the best lies; shares of the picture's width, 0..1."""
    marks = [
        tag("line", x1="0", x2="100%", y1="8", y2="8", class_="axis"),
        tag("line", x1=_place(best), x2=_place(best), y1="0", y2="16", class_="best"),
    ]
    if ends is not None:
        low, high = _place(ends[0]), _place(ends[1])
        marks.append(tag("line", x1=low, x2=high, y1="8", y2="8", class_=f"{series} bar"))
        marks += [tag("line", x1=end, x2=end, y1="4.5", y2="11.5", class_=f"{series} cap") for end in (low, high)]
    marks.append(tag("circle", cx=_place(value), cy="8", r="4.5", class_=f"{series} dot"))
    return tag("svg", join(*marks), class_="strip spot", height="16", aria_hidden="true")


def _place(part: float) -> str:
    return f"{100 * min(max(part, 0.0), 1.0):.2f}%"
