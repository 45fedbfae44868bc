"""The page about texts: the verdict, the figures of each family, lengths and words, classifiers, privacy alarms, how it was measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from understudy.evaluate.report.bars import bar
from understudy.evaluate.report.embed import safe_text
from understudy.evaluate.report.frame import Frame, made_on
from understudy.evaluate.report.headline import cards, subject_of, weak_points
from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.measured import every_figure, fact, glossary_of, limits, moment, subject_fact, time_spent
from understudy.evaluate.report.names import name, sentence, shown
from understudy.evaluate.report.numbers import NONE, count, interval, plural, score, share
from understudy.evaluate.report.privacy import alarms
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from understudy.evaluate.result import Curve, Picture
    from understudy.evaluate.texts.result import TextEvaluation, TrainedOn, WordUse

_SCRIPTS = ("base.js", "page.js", "league.js")
_LONG_HEADLINE = 90


def render(evaluation: TextEvaluation) -> str:
    """The evaluation as one HTML page that needs no other file and no network."""
    frame = Frame(
        title=f"Texts: {shown(evaluation.synthetic.origin, 80)}",
        embedded=safe_text(json.loads(evaluation.to_json())),
        file="texts.json",
        scripts=_SCRIPTS,
        made=made_on(moment(evaluation.created), evaluation.versions.get("understudy")),
    )
    sections: dict[str, tuple[str, Markup | None]] = {
        "glance": ("At a glance", cards(evaluation)),
        "words": ("Lengths and words", _words(evaluation)),
        "utility": ("Utility", _utility(evaluation)),
        "privacy": ("Privacy", _privacy(evaluation)),
        "measured": ("How measured", _measured(evaluation)),
        "glossary": ("Glossary", glossary_of(evaluation.figures)),
    }
    return frame.page(_top(evaluation), sections)


def _top(evaluation: TextEvaluation) -> Markup:
    overall = worst([family.verdict for family in evaluation.verdict.families])
    text = evaluation.verdict.headline
    title = tag("h1", sentence(text, 600), class_="long" if len(text) > _LONG_HEADLINE else None)
    against = [subject_of("Synthetic", evaluation.synthetic), subject_of("Real", evaluation.real)]
    if evaluation.holdout:
        against.append(subject_of("Held-out real", evaluation.holdout))
    against.append(tag("div", tag("dt", "Texts"), tag("dd", tag("b", name(evaluation.text, 40)))))
    if evaluation.label is not None:
        against.append(tag("div", tag("dt", "Label"), tag("dd", tag("b", name(evaluation.label, 40)))))
    notes = tag("ul", [tag("li", sentence(note)) for note in evaluation.notes], class_="said-aloud") if evaluation.notes else None
    return tag("header", tag("dl", against, class_="subjects"), title, weak_points(evaluation), notes, class_=f"hero {overall}", id="top")


def _words(evaluation: TextEvaluation) -> Markup:
    return tag("section", tag("h2", "Lengths and words"), _lengths(evaluation.lengths), _telling(evaluation.words), id="words")


def _lengths(picture: Picture) -> Markup:
    """Shares of texts by length as curves."""
    high = max((cell.high or 0.0) for cell in picture.cells) or 1.0
    series = {
        "real": ([cell.real for cell in picture.cells], picture.total_real),
        "hold": ([cell.holdout or 0 for cell in picture.cells], picture.total_holdout or 1),
        "syn": ([cell.synthetic for cell in picture.cells], picture.total_synthetic),
    }
    shares = {name: [value / max(total, 1) for value in values] for name, (values, total) in series.items()}
    top = max(max(values) for values in shares.values()) or 1.0
    middles = [((cell.low or 0.0) + (cell.high or 0.0)) / 2 / high for cell in picture.cells]
    lines = [_line(list(zip(middles, [value / top for value in shares[name]], strict=True)), name) for name in ("real", "hold", "syn")]
    words = "Lengths of real, held-out real and synthetic texts; the figures are in the table of all figures."
    return tag(
        "figure",
        tag("figcaption", tag("b", "Lengths in words"), " The share of texts of each length."),
        _legend("real", "held-out real"),
        _picture(lines, words, f"{share(top)} of the texts", "1", f"{count(high - 1)} words or more"),
        class_="distances",
    )


def _line(points: Sequence[tuple[float, float]], series: str) -> Markup:
    """A line through points, both coordinates 0 .. 1."""
    places = " ".join(f"{100 * x:.2f},{100 - 100 * y:.2f}" for x, y in points)
    return tag("polyline", points=places, class_=f"{series} curveline", vector_effect="non-scaling-stroke")


def _picture(lines: list[Markup], words: str, top: str, left: str, right: str) -> Markup:
    drawing = tag("svg", join(*lines), viewBox="0 0 100 100", preserveAspectRatio="none", role="img", aria_label=words)
    return tag(
        "div", tag("span", top, class_="top"), drawing, tag("span", left, class_="left"), tag("span", right, class_="right"), class_="curve"
    )


def _legend(*others: str) -> Markup:
    keys = {"real": "area", "held-out real": "dash"}
    return tag(
        "p",
        tag("span", "synthetic", class_="key line"),
        [tag("span", other, class_=f"key {keys[other]}") for other in others],
        class_="legend",
    )


def _telling(words: list[WordUse]) -> Markup | None:
    if not words:
        return tag("p", "No word is used much more often or more seldom than in real texts.", class_="aside")
    headings = [
        Heading("Word"),
        Heading("Synthetic", number=True),
        Heading("Real", number=True),
        Heading("Held-out real", number=True),
        Heading("Standard errors", number=True),
    ]
    rows = [
        [name(word.word), _rate(word.synthetic), _rate(word.real), _rate(word.holdout), score(word.score)]
        for word in sorted(words, key=lambda word: -abs(word.score))
    ]
    return join(
        tag("h3", "Words that give synthetic texts away"),
        tag("p", "How often in a thousand words. Words of few real texts are left out, for they might tell on someone.", class_="aside"),
        table(headings, rows, caption="Words used too often and too seldom, most telling first", first=12, noun="word"),
    )


def _rate(value: float) -> str:
    return f"{1000 * value:.2f}"


def _utility(evaluation: TextEvaluation) -> Markup:
    if not evaluation.trained:
        reason = next((figure.reason for figure in evaluation.figures if figure.family == "utility" and figure.reason), "")
        body = tag("p", sentence(reason) or "Nothing was trained.", class_="note")
    else:
        words = (
            "The same classifier is trained on different texts and tested on held-out real texts that none has seen. Synthetic texts that "
            "could stand "
            "in for real ones do as well as equally many real ones."
        )
        body = join(tag("p", words), _trained(evaluation.trained))
    return tag("section", tag("h2", "Worth for training classifiers"), body, id="utility")


def _trained(trained: list[TrainedOn]) -> Markup:
    any_auc = any(entry.auc is not None for entry in trained)
    headings = [Heading("Trained on"), Heading("Texts", number=True), Heading("Macro F1", wide=True), Heading("Macro F1", number=True)]
    headings += [Heading("Accuracy", number=True), *([Heading("AUC", number=True)] if any_auc else [])]
    return table(
        headings, [_row(entry, any_auc) for entry in trained], caption="Classifiers tested on held-out real texts", noun="classifier"
    )


def _row(entry: TrainedOn, any_auc: bool) -> list[Markup | str]:
    cells: list[Markup | str] = [
        entry.name,
        count(entry.texts),
        bar(entry.macro_f1, "syn" if entry.name == "synthetic" else "real", entry.macro_f1_interval),
        _scored(entry.macro_f1, entry.macro_f1_interval),
        _scored(entry.accuracy, entry.accuracy_interval),
    ]
    return [*cells, _scored(entry.auc, entry.auc_interval)] if any_auc else cells


def _scored(value: float | None, ends: tuple[float, float] | None) -> Markup | str:
    return NONE if value is None else join(score(value), tag("small", f" ({interval(ends, 'score')})") if ends else None)


def _privacy(evaluation: TextEvaluation) -> Markup:
    return tag(
        "section", tag("h2", "Privacy alarms"), alarms(evaluation.figures), _runs(evaluation.runs), _longest(evaluation), id="privacy"
    )


def _runs(curve: Curve | None) -> Markup | None:
    if curve is None:
        return None
    furthest = max([*curve.synthetic, *(curve.holdout or [])]) or 1.0
    lines = [_line([(length / furthest, p) for length, p in zip(lengths, curve.probabilities, strict=True)], series)
             for series, lengths in (("hold", curve.holdout or []), ("syn", curve.synthetic))]  # fmt: skip
    middle = f"{curve.synthetic[len(curve.synthetic) // 2]:.0f} words"
    words = f"Half of the synthetic texts share at most {middle} on end with a training text"
    if curve.holdout:
        words += f", half of the held-out real texts at most {curve.holdout[len(curve.holdout) // 2]:.0f}"
    return tag(
        "figure",
        tag("figcaption", tag("b", "Longest run of words in common with a training text"), " ", words, "."),
        _legend("held-out real"),
        _picture(lines, words, "100 % of the texts", "0", f"{count(furthest)} words"),
        class_="distances",
    )


def _longest(evaluation: TextEvaluation) -> Markup | None:
    if not evaluation.longest:
        return None
    headings = [Heading("Words on end", number=True), Heading("Synthetic row", number=True), Heading("Training row", number=True)]
    rows = [[count(run.words), count(run.row), count(run.training_row)] for run in evaluation.longest]
    return join(
        tag("h3", "The longest shared runs"),
        tag("p", "Rows are counted from 0; the words themselves are not shown, so that this page gives nothing away.", class_="aside"),
        table(headings, rows, caption="Rows that share the longest runs of words", noun="run"),
    )


def _measured(evaluation: TextEvaluation) -> Markup:
    facts = [subject_fact("Synthetic texts", evaluation.synthetic), subject_fact("Real texts", evaluation.real)]
    held = evaluation.holdout
    facts.append(subject_fact("Held-out real texts", held) if held else fact("Held-out real texts", "none given"))
    facts += [
        fact("Column of texts", name(evaluation.text)),
        fact("Label", name(evaluation.label) if evaluation.label is not None else "none given"),
        fact("Seed", str(evaluation.seed)),
        fact("Time", time_spent(evaluation)),
        fact("Releases", ", ".join(f"{package} {release}" for package, release in evaluation.versions.items())),
        fact("Made", moment(evaluation.created)),
    ]
    return tag(
        "section",
        tag("h2", "How it was measured"),
        tag("p", f"{plural(len(evaluation.figures), 'figure')}, none of which uses a language model.", class_="aside"),
        tag("dl", facts, class_="facts"),
        every_figure(evaluation),
        limits(evaluation.tolerances),
        id="measured",
    )
