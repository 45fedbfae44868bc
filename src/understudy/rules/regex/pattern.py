"""`Pattern`: the strings of a regular expression, counted, numbered and drawn by row.

pattern = Pattern.parse("[A-Z]{2}-[0-9]{4}")
pattern.size                          # 6760000
pattern.nth(np.array([0, 1]))         # AA-0000, AA-0001
pattern.draw(rows, key)               # by chance
pattern.unique(rows, key)             # in an order of no pattern, none twice
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl

from understudy.core.errors import ConstraintError
from understudy.data import keyed
from understudy.data.keyed import LARGEST_DOMAIN, Rows, Words
from understudy.rules.regex import filling
from understudy.rules.regex.automaton import CEILING, COUNTED, Automaton, Tables, automaton_of, derivations, tables_of
from understudy.rules.regex.reading import Node, longest, read, shortest


class Pattern:
    """The texts that match a regular expression as a whole; what is taken stands in `regex/reading.py`."""

    def __init__(self, text: str, tree: Node) -> None:
        self.text, self.tree = text, tree

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a regular expression. Raises `ConstraintError` with the place of what is not taken."""
        return cls(text, read(text))

    @property
    def shortest(self) -> int:
        """Characters of the shortest text."""
        return shortest(self.tree)

    @property
    def longest(self) -> int:
        """Characters of the longest text."""
        return longest(self.tree)

    @property
    def size(self) -> int:
        """How many texts there are, each counted once. Raises `ConstraintError` where counting them would take too long."""
        return self._automaton.counts[0]

    @property
    def ambiguous(self) -> bool:
        """Whether some text is made in several ways (`a?a?`); it is then drawn more often. Counting and numbering do not mind."""
        return derivations(self.tree) != self.size

    def nth(self, index: Any) -> pl.Series:
        """The texts numbered `index` (array of whole numbers from 0), in the order of code points: each text has one number.

        Raises:
            ConstraintError: a number is not below `size`, or 2**63 or more.
        """
        numbers = np.asarray(index)
        if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) >= min(self.size, CEILING)):
            worst = int(numbers.min()) if int(numbers.min()) < 0 else int(numbers.max())
            raise ConstraintError(
                f"There is no text number {worst:,} of the pattern: it has {self.size:,}.", where=f"pattern {self.text!r}"
            )
        return filling.numbered(self._tables, self._automaton.alphabet, numbers.astype(np.uint64), None, self.longest)

    def unique(self, rows: Rows, key: np.uint64) -> pl.Series:
        """A text a row, in an order of no pattern that `key` selects; no two rows have the same.

        Raises:
            ConstraintError: a row number is not below `size` (beyond 2**62 texts: not below 2**50).
        """
        most = self.size if self.size <= LARGEST_DOMAIN else COUNTED
        if len(rows) and int(rows.max()) >= most:
            raise ConstraintError(
                f"The pattern has {most:,} texts, so there are no more rows without repeats.",
                where=f"pattern {self.text!r}",
                remedy="Ask for fewer rows, or lengthen the pattern.",
            )
        numbers = keyed.permuted(rows, most, key).astype(np.uint64)
        bases = keyed.words(rows, key) if self.size > LARGEST_DOMAIN else None
        return filling.numbered(self._tables, self._automaton.alphabet, numbers, bases, self.longest)

    def draw(self, rows: Rows, key: np.uint64) -> pl.Series:
        """A text a row: at each fork all ways on are alike, and so are the characters of a class and the numbers of repeats."""
        return self.drawn(keyed.words(rows, key))

    def drawn(self, bits: Words) -> pl.Series:
        """As `draw`, from 64 random bits a row."""
        return filling.drawn(self._program, bits, self.longest)

    @cached_property
    def _program(self) -> filling.Program:
        return filling.program_of(self.tree)

    @cached_property
    def _automaton(self) -> Automaton:
        return automaton_of(self.tree, self.text)

    @cached_property
    def _tables(self) -> Tables:
        return tables_of(self._automaton)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return type(self).parse, (self.text,)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"
