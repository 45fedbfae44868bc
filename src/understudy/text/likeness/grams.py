"""Every n-gram of some documents as a 64-bit number, so that sets and counts of them are sets and counts of numbers.

Two different n-grams get the same number with a chance of about 1 in 2^64 a pair, which is never at the sizes met here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.text.likeness.words import Tokens

Codes = NDArray[np.uint64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Grams:
    """codes: (grams,) one number an n-gram. owner: (grams,) its document. at: (grams,) the token that it begins with."""

    codes: Codes
    owner: NDArray[np.int64]
    at: NDArray[np.int64]


def grams(tokens: Tokens, n: int) -> Grams:
    """All runs of n tokens within a document, in order."""
    count = max(len(tokens.ids) - n + 1, 0)
    owner = tokens.owner
    whole = np.flatnonzero(owner[:count] == owner[n - 1 : n - 1 + count])
    codes = np.zeros(len(whole), np.uint64)
    for place in range(n):
        codes = extended(codes, tokens.ids[whole + place])
    return Grams(codes, owner[whole], whole)


def extended(codes: Codes, ids: NDArray[np.integer]) -> Codes:
    """The numbers of n-grams with one more token at their end."""
    return mixed(codes * _STEP + mixed(ids.astype(np.uint64) + _STEP))


def mixed(numbers: Codes) -> Codes:
    """Numbers stirred so that all bits depend on all bits: the finaliser of SplitMix64 (Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> _SHIFTS[0])) * _FACTORS[0]
    numbers = (numbers ^ (numbers >> _SHIFTS[1])) * _FACTORS[1]
    return np.asarray(numbers ^ (numbers >> _SHIFTS[2]))


def text_codes(texts: list[str]) -> NDArray[np.int64]:
    """One number a text, equal for equal texts."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
