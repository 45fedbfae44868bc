"""`Ground`: what lies on the ground, as a plan that is painted and a reflectance that is looked up.

A plan has its own coordinates u, v: turned against the world and bent by slow waves, so that what is painted as straight streets and
rectangular plots lies in the world as streets that curve. Each cell names a kind (`covers.KINDS`) and a plot; plots differ in brightness,
dryness, rows and freshness. Nothing is resampled: a point of the world is looked up in the plan,
and its texture is a function of its place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh, mesh
from understudy.scenes.satellite.covers import NUMBER, KindTable, kind_table
from understudy.scenes.satellite.noise import CLUMPS, GRAIN, PATCHES, tile, tiles
from understudy.scenes.satellite.spectra import WATER_ATTENUATION, spectrum

Floats = NDArray[np.float64]
PLOT = ("brightness", "shift", "row_angle", "row_spacing", "row_strength", "tramlines", "dryness", "state")
"""Columns of a plot: factor; added to the mix of its kind's two spectra; radians; m, 0 for none; 0 .. 1; m between wheel tracks, 0 for
none; 0 .. 1; a number that changes when the plot does."""
PLAIN = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass
class Plan:
    """A ground that is being painted, in its own coordinates.

    Attributes:
        kind: (N, M) uint8, rows along v, columns along u. plot: (N, M) uint16.
        low: (u, v) of the first cell's corner. cell: m.
        turn: radians, of u against the world's x.
        waves: (W, 5) amplitude along u, along v (m), wave numbers kx, ky (1/m), phase.
        rows: of the plots.
    """

    kind: NDArray[np.uint8]
    plot: NDArray[np.uint16]
    low: tuple[float, float]
    cell: float
    turn: float = 0.0
    waves: Floats = field(default_factory=lambda: np.zeros((0, 5)))
    rows: list[tuple[float, ...]] = field(default_factory=lambda: [PLAIN])

    @classmethod
    def empty(cls, radius: float, cell: float, base: str, turn: float = 0.0, waves: Floats | None = None) -> Plan:
        """A square of 2 `radius` m all of one kind."""
        count = math.ceil(2 * radius / cell)
        shape = (count, count)
        kind = np.full(shape, NUMBER[base], dtype=np.uint8)
        return cls(kind, np.zeros(shape, dtype=np.uint16), (-radius, -radius), cell, turn, np.zeros((0, 5)) if waves is None else waves)

    @property
    def high(self) -> tuple[float, float]:
        return self.low[0] + self.kind.shape[1] * self.cell, self.low[1] + self.kind.shape[0] * self.cell

    def new_plot(self, **values: float) -> int:
        """A plot with these values of `PLOT`."""
        self.rows.append(tuple(values.get(name, PLAIN[column]) for column, name in enumerate(PLOT)))
        return len(self.rows) - 1

    def window(self, u0: float, v0: float, u1: float, v1: float) -> tuple[slice, slice]:
        """Cells whose middles lie in the rectangle."""
        low_u, low_v = self.low
        height, width = self.kind.shape
        ends = ((v0 - low_v, v1 - low_v, height), (u0 - low_u, u1 - low_u, width))
        made = [slice(*(min(max(math.ceil(end / self.cell - 0.5), 0), most) for end in (a, b))) for a, b, most in ends]
        return made[0], made[1]

    def rect(self, u0: float, v0: float, u1: float, v1: float, kind: str, plot: int | None = None) -> None:
        """Paint a rectangle; `plot` None leaves the plots as they are."""
        place = self.window(u0, v0, u1, v1)
        self.kind[place] = NUMBER[kind]
        if plot is not None:
            self.plot[place] = plot

    def middles(self, place: tuple[slice, slice]) -> tuple[Floats, Floats]:
        """u (1, m) and v (n, 1) of the middles of a window's cells."""
        rows, columns = place
        u = self.low[0] + (np.arange(columns.start, columns.stop) + 0.5) * self.cell
        v = self.low[1] + (np.arange(rows.start, rows.stop) + 0.5) * self.cell
        return u[None, :], v[:, None]

    def within(self, place: tuple[slice, slice], inside: NDArray[np.bool_], kind: str, plot: int | None = None) -> None:
        """Paint those cells of a window that `inside` marks."""
        self.kind[place][inside] = NUMBER[kind]
        if plot is not None:
            self.plot[place][inside] = plot

    def ellipse(self, u: float, v: float, a: float, b: float, kind: str, plot: int | None = None, rough: Floats | None = None) -> None:
        """Paint an ellipse with half axes a, b; rough: (amplitude as a share, phases …) of a wavy edge."""
        reach = 1.0 + (float(rough[0]) * 2 if rough is not None else 0.0)
        place = self.window(u - a * reach, v - b * reach, u + a * reach, v + b * reach)
        across, along = self.middles(place)
        radius = np.hypot((across - u) / a, (along - v) / b)
        edge: Floats | float = 1.0
        if rough is not None:
            angle = np.arctan2(along - v, across - u)
            edge = 1.0 + rough[0] * sum(np.sin((k + 2) * angle + phase) / (k + 1) for k, phase in enumerate(rough[1:]))
        self.within(place, radius <= edge, kind, plot)

    def ring(self, u: float, v: float, inner: float, outer: float, kind: str, plot: int | None = None) -> None:
        """Paint a ring between two radii."""
        place = self.window(u - outer, v - outer, u + outer, v + outer)
        across, along = self.middles(place)
        radius = np.hypot(across - u, along - v)
        self.within(place, (radius >= inner) & (radius <= outer), kind, plot)

    def strip(self, line: Floats, width: float, kind: str, plot: int | None = None) -> None:
        """Paint a band around a line through (N, 2) points."""
        half = width / 2
        for (u0, v0), (u1, v1) in pairwise(line):
            place = self.window(min(u0, u1) - half, min(v0, v1) - half, max(u0, u1) + half, max(v0, v1) + half)
            across, along = self.middles(place)
            du, dv = u1 - u0, v1 - v0
            square = max(du * du + dv * dv, 1e-9)
            share = np.clip(((across - u0) * du + (along - v0) * dv) / square, 0.0, 1.0)
            self.within(place, np.hypot(across - u0 - share * du, along - v0 - share * dv) <= half, kind, plot)

    def dashes(self, u0: float, v0: float, u1: float, v1: float, width: float, kind: str, on: float = 3.0, off: float = 6.0) -> None:
        """A dashed line along u or v; `off` 0 for a solid one."""
        along_u = abs(u1 - u0) >= abs(v1 - v0)
        length = abs(u1 - u0) if along_u else abs(v1 - v0)
        start, half = 0.0, width / 2
        while start < length:
            end = min(start + on, length) if off else length
            if along_u:
                self.rect(min(u0, u1) + start, v0 - half, min(u0, u1) + end, v0 + half, kind)
            else:
                self.rect(u0 - half, min(v0, v1) + start, u0 + half, min(v0, v1) + end, kind)
            start = end + off

    def to_world(self, plan: Floats) -> Floats:
        """(N, 2) world x, y of (N, 2) u, v."""
        wanted = np.asarray(plan, dtype=np.float64).reshape(-1, 2)
        turned = _unbent(wanted, self.waves)
        c, s = math.cos(self.turn), math.sin(self.turn)
        return np.asarray(turned @ np.array([[c, s], [-s, c]]), dtype=np.float64)

    def headings(self, plan: Floats, heading: Floats) -> Floats:
        """(N,) directions in the world of directions (radians, 0 along u) at (N, 2) places of the plan."""
        step = 0.25 * np.column_stack([np.cos(heading), np.sin(heading)])
        moved = self.to_world(plan + step) - self.to_world(plan - step)
        return np.arctan2(moved[:, 1], moved[:, 0])

    def kind_at(self, u: float, v: float) -> int:
        """The number of the kind there; that of "outside" beyond the plan."""
        row, column = int((v - self.low[1]) / self.cell), int((u - self.low[0]) / self.cell)
        height, width = self.kind.shape
        return int(self.kind[row, column]) if 0 <= row < height and 0 <= column < width else NUMBER["outside"]


