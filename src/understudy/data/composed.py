"""Columns of text put together byte by byte, straight into Arrow's string views.

A view is 16 bytes: the length, then up to twelve bytes of text in place, or the first four and where the rest lies (Arrow columnar format,
"variable-size binary view layout"). So a short text costs one write and no buffer, and Polars takes the array over without a copy.

Patterns are texts with places to fill: `DIGIT` 0–9, `HIGH` 2–9, `LETTER` one of the letters that British and Dutch post codes both use,
`NUMBER` a house number up to the pattern's own limit, small ones more often. All is whole-number arithmetic on a word of the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.data.keyed import Rows, word_at
from understudy.data.weighted import Codes

Bytes = NDArray[np.uint8]
DIGIT, HIGH, LETTER, NUMBER = "\x01", "\x02", "\x03", "\x04"
_LETTERS = np.frombuffer(b"ABDEGHJLNPRTWXZ", dtype=np.uint8)
_MOST_ROWS = 2**21
_INLINE = 12


@dataclass(frozen=True)
class TextPool:
    """Texts in one run of bytes: text i is `data[offsets[i]:offsets[i + 1]]`."""

    data: Bytes
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextPool:
        encoded = [text.encode() for text in texts]
        offsets = np.concatenate([[0], np.cumsum([len(text) for text in encoded])]).astype(np.int64)
        return cls(np.frombuffer(b"".join(encoded) or b"\0", dtype=np.uint8), offsets)

    @property
    def longest(self) -> int:
        return int(np.max(np.diff(self.offsets), initial=0))


@dataclass(frozen=True)
class Patterns:
    """For every code some patterns, one of which each row takes: those numbered `first[code]` .. `first[code] + count[code]`."""

    pool: TextPool
    first: NDArray[np.int64]
    count: NDArray[np.uint64]
    limit: NDArray[np.uint64]
    longest: int

    @property
    def shortest(self) -> int:
        return int(np.diff(self.pool.offsets).min(initial=0 if len(self.pool.offsets) == 1 else 2**31))

    @classmethod
    def of(cls, patterns: Sequence[Sequence[str]], limits: Sequence[int] | None = None) -> Patterns:
        """From the patterns of every code and, where they hold `NUMBER`, the largest number of every code."""
        pool = TextPool.of([pattern for of_code in patterns for pattern in of_code])
        count = np.array([len(of_code) for of_code in patterns], dtype=np.uint64)
        first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
        limit = np.array(limits if limits is not None else [1] * len(patterns), dtype=np.uint64)
        digits = len(str(int(limit.max(initial=1)))) * max((p.count(NUMBER) for of_code in patterns for p in of_code), default=0)
        return cls(pool, first, count, limit, pool.longest + digits)

    def fill(self, rows: Rows, key: np.uint64, codes: Codes, finish: Callable[[Bytes, Bytes], None] | None = None) -> pl.Series:
        """The text of each row's code. `finish` may put views and data right before they become texts."""

        def fill(part: slice, views: Bytes, data: Bytes) -> int:
            pool = self.pool
            used = _fill(rows[part], key, codes[part], self.first, self.count, self.limit, pool.data, pool.offsets, views, data)
            if finish is not None:
                finish(views, data)
            return int(used)

        return filled_texts(len(rows), self.longest, fill)


def joined_texts(pools: Sequence[TextPool], codes: Sequence[Codes], between: str = "") -> pl.Series:
    """One text of every pool, side by side with `between` between them."""
    gap = np.frombuffer(between.encode() or b"\0", dtype=np.uint8)[: len(between.encode())]
    starts = np.concatenate([[0], np.cumsum([len(pool.offsets) for pool in pools])])
    shifts = np.concatenate([[0], np.cumsum([len(pool.data) for pool in pools])])
    data = np.concatenate([pool.data for pool in pools])
    offsets = np.concatenate([pool.offsets + shift for pool, shift in zip(pools, shifts, strict=False)])
    longest = sum(pool.longest for pool in pools) + len(gap) * (len(pools) - 1)

    def fill(part: slice, views: Bytes, out: Bytes) -> int:
        chosen = np.stack([code[part] + start for code, start in zip(codes, starts, strict=False)]).astype(np.int64)
        return int(_join(chosen, data, offsets, gap, views, out))

    return filled_texts(len(codes[0]), longest, fill)


def filled_texts(rows: int, longest: int, fill: Callable[[slice, Bytes, Bytes], int]) -> pl.Series:
    """So many texts of at most `longest` bytes, by a kernel that fills the views and the data of some rows and says how much data it used.

    It is called for parts of so many rows that a part's texts lie within the 2**31 bytes that a view reaches.
    """
    parts = []
    for start in range(0, max(rows, 1), _MOST_ROWS):
        part = slice(start, min(start + _MOST_ROWS, rows))
        views, data = _buffers(part.stop - part.start, longest)
        parts.append(_array(views, data, fill(part, views, data)))
    return pl.Series(pl.from_arrow(pa.chunked_array(parts)))


