"""Fitting the mixture of Gaussian copulas: which components, then margins and correlations in each.

One component, the levels of a low-cardinality field, and hidden classes of several numbers compete. Each is fitted on part of the rows
and judged by the log density that it gives to the rest; the simpler one stays unless another is better by more than the
standard error of the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from understudy.core.random import Stream
from understudy.tabular.copula_model import CopulaModel
from understudy.tabular.correspondence import level_orders
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.latent import Dimension, Margins, dimensions, value_intervals
from understudy.tabular.mixture import Scores, split
from understudy.tabular.rank_likelihood import fit_correlations
from understudy.tabular.truncated import moments_between

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_ROWS = 20_000
_HELD_ROWS = 1500
_TRIAL_ROWS = 6000
_TRIAL_SWEEPS = 6
_SWEEPS = 12
_MOST_KEY_LEVELS = 12
_FEWEST_KEY_ROWS = 25
_SHARE_PSEUDO_ROWS = 2.0
_RAKING_ROUNDS = 5


@dataclass(frozen=True)
class Partition:
    """How rows fall into components: one of them, the levels of field ``key``, or ``hidden`` classes."""

    key: int | None = None
    hidden: int = 1

    def describe(self, fields: list[Field]) -> str:
        if self.key is not None:
            return f'one component for each value of "{fields[self.key].column}"'
        return "one component" if self.hidden == 1 else f"{self.hidden} hidden components"


def fit_model(fields: list[Field], encoded: Encoded, stream: Stream, note: Callable[[str], None] = lambda _: None) -> tuple[CopulaModel, Partition]:
    """The model that held-out rows prefer, fitted on at most `MOST_ROWS` of the rows."""
    rows = stream.child("rows").generator().permutation(encoded.rows)[:MOST_ROWS]
    encoded = encoded.take(rows)
    orders = level_orders(fields, encoded, stream.child("orders"))
    partition = _choose(fields, encoded, orders, stream.child("choice"), note)
    return fit_partition(fields, encoded, orders, partition, stream.child("fit")), partition


def fit_partition(
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], partition: Partition, stream: Stream, sweeps: int = _SWEEPS
) -> CopulaModel:
    """The model with the given components."""
    dims = dimensions(fields, orders, skip=partition.key)
    low, high = value_intervals(dims, fields, encoded)
    tokens: Integers | None = None
    if partition.key is not None:
        tokens, labels = np.unique(encoded.tokens[partition.key].astype(np.int64), return_inverse=True)
    elif partition.hidden > 1:
        labels = split(_scores(dims, low, high), partition.hidden, stream.child("split"))
    else:
        labels = np.zeros(encoded.rows, np.int64)
    margins = _margins(dims, low, high, labels, None if tokens is None else fields[partition.key or 0].shares[tokens])
    z_low, z_high = _bounds(margins, low, high, labels)
    correlations = fit_correlations(z_low, z_high, labels, stream.child("latents"), sweeps)
    return CopulaModel(fields, margins, correlations, partition.key, tokens)


def _bounds(margins: Margins, low: Floats, high: Floats, labels: Integers) -> tuple[Floats, Floats]:
    """Every row's bounds on the standard normals of its component."""
    z_low, z_high = np.empty_like(low), np.empty_like(high)
    for c in range(len(margins.weights)):
        rows = np.flatnonzero(labels == c)
        for d in range(low.shape[1]):
            z_low[rows, d], z_high[rows, d] = margins.bend(d, c, low[rows, d]), margins.bend(d, c, high[rows, d])
    return z_low, z_high


# -- margins ---------------------------------------------------------------------------------------------------------------------


def _margins(dims: list[Dimension], low: Floats, high: Floats, labels: Integers, shares: Floats | None) -> Margins:
    counts = np.bincount(labels).astype(np.float64)
    weights = counts / counts.sum() if shares is None else shares / shares.sum()
    location, spread = np.zeros((len(counts), len(dims))), np.ones((len(counts), len(dims)))
    segment_shares: list[Floats | None] = []
    for d, dim in enumerate(dims):
        known = (high[:, d] - low[:, d]) < 1
        if dim.is_scale:
            segment_shares.append(None)
            if len(counts) > 1:
                location[:, d], spread[:, d] = _location_spread(low[known, d], high[known, d], labels[known], len(counts))
        else:
            segment_shares.append(_segment_shares(dim, low[known, d], high[known, d], labels[known], weights))
    return Margins(dims, weights, location, spread, segment_shares)


