"""Which rows belong to which owner: how many rows each owner has is a function of its row number, and rows stand in the owners' order.

Only the sum over every 64 owners is kept (8 bytes for 64 owners), found once in one pass; from there a row's owner and place, or an
owner's first row, take a search and at most 64 counts. So any rows are found alone, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.keyed import Rows, Words, word_at
from understudy.rules.inverse import Discrete, place_at

GROUP = 64


@dataclass(frozen=True)
class FanOutIndex:
    """owners: rows of the owning table. counts: the law of rows per owner. sums: (groups + 1,) rows before each 64 owners."""

    owners: int
    counts: Discrete
    key: np.uint64
    sums: Rows

    @classmethod
    def of(cls, owners: int, counts: Discrete, key: np.uint64) -> FanOutIndex:
        per_value = counts.values.astype(np.int64)
        totals = _group_sums(owners, key, per_value, counts.thresholds, counts.guide)
        return cls(owners, counts, key, np.concatenate((np.zeros(1, np.int64), np.cumsum(totals))))

    @property
    def rows(self) -> int:
        """Rows in all."""
        return int(self.sums[-1])

    def owners_of(self, rows: Rows) -> tuple[Rows, Rows]:
        """The owner of each row, and the row's place among its owner's (from 0)."""
        per_value = self.counts.values.astype(np.int64)
        return _owners(rows, self.owners, self.key, self.sums, per_value, self.counts.thresholds, self.counts.guide)

    def rows_of(self, owners: Rows) -> tuple[Rows, Rows]:
        """The first row of each owner, and how many it has."""
        per_value = self.counts.values.astype(np.int64)
        return _first_rows(owners, self.key, self.sums, per_value, self.counts.thresholds, self.counts.guide)


@numba.njit(inline="always")
def _count(owner: Any, key: Any, per_value: Rows, thresholds: Words, guide: NDArray[np.int32]) -> Any:
    return per_value[place_at(word_at(owner, key), thresholds, guide)]


@numba.njit(cache=True, nogil=True)
def _group_sums(owners: int, key: np.uint64, per_value: Rows, thresholds: Words, guide: NDArray[np.int32]) -> Rows:
    sums = np.zeros((owners + GROUP - 1) // GROUP, np.int64)
    for owner in range(owners):
        sums[owner // GROUP] += _count(owner, key, per_value, thresholds, guide)
    return sums


@numba.njit(cache=True, nogil=True)
def _owners(
    rows: Rows, owners: int, key: np.uint64, sums: Rows, per_value: Rows, thresholds: Words, guide: NDArray[np.int32]
) -> tuple[Rows, Rows]:
    found, places = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    owner, first, count = 0, 0, 0  # the owner at hand, its first row, how many it has
    for i in range(len(rows)):
        row = rows[i]
        if count == 0 or row < first or row >= first + GROUP * 4 + count:
            group = np.searchsorted(sums, row, side="right") - 1
            owner, first = group * GROUP, sums[group]
            count = _count(owner, key, per_value, thresholds, guide)
        while row >= first + count and owner < owners - 1:
            first += count
            owner += 1
            count = _count(owner, key, per_value, thresholds, guide)
        found[i], places[i] = owner, row - first
    return found, places


@numba.njit(cache=True, nogil=True)
def _first_rows(
    owners: Rows, key: np.uint64, sums: Rows, per_value: Rows, thresholds: Words, guide: NDArray[np.int32]
) -> tuple[Rows, Rows]:
    firsts, counts = np.empty(len(owners), np.int64), np.empty(len(owners), np.int64)
    at, first = -1, 0  # the first owner whose rows begin at `first`
    for i in range(len(owners)):
        owner = owners[i]
        if at < 0 or owner < at or owner // GROUP != at // GROUP:
            at = owner // GROUP * GROUP
            first = sums[owner // GROUP]
        while at < owner:
            first += _count(at, key, per_value, thresholds, guide)
            at += 1
        firsts[i], counts[i] = first, _count(owner, key, per_value, thresholds, guide)
    return firsts, counts
