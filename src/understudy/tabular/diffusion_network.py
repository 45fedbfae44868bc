"""The network of the diffusion model of tables, its training and its draws, in torch.

One residual network sees all fields at once: the sum of an embedding for each slot (its value, or "masked"), and the scores of numbers that
are there. From what it makes of them, heads give the law of every masked slot, and a small flow for every number inside bins carries noise
to the score inside its gate. So the costly part runs once for each step of unmasking, and the many steps of the flow cost little (Li et
al., "Autoregressive image generation without vector quantization", NeurIPS 2024, does so for patches of images).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from understudy.neural.flow_matching import between, draw_times, heun, time_grid
from understudy.neural.masked_tokens import mask_counted, masked_cross_entropy
from understudy.neural.training import Task

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

FLOW_DRAWS = 4
"""Times and noises for each row in a step of training: the flow is cheap beside the network."""
FLOW_STEPS = 5
"""Steps of Heun's rule: twice as many evaluations of the small flow. They miss the place inside a group by a thousandth of it."""
SCORED_DRAWS = 3
CHUNK = 2_048
"""Rows at once on a CPU: what lies between two layers stays in its cache."""
CHUNK_ON_CARD = 65_536


@dataclass(frozen=True)
class Plan:
    """What the network is made for.

    ``slots``: sizes of all slots. ``last``: for every field its last slot. ``flows``: fields with places inside codes; ``codes``: how
    many codes each of these has. ``ranked``: how many fields bring the rank of their value along.
    """

    slots: list[int]
    owner: list[int]
    last: list[int]
    flows: list[int]
    codes: list[int]
    ranked: list[int]
    width: int = 256
    depth: int = 3
    dropout: float = 0.0
    context: int = 48

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm, self.inner, self.outer = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.outer.weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.outer(self.dropout(functional.gelu(self.inner(self.norm(x)))))
        return y


class Network(nn.Module):
    """Slots and scores in; the laws of the slots and the velocities of the scores out."""

    offset: Tensor
    masked_value: Tensor

    def __init__(self, plan: Plan, shares: list[NDArray[Any]]) -> None:
        super().__init__()
        self.plan = plan
        sizes = np.array(plan.slots)
        self.register_buffer("offset", torch.from_numpy(np.cumsum(sizes + 1) - (sizes + 1)), persistent=False)
        self.register_buffer("masked_value", torch.from_numpy(sizes.astype(np.int64)), persistent=False)
        self.embedding = nn.EmbeddingBag(int((sizes + 1).sum()), plan.width, mode="sum")
        nn.init.normal_(self.embedding.weight, std=0.6 / math.sqrt(len(sizes)))
        self.numbers = nn.Linear(max(1, len(plan.flows) + len(plan.ranked)), plan.width, bias=False)
        nn.init.normal_(self.numbers.weight, std=0.3 / math.sqrt(len(sizes)))
        self.blocks = nn.ModuleList([_Block(plan.width, plan.dropout) for _ in range(plan.depth)])
        self.norm = nn.LayerNorm(plan.width)
        self.heads = nn.Linear(plan.width, int(sizes.sum()))
        nn.init.zeros_(self.heads.weight)
        with torch.no_grad():
            self.heads.bias.copy_(torch.from_numpy(np.concatenate([np.log(np.maximum(s, 1e-7)) for s in shares]).astype(np.float32)))
        self.flow = Flow(plan)

    def hidden(self, slots: Tensor, numbers: Tensor) -> Tensor:
        """(n, width) of slots (n, slots), `masked_value` where masked, and numbers (n, flows + ranked), 0 where masked."""
        x: Tensor = self.embedding(slots + self.offset)
        if self.plan.flows or self.plan.ranked:
            x = x + self.numbers(numbers)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x)
        return out

    def laws(self, hidden: Tensor) -> list[Tensor]:
        """Logits of every slot."""
        return list(self.heads(hidden).split(self.plan.slots, dim=1))

    def law(self, hidden: Tensor, slot: int) -> Tensor:
        """Logits of one slot, (n, size)."""
        start = sum(self.plan.slots[:slot])
        part = slice(start, start + self.plan.slots[slot])
        return functional.linear(hidden, self.heads.weight[part], self.heads.bias[part])


