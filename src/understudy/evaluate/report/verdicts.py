"""The lights: each verdict as a word and a shape besides its colour, so that none of the three is needed alone."""

from __future__ import annotations

from understudy.evaluate.report.markup import Markup, join, tag

WORDS = {
    "pass": "good",
    "warn": "take care",
    "fail": "problem",
    "undecided": "undecided",
    "info": "not judged",
}
SEVERITY = {"fail": 0, "warn": 1, "undecided": 2, "pass": 3, "info": 4}

_SHAPES = {
    "pass": '<circle cx="8" cy="8" r="7"/><path d="M4.7 8.3l2.3 2.3 4.3-4.9"/>',
    "warn": '<path class="solid" d="M8 1.2L15.4 14.4H.6z"/><path d="M8 6v4M8 12.1v.3"/>',
    "fail": '<path class="solid" d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z"/><path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>',
    "undecided": '<circle class="open" cx="8" cy="8" r="6.6"/>'
    '<path class="ink" d="M6.1 6.2c.2-2.6 4-2.4 3.8 0C9.8 7.6 8 7.7 8 9.3M8 11.5v.3"/>',
    "info": '<circle class="open" cx="8" cy="8" r="6.6"/><path class="ink" d="M8 7.3v4M8 4.6v.3"/>',
}


def light(verdict: str, *, with_word: bool = False) -> Markup:
    """The verdict's shape, with its word beside it or for screen readers only."""
    word = WORDS[verdict]
    picture = tag("svg", tag("use", href=f"#light-{verdict}"), class_=f"light {verdict}", viewBox="0 0 16 16", aria_hidden="true")
    label = tag("span", word, class_="word" if with_word else "unseen")
    return tag("span", picture, label, class_=f"verdict {verdict}")


def shapes() -> Markup:
    """The shapes, defined once in the page."""
    symbols = (tag("symbol", Markup(shape), id=f"light-{verdict}", viewBox="0 0 16 16") for verdict, shape in _SHAPES.items())
    return tag("svg", join(*symbols), class_="unseen", aria_hidden="true")


def worst(verdicts: list[str]) -> str:
    """The verdict that a reader must hear first."""
    return min(verdicts, key=SEVERITY.__getitem__, default="info")
