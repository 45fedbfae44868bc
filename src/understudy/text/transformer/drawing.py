"""Texts drawn number by number, many at once, each as the network's own law has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from understudy.text.transformer.network import Cache, Network

Integers = NDArray[np.int64]

TOGETHER = 512
CLEAR_EVERY = 8


@dataclass(frozen=True)
class Drawing:
    """How texts are drawn.

    Args:
        end: the number that ends a text. start: the first number of texts without a label.
        allowed: (entries,) which numbers may be drawn besides.
        longest: numbers of a text, at most.
        guidance: 0 draws the law of texts given the label; above, what the label makes likelier is made likelier still (classifier-free
            guidance; Ho & Salimans 2022).
    """

    end: int
    start: int
    allowed: NDArray[np.bool_]
    longest: int
    guidance: float


@torch.no_grad()
def draw(network: Network, first: Integers, how: Drawing, rng: np.random.Generator) -> list[list[int]]:
    """Numbers of a text for each first number, without it and without the end."""
    out: list[list[int]] = []
    for begin in range(0, len(first), TOGETHER):
        out += _draw(network, first[begin : begin + TOGETHER], how, rng)
    return out


def _draw(network: Network, first: Integers, how: Drawing, rng: np.random.Generator) -> list[list[int]]:
    device = next(network.parameters()).device
    texts: list[list[int]] = [[] for _ in first]
    rows, closed = np.arange(len(first)), np.zeros(len(first), bool)
    numbers = torch.from_numpy(first).to(device)
    plain = torch.full_like(numbers, how.start)
    forbidden = torch.from_numpy(~how.allowed).to(device)
    cache: Cache = []
    other: Cache = []
    for place in range(min(how.longest, network.plan.longest)):
        logits, cache = network.step(numbers, cache, place)
        if how.guidance:
            without, other = network.step(plain, other, place)
            logits = logits + how.guidance * (logits.log_softmax(-1) - without.log_softmax(-1))
        forbidden[how.end] = place == 0
        numbers = plain = _drawn(logits.masked_fill(forbidden, -torch.inf), rng.random(len(closed)))
        drawn = numbers.cpu().numpy()
        closed |= drawn == how.end
        for row, number in zip(rows[~closed].tolist(), drawn[~closed].tolist(), strict=True):
            texts[row].append(number)
        if closed.all():
            break
        if place % CLEAR_EVERY == CLEAR_EVERY - 1 and closed.any():
            left = torch.from_numpy(np.flatnonzero(~closed)).to(device)
            numbers = plain = numbers[left]
            cache, other = ([(k[left], v[left]) for k, v in kept] for kept in (cache, other))
            rows, closed = rows[~closed], closed[~closed]
    return texts


def _drawn(logits: Tensor, uniform: NDArray[np.float64]) -> Tensor:
    running = logits.double().softmax(-1).cumsum(-1)
    wanted = torch.from_numpy(uniform).to(logits.device)[:, None] * running[:, -1:]
    return torch.searchsorted(running, wanted, right=True)[:, 0].clamp_max(logits.shape[1] - 1)
