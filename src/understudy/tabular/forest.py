"""Honest histogram forests that keep donors in their leaves: conditional distributions, not means.

Each tree finds its splits on one random part of the rows (the structure) and fills its leaves with the rest (the donors), so that no
leaf was shaped around the values that it gives (honesty: Athey & Imbens, PNAS 113, 2016). A split must earn more than chance
would: its gain in explained variance, a row, against what is left. A draw takes one tree at random, walks to its leaf, may stop at an
ancestor of the leaf with probability smoothing / (donors + smoothing) at every step up (additive smoothing towards the parent), and
takes a donor. Averaged over trees this is a quantile regression forest (Meinshausen, JMLR 7, 2006), at the cost of one walk.

Features are bins 0 .. 255 (`uint8`). Ordered features split at a bin; unordered ones by a subset of bins, found by sorting the bins by
the output that tells them apart best (Breiman et al. 1984, section 4.2.2). The outputs of a target are several numbers a row, so
that the sum of their explained variances is Gini's index for categories, and location, spread and spikes for numbers.

Inside a leaf donors are kept in the order of their value: the model knows no row of the table it learned.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream

BINS = 256
Walk = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_], NDArray[np.int32]]
STRIDE_DONORS = 256
"""Donors looked at in one node when a draw is restricted; beyond that every so-many-th one."""


@dataclass(frozen=True)
class Growth:
    """How a tree grows.

    structure: share of the rows that find the splits, in (0, 1); the rest are donors.
    leaf, donors: the least number of structure rows and of donors in a leaf.
    significance: a split's gain a row in units of the variance left inside the node; about its F statistic.
    rows: rows a tree sees at the most.
    """

    trees: int = 16
    structure: float = 0.8
    leaf: int = 5
    donors: int = 3
    significance: float = 3.5
    depth: int = 30
    rows: int = 200_000


@dataclass
class Forest:
    """Trees one after another in flat arrays.

    roots (trees,) first node of each tree. A node: ``feature`` (-1 at leaves), ``threshold`` (bins up to it go left; below 0: minus
    one, minus the row of ``subsets``), ``left`` child (the right one follows), ``parent`` (-1 at roots), ``start`` and ``stop`` of its
    donors. ``donors`` are what the caller keeps for each donor: here the row number until `settle` replaces it.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.int32]
    left: NDArray[np.int32]
    parent: NDArray[np.int32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    subsets: NDArray[np.bool_]
    donors: NDArray[np.int32]

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        return {f"{prefix}.{f.name}": getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str) -> Forest:
        return cls(**{f.name: arrays[f"{prefix}.{f.name}"] for f in fields(cls)})

    @cached_property
    def walk(self) -> Walk:
        """What the kernels walk: roots, nodes (nodes, 4) as feature, threshold, left and parent side by side, subsets, and spans
        (nodes, 2) of donors."""
        nodes = np.stack([self.feature.astype(np.int32), self.threshold, self.left, self.parent], axis=1)
        return self.roots, np.ascontiguousarray(nodes), self.subsets, np.stack([self.start, self.stop], axis=1)

    def leaves(self) -> NDArray[np.bool_]:
        return self.left < 0

    def sorted_by(self, value: NDArray[np.float64]) -> Forest:
        """The same forest with the donors of every leaf ordered by `value` (one a donor, in donor order)."""
        leaf_of = np.zeros(len(self.donors), np.int32)
        leaf = np.flatnonzero(self.leaves())
        leaf_of[self.start[leaf]] = 1
        group = np.cumsum(leaf_of)
        order = np.lexsort((value, group))
        return Forest(**{f.name: getattr(self, f.name) for f in fields(self) if f.name != "donors"}, donors=self.donors[order])


def grow_forest(
    bins: NDArray[np.uint8],
    ordered: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    features: NDArray[np.int64],
    outputs: NDArray[np.float32],
    weights: NDArray[np.float64],
    growth: Growth,
    stream: Stream,
) -> Forest:
    """Grow a forest.

    Args:
        bins: (fields, n) bin of every row in every field.
        ordered, sizes: (fields,) whether the bins of a field have an order, and how many there are.
        features: the fields that may split.
        outputs, weights: (n, d) and (d,): what the splits explain, and how much each output counts.
    """
    rng = stream.generator()
    parts = [_grow_tree(bins, ordered, sizes, features, outputs, weights, growth, rng) for _ in range(growth.trees)]  # type: ignore[no-untyped-call]
    return _joined(parts)


def _grow_tree(bins, ordered, sizes, features, outputs, weights, growth, rng):  # type: ignore[no-untyped-def]
    n = len(outputs)
    rows = rng.permutation(n)[: growth.rows].astype(np.int32) if n > 1 else np.zeros(1, np.int32)
    cut = min(max(1, round(len(rows) * growth.structure)), len(rows) - 1) if len(rows) > 1 else 0
    structure, donors = rows[:cut].copy(), rows[cut:].copy()
    if len(features) == 0:
        structure = structure[:0]
    limit = max(3, 2 * len(rows) // max(1, growth.leaf) + 3)
    limits = (growth.leaf, growth.donors, growth.depth, limit)
    return (*grow(bins, ordered, sizes, features, outputs, weights, structure, donors, *limits, growth.significance), donors)


def _joined(parts: list[tuple[NDArray[Any], ...]]) -> Forest:
    nodes = np.cumsum([0] + [len(p[0]) for p in parts])
    rows = np.cumsum([0] + [len(p[9]) for p in parts])
    subsets = np.cumsum([0] + [len(p[8]) for p in parts])
    shift = [np.where(p[1] < 0, p[1] - s, p[1]) for p, s in zip(parts, subsets, strict=False)]
    return Forest(
        roots=nodes[:-1].astype(np.int32),
        feature=np.concatenate([p[0] for p in parts]).astype(np.int16),
        threshold=np.concatenate(shift).astype(np.int32),
        left=np.concatenate([np.where(p[2] >= 0, p[2] + s, -1) for p, s in zip(parts, nodes, strict=False)]).astype(np.int32),
        parent=np.concatenate([np.where(p[3] >= 0, p[3] + s, -1) for p, s in zip(parts, nodes, strict=False)]).astype(np.int32),
        start=np.concatenate([p[6] + s for p, s in zip(parts, rows, strict=False)]).astype(np.int32),
        stop=np.concatenate([p[7] + s for p, s in zip(parts, rows, strict=False)]).astype(np.int32),
        subsets=np.concatenate([p[8] for p in parts]),
        donors=np.concatenate([p[9] for p in parts]).astype(np.int32),
    )


@numba.njit(cache=True, fastmath=True)
def grow(  # type: ignore[no-untyped-def]  # noqa: C901
    bins, ordered, sizes, features, outputs, weights, rows, donors, min_rows, min_donors, max_depth, max_nodes, significance
):
    """One tree, breadth first. `rows` and `donors` are permuted in place so that every node owns a run of each.

    Returns feature, threshold, left, parent, first row, last row, first donor, last donor (each (nodes,)) and the subsets.
    """
    d = outputs.shape[1]
    feature = np.full(max_nodes, -1, np.int32)
    threshold = np.zeros(max_nodes, np.int32)
    left = np.full(max_nodes, -1, np.int32)
    parent = np.full(max_nodes, -1, np.int32)
    depth = np.zeros(max_nodes, np.int32)
    row_start, row_stop = np.zeros(max_nodes, np.int64), np.zeros(max_nodes, np.int64)
    donor_start, donor_stop = np.zeros(max_nodes, np.int64), np.zeros(max_nodes, np.int64)
    subsets = np.zeros((16, BINS), np.bool_)
    subset_count = 0
    row_stop[0], donor_stop[0] = rows.shape[0], donors.shape[0]
    sums, counts, donor_counts = np.zeros((BINS, d)), np.zeros(BINS), np.zeros(BINS, np.int64)
    order, key = np.zeros(BINS, np.int64), np.zeros(BINS)
    total, running = np.zeros(d), np.zeros(d)
    best_subset = np.zeros(BINS, np.bool_)
    aside = np.empty(max(rows.shape[0], donors.shape[0]) + 1, np.int32)
    nodes, node = 1, 0
    while node < nodes:
        a, b, da, db = row_start[node], row_stop[node], donor_start[node], donor_stop[node]
        m, dm = b - a, db - da
        node += 1
        if m < 2 * min_rows or m < 2 or dm < 2 * min_donors or depth[node - 1] >= max_depth or nodes + 2 > max_nodes:
            continue
        here = node - 1
        total[:] = 0.0
        squares = 0.0
        for i in range(a, b):
            r = rows[i]
            for o in range(d):
                v = outputs[r, o]
                total[o] += v
                squares += weights[o] * v * v
        base = 0.0
        for o in range(d):
            base += weights[o] * total[o] * total[o] / m
        within = squares - base
        if within <= 1e-9 * m:
            continue
        best, best_feature, best_threshold, best_ordered = 0.0, -1, 0, True
        for f in features:
            size = sizes[f]
            for k in range(size):
                counts[k] = 0.0
                donor_counts[k] = 0
                for o in range(d):
                    sums[k, o] = 0.0
            column = bins[f]
            for i in range(a, b):
                r = rows[i]
                k = column[r]
                counts[k] += 1.0
                for o in range(d):
                    sums[k, o] += outputs[r, o]
            for i in range(da, db):
                donor_counts[column[donors[i]]] += 1
            if ordered[f]:
                length = size
                for k in range(size):
                    order[k] = k
            else:
                telling, most = 0, -1.0
                for o in range(d):
                    v = 0.0
                    for k in range(size):
                        if counts[k] > 0:
                            v += sums[k, o] * sums[k, o] / counts[k]
                    v = weights[o] * (v - total[o] * total[o] / m)
                    if v > most:
                        most, telling = v, o
                length = 0
                for k in range(size):
                    if counts[k] > 0:
                        order[length] = k
                        key[length] = (sums[k, telling] + 2.0 * total[telling] / m) / (counts[k] + 2.0)
                        length += 1
                for i in range(1, length):
                    v, k, q = key[i], order[i], i - 1
                    while q >= 0 and key[q] > v:
                        key[q + 1], order[q + 1] = key[q], order[q]
                        q -= 1
                    key[q + 1], order[q + 1] = v, k
            running[:] = 0.0
            n_left, d_left = 0.0, 0
            for q in range(length - 1):
                k = order[q]
                n_left += counts[k]
                d_left += donor_counts[k]
                if counts[k] == 0:
                    continue
                for o in range(d):
                    running[o] += sums[k, o]
                if n_left < min_rows or d_left < min_donors:
                    continue
                n_right = m - n_left
                if n_right < min_rows or n_right < 1 or dm - d_left < min_donors:
                    break
                gain = -base
                for o in range(d):
                    rest = total[o] - running[o]
                    gain += weights[o] * (running[o] * running[o] / n_left + rest * rest / n_right)
                if gain > best:
                    best, best_feature, best_threshold, best_ordered = gain, f, q, ordered[f]
                    if not best_ordered:
                        best_subset[:] = False
                        for i in range(q + 1):
                            best_subset[order[i]] = True
        if best_feature < 0 or best * m < significance * within:
            continue
        feature[here] = best_feature
        threshold[here] = best_threshold
        if not best_ordered:
            if subset_count == subsets.shape[0]:
                wider = np.zeros((2 * subset_count, BINS), np.bool_)
                wider[:subset_count] = subsets
                subsets = wider
            subsets[subset_count] = best_subset
            subset_count += 1
            threshold[here] = -subset_count
        column = bins[best_feature]
        p, q = a, 0
        for i in range(a, b):
            r = rows[i]
            k = column[r]
            if (best_ordered and k <= best_threshold) or (not best_ordered and best_subset[k]):
                rows[p] = r
                p += 1
            else:
                aside[q] = r
                q += 1
        for i in range(q):
            rows[p + i] = aside[i]
        dp, q = da, 0
        for i in range(da, db):
            r = donors[i]
            k = column[r]
            if (best_ordered and k <= best_threshold) or (not best_ordered and best_subset[k]):
                donors[dp] = r
                dp += 1
            else:
                aside[q] = r
                q += 1
        for i in range(q):
            donors[dp + i] = aside[i]
        left[here] = nodes
        row_start[nodes], row_stop[nodes], row_start[nodes + 1], row_stop[nodes + 1] = a, p, p, b
        donor_start[nodes], donor_stop[nodes], donor_start[nodes + 1], donor_stop[nodes + 1] = da, dp, dp, db
        for child in range(nodes, nodes + 2):
            depth[child] = depth[here] + 1
            parent[child] = here
        nodes += 2
    return (
        feature[:nodes], threshold[:nodes], left[:nodes], parent[:nodes],
        row_start[:nodes], row_stop[:nodes], donor_start[:nodes], donor_stop[:nodes], subsets[:subset_count],
    )  # fmt: skip


@numba.njit(cache=True, inline="always")
def _leaf(row, node, nodes, subsets):  # type: ignore[no-untyped-def]
    left = nodes[node, 2]
    while left >= 0:
        k = row[nodes[node, 0]]
        t = nodes[node, 1]
        goes_left = k <= t if t >= 0 else subsets[-1 - t, k]
        node = left if goes_left else left + 1
        left = nodes[node, 2]
    return node


@numba.njit(cache=True, inline="always")
def _stop_node(node, u, nodes, spans, smoothing):  # type: ignore[no-untyped-def]
    """Climb from a leaf while the uniform number says so; the node and what is left of the number."""
    while nodes[node, 3] >= 0:
        up = smoothing / (spans[node, 1] - spans[node, 0] + smoothing)
        if u >= up:
            return node, (u - up) / (1.0 - up)
        u /= up
        node = nodes[node, 3]
    return node, u


@numba.njit(cache=True)
def draw_donors(rows, roots, nodes, subsets, spans, smoothing, uniform):  # type: ignore[no-untyped-def]
    """(n,) index of a donor for every row of bins (n, fields), by one uniform number a row."""
    n = rows.shape[0]
    out = np.empty(n, np.int32)
    trees = roots.shape[0]
    for i in range(n):
        u = uniform[i] * trees
        tree = min(int(u), trees - 1)
        node, u = _stop_node(_leaf(rows[i], roots[tree], nodes, subsets), u - tree, nodes, spans, smoothing)
        m = spans[node, 1] - spans[node, 0]
        out[i] = spans[node, 0] + min(int(u * m), m - 1)
    return out


@numba.njit(cache=True, inline="always")
def stop_of_leaf(row, root, nodes, subsets, spans, smoothing, u):  # type: ignore[no-untyped-def]
    """The node where a walk ends, and the step and first donor by which at most `STRIDE_DONORS` or so of its donors are seen."""
    node, rest = _stop_node(_leaf(row, root, nodes, subsets), u, nodes, spans, smoothing)
    step = max(1, (spans[node, 1] - spans[node, 0]) // STRIDE_DONORS)
    return node, step, spans[node, 0] + int(rest * step)


@numba.njit(cache=True)
def draw_weighed(rows, roots, nodes, subsets, spans, smoothing, uniform, cumulative, trees_used):  # type: ignore[no-untyped-def]
    """As `draw_donors`, each donor by its weight; what the weights leave of a node is read off their running sum.

    Args:
        uniform: (n, 3 + trees_used) uniform numbers.
        cumulative: (donors + 1,) running sum of the donors' weights, which are 0 .. 1.

    Returns donor (n,), -1 where none has any weight, and the mean weight of what `draw_donors` would draw (n,).
    """
    n, trees = rows.shape[0], roots.shape[0]
    out, mass = np.full(n, -1, np.int32), np.zeros(n)
    for i in range(n):
        first, total, u = int(uniform[i, 0] * trees), 0.0, uniform[i, 1]
        start, stop = 0, 0
        for t in range(trees_used):
            node, _ = _stop_node(_leaf(rows[i], roots[(first + t) % trees], nodes, subsets), uniform[i, 3 + t], nodes, spans, smoothing)
            a, b = spans[node, 0], spans[node, 1]
            gain = (cumulative[b] - cumulative[a]) / max(1, b - a)
            if gain <= 0.0:
                continue
            # reservoir: every node replaces the one that was chosen with the chance of its share so far
            total += gain
            share = gain / total
            if u < share:
                u /= share
                start, stop = a, b
            else:
                u = (u - share) / (1.0 - share)
        mass[i] = total / trees_used
        if total > 0.0:
            point = cumulative[start] + uniform[i, 2] * (cumulative[stop] - cumulative[start])
            q = start + np.searchsorted(cumulative[start + 1 : stop + 1], point, side="right")
            while q >= stop or cumulative[q + 1] <= cumulative[q]:
                q -= 1
            out[i] = q
    return out, mass


@numba.njit(cache=True)
def draw_allowed(  # type: ignore[no-untyped-def]
    rows, roots, nodes, subsets, spans, smoothing,
    uniform, tokens, weight, low, high, nullable, trees_used,
):  # fmt: skip
    """As `draw_donors` among donors whose token is allowed.

    Args:
        uniform: (n, 2 + trees_used) uniform numbers.
        tokens: (donors,) token of each donor.
        weight: (size,) share of each token that the condition allows.
        low, high: (n,) least and greatest token that the row's bounds allow; NULL (token 0 where `nullable`) meets every bound.

    Returns donor (n,), -1 where none is allowed; probability of the condition inside the bounds; probability of the bounds.
    """
    n, trees = rows.shape[0], roots.shape[0]
    out = np.full(n, -1, np.int32)
    inside, within = np.zeros(n), np.zeros(n)
    for i in range(n):
        first = int(uniform[i, 0] * trees)
        allowed_mass, bound_mass = 0.0, 0.0
        # reservoir: every donor replaces the one that was chosen with the chance of its share so far
        u = uniform[i, 1]
        for t in range(trees_used):
            node, step, offset = stop_of_leaf(rows[i], roots[(first + t) % trees], nodes, subsets, spans, smoothing, uniform[i, 2 + t])
            one = 1.0 / max(1, (spans[node, 1] - offset + step - 1) // step)
            for q in range(offset, spans[node, 1], step):
                token = tokens[q]
                if (token < low[i] or token > high[i]) and not (nullable and token == 0):
                    continue
                bound_mass += one
                gain = one * weight[token]
                if gain <= 0.0:
                    continue
                allowed_mass += gain
                share = gain / allowed_mass
                if u < share:
                    u /= share
                    out[i] = q
                else:
                    u = (u - share) / (1.0 - share)
        inside[i], within[i] = allowed_mass / trees_used, bound_mass / trees_used
    return out, inside, within


@numba.njit(cache=True)
def token_share(rows, roots, nodes, subsets, spans, smoothing, uniform, tokens, wanted, trees_used):  # type: ignore[no-untyped-def]
    """(n,) the share of each row's ``wanted`` token among the donors that `draw_donors` would choose from, over several trees.

    ``uniform`` (n, 1 + trees_used): which trees, and where the walk stops in each.
    """
    n, trees = rows.shape[0], roots.shape[0]
    out = np.zeros(n)
    for i in range(n):
        first, token, mass = int(uniform[i, 0] * trees), wanted[i], 0.0
        for t in range(trees_used):
            node, step, offset = stop_of_leaf(rows[i], roots[(first + t) % trees], nodes, subsets, spans, smoothing, uniform[i, 1 + t])
            stop, hits = spans[node, 1], 0
            for q in range(offset, stop, step):
                hits += tokens[q] == token
            mass += hits / max(1, (stop - offset + step - 1) // step)
        out[i] = mass / trees_used
    return out
