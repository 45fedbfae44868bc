"""`study`: does it help to add synthetic rows? Models trained with and without them, tested on real rows that nobody has seen.

In every split the generator is fitted on the training rows and on nothing else, so that no row made can know a test row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.augment.cells import NUMBERS
from understudy.augment.encoding import Encoding
from understudy.augment.learner import Learner, Rows
from understudy.augment.resampled import splits as resampled
from understudy.augment.result import engine_of
from understudy.augment.scoring import BOUNDS, Task, metrics_of, scores
from understudy.augment.smote import require_smote
from understudy.augment.source import Source
from understudy.augment.study_result import Estimate, Measure, Study, VariantResult
from understudy.augment.study_verdict import best_of, differences, estimated, verdict, within
from understudy.augment.variants import Effort, Fold, SetFacts, TrainingSet, training_sets
from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError, Cancelled, DataError, did_you_mean
from understudy.core.generator import Synthesizer
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import versions_at_work
from understudy.data.table import Table, as_table
from understudy.data.typed import typed
from understudy.evaluate.parallel import side_by_side
from understudy.tabular.fitting import fit, unfitted

if TYPE_CHECKING:
    from understudy.core.budget import BudgetLike
    from understudy.data import TableSchema

BESIDE = ("weights", "oversampling", "smote")
STRENGTHS = (1 / 3, 2 / 3, 1.0)
MIXES = (1.0, 2.0)
MOST_CLASSES = 20
LEAST_OF_A_CLASS = 8
LEAST_ROWS = 40
_FEW_VALUES = 10
_FEW_ROWS, _MORE_ROWS = f"{{}}; a study needs at least {LEAST_ROWS}.", "Add rows: on so few, no test tells one way to train from another."


def study(
    real: Any,
    target: str,
    *,
    estimator: Any = None,
    method: str | Callable[[], Synthesizer] = "auto",
    budget: BudgetLike = None,
    splits: int = 10,
    test: float = 0.25,
    strengths: Sequence[float] = STRENGTHS,
    mixes: Sequence[float] = MIXES,
    beside: Sequence[str] = BESIDE,
    sieve: bool = True,
    schema: TableSchema | None = None,
    seed: int = 0,
    progress: ProgressLike = "auto",
    **options: Any,
) -> Study:
    """Does it help? Train on real, real + synthetic and synthetic rows, test on untouched real rows, over repeated splits.

    Args:
        real: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
        target: the column to predict: classes, or a number.
        estimator: any estimator or pipeline of scikit-learn; histogram boosting where None. A pipeline gets frames of the
            caller's own type; classes are numbers, the commonest 0.
        method, budget, options: of each generator, as in `fit`; `method` may also be a function that gives an unfitted synthesizer.
        splits: how many random splits, at least 2. test: the share of rows tested on.
        strengths: how far to balance classes: 0 leaves them as they are, 1 makes them equal (shares in proportion to p^(1-strength)).
        mixes: synthetic rows for each real one, classes as the generator makes them.
        beside: what else to compare with: "weights", "oversampling", "smote".
        sieve: as in `augment`.
        schema: what the columns mean; where none is given, each split's training rows tell.
        seed: the same inputs and seed give the same figures.
        progress: "auto", None, a function that takes events, or a listener. Stopped, it gives the figures of the splits done, from two on.

    Raises:
        ArgumentError, DataError: the table, the target or the estimator do not go together; nothing has been fitted then.
        MissingExtraError: SMOTE is to be compared with, and imbalanced-learn is not installed.
        Cancelled: stopped before two splits were done.
    """
    began, table = time.perf_counter(), as_table(real, schema)
    effort = Effort(_strengths(strengths), _positive("mixes", mixes), _known_words(beside), sieve)
    _require_splits(splits, test)
    _require_generator(method, budget, options)
    task = _task_of(table, target)
    if "smote" in effort.beside and task.levels:
        require_smote()
    learner = Learner(estimator, table, len(task.levels))
    with listening(progress) as listener:
        work = _Work(table, task, learner, effort, Stream(seed).child("study"), listener)
        done = work.run(splits, test, partial(_fitted, method, budget, options))
    return _result(
        table, task, learner, effort, done, {"seed": seed, "method": _method_name(method), "seconds": time.perf_counter() - began}
    )


# -- the task


@dataclass(frozen=True)
class _Task:
    """`levels`: the target's values as the source has them, commonest first; empty for numbers. `rows`: places of the rows that count."""

    target: str
    kind: Task
    levels: list[Any]
    rows: NDArray[np.int64]
    truth: NDArray[Any]
    notes: list[str]

    def known(self, frame: pl.DataFrame, schema: TableSchema) -> Rows:
        """Rows as features and target; those whose target is missing or of no class are left out."""
        values = _target_values(frame, self.target, schema, self.levels)
        present = np.flatnonzero(~np.isnan(values))
        kept = values[present]
        return Rows(frame.drop(self.target)[present], kept.astype(np.int64) if self.levels else kept)


