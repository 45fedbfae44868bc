"""Texts as vectors without weights: words and pairs of neighbouring words hashed into a fixed number of places with a sign, weighted by
1 + log of their count and brought to length 1 (Weinberger et al., "Feature hashing for large scale multitask learning", 2009)."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from itertools import pairwise

NAME = "hashed-words-256"
DIMENSIONS = 256
_WORD = re.compile(r"\w+")


def embedded(text: str) -> list[float]:
    """The vector of a text; zero where it holds no word."""
    words = _WORD.findall(text.casefold())
    counts = Counter(words) + Counter(f"{first} {second}" for first, second in pairwise(words))
    vector = [0.0] * DIMENSIONS
    for feature, count in counts.items():
        number = int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest(), "little")
        vector[(number >> 1) % DIMENSIONS] += (1 if number & 1 else -1) * (1 + math.log(count))
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector
