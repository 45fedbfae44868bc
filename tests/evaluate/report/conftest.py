"""Evaluations made by hand: every kind of column and every section of the page, with names and sizes that a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from understudy.evaluate.result import (
    Cell,
    ColumnResult,
    Curve,
    Evaluation,
    FamilyVerdict,
    Figure,
    GiveAway,
    Importance,
    Matrix,
    Missingness,
    ModelScore,
    OverallVerdict,
    PairResult,
    Pattern,
    Picture,
    Remade,
    RuleResult,
    Score,
    Subject,
    Tail,
    UtilityTask,
    WeakPoint,
)

NAMES = ("income", "age", "joined", "city", "email")


@pytest.fixture
def an_evaluation() -> Callable[..., Evaluation]:
    return make_evaluation


def make_evaluation(names: Sequence[str] = NAMES, *, label: str = "A", **changed: Any) -> Evaluation:
    """One evaluation with those columns; `label` names a category; `changed` replaces whole fields."""
    columns = [_column(name, at, label) for at, name in enumerate(names)]
    first, last = names[0], names[-1]
    content: dict[str, Any] = {
        "verdict": OverallVerdict(
            headline=f"Usable, but look at {first}.",
            families=[
                FamilyVerdict(family="fidelity", title="Looks like the real data", verdict="warn", sentence=f"{first} is off.",
                              reasons=[f"{first}: 0.97"], figures=["column_shapes", "c2st_auc"]),
                FamilyVerdict(family="privacy", title="Gives no training row away", verdict="pass", sentence="No alarm.", reasons=[],
                              figures=["dcr_share"]),
            ],
            weak_points=[WeakPoint(severity="warn", family="fidelity", text=f'Column "{first}" has 3.1 % too few zeros.', columns=[first])],
        ),
        "figures": [
            Figure(key="column_shapes", name="Column shapes", family="fidelity", value=0.9712, interval=(0.9655, 0.9767), holdout=0.9931,
                   holdout_interval=(0.9917, 0.9944), matched=0.9704, gap=-0.0227, gap_interval=(-0.028, -0.017), best=1, better="higher",
                   form="share", n=4000, n_holdout=1000, verdict="warn", reason="2.3 points worse", note="Mean over columns."),
            Figure(key="c2st_auc", name="Told apart from real (AUC)", family="fidelity", value=0.5537, interval=(0.5418, 0.5649),
                   holdout=0.5023, holdout_interval=(0.4911, 0.5127), best=0.5, better="closer", scale=(0.4, 1.0), verdict="warn"),
            Figure(key="dcr_share", name="Nearer to training than to held-out rows", family="privacy", value=0.5173,
                   interval=(0.5051, 0.5297), holdout=0.4988, holdout_interval=(0.4862, 0.5114), best=0.5, better="lower",
                   form="share", verdict="pass"),
            Figure(key="values_reused", name="Identifiers reused", family="privacy", value=None, best=0, better="lower",
                   verdict="undecided", reason="There is no identifier."),
        ],
        "columns": columns,
        "pairs": [PairResult(a=first, b=last, measure="contingency", score=Score(value=0.9123, holdout=0.9876, verdict="warn"),
                             real=0.4321, synthetic=0.3344)],
        "pairs_counted": 10,
        "pairs_possible": 10,
        "matrix": _matrix(list(names[:60]), list(names[60:])),
        "missingness": Missingness(patterns=[Pattern(columns=[first, last], real=0.0412, holdout=0.0433, synthetic=0.0381)]),
        "gives_away": [GiveAway(column=first, auc_lost=0.0213, share=0.6543, hint=f"zeros of {first} are too few")],
        "rules": [RuleResult(rule=f"{first} determines {last}", columns=[first, last], source="found", real=0, holdout=0,
                             synthetic=0.0123, verdict="fail")],
        "utility": [_task(first, list(names))],
        "target": first,
        "distances": Curve(probabilities=[0, 0.5, 1], synthetic=[0.1, 0.4, 1.9], holdout=[0.1, 0.5, 2.0]),
        "real": Subject(origin="train.csv", rows=4000, rows_used=4000),
        "synthetic": Subject(origin="synthetic.csv", rows=5000, rows_used=4000),
        "holdout": Subject(origin="holdout.csv", rows=1000, rows_used=1000),
        "record": {
            "decisions": [{"column": first, "what": "2 rare levels protected", "why": "fewer than 11 rows have them"},
                          {"column": None, "what": "learned by trees", "why": "they did best on rows kept apart"}],
            "notes": ["The leaves were widened until no alarm rang."],
            "figures": {
                "league": [
                    {"engine": "copula", "outcome": "raced", "why": "easier to tell from real rows than trees", "c2st_auc": 0.7117,
                     "c2st_standard_error": 0.01, "membership_auc": 0.5021, "membership_auc_standard_error": 0.009, "rows": 2000,
                     "seconds": 3.2, "chosen": False},
                    {"engine": "gan", "outcome": "failed", "why": "MemoryError: out of memory", "rounds": 0, "rows": 0, "seconds": 1.1,
                     "chosen": False},
                    {"engine": "trees", "outcome": "raced", "why": "", "c2st_auc": 0.5537, "c2st_standard_error": 0.009, "rows": 2000,
                     "seconds": 2.1, "chosen": True},
                ],
                "league_of_real_rows": {"utility_auc": 0.9312, "utility_standard_error": 0.004},
            },
            "seconds": 8.4,
        },
        "notes": ["The holdout was read as the schema of the real table says."],
        "tolerances": {"shape_gap": 0.02},
        "seed": 7,
        "seconds": 21.3,
        "stage_seconds": {"fidelity": 4.2},
        "versions": {"understudy": "0.1.0"},
        "created": "2026-11-23T16:40:00Z",
    }  # fmt: skip
    return Evaluation(**{**content, **changed})


def _column(name: str, at: int, label: str) -> ColumnResult:
    kind = ("categorical", "integer", "datetime", "categorical", "personal")[at % 5]
    if kind == "personal":
        remade = Remade(unique_real=1, unique_synthetic=1, reused=0, form_kept=0.99, verdict="pass", reason="Nothing is reused.")
        return ColumnResult(name=name, kind=kind, role="remade", missing_real=0, missing_synthetic=0, remade=remade)
    score = Score(value=0.9 + (at % 97) / 1000, interval=(0.88, 0.999), holdout=0.995, verdict="warn" if at % 3 == 0 else "pass")
    return ColumnResult(
        name=name,
        kind=kind,
        role="categorical" if kind == "categorical" else "numeric",
        reason=f"values of {name} look so",
        shape=score,
        missing_real=0.0412 if at == 0 else 0,
        missing_holdout=0.0433 if at == 0 else 0,
        missing_synthetic=0.0381 if at == 0 else 0,
        tails=[_tail(p) for p in (0.01, 0.99)] if kind == "integer" else [],
        gives_away=0.1,
        picture=_bars(label) if kind == "categorical" else _histogram(kind),
        notes=[f"{name} has too few zeros"] if at == 0 else [],
    )


def _tail(probability: float) -> Tail:
    return Tail(probability=probability, real=20297 * probability, holdout=20734 * probability, synthetic=20438 * probability)


def _bars(label: str) -> Picture:
    cells = [Cell(label=f"{label}{at}", atom=True, real=100 - at, holdout=30, synthetic=90 - at) for at in range(12)]
    return Picture(form="bars", axis="category", cells=cells, total_real=1200, total_holdout=360, total_synthetic=1100)


def _histogram(kind: str) -> Picture:
    start, width = (1.6e9, 86400.0) if kind == "datetime" else (0.0, 10.0)
    edges = [start + width * at for at in range(38)]
    cells = [Cell(label=f"{low:.6g} to {low + width:.6g}", low=low, high=low + width, real=100, holdout=25, synthetic=95) for low in edges]
    cells.append(Cell(label="the far end", low=edges[-1] + width, high=edges[-1] + 90 * width, real=9, holdout=3, synthetic=8))
    cells.insert(0, Cell(label="nought", low=start, high=start, atom=True, real=2000, holdout=500, synthetic=1900))
    axis = "instant" if kind == "datetime" else "number"
    return Picture(form="histogram", axis=axis, cells=cells, total_real=5809, total_holdout=1453, total_synthetic=5518)  # type: ignore[arg-type]


def _matrix(names: list[str], omitted: list[str]) -> Matrix:
    size = range(len(names))
    real = [[1.0 if i == j else round(0.9 / (1 + abs(i - j)), 3) for j in size] for i in size]
    off = [[round(value - 0.01, 3) for value in row] for row in real]
    difference = [[-0.01 for _ in size] for _ in size]
    return Matrix(
        columns=names, roles=["numeric" for _ in size], real=real, holdout=off, synthetic=off, difference=difference, omitted=omitted
    )


def _task(target: str, names: list[str]) -> UtilityTask:
    score = ModelScore(
        model="boosted trees", metric="ROC AUC", better="higher", real=0.9321, real_interval=(0.9267, 0.9371), synthetic=0.9284,
        synthetic_interval=(0.9226, 0.9338), gap=-0.0037, gap_interval=(-0.0061, -0.0012), verdict="pass",
    )  # fmt: skip
    ranked = enumerate(names[1:20], 1)
    importances = [Importance(column=name, real=round(0.05 / rank, 4), synthetic=round(0.04 / rank, 4)) for rank, name in ranked]
    return UtilityTask(
        target=target, task="binary", positive=">50K", classes=2, rows_train=4000, rows_test=1000, scores=[score], importances=importances,
        agreement=Score(value=0.9612, holdout=0.9744, verdict="pass"),
    )  # fmt: skip
