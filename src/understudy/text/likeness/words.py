"""Texts as numbers: documents one after another in one array, each number a word or a character.

Words are runs of letters and digits, with apostrophes and hyphens inside; signs, and the characters of scripts that put no space between
words (Han, Hiragana, Katakana), stand alone. Upper and lower case are one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+(?:['’\-][^\W{_ALONE}]+)*|[^\w\s]")


def normalized(text: str) -> str:
    """The text without what writes the same differently: case, width, forms of letters, white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@dataclass(frozen=True)
class Tokens:
    """Documents as numbers. ids: (tokens,) 0 or more. starts: (documents + 1,) where each begins; the last is the end."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """(tokens,) the document of each token."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, documents: NDArray[np.int64]) -> Tokens:
        """Some documents, in that order."""
        lengths = self.lengths[documents]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        return Tokens(self.ids[np.repeat(self.starts[documents], lengths) + inside], starts)

    def head(self, documents: int) -> Tokens:
        return Tokens(self.ids[: self.starts[documents]], self.starts[: documents + 1])

    @classmethod
    def joined(cls, parts: Sequence[Tokens]) -> Tokens:
        lengths = np.concatenate([part.lengths for part in parts]) if parts else np.zeros(0, np.int64)
        ids = np.concatenate([part.ids for part in parts]) if parts else np.zeros(0, np.int32)
        return cls(ids, np.concatenate([[0], np.cumsum(lengths)]))


class Vocabulary:
    """Words by number, in the order in which they were first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def words(self) -> list[str]:
        return list(self._numbers)

    def encode(self, texts: Iterable[str]) -> Tokens:
        """Texts as numbers of words; new words get new numbers."""
        numbers = self._numbers
        ids: list[int] = []
        starts = [0]
        for text in texts:
            ids += [numbers.setdefault(word, len(numbers)) for word in words(text)]
            starts.append(len(ids))
        return Tokens(np.array(ids, np.int32), np.array(starts, np.int64))


def characters(texts: Iterable[str]) -> Tokens:
    """Texts as code points of their characters, normalised, with a space at both ends."""
    spaced = [f" {normalized(text)} " for text in texts]
    lengths = np.array([len(text) for text in spaced], np.int64)
    points = np.frombuffer("".join(spaced).encode("utf-32-le", "surrogatepass"), np.int32)
    return Tokens(points, np.concatenate([[0], np.cumsum(lengths)]))
