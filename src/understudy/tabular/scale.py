"""The normal-score scale of a numeric field: where its continuous part is standard normal.

Spikes (NULL, and tokens with a large share of their own) have no place on the scale; the rest is spread by its cumulative share.
Tokens that are atoms take an interval of the scale, so that a score always falls on exactly one token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from understudy.tabular.fields import Field, Floats, Positions, Tokens

SPIKE = 0.03
"""Share from which an atom is a spike."""
CENSORED = 0.25
"""The same for the least and the greatest value: below it, rows there are taken as beyond the end of the scale (a cap, a floor)."""
EDGE = 1e-5
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


@dataclass(frozen=True)
class Scale:
    """``spike`` (size,) bool; ``cumulative`` (size + 1,) share of the continuous part below each token."""

    spike: NDArray[np.bool_]
    cumulative: Floats

    @classmethod
    def of(cls, field: Field) -> Scale:
        spike = field.atom & (field.shares > SPIKE)
        first = 0 if field.null_token is None else 1
        for end in {min(first, field.size - 1), field.size - 1}:
            spike[end] = field.atom[end] and bool(field.shares[end] > CENSORED)
        if field.null_token is not None:
            spike[field.null_token] = True
        mass = np.where(spike, 0.0, field.shares)
        return cls(spike, np.concatenate([[0.0], np.cumsum(mass)]) / max(mass.sum(), 1e-12))

    @property
    def tokens(self) -> int:
        """Tokens on the scale."""
        return int((~self.spike).sum())

    def score(self, tokens: Tokens, positions: Floats | Positions) -> Floats:
        """(n,) scores; NaN at spikes. ``positions`` (n,) in [0, 1] also spread the rows of an atom over its interval."""
        below = self.cumulative[tokens]
        u = below + positions * (self.cumulative[tokens.astype(np.int64) + 1] - below)
        z: Floats = ndtri(np.clip(u, EDGE, 1 - EDGE))
        z[self.spike[tokens]] = np.nan
        return z

    def edge(self, coordinates: Floats) -> Floats:
        """Scores of coordinates (token + position), -inf and inf at the ends of the scale."""
        size = len(self.spike)
        inside = np.clip(np.nan_to_num(coordinates, neginf=0.0, posinf=float(size)), 0, size)
        token = np.minimum(inside.astype(np.int64), size - 1)
        below = self.cumulative[token]
        u = below + (inside - token) * (self.cumulative[token + 1] - below)
        return np.asarray(ndtri(u), np.float64)

    def token(self, scores: Floats) -> tuple[NDArray[np.int64], Positions]:
        """Tokens and positions of scores; never a spike."""
        u = np.clip(ndtr(scores), 0.0, 1.0)
        token = np.searchsorted(self.cumulative, u, side="right") - 1
        first, last = int(np.argmin(self.spike)), len(self.spike) - 1 - int(np.argmin(self.spike[::-1]))
        token = np.clip(token, first, last)
        below = self.cumulative[token]
        width = np.maximum(self.cumulative[token + 1] - below, 1e-12)
        return token, np.clip((u - below) / width, 0.0, _BELOW_ONE).astype(np.float32)
