"""The page of a comparison of engines: the best in a sentence, the league table, a card an engine, how it was measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from understudy.evaluate.league import SHOWN
from understudy.evaluate.report.embed import safe_text
from understudy.evaluate.report.frame import Frame, made_on
from understudy.evaluate.report.headline import figure_rows
from understudy.evaluate.report.markup import Child, Markup, join, tag
from understudy.evaluate.report.measured import fact, glossary_of, moment
from understudy.evaluate.report.names import name, sentence, shown
from understudy.evaluate.report.numbers import NONE, count, formatted, interval, plural, seconds
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import SEVERITY, light, worst

if TYPE_CHECKING:
    from understudy.evaluate.league import Entry, League
    from understudy.evaluate.result import Figure, Subject

_SCRIPTS = ("base.js", "page.js", "league.js")
_SHORT = {
    "c2st_auc": "Told from real (AUC)",
    "utility_kept": "Usefulness kept",
    "pair_trends": "Pairs of columns",
    "membership_auc": "Recognises training rows (AUC)",
    "dcr_share": "Nearer to training rows",
}
_ON_CARDS = (*SHOWN, "column_shapes", "exact_copies")
_MOST_WEAK = 4


def render(league: League) -> str:
    """The comparison as one HTML page that needs no other file and no network."""
    frame = Frame(
        title=f"Engines compared: {shown(league.train.origin, 80)}",
        embedded=safe_text(json.loads(league.to_json())),
        file="league.json",
        scripts=_SCRIPTS,
        made=made_on(moment(league.created), league.versions.get("understudy")),
    )
    sections = {
        "league": ("League", _league(league)),
        "engines": ("Engines", _cards(league)),
        "measured": ("How measured", _measured(league)),
        "glossary": ("Glossary", glossary_of(league.real) if league.real else None),
    }
    return frame.page(_top(league), sections)


def headline_of(league: League) -> str:
    """The outcome in a sentence."""
    judged = [entry for entry in league.entries if entry.outcome == "judged" and not entry.yardstick]
    if league.best is not None:
        among = f" of {len(judged)} engines" if len(judged) > 1 else ""
        return f"{league.best} does best{among} on this table: {league.entry(league.best).why}."
    if judged:
        return "No engine can be recommended: every one remembers its training rows."
    return "No engine could be judged."


def _top(league: League) -> Markup:
    facts = [_subject("Learned", league.train), _subject("Judged on", league.holdout)]
    facts += [tag("div", tag("dt", "Columns"), tag("dd", count(league.columns)))]
    if league.target is not None:
        facts.append(tag("div", tag("dt", "Target"), tag("dd", tag("b", name(league.target, 40)))))
    best = league.best
    overall = worst([family.verdict for family in league.entry(best).families]) if best is not None else "warn"
    text = headline_of(league)
    title = tag("h1", sentence(text, 600), class_="long" if len(text) > 90 else None)
    return tag("header", tag("dl", facts, class_="subjects"), title, class_=f"hero {overall}", id="top")


def _subject(role: str, subject: Subject) -> Markup:
    rows = plural(subject.rows, "row")
    return tag("div", tag("dt", role), tag("dd", tag("b", name(subject.origin, 40)), " ", tag("span", rows)))


# -- the table


def _league(league: League) -> Markup:
    figures = {figure.key: figure for figure in league.real}
    keys = [key for key in SHOWN if key in figures]
    headings = [Heading("Engine"), Heading("Verdict")] + [Heading(_SHORT[key], number=True) for key in keys]
    headings.append(Heading("Learning, processor time", number=True))
    rows = [_row(entry, keys) for entry in league.entries]
    if figures:
        rows.append(_of_real(figures, keys))
    said = [
        "All engines learned the same rows and were judged on the same real rows that none of them saw. 95 % intervals in brackets. "
        "The last row shows the same figures of those held-out real rows: no engine needs to be better. ",
        league.rule,
    ]
    return tag("section", tag("h2", "League table"), tag("p", said), table(headings, rows, caption="Engines", noun="engine"), id="league")


def _row(entry: Entry, keys: list[str]) -> list[Child]:
    cells: list[Child] = [_named(entry), _verdicts(entry)]
    for key in keys:
        figure = entry.figure(key)
        cells.append(NONE if figure is None else _value(figure.value, figure.interval, figure.form))
    cells.append(NONE if entry.fit_cpu_s is None else seconds(entry.fit_cpu_s))
    return cells


def _named(entry: Entry) -> Markup:
    """The engine, and why it is where it is."""
    outcome = "" if entry.outcome == "judged" else entry.outcome
    why = sentence(": ".join(part for part in (outcome, entry.why) if part), 300)
    return join(_engine(entry), tag("small", why, class_="why") if why else None)


def _engine(entry: Entry) -> Markup:
    took = f" (took {shown(entry.learned_by, 30)})" if entry.learned_by else ""
    badge = (
        tag("span", "best", class_="badge") if entry.best else tag("span", "yardstick", class_="badge plain") if entry.yardstick else None
    )
    return join(shown(entry.engine, 60), took, " ", badge)


def _verdicts(entry: Entry) -> Markup | str:
    """A light a family, with the family's name for those who cannot see it."""
    if not entry.families:
        return NONE
    return tag(
        "span",
        [tag("span", light(family.verdict), title=f"{family.family}: {family.sentence}") for family in entry.families],
        class_="lights",
    )


