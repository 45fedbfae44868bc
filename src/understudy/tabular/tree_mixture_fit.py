"""Learning a mixture of trees: expectation-maximisation with few components a row, and tables drawn towards what all rows say.

Components start from rows picked at random and take in what looks alike. In every step each row is given to a few components, drawn in
proportion to their posterior (stochastic EM: Celeux & Diebolt 1985), which keeps the sums short and leaves poor starting places. What a
component has too few rows to say is taken from all rows: the law of a group given its parent's group is drawn towards the common one,
shifted by the component's own shares of single fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.chow_liu import Pairs, component_trees
from understudy.tabular.fields import Floats
from understudy.tabular.grouping import LEAST_SHARE, Grouping
from understudy.tabular.tree_mixture import ROWS_AT_ONCE, Inside, Integers, Rows, TreeMixture, table_starts

DRAWS = 4
"""Components that a row is given to in one step, as often as drawn."""
ROUGH_STEPS = 4
"""Steps in which fields are taken for independent in a component, before trees grow."""
STEPS = 12
TREES_ANEW = (0, 3, 7)
"""Steps after the rough ones at which every component's tree is found anew."""
COARSE = 8
COARSE_PSEUDO_ROWS = 8.0
"""Parts of a field in coarse tables of pairs, and pseudo-rows by which these are drawn towards independence."""
MOST_OWN = 1 << 22
"""Probabilities of tokens in groups that components may have for themselves, of one field."""


@dataclass(frozen=True)
class Smoothing:
    """Pseudo-rows by which a component's estimates are drawn to those of all rows: of single fields, of pairs, of tokens in groups, of its
    tree; ``common`` are those by which the pairs of all rows are drawn towards what their coarse tables say."""

    single: float = 5.0
    pair: float = 15.0
    token: float = 50.0
    common: float = 10.0
    tree: float = 1000.0

    def times(self, factor: float) -> Smoothing:
        return replace(self, single=self.single * factor, pair=self.pair * factor)


class Common:
    """What all rows say: the shares of groups, of tokens in groups, and the joint tables of pairs."""

    def __init__(self, groupings: list[Grouping], rows: Rows) -> None:
        self.groupings, self.rows = groupings, rows
        self.sizes = np.array([g.size for g in groupings], np.int64)
        self.offsets = np.r_[0, np.cumsum(self.sizes)[:-1]].astype(np.int64)
        counts = [np.bincount(rows.groups[:, j], minlength=g.size) for j, g in enumerate(groupings)]
        self.shares = np.concatenate([_shares(c) for c in counts])
        self.tokens = [_in_groups(g, np.bincount(rows.places[:, j], minlength=g.tokens) + LEAST_SHARE) for j, g in enumerate(groupings)]
        self.pairs = Pairs.of(rows.groups, self.sizes)
        coarse = np.concatenate([_coarse(self.shares[o : o + s]) for o, s in zip(self.offsets, self.sizes, strict=True)])
        tables = (self.pairs.first, self.pairs.second, self.pairs.counts, self.pairs.starts)
        self.expected = expected_pairs(*tables, self.sizes, self.offsets, self.shares, coarse)


def _coarse(shares: Floats) -> Integers:
    """(groups,) which of `COARSE` parts of about equal share each group falls in; groups of few parts as they are."""
    if len(shares) <= COARSE:
        return np.arange(len(shares))
    part = np.minimum(((np.cumsum(shares) - shares / 2) * COARSE).astype(np.int64), COARSE - 1)
    return np.unique(part, return_inverse=True)[1].astype(np.int64)


def _shares(counts: Integers) -> Floats:
    shares = counts / max(int(counts.sum()), 1) + LEAST_SHARE
    return np.asarray(shares / shares.sum())


def _in_groups(grouping: Grouping, counts: NDArray[np.floating[Any]]) -> Floats:
    """(tokens,) counts in the order of groups, as shares of their group."""
    sums = np.add.reduceat(counts, grouping.starts[:-1])
    return np.asarray(counts / np.repeat(sums, np.diff(grouping.starts)))


def learn(common: Common, components: int, smoothing: Smoothing, stream: Stream) -> Iterator[TreeMixture]:
    """The mixture after each step."""
    n = len(common.rows.groups)
    members, draws = _seeded(common, components, stream.child("seeds").generator()), 1
    parents = np.full((components, len(common.sizes)), -1, np.int32)
    for step in range(ROUGH_STEPS + STEPS if components > 1 else 1):
        rows, bounds = _by_component(members, components, draws)
        if step - ROUGH_STEPS in TREES_ANEW or components == 1:
            parents = _trees(common, rows, bounds, smoothing.tree * draws)
        model = maximise(common, rows, bounds, parents, 1.0 / draws, smoothing)
        yield model
        draws = DRAWS
        uniform = stream.child("step", step).generator().random(n)
        members = expect(model, common.rows, uniform, draws)


