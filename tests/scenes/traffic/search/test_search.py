import numpy as np
import pytest
from scipy import special

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.search import Estimate, cross_entropy, monte_carlo, subset_simulation

BETA = 3.5
P = float(special.ndtr(-BETA))


def linear(points: np.ndarray) -> np.ndarray:
    """The event is a half space at the distance BETA: its probability is Φ(-BETA) in any number of dimensions."""
    return BETA - points.sum(axis=1) / np.sqrt(points.shape[1])


def share_within(estimates: list[Estimate], probability: float, errors: float = 3.0) -> float:
    return float(np.mean([abs(each.probability - probability) <= errors * each.standard_error for each in estimates]))


@pytest.mark.slow
def test_cross_entropy_is_right_within_three_errors_in_95_of_100_repeats() -> None:
    estimates = [cross_entropy(linear, 6, Stream(seed), per_step=500, final=2000) for seed in range(100)]
    assert share_within(estimates, P) >= 0.95
    assert np.mean([each.low <= P <= each.high for each in estimates]) >= 0.88
    found = np.array([each.probability for each in estimates])
    assert found.mean() == pytest.approx(P, rel=0.03)
    assert np.mean([each.relative_error for each in estimates]) == pytest.approx(found.std() / P, rel=0.35)
    assert np.mean([each.crude_runs / each.runs for each in estimates]) > 50


def test_subset_simulation_is_right_within_three_errors_in_95_of_100_repeats() -> None:
    estimates = [subset_simulation(linear, 40, Stream(seed), per_level=1000) for seed in range(100)]
    assert share_within(estimates, P) >= 0.95
    assert np.mean([each.low <= P <= each.high for each in estimates]) >= 0.95
    found = np.array([each.probability for each in estimates])
    assert found.mean() == pytest.approx(P, rel=0.12)
    assert np.mean([each.relative_error for each in estimates]) >= found.std() / P


def test_crude_sampling_is_right_within_three_errors_in_95_of_100_repeats() -> None:
    common = float(special.ndtr(-1.5))
    estimates = [monte_carlo(lambda u: 1.5 - u[:, 0], 2, Stream(seed), runs=3000) for seed in range(100)]
    assert share_within(estimates, common) >= 0.95
    assert np.mean([each.low <= common <= each.high for each in estimates]) >= 0.92


def test_cross_entropy_is_right_in_a_few_repeats() -> None:
    estimates = [cross_entropy(linear, 6, Stream(seed), per_step=500, final=2000) for seed in range(8)]
    assert share_within(estimates, P) == 1.0
    assert np.mean([each.crude_runs / each.runs for each in estimates]) > 50


@pytest.mark.parametrize("search", [monte_carlo, cross_entropy, subset_simulation])
def test_weights_turn_the_runs_into_runs_by_the_laws(search: object) -> None:
    estimate: Estimate = search(linear, 3, Stream(3))  # type: ignore[operator]
    assert estimate.weights.mean() == pytest.approx(1.0, abs=0.15)
    assert (estimate.weights * estimate.failed).mean() == pytest.approx(estimate.probability, rel=1e-9, abs=1e-3)
    ordinary = estimate.weights * (estimate.points[:, 0] > 0)
    assert ordinary.mean() == pytest.approx(0.5, abs=0.1)


def test_two_ways_to_the_event_are_both_found_by_a_mixture_where_a_single_gaussian_misses_one_or_is_far_less_sure() -> None:
    # Both ways are equally probable; the second looks far off until one is there.
    def two_ways(points: np.ndarray) -> np.ndarray:
        return np.minimum(3.2 - points[:, 0], 4.0 * (3.2 + points[:, 0]))

    truth = 2 * float(special.ndtr(-3.2))
    mixtures = [cross_entropy(two_ways, 4, Stream(seed), per_step=500, final=2000) for seed in range(8)]
    singles = [cross_entropy(two_ways, 4, Stream(seed), per_step=500, final=2000, components=1) for seed in range(8)]
    assert share_within(mixtures, truth) >= 0.95
    assert share_within(singles, truth) < 0.95 or np.mean([each.relative_error for each in singles]) > 1.7 * np.mean(
        [each.relative_error for each in mixtures]
    )


def test_the_same_seed_gives_the_same_estimate() -> None:
    for search in (monte_carlo, cross_entropy, subset_simulation):
        first, second = search(linear, 3, Stream(9)), search(linear, 3, Stream(9))
        assert first.probability == second.probability
        assert (first.points == second.points).all()


def test_an_event_that_was_not_found_says_so() -> None:
    never = cross_entropy(lambda u: 50.0 + 0 * u[:, 0], 2, Stream(1), per_step=200, final=200, most_steps=3)
    assert never.probability == 0.0
    assert (never.low, never.high) == (0.0, 1.0)
    assert any("found" in note for note in never.notes)
    rare = subset_simulation(lambda u: 40.0 - u[:, 0], 2, Stream(1), per_level=200, most_levels=3)
    assert rare.probability == 0.0
    assert rare.notes


def test_common_events_are_estimated_too() -> None:
    for search in (cross_entropy, subset_simulation):
        estimate = search(lambda u: 0.5 - u[:, 0], 2, Stream(2))
        assert estimate.probability == pytest.approx(special.ndtr(-0.5), abs=0.05)


def test_values_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(ArgumentError, match="shape"):
        monte_carlo(lambda u: u, 2, Stream(1), runs=10)
    with pytest.raises(ArgumentError, match="not a number in 10 of 10"):
        monte_carlo(lambda u: u[:, 0] * np.nan, 2, Stream(1), runs=10)
    with pytest.raises(ArgumentError, match="infinite in all"):
        cross_entropy(lambda u: np.full(len(u), np.inf), 2, Stream(1))
    with pytest.raises(ArgumentError, match="components is 0"):
        cross_entropy(linear, 2, Stream(1), components=0)
    with pytest.raises(ArgumentError, match="share is 0.9"):
        subset_simulation(linear, 2, Stream(1), share=0.9)
