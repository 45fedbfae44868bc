"""The suite passes an honest generator, and for every clause catches one that breaks it."""

from __future__ import annotations

import itertools
import os
import pickle
import random
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pytest

from understudy.core.artifact import State
from understudy.core.errors import ConditionError
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.testing import ContractBroken, check_generator, generator_checks


class Dice(Generator):
    """An honest generator of lists."""

    name = "dice"
    block_size = 20

    def __init__(self, sides: int = 6) -> None:
        self.sides = sides

    def _prepare(self, given: Any) -> Any:
        if given is None:
            return list(range(self.sides))
        unknown = set(given) - {"faces"}
        if unknown:
            raise ConditionError(f"There is no {sorted(unknown)}.", where="given")
        return list(given["faces"])

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return rng.generator().choice(given, size).tolist()

    def _state(self) -> State:
        return State({"sides": self.sides})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(state.manifest["sides"])


class Pictures(Generator):
    """An honest generator of one array a block, with a batch of a kind of its own."""

    name = "pictures"
    block_size = 1

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return {"picture": rng.generator().integers(0, 256, (size, 4, 4), dtype=np.uint8)}

    def _concat(self, batches: Sequence[Any]) -> Any:
        return {"picture": np.concatenate([batch["picture"] for batch in batches])}

    def _slice(self, batch: Any, start: int, stop: int) -> Any:
        return {"picture": batch["picture"][start:stop]}

    def _length(self, batch: Any) -> int:
        return len(batch["picture"])

    def _state(self) -> State:
        return State()

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls()


def test_an_honest_generator_passes() -> None:
    check_generator(Dice())


def test_an_honest_generator_passes_under_conditions() -> None:
    check_generator(Dice(), given={"faces": [2, 5]})


def test_a_generator_of_something_else_passes() -> None:
    check_generator(Pictures())


@pytest.mark.parametrize(("clause", "check"), [pytest.param(*check, id=check[0]) for check in generator_checks(Dice())])
def test_clauses_can_be_run_one_by_one(clause: str, check: Callable[[], None]) -> None:
    check()


# -- generators that break one clause each


class Nameless(Dice):
    name = ""