def _task_of(table: Table, target: str) -> _Task:
    """Classes, or numbers where there are more than ten of them."""
    if target not in table.columns:
        raise ArgumentError(f'There is no column "{target}".', where="target", remedy=did_you_mean(str(target), table.columns))
    column = table.schema.column(target)
    if column.remade or column.kind == "constant":
        remedy = "Name another target, or say in a schema what the column is."
        raise DataError(
            f'The column "{target}" is treated as {column.kind}: there is nothing to predict.', where=table.origin, remedy=remedy
        )
    if table.rows < LEAST_ROWS:
        raise DataError(_FEW_ROWS.format(f"The table has {table.rows} rows"), where=table.origin, remedy=_MORE_ROWS)
    notes: list[str] = []
    levels: list[Any] = []
    if column.kind not in NUMBERS or table.frame[target].drop_nulls().n_unique() <= _FEW_VALUES:
        levels = _levels(table, target, notes)
    values = _target_values(table.frame, target, table.schema, levels)
    rows = np.flatnonzero(~np.isnan(values))
    if len(rows) < LEAST_ROWS:
        raise DataError(_FEW_ROWS.format(f'"{target}" is known in {len(rows)} rows'), where=table.origin, remedy=_MORE_ROWS)
    if len(rows) < table.rows:
        notes.append(f"{table.rows - len(rows):,} rows whose target is missing or too rare are left out.")
    kind: Task = "regression" if not levels else "binary" if len(levels) == 2 else "multiclass"
    return _Task(target, kind, levels, rows, values[rows].astype(np.int64) if levels else values[rows], notes)


def _levels(table: Table, target: str, notes: list[str]) -> list[Any]:
    present = table.frame.filter(typed(table.frame[target], table.schema.column(target)).is_not_null())[target]
    counts = present.cast(present.dtype).rename("level").value_counts().sort(["count", "level"], descending=[True, False])
    if counts.height > MOST_CLASSES:
        raise DataError(
            f'"{target}" has {counts.height} classes; a study takes {MOST_CLASSES} at most.', where=table.origin, remedy="Group them first."
        )
    rare = counts.filter(pl.col("count") < LEAST_OF_A_CLASS)["level"].to_list()
    if rare:
        notes.append(f"Classes of fewer than {LEAST_OF_A_CLASS} rows are left out: {', '.join(map(str, rare))}.")
    levels: list[Any] = counts.filter(pl.col("count") >= LEAST_OF_A_CLASS)["level"].to_list()
    if len(levels) < 2:
        raise DataError(
            f'"{target}" has fewer than two classes of at least {LEAST_OF_A_CLASS} rows: {_counted(counts)}.',
            where=table.origin,
            remedy="Add rows of the rare ones, group classes, or name another target.",
        )
    return levels


def _counted(counts: pl.DataFrame, most: int = 5) -> str:
    """Classes and how many rows they have, in words."""
    some = ", ".join(f'"{level}" {count:,}' for level, count in counts.select("level", "count").head(most).iter_rows())
    return some + (f" and {counts.height - most} more" if counts.height > most else "")


def _target_values(frame: pl.DataFrame, target: str, schema: TableSchema, levels: Sequence[Any]) -> NDArray[np.float64]:
    """Class numbers or numbers, NaN where the target is missing or none of the classes."""
    values = frame[target]
    if levels:
        codes = {str(level): place for place, level in enumerate(levels)}
        return values.cast(pl.String).replace_strict(codes, default=None, return_dtype=pl.Float64).fill_null(float("nan")).to_numpy()
    return typed(values, schema.column(target)).cast(pl.Float64).fill_null(float("nan")).to_numpy()


# -- the work


@dataclass
class _Done:
    """What the splits gave: by variant, its sets' facts and its scores, one entry a split."""

    sets: dict[str, list[SetFacts]] = field(default_factory=dict)
    scores: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    engines: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    splits: int = 0
    train: int = 0
    test: int = 0


