"""A network that knows every order of a table's fields: the law of each field given any others, learned at once.

Masked autoencoding of distributions (MADE: Germain et al., ICML 2015) trained over orders (Uria, Murray & Larochelle, "A deep and
tractable density estimator", ICML 2014; on tokens of tables: TabularARGN, 2025). Notable here:

- every column has hidden units of its own; an order masks the *weights* of the first layer, so that a group of rows takes one matrix
  product whatever the order, and all columns of a row are scored in one pass;
- the first layer is told which columns are visible, apart from what they hold;
- tokens of numbers share strength with their neighbours: their embedding is a smooth function of the rank plus a table;
- wide tables (`PAIRWISE_MOST` columns or more) sum what is visible along the order instead (NADE), at a cost linear in the columns;
- fields of very many levels are two columns, the leading and the trailing digit of the token.

Letters: n rows, C columns, d width of an embedding, H hidden units a column, R width of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn
from torch.nn import functional

from understudy.neural.training import Task
from understudy.tabular.features import rank_scores
from understudy.tabular.fields import Encoded, Field, Floats

PAIRWISE_MOST = 64
SPLIT_ABOVE = 1024
BUMPS = 12
"""Bell curves over the rank that the smooth part of a number's embedding is made of."""


@dataclass(frozen=True)
class Column:
    """What the network calls a column: a field, or one of the two digits of a field with very many tokens.

    ``base``: 0 for a whole field; else the token is ``leading * base + trailing``. ``shares`` (size,).
    """

    field: int
    size: int
    shares: Floats
    base: int = 0
    leading: bool = False

    def tokens(self, tokens: NDArray[np.integer]) -> NDArray[np.int64]:
        """The column's part of the field's tokens."""
        if not self.base:
            return tokens.astype(np.int64)
        return np.asarray(tokens // self.base if self.leading else tokens % self.base, np.int64)


def columns_of(fields: list[Field]) -> list[Column]:
    """The network's columns, in the order of the fields; the leading digit before the trailing one."""
    found = []
    for j, field in enumerate(fields):
        if field.size <= SPLIT_ABOVE:
            found.append(Column(j, field.size, field.shares))
            continue
        base = math.ceil(field.size**0.5)
        padded = np.pad(field.shares, (0, -field.size % base)).reshape(-1, base)
        found.append(Column(j, len(padded), padded.sum(axis=1), base, leading=True))
        found.append(Column(j, base, padded.sum(axis=0), base))
    return found


def matrix_of(columns: list[Column], rows: Encoded) -> NDArray[np.int64]:
    """(n, C) the columns' tokens of encoded rows."""
    return np.stack([column.tokens(rows.tokens[column.field]) for column in columns], axis=1)


def smooth_basis(field: Field) -> NDArray[np.float32]:
    """(size, BUMPS + 1) the normal score of each token of a number, and bell curves over its rank; NULL is zero everywhere."""
    rank = rank_scores(field)
    centres = np.linspace(0, 1, BUMPS)
    basis = np.column_stack([ndtri(np.clip(rank, 1e-3, 1 - 1e-3)), np.exp(-(((rank[:, None] - centres) * BUMPS) ** 2) / 2)])
    if field.null_token is not None:
        basis[field.null_token] = 0
    return basis.astype(np.float32)


class Pairwise(nn.Module):
    """First layer: a weight for each pair of columns, masked by the order."""

    def __init__(self, columns: int, width: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(columns, width, columns, hidden) * (2 / (width * columns)) ** 0.5)
        self.visible = nn.Parameter(torch.randn(columns, columns, hidden) * 0.02)
        self.bias = nn.Parameter(torch.zeros(columns, hidden))

    def forward(self, embedded: Tensor, place: Tensor) -> Tensor:
        """(n, C, H) of embeddings (n, C, d); a column sees those with a lesser ``place`` (C,)."""
        columns, width, _, hidden = self.weight.shape
        before = (place[:, None] < place[None, :]).to(embedded.dtype)  # [seen, seer]
        weight = (self.weight * before[:, None, :, None]).reshape(columns * width, columns * hidden)
        bias = self.bias + (self.visible * before[:, :, None]).sum(dim=0)
        return (embedded.reshape(len(embedded), -1) @ weight).reshape(len(embedded), columns, hidden) + bias


class Cumulative(nn.Module):
    """First layer of wide tables: one running sum of what is visible, which each column reads with weights of its own."""

    def __init__(self, columns: int, width: int, hidden: int, sum_width: int) -> None:
        super().__init__()
        self.project = nn.Parameter(torch.randn(columns, width, sum_width) * (2 / width) ** 0.5)
        self.visible = nn.Parameter(torch.randn(columns, sum_width) * 0.02)
        self.read = nn.Parameter(torch.randn(columns, sum_width, hidden) * sum_width**-0.5)
        self.bias = nn.Parameter(torch.zeros(columns, hidden))

    def forward(self, embedded: Tensor, place: Tensor) -> Tensor:
        """As `Pairwise.forward`."""
        parts = torch.bmm(embedded.transpose(0, 1), self.project) + self.visible[:, None, :]
        order = torch.argsort(place)
        before = torch.cumsum(parts[order], dim=0) - parts[order]
        sums = (before / scale_of_sum(torch.arange(len(order), device=place.device))[:, None, None])[place]
        return torch.baddbmm(self.bias[:, None, :], sums, self.read).transpose(0, 1)


def scale_of_sum(seen: Tensor) -> Tensor:
    """What the sum of ``seen`` columns is divided by, so that its size does not depend on how many there are."""
    return torch.sqrt(1.0 + seen)


class Heads(nn.Module):
    """Scores of the tokens of columns of like size, side by side; what pads the smaller ones has no probability."""

    def __init__(self, columns: list[Column], members: list[int], hidden: int) -> None:
        super().__init__()
        size = max(columns[i].size for i in members)
        base = np.full((len(members), 1, size), -1e9, np.float32)
        for k, i in enumerate(members):
            base[k, 0, : columns[i].size] = np.log(np.maximum(columns[i].shares, 1e-6))
        self.members = members
        self.weight = nn.Parameter(torch.randn(len(members), hidden, size) * 0.02)
        self.shift = nn.Parameter(torch.zeros(len(members), 1, size))
        self.register_buffer("base", torch.from_numpy(base))
        self.register_buffer("index", torch.tensor(members), persistent=False)

    def losses(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """The sum over columns of the mean negative log-probability; ``hidden`` (C, n, H), ``tokens`` (n, C)."""
        index = self.get_buffer("index")
        scores = torch.baddbmm(self.shift + self.get_buffer("base"), hidden[index], self.weight)
        wanted = tokens[:, index].t()
        return functional.cross_entropy(scores.flatten(0, 1), wanted.flatten()) * len(self.members)


class AnyOrderNetwork(nn.Module):
    """Log-probabilities of every column given those before it in an order.

    Args:
        width, hidden, layers: d, H, and residual layers a column. dropout: share of hidden units left out in training.
    """

    def __init__(self, fields: list[Field], *, width: int, hidden: int, layers: int, dropout: float, sum_width: int = 128) -> None:
        super().__init__()
        self.columns = columns_of(fields)
        self.dropout = dropout
        count, sizes = len(self.columns), [c.size for c in self.columns]
        self.register_buffer("start", torch.tensor(np.cumsum([0, *sizes[:-1]])), persistent=False)
        ordered = [fields[c.field].kind == "numeric" and not c.base for c in self.columns]
        spread = torch.tensor(np.repeat([0.3 if o else 1.0 for o in ordered], sizes), dtype=torch.float32)
        self.table = nn.Parameter(torch.randn(sum(sizes), width) * spread[:, None])
        self.smooth = nn.Parameter(torch.randn(count, BUMPS + 1, width) * 0.5)
        nothing = [np.zeros((size, BUMPS + 1), np.float32) for size in sizes]
        basis = [smooth_basis(fields[c.field]) if o else none for c, o, none in zip(self.columns, ordered, nothing, strict=True)]
        self.register_buffer("basis", torch.from_numpy(np.concatenate(basis)), persistent=False)
        self.register_buffer("owner", torch.tensor(np.repeat(np.arange(count), sizes)), persistent=False)
        self.first = Cumulative(count, width, hidden, sum_width) if count > PAIRWISE_MOST else Pairwise(count, width, hidden)
        self.weights = nn.ParameterList([torch.randn(count, hidden, hidden) * hidden**-0.5 for _ in range(layers)])
        self.biases = nn.ParameterList([torch.zeros(count, 1, hidden) for _ in range(layers)])
        self.heads = nn.ModuleList()
        self._heads = [Heads(self.columns, members, hidden) for members in _of_like_size(sizes)]
        self.heads.extend(self._heads)

    def embedding(self) -> Tensor:
        """(sum of sizes, d) what each token of each column stands for."""
        smooth = self.smooth[self.get_buffer("owner")]
        return self.table + torch.einsum("tb,tbd->td", self.get_buffer("basis"), smooth)

    def log_loss(self, groups: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """Mean negative log-probability of a row: a scalar. Each group is rows (n, C) and the places (C,) of their order."""
        tokens = torch.cat([rows for rows, _ in groups])
        embedded = functional.embedding(tokens + self.get_buffer("start"), self.embedding())
        parts = torch.split(embedded, [len(rows) for rows, _ in groups])
        first = torch.cat([self.first(part, place) for part, (_, place) in zip(parts, groups, strict=True)])
        hidden = self._thinned(functional.silu(first)).transpose(0, 1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            hidden = hidden + self._thinned(functional.silu(torch.baddbmm(bias, hidden, weight)))
        return torch.stack([heads.losses(hidden, tokens) for heads in self._heads]).sum()

    def _thinned(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, self.dropout, self.training) if self.dropout else hidden

    def work(self) -> float:
        """Multiplications a row and pass, roughly."""
        return float(sum(p.numel() for name, p in self.named_parameters() if name not in ("table", "smooth")))

    def to_arrays(self) -> dict[str, NDArray[np.float32]]:
        """Weights for `AnyOrderLaw`, embeddings worked out."""
        arrays: dict[str, Tensor] = dict(self.first.named_parameters(prefix="first"))
        sizes = [c.size for c in self.columns]
        arrays |= {f"embedding.{i}": part for i, part in enumerate(torch.split(self.embedding(), sizes))}
        for heads in self._heads:
            for k, i in enumerate(heads.members):
                arrays[f"head.{i}"] = heads.weight[k, :, : sizes[i]]
                arrays[f"base.{i}"] = (heads.shift + heads.get_buffer("base"))[k, 0, : sizes[i]]
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            arrays |= {f"layer.{k}.weight": weight, f"layer.{k}.bias": bias[:, 0]}
        return {name: np.ascontiguousarray(value.detach().float().cpu().numpy()) for name, value in arrays.items()}


def _of_like_size(sizes: list[int]) -> list[list[int]]:
    """Columns whose sizes lie between the same powers of two."""
    power = [max(3, math.ceil(math.log2(size))) if size > 1 else 3 for size in sizes]
    return [[i for i, p in enumerate(power) if p == some] for some in sorted(set(power))]


def places(order: NDArray[np.int64], columns: list[Column]) -> Tensor:
    """(C,) the place of each column where its field is drawn in ``order``; digits of one field follow each other."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return torch.from_numpy(np.argsort(np.argsort([2 * rank[c.field] + (not c.leading) for c in columns], kind="stable")))


class AnyOrderTask(Task):
    """Cross-entropy of all columns; half of each batch in the canonical order, the rest in random ones, so that rows drawn without
    conditions lose nothing by what conditions gain."""

    GROUPS = 4
    SCORED_ORDERS = 2

    def __init__(self, network: AnyOrderNetwork, canonical: list[int], aside: Tensor, device: torch.device) -> None:
        self.network, self.device = network.to(device), device
        self.players = {"network": network}
        self.canonical = np.array(canonical, np.int64)
        self.aside = aside.to(device)

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        parts = batch[0].chunk(self.GROUPS)
        return self.network.log_loss([(part, self._place(g >= self.GROUPS / 2)) for g, part in enumerate(parts)])

    def score(self) -> float | None:
        """Half for the canonical order, half for the mean of some fixed random ones."""
        if not len(self.aside):
            return None
        usual = self._aside_loss(self._place(shuffled=False))
        others = [self._aside_loss(self._place(shuffled=True)) for _ in range(self.SCORED_ORDERS)]
        return 0.5 * usual + 0.5 * sum(others) / len(others)

    def _aside_loss(self, place: Tensor) -> float:
        parts = torch.split(self.aside, 2048)
        return sum([self.network.log_loss([(part, place)]).item() * len(part) for part in parts], 0.0) / len(self.aside)

    def _place(self, shuffled: bool) -> Tensor:
        order = torch.randperm(len(self.canonical)).numpy() if shuffled else self.canonical
        return places(order, self.network.columns).to(self.device)