@dataclass(frozen=True)
class Season:
    """dry: 0 .. 1, how much of the grass is straw. autumn: 0 .. 1, colours of leaves. bare: 0 .. 1, leaves that have fallen. snow: 0 .. 1,
    share of the ground that is white."""

    dry: float = 0.15
    autumn: float = 0.0
    bare: float = 0.0
    snow: float = 0.0


@dataclass(frozen=True)
class Relief:
    """Heights of the ground. heights: (n, m) m, rows along y, columns along x, of the corners of a grid. low: its first corner. cell: m."""

    heights: NDArray[np.float32]
    low: tuple[float, float]
    cell: float

    def at(self, points: Floats) -> Floats:
        """(N,) m at (N, 2) places, between the corners by the two triangles that the mesh has."""
        count_y, count_x = self.heights.shape
        x = np.clip((points[:, 0] - self.low[0]) / self.cell, 0, count_x - 1.001)
        y = np.clip((points[:, 1] - self.low[1]) / self.cell, 0, count_y - 1.001)
        i, j = x.astype(int), y.astype(int)
        a, b = x - i, y - j
        corner = self.heights[j, i], self.heights[j, i + 1], self.heights[j + 1, i], self.heights[j + 1, i + 1]
        below = corner[0] + a * (corner[1] - corner[0]) + b * (corner[3] - corner[1])
        above = corner[0] + a * (corner[3] - corner[2]) + b * (corner[2] - corner[0])
        return np.asarray(np.where(a >= b, below, above), dtype=np.float64)

    def mesh(self) -> Mesh:
        """Two triangles a cell."""
        count_y, count_x = self.heights.shape
        y, x = np.mgrid[:count_y, :count_x]
        vertices = np.column_stack([self.low[0] + x.ravel() * self.cell, self.low[1] + y.ravel() * self.cell, self.heights.ravel()])
        first = (np.arange(count_y - 1)[:, None] * count_x + np.arange(count_x - 1)[None, :]).ravel()
        lower = np.column_stack([first, first + 1, first + count_x + 1])
        upper = np.column_stack([first, first + count_x + 1, first + count_x])
        return mesh(vertices, np.concatenate([lower, upper]))

    def normals(self) -> NDArray[np.float32]:
        """(n, m, 3) at the corners, smooth."""
        slope_y, slope_x = np.gradient(self.heights.astype(np.float64), self.cell)
        normal = np.stack([-slope_x, -slope_y, np.ones_like(slope_x)], axis=-1)
        return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class Ground:
    """A finished ground.

    Attributes:
        plan: the painted plan. plots: (P, 8) its plots.
        season: what plants look like, and snow.
        offset: (2,) m, where in the noise's tiles the place lies.
        relief: heights, None for level ground at 0.
        depth: (N, M) float32 m of water by the plan's cells; None: deep everywhere.
        bottom: name of the spectrum under shallow water.
    """

    plan: Plan
    plots: NDArray[np.float32]
    season: Season
    offset: tuple[float, float]
    relief: Relief | None = None
    depth: NDArray[np.float32] | None = None
    bottom: str = "sand"

    def look_up(self, points: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Kind and plot at (N, 2+) places in the world."""
        plan = self.plan
        return _look_up(points, plan.kind, plan.plot, plan.low[0], plan.low[1], plan.cell, plan.turn, plan.waves)  # type: ignore[no-any-return]

    def reflectance(self, points: Floats, spacing: float) -> NDArray[np.float32]:
        """(N, 5) reflectance at (N, 2+) places that are looked at every `spacing` m: finer texture is averaged out."""
        kinds, plots = self.look_up(points)
        return self._reflectance(points, kinds, plots, spacing)

    def _reflectance(self, points: Floats, kinds: NDArray[np.uint8], plots: NDArray[np.uint16], spacing: float) -> NDArray[np.float32]:
        table: KindTable = kind_table()
        plan, season = self.plan, self.season
        depth = np.full((1, 1), 1e3, dtype=np.float32) if self.depth is None else self.depth
        extra = np.array([spectrum(name) for name in ("dry grass", "autumn leaves", "branches", "snow", self.bottom)], dtype=np.float32)
        return _reflect(  # type: ignore[no-any-return]
            points, kinds, plots, self.plots, spacing, tiles(), table.low, table.high, table.gap, table.looks, table.growing, table.water,
            np.array([season.dry, season.autumn, season.bare, season.snow]), np.array(self.offset), depth, plan.low[0], plan.low[1],
            plan.cell, plan.turn, plan.waves, extra, WATER_ATTENUATION.astype(np.float32),
        )  # fmt: skip


def finished(
    plan: Plan, season: Season, offset: Sequence[float], relief: Relief | None = None, depth: object = None, bottom: str = "sand"
) -> Ground:
    """The ground of a painted plan."""
    deep = None if depth is None else np.asarray(depth, dtype=np.float32)
    return Ground(plan, np.array(plan.rows, dtype=np.float32), season, (float(offset[0]), float(offset[1])), relief, deep, bottom)


def _unbent(wanted: Floats, waves: Floats) -> Floats:
    """Places that the waves move to those wanted, by repeated correction."""
    place = wanted.copy()
    for _ in range(8):
        place = wanted - _bend(place, waves)
    return place


def _bend(place: Floats, waves: Floats) -> Floats:
    if not len(waves):
        return np.zeros_like(place)
    swing = np.sin(place @ waves[:, 2:4].T + waves[:, 4])
    return swing @ waves[:, :2]


@numba.njit(cache=True, inline="always")
def _to_plan(x, y, turn_c, turn_s, waves):  # type: ignore[no-untyped-def]
    u, v = turn_c * x + turn_s * y, turn_c * y - turn_s * x
    du, dv = 0.0, 0.0
    for k in range(waves.shape[0]):
        swing = np.sin(waves[k, 2] * u + waves[k, 3] * v + waves[k, 4])
        du += swing * waves[k, 0]
        dv += swing * waves[k, 1]
    return u + du, v + dv


@numba.njit(cache=True)
def _look_up(points, kind, plot, low_u, low_v, cell, turn, waves):  # type: ignore[no-untyped-def]
    count = points.shape[0]
    kinds, plots = np.empty(count, np.uint8), np.empty(count, np.uint16)
    c, s = np.cos(turn), np.sin(turn)
    height, width = kind.shape
    for i in range(count):
        u, v = _to_plan(points[i, 0], points[i, 1], c, s, waves)
        column = min(max(int((u - low_u) / cell), 0), width - 1)
        row = min(max(int((v - low_v) / cell), 0), height - 1)
        kinds[i], plots[i] = kind[row, column], plot[row, column]
    return kinds, plots


@numba.njit(cache=True, error_model="numpy")
def _reflect(  # type: ignore[no-untyped-def]
    points, kinds, plots, table, spacing, noise, low, high, gap, looks, growing, water, season, offset, depth, low_u, low_v, cell, turn,
    waves, extra, attenuation,
):  # fmt: skip
    """Reflectance of points: patches between two spectra, rows, wheel tracks, grain, season, snow, and water over its bottom."""
    count, bands = points.shape[0], low.shape[1]
    made = np.empty((count, bands), np.float32)
    c, s = np.cos(turn), np.sin(turn)
    rows, columns = depth.shape
    for i in range(count):
        x, y = points[i, 0] + offset[0], points[i, 1] + offset[1]
        k, plot = kinds[i], table[plots[i]]
        scale = max(looks[k, 0], 3 * spacing)
        patch = (
            tile(noise, PATCHES, x / scale * 8, y / scale * 8) * 0.65 + tile(noise, PATCHES, y / scale * 1.7 + 91, x / scale * 1.7) * 0.35
        )
        mix = min(max(0.5 + (patch - 0.5) * 1.6 * looks[k, 1] + plot[1], 0.0), 1.0)
        rough = max(looks[k, 2], 1.2 * spacing)
        fade = min(1.0, looks[k, 2] / spacing) if looks[k, 2] < spacing else 1.0
        if looks[k, 4] > 0:
            spot = tile(noise, CLUMPS, x / rough * 8, y / rough * 8)
        else:
            spot = tile(noise, GRAIN, x / rough * 2, y / rough * 2)
        factor = plot[0] * (1 + looks[k, 3] * (0.35 + 0.65 * fade) * (spot - 0.5) * 2)
        row = 0.0
        if plot[3] > 0:
            cr, sr = np.cos(plot[2]), np.sin(plot[2])
            across = cr * points[i, 1] - sr * points[i, 0]
            wobble = tile(noise, PATCHES, x / 6, y / 6) * 0.3
            visible = min(max(plot[3] / spacing - 1.2, 0.0), 1.0)
            row = plot[4] * (0.35 + visible * 0.65 * np.cos(2 * np.pi * (across / plot[3] + wobble)))
            if plot[5] > 0:
                track = abs((across / plot[5]) % 1.0 - 0.5) * plot[5]
                if abs(track - 0.9) < max(0.3, 0.4 * spacing):
                    row = max(row, 0.55 * min(1.0, 0.9 / spacing))
            row = min(max(row, 0.0), 1.0)
        grows = growing[k]
        dry = min(max(season[0] + plot[6] + 0.5 * (patch - 0.5), 0.0), 1.0) * grows
        turned, fallen = season[1] * grows * min(1.0, 2 * spot), season[2] * grows
        white = 0.0
        if season[3] > 0 and not water[k]:
            drift = tile(noise, PATCHES, x / 3, y / 3) * 0.6 + tile(noise, GRAIN, x * 1.3, y * 1.3) * 0.4
            white = min(max((season[3] * 1.35 - drift) * 4, 0.0), 1.0)
        for b in range(bands):
            value = low[k, b] * (1 - mix) + high[k, b] * mix
            if looks[k, 4] > 0:
                value += (extra[1, b] - value) * turned
                value += (extra[2, b] - value) * fallen * 0.8
            else:
                value += (extra[0, b] - value) * max(dry, 0.5 * fallen)
            value += (gap[k, b] - value) * row
            value *= factor
            made[i, b] = value + (extra[3, b] * (0.85 + 0.15 * patch) - value) * white
        if water[k] and rows > 1:
            u, v = _to_plan(points[i, 0], points[i, 1], c, s, waves)
            fx = min(max((u - low_u) / cell - 0.5, 0.0), columns - 1.001)
            fy = min(max((v - low_v) / cell - 0.5, 0.0), rows - 1.001)
            m, n = int(fx), int(fy)
            ax, ay = fx - m, fy - n
            deep = (depth[n, m] * (1 - ax) + depth[n, m + 1] * ax) * (1 - ay) + (depth[n + 1, m] * (1 - ax) + depth[n + 1, m + 1] * ax) * ay
            for b in range(bands):
                bottom = extra[4, b] * (0.40 + 0.45 * patch) * np.exp(-2 * attenuation[b] * max(deep, 0.05))
                made[i, b] += bottom * 0.8
    return made