class Short(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return super()._block(index, size - 1, rng, given)


class Unseeded(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return list(os.urandom(size))


class OneSeed(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return super()._block(index, size, Stream(0).child(index), given)


class OneBlock(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return super()._block(index, size, rng.root, given)


class Counting(Dice):
    calls = itertools.count()

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return [next(self.calls), *super()._block(index, size, rng, given)[1:]]


class Remembering(Dice):
    """Remakes a block alike twice in a row, but not after another one."""

    last: Any = None
    turns = 0

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        if self.last != rng.key:
            self.last, self.turns = rng.key, self.turns + 1
        return [self.turns, *super()._block(index, size, rng, given)[1:]]


class TotalDependent(Dice):
    """Its small samples are not the heads of its large ones."""

    def stream(self, n: int | None = None, **options: Any) -> Any:
        for batch in super().stream(n, **options):
            yield [item + (n or 0) for item in batch]


class Backwards(Dice):
    def _concat(self, batches: Sequence[Any]) -> Any:
        return super()._concat(batches[::-1])


class SampleApart(Dice):
    def sample(self, n: int, **options: Any) -> Any:
        return super().sample(n, **options)[::-1]


class DeliversLess(Dice):
    def _deliver(self, batch: Any) -> Any:
        return tuple(batch[1:])


class NeverEmpty(Dice):
    def _slice(self, batch: Any, start: int, stop: int) -> Any:
        return batch[start : max(stop, 1)]


class ReadsGlobalState(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        state = random.getstate()
        drawn = random.random()
        random.setstate(state)
        return [drawn, *super()._block(index, size, rng, given)[1:]]


class TouchesGlobalState(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        return super()._block(index, size, rng, given)


class DrawsGlobalState(Dice):
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        np.random.random()  # noqa: NPY002
        return super()._block(index, size, rng, given)


class DeafToProgress(Dice):
    def stream(self, n: int | None = None, *, progress: Any = None, **options: Any) -> Any:
        return super().stream(n, **options)


class TakesAnything(Dice):
    def sample(self, n: Any, **options: Any) -> Any:
        return super().sample(abs(int(n)), **options)


class TakesAnySeed(Dice):
    def sample(self, n: int, *, seed: Any = 0, **options: Any) -> Any:
        return super().sample(n, seed=int(seed or 0) % 2**63, **options)


class TakesAnyIndex(Dice):
    def block(self, index: Any, **options: Any) -> Any:
        return super().block(abs(int(index)), **options)


class IgnoresUnknownConditions(Dice):
    def _prepare(self, given: Any) -> Any:
        return list((given or {}).get("faces", range(self.sides)))


class RefusesLate(Dice):
    def _prepare(self, given: Any) -> Any:
        return given

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return super()._block(index, size, rng, super()._prepare(given))


class Forgetful(Dice):
    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(state.manifest["sides"] + 1)


class Restless(Dice):
    def _state(self) -> State:
        return State({"sides": self.sides, "saved": os.urandom(8).hex()})


class Changing(Dice):
    made = 0

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        self.made += 1
        return super()._block(index, size, rng, given)

    def _state(self) -> State:
        return State({"sides": self.sides, "made": self.made})


class Pickling(Dice):
    def _state(self) -> State:
        return State({"sides": self.sides, "pickled": pickle.dumps(self.sides).hex()})


class HashDependent(Dice):
    """Depends on the order of a set of texts, which differs from process to process."""

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return [hash("heads"), *super()._block(index, size, rng, given)[1:]]


class Unsaved(Dice):
    def _state(self) -> State:
        return Generator._state(self)


class SpoilsConditions(Dice):
    def _prepare(self, given: Any) -> Any:
        prepared = super()._prepare(given)
        if given:
            given["faces"].append(given["faces"][0])
        return prepared


class DeafToConditions(Dice):
    def _prepare(self, given: Any) -> Any:
        super()._prepare(given)
        return list(range(self.sides))


BROKEN = [
    (Nameless, "the name and the block size are set"),
    (Short, "a block holds as many items as promised"),
    (Unseeded, "the same seed gives the same data"),
    (OneSeed, "another seed gives other data"),
    (OneBlock, "another block holds other data"),
    (Counting, "the same seed gives the same data"),
    (Remembering, "blocks do not depend on what was made before"),
    (TotalDependent, "a small sample is the head of a large one"),
    (TotalDependent, "sample is the blocks in order"),
    (Backwards, "slices joined again are the batch"),
    (Backwards, "stream gives what sample gives"),
    (SampleApart, "sample delivers n items"),
    (DeliversLess, "sample delivers n items"),
    (NeverEmpty, "a sample of none is empty"),
    (ReadsGlobalState, "global random state is neither read nor touched"),
    (TouchesGlobalState, "global random state is neither read nor touched"),
    (DrawsGlobalState, "global random state is neither read nor touched"),
    (DeafToProgress, "progress is told and can stop the work"),
    (TakesAnything, "a bad n is refused"),
    (TakesAnySeed, "a bad seed is refused"),
    (TakesAnyIndex, "a bad block index is refused"),
    (IgnoresUnknownConditions, "an unknown condition is refused before work starts"),
    (RefusesLate, "an unknown condition is refused before work starts"),
    (Forgetful, "a loaded generator makes the same data"),
    (Restless, "saving gives the same bytes every time"),
    (Changing, "making data does not change the generator"),
    (Pickling, "the file is an artifact without pickle"),
    (HashDependent, "another process makes the same data"),
    (Unsaved, "a loaded generator makes the same data"),
]


@pytest.mark.parametrize(("broken", "clause"), [pytest.param(*pair, id=f"{pair[0].__name__}: {pair[1]}") for pair in BROKEN])
def test_a_broken_generator_is_caught_by_the_clause_that_it_breaks(broken: type[Dice], clause: str) -> None:
    check = dict(generator_checks(broken()))[clause]
    with pytest.raises(Exception, match=r".") as caught:
        check()
    assert isinstance(caught.value, ContractBroken) or broken in (Unsaved, Counting)


@pytest.mark.parametrize(
    ("broken", "clause"),
    [
        (SpoilsConditions, "conditions are left as they were, under conditions"),
        (DeafToConditions, "conditions change the data, under conditions"),
    ],
)
def test_a_generator_that_mishandles_conditions_is_caught(broken: type[Dice], clause: str) -> None:
    check = dict(generator_checks(broken(), given={"faces": [2, 5]}))[clause]
    with pytest.raises(ContractBroken):
        check()


def test_every_clause_has_a_generator_that_breaks_it() -> None:
    caught = {clause for _, clause in BROKEN}
    demonstrated_elsewhere = {"an endless stream gives the blocks"}
    assert {name for name, _ in generator_checks(Dice())} - caught == demonstrated_elsewhere


def test_an_endless_stream_that_starts_elsewhere_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Dice):
        def stream(self, n: int | None = None, *, start: int = 0, **options: Any) -> Any:
            return super().stream(n, start=start + (self.block_size if n is None else 0), **options)

    check = dict(generator_checks(Late()))["an endless stream gives the blocks"]
    with pytest.raises(ContractBroken, match="block 0, then block 1"):
        check()


def test_all_broken_clauses_are_named_at_once() -> None:
    with pytest.raises(ContractBroken, match="'Unseeded' breaks") as caught:
        check_generator(Unseeded())
    message = str(caught.value)
    assert "the same seed gives the same data: block 0 differs" in message
    assert "sample is the blocks in order" in message
    assert "a bad n is refused" not in message


def test_a_class_that_no_other_process_can_find_is_told_where_to_live() -> None:
    class Local(Dice):
        pass

    check = dict(generator_checks(Local()))["another process makes the same data"]
    with pytest.raises(ContractBroken, match="at the top of a module"):
        check()


def test_checking_leaves_the_global_random_state_as_it_was() -> None:
    python, numpy = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002
    check_generator(Dice())
    assert random.getstate() == python
    assert repr(np.random.get_state(legacy=False)) == numpy  # noqa: NPY002