class _Work:
    """All splits, one after another; the models of a split side by side."""

    def __init__(self, table: Table, task: _Task, learner: Learner, effort: Effort, stream: Stream, listener: Progress) -> None:
        self._table, self._task, self._learner, self._effort = table, task, learner, effort
        self._stream, self._listener = stream, listener

    def run(self, times: int, test: float, fitted: Callable[[Table, int], Synthesizer]) -> _Done:
        task, done = self._task, _Done(notes=list(self._task.notes))
        if "weights" in self._effort.beside and task.levels and not self._learner.takes_weights:
            done.notes.append("The model takes no weights, so class weights were not tried.")
        self._listener.stage("study", total=times)
        classes = task.truth if task.levels else None
        for number, (train, tested) in enumerate(resampled(classes, len(task.rows), times=times, test=test, stream=self._stream)):
            if self._listener.cancelled:
                break
            self._split(done, number, task.rows[train], task.rows[tested], fitted)
            done.splits, done.train, done.test = number + 1, len(train), len(tested)
            self._listener.advance(number + 1)
        if done.splits < 2:
            raise Cancelled("The study was stopped before two splits were done.")
        if done.splits < times:
            done.notes.append(f"Stopped on request after {done.splits} of {times} splits.")
        return done

    def _split(
        self, done: _Done, number: int, train: NDArray[np.int64], tested: NDArray[np.int64], fitted: Callable[[Table, int], Synthesizer]
    ) -> None:
        stream, target = self._stream.child("fold", number), self._task.target
        seed = int(stream.child("seed").generator().integers(0, 2**31))
        fold = as_table(self._table.frame[train], self._table.declared)
        model = fitted(fold, seed)
        done.engines[engine_of(model)] += 1
        encoding = Encoding(fold.schema, [name for name in fold.columns if name != target], fold.frame)
        rows = self._task.known(fold.frame, fold.schema)
        made_with = Fold(rows, fold.frame, Source(model, fold, seed), encoding, target, self._task.levels, stream)
        sets = training_sets(made_with, self._effort, partial(self._task.known, schema=fold.schema), seed)
        if not self._learner.takes_weights:
            sets = [entry for entry in sets if entry.weights is None]
        test = self._task.known(self._table.frame[tested], self._table.schema)
        found = side_by_side([partial(self._scored, entry, encoding, test) for entry in sets])
        for entry, figures in zip(sets, found, strict=True):
            done.sets.setdefault(entry.key, []).append(entry.facts)
            done.scores.setdefault(entry.key, []).append(figures)
        done.notes += [f"No row could be made of {missed}" for missed in sorted(made_with.missed)]

    def _scored(self, entry: TrainingSet, encoding: Encoding, test: Rows) -> dict[str, float]:
        predict = self._learner.fitted(entry.rows, encoding, entry.weights)
        return scores(test.target, predict(test.frame), self._task.kind)


# -- the result


