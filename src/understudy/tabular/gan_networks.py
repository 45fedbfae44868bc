"""The two networks of the gan of tables: one completes rows of which some cells are shown, the other judges some rows at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from understudy.neural.adversarial import gumbel, straight_through
from understudy.tabular.levels import Integers, Layout, Singles

NOISE = 32
BLOCKS = 3
RANK = 24
"""Free directions of a level in the generator's heads, besides its features."""
AT_ONCE = 2_048
"""Rows that go through the layers together when rows are made, so that what is between them stays in the cache."""
OWN = 8
"""Likewise in the critic's eyes."""


class Completer(nn.Module):
    """The generator: laws of a chunk's fields, given noise and what is shown of a row.

    A level is seen, and given, by its features (neighbours are alike) and by directions of its own.
    """

    features: Tensor

    def __init__(self, layout: Layout, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layout, self.width, self.noise = layout, width, NOISE
        features = torch.from_numpy(layout.features())
        self.register_buffer("features", features)
        self.seen = nn.Parameter(0.3 * torch.randn(layout.size, width) / len(layout.counts) ** 0.5)
        self.of_features = nn.Linear(len(layout.counts) * features.shape[1], width)
        self.of_noise = nn.Linear(NOISE, width, bias=False)
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(BLOCKS))
        self.final = nn.LayerNorm(width)
        self.queries = nn.ModuleList(nn.Linear(width, len(chunk) * (RANK + features.shape[1])) for chunk in layout.chunks)
        self.keys = nn.Parameter(0.1 * torch.randn(layout.size, RANK))
        self.bias = nn.Parameter(torch.from_numpy(layout.log_shares()))
        for c in range(len(layout.chunks)):
            grid, there = layout.grid(c)
            self.register_buffer(f"grid{c}", torch.from_numpy(grid), persistent=False)
            self.register_buffer(f"there{c}", torch.from_numpy(there), persistent=False)

    def trunk(self, shown: Tensor, noise: Tensor) -> Tensor:
        """(n, width) from rows in the flat numbering, hidden where not known (n, fields), and (n, NOISE)."""
        row = functional.embedding_bag(shown, self.seen, mode="sum") + self.of_features(self.features[shown].flatten(1))
        return self._onward(row + self.of_noise(noise))

    def _onward(self, row: Tensor) -> Tensor:
        for block in self.blocks:
            row = block(row)
        normed: Tensor = self.final(row)
        return normed

    def head(self, trunk: Tensor, c: int) -> Tensor:
        """(n, fields of the chunk, most levels) logits, -inf where a field has no such level."""
        grid, there = self.grid(c), self.get_buffer(f"there{c}")
        keys = torch.cat([self.keys, self.features], dim=1)[grid]
        query = self.queries[c](trunk).view(len(trunk), len(grid), -1)
        logits = torch.bmm(query.transpose(0, 1), keys.transpose(1, 2)).transpose(0, 1) + self.bias[grid]
        return logits.masked_fill(~there, -torch.inf)

    def grid(self, c: int) -> Tensor:
        """Flat numbers of the chunk's levels (fields, most levels)."""
        return self.get_buffer(f"grid{c}")

    def forward(self, shown: Tensor, noise: Tensor, c: int) -> Tensor:
        return self.head(self.trunk(shown, noise), c)

    def laws(self, shown: Integers, noise: Singles, c: int) -> dict[int, Singles]:
        """The laws (n, levels) of chunk `c`'s fields given what is shown, under noise; both as in `trunk`."""
        with torch.inference_mode():
            table, grid = self._table(), self.grid(c)
            keys = torch.cat([self.keys, self.features], dim=1)[grid].transpose(1, 2).contiguous()
            bias = self.bias[grid].masked_fill(~self.get_buffer(f"there{c}"), -torch.inf)[:, None, :]
            laws = torch.empty((len(grid), len(shown), grid.shape[1]))
            for start in range(0, len(shown), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                row = functional.embedding_bag(torch.from_numpy(shown[part]), table, mode="sum")
                row = row + self.of_noise(torch.from_numpy(noise[part])) + self.of_features.bias
                query = self.queries[c](self._onward(row)).view(len(row), len(grid), -1)
                laws[:, part] = torch.baddbmm(bias, query.transpose(0, 1), keys).softmax(-1)
        return {j: laws[i, :, : self.layout.counts[j]].numpy() for i, j in enumerate(self.layout.chunks[c])}

    def _table(self) -> Tensor:
        """(size, width) what each level adds to its row: its own directions and its field's part of `of_features`."""
        table = self.seen.clone()
        width = self.features.shape[1]
        for j, (first, count) in enumerate(zip(self.layout.offset, self.layout.counts, strict=True)):
            own = slice(int(first), int(first) + int(count) + 1)
            table[own] += self.features[own] @ self.of_features.weight[:, j * width : (j + 1) * width].T
        return table


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.norm, self.rise, self.fall = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)
        with torch.no_grad():
            self.fall.weight.mul_(0.3)

    def forward(self, row: Tensor) -> Tensor:
        change: Tensor = self.dropout(self.fall(functional.silu(self.rise(self.norm(row)))))
        return row + change


