"""Identifiers made anew: of the same form, never the same twice, never one of the source's.

How real identifiers are kept out, without keeping a list of them:

* **Sequences** (`INV-0001`, 100000, 100001, …): numbering goes on above the highest number seen, after a gap.
* **Patterns** (`7590-VHVEG`, UUIDs, hex): the language of each pattern is cut into cells by its leading characters. Cells that hold a real
  identifier are struck out, and new ones come from the others only. What is kept is which cells were struck out; a cell holds at
  least 64 possible identifiers. Where the language is too full for that, identifiers get more characters than any real one has.

Within its domain an identifier is the image of its row number under a keyed permutation (`keyed.permuted`), so none repeats, in any
block, and nothing is drawn twice. Identifiers that repeat in the source repeat as often here (`Repeats`).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.checkdigits import CHECKS, check_of
from understudy.data.dtypes import polars_dtype
from understudy.data.keyed import LARGEST_DOMAIN, Rows, integers, key_of, permuted
from understudy.data.letters import Letters, letters_of, scattered, texts_of
from understudy.data.regenerator import Regenerator
from understudy.data.schema import ColumnSchema

_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_HEX = ("0123456789abcdef", "0123456789ABCDEF")
_MOST_FAMILIES = 12
_FEWEST_ROWS = 5
# A share of numbers so large is a numbering, not chance: a random pick from a range that short would repeat.
_DENSE = 0.05
_CELL = 64
_MOST_CELLS = 2**22
_TURN = 1000
_EXACT_FLOAT = 2**53


def fit_identifier(texts: pl.Series, column: ColumnSchema, stream: Stream) -> Regenerator:
    """A sequence where the numbers in the identifiers are dense, a pattern otherwise."""
    distinct = texts.unique(maintain_order=True)
    repeats = None if column.unique or len(distinct) == len(texts) else Repeats.fit(texts)
    check = column.check or check_of(distinct)
    if check is None:
        sequence = SequenceIdentifier.of(distinct, repeats, stream)
        if sequence is not None:
            return sequence
    return PatternIdentifier.of(distinct, repeats, check, most=_most(column.dtype))


@dataclass(frozen=True)
class Repeats:
    """How often identifiers repeat: the sizes of one period's groups; whether a group's rows stand together."""

    sizes: list[int]
    together: bool

    _PERIOD: ClassVar[int] = 20_000

    @classmethod
    def fit(cls, texts: pl.Series) -> Repeats:
        """From the identifiers in row order. The largest 0.1 % of the groups are counted as the next smaller."""
        counts = np.sort(texts.value_counts()["count"].to_numpy())
        counts = np.minimum(counts, int(np.quantile(counts, 0.999, method="lower")))
        groups = max(1, round(len(counts) * min(1.0, cls._PERIOD / len(texts))))
        sizes = counts[np.linspace(0, len(counts) - 1, groups).round().astype(int)]
        runs = int((texts != texts.shift(1)).fill_null(True).sum())
        return cls([int(size) for size in sizes], together=runs <= 1.2 * len(counts))

    def groups(self, rows: Rows, key: np.uint64) -> Rows:
        """The number of each row's group."""
        order = permuted(np.arange(len(self.sizes)), len(self.sizes), key)
        edges = np.cumsum(np.array(self.sizes, dtype=np.int64)[order])
        period = int(edges[-1])
        turn, place = rows // period, rows % period
        if not self.together:
            place = permuted(place, period, key)
        return np.asarray(turn * len(self.sizes) + np.searchsorted(edges, place, side="right"))


def _numbered(repeats: Repeats | None, rows: Rows, stream: Stream) -> Rows:
    return rows if repeats is None else repeats.groups(rows, key_of(stream, "repeats"))


@dataclass(frozen=True)
class Turns:
    """Which of several families an identifier belongs to, and its number there: shares kept in every thousand."""

    counts: list[int]

    @classmethod
    def of(cls, shares: Sequence[float]) -> Turns:
        """From the families' shares; every family gets a turn."""
        total = sum(shares)
        exact = [max(1.0, share / total * _TURN) for share in shares]
        counts = [int(share) for share in exact]
        counts[int(np.argmax(exact))] += _TURN - sum(counts)
        return cls(counts)

    def dealt(self, numbers: Rows, key: np.uint64) -> tuple[Rows, Rows]:
        """Family and number within the family, for each number."""
        edges = np.cumsum(self.counts)
        turn, place = numbers // _TURN, permuted(numbers % _TURN, _TURN, key)
        family = np.searchsorted(edges, place, side="right")
        starts = np.concatenate([[0], edges[:-1]])
        return family, turn * np.array(self.counts)[family] + place - starts[family]


