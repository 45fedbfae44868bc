"""Trees of dependence between fields: maximum spanning trees of mutual information.

Chow & Liu, "Approximating discrete probability distributions with dependence trees", IEEE Transactions on Information Theory 14, 1968. Of
all distributions in which every field depends on one other at most, the tree of the largest mutual information is the likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.tabular.grouping import Groups

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
PAIRS_AT_LARGE = 4_000
"""From more pairs of fields than this on, only the strongest partners of every field come into question."""
PARTNERS = 8
SCREENING_ROWS = 4_000
SCREENING_GROUPS = 8


@dataclass(frozen=True)
class Pairs:
    """Pairs of fields that may stand side by side in a tree, with their joint tables over all rows.

    ``first`` and ``second`` (p,) are the fields, first < second. ``counts`` holds the tables (groups of first × groups of second) one
    after another, beginning at ``starts`` (p + 1,). ``number`` (fields, fields) finds a pair, -1 where it does not come into question.
    """

    first: Integers
    second: Integers
    counts: Floats
    starts: Integers
    number: Integers

    @classmethod
    def of(cls, groups: Groups, sizes: Integers) -> Pairs:
        """The pairs worth a look among rows of groups (n, fields), and their tables."""
        fields = groups.shape[1]
        first, second = np.triu_indices(fields, 1)
        if len(first) > PAIRS_AT_LARGE:
            first, second = _strongest(groups, sizes, first, second)
        starts = np.r_[0, np.cumsum(sizes[first] * sizes[second])].astype(np.int64)
        number = np.full((fields, fields), -1, np.int64)
        number[first, second] = number[second, first] = np.arange(len(first))
        counts = count_pairs(groups, first, second, sizes, starts)
        return cls(first.astype(np.int64), second.astype(np.int64), counts, starts, number)


def _strongest(groups: Groups, sizes: Integers, first: Integers, second: Integers) -> tuple[Integers, Integers]:
    """Of every field the pairs with its strongest partners, and those of one tree over all fields, by coarse tables of some rows."""
    some = groups[:: max(1, len(groups) // SCREENING_ROWS)]
    coarse = np.minimum(sizes, SCREENING_GROUPS)
    some = np.ascontiguousarray((some.astype(np.int64) * coarse // sizes).astype(np.uint8))
    strength = screened_information(some, first, second, coarse)
    fields = len(sizes)
    square = np.full((fields, fields), -np.inf)
    square[first, second] = square[second, first] = strength
    partners = np.argsort(-square, axis=1, kind="stable")[:, :PARTNERS]
    kept = np.zeros((fields, fields), np.bool_)
    kept[np.arange(fields)[:, None], partners] = True
    parents = spanning_tree(first, second, strength, fields)
    inner = np.flatnonzero(parents >= 0)
    kept[inner, parents[inner]] = True
    kept |= kept.T
    chosen = np.nonzero(np.triu(kept, 1))
    return chosen[0].astype(np.int64), chosen[1].astype(np.int64)


def spanning_tree(first: Integers, second: Integers, strength: Floats, fields: int) -> NDArray[np.int32]:
    """(fields,) the parent of each field in the tree of greatest strength, -1 for a root; pairs of no strength are left out."""
    return np.asarray(_kruskal(first, second, strength, np.argsort(-strength, kind="stable"), fields))


@numba.njit(cache=True)
def count_pairs(groups, first, second, sizes, starts):  # type: ignore[no-untyped-def]
    """Joint counts of the pairs of fields, one table after another."""
    counts = np.zeros(starts[-1])
    for q in range(len(first)):
        a, b = first[q], second[q]
        for i in range(groups.shape[0]):
            counts[starts[q] + groups[i, a] * sizes[b] + groups[i, b]] += 1.0
    return counts


@numba.njit(cache=True)
def screened_information(groups, first, second, sizes):  # type: ignore[no-untyped-def]
    """(p,) mutual information of pairs of fields in nats, less what chance alone gives."""
    n = groups.shape[0]
    out = np.zeros(len(first))
    most = sizes.max()
    for q in range(len(first)):
        a, b = first[q], second[q]
        table = np.zeros((most, most))
        for i in range(n):
            table[groups[i, a], groups[i, b]] += 1.0
        out[q] = information(table[: sizes[a], : sizes[b]]) - 0.5 * (sizes[a] - 1) * (sizes[b] - 1) / n
    return out


@numba.njit(cache=True)
def information(table):  # type: ignore[no-untyped-def]
    """Mutual information in nats of a table of counts."""
    total = table.sum()
    rows = table.sum(axis=1)
    columns = table.sum(axis=0)
    found = 0.0
    for x in range(table.shape[0]):
        for y in range(table.shape[1]):
            if table[x, y] > 0.0:
                found += table[x, y] * np.log(table[x, y] * total / (rows[x] * columns[y]))
    return found / total


@numba.njit(cache=True)
def _kruskal(first, second, strength, order, fields):  # type: ignore[no-untyped-def]
    """Strongest pairs first, each that joins two parts; then every part hung up at its first field."""
    part = np.arange(fields)
    neighbours = np.full((fields, fields), -1, np.int32)
    degree = np.zeros(fields, np.int64)
    for q in order:
        if strength[q] <= 0.0:
            break
        a, b = first[q], second[q]
        if part[a] == part[b]:
            continue
        neighbours[a, degree[a]] = b
        neighbours[b, degree[b]] = a
        degree[a] += 1
        degree[b] += 1
        old, new = part[b], part[a]
        for j in range(fields):
            if part[j] == old:
                part[j] = new
    return _hung(neighbours, degree, fields)


@numba.njit(cache=True)
def _hung(neighbours, degree, fields):  # type: ignore[no-untyped-def]
    parents = np.full(fields, -2, np.int32)
    waiting = np.empty(fields, np.int64)
    for root in range(fields):
        if parents[root] != -2:
            continue
        parents[root] = -1
        waiting[0], left = root, 1
        while left > 0:
            left -= 1
            a = waiting[left]
            for q in range(degree[a]):
                b = neighbours[a, q]
                if parents[b] == -2:
                    parents[b] = a
                    waiting[left] = b
                    left += 1
    return parents


@numba.njit(cache=True)
def component_trees(groups, rows, bounds, first, second, sizes, starts, counts, pseudo_rows):  # type: ignore[no-untyped-def]
    """(K, fields) parents in the tree of each component.

    ``rows[bounds[k]:bounds[k + 1]]`` are the rows of component k. Its tables are drawn towards those of all rows by ``pseudo_rows``, so
    that a component of few rows keeps to the common tree.
    """
    fields = groups.shape[1]
    components = len(bounds) - 1
    parents = np.empty((components, fields), np.int32)
    strength = np.empty(len(first))
    total = float(groups.shape[0])
    for k in range(components):
        for q in range(len(first)):
            a, b = first[q], second[q]
            table = counts[starts[q] : starts[q + 1]] * (pseudo_rows / total)
            for r in range(bounds[k], bounds[k + 1]):
                i = rows[r]
                table[groups[i, a] * sizes[b] + groups[i, b]] += 1.0
            strength[q] = information(table.reshape(sizes[a], sizes[b]))
        parents[k] = _kruskal(first, second, strength, np.argsort(-strength), fields)
    return parents


def top_down(parents: NDArray[np.int32]) -> NDArray[np.int32]:
    """(K, fields) the fields of each tree, parents before children."""
    depth = np.zeros(parents.shape, np.int64)
    above = parents.copy()
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, np.take_along_axis(parents, np.maximum(above, 0), axis=1), -1)
    return np.argsort(depth, axis=1, kind="stable").astype(np.int32)
