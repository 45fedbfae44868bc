"""The mixture of trees against sums over every row that there can be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.grouping import Grouping
from understudy.tabular.messages import complete, law
from understudy.tabular.tree_mixture import Rows, TreeMixture
from understudy.tabular.tree_mixture_fit import Common, Smoothing, learn

TOKENS = (4, 3, 5, 2, 3)
TABLES = ([0, 1, 1, 2], [0, 1, 2], [1, 0, 2, 0, 1], [0, 1], [0, 0, 1])
"""Groups of the tokens of each field; those of the third are scattered."""


@pytest.fixture(scope="module")
def model() -> TreeMixture:
    """Six components with trees of their own, learned from few rows, so that they differ."""
    groupings = [Grouping.of(np.array(table, np.uint8)) for table in TABLES]
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 300)
    columns = [first, (first + rng.integers(0, 2, 300)) % 3, (2 * first + rng.integers(0, 3, 300)) % 5]
    columns += [(columns[1] + columns[2]) % 2, (columns[2] + rng.integers(0, 2, 300)) % 3]
    rows = rows_of(groupings, np.stack(columns, axis=1))
    *_, found = learn(Common(groupings, rows), 6, Smoothing(2.0, 2.0, 2.0, 1.0, 5.0), Stream(3))
    assert len({tuple(p) for p in found.parents}) > 1
    return found


@pytest.fixture(scope="module")
def everything() -> np.ndarray:
    """All rows of tokens."""
    return np.array(list(product(*(range(n) for n in TOKENS))))


def rows_of(groupings: list[Grouping], tokens: np.ndarray) -> Rows:
    groups = np.stack([g.table[tokens[:, j]] for j, g in enumerate(groupings)], axis=1)
    return Rows(groups, np.stack([g.place[tokens[:, j]] for j, g in enumerate(groupings)], axis=1))


def probabilities(model: TreeMixture, tokens: np.ndarray) -> np.ndarray:
    return np.exp(model.log_prob(rows_of(model.groupings, tokens)))


CONDITIONS = {
    "nothing": {},
    "one token": {0: [0, 0, 1, 0]},
    "part of a group": {2: [1, 0, 0, 0, 0.25]},
    "three fields": {0: [1, 0.5, 0, 1], 2: [0, 1, 1, 0, 0], 4: [0, 1, 0.3]},
}


def test_probabilities_of_all_rows_sum_to_one(model: TreeMixture, everything: np.ndarray) -> None:
    assert probabilities(model, everything).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_leave_the_joint_weighted_by_what_they_allow(model: TreeMixture, everything: np.ndarray, name: str) -> None:
    allowed = {j: np.array(share, float) for j, share in CONDITIONS[name].items()}
    left, log_mass = model.given(allowed)
    weighted = probabilities(model, everything)
    for j, share in allowed.items():
        weighted = weighted * share[everything[:, j]]
    assert np.exp(log_mass) == pytest.approx(weighted.sum(), rel=1e-4)
    np.testing.assert_allclose(probabilities(left, everything), weighted / weighted.sum(), atol=1e-6)


def test_a_condition_that_nothing_meets_has_no_probability(model: TreeMixture) -> None:
    assert model.given({1: np.zeros(3)})[1] == -np.inf


@pytest.mark.parametrize("name", ["nothing", "three fields"])
def test_draws_follow_the_probabilities(model: TreeMixture, everything: np.ndarray, name: str) -> None:
    left, _ = model.given({j: np.array(share, float) for j, share in CONDITIONS[name].items()})
    rng, n = np.random.default_rng(1), 200_000
    drawn = np.stack(left.draw(n, rng.random(n), rng.random((n, len(TOKENS)))), axis=1)
    counts = np.bincount(np.ravel_multi_index(drawn.T, TOKENS), minlength=len(everything))
    assert_follows(counts, probabilities(left, everything))


def assert_follows(counts: np.ndarray, expected: np.ndarray) -> None:
    """Counts of all rows look like draws from the probabilities: no chi-square that chance gives once in 10,000 times."""
    from scipy.stats import chi2

    n = counts.sum()
    assert counts[expected == 0].sum() == 0
    large = expected * n >= 5
    statistic = ((counts[large] - n * expected[large]) ** 2 / (n * expected[large])).sum()
    assert statistic < chi2.isf(1e-4, large.sum())


GIVEN = [(), (0,), (2,), (1, 3), (0, 2, 4), (0, 1, 2, 3, 4)]


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("j", range(len(TOKENS)))
def test_the_law_of_a_field_is_the_ratio_of_sums(model: TreeMixture, everything: np.ndarray, given: tuple[int, ...], j: int) -> None:
    known = np.array([[3, 1, 4, 0, 2], [1, 0, 2, 1, 0]])
    marked = np.zeros(known.shape, bool)
    marked[:, list(given)] = True
    found = law(model, j, rows_of(model.groupings, known), marked)
    joint = probabilities(model, everything)
    for row, seen in zip(known, found, strict=True):
        match = np.all([everything[:, c] == row[c] for c in given if c != j], axis=0) & np.ones(len(everything), bool)
        expected = np.bincount(everything[match, j], joint[match], TOKENS[j])
        np.testing.assert_allclose(seen, expected / expected.sum(), atol=1e-5)


@pytest.mark.parametrize("name", ["nothing", "three fields"])
def test_partial_rows_are_filled_in_by_the_conditional_law(model: TreeMixture, everything: np.ndarray, name: str) -> None:
    allowed = {j: np.array(share, float) for j, share in CONDITIONS[name].items()}
    n, row = 100_000, np.array([0, 2, 3, 1, 0])
    known, marked = np.tile(row, (n, 1)), np.zeros((n, len(TOKENS)), bool)
    marked[:, [1, 4]] = True  # the fifth is kept as it is though the condition would not allow it
    rng = np.random.default_rng(2)
    places = complete(model, rows_of(model.groupings, known), marked, allowed, rng.random(n), rng.random(known.shape))
    drawn = np.stack([g.order[places[:, j]] for j, g in enumerate(model.groupings)], axis=1)
    assert (drawn[:, [1, 4]] == row[[1, 4]]).all()
    expected = probabilities(model, everything) * ((everything[:, 1] == row[1]) & (everything[:, 4] == row[4]))
    for j, share in allowed.items():
        if j not in (1, 4):
            expected = expected * share[everything[:, j]]
    counts = np.bincount(np.ravel_multi_index(drawn.T, TOKENS), minlength=len(everything))
    assert_follows(counts, expected / expected.sum())
