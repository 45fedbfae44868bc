"""A mixture of trees over the tokens of a table: its likelihood, its draws, and what is left of it under conditions.

Meilă & Jordan, "Learning with mixtures of trees", Journal of Machine Learning Research 1, 2000. In each component every field depends on
one other at most, group on group (`grouping.py`); the token inside a group depends on the component. A condition on any fields, and any
sets and ranges, leaves a mixture of the same form, found exactly by one pass of messages up each tree: see `TreeMixture.given`. How it
is learned is in `tree_mixture_fit.py`, rows of which some cells are given are in `messages.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.tabular.chow_liu import top_down
from understudy.tabular.fields import Encoded, Floats
from understudy.tabular.grouping import Grouping, Groups

Integers = NDArray[np.int64]
Singles = NDArray[np.float32]
ROWS_AT_ONCE = 4096
TINY = 1e-300


class Rows(NamedTuple):
    """Rows as the mixture sees them: the group (n, fields) of each cell, and the place (n, fields) of its token in the order of groups."""

    groups: Groups
    places: NDArray[np.int32]

    @classmethod
    def of(cls, groupings: list[Grouping], encoded: Encoded) -> Rows:
        groups = np.empty((encoded.rows, len(groupings)), np.uint8)
        places = np.empty((encoded.rows, len(groupings)), np.int32)
        for j, grouping in enumerate(groupings):
            groups[:, j] = grouping.table[encoded.tokens[j]]
            places[:, j] = grouping.place[encoded.tokens[j]]
        return cls(groups, places)

    def take(self, index: Integers | slice) -> Rows:
        return Rows(self.groups[index], self.places[index])


class Inside(NamedTuple):
    """Probabilities of tokens given their group: ``values`` holds, for each field, one row of all tokens in the order of groups for each
    component, or one for all of them. Field j begins at ``starts[j]``, and its rows are ``strides[j]`` apart (0: one for all)."""

    values: Singles
    starts: Integers
    strides: Integers

    @classmethod
    def empty(cls, groupings: list[Grouping], components: int, own: NDArray[np.bool_]) -> Inside:
        tokens = np.array([g.tokens for g in groupings], np.int64)
        lengths = np.where(own, components, 1) * tokens
        ends = np.cumsum(lengths)
        return cls(np.ones(int(ends[-1]), np.float32), ends - lengths, np.where(own, tokens, 0))

    def rows(self, j: int, tokens: int) -> Singles:
        """(components or 1, tokens) of field j, as a view."""
        start = int(self.starts[j])
        stop = int(self.starts[j + 1]) if j + 1 < len(self.starts) else len(self.values)
        return self.values[start:stop].reshape(-1, tokens)


@dataclass(frozen=True)
class TreeMixture:
    """A mixture of trees.

    ``weights`` (K,) sum to one. ``parents`` (K, fields) is the tree of each component, -1 at a root. ``tables`` holds the probabilities
    of groups given the parent's group (parent's groups × own groups; one row at a root), field by field and component by component.
    """

    groupings: list[Grouping]
    weights: Floats
    parents: NDArray[np.int32]
    tables: Singles
    inside: Inside

    @property
    def components(self) -> int:
        return len(self.weights)

    @cached_property
    def sizes(self) -> Integers:
        return np.array([g.size for g in self.groupings], np.int64)

    @cached_property
    def fine(self) -> NDArray[np.bool_]:
        """(fields,) whether a group may hold several tokens."""
        return np.array([not g.each_alone for g in self.groupings])

    @cached_property
    def order(self) -> NDArray[np.int32]:
        return top_down(self.parents)

    @cached_property
    def starts(self) -> Integers:
        return table_starts(self.parents, self.sizes)[0]

    # -- likelihood

    def log_joint(self, rows: Rows) -> Singles:
        """(n, K) log of each component's weight times the probability that it gives to each row."""
        out = np.empty((len(rows.groups), self.components), np.float32)
        log_joint(rows.groups, rows.places, self.log_weights, self.parents, self.starts, self.sizes, self.log_tables, *self.log_inside, out)
        return out

    def log_prob(self, rows: Rows) -> Floats:
        """(n,) log probability of each row."""
        out = np.empty(len(rows.groups))
        for start in range(0, len(out), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            out[part] = np.logaddexp.reduce(self.log_joint(rows.take(part)).astype(np.float64), axis=1)
        return out

    @cached_property
    def log_weights(self) -> Floats:
        return np.asarray(np.log(np.maximum(self.weights, TINY)))

    @cached_property
    def log_tables(self) -> Singles:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.tables))

    @cached_property
    def log_inside(self) -> tuple[Singles, Integers, Integers, NDArray[np.bool_]]:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.inside.values)), self.inside.starts, self.inside.strides, self.fine

    # -- drawing

    def draw(self, size: int, component: Floats, uniform: Floats) -> list[NDArray[np.int32]]:
        """Tokens of each field (size,), from one uniform number a row for the component and one for each cell (size, fields)."""
        cumulative = np.cumsum(self.weights)
        chosen = np.minimum(np.searchsorted(cumulative, component * cumulative[-1], "right"), np.flatnonzero(self.weights)[-1])
        places = np.empty((size, len(self.groupings)), np.int32)
        group_starts, offsets = self.group_starts
        inside = (self.cumulative_inside, self.inside.starts, self.inside.strides, self.fine)
        draw_rows(
            chosen, self.order, self.parents, self.starts, self.sizes, self.tables, *inside, group_starts, offsets, uniform, places
        )  # fmt: skip
        return [g.order[places[:, j]] for j, g in enumerate(self.groupings)]

    @cached_property
    def group_starts(self) -> tuple[Integers, Integers]:
        """Where the groups of each field begin among its tokens, all fields in one, and where each field begins in that."""
        lengths = [len(g.starts) for g in self.groupings]
        return np.concatenate([g.starts for g in self.groupings]), np.r_[0, np.cumsum(lengths)[:-1]].astype(np.int64)

    @cached_property
    def cumulative_inside(self) -> Floats:
        """Probabilities of tokens given their group, summed up within each group."""
        out = np.empty(len(self.inside.values))
        for j, g in enumerate(self.groupings):
            start, values = int(self.inside.starts[j]), self.inside.rows(j, g.tokens)
            summed = np.cumsum(values, axis=1, dtype=np.float64)
            before = np.hstack([np.zeros((len(values), 1)), summed])[:, g.starts[:-1]]
            out[start : start + values.size] = (summed - np.repeat(before, np.diff(g.starts), axis=1)).ravel()
        return out

    # -- conditions

    def given(self, allowed: dict[int, Floats]) -> tuple[TreeMixture, float]:
        """The mixture under conditions, and their log probability (-inf: impossible).

        ``allowed`` gives, of some fields, the share (tokens,) of each token that the conditions allow.
        """
        evidence, inside = self.evidence(allowed)
        restricted = np.array([j in allowed for j in range(len(self.groupings))])
        tables, log_mass = np.zeros_like(self.tables), np.empty(self.components)
        offsets = np.r_[0, np.cumsum(self.sizes)[:-1]].astype(np.int64)
        condition(self.order, self.parents, self.starts, self.sizes, offsets, self.tables, evidence, restricted, tables, log_mass)
        joint = self.log_weights + log_mass
        top = float(joint.max())
        if not np.isfinite(top):
            return self, -np.inf
        weights = np.exp(joint - top)
        total = float(weights.sum())
        return TreeMixture(self.groupings, weights / total, self.parents, tables, inside), top + float(np.log(total))

    def evidence(self, allowed: dict[int, Floats]) -> tuple[Floats, Inside]:
        """(K, all groups) the share of each group that conditions allow, and the tokens' probabilities in groups under them."""
        offsets = np.r_[0, np.cumsum(self.sizes)].astype(np.int64)
        evidence = np.ones((self.components, int(offsets[-1])))
        values = self.inside.values.copy()
        inside = Inside(values, self.inside.starts, self.inside.strides)
        for j, share in allowed.items():
            g = self.groupings[j]
            rows = inside.rows(j, g.tokens)
            left = rows * share[g.order]
            sums = np.add.reduceat(left, g.starts[:-1], axis=1, dtype=np.float64)
            evidence[:, offsets[j] : offsets[j + 1]] = sums
            rows[:] = left / np.repeat(np.maximum(sums, TINY), np.diff(g.starts), axis=1)
        return evidence, inside