class SequenceIdentifier(Regenerator):
    """Numbers that go on above the highest one, with the prefix, suffix and width of the source."""

    tag: ClassVar[str] = "sequence"

    def __init__(self, affixes: list[tuple[str, str]], widths: list[int], firsts: list[int], turns: Turns, repeats: Repeats | None) -> None:
        self.affixes, self.widths, self.firsts, self.turns, self.repeats = affixes, widths, firsts, turns, repeats
        self.notes = [f"numbering goes on above the source's, from {self._example(0)}"]

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        """From identifiers that are a sequence. Raises `ValueError` where they are not; `fit_identifier` chooses."""
        made = cls.of(values.unique(maintain_order=True), None if column.unique else Repeats.fit(values), stream)
        if made is None:
            raise ValueError(f'The identifiers of "{column.name}" are no sequence.')
        return made

    @classmethod
    def of(cls, distinct: pl.Series, repeats: Repeats | None, stream: Stream) -> Self | None:
        """The sequence that distinct identifiers form, one for each prefix and suffix; None where their numbers are not dense."""
        parts = distinct.str.extract_groups(r"^(\D*)(\d{1,18})(\D*)$").struct.unnest()
        parts.columns = ["prefix", "digits", "suffix"]
        if parts["digits"].null_count():
            return None
        parts = parts.with_columns(number=pl.col("digits").cast(pl.Int64), length=pl.col("digits").str.len_chars())
        families = parts.group_by("prefix", "suffix", maintain_order=True).agg(
            n=pl.len(), distinct=pl.col("number").n_unique(), low=pl.col("number").min(), high=pl.col("number").max(),
            shortest=pl.col("length").min(), longest=pl.col("length").max(), padded=pl.col("digits").str.starts_with("0").any(),
        )  # fmt: skip
        dense = (families["n"] / (families["high"] - families["low"] + 1) >= _DENSE) & (families["distinct"] == families["n"])
        enough = families["n"] >= min(_FEWEST_ROWS, len(distinct))
        if families.height > _MOST_FAMILIES or not dense.all() or not enough.all():
            return None
        generator = stream.generator()
        gaps = [int(generator.integers(1, max(10, n // 20) + 1)) for n in families["n"]]
        even = families["padded"] | (families["shortest"] == families["longest"])
        fixed = [longest if one_width else 0 for one_width, longest in zip(even, families["longest"], strict=True)]
        affixes = list(zip(families["prefix"].to_list(), families["suffix"].to_list(), strict=True))
        firsts = [high + gap for high, gap in zip(families["high"].to_list(), gaps, strict=True)]
        return cls(affixes, fixed, firsts, Turns.of(families["n"].to_list()), repeats)

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        numbers = _numbered(self.repeats, rows, stream)
        if len(self.affixes) == 1:
            return self._family(0, numbers)
        family, within = self.turns.dealt(numbers, key_of(stream, "families"))
        parts = [(place, self._family(i, within[place])) for i in range(len(self.affixes)) if len(place := np.flatnonzero(family == i))]
        return scattered(parts, len(rows))

    def _family(self, i: int, numbers: Rows) -> pl.Series:
        digits = pl.Series(self.firsts[i] + numbers).cast(pl.String)
        if self.widths[i]:
            # A number that outgrows the width is written with more digits.
            digits = digits.str.zfill(self.widths[i])
        prefix, suffix = self.affixes[i]
        return pl.select(pl.concat_str(pl.lit(prefix), digits, pl.lit(suffix))).to_series() if prefix or suffix else digits

    def _example(self, i: int) -> str:
        return str(self._family(i, np.zeros(1, dtype=np.int64))[0])

    def to_dict(self) -> dict[str, Any]:
        return {
            "tag": self.tag, "dtype": self.dtype, "affixes": [list(pair) for pair in self.affixes], "widths": self.widths,
            "firsts": self.firsts, "turns": self.turns.counts, "repeats": asdict(self.repeats) if self.repeats else None,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        affixes = [(prefix, suffix) for prefix, suffix in state["affixes"]]
        repeats = Repeats(**state["repeats"]) if state["repeats"] else None
        made = cls(affixes, state["widths"], state["firsts"], Turns(state["turns"]), repeats)
        made.dtype = state["dtype"]
        return made


@dataclass(frozen=True)
class Family:
    """Identifiers of one length and one shape.

    alphabets: the characters that may stand at each position. check: positions that a check digit fills. cells: positions that name
    the cell. free: the cells that hold no real identifier; empty where the language is too full to say so.
    """

    alphabets: list[str]
    check: list[int]
    cells: list[int]
    free: NDArray[np.int64]

    @property
    def open(self) -> list[int]:
        """Positions that are neither fixed nor check digits nor name the cell."""
        return [i for i, letters in enumerate(self.alphabets) if len(letters) > 1 and i not in self.check and i not in self.cells]

    @property
    def counted(self) -> list[int]:
        """The open positions that number identifiers; more would not fit into 62 bits and are drawn freely."""
        room, taken = LARGEST_DOMAIN // max(1, len(self.free)), []
        for i in reversed(self.open):
            if room < len(self.alphabets[i]):
                break
            room //= len(self.alphabets[i])
            taken.append(i)
        return taken[::-1]

    @property
    def capacity(self) -> int:
        """How many identifiers the free cells hold (at most 2**62)."""
        return len(self.free) * _product([len(self.alphabets[i]) for i in self.counted])

    def lengthened(self, extra: int) -> Family:
        """The same shape with `extra` more digits after its last run of digits (or at its end): longer than any real one."""
        digits = [i for i, letters in enumerate(self.alphabets) if len(letters) > 1 and letters[-1] in _DIGITS]
        end = digits[-1] + 1 if digits else len(self.alphabets)
        if self.check and end - 1 in self.check:
            end -= 1
        alphabets = [*self.alphabets[:end], *[_DIGITS] * extra, *self.alphabets[end:]]
        return Family(alphabets, [i if i < end else i + extra for i in self.check], [], np.zeros(1, dtype=np.int64))

    def letters(self, numbers: Rows, check: str | None, key: np.uint64) -> Letters:
        """The identifiers of `numbers` (each under `capacity`) as characters, (n, length)."""
        place = permuted(numbers, self.capacity, key)
        letters = np.empty((len(numbers), len(self.alphabets)), dtype=np.uint32)
        for i, alphabet in enumerate(self.alphabets):
            letters[:, i] = ord(alphabet[0])
        for i in reversed(self.counted):
            place = self._put(letters, i, place)
        cell = self.free[place] if len(self.free) else place
        for i in reversed(self.cells):
            cell = self._put(letters, i, cell)
        for i in set(self.open) - set(self.counted):
            self._put(letters, i, integers(numbers, key ^ np.uint64(i + 1), len(self.alphabets[i])))
        return _checked(letters, check)

    def _put(self, letters: Letters, position: int, value: Rows) -> Rows:
        alphabet = np.array([ord(letter) for letter in self.alphabets[position]], dtype=np.uint32)
        letters[:, position] = alphabet[value % len(alphabet)]
        return np.asarray(value // len(alphabet))


def _product(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _checked(letters: Letters, check: str | None) -> Letters:
    """With the check characters filled in, spaces and dashes apart."""
    if check is None:
        return letters
    bare = [i for i in range(letters.shape[1]) if chr(letters[0, i]) not in " -"] if len(letters) else []
    values = letters[:, bare].astype(np.int64)
    values = np.where(values >= ord("a"), values - 87, np.where(values >= ord("A"), values - 55, values - 48))
    solved = CHECKS[check].solve(values)
    changed = solved != values
    codes = np.where(solved > 9, solved + 55, solved + 48).astype(np.uint32)
    letters[:, bare] = np.where(changed, codes, letters[:, bare])
    return letters


class PatternIdentifier(Regenerator):
    """Identifiers of one or more patterns, from the part of each pattern's language that holds no real one."""

    tag: ClassVar[str] = "pattern"

    def __init__(self, families: list[Family], turns: Turns, check: str | None, longest: int, repeats: Repeats | None) -> None:
        self.families, self.turns, self.check, self.longest, self.repeats = families, turns, check, longest, repeats
        self.notes = [self._note(family) for family in families]

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        distinct = values.unique(maintain_order=True)
        repeats = None if len(distinct) == len(values) else Repeats.fit(values)
        return cls.of(distinct, repeats, column.check or check_of(distinct), most=_most(column.dtype))

    @classmethod
    def of(cls, distinct: pl.Series, repeats: Repeats | None, check: str | None, *, most: int | None) -> Self:
        """The patterns of distinct identifiers. `most`: the largest number that their type holds; None where they are texts."""
        longest = int(distinct.str.len_chars().max() or 1)  # type: ignore[arg-type]
        grouped = _by_shape(distinct)
        families = [_family_of(texts, check, most) for texts in grouped]
        return cls(families, Turns.of([len(texts) for texts in grouped]), check, longest, repeats)

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        numbers = _numbered(self.repeats, rows, stream)
        family, within = self.turns.dealt(numbers, key_of(stream, "families"))
        parts = [
            (place, self._family(i, within[place], stream)) for i in range(len(self.families)) if len(place := np.flatnonzero(family == i))
        ]
        return scattered(parts, len(rows)) if parts else pl.Series([], dtype=pl.String)

    def _family(self, i: int, numbers: Rows, stream: Stream) -> pl.Series:
        """Identifiers of one family; those beyond its capacity are longer than any other, by a length of the family's own."""
        family, level = self.families[i], 0
        parts: list[tuple[NDArray[np.intp], pl.Series]] = []
        left = np.arange(len(numbers))
        while len(left):
            fit = numbers[left] < family.capacity
            if fit.any():
                key = key_of(stream, "family", i, level)
                parts.append((left[fit], texts_of(family.letters(numbers[left[fit]], self.check, key))))
            numbers = numbers - family.capacity
            left = left[~fit]
            level += 1
            family = self.families[i].lengthened(self.longest - len(self.families[i].alphabets) + (level - 1) * len(self.families) + i + 1)
        return scattered(parts, len(numbers))

    def _note(self, family: Family) -> str:
        pattern = pattern_of(family.alphabets)
        if not len(family.free):
            return f"{pattern}: nearly all identifiers of this form are taken, so new ones have more digits"
        return f"{pattern}: room for {family.capacity:,} identifiers that are none of the source's; beyond that they get more digits"

    def to_dict(self) -> dict[str, Any]:
        families = [{"alphabets": f.alphabets, "check": f.check, "cells": f.cells, "taken": _packed(f)} for f in self.families]
        return {
            "tag": self.tag, "dtype": self.dtype, "families": families, "turns": self.turns.counts, "check": self.check,
            "longest": self.longest, "repeats": asdict(self.repeats) if self.repeats else None,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        families = [Family(f["alphabets"], f["check"], f["cells"], _unpacked(f)) for f in state["families"]]
        repeats = Repeats(**state["repeats"]) if state["repeats"] else None
        made = cls(families, Turns(state["turns"]), state["check"], state["longest"], repeats)
        made.dtype = state["dtype"]
        return made


def _packed(family: Family) -> str | None:
    """The struck-out cells as bits, compressed, base 64; None where there are no cells."""
    if not family.cells:
        return None
    taken = np.ones(_product([len(family.alphabets[i]) for i in family.cells]), dtype=bool)
    taken[family.free] = False
    return base64.b64encode(zlib.compress(np.packbits(taken).tobytes())).decode()


def _unpacked(facts: dict[str, Any]) -> NDArray[np.int64]:
    if facts["taken"] is None:
        return np.empty(0, dtype=np.int64)
    cells = _product([len(facts["alphabets"][i]) for i in facts["cells"]])
    # A hostile model must not blow up: no more bytes than there are cells.
    packed = zlib.decompressobj().decompress(base64.b64decode(facts["taken"]), (cells + 7) // 8)
    taken = np.unpackbits(np.frombuffer(packed, dtype=np.uint8))[:cells]
    return np.flatnonzero(taken == 0)


def _by_shape(distinct: pl.Series) -> list[pl.Series]:
    """Identifiers by shape, the commonest first; shapes of fewer than five are left out unless there are no others."""
    shape = distinct
    if distinct.str.contains(r"^[0-9a-f\W_]+$").all() or distinct.str.contains(r"^[0-9A-F\W_]+$").all():
        shape = shape.str.replace_all(r"[0-9a-fA-F]", "x")
    else:
        shape = shape.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a").str.replace_all(r"\d", "9")
    frame = pl.DataFrame({"text": distinct, "shape": shape})
    parts = sorted(frame.partition_by("shape"), key=lambda part: -part.height)
    kept = [part["text"] for part in parts[:_MOST_FAMILIES] if part.height >= _FEWEST_ROWS]
    return kept or [part["text"] for part in parts[:1]]


def _most(dtype: str) -> int | None:
    """The largest number that a type of column holds (floats: exactly); None for texts."""
    found = polars_dtype(dtype) if dtype not in ("Enum", "Categorical") else pl.String()
    if found.is_integer():
        return int(pl.select(found.max()).item())  # type: ignore[attr-defined]
    return _EXACT_FLOAT if found.is_numeric() else None


def _as_numbers(alphabets: list[str], most: int) -> list[str]:
    """The alphabets without what makes no number of the type: a zero in front, or more than `most`."""
    if len(alphabets) > 1 and len(alphabets[0]) == 10:
        alphabets = [alphabets[0][1:], *alphabets[1:]]
    first, top = int(alphabets[0] == "-"), str(most)
    if len(alphabets) - first != len(top):
        return alphabets
    for i, limit in enumerate(top, first):
        below = "".join(digit for digit in alphabets[i] if digit < limit)
        if below or limit not in alphabets[i]:
            return [*alphabets[:i], below or alphabets[i], *alphabets[i + 1 :]]
        alphabets = [*alphabets[:i], limit, *alphabets[i + 1 :]]
    return alphabets


def _family_of(texts: pl.Series, check: str | None, most: int | None) -> Family:
    letters = letters_of(texts)
    alphabets = [_alphabet(letters[:, i], few=len(texts) < 30) for i in range(letters.shape[1])]
    if most is not None:
        alphabets = _as_numbers(alphabets, most)
    bare = [i for i, alphabet in enumerate(alphabets) if alphabet not in (" ", "-")]
    positions = [] if check is None else bare[2:4] if check == "iban" else bare[-1:]
    cells = _cell_positions(alphabets, positions, len(texts))
    if not cells:
        return Family(alphabets, positions, [], np.empty(0, dtype=np.int64))
    taken = np.zeros(len(texts), dtype=np.int64)
    for i in cells:
        ascending = np.array([ord(letter) for letter in alphabets[i]], dtype=np.uint32)
        taken = taken * len(ascending) + np.searchsorted(ascending, letters[:, i])
    total = _product([len(alphabets[i]) for i in cells])
    free = np.setdiff1d(np.arange(total), taken)
    return Family(alphabets, positions, cells if len(free) else [], free)


def _alphabet(column: NDArray[np.uint32], *, few: bool) -> str:
    """The characters of one position: as seen where they are few, else the whole class they come from."""
    seen = "".join(sorted(chr(code) for code in np.unique(column)))
    if len(seen) == 1:
        return seen
    for letters, wide in ((_DIGITS, 4), (_HEX[0], 8), (_HEX[1], 8), (_UPPER, 6), (_LOWER, 6)):
        if set(seen) <= set(letters) and (few or len(seen) >= wide):
            return letters[1:] if letters == _DIGITS and "0" not in seen and not few else letters
    return seen


def _cell_positions(alphabets: list[str], check: list[int], real: int) -> list[int]:
    """Leading positions that cut the language into about four cells a real identifier, each of at least 64 identifiers."""
    usable = [i for i, letters in enumerate(alphabets) if len(letters) > 1 and i not in check]
    whole, cells, chosen = _product([len(alphabets[i]) for i in usable]), 1, []
    for i in usable:
        grown = cells * len(alphabets[i])
        if (cells >= 4 * real and cells >= 1024) or grown > _MOST_CELLS or whole // grown < _CELL:
            break
        cells = grown
        chosen.append(i)
    return chosen


def pattern_of(alphabets: Sequence[str]) -> str:
    """Alphabets as a pattern that people read: [0-9]{4}-[A-Z]{5}."""
    names = {_DIGITS: "[0-9]", _DIGITS[1:]: "[1-9]", _UPPER: "[A-Z]", _LOWER: "[a-z]", _HEX[0]: "[0-9a-f]", _HEX[1]: "[0-9A-F]"}
    shown = [names.get(letters, letters if len(letters) == 1 else f"[{letters}]") for letters in alphabets]
    text, i = "", 0
    while i < len(shown):
        run = 1
        while i + run < len(shown) and shown[i + run] == shown[i]:
            run += 1
        text += shown[i] + (f"{{{run}}}" if run > 1 and len(shown[i]) > 1 else "") if len(shown[i]) > 1 else shown[i] * run
        i += run
    return text
