"""Near duplicates: texts whose sets of word 3-grams overlap nearly wholly (Broder 1997, "On the resemblance and containment of documents").

MinHash finds the pairs that may be alike (25 bands of 5 hashes: a pair of similarity .8 is missed once in 20,000 times), and their true
Jaccard similarity decides. Clusters are stars: a text is compared with texts that are kept, never with one that was itself dropped, for
chains of likeness (a like b, b like c, …) once made of a whole corpus a single cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.text.likeness.grams import Codes, grams
from understudy.text.likeness.words import Tokens

BANDS, ROWS = 25, 5
WIDTH = 3


@dataclass(frozen=True)
class Shingles:
    """The sets of word 3-grams of documents: sorted codes one document after another. A shorter text is one shingle."""

    codes: Codes
    starts: NDArray[np.int64]
    bands: NDArray[np.uint64]  # (documents, BANDS)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def jaccard(self, document: int, other: Shingles, its: int) -> float:
        """The share of the shingles of either that both have."""
        mine, theirs = self.codes[self.starts[document] : self.starts[document + 1]], other.codes[other.starts[its] : other.starts[its + 1]]
        return float(_jaccard(mine, theirs))


def shingles(tokens: Tokens) -> Shingles:
    codes, owner = _sets(tokens)
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(tokens)))])
    factors = Stream(0).child("minhash").generator().integers(0, 2**63, (BANDS * ROWS, 2)).astype(np.uint64)
    factors[:, 0] |= np.uint64(1)
    return Shingles(codes, starts, _signatures(codes, starts, factors))


def _sets(tokens: Tokens) -> tuple[Codes, NDArray[np.int64]]:
    found = grams(tokens, WIDTH)
    codes, owner = [found.codes], [found.owner]
    for n in range(WIDTH - 1, 0, -1):
        short = tokens.lengths == n
        fewer = grams(tokens, n)
        own = short[fewer.owner]
        codes.append(fewer.codes[own])
        owner.append(fewer.owner[own])
    empty = np.flatnonzero(tokens.lengths == 0)
    all_codes = np.concatenate([*codes, np.zeros(len(empty), np.uint64)])
    all_owner = np.concatenate([*owner, empty])
    order = np.lexsort((all_codes, all_owner))
    all_codes, all_owner = all_codes[order], all_owner[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(all_owner) != 0) | (all_codes[1:] != all_codes[:-1])
    return all_codes[first], all_owner[first]


def near_in(
    documents: Shingles, reference: Shingles, threshold: float, *, most: int = 200
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each document the most like document of the reference: Jaccard similarity (n,) and its number (n,); 0 and -1 under `threshold`.

    At most `most` candidates of each band are looked at.
    """
    index = _Index(reference)
    for number in range(len(reference)):
        index.add(number, most=most)
    best, where = np.zeros(len(documents)), np.full(len(documents), -1, np.int64)
    for number in range(len(documents)):
        for candidate in index.candidates(documents.bands[number]):
            likeness = documents.jaccard(number, reference, candidate)
            if likeness >= threshold and likeness > best[number]:
                best[number], where[number] = likeness, candidate
                if likeness == 1.0:
                    break
    return best, where


def stars(documents: Shingles, threshold: float, order: Iterable[int] | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Which documents are near duplicates of one that is kept: similarity (n,) and the number of the kept one (n,), 0 and -1 for the kept.

    order: documents come in this order, and the first of its kind is kept; as numbered unless told.
    """
    index = _Index(documents)
    likeness, center = np.zeros(len(documents)), np.full(len(documents), -1, np.int64)
    for number in range(len(documents)) if order is None else order:
        for candidate in index.candidates(documents.bands[number]):
            found = documents.jaccard(number, documents, candidate)
            if found >= threshold and found > likeness[number]:
                likeness[number], center[number] = found, candidate
                if found == 1.0:
                    break
        if center[number] < 0:
            index.add(number)
    return likeness, center


class _Index:
    """Documents by their bands."""

    def __init__(self, documents: Shingles) -> None:
        self._bands = documents.bands
        self._found: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in range(BANDS)]

    def add(self, number: int, most: int | None = None) -> None:
        for place, code in zip(self._found, self._bands[number].tolist(), strict=True):
            held = place[code]
            if most is None or len(held) < most:
                held.append(number)

    def candidates(self, bands: NDArray[np.uint64]) -> list[int]:
        """Those with a band in common, each once."""
        found: dict[int, None] = {}
        for place, code in zip(self._found, bands.tolist(), strict=True):
            held = place.get(code)
            if held:
                found.update(dict.fromkeys(held))
        return list(found)


@numba.njit(cache=True)
def _signatures(codes, starts, factors):  # type: ignore[no-untyped-def]
    """(documents, BANDS) the least hashes of each band as one number."""
    documents = len(starts) - 1
    bands = np.empty((documents, BANDS), np.uint64)
    for document in range(documents):
        for band in range(BANDS):
            together = np.uint64(band)
            for row in range(ROWS):
                factor, shift = factors[band * ROWS + row]
                least = np.uint64(0xFFFFFFFFFFFFFFFF)
                for at in range(starts[document], starts[document + 1]):
                    hashed = codes[at] * factor + shift
                    hashed = hashed ^ (hashed >> np.uint64(32))
                    hashed = hashed * np.uint64(0x9E3779B97F4A7C15)
                    if hashed < least:
                        least = hashed
                together = (together ^ least) * np.uint64(0xBF58476D1CE4E5B9)
                together = together ^ (together >> np.uint64(31))
            bands[document, band] = together
    return bands


@numba.njit(cache=True)
def _jaccard(one, other):  # type: ignore[no-untyped-def]
    """Of two sorted sets."""
    shared, i, j = 0, 0, 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            shared += 1
            i += 1
            j += 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1
    return shared / max(len(one) + len(other) - shared, 1)
