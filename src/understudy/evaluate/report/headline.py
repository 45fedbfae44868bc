"""What a reader must know first: the verdict in a sentence, the weak points, what was done to the columns, one card a family."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, sentence
from understudy.evaluate.report.numbers import NONE, count, formatted, gap, interval, plural
from understudy.evaluate.report.strip import Reading, strip
from understudy.evaluate.report.verdicts import SEVERITY, light, worst

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, FamilyVerdict, Figure, Subject, WeakPoint
    from understudy.evaluate.texts.result import TextEvaluation

_SHOWN_ON_A_CARD = 4
_MOST_ON_A_CARD = 8
_WEAK = ("fail", "warn")
_TELLING = (
    "c2st_auc", "column_shapes", "pair_trends", "accuracy_3", "utility_kept", "importance_agreement",
    "exact_copies", "membership_auc", "membership_tpr", "dcr_share", "near_copies",
    "perplexity_of_real", "perplexity_of_synthetic", "frontier_tfidf", "self_bleu", "distinct_2", "vendi", "label_consistency",
    "verbatim_8",
)  # fmt: skip
_SHOWN_WEAK_POINTS = 6
_LONG_HEADLINE = 90


def headline(evaluation: Evaluation) -> Markup:
    """The top of the page."""
    overall = worst([family.verdict for family in evaluation.verdict.families])
    text = evaluation.verdict.headline
    title = tag("h1", sentence(text, 600), class_="long" if len(text) > _LONG_HEADLINE else None)
    return tag("header", _subjects(evaluation), title, weak_points(evaluation), _treatment(evaluation), class_=f"hero {overall}", id="top")


def cards(evaluation: Evaluation | TextEvaluation) -> Markup:
    """One card a family, each figure beside the same figure of held-out real data."""
    any_matched = any(figure.matched is not None for figure in evaluation.figures)
    legend = tag(
        "p",
        tag("span", "synthetic", class_="key syn"),
        tag("span", "on as many rows as the held-out data", class_="key ring") if any_matched else None,
        tag("span", "held-out real data", class_="key hold") if evaluation.holdout else None,
        tag("span", "best possible", class_="key best"),
        tag("span", "Lines are 95 % intervals; ends of the axis are printed under it.", class_="said"),
        class_="legend",
    )
    return tag(
        "section",
        tag("h2", "At a glance"),
        legend,
        tag("div", [_card(evaluation, family) for family in evaluation.verdict.families], class_="cards"),
        id="glance",
    )


def figure_rows(figures: list[Figure], *, anchored: bool = True) -> list[Markup]:
    """Each figure as its name, its value and its strip. `anchored`: other places of the page lead here, so it stands here only once."""
    return [_figure(figure, f"figure-{figure.key}" if anchored else None) for figure in figures]


def reading(figure: Figure) -> Reading:
    """What the figure's strip shows."""
    return Reading(
        figure.value, figure.interval, figure.holdout, figure.holdout_interval, figure.best, figure.scale, figure.form, figure.matched
    )


def _subjects(evaluation: Evaluation) -> Markup:
    against = [subject_of("Synthetic", evaluation.synthetic), subject_of("Real", evaluation.real)]
    if evaluation.holdout:
        against.append(subject_of("Held-out real", evaluation.holdout))
    against.append(tag("div", tag("dt", "Columns"), tag("dd", count(len(evaluation.columns)))))
    return tag("dl", against, class_="subjects")


def subject_of(role: str, subject: Subject) -> Markup:
    """One of the sets compared, with its size."""
    rows = plural(subject.rows, "row")
    return tag("div", tag("dt", role), tag("dd", tag("b", name(subject.origin, 40)), " ", tag("span", rows)))


def weak_points(evaluation: Evaluation | TextEvaluation) -> Markup:
    """Where it is weak, the worst first."""
    points = evaluation.verdict.weak_points
    if not points:
        return tag("p", light("pass"), " No weak point was found.", class_="weak none")
    items = [_weak_point(point) for point in points[:_SHOWN_WEAK_POINTS]]
    rest = points[_SHOWN_WEAK_POINTS:]
    more = tag("details", tag("summary", f"{len(rest)} more"), tag("ul", [_weak_point(point) for point in rest])) if rest else None
    return tag("div", tag("h2", "Where it is weak"), tag("ul", items), more, class_="weak")


