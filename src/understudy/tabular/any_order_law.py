"""The any-order network at work without torch: the law of a column given what is visible of each row, in NumPy.

A row's workspace holds the embeddings of what is visible (zero where nothing is), so that rows with different visible cells stand side
by side in one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.tabular.fields import Encoded, Field, Floats, Mask, Tokens

Singles = NDArray[np.float32]


TOGETHER = 2048
"""Rows that go through the layers together, so that what is between them stays in the cache."""


@dataclass
class Seen:
    """What is visible of n rows. ``sums``: (n, C · d) embeddings, or (n, R) their running sum; ``columns`` (n, C) 1 where visible;
    ``log_prob`` (n,) of what was drawn so far, each given what was visible then."""

    sums: Singles
    columns: Singles
    log_prob: Floats

    def take(self, index: NDArray[np.integer]) -> Seen:
        return Seen(self.sums[index], self.columns[index], self.log_prob[index])

    @classmethod
    def join(cls, parts: list[Seen]) -> Seen:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("sums", "columns", "log_prob")))


class Chosen(NamedTuple):
    """Drawn tokens; natural logarithms of the probability of what was allowed, of what the bounds left, and of the token itself."""

    tokens: NDArray[np.int64]
    log_inside: Floats
    log_within: Floats
    log_token: Floats


class AnyOrderLaw:
    """Laws of fields. Made from `AnyOrderNetwork.to_arrays`.

    Args:
        bases: for each field 0, or the base of the two digits that its tokens were split into.
    """

    def __init__(self, fields: list[Field], bases: list[int], arrays: dict[str, NDArray[Any]]) -> None:
        self.fields, self.bases, self.arrays = fields, bases, arrays
        self._columns: list[list[int]] = []
        for base in bases:
            start = self._columns[-1][-1] + 1 if self._columns else 0
            self._columns.append([start, start + 1] if base else [start])
        self.count = self._columns[-1][-1] + 1
        self._embeddings = [arrays[f"embedding.{i}"] for i in range(self.count)]
        self._layers = sum(name.startswith("layer.") and name.endswith(".weight") for name in arrays)
        self._pairwise = "first.weight" in arrays
        if self._pairwise:
            weight = arrays["first.weight"]
            self._first = [np.ascontiguousarray(weight[:, :, i, :].reshape(-1, weight.shape[3])) for i in range(self.count)]
            self._visible = [np.ascontiguousarray(arrays["first.visible"][:, i, :]) for i in range(self.count)]
        else:
            projected = zip(self._embeddings, arrays["first.project"], arrays["first.visible"], strict=True)
            self._steps = [embedding @ project + visible for embedding, project, visible in projected]

    # -- what is visible

    def blank(self, rows: int) -> Seen:
        """Nothing is visible yet."""
        width = self.count * self._embeddings[0].shape[1] if self._pairwise else self.arrays["first.project"].shape[2]
        return Seen(np.zeros((rows, width), np.float32), np.zeros((rows, self.count), np.float32), np.zeros(rows))

    def show(self, seen: Seen, j: int, tokens: Tokens, where: Mask | None = None) -> None:
        """Field ``j`` becomes visible, in all rows or those of ``where`` (n,)."""
        for i, part in zip(self._columns[j], self._digits(j, tokens), strict=True):
            self._show_column(seen, i, part, where)

    def _show_column(self, seen: Seen, i: int, tokens: NDArray[np.int64], where: Mask | None) -> None:
        rows: Any = slice(None) if where is None else np.flatnonzero(where)
        seen.columns[rows, i] = 1
        if self._pairwise:
            width = self._embeddings[i].shape[1]
            seen.sums[rows, i * width : (i + 1) * width] = self._embeddings[i][tokens[rows]]
        else:
            seen.sums[rows] += self._steps[i][tokens[rows]]

    def _digits(self, j: int, tokens: Tokens) -> list[NDArray[np.int64]]:
        wide = tokens.astype(np.int64)
        base = self.bases[j]
        return [wide // base, wide % base] if base else [wide]

    # -- laws

    def scores(self, seen: Seen, i: int) -> Singles:
        """(n, size) unnormalised log-probabilities of column ``i``."""
        rows = len(seen.sums)
        found = np.empty((rows, len(self.arrays[f"base.{i}"])), np.float32)
        for start in range(0, rows, TOGETHER):
            part = slice(start, start + TOGETHER)
            np.matmul(self._hidden(seen.sums[part], seen.columns[part], i), self.arrays[f"head.{i}"], out=found[part])
        found += self.arrays[f"base.{i}"]
        return found

    def _hidden(self, sums: Singles, columns: Singles, i: int) -> Singles:
        """(n, H)"""
        arrays = self.arrays
        if self._pairwise:
            hidden = sums @ self._first[i]
            hidden += columns @ self._visible[i]
        else:
            hidden = (sums / np.sqrt(1 + columns.sum(axis=1, keepdims=True))) @ arrays["first.read"][i]
        hidden += arrays["first.bias"][i]
        _silu(hidden)
        for k in range(self._layers):
            more = hidden @ arrays[f"layer.{k}.weight"][i]
            more += arrays[f"layer.{k}.bias"][i]
            hidden += _silu(more)
        return np.asarray(hidden)

    def draw(
        self, seen: Seen, j: int, rng: np.random.Generator, weights: Floats | None, first: Floats | None, last: Floats | None
    ) -> Chosen:
        """Tokens of field ``j`` in proportion to probability times weight, inside bounds.

        Args:
            weights: (size,) 0 .. 1, the share of each token's mass that is allowed; None: all.
            first, last: (n,) the least and greatest token; NULL meets all bounds. None: no bound.
        """
        rows, field, base = len(seen.sums), self.fields[j], self.bases[j]
        weights = np.ones(field.size) if weights is None else weights
        first = np.full(rows, -1.0) if first is None else first
        last = np.full(rows, float(field.size)) if last is None else last
        nullable = field.null_token is not None
        if not base:
            return Chosen(*_choose(self.scores(seen, self._columns[j][0]), rng.random(rows), weights[None, :], first, last, nullable))
        table = np.pad(weights, (0, -field.size % base)).reshape(-1, base)
        some = (table.max(axis=1) > 0).astype(np.float64)
        leading, trailing = self._columns[j]
        high = Chosen(
            *_choose(self.scores(seen, leading), rng.random(rows), some[None, :], np.floor(first / base), np.floor(last / base), nullable)
        )
        beside = seen.take(np.arange(rows))
        self._show_column(beside, leading, high.tokens, None)
        offset = high.tokens * base
        low = Chosen(*_choose(self.scores(beside, trailing), rng.random(rows), table[high.tokens], first - offset, last - offset, False))
        tokens = np.minimum(offset + low.tokens, field.size - 1)
        return Chosen(tokens, *(a + b for a, b in zip(high[1:], low[1:], strict=True)))

    def law(self, seen: Seen, j: int) -> Floats:
        """(n, size) probabilities of the tokens of field ``j``."""
        leading = _softmax(self.scores(seen, self._columns[j][0]))
        base = self.bases[j]
        if not base:
            return leading
        parts = []
        for digit in range(leading.shape[1]):
            beside = seen.take(np.arange(len(seen.sums)))
            self._show_column(beside, self._columns[j][0], np.full(len(seen.sums), digit), None)
            parts.append(leading[:, [digit]] * _softmax(self.scores(beside, self._columns[j][1])))
        law = np.concatenate(parts, axis=1)[:, : self.fields[j].size]
        return np.asarray(law / law.sum(axis=1, keepdims=True))

    def log_prob(self, rows: Encoded, order: list[int]) -> Floats:
        """(n,) log-probability of the tokens, field after field along ``order``."""
        seen, total = self.blank(rows.rows), np.zeros(rows.rows)
        for j in order:
            for i, part in zip(self._columns[j], self._digits(j, rows.tokens[j]), strict=True):
                scores = self.scores(seen, i).astype(np.float64)
                top = scores.max(axis=1)
                total += scores[np.arange(len(part)), part] - top - np.log(np.exp(scores - top[:, None]).sum(axis=1))
                self._show_column(seen, i, part, None)
        return total

    def shift(self, j: int, log_ratio: Floats) -> None:
        """Add to the log-probabilities of the tokens of a whole field, whatever is visible: for calibration."""
        name = f"base.{self._columns[j][0]}"
        self.arrays[name] = (self.arrays[name] + log_ratio).astype(np.float32)


def _silu(x: Singles) -> Singles:
    """x / (1 + exp(-x)), in place."""
    with np.errstate(over="ignore"):
        scale = np.negative(x)
        np.exp(scale, out=scale)
        scale += 1
        x /= scale
    return x


def _softmax(scores: Singles) -> Floats:
    exponents = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


@numba.njit(cache=True)
def _choose(scores, uniform, weights, first, last, nullable):  # type: ignore[no-untyped-def]
    """A token for each row; see `AnyOrderLaw.draw`. ``weights`` (1, size) for all rows, or (n, size)."""
    rows, size = scores.shape
    tokens = np.zeros(rows, np.int64)
    log_inside, log_within, log_token = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    mass = np.empty(size, np.float32)
    for i in range(rows):
        own = weights[i] if len(weights) > 1 else weights[0]
        top = scores[i, 0]
        for t in range(1, size):
            top = max(top, scores[i, t])
        total, inside, within = 0.0, 0.0, 0.0
        fallback = -1
        for t in range(size):
            one = np.exp(scores[i, t] - top)
            total += one
            if not ((nullable and t == 0) or (t >= first[i] and t <= last[i])):
                one = np.float32(0)
            elif own[t] > 0:
                fallback = t
            within += one
            mass[t] = one * own[t]
            inside += mass[t]
        point, chosen, so_far = uniform[i] * inside, fallback, 0.0
        if inside > 0:
            for t in range(size):
                so_far += mass[t]
                if so_far > point and mass[t] > 0:
                    chosen = t
                    break
        tokens[i] = max(chosen, 0)
        log_token[i] = scores[i, tokens[i]] - top - np.log(total)
        log_inside[i] = np.log(inside / total) if inside > 0 else -np.inf
        log_within[i] = np.log(within / total) if within > 0 else -np.inf
    return tokens, log_inside, log_within, log_token
