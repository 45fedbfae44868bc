from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, ArtifactError, Cancelled, ConditionError, NotFittedError
from understudy.core.generator import Generator, Synthesizer, load
from understudy.core.progress import Callback, Progress
from understudy.core.random import Stream
from understudy.core.record import FitRecord


class Dice(Generator):
    """Throws of a die with as many sides as asked for."""

    name = "dice"
    block_size = 7

    def __init__(self, sides: int = 6) -> None:
        self.sides = sides
        self.prepared = 0

    def _prepare(self, given: Any) -> Any:
        self.prepared += 1
        if given is None:
            return range(1, self.sides + 1)
        faces = [face for face in given["faces"] if 1 <= face <= self.sides]
        if not faces:
            raise ConditionError("No such face.", where="given")
        return faces

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> list[int]:
        return rng.generator().choice(list(given), size).tolist()

    def _state(self) -> State:
        return State({"sides": self.sides}, {"faces": np.arange(self.sides)})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(state.manifest["sides"])


class Coin(Dice):
    name = "coin"


class Mute(Generator):
    name = "mute"
    block_size = 1

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> list[int]:
        return [index]


class Average(Synthesizer):
    name = "average"
    block_size = 4

    def fit(self, data: Any, *, budget: Any = None, seed: int = 0, progress: Any = None) -> Self:
        self.mean_ = sum(data) / len(data)
        self.record = FitRecord(notes=["averaged"], seconds=0.5)
        return self

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> list[float]:
        return rng.generator().normal(self.mean_, size=size).tolist()

    def _state(self) -> State:
        return State({"mean": self.mean_})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        model = cls()
        model.mean_ = state.manifest["mean"]
        return model


def joined(batches: Any) -> list[Any]:
    return [item for batch in batches for item in batch]


@examples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 2**63 - 1))
def test_any_stretch_of_a_stream_is_that_stretch_of_the_sample(start: int, n: int, seed: int) -> None:
    dice = Dice()
    whole = dice.sample(start + n, seed=seed)
    assert joined(dice.stream(n, seed=seed, start=start)) == whole[start:]
    assert dice.sample(start, seed=seed) == whole[:start]


def test_a_block_is_remade_alone() -> None:
    dice = Dice()
    assert dice.block(3, seed=5) == dice.sample(40, seed=5)[21:28]


def test_the_block_stream_is_the_path_from_the_seed() -> None:
    expected = Stream(5).child("block", 3).generator().choice(list(range(1, 7)), 7).tolist()
    assert Dice().block(3, seed=5) == expected


def test_an_endless_stream_goes_on_from_anywhere() -> None:
    dice = Dice()
    batches = list(islice(dice.stream(start=10), 3))
    assert [len(batch) for batch in batches] == [4, 7, 7]
    assert joined(batches) == dice.sample(28)[10:]


def test_conditions_are_compiled_once_a_call() -> None:
    dice = Dice()
    assert set(dice.sample(50, given={"faces": [2, 3, 99]})) == {2, 3}
    assert dice.prepared == 1


def test_conditions_are_refused_before_the_first_batch() -> None:
    with pytest.raises(ConditionError, match="No such face"):
        Dice().stream(10, given={"faces": [99]})


def test_a_generator_without_conditions_says_so() -> None:
    with pytest.raises(ConditionError, match="Mute takes no conditions"):
        Mute().sample(1, given={"face": 1})


@pytest.mark.parametrize("n", [-1, 2.0, "3", True, np.float64(3)])
def test_a_sample_size_that_is_none_is_refused(n: Any) -> None:
    with pytest.raises(ArgumentError, match="`n` must be an integer") as caught:
        Dice().sample(n)
    assert "n=1000" in str(caught.value)


def test_numpy_integers_are_sizes_too() -> None:
    assert len(Dice().sample(np.int32(3))) == 3


def test_progress_counts_items_to_the_total() -> None:
    heard: list[Any] = []
    Dice().sample(17, progress=heard.append)
    assert [event["done"] for event in heard if event["event"] == "advance"] == [7, 14, 17]
    assert heard[0] == {"event": "stage", "stage": "sample", "total": 17}


def test_cancellation_stops_between_blocks_and_says_where() -> None:
    listener = Callback(lambda event: event.get("done") != 14)
    batches = Dice().stream(100, progress=listener)
    assert [next(batches), next(batches)] == [Dice().block(0), Dice().block(1)]
    with pytest.raises(Cancelled, match="before item 14"):
        next(batches)


def test_a_cancelled_listener_lets_no_work_start() -> None:
    listener = Progress()
    listener.cancelled = True
    with pytest.raises(Cancelled):
        Dice().sample(1, progress=listener)


def test_write_is_found_through_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "get", lambda kind, name: lambda *a, **k: (kind, name, a[1:], k))
    assert Dice().write(10, "out", workers=2) == ("runners", "write", (10, "out"), {"workers": 2})


# -- saving and loading


def test_a_loaded_generator_makes_the_same_data(tmp_path: Path) -> None:
    Dice(20).save(tmp_path / "dice")
    assert Dice.load(tmp_path / "dice").sample(50, seed=3) == Dice(20).sample(50, seed=3)


def test_load_finds_the_class_by_its_registered_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "get", lambda kind, name: {("generators", "dice"): Dice}[kind, name])
    Dice(20).save(tmp_path / "dice")
    assert load(tmp_path / "dice").sides == 20


def test_a_file_of_another_class_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "get", lambda kind, name: {("generators", "dice"): Dice}[kind, name])
    Dice().save(tmp_path / "dice")
    with pytest.raises(ArtifactError, match='holds a "dice" .Dice., not a Coin'):
        Coin.load(tmp_path / "dice")


def test_a_file_of_a_kind_that_is_not_installed_offers_the_nearest(tmp_path: Path) -> None:
    mute = Dice()
    mute.name = "treess"  # type: ignore[misc]
    mute.save(tmp_path / "dice")
    with pytest.raises(ArtifactError, match='"treess", a kind of generator that is not installed') as caught:
        load(tmp_path / "dice")
    assert '"trees"' in str(caught.value)
    assert str(tmp_path / "dice") in str(caught.value)


def test_a_registered_name_that_is_no_generator_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Dice().save(tmp_path / "dice")
    monkeypatch.setattr(registry, "get", lambda kind, name: print)
    with pytest.raises(ArtifactError, match="no Generator"):
        load(tmp_path / "dice")


def test_a_state_that_lacks_something_is_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dice, "_state", lambda self: State({"faces": 6}))
    Dice().save(tmp_path / "dice")
    with pytest.raises(ArtifactError, match="KeyError: 'sides'") as caught:
        Dice.load(tmp_path / "dice")
    assert str(tmp_path / "dice") in str(caught.value)


def test_a_generator_that_cannot_be_saved_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="Mute cannot be saved") as caught:
        Mute().save(tmp_path / "mute")
    assert "_from_state" in str(caught.value)


# -- synthesizers


def test_nothing_is_made_or_saved_before_fit(tmp_path: Path) -> None:
    model = Average()
    for call in (lambda: model.sample(1), lambda: model.block(0), lambda: model.stream(1), lambda: model.save(tmp_path / "a")):
        with pytest.raises(NotFittedError, match=r"Average has not learned anything yet") as caught:
            call()
        assert ".fit(data)" in str(caught.value)


def test_the_record_travels_with_the_model(tmp_path: Path) -> None:
    model = Average().fit([1, 2, 6])
    model.save(tmp_path / "a")
    loaded = Average.load(tmp_path / "a")
    assert loaded.record == model.record
    assert loaded.sample(9, seed=1) == model.sample(9, seed=1)