def _of_real(figures: dict[str, Figure], keys: list[str]) -> list[Child]:
    words = tag("small", "what fresh real rows would have", class_="why")
    cells: list[Child] = [join("held-out real rows ", tag("span", "yardstick", class_="badge plain"), words), NONE]
    cells += [_value(figures[key].holdout, figures[key].holdout_interval, figures[key].form) for key in keys]
    return [*cells, NONE]


def _value(value: float | None, ends: tuple[float, float] | None, form: str) -> Markup | str:
    if value is None:
        return NONE
    return join(formatted(value, form), tag("small", f" ({interval(ends, form)})") if ends else None)


# -- the cards


def _cards(league: League) -> Markup | None:
    judged = [entry for entry in league.entries if entry.outcome == "judged"]
    if not judged:
        return None
    legend = tag(
        "p",
        tag("span", "synthetic", class_="key syn"),
        tag("span", "held-out real data", class_="key hold"),
        tag("span", "best possible", class_="key best"),
        tag("span", "Lines are 95 % intervals; ends of the axis are printed under it.", class_="said"),
        class_="legend",
    )
    return tag(
        "section", tag("h2", "Engine by engine"), legend, tag("div", [_card(entry) for entry in judged], class_="cards"), id="engines"
    )


def _card(entry: Entry) -> Markup:
    families = [
        tag("li", light(family.verdict), " ", tag("span", f"{family.title}: ", sentence(family.sentence))) for family in entry.families
    ]
    weak = sorted(entry.weak_points, key=lambda point: SEVERITY[point.severity])[:_MOST_WEAK]
    points = tag("ul", [tag("li", sentence(point.text)) for point in weak], class_="reasons") if weak else None
    words = tag(
        "header", tag("p", _spent(entry), class_="family"), tag("h3", _engine(entry)), tag("ul", families, class_="agreements"), points
    )
    figures = [figure for key in _ON_CARDS if (figure := entry.figure(key)) is not None]
    verdict = worst([family.verdict for family in entry.families])
    return tag("article", words, tag("div", figure_rows(figures, anchored=False), class_="figures"), class_=f"card {verdict}")


def _spent(entry: Entry) -> str:
    parts = []
    if entry.fit_cpu_s is not None:
        parts.append(f"learned in {seconds(entry.fit_cpu_s)} of processor time")
    if entry.rows_per_cpu_s is not None:
        parts.append(f"makes {count(float(f'{entry.rows_per_cpu_s:.2g}'))} rows in a second of it")
    return ", ".join(parts)


def _measured(league: League) -> Markup:
    facts = [
        fact("Learned", _rows(league.train)),
        fact("Judged on", _rows(league.holdout)),
        fact("Target", name(league.target) if league.target is not None else "none given"),
        fact("Budget", "each engine's own measure" if league.budget_s is None else f"{seconds(league.budget_s)} for all fits together"),
        fact("Seed", str(league.seed)),
        fact("Time", seconds(league.seconds)),
        fact("Releases", ", ".join(f"{package} {release}" for package, release in league.versions.items())),
        fact("Made", moment(league.created)),
    ]
    return tag("section", tag("h2", "How it was measured"), tag("dl", facts, class_="facts"), id="measured")


def _rows(subject: Subject) -> Markup:
    return join(name(subject.origin, 80), f", {plural(subject.rows, 'row')}", f". {shown(subject.note, 200)}" if subject.note else "")
