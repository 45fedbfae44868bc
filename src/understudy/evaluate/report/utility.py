"""What the synthetic table is worth for training: models trained on it beside models trained on real rows, tested on the same real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.bars import bar, dots
from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, sentence
from understudy.evaluate.report.numbers import count, interval, number, plural, score, signed
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, Importance, ModelScore, Score, UtilityTask

Interval = tuple[float, float]


def utility(evaluation: Evaluation) -> Markup:
    """The section on training models."""
    intro = (
        "The same model is trained twice: once on real rows, once on as many synthetic rows. Both are tested on real rows that neither "
        "has seen. If the second bar is as long as the first, the synthetic rows could stand in for the real ones here."
    )
    if evaluation.utility:
        body = join(tag("p", intro), [_task(task) for task in evaluation.utility])
    else:
        body = tag("p", _why_none(evaluation), class_="note")
    return tag("section", tag("h2", "Worth for training models"), body, id="utility")


def _why_none(evaluation: Evaluation) -> str:
    for figure in evaluation.figures:
        if figure.family == "utility" and figure.value is None and figure.reason:
            return sentence(figure.reason)
    return "No model was trained. Name the column to predict (target=) to have one trained on synthetic and one on real rows."


def _task(task: UtilityTask) -> Markup:
    facts: list[str] = [task.task]
    if task.classes:
        facts.append(plural(task.classes, "class", "classes"))
    if task.positive is not None:
        facts.append(f"positive: {task.positive}")
    facts.append(f"trained on {plural(task.rows_train, 'row')} of each, tested on {count(task.rows_test)} real rows")
    return tag(
        "div",
        tag("h3", "Predicting ", name(task.target)),
        tag("p", " · ".join(facts), class_="aside"),
        _legend(),
        tag("div", [_score(entry) for entry in task.scores], class_="models"),
        tag("p", sentence(task.note), class_="aside") if task.note else None,
        _importances(task),
        class_="task",
    )


def _legend() -> Markup:
    real, synthetic = tag("span", "trained on real", class_="key block"), tag("span", "trained on synthetic", class_="key syn")
    return tag("p", real, synthetic, class_="legend")


def _score(entry: ModelScore) -> Markup:
    place = _Scale(entry)
    return tag(
        "div",
        tag("h4", light(entry.verdict), f"{entry.metric} ", tag("span", entry.model)),
        tag(
            "div",
            _bar("real", entry.real, entry.real_interval, place),
            _bar("synthetic", entry.synthetic, entry.synthetic_interval, place),
            class_="pair",
        ),
        tag("p", _gap(entry), f" Bars start at {number(place.low)}.", class_="under"),
        class_="model",
    )


def _gap(entry: ModelScore) -> str:
    ends = f" ({interval(entry.gap_interval, 'score')})" if entry.gap_interval else ""
    direction = "" if entry.better == "higher" else ", lower is better"
    return f"Difference {signed(entry.gap, 'score')}{ends}{direction}."


def _bar(which: str, value: float, ends: Interval | None, place: _Scale) -> Markup:
    series = "real" if which == "real" else "syn"
    whisker = (place(ends[0]), place(ends[1])) if ends else None
    said = f" ({interval(ends, 'score')})" if ends else ""
    return join(
        tag("span", which, class_="which"),
        bar(place(value), series, whisker),
        tag("span", tag("b", score(value)), tag("small", said), class_="value"),
    )


class _Scale:
    """From a score to a share of the bar's width. Bars start at chance (0.5 for ROC AUC) or at nought."""

    def __init__(self, entry: ModelScore) -> None:
        values = [entry.real, entry.synthetic, *(entry.real_interval or ()), *(entry.synthetic_interval or ())]
        self.low = 0.5 if entry.metric == "ROC AUC" and min(values) >= 0.5 else min(0.0, *values)
        self.high = max(values) if entry.metric == "MAE" else max(1.0, *values)

    def __call__(self, value: float) -> float:
        return (value - self.low) / ((self.high - self.low) or 1.0)


def _importances(task: UtilityTask) -> Markup | None:
    if not task.importances:
        return None
    most = max(max(entry.real, entry.synthetic) for entry in task.importances) or 1.0
    headings = [
        Heading("Column"),
        Heading("Score lost when shuffled", wide=True),
        Heading("Real", number=True),
        Heading("Synthetic", number=True),
    ]
    agreement = _agreement("The two models rank the columns alike", task.agreement)
    overlap = _agreement("Shared among the five most important", task.top_overlap)
    return join(
        tag("h4", "What the two models rely on"),
        tag("ul", agreement, overlap, class_="agreements"),
        table(headings, [_importance(entry, most) for entry in task.importances], caption="Importance of columns", first=10, noun="column"),
    )


def _importance(entry: Importance, most: float) -> list[Markup | str]:
    return [name(entry.column), dots(entry.real / most, entry.synthetic / most), score(entry.real), score(entry.synthetic)]


def _agreement(words: str, value: Score | None) -> Markup | None:
    if value is None or value.value is None:
        return None
    ends = f" ({interval(value.interval, 'score')})" if value.interval else ""
    real = f"; two halves of real rows {score(value.holdout)}" if value.holdout is not None else ""
    return tag("li", light(value.verdict), tag("span", f"{words}: ", tag("b", score(value.value)), f"{ends}{real}."))
