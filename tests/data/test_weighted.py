"""Weighted draws: exact shares, and the words that `keyed` gives."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.keyed import words
from understudy.data.weighted import Weighted, whole


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_a_table_gives_every_code_its_share(weights: list[int]) -> None:
    table = Weighted.of([(range(len(weights)), weights)])
    chance: Counter[int] = Counter()
    for threshold, kept, other in zip(table.thresholds.tolist(), table.kept.tolist(), table.other.tolist(), strict=True):
        chance[kept] += Fraction(threshold, 2**32)
        chance[other] += 1 - Fraction(threshold, 2**32)
    for code, weight in enumerate(weights):
        assert abs(chance[code] / len(weights) - Fraction(weight, sum(weights))) <= Fraction(len(weights), 2**32)
        assert weight or chance[code] == 0


def test_draws_are_by_the_words_of_the_rows() -> None:
    rows, key = np.array([0, 5, 2**40, 7], dtype=np.int64), np.uint64(99)
    table = Weighted.of([(range(256), [1] * 256)])
    assert table.draw(rows, key).tolist() == (words(rows, key) >> np.uint64(56)).tolist()


def test_each_row_draws_from_its_own_segment() -> None:
    table = Weighted.of([([1, 2], [3, 1]), ([7], [1]), ([4, 5, 6], [0, 1, 1])])
    segments = np.tile(np.array([0, 1, 2], dtype=np.int32), 40_000)
    drawn = table.draw(np.arange(120_000), np.uint64(3), segments)
    assert set(drawn[segments == 1]) == {7}
    assert set(drawn[segments == 2]) == {5, 6}
    assert abs((drawn[segments == 0] == 1).mean() - 0.75) < 0.01


def test_shares_become_whole_weights() -> None:
    assert whole([0.5, 0.25]) == [2**31, 2**30]
