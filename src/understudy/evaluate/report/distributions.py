"""Column by column: the frame that `assets/columns.js` fills with pictures, and the controls that find a column among many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.markup import Markup, tag
from understudy.evaluate.report.numbers import count

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation

_ORDERS = {"worst": "worst first", "away": "most telling first", "table": "as in the table", "name": "by name"}


def distributions(evaluation: Evaluation) -> Markup:
    """The section on single columns."""
    kinds = sorted({column.kind for column in evaluation.columns})
    legend = tag(
        "p",
        tag("span", "real", class_="key area"),
        tag("span", "held-out real", class_="key dash") if evaluation.holdout else None,
        tag("span", "synthetic", class_="key line"),
        tag("span", "Stems are single values that many rows share.", class_="said"),
        class_="legend",
    )
    controls = tag(
        "form",
        tag("label", tag("span", "Find a column"), tag("input", type="search", id="find", placeholder="name", autocomplete="off")),
        _choice("kind", "Kind", {"": f"all {count(len(evaluation.columns))}", **{kind: kind for kind in kinds}}),
        _choice("judged", "Verdict", {"": "all", "weak": "weak only"}),
        _choice("order", "Order", _ORDERS),
        class_="controls",
        id="controls",
        role="search",
    )
    return tag(
        "section",
        tag("h2", "Column by column"),
        tag(
            "p",
            "Each column of the synthetic table over the same column of the real one. Agreement is one minus the largest gap between the "
            "two cumulative curves (numbers) or one minus the share of rows that would have to change category. Held-out real rows, "
            "measured in the same way, show what chance alone does.",
        ),
        legend,
        controls,
        tag("p", id="found", class_="aside", role="status"),
        tag("div", id="columns", class_="columns"),
        tag("button", "Show more", type="button", id="more-columns", class_="more", hidden=True),
        tag("noscript", tag("p", "The pictures are drawn by a script in this page; the figures are in the table of columns below.")),
        id="columns-section",
    )


def _choice(id_: str, label: str, options: dict[str, str]) -> Markup:
    choices = [tag("option", text, value=value) for value, text in options.items()]
    return tag("label", tag("span", label), tag("select", choices, id=id_))