def _buffers(rows: int, longest: int) -> tuple[Bytes, Bytes]:
    return np.zeros(16 * rows, np.uint8), np.empty(longest * (rows if longest > _INLINE else 1), np.uint8)


def _array(views: Bytes, data: Bytes, used: int) -> pa.Array:
    buffers = [None, pa.py_buffer(views), *([pa.py_buffer(data[:used])] if used else [])]
    return pa.Array.from_buffers(pa.string_view(), len(views) // 16, buffers)


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def seal(views, i, data, start, end):  # type: ignore[no-untyped-def]
    """Make row i's view of the text that was written to `data[start:end]`; where the next text goes: a short one is not kept in `data`."""
    at = 16 * i
    length = end - start
    views[at] = np.uint8(length)
    views[at + 1] = np.uint8(length >> 8)
    if length <= 12:
        for j in range(length):
            views[at + 4 + j] = data[start + j]
        return start
    for j in range(4):
        views[at + 4 + j] = data[start + j]
        views[at + 12 + j] = np.uint8((start >> (8 * j)) & 255)
    return end


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def put_number(text, at, number):  # type: ignore[no-untyped-def]
    """Write a whole number's digits at `at`; where the next byte goes."""
    end = at + 1
    rest = number // 10
    while rest:
        end += 1
        rest //= 10
    for j in range(end - 1, at - 1, -1):
        text[j] = np.uint8(48 + number % 10)
        number //= 10
    return end


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _fill(rows, key, codes, first, count, limit, pool, offsets, views, data):  # type: ignore[no-untyped-def]
    used = 0
    half = np.uint64(32)
    for i in range(rows.size):
        state = word_at(rows[i], key)
        code = codes[i]
        chosen = first[code] + np.int64(((state >> half) * count[code]) >> half)
        at = used
        for j in range(offsets[chosen], offsets[chosen + 1]):
            symbol = pool[j]
            if symbol > 4:
                data[at] = symbol
                at += 1
                continue
            # Knuth's linear congruential step; the upper half of it is what is used.
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            high = state >> half
            if symbol == 1:
                data[at] = np.uint8(48 + ((high * np.uint64(10)) >> half))
            elif symbol == 2:
                data[at] = np.uint8(50 + ((high * np.uint64(8)) >> half))
            elif symbol == 3:
                data[at] = _LETTERS[np.int64((high * np.uint64(15)) >> half)]
            else:
                state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                skewed = (high * (state >> half)) >> half
                at = put_number(data, at, np.int64(1 + ((skewed * limit[code]) >> half))) - 1
            at += 1
        used = seal(views, i, data, used, at)
    return used


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _join(chosen, pool, offsets, gap, views, data):  # type: ignore[no-untyped-def]
    used = 0
    for i in range(chosen.shape[1]):
        at = used
        for part in range(chosen.shape[0]):
            if part:
                for j in range(gap.size):
                    data[at] = gap[j]
                    at += 1
            code = chosen[part, i]
            for j in range(offsets[code], offsets[code + 1]):
                data[at] = pool[j]
                at += 1
        used = seal(views, i, data, used, at)
    return used


@numba.njit(nogil=True, cache=True, boundscheck=False)
def put_iban_checks(views, data):  # type: ignore[no-untyped-def]
    """Write the check digits of IBANs (ISO 13616, modulo 97) into their third and fourth character. Texts in place are left alone."""
    for i in range(views.size // 16):
        length = views[16 * i]
        if length <= 12:
            continue
        at = 16 * i + 12
        start = np.int64(views[at]) | np.int64(views[at + 1]) << 8 | np.int64(views[at + 2]) << 16 | np.int64(views[at + 3]) << 24
        check = 98 - _iban_rest(data, start, np.int64(length))
        data[start + 2] = views[16 * i + 6] = np.uint8(48 + check // 10)
        data[start + 3] = views[16 * i + 7] = np.uint8(48 + check % 10)


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def _iban_rest(data, start, length):  # type: ignore[no-untyped-def]
    """The account, then the country, then 00, as a number modulo 97; letters count 10 to 35."""
    rest = np.int64(0)
    for j in range(4, length + 2):
        symbol = np.int64(data[start + j % length])
        rest = (rest * 100 + symbol - 55) % 97 if symbol >= 65 else (rest * 10 + symbol - 48) % 97
    return rest * 100 % 97
