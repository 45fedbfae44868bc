"""Rows to the characters of their strings: one pass in compiled code, whole numbers only, so that the bytes are the same everywhere.

Random choices come from a row's 64 bits: the n-th word is SplitMix64's n-th output from there. A word gives several choices: as a
fraction of 40 bits, the whole part of fraction x size is the choice and the rest goes on, up to a product of sizes of 2**16, so
that no choice is off its chance by more than 2**-24 of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.data.keyed import Words
from understudy.rules.regex.automaton import COUNTED, Tables
from understudy.rules.regex.reading import Choice, Letters, Node, Repeat, Sequence

LETTER, PICK, JUMP, REPEAT, AGAIN, END = range(6)
MOST_BYTES_AHEAD = 2**26
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BITS, _ROOM = 40, 2**16


@dataclass(frozen=True)
class Program:
    """A tree as instructions, so that a row walks it without recursion.

    code, a, b: LETTER a = first of its characters, b = how many; PICK one of b targets in `targets` from a on; JUMP to a;
    REPEAT `low[i]` to `high[i]` times, i = b, going to a where that is never; AGAIN: back to a while times are left.
    symbols, widths: the characters' bytes in UTF-8. depth: repeats inside one another.
    """

    code: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    targets: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    symbols: NDArray[np.uint8]
    widths: NDArray[np.int64]
    depth: int


def program_of(node: Node) -> Program:
    """The instructions that draw from a tree."""
    writer = _Writer()
    writer.write(node, 0)
    writer.add(END)
    code, a, b = (np.array(part, dtype=np.int64) for part in zip(*writer.steps, strict=True))
    symbols, widths = encoded("".join(writer.letters))
    numbers = [np.array(part, dtype=np.int64) for part in (writer.targets, writer.low, writer.high)]
    return Program(code, a, b, numbers[0], numbers[1], numbers[2], symbols, widths, writer.depth)


class _Writer:
    def __init__(self) -> None:
        self.steps: list[tuple[int, int, int]] = []
        self.targets: list[int] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.letters: list[str] = []
        self.starts: dict[str, int] = {}
        self.depth = 0

    def add(self, code: int, a: int = 0, b: int = 0) -> int:
        self.steps.append((code, a, b))
        return len(self.steps) - 1

    def write(self, node: Node, depth: int) -> None:
        match node:
            case Letters(alphabet):
                if alphabet not in self.starts:
                    self.starts[alphabet] = sum(map(len, self.letters))
                    self.letters.append(alphabet)
                self.add(LETTER, self.starts[alphabet], len(alphabet))
            case Sequence(parts):
                for part in parts:
                    self.write(part, depth)
            case Choice(options):
                self._write_choice(options, depth)
            case Repeat(part, 0, 1):
                self._write_choice((part, Sequence(())), depth)
            case Repeat(Letters() as part, least, most) if least == most:
                for _ in range(most):
                    self.write(part, depth)
            case Repeat(part, least, most):
                self.depth = max(self.depth, depth + 1)
                self.low.append(least)
                self.high.append(most)
                start = self.add(REPEAT, 0, len(self.low) - 1)
                self.write(part, depth + 1)
                self.add(AGAIN, start + 1)
                self.steps[start] = (REPEAT, len(self.steps), self.steps[start][2])

    def _write_choice(self, options: tuple[Node, ...], depth: int) -> None:
        at = len(self.targets)
        self.targets += [0] * len(options)
        self.add(PICK, at, len(options))
        leaps = []
        for i, option in enumerate(options):
            self.targets[at + i] = len(self.steps)
            self.write(option, depth)
            leaps.append(self.add(JUMP))
        for leap in leaps:
            self.steps[leap] = (JUMP, len(self.steps), 0)


def encoded(letters: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Characters as UTF-8, (n, 4), and how many bytes each has."""
    symbols = np.zeros((len(letters), 4), dtype=np.uint8)
    widths = np.zeros(len(letters), dtype=np.int64)
    for i, letter in enumerate(letters):
        raw = letter.encode()
        symbols[i, : len(raw)] = list(raw)
        widths[i] = len(raw)
    return symbols, widths


def drawn(program: Program, bases: Words, longest: int) -> pl.Series:
    """A string a row, by its 64 random bits: all ways on are alike at each fork of the tree, in each class, for each number of repeats."""

    most = longest * int(program.widths.max(initial=0))

    def fill(start: int, out: NDArray[np.uint8], offsets: NDArray[np.int64]) -> int:
        return int(
            _draw(
                bases, start, program.code, program.a, program.b, program.targets, program.low, program.high, program.symbols,
                program.widths, np.zeros(program.depth + 1, dtype=np.int64), out, offsets, most,
            )
        )  # fmt: skip

    return _filled(len(bases), most, fill)


