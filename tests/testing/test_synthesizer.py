"""The suite passes an honest synthesizer, and for every clause about `fit` catches one that breaks it."""

from __future__ import annotations

import random
from typing import Any, Self

import numpy as np
import pytest

from understudy.core.artifact import State
from understudy.core.budget import Budget
from understudy.core.errors import Cancelled
from understudy.core.generator import Synthesizer
from understudy.core.progress import listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.testing import ContractBroken, check_synthesizer, synthesizer_checks

DATA = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]


class Bootstrap(Synthesizer):
    """An honest synthesizer: draws from a resample of the data."""

    name = "bootstrap"
    block_size = 20
    values_: np.ndarray

    def fit(self, data: Any, *, budget: Any = None, seed: int = 0, progress: Any = None) -> Self:
        clock = Budget.parse(budget).start()
        rng = Stream(seed).child("fit").generator()
        with listening(progress) as listener:
            listener.stage("resample", 1)
            self.values_ = rng.choice(np.asarray(data), len(data))
            listener.advance(1)
        self.record = FitRecord(seconds=max(clock.spent, 1e-9))
        return self

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return rng.generator().choice(self.values_, size).tolist()

    def _state(self) -> State:
        return State(arrays={"values": self.values_})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        model = cls()
        model.values_ = state.arrays["values"]
        return model


class Eager(Bootstrap):
    """Makes data before it has learned."""

    values_ = np.zeros(1)

    def _require_ready(self) -> None:
        pass


class Unseeded(Bootstrap):
    def fit(self, data: Any, **options: Any) -> Self:
        return super().fit(data, **{**options, "seed": int(np.random.default_rng().integers(2**62))})


class ReadsGlobalState(Bootstrap):
    def fit(self, data: Any, **options: Any) -> Self:
        state = random.getstate()
        options["seed"] = random.randrange(2**62)
        random.setstate(state)
        return super().fit(data, **options)


class Sorting(Bootstrap):
    def fit(self, data: Any, **options: Any) -> Self:
        data.sort()
        return super().fit(data, **options)


class Recordless(Bootstrap):
    def fit(self, data: Any, **options: Any) -> Self:
        super().fit(data, **options)
        self.record = FitRecord()
        return self


class NeedsTime(Bootstrap):
    def fit(self, data: Any, *, budget: Any = None, **options: Any) -> Self:
        if budget is not None and Budget.parse(budget).seconds < 1:
            raise TimeoutError("too little time")
        return super().fit(data, budget=budget, **options)


class BreaksWhenCancelled(Bootstrap):
    def fit(self, data: Any, *, progress: Any = None, **options: Any) -> Self:
        if getattr(progress, "cancelled", False):
            raise RuntimeError("half a model")
        return super().fit(data, progress=progress, **options)


class StopsWhenCancelled(Bootstrap):
    def fit(self, data: Any, *, progress: Any = None, **options: Any) -> Self:
        if getattr(progress, "cancelled", False):
            raise Cancelled("Stopped before anything was learned.")
        return super().fit(data, progress=progress, **options)


class TakesAnySeed(Bootstrap):
    def fit(self, data: Any, *, seed: int = 0, **options: Any) -> Self:
        return super().fit(data, seed=abs(seed), **options)


@pytest.mark.parametrize("kind", [Bootstrap, StopsWhenCancelled])
def test_an_honest_synthesizer_passes(kind: type[Bootstrap]) -> None:
    check_synthesizer(kind, DATA)


BROKEN = [
    (Eager, "nothing is made or saved before fit"),
    (Unseeded, "fit gives the same model for the same seed"),
    (ReadsGlobalState, "fit leaves the data and the global random state alone"),
    (Sorting, "fit leaves the data and the global random state alone"),
    (Recordless, "the record says what was done"),
    (NeedsTime, "a tiny budget still gives a model"),
    (BreaksWhenCancelled, "a cancelled fit stops"),
    (TakesAnySeed, "bad options of fit are refused"),
]


@pytest.mark.parametrize(("broken", "clause"), [pytest.param(*pair, id=f"{pair[0].__name__}: {pair[1]}") for pair in BROKEN])
def test_a_broken_synthesizer_is_caught_by_the_clause_that_it_breaks(broken: type[Bootstrap], clause: str) -> None:
    honest = dict(synthesizer_checks(Bootstrap, list(DATA)))[clause]
    honest()
    check = dict(synthesizer_checks(broken, list(DATA)))[clause]
    with pytest.raises((ContractBroken, TimeoutError, RuntimeError)):
        check()


def test_every_clause_has_a_synthesizer_that_breaks_it() -> None:
    assert {clause for clause, _ in synthesizer_checks(Bootstrap, DATA)} == {clause for _, clause in BROKEN}
