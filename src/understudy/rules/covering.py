"""Covering arrays: few rows that hold every pair (or triple) of values of any two (three) columns.

Rows are found one by one, greedily: of many candidates the one that covers most of what is not covered yet, each begun with the value that
occurs in most of it and filled column by column in an order by chance (AETG: Cohen, Dalal, Fredman, Patton 1997, "The AETG system").
Several beginnings are tried, rows that others make needless are left out, and the fewest rows are given. Combinations that rules forbid
are neither made nor asked for; whether a tuple of values can be had at all is found by search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import prod

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.core.random import Stream

CANDIDATES, BEGINNINGS = 30, 4
MOST_TUPLES = 3_000_000
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Allowed:
    """What one rule leaves of some columns: `mask[values…]` is true where they may stand together. columns: ascending."""

    columns: tuple[int, ...]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """Counted afresh from finished rows. tuples: combinations of values there are; covered: of them, in some row;
    impossible: of them, such that no row may hold them. Complete where covered + impossible = tuples."""

    tuples: int
    covered: int
    impossible: int

    @property
    def complete(self) -> bool:
        return self.covered + self.impossible == self.tuples


def covering_array(sizes: Sequence[int], strength: int = 2, *, forbidden: Sequence[Allowed] = (), seed: int = 0) -> Codes:
    """Rows (n, columns) of values 0 .. size-1 that cover every combination of values of any `strength` columns that rules allow.

    Args:
        sizes: how many values each column has.
        strength: 1, 2 or 3, at most the number of columns.
        forbidden: rules over some columns each.

    Raises:
        ArgumentError: a strength that is not offered.
        ConstraintError: no row at all is allowed, or there are too many combinations to cover.
    """
    if strength not in (1, 2, 3) or strength > len(sizes):
        raise ArgumentError(
            f"A strength of {strength} over {len(sizes)} columns is not offered.",
            where="strength",
            remedy="Take 1, 2 or 3, up to the columns.",
        )
    tuples = sum(prod(sizes[i] for i in columns) for columns in combinations(range(len(sizes)), strength))
    if tuples > MOST_TUPLES or (strength == 3 and sum(sizes) > 400):
        raise ConstraintError(
            f"{tuples:,} combinations are too many to cover.", where="strength", remedy="Name fewer columns, or take a lower strength."
        )
    problem = _Problem(list(sizes), strength, list(forbidden))
    beginnings = [Stream(seed).child("covering", i).generator() for i in range(BEGINNINGS if tuples <= 3_000 else 1)]
    return min((problem.without_needless(problem.rows(chance)) for chance in beginnings), key=len)


def coverage(rows: Codes, sizes: Sequence[int], strength: int, forbidden: Sequence[Allowed] = ()) -> Coverage:
    """Count what rows cover, from the rows alone."""
    problem = _Problem(list(sizes), strength, list(forbidden))
    tuples = covered = impossible = 0
    for columns in combinations(range(len(sizes)), strength):
        shape = [sizes[i] for i in columns]
        seen = np.zeros(shape, bool)
        seen[tuple(rows[:, i] for i in columns)] = True
        tuples += seen.size
        covered += int(seen.sum())
        if forbidden:
            missing = np.argwhere(~seen)
            impossible += sum(problem.completed(dict(zip(columns, map(int, values), strict=True))) is None for values in missing)
    return Coverage(tuples, covered, impossible)


class _Problem:
    """What is to be covered. Values of all columns are numbered through: column i has the numbers starts[i] .. starts[i+1]-1."""

    def __init__(self, sizes: list[int], strength: int, rules: list[Allowed]) -> None:
        self.sizes, self.strength, self.rules = sizes, strength, rules
        self.starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.column_of = np.repeat(np.arange(len(sizes)), sizes)
        self.of_column = [[rule for rule in rules if i in rule.columns] for i in range(len(sizes))]

    def rows(self, chance: np.random.Generator) -> Codes:
        open_tuples = self._all_open()
        rows: list[Codes] = []
        while open_tuples.any():
            best, most = None, 0
            for _ in range(CANDIDATES):
                row = self._candidate(open_tuples, chance)
                gain = 0 if row is None else self._gain(open_tuples, row)
                if row is not None and gain > most:
                    best, most = row, gain
            if best is None:
                best = self._next_possible(open_tuples)
            if best is None:
                break
            self._close(open_tuples, best)
            rows.append(best - self.starts[:-1])
        if not rows:
            raise ConstraintError("The rules allow no row at all.", where="rules")
        return np.array(rows)

    def _all_open(self) -> NDArray[np.bool_]:
        """True for every tuple of numbers of different columns, in every order."""
        number = np.arange(len(self.column_of))
        open_tuples = np.ones((len(number),) * self.strength, bool)
        for a, b in combinations(range(self.strength), 2):
            shape_a, shape_b = [1] * self.strength, [1] * self.strength
            shape_a[a] = shape_b[b] = len(number)
            open_tuples &= self.column_of.reshape(shape_a) != self.column_of.reshape(shape_b)
        return open_tuples

    def _gain(self, open_tuples: NDArray[np.bool_], row: Codes) -> int:
        return int(open_tuples[np.ix_(*[row] * self.strength)].sum())

    def _close(self, open_tuples: NDArray[np.bool_], row: Codes) -> None:
        open_tuples[np.ix_(*[row] * self.strength)] = False

    def _candidate(self, open_tuples: NDArray[np.bool_], chance: np.random.Generator) -> Codes | None:
        """A row begun with a number of many open tuples, and filled with what closes most."""
        counts = open_tuples.reshape(len(open_tuples), -1).sum(axis=1)
        first = int(chance.choice(np.flatnonzero(counts == counts.max())))
        order = chance.permutation(len(self.sizes))
        order = np.concatenate(([self.column_of[first]], order[order != self.column_of[first]]))
        fixed: dict[int, int] = {}
        for i, column in enumerate(order.tolist()):
            numbers = np.arange(self.starts[column], self.starts[column + 1])
            if i == 0:
                ranked = [first]
            else:
                gains = self._gains(open_tuples, numbers, np.array(list(fixed.values())))
                ranked = numbers[np.lexsort((chance.random(len(numbers)), -gains))].tolist()
            chosen = next((n for n in ranked if self._may(fixed | {column: n})), None)
            if chosen is None:
                codes = self.completed({first_column: n - int(self.starts[first_column]) for first_column, n in fixed.items()})
                return None if codes is None else codes + self.starts[:-1]
            fixed[column] = chosen
        return np.array([fixed[column] for column in range(len(self.sizes))])

    def _gains(self, open_tuples: NDArray[np.bool_], numbers: Codes, fixed: Codes) -> Codes:
        """How many open tuples each number closes together with those that are fixed; with too few fixed, how many it is in."""
        if len(fixed) < self.strength - 1:
            return np.asarray(open_tuples[np.ix_(numbers, fixed)].sum(axis=tuple(range(1, self.strength))))
        return np.asarray(open_tuples[np.ix_(numbers, *[fixed] * (self.strength - 1))].sum(axis=tuple(range(1, self.strength))))

    def _may(self, fixed: dict[int, int]) -> bool:
        """Whether each rule by itself leaves room for a row with these numbers."""
        column = next(reversed(fixed))
        for rule in self.of_column[column]:
            at = tuple(fixed[i] - int(self.starts[i]) if i in fixed else slice(None) for i in rule.columns)
            if not np.any(rule.mask[at]):
                return False
        return True

    def completed(self, codes: dict[int, int]) -> Codes | None:
        """A row that rules allow with these codes; None where there is none. By search, columns of rules first."""
        fixed: dict[int, int] = {}
        for column, code in codes.items():
            fixed[column] = int(self.starts[column]) + code
            if not self._may(fixed):
                return None
        bound = sorted({i for rule in self.rules for i in rule.columns} - set(fixed))

        def search(depth: int) -> bool:
            if depth == len(bound):
                return True
            column = bound[depth]
            for number in range(int(self.starts[column]), int(self.starts[column + 1])):
                fixed[column] = number
                if self._may(fixed) and search(depth + 1):
                    return True
                del fixed[column]
            return False

        if not search(0):
            return None
        return np.array([fixed.get(i, int(self.starts[i])) - int(self.starts[i]) for i in range(len(self.sizes))])

    def _next_possible(self, open_tuples: NDArray[np.bool_]) -> Codes | None:
        """A row for the first open tuple that can be had; those that cannot are closed."""
        for numbers in np.argwhere(open_tuples):
            if not open_tuples[tuple(numbers)]:
                continue
            row = self.completed({int(self.column_of[n]): int(n - self.starts[self.column_of[n]]) for n in numbers})
            if row is not None:
                return row + self.starts[:-1]
            for order in _orders(numbers.tolist()):
                open_tuples[order] = False
        return None

    def without_needless(self, rows: Codes) -> Codes:
        """The rows without those all of whose tuples other rows hold as well."""
        keys = [
            np.ravel_multi_index(tuple(rows[:, i] for i in columns), [self.sizes[i] for i in columns])
            for columns in combinations(range(len(self.sizes)), self.strength)
        ]
        counts = [np.bincount(key) for key in keys]
        kept = np.ones(len(rows), bool)
        for row in reversed(range(len(rows))):
            if all(count[key[row]] > 1 for count, key in zip(counts, keys, strict=True)):
                kept[row] = False
                for count, key in zip(counts, keys, strict=True):
                    count[key[row]] -= 1
        return rows[kept]


def _orders(numbers: list[int]) -> list[tuple[int, ...]]:

    return list(permutations(numbers))