class Judge(nn.Module):
    """The critic: one score for some rows at once. It sees levels by features and directions of their own, and which cells were given."""

    features: Tensor

    def __init__(self, layout: Layout, width: int, together: int) -> None:
        super().__init__()
        features = torch.from_numpy(layout.features())
        self.register_buffer("features", features, persistent=False)
        self.own = nn.Parameter(torch.randn(layout.size, OWN))
        self.fields = len(layout.counts)
        self.row = nn.Sequential(
            nn.Linear(self.fields * (features.shape[1] + OWN + 1), width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)
        )
        self.together = together
        self.pack = nn.Sequential(nn.Linear(width * together, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.score = nn.Linear(width, 1)

    def table(self) -> Tensor:
        """(size, features + OWN) what every level looks like; of bounded length, so that a penalty cannot be dodged by stretching."""
        return torch.cat([self.features, functional.normalize(self.own, dim=1)], dim=1)

    def forward(self, packs: Tensor) -> Tensor:
        """(packs,) scores of (packs, together · fields, look + 1)."""
        rows = self.row(packs.reshape(len(packs) * self.together, -1))
        scores: Tensor = self.score(self.pack(rows.reshape(len(packs), -1)))
        return scores.squeeze(1)


@dataclass
class Made:
    """Rows that the generator completed, with gradients. ``soft[c]`` (n, fields of the chunk, levels) probabilities, ``hot[c]`` draws."""

    rows: Tensor
    given: Tensor
    soft: list[Tensor] = field(default_factory=list)
    hot: list[Tensor] = field(default_factory=list)


def complete(completer: Completer, rows: Tensor, given: Tensor, temperature: float) -> Made:
    """Rows whose cells are kept where ``given`` and drawn elsewhere, pass by pass; no gradient passes from one pass to an earlier one."""
    layout = completer.layout
    hidden = torch.as_tensor(layout.hidden, device=rows.device)
    made = Made(torch.where(given, rows, hidden), given)
    for c, chunk in enumerate(layout.chunks):
        logits = completer(made.rows.clone(), torch.randn(len(rows), NOISE, device=rows.device), c)
        hot = straight_through(logits, gumbel(logits), temperature)
        drawn = hot.detach().argmax(-1) + torch.as_tensor(layout.offset[chunk], device=rows.device)
        made.rows[:, chunk] = torch.where(given[:, chunk], rows[:, chunk], drawn)
        made.soft.append(logits.softmax(-1))
        made.hot.append(hot)
    return made


@torch.no_grad()
def draw_rows(completer: Completer, size: int, device: torch.device) -> tuple[Tensor, list[Tensor]]:
    """Rows from nothing (size, fields), and for each chunk the mean of the fields' probabilities over them (fields, levels)."""
    parts, laws = [], []
    for start in range(0, size, 4096):
        blank = torch.zeros((min(4096, size - start), len(completer.layout.counts)), dtype=torch.long, device=device)
        made = complete(completer, blank, blank.bool(), 1.0)
        parts.append(made.rows)
        laws.append([soft.sum(0) for soft in made.soft])
    return torch.cat(parts), [sum(of_chunk) / size for of_chunk in zip(*laws, strict=True)]


def calibrated(completer: Completer, rounds: int, rows: int) -> Singles:
    """Move the levels' biases until the shares in rows made from nothing are the real ones; the shares that it comes to (size,)."""
    layout = completer.layout
    real = torch.from_numpy(layout.log_shares())
    for i in range(rounds + 1):
        _, laws = draw_rows(completer, rows, torch.device("cpu"))
        made = torch.zeros(layout.size)
        for c, law in enumerate(laws):
            grid, there = layout.grid(c)
            made[torch.from_numpy(grid[there])] = law[torch.from_numpy(there)]
        if i < rounds:
            with torch.no_grad():
                completer.bias.add_(0.8 * (real - made.clamp_min(1e-6).log()).clamp(-1, 1))
    found: Singles = made.numpy()
    return found
