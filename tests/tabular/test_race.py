from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from tests.tabular.laws import FIELDS, Apart, Blurred, Copying, Truthful, law

from understudy.core.budget import Budget
from understudy.core.errors import Cancelled
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.tabular import race as module
from understudy.tabular.election import elect
from understudy.tabular.fields import Encoded
from understudy.tabular.race import FOLDS, LARGE, LEARNED, SMALL, Race, Runner, rounds_of

RACERS: dict[str, Callable[[], Any]] = {"apart": Apart, "blurred": Blurred, "truthful": Truthful, "copying": Copying}


def runner(name: str, racer: Callable[[], Any], **options: Any) -> Runner:
    return Runner(name, lambda final: racer(), yardstick=name == "apart", **options)


def raced(
    racers: dict[str, Callable[[], Any]],
    rows: int = 700,
    *,
    budget: Any = None,
    progress: Progress | None = None,
    costly: tuple[str, ...] = (),
    seed: int = 0,
) -> list[Runner]:
    runners = [runner(name, racer, costly=name in costly) for name, racer in racers.items()]
    encoded = law(rows, np.random.default_rng(seed))
    Race(FIELDS, encoded, Stream(4), Budget.parse(budget).start(), progress or Progress()).run(runners)
    return runners


def named(runners: list[Runner], name: str) -> Runner:
    return next(r for r in runners if r.name == name)


def winner(runners: list[Runner]) -> str:
    judged = [r.standing for r in runners if r.laps and r.running and not r.yardstick]
    return elect(judged, named(runners, "apart").standing).winner


