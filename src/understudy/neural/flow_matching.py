"""Flow matching: a network learns the velocity that carries noise to data along straight lines.

Lipman, Chen, Ben-Hamu, Nickel & Le, "Flow matching for generative modeling" (ICLR 2023); Liu, Gong & Liu, "Flow straight and fast"
(ICLR 2023); Esser et al. (ICML 2024) for the law of times in training.

x_t = (1 - t) x_0 + t ε with data x_0 at t = 0 and normal noise ε at t = 1; the velocity is dx/dt = ε - x_0, and its mean given x_t is what
the squared error finds. Sampling follows it from t = 1 to 0; the same path walked from 0 to 1 turns data into noise, which in one dimension
is a distribution function: Φ of the noise of a value is the probability of all that lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]
"""(x, t) -> dx/dt. ``t`` is a tensor without dimensions while sampling."""


def draw_times(n: int, device: torch.device, law: Literal["uniform", "logit-normal"] = "uniform", spread: float = 1.0) -> Tensor:
    """(n,) times in (0, 1) for training, evenly spread over the law's quantiles; from torch's global generator.

    "logit-normal": the logistic function of a normal with deviation `spread`, more in the middle than at the ends.
    """
    place = (torch.randperm(n, device=device) + torch.rand(n, device=device)) / n
    place = place.clamp(1e-4, 1 - 1e-4)
    return place if law == "uniform" else torch.sigmoid(spread * math.sqrt(2) * torch.erfinv(2 * place - 1))


def between(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t; `t` has the shape of `clean` or fewer dimensions, which are its first."""
    t = t.reshape(t.shape + (1,) * (clean.dim() - t.dim()))
    return clean + t * (noise - clean)


def flow_error(velocity: Velocity, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The squared error of the velocity at x_t, in the shape of `clean`; its mean is the objective."""
    return (velocity(between(clean, noise, t), t) - (noise - clean)) ** 2


def time_grid(steps: int, bend: float = 1.0) -> list[float]:
    """`steps` + 1 times from 1 down to 0; `bend` above 1 puts them closer together towards 0, where narrow laws are told apart."""
    return [(1 - i / steps) ** bend for i in range(steps)] + [0.0]


def euler(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Follow the velocity through `times` (falling: noise to data; rising: data to noise), one evaluation a step."""
    for now, then in pairwise(times):
        x = x + (then - now) * velocity(x, _time(now, x))
    return x


def heun(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Likewise with the mean of the velocities at both ends of a step: two evaluations a step, an error of higher order."""
    for now, then in pairwise(times):
        first = velocity(x, _time(now, x))
        second = velocity(x + (then - now) * first, _time(then, x))
        x = x + (then - now) * 0.5 * (first + second)
    return x


def _time(t: float, like: Tensor) -> Tensor:
    return torch.tensor(t, dtype=like.dtype, device=like.device)