def _location_spread(low: Floats, high: Floats, labels: Integers, components: int) -> tuple[Floats, Floats]:
    """Means and standard deviations of the normal score in each component, drawn to the pooled ones by two pseudo-rows."""
    mean, unknown = moments_between(ndtri(low), ndtri(high))
    counts = np.bincount(labels, minlength=components).astype(np.float64)
    location = np.bincount(labels, mean, components) / (counts + 1)
    squares = np.bincount(labels, (mean - location[labels]) ** 2 + unknown, components)
    within = squares.sum() / max(counts.sum(), 1)
    return location, np.sqrt(np.maximum((squares + 2 * within) / (counts + 2), 1e-4))


def _segment_shares(dim: Dimension, low: Floats, high: Floats, labels: Integers, weights: Floats) -> Floats:
    """(C, S) shares of the segments in each component, raked so that the components together have the pooled shares."""
    edges = dim.segments
    assert edges is not None
    pooled = np.diff(edges)
    if len(weights) == 1:
        return pooled[None]
    segment = np.clip(np.searchsorted(edges, 0.5 * (low + high), "right") - 1, 0, len(pooled) - 1)
    table = np.bincount(labels * len(pooled) + segment, minlength=len(weights) * len(pooled)).reshape(len(weights), -1)
    shares = (table + _SHARE_PSEUDO_ROWS * pooled) / (table.sum(axis=1, keepdims=True) + _SHARE_PSEUDO_ROWS)
    for _ in range(_RAKING_ROUNDS):
        shares *= pooled / (weights @ shares)
        shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray(shares)


def _scores(dims: list[Dimension], low: Floats, high: Floats) -> Scores:
    means, variances, levels, sizes = [], [], [], []
    for d, dim in enumerate(dims):
        if dim.segments is None:
            mean, variance = moments_between(ndtri(low[:, d]), ndtri(high[:, d]))
            means.append(mean)
            variances.append(variance)
            continue
        level = np.clip(np.searchsorted(dim.segments, 0.5 * (low[:, d] + high[:, d]), "right") - 1, 0, len(dim.segments) - 2)
        levels.append(np.where(high[:, d] - low[:, d] < 1, level, -1))
        sizes.append(len(dim.segments) - 1)
    empty = np.empty((len(low), 0))
    return Scores(np.column_stack(means) if means else empty, np.column_stack(variances) if means else empty, levels, sizes)


# -- which components ------------------------------------------------------------------------------------------------------------


def _choose(
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], stream: Stream, note: Callable[[str], None]
) -> Partition:
    folds = list(_folds(encoded.rows, stream.child("folds")))

    def judged(partition: Partition) -> Floats:
        scores = []
        for k, (kept, held) in enumerate(folds):
            model = fit_partition(fields, encoded.take(kept), orders, partition, stream.child("trial", k), _TRIAL_SWEEPS)
            scores.append(model.log_density(encoded.take(held), stream.child("density", k)))
        score = np.maximum(np.concatenate(scores), -1e4)
        note(f"{partition.describe(fields)}: held-out log density {score.mean():.3f}")
        return score

    best, best_score = Partition(), judged(Partition())
    for family in (_keys(fields, encoded), _classes(fields, encoded.rows)):
        champion, champion_score = Partition(), np.full(len(best_score), -np.inf)
        for partition in family:
            score = judged(partition)
            if _clearly_above(score, champion_score):
                champion, champion_score = partition, score
            elif partition.hidden > 1:
                break
        if _clearly_above(champion_score, best_score):
            best, best_score = champion, champion_score
    return best


def _clearly_above(score: Floats, other: Floats) -> bool:
    gain = score - other
    return bool(np.isinf(other[0]) or gain.mean() > gain.std() / np.sqrt(len(gain)))


def _folds(n: int, stream: Stream) -> Iterator[tuple[Integers, Integers]]:
    """Rows to fit and rows to judge by: three folds of a small table, one split of part of a large one."""
    order = stream.generator().permutation(n)
    if n < 2000:
        for k in range(3):
            yield np.sort(order[np.arange(n) % 3 != k]), order[k::3]
        return
    held = min(_HELD_ROWS, n // 5)
    yield order[held:], order[:held]


def _keys(fields: list[Field], encoded: Encoded) -> Iterator[Partition]:
    for j, f in enumerate(fields):
        if f.kind == "categorical" and 2 <= f.size <= _MOST_KEY_LEVELS:
            counts = np.bincount(encoded.tokens[j], minlength=f.size)
            if counts[f.shares > 0].min() >= _FEWEST_KEY_ROWS:
                yield Partition(key=j)


def _classes(fields: list[Field], n: int) -> Iterator[Partition]:
    for k in (2, 4, 8, 16, 32, 64, 128):
        if k * 40 <= n:
            yield Partition(hidden=k)
