from __future__ import annotations

from typing import Any, Self

import pytest

from understudy.core import registry
from understudy.core.errors import ArgumentError
from understudy.core.generator import Generator, Synthesizer
from understudy.core.random import Stream
from understudy.tabular import fit


class Heard(Synthesizer):
    """Keeps what it was given."""

    name = "heard"
    block_size = 1

    def __init__(self, leaf_size: int = 5) -> None:
        self.leaf_size = leaf_size

    def fit(self, data: Any, *, budget: Any = None, seed: int = 0, progress: Any = None) -> Self:
        self.heard = {"data": data, "budget": budget, "seed": seed, "progress": progress}
        return self

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return [index]


class Rules(Generator):
    name = "rules"
    block_size = 1

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Any:
        return [index]


@pytest.fixture(autouse=True)
def methods(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"heard": Heard, "rules": Rules}
    original = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: known.get(name) or original(kind, name))


def test_fit_hands_everything_to_the_method() -> None:
    model = fit("data", method="heard", budget="10s", seed=3, progress=None, leaf_size=9)
    assert isinstance(model, Heard)
    assert model.leaf_size == 9
    assert model.heard == {"data": "data", "budget": "10s", "seed": 3, "progress": None}


def test_a_schema_makes_a_table_of_the_data_first() -> None:
    import polars as pl

    from understudy.data import Table, as_table

    frame = pl.DataFrame({"age": [30, 41, 52] * 10})
    schema = as_table(frame).schema
    heard = fit(frame, method="heard", schema=schema, progress=None).heard
    assert isinstance(heard["data"], Table)
    assert heard["data"].schema == schema


def test_an_unknown_method_offers_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="tree") as caught:
        fit("data", method="tree")
    assert '"trees"' in str(caught.value)


def test_an_unknown_option_offers_the_nearest() -> None:
    with pytest.raises(ArgumentError, match='"heard" has no option "leaf_sise"') as caught:
        fit("data", method="heard", leaf_sise=9)
    assert '"leaf_size"' in str(caught.value)


def test_a_generator_that_does_not_learn_is_no_method() -> None:
    with pytest.raises(ArgumentError, match="does not learn"):
        fit("data", method="rules")
