"""What the codec and the learners pass between them: fields, encoded rows, and restrictions on a draw.

A **field** is one thing that a learner models. Most columns give one field; a moment in time may give several (date, weekday,
time of day). Its values are **tokens** ``0 .. size-1``. In a numeric field the tokens ascend with the value, apart from NULL,
which is token 0 wherever it is present. A token is either an **atom** (one exact value) or a **bin**; inside a bin the
**position** in [0, 1) says how much of the bin's mass lies below the value. A **coordinate** is ``token + position``: one float64
that is monotone in the value. Atoms have position 0, so an atom's coordinate is its token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.unsignedinteger | np.signedinteger]
Floats = NDArray[np.float64]
Positions = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """One thing that a learner models.

    ``name`` is unique in the codec: the column's name, or ``column|part`` for a further part of a moment in time.
    ``shares`` (size,) is the share of each token in training, summing to one. ``atom`` (size,) tells the tokens that stand for one
    exact value. ``null_token`` is 0 or None. ``main`` is False for the further parts: a bound on the column's value is a
    bound on its main field's coordinate.
    """

    name: str
    column: str
    kind: Literal["categorical", "numeric"]
    size: int
    null_token: int | None
    shares: Floats
    atom: Mask
    main: bool = True

    @property
    def token_type(self) -> type[np.uint8] | type[np.uint16] | type[np.int32]:
        """The narrowest of the three token types that holds every token of this field."""
        if self.size <= 1 << 8:
            return np.uint8
        return np.uint16 if self.size <= 1 << 16 else np.int32

    @property
    def all_atoms(self) -> bool:
        """True where no token is a bin: positions of this field are None."""
        return bool(self.atom.all())


@dataclass
class Encoded:
    """Rows as tokens and positions, one array a field.

    ``tokens[j]`` is (n,) uint8, uint16 or int32. ``positions[j]`` is (n,) float32 in [0, 1), 0 at atoms; or None: every token is
    an atom, or (from a learner) the position is to be drawn from the bin's own shape.
    """

    tokens: list[Tokens]
    positions: list[Positions | None]

    @property
    def rows(self) -> int:
        return len(self.tokens[0]) if self.tokens else 0

    def take(self, index: NDArray[np.integer] | Mask | slice) -> Encoded:
        """The chosen rows (by index, mask or slice)."""
        positions = [None if p is None else p[index] for p in self.positions]
        return Encoded([t[index] for t in self.tokens], positions)

    def coordinate(self, j: int) -> Floats:
        """Token plus position of field ``j``, (n,) float64. A position of None counts as 0."""
        tokens = self.tokens[j].astype(np.float64)
        position = self.positions[j]
        return tokens if position is None else tokens + position


@dataclass(frozen=True)
class Allowed:
    """What a condition leaves of a field: tokens in ``mask`` whose coordinate lies in the closed interval [low, high].

    ``mask`` (size,) is already False for every token that the interval leaves out entirely, so the interval matters only in the
    bins at its two ends. NULL (token 0 where ``nullable``) is governed by the mask alone.
    """

    mask: Mask
    low: float = -np.inf
    high: float = np.inf
    nullable: bool = False

    def contains(self, tokens: Tokens, positions: Positions | None = None) -> Mask:
        """(n,) bool: which rows meet it. Where ``positions`` is None a bin counts as met if any of it is."""
        inside = self.mask[tokens]
        if positions is None:
            return inside
        coordinate = tokens + positions.astype(np.float64)
        within = (coordinate >= self.low) & (coordinate <= self.high)
        if self.nullable:
            within |= tokens == 0
        return inside & within

    def span(self, token: int) -> tuple[float, float]:
        """The allowed part of ``token`` as positions (start, stop), 0 <= start <= stop <= 1; (0, 0) where nothing is allowed."""
        if not self.mask[token]:
            return (0.0, 0.0)
        if self.nullable and token == 0:
            return (0.0, 1.0)
        start = min(max(self.low - token, 0.0), 1.0)
        return (start, max(start, min(max(self.high - token, 0.0), 1.0)))
