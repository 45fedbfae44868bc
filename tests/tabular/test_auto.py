from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest
from tests.tabular.laws import Truthful

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError, UnderstudyError
from understudy.core.generator import load
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular import auto as module
from understudy.tabular import race
from understudy.tabular.auto import Auto
from understudy.tabular.codec import Codec
from understudy.tabular.entrants import entrants
from understudy.tabular.fields import Encoded
from understudy.tabular.independent import Independent
from understudy.tabular.memorising import Memorising
from understudy.tabular.race import Lap, Runner
from understudy.tabular.synthesizer import Conditions, TableSynthesizer
from understudy.testing import check_synthesizer


def small_table(rows: int = 150, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b"], rows)
    length = np.round(np.where(kind == "a", 10, 20) + 3 * rng.normal(size=rows), 1)
    missing = rng.random(rows) < 0.1
    return pl.DataFrame({"kind": kind, "length": length, "note": pl.Series(rng.integers(0, 9, rows)).set(pl.Series(missing), None)})


@pytest.fixture(scope="module", autouse=True)
def once() -> Iterator[None]:
    """One repeat of the cross-validation, for the sake of time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(race, "REPEATS", 1)
        yield


@pytest.fixture(scope="module")
def model(once: None) -> Auto:
    return Auto().fit(small_table(), seed=3)


class OfTwo(Auto):
    """A race of two and the yardstick: the contract asks for many fits, and what it asks hangs on no engine."""

    def __init__(self, **options: Any) -> None:
        super().__init__(engines=["copula", "mixture"], **options)


def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(OfTwo, small_table(100), given={"kind": "a", "length": (5.0, 15.0)})


def test_the_league_is_recorded_with_one_winner_and_the_winner_learned_the_table(model: Auto) -> None:
    assert model.record is not None
    league = model.record.figures["league"]
    assert {"independent", "copula", "trees"} <= {entry["engine"] for entry in league}
    (chosen,) = [entry for entry in league if entry["chosen"]]
    assert chosen["engine"] == model.engine.name == model.chosen
    for entry in league:
        assert 0 <= entry["c2st_auc"] <= 1
        assert entry["c2st_standard_error"] > 0
        assert entry["seconds"] > 0
        assert entry["chosen"] or entry["why"] or entry["engine"] == "independent"
    (decision,) = [d for d in model.record.to_dict()["decisions"] if d["column"] is None]
    assert decision["what"] == f'learned by "{model.engine.name}"'
    assert decision["why"]


def test_what_it_makes_is_what_its_engine_makes(model: Auto) -> None:
    drawn = model._draw(300, Stream(1), None)
    own = model.engine._draw(300, Stream(1), None)
    assert all(np.array_equal(a, b) for a, b in zip(drawn.tokens, own.tokens, strict=True))
    given = {"kind": "b", "length": (18.0, None)}
    made = model.sample(400, seed=1, given=given)
    assert (made["kind"] == "b").all()
    assert (made["length"] >= 18.0).all()


class Copying(TableSynthesizer):
    """Gives back the rows that it learned: nothing is harder to tell from real rows."""

    name = "copying"
    cost = "cheap"

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.rows = encoded

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        return self.rows.take(rng.generator().integers(0, self.rows.rows, size))

    def _learned(self) -> State:
        raise NotImplementedError

    def _relearn(self, state: State) -> None:
        raise NotImplementedError


class Failing(Copying):
    name = "failing"

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        raise ZeroDivisionError("nothing to divide by")


class Slow(Independent):
    """Learns well, in its time."""

    name = "slow"
    cost = "costly"
    seconds: ClassVar[list[float | None]] = []

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.seconds.append(budget.seconds)


class Following(Independent):
    """Hears which engine it follows."""

    name = "following"
    cost = "cheap"
    learned: ClassVar[list[TableSynthesizer]] = []
    followed: ClassVar[list[TableSynthesizer]] = []

    def _follow(self, other: TableSynthesizer) -> None:
        self.followed.append(other)

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.learned.append(self)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry knows the engines above."""
    ours = {kind.name: kind for kind in (Copying, Failing, Slow, Following)}
    get, names = registry.get, registry.names
    monkeypatch.setattr(registry, "get", lambda kind, name: ours.get(name) or get(kind, name))
    monkeypatch.setattr(registry, "names", lambda kind: sorted([*names(kind), *ours]))
    monkeypatch.setattr(Slow, "seconds", [])
    monkeypatch.setattr(Following, "learned", [])
    monkeypatch.setattr(Following, "followed", [])


def entry(model: Auto, name: str) -> dict[str, Any]:
    assert model.record is not None
    return next(found for found in model.record.figures["league"] if found["engine"] == name)


@pytest.mark.parametrize("name", ["copula", "trees"])
def test_whichever_wins_is_saved_and_loaded_with_the_same_bytes(name: str, tmp_path: Path) -> None:
    model = Auto(engines=[name]).fit(small_table(), seed=0)
    assert model.chosen == name
    model.save(tmp_path / "auto.understudy")
    again = load(tmp_path / "auto.understudy")
    assert isinstance(again, Auto)
    assert again.chosen == name
    for given in (None, {"kind": "a"}):
        assert model._fingerprint(model.block(1, seed=4, given=given)) == again._fingerprint(again.block(1, seed=4, given=given))
    assert again.record is not None
    assert model.record is not None
    assert again.record.to_dict() == model.record.to_dict()


@pytest.mark.usefixtures("planted")
def test_an_engine_that_memorises_is_the_hardest_to_tell_and_does_not_win() -> None:
    model = Auto(engines=["copying", "copula"]).fit(small_table(400), seed=0)
    assert model.chosen == "copula"
    assert entry(model, "copying")["c2st_auc"] <= entry(model, "copula")["c2st_auc"] + 0.02
    assert "training rows" in entry(model, "copying")["why"]


@pytest.mark.usefixtures("planted")
def test_where_only_a_memorising_engine_is_left_columns_are_drawn_each_by_itself() -> None:
    model = Auto(engines=["copying", "failing"]).fit(small_table(400), seed=0)
    assert model.chosen == "independent"
    assert entry(model, "independent")["chosen"]
    assert len(model.sample(10)) == 10


def runner(name: str, told: float, membership: float, outcome: str = "") -> Runner:
    kept = Memorising(Estimate(membership, 0.02), Estimate(0.5, 0.02))
    return Runner(name, lambda final: Truthful(), laps=[Lap(Estimate(told, 0.02), kept, None, None)], outcome=outcome)


@pytest.mark.parametrize(("membership", "winner"), [(0.545, "raced"), (0.7, "beaten")])
def test_one_that_was_beaten_early_wins_only_where_those_left_remember_beyond_doubt(membership: float, winner: str) -> None:
    """A figure a little above the limit may be chance, and the loss of quality would be certain."""
    auto = Auto()
    auto._runners = [runner("raced", 0.5, membership), runner("beaten", 0.8, 0.5, "dropped")]
    assert auto._elected(Progress()).winner == winner


@pytest.mark.usefixtures("planted")
def test_one_that_fails_is_told_of_and_the_others_race_on() -> None:
    model = Auto(engines=["failing", "copula"]).fit(small_table(), seed=0)
    assert model.chosen == "copula"
    assert entry(model, "failing")["outcome"] == "failed"
    assert entry(model, "failing")["why"] == "ZeroDivisionError: nothing to divide by"


@pytest.mark.usefixtures("planted")
def test_where_all_fail_the_reasons_are_told() -> None:
    with pytest.raises(UnderstudyError, match="failing: ZeroDivisionError: nothing to divide by"):
        Auto(engines=["failing"]).fit(small_table(), seed=0)


@pytest.mark.usefixtures("planted")
def test_costly_engines_race_with_a_budget_only_and_one_that_is_worse_than_the_yardstick_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "entrants", lambda named=None: entrants(["copula", "slow"]))
    idle = Auto().fit(small_table(), seed=0)
    assert Slow.seconds == []
    assert idle.record is not None
    assert any("Not in the race without a budget: slow" in note for note in idle.record.notes)
    model = Auto().fit(small_table(), seed=0, budget="5min")
    assert model.chosen == "copula"
    assert entry(model, "slow")["c2st_auc"] > 0.5
    (given,) = Slow.seconds
    assert given is not None
    assert 100 < given <= 150


