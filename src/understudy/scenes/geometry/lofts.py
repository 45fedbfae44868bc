"""Surfaces through cross sections: skins, lathes, tubes along a path, ribbons and height fields.

All of them are grids of quads, each cut in two; the side from which a grid's first direction runs right and its second up is outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.mesh import Mesh, joined, vertex_normals

Floats = NDArray[np.float64]


def grid(points: object, material: int = 0, *, wrap: bool = False, smooth: bool = True) -> Mesh:
    """A surface through an array of points.

    Args:
        points: (R, C, 3) m; columns run right and rows up, seen from outside.
        material: of all faces.
        wrap: the last column is the first one again (both are given); the normals then go round without a seam.
        smooth: whether normals are averaged; else every face is flat.
    Returns: a mesh with (R C) vertices; uv runs 0 .. 1 along columns and rows. Triangles without area are left out.
    """
    array = np.asarray(points, dtype=np.float64)
    rows, columns = array.shape[:2]
    number = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    faces = np.stack([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)], axis=2).reshape(-1, 3)
    vertices = array.reshape(-1, 3)
    faces = with_area(vertices, faces)
    across, up = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    uv = np.column_stack([across.ravel(), up.ravel()])
    materials = np.full(len(faces), material, dtype=np.int16)
    if not smooth:
        return Mesh(vertices, faces, materials, uv)
    same = np.arange(rows * columns).reshape(rows, columns)
    if wrap:
        same[:, -1] = same[:, 0]
    for end in (0, rows - 1):  # a row drawn together to a point has one normal
        if np.ptp(array[end], axis=0).max() < 1e-9:
            same[end] = same[end, 0]
    flat = same.ravel()
    normals = vertex_normals(vertices, flat[faces].astype(np.int32))[flat]
    return Mesh(vertices, faces, materials, uv, normals)


def with_area(vertices: Floats, faces: NDArray[np.int32], least: float = 1e-11) -> NDArray[np.int32]:
    """The triangles whose area is more than `least` m²."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    kept: NDArray[np.int32] = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2 > least]
    return kept


def loft(sections: object, material: int = 0, *, caps: tuple[bool, bool] = (True, True), smooth: bool = True) -> Mesh:
    """A skin over closed cross sections.

    Args:
        sections: (S, N, 3) m; each a ring of N different points, counter-clockwise seen from where the sections lead to.
        caps: whether the first and the last ring are closed by a flat fan.
    """
    rings = np.asarray(sections, dtype=np.float64)
    around = np.concatenate([rings, rings[:, :1]], axis=1)
    parts = [grid(around, material, wrap=True, smooth=smooth)]
    if caps[0] and np.ptp(rings[0], axis=0).max() > 1e-9:
        parts.append(fan(rings[0][::-1], material))
    if caps[1] and np.ptp(rings[-1], axis=0).max() > 1e-9:
        parts.append(fan(rings[-1], material))
    return joined(parts)


def fan(ring: object, material: int = 0) -> Mesh:
    """A flat face for a ring of points that its middle sees all of; counter-clockwise from outside. uv fits the ring's extent."""
    points = np.asarray(ring, dtype=np.float64)
    number = np.arange(len(points), dtype=np.int32)
    faces = np.column_stack([number, np.roll(number, -1), np.full_like(number, len(points))])
    vertices = np.concatenate([points, points.mean(axis=0, keepdims=True)])
    span = np.ptp(vertices, axis=0)
    first, second = np.sort(np.argsort(span)[1:])
    low = vertices.min(axis=0)
    uv = np.column_stack([(vertices[:, k] - low[k]) / max(float(span[k]), 1e-12) for k in (first, second)])
    faces = with_area(vertices, faces)
    return Mesh(vertices, faces, np.full(len(faces), material, dtype=np.int16), uv)


