"""Fitting the mixture of Gaussian copulas: which components, then margins and correlations in each.

One component, the levels of a low-cardinality field, and hidden classes of several numbers compete. Each is fitted on part of the rows
and judged by the log density that it gives to the rest; the simpler one stays unless another is better by more than the
standard error of the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from understudy.core.random import Stream
from understudy.tabular.copula_mixture import Classes, Features, Scores, grow, settle
from understudy.tabular.copula_model import CopulaModel
from understudy.tabular.correspondence import level_orders
from understudy.tabular.fields import Encoded, Field, Tokens
from understudy.tabular.latent import Dimension, Margins, dimensions, value_intervals
from understudy.tabular.rank_likelihood import fit_correlations
from understudy.tabular.truncated import moments_between

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_ROWS = 20_000
_SWEEPS = 12
_WIDE_SWEEPS = 6
_WIDE = 100
_WIDE_ROWS = 2000
_MOST_WORK = 1.5e9
_HELD_ROWS = 800
_TRIAL_ROWS = 6000
_TRIAL_SWEEPS = 5
_TRIAL_DRAWS = 2
_LEAST_LOG_DENSITY = -1e4
_FEWEST_ROWS = 60
_SMALL_TABLE = 4000
_MOST_HALVINGS = 8
_POLISHING_STEPS = 20
_ROWS_PER_CLASS = 40
_MOST_KEY_LEVELS = 12
_FEWEST_KEY_ROWS = 25
_MOST_KEYS = 3
_MOST_MOMENTS = 1e8  # rows times squared scores: beyond it hidden classes would fill the memory
_SHARE_PSEUDO_ROWS = 2.0
_RAKING_ROUNDS = 5
_SELECTION_ROUNDS = 2
_LEAST_SHIFT = 0.005  # of cumulative shares, for which all is fitted again
_SELECTION_DRAWS = 60_000
_SELECTION_KNOTS = 33


class Growth(NamedTuple):
    """Hidden classes on the way: what they are, the scale they are given on, and what held-out rows think of them."""

    classes: Classes
    whiten: Floats
    score: Floats


@dataclass(frozen=True)
class Partition:
    """How rows fall into components: one of them, the levels of field ``key``, or hidden classes from ``halvings`` rounds.

    ``start`` may hold such classes as fitted to part of the rows, to go on from.
    """

    key: int | None = None
    halvings: int = 0
    start: Growth | None = dataclass_field(default=None, repr=False, compare=False)

    def describe(self, fields: list[Field]) -> str:
        if self.key is not None:
            return f'one component for each value of "{fields[self.key].column}"'
        return "one component" if self.halvings == 0 else f"up to {2**self.halvings} hidden classes"


class Labelled(NamedTuple):
    """Each row's component, and each component's token of the key field where there is one."""

    labels: Integers
    tokens: Integers | None


@dataclass(frozen=True)
class Watch:
    """What goes on outside while fitting: ``note`` hears about every trial, ``stop`` tells when no further one may start."""

    note: Callable[[str], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False


def fit_model(
    fields: list[Field], encoded: Encoded, stream: Stream, watch: Watch = Watch(), settled: Partition | None = None
) -> tuple[CopulaModel, Partition]:
    """The model that held-out rows prefer, fitted on at most `MOST_ROWS` of the rows; `settled`: what part of the rows preferred."""
    rows = stream.child("rows").generator().permutation(encoded.rows)[: _affordable_rows(len(fields))]
    encoded = encoded.take(rows)
    orders = level_orders(fields, encoded, stream.child("orders"))
    partition = _choose(fields, encoded, orders, stream.child("choice"), watch, settled)
    return _fit_with_selection(fields, encoded, orders, partition, stream.child("fit")), partition


def _affordable_rows(fields: int) -> int:
    """Drawing the latents of a row costs the square of their number: wide tables are learned from fewer rows."""
    return int(min(MOST_ROWS, max(_WIDE_ROWS, _MOST_WORK / fields**2)))


def _fit_with_selection(
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], partition: Partition, stream: Stream
) -> CopulaModel:
    """The model whose values, where they are not missing, have the shares of training.

    What is missing may depend on the other columns and so on the value: then the values that are there are no fair sample of the
    latent number, whose law holds for all rows. It is found by drawing from the model and fitting again.
    """
    labelled = _labelled(fields, encoded, orders, partition, stream.child("split"))
    model = fit_partition(fields, encoded, orders, partition, labelled, stream)
    for attempt in range(_SELECTION_ROUNDS):
        selected = _selected(model, stream.child("selection", attempt))
        if not selected:
            return model
        shift = max(float(np.abs(shares - _dimension_of(model, j).cumulative).max()) for j, shares in selected.items())
        if attempt + 1 == _SELECTION_ROUNDS or shift < _LEAST_SHIFT:
            break
        model = fit_partition(fields, encoded, orders, partition, labelled, stream, selected=selected)
    return replace(model, margins=_moved(model.margins, dimensions(fields, orders, partition.key, selected)))


def _dimension_of(model: CopulaModel, j: int) -> Dimension:
    return next(dim for dim in model.margins.dims if dim.field == j and dim.role == "value")


def _moved(margins: Margins, dims: list[Dimension]) -> Margins:
    """The same margins on dimensions whose shares have changed: what components have of each segment is raked to the new shares."""
    shares = [
        own if own is None or dim.segments is None else _raked(own, np.diff(dim.segments), margins.weights)
        for dim, own in zip(dims, margins.shares, strict=True)
    ]
    return replace(margins, dims=dims, shares=shares)


def _selected(model: CopulaModel, stream: Stream) -> dict[int, Floats]:
    """For each field with missing values: cumulative shares for all rows under which those present have the shares of training."""
    dims = model.margins.dims
    missing = {dim.field: d for d, dim in enumerate(dims) if dim.role == "missing"}
    values = {dim.field: d for d, dim in enumerate(dims) if dim.role == "value" and dim.field in missing}
    if not values:
        return {}
    components, latent = model.latents(_SELECTION_DRAWS if len(dims) < 100 else _SELECTION_DRAWS // 4, stream)
    found = {}
    for j, d in values.items():
        present = model.margins.unit(missing[j], components, latent[missing[j]]) > dims[missing[j]].cumulative[1]
        u = model.margins.unit(d, components, latent[d])[present]
        if len(u) < _SELECTION_KNOTS:
            continue
        knots = np.linspace(0, 1, _SELECTION_KNOTS)
        places = np.r_[0.0, np.quantile(u, knots[1:-1]), 1.0]
        shares = np.delete(model.fields[j].shares, 0)
        found[j] = np.interp(np.r_[0.0, np.cumsum(shares)] / shares.sum(), knots, places)
        found[j][-1] = 1.0
    return found


def fit_partition(
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], partition: Partition, labelled: Labelled, stream: Stream,
    sweeps: int = _SWEEPS, selected: dict[int, Floats] | None = None,
) -> CopulaModel:  # fmt: skip
    """The model with the given components. ``selected``: see `dimensions`."""
    dims = dimensions(fields, orders, partition.key, selected)
    low, high = value_intervals(dims, fields, encoded)
    labels, tokens = labelled
    margins = _margins(dims, low, high, labels, _weights(fields, partition.key, labels, tokens))
    z_low, z_high = _bounds(margins, low, high, labels)
    correlations = fit_correlations(z_low, z_high, labels, stream.child("latents"), sweeps if len(dims) < _WIDE else _WIDE_SWEEPS)
    return CopulaModel(fields, margins, correlations, partition.key, tokens)


def _labelled(fields: list[Field], encoded: Encoded, orders: dict[int, Integers], partition: Partition, stream: Stream) -> Labelled:
    if partition.key is not None:
        tokens, labels = np.unique(encoded.tokens[partition.key].astype(np.int64), return_inverse=True)
        return Labelled(labels.astype(np.int64), tokens)
    if partition.halvings == 0:
        return Labelled(np.zeros(encoded.rows, np.int64), None)
    dims = dimensions(fields, orders)
    scores = _scores(dims, *value_intervals(dims, fields, encoded))
    features = Features(scores, None if partition.start is None else partition.start.whiten)
    if partition.start is None:
        classes = next(islice(grow(features, stream.child("grow")), partition.halvings - 1, None))
    else:
        classes = partition.start.classes
    return Labelled(features.draw(settle(features, classes, _POLISHING_STEPS), stream.child("labels")), None)


def _weights(fields: list[Field], key: int | None, labels: Integers, tokens: Integers | None) -> Floats:
    if key is not None and tokens is not None:
        shares = fields[key].shares[tokens]
        return np.asarray(shares / shares.sum())
    return np.bincount(labels) / len(labels)


def _bounds(margins: Margins, low: Floats, high: Floats, labels: Integers) -> tuple[Floats, Floats]:
    """Every row's bounds on the standard normals of its component."""
    z_low, z_high = np.empty_like(low), np.empty_like(high)
    for c in range(len(margins.weights)):
        rows = np.flatnonzero(labels == c)
        for d in range(low.shape[1]):
            z_low[rows, d], z_high[rows, d] = margins.bend(d, c, low[rows, d]), margins.bend(d, c, high[rows, d])
    return z_low, z_high


