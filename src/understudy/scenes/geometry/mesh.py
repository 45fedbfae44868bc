"""`Mesh`: triangles in an object's own coordinates, and what they are joined from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """Triangles.

    Attributes:
        vertices: (V, 3) m, in the object's own coordinates (x forward, y left, z up).
        faces: (F, 3) int32, counter-clockwise seen from outside.
        materials: (F,) int16, position in the link's list of materials.
        uv: (V, 2) for prints, in 0 .. 1; zeros where there are none. Where a seam is needed, vertices stand twice.
        normals: (V, 3) unit vectors for smooth shading; None: each face is flat.
    """

    vertices: Floats
    faces: NDArray[np.int32]
    materials: NDArray[np.int16]
    uv: Floats
    normals: Floats | None = None

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """Least and greatest corner, (3,) each."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)

    def moved(self, rotation: Floats | None = None, offset: Sequence[float] | Floats = (0.0, 0.0, 0.0)) -> Mesh:
        """Turned by a (3, 3) rotation matrix, then shifted."""
        turned = self.vertices if rotation is None else self.vertices @ rotation.T
        normals = self.normals if self.normals is None or rotation is None else self.normals @ rotation.T
        return Mesh(turned + np.asarray(offset, dtype=np.float64), self.faces, self.materials, self.uv, normals)

    def scaled(self, factors: Sequence[float] | float) -> Mesh:
        """Stretched by a positive factor, or one for each axis."""
        scale = np.broadcast_to(np.asarray(factors, dtype=np.float64), (3,))
        normals = self.normals
        if normals is not None:
            normals = normals / scale
            normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return Mesh(self.vertices * scale, self.faces, self.materials, self.uv, normals)

    def of_material(self, material: int) -> Mesh:
        """The same shape, all of one material."""
        return Mesh(self.vertices, self.faces, np.full(len(self.faces), material, dtype=np.int16), self.uv, self.normals)

    def compact(self) -> Mesh:
        """Without vertices that no face has."""
        used, faces = np.unique(self.faces, return_inverse=True)
        normals = None if self.normals is None else self.normals[used]
        return Mesh(self.vertices[used], faces.reshape(-1, 3).astype(np.int32), self.materials, self.uv[used], normals)

    def face_normals(self) -> Floats:
        """(F, 3) unit vectors; 0 for triangles without area."""
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        cross = np.cross(b - a, c - a)
        unit: Floats = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-30)
        return unit


def mesh(vertices: object, faces: object, material: int = 0, uv: object = None, *, smooth: bool = False) -> Mesh:
    """A mesh of one material from anything like arrays; `smooth` averages the normals of faces that share a vertex, weighted by area."""
    points = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
    triangles = np.asarray(faces, dtype=np.int32).reshape(-1, 3)
    prints = np.zeros((len(points), 2)) if uv is None else np.asarray(uv, dtype=np.float64).reshape(-1, 2)
    made = Mesh(points, triangles, np.full(len(triangles), material, dtype=np.int16), prints)
    return Mesh(points, triangles, made.materials, prints, vertex_normals(points, triangles)) if smooth else made


def vertex_normals(vertices: Floats, faces: NDArray[np.int32]) -> Floats:
    """(V, 3) unit normals, averaged over the faces around each vertex by their area."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    cross = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], cross)
    unit: Floats = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return unit


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several, in order; materials keep their positions. Flat parts of a smooth whole get their vertices for each face."""
    parts = [part for part in meshes if len(part.faces)]
    if not parts:
        return mesh(np.zeros((0, 3)), np.zeros((0, 3)))
    if any(part.normals is not None for part in parts):
        parts = [part if part.normals is not None else _split(part) for part in parts]
    starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + np.int32(start) for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.materials for part in parts]),
        np.concatenate([part.uv for part in parts]),
        None if parts[0].normals is None else np.concatenate([part.normals for part in parts if part.normals is not None]),
    )


def _split(part: Mesh) -> Mesh:
    """Every face with vertices of its own, so that it can be flat beside smooth ones."""
    corners = part.faces.ravel()
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Mesh(part.vertices[corners], faces, part.materials, part.uv[corners], np.repeat(part.face_normals(), 3, axis=0))
