"""The whole page: sections in reading order, one style sheet, one script, the data; no request ever leaves it."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from understudy.evaluate.report.dependence import dependence, tails
from understudy.evaluate.report.distributions import distributions
from understudy.evaluate.report.embed import embedded
from understudy.evaluate.report.gives_away import gives_away
from understudy.evaluate.report.headline import cards, headline
from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.measured import engines, glossary, measured, moment
from understudy.evaluate.report.missingness import missingness
from understudy.evaluate.report.names import shown
from understudy.evaluate.report.privacy import privacy
from understudy.evaluate.report.rules import rules
from understudy.evaluate.report.treatment import treatment
from understudy.evaluate.report.utility import utility
from understudy.evaluate.report.verdicts import shapes

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation

_SCRIPTS = ("base.js", "axes.js", "columns.js", "maps.js", "page.js")
_TITLES = {
    "glance": "At a glance",
    "away": "Gives it away",
    "columns-section": "Columns",
    "dependence": "Dependence",
    "tails": "Far ends",
    "utility": "Utility",
    "privacy": "Privacy",
    "rules": "Rules",
    "missing": "Missing values",
    "done": "What was done",
    "engines": "Engines",
    "measured": "How measured",
    "glossary": "Glossary",
}


def render(evaluation: Evaluation) -> str:
    """The evaluation as one HTML page that needs no other file and no network."""
    style, script = _asset("report.css"), _script()
    sections = {
        "glance": cards(evaluation),
        "away": gives_away(evaluation),
        "columns-section": distributions(evaluation),
        "dependence": dependence(evaluation),
        "tails": tails(evaluation),
        "utility": utility(evaluation),
        "privacy": privacy(evaluation),
        "rules": rules(evaluation),
        "missing": missingness(evaluation),
        "done": treatment(evaluation),
        "engines": engines(evaluation),
        "measured": measured(evaluation),
        "glossary": glossary(evaluation),
    }
    present = [section for section, content in sections.items() if content is not None]
    body = tag(
        "body",
        tag("a", "Skip to the verdict", href="#top", class_="skip"),
        shapes(),
        _bar(present),
        tag("main", headline(evaluation), join(*sections.values())),
        _foot(evaluation),
        tag("dialog", id="detail", aria_labelledby="detail-title"),
        tag("script", Markup(embedded(evaluation)), type="application/json", id="evaluation"),
        tag("script", Markup(script)),
    )
    return f"<!doctype html>\n{tag('html', _head(evaluation, style, script), body, lang='en')}\n".encode("utf-8", "replace").decode("utf-8")


def _head(evaluation: Evaluation, style: str, script: str) -> Markup:
    # Only this very style and this very script may run, and nothing may be fetched, whatever a column is called.
    policy = (
        f"default-src 'none'; style-src {_fingerprint(style)}; script-src {_fingerprint(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="generator", content="understudy"),
        tag("title", f"Report: {shown(evaluation.synthetic.origin, 80)}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )


def _bar(present: list[str]) -> Markup:
    links = [tag("a", _TITLES[section], href=f"#{section}") for section in present]
    buttons = tag(
        "div",
        tag("button", "JSON", type="button", id="download", title="Download the figures as JSON", hidden=True),
        tag("button", "Theme", type="button", id="theme", title="Light or dark", aria_label="Switch between light and dark", hidden=True),
        class_="tools",
    )
    brand = tag("a", "understudy", href="#top", class_="brand")
    return tag("div", brand, tag("nav", links, aria_label="Sections"), buttons, class_="topbar")


def _foot(evaluation: Evaluation) -> Markup:
    release = evaluation.versions.get("understudy")
    made = f"Made by understudy {release} " if release else "Made by understudy "
    return tag("footer", tag("p", made, f"on {moment(evaluation.created)}. This page makes no request and needs no network."))


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _script() -> str:
    return "(() => {\n" + "\n".join(_asset(name) for name in _SCRIPTS) + "\n})();"


def _asset(name: str) -> str:
    text = resources.files("understudy.evaluate.report").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
