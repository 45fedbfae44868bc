"""Utility: does a model trained on synthetic rows (TSTR) predict held-out real rows as well as one trained on real rows (TRTR)?

Boosted trees and a linear model, trained on equally many rows of each table, tested on the same held-out rows; the gap's interval
comes from a paired bootstrap of the test rows. Without a target up to five columns are predicted from all others in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.association import association, association_matrix
from understudy.evaluate.features import Rows
from understudy.evaluate.importance import Importances, importances, rank_agreement, top_overlap
from understudy.evaluate.parallel import side_by_side
from understudy.evaluate.resample import Floats, Side, centred
from understudy.evaluate.tables import Column, Comparison
from understudy.evaluate.task import METRICS, MODELS, Metric, Predictions, Task, fitted, halves, rows_of, task_of

TOP = 5
_DRAWS = 200
_MOST_CHOSEN = 5
_MOST_CHOSEN_WIDE = 2
_MOST_IMPORTANCES = 60
_LEAST_TEST_ROWS = 20
_LEAST_TRAIN_ROWS = 40


@dataclass(frozen=True)
class Effort:
    """How much work one task may be."""

    train_rows: int
    test_rows: int
    iterations: int
    learning_rate: float
    importance_rows: int


@dataclass(frozen=True)
class Scored:
    """One metric of one model: values on the test rows and paired bootstrap draws; `chance`: the score of knowing nothing."""

    model: str
    metric: Metric
    real: float
    synthetic: float
    chance: float
    real_draws: Floats
    synthetic_draws: Floats

    @property
    def gap_interval(self) -> tuple[float, float]:
        return centred(self.synthetic - self.real, self.synthetic_draws - self.real_draws)


@dataclass(frozen=True)
class Agreement:
    """Of importance lists: real against synthetic, and half of real against the other half."""

    columns: list[str]
    real: Importances
    synthetic: Importances
    rank: tuple[float, Floats]
    rank_halves: tuple[float, Floats]
    top: tuple[float, Floats]
    top_halves: tuple[float, Floats]


@dataclass(frozen=True)
class TaskResult:
    task: Task
    train_rows: int
    test_rows: int
    scores: list[Scored]
    agreement: Agreement | None
    note: str


def effort_for(comparison: Comparison, tasks: int) -> Effort:
    wide = len(comparison.columns) > 100
    if tasks == 1:
        train = 40_000 if not wide else max(2_000, 2_500_000 // len(comparison.columns))
        return Effort(train, 20_000, 60 if wide else 200, 0.15 if wide else 0.05, 600 if wide else 3_000)
    train = 10_000 if not wide else max(1_000, 1_000_000 // len(comparison.columns))
    return Effort(train, 5_000, 40 if wide else 80, 0.2 if wide else 0.1, 400 if wide else 1_500)


def utility(comparison: Comparison, target: str | None, stream: Stream) -> list[TaskResult]:
    """One result for the target, or for each of the chosen columns; empty where nothing can be predicted."""
    if len(comparison.columns) < 2:
        return []
    names = [target] if target is not None else chosen_targets(comparison)
    effort = effort_for(comparison, len(names))
    found = [_result(comparison, task_of(comparison, name), effort, stream.child(name)) for name in names]
    return [result for result in found if result is not None]


def chosen_targets(comparison: Comparison) -> list[str]:
    """The up to five columns that the others say most about: those with the greatest mean squared association."""
    columns = comparison.columns[:60]
    strength = np.nanmean(np.where(np.eye(len(columns), dtype=bool), np.nan, association_matrix(columns, "real") ** 2), axis=1)
    order = np.argsort(-np.nan_to_num(strength, nan=-1.0), kind="stable")
    usable = [columns[place].name for place in order if len(np.unique(columns[place].present("real"))) > 1]
    return usable[: _MOST_CHOSEN if len(comparison.columns) <= 100 else _MOST_CHOSEN_WIDE]


def _result(comparison: Comparison, task: Task, effort: Effort, stream: Stream) -> TaskResult | None:
    if task.kind != "regression" and len(task.classes) < 2:
        return None
    known = {side: len(task.known(values)) for side, values in task.target.values.items()}
    train_rows = min(effort.train_rows, known["real"], max(known["synthetic"], 1))
    if known["holdout"] < _LEAST_TEST_ROWS or known["real"] < _LEAST_TRAIN_ROWS:
        return None
    rng = stream.child("rows").generator()
    real = rows_of(comparison, "real", task, train_rows, rng)
    made = rows_of(comparison, "synthetic", task, train_rows, rng)
    test = rows_of(comparison, "holdout", task, effort.test_rows, rng)
    truth = task.truth(test[task.target.name])
    if task.kind != "regression" and len(np.unique(truth)) < 2:
        return None
    options: dict[str, Any] = {"iterations": effort.iterations, "learning_rate": effort.learning_rate}
    weights = rng.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), size=_DRAWS).astype(np.float64)
    learns = len(np.unique(task.truth(made[task.target.name]))) > 1
    trained = [(model, rows) for model in MODELS for rows in (real, made)]
    compared = len(task.others) >= 3 and learns
    if compared:
        trained += [("boosted trees", half) for half in halves(real, rng)]
    models = side_by_side([partial(fitted, task, model, rows, **options) for model, rows in trained])
    scores: list[Scored] = []
    for place, model in enumerate(MODELS):
        scores += _scored(task, model, models[2 * place](test), models[2 * place + 1](test), truth, weights)
    agreement = _agreement(task, [*models[:2], *models[4:]], test, effort, stream) if compared else None
    return TaskResult(task, train_rows, len(truth), scores, agreement, _note(task, made, known, train_rows))


def _scored(task: Task, model: str, real: Predictions, synthetic: Predictions, truth: NDArray[Any], weights: Floats) -> list[Scored]:
    ones = np.ones((1, len(truth)))
    found = []
    for metric in METRICS[task.kind]:
        values = {}
        for name, predictions in (("real", real), ("synthetic", synthetic)):
            values[name] = float(predictions.score(task, metric, truth, ones)[0]), predictions.score(task, metric, truth, weights)
        chance = float(_ignorant(task, truth).score(task, metric, truth, ones)[0])
        found.append(Scored(model, metric, values["real"][0], values["synthetic"][0], chance, values["real"][1], values["synthetic"][1]))
    return found


def _ignorant(task: Task, truth: NDArray[Any]) -> Predictions:
    """The best that can be said without looking at the other columns: the class shares, or the median."""
    if task.kind == "regression":
        return Predictions(np.full(len(truth), float(np.median(truth))))
    return Predictions(np.tile(np.bincount(truth, minlength=len(task.classes)) / len(truth), (len(truth), 1)))


def _agreement(task: Task, models: list, test, effort: Effort, stream: Stream) -> Agreement:  # type: ignore[no-untyped-def,type-arg]
    rng = stream.child("importance").generator()
    n = len(test[task.target.name])
    part = np.sort(rng.choice(n, min(n, effort.importance_rows), replace=False))
    rows = {name: values[part] for name, values in test.items()}
    weights = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=60).astype(np.float64)
    columns = _related(task, rows)
    work = [partial(importances, task, columns, predict, rows, weights, stream) for predict in models]
    real, synthetic, one, other = side_by_side(work)
    k = min(TOP, len(columns) - 1)
    return Agreement(
        [column.name for column in columns],
        real,
        synthetic,
        rank_agreement(real, synthetic),
        rank_agreement(one, other),
        top_overlap(real, synthetic, k),
        top_overlap(one, other, k),
    )


def _related(task: Task, rows: Rows) -> list[Column]:
    """All other columns, or the 60 that go most with the target in the test rows."""
    if len(task.others) <= _MOST_IMPORTANCES:
        return list(task.others)
    strength = [abs(np.nan_to_num(association(task.target, rows[task.target.name], other, rows[other.name]))) for other in task.others]
    return [task.others[place] for place in sorted(np.argsort(strength)[-_MOST_IMPORTANCES:])]


def _note(task: Task, made, known: Mapping[Side, int], train_rows: int) -> str:  # type: ignore[no-untyped-def]
    parts = []
    values = task.truth(made[task.target.name])
    if len(np.unique(values)) < 2:
        parts.append("The synthetic target has one value only, so nothing can be learned from it.")
    lost = [task.label(k) for k in range(len(task.classes)) if k not in set(values.tolist())]
    if lost and len(np.unique(values)) > 1:
        parts.append("Classes that the synthetic table lacks: " + ", ".join(lost) + ".")
    if train_rows < known["real"]:
        parts.append(f"Trained on {train_rows:,} rows of each table.")
    return " ".join(parts)
