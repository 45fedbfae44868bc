"""The exponential moving average of a network's weights: smoother than any single step, and what is kept in the end.

Polyak & Juditsky, "Acceleration of stochastic approximation by averaging" (1992); the warm-up follows the usual (1 + t) / (10 + t).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The moving average of all parameters and buffers of `network`.

    Args:
        decay: 0 .. 1, the share of the old average that a step keeps; 0 keeps the weights themselves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network = network
        self.decay = decay
        self.tensors = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step `step` (0, 1, 2 …)."""
        keep = min(self.decay, (1 + step) / (10 + step))
        floating = [(self.tensors[name], value) for name, value in self._network.state_dict().items() if value.is_floating_point()]
        if floating:
            torch._foreach_lerp_([mean for mean, _ in floating], [value for _, value in floating], 1 - keep)
        for name, value in self._network.state_dict().items():
            if not value.is_floating_point():
                self.tensors[name].copy_(value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network holds the average inside, and its own weights again outside."""
        own = {name: value.detach().clone() for name, value in self._network.state_dict().items()}
        self._network.load_state_dict(self.tensors)
        try:
            yield
        finally:
            self._network.load_state_dict(own)

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of the average."""
        return {name: value.clone() for name, value in self.tensors.items()}