@pytest.fixture(scope="module", autouse=True)
def once() -> Iterator[None]:
    """One repeat of the cross-validation: these racers do not depend on luck."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "REPEATS", 1)
        yield


@pytest.fixture(scope="module")
def league(once: None) -> list[Runner]:
    return raced(RACERS)


# -- who wins


def test_the_truly_better_racer_wins_and_the_copying_one_never(league: list[Runner]) -> None:
    assert winner(league) == "truthful"
    copying = named(league, "copying").standing
    assert copying.told < named(league, "blurred").standing.told
    assert copying.memorising is not None
    assert not copying.memorising.safe(0.52)
    assert winner(raced({name: RACERS[name] for name in ("apart", "blurred", "copying")})) == "blurred"


def test_the_order_of_racers_changes_nothing(league: list[Runner]) -> None:
    backwards = raced(dict(reversed(RACERS.items())))
    for one in league:
        other = named(backwards, one.name)
        assert {**one.to_dict(), "seconds": 0} == {**other.to_dict(), "seconds": 0}


def test_figures_go_into_the_record(league: list[Runner]) -> None:
    facts = named(league, "truthful").to_dict()
    standing = named(league, "truthful").standing
    assert facts["engine"] == "truthful"
    assert facts["outcome"] == "raced"
    assert facts["c2st_auc"] == pytest.approx(standing.telling.value, abs=1e-4)
    assert standing.useful is not None
    assert facts["utility_auc"] == pytest.approx(standing.useful.value, abs=1e-4)
    assert {"c2st_standard_error", "pair_likeness_standard_error", "utility_standard_error", "membership_auc", "seconds"} <= set(facts)
    assert "membership_auc" not in named(league, "apart").to_dict()


# -- rounds


def test_small_tables_are_cross_validated_so_that_every_row_is_judged_and_none_that_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPEATS", 2)
    rounds = rounds_of(301, Stream(0))
    assert len(rounds) == 2 * FOLDS
    for repeat in range(2):
        part = rounds[repeat * FOLDS : (repeat + 1) * FOLDS]
        assert sorted(np.concatenate([r.unseen for r in part])) == list(range(301))
    assert all(len(np.intersect1d(r.learned, r.unseen)) == 0 for r in rounds)
    assert all(len(r.learned) + len(r.unseen) == 301 for r in rounds)


@pytest.mark.parametrize("rows", [SMALL, 7_000, LARGE, 100_000])
def test_larger_tables_are_split_once_and_the_largest_have_a_final_round_on_the_most_rows(rows: int) -> None:
    rounds = rounds_of(rows, Stream(0))
    assert [r.final for r in rounds] == ([False] if rows < LARGE else [False, True])
    assert len(rounds[0].learned) <= LEARNED
    for this in rounds:
        assert len(np.intersect1d(this.learned, this.unseen)) == 0
    if rows == LARGE:
        assert len(rounds[-1].learned) == 0.9 * rows


def test_rows_that_are_judged_were_never_learned_and_a_racer_is_made_anew_for_every_round() -> None:
    encoded = law(300, np.random.default_rng(1))
    encoded.positions[0] = (np.arange(300) / 300).astype(np.float32)  # tells every row
    seen: list[frozenset[float]] = []

    class Watching(Truthful):
        def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
            assert not hasattr(self, "learned")
            self.learned = True
            seen.append(frozenset(rows.positions[0].tolist()))  # type: ignore[union-attr]

    runners = [runner("watching", Watching), runner("truthful", Truthful)]
    Race(FIELDS, encoded, Stream(0), Budget(None).start(), Progress()).run(runners)
    assert len(seen) == FOLDS
    assert all(len(rows) == 200 for rows in seen)
    assert len(set(seen)) == len(seen)


def test_who_is_clearly_beaten_leaves_and_spends_no_more_time() -> None:
    class Loose(Apart):
        """Not the yardstick, but as bad."""

    runners = raced({"apart": Apart, "loose": Loose, "truthful": Truthful, "other": Truthful})
    loose = named(runners, "loose")
    assert loose.outcome == "dropped"
    assert "clearly easier to tell" in loose.why
    assert len(loose.laps) == 1
    assert len(named(runners, "truthful").laps) == FOLDS


def test_a_copying_racer_drives_nobody_out() -> None:
    class Loose(Apart):
        """As bad as the yardstick, but the only one that is honest."""

    assert named(raced({"apart": Apart, "loose": Loose, "copying": Copying}), "loose").outcome == ""


def test_the_finalists_of_a_large_table_learn_nearly_all_rows_and_the_beaten_do_not() -> None:
    learned: dict[str, list[int]] = {"truthful": [], "blurred": [], "loose": []}

    def counting(name: str, kind: type[Truthful]) -> type[Truthful]:
        class Counting(kind):  # type: ignore[valid-type,misc]
            def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
                learned[name].append(rows.rows)

        return Counting

    kinds = {"truthful": Truthful, "blurred": Truthful, "loose": Apart}
    runners = raced({"apart": Apart} | {name: counting(name, kind) for name, kind in kinds.items()}, LARGE)
    assert learned == {"truthful": [LEARNED, 18_000], "blurred": [LEARNED, 18_000], "loose": [LEARNED]}
    assert named(runners, "loose").outcome == "dropped"
    assert len(named(runners, "truthful").laps) == 1


# -- what goes wrong, and time


class Failing(Truthful):
    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
        raise ZeroDivisionError("no rows of that kind")


def test_one_that_fails_says_why_and_the_race_goes_on() -> None:
    runners = raced({"apart": Apart, "failing": Failing, "truthful": Truthful}, 400)
    failing = named(runners, "failing")
    assert (failing.outcome, failing.why) == ("failed", "ZeroDivisionError: no rows of that kind")
    assert winner(runners) == "truthful"


@pytest.mark.parametrize("stop", [Cancelled("stopped"), KeyboardInterrupt()])
def test_stopped_while_one_learns_the_others_are_kept(stop: BaseException) -> None:
    class Stopped(Truthful):
        def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
            raise stop

    progress = Progress()
    runners = raced({"apart": Apart, "truthful": Truthful, "stopped": Stopped, "late": Truthful}, 400, progress=progress)
    assert progress.cancelled
    assert named(runners, "stopped").outcome == "stopped"
    assert named(runners, "late").outcome == "not tried"
    assert len(named(runners, "truthful").laps) == 1


class Slow(Truthful):
    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
        time.sleep(0.3)


def test_a_budget_ends_the_race_with_what_there_is() -> None:
    runners = raced({"apart": Apart, "slow": Slow, "late": Truthful}, 400, budget=0.2)
    assert len(named(runners, "slow").laps) == 1
    assert named(runners, "late").outcome == "not tried"
    assert "no time" in named(runners, "late").why


class Heard(Truthful):
    heard: ClassVar[list[Any]] = []

    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
        self.heard.append((rows.rows, budget.seconds))


def test_costly_ones_come_last_and_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heard, "heard", [])
    kinds = {"one": Heard, "two": Heard, "truthful": Truthful, "apart": Apart}
    runners = raced(kinds, 3000, budget="10min", costly=("one", "two"))
    (rows, first), (_, second) = Heard.heard
    assert rows == 3000 - 750
    # A third share is kept, so that the winner can learn all rows.
    assert 180 < first <= 200
    assert 270 < second <= 300
    assert all(r.laps for r in runners)


def test_a_costly_one_is_not_tried_in_too_little_time() -> None:
    runners = raced({"apart": Apart, "truthful": Truthful, "one": Heard, "two": Heard}, 400, budget="40s", costly=("one", "two"))
    assert named(runners, "two").outcome == "not tried"
    assert "a costly engine is tried with 15 s or more" in named(runners, "two").why
    assert named(runners, "one").laps


def test_best_gives_costly_ones_all_the_time_they_want(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heard, "heard", [])
    raced({"apart": Apart, "truthful": Truthful, "one": Heard}, 400, budget="best", costly=("one",))
    assert Heard.heard[0][1] == np.inf


def test_costly_ones_learn_at_most_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINAL", 1000)
    monkeypatch.setattr(Heard, "heard", [])
    raced({"apart": Apart, "truthful": Truthful, "one": Heard}, 2500, budget="best", costly=("one",))
    assert Heard.heard[0][0] <= LEARNED
