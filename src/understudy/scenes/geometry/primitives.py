"""Simple solids around the origin: boxes with bevelled edges, spheres, cylinders, cones, capsules, tubes. All are closed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.lofts import lathe
from understudy.scenes.geometry.mesh import Mesh, mesh

Floats = NDArray[np.float64]

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
_SIDES = ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1))
"""Axis and sign of a box's faces."""


def box(size: Sequence[float] | Floats, material: int = 0, *, bevel: float = 0.0) -> Mesh:
    """A box around the origin.

    Args:
        size: (3,) m, outer measures.
        bevel: m by which edges and corners are cut; 0 for sharp edges.
    Returns: 12 triangles, 44 with a bevel; each face's uv cover 0 .. 1, upright on the upright faces.
    """
    half = _positive(size) / 2
    bevel = min(bevel, float(half.min()) * 0.98)
    vertices, faces, uv = _box_unit(bevel > 0)
    inner = (half - bevel) if bevel > 0 else half
    return Mesh(np.sign(vertices) * inner + (np.abs(vertices) > 1.5) * np.sign(vertices) * bevel, faces, _zeros(len(faces), material), uv)


@lru_cache(maxsize=2)
def _box_unit(bevelled: bool) -> tuple[Floats, NDArray[np.int32], Floats]:
    """Corners ±1 (±2: those pushed out by the bevel), faces and uv."""
    vertices: list[Floats] = []
    faces: list[list[int]] = []
    uv: list[tuple[float, float]] = []
    index: dict[tuple[float, ...], int] = {}
    for axis, sign in _SIDES:
        first, second = _axes_of(axis, sign)
        start = len(vertices)
        for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            corner = sign * np.eye(3)[axis] * (2.0 if bevelled else 1.0) + u * first + v * second
            index[tuple(corner)] = len(vertices)
            vertices.append(corner)
            uv.append(((u + 1) / 2, (v + 1) / 2))
        faces += [[start, start + 1, start + 2], [start, start + 2, start + 3]]
    points = np.array(vertices)
    if bevelled:
        faces += _bevel_faces(points, index)
    return points, np.array(faces, dtype=np.int32), np.array(uv)


def _bevel_faces(points: Floats, index: dict[tuple[float, ...], int]) -> list[list[int]]:
    """The strips along a box's twelve edges and the triangles at its eight corners."""
    found: list[list[int]] = []
    for axis, other in ((0, 1), (1, 2), (2, 0)):
        third = 3 - axis - other
        for s in (-1.0, 1.0):
            for t in (-1.0, 1.0):
                ring = []
                for end, (a, b) in ((-1.0, (2, 1)), (1.0, (2, 1)), (1.0, (1, 2)), (-1.0, (1, 2))):
                    corner = np.zeros(3)
                    corner[axis], corner[other], corner[third] = s * a, t * b, end
                    ring.append(index[tuple(corner)])
                found += [ring[:3], [ring[0], ring[2], ring[3]]]
    for signs in _CORNERS:
        found.append([index[tuple(signs * np.where(np.arange(3) == axis, 2.0, 1.0))] for axis in range(3)])
    return [_outward(points, face) for face in found]


def _outward(points: Floats, face: list[int]) -> list[int]:
    a, b, c = points[face]
    return face if np.cross(b - a, c - a) @ (a + b + c) > 0 else face[::-1]


def _axes_of(axis: int, sign: int) -> tuple[Floats, Floats]:
    """Right and up on the face of a box seen from outside."""
    up = np.array([0.0, 0.0, 1.0]) if axis < 2 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, sign * np.eye(3)[axis])
    return right, up


def sphere(radius: float, segments: int = 24, material: int = 0) -> Mesh:
    """A sphere around the origin, of `segments` around and half as many rings."""
    return ellipsoid((2 * radius,) * 3, segments, material)


def ellipsoid(size: Sequence[float], segments: int = 24, material: int = 0) -> Mesh:
    """An ellipsoid around the origin with its diameters (3,) in m."""
    full = _positive(size)
    angles = np.linspace(-np.pi / 2, np.pi / 2, max(3, segments // 2) + 1)
    profile = np.column_stack([np.cos(angles), np.sin(angles)])
    profile[[0, -1], 0] = 0.0
    return lathe(profile, segments, material, crease=9.0).scaled([float(side) / 2 for side in full])


def cylinder(radius: float, height: float, segments: int = 24, material: int = 0, *, top: float | None = None, bevel: float = 0.0) -> Mesh:
    """A cylinder, or a cone cut off, standing on z = 0 with its axis along z.

    Args:
        top: radius at the top in m; None: the same; 0 makes a cone.
        bevel: m by which the two rims are cut.
    """
    upper = radius if top is None else top
    _positive([radius, height])
    profile = [(0.0, 0.0), (radius - bevel, 0.0), (radius, bevel), (upper, height - bevel), (upper - bevel, height), (0.0, height)]
    return lathe(np.maximum(profile, 0.0), segments, material)


def cone(radius: float, height: float, segments: int = 24, material: int = 0) -> Mesh:
    """A cone standing on z = 0."""
    return cylinder(radius, height, segments, material, top=0.0)


def capsule(length: float, radius: float, segments: int = 12, material: int = 0, *, top: float | None = None) -> Mesh:
    """Two half spheres of `radius` (`top`: of the upper one), `length` m apart, and what joins them, the lower one at the origin."""
    upper = radius if top is None else top
    _positive([radius, upper])
    angles = np.linspace(0, np.pi / 2, max(2, segments // 4) + 1)
    below = np.column_stack([radius * np.sin(angles), -radius * np.cos(angles)])
    above = np.column_stack([upper * np.cos(angles), length + upper * np.sin(angles)])
    above[-1, 0] = below[0, 0] = 0.0
    return lathe(np.concatenate([below, above]), segments, material, crease=9.0)


def tube(outer: float, inner: float, height: float, segments: int = 24, material: int = 0) -> Mesh:
    """A pipe standing on z = 0, open at both ends."""
    _positive([outer, inner, height])
    if inner >= outer:
        raise ArgumentError(f"A tube's inner radius, {inner:g} m, must be less than its outer one, {outer:g} m.")
    profile = [(inner, height), (inner, 0.0), (outer, 0.0), (outer, height), (inner, height)]
    return lathe(profile, segments, material)


def plane(size: Sequence[float], material: int = 0) -> Mesh:
    """A rectangle on z = 0 around the origin, seen from above."""
    x, y = np.asarray(size, dtype=np.float64) / 2
    return mesh([[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]], [[0, 1, 2], [0, 2, 3]], material, [[0, 0], [1, 0], [1, 1], [0, 1]])


def panel(width: float, height: float, material: int = 0) -> Mesh:
    """An upright rectangle that faces forward (x) around the origin; a print on it reads from there."""
    x, y = width / 2, height / 2
    corners = [[0, -x, -y], [0, x, -y], [0, x, y], [0, -x, y]]
    return mesh(corners, [[0, 1, 2], [0, 2, 3]], material, [[0, 0], [1, 0], [1, 1], [0, 1]])


def _zeros(count: int, material: int) -> NDArray[np.int16]:
    return np.full(count, material, dtype=np.int16)


def _positive(sizes: Sequence[float] | Floats) -> Floats:
    array = np.asarray(sizes, dtype=np.float64)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ArgumentError(f"Sizes must be finite and more than 0 m, not {', '.join(f'{size:g}' for size in array)}.")
    return array
