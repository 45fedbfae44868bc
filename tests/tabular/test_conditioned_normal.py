from __future__ import annotations

import numpy as np
import pytest

from understudy.tabular.conditioned_normal import ConditionedNormal

CORRELATION = np.array([[1.0, 0.7, 0.3, -0.4], [0.7, 1.0, 0.5, -0.2], [0.3, 0.5, 1.0, 0.1], [-0.4, -0.2, 0.1, 1.0]])


def sample(n: int, seed: int = 0) -> np.ndarray:
    return np.linalg.cholesky(CORRELATION) @ np.random.default_rng(seed).standard_normal((4, n))


def drawn(normal: ConditionedNormal, n: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    return normal.draw(rng.standard_normal((4, n)), rng)


def test_points_are_conditioned_on_in_closed_form() -> None:
    normal = ConditionedNormal(CORRELATION, {0: 1.5, 3: -0.5}, {}, np.random.default_rng(0))
    rows = drawn(normal, 100_000)
    known = np.ix_([1, 2], [0, 3]), np.ix_([0, 3], [0, 3])
    expected = CORRELATION[known[0]] @ np.linalg.solve(CORRELATION[known[1]], [1.5, -0.5])
    assert np.allclose(rows[[1, 2]].mean(axis=1), expected, atol=0.01)
    assert (rows[0] == 1.5).all()
    assert normal.effective_share == 1


def test_regions_have_the_mass_and_the_law_of_a_large_sample_inside_them() -> None:
    unions = {
        0: (np.array([0.5]), np.array([np.inf])),
        1: (np.array([-np.inf, 0.4]), np.array([-0.3, 1.2])),
        2: (np.array([-1.0]), np.array([0.2])),
    }
    normal = ConditionedNormal(CORRELATION, {}, unions, np.random.default_rng(0))
    reference = sample(3_000_000)
    for d, (lows, highs) in unions.items():
        inside = ((reference[d][:, None] >= lows) & (reference[d][:, None] <= highs)).any(axis=1)
        reference = reference[:, inside]
    assert np.exp(normal.log_mass) == pytest.approx(reference.shape[1] / 3_000_000, rel=0.03)
    rows = drawn(normal, 40_000)
    assert np.allclose(rows.mean(axis=1), reference.mean(axis=1), atol=0.02)
    assert np.allclose(np.cov(rows), np.cov(reference), atol=0.02)
    for d, (lows, highs) in unions.items():
        assert ((rows[d][:, None] >= lows) & (rows[d][:, None] <= highs)).any(axis=1).all()


def test_an_unlikely_region_costs_no_more_and_stays_exact() -> None:
    unions = {0: (np.array([4.0]), np.array([np.inf])), 3: (np.array([1.0]), np.array([np.inf]))}
    normal = ConditionedNormal(CORRELATION, {}, unions, np.random.default_rng(0))
    rows = drawn(normal, 5000)
    assert (rows[0] >= 4).all()
    assert (rows[3] >= 1).all()
    assert normal.log_mass < np.log(3.2e-5)
    assert len(np.unique(rows[0])) == 5000