def _result(table: Table, task: _Task, learner: Learner, effort: Effort, done: _Done, facts: dict[str, Any]) -> Study:
    measures = [Measure(key=metric.key, name=metric.name, better=metric.better) for metric in metrics_of(task.kind)]
    ratio = done.test / done.train
    whole = {key: entries for key, entries in done.sets.items() if len(entries) == done.splits}
    partly = [entries[0].name for key, entries in done.sets.items() if key not in whole]
    if partly:
        done.notes.append(f"Not possible in every split, and left out: {', '.join(partly)}.")
    variants = _variants(whole, done, measures, ratio)
    against = _against_smote(variants, measures[0], ratio)
    if against is not None:
        best = best_of(variants, "synthetic", measures[0])
        variants = [v.model_copy(update={"against_smote": against}) if best is not None and v.key == best.key else v for v in variants]
    return Study(
        verdict=verdict(variants, measures[0], task.target, against),
        target=task.target,
        task=task.kind,
        rare=str(task.levels[-1]) if task.levels else None,
        rare_share=float((task.truth == len(task.levels) - 1).mean()) if task.levels else None,
        classes=len(task.levels),
        measures=measures,
        variants=variants,
        splits=done.splits,
        rows=len(task.rows),
        rows_train=done.train,
        rows_test=done.test,
        columns=len(table.columns),
        origin=table.origin,
        method=facts["method"],
        engines=dict(done.engines),
        estimator=str(learner),
        sieve=effort.sieve,
        notes=list(dict.fromkeys([*(str(note) for note in table.notes), *done.notes])),
        seed=facts["seed"],
        seconds=round(facts["seconds"], 3),
        versions=versions_at_work("scikit-learn", "imbalanced-learn", "polars", "scipy"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _variants(whole: dict[str, list[SetFacts]], done: _Done, measures: Sequence[Measure], ratio: float) -> list[VariantResult]:
    tried = sum(entries[0].family == "synthetic" for entries in whole.values())
    by_split = {key: {m.key: [s[m.key] for s in done.scores[key]] for m in measures} for key in whole}
    variants = []
    for key, entries in whole.items():
        gains = {m.key: differences(by_split[key][m.key], by_split["real"][m.key], ratio) for m in measures}
        first = measures[0].key
        widened = differences(by_split[key][first], by_split["real"][first], ratio, level=1 - 0.05 / max(tried, 1)).interval
        shares = [entry.share for entry in entries if entry.share is not None]
        variants.append(
            VariantResult(
                key=key,
                name=entries[0].name,
                family=entries[0].family,
                rows=round(float(np.mean([entry.size for entry in entries]))),
                made=round(float(np.mean([entry.made for entry in entries]))),
                share=float(np.mean(shares)) if shares else None,
                scores={m.key: within(estimated(by_split[key][m.key], ratio), BOUNDS[m.key]) for m in measures},
                against_real={} if key == "real" else gains,
                against_same_smote=_against_same_smote(key, by_split, first, ratio),
                corrected=widened if entries[0].family == "synthetic" else None,
                ask=None if entries[0].ask is None else dict(entries[0].ask),
                by_split={m.key: [None if np.isnan(v) else v for v in by_split[key][m.key]] for m in measures},
            )
        )
    return variants


def _against_same_smote(key: str, by_split: dict[str, dict[str, list[float]]], measure: str, ratio: float) -> Estimate | None:
    """A balance with synthetic rows against SMOTE to the same shares; None for everything else."""
    same = key.replace("balance_", "smote_")
    return differences(by_split[key][measure], by_split[same][measure], ratio) if same != key and same in by_split else None


def _against_smote(variants: Sequence[VariantResult], measure: Measure, ratio: float) -> Estimate | None:
    """The best way with synthetic rows against the best SMOTE, as widely as the number of ways that were tried demands."""
    ours, smote = best_of(variants, "synthetic", measure), best_of(variants, "smote", measure)
    if ours is None or smote is None:
        return None
    tried = sum(variant.family == "synthetic" for variant in variants)
    pairs = [[v.by_split[measure.key][i] or 0.0 for i in range(len(v.by_split[measure.key]))] for v in (ours, smote)]
    return differences(pairs[0], pairs[1], ratio, level=1 - 0.05 / tried)


# -- what was asked for


def _fitted(method: str | Callable[[], Synthesizer], budget: Any, options: dict[str, Any], fold: Table, seed: int) -> Synthesizer:
    if callable(method):
        return method().fit(fold, budget=budget, seed=seed)
    return fit(fold, method=method, budget=budget, seed=seed, progress=None, **options)


def _require_generator(method: Any, budget: Any, options: dict[str, Any]) -> None:
    if isinstance(method, str):
        unfitted(method, options)
    Budget.parse(budget)


def _method_name(method: Any) -> str:
    return str(method if isinstance(method, str) else getattr(method, "name", None) or getattr(method, "__name__", "a function"))


def _require_splits(times: Any, test: Any) -> None:
    if isinstance(times, bool) or not isinstance(times, int) or times < 2:
        raise ArgumentError(f"A study needs at least two splits, not {times!r}.", where="splits", remedy="For example splits=10.")
    if not isinstance(test, float) or not 0 < test < 1:
        raise ArgumentError(
            f"The share of rows to test on lies between 0 and 1, not at {test!r}.", where="test", remedy="For example test=0.25."
        )


def _strengths(asked: Sequence[float]) -> list[float]:
    strengths = _positive("strengths", asked)
    if any(strength > 1 for strength in strengths):
        raise ArgumentError(f"Strengths are at most 1, which makes classes equal; {max(strengths):g} was given.", where="strengths")
    return strengths


def _positive(name: str, asked: Any) -> list[float]:
    values = [asked] if isinstance(asked, int | float) else list(asked)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ArgumentError(f"`{name}` are numbers above 0, not {value!r}.", where=name)
    return sorted({float(value) for value in values})


def _known_words(beside: Sequence[str]) -> list[str]:
    words = [beside] if isinstance(beside, str) else list(beside)
    for word in words:
        if word not in BESIDE:
            raise ArgumentError(
                f'There is nothing called "{word}" to compare with.', where="beside", remedy=did_you_mean(str(word), BESIDE)
            )
    return words
