"""A law of three fields of which any number of fresh rows can be drawn, and racers whose place is known."""

from __future__ import annotations

import numpy as np

from understudy.core.budget import Budget
from understudy.core.random import Stream
from understudy.tabular.fields import Encoded, Field

FIELDS = [
    Field("x", "x", "numeric", 12, None, np.full(12, 1 / 12), np.zeros(12, bool)),
    Field("y", "y", "numeric", 10, None, np.full(10, 0.1), np.zeros(10, bool)),
    Field("c", "c", "categorical", 3, None, np.full(3, 1 / 3), np.ones(3, bool)),
]


def law(n: int, rng: np.random.Generator) -> Encoded:
    """x at random, y follows x, c says whether they agree."""
    x = rng.integers(0, 12, n)
    y = np.clip(x - rng.integers(0, 4, n), 0, 9)
    c = np.where(rng.random(n) < 0.1, 2, x - y > 1)
    tokens = [x.astype(np.uint8), y.astype(np.uint8), c.astype(np.uint8)]
    return Encoded(tokens, [rng.random(n).astype(np.float32), rng.random(n).astype(np.float32), None])


def apart(n: int, rng: np.random.Generator) -> Encoded:
    """The same columns, each by itself."""
    rows = law(n, rng)
    orders = [rng.permutation(n) for _ in FIELDS]
    positions = [None if p is None else p[o] for p, o in zip(rows.positions, orders, strict=True)]
    return Encoded([t[o] for t, o in zip(rows.tokens, orders, strict=True)], positions)


class Truthful:
    """Knows the law."""

    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None: ...

    def make(self, size: int, stream: Stream) -> Encoded:
        return law(size, stream.generator())


class Apart(Truthful):
    """Draws every field by itself."""

    def make(self, size: int, stream: Stream) -> Encoded:
        return apart(size, stream.generator())


class Blurred(Truthful):
    """One row in five is drawn field by field."""

    def make(self, size: int, stream: Stream) -> Encoded:
        made, other = law(size, stream.generator()), apart(size, stream.child("apart").generator())
        blurred = np.arange(size) % 5 == 0
        tokens = [np.where(blurred, b, a).astype(np.uint8) for a, b in zip(made.tokens, other.tokens, strict=True)]
        return Encoded(tokens, made.positions)


class Copying(Truthful):
    """Gives back what it learned."""

    def learn(self, rows: Encoded, stream: Stream, budget: Budget) -> None:
        self.rows = rows

    def make(self, size: int, stream: Stream) -> Encoded:
        return self.rows.take(stream.generator().integers(0, self.rows.rows, size))
