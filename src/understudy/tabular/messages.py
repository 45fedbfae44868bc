"""Partial rows in a mixture of trees: the likelihood of the cells that are given, and the law of those that are not.

Sum-product on trees (Pearl 1982), row by row. A given cell is a point, so it cuts its tree; only between cells that are both unknown is a
message a product of a table and a vector, and a subtree in which nothing is given and nothing restricted sends none.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.tabular.fields import Floats, Mask
from understudy.tabular.tree_mixture import Rows, TreeMixture, pick, pick_sorted

ROWS_AT_ONCE = 512
SCALE = 1e-100
NEGLIGIBLE = 1e-9
"""Posterior weight of a component below which it is left out of a law."""


def complete(
    model: TreeMixture, rows: Rows, given: Mask, allowed: dict[int, Floats], component: Floats, uniform: Floats
) -> NDArray[np.int32]:
    """Places (n, fields) of tokens, the cells that are not given drawn from their law.

    ``allowed`` narrows fields where they are not given, as in `TreeMixture.given`; ``component`` (n,) and ``uniform`` (n, fields) are
    uniform numbers.
    """
    evidence, inside = model.evidence(allowed)
    narrowed = TreeMixture(model.groupings, model.weights, model.parents, model.tables, inside)
    restricted = np.array([j in allowed for j in range(len(model.groupings))])
    chosen = _chosen(_posterior(model, rows, given, evidence, restricted), component)
    places = rows.places.copy()
    tokens = (narrowed.cumulative_inside, inside.starts, inside.strides, model.fine, *model.group_starts)
    arguments: tuple[Any, ...] = (rows.groups, given, chosen, *_trees(model), evidence, restricted, *tokens, uniform, places)
    draw_unknown(*arguments)
    return places


def law(model: TreeMixture, j: int, rows: Rows, given: Mask) -> Floats:
    """(n, tokens) probabilities of the tokens of field ``j``, given the cells marked in ``given`` (n, fields) but for that field's own."""
    others = given.copy()
    others[:, j] = False
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(given), ROWS_AT_ONCE)]
    tokens = model.groupings[j].tokens
    return np.concatenate([np.empty((0, tokens)), *(_law(model, j, rows.take(part), others[part]) for part in parts)])


