from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.core.budget import Budget
from understudy.core.generator import load
from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular import auto as module
from understudy.tabular.auto import ENGINES, Auto
from understudy.tabular.fields import Encoded
from understudy.tabular.memorising import Memorising
from understudy.tabular.race import Result
from understudy.testing import check_synthesizer


def small_table(rows: int = 150, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b"], rows)
    length = np.round(np.where(kind == "a", 10, 20) + 3 * rng.normal(size=rows), 1)
    missing = rng.random(rows) < 0.1
    return pl.DataFrame({"kind": kind, "length": length, "note": pl.Series(rng.integers(0, 9, rows)).set(pl.Series(missing), None)})


@pytest.fixture(scope="module")
def model() -> Auto:
    return Auto().fit(small_table(), seed=3)


def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(Auto, small_table(100), given={"kind": "a", "length": (5.0, 15.0)})


def test_the_league_is_recorded_with_one_winner_and_the_winner_learned_the_table(model: Auto) -> None:
    assert model.record is not None
    league = model.record.figures["league"]
    assert [entry["engine"] for entry in league] == list(ENGINES)
    (chosen,) = [entry for entry in league if entry["chosen"]]
    assert chosen["engine"] == model.engine.name
    for entry in league:
        assert 0 <= entry["c2st_auc"] <= 1
        assert 0 <= entry["membership_auc"] <= 1
        assert entry["c2st_standard_error"] > 0
    (decision,) = [d for d in model.record.to_dict()["decisions"] if d["column"] is None]
    assert decision["what"] == f'learned by "{model.engine.name}"'
    assert "kept aside" in decision["why"]


def test_what_it_makes_is_what_its_engine_makes(model: Auto) -> None:
    drawn = model._draw(300, Stream(1), None)
    own = model.engine._draw(300, Stream(1), None)
    assert all(np.array_equal(a, b) for a, b in zip(drawn.tokens, own.tokens, strict=True))
    given = {"kind": "b", "length": (18.0, None)}
    made = model.sample(400, seed=1, given=given)
    assert (made["kind"] == "b").all()
    assert (made["length"] >= 18.0).all()


def won_by(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every race ends with `name` far ahead."""

    def race(fields: Any, encoded: Encoded, racers: dict[str, Any], stream: Stream) -> list[Result]:
        assert list(racers) == list(ENGINES)
        even = Memorising(Estimate(0.5, 0.01), Estimate(0.5, 0.01))
        return [Result(racer, Estimate(0.5 if racer == name else 0.9, 0.01), even) for racer in racers]

    monkeypatch.setattr(module, "race", race)


@pytest.mark.parametrize("name", ENGINES)
def test_whichever_wins_is_saved_and_loaded_with_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    won_by(name, monkeypatch)
    model = Auto().fit(small_table(), seed=0)
    assert model.engine.name == name
    model.save(tmp_path / "auto.understudy")
    again = load(tmp_path / "auto.understudy")
    assert isinstance(again, Auto)
    assert again.engine.name == name
    for given in (None, {"kind": "a"}):
        assert model._fingerprint(model.block(1, seed=4, given=given)) == again._fingerprint(again.block(1, seed=4, given=given))
    assert again.record is not None
    assert model.record is not None
    assert again.record.to_dict() == model.record.to_dict()


def test_an_engine_that_memorises_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    def race(fields: Any, encoded: Encoded, racers: dict[str, Any], stream: Stream) -> list[Result]:
        even, known = Estimate(0.5, 0.01), Estimate(0.9, 0.01)
        return [
            Result("copula", Estimate(0.8, 0.01), Memorising(even, even)),
            Result("trees", Estimate(0.5, 0.01), Memorising(known, even)),
        ]

    monkeypatch.setattr(module, "race", race)
    assert Auto().fit(small_table(), seed=0).engine.name == "copula"


@pytest.mark.parametrize(
    ("rows", "budget", "raced", "why"),
    [
        (60, None, False, "too few"),
        (150, None, True, "kept aside"),
        (150, "1s", True, "kept aside"),
        (25_000, None, False, "without a race"),
        (25_000, "10s", False, "no time"),
        (25_000, "10min", True, "kept aside"),
    ],
)
def test_it_races_where_there_are_rows_and_time_for_it(
    rows: int, budget: str | None, raced: bool, why: str, monkeypatch: pytest.MonkeyPatch, model: Auto
) -> None:
    won_by("copula", monkeypatch)
    elected = Auto()
    elected.codec = model.codec
    encoded = Encoded([np.zeros(rows, np.uint8)], [None])
    from understudy.core.progress import Progress

    name = elected._elected(encoded, Stream(0), Budget.parse(budget).start(), Progress())
    assert name == ("copula" if raced else module.DEFAULT)
    assert why in elected._why


def test_the_same_seed_elects_and_draws_the_same() -> None:
    one, again, other = (Auto().fit(small_table(120), seed=seed) for seed in (1, 1, 2))
    assert one.record is not None
    assert again.record is not None
    assert one.record.figures["league"] == again.record.figures["league"]
    assert one._fingerprint(one.block(0)) == again._fingerprint(again.block(0))
    assert one._fingerprint(one.block(0)) != other._fingerprint(other.block(0))
