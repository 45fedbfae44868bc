"""`auto`: the engines race on rows kept aside (`race.py`), the best by held-out figures (`election.py`) is the model.

A usable model is there as soon as the first engine has learned. When the budget ends, or the listener asks to stop, the best so far
is kept, and the record tells what became of every entrant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, Cancelled, UnderstudyError, did_you_mean
from understudy.core.random import Stream
from understudy.tabular.election import DOUBT, LIMIT, Election, elect, remembered
from understudy.tabular.entrants import Entrant, entrants
from understudy.tabular.fields import Allowed, Encoded, Floats, Mask
from understudy.tabular.race import NEARLY_ALL, Race, Racer, Runner
from understudy.tabular.synthesizer import Conditions, TableSynthesizer

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.record import FitRecord
    from understudy.data.table import Table
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

DEFAULT = "trees"
LEAST_ROWS = 100


class Auto(TableSynthesizer):
    """Whichever engine does best on rows kept aside.

    Args:
        target: the column that models will be trained to predict; usefulness is measured for it. None: for columns chosen by the race.
        engines: registry names of those that race; None: all that declare what they cost.

    Attributes:
        engine: the winner, itself a fitted synthesizer.
    """

    name: ClassVar[str] = "auto"
    engine: TableSynthesizer

    def __init__(self, *, target: str | None = None, engines: Sequence[str] | None = None, protection: Protection | None = None) -> None:
        super().__init__(protection=protection)
        self.target = target
        self._entrants = None if engines is None else entrants(engines)
        self._runners: list[Runner] = []
        self._race: Race | None = None
        self._settled: dict[str, TableSynthesizer] = {}
        self._why, self._notes = "", list[str]()

    @property
    def chosen(self) -> str:
        """The winner's name."""
        return self.engine.name

    # -- learning

    def _prepare_table(self, table: Table, stream: Stream, listener: Progress, record: FitRecord) -> Encoded:
        if self.target is not None and self.target not in table.schema.names:
            raise ArgumentError(
                f'There is no target column "{self.target}".', where=table.origin, remedy=did_you_mean(self.target, table.schema.names)
            )
        return super()._prepare_table(table, stream, listener, record)

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.engine = self._best(encoded, codec, seed, budget, progress)
        self.keeps_bounds = self.engine.keeps_bounds

    def _best(self, encoded: Encoded, codec: Codec, seed: Stream, budget: Budget, progress: Progress) -> TableSynthesizer:
        self._runners, self._race, self._settled, self._notes = [], None, {}, []
        if encoded.rows < LEAST_ROWS:
            self._why = f"{encoded.rows:,} rows are too few to compare on"
            return self._learned_anew(DEFAULT, encoded, seed, budget, progress)
        self._runners = self._entered(budget, progress)
        self._race = Race(codec.fields, encoded, seed.child("race"), budget, progress, self.target)
        self._race.run(self._runners)
        elected = self._elected(progress)
        self._why = elected.why
        for runner in self._runners:
            if runner.running or runner.outcome == "dropped":
                runner.why = elected.why_not.get(runner.name, runner.why)
        return self._final(elected.winner, encoded, seed, budget, progress)

    def _entered(self, budget: Budget, progress: Progress) -> list[Runner]:
        """A runner for each entrant; those that want a budget only where there is one, unless they were named."""
        runners, without_budget = [], []
        for entrant in self._entrants or entrants():
            if entrant.wants_budget and budget.seconds is None and self._entrants is None:
                without_budget.append(entrant.name)
                continue
            runner = Runner(entrant.name, partial(self._lap, entrant, progress), entrant.costly, entrant.yardstick)
            if entrant.missing:
                runner.leave("not tried", f"it needs more than the base install: {entrant.missing}")
            runners.append(runner)
        if without_budget:
            self._notes.append(f'Not in the race without a budget: {", ".join(without_budget)}. With budget="2min" they take part.')
        return runners

    def _elected(self, progress: Progress) -> Election:
        """By the rule; by what there is where the race was stopped before anybody was judged.

        Raises:
            Cancelled: it was stopped before anything was learned.
            UnderstudyError: every engine failed.
        """
        judged = [r for r in self._runners if r.laps and r.outcome in ("", "dropped") and not r.yardstick]
        measures = next((r.standing for r in self._runners if r.yardstick and r.laps), None)
        if judged:
            standings = [r.standing for r in judged if r.running]
            if all(remembered(s.memorising, LIMIT, DOUBT) for s in standings):
                standings = [r.standing for r in judged]  # one that was beaten is better than one that remembers beyond doubt
            return elect(standings, measures)
        learned = next((r for r in self._runners if r.racer is not None and not r.yardstick), None)
        if learned is not None:
            return Election(learned.name, "stopped before it was judged; it is what there was", {})
        if progress.cancelled:
            raise Cancelled("Learning was stopped before anything was learned.")
        raise UnderstudyError(
            "Every engine failed: " + "; ".join(f"{r.name}: {r.why}" for r in self._runners if not r.yardstick),
            remedy='Choose one with method="independent", and report this.',
        )

    def _final(self, winner: str, encoded: Encoded, seed: Stream, budget: Budget, progress: Progress) -> TableSynthesizer:
        """The winner on all rows; as it came out of the race where it learned nearly all, or where no time is left."""
        runner = next(r for r in self._runners if r.name == winner)
        raced, share = runner.racer, runner.rows / encoded.rows
        assert isinstance(raced, _Lap)
        if raced.final and share >= NEARLY_ALL:
            self._kept(runner, encoded, "the others were kept aside to judge it")
            return raced.engine
        if progress.cancelled or budget.exhausted:
            self._kept(runner, encoded, "it was stopped" if progress.cancelled else "the budget was spent")
            return raced.engine
        try:
            return self._learned_anew(winner, encoded, seed, budget, progress)
        except (Cancelled, KeyboardInterrupt):
            progress.cancelled = True
            self._kept(runner, encoded, "it was stopped while it learned them all")
        except Exception as error:
            self._kept(runner, encoded, f"it failed on all of them ({type(error).__name__}: {error})")
        return raced.engine

    def _kept(self, runner: Runner, encoded: Encoded, why: str) -> None:
        self._notes.append(f"{runner.name} learned {runner.rows:,} of {encoded.rows:,} rows: {why}.")

    def _learned_anew(self, name: str, encoded: Encoded, seed: Stream, budget: Budget, progress: Progress) -> TableSynthesizer:
        engine = self._share(registry.get("generators", name))
        if name in self._settled:
            engine._follow(self._settled[name])
        engine._learn(encoded, self.codec, seed=seed.child("final"), budget=budget, progress=progress)
        return engine

    def _lap(self, entrant: Entrant, progress: Progress, final: bool) -> Racer:
        return _Lap(entrant.name, self._share(entrant.learner), progress, final, self._settled)

    def _share(self, learner: type[TableSynthesizer]) -> TableSynthesizer:
        """A learner of this kind on this table's codec."""
        engine = learner(protection=self.protection)
        for part in ("schema", "constraints", "codec", "form"):
            if hasattr(self, part):
                setattr(engine, part, getattr(self, part))
        return engine

    def _tell_learning(self, record: FitRecord) -> None:
        record.decide(None, f'learned by "{self.engine.name}"', self._why)
        for note in self._notes:
            record.note(note)
        self.engine.schema, self.engine.form = self.schema, self.form
        if self._runners:
            record.figures["league"] = [r.to_dict() | {"chosen": r.name == self.engine.name} for r in self._runners]
        if self._race is not None and self._race.real is not None:
            record.figures["league_of_real_rows"] = self._race.real.to_dict()
        self.engine._tell_learning(record)

    # -- what the engine can do

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        return self.engine._draw(size, rng, conditions)

    def _prepare(self, given: Any) -> Conditions | None:
        return self.engine._prepare(given) if self.codec.fields else super()._prepare(given)

    def _complete(self, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        return self.engine._complete(known, given, rng, allowed)

    def _log_prob(self, rows: Encoded) -> Floats:
        return self.engine._log_prob(rows)

    def _law(self, j: int, known: Encoded, given: NDArray[Any]) -> Floats:
        return self.engine._law(j, known, given)

    # -- saving

    def _learned(self) -> State:
        learned = self.engine._learned()
        return State({"engine": self.engine.name, "learned": learned.manifest}, learned.arrays, learned.tables)

    def _relearn(self, state: State) -> None:
        self.engine = self._share(registry.get("generators", state.manifest["engine"]))
        self.keeps_bounds = self.engine.keeps_bounds
        self.engine._relearn(State(state.manifest["learned"], state.arrays, state.tables))


class _Lap:
    """An engine in one round of the race. `settled`: the engines of its rounds before, by name, which those after them follow."""

    def __init__(self, name: str, engine: TableSynthesizer, progress: Progress, final: bool, settled: dict[str, TableSynthesizer]) -> None:
        self.name, self.engine, self.final, self._progress, self._settled = name, engine, final, progress, settled
        if not final:
            engine._lighten()

    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
        if self.name in self._settled:
            self.engine._follow(self._settled[self.name])
        self.engine._learn(rows, self.engine.codec, seed=stream, budget=budget, progress=self._progress)
        self._settled[self.name] = self.engine

    def make(self, size: int, stream: Stream) -> Encoded:
        return self.engine._draw(size, stream, None)
