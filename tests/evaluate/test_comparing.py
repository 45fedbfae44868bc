from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.evaluate.planted import SCHEMA, population

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, Cancelled, DataError, SchemaError
from understudy.core.progress import Progress
from understudy.evaluate import compare
from understudy.evaluate.comparing import standing_of
from understudy.evaluate.league import SHOWN, Entry, League
from understudy.tabular.copula import Copula
from understudy.tabular.fields import Encoded
from understudy.tabular.synthesizer import TableSynthesizer


class Copying(TableSynthesizer):
    """Gives back the rows that it learned."""

    name = "copying"

    def _learn(self, encoded: Encoded, codec: Any, **rest: Any) -> None:
        self.rows = encoded

    def _draw(self, size: int, rng: Any, conditions: Any) -> Encoded:
        return self.rows.take(rng.generator().integers(0, self.rows.rows, size))

    def _learned(self) -> State:
        raise NotImplementedError

    def _relearn(self, state: State) -> None:
        raise NotImplementedError


class Failing(Copying):
    name = "failing"

    def _learn(self, encoded: Encoded, codec: Any, **rest: Any) -> None:
        raise ZeroDivisionError("nothing to divide by")


class Heard(Copula):
    name = "heard"
    told: Any = None

    def __init__(self, *, target: str | None = None, protection: Any = None) -> None:
        super().__init__(protection=protection)
        Heard.told = target


@pytest.fixture(scope="module", autouse=True)
def planted() -> Iterator[None]:
    ours = {kind.name: kind for kind in (Copying, Failing, Heard)}
    get = registry.get
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "get", lambda kind, name: ours.get(name) or get(kind, name))
        yield


@pytest.fixture(scope="module")
def league(planted: None) -> League:
    return compare(population(500, 1), methods=["failing", "copying", "heard"], holdout=population(500, 2), schema=SCHEMA, target="rich")


def test_one_that_memorises_looks_best_and_is_not_and_one_that_fails_says_why(league: League) -> None:
    assert [entry.engine for entry in league.entries] == ["heard", "copying", "independent", "failing"]
    assert league.best == "heard"
    assert "training rows" in league.entry("copying").why
    failing = league.entry("failing")
    assert (failing.outcome, failing.why) == ("failed", "ZeroDivisionError: nothing to divide by")
    assert failing.fit_cpu_s is not None
    assert league.entry("independent").yardstick


def test_the_best_is_worth_it(league: League) -> None:
    best, yardstick = (standing_of(league.entry(name)) for name in ("heard", "independent"))
    assert best is not None
    assert yardstick is not None
    assert best.told < yardstick.told
    assert best.useful is not None
    assert yardstick.useful is not None
    assert best.useful.value > yardstick.useful.value + 0.5
    assert yardstick.memorising is None


def test_an_engine_that_takes_a_target_is_told_it(league: League) -> None:
    assert Heard.told == "rich"


def test_the_table_has_every_engine_the_real_rows_and_intervals(league: League) -> None:
    table = league.table
    assert table["engine"].to_list() == ["heard", "copying", "independent", "failing", "held-out real rows"]
    judged = table.filter(pl.col("outcome") == "judged")
    for key in SHOWN:
        assert (judged[f"{key}_low"] <= judged[key]).all()
        assert (judged[key] <= judged[f"{key}_high"]).all()
    assert table["best"].to_list() == [True, False, False, False, None]
    assert table["c2st_auc"][-1] == pytest.approx(0.5, abs=0.1)
    assert set(judged["privacy"]) & {"fail"}


def test_it_survives_json_and_is_saved_by_its_ending(league: League, tmp_path: Path) -> None:
    assert League.from_json(league.to_json()) == league
    assert League.from_json(league.save(tmp_path / "deep" / "league.json").read_text("utf-8")) == league
    assert "<!doctype html>" in league.save(tmp_path / "league.html").read_text("utf-8")
    with pytest.raises(DataError, match="cannot be written"):
        league.save(tmp_path / "league.pdf")


def test_rows_are_kept_aside_where_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def watching(self: Any, name: str, budget_s: float | None) -> Entry:
        train, holdout = self.train.frame, self.holdout.frame
        assert len(train.join(holdout, on=train.columns)) == 0
        seen.append((train.height, holdout.height))
        return Entry(engine=name, outcome="judged")

    monkeypatch.setattr("understudy.evaluate.comparing._Work._entry", watching)
    league = compare(population(400, 1), methods=["heard"], schema=SCHEMA)
    assert seen == [(300, 100)] * 2
    assert "kept aside at random" in league.holdout.note
    assert league.best is None


def test_the_budget_is_shared_by_the_fits_and_what_one_leaves_goes_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float | None] = []

    def spending(self: Any, name: str, budget_s: float | None) -> Entry:
        shares.append(budget_s)
        return Entry(engine=name, outcome="judged", fit_s=6.0)

    monkeypatch.setattr("understudy.evaluate.comparing._Work._entry", spending)
    league = compare(population(100, 1), methods=["copying", "heard"], schema=SCHEMA, budget="30s")
    assert shares == [10.0, 12.0, 18.0]
    assert league.budget_s == 30
    shares.clear()
    league = compare(population(100, 1), methods=["copying", "heard"], schema=SCHEMA, budget="5s")
    assert league.entry("heard").why == "no time was left"
    assert len(shares) == 1


def test_without_methods_the_cheap_engines_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.evaluate.comparing._Work._entry", lambda self, name, share: Entry(engine=name, outcome="judged"))
    league = compare(population(100, 1), schema=SCHEMA)
    assert {"independent", "copula", "trees"} <= {entry.engine for entry in league.entries}
    assert "auto" not in {entry.engine for entry in league.entries}


def test_what_cannot_be_compared_is_refused_before_any_work() -> None:
    with pytest.raises(ArgumentError, match='no generator called "tree"'):
        compare(population(100, 1), methods=["tree"])
    with pytest.raises((DataError, SchemaError), match="wealthy"):
        compare(population(100, 1), methods=["copula"], schema=SCHEMA, target="wealthy")
    with pytest.raises(DataError, match="30 rows; 40 at least"):
        compare(population(30, 1), methods=["copula"], schema=SCHEMA)


def test_stopped_before_anything_was_judged_it_is_cancelled_and_afterwards_it_keeps_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Progress()
    listener.cancelled = True
    with pytest.raises(Cancelled):
        compare(population(100, 1), methods=["copula"], schema=SCHEMA, progress=listener)

    def once(self: Any, name: str, budget_s: float | None) -> Entry:
        self.listener.cancelled = True
        return Entry(engine=name, outcome="judged")

    monkeypatch.setattr("understudy.evaluate.comparing._Work._entry", once)
    league = compare(population(100, 1), methods=["copula"], schema=SCHEMA, progress=Progress())
    assert [(entry.engine, entry.outcome) for entry in league.entries] == [("independent", "judged"), ("copula", "not tried")]
