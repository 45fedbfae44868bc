"""Privacy alarms: each with what it shows and what it does not, because a quiet alarm is no proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.headline import reading
from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, sentence
from understudy.evaluate.report.numbers import formatted, interval, share
from understudy.evaluate.report.strip import strip
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.terms import proof
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import ColumnResult, Curve, Evaluation, Figure


_FURTHEST_SHOWN = 0.99  # of the rows, in the picture of distances


def privacy(evaluation: Evaluation) -> Markup:
    """The section on what the synthetic table gives away about its training rows."""
    return tag(
        "section",
        tag("h2", "Privacy alarms"),
        alarms(evaluation.figures),
        _distances(evaluation.distances),
        _remade(evaluation),
        id="privacy",
    )


def alarms(figures: list[Figure]) -> Markup:
    """The privacy figures, each with what it shows and what it does not."""
    return join(
        tag(
            "p",
            "These are alarms, not certificates. An alarm that rings shows a leak; one that stays quiet shows that this attack, with this "
            "knowledge, found nothing. Only differential privacy gives a promise that holds against attacks nobody has thought of.",
            class_="note",
        ),
        tag("div", [_alarm(figure) for figure in figures if figure.family == "privacy"], class_="alarms"),
    )


def _alarm(figure: Figure) -> Markup:
    shows, does_not = proof(figure)
    value = formatted(figure.value, figure.form)
    ends = f" ({interval(figure.interval, figure.form)})" if figure.interval else ""
    real = None
    if figure.holdout is not None:
        held = f" ({interval(figure.holdout_interval, figure.form)})" if figure.holdout_interval else ""
        real = join("; held-out real ", tag("b", formatted(figure.holdout, figure.form)), held)
    return tag(
        "article",
        tag("h3", light(figure.verdict), sentence(figure.name)),
        tag("p", tag("b", value), ends, real, class_="value") if figure.value is not None else None,
        strip(reading(figure)) if figure.value is not None else None,
        tag("p", sentence(figure.reason)) if figure.reason else None,
        tag("dl", tag("dt", "Shows"), tag("dd", shows), tag("dt", "Does not show"), tag("dd", does_not)),
        class_=f"alarm {figure.verdict}",
    )


def _distances(curve: Curve | None) -> Markup | None:
    if curve is None or len(curve.synthetic) < 2:
        return None
    # The last few rows lie so far out that the rest would be pressed against the edge.
    shown = max(1, sum(p <= _FURTHEST_SHOWN for p in curve.probabilities))
    furthest = max([*curve.synthetic[:shown], *(curve.holdout or [])[:shown]]) or 1.0
    lines = [_line(curve.synthetic, curve.probabilities, furthest, "syn")]
    if curve.holdout:
        lines.insert(0, _line(curve.holdout, curve.probabilities, furthest, "hold"))
    middle = curve.synthetic[len(curve.synthetic) // 2]
    words = f"Half of the synthetic rows lie within {middle:.3g} of a training row"
    if curve.holdout:
        words += f", half of the held-out real rows within {curve.holdout[len(curve.holdout) // 2]:.3g}"
    picture = tag("svg", join(*lines), viewBox="0 0 100 100", preserveAspectRatio="none", role="img", aria_label=words)
    return tag(
        "figure",
        tag("figcaption", tag("b", "Distance to the closest training row"), " ", words, "."),
        tag(
            "p",
            tag("span", "synthetic", class_="key line"),
            tag("span", "held-out real", class_="key dash") if curve.holdout else None,
            tag("span", "A synthetic curve to the left of the other means rows drawn too close to training rows.", class_="said"),
            class_="legend",
        ),
        tag(
            "div",
            tag("span", "100 % of rows", class_="top"),
            tag("span", "0 %", class_="bottom"),
            picture,
            tag("span", "0", class_="left"),
            tag("span", f"{furthest:.3g} away", class_="right"),
            class_="curve",
        ),
        class_="distances",
    )


def _line(distances: list[float], probabilities: list[float], furthest: float, series: str) -> Markup:
    points = " ".join(f"{100 * distance / furthest:.2f},{100 - 100 * p:.2f}" for distance, p in zip(distances, probabilities, strict=True))
    return tag("polyline", points=points, class_=f"{series} curveline", vector_effect="non-scaling-stroke")


def _remade(evaluation: Evaluation) -> Markup | None:
    columns = [column for column in evaluation.columns if column.remade is not None]
    if not columns:
        return None
    headings = [
        Heading("Column"),
        Heading("Kind"),
        Heading("Unique, real", number=True),
        Heading("Unique, synthetic", number=True),
        Heading("Real values reused", number=True),
        Heading("Form kept", number=True),
        Heading("Verdict"),
    ]
    return join(
        tag("h3", "Columns never learned"),
        tag(
            "p",
            "Identifiers, personal data and free text are made anew; of texts, what several rows share is learned, and nothing else.",
            class_="aside",
        ),
        table(headings, [_remade_row(column) for column in columns], caption="Columns that are made anew", noun="column"),
    )


def _remade_row(column: ColumnResult) -> list[Markup | str | None]:
    remade = column.remade
    assert remade is not None
    reused = share(remade.reused)
    if remade.reused_holdout is not None:
        reused += f" (held-out real {share(remade.reused_holdout)})"
    return [
        name(column.name),
        column.kind,
        share(remade.unique_real),
        share(remade.unique_synthetic),
        reused,
        share(remade.form_kept) if remade.form_kept is not None else "–",
        join(light(remade.verdict, with_word=True), " ", tag("small", sentence(remade.reason))),
    ]
