"""Draws in proportion to weights, in one step whatever the length of the list (Walker 1977; Vose 1991, "A linear algorithm for generating
random numbers with a given distribution").

A table of n slots holds in each slot two codes and a threshold: the upper half of a 64-bit word picks the slot, the lower half decides
between the two. Thresholds are whole numbers computed without rounding of fractions, so that the same word gives the same code on every
machine. Many lists lie behind one another in one `Weighted`: a segment each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.keyed import Rows, word_at

Codes = NDArray[np.int32]
_SHARE_BITS = 32


@dataclass(frozen=True)
class Weighted:
    """Lists of weighted codes: segment s is the slots `starts[s]` .. `starts[s] + sizes[s]`."""

    starts: NDArray[np.int64]
    sizes: NDArray[np.uint64]
    thresholds: NDArray[np.uint64]
    kept: Codes
    other: Codes

    @classmethod
    def of(cls, segments: Iterable[tuple[Sequence[int], Sequence[int]]]) -> Weighted:
        """From pairs (codes, whole weights); every segment has a weight above zero."""
        sizes, thresholds, kept, other = [], [], [], []
        for codes, weights in segments:
            sizes.append(len(codes))
            for slot, (threshold, alias) in enumerate(_alias(weights)):
                thresholds.append(threshold)
                kept.append(codes[slot])
                other.append(codes[alias])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        return cls(
            starts,
            np.array(sizes, dtype=np.uint64),
            np.array(thresholds, dtype=np.uint64),
            np.array(kept, dtype=np.int32),
            np.array(other, dtype=np.int32),
        )

    def draw(self, rows: Rows, key: np.uint64, segments: Codes | int = 0) -> Codes:
        """A code a row: of one segment, or of the segment that each row has."""
        if isinstance(segments, int):
            start, size = self.starts[segments], self.sizes[segments]
            return np.asarray(_draw_of_one(rows, key, start, size, self.thresholds, self.kept, self.other))
        return np.asarray(_draw(rows, key, segments, self.starts, self.sizes, self.thresholds, self.kept, self.other))


def whole(shares: Iterable[float]) -> list[int]:
    """Shares as whole weights, 32 bits behind the point."""
    return [round(share * 2**_SHARE_BITS) for share in shares]


def _alias(weights: Sequence[int]) -> list[tuple[int, int]]:
    """For every slot the threshold (of 2**32) under which its own code is taken, and the slot whose code is taken else."""
    count, total = len(weights), sum(weights)
    left = [weight * count for weight in weights]
    slots = [(2**32, i) for i in range(count)]
    small = [i for i in range(count) if left[i] < total]
    large = [i for i in range(count) if left[i] >= total]
    while small and large:
        low, high = small.pop(), large[-1]
        slots[low] = (left[low] * 2**32 // total, high)
        left[high] -= total - left[low]
        if left[high] < total:
            small.append(large.pop())
    return slots


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _draw_of_one(rows, key, start, size, thresholds, kept, other):  # type: ignore[no-untyped-def]
    drawn = np.empty(rows.size, np.int32)
    for i in range(rows.size):
        z = word_at(rows[i], key)
        slot = start + np.int64(((z >> np.uint64(32)) * size) >> np.uint64(32))
        drawn[i] = kept[slot] if (z & np.uint64(0xFFFFFFFF)) < thresholds[slot] else other[slot]
    return drawn


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _draw(rows, key, segments, starts, sizes, thresholds, kept, other):  # type: ignore[no-untyped-def]
    drawn = np.empty(rows.size, np.int32)
    for i in range(rows.size):
        z = word_at(rows[i], key)
        segment = segments[i]
        slot = starts[segment] + np.int64(((z >> np.uint64(32)) * sizes[segment]) >> np.uint64(32))
        drawn[i] = kept[slot] if (z & np.uint64(0xFFFFFFFF)) < thresholds[slot] else other[slot]
    return drawn
