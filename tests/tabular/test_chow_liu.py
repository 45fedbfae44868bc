from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from understudy.tabular.chow_liu import PAIRS_AT_LARGE, Pairs, information, spanning_tree, top_down


def chain_of_copies(rows: int, fields: int, rng: np.random.Generator) -> np.ndarray:
    """Each field is the one before it, but for one row in five."""
    groups = np.zeros((rows, fields), np.uint8)
    groups[:, 0] = rng.integers(0, 4, rows)
    for j in range(1, fields):
        kept = rng.random(rows) < 0.8
        groups[:, j] = np.where(kept, groups[:, j - 1], rng.integers(0, 4, rows))
    return groups


def test_information_is_that_of_the_definition() -> None:
    table = np.array([[10.0, 0.0, 5.0], [3.0, 7.0, 1.0]])
    joint = table / table.sum()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    expected = sum(p * np.log(p / q) for p, q in zip(joint.ravel(), apart.ravel(), strict=True) if p > 0)
    assert information(table) == pytest.approx(expected)


def test_the_tree_is_the_strongest_of_all() -> None:
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(5, 1)
    strength = rng.random(len(first))
    parents = spanning_tree(first, second, strength, 5)
    number = {pair: q for q, pair in enumerate(zip(first.tolist(), second.tolist(), strict=True))}
    found = sum(strength[number[tuple(sorted((j, int(p))))]] for j, p in enumerate(parents) if p >= 0)
    assert (parents >= 0).sum() == 4

    def joins_all(chosen: tuple[int, ...]) -> bool:
        part = list(range(5))
        for q in chosen:
            a, b = part[first[q]], part[second[q]]
            part = [a if x == b else x for x in part]
        return len(set(part)) == 1

    assert found == pytest.approx(max(strength[list(c)].sum() for c in combinations(range(len(first)), 4) if joins_all(c)))


def test_pairs_of_no_strength_are_left_apart() -> None:
    first, second = np.triu_indices(3, 1)
    parents = spanning_tree(first, second, np.array([0.3, 0.0, 0.0]), 3)
    assert sorted(parents.tolist()) == [-1, -1, 0]


def test_a_chain_is_found_among_many_fields() -> None:
    fields = 100
    assert fields * (fields - 1) // 2 > PAIRS_AT_LARGE
    groups = chain_of_copies(3000, fields, np.random.default_rng(1))
    sizes = np.full(fields, 4)
    pairs = Pairs.of(groups, sizes)
    assert len(pairs.first) < PAIRS_AT_LARGE
    strength = np.array([information(pairs.counts[a:b].reshape(4, 4)) for a, b in zip(pairs.starts[:-1], pairs.starts[1:], strict=True)])
    parents = spanning_tree(pairs.first, pairs.second, strength, fields)
    assert parents.tolist() == [-1, *range(fields - 1)]


def test_tables_of_pairs_count_rows_together() -> None:
    groups = np.array([[0, 1], [0, 1], [1, 0], [1, 2]], np.uint8)
    assert Pairs.of(groups, np.array([2, 3])).counts.reshape(2, 3).tolist() == [[0, 2, 0], [1, 0, 1]]


def test_parents_come_before_children() -> None:
    parents = np.array([[2, 0, -1, 1], [-1, -1, 1, 2]], np.int32)
    for order, above in zip(top_down(parents), parents, strict=True):
        place = {int(j): q for q, j in enumerate(order)}
        assert all(p < 0 or place[int(p)] < place[j] for j, p in enumerate(above))
