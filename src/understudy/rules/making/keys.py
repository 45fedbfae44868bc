"""Keys: a number, a text or a UUID for each row, unique at any number of rows and without remembering any."""

from __future__ import annotations

import re

import numba
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.data.keyed import Words, permuted
from understudy.rules.cells import Cells
from understudy.rules.columns import KeyColumn
from understudy.rules.making.maker import Integers, Maker, Place
from understudy.rules.regex import Pattern

_PLAIN_FORMAT = re.compile(r"^(?P<before>[^{}]*)\{(?::0(?P<width>\d+)d?|:d)?\}(?P<after>[^{}]*)$")


class KeyMaker(Maker):
    """Numbers in row order, or shuffled by a permutation of all of them; as text in a format."""

    def __init__(self, place: Place, column: KeyColumn, domain: int | None = None) -> None:
        super().__init__(place)
        self._column, self._domain = column, domain
        self.kind = "integer" if column.format is None else "identifier"

    def numbers(self, cells: Cells) -> Integers:
        """The number of each row."""
        rows = cells.rows
        if self._column.shuffled:
            rows = permuted(rows, self._domain or cells.world.rows(self.place.table), cells.world.key(self.place.table, self.place.column))
        return rows + self._column.start

    def make(self, cells: Cells) -> pl.Series:
        numbers = pl.Series(self.numbers(cells))
        return numbers if self._column.format is None else formatted(numbers, self._column.format)


class UuidMaker(Maker):
    """UUIDs of version 8 (RFC 9562): 62 bits are a permutation of the row number, so that none repeats; the others are random."""

    kind = "identifier"

    def make(self, cells: Cells) -> pl.Series:
        key = cells.world.key(self.place.table, self.place.column)
        low = permuted(cells.rows, 1 << 62, key).astype(np.uint64)
        return hex_series(cells.words(self.place.column, "high"), low)


class PatternKeyMaker(Maker):
    """Strings of a regular expression, in an order of no pattern."""

    kind = "identifier"

    def __init__(self, place: Place, regex: str) -> None:
        super().__init__(place)
        self._pattern = Pattern.parse(regex)

    def make(self, cells: Cells) -> pl.Series:
        rows = cells.world.rows(self.place.table)
        if rows > self._pattern.size:
            raise self.refuse(
                f"{rows:,} rows are to have different texts, but the pattern has {self._pattern.size:,}.",
                "Ask for fewer rows, or lengthen the pattern.",
            )
        return self._pattern.unique(cells.rows, cells.world.key(self.place.table, self.place.column))


def formatted(numbers: pl.Series, form: str) -> pl.Series:
    """Whole numbers in a format of Python's."""
    simple = _PLAIN_FORMAT.match(form)
    if simple is None:
        return pl.Series([form.format(number) for number in numbers], dtype=pl.String)
    text = pl.col("n").cast(pl.String)
    if simple["width"]:
        text = text.str.zfill(int(simple["width"]))
    whole = pl.concat_str([pl.lit(simple["before"]), text, pl.lit(simple["after"])]).alias("key")
    return pl.DataFrame({"n": numbers}).select(whole)["key"]


def hex_series(high: Words, low: Words) -> pl.Series:
    """UUIDs as text: version 8, variant 10, 62 bits of `low`, the rest of `high`."""
    data = np.empty(36 * len(high), np.uint8)
    _write_uuids(high, low, np.frombuffer(b"0123456789abcdef", np.uint8), data)
    return fixed_width(data, 36)


def fixed_width(data: NDArray[np.uint8], width: int) -> pl.Series:
    """Texts of equal length in bytes, one after the other, as a series."""
    count = len(data) // width
    offsets = np.arange(count + 1, dtype=np.int64) * width
    array = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))
    return pl.Series(array)


@numba.njit(cache=True, nogil=True)
def _write_uuids(high: Words, low: Words, digits: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    four, fifteen = np.uint64(4), np.uint64(15)
    for i in range(len(high)):
        first = (high[i] & ~np.uint64(0xF000)) | np.uint64(0x8000)
        second = low[i] | np.uint64(0x8000000000000000)
        at = i * 36
        place = 0
        for word in (first, second):
            shift = np.uint64(60)
            for _ in range(16):
                if place == 8 or place == 13 or place == 18 or place == 23:
                    out[at + place] = 45
                    place += 1
                out[at + place] = digits[(word >> shift) & fifteen]
                place += 1
                shift -= four
