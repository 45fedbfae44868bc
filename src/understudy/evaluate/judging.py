"""`evaluate`: everything that can be said about a synthetic table, beside the same for held-out real rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.core.errors import ArgumentError, Cancelled
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord, versions_at_work
from understudy.evaluate.association import association_matrix
from understudy.evaluate.columns import Findings, column_results, gives_away
from understudy.evaluate.domain import domains
from understudy.evaluate.fidelity import Fidelity, fidelity
from understudy.evaluate.grade import finite, score_of
from understudy.evaluate.missingness import Missing
from understudy.evaluate.policy import Policy
from understudy.evaluate.privacy import privacy
from understudy.evaluate.remade import remade_columns
from understudy.evaluate.resample import SIDES, Floats, Side
from understudy.evaluate.result import Evaluation, Matrix, Missingness, PairResult, Pattern, Subject
from understudy.evaluate.rules import rule_results, rules_figures
from understudy.evaluate.tables import Comparison, compare
from understudy.evaluate.trends import Trend, Trends
from understudy.evaluate.utility import utility
from understudy.evaluate.utility_figures import utility_figures, utility_tasks
from understudy.evaluate.verdict import verdict

if TYPE_CHECKING:
    from understudy.data.schema import TableSchema

MOST_MATRIX_COLUMNS = 60
_MOST_PAIRS_SHOWN = 200
_MOST_PATTERNS = 12


def evaluate(
    real: object,
    synthetic: object,
    *,
    holdout: object | None = None,
    target: str | None = None,
    schema: TableSchema | None = None,
    record: FitRecord | Mapping[str, Any] | object | None = None,
    seed: int = 0,
    progress: ProgressLike = None,
    policy: Policy | None = None,
) -> Evaluation:
    """Judge a synthetic table against the real one it was learned from and against real rows that the model never saw.

    Args:
        real: the training rows: a path, a folder of parts, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
        synthetic: the table to judge, with the same columns.
        holdout: real rows that the model never saw. Without them the real rows are split for yardsticks, and memorising
            cannot be judged.
        target: the column that models are to predict; None: up to five columns in turn.
        schema: what the columns mean; inferred from `real` unless given.
        record: the model, its fit record, or that as a dictionary; passed through to the report.
        seed: of all sampling; equal inputs and seeds give equal figures.
        progress: "auto", None, a function or a listener.
        policy: the limits that verdicts use.

    Raises:
        DataError: the tables do not fit each other, are empty, or lack the target; nothing has been computed then.
        Cancelled: the listener asked to stop.
    """
    limits = policy or Policy()
    passed_on = _record_of(record)
    stream = Stream(seed).child("evaluate")
    with listening(progress) as listener:
        clock = Clock(listener)
        clock.stage("read")
        comparison = compare(real, synthetic, holdout, schema=schema, target=target, stream=stream.child("read"))
        for note in comparison.notes:
            listener.note(note)
        found = _Work(comparison, limits, stream, clock, target).evaluation()
        clock.end()
    return found.model_copy(update={"record": passed_on, "seed": seed, "seconds": clock.total, "stage_seconds": clock.seconds})


class Clock:
    """Tells the listener the stages, notes what each took, and stops where it is asked to."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener
        self._began = self._stage_began = time.perf_counter()
        self._name: str | None = None
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        self.end()
        if self._listener.cancelled:
            raise Cancelled("The evaluation was stopped on request.")
        self._name, self._stage_began = name, time.perf_counter()
        self._listener.stage(name)

    def end(self) -> None:
        if self._name is not None:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + round(time.perf_counter() - self._stage_began, 3)
            self._name = None

    @property
    def total(self) -> float:
        return round(time.perf_counter() - self._began, 3)


