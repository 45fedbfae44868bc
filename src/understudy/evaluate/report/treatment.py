"""What was done to each column: how it was treated and why, what was coerced, dropped or protected, and what the check found."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, sentence
from understudy.evaluate.report.numbers import NONE, score
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import light

if TYPE_CHECKING:
    from understudy.evaluate.result import ColumnResult, Evaluation


def treatment(evaluation: Evaluation) -> Markup:
    """The section on decisions, one row a column."""
    decided = _by_column(evaluation.record or {})
    headings = [
        Heading("Column"),
        Heading("Treated as", text=True),
        Heading("What was done", text=True),
        Heading("Agreement", number=True),
        Heading("Held-out real", number=True),
    ]
    rows = [_row(column, decided[column.name]) for column in evaluation.columns]
    whole = [tag("li", _decision(decision)) for decision in decided[None]]
    said = [tag("li", sentence(str(note))) for note in [*((evaluation.record or {}).get("notes") or []), *evaluation.notes]]
    return tag(
        "section",
        tag("h2", "What was done to each column"),
        tag("p", _intro(evaluation)),
        tag("ul", whole, said, class_="said-aloud") if whole or said else None,
        table(headings, rows, caption="Treatment of each column", first=20, noun="column"),
        id="done",
    )


def _intro(evaluation: Evaluation) -> str:
    if evaluation.record:
        return "Nothing is changed silently: every decision of the fit is here with its reason."
    return (
        "No record of a fit came with the synthetic table, so this is how the comparison read each column. "
        "Evaluate a model's own sample to see what the model decided as well."
    )


def _by_column(record: dict[str, Any]) -> defaultdict[str | None, list[dict[str, Any]]]:
    decided: defaultdict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for decision in record.get("decisions") or []:
        decided[decision.get("column")].append(decision)
    return decided


def _row(column: ColumnResult, decisions: list[dict[str, Any]]) -> list[Markup | str | list[Markup]]:
    why = join(tag("b", column.kind), f" because {sentence(column.reason)}" if column.reason else None)
    done = [tag("p", _decision(decision, column)) for decision in decisions]
    done += [tag("p", light("warn"), " ", sentence(note), class_="finding") for note in column.notes]
    shape, real = NONE, NONE
    if column.shape is not None and column.shape.value is not None:
        shape = score(column.shape.value)
        real = score(column.shape.holdout) if column.shape.holdout is not None else NONE
    return [name(column.name), why, done or NONE, shape, real]


def _decision(decision: dict[str, Any], column: ColumnResult | None = None) -> str:
    """What was done and why; what the column's row says already is not said again."""
    what, why = str(decision.get("what") or ""), str(decision.get("why") or "")
    if column is not None:
        what = what.removeprefix(f"treated as {column.kind}: ")
        why = "" if why == column.reason else why
    return sentence(f"{what}, because {why}" if why else what)