def numbered(tables: Tables, alphabet: str, numbers: Words, bases: Words | None, longest: int) -> pl.Series:
    """The strings with these numbers, in the order of code points. With random bits of the rows (`bases`) leading characters are drawn
    by them, as long as enough strings follow to tell all numbers apart."""
    symbols, widths = encoded(alphabet)
    most, loose = longest * int(widths.max(initial=0)), bases is not None
    words = numbers if bases is None else bases

    def fill(start: int, out: NDArray[np.uint8], offsets: NDArray[np.int64]) -> int:
        return int(
            _number(
                numbers, words, loose, start, tables.edges, tables.first, tables.length, tables.target, tables.before, tables.count,
                tables.accepts, tables.wide, symbols, widths, out, offsets, most,
            )
        )  # fmt: skip

    return _filled(len(numbers), most, fill)


def _filled(rows: int, most: int, fill: Callable[[int, NDArray[np.uint8], NDArray[np.int64]], int]) -> pl.Series:
    """Texts of up to `most` bytes from `fill(start, bytes, offsets)`, which goes on from a row until the bytes might not hold another."""
    if rows == 0:
        return pl.Series([], dtype=pl.String)
    out = np.empty(min(rows * most, MOST_BYTES_AHEAD) + most, dtype=np.uint8)
    offsets = np.zeros(rows + 1, dtype=np.int64)
    done = fill(0, out, offsets)
    while done < rows:
        more = int(offsets[done] / max(1, done) * (rows - done) * 1.1) + most + MOST_BYTES_AHEAD // 16
        out = np.concatenate([out[: offsets[done]], np.empty(more, dtype=np.uint8)])
        done = fill(done, out, offsets)
    array = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(out[: offsets[rows]]))
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series


@numba.njit(cache=True, inline="always")
def _mixed(word):  # type: ignore[no-untyped-def]
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@numba.njit(cache=True)
def _draw(  # type: ignore[no-untyped-def]  # noqa: C901
    bases, start, code, a, b, targets, low, high, symbols, widths, left, out, offsets, most
):
    mask = np.uint64(2**_BITS - 1)
    at = offsets[start]
    for row in range(start, len(bases)):
        if at + most > len(out):
            return row
        word, fraction, spent, step, level = bases[row], np.uint64(0), _ROOM, 0, 0
        while code[step] != END:
            kind = code[step]
            size = b[step]
            if kind == REPEAT:
                size = high[b[step]] - low[b[step]] + 1
            chosen = np.int64(0)
            if size > 1:
                if spent * size > _ROOM:
                    word += _GOLDEN
                    fraction, spent = _mixed(word) >> np.uint64(64 - _BITS), 1
                fraction *= np.uint64(size)
                chosen = np.int64(fraction >> np.uint64(_BITS))
                fraction &= mask
                spent *= size
            if kind == LETTER:
                letter = a[step] + chosen
                out[at] = symbols[letter, 0]
                for i in range(1, widths[letter]):
                    out[at + i] = symbols[letter, i]
                at += widths[letter]
                step += 1
            elif kind == PICK:
                step = targets[a[step] + chosen]
            elif kind == JUMP:
                step = a[step]
            elif kind == REPEAT:
                times = low[b[step]] + chosen
                if times == 0:
                    step = a[step]
                else:
                    left[level] = times
                    level += 1
                    step += 1
            else:
                left[level - 1] -= 1
                if left[level - 1] > 0:
                    step = a[step]
                else:
                    level -= 1
                    step += 1
        offsets[row + 1] = at
    return len(bases)


@numba.njit(cache=True)
def _number(  # type: ignore[no-untyped-def]
    numbers, words, drawing, start, edges, first, length, target, before, count, accepts, wide, symbols, widths, out, offsets, most
):
    counted = np.uint64(COUNTED)
    at = offsets[start]
    for row in range(start, len(numbers)):
        if at + most > len(out):
            return row
        rest, word, path, state = numbers[row], words[row], _GOLDEN, 0
        loose = drawing
        while True:
            edge, letter = edges[state], np.int64(0)
            if loose and wide[state] > 0:
                # Many strings follow: a character by chance, one that leaves enough to number all rows.
                word += _GOLDEN
                chosen = np.int64(((_mixed(word) >> np.uint64(32)) * np.uint64(wide[state])) >> np.uint64(32))
                while count[target[edge]] < counted or chosen >= length[edge]:
                    if count[target[edge]] >= counted:
                        chosen -= length[edge]
                    edge += 1
                letter = chosen
                path = _mixed(path + _GOLDEN + np.uint64(first[edge] + letter))
            else:
                if loose:
                    # From here on the number tells the string; where to start depends on the path alone, so none is made twice.
                    rest, loose = (rest + path % count[state]) % count[state], False
                if accepts[state] and rest == 0:
                    break
                last = edges[state + 1] - 1
                while edge < last and before[edge + 1] <= rest:
                    edge += 1
                rest -= before[edge]
                letter = np.int64(rest // count[target[edge]])
                rest -= np.uint64(letter) * count[target[edge]]
            symbol = first[edge] + letter
            out[at] = symbols[symbol, 0]
            for i in range(1, widths[symbol]):
                out[at + i] = symbols[symbol, i]
            at += widths[symbol]
            state = target[edge]
        offsets[row + 1] = at
    return len(numbers)