# -- margins ---------------------------------------------------------------------------------------------------------------------


def _margins(dims: list[Dimension], low: Floats, high: Floats, labels: Integers, weights: Floats) -> Margins:
    components = len(weights)
    location, spread = np.zeros((components, len(dims))), np.ones((components, len(dims)))
    segment_shares: list[Floats | None] = []
    for d, dim in enumerate(dims):
        known = (high[:, d] - low[:, d]) < 1
        if dim.is_scale:
            segment_shares.append(None)
            if components > 1:
                location[:, d], spread[:, d] = _location_spread(low[known, d], high[known, d], labels[known], components)
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
    return _raked(shares, pooled, weights)


def _raked(shares: Floats, pooled: Floats, weights: Floats) -> Floats:
    """Shares (C, S) scaled until the components together have the pooled ones (iterative proportional fitting)."""
    for _ in range(_RAKING_ROUNDS):
        shares = shares * (pooled / (weights @ shares))
        shares = shares / shares.sum(axis=1, keepdims=True)
    return shares


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
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], stream: Stream, watch: Watch, settled: Partition | None = None
) -> Partition:
    """What held-out rows prefer. In a small table what was settled on part of it stays; in a large one hidden classes stay what is
    right, and only how many they are is found again."""
    folds = list(_folds(encoded.rows, stream.child("folds")))

    def judged(partition: Partition) -> Floats:
        scores = []
        for k, (kept, held) in enumerate(folds):
            rows, trial = encoded.take(kept[:_TRIAL_ROWS]), stream.child("trial", k)
            labelled = _labelled(fields, rows, orders, partition, trial.child("split"))
            model = fit_partition(fields, rows, orders, partition, labelled, trial, _TRIAL_SWEEPS)
            scores.append(model.log_density(encoded.take(held), stream.child("density", k), draws=_TRIAL_DRAWS))
        score = np.maximum(np.concatenate(scores), _LEAST_LOG_DENSITY)
        watch.note(f"{partition.describe(fields)}: held-out log density {score.mean():.3f}")
        return score

    if watch.stop() or encoded.rows < _FEWEST_ROWS or len(fields) < 2:
        return Partition()
    if settled is not None and encoded.rows < _SMALL_TABLE:
        return replace(settled, start=None)
    hidden = list(_hidden(fields, encoded, orders, folds, stream.child("classes"), watch))
    if settled is not None and settled.halvings and hidden:
        return hidden[0]
    rivals = [*_keys(fields, encoded, orders), *hidden]
    best, best_score = Partition(), np.empty(0)
    for partition in [best, *rivals] if rivals else []:
        if watch.stop():
            break
        score = judged(partition)
        if not best_score.size or _clearly_above(score, best_score):
            best, best_score = partition, score
    return best


