"""The adversarial objective: a critic learns to tell real from made, a generator to mislead it. For every kind of data.

- Losses by pairs: every made item is compared with a real one, by the softplus of the difference of their scores (relativistic pairing;
  Jolicoeur-Martineau, ICLR 2019), which has no collapsed optimum. Or the hinge (Lim & Ye 2017), each side by itself.
- Zero-centred gradient penalties on real items (R1) and on made ones (R2); with both, the game converges (Huang et al., "The GAN is
  dead; long live the GAN!", NeurIPS 2024; Mescheder, Geiger & Nowozin, ICML 2018).
- Packing: the critic sees several items at once, so that too little variety shows (PacGAN; Lin et al., NeurIPS 2018).
- Two time scales (Heusel et al., NeurIPS 2017) are two rates in the `Schedule`; `BETAS` are Adam's for both players.

What a critic sees must be floating (pixels, waveforms, embedded tokens), items first: penalties are taken on its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

BETAS = (0.0, 0.9)
"""Adam's for both players: a momentum of the game's past makes it circle."""

Critic = Callable[[Tensor], Tensor]
"""Scores (packs,) of packed items (packs, together · …)."""


@dataclass(frozen=True)
class Game:
    """What the two players make smaller.

    Args:
        loss: "relativistic" or "hinge".
        real_penalty, made_penalty: weights γ of R1 and R2, (γ/2)·‖∇‖².
        penalty_every: penalties are taken in every so many calls of the critic's loss and weighed as much more.
        together: items that the critic sees at once, at least 1.
    """

    loss: Literal["relativistic", "hinge"] = "relativistic"
    real_penalty: float = 1.0
    made_penalty: float = 1.0
    penalty_every: int = 1
    together: int = 1

    def generator_loss(self, critic: Critic, real: Tensor, made: Tensor) -> Tensor:
        """Of n real and n made items, (n, …); gradients reach the generator through `made`."""
        fake = critic(self.packed(made))
        if self.loss == "hinge":
            return -fake.mean()
        with torch.no_grad():
            true = critic(self.packed(real))
        return functional.softplus(true - fake).mean()

    def critic_loss(self, critic: Critic, real: Tensor, made: Tensor, *, step: int = 0) -> Tensor:
        """Of n real and n made items, (n, …), neither of which gradients pass through."""
        penalised = step % self.penalty_every == 0
        real, made = (self.packed(items.detach()).requires_grad_(penalised) for items in (real, made))
        true, fake = critic(real), critic(made)
        loss = self._told_apart(true, fake)
        if not penalised:
            return loss
        penalty = self.real_penalty * _steepness(true, real) + self.made_penalty * _steepness(fake, made)
        return loss + self.penalty_every / 2 * penalty

    def _told_apart(self, true: Tensor, fake: Tensor) -> Tensor:
        if self.loss == "hinge":
            return functional.relu(1 - true).mean() + functional.relu(1 + fake).mean()
        return functional.softplus(fake - true).mean()

    def packed(self, items: Tensor) -> Tensor:
        """(n // together, together · …): neighbours side by side; items that fill no pack are left out."""
        if self.together == 1:
            return items
        packs = len(items) // self.together
        return items[: packs * self.together].reshape(packs, self.together * items.shape[1], *items.shape[2:])


def _steepness(scores: Tensor, items: Tensor) -> Tensor:
    """Mean squared norm of the scores' gradient at the items."""
    (gradient,) = torch.autograd.grad(scores.sum(), items, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()


def straight_through(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """One-hot draws along the last axis from `logits` under Gumbel `noise`, whose gradient is that of the tempered softmax.

    Jang, Gu & Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017. The draws follow the logits' own law at any
    temperature; a low one has truer gradients and noisier.
    """
    soft = ((logits + noise) / temperature).softmax(-1)
    hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)
    return hard + (soft - soft.detach())


def gumbel(like: Tensor) -> Tensor:
    """Standard Gumbel noise of the shape of `like`, from torch's global generator, which `training.train` seeds for every step."""
    return -torch.empty_like(like).exponential_().clamp_min(1e-20).log()