def lathe(profile: object, segments: int = 24, material: int = 0, *, crease: float = 0.6, turn: float = 2 * np.pi) -> Mesh:
    """A profile turned about z.

    Args:
        profile: (P, 2) radius and z in m, with the outside on the right of its way: upwards on an outer wall.
        segments: of a whole turn.
        crease: radians; where the profile bends by more, an edge is sharp.
        turn: radians to turn by, from x counter-clockwise; 2π closes.
    Returns: a mesh whose uv run 0 .. 1 around and along the profile.
    """
    points = np.asarray(profile, dtype=np.float64)
    if len(points) < 2 or (points[:, 0] < 0).any():
        raise ArgumentError("A lathe's profile needs two or more points with radii of at least 0.")
    steps = np.diff(points, axis=0)
    length = np.linalg.norm(steps, axis=1)
    points, steps = points[np.r_[True, length > 1e-9]], steps[length > 1e-9]
    bearing = np.arctan2(steps[:, 1], steps[:, 0])
    bend = np.abs((np.diff(bearing) + np.pi) % (2 * np.pi) - np.pi)
    cuts = [0, *(np.flatnonzero(bend > crease) + 1), len(points) - 1]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])
    along /= along[-1]
    angles = np.linspace(0.0, turn, max(3, round(segments * turn / (2 * np.pi))) + 1)
    closed = turn > 2 * np.pi - 1e-9
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    if closed:
        directions[-1] = directions[0]
    parts = []
    for start, end in pairwise(cuts):
        piece = points[start : end + 1]
        rows = np.empty((len(piece), len(angles), 3))
        rows[..., :2] = piece[:, :1, None] * directions
        rows[..., 2] = piece[:, 1:]
        made = grid(rows, material, wrap=closed)
        uv = made.uv.copy()
        uv[:, 1] = np.repeat(along[start : end + 1], len(angles))
        parts.append(Mesh(made.vertices, made.faces, made.materials, uv, made.normals))
    return joined(parts)


def sweep(path: object, radii: object, segments: int = 8, material: int = 0, *, caps: bool = True) -> Mesh:
    """A round tube, filled, along a path: branches, frames, cables.

    Args:
        path: (S, 3) m. radii: (S,) m or one number.
    """
    places = np.asarray(path, dtype=np.float64)
    sizes = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(places),))
    across, upward = frames_along(places)
    angles = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    rings = places[:, None] + sizes[:, None, None] * (
        np.cos(angles)[None, :, None] * across[:, None] + np.sin(angles)[None, :, None] * upward[:, None]
    )
    return loft(rings, material, caps=(caps, caps))


def frames_along(places: Floats) -> tuple[Floats, Floats]:
    """Two (S, 3) unit vectors across a path that do not spin about it (parallel transport); with the way they are right-handed."""
    way = np.gradient(places, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    first = np.array([1.0, 0.0, 0.0]) if abs(way[0][0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = np.empty_like(places)
    for number, direction in enumerate(way):
        first = first - direction * (first @ direction)
        first = first / np.linalg.norm(first)
        across[number] = first
    return across, np.cross(way, across)


def ribbon(path: object, width: object, material: int = 0, *, z: float = 0.0, crown: float = 0.0, strips: int = 1) -> Mesh:
    """A flat band along a path, seen from above: a road, a lane mark, a pavement.

    Args:
        path: (S, 2 or 3) m; heights default to `z`.
        width: (S,) m or one number.
        crown: m that its middle lies higher. strips: quads across.
    Returns: a mesh whose uv run across (left to right) and along.
    """
    given = np.asarray(path, dtype=np.float64)
    places = given if given.shape[1] == 3 else np.column_stack([given, np.full(len(given), z)])
    way = np.gradient(places[:, :2], axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    left = np.column_stack([-way[:, 1], way[:, 0], np.zeros(len(way))])
    half = np.broadcast_to(np.asarray(width, dtype=np.float64), (len(places),)) / 2
    offsets = np.linspace(1.0, -1.0, strips + 1)
    points = places[:, None] + half[:, None, None] * offsets[None, :, None] * left[:, None]
    points[..., 2] += crown * (1 - offsets**2)[None, :]
    return grid(points, material)


def height_field(heights: object, size: Sequence[float], material: int = 0) -> Mesh:
    """Ground whose height is given on a raster.

    Args:
        heights: (R, C) m; columns along x, rows along y.
        size: m along x and y; the field lies around the origin.
    """
    array = np.asarray(heights, dtype=np.float64)
    if array.ndim != 2 or min(array.shape) < 2:
        raise ArgumentError(f"A height field needs two rows and two columns or more, not the shape {array.shape}.")
    rows, columns = array.shape
    x, y = np.meshgrid(np.linspace(-size[0] / 2, size[0] / 2, columns), np.linspace(-size[1] / 2, size[1] / 2, rows))
    return grid(np.stack([x, y, array], axis=-1), material)
