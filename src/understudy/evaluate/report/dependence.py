"""How columns hang together: heat maps side by side, the pairs that differ most, and the far ends of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, names, sentence
from understudy.evaluate.report.numbers import NONE, THIN, count, number, plural, score
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import ColumnResult, Evaluation, PairResult, Score

_SECONDS_IN_A_DAY = 86_400
_MEASURES = "Two numbers: Spearman correlation. Two categories: Cramér's V. One of each: correlation ratio."


def dependence(evaluation: Evaluation) -> Markup | None:
    """The section on pairs of columns; None where there is no pair."""
    if evaluation.matrix is None and not evaluation.pairs:
        return None
    return tag("section", tag("h2", "How columns hang together"), _maps(evaluation), _pairs(evaluation), id="dependence")


def tails(evaluation: Evaluation) -> Markup | None:
    """The section on far quantiles; None where no column is numeric."""
    columns = sorted((column for column in evaluation.columns if column.tails), key=_furthest_off, reverse=True)
    if not columns:
        return None
    probabilities = sorted({tail.probability for column in columns for tail in column.tails})
    headings = [Heading("Column"), *(Heading(_beyond(probability), number=True) for probability in probabilities)]
    rows = [[name(column.name), *(_ends(column, probability) for probability in probabilities)] for column in columns]
    words = "The value that one row in a hundred or in a thousand lies beyond: synthetic, and under it real · held-out real. "
    return tag(
        "section",
        tag("h2", "Far ends"),
        tag("p", words, "Single extreme values are protected on purpose."),
        table(headings, rows, caption="Far quantiles of each numeric column, worst first", first=10, noun="column"),
        id="tails",
    )


def _beyond(probability: float) -> str:
    side = "lowest" if probability < 0.5 else "highest"
    return f"{side} {100 * min(probability, 1 - probability):.3g}{THIN}%"


def _ends(column: ColumnResult, probability: float) -> Markup | str:
    for tail in column.tails:
        if tail.probability == probability:
            held = f" · {_value(column, tail.holdout)}" if tail.holdout is not None else ""
            real = tag("small", f"real {_value(column, tail.real)}{held}")
            return join(tag("b", _value(column, tail.synthetic)), tag("br"), real)
    return NONE


def _furthest_off(column: ColumnResult) -> float:
    """The largest error of a far quantile as a share of the distance between the outermost two."""
    reals = [tail.real for tail in column.tails]
    width = (max(reals) - min(reals)) or 1.0
    return max(abs(tail.synthetic - tail.real) / width if tail.synthetic is not None else 1.0 for tail in column.tails)


def _maps(evaluation: Evaluation) -> Markup | None:
    matrix = evaluation.matrix
    if matrix is None:
        return None
    omitted = None
    if matrix.omitted:
        omitted = tag("p", f"Left out of the maps ({count(len(matrix.omitted))}): ", names(matrix.omitted, 12), ".", class_="aside")
    switch = None
    if matrix.holdout is not None:
        switch = tag(
            "span",
            tag("button", "synthetic − real", type="button", data_map="difference", aria_pressed="true"),
            tag("button", "held-out − real", type="button", data_map="chance", aria_pressed="false"),
            class_="switch",
            role="group",
            aria_label="Which difference to show",
        )
    maps = [
        _map("real", "Real"),
        _map("synthetic", "Synthetic"),
        _map("difference", "Difference", switch),
    ]
    return join(
        tag(
            "p",
            "Each square is one pair of columns; the deeper its colour, the more one says about the other. ",
            sentence(matrix.note) or _MEASURES,
            " Point at a square, or move with the arrow keys, to read it.",
        ),
        tag("div", maps, class_="maps", id="maps"),
        tag("p", "No pair chosen.", id="map-reading", class_="reading", role="status"),
        omitted,
    )


def _map(which: str, title: str, switch: Markup | None = None) -> Markup:
    canvas = tag(
        "canvas",
        "The pairs that differ most are in the table below.",
        tabindex="0",
        role="img",
        aria_label=f"{title}: association of every pair of columns. Arrow keys move from pair to pair.",
        data_map=which,
    )
    scale = tag("canvas", class_="scale", aria_hidden="true")
    ends = tag("span", tag("i"), tag("i"), tag("i"), class_="ends", aria_hidden="true")
    return tag("figure", tag("figcaption", tag("b", title), switch), tag("div", canvas, class_="canvasbox"), scale, ends, data_map=which)


def _pairs(evaluation: Evaluation) -> Markup | None:
    if not evaluation.pairs:
        return None
    counted = f"{count(evaluation.pairs_counted)} of {plural(evaluation.pairs_possible, 'pair')} were measured; the worst stand first."
    headings = [
        Heading("Pair"),
        Heading("Agreement", number=True),
        Heading("Held-out real", number=True),
        Heading("Strength, real", number=True),
        Heading("Strength, synthetic", number=True),
        Heading("Verdict"),
    ]
    return join(
        tag("h3", "Pairs that differ most"),
        tag("p", counted, class_="aside"),
        table(headings, [_pair(pair) for pair in evaluation.pairs], caption="Pairs of columns, worst first", first=10, noun="pair"),
    )


def _pair(pair: PairResult) -> list[Markup | str]:
    return [
        join(name(pair.a, 32), " × ", name(pair.b, 32)),
        _score(pair.score),
        score(pair.score.holdout) if pair.score.holdout is not None else NONE,
        score(pair.real) if pair.real is not None else NONE,
        score(pair.synthetic) if pair.synthetic is not None else NONE,
        light(pair.score.verdict, with_word=True),
    ]


def _score(value: Score) -> str:
    return NONE if value.value is None else score(value.value)


def _value(column: ColumnResult, value: float | None) -> str:
    axis = column.picture.axis if column.picture else "number"
    if value is None:
        return NONE
    if axis in ("instant", "date"):
        return _instant(value, axis)
    if axis == "time":
        return f"{int(value // 3600):02d}:{int(value % 3600 // 60):02d}"
    if axis == "duration":
        return f"{number(value / _SECONDS_IN_A_DAY)} d" if abs(value) >= _SECONDS_IN_A_DAY else f"{number(value)} s"
    return number(value)


def _instant(value: float, axis: str) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    except OverflowError:
        return number(value)
    return moment.strftime("%Y-%m-%d") if axis == "date" else moment.strftime("%Y-%m-%d %H:%M")
