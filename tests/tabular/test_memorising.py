from __future__ import annotations

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.memorising import Memorising, excess, memorising, memorising_of_shuffled

FIELDS = [
    Field("x", "x", "numeric", 21, 0, np.full(21, 1 / 21), np.arange(21) == 0),
    Field("y", "y", "numeric", 30, None, np.full(30, 1 / 30), np.zeros(30, bool)),
    Field("z", "z", "numeric", 20, None, np.full(20, 1 / 20), np.ones(20, bool)),
    Field("c", "c", "categorical", 4, None, np.full(4, 0.25), np.ones(4, bool)),
]


def rows(n: int, seed: int) -> Encoded:
    rng = np.random.default_rng(seed)
    tokens = [rng.integers(0, f.size, n).astype(f.token_type) for f in FIELDS]
    return Encoded(
        tokens,
        [None if f.all_atoms else np.where(f.atom[t], 0, rng.random(n)).astype(np.float32) for f, t in zip(FIELDS, tokens, strict=True)],
    )


def joined(a: Encoded, b: Encoded) -> Encoded:
    positions = [None if p is None else np.concatenate([p, q]) for p, q in zip(a.positions, b.positions, strict=True)]
    return Encoded([np.concatenate(pair) for pair in zip(a.tokens, b.tokens, strict=True)], positions)


def measured(synthetic: Encoded, seed: int = 0) -> Memorising:
    return memorising(FIELDS, rows(1200, 1), rows(400, 2), synthetic, np.random.default_rng(seed))


def test_a_copying_learner_is_flagged() -> None:
    found = measured(rows(1200, 1))
    assert found.membership.value > 0.99
    assert found.nearer.value > 0.99
    assert not found.safe(0.52)


def test_some_copies_among_fresh_rows_are_flagged() -> None:
    found = measured(joined(rows(1200, 1).take(slice(0, 480)), rows(720, 8)))
    assert found.membership.value > 0.6
    assert not found.safe(0.52)


def test_near_copies_are_flagged() -> None:
    learned = rows(1200, 1)
    rng = np.random.default_rng(3)
    near = [
        None if p is None else np.where(FIELDS[j].atom[learned.tokens[j]], 0, rng.random(1200)).astype(np.float32)
        for j, p in enumerate(learned.positions)
    ]
    assert not measured(Encoded(learned.tokens, near)).safe(0.52)


def test_fresh_rows_are_not_flagged() -> None:
    safe = 0
    for seed in range(10):
        found = measured(rows(1200, 100 + seed))
        assert abs(found.membership.value - 0.5) < 4 * found.membership.standard_error
        assert abs(found.nearer.value - 0.5) < 4 * found.nearer.standard_error
        safe += found.safe(0.52)
    assert safe >= 8


def test_missing_values_lie_apart_from_all_numbers() -> None:
    """Rows that differ in nothing but a missing value are half the range and more apart."""
    one, other = rows(400, 1), rows(400, 2)
    for part in (one, other):
        for j in range(1, 4):
            part.tokens[j][:] = 0
            if part.positions[j] is not None:
                part.positions[j][:] = 0.5
    one.tokens[0][:], one.positions[0][:] = 0, 0
    other.tokens[0][:] = 1 + np.arange(400) % 20
    found = memorising(FIELDS, one, other, one, np.random.default_rng(0))
    assert found.membership.value == 1.0
    assert found.nearer.value > 0.99


def test_the_limit_is_passed_by_more_than_chance_only() -> None:
    inside, outside = Estimate(0.53, 0.012), Estimate(0.53, 0.005)
    assert Memorising(inside, inside).safe(0.52)
    assert not Memorising(inside, outside).safe(0.52)
    assert not Memorising(outside, inside).safe(0.52)


def test_its_figures_go_into_the_record() -> None:
    assert Memorising(Estimate(0.51234, 0.01), Estimate(0.5, 0.02)).to_dict() == {
        "membership_auc": pytest.approx(0.5123),
        "membership_auc_standard_error": 0.01,
        "nearer_to_training_share": 0.5,
        "nearer_to_training_standard_error": 0.02,
    }


def test_shuffled_rows_remember_nothing() -> None:
    nothing = memorising_of_shuffled(FIELDS, rows(1200, 1), rows(400, 2), Stream(1))
    assert abs(nothing.membership.value - 0.5) < 0.06
    assert abs(nothing.nearer.value - 0.5) < 0.06


def test_rows_count_as_remembered_beyond_what_shuffled_rows_have() -> None:
    def found(membership: float, nearer: float) -> Memorising:
        return Memorising(Estimate(membership, 0.01), Estimate(nearer, 0.02))

    assert excess(found(0.56, 0.60), found(0.50, 0.50), 0.52) == pytest.approx(0.03 + 0.06)
    assert excess(found(0.56, 0.60), found(0.54, 0.65), 0.52) == pytest.approx(0.01)
    assert excess(found(0.51, 0.51), found(0.40, 0.40), 0.52) == 0