def _clearly_above(score: Floats, other: Floats) -> bool:
    gain = score - other
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def _folds(n: int, stream: Stream) -> Iterator[tuple[Integers, Integers]]:
    """Rows to fit and rows to judge by: three folds of a small table, one split of a large one."""
    order = stream.generator().permutation(n)
    if n < _SMALL_TABLE:
        for k in range(3):
            yield np.sort(order[np.arange(n) % 3 != k]), order[k::3]
        return
    yield order[_HELD_ROWS:], order[:_HELD_ROWS]


def _keys(fields: list[Field], encoded: Encoded, orders: dict[int, Integers]) -> list[Partition]:
    """The few fields of a few well-filled levels that the scores of the others differ most by.

    Large tables can afford hidden classes, which do better.
    """
    if encoded.rows >= _SMALL_TABLE:
        return []
    dims = dimensions(fields, orders)
    low, high = value_intervals(dims, fields, encoded)
    scores = moments_between(ndtri(low), ndtri(high))[0]
    owners = np.array([dim.field for dim in dims])
    explained = {}
    for j, f in enumerate(fields):
        counts = np.bincount(encoded.tokens[j], minlength=f.size)
        if f.kind == "categorical" and 2 <= f.size <= _MOST_KEY_LEVELS and counts[f.shares > 0].min() >= _FEWEST_KEY_ROWS:
            explained[j] = _explained(scores[:, owners != j], encoded.tokens[j], f.size)
    return [Partition(key=j) for j in sorted(explained, key=lambda j: -explained[j])[:_MOST_KEYS]]