def _weak_point(point: WeakPoint) -> Markup:
    return tag("li", light(point.severity), tag("span", sentence(point.text)))


def _treatment(evaluation: Evaluation) -> Markup:
    kinds = Counter(column.kind for column in evaluation.columns)
    listed = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    remade = [column.name for column in evaluation.columns if column.role == "remade"]
    sentences: list[Markup | str] = [f"{plural(len(evaluation.columns), 'column')} treated as {listed}. "]
    if remade:
        sentences.append(f"{plural(len(remade), 'column')} never learned but made anew. ")
    decided = _decided(evaluation)
    if decided:
        sentences.append(f"{plural(decided, 'decision')} on record. ")
    link = tag("a", "What was done to each column, and why", href="#done")
    return tag("p", tag("strong", "What was done. "), join(*sentences), link, ".", class_="treated")


def _decided(evaluation: Evaluation) -> int:
    return len((evaluation.record or {}).get("decisions") or [])


def _card(evaluation: Evaluation | TextEvaluation, family: FamilyVerdict) -> Markup:
    by_key = {figure.key: figure for figure in evaluation.figures}
    figures = [by_key[key] for key in family.figures if key in by_key]
    key = _key_figures(figures)
    rest = figure_rows([figure for figure in figures if figure not in key])
    more = tag("details", tag("summary", f"{plural(len(rest), 'more figure')}"), rest) if rest else None
    reasons = tag("ul", [tag("li", sentence(reason)) for reason in family.reasons], class_="reasons") if family.reasons else None
    words = tag(
        "header",
        tag("p", family.family, class_="family"),
        tag("h3", family.title),
        tag("p", light(family.verdict, with_word=True)),
        tag("p", sentence(family.sentence), class_="sentence"),
        reasons,
    )
    return tag("article", words, tag("div", figure_rows(key), more, class_="figures"), class_=f"card {family.verdict}")


def _key_figures(figures: list[Figure]) -> list[Figure]:
    """What is weak, then what tells most, in the family's own order; the others are a press away."""
    weak = sum(figure.verdict in _WEAK for figure in figures)
    most = max(_SHOWN_ON_A_CARD, min(weak, _MOST_ON_A_CARD))
    kept = {figure.key for figure in sorted(figures, key=_weight)[:most]}
    return [figure for figure in figures if figure.key in kept]


def _weight(figure: Figure) -> tuple[int, int]:
    place = _TELLING.index(figure.key) if figure.key in _TELLING else len(_TELLING)
    return SEVERITY[figure.verdict] if figure.verdict in _WEAK else len(SEVERITY), place


def _figure(figure: Figure, anchor: str | None) -> Markup:
    label = sentence(figure.name)
    if figure.value is None:
        return tag(
            "div",
            tag("p", light(figure.verdict), tag("span", label, class_="what"), tag("b", NONE, class_="value"), class_="line"),
            tag("p", sentence(figure.reason) or "not computed", class_="under"),
            class_="figure empty",
            id=anchor,
        )
    return tag(
        "div",
        tag(
            "p",
            light(figure.verdict),
            tag("a", label, href=f"#term-{figure.key}", class_="what"),
            tag("span", interval(figure.interval, figure.form), class_="ends") if figure.interval else None,
            tag("b", formatted(figure.value, figure.form), class_="value"),
            class_="line",
        ),
        strip(reading(figure)),
        tag("p", _in_text(figure), class_="under"),
        class_="figure",
        id=anchor,
    )


def _in_text(figure: Figure) -> list[Markup | None]:
    real = None
    if figure.holdout is not None:
        ends = f" ({interval(figure.holdout_interval, figure.form)})" if figure.holdout_interval else ""
        real = tag("span", "held-out real ", tag("b", formatted(figure.holdout, figure.form)), ends)
    matched = None
    if figure.matched is not None:
        rows = f" on {count(figure.n_holdout)} rows" if figure.n_holdout else " on as many rows"
        matched = tag("span", "synthetic", rows, " ", tag("b", formatted(figure.matched, figure.form)))
    difference = None
    if figure.gap is not None:
        difference = tag("span", f"gap {gap(figure.gap, figure.gap_interval, figure.form)}")
    return [real, matched, difference]
