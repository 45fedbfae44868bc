"""`compare`: engines side by side. Each learns the same rows; all are judged by `evaluate` on the same rows that none of them saw.

The best is chosen by the rule of the race (`tabular/election.py`) on the figures of the evaluation. What a fit costs is told in seconds
of all cores together, which does not depend on what else the machine did.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.core import registry
from understudy.core.budget import Budget, BudgetLike
from understudy.core.errors import ArgumentError, Cancelled, DataError
from understudy.core.generator import Synthesizer
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import versions_at_work
from understudy.data.nearest import Estimate
from understudy.data.table import Table, as_table
from understudy.evaluate.judging import evaluate
from understudy.evaluate.league import Entry, League
from understudy.evaluate.policy import Policy
from understudy.evaluate.result import Evaluation, Figure, Subject
from understudy.tabular import fit
from understudy.tabular.election import Standing, elect
from understudy.tabular.entrants import YARDSTICK, entrants
from understudy.tabular.memorising import Memorising

if TYPE_CHECKING:
    from understudy.data.schema import TableSchema

RULE = (
    "None is best that remembers its training rows (membership or nearer-to-training figures above .52 by more than a standard error) or "
    "is clearly worse than columns drawn each by itself. Of the others the hardest to tell from real rows is best; those behind it by "
    "no more than one standard error of the difference are tied, and then usefulness kept and pairs of columns decide, in this order."
)
KEPT_ASIDE = 0.25
MOST_KEPT_ASIDE = 20_000
LEAST_ROWS = 40
_NORMAL = 2 * 1.959964


def compare(
    real: object,
    *,
    methods: Sequence[str] | None = None,
    budget: BudgetLike = None,
    target: str | None = None,
    holdout: object | None = None,
    schema: TableSchema | None = None,
    seed: int = 0,
    progress: ProgressLike = None,
    policy: Policy | None = None,
) -> League:
    """Fit engines on the same rows, judge each by `evaluate` on the same held-out rows, and name the best.

    Args:
        real: a path, a folder of parts, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
        methods: registry names; None: all engines that learn in seconds, and with a budget the costly ones too. "independent" always
            takes part as a yardstick.
        budget: for all fits together, shared evenly; judging comes on top. None: each engine's own measure.
        target: the column that models are to predict; None: up to five columns in turn.
        holdout: real rows to judge on; None: a quarter of `real` is kept aside, 20,000 rows at the most.
        schema: what the columns mean; inferred unless given.
        seed: of the split, the fits, the samples and the judging.

    Raises:
        ArgumentError: a method that there is not, or that does not learn.
        DataError: the data cannot be learned or compared, or lack the target.
        Cancelled: the listener asked to stop before any engine was judged.
    """
    names = _methods(methods, budget)
    began = time.perf_counter()
    table = as_table(real, schema)
    train, kept, how = _parts(table, holdout, Stream(seed).child("compare"))
    if target is not None and target not in table.schema.names:
        table.schema.column(target)  # refuses, with the nearest name
    limit = Budget.parse(budget).start()
    with listening(progress) as listener:
        work = _Work(train, kept, target, seed, policy, listener)
        entries = work.entries(names, limit)
    if not any(entry.outcome == "judged" for entry in entries) and listener.cancelled:
        raise Cancelled("The comparison was stopped before any engine was judged.")
    return League(
        entries=_ranked(entries),
        rule=RULE,
        target=target,
        train=Subject(origin=table.origin, rows=train.rows, rows_used=train.rows),
        holdout=Subject(origin=kept.origin if holdout is not None else table.origin, rows=kept.rows, rows_used=kept.rows, note=how),
        columns=len(table.columns),
        seed=seed,
        budget_s=limit.seconds,
        seconds=round(time.perf_counter() - began, 3),
        versions=versions_at_work("scikit-learn", "polars", "scipy"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _methods(named: Sequence[str] | None, budget: BudgetLike) -> list[str]:
    """Names of engines, the yardstick first; refused before any work where one is none."""
    if named is None:
        return [entrant.name for entrant in entrants() if not entrant.costly or (budget is not None and not entrant.missing)]
    for name in named:
        found = registry.get("generators", name)
        if not (isinstance(found, type) and issubclass(found, Synthesizer)):
            raise ArgumentError(f'"{name}" does not learn from data.', remedy="Leave it out of the methods.")
    return list(dict.fromkeys([YARDSTICK, *named]))


def _parts(table: Table, holdout: object | None, stream: Stream) -> tuple[Table, Table, str]:
    """(train, holdout, how they came about)."""
    if holdout is not None:
        return table, as_table(holdout, table.schema), ""
    if table.rows < LEAST_ROWS:
        raise DataError(
            f"The table has {table.rows:,} rows; {LEAST_ROWS} at least are needed to keep some aside.",
            where=table.origin,
            remedy="Give real rows to judge on as `holdout`.",
        )
    order = stream.child("split").generator().permutation(table.rows)
    aside = min(MOST_KEPT_ASIDE, int(KEPT_ASIDE * table.rows))
    frame = table.frame
    parts = [as_table(frame[np.sort(part)], table.schema) for part in (order[aside:], order[:aside])]
    return parts[0], parts[1], f"{aside:,} rows of the table, kept aside at random."


@dataclass
class _Work:
    """The same work for one engine after another."""

    train: Table
    holdout: Table
    target: str | None
    seed: int
    policy: Policy | None
    listener: Progress

    def entries(self, names: list[str], budget: Budget) -> list[Entry]:
        fits = 0.0
        found = []
        for place, name in enumerate(names):
            if self.listener.cancelled:
                found.append(Entry(engine=name, outcome="not tried", why="stopped before its turn"))
                continue
            share = None if budget.seconds is None else (budget.seconds - fits) / (len(names) - place)
            if share is not None and share <= 0:
                found.append(Entry(engine=name, outcome="not tried", why="no time was left"))
                continue
            entry = self._entry(name, share)
            fits += entry.fit_s or 0.0
            found.append(entry)
        return found

    def _entry(self, name: str, budget_s: float | None) -> Entry:
        self.listener.stage(f"compare: {name}")
        clock, cpu = time.perf_counter(), time.process_time()
        try:
            model = self._fitted(name, budget_s)
            spent = {"fit_s": time.perf_counter() - clock, "fit_cpu_s": time.process_time() - cpu}
            if self.listener.cancelled:
                return Entry(engine=name, outcome="not tried", why="stopped while it learned")
            cpu = time.process_time()
            made = model.sample(self.train.rows, seed=self.seed + 1)
            speed = self.train.rows / max(time.process_time() - cpu, 1e-6)
            evaluation = evaluate(
                self.train, made, holdout=self.holdout, target=self.target, record=model, seed=self.seed, policy=self.policy,
                progress=self.listener,
            )  # fmt: skip
        except (Cancelled, KeyboardInterrupt):
            self.listener.cancelled = True
            return Entry(engine=name, outcome="not tried", why="stopped on request")
        except Exception as error:  # of one engine, which must not take the others with it
            return Entry(engine=name, outcome="failed", why=f"{type(error).__name__}: {error}", **_spent(clock, cpu))
        return _judged(name, model, evaluation, rows_per_cpu_s=speed, **spent)

    def _fitted(self, name: str, budget_s: float | None) -> Synthesizer:
        """With the target, where the engine makes use of it."""
        takes_target = "target" in signature(registry.get("generators", name)).parameters
        options: dict[str, Any] = {"target": self.target} if takes_target and self.target is not None else {}
        return fit(self.train, method=name, budget=budget_s, seed=self.seed, progress=self.listener, **options)


def _spent(clock: float, cpu: float) -> dict[str, float]:
    return {"fit_s": time.perf_counter() - clock, "fit_cpu_s": time.process_time() - cpu}


def _judged(name: str, model: Synthesizer, evaluation: Evaluation, **spent: float) -> Entry:
    return Entry(
        engine=name,
        outcome="judged",
        yardstick=name == YARDSTICK,
        learned_by=getattr(model, "chosen", None),
        figures=evaluation.figures,
        families=evaluation.verdict.families,
        weak_points=evaluation.verdict.weak_points,
        **{what: round(value, 3) for what, value in spent.items()},
    )


def _ranked(entries: list[Entry]) -> list[Entry]:
    """With the best named, and why the others are not; best first, the yardstick after the engines, what failed last."""
    standings = {entry.engine: standing for entry in entries if (standing := standing_of(entry)) is not None}
    yardstick = standings.pop(YARDSTICK, None)
    engines = list(standings.values())
    if engines:
        elected = elect(engines, yardstick)
        entries = [_placed(entry, elected.winner, elected.why, elected.why_not) for entry in entries]

    def place(entry: Entry) -> tuple[bool, bool, bool, float]:
        told = standings[entry.engine].told if entry.engine in standings else 1.0
        return entry.outcome != "judged", entry.yardstick, not entry.best, told

    return sorted(entries, key=place)


def _placed(entry: Entry, winner: str, why: str, why_not: dict[str, str]) -> Entry:
    if entry.engine == winner and not entry.yardstick:
        return entry.model_copy(update={"best": True, "why": why})
    if entry.yardstick:
        words = why if entry.engine == winner else "columns drawn each by itself: the yardstick from below"
        return entry.model_copy(update={"why": words})
    return entry.model_copy(update={"why": why_not.get(entry.engine, entry.why)})


def standing_of(entry: Entry) -> Standing | None:
    """The entry's figures as the rule takes them; None where rows were not judged."""
    told, membership, nearer = (_estimate(entry.figure(key)) for key in ("c2st_auc", "membership_auc", "dcr_share"))
    if entry.outcome != "judged" or told is None:
        return None
    known = membership is not None and nearer is not None and not entry.yardstick
    kept = Memorising(membership, nearer) if known and membership and nearer else None
    return Standing(entry.engine, told, kept, _estimate(entry.figure("pair_trends")), _estimate(entry.figure("utility_kept")))


def _estimate(figure: Figure | None) -> Estimate | None:
    """The value, and its standard error as the interval says it."""
    if figure is None or figure.value is None:
        return None
    low, high = figure.interval or (figure.value, figure.value)
    return Estimate(figure.value, (high - low) / _NORMAL)
