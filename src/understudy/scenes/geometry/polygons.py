"""Flat outlines: cut into triangles (ear clipping), and pulled up into solids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.lofts import with_area
from understudy.scenes.geometry.mesh import Mesh, joined, mesh

Floats = NDArray[np.float64]

_CROSSING = "The polygon's edges cross, so it has no inside."
_IN_ORDER = "Give its corners in order along its edge."


def area(polygon: Floats) -> float:
    """m², positive for corners that go counter-clockwise."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def triangulated(polygon: object) -> NDArray[np.int32]:
    """(N - 2, 3) triangles, counter-clockwise, of a polygon (N, 2) whose edges do not cross; its corners go either way round.

    Ear clipping (Meisters, "Polygons have ears", Amer. Math. Monthly 82, 1975): corners that see their neighbours' line are cut off.
    Raises:
        ArgumentError: fewer than three corners, or edges that cross.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if len(points) < 3:
        raise ArgumentError(f"A polygon needs three corners or more, not {len(points)}.")
    rest = list(range(len(points))) if area(points) > 0 else list(range(len(points)))[::-1]
    faces = []
    while len(rest) > 3:
        ear = next((place for place in range(len(rest)) if _is_ear(points, rest, place)), None)
        if ear is None:
            ear = _flat_corner(points, rest)
        faces.append([rest[ear - 1], rest[ear], rest[(ear + 1) % len(rest)]])
        del rest[ear]
    found = np.array([*faces, rest], dtype=np.int32)
    if abs(sum(abs(area(points[face])) for face in found) - abs(area(points))) > 1e-9 * float(np.ptp(points, axis=0).max()) ** 2:
        raise ArgumentError(_CROSSING, remedy=_IN_ORDER)
    return found


def _is_ear(points: Floats, rest: list[int], place: int) -> bool:
    a, b, c = points[rest[place - 1]], points[rest[place]], points[rest[(place + 1) % len(rest)]]
    if _turn(a, b, c) <= 1e-14:
        return False
    others = points[[number for number in rest if number not in (rest[place - 1], rest[place], rest[(place + 1) % len(rest)])]]
    inside = np.ones(len(others), dtype=bool)
    for start, end in ((a, b), (b, c), (c, a)):
        side = (end[0] - start[0]) * (others[:, 1] - start[1]) - (end[1] - start[1]) * (others[:, 0] - start[0])
        inside &= side >= -1e-14
    same = (np.abs(others - a).sum(axis=1) < 1e-12) | (np.abs(others - c).sum(axis=1) < 1e-12)
    return not (inside & ~same).any()


def _flat_corner(points: Floats, rest: list[int]) -> int:
    """A corner that lies on the line of its neighbours: it can go where no ear is left."""
    for place in range(len(rest)):
        if abs(_turn(points[rest[place - 1]], points[rest[place]], points[rest[(place + 1) % len(rest)]])) <= 1e-12:
            return place
    raise ArgumentError(_CROSSING, remedy=_IN_ORDER)


def _turn(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def extrusion(polygon: object, height: float, material: int = 0, *, bevel: float = 0.0) -> Mesh:
    """A polygon (N, 2) on z = 0 pulled up to `height` m; closed. `bevel` m cuts its upper edge.

    Returns: a mesh of flat faces; on the top, uv fit the polygon's extent.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if area(points) < 0:
        points = points[::-1]
    if height <= 0:
        raise ArgumentError(f"An extrusion's height must be more than 0 m, not {height:g}.")
    rings = [(points, 0.0), (points, height - bevel)] + ([(inset(points, bevel), height)] if bevel > 0 else [])
    walls = [_wall(*low, *high, material) for low, high in pairwise(rings)]
    return joined([*walls, flat(points, 0.0, material, up=False), flat(rings[-1][0], height, material)])


def flat(polygon: object, z: float, material: int = 0, *, up: bool = True) -> Mesh:
    """A polygon (N, 2) as a face at height z, seen from above or, with `up` false, from below."""
    points = np.asarray(polygon, dtype=np.float64)
    span = np.maximum(np.ptp(points, axis=0), 1e-12)
    faces = triangulated(points)
    vertices = np.column_stack([points, np.full(len(points), z)])
    faces = with_area(vertices, faces)
    return mesh(vertices, faces if up else faces[:, ::-1], material, (points - points.min(axis=0)) / span)


def inset(polygon: Floats, distance: float) -> Floats:
    """Every edge of a counter-clockwise polygon moved inwards by `distance` m (outwards where negative)."""
    before, after = polygon - np.roll(polygon, 1, axis=0), np.roll(polygon, -1, axis=0) - polygon
    normals = []
    for edge in (before, after):
        unit = edge / np.maximum(np.linalg.norm(edge, axis=1, keepdims=True), 1e-12)
        normals.append(np.column_stack([-unit[:, 1], unit[:, 0]]))
    both = normals[0] + normals[1]
    scale = 2.0 / np.maximum((both**2).sum(axis=1, keepdims=True), 0.4)
    moved: Floats = polygon + distance * both * scale
    return moved


def _wall(low: Floats, z_low: float, high: Floats, z_high: float, material: int) -> Mesh:
    """Quads between two rings, each with corners of its own."""
    a = np.column_stack([low, np.full(len(low), z_low)])
    d = np.column_stack([high, np.full(len(high), z_high)])
    b, c = np.roll(a, -1, axis=0), np.roll(d, -1, axis=0)
    vertices = np.stack([a, b, c, d], axis=1).reshape(-1, 3)
    start = 4 * np.arange(len(low), dtype=np.int32)[:, None]
    faces = (start + np.array([0, 1, 2, 0, 2, 3])).reshape(-1, 3).astype(np.int32)
    uv = np.tile([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], (len(low), 1))
    return mesh(vertices, with_area(vertices, faces), material, uv)
