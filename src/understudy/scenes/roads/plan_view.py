"""The reference line of a road seen from above: lines, arcs, clothoids and cubic curves after one another (ASAM OpenDRIVE 1.6, section 7).

All pieces are evaluated from their formulas, clothoids through Fresnel's integrals; nothing is interpolated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import fresnel

Floats = NDArray[np.float64]
NEARLY_ARC = 1e-9
"""Change of a clothoid's heading beyond that of an arc, in radians, under which it is an arc: the error is below 1 µm a kilometre."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
"""For the lengths of cubic curves."""


@dataclass(frozen=True)
class Piece(ABC):
    """One formula of a reference line. s: m from the road's start; x, y, heading: its first pose; length: m along it."""

    s: float
    x: float
    y: float
    heading: float
    length: float

    @abstractmethod
    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        """Places u (ahead), v (left) and the turn of the heading, `along` m after the start, seen from the start."""

    @abstractmethod
    def curvature(self, along: Floats) -> Floats:
        """1/m, positive to the left."""

    def at(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        """x, y and heading in the world."""
        u, v, turn = self.local(along)
        c, s = np.cos(self.heading), np.sin(self.heading)
        return self.x + c * u - s * v, self.y + s * u + c * v, self.heading + turn

    @property
    def end(self) -> tuple[float, float, float]:
        x, y, heading = self.at(np.array([self.length]))
        return float(x[0]), float(y[0]), float(heading[0])


@dataclass(frozen=True)
class Line(Piece):
    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        return along, np.zeros_like(along), np.zeros_like(along)

    def curvature(self, along: Floats) -> Floats:
        return np.zeros_like(along)


@dataclass(frozen=True)
class Arc(Piece):
    """bend: 1/m, positive to the left."""

    bend: float

    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        return _arc(along, np.full_like(along, self.bend))

    def curvature(self, along: Floats) -> Floats:
        return np.full_like(along, self.bend)


@dataclass(frozen=True)
class Spiral(Piece):
    """A clothoid. first, last: curvatures at its ends, 1/m; between them they change at an even rate."""

    first: float
    last: float

    def curvature(self, along: Floats) -> Floats:
        return self.first + (self.last - self.first) / self.length * along

    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        rate = (self.last - self.first) / self.length
        if abs(rate) * self.length**2 < NEARLY_ARC:
            return _arc(along, self.first + rate * along / 2)
        # The heading is first·d + rate·d²/2 = rate/2 · (d + first/rate)² - first²/(2·rate): Fresnel's integrals from one shifted place
        # to another.
        scale = np.sqrt(np.pi / abs(rate))
        shift = self.first / rate
        sine, cosine = fresnel((along + shift) / scale)
        sine_0, cosine_0 = fresnel(shift / scale)
        ahead, aside = scale * (cosine - cosine_0), np.sign(rate) * scale * (sine - sine_0)
        back = -(self.first**2) / (2 * rate)
        c, s = np.cos(back), np.sin(back)
        return c * ahead - s * aside, s * ahead + c * aside, along * (self.first + rate * along / 2)


@dataclass(frozen=True)
class Poly3(Piece):
    """v = a + b u + c u² + d u³, with u ahead at the start of the piece."""

    a: float
    b: float
    c: float
    d: float

    def _u(self, along: Floats) -> Floats:
        """Newton's method on the length of the curve up to u."""
        u = along / np.sqrt(1 + self.b**2)
        for _ in range(20):
            half = u / 2
            places = half * (NODES[:, None] + 1)
            lengths = half * (WEIGHTS @ np.sqrt(1 + self._slope(places) ** 2))
            u = u - (lengths - along) / np.sqrt(1 + self._slope(u) ** 2)
        return np.asarray(u)

    def _slope(self, u: Floats) -> Floats:
        return self.b + u * (2 * self.c + 3 * u * self.d)

    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        u = self._u(along.ravel()).reshape(along.shape)
        return u, self.a + u * (self.b + u * (self.c + u * self.d)), np.arctan(self._slope(u))

    def curvature(self, along: Floats) -> Floats:
        u = self._u(along.ravel()).reshape(along.shape)
        bend: Floats = (2 * self.c + 6 * self.d * u) / (1 + self._slope(u) ** 2) ** 1.5
        return bend


@dataclass(frozen=True)
class ParamPoly3(Piece):
    """u(p), v(p) as cubics; p goes from 0 to 1 ("normalized") or to the length ("arcLength"), evenly along the piece."""

    u: tuple[float, float, float, float]
    v: tuple[float, float, float, float]
    range: Literal["normalized", "arcLength"] = "normalized"

    def _p(self, along: Floats) -> Floats:
        return along if self.range == "arcLength" else along / self.length

    def local(self, along: Floats) -> tuple[Floats, Floats, Floats]:
        p = self._p(along)
        return _cubic(self.u, p, 0), _cubic(self.v, p, 0), np.arctan2(_cubic(self.v, p, 1), _cubic(self.u, p, 1))

    def curvature(self, along: Floats) -> Floats:
        p = self._p(along)
        u1, v1, u2, v2 = _cubic(self.u, p, 1), _cubic(self.v, p, 1), _cubic(self.u, p, 2), _cubic(self.v, p, 2)
        bend: Floats = (u1 * v2 - v1 * u2) / np.maximum(u1 * u1 + v1 * v1, 1e-30) ** 1.5
        return bend


@dataclass(frozen=True)
class PlanView:
    """Pieces after one another, by their s."""

    pieces: tuple[Piece, ...]

    @property
    def length(self) -> float:
        return max((piece.s + piece.length for piece in self.pieces), default=0.0)

    def at(self, s: Floats) -> tuple[Floats, Floats, Floats]:
        """x, y m and heading (radians) at (N,) places s; beyond the ends, those of the ends."""
        places = np.asarray(s, dtype=np.float64)
        x, y, heading = np.empty_like(places), np.empty_like(places), np.empty_like(places)
        for piece, chosen, along in self._parted(places):
            x[chosen], y[chosen], heading[chosen] = piece.at(along)
        return x, y, heading

    def curvature(self, s: Floats) -> Floats:
        places = np.asarray(s, dtype=np.float64)
        bend = np.zeros_like(places)
        for piece, chosen, along in self._parted(places):
            bend[chosen] = piece.curvature(along)
        return bend

    def gaps(self) -> list[tuple[float, float]]:
        """s and width in m of each gap or overlap between a piece's end and the next one's start."""
        widths = []
        for piece, following in zip(self.pieces[:-1], self.pieces[1:], strict=True):
            x, y, _ = piece.end
            widths.append((following.s, float(np.hypot(x - following.x, y - following.y))))
        return widths

    def _parted(self, places: Floats) -> Iterator[tuple[Piece, NDArray[np.bool_], Floats]]:
        starts = np.array([piece.s for piece in self.pieces])
        owner = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
        for number, piece in enumerate(self.pieces):
            chosen = owner == number
            if chosen.any():
                yield piece, chosen, np.clip(places[chosen] - piece.s, 0.0, piece.length)


@dataclass
class Pen:
    """Draws a plan view piece by piece: each begins where and as the last one ended."""

    x: float = 0.0
    y: float = 0.0
    heading: float = 0.0

    def __post_init__(self) -> None:
        self.s = 0.0
        self.pieces: list[Piece] = []

    def line(self, length: float) -> Pen:
        return self._draw(Line(self.s, self.x, self.y, self.heading, length))

    def arc(self, length: float, curvature: float) -> Pen:
        return self._draw(Arc(self.s, self.x, self.y, self.heading, length, curvature))

    def spiral(self, length: float, first: float, last: float) -> Pen:
        return self._draw(Spiral(self.s, self.x, self.y, self.heading, length, first, last))

    def view(self) -> PlanView:
        return PlanView(tuple(self.pieces))

    def _draw(self, piece: Piece) -> Pen:
        if piece.length > 1e-6:
            self.pieces.append(piece)
            self.s += piece.length
            self.x, self.y, self.heading = piece.end
        return self


def _arc(along: Floats, bend: Floats) -> tuple[Floats, Floats, Floats]:
    """u, v and turn after `along` m with curvature `bend`; sinc keeps straight ones exact."""
    half = along * bend / 2
    chord = along * np.sinc(half / np.pi)
    return chord * np.cos(half), chord * np.sin(half), 2 * half


def _cubic(coefficients: tuple[float, float, float, float], p: Floats, derivative: int) -> Floats:
    a, b, c, d = coefficients
    return np.asarray((a + p * (b + p * (c + p * d)), b + p * (2 * c + 3 * p * d), 2 * c + 6 * p * d)[derivative] + 0.0 * p)