class _Work:
    """The steps of one evaluation, in order."""

    def __init__(self, comparison: Comparison, policy: Policy, stream: Stream, clock: Clock, target: str | None) -> None:
        self._comparison, self._policy, self._stream, self._clock, self._target = comparison, policy, stream, clock, target

    def evaluation(self) -> Evaluation:
        comparison, policy = self._comparison, self._policy
        domain = domains(comparison)
        likeness = fidelity(comparison, domain, policy, self._stream.child("fidelity"), self._clock.stage)
        self._clock.stage("usefulness")
        results = utility(comparison, self._target, self._stream.child("utility"))
        self._clock.stage("privacy")
        remade = remade_columns(comparison, policy.copies_level)
        alarms, distances = privacy(comparison, remade, policy, self._stream.child("privacy"))
        self._clock.stage("rules")
        rules = rule_results(comparison, policy)
        self._clock.stage("report")
        figures = [
            *likeness.figures,
            *utility_figures(results, policy, named=self._target is not None),
            *alarms,
            *rules_figures(comparison, rules, domain, policy),
        ]
        findings = Findings(domain, likeness, remade, policy)
        columns = column_results(comparison, findings)
        away = gives_away(findings, comparison)
        matrix = _matrix(comparison, likeness.trends)
        pairs = _pairs(comparison, likeness, policy, matrix)
        return Evaluation(
            verdict=verdict(figures, columns, pairs, away, rules, policy, withheld=comparison.withheld),
            figures=figures,
            columns=columns,
            pairs=pairs,
            pairs_counted=likeness.trends.counted if likeness.trends else 0,
            pairs_possible=likeness.trends.possible if likeness.trends else 0,
            matrix=matrix,
            missingness=_missingness(likeness.missing),
            gives_away=away,
            rules=rules,
            utility=utility_tasks(results, policy),
            target=self._target,
            distances=distances,
            real=_subject(comparison, "real"),
            synthetic=_subject(comparison, "synthetic"),
            holdout=_subject(comparison, "holdout") if comparison.withheld else None,
            notes=comparison.notes,
            tolerances=policy.to_dict(),
            seed=0,
            seconds=0.0,
            stage_seconds={},
            versions=versions_at_work("scikit-learn", "polars", "scipy"),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _pairs(comparison: Comparison, likeness: Fidelity, policy: Policy, matrix: Matrix | None) -> list[PairResult]:
    """Worst first: by what is lost against held-out rows, so that sparse pairs, which score low on fresh rows too, do not lead."""
    if likeness.trends is None:
        return []
    scored = [trend for trend in likeness.trends.pairs if not np.isnan(trend.score.value)]
    shown = sorted(scored, key=lambda trend: np.nan_to_num(trend.score.gap, nan=0.0))[:_MOST_PAIRS_SHOWN]
    place = {} if matrix is None else {name: number for number, name in enumerate(matrix.columns)}
    return [_pair(comparison, trend, policy, matrix, place) for trend in shown]


def _pair(comparison: Comparison, trend: Trend, policy: Policy, matrix: Matrix | None, place: Mapping[str, int]) -> PairResult:
    both = [comparison.columns[trend.a], comparison.columns[trend.b]]
    first, second = (place.get(column.name) for column in both)
    if matrix is not None and matrix.holdout is not None and first is not None and second is not None:
        strength = {
            "real": matrix.real[first][second],
            "holdout": matrix.holdout[first][second],
            "synthetic": matrix.synthetic[first][second],
        }
    else:
        strength = {side: finite(association_matrix(both, side)[0, 1]) for side in SIDES}
    return PairResult(
        a=both[0].name,
        b=both[1].name,
        measure="correlation" if trend.correlation else "contingency",
        score=score_of(trend.score, policy.single_pair),
        real=strength["real"],
        holdout=strength["holdout"],
        synthetic=strength["synthetic"],
    )


def _matrix(comparison: Comparison, found: Trends | None) -> Matrix | None:
    if found is None:
        return None
    chosen = _matrix_columns(comparison, found)
    columns = [comparison.columns[number] for number in chosen]
    tables = {side: association_matrix(columns, side) for side in SIDES}
    omitted = [column.name for number, column in enumerate(comparison.columns) if number not in set(chosen)]
    note = f"The {len(chosen)} columns whose pairs differ most from the real ones; {len(omitted)} others are left out." if omitted else ""
    return Matrix(
        columns=[column.name for column in columns],
        roles=[column.role for column in columns],
        real=_listed(tables["real"]),
        holdout=_listed(tables["holdout"]),
        synthetic=_listed(tables["synthetic"]),
        difference=_listed(tables["synthetic"] - tables["real"]),
        omitted=omitted,
        note=note,
    )


def _matrix_columns(comparison: Comparison, found: Trends) -> list[int]:
    """All columns in order, or the 60 that occur first in the pairs, worst first."""
    if len(comparison.columns) <= MOST_MATRIX_COLUMNS:
        return list(range(len(comparison.columns)))
    by_loss = sorted((trend for trend in found.pairs if not np.isnan(trend.score.gap)), key=lambda trend: trend.score.gap)
    ranked = dict.fromkeys([column for trend in by_loss for column in (trend.a, trend.b)] + list(range(len(comparison.columns))))
    return sorted(list(ranked)[:MOST_MATRIX_COLUMNS])


def _listed(matrix: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(value) else round(float(value), 4) for value in row] for row in matrix]


def _missingness(missing: Missing | None) -> Missingness | None:
    if missing is None:
        return None
    shown = [Pattern(columns=entry.columns, **entry.share) for entry in missing.patterns[:_MOST_PATTERNS]]
    return Missingness(patterns=shown, omitted=max(0, len(missing.patterns) - _MOST_PATTERNS))


def _subject(comparison: Comparison, side: Side) -> Subject:
    note = "" if comparison.withheld or side == "synthetic" else "One random half; the other half is its yardstick."
    return Subject(origin=comparison.origins[side], rows=comparison.rows_given[side], rows_used=comparison.rows[side], note=note)


def _record_of(record: object | None) -> dict[str, Any] | None:
    """The fit record as a dictionary, from itself, a model that has one, or a dictionary."""
    if record is None:
        return None
    if isinstance(record, Mapping):
        return (
            FitRecord.from_dict(dict(record)).to_dict() if "decisions" in record else {str(name): value for name, value in record.items()}
        )
    with suppress(AttributeError):
        record = record.record  # type: ignore[attr-defined]
    if record is None:
        return None
    to_dict: Callable[[], dict[str, Any]] | None = getattr(record, "to_dict", None)
    if to_dict is None:
        raise ArgumentError(f"{type(record).__name__} is no fit record.", remedy="Pass the model, model.record, or a dictionary.")
    return to_dict()
