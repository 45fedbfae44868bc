"""The columns by which a classifier tells synthetic rows from real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.bars import bar
from understudy.evaluate.report.markup import Markup, tag
from understudy.evaluate.report.names import name, sentence
from understudy.evaluate.report.numbers import NONE, score, share
from understudy.evaluate.report.table import Heading, table

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, GiveAway


def gives_away(evaluation: Evaluation) -> Markup | None:
    """A bar a column: the share of the classifier's success that is lost when that column is shuffled."""
    found = [entry for entry in evaluation.gives_away if entry.share > 0]
    if not found:
        return None
    most = max(entry.share for entry in found)
    rows = [_row(entry, most) for entry in found]
    headings = [
        Heading("Column"),
        Heading("Part of what gives it away", wide=True),
        Heading("Share", number=True),
        Heading("AUC lost", number=True),
        Heading("What is off", text=True),
    ]
    return tag(
        "section",
        tag("h2", "Columns that give it away"),
        tag(
            "p",
            "A classifier was asked to tell synthetic rows from real ones. These columns helped it most: how much worse it becomes when "
            "one of them is shuffled. Where the classifier hardly beats chance, this is a list of small flaws.",
        ),
        table(headings, rows, caption="Columns by which a classifier tells synthetic rows from real ones", first=8, noun="column"),
        id="away",
    )


def _row(entry: GiveAway, most: float) -> list[Markup | str]:
    picture = bar(entry.share / most, "syn")
    return [name(entry.column), picture, share(entry.share), score(entry.auc_lost), sentence(entry.hint) or NONE]
