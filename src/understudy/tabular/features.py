"""Encoded rows as trees see them: bins to split on, and numbers a split should explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.fields import Encoded, Field, Floats, Tokens
from understudy.tabular.forest import BINS

CLASSES = 8
"""Levels of a category that a split explains one by one."""
OUTPUT_SPIKE = 0.05
SPIKES = 3


@dataclass(frozen=True)
class Binning:
    """The bin of every token of a field. ``table`` (size,) uint8; bins ascend with the tokens of an ordered field."""

    table: NDArray[np.uint8]
    ordered: bool
    size: int

    @classmethod
    def of(cls, field: Field) -> Binning:
        tokens = np.arange(field.size)
        if field.size <= BINS:
            table = tokens
        elif field.kind == "numeric":
            table = tokens * BINS // field.size
        else:  # tokens go by frequency: the rarest share the last bin
            table = np.minimum(tokens, BINS - 1)
        return cls(table.astype(np.uint8), field.kind == "numeric", int(table.max()) + 1)


@dataclass(frozen=True)
class Features:
    """``bins`` (fields, n) uint8; ``ordered`` and ``sizes`` (fields,)."""

    bins: NDArray[np.uint8]
    ordered: NDArray[np.bool_]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, binnings: list[Binning], encoded: Encoded) -> Features:
        bins = np.empty((len(binnings), encoded.rows), np.uint8)
        for j, binning in enumerate(binnings):
            np.take(binning.table, encoded.tokens[j], out=bins[j])
        return cls(bins, np.array([b.ordered for b in binnings]), np.array([b.size for b in binnings], np.int64))

    def take(self, index: NDArray[np.integer]) -> Features:
        return Features(np.ascontiguousarray(self.bins[:, index]), self.ordered, self.sizes)


def rank_scores(field: Field) -> Floats:
    """(size,) the middle of each token in the field's cumulative shares, 0 .. 1."""
    return np.asarray(np.cumsum(field.shares) - field.shares / 2)


def token_outputs(field: Field, tokens: Tokens) -> tuple[NDArray[np.float32], Floats]:
    """A category as indicators of its commonest levels, weighed so that a rare one counts (n, d), (d,)."""
    levels = np.argsort(-field.shares, kind="stable")[: min(CLASSES, field.size)]
    outputs = (tokens[:, None] == levels[None, :].astype(tokens.dtype)).astype(np.float32)
    share = np.clip(outputs.mean(axis=0), 1e-6, 1 - 1e-6)
    return outputs, 1 / np.sqrt(share * (1 - share)).astype(np.float64)


def location_outputs(field: Field, tokens: Tokens) -> tuple[NDArray[np.float32], Floats]:
    """A number as its rank and the indicators of its largest spikes (n, d), (d,)."""
    columns = [rank_scores(field).astype(np.float32)[tokens]]
    weights = [12.0]
    for token in _spikes(field.shares * field.atom):
        columns.append((tokens == token).astype(np.float32))
        share = float(field.shares[token])
        weights.append(0.5 / max(share * (1 - share), 1e-6))
    return np.stack(columns, axis=1), np.array(weights)


def residual_outputs(field: Field, tokens: Tokens, residual: Floats, spike: NDArray[np.bool_]) -> tuple[NDArray[np.float32], Floats]:
    """A residual as itself, its size, and the indicators of spikes (n, d), (d,)."""
    inside = np.isfinite(residual)
    size = np.abs(residual)
    usual = float(size[inside].mean()) if inside.any() else 0.0
    columns = [np.where(inside, residual, 0.0), np.where(inside, size, usual)]
    weights = [1 / max(float(c.var()), 1e-9) for c in columns]
    for token in _spikes(field.shares * spike, 0.01):
        columns.append((tokens == token).astype(np.float64))
        share = float(field.shares[token])
        weights.append(0.5 / max(share * (1 - share), 1e-6))
    return np.stack(columns, axis=1).astype(np.float32), np.array(weights)


def _spikes(shares: Floats, least: float = OUTPUT_SPIKE) -> list[int]:
    largest = np.argsort(-shares, kind="stable")[:SPIKES]
    return [int(t) for t in largest if shares[t] > least]