def _trees(common: Common, rows: Integers, bounds: Integers, pseudo_rows: float) -> NDArray[np.int32]:
    pairs = common.pairs
    tables = (pairs.first, pairs.second, common.sizes, pairs.starts, pairs.counts)
    return np.asarray(component_trees(common.rows.groups, rows, bounds, *tables, pseudo_rows))


def _seeded(common: Common, components: int, rng: np.random.Generator) -> Integers:
    """(n, 1) component of each row: that of the most alike among rows picked at random, a match counting for more where it is rare."""
    groups = common.rows.groups
    if components == 1:
        return np.zeros((len(groups), 1), np.int64)
    seeds = groups[rng.permutation(len(groups))[:components]]
    surprise = np.minimum(-np.log(common.shares), 4.0)
    return np.asarray(nearest_seed(groups, np.ascontiguousarray(seeds), surprise, common.offsets, rng.random(len(groups))))[:, None]


def _by_component(members: Integers, components: int, draws: int) -> tuple[Integers, Integers]:
    """Row numbers, component by component, and where each component begins."""
    flat = members.ravel()
    order = np.argsort(flat, kind="stable")
    return order // draws, np.searchsorted(flat[order], np.arange(components + 1)).astype(np.int64)


def expect(model: TreeMixture, rows: Rows, uniform: Floats, draws: int) -> Integers:
    """(n, draws) components of each row, drawn systematically from their posterior."""
    out = np.empty((len(rows.groups), draws), np.int64)
    for start in range(0, len(out), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        draw_components(model.log_joint(rows.take(part)), uniform[part], out[part])
    return out


def maximise(
    common: Common, rows: Integers, bounds: Integers, parents: NDArray[np.int32], weight: float, smoothing: Smoothing
) -> TreeMixture:
    """The mixture whose component k learned ``rows[bounds[k]:bounds[k + 1]]``, each counting ``weight``."""
    starts, cells = table_starts(parents, common.sizes)
    tables = np.empty(cells, np.float32)
    pairs, groups = common.pairs, common.rows.groups
    fill_tables(
        groups, rows, bounds, weight, parents, starts, common.sizes, common.offsets, common.shares,
        pairs.first, pairs.counts, common.expected, pairs.starts, pairs.number, smoothing.single, smoothing.pair, smoothing.common, tables,
    )  # fmt: skip
    components = len(bounds) - 1
    size = np.diff(bounds) * weight + 1.0
    own = np.array([not g.each_alone and g.tokens * components <= MOST_OWN for g in common.groupings])
    inside = Inside.empty(common.groupings, components, own)
    for j, g in enumerate(common.groupings):
        table = inside.rows(j, g.tokens)
        if own[j]:
            fill_inside(common.rows.places[:, j], rows, bounds, weight, g.starts, common.tokens[j], smoothing.token, table)
        else:
            table[:] = common.tokens[j]
    return TreeMixture(common.groupings, size / size.sum(), parents, tables, inside)


@numba.njit(cache=True)
def expected_pairs(first, second, counts, starts, sizes, offsets, shares, coarse):  # type: ignore[no-untyped-def]
    """Joint shares of pairs as their coarse tables and single shares let them be expected, in the form of `Pairs.counts`."""
    out = np.empty(len(counts))
    most = coarse.max() + 1
    parts = np.zeros((len(sizes), most))
    for j in range(len(sizes)):
        for x in range(sizes[j]):
            parts[j, coarse[offsets[j] + x]] += shares[offsets[j] + x]
    for q in range(len(first)):
        a, b = first[q], second[q]
        table = np.outer(parts[a], parts[b]) * COARSE_PSEUDO_ROWS
        for x in range(sizes[a]):
            for y in range(sizes[b]):
                table[coarse[offsets[a] + x], coarse[offsets[b] + y]] += counts[starts[q] + x * sizes[b] + y]
        total = table.sum()
        for x in range(sizes[a]):
            u = coarse[offsets[a] + x]
            for y in range(sizes[b]):
                v = coarse[offsets[b] + y]
                inner = shares[offsets[a] + x] / parts[a, u] * shares[offsets[b] + y] / parts[b, v]
                out[starts[q] + x * sizes[b] + y] = table[u, v] / total * inner
    return out


@numba.njit(cache=True)
def nearest_seed(groups, seeds, surprise, offsets, uniform):  # type: ignore[no-untyped-def]
    n, fields = groups.shape
    out = np.empty(n, np.int64)
    for i in range(n):
        best, at = -1.0, int(uniform[i] * len(seeds))
        for s in range(len(seeds)):
            alike = 0.0
            for j in range(fields):
                if groups[i, j] == seeds[s, j]:
                    alike += surprise[offsets[j] + groups[i, j]]
            if alike > best:
                best, at = alike, s
        out[i] = at
    return out


@numba.njit(cache=True, fastmath=True)
def draw_components(joint, uniform, out):  # type: ignore[no-untyped-def]
    n, components = joint.shape
    draws = out.shape[1]
    for i in range(n):
        top = joint[i].max()
        total = 0.0
        for k in range(components):
            joint[i, k] = np.exp(joint[i, k] - top)
            total += joint[i, k]
        step = total / draws
        wanted = uniform[i] * step
        reached, filled = 0.0, 0
        for k in range(components):
            reached += joint[i, k]
            while filled < draws and wanted < reached:
                out[i, filled] = k
                filled += 1
                wanted += step
        while filled < draws:
            out[i, filled] = out[i, filled - 1] if filled else components - 1
            filled += 1


@numba.njit(cache=True)
def fill_tables(  # type: ignore[no-untyped-def]
    groups, rows, bounds, weight, parents, starts, sizes, offsets, shares,
    pair_first, pair_counts, pair_expected, pair_starts, pair_number, single, pair, common, out,
):  # fmt: skip
    """Laws of groups in each component: its own shares, and by its tree the tables given the parent's group."""
    components, fields = parents.shape
    own = np.empty(len(shares))
    for k in range(components):
        first, last = bounds[k], bounds[k + 1]
        size = weight * (last - first)
        own[:] = shares * single
        for r in range(first, last):
            for j in range(fields):
                own[offsets[j] + groups[rows[r], j]] += weight
        own /= size + single
        for j in range(fields):
            p, mine = parents[k, j], own[offsets[j] : offsets[j] + sizes[j]]
            if p < 0:
                out[starts[k, j] : starts[k, j] + sizes[j]] = mine
                continue
            counts = np.zeros((sizes[p], sizes[j]))
            for r in range(first, last):
                counts[groups[rows[r], p], groups[rows[r], j]] += weight
            q = pair_number[p, j]
            table, expected = pair_counts[pair_starts[q] : pair_starts[q + 1]], pair_expected[pair_starts[q] : pair_starts[q + 1]]
            above, here = shares[offsets[p] : offsets[p] + sizes[p]], shares[offsets[j] : offsets[j] + sizes[j]]
            _smooth(counts, table, expected, pair_first[q] == p, mine, above, here, pair, common, out, starts[k, j])


@numba.njit(cache=True)
def _smooth(counts, table, expected, upright, mine, above_shares, shares, pair, common, out, start):  # type: ignore[no-untyped-def]
    """Conditional laws from a component's counts, drawn to the law of all rows shifted by the component's own shares."""
    above, size = counts.shape
    prior = np.empty(size)
    for x in range(above):
        total, held = 0.0, 0.0
        for y in range(size):
            at = x * size + y if upright else y * above + x
            prior[y] = (table[at] + common * expected[at] / above_shares[x]) * mine[y] / shares[y]
            total += prior[y]
            held += counts[x, y]
        for y in range(size):
            out[start + x * size + y] = (counts[x, y] + pair * prior[y] / total) / (held + pair)


@numba.njit(cache=True)
def fill_inside(places, rows, bounds, weight, group_starts, shares, pseudo_rows, out):  # type: ignore[no-untyped-def]
    """(K, tokens) laws of tokens in their groups, drawn to those of all rows."""
    counts = np.empty(len(shares))
    for k in range(len(bounds) - 1):
        counts[:] = pseudo_rows * shares
        for r in range(bounds[k], bounds[k + 1]):
            counts[places[rows[r]]] += weight
        for g in range(len(group_starts) - 1):
            total = counts[group_starts[g] : group_starts[g + 1]].sum()
            out[k, group_starts[g] : group_starts[g + 1]] = counts[group_starts[g] : group_starts[g + 1]] / total
