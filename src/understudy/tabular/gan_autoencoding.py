"""How the gan of tables begins: its generator as a masked autoencoder, which it goes on being while it plays (TAEGAN; Li et al. 2024)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from understudy.neural.training import Schedule, Task
from understudy.tabular.blur import Blur
from understudy.tabular.fields import Encoded
from understudy.tabular.gan_networks import NOISE, Completer
from understudy.tabular.levels import Layout

FEW = 3
"""Cells that the smaller of the shown subsets have at the most."""


class Autoencoding(Task):
    """The generator alone: hidden fields of real rows from those shown, under noise that it learns to do without."""

    def __init__(self, completer: Completer, unseen: Encoded, blur: Blur, device: torch.device) -> None:
        self.players, self.device = {"generator": completer}, device
        self.completer, self.blur = completer, blur
        self.aside = torch.from_numpy(completer.layout.flat(unseen)).to(device) if unseen.rows else None

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        return masked_loss(self.completer, self.blur(batch[0]))

    def score(self) -> float | None:
        return None if self.aside is None else float(masked_loss(self.completer, self.aside))


def autoencoding_schedule(rows: int, effort: float) -> Schedule:
    steps = max(int(effort * np.clip(400 + rows / 30, 400, 1600)), 1)
    return Schedule(steps=steps, batch=512, rate=2e-3, average=0.99, evaluate_every=max(steps // 16, 25))


def masked_loss(completer: Completer, rows: Tensor) -> Tensor:
    """Mean cross-entropy of hidden fields. Half of the rows show the chunks before some chunk, half any subset."""
    layout = completer.layout
    shown = _show_some(layout, rows)
    hidden = torch.as_tensor(layout.hidden, device=rows.device)
    trunk = completer.trunk(torch.where(shown, rows, hidden), torch.randn(len(rows), NOISE, device=rows.device))
    total = rows.new_zeros((), dtype=torch.float32)
    for c, chunk in enumerate(layout.chunks):
        offset = torch.as_tensor(layout.offset[chunk], device=rows.device)
        log_law = completer.head(trunk, c).log_softmax(-1)
        found = log_law.gather(-1, (rows[:, chunk] - offset)[..., None]).squeeze(-1)
        total = total - (found * ~shown[:, chunk]).sum()
    return total / (~shown).sum().clamp_min(1)


def _show_some(layout: Layout, rows: Tensor) -> Tensor:
    """(n, fields) which cells are shown."""
    n, fields = rows.shape
    chunk_of = torch.as_tensor(layout.chunk_of, device=rows.device)
    before = torch.randint(len(layout.chunks), (n, 1), device=rows.device)
    ordered = chunk_of[None, :] < before
    return torch.where(torch.rand((n, 1), device=rows.device) < 0.5, ordered, any_subset(n, fields, rows.device))


def any_subset(n: int, fields: int, device: torch.device) -> Tensor:
    """Any subset but all: of up to `FEW` cells in half of the rows, as conditions have them, of any number in the rest."""
    count = torch.randint(fields, (n, 1), device=device)
    few = torch.randint(min(FEW + 1, fields), (n, 1), device=device)
    place = torch.rand((n, fields), device=device).argsort(dim=1)
    return place < torch.where(torch.rand((n, 1), device=device) < 0.5, few, count)
