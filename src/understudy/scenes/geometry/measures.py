"""What can be said of a mesh: volume, closedness, normals with sharp edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh

Floats = NDArray[np.float64]


def signed_volume(shape: Mesh) -> float:
    """m³ inside; negative where the faces of a closed mesh look inwards."""
    a, b, c = (shape.vertices[shape.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def surface(shape: Mesh) -> Floats:
    """(F,) m² of each triangle."""
    a, b, c = (shape.vertices[shape.faces[:, corner]] for corner in range(3))
    areas: Floats = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return areas


def welded(shape: Mesh, tolerance: float = 1e-6) -> NDArray[np.int32]:
    """(V,) the number of the place that each vertex stands on; vertices that stand twice get the same."""
    keys = np.round(shape.vertices / tolerance).astype(np.int64)
    _, places = np.unique(keys, axis=0, return_inverse=True)
    return places.ravel().astype(np.int32)


def is_closed(shape: Mesh) -> bool:
    """Whether every edge is passed once in each direction, so that there is an inside."""
    faces = welded(shape)[shape.faces]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = edges[edges[:, 0] != edges[:, 1]]
    forward, counts = np.unique(edges, axis=0, return_counts=True)
    backward, back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    return bool(np.array_equal(forward, backward) and np.array_equal(counts, back))


def creased(shape: Mesh, angle: float = 0.6) -> Mesh:
    """The same shape, smooth but where neighbouring faces meet at more than `angle` radians.

    Each corner of a face averages, by area, the faces around its place that lie within the angle of its own.
    """
    corners = welded(shape)[shape.faces].ravel()
    a, b, c = (shape.vertices[shape.faces[:, corner]] for corner in range(3))
    weighted = np.cross(b - a, c - a)
    unit = weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-30)
    owner = np.repeat(np.arange(len(shape.faces)), 3)
    order = np.argsort(corners, kind="stable")
    starts = np.searchsorted(corners[order], np.arange(corners.max() + 1))
    counts = np.diff([*starts, len(corners)])
    first, second = _pairs(starts, counts)
    one, other = owner[order[first]], owner[order[second]]
    near = np.einsum("ij,ij->i", unit[one], unit[other]) > np.cos(angle)
    target = order[first[near]]
    sums = [np.bincount(target, weighted[other[near], axis], minlength=len(corners)) for axis in range(3)]
    normals: Floats = np.stack(sums, axis=1).astype(np.float64)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    index = shape.faces.ravel()
    faces = np.arange(len(index), dtype=np.int32).reshape(-1, 3)
    return Mesh(shape.vertices[index], faces, shape.materials, shape.uv[index], normals)


def _pairs(starts: NDArray[np.intp], counts: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All ordered pairs within runs of the given starts and lengths."""
    squares = counts * counts
    run = np.repeat(np.arange(len(counts)), squares)
    within = np.arange(squares.sum()) - np.repeat(np.cumsum(squares) - squares, squares)
    return starts[run] + within // counts[run], starts[run] + within % counts[run]
