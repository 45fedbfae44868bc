from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from understudy.core.random import Stream  # noqa: E402
from understudy.neural.backend import seeded  # noqa: E402
from understudy.neural.flow_matching import between, draw_times, euler, flow_error, heun, time_grid  # noqa: E402

CPU = torch.device("cpu")
MEAN, DEVIATION = 1.5, 0.4


def velocity(x: Tensor, t: Tensor) -> Tensor:
    """The exact one where data are normal: the mean of ε - x_0 given x_t."""
    variance = (1 - t) ** 2 * DEVIATION**2 + t**2
    return (t - (1 - t) * DEVIATION**2) / variance * (x - (1 - t) * MEAN) - MEAN


def test_the_path_runs_from_data_to_noise() -> None:
    clean, noise = torch.randn(4, 3), torch.randn(4, 3)
    assert torch.allclose(between(clean, noise, torch.zeros(4)), clean)
    assert torch.allclose(between(clean, noise, torch.ones(4)), noise)
    assert torch.allclose(between(clean, noise, torch.full((4,), 0.25)), 0.75 * clean + 0.25 * noise)


def test_the_exact_velocity_has_the_least_error() -> None:
    with seeded(Stream(1)):
        clean, noise, t = MEAN + DEVIATION * torch.randn(50_000), torch.randn(50_000), draw_times(50_000, CPU)
    least = flow_error(velocity, clean, noise, t).mean()
    for wrong in (lambda x, t: velocity(x, t) + 0.2, lambda x, t: 0.9 * velocity(x, t)):
        assert flow_error(wrong, clean, noise, t).mean() > least + 0.01


@pytest.mark.parametrize(("sampler", "tolerance"), [(euler, 0.04), (heun, 0.005)])
def test_samplers_turn_noise_into_data_and_back(sampler: object, tolerance: float) -> None:
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    times = time_grid(30, bend=1.5)
    data = sampler(velocity, noise, times)  # type: ignore[operator]
    assert torch.allclose(data, MEAN + DEVIATION * noise, atol=tolerance)
    back = sampler(velocity, data, times[::-1])  # type: ignore[operator]
    assert torch.allclose(back, noise, atol=0.25 if sampler is euler else 0.02)


def test_heun_is_of_a_higher_order_than_euler() -> None:
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    exact = MEAN + DEVIATION * noise

    def error(sampler: object, steps: int) -> float:
        return float((sampler(velocity, noise, time_grid(steps)) - exact).abs().max())  # type: ignore[operator]

    assert error(euler, 10) / error(euler, 40) == pytest.approx(4, rel=0.4)
    assert error(heun, 10) / error(heun, 40) > 8


def test_grids_fall_from_one_to_zero_and_bend_towards_zero() -> None:
    for bend in (1.0, 2.0):
        times = time_grid(20, bend)
        assert (times[0], times[-1], len(times)) == (1.0, 0.0, 21)
        assert times == sorted(times, reverse=True)
    assert time_grid(20, 2.0)[-2] < time_grid(20)[-2]


def test_times_follow_their_law() -> None:
    with seeded(Stream(2)):
        even, middle = draw_times(1_000, CPU), draw_times(1_000, CPU, "logit-normal", 0.5)
    assert torch.allclose(even.sort().values, torch.linspace(0, 1, 1_000), atol=2e-3)
    assert float(((middle > 0.25) & (middle < 0.75)).float().mean()) > 0.9
