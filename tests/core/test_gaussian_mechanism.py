import math

import numpy as np
import pytest
from scipy.stats import norm

from understudy.core.errors import ArgumentError
from understudy.core.gaussian_mechanism import delta_at, epsilon_at, noise_scale, strength_for, system_normal


@pytest.mark.parametrize(("epsilon", "strength"), [(0.5, 0.3), (1.0, 0.5), (2.0, 1.0), (8.0, 2.5)])
def test_delta_is_the_integral_of_what_the_likelihood_ratio_leaves(epsilon, strength):
    noise = np.linspace(-40, 40, 2_000_001)
    one, other = norm.pdf(noise, strength), norm.pdf(noise)
    left = np.maximum(0, one - math.exp(epsilon) * other).sum() * (noise[1] - noise[0])
    assert delta_at(epsilon, strength) == pytest.approx(left, rel=1e-4)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 4.0, 30.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5, 0.1])
def test_the_strength_is_the_greatest_that_keeps_the_promise(epsilon, delta):
    strength = strength_for(epsilon, delta)
    assert delta_at(epsilon, strength) <= delta
    assert delta_at(epsilon, strength * 1.001) > delta


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-9), (1.0, 1e-5), (30.0, 0.1)])
def test_epsilon_of_a_strength_is_the_one_that_the_strength_was_for(epsilon, delta):
    assert epsilon_at(delta, strength_for(epsilon, delta)) == pytest.approx(epsilon, rel=1e-6)
    assert epsilon_at(0.5, 0.1) == epsilon_at(delta, 0.0) == 0


def test_many_releases_cost_as_the_root_of_their_number():
    assert noise_scale(1, 1e-5, releases=16) == pytest.approx(4 * noise_scale(1, 1e-5))
    assert noise_scale(1, 1e-5, sensitivity=3) == pytest.approx(3 * noise_scale(1, 1e-5))
    assert noise_scale(1, 1e-5) == pytest.approx(3.7306, abs=1e-3)  # Balle and Wang's code gives 3.730632


@pytest.mark.parametrize(("epsilon", "delta"), [(0, 1e-5), (-1, 1e-5), (math.inf, 1e-5), (1, 0), (1, 1)])
def test_what_is_no_promise_is_refused(epsilon, delta):
    with pytest.raises(ArgumentError):
        strength_for(epsilon, delta)


def test_noise_is_normal_and_never_the_same():
    noise = system_normal(100_000, 2.0)
    assert abs(noise.mean()) < 0.04
    assert noise.std() == pytest.approx(2.0, rel=0.02)
    assert not np.array_equal(noise, system_normal(100_000, 2.0))
