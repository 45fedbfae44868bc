"""Solids of ellipsoids, superquadrics and tubes, melted together and deformed by noise; and painting them into a volume of labels.

A solid is a signed distance (mm, below 0 inside) that is near to true at its surface: parts are joined by the polynomial smooth minimum
(Quilez, "Smooth minimum", 2013), and noise is added to the distance. Painting goes from the largest to the smallest: what comes later
covers what was there, in layers by depth (cortex and marrow), and only over the structures that it may cover.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.noise import Labels, noise, rough

Floats = NDArray[np.float64]
Vector: TypeAlias = Sequence[float] | Floats
Points: TypeAlias = Sequence[Vector] | Floats
Layers: TypeAlias = Sequence[tuple[float, int]]
"""(depth in mm, label), the outermost first."""
COLUMNS = 18
FAR = 1e6


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a volume lie. shape: (nz, ny, nx). spacing: (z, y, x) mm. origin: (x, y, z) mm of the first voxel's centre."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    @classmethod
    def around(cls, center: Vector, size: Vector, spacing: Vector) -> Grid:
        """The grid of a box; center and size: x, y, z mm; spacing: z, y, x mm."""
        counts = [max(round(length / step), 1) for length, step in zip(size, reversed(spacing), strict=True)]
        origin = [middle - (n - 1) * step / 2 for middle, n, step in zip(center, counts, reversed(spacing), strict=True)]
        return cls((counts[2], counts[1], counts[0]), tuple(map(float, spacing)), tuple(map(float, origin)))  # type: ignore[arg-type]

    def scaled(self, scale: Vector) -> Grid:
        """The same voxels in the coordinates of a body that is `scale` (x, y, z) times smaller."""
        spacing = tuple(step / factor for step, factor in zip(self.spacing, reversed(scale), strict=True))
        origin = tuple(at / factor for at, factor in zip(self.origin, scale, strict=True))
        return Grid(self.shape, spacing, origin)

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.spacing)) / 1000.0

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Coordinates (mm) of the voxels' centres along z, y, x."""
        nz, ny, nx = self.shape
        x, y, z = self.origin
        steps = self.spacing
        return _steps(z, steps[0], nz), _steps(y, steps[1], ny), _steps(x, steps[2], nx)

    def point(self, voxel: Vector) -> Floats:
        """(x, y, z) mm of a voxel's [z, y, x] position."""
        return np.array([self.origin[axis] + voxel[2 - axis] * self.spacing[2 - axis] for axis in range(3)])


def _steps(start: float, step: float, count: int) -> Floats:
    places: Floats = start + np.arange(count, dtype=np.float64) * step
    return places


@dataclass(frozen=True)
class Solid:
    """Parts joined to one body.

    Attributes:
        parts: (N, 18) rows made by `ellipsoid` and `tube`.
        blend: mm over which parts melt into each other; 0 for none.
        bump: mm of deformation. wave: mm, its wavelength. octaves: how rough. seed: which deformation.
    """

    parts: Floats
    blend: float = 0.0
    bump: float = 0.0
    wave: float = 40.0
    octaves: int = 2
    seed: int = 1


@dataclass(frozen=True)
class Column:
    """A body along z: superellipses whose half axes and centres change with z.

    Attributes:
        z: (K,) mm, ascending; the body ends at both ends. half_x, half_y, center_x, center_y: (K,) mm at them, joined smoothly.
        exponent: 2 for ellipses, more for boxes.
        bump, wave, seed: as of a solid.
    """

    z: Vector
    half_x: Vector
    half_y: Vector
    center_x: Vector | float = 0.0
    center_y: Vector | float = 0.0
    exponent: float = 2.0
    bump: float = 0.0
    wave: float = 60.0
    seed: int = 1

    def at(self, z: Floats | float) -> tuple[Floats, Floats, Floats, Floats]:
        """Half axes along x and y, and centres x and y, at heights z; half axes are 0 beyond the ends."""
        from scipy.interpolate import PchipInterpolator

        heights = np.atleast_1d(np.asarray(z, dtype=np.float64))
        inside = (heights >= self.z[0]) & (heights <= self.z[-1])
        clipped = np.clip(heights, self.z[0], self.z[-1])
        curves = []
        for values in (self.half_x, self.half_y, self.center_x, self.center_y):
            told = np.broadcast_to(np.asarray(values, dtype=np.float64), (len(self.z),))
            curves.append(PchipInterpolator(self.z, told)(clipped))
        return np.where(inside, curves[0], 0.0), np.where(inside, curves[1], 0.0), curves[2], curves[3]


