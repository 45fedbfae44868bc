"""A car's lower body: a plan outline carried up from the sill to the shoulder, a deck over it, arches cut for the wheels.

Its side is a chart of (p, z): p metres along the outline from the middle of the front, positive on the left, and z metres up. Whatever
lies on the skin (lamps, seams, trim, plates) is drawn in that chart and draped, so it follows the shape round every corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.curves import evenly, smoothstep, superellipse, through
from understudy.scenes.geometry.lofts import grid
from understudy.scenes.geometry.measures import creased
from understudy.scenes.geometry.mesh import Mesh, joined

Floats = NDArray[np.float64]
Curve = tuple[tuple[float, ...], tuple[float, ...]]
"""Places and values of a curve."""


@dataclass(frozen=True)
class HullShape:
    """Measures in m; x from the middle of the length, forward.

    Attributes:
        length, width: outer.
        nose, tail: how far the outline's rounding reaches back from the front, and forward from the rear.
        nose_power, tail_power: 2 is an ellipse, more is squarer.
        taper: how much narrower the side is at its ends than in the middle, a share.
        sill: height of the lower edge. shoulder: (x, z) of the upper edge, from rear to front.
        side, front, rear: (height as a share from sill to shoulder, inset) of the skin.
        axles: x of the wheels. arch: radius of their arches. hub: height of their middle.
        crown: m that the deck is higher in the middle.
        bed: x of a pickup's bed, from and to, and how deep it is; () for none.
    """

    length: float
    width: float
    nose: float
    tail: float
    nose_power: float
    tail_power: float
    taper: float
    sill: float
    shoulder: Curve
    side: Curve
    front: Curve
    rear: Curve
    axles: tuple[float, ...]
    arch: float
    hub: float
    crown: float = 0.05
    bed: tuple[float, ...] = ()


class Hull:
    """The surface of a `HullShape`."""

    def __init__(self, shape: HullShape) -> None:
        self.shape = shape
        outline = _outline(shape)
        way = np.gradient(outline, axis=0)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        self._plan = outline
        self._normal = np.column_stack([way[:, 1], -way[:, 0]])
        self.p = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])

    @property
    def end(self) -> float:
        """p of the middle of the rear."""
        return float(self.p[-1])

    def p_at(self, x: object) -> Floats:
        """p on the left side where the skin's outline is at x."""
        return interpolated(-np.asarray(x, dtype=np.float64), -self._plan[:, 0], self.p)

    def top(self, p: object) -> Floats:
        """Height of the shoulder."""
        x = interpolated(np.abs(np.asarray(p, dtype=np.float64)), self.p, self._plan[:, 0])
        return through(*self.shape.shoulder, x)

    def point(self, p: object, z: object, lift: float = 0.0) -> Floats:
        """(…, 3) places on the skin, `lift` m outside of it; negative p on the right."""
        along, height = np.broadcast_arrays(np.asarray(p, dtype=np.float64), np.asarray(z, dtype=np.float64))
        at = np.abs(along)
        x, y, nx, ny = (np.interp(at, self.p, values) for values in (*self._plan.T, *self._normal.T))
        share = (height - self.shape.sill) / (through(*self.shape.shoulder, x) - self.shape.sill)
        depth = self._inset(share, nx)
        side = np.where(along < 0, -1.0, 1.0)
        places: Floats = np.stack([x + nx * (lift - depth), side * np.maximum(y + ny * (lift - depth), 0.0), height], axis=-1)
        return places

    def _inset(self, share: Floats, nx: Floats) -> Floats:
        s = self.shape
        front, rear = smoothstep(nx * 1.25), smoothstep(-nx * 1.25)
        side = through(*s.side, share)
        depth: Floats = side * (1 - front - rear) + through(*s.front, share) * front + through(*s.rear, share) * rear
        return depth

    def patch(self, p: object, low: object, high: object, *, lift: float = 0.004, rows: int = 2) -> Mesh:
        """A piece of skin between two curves.

        Args:
            p: (N,), ascending; the patch lies left where positive.
            low, high: (N,) heights or one each.
        Returns: a grid with uv 0 .. 1 as seen from outside.
        """
        along = np.asarray(p, dtype=np.float64)
        below, above = (np.broadcast_to(np.asarray(edge, dtype=np.float64), along.shape) for edge in (low, high))
        share = np.linspace(0, 1, rows + 1)[:, None]
        return grid(self.point(along[None, :], below + share * (above - below), lift))

    def low(self, x: Floats) -> Floats:
        """Height of the lower edge along the side, arches cut."""
        edge = np.full_like(x, self.shape.sill)
        for axle in self.shape.axles:
            inside = self.shape.arch**2 - (x - axle) ** 2
            edge = np.where(inside >= 0, np.maximum(edge, self.shape.hub + np.sqrt(np.maximum(inside, 0))), edge)
        return edge

    def stations(self) -> Floats:
        """p of the grid's columns, from the front's middle to the rear's: close where the outline bends, doubled where arches begin."""
        s = self.shape
        front = self.p_at(s.length / 2 - s.nose)
        rear = self.p_at(-s.length / 2 + s.tail)
        found = [np.linspace(0.0, front, 11), np.linspace(rear, self.end, 10), np.linspace(front, rear, 9)]
        for axle in s.axles:
            angles = np.linspace(0, np.pi, 11)
            x = axle + s.arch * np.cos(angles)
            found.append(self.p_at(np.r_[x, axle + s.arch + 1e-4, axle - s.arch - 1e-4]))
        found += [self.p_at(np.array([edge + 1e-4, edge - 1e-4])) for edge in s.bed[:2]]
        p = np.unique(np.clip(np.concatenate(found), 0.0, self.end))
        return p[np.r_[True, np.diff(p) > 5e-5]]

    def shell(self) -> tuple[Mesh, Mesh]:
        """The painted skin with its deck, and the dark underside; together they are closed."""
        p = self.stations()
        x = np.interp(p, self.p, self._plan[:, 0])
        low, high = self.low(x), through(*self.shape.shoulder, x)
        share = _ROWS[:, None]
        left = self.point(p[None, :], low + share * (high - low))
        right = left[:, ::-1] * [1.0, -1.0, 1.0]
        ring = np.concatenate([right[:, :-1], left], axis=1)  # rear, right side, front, left side, rear
        skin = grid(ring, smooth=False)
        deck = grid(self._deck(left[-1]), smooth=False)
        floor = grid(self._floor(left[0]), smooth=False)
        return creased(joined([skin, deck]), 0.55), floor

    def _deck(self, edge: Floats) -> Floats:
        """(columns, strips, 3): from the right edge to the left, for each station from front to rear."""
        across = np.array([-1.0, -0.93, -0.9, -0.5, 0.0, 0.5, 0.9, 0.93, 1.0])
        s = self.shape
        rise = s.crown * smoothstep((s.length / 2 - edge[:, 0] - 0.02) / 0.5)
        strips = np.empty((len(edge), len(across), 3))
        strips[..., 0] = edge[:, :1]
        strips[..., 1] = edge[:, 1:2] * across
        strips[..., 2] = edge[:, 2:3] + rise[:, None] * (1 - across**2)
        if s.bed:
            inside = (edge[:, 0] < s.bed[0] - 5e-5) & (edge[:, 0] > s.bed[1] + 5e-5)
            strips[:, 2:-2, 2] = np.where(inside[:, None], edge[:, 2:3] - s.bed[2], strips[:, 2:-2, 2])
        return strips

    def _floor(self, edge: Floats) -> Floats:
        across = np.array([1.0, 0.72, 0.71, -0.71, -0.72, -1.0])
        strips = np.empty((len(edge), len(across), 3))
        strips[..., 0] = edge[:, :1]
        strips[..., 1] = edge[:, 1:2] * across
        strips[..., 2] = edge[:, 2:3]
        strips[:, 2:-2, 2] = self.shape.sill
        return strips

    def arch_trim(self, axle: float, width: float, lift: float = 0.008) -> Mesh:
        """A band along an arch on the left side."""
        s = self.shape
        lowest = np.arcsin(np.clip((s.sill - s.hub) / s.arch, -1, 1))
        angle = np.linspace(lowest, np.pi - lowest, 17)
        radius = s.arch + np.linspace(0, width, 3)[:, None]
        x, z = axle + radius * np.cos(angle), np.maximum(s.hub + radius * np.sin(angle), s.sill)
        return grid(self.point(self.p_at(x), z, lift))


def interpolated(at: Floats, places: Floats, values: Floats) -> Floats:
    read: Floats = np.asarray(np.interp(at, places, values))
    return read


_ROWS = np.array([0.0, 0.08, 0.2, 0.4, 0.58, 0.7, 0.8, 0.9, 0.96, 1.0])


def _outline(s: HullShape) -> Floats:
    """(N, 2) points of the left half, from the middle of the front to the middle of the rear."""
    half = s.width / 2
    front = superellipse(s.nose, half, s.nose_power, 60) + np.array([s.length / 2 - s.nose, 0.0])
    rear = superellipse(s.tail, half, s.tail_power, 60) * [-1.0, 1.0] + np.array([s.tail - s.length / 2, 0.0])
    side = np.linspace(front[-1], rear[-1], 60)[1:-1]
    outline = np.concatenate([front, side, rear[::-1]])
    outline[:, 1] *= 1 - s.taper * np.abs(2 * outline[:, 0] / s.length) ** 2.5
    return evenly(outline, 360)
