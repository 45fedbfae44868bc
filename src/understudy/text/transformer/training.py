"""How the transformer learns: texts side by side in rows of one length, each seeing itself alone; some texts kept aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from understudy.neural.training import Task
from understudy.text.transformer.network import Network

Integers = NDArray[np.int64]

ROW = 96
UNLABELLED = 0.1
"""Texts that begin without their label, so that the network also knows texts as such."""
ABSENT = -100


@dataclass(frozen=True)
class Rows:
    """Numbers (n, length), which text each belongs to (-1: none), and its weight."""

    numbers: Integers
    text: Integers
    weights: NDArray[np.float32]

    def tensors(self) -> list[Tensor]:
        return [torch.from_numpy(array) for array in (self.numbers, self.text, self.weights)]


def packed(texts: list[list[int]], weights: NDArray[np.float32], end: int, length: int) -> Rows:
    """Texts side by side, the longest first, each into the fullest row that has room; what is longer than a row is cut.

    A text begins with its label's number and is closed by ``end``.
    """
    closed = [[*text, end][:length] for text in texts]
    order = sorted(range(len(closed)), key=lambda i: -len(closed[i]))
    room: list[list[int]] = [[] for _ in range(length + 1)]
    rows: list[list[int]] = []
    for i in order:
        size = len(closed[i])
        fits = next((left for left in range(size, length + 1) if room[left]), None)
        if fits is None:
            rows.append([])
            room[length].append(len(rows) - 1)
        fullest = length if fits is None else fits
        chosen = room[fullest].pop()
        rows[chosen].append(i)
        room[fullest - size].append(chosen)
    numbers, text = np.full((len(rows), length), end, np.int64), np.full((len(rows), length), -1, np.int64)
    weight = np.zeros((len(rows), length), np.float32)
    for r, row in enumerate(rows):
        place = 0
        for n, i in enumerate(row):
            stop = place + len(closed[i])
            numbers[r, place:stop], text[r, place:stop], weight[r, place:stop] = closed[i], n, weights[i]
            place = stop
    return Rows(numbers, text, weight)


class NextNumber(Task):
    """Cross-entropy of the next number within each text."""

    def __init__(self, network: Network, aside: Rows | None, labels: range, start: int, device: torch.device) -> None:
        self.network = network.to(device)
        self.players = {"network": self.network}
        self.device = device
        self.labels, self.start = labels, start
        self.aside = None if aside is None else [tensor.to(device) for tensor in aside.tensors()]

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        numbers, text, weights = batch
        is_label = (numbers >= self.labels.start) & (numbers < self.labels.stop)
        hidden = is_label & (torch.rand(numbers.shape, device=numbers.device) < UNLABELLED)
        total, weight = self._nats(torch.where(hidden, self.start, numbers), text, weights)
        return total / weight.clamp_min(1e-6)

    def score(self) -> float | None:
        """Nats a number on texts kept aside."""
        if self.aside is None:
            return None
        numbers, text, weights = self.aside
        parts = [self._nats(numbers[i : i + 32], text[i : i + 32], weights[i : i + 32]) for i in range(0, len(numbers), 32)]
        return sum(float(total) for total, _ in parts) / max(1e-6, sum(float(weight) for _, weight in parts))

    def _nats(self, numbers: Tensor, text: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum of nats over all numbers but the first of each text, and of their weights."""
        length = numbers.shape[1]
        together = (text[:, :, None] == text[:, None, :]) & torch.ones(length, length, dtype=torch.bool, device=text.device).tril()
        logits = self.network(numbers, together[:, None])
        counts = (text[:, 1:] == text[:, :-1]) & (text[:, 1:] >= 0)
        weight = torch.where(counts, weights[:, 1:], 0.0)
        nats = functional.cross_entropy(logits[:, :-1].flatten(0, 1), numbers[:, 1:].flatten(), reduction="none").view_as(weight)
        return (nats * weight).sum(), weight.sum()