def table_starts(parents: NDArray[np.int32], sizes: Integers) -> tuple[Integers, int]:
    """(K, fields) where each table begins, and the length of all."""
    lengths = np.where(parents >= 0, sizes[np.maximum(parents, 0)], 1) * sizes
    ends = np.cumsum(lengths.ravel()).reshape(lengths.shape)
    return (ends - lengths).astype(np.int64), int(ends[-1, -1])


@numba.njit(cache=True)
def log_joint(  # type: ignore[no-untyped-def]
    groups, places, log_weights, parents, starts, sizes, log_tables, log_inside, inside_starts, inside_strides, fine, out
):
    n, fields = groups.shape
    for k in range(len(log_weights)):
        for i in range(n):
            total = log_weights[k]
            for j in range(fields):
                p = parents[k, j]
                at = starts[k, j] + groups[i, j]
                if p >= 0:
                    at += groups[i, p] * sizes[j]
                total += log_tables[at]
                if fine[j]:
                    total += log_inside[inside_starts[j] + k * inside_strides[j] + places[i, j]]
            out[i, k] = total


@numba.njit(cache=True, inline="always")
def pick(weights, start, stop, u):  # type: ignore[no-untyped-def]
    """An index of weights[start:stop], in proportion to them, and what is left of the uniform number; start-based."""
    total = 0.0
    for x in range(start, stop):
        total += weights[x]
    rest = u * total
    last = start
    for x in range(start, stop):
        w = weights[x]
        if w > 0.0:
            last = x
            if rest < w:
                return x - start, rest / w
            rest -= w
    return last - start, 0.5


