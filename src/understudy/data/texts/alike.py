"""Which texts are so nearly the same that they say one thing: repeats of a record, with a word or a number changed.

Broder, "On the resemblance and containment of documents" (1997): the likeness of two texts is the share of words and pairs of words that
they have in common (Jaccard). Pairs worth comparing are found by hashes of least values in bands (MinHash with locality-sensitive
hashing) and then compared exactly. What is alike over a chain of others belongs together: for counting who said a thing, merging too
much is the safe side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

LIKENESS = 0.5
BANDS, ROWS = 24, 2
_NOISE = re.compile(r"[^\w\s]|_")
_DIGITS = re.compile(r"\d+")


def alike(texts: Sequence[str], likeness: float = LIKENESS) -> Integers:
    """(n,) the group of each text, numbered from 0 in the order of first appearance.

    Letters' case, signs and which digits stand in a number make no difference.
    """
    bare = [_DIGITS.sub("0", _NOISE.sub("", text.casefold())).split() for text in texts]
    starts, shingles = _shingles(bare)
    signatures = _signatures(starts, shingles, BANDS * ROWS)
    parents = np.arange(len(texts))
    for band in range(BANDS):
        keys = _combined(signatures[:, band * ROWS : (band + 1) * ROWS])
        order = np.argsort(keys, kind="stable")
        _join(order, keys, starts, shingles, likeness, parents)
    roots = _roots(parents)
    _, first, group = np.unique(roots, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[group])


def _shingles(bare: Sequence[Sequence[str]]) -> tuple[Integers, Words]:
    """The sorted, different hashes of words and pairs of words of every text, one after another; where each text's begin."""
    numbers: dict[str, int] = {}
    starts, parts = np.zeros(len(bare) + 1, np.int64), []
    for i, words in enumerate(bare):
        codes = np.array([numbers.setdefault(word, len(numbers)) + 1 for word in words], np.uint64)
        pairs = codes[:-1] * np.uint64(1 << 32) + codes[1:]
        own = np.unique(_mixed(np.concatenate([codes, pairs]))) if len(codes) else np.zeros(1, np.uint64)
        parts.append(own)
        starts[i + 1] = starts[i] + len(own)
    return starts, np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _mixed(words: Words) -> Words:
    """SplitMix64's output function (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _combined(columns: Words) -> Words:
    with np.errstate(over="ignore"):
        total = np.zeros(len(columns), np.uint64)
        for column in columns.T:
            total = _mixed(total + column)
    return total


@numba.njit(cache=True)
def _signatures(starts, shingles, size):  # type: ignore[no-untyped-def]
    """(n, size) least values of every text's shingles under as many hashes."""
    out = np.full((len(starts) - 1, size), np.uint64(0xFFFFFFFFFFFFFFFF))
    for i in range(len(starts) - 1):
        for k in range(starts[i], starts[i + 1]):
            word = shingles[k]
            for j in range(size):
                word = word * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                value = word ^ (word >> np.uint64(29))
                if value < out[i, j]:
                    out[i, j] = value
    return out


@numba.njit(cache=True)
def _root(parents, i):  # type: ignore[no-untyped-def]
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@numba.njit(cache=True)
def _roots(parents):  # type: ignore[no-untyped-def]
    return np.array([_root(parents, i) for i in range(len(parents))])


@numba.njit(cache=True)
def _jaccard(starts, shingles, a, b):  # type: ignore[no-untyped-def]
    i, j, both = starts[a], starts[b], 0
    while i < starts[a + 1] and j < starts[b + 1]:
        if shingles[i] == shingles[j]:
            both, i, j = both + 1, i + 1, j + 1
        elif shingles[i] < shingles[j]:
            i += 1
        else:
            j += 1
    return both / (starts[a + 1] - starts[a] + starts[b + 1] - starts[b] - both)


@numba.njit(cache=True)
def _join(order, keys, starts, shingles, likeness, parents):  # type: ignore[no-untyped-def]
    """Within a bucket every text is compared with the first, and with the one before it."""
    first = 0
    for place in range(1, len(order)):
        here, before = order[place], order[place - 1]
        if keys[here] != keys[before]:
            first = place
            continue
        for other in (order[first], before):
            a, b = _root(parents, other), _root(parents, here)
            if a != b and _jaccard(starts, shingles, other, here) >= likeness:
                parents[max(a, b)] = min(a, b)