class Flow(nn.Module):
    """A small flow for every number, given the network's hidden state and the gate's code; all numbers side by side.

    What flows is the score less its expected place, over its expected spread: however closely numbers hang together, the flow sees
    something of unit size, and has only the shape to learn.
    """

    first_code: Tensor

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        count, inner = max(1, len(plan.flows)), plan.context
        codes = np.array(plan.codes or [1])
        self.inner = inner
        self.register_buffer("first_code", torch.from_numpy((np.cumsum(codes) - codes).astype(np.int64)), persistent=False)
        self.context = nn.Linear(plan.width, count * inner)
        self.code = nn.Embedding(int(codes.sum()), inner)
        nn.init.normal_(self.code.weight, std=0.3)
        self.frame = nn.Linear(plan.width, 2 * count)
        self.code_frame = nn.Embedding(int(codes.sum()), 2)
        for weight in (self.frame.weight, self.frame.bias, self.code_frame.weight):
            nn.init.zeros_(weight)
        self.entry = nn.Parameter(torch.randn(count, _FEATURES, inner) / math.sqrt(_FEATURES))
        self.middle = nn.Parameter(torch.randn(2, count, inner, inner) / math.sqrt(inner))
        self.middle_bias = nn.Parameter(torch.zeros(2, count, 1, inner))
        self.out = nn.Parameter(torch.zeros(count, inner, 1))

    def given(self, hidden: Tensor, codes: Tensor) -> Tensor:
        """(flows, n, inner) what the velocity is conditioned on; codes (n, flows)."""
        context = self.context(hidden).view(len(hidden), -1, self.inner) + self.code(codes + self.first_code)
        found: Tensor = context.transpose(0, 1)
        return found

    def given_one(self, hidden: Tensor, flow: int, codes: Tensor) -> Tensor:
        """Likewise of one flow: (1, n, inner); codes (n,)."""
        part = slice(flow * self.inner, (flow + 1) * self.inner)
        context = functional.linear(hidden, self.context.weight[part], self.context.bias[part]) + self.code(codes + self.first_code[flow])
        found: Tensor = context[None]
        return found

    def frames(self, hidden: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """(flows, n) expected place, and the logarithm of the spread; codes (n, flows)."""
        place, spread = (self.frame(hidden).view(len(hidden), -1, 2) + self.code_frame(codes + self.first_code)).permute(2, 1, 0)
        return place, _bounded(spread)

    def frame_one(self, hidden: Tensor, flow: int, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Likewise of one flow: (1, n); codes (n,)."""
        part = slice(2 * flow, 2 * flow + 2)
        found = functional.linear(hidden, self.frame.weight[part], self.frame.bias[part]) + self.code_frame(codes + self.first_code[flow])
        place, spread = found.T
        return place[None], _bounded(spread)[None]

    def velocity(self, given: Tensor, x: Tensor, t: Tensor) -> Tensor:
        """dx/dt of x (flows, n) at t of the same shape."""
        return self._velocity(torch.bmm(_features(x, t), self.entry), given, x, t, slice(None))

    def velocity_of_one(self, given: Tensor, x: Tensor, t: Tensor, flow: int) -> Tensor:
        """Likewise of one flow: x (1, n), and t one number, so that what hangs on t alone is computed once."""
        entry = self.entry[flow]
        still = _features(torch.zeros_like(t), t) @ entry
        moving = torch.stack([x[0], torch.tanh(2 * x[0])], dim=-1)
        entered = torch.addmm(still, moving, torch.stack([entry[0] + t * entry[1], entry[2]]))
        return self._velocity(entered[None], given, x, t, slice(flow, flow + 1))

    def _velocity(self, entered: Tensor, given: Tensor, x: Tensor, t: Tensor, flow: slice) -> Tensor:
        y = functional.silu(entered + given)
        y = functional.silu(torch.bmm(y, self.middle[0, flow]) + self.middle_bias[0, flow] + given)
        y = y + functional.silu(torch.bmm(y, self.middle[1, flow]) + self.middle_bias[1, flow])
        # What is left of the way were the law a standard normal: the network adds to it.
        straight = (2 * t - 1) / (t**2 + (1 - t) ** 2) * x
        return straight + torch.bmm(y, self.out[flow]).squeeze(-1)


_FEATURES = 8
_LEAST_SPREAD = 6.0
_FARTHEST = 8.0


def _bounded(log_spread: Tensor) -> Tensor:
    """Between e^-6 and e^2, so that one row cannot make the spread vanish."""
    return 2 - functional.softplus(2 - log_spread) + functional.softplus(-_LEAST_SPREAD - log_spread)


def _features(x: Tensor, t: Tensor) -> Tensor:
    one = torch.ones_like(x)
    waves = [torch.sin(math.pi * t), torch.cos(math.pi * t), torch.cos(2 * math.pi * t)]
    return torch.stack([x, x * t, torch.tanh(2 * x), t, *waves, one], dim=-1)


class Denoising(Task):
    """Training: some slots of each row are masked, the network says what they were."""

    def __init__(self, network: Network, aside: list[Tensor] | None, device: torch.device) -> None:
        self.network, self.device = network.to(device), device
        self.players = {"network": self.network}
        self._aside = None if aside is None else [tensor.to(device) for tensor in aside]
        self._later = [s for s, owner in enumerate(network.plan.owner) if s and network.plan.owner[s - 1] == owner]

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        return self._bound(batch, FLOW_DRAWS).mean()

    def score(self) -> float | None:
        if self._aside is None:
            return None
        chunks = [[tensor[i : i + CHUNK] for tensor in self._aside] for i in range(0, len(self._aside[0]), CHUNK)]
        found = [self._bound(chunk, FLOW_DRAWS) for _ in range(SCORED_DRAWS) for chunk in chunks]
        return float(torch.cat(found).mean())

    def _bound(self, batch: list[Tensor], draws: int) -> Tensor:
        """(n,) the bound on a row's surprise, by slot: cross-entropies of masked slots and errors of the flow."""
        slots, numbers, codes, grouped = batch
        plan = self.network.plan
        masked, weight = mask_counted((len(slots), len(plan.slots)), self.device)
        for slot in self._later:  # which one in a block says nothing before the block does
            masked[:, slot] |= masked[:, slot - 1]
        shown = torch.where(masked, self.network.masked_value, slots.long())
        hidden = self.network.hidden(shown, numbers * ~self._hidden_numbers(masked))
        bound = masked_cross_entropy(self.network.laws(hidden), slots.long(), masked)
        if plan.flows:
            wanted = masked[:, [plan.last[j] for j in plan.flows]] & grouped
            bound = bound + (self._flow_error(hidden, numbers[:, : len(plan.flows)], codes, draws) * wanted).sum(dim=1)
        return bound * weight / len(plan.slots)

    def _hidden_numbers(self, masked: Tensor) -> Tensor:
        plan = self.network.plan
        fields = plan.flows + plan.ranked
        return masked[:, [plan.last[j] for j in fields]] if fields else torch.zeros((len(masked), 1), dtype=torch.bool, device=self.device)

    def _flow_error(self, hidden: Tensor, scores: Tensor, codes: Tensor, draws: int) -> Tensor:
        """(n, flows) surprise at the score under its place and spread, and the mean squared error of the velocity inside them."""
        n, count = scores.shape
        flow = self.network.flow
        place, log_spread = flow.frames(hidden, codes.long())
        rest = (scores.T - place) * torch.exp(-log_spread)
        surprise = 0.5 * rest**2 + log_spread
        given = flow.given(hidden, codes.long()).repeat(1, draws, 1)
        x0 = rest.detach().clamp(-_FARTHEST, _FARTHEST).repeat(1, draws)
        t = torch.stack([draw_times(n * draws, self.device) for _ in range(count)])
        noise = torch.randn(x0.shape, device=self.device)
        error = (flow.velocity(given, between(x0, noise, t), t) - (noise - x0)) ** 2
        return (surprise + error.view(count, draws, n).mean(dim=1)).T


class Drawing:
    """The network as a maker of rows: NumPy in, NumPy out."""

    def __init__(self, network: Network, device: torch.device) -> None:
        self.network, self.device = network.to(device).eval(), device
        self._chunk = CHUNK if device.type == "cpu" else CHUNK_ON_CARD
        self._times = time_grid(FLOW_STEPS)

    @torch.inference_mode()
    def hidden(self, slots: Codes, numbers: NDArray[np.float32]) -> Tensor:
        parts = []
        for start in range(0, len(slots), self._chunk):
            part = slice(start, start + self._chunk)
            parts.append(self.network.hidden(self._there(slots[part]), self._there(numbers[part])))
        return torch.cat(parts)

    @torch.inference_mode()
    def law(self, hidden: Tensor, slot: int) -> Floats:
        """(n, size) probabilities of a slot's values."""
        return torch.softmax(self.network.law(hidden, slot).double(), dim=1).cpu().numpy()

    @torch.inference_mode()
    def scores(self, hidden: Tensor, flow: int, codes: Codes, noise: Floats) -> Floats:
        """Noise (n,) carried to scores."""
        place, log_spread = self.network.flow.frame_one(hidden, flow, self._there(codes))
        rest = self._follow(hidden, flow, codes, self._row(noise), self._times)
        return self._back(place + rest * torch.exp(log_spread))

    @torch.inference_mode()
    def noise(self, hidden: Tensor, flow: int, codes: Codes, scores: Floats) -> Floats:
        """Scores (n,) carried back to noise: its normal distribution function is the probability of what lies below the score."""
        place, log_spread = self.network.flow.frame_one(hidden, flow, self._there(codes))
        rest = (self._row(scores) - place) * torch.exp(-log_spread)
        return self._back(self._follow(hidden, flow, codes, rest.clamp(-_FARTHEST, _FARTHEST), self._times[::-1]))

    def _follow(self, hidden: Tensor, flow: int, codes: Codes, x: Tensor, times: list[float]) -> Tensor:
        given = self.network.flow.given_one(hidden, flow, self._there(codes))
        return heun(lambda x, t: self.network.flow.velocity_of_one(given, x, t, flow), x, times)

    def _row(self, values: Floats) -> Tensor:
        return self._there(values.astype(np.float32))[None]

    @staticmethod
    def _back(x: Tensor) -> Floats:
        found: Floats = x[0].double().cpu().numpy()
        return found

    def _there(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)