def ellipsoid(
    center: Vector,
    radii: Vector,
    rotation: Floats | None = None,
    *,
    exponent: float = 2.0,
    exponent_z: float | None = None,
) -> Floats:
    """One part, (1, 18). radii: x, y, z mm in its own axes. exponent: of its cross-section (2 round, 8 nearly square), along z
    exponent_z."""
    turn = np.eye(3) if rotation is None else np.asarray(rotation, dtype=np.float64)
    return np.array([[0.0, *center, *radii, *turn.T.ravel(), exponent, exponent if exponent_z is None else exponent_z]])


def tube(points: Points, radii: float | Vector) -> Floats:
    """Parts (N - 1, 18) along points (N, 3), round, of radii (mm) at the points."""
    line = np.asarray(points, dtype=np.float64)
    widths = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(line),))
    rows = np.zeros((len(line) - 1, COLUMNS))
    rows[:, 0] = 1.0
    rows[:, 1:4], rows[:, 4:7] = line[:-1], line[1:]
    rows[:, 7], rows[:, 8] = widths[:-1], widths[1:]
    return rows


def curve(points: Points, n: int) -> Floats:
    """(n, 3) points of the natural cubic spline through `points`, evenly by chord length."""
    from scipy.interpolate import CubicSpline

    line = np.asarray(points, dtype=np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    found: Floats = CubicSpline(along, line, bc_type="natural")(np.linspace(0.0, along[-1], n))
    return found


def turned(z: float = 0.0, y: float = 0.0, x: float = 0.0) -> Floats:
    """The rotation by angles (degrees) about x, then y, then z."""
    a, b, c = np.radians([x, y, z])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    found: Floats = about_z @ about_y @ about_x
    return found


def mirrored(parts: Floats) -> Floats:
    """The same parts on the other side of the plane x = 0."""
    other = parts.copy()
    other[:, 1] *= -1
    tubes = other[:, 0] == 1
    other[tubes, 4] *= -1
    # Axes of an ellipsoid are the rows; the mirror turns the sign of x in each.
    other[np.ix_(~tubes, [7, 10, 13])] *= -1
    return other


def joined(*parts: Floats) -> Floats:
    return np.concatenate(parts)


class Canvas:
    """A volume of labels that is painted on.

    Attributes:
        labels: (nz, ny, nx) uint8, all 0 at first.
        grid: where its voxels lie, in the coordinates in which solids are given.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.labels: Labels = np.zeros(grid.shape, dtype=np.uint8)

    def paint(self, solid: Solid | Floats, layers: Layers, over: Iterable[int] | None = None) -> None:
        """A solid, in layers by depth; only over voxels with labels in `over` (None: all)."""
        solid = solid if isinstance(solid, Solid) else Solid(solid)
        depths, names = _layers(layers)
        field, first = self._field(solid)
        _apply(self.labels, field, first, depths, names, _allowed(over))

    def paint_strands(self, parts: Floats, label: int, over: Iterable[int]) -> None:
        """Many tubes, each by itself: the branches of vessels."""
        _paint_strands(self.labels, np.array(self.grid.spacing), np.array(self.grid.origin), parts, label, _allowed(over))

    def paint_column(self, column: Column, layers: Layers, over: Iterable[int] | None = None) -> None:
        """A column, likewise."""
        depths, names = _layers(layers)
        z, y, x = self.grid.axes()
        tables = np.stack(column.at(z), axis=1)
        _paint_column(
            self.labels, z, y, x, tables, column.exponent, column.bump, column.wave, column.seed, depths, names, _allowed(over)
        )  # fmt: skip

    def paint_sheets(self, label: int, over: Iterable[int], wave: Vector, width: float, seed: int) -> None:
        """Thin curved sheets: where noise of wavelengths `wave` (x, y, z mm) is within `width` of 0. Fat between muscles, folds."""
        z, y, x = self.grid.axes()
        _paint_sheets(self.labels, z, y, x, np.asarray(wave, dtype=np.float64), width, seed, label, _allowed(over))

    def distance(self, solid: Solid) -> NDArray[np.float32]:
        """(nz, ny, nx) signed distance, capped at 1e6 far outside."""
        field, (z, y, x) = self._field(solid)
        whole = np.full(self.labels.shape, FAR, dtype=np.float32)
        whole[z : z + field.shape[0], y : y + field.shape[1], x : x + field.shape[2]] = field
        return whole

    def _field(self, solid: Solid) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
        """The distance in the box around a solid, and the box's first voxel z, y, x."""
        grid = self.grid
        field, z, y, x = _field(
            np.array(grid.shape), np.array(grid.spacing), np.array(grid.origin), solid.parts, float(solid.blend), float(solid.bump),
            float(solid.wave), solid.octaves, solid.seed,
        )  # fmt: skip
        return field, (z, y, x)


def _layers(layers: Layers) -> tuple[Floats, Labels]:
    return np.array([depth for depth, _ in layers], dtype=np.float64), np.array([label for _, label in layers], dtype=np.uint8)


def _allowed(over: Iterable[int] | None) -> NDArray[np.bool_]:
    allowed = np.zeros(256, dtype=np.bool_)
    allowed[list(over) if over is not None else slice(None)] = True
    return allowed


@numba.njit(cache=True)
def _power_norm(a: float, b: float, c: float, e: float, ez: float) -> float:
    if e == 2.0 and ez == 2.0:
        return np.sqrt(a * a + b * b + c * c)  # type: ignore[no-any-return]
    flat = np.sqrt(a * a + b * b) if e == 2.0 else (np.abs(a) ** e + np.abs(b) ** e) ** (1.0 / e)
    return (flat**ez + np.abs(c) ** ez) ** (1.0 / ez)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _part_distance(row, x: float, y: float, z: float) -> float:  # type: ignore[no-untyped-def]
    """Distance of a point to one part: (r - 1) / |∇r| for superquadrics, exact for tubes of one width."""
    if row[0] == 1.0:
        ax, ay, az = row[4] - row[1], row[5] - row[2], row[6] - row[3]
        px, py, pz = x - row[1], y - row[2], z - row[3]
        t = (px * ax + py * ay + pz * az) / max(ax * ax + ay * ay + az * az, 1e-12)
        t = min(max(t, 0.0), 1.0)
        qx, qy, qz = px - t * ax, py - t * ay, pz - t * az
        return np.sqrt(qx * qx + qy * qy + qz * qz) - (row[7] + t * (row[8] - row[7]))  # type: ignore[no-any-return]
    px, py, pz = x - row[1], y - row[2], z - row[3]
    a = (row[7] * px + row[8] * py + row[9] * pz) / row[4]
    b = (row[10] * px + row[11] * py + row[12] * pz) / row[5]
    c = (row[13] * px + row[14] * py + row[15] * pz) / row[6]
    r = _power_norm(a, b, c, row[16], row[17])
    if r < 1e-9:
        return -min(row[4], row[5], row[6])  # type: ignore[no-any-return]
    if row[16] == 2.0 and row[17] == 2.0:
        slope = np.sqrt((a / row[4]) ** 2 + (b / row[5]) ** 2 + (c / row[6]) ** 2) / r
    else:
        step = 1e-3
        da = (_power_norm(a + step, b, c, row[16], row[17]) - r) / (step * row[4])
        db = (_power_norm(a, b + step, c, row[16], row[17]) - r) / (step * row[5])
        dc = (_power_norm(a, b, c + step, row[16], row[17]) - r) / (step * row[6])
        slope = np.sqrt(da * da + db * db + dc * dc)
    return (r - 1.0) / max(slope, 1e-6)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _reach(row, pad: float):  # type: ignore[no-untyped-def]
    """The box around a part: low x, y, z and high x, y, z."""
    box = np.empty(6)
    for axis in range(3):
        if row[0] == 1.0:
            width = max(row[7], row[8])
            box[axis] = min(row[1 + axis], row[4 + axis]) - width - pad
            box[3 + axis] = max(row[1 + axis], row[4 + axis]) + width + pad
        else:
            half = np.abs(row[7 + axis]) * row[4] + np.abs(row[10 + axis]) * row[5] + np.abs(row[13 + axis]) * row[6]
            box[axis] = row[1 + axis] - half - pad
            box[3 + axis] = row[1 + axis] + half + pad
    return box


@numba.njit(cache=True)
def _span(low: float, high: float, origin: float, step: float, count: int):  # type: ignore[no-untyped-def]
    first = max(int(np.ceil((low - origin) / step)), 0)
    last = min(int(np.floor((high - origin) / step)), count - 1)
    return first, last + 1


@numba.njit(cache=True)
def _melt(field, part, pad, blend, first, shape, spacing, origin):  # type: ignore[no-untyped-def]
    """One part more, in the box around it."""
    z0, y0, x0 = first
    box = _reach(part, pad)
    az, bz = _span(box[2], box[5], origin[2], spacing[0], shape[0])
    ay, by = _span(box[1], box[4], origin[1], spacing[1], shape[1])
    ax, bx = _span(box[0], box[3], origin[0], spacing[2], shape[2])
    for k in range(az, bz):
        for j in range(ay, by):
            for i in range(ax, bx):
                here = _part_distance(part, origin[0] + i * spacing[2], origin[1] + j * spacing[1], origin[2] + k * spacing[0])
                there = field[k - z0, j - y0, i - x0]
                if blend > 0.0:
                    h = max(blend - np.abs(here - there), 0.0) / blend
                    here = min(here, there) - h * h * blend * 0.25
                field[k - z0, j - y0, i - x0] = min(here, there)


@numba.njit(cache=True)
def _bump(field, bump, wave, octaves, seed, first, spacing, origin):  # type: ignore[no-untyped-def]
    z0, y0, x0 = first
    for k in range(field.shape[0]):
        for j in range(field.shape[1]):
            for i in range(field.shape[2]):
                if field[k, j, i] < 3.0 * bump:
                    x, y, z = origin[0] + (i + x0) * spacing[2], origin[1] + (j + y0) * spacing[1], origin[2] + (k + z0) * spacing[0]
                    field[k, j, i] += bump * rough(x / wave, y / wave, z / wave, seed, octaves)


@numba.njit(cache=True)
def _field(shape, spacing, origin, parts, blend, bump, wave, octaves, seed):  # type: ignore[no-untyped-def]
    """The distance in the box around a solid, and the box's first voxel z, y, x."""
    pad = blend + bump * 2.0 + 1e-9
    low, high = np.full(3, 1e9), np.full(3, -1e9)
    for n in range(len(parts)):
        box = _reach(parts[n], pad)
        for axis in range(3):
            low[axis], high[axis] = min(low[axis], box[axis]), max(high[axis], box[3 + axis])
    z0, z1 = _span(low[2], high[2], origin[2], spacing[0], shape[0])
    y0, y1 = _span(low[1], high[1], origin[1], spacing[1], shape[1])
    x0, x1 = _span(low[0], high[0], origin[0], spacing[2], shape[2])
    field = np.full((max(z1 - z0, 0), max(y1 - y0, 0), max(x1 - x0, 0)), np.float32(FAR))
    if field.size == 0:
        return field, z0, y0, x0
    for n in range(len(parts)):
        _melt(field, parts[n], pad, blend, (z0, y0, x0), shape, spacing, origin)
    if bump > 0.0:
        _bump(field, bump, wave, octaves, seed, (z0, y0, x0), spacing, origin)
    return field, z0, y0, x0


@numba.njit(cache=True)
def _apply(labels, field, first, depths, names, over):  # type: ignore[no-untyped-def]
    z0, y0, x0 = first
    for k in range(field.shape[0]):
        for j in range(field.shape[1]):
            for i in range(field.shape[2]):
                depth = -field[k, j, i]
                if depth > depths[0] and over[labels[k + z0, j + y0, i + x0]]:
                    layer = 0
                    while layer + 1 < len(depths) and depth > depths[layer + 1]:
                        layer += 1
                    labels[k + z0, j + y0, i + x0] = names[layer]


@numba.njit(cache=True)
def _paint_strands(labels, spacing, origin, parts, label, over):  # type: ignore[no-untyped-def]
    nz, ny, nx = labels.shape
    for n in range(len(parts)):
        box = _reach(parts[n], 0.0)
        z0, z1 = _span(box[2], box[5], origin[2], spacing[0], nz)
        y0, y1 = _span(box[1], box[4], origin[1], spacing[1], ny)
        x0, x1 = _span(box[0], box[3], origin[0], spacing[2], nx)
        for k in range(z0, z1):
            for j in range(y0, y1):
                for i in range(x0, x1):
                    x, y, z = origin[0] + i * spacing[2], origin[1] + j * spacing[1], origin[2] + k * spacing[0]
                    if over[labels[k, j, i]] and _part_distance(parts[n], x, y, z) < 0.0:
                        labels[k, j, i] = label


@numba.njit(cache=True)
def _paint_column(labels, zs, ys, xs, tables, exponent, bump, wave, seed, depths, names, over):  # type: ignore[no-untyped-def]
    for k in range(len(zs)):
        a, b, cx, cy = tables[k]
        if a <= 0.0 or b <= 0.0:
            continue
        for j in range(len(ys)):
            v = (ys[j] - cy) / b
            if np.abs(v) * b > b + bump:
                continue
            for i in range(len(xs)):
                u = (xs[i] - cx) / a
                if np.abs(u) * a > a + bump or not over[labels[k, j, i]]:
                    continue
                r = _power_norm(u, v, 0.0, exponent, 2.0)
                if r < 1e-9:
                    depth = min(a, b)
                else:
                    du = (np.abs(u) / r) ** (exponent - 1.0) / a
                    dv = (np.abs(v) / r) ** (exponent - 1.0) / b
                    depth = (1.0 - r) / max(np.sqrt(du * du + dv * dv), 1e-6)
                if bump > 0.0:
                    depth += bump * noise(xs[i] / wave, ys[j] / wave, zs[k] / wave, seed)
                if depth > depths[0]:
                    layer = 0
                    while layer + 1 < len(depths) and depth > depths[layer + 1]:
                        layer += 1
                    labels[k, j, i] = names[layer]


@numba.njit(cache=True)
def _paint_sheets(labels, zs, ys, xs, wave, width, seed, label, over):  # type: ignore[no-untyped-def]
    for k in range(len(zs)):
        for j in range(len(ys)):
            for i in range(len(xs)):
                if over[labels[k, j, i]] and np.abs(noise(xs[i] / wave[0], ys[j] / wave[1], zs[k] / wave[2], seed)) < width:
                    labels[k, j, i] = label
