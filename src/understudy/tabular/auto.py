"""`auto`: the learners race on rows kept aside, and the winner learns the table.

Small and middling tables are raced over; from `LARGE` rows on the chain of trees is taken at once, unless the budget leaves time
for a race.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.random import Stream
from understudy.tabular.race import Racer, Result, best, race
from understudy.tabular.synthesizer import Conditions, TableSynthesizer
from understudy.tabular.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Callable

    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.record import FitRecord
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection
    from understudy.tabular.fields import Encoded

ENGINES = ("copula", "trees")
DEFAULT = "trees"
LARGE = 20_000
TIME_TO_RACE_S = 60.0
LEAST_ROWS = 100
LIMIT = 0.52
"""Membership and nearer-to-training figures that a winner may have, beyond one standard error."""


class Auto(TableSynthesizer):
    """Whichever learner does best on rows kept aside.

    Attributes:
        engine: the winner, itself a fitted synthesizer.
    """

    name: ClassVar[str] = "auto"
    engine: TableSynthesizer

    def __init__(self, *, protection: Protection | None = None) -> None:
        super().__init__(protection=protection)
        self._results: list[Result] = []
        self._why = ""

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        chosen = self._elected(encoded, seed.child("race"), budget, progress)
        self.engine = self._share(chosen)
        self.engine._learn(encoded, codec, seed=seed.child("final"), budget=budget, progress=progress)
        self.keeps_bounds = self.engine.keeps_bounds

    def _elected(self, encoded: Encoded, stream: Stream, budget: Budget, progress: Progress) -> str:
        limited = budget.seconds is not None and budget.remaining() < TIME_TO_RACE_S
        patient = budget.seconds is not None and not limited
        if encoded.rows < LEAST_ROWS or (limited and encoded.rows >= LARGE):
            self._why = f"{encoded.rows:,} rows are too few to compare on" if encoded.rows < LEAST_ROWS else "no time to compare"
            return DEFAULT
        if encoded.rows >= LARGE and not patient:
            self._why = f"at {encoded.rows:,} rows the default is taken without a race; a budget of {TIME_TO_RACE_S:.0f} s or more runs one"
            return DEFAULT
        progress.stage("compare the learners")
        racers: dict[str, Callable[[], Racer]] = {name: partial(_Lap, self, name, budget, progress) for name in ENGINES}
        self._results = race(self.codec.fields, encoded, racers, stream)
        won = best(self._results, LIMIT)
        self._why = "the hardest to tell from real rows kept aside, among those that do not memorise"
        return won.name

    def _share(self, name: str) -> TableSynthesizer:
        """A learner of this name on this table's codec."""
        engine: TableSynthesizer = registry.get("generators", name)(protection=self.protection)
        for part in ("schema", "constraints", "codec", "form"):
            if hasattr(self, part):
                setattr(engine, part, getattr(self, part))
        return engine

    def _tell_learning(self, record: FitRecord) -> None:
        record.decide(None, f'learned by "{self.engine.name}"', self._why)
        self.engine.schema, self.engine.form = self.schema, self.form
        if self._results:
            record.figures["league"] = [{**r.to_dict(), "chosen": r.name == self.engine.name} for r in self._results]
        self.engine._tell_learning(record)

    # -- drawing

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        return self.engine._draw(size, rng, conditions)

    def _prepare(self, given: Any) -> Conditions | None:
        return self.engine._prepare(given) if self.codec.fields else super()._prepare(given)

    # -- saving

    def _learned(self) -> State:
        learned = self.engine._learned()
        return State({"engine": self.engine.name, "learned": learned.manifest}, learned.arrays, learned.tables)

    def _relearn(self, state: State) -> None:
        self.engine = self._share(state.manifest["engine"])
        self.keeps_bounds = self.engine.keeps_bounds
        self.engine._relearn(State(state.manifest["learned"], state.arrays, state.tables))


class _Lap:
    """One learner in the race."""

    def __init__(self, owner: Auto, name: str, budget: Budget, progress: Progress) -> None:
        self._engine = owner._share(name)
        if isinstance(self._engine, Trees):
            self._engine.TIGHTENINGS, self._engine.rounds = 0, 1  # the race measures memorising itself
            self._engine.work /= 4
        self._budget, self._progress = budget, progress

    def learn(self, rows: Encoded, stream: Stream) -> None:
        self._engine._learn(rows, self._engine.codec, seed=stream, budget=self._budget, progress=self._progress)

    def make(self, size: int, stream: Stream) -> Encoded:
        return self._engine._draw(size, stream, None)
