"""Piecewise cubic polynomials: how OpenDRIVE writes widths, heights, offsets and banking along a road."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cubics:
    """a + b d + c d² + e d³ with d from the start of the piece; 0 before the first piece and where there is none.

    Attributes:
        starts: (N,) ascending, m.
        coefficients: (N, 4) a, b, c, e.
    """

    starts: Floats
    coefficients: Floats

    @classmethod
    def of(cls, pieces: Iterable[Sequence[float]]) -> Cubics:
        """From rows of start, a, b, c, e in any order; of pieces that start together the last counts, as the standard says."""
        rows = {float(row[0]): row for row in pieces}
        table = np.array([rows[start] for start in sorted(rows)], dtype=np.float64).reshape(-1, 5)
        return cls(table[:, 0].copy(), table[:, 1:].copy())

    @classmethod
    def constant(cls, value: float) -> Cubics:
        return cls.of([(0.0, value, 0.0, 0.0, 0.0)])

    @property
    def nothing(self) -> bool:
        """Whether it is 0 everywhere."""
        return not self.coefficients.any()

    def at(self, s: Floats) -> Floats:
        return self._evaluated(s, 0)

    def slope(self, s: Floats) -> Floats:
        return self._evaluated(s, 1)

    def bend(self, s: Floats) -> Floats:
        """Its second derivative."""
        return self._evaluated(s, 2)

    def shifted(self, by: float) -> Cubics:
        """The same curve further along by `by`."""
        return Cubics(self.starts + by, self.coefficients)

    def minus(self, other: Cubics) -> Cubics:
        """The difference, exactly, with a piece wherever one of the two has one."""
        starts = np.unique(np.concatenate([self.starts, other.starts]))
        rows = [(start, *(self._recentred(start) - other._recentred(start))) for start in starts]
        return Cubics.of(rows)

    def _recentred(self, start: float) -> Floats:
        """Coefficients of the piece at `start` about `start`."""
        piece = int(np.searchsorted(self.starts, start, side="right")) - 1
        if piece < 0:
            return np.zeros(4)
        offset, old = start - self.starts[piece], self.coefficients[piece]
        return np.array([sum(comb(k, n) * old[k] * offset ** (k - n) for k in range(n, 4)) for n in range(4)])

    def _evaluated(self, s: Floats, derivative: int) -> Floats:
        places = np.asarray(s, dtype=np.float64)
        if not len(self.starts):
            return np.zeros_like(places)
        piece = np.searchsorted(self.starts, places, side="right") - 1
        a, b, c, e = self.coefficients[np.maximum(piece, 0)].T.reshape(4, *places.shape)
        d = places - self.starts[np.maximum(piece, 0)]
        value = (a + d * (b + d * (c + d * e)), b + d * (2 * c + 3 * d * e), 2 * c + 6 * d * e)[derivative]
        return np.where(piece >= 0, value, 0.0)
