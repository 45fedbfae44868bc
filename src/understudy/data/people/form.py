"""What every form of personal data has: facts that are JSON, and values made from row numbers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.keyed import Rows, choices, key_of, permuted, words
from understudy.data.letters import texts_of

FEWEST_ROWS = 5
_LEARNED_ROWS = 20_000
_UNIQUE_ROOM = 1_000_000
_RANGES = {"9": (10, "0"), "8": (9, "1"), "A": (26, "A"), "a": (26, "a")}


@dataclass
class Form(ABC):
    """A form of personal data. Subclasses are dataclasses whose fields are the fitted facts, all of them JSON."""

    personal: ClassVar[str]
    note: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        """The form of real values (text, no nulls); `unique`: no value may come twice."""

    @abstractmethod
    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        """Made-up values, one a row."""

    def facts(self) -> dict[str, Any]:
        """The fitted facts, to make the form again from."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def sampled(values: pl.Series) -> list[str]:
    """Up to 20,000 of the values, evenly spread: enough to learn a form from."""
    step = max(1, len(values) // _LEARNED_ROWS)
    return [text for text in values.gather_every(step).to_list() if text]


def shared(forms: Iterable[str], most: int = 40) -> dict[str, int]:
    """Forms with counts, the commonest first; those of fewer than five rows only where there are no others."""
    counted = Counter(forms)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    kept = [(form, count) for form, count in ranked if count >= FEWEST_ROWS][:most]
    return dict(kept or ranked[:1])


def masks_of(values: pl.Series) -> dict[str, int]:
    """The shared forms of short codes: digits as 9, letters as A or a, the rest as it is."""
    return shared(re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", re.sub(r"\d", "9", text.strip()))) for text in sampled(values))


def drawn(weights: dict[str, int], rows: Rows, key: np.uint64) -> NDArray[np.int64]:
    """Which of the weighted forms each row has, as a position in `weights`."""
    return choices(rows, key, np.array(list(weights.values()), dtype=np.float64))


def by_form(forms: dict[str, int], rows: Rows, stream: Stream) -> Iterable[tuple[str, NDArray[np.intp]]]:
    """Each form with the places in `rows` that have it."""
    chosen = drawn(forms, rows, key_of(stream, "form"))
    for i, form in enumerate(forms):
        places = np.flatnonzero(chosen == i)
        if len(places):
            yield form, places


def filled(mask: str, rows: Rows, stream: Stream, *path: str | int) -> pl.Series:
    """Random characters in the shape of a mask: 9 a digit, 8 a digit but zero, A and a letters, all else as it stands.

    A backslash takes the meaning off the character after it.
    Where the mask leaves room for a million texts or more, no two rows get the same one until the room is used up.
    """
    symbols = _symbols(mask)
    letters = np.empty((len(rows), len(symbols)), dtype=np.uint32)
    for place, (symbol, _) in enumerate(symbols):
        letters[:, place] = ord(symbol)
    opened = [(place, *_RANGES[symbol]) for place, (symbol, literal) in enumerate(symbols) if symbol in _RANGES and not literal]
    left, part = opened, 0
    while left:
        # Twelve letters are the most that one 62-bit number holds.
        group, left = left[:12], left[12:]
        room = 1
        for _, size, _ in group:
            room *= size
        key = key_of(stream, *path, "mask", part)
        pool = permuted(rows % room, room, key) if room >= _UNIQUE_ROOM else (words(rows, key) % np.uint64(room)).astype(np.int64)
        for place, size, first in group:
            letters[:, place] = (pool % size).astype(np.uint32) + ord(first)
            pool //= size
        part += 1
    return texts_of(letters)


def _symbols(mask: str) -> list[tuple[str, bool]]:
    symbols: list[tuple[str, bool]] = []
    literal = False
    for character in mask:
        if character == "\\" and not literal:
            literal = True
            continue
        symbols.append((character, literal))
        literal = False
    return symbols


def fixed(text: str) -> str:
    """Text that a mask takes as it stands."""
    return "".join("\\" + character for character in text)


def joined(*parts: pl.Series | str) -> pl.Series:
    """Texts set side by side, row by row."""
    rows = max((len(part) for part in parts if isinstance(part, pl.Series)), default=0)
    columns = {f"p{i}": part if isinstance(part, pl.Series) else pl.Series([part]).new_from_index(0, rows) for i, part in enumerate(parts)}
    return pl.DataFrame(columns).select(t=pl.concat_str(pl.all()))["t"]