@numba.njit(cache=True, inline="always")
def pick_sorted(cumulative, start, stop, u):  # type: ignore[no-untyped-def]
    """An index of cumulative weights [start:stop], in proportion to the steps; start-based."""
    rest = u * cumulative[stop - 1]
    low, high = start, stop - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > rest:
            high = middle
        else:
            low = middle + 1
    return low - start


@numba.njit(cache=True)
def draw_rows(  # type: ignore[no-untyped-def]
    components, order, parents, starts, sizes, tables,
    inside, inside_starts, inside_strides, fine, group_starts, offsets, uniform, places,
):  # fmt: skip
    """Fill places (n, fields): down each row's tree, first the group, then the token in it."""
    n, fields = places.shape
    groups = np.empty(fields, np.int64)
    for i in range(n):
        k = components[i]
        for q in range(fields):
            j = order[k, q]
            p = parents[k, j]
            at = starts[k, j]
            if p >= 0:
                at += groups[p] * sizes[j]
            g, u = pick(tables, at, at + sizes[j], uniform[i, j])
            groups[j] = g
            first = group_starts[offsets[j] + g]
            if fine[j] and group_starts[offsets[j] + g + 1] - first > 1:
                base = inside_starts[j] + k * inside_strides[j]
                first += pick_sorted(inside, base + first, base + group_starts[offsets[j] + g + 1], min(u, 1.0 - 1e-12))
            places[i, j] = first


@numba.njit(cache=True)
def condition(order, parents, starts, sizes, offsets, tables, evidence, restricted, out, log_mass):  # type: ignore[no-untyped-def]
    """Tables under evidence (K, all groups) on groups, into ``out``, and its log mass (K,) in each component.

    From the leaves up: what a subtree allows, given the group of the field above it, multiplies into that field's own evidence.
    """
    components, fields = parents.shape
    allowed = np.empty(evidence.shape[1])
    touched = np.empty(fields, np.bool_)
    for k in range(components):
        log_mass[k] = 0.0
        allowed[:] = evidence[k]
        touched[:] = restricted
        for q in range(fields - 1, -1, -1):
            j = order[k, q]
            p = parents[k, j]
            size, above = sizes[j], (sizes[p] if p >= 0 else 1)
            start = starts[k, j]
            if not touched[j]:
                out[start : start + above * size] = tables[start : start + above * size]
                continue
            top = 0.0
            for x in range(above):
                total = 0.0
                for y in range(size):
                    total += tables[start + x * size + y] * allowed[offsets[j] + y]
                for y in range(size):
                    if total > 0.0:
                        out[start + x * size + y] = tables[start + x * size + y] * allowed[offsets[j] + y] / total
                if p >= 0:
                    allowed[offsets[p] + x] *= total
                    top = max(top, allowed[offsets[p] + x])
                else:
                    top = total
            log_mass[k] += np.log(top) if top > 0.0 else -np.inf
            if p >= 0:
                touched[p] = True
                if top > 0.0:
                    allowed[offsets[p] : offsets[p] + above] /= top
