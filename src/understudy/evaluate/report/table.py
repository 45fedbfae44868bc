"""Tables that stay readable: numbers aligned, the first rows shown and the rest on request, one row a card on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.evaluate.report.markup import Child, Markup, tag
from understudy.evaluate.report.numbers import plural

MOST_ROWS = 1000  # more than anyone reads; they are all in the JSON


@dataclass(frozen=True)
class Heading:
    """A column of a table on the page: its title and what it holds."""

    title: str
    number: bool = False
    wide: bool = False  # a picture
    text: bool = False  # sentences


def table(headings: Sequence[Heading], rows: Sequence[Sequence[Child]], *, caption: str, first: int = 12, noun: str = "row") -> Markup:
    """A table whose rows beyond `first` are shown at a press of a button.

    Args:
        headings: one per cell of a row; the first cell names the row.
        rows: cells, in the order of the headings.
        caption: what the table holds, for those who cannot see where it stands.
        first: rows shown at once.
        noun: what a row is, for the button: "column".
    """
    head = tag("thead", tag("tr", [tag("th", heading.title, scope="col", class_=_class(heading)) for heading in headings]))
    body = tag("tbody", [_row(headings, cells, extra=at >= first) for at, cells in enumerate(rows[:MOST_ROWS])])
    parts = [tag("table", tag("caption", caption, class_="unseen"), head, body)]
    if len(rows) > first:
        parts.append(tag("button", f"Show all {plural(min(len(rows), MOST_ROWS), noun)}", type="button", class_="more", hidden=True))
    if len(rows) > MOST_ROWS:
        parts.append(tag("p", f"{plural(len(rows) - MOST_ROWS, noun)} more in the JSON.", class_="aside"))
    return tag("div", parts, class_="tablebox")


def _row(headings: Sequence[Heading], cells: Sequence[Child], *, extra: bool) -> Markup:
    titled = zip(headings[1:], cells[1:], strict=True)
    rest = [tag("td", cell, class_=_class(heading), data_label=heading.title) for heading, cell in titled]
    return tag("tr", tag("th", cells[0], scope="row"), rest, class_="extra" if extra else None)


def _class(heading: Heading) -> str | None:
    return "number" if heading.number else "wide" if heading.wide else "text" if heading.text else None
