"""A causal transformer in the form of Llama: what comes next, given what went before.

- Rotary positions (Su et al. 2021), root-mean-square norms (Zhang & Sennrich 2019), gated feed-forward layers (Shazeer 2020), no biases.
- The embedding is also the last layer (Press & Wolf 2017): half the weights, and much better from little text.
- Names and shapes of weights are those of `LlamaForCausalLM`, so that other programs read them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

Cache = list[tuple[Tensor, Tensor]]

THETA = 10_000.0
EPSILON = 1e-5


@dataclass(frozen=True)
class Plan:
    """Sizes of a network; ``longest``: numbers in a row that it was made for."""

    entries: int
    width: int
    depth: int
    heads: int
    inner: int
    longest: int

    def to_dict(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Self:
        return cls(**{name: int(value) for name, value in facts.items()})


class Network(nn.Module):
    """Logits of what comes next. ``dropout`` is for training alone and belongs to no file."""

    def __init__(self, plan: Plan, dropout: float = 0.0) -> None:
        super().__init__()
        self.plan = plan
        self.model = nn.ModuleDict(
            {
                "embed_tokens": nn.Embedding(plan.entries, plan.width),
                "layers": nn.ModuleList(_Layer(plan, dropout) for _ in range(plan.depth)),
                "norm": nn.RMSNorm(plan.width, EPSILON),
            }
        )
        self.dropout = nn.Dropout(dropout)
        angles = torch.arange(plan.longest).float()[:, None] * THETA ** (
            -torch.arange(0, plan.width // plan.heads, 2).float() / (plan.width // plan.heads)
        )
        self.register_buffer("cosines", torch.cat([angles, angles], 1).cos(), persistent=False)
        self.register_buffer("sines", torch.cat([angles, angles], 1).sin(), persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                nn.init.normal_(
                    weight, std=0.02 / (2 * plan.depth) ** 0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 0.02
                )

    def forward(self, numbers: Tensor, mask: Tensor | None = None) -> Tensor:
        """(rows, length, entries) logits of (rows, length) numbers; ``mask`` (rows, 1, length, length) tells who sees whom."""
        x, turn = self._begin(numbers, 0)
        for layer in self._layers():
            x, _ = layer(x, turn, mask, None)
        return self._end(x)

    def step(self, numbers: Tensor, cache: Cache, place: int) -> tuple[Tensor, Cache]:
        """(rows, entries) logits after one more number a row (rows,) at `place`, and the cache to hand on; it starts as an empty list."""
        x, turn = self._begin(numbers[:, None], place)
        kept: Cache = []
        for i, layer in enumerate(self._layers()):
            x, memory = layer(x, turn, None, cache[i] if cache else None)
            kept.append(memory)
        return self._end(x)[:, 0], kept

    def _begin(self, numbers: Tensor, place: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        length = numbers.shape[1]
        cosines, sines = self.get_buffer("cosines"), self.get_buffer("sines")
        x = self.dropout(functional.embedding(numbers, self._embedding()))
        return x, (cosines[place : place + length], sines[place : place + length])

    def _end(self, x: Tensor) -> Tensor:
        norm = self.model["norm"]
        return functional.linear(self.dropout(norm(x)), self._embedding())

    def _embedding(self) -> Tensor:
        return self.get_parameter("model.embed_tokens.weight")

    def _layers(self) -> list[_Layer]:
        return [layer for layer in self.get_submodule("model.layers").children() if isinstance(layer, _Layer)]


class _Layer(nn.Module):
    def __init__(self, plan: Plan, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(plan.width, EPSILON)
        self.self_attn = _Attention(plan)
        self.post_attention_layernorm = nn.RMSNorm(plan.width, EPSILON)
        self.mlp = _Gated(plan)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor | None, memory: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        seen, memory = self.self_attn(self.input_layernorm(x), turn, mask, memory)
        x = x + self.dropout(seen)
        return x + self.dropout(self.mlp(self.post_attention_layernorm(x))), memory


class _Attention(nn.Module):
    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.heads = plan.heads
        self.q_proj = nn.Linear(plan.width, plan.width, bias=False)
        self.k_proj = nn.Linear(plan.width, plan.width, bias=False)
        self.v_proj = nn.Linear(plan.width, plan.width, bias=False)
        self.o_proj = nn.Linear(plan.width, plan.width, bias=False)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor | None, memory: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        rows, length, width = x.shape
        split = (rows, length, self.heads, width // self.heads)
        q, k, v = (project(x).view(split).transpose(1, 2) for project in (self.q_proj, self.k_proj, self.v_proj))
        q, k = _turned(q, turn), _turned(k, turn)
        if memory is not None:
            k, v = torch.cat([memory[0], k], 2), torch.cat([memory[1], v], 2)
        causal = mask is None and memory is None and length > 1
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        return self.o_proj(seen.transpose(1, 2).reshape(rows, length, width)), (k, v)


class _Gated(nn.Module):
    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(plan.width, plan.inner, bias=False)
        self.up_proj = nn.Linear(plan.width, plan.inner, bias=False)
        self.down_proj = nn.Linear(plan.inner, plan.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


def _turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions, halves against halves as Llama has them."""
    half = x.shape[-1] // 2
    return x * turn[0] + torch.cat([-x[..., half:], x[..., :half]], -1) * turn[1]