@pytest.mark.usefixtures("planted")
def test_an_engine_follows_in_every_round_and_on_all_rows_what_it_settled_in_the_round_before() -> None:
    model = Auto(engines=["following"]).fit(small_table(), seed=0)
    assert model.engine is Following.learned[-1]
    assert len(Following.learned) == race.FOLDS + 1
    assert Following.followed == Following.learned[:-1]


class StopAfter(Progress):
    """Asks to stop at the n-th stage of the race."""

    def __init__(self, laps: int) -> None:
        self._laps = laps

    def stage(self, name: str, total: float | None = None) -> None:
        if name.startswith("race:"):
            self._laps -= 1
            self.cancelled = self.cancelled or self._laps < 0


@pytest.mark.parametrize(("laps", "chosen"), [(1, "copula"), (2, "copula")])
def test_stopped_in_the_race_the_best_so_far_is_the_model(laps: int, chosen: str) -> None:
    """The yardstick runs first; one lap more, and the copula has learned."""
    model = Auto().fit(small_table(300), seed=0, progress=StopAfter(laps))
    assert model.chosen == chosen
    assert len(model.sample(20)) == 20
    assert model.record is not None
    assert any("learned 200 of 300 rows: it was stopped" in note for note in model.record.notes)


def test_a_budget_too_short_for_all_rows_keeps_what_the_race_learned() -> None:
    model = Auto().fit(small_table(300), seed=0, budget=0.001)
    assert model.record is not None
    assert any("the budget was spent" in note for note in model.record.notes)
    assert len(model.sample(20)) == 20


def test_few_rows_are_not_raced_over() -> None:
    model = Auto().fit(small_table(60), seed=0)
    assert model.record is not None
    assert "league" not in model.record.figures
    assert any("too few to compare on" in d["why"] for d in model.record.decisions)


def test_usefulness_is_measured_for_the_target() -> None:
    model = Auto(target="length", engines=["copula"]).fit(small_table(300), seed=0)
    assert model.record is not None
    real = model.record.figures["league_of_real_rows"]
    assert real["utility_auc"] > 0.6
    assert abs(entry(model, "copula")["utility_auc"] - real["utility_auc"]) < 0.2


def test_a_target_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match='no target column "lenght"') as caught:
        Auto(target="lenght").fit(small_table(), seed=0)
    assert '"length"' in str(caught.value)


def test_the_same_seed_elects_and_draws_the_same() -> None:
    one, again, other = (Auto().fit(small_table(100), seed=seed) for seed in (1, 1, 2))
    assert one.record is not None
    assert again.record is not None
    assert [{**entry, "seconds": 0} for entry in one.record.figures["league"]] == [
        {**entry, "seconds": 0} for entry in again.record.figures["league"]
    ]
    assert one._fingerprint(one.block(0)) == again._fingerprint(again.block(0))
    assert one._fingerprint(one.block(0)) != other._fingerprint(other.block(0))
