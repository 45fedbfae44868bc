"""Random numbers and permutations that belong to row numbers: the value for a row is a function of (key, row) alone.

`uniforms` is SplitMix64's output function on a keyed counter (Steele, Lea, Flood 2014). `permuted` is a balanced Feistel network with
cycle walking (Black, Rogaway 2002, "Ciphers with arbitrary finite domains"): a permutation of 0 .. size-1, so that values numbered by it
never repeat and nothing needs to be remembered.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream

Rows = NDArray[np.int64]
Words = NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE = np.uint64(1)
_GOLDEN, _MASK = 0x9E3779B97F4A7C15, 2**64 - 1
_ROUNDS = 6
LARGEST_DOMAIN = 2**62


def key_of(stream: Stream, *path: str | int) -> np.uint64:
    """A 64-bit key for one purpose of a stream."""
    return np.uint64(int.from_bytes(stream.child(*path).key[:8], "little"))


@numba.njit(inline="always")
def mix(word: Any) -> Any:
    """SplitMix64's finaliser: each output bit depends on all input bits. For kernels."""
    word = (word ^ (word >> _S30)) * _FIRST
    word = (word ^ (word >> _S27)) * _SECOND
    return word ^ (word >> _S31)


@numba.njit(inline="always")
def word_at(row: Any, key: Any) -> Any:
    """64 random bits of one row. For kernels."""
    return mix(mix(np.uint64(row) * GOLDEN + key) + key)


@numba.njit(cache=True, nogil=True)
def _mixed(words: Words) -> Words:
    out = np.empty_like(words)
    for i in range(len(words)):
        out[i] = mix(words[i])
    return out


@numba.njit(cache=True, nogil=True)
def _words(rows: Rows, key: np.uint64) -> Words:
    out = np.empty(len(rows), np.uint64)
    for i in range(len(rows)):
        out[i] = word_at(rows[i], key)
    return out


def mixed(words: Words) -> Words:
    """SplitMix64's finaliser, word by word."""
    return np.asarray(_mixed(np.ascontiguousarray(words)))


def words(rows: Rows, key: np.uint64) -> Words:
    """64 random bits a row."""
    return np.asarray(_words(np.ascontiguousarray(rows, dtype=np.int64), np.uint64(key)))


def uniforms(rows: Rows, key: np.uint64) -> NDArray[np.float64]:
    """A number in [0, 1) a row."""
    return (words(rows, key) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(rows: Rows, key: np.uint64, size: int) -> Rows:
    """A whole number in 0 .. size-1 a row; `size` up to 2**32, so that the bias stays under 2**-32."""
    return np.asarray((uniforms(rows, key) * size).astype(np.int64))


class Draws:
    """Random numbers one after another, from 64 random bits: for what a row needs few of, and nobody knows beforehand how many."""

    def __init__(self, bits: int) -> None:
        self._state = int(bits)

    def random(self) -> float:
        """A number in [0, 1); SplitMix64 (Steele, Lea, Flood 2014)."""
        self._state = word = (self._state + _GOLDEN) & _MASK
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((word ^ (word >> 31)) >> 11) * 2.0**-53

    def below(self, size: int) -> int:
        """A whole number in 0 .. size-1."""
        return int(self.random() * size)


def choices(rows: Rows, key: np.uint64, weights: NDArray[np.float64]) -> Rows:
    """A position in `weights` a row, drawn in proportion to them."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, uniforms(rows, key), side="right"), len(weights) - 1)


def permuted(index: Rows, size: int, key: np.uint64 | Words) -> Rows:
    """The places of `index` (each in 0 .. size-1) in a permutation of 0 .. size-1 that `key` selects. `size` up to 2**62.

    `key` may be an array: a permutation of its own for each place.
    """
    if size <= 1:
        return np.zeros_like(index)
    half = (max(2, (size - 1).bit_length()) + 1) // 2
    keys = np.atleast_1d(np.asarray(key, dtype=np.uint64))
    return np.asarray(_permuted(np.ascontiguousarray(index, dtype=np.int64), np.uint64(size), np.uint64(half), keys))


@numba.njit(cache=True, nogil=True)
def _permuted(index: Rows, size: np.uint64, half: np.uint64, keys: Words) -> Rows:
    mask = (_ONE << half) - _ONE
    out = np.empty(len(index), np.int64)
    for i in range(len(index)):
        key = keys[i] if len(keys) > 1 else keys[0]
        place = np.uint64(index[i])
        while True:
            left, right = place >> half, place & mask
            for number in range(_ROUNDS):
                turned = mix(right * GOLDEN + key + np.uint64(number) * GOLDEN) & mask
                left, right = right, left ^ turned
            place = (left << half) | right
            if place < size:
                break
        out[i] = np.int64(place)
    return out