def _explained(scores: Floats, tokens: Tokens, size: int) -> float:
    """Sum over scores of the variance between levels."""
    indicator = tokens[:, None] == np.arange(size)
    counts = np.maximum(indicator.sum(axis=0), 1)[:, None]
    means = (indicator.T.astype(np.float64) @ (scores - scores.mean(axis=0))) / counts
    return float((counts * means**2).sum() / len(tokens))


def _hidden(
    fields: list[Field], encoded: Encoded, orders: dict[int, Integers], folds: list[tuple[Integers, Integers]], stream: Stream, watch: Watch
) -> Iterator[Partition]:
    """Hidden classes, halved as often as held-out rows gain by it."""
    dims = dimensions(fields, orders)
    scores = _scores(dims, *value_intervals(dims, fields, encoded))
    if scores.rows * scores.mean.shape[1] ** 2 > _MOST_MOMENTS:
        return
    best: Partition | None = None
    best_score = np.empty(0)
    growths = [_growth(scores, kept, held, stream.child(k)) for k, (kept, held) in enumerate(folds)]
    for halvings, stage in enumerate(zip(*growths, strict=False), 1):
        score = np.concatenate([growth.score for growth in stage])
        if best is not None and not _clearly_above(score, best_score):
            break
        if watch.stop():
            break
        best, best_score = Partition(halvings=halvings, start=stage[0] if len(stage) == 1 else None), score
    if best is not None:
        yield best


def _growth(scores: Scores, kept: Integers, held: Integers, stream: Stream) -> Iterator[Growth]:
    """What comes of one halving, of two, and so on, as long as there are rows enough."""
    features = Features(scores.take(kept))
    judge = Features(scores.take(held), features.whiten)
    for halvings, classes in enumerate(grow(features, stream), 1):
        if 2**halvings * _ROWS_PER_CLASS > len(kept) or halvings > _MOST_HALVINGS:
            return
        yield Growth(classes, features.whiten, judge.log_density(classes))
