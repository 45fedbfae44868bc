"""Random numbers and permutations that belong to row numbers: the value for a row is a function of (key, row) alone.

`uniforms` is SplitMix64's output function on a keyed counter (Steele, Lea, Flood 2014). `permuted` is a balanced Feistel network with
cycle walking (Black, Rogaway 2002, "Ciphers with arbitrary finite domains"): a permutation of 0 .. size-1, so that values numbered by it
never repeat and nothing needs to be remembered.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream

Rows = NDArray[np.int64]
Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = 6
LARGEST_DOMAIN = 2**62


def key_of(stream: Stream, *path: str | int) -> np.uint64:
    """A 64-bit key for one purpose of a stream."""
    return np.uint64(int.from_bytes(stream.child(*path).key[:8], "little"))


def mixed(words: Words) -> Words:
    """SplitMix64's finaliser: each output bit depends on all input bits."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def words(rows: Rows, key: np.uint64) -> Words:
    """64 random bits a row."""
    with np.errstate(over="ignore"):
        return mixed(mixed(rows.astype(np.uint64) * _GOLDEN + key) + key)


def uniforms(rows: Rows, key: np.uint64) -> NDArray[np.float64]:
    """A number in [0, 1) a row."""
    return (words(rows, key) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(rows: Rows, key: np.uint64, size: int) -> Rows:
    """A whole number in 0 .. size-1 a row; `size` up to 2**32, so that the bias stays under 2**-32."""
    return np.asarray((uniforms(rows, key) * size).astype(np.int64))


def choices(rows: Rows, key: np.uint64, weights: NDArray[np.float64]) -> Rows:
    """A position in `weights` a row, drawn in proportion to them."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, uniforms(rows, key), side="right"), len(weights) - 1)


def permuted(index: Rows, size: int, key: np.uint64) -> Rows:
    """The places of `index` (each in 0 .. size-1) in a permutation of 0 .. size-1 that `key` selects. `size` up to 2**62."""
    if size <= 1:
        return np.zeros_like(index)
    half = np.uint64((max(2, (size - 1).bit_length()) + 1) // 2)
    places = _feistel(index.astype(np.uint64), half, key)
    outside = np.flatnonzero(places >= np.uint64(size))
    while len(outside):
        places[outside] = _feistel(places[outside], half, key)
        outside = outside[places[outside] >= np.uint64(size)]
    return places.astype(np.int64)


def _feistel(values: Words, half: np.uint64, key: np.uint64) -> Words:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = values >> half, values & mask
    with np.errstate(over="ignore"):
        for number in range(_ROUNDS):
            round_key = key + np.uint64(number) * _GOLDEN
            left, right = right, left ^ (mixed(right * _GOLDEN + round_key) & mask)
    return (left << half) | right
