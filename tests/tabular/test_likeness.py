from __future__ import annotations

import numpy as np
import pytest
from tests.tabular.laws import FIELDS, apart, law

from understudy.tabular.fields import Encoded, Field
from understudy.tabular.likeness import likeness, parts_of


def test_rows_are_like_themselves_and_more_like_their_law_than_columns_by_themselves() -> None:
    rng = np.random.default_rng(0)
    unseen = law(1500, rng)
    same = likeness(FIELDS, unseen, unseen, rng)
    fresh = likeness(FIELDS, unseen, law(3000, rng), rng)
    loose = likeness(FIELDS, unseen, apart(3000, rng), rng)
    assert same is not None
    assert fresh is not None
    assert loose is not None
    assert same.value == 1.0
    assert fresh.value > loose.value + 10 * fresh.standard_error


def test_the_standard_error_is_the_spread_over_fresh_tables() -> None:
    rng = np.random.default_rng(1)
    made = law(4000, rng)
    found = [likeness(FIELDS, law(800, rng), made, rng) for _ in range(30)]
    values, errors = [e.value for e in found if e], [e.standard_error for e in found if e]
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.6)


def test_one_field_has_no_pairs() -> None:
    one = Encoded([np.zeros(5, np.uint8)], [None])
    assert likeness(FIELDS[:1], one, one, np.random.default_rng(0)) is None


def test_null_is_a_part_of_its_own_and_rare_levels_share_one() -> None:
    number = Field("x", "x", "numeric", 41, 0, np.full(41, 1 / 41), np.arange(41) == 0)
    parts = parts_of(number)
    assert list(parts).count(parts[0]) == 1
    assert (np.diff(parts[1:]) >= 0).all()
    level = Field("c", "c", "categorical", 30, None, np.full(30, 1 / 30), np.ones(30, bool))
    assert len(set(parts_of(level).tolist())) == 10
