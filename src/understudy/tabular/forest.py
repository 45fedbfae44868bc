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
    weighed = (outputs * np.sqrt(weights)).astype(np.float32)
    explained = (weighed, *pack(weighed))
    parts = [_grow_tree(bins, ordered, sizes, features, explained, growth, rng) for _ in range(growth.trees)]  # type: ignore[no-untyped-call]
    return _joined(parts)


def _grow_tree(bins, ordered, sizes, features, explained, growth, rng):  # type: ignore[no-untyped-def]
    n = bins.shape[1]
    rows = rng.permutation(n)[: growth.rows].astype(np.int32) if n > 1 else np.zeros(1, np.int32)
    cut = min(max(1, round(len(rows) * growth.structure)), len(rows) - 1) if len(rows) > 1 else 0
    structure, donors = rows[:cut].copy(), rows[cut:].copy()
    if len(features) == 0:
        structure = structure[:0]
    limit = max(3, 2 * len(rows) // max(1, growth.leaf) + 3)
    limits = (growth.leaf, growth.donors, growth.depth, limit)
    found = grow(bins, ordered, sizes, features, *explained, structure, donors, *limits, growth.significance)  # type: ignore[call-arg]
    return (*found, donors)


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


@numba.njit(cache=True)
def pack(outputs):  # type: ignore[no-untyped-def]
    """Outputs (n, d) as whole numbers, two in each of (n, d // 2 + 1): a row's count and its first output, its second and third, and
    so on, so that one addition counts two; and the steps (d + 1,) that they are counted in. No sum over rows leaves its half."""
    n, d = outputs.shape
    packed = np.zeros((n, d // 2 + 1), np.int64)
    steps = np.ones(d + 1, np.float32)
    packed[:, 0] = np.int64(1) << 32
    for o in range(d):
        magnitude = 1e-9
        for i in range(n):
            magnitude += abs(outputs[i, o])
        steps[o + 1] = magnitude / 2**30
        for i in range(n):
            whole = np.int64(np.rint(outputs[i, o] / steps[o + 1]))
            packed[i, (o + 1) // 2] += whole << 32 if o % 2 else whole
    return packed, steps


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def grow(  # type: ignore[no-untyped-def]
    bins, ordered, sizes, features, outputs, packed, steps, rows, donors, min_rows, min_donors, max_depth, max_nodes, significance
):
    """One tree, breadth first. `rows` and `donors` are permuted in place so that every node owns a run of each.

    Returns feature, threshold, left, parent, first row, last row, first donor, last donor (each (nodes,)) and the subsets.
    """
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
    near = np.empty((rows.shape[0], packed.shape[1]), np.int64)
    sums, held = np.zeros((BINS, packed.shape[1]), np.int64), np.zeros(BINS, np.int64)
    running, below = np.zeros((packed.shape[1], BINS), np.int64), np.zeros(BINS, np.float32)
    work = np.zeros((2, BINS), np.float32)
    order, straight = np.zeros(BINS, np.int64), np.arange(BINS)
    best_subset = np.zeros(BINS, np.bool_)
    aside = np.empty(max(rows.shape[0], donors.shape[0]) + 1, np.int32)
    nodes, here = 1, -1
    while here + 1 < nodes:
        here += 1
        a, b, da, db = row_start[here], row_stop[here], donor_start[here], donor_stop[here]
        m, dm = b - a, db - da
        if m < 2 * min_rows or m < 2 or dm < 2 * min_donors or depth[here] >= max_depth or nodes + 2 > max_nodes:
            continue
        total, within = _gather(near, outputs, packed, rows[a:b])
        if within <= 1e-9 * m:
            continue
        best, best_feature, best_place = 0.0, -1, 0
        for f in features:
            _tally(sums, held, bins[f], near, rows[a:b], donors[da:db], sizes[f])
            along, length = straight, sizes[f]
            if not ordered[f]:
                along, length = order, _in_order(order, sums, steps, total, m, sizes[f])
            _run(sums, held, along, length, running, below)
            gain, place = _best_cut(running, below, steps, work, length, total, m, dm, min_rows, min_donors, best)
            if place >= 0:
                best, best_feature, best_place = gain, f, place
                best_subset[:] = False
                for q in range(place + 1):
                    best_subset[along[q]] = True
        if best_feature < 0 or best * m < significance * within:
            continue
        feature[here] = best_feature
        threshold[here] = best_place
        if not ordered[best_feature]:
            if subset_count == subsets.shape[0]:
                wider = np.zeros((2 * subset_count, BINS), np.bool_)
                wider[:subset_count] = subsets
                subsets = wider
            subsets[subset_count] = best_subset
            subset_count += 1
            threshold[here] = -subset_count
        p = a + _part(rows[a:b], bins[best_feature], best_subset, aside)
        dp = da + _part(donors[da:db], bins[best_feature], best_subset, aside)
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


@numba.njit(cache=True, fastmath=True)
def _gather(near, outputs, packed, rows):  # type: ignore[no-untyped-def]
    """What the rows of a node hold, side by side; the totals (d,), and the squares around their means."""
    d, squares = outputs.shape[1], 0.0
    total = np.zeros(d)
    for i in range(len(rows)):
        r = rows[i]
        for o in range(d):
            total[o] += outputs[r, o]
            squares += outputs[r, o] * outputs[r, o]
        for w in range(packed.shape[1]):
            near[i, w] = packed[r, w]
    for o in range(d):
        squares -= total[o] * total[o] / len(rows)
    return total, squares


@numba.njit(cache=True)
def _tally(sums, held, column, near, rows, donors, size):  # type: ignore[no-untyped-def]
    """Rows by bin, and donors. The usual numbers of outputs are written out, so that their additions overlap."""
    words = near.shape[1]
    held[:size] = 0
    sums[:size] = 0
    if words == 1:
        for i in range(len(rows)):
            sums[column[rows[i]], 0] += near[i, 0]
    elif words == 2:
        for i in range(len(rows)):
            k = column[rows[i]]
            sums[k, 0] += near[i, 0]
            sums[k, 1] += near[i, 1]
    elif words == 3:
        for i in range(len(rows)):
            k = column[rows[i]]
            sums[k, 0] += near[i, 0]
            sums[k, 1] += near[i, 1]
            sums[k, 2] += near[i, 2]
    else:
        for i in range(len(rows)):
            k = column[rows[i]]
            for w in range(words):
                sums[k, w] += near[i, w]
    for i in range(len(donors)):
        held[column[donors[i]]] += 1


@numba.njit(cache=True, inline="always")
def _low(word):  # type: ignore[no-untyped-def]
    return np.int32(word & 0xFFFFFFFF)


@numba.njit(cache=True, inline="always")
def _high(word):  # type: ignore[no-untyped-def]
    return np.int32((word - np.int32(word & 0xFFFFFFFF)) >> 32)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def _in_order(order, sums, steps, total, m, size):  # type: ignore[no-untyped-def]
    """Bins that rows have, by the mean of the output that tells them apart best, smoothed by two rows; how many they are."""
    means = np.zeros(size)
    length, telling, most = 0, 0, -1.0
    for k in range(size):
        if _high(sums[k, 0]) > 0:
            order[length] = k
            length += 1
    for o in range(len(total)):
        explained = -total[o] * total[o] / m
        for q in range(length):
            word = sums[order[q], (o + 1) // 2]
            value = (_high(word) if o % 2 else _low(word)) * steps[o + 1]
            explained += value * value / _high(sums[order[q], 0])
        if explained > most:
            most, telling = explained, o
    for q in range(length):
        word = sums[order[q], (telling + 1) // 2]
        value = (_high(word) if telling % 2 else _low(word)) * steps[telling + 1]
        means[q] = (value + 2.0 * total[telling] / m) / (_high(sums[order[q], 0]) + 2.0)
    for i in range(1, length):
        v, k, q = means[i], order[i], i - 1
        while q >= 0 and means[q] > v:
            means[q + 1], order[q + 1] = means[q], order[q]
            q -= 1
        means[q + 1], order[q + 1] = v, k
    return length


@numba.njit(cache=True)
def _run(sums, held, along, length, running, below):  # type: ignore[no-untyped-def]
    """Running sums along the bins."""
    donors = 0
    for q in range(length):
        donors += held[along[q]]
        below[q] = donors
    for w in range(sums.shape[1]):
        so_far = np.int64(0)
        for q in range(length):
            so_far += sums[along[q], w]
            running[w, q] = so_far


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def _best_cut(running, below, steps, work, length, total, m, dm, min_rows, min_donors, best):  # type: ignore[no-untyped-def]
    """The gain of the best cut that beats `best`, and after which place; -1 where none does. Sums go by their distance from what the
    node's mean would give, which loses no digits. Every step is one over all places, so that the processor takes several at once."""
    gains, count = work[0], work[1]
    gains[:length] = np.float32(0.0)
    for q in range(length):
        count[q] = _high(running[0, q])
    for o in range(len(total)):
        own, step, mean = running[(o + 1) // 2], steps[o + 1], np.float32(total[o] / m)
        if o % 2:
            for q in range(length):
                beyond = np.float32(_high(own[q])) * step - mean * count[q]
                gains[q] += beyond * beyond
        else:
            for q in range(length):
                beyond = np.float32(_low(own[q])) * step - mean * count[q]
                gains[q] += beyond * beyond
    rows, least_rows, least, most = np.float32(m), np.float32(min_rows), np.float32(min_donors), np.float32(dm - min_donors)
    for q in range(length):
        others = rows - count[q]
        enough = (count[q] >= least_rows) & (others >= least_rows) & (below[q] >= least) & (below[q] <= most)
        gain = gains[q] * rows / (count[q] * others)
        gains[q] = gain if enough else np.float32(0.0)
    place, beaten = -1, np.float32(best)
    for q in range(length - 1):
        if gains[q] > beaten:
            beaten, place = gains[q], q
    return beaten, place


@numba.njit(cache=True)
def _part(run, column, subset, aside):  # type: ignore[no-untyped-def]
    """Those of the run whose bin is in the subset come first; how many they are."""
    p, q = 0, 0
    for i in range(len(run)):
        r = run[i]
        if subset[column[r]]:
            run[p] = r
            p += 1
        else:
            aside[q] = r
            q += 1
    for i in range(q):
        run[p + i] = aside[i]
    return p


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
