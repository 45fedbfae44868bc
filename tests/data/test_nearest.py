"""Nearest rows against brute force, and the memorising statistics against cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from understudy.data.nearest import auc, dcr_share, membership_auc, nearest, neighbours, ranks


def rows(seed: int, n: int, p: int, c: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, p)).astype(np.float32), rng.integers(0, 3, (n, c)).astype(np.int32)


def brute_force(queries: tuple[np.ndarray, np.ndarray], base: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    numbers = np.abs(queries[0][:, None, :].astype(float) - base[0][None, :, :]).sum(2)
    return numbers + (queries[1][:, None, :] != base[1][None, :, :]).sum(2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 1300), st.integers(0, 20), st.integers(0, 20), st.integers(1, 3))
def test_neighbours_equal_those_of_brute_force(seed: int, q: int, n: int, p: int, c: int, k: int) -> None:
    queries, base = rows(seed, q, p, c), rows(seed + 1, n, p, c)
    found = neighbours(*queries, *base, k=k)
    every = brute_force(queries, base)
    expected = np.sort(every, axis=1)[:, :k]
    got = found.distance[:, : expected.shape[1]]
    np.testing.assert_allclose(got, expected, atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(every, found.row[:, : expected.shape[1]], 1), expected, atol=1e-4)


def test_fewer_base_rows_than_asked_for_leave_infinite_distances() -> None:
    found = neighbours(*rows(0, 4, 2, 1), *rows(1, 2, 2, 1), k=3)
    assert np.isinf(found.distance[:, 2]).all()
    assert (found.row[:, 2] == -1).all()
    assert np.isfinite(found.distance[:, :2]).all()


def test_a_row_is_not_its_own_neighbour_when_excluded() -> None:
    table = rows(3, 200, 3, 2)
    assert (nearest(*table, *table)[:, 0] == 0).all()
    others = neighbours(*table, *table, exclude_self=True, threads=2)
    assert (others.row[:, 0] != np.arange(200)).all()
    assert (others.distance[:, 0] > 0).all()


def test_threads_do_not_change_the_answer() -> None:
    queries, base = rows(5, 300, 5, 3), rows(6, 900, 5, 3)
    one, two = neighbours(*queries, *base, k=2, threads=1), neighbours(*queries, *base, k=2, threads=2)
    np.testing.assert_array_equal(one.distance, two.distance)
    np.testing.assert_array_equal(one.row, two.row)


def test_ranks_are_the_middle_of_ties_and_missing_is_apart() -> None:
    reference = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
    got = ranks(reference, np.array([0.0, 1.0, 2.0, 2.5, 9.0, np.nan]))
    np.testing.assert_allclose(got, [0.0, 0.125, 0.5, 0.75, 1.0, -0.5])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(2, 60))
def test_auc_equals_that_of_scikit_learn_with_ties(seed: int, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    positives, negatives = rng.integers(0, 9, m).astype(float), rng.integers(0, 8, n).astype(float)
    expected = roc_auc_score(np.r_[np.ones(m), np.zeros(n)], np.r_[positives, negatives])
    assert auc(positives, negatives).value == pytest.approx(expected)


def test_standard_error_of_the_auc_is_its_spread_over_samples() -> None:
    rng = np.random.default_rng(0)
    draws = [auc(rng.normal(0.5, 1, 150), rng.normal(0, 1, 220)) for _ in range(300)]
    spread = np.std([draw.value for draw in draws])
    assert np.mean([draw.standard_error for draw in draws]) == pytest.approx(spread, rel=0.12)


def test_membership_auc_is_high_for_members_that_lie_near() -> None:
    assert membership_auc(np.zeros(50), np.ones(50)).value == 1.0
    assert membership_auc(np.ones(50), np.ones(50)).value == 0.5


def test_dcr_share_of_fresh_rows_is_half_whatever_the_sizes() -> None:
    rng = np.random.default_rng(1)
    train, holdout, fresh = (rng.random((n, 3)).astype(np.float32) for n in (4000, 1000, 3000))
    none = [np.zeros((len(table), 0), np.int32) for table in (train, holdout, fresh)]
    near, far = neighbours(fresh, none[2], train, none[0]), neighbours(fresh, none[2], holdout, none[1])
    row = np.where(near.distance < far.distance, near.row, 4000 + far.row)[:, 0]
    share = dcr_share(near.distance[:, 0], far.distance[:, 0], 4000, 1000, row)
    assert abs(share.value - 0.5) < 3.5 * share.standard_error
    assert share.standard_error < 0.03


def test_dcr_share_of_copies_is_near_one_and_ties_are_neutral() -> None:
    zeros, ones = np.zeros(200, np.float32), np.ones(200, np.float32)
    assert dcr_share(zeros, ones, 500, 500).value > 0.99
    assert dcr_share(zeros, zeros, 500, 100).value == pytest.approx(0.5)


def test_rows_near_one_real_row_count_as_one_in_the_error_of_the_share() -> None:
    train, holdout = np.tile([0.0, 1.0], 500).astype(np.float32), np.tile([1.0, 0.0], 500).astype(np.float32)
    alone = dcr_share(train, holdout, 100, 100, np.arange(1000))
    together = dcr_share(train, holdout, 100, 100, np.arange(1000) // 2 // 50 * 2 + np.arange(1000) % 2)
    assert together.standard_error == pytest.approx(alone.standard_error * np.sqrt(50), rel=0.01)
