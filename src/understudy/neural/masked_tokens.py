"""Masked (absorbing) diffusion of tokens: a token is either there or masked, and the network tells what is under the masks.

Austin, Johnson, Ho, Tarlow & van den Berg, "Structured denoising diffusion models in discrete state-spaces" (NeurIPS 2021); Sahoo et al.,
"Simple and effective masked diffusion language models" (NeurIPS 2024), whose bound on the likelihood is a weighted cross-entropy on the
masked tokens; Wang et al., "Remasking discrete diffusion models with inference-time scaling" (2025) for masking drawn tokens again.

At time t in (0, 1] each token is there with probability α(t), which falls from 1 to 0. Nothing here knows what tokens stand for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Masking:
    """The law of α(t): "linear" 1 - t, "polynomial" 1 - t^power, "cosine" cos(πt/2), which keeps more tokens for longer."""

    law: Literal["linear", "polynomial", "cosine"] = "linear"
    power: float = 2.0

    def kept(self, t: Tensor) -> Tensor:
        """α(t): the share of tokens that are there."""
        if self.law == "cosine":
            return torch.cos(t * (math.pi / 2))
        return 1 - t if self.law == "linear" else 1 - t**self.power

    def weight(self, t: Tensor) -> Tensor:
        """-α'(t) / (1 - α(t)): what a masked token's cross-entropy counts, so that the mean over t in (0, 1) bounds the likelihood."""
        if self.law == "cosine":
            return (math.pi / 2) * torch.sin(t * (math.pi / 2)) / (1 - self.kept(t))
        return 1 / t if self.law == "linear" else self.power / t


def mask_tokens(shape: tuple[int, int], masking: Masking, device: torch.device) -> tuple[Tensor, Tensor]:
    """Masks (n, positions) at times spread evenly over (0, 1), and the weight (n,) of each row; from torch's global generator."""
    n, positions = shape
    t = (torch.randperm(n, device=device) + torch.rand(n, device=device)) / n
    t = t.clamp(1e-3, 1.0)
    masked = torch.rand(n, positions, device=device) >= masking.kept(t)[:, None]
    return masked, masking.weight(t)


def mask_counted(shape: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Masks (n, positions) of 1 .. positions masked tokens, each number equally often, and the weight (n,) of each row.

    The linear law without the chance in how many are masked: the same bound, with less noise where positions are few.
    """
    n, positions = shape
    count = 1 + (torch.randperm(n, device=device) + torch.randint(positions, (1,), device=device)) % positions
    rank = torch.rand(n, positions, device=device).argsort(1).argsort(1)
    return rank < count[:, None], positions / count


def masked_cross_entropy(logits: list[Tensor] | Tensor, tokens: Tensor, masked: Tensor) -> Tensor:
    """(n,) the sum of the cross-entropies of the masked tokens of each row, in nats.

    Args:
        logits: (n, positions, size), or one (n, size of it) a position.
        tokens: (n, positions) what is under the masks.
        masked: (n, positions) bool.
    """
    if isinstance(logits, Tensor):
        entropy = functional.cross_entropy(logits.flatten(0, 1).float(), tokens.flatten(), reduction="none").view_as(tokens)
    else:
        parts = [functional.cross_entropy(part.float(), tokens[:, i], reduction="none") for i, part in enumerate(logits)]
        entropy = torch.stack(parts, dim=1)
    return (entropy * masked).sum(dim=1)


def unmasking_plan(positions: int, steps: int, masking: Masking | None = None) -> list[int]:
    """How many positions each step unmasks, summing to `positions`; no step is without one, so there may be fewer than `steps`."""
    law = masking or Masking()
    times = torch.linspace(1, 0, min(steps, positions) + 1, dtype=torch.float64)
    there = torch.round(law.kept(times) * positions).long()
    return [int(n) for n in there.diff() if n > 0]


def ancestral(
    predict: Callable[[Tensor, Tensor], Tensor],
    tokens: Tensor,
    masked: Tensor,
    steps: int,
    uniform: Callable[[tuple[int, ...]], Tensor],
    *,
    masking: Masking | None = None,
    again: float = 0.0,
) -> Tensor:
    """Draw what is under the masks, from t = 1 to 0, each position at a random moment.

    Args:
        predict: (tokens, masked) -> logits (n, positions, size).
        tokens: (n, positions); what is not masked is kept as it is.
        masked: (n, positions) bool, what is to be drawn.
        steps: calls of `predict`, at least 1.
        uniform: numbers in [0, 1) of a shape: all the randomness there is.
        again: the chance that a token already drawn is masked again in a step and drawn once more; in the last step none is.
    """
    law = masking or Masking()
    tokens, hidden = tokens.clone(), masked.clone()
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    for step in range(steps):
        now, then = float(law.kept(times[step])), float(law.kept(times[step + 1]))
        drawn = categorical(predict(tokens, hidden), uniform(tuple(tokens.shape)))
        shown = hidden & (uniform(tuple(tokens.shape)) < (then - now) / max(1 - now, 1e-9))
        if step == steps - 1:
            shown = hidden
        tokens = torch.where(shown, drawn, tokens)
        hidden = hidden & ~shown
        if again > 0 and step < steps - 1:
            hidden = hidden | (masked & (uniform(tuple(tokens.shape)) < again))
    return tokens


def categorical(logits: Tensor, uniform: Tensor) -> Tensor:
    """A draw from the softmax of the last dimension for each number in [0, 1)."""
    cumulative = torch.softmax(logits.float(), dim=-1).cumsum(dim=-1)
    point = (uniform.to(cumulative.dtype) * cumulative[..., -1]).unsqueeze(-1)
    return torch.searchsorted(cumulative, point.contiguous(), right=True).squeeze(-1).clamp(max=logits.shape[-1] - 1)
