"""Tokens in groups: few enough that the joint table of two fields stays small, however many tokens a field has.

A token that is common stands alone. Of the others, those of a number are joined with their neighbours, and those of a category with levels
whose rows look alike (`correspondence.py`), each group of about the same share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.correspondence import level_orders
from understudy.tabular.fields import Encoded, Field

Groups = NDArray[np.uint8]
LEAST_SHARE = 1e-9
"""Share that a token is taken to have at the least, so that a condition on a value unseen in training can be met."""
MOST_ORDERED = 24
ORDERING_ROWS = 20_000
"""Large categories whose levels are put in order, fields and rows that this is read off, at the most."""


@dataclass(frozen=True)
class Grouping:
    """The groups of one field.

    ``table`` (tokens,) uint8 is the group of each token. ``order`` (tokens,) lists the tokens group by group, ``place`` (tokens,) is
    where each stands in it, and ``starts`` (groups + 1,) where each group begins.
    """

    table: Groups
    order: NDArray[np.int32]
    place: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, table: Groups) -> Grouping:
        order = np.argsort(table, kind="stable").astype(np.int32)
        place = np.empty_like(order)
        place[order] = np.arange(len(order), dtype=np.int32)
        return cls(table, order, place, np.r_[0, np.cumsum(np.bincount(table))].astype(np.int64))

    @property
    def size(self) -> int:
        return len(self.starts) - 1

    @property
    def tokens(self) -> int:
        return len(self.table)

    @property
    def each_alone(self) -> bool:
        return self.size == self.tokens


def group_fields(fields: list[Field], encoded: Encoded, most: int, stream: Stream) -> list[Grouping]:
    """The groups of every field, at most about ``most`` of numbers and twice as many of categories."""
    large = sorted((j for j, f in enumerate(fields) if f.kind == "categorical" and f.size > 2 * most), key=lambda j: -fields[j].size)
    orders = _orders(fields, encoded, large[:MOST_ORDERED], stream)
    return [Grouping.of(_table(f, most, orders.get(j))) for j, f in enumerate(fields)]


def _orders(fields: list[Field], encoded: Encoded, large: list[int], stream: Stream) -> dict[int, NDArray[np.int64]]:
    """Tokens of large categories in an order in which alike levels stand side by side, as some rows and some other fields show it."""
    if not large:
        return {}
    others = stream.child("fields").generator().permutation([j for j in range(len(fields)) if j not in large])[:MOST_ORDERED]
    seen = [*large, *(int(j) for j in others)]
    rows = encoded.take(np.sort(stream.child("rows").generator().permutation(encoded.rows)[:ORDERING_ROWS]))
    part = Encoded([rows.tokens[j] for j in seen], [rows.positions[j] for j in seen])
    found = level_orders([fields[j] for j in seen], part, stream.child("features"), range(len(large)))
    return {large[i]: order for i, order in found.items()}


def _table(field: Field, most: int, order: NDArray[np.int64] | None) -> Groups:
    if field.kind == "numeric":
        return _together(field.shares, np.arange(field.size), most, field.null_token)
    order = np.arange(field.size) if order is None else order
    common = field.shares[order] >= 0.5 / most
    return _together(field.shares, np.concatenate([order[common], order[~common]]), 2 * most)


def _together(weights: NDArray[np.float64], order: NDArray[np.int64], most: int, apart: int | None = None) -> Groups:
    """Group of each token: along ``order``, groups of about equal weight; whatever weighs as much as a group is one by itself."""
    if len(weights) <= most:
        return np.arange(len(weights), dtype=np.uint8)
    heavy = np.zeros(len(weights), np.bool_)
    quota = 1.0 / most
    for _ in range(3):  # what the heavy ones leave is shared among fewer groups, beside which others are heavy
        heavy |= weights >= quota
        quota = float(weights[~heavy].sum()) / max(1, most - 2 * int(heavy.sum()))
    if apart is not None:
        heavy[apart] = True
    table = np.zeros(len(weights), np.uint8)
    group, filled = -1, np.inf
    for token in order:
        if heavy[token] or filled >= quota * (1 - 1e-9):
            group, filled = group + 1, 0.0
        table[token] = group
        filled = np.inf if heavy[token] else filled + weights[token]
    return table
