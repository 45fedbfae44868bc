from __future__ import annotations

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.grouping import Grouping, group_fields


def field(kind: str, shares: np.ndarray, null: bool = False) -> Field:
    return Field("x", "x", kind, len(shares), 0 if null else None, shares / shares.sum(), np.ones(len(shares), bool))  # type: ignore[arg-type]


def groups_of(one: Field, most: int) -> Grouping:
    rng = np.random.default_rng(0)
    tokens = rng.choice(one.size, 2000, p=one.shares).astype(np.int32)
    return group_fields([one], Encoded([tokens], [None]), most, Stream(0))[0]


def test_neighbours_of_a_number_are_joined_into_groups_of_about_one_share() -> None:
    one = field("numeric", np.ones(200))
    grouping = groups_of(one, 16)
    assert (np.diff(grouping.table.astype(int)) >= 0).all()
    assert 14 <= grouping.size <= 18
    assert np.bincount(grouping.table, one.shares).max() < 2 / 16


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_common_tokens_stand_alone(kind: str) -> None:
    shares = np.ones(300)
    shares[[7, 150]] = 100
    grouping = groups_of(field(kind, shares), 16)
    for token in (7, 150):
        assert (grouping.table == grouping.table[token]).sum() == 1
    assert grouping.size <= 48


def test_missing_values_stand_alone() -> None:
    shares = np.ones(200)
    shares[0] = 0.1
    grouping = groups_of(field("numeric", shares, null=True), 8)
    assert (grouping.table == grouping.table[0]).sum() == 1


def test_order_and_places_are_each_others_inverse() -> None:
    grouping = Grouping.of(np.array([1, 0, 2, 0, 1, 1], np.uint8))
    assert grouping.order.tolist() == [1, 3, 0, 4, 5, 2]
    assert grouping.starts.tolist() == [0, 2, 5, 6]
    assert grouping.order[grouping.place].tolist() == list(range(6))


def test_levels_of_a_large_category_are_joined_with_those_that_look_alike() -> None:
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 400, 20_000).astype(np.int32)
    side = (levels % 2).astype(np.uint8)  # what tells levels apart is in another field
    fields = [field("categorical", np.ones(400)), field("categorical", np.ones(3))]
    seen = np.where(rng.random(20_000) < 0.9, side, 2).astype(np.uint8)
    grouping = group_fields(fields, Encoded([levels, seen], [None, None]), 8, Stream(0))[0]
    odd = [np.mean(np.flatnonzero(grouping.table == g) % 2) for g in range(grouping.size)]
    assert np.mean([min(o, 1 - o) for o in odd]) < 0.1
