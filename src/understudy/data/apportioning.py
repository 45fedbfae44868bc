"""Which row belongs to which cell, so that every head of the data set has the asked shares to within one row.

The chairman assignment problem (Tijdeman 1980): with K shares, row n goes to that cell, among those that are behind by at least
1 / (2K − 2), which would otherwise be first to fall too far behind. Every prefix then differs from its shares by at most
1 − 1 / (2K − 2) rows. Nothing is random: row n's cell depends on the shares and on n alone.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MILESTONE = 1 << 16
"""Rows between two states that are remembered, so that a block far on needs not start from the first row."""


class Apportioning:
    """The cells of an endless data set with these ``shares`` (K,), which sum to one."""

    def __init__(self, shares: Floats) -> None:
        self.shares = shares
        self._milestones = [np.zeros(len(shares), np.int64)]

    def cells(self, start: int, rows: int) -> Integers:
        """(rows,) the cells of rows start, start + 1, …"""
        passed = start // MILESTONE
        while len(self._milestones) <= passed:
            counts = self._milestones[-1].copy()
            _assign(self.shares, counts, (len(self._milestones) - 1) * MILESTONE, MILESTONE)
            self._milestones.append(counts)
        counts = self._milestones[passed].copy()
        skipped = start - passed * MILESTONE
        return np.asarray(_assign(self.shares, counts, passed * MILESTONE, skipped + rows)[skipped:])


@numba.njit(cache=True)
def _assign(shares, counts, start, rows):  # type: ignore[no-untyped-def]
    """The cells of ``rows`` rows from ``start``; ``counts`` (K,), rows of each cell before, is carried on in place."""
    out = np.zeros(rows, np.int64)
    behind = 1.0 / max(2 * len(shares) - 2, 1)
    if len(shares) == 1:
        counts[0] += rows
        return out
    for i in range(rows):
        n = start + i + 1
        best, soonest = -1, 0.0
        for k in range(len(shares)):
            if shares[k] <= 0.0:
                continue
            debt = n * shares[k] - counts[k]
            if debt < behind - 1e-9:
                continue
            due = (1.0 - behind - debt) / shares[k]
            if best < 0 or due < soonest:
                best, soonest = k, due
        if best < 0:
            best = int(np.argmax(n * shares - counts))
        counts[best] += 1
        out[i] = best
    return out
