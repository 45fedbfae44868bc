"""The report: sections in reading order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.dependence import dependence, tails
from understudy.evaluate.report.distributions import distributions
from understudy.evaluate.report.embed import embedded
from understudy.evaluate.report.engines import engines
from understudy.evaluate.report.frame import Frame, made_on
from understudy.evaluate.report.gives_away import gives_away
from understudy.evaluate.report.headline import cards, headline
from understudy.evaluate.report.markup import tag
from understudy.evaluate.report.measured import glossary, measured, moment
from understudy.evaluate.report.missingness import missingness
from understudy.evaluate.report.names import shown
from understudy.evaluate.report.privacy import privacy
from understudy.evaluate.report.rules import rules
from understudy.evaluate.report.treatment import treatment
from understudy.evaluate.report.utility import utility

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation

_SCRIPTS = ("base.js", "axes.js", "columns.js", "maps.js", "page.js", "report.js")


def render(evaluation: Evaluation) -> str:
    """The evaluation as one HTML page that needs no other file and no network."""
    frame = Frame(
        title=f"Report: {shown(evaluation.synthetic.origin, 80)}",
        embedded=embedded(evaluation),
        file="report.json",
        scripts=_SCRIPTS,
        made=made_on(moment(evaluation.created), evaluation.versions.get("understudy")),
    )
    sections = {
        "glance": ("At a glance", cards(evaluation)),
        "away": ("Gives it away", gives_away(evaluation)),
        "columns-section": ("Columns", distributions(evaluation)),
        "dependence": ("Dependence", dependence(evaluation)),
        "tails": ("Far ends", tails(evaluation)),
        "utility": ("Utility", utility(evaluation)),
        "privacy": ("Privacy", privacy(evaluation)),
        "rules": ("Rules", rules(evaluation)),
        "missing": ("Missing values", missingness(evaluation)),
        "done": ("What was done", treatment(evaluation)),
        "engines": ("Engines", engines(evaluation)),
        "measured": ("How measured", measured(evaluation)),
        "glossary": ("Glossary", glossary(evaluation)),
    }
    return frame.page(headline(evaluation), sections, tag("dialog", id="detail", aria_labelledby="detail-title"))
