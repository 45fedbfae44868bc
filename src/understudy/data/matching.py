"""Columns made anew whose values must match a regular expression: another regenerator's, tried again where they do not.

A row's value is the first that matches among a few candidates of its own: row r has the candidates r·k … r·k + k-1 of the
regenerator underneath, so that what is unique there stays unique, and nothing depends on other rows. Numberings are taken as they are,
up to the number at which they outgrow the pattern.
"""

from __future__ import annotations

import math
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError, DataError
from understudy.core.random import Stream
from understudy.data.breaches import matching
from understudy.data.constraints import Regex, in_words
from understudy.data.identifiers import PatternIdentifier, SequenceIdentifier
from understudy.data.keyed import Rows, key_of
from understudy.data.regenerator import Regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema

TRIED = 20_000
FARTHEST = 2**32
WINDOW = 64
TURN = 1000
"""Rows looked at together: a few, and of numberings a whole turn of their families."""
MOST_AT_ONCE = 100_000
LEAST_SHARE = 0.01
"""Of fewer matching values than this, no row would be sure to find one."""
DOUBT = 1e-15
"""Chance that a row finds none among its candidates."""


class Matching(Regenerator):
    """Values of another regenerator that match `pattern`, the first of `candidates` for every row."""

    tag: ClassVar[str] = "matching"

    def __init__(self, inner: Regenerator, pattern: str, candidates: int, most: int | None) -> None:
        self.inner, self.pattern, self.candidates, self.most = inner, pattern, candidates, most
        self.dtype = inner.dtype
        self.notes = inner.notes

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        raise NotImplementedError("A regenerator is fitted first, and held to a pattern by `fitted_to`.")

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        return self._matching(rows, stream, None)

    def texts_of(self, rows: Rows, stream: Stream, classes: Rows) -> pl.Series:
        return self._matching(rows, stream, classes)

    def _matching(self, rows: Rows, stream: Stream, classes: Rows | None) -> pl.Series:
        if self.candidates == 1:
            return self._sure(_of(self.inner, rows, stream, classes))
        numbers, inner = _numbered(self.inner, rows, stream)
        made = _of(inner, numbers * self.candidates, stream, classes)
        tried = 1
        while tried < self.candidates:
            left = np.flatnonzero(~matching(made, self.pattern))
            if not len(left):
                return made
            more = min(tried, self.candidates - tried, max(1, MOST_AT_ONCE // len(left)))
            wanted = None if classes is None else np.repeat(classes[left], more)
            candidates = (numbers[left, None] * self.candidates + tried + np.arange(more)).ravel()
            made = self._first_matching(made, left, _of(inner, candidates, stream, wanted), more)
            tried += more
        return self._sure(made)

    def _first_matching(self, made: pl.Series, left: Rows, texts: pl.Series, more: int) -> pl.Series:
        """`made` with the first that matches of `more` candidates at each place of `left`, or else the first of them."""
        first = matching(texts, self.pattern).reshape(len(left), more).argmax(axis=1)
        return made.scatter(left, texts.gather(np.arange(len(left)) * more + first))

    def _sure(self, made: pl.Series) -> pl.Series:
        lost = ~matching(made, self.pattern)
        if lost.any():
            raise DataError(f"A value made anew does not match the pattern {self.pattern}: {made.filter(pl.Series(lost))[0]!r}.")
        return made

    def to_dict(self) -> dict[str, Any]:
        return {
            "tag": self.tag, "inner": self.inner.to_dict(), "pattern": self.pattern, "candidates": self.candidates, "most": self.most,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        return cls.from_state(state, {}, {})

    def arrays(self) -> dict[str, NDArray[Any]]:
        return self.inner.arrays()

    def tables(self) -> dict[str, pl.DataFrame]:
        return self.inner.tables()

    @classmethod
    def from_state(cls, state: dict[str, Any], arrays: dict[str, NDArray[Any]], tables: dict[str, pl.DataFrame]) -> Self:
        return cls(regenerator_from_dict(state["inner"], arrays, tables), state["pattern"], state["candidates"], state["most"])


def _of(inner: Regenerator, rows: Rows, stream: Stream, classes: Rows | None) -> pl.Series:
    return inner.texts(rows, stream) if classes is None else inner.texts_of(rows, stream, classes)


def fitted_to(inner: Regenerator, rule: Regex, stream: Stream) -> Regenerator:
    """`inner`, held to a pattern. Raises `ConstraintError` where (nearly) nothing that it makes matches."""
    matches = matching(inner.texts(np.arange(TRIED, dtype=np.int64), stream), rule.pattern)
    share = float(matches.mean())
    if isinstance(inner, SequenceIdentifier) and matches[0]:
        return Matching(inner, rule.pattern, 1, _last(inner, rule.pattern, stream, TURN, 1))
    if share < LEAST_SHARE:
        example = inner.texts(np.zeros(1, np.int64), stream)[0]
        raise ConstraintError(
            f'Values of "{rule.column}" are made anew, and hardly one of them would match (one made: {example!r}).',
            where=in_words(rule),
            remedy="Too few values of the pattern may be free. Change the pattern, or declare the column categorical to learn its values.",
        )
    # A share of 1 among so many still leaves doubt of about one in so many.
    candidates = math.ceil(math.log(DOUBT) / math.log(min(1 - share + 1 / TRIED, 0.999)))
    made = Matching(inner, rule.pattern, max(2, candidates), None)
    made.most = _last(made, rule.pattern, stream, WINDOW, 64)
    return made


def _numbered(inner: Regenerator, rows: Rows, stream: Stream) -> tuple[Rows, Regenerator]:
    """Numbers to try candidates by, and what makes them: rows that share an identifier share its candidates."""
    if isinstance(inner, PatternIdentifier | SequenceIdentifier) and inner.repeats is not None:
        single = copy(inner)
        single.repeats = None
        return inner.repeats.groups(rows, key_of(stream, "repeats")), single
    return rows, inner


def _last(made: Regenerator, pattern: str, stream: Stream, window: int, parts: int) -> int | None:
    """How many rows have values that match, to one of so many parts, by doubling and halving; None where they do not end."""

    def fails(row: int) -> bool:
        rows: NDArray[np.int64] = np.arange(max(0, row - window), row, dtype=np.int64)
        try:
            return not bool(matching(made.texts(rows, stream), pattern).all())
        except DataError:
            return True

    good, bad = 0, TRIED
    while not fails(bad):
        good, bad = bad, bad * 2
        if bad > FARTHEST:
            return None
    while bad - good > max(1, bad // parts if parts > 1 else 1):
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails(middle) else (middle, bad)
    return good
