"""Engines learn the same rows and are judged on the same rows that they did not learn; the clearly beaten leave early.

Who loses clearly is dropped after each round (racing: Maron & Moore, Hoeffding races, NIPS 1994), so that time goes to those
between which there is something to decide:

- below `SMALL` rows the rounds are folds of a repeated cross-validation, and an engine's figures are means over its folds;
- up to `LARGE` rows there is one split;
- from there on a first round on few rows chooses finalists by a wide margin, because engines gain differently by more rows, and
  the finalists learn all rows but those kept aside, and stay as they are.

Costly engines come last, each with a share of the time that the budget leaves. Whatever fails, is stopped or is not tried, says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import Cancelled
from understudy.core.random import Stream
from understudy.data.nearest import Estimate, mean_of
from understudy.tabular.election import DOUBT, LIMIT, Standing, remembered
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.likeness import likeness
from understudy.tabular.memorising import Memorising, memorising
from understudy.tabular.telling import ROWS as TOLD_ROWS
from understudy.tabular.telling import telling
from understudy.tabular.usefulness import Question, questions, usefulness

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress

SMALL = 2_000
"""Below this many rows engines are compared by cross-validation."""
LARGE = 20_000
"""From here on a first round on few rows chooses who learns nearly all of them."""
FOLDS, REPEATS = 3, 2
LEARNED, UNSEEN = 4_000, 2_500
"""Rows of a round on part of the table: to learn, and to be judged on, at the most."""
FINAL, FINAL_UNSEEN = 200_000, 4_000
"""The same of the last round over a large table: who learned nearly all of it need not learn again."""
FINALISTS = 2
MARGIN = 0.06
"""AUC of telling behind the best by which an engine leaves after a first round on few rows."""
CLEARLY = 3.0
"""Standard errors behind the best by which an engine leaves after a fold."""
LEAST_COSTLY_S, WELL_S = 15.0, 45.0
"""Seconds below which a costly engine is not tried, and which it should have where several wait: rather one that learns well than
several that hardly begin."""
MOST_RESERVED = 0.5
"""Share of the time left that is kept for the leader to learn all rows, at the most; what it takes is a guess from few rows."""
NEARLY_ALL = 0.85
"""Share of the table from which on an engine that learned it need not learn again."""
NOTHING = Memorising(Estimate(0.5, 0.0), Estimate(0.5, 0.0))
"""What is remembered by columns drawn each by itself, and by real rows of others."""


class Racer(Protocol):
    """Learns encoded rows and makes some."""

    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None: ...

    def make(self, size: int, stream: Stream) -> Encoded: ...


@dataclass(frozen=True)
class Lap:
    """What one engine was found to be in one round."""

    telling: Estimate
    memorising: Memorising
    alike: Estimate | None
    useful: Estimate | None

    def to_dict(self) -> dict[str, float]:
        return _figure("pair_likeness", self.alike) | _figure("utility_auc", self.useful)


@dataclass(frozen=True)
class Round:
    """Row numbers to learn and to be judged on. `final`: the engine learns in its own full form, and may stay as it is."""

    learned: NDArray[np.int64]
    unseen: NDArray[np.int64]
    final: bool = False


@dataclass
class Runner:
    """An engine in the race.

    Attributes:
        enter: makes the racer anew; told whether it is for a final round.
        laps: figures that count. racer, rows: as it came out of its last round, and the rows that it learned there.
        outcome: "" while it runs; "dropped", "failed", "stopped" or "not tried". why: in words.
        lap_s: seconds that learning took last; seconds: in all, with judging.
    """

    name: str
    enter: Callable[[bool], Racer]
    costly: bool = False
    yardstick: bool = False
    laps: list[Lap] = field(default_factory=list)
    racer: Racer | None = None
    rows: int = 0
    outcome: str = ""
    why: str = ""
    lap_s: float = 0.0
    seconds: float = 0.0

    @property
    def running(self) -> bool:
        return not self.outcome

    def leave(self, outcome: str, why: str) -> None:
        self.outcome, self.why = outcome, why

    @property
    def standing(self) -> Standing:
        found = self.laps
        kept = Memorising(mean_of([lap.memorising.membership for lap in found]), mean_of([lap.memorising.nearer for lap in found]))
        return Standing(
            self.name,
            mean_of([lap.telling for lap in found]),
            None if self.yardstick else kept,
            _mean_known([lap.alike for lap in found]),
            _mean_known([lap.useful for lap in found]),
            self.costly,
        )

    def to_dict(self) -> dict[str, Any]:
        """Name, what became of it, and its figures as far as there are any; JSON values."""
        facts: dict[str, Any] = {"engine": self.name, "outcome": self.outcome or "raced", "why": self.why}
        if self.laps:
            standing = self.standing
            facts |= _figure("c2st_auc", standing.telling) | _figure("pair_likeness", standing.alike)
            facts |= _figure("utility_auc", standing.useful)
            if standing.memorising is not None:
                facts |= standing.memorising.to_dict()
        return facts | {"rounds": len(self.laps), "rows": self.rows, "seconds": round(self.seconds, 2)}


class Race:
    """One race over one table's rows.

    Args:
        target: the column that models will be trained to predict; None: the fields that the others say most about.
    """

    def __init__(
        self, fields: list[Field], encoded: Encoded, stream: Stream, budget: Budget, progress: Progress, target: str | None = None
    ) -> None:
        self._fields, self._encoded, self._stream = fields, encoded, stream
        self._budget, self._progress = budget, progress
        self._asked: list[Question] = questions(fields, encoded, target, stream.child("questions"))
        self._runners: list[Runner] = []
        self.real: Lap | None = None
        """What real rows that were learned are beside the unseen ones, in the last round: the yardstick of pairs and usefulness."""

    def run(self, runners: Sequence[Runner]) -> None:
        """Race all; what became of each is written into it."""
        self._runners = list(runners)
        cheap = [runner for runner in runners if not runner.costly]
        rounds = rounds_of(self._encoded.rows, self._stream.child("rows"))
        for number, this in enumerate(rounds):
            for runner in [r for r in cheap if r.running and (number == 0 or not r.yardstick)]:
                self._lap(runner, this, number, self._budget)
            if number + 1 == len(rounds) or self._stopped() or not self._narrowed(cheap, number, rounds[number + 1]):
                break
        self._costly([runner for runner in runners if runner.costly], _whole(rounds, self._encoded.rows))
        if not self._progress.cancelled:
            self.real = self._of_real(rounds[0])

    # -- rounds

    def _narrowed(self, runners: list[Runner], number: int, following: Round) -> bool:
        """Who is clearly beaten leaves; False where nothing is left to decide."""
        racing = [r for r in runners if r.running and r.laps and not r.yardstick]
        if not racing:
            return False
        if following.final:
            return self._finalists(racing)
        honest = [r for r in racing if not remembered(r.standing.memorising, LIMIT, DOUBT)]
        if not honest:
            return True
        best = min(honest, key=lambda r: r.standing.told).standing
        for runner in racing:
            behind = runner.standing.told - best.told
            if behind > CLEARLY * hypot(runner.standing.telling.standard_error, best.telling.standard_error):
                runner.leave(
                    "dropped", f"after {number + 1} of {FOLDS * REPEATS} rounds: clearly easier to tell from real rows than {best.name}"
                )
        return sum(r.running for r in racing) > 1 or number + 1 < FOLDS

    def _finalists(self, racing: list[Runner]) -> bool:
        """Those near the best, which learn anew; False where there is one only, which need not be compared again."""
        honest = [r for r in racing if not remembered(r.standing.memorising, LIMIT, DOUBT)] or racing
        ranked = sorted(honest, key=lambda r: r.standing.told)
        near = [r for r in ranked if r.standing.told <= ranked[0].standing.told + MARGIN][:FINALISTS]
        if len(near) < 2:
            return False
        for runner in racing:
            if runner in near:
                runner.laps = []
            else:
                runner.leave("dropped", f"after a round on {runner.rows:,} rows: easier to tell from real rows than the finalists")
        return True

    def _costly(self, costly: list[Runner], this: Round) -> None:
        """Each that is left has an equal share of the time; one more share is kept where the winner must learn again."""
        waiting = [runner for runner in costly if runner.running]
        learns_again = len(this.learned) < NEARLY_ALL * self._encoded.rows
        while waiting and not self._progress.cancelled:
            left = self._budget.remaining()
            left -= min(self._reserve(), MOST_RESERVED * left) if np.isfinite(left) else 0.0
            share = left / (len(waiting) + learns_again)
            if share < (WELL_S if len(waiting) > 1 else LEAST_COSTLY_S):
                least = f"{LEAST_COSTLY_S:.0f} s or more, {WELL_S:.0f} s where others wait, too"
                why = f"{left:.0f} s were left for {len(waiting)}; a costly engine is tried with {least}"
                waiting.pop().leave("not tried", why)
                continue
            whole = self._budget.remaining()
            self._lap(waiting.pop(0), this, 0, self._budget.share(1.0 if np.isinf(whole) else share / whole))
        for runner in waiting:
            runner.leave("not tried", "stopped before its turn")

    # -- one lap

    def _lap(self, runner: Runner, this: Round, number: int, budget: Budget) -> None:
        if self._progress.cancelled or self._lacks_time(runner, this):
            if not runner.laps:
                runner.leave("not tried", "stopped before its turn" if self._progress.cancelled else "no time was left")
            return
        began = time.monotonic()
        self._progress.stage(f"race: {runner.name}")
        stream = self._stream.child(runner.name, number, "final" if this.final else "part")
        try:
            racer = runner.enter(this.final)
            learned = self._encoded.take(this.learned)
            racer.learn(learned, stream.child("learn"), budget)
            runner.lap_s = time.monotonic() - began
            runner.racer, runner.rows = racer, len(this.learned)
            if not self._progress.cancelled:
                runner.laps.append(self._judged(runner, learned, self._encoded.take(this.unseen), stream))
        except (Cancelled, KeyboardInterrupt):
            self._progress.cancelled = True
        except Exception as error:  # an engine of another's, too: one that fails must not take the others with it
            runner.leave("failed", f"{type(error).__name__}: {error}")
        if self._progress.cancelled and not runner.laps:
            runner.leave("stopped", "stopped on request while it learned")
        runner.seconds += time.monotonic() - began

    def _judged(self, runner: Runner, learned: Encoded, unseen: Encoded, stream: Stream) -> Lap:
        assert runner.racer is not None
        size = min(TOLD_ROWS, learned.rows) + max(3 * unseen.rows, min(learned.rows, 3 * UNSEEN))
        made = runner.racer.make(size, stream.child("make"))
        rng, fields = stream.child("judge").generator(), self._fields
        return Lap(
            telling(fields, learned, unseen, made, rng),
            NOTHING if runner.yardstick else memorising(fields, learned, unseen, made, rng),
            likeness(fields, unseen, made, rng),
            usefulness(fields, self._asked, made, unseen, rng),
        )

    def _of_real(self, this: Round) -> Lap:
        rng = self._stream.child("real").generator()
        learned, unseen = self._encoded.take(rng.permutation(this.learned)), self._encoded.take(this.unseen)
        fields = self._fields
        alike, useful = likeness(fields, unseen, learned, rng), usefulness(fields, self._asked, learned, unseen, rng)
        return Lap(NOTHING.membership, NOTHING, alike, useful)

    # -- time

    def _stopped(self) -> bool:
        judged = any(runner.laps for runner in self._runners if not runner.yardstick)
        return self._progress.cancelled or (self._budget.exhausted and judged)

    def _reserve(self) -> float:
        """Seconds that the leader would need to learn all rows."""
        racing = [r for r in self._runners if r.laps and r.running and not r.yardstick]
        if not racing:
            return 0.0
        leader = min(racing, key=lambda r: r.standing.told)
        return 0.0 if leader.rows >= NEARLY_ALL * self._encoded.rows else leader.lap_s * self._encoded.rows / leader.rows

    def _lacks_time(self, runner: Runner, this: Round) -> bool:
        """No time for one more, where there is one already that can be kept."""
        if self._budget.seconds is None or runner.yardstick or runner.costly or not self._reserve():
            return False
        again = runner.lap_s * len(this.learned) / runner.rows if runner.rows else 0.0
        return self._budget.remaining() <= (again or self._reserve())


def rounds_of(rows: int, stream: Stream) -> list[Round]:
    """The rounds for a table of so many rows."""
    order = stream.generator().permutation(rows)
    if rows < SMALL:
        return [fold for repeat in range(REPEATS) for fold in _folds(stream.child("fold", repeat).generator().permutation(rows))]
    judged = min(rows // 4, UNSEEN)
    first = Round(np.sort(order[judged : judged + LEARNED]), order[:judged])
    if rows < LARGE:
        return [first]
    judged = min(rows // 10, FINAL_UNSEEN)
    return [first, Round(np.sort(order[judged : judged + FINAL]), order[:judged], final=True)]


def _whole(rounds: list[Round], rows: int) -> Round:
    """The round of costly engines: all rows, up to `FINAL`, beside those that the others were judged on last."""
    last = rounds[-1] if rounds[-1].final else rounds[0]
    rest = np.setdiff1d(np.arange(rows), last.unseen)
    return Round(rest if len(rest) <= FINAL else last.learned, last.unseen, final=True)


def _folds(order: NDArray[np.int64]) -> list[Round]:
    parts = np.array_split(order, FOLDS)
    return [Round(np.sort(np.concatenate(parts[:i] + parts[i + 1 :])), parts[i]) for i in range(FOLDS)]


def _mean_known(found: list[Estimate | None]) -> Estimate | None:
    known = [estimate for estimate in found if estimate is not None]
    return mean_of(known) if known else None


def _figure(name: str, estimate: Estimate | None) -> dict[str, float]:
    if estimate is None:
        return {}
    return {name: round(estimate.value, 4), f"{name.removesuffix('_auc')}_standard_error": round(estimate.standard_error, 4)}
