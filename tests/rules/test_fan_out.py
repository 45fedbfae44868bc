import numpy as np

from understudy.rules.fan_out import FanOutIndex
from understudy.rules.inverse import discrete

INDEX = FanOutIndex.of(1000, discrete(np.array([3.0, 2.0, 0.0, 1.0]), np.array([0.0, 1.0, 2.0, 5.0])), np.uint64(9))


def test_rows_stand_in_the_owners_order_without_gaps() -> None:
    firsts, counts = INDEX.rows_of(np.arange(1000))
    np.testing.assert_array_equal(firsts, np.concatenate(([0], np.cumsum(counts)[:-1])))
    assert counts.sum() == INDEX.rows
    assert set(counts) == {0, 1, 5}


def test_any_row_finds_its_owner_alone() -> None:
    firsts, counts = INDEX.rows_of(np.arange(1000))
    owners, places = np.repeat(np.arange(1000), counts), np.arange(INDEX.rows) - np.repeat(firsts, counts)
    order = np.random.default_rng(0).permutation(INDEX.rows)
    for rows in (np.arange(INDEX.rows), order, order[:1], np.arange(INDEX.rows)[::-1].copy()):
        found = INDEX.owners_of(rows)
        np.testing.assert_array_equal(found[0], owners[rows])
        np.testing.assert_array_equal(found[1], places[rows])


def test_owners_in_any_order_find_their_rows() -> None:
    firsts, counts = INDEX.rows_of(np.arange(1000))
    order = np.random.default_rng(1).permutation(1000)
    again = INDEX.rows_of(order)
    np.testing.assert_array_equal(again[0], firsts[order])
    np.testing.assert_array_equal(again[1], counts[order])


def test_no_owners_have_no_rows() -> None:
    assert FanOutIndex.of(0, discrete(np.ones(2)), np.uint64(1)).rows == 0
