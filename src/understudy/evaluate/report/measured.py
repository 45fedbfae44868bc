"""How it was measured: tables, rows, seed, releases and time; every figure explained in a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, sentence, shown
from understudy.evaluate.report.numbers import NONE, count, formatted, gap, interval, number, plural, seconds
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.terms import TERMS
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, Figure, Subject
    from understudy.evaluate.texts.result import TextEvaluation


def every_figure(evaluation: Evaluation | TextEvaluation) -> Markup:
    """All figures as one table of numbers."""
    headings = [
        Heading("Figure"),
        Heading("Synthetic", number=True),
        Heading("Held-out real", number=True),
        Heading("Gap", number=True),
        Heading("Best", number=True),
        Heading("Rows", number=True),
        Heading("Verdict"),
    ]
    return join(
        tag("h3", "Every figure"),
        table(headings, [_figure(figure) for figure in evaluation.figures], caption="All figures", first=100, noun="figure"),
    )


def measured(evaluation: Evaluation) -> Markup:
    """The section on how the figures came about."""
    facts = [subject_fact("Synthetic table", evaluation.synthetic), subject_fact("Real table", evaluation.real)]
    facts.append(
        subject_fact("Held-out real table", evaluation.holdout) if evaluation.holdout else fact("Held-out real table", "none given")
    )
    facts += [
        fact("Target", name(evaluation.target) if evaluation.target is not None else "none given"),
        fact("Seed", str(evaluation.seed)),
        fact("Time", time_spent(evaluation)),
        fact("Releases", ", ".join(f"{package} {release}" for package, release in evaluation.versions.items())),
        fact("Made", moment(evaluation.created)),
    ]
    record = evaluation.record or {}
    if record.get("seconds"):
        facts.append(fact("Time of the fit", seconds(float(record["seconds"]))))
    facts += [fact(_words(key), _cell(value)) for key, value in (record.get("figures") or {}).items() if _is_plain(value)]
    return tag(
        "section",
        tag("h2", "How it was measured"),
        tag("dl", facts, class_="facts"),
        every_figure(evaluation),
        limits(evaluation.tolerances),
        id="measured",
    )


def limits(tolerances: dict[str, float]) -> Markup | None:
    """Every limit that a verdict used."""
    listed = ", ".join(f"{_words(limit)} {number(value)}" for limit, value in tolerances.items())
    return tag("details", tag("summary", "Limits that the verdicts use"), tag("p", listed)) if listed else None


def glossary(evaluation: Evaluation) -> Markup:
    """Each figure and each word of the page in a line."""
    return glossary_of(evaluation.figures)


def glossary_of(figures: list[Figure]) -> Markup:
    """The same for figures of a page of its own."""
    explained = [
        tag("div", tag("dt", sentence(figure.name), id=f"term-{figure.key}"), tag("dd", sentence(figure.note or figure.reason) or NONE))
        for figure in figures
    ]
    words = [tag("div", tag("dt", word), tag("dd", meaning)) for word, meaning in TERMS.items()]
    return tag("section", tag("h2", "Glossary"), tag("dl", explained, words, class_="glossary"), id="glossary")


def _figure(figure: Figure) -> list[Markup | str]:
    rows = count(figure.n) if figure.n else NONE
    if figure.n_holdout:
        rows += f" / {count(figure.n_holdout)}"
    return [
        tag("a", sentence(figure.name), href=f"#term-{figure.key}"),
        with_interval(figure.value, figure.interval, figure.form),
        with_interval(figure.holdout, figure.holdout_interval, figure.form),
        gap(figure.gap, figure.gap_interval, figure.form),
        formatted(figure.best, figure.form),
        rows,
        light(figure.verdict, with_word=True),
    ]


def with_interval(value: float | None, ends: tuple[float, float] | None, form: str) -> Markup:
    between = tag("small", f" ({interval(ends, form)})") if ends and value is not None else None
    return join(formatted(value, form), between)


def subject_fact(role: str, subject: Subject) -> Markup:
    """One of the sets compared, with how much of it was used."""
    used = "" if subject.rows_used == subject.rows else f", {count(subject.rows_used)} used"
    note = f". {shown(subject.note, 200)}" if subject.note else ""
    return fact(role, join(name(subject.origin, 80), f", {plural(subject.rows, 'row')}{used}{note}"))


def fact(term: str, value: Markup | str) -> Markup:
    """A line of the section: what, and what it was."""
    return tag("div", tag("dt", term), tag("dd", value))


def time_spent(evaluation: Evaluation | TextEvaluation) -> str:
    """The whole time, and that of each stage."""
    stages = ", ".join(f"{_words(stage)} {seconds(spent)}" for stage, spent in evaluation.stage_seconds.items())
    return seconds(evaluation.seconds) + (f" ({stages})" if stages else "")


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(float(value))
    return NONE if value is None else shown(str(value), 200)


def moment(iso: str) -> str:
    """An instant to the minute: "2026-11-23 17:11 UTC"; as it is where it is no ISO 8601."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return iso


def _words(key: str) -> str:
    return key.replace("_", " ")
