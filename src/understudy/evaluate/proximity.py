"""Rows as points: what the privacy figures measure distances between.

Numbers become ranks among the real training values, categories their codes; see `data.nearest` for the distance. Samples are drawn so that
queries x rows x columns stays within what a few seconds of exact search allow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.nearest import Neighbours, neighbours, ranks
from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.tables import Comparison

_WORK = 5_000_000_000
_MOST_QUERIES = 5_000
_MOST_BASE = 40_000


@dataclass(frozen=True)
class Points:
    """Rows of one table: numbers (n, p) as ranks, categories (n, c) as codes."""

    num: NDArray[np.float32]
    cat: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.num)

    def __getitem__(self, rows: slice) -> Points:
        return Points(self.num[rows], self.cat[rows])

    def to(self, base: Points, k: int = 1) -> Neighbours:
        return neighbours(self.num, self.cat, base.num, base.cat, k)


@dataclass(frozen=True)
class Space:
    """Random samples of the three tables in random order, and how many of their rows to ask about."""

    points: dict[Side, Points]
    queries: int

    def __getitem__(self, side: Side) -> Points:
        return self.points[side]


def space(comparison: Comparison, stream: Stream) -> Space:
    columns = len(comparison.columns)
    base = int(min(_MOST_BASE, max(2_000, (_WORK / columns) ** 0.5 * 2)))
    queries = int(min(_MOST_QUERIES, max(500, _WORK / columns / base / 5)))
    return Space({side: _points(comparison, side, base, stream) for side in SIDES}, queries)


def _points(comparison: Comparison, side: Side, most: int, stream: Stream) -> Points:
    total = comparison.rows[side]
    rows = stream.child("points", side).generator().permutation(total)[:most]
    num = [ranks(column.values["real"], column.values[side][rows]) for column in comparison.numeric]
    cat = [column.values[side][rows].astype(np.int32) for column in comparison.categorical]
    return Points(
        np.column_stack(num) if num else np.zeros((len(rows), 0), np.float32),
        np.column_stack(cat) if cat else np.zeros((len(rows), 0), np.int32),
    )
