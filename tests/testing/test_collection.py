"""The suite passes an honest collection, and catches those that break the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import polars as pl
import pytest

from understudy.core.artifact import State
from understudy.core.errors import ArtifactError
from understudy.core.generator import Collection, Generator, load
from understudy.core.random import Stream
from understudy.testing import ContractBroken, check_collection


class Parents(Generator):
    name = "parents"
    block_size = 50

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> pl.DataFrame:
        return pl.DataFrame({"id": range(index * size, (index + 1) * size), "age": rng.generator().integers(0, 90, size)})

    def _fingerprint(self, batch: pl.DataFrame) -> bytes:
        return batch.write_csv().encode()

    def _concat(self, batches: Any) -> pl.DataFrame:
        return pl.concat(batches)


class Children(Parents):
    """Three to a parent, who is remade to know the age."""

    name = "children"

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> pl.DataFrame:
        rows = range(index * size, (index + 1) * size)
        root = rng.root
        parents = {row // 3 // 50: None for row in rows}
        ages = pl.concat([Parents()._make(block, root, None) for block in parents])
        return pl.DataFrame({"id": rows, "parent": [row // 3 for row in rows]}).join(ages, left_on="parent", right_on="id")


class Family(Collection):
    """An honest collection of two tables."""

    name = "family"

    def __init__(self, parents: int = 60) -> None:
        self.parents = parents

    @property
    def tables(self) -> Mapping[str, Generator]:
        return {"parents": Parents(), "children": Children()}

    def sizes(self, *, seed: int | None = None) -> dict[str, int]:
        return {"parents": self.parents, "children": 3 * self.parents}

    def _state(self) -> State:
        return State({"parents": self.parents})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(state.manifest["parents"])


class Forgetful(Family):
    name = "forgetful"

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(61)


class Unsized(Family):
    name = "unsized"

    def sizes(self, *, seed: int | None = None) -> dict[str, int]:
        return {"parents": self.parents}


class Moody(Family):
    """Its second block depends on how often it was asked."""

    name = "moody"

    @property
    def tables(self) -> Mapping[str, Generator]:
        return {"parents": MoodyParents(), "children": Children()}


class MoodyParents(Parents):
    asked = 0

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> pl.DataFrame:
        MoodyParents.asked += 1
        return super()._block(index, size, rng, given).with_columns(asked=pl.lit(MoodyParents.asked))


def test_an_honest_collection_passes() -> None:
    check_collection(Family())


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Forgetful(), "differ after saving and loading"),
        (Unsized(), "`sizes` are of"),
        (Moody(), "parents: the same seed gives the same data"),
    ],
)
def test_a_broken_clause_is_named(broken: Collection, says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        check_collection(broken)


def test_sample_gives_all_tables_and_children_fit_their_parents() -> None:
    made = Family().sample(seed=3)
    assert {name: frame.height for name, frame in made.items()} == {"parents": 60, "children": 180}
    again = made["children"].join(made["parents"], left_on="parent", right_on="id", suffix="_of_parent")
    assert again["age"].equals(again["age_of_parent"])


def test_a_file_of_a_collection_is_no_generator(tmp_path: Any) -> None:
    Family().save(tmp_path / "family.understudy")
    assert Family.load(tmp_path / "family.understudy").parents == 60
    with pytest.raises(ArtifactError, match="family"):
        load(tmp_path / "family.understudy")  # it is in no registry