def _law(model: TreeMixture, j: int, rows: Rows, given: Mask) -> Floats:
    restricted = np.zeros(len(model.groupings), np.bool_)
    evidence = np.ones((model.components, int(model.sizes.sum())))
    posterior = _posterior(model, rows, given, evidence, restricted)
    weights = np.asarray(np.exp(posterior - posterior.max(axis=1, keepdims=True)), np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    groups = np.zeros((len(weights), model.components, int(model.sizes[j])))
    arguments: tuple[Any, ...] = (j, rows.groups, given, weights, *_trees(model), evidence, restricted, groups)
    beliefs(*arguments)
    grouping = model.groupings[j]
    table, repeats = model.inside.rows(j, grouping.tokens), np.diff(grouping.starts)
    placed = np.zeros((len(weights), grouping.tokens))
    if len(table) == 1:
        placed += np.repeat(groups.sum(axis=1), repeats, axis=1) * table
    for k in range(model.components if len(table) > 1 else 0):
        placed += np.repeat(groups[:, k], repeats, axis=1) * table[k]
    return np.asarray((placed / placed.sum(axis=1, keepdims=True))[:, grouping.place])


def _posterior(model: TreeMixture, rows: Rows, given: Mask, evidence: Floats, restricted: Mask) -> Floats:
    """(n, K) log of each component's weight times the probability of the given cells and of the restrictions on the others."""
    out = np.empty((len(given), model.components))
    cells = (rows.groups, rows.places, given)
    arguments: tuple[Any, ...] = (*cells, model.log_weights, *_trees(model), evidence, restricted, *model.log_inside, out)
    given_likelihood(*arguments)
    return out


def _trees(model: TreeMixture) -> tuple[Any, ...]:
    offsets = np.r_[0, np.cumsum(model.sizes)[:-1]].astype(np.int64)
    return model.order, model.parents, model.starts, model.sizes, offsets, model.tables


def _chosen(posterior: Floats, uniform: Floats) -> NDArray[np.int64]:
    top = posterior.max(axis=1, keepdims=True)
    weights = np.exp(posterior - np.where(np.isfinite(top), top, 0.0))
    cumulative = np.cumsum(weights, axis=1)
    chosen = (cumulative <= (uniform * cumulative[:, -1])[:, None]).sum(axis=1)
    return np.asarray(np.minimum(chosen, posterior.shape[1] - 1), np.int64)


@numba.njit(cache=True, inline="always")
def _mass(j, at, size, groups, given, tables, below):  # type: ignore[no-untyped-def]
    """What one row of a field's table gives to its given group, or to all that its subtree says of an unknown one."""
    if given[j]:
        return tables[at + groups[j]] * 1.0
    mass = 0.0
    for y in range(size):
        mass += tables[at + y] * below[j, y]
    return mass


@numba.njit(cache=True)
def upward(groups, given, k, order, parents, starts, sizes, offsets, tables, evidence, restricted, below, active, sent):  # type: ignore[no-untyped-def]
    """Messages from the leaves up in component k for one row; returns the log likelihood of what is given.

    ``below`` (fields, most groups) takes what the subtree of an unknown field says of its groups, where ``active`` (fields,) tells that it
    says anything; ``sent`` (fields, most groups) the message that it sends to a parent that is unknown too, by the parent's groups.
    """
    fields = len(groups)
    total = 0.0
    for j in range(fields):
        active[j] = restricted[j] and not given[j]
        if active[j]:
            below[j, : sizes[j]] = evidence[k, offsets[j] : offsets[j] + sizes[j]]
    for q in range(fields - 1, -1, -1):
        j = order[k, q]
        if not given[j] and not active[j]:
            continue
        p, start, size = parents[k, j], starts[k, j], sizes[j]
        if p < 0 or given[p]:
            at = start + (groups[p] * size if p >= 0 else 0)
            mass = _mass(j, at, size, groups, given, tables, below)
            total += np.log(mass) if mass > 0.0 else -np.inf
            continue
        if not active[p]:
            active[p] = True
            below[p, : sizes[p]] = 1.0
        top = 0.0
        for x in range(sizes[p]):
            sent[j, x] = _mass(j, start + x * size, size, groups, given, tables, below)
            below[p, x] *= sent[j, x]
            top = max(top, below[p, x])
        if top < SCALE:
            if top <= 0.0:
                return -np.inf
            total += np.log(top)
            for x in range(sizes[p]):
                below[p, x] /= top
    return total


@numba.njit(cache=True)
def given_likelihood(  # type: ignore[no-untyped-def]
    groups, places, given, log_weights, order, parents, starts, sizes, offsets, tables,
    evidence, restricted, log_inside, inside_starts, inside_strides, fine, out,
):  # fmt: skip
    n, fields = groups.shape
    below, sent, active = np.empty((fields, sizes.max())), np.empty((fields, sizes.max())), np.empty(fields, np.bool_)
    for i in range(n):
        for k in range(len(log_weights)):
            total = log_weights[k]
            for j in range(fields):
                if given[i, j] and fine[j]:
                    total += log_inside[inside_starts[j] + k * inside_strides[j] + places[i, j]]
            total += upward(
                groups[i], given[i], k, order, parents, starts, sizes, offsets, tables, evidence, restricted, below, active, sent
            )
            out[i, k] = total


@numba.njit(cache=True)
def draw_unknown(  # type: ignore[no-untyped-def]
    groups, given, components, order, parents, starts, sizes, offsets, tables, evidence, restricted,
    inside, inside_starts, inside_strides, fine, group_starts, group_offsets, uniform, places,
):  # fmt: skip
    """Down each row's tree, what is not given is drawn by its parent's group and by what its own subtree says."""
    n, fields = groups.shape
    below, sent, active = np.empty((fields, sizes.max())), np.empty((fields, sizes.max())), np.empty(fields, np.bool_)
    weights, row = np.empty(sizes.max()), np.empty(fields, np.int64)
    for i in range(n):
        k = components[i]
        upward(groups[i], given[i], k, order, parents, starts, sizes, offsets, tables, evidence, restricted, below, active, sent)
        for q in range(fields):
            j = order[k, q]
            if given[i, j]:
                row[j] = groups[i, j]
                continue
            p = parents[k, j]
            at = starts[k, j] + (row[p] * sizes[j] if p >= 0 else 0)
            for y in range(sizes[j]):
                weights[y] = tables[at + y] * below[j, y] if active[j] else tables[at + y]
            g, u = pick(weights, 0, sizes[j], uniform[i, j])
            row[j] = g
            first = group_starts[group_offsets[j] + g]
            last = group_starts[group_offsets[j] + g + 1]
            if fine[j] and last - first > 1:
                base = inside_starts[j] + k * inside_strides[j]
                first += pick_sorted(inside, base + first, base + last, min(u, 1.0 - 1e-12))
            places[i, j] = first


@numba.njit(cache=True)
def _step_down(p, child, k, starts, sizes, tables, below, sent, active, above, spare):  # type: ignore[no-untyped-def]
    """From what all but its subtree says of an unknown field to what all but the child's subtree says of the child, in ``above``."""
    size = sizes[child]
    spare[:size] = 0.0
    for x in range(sizes[p]):
        said = above[x]
        if active[p] and not active[child]:
            said *= below[p, x]
        elif active[p]:
            said *= below[p, x] / sent[child, x] if sent[child, x] > 0.0 else 0.0
        for y in range(size):
            spare[y] += said * tables[starts[k, child] + x * size + y]
    above[:size] = spare[:size]


@numba.njit(cache=True)
def beliefs(target, groups, given, weights, order, parents, starts, sizes, offsets, tables, evidence, restricted, out):  # type: ignore[no-untyped-def]
    """(n, K, groups of the target) weight of each component times its law of the target, given each row's cells."""
    n, fields = groups.shape
    most = sizes.max()
    below, sent, active = np.empty((fields, most)), np.empty((fields, most)), np.empty(fields, np.bool_)
    above, spare, path = np.empty(most), np.empty(most), np.empty(fields, np.int64)
    for i in range(n):
        for k in range(weights.shape[1]):
            if weights[i, k] < NEGLIGIBLE:
                continue
            upward(groups[i], given[i], k, order, parents, starts, sizes, offsets, tables, evidence, restricted, below, active, sent)
            length, j = 0, target
            while j >= 0 and not given[i, j]:
                path[length] = j
                length += 1
                j = parents[k, j]
            top = path[length - 1]
            at = starts[k, top] + (groups[i, j] * sizes[top] if j >= 0 else 0)
            above[: sizes[top]] = tables[at : at + sizes[top]]
            for q in range(length - 2, -1, -1):
                _step_down(path[q + 1], path[q], k, starts, sizes, tables, below, sent, active, above, spare)
            total = 0.0
            for y in range(sizes[target]):
                if active[target]:
                    above[y] *= below[target, y]
                total += above[y]
            for y in range(sizes[target]):
                out[i, k, y] = weights[i, k] * above[y] / total
