"""How the engines compared that an automatic choice let race: what became of each, and by what figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from understudy.evaluate.report.bars import spot
from understudy.evaluate.report.markup import Child, Markup, join, tag
from understudy.evaluate.report.names import sentence, shown
from understudy.evaluate.report.numbers import NONE, count, interval, score, seconds
from understudy.evaluate.report.table import Heading, table

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation

_REACH = 1.959964
_FIGURES = (
    ("Told from real (AUC)", "c2st_auc", "c2st_standard_error"),
    ("Useful (AUC)", "utility_auc", "utility_standard_error"),
    ("Alike in pairs", "pair_likeness", "pair_likeness_standard_error"),
    ("Recognises its rows (AUC)", "membership_auc", "membership_auc_standard_error"),
    ("Nearer to its rows", "nearer_to_training_share", "nearer_to_training_standard_error"),
)
_PICTURED = "c2st_auc"
_SAID = {"raced": "", "dropped": "left early", "failed": "failed", "stopped": "stopped", "not tried": "not tried"}


def engines(evaluation: Evaluation) -> Markup | None:
    """The league of the race; None where the record holds none."""
    figures = (evaluation.record or {}).get("figures") or {}
    league = figures.get("league")
    if not isinstance(league, list) or not league or not all(isinstance(entry, dict) for entry in league):
        return None
    headings = [Heading("Engine"), Heading("", wide=True)]
    headings += [Heading(title, number=True) for title, _, _ in _FIGURES]
    headings.append(Heading("Time", number=True))
    ordered = sorted(league, key=lambda entry: (not entry.get("chosen"), entry.get("c2st_auc") is None, entry.get("c2st_auc") or 0.0))
    rows = [_row(entry) for entry in ordered]
    real = figures.get("league_of_real_rows")
    if isinstance(real, dict) and real:
        rows.append(_row({"engine": "real rows", **real}))
    return tag(
        "section",
        tag("h2", "Engines compared"),
        tag(
            "p",
            "The engine was chosen by these figures, measured on real rows kept apart from every engine while it learned; 95 % intervals "
            "in brackets. Being told from real rows, recognising and lying nearer to training rows are best at .5, the others at 1. "
            "A dot is the first figure, the dashed line beside it what is best.",
        ),
        table(headings, rows, caption="Engines and their figures", noun="engine"),
        id="engines",
    )


def _row(entry: dict[str, Any]) -> list[Child]:
    value, ends = _estimate(entry, _PICTURED, "c2st_standard_error")
    picture = None if value is None else spot(_part(value), ends and (_part(ends[0]), _part(ends[1])), _part(0.5))
    spent = entry.get("seconds")
    figures = [_figure(entry, key, error) for _, key, error in _FIGURES]
    return [_named(entry), picture, *figures, seconds(float(spent)) if isinstance(spent, (int, float)) else NONE]


def _named(entry: dict[str, Any]) -> Markup:
    """The engine, what became of it, and on how many rows it was judged last."""
    badge = tag("span", "chosen", class_="badge") if entry.get("chosen") else None
    outcome, why, rows = _SAID.get(str(entry.get("outcome", "raced")), ""), str(entry.get("why") or ""), entry.get("rows")
    learned = f"learned {count(float(rows))} rows" if isinstance(rows, int) and rows else ""
    words = sentence(": ".join(part for part in (outcome, why) if part), 300)
    under = "; ".join(part for part in (words, learned) if part)
    return join(shown(str(entry.get("engine")), 60), " ", badge, tag("small", under, class_="why") if under else None)


def _figure(entry: dict[str, Any], key: str, error: str) -> Markup | str:
    value, ends = _estimate(entry, key, error)
    if value is None:
        return NONE
    return join(score(value), tag("small", f" ({interval(ends, 'score')})") if ends else None)


def _estimate(entry: dict[str, Any], key: str, error: str) -> tuple[float | None, tuple[float, float] | None]:
    value, spread = entry.get(key), entry.get(error)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None, None
    if not isinstance(spread, (int, float)):
        return float(value), None
    return float(value), (max(0.0, value - _REACH * spread), min(1.0, value + _REACH * spread))


def _part(auc: float) -> float:
    """From .45 at the left edge to 1 at the right one."""
    return (auc - 0.45) / 0.55
