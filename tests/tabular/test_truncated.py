from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import truncnorm

from understudy.tabular.truncated import draw_between, draw_in_union, interval_mass, moments_between

ENDS = [(-1.0, 0.5), (-np.inf, -2.0), (3.0, 3.5), (8.0, np.inf), (-np.inf, np.inf), (-20.0, -19.0)]


@pytest.mark.parametrize(("low", "high"), ENDS)
def test_mass_draws_and_moments_agree_with_scipy(low: float, high: float) -> None:
    law = truncnorm(low, high)
    ends = np.full(20_000, low), np.full(20_000, high)
    drawn = draw_between(*ends, np.random.default_rng(0).random(20_000))
    mean, variance = moments_between(np.array([low]), np.array([high]))
    assert mean[0] == pytest.approx(law.mean(), abs=1e-6)
    assert variance[0] == pytest.approx(law.var(), rel=1e-3, abs=1e-4)
    assert drawn.mean() == pytest.approx(law.mean(), abs=5 * law.std() / np.sqrt(20_000))
    assert ((drawn >= low) & (drawn <= high)).all()


def test_masses_far_in_the_tail_keep_their_digits() -> None:
    assert interval_mass(np.array([10.0]), np.array([np.inf]))[0] == pytest.approx(7.619853024160527e-24, rel=1e-10)
    assert interval_mass(np.array([2.0]), np.array([1.0]))[0] == 0


def test_a_point_has_itself_as_mean_and_no_variance() -> None:
    mean, variance = moments_between(np.array([0.3, -40.0]), np.array([0.3, -40.0]))
    assert mean[0] == 0.3
    assert (variance == 0).all()


def test_draws_in_a_union_visit_each_interval_by_its_mass() -> None:
    lows, highs = np.array([-2.0, 0.5, 2.0]), np.array([-1.0, 1.0, np.inf])
    drawn, total = draw_in_union(lows, highs, np.full(50_000, 0.4), 1.3, np.random.default_rng(1).random(50_000))
    masses = ndtr((highs - 0.4) / 1.3) - ndtr((lows - 0.4) / 1.3)
    which = np.searchsorted(lows, drawn, "right") - 1
    assert (drawn <= highs[which]).all()
    assert np.allclose(np.bincount(which) / 50_000, masses / masses.sum(), atol=0.01)
    assert np.allclose(total, masses.sum())
