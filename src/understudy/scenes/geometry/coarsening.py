"""Coarser variants of meshes, for what is seen from so far that its details are finer than a pixel.

Vertices of a cell of a grid become one of them (Rossignac and Borrel, "Multi-resolution 3D approximations", 1993), in each connected piece
apart, so that what lies on a skin stays on it. Loose leaves become fewer and larger (Cook et al., "Stochastic simplification of aggregate
detail", 2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_FACES = 400
"""A mesh of fewer faces stays as it is: limbs, small parts."""
KEPT_AREA = 0.7
SMALL_SHARE = 0.04
"""A piece that would keep less than `KEPT_AREA` of its area stays as it is, so that wires and tubes do not vanish, unless what goes is less
than `SMALL_SHARE` of the whole mesh."""
LEAF_CELLS = 4.0
"""Leaves become fewer until they are as long as so many cells."""


def coarser(mesh: Mesh, cell: float) -> Mesh:
    """The mesh without details finer than `cell` m; flat ones and small ones as they are. What was asked before is kept with the mesh."""
    if mesh.normals is None or len(mesh.faces) < LEAST_FACES or cell <= 0:
        return mesh
    kept: dict[float, Mesh] = mesh.__dict__.setdefault("_coarser", {})
    if cell not in kept:
        made = _coarse(mesh, mesh.normals, cell)
        kept[cell] = made if len(made.faces) < 0.9 * len(mesh.faces) and len(made.faces) else mesh
    return kept[cell]


def _coarse(mesh: Mesh, normals: Floats, cell: float) -> Mesh:
    piece: Ints | None = mesh.__dict__.get("_piece")
    if piece is None:
        welded = _welded(mesh.vertices)
        piece = mesh.__dict__.setdefault("_piece", _pieces(welded[mesh.faces])[welded])
    leaves = _leaves(mesh, piece)
    solid = ~leaves
    faces, vertices, bent, kept = mesh.faces.copy(), mesh.vertices.copy(), normals.copy(), np.ones(len(mesh.faces), dtype=np.bool_)
    if solid.any():
        place, shade = _representatives(mesh, normals, piece, cell)
        vertices, bent, faces = _clustered(mesh, normals, piece, place, shade, solid)
        kept = _of_size(mesh, piece, cell) & _with_corners(vertices, faces) | leaves
    if leaves.any():
        vertices = _fewer_leaves(mesh, vertices, leaves, piece, kept, cell)
    return Mesh(vertices, faces[kept], mesh.materials[kept], mesh.uv, bent).compact()


def _welded(vertices: Floats) -> Ints:
    """(V,) a number for each place; vertices at the same place have the same."""
    grid = np.round(vertices * 1e5).astype(np.int64)
    return _numbered(grid)


def _numbered(rows: Ints) -> Ints:
    """(N,) equal rows have equal numbers, from 0."""
    low = rows.min(axis=0)
    span = rows.max(axis=0) - low + 1
    key = np.zeros(len(rows), dtype=np.int64)
    for column in range(rows.shape[1]):
        key = key * span[column] + (rows[:, column] - low[column])
    number: Ints = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return number


def _pieces(faces: Ints) -> Ints:
    """(V,) which connected piece each (welded) vertex belongs to."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = int(faces.max()) + 1
    pairs = np.concatenate([faces[:, :2], faces[:, 1:]])
    graph = coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return number


def _leaves(mesh: Mesh, piece: Ints) -> NDArray[np.bool_]:
    """(F,) faces of pieces of two triangles, where there are hundreds of them."""
    of_face = piece[mesh.faces[:, 0]]
    found: NDArray[np.bool_] = np.bincount(of_face)[of_face] == 2
    return found if found.sum() > 400 else np.zeros(len(found), dtype=np.bool_)


def _representatives(mesh: Mesh, normals: Floats, piece: Ints, cell: float) -> tuple[Ints, Ints]:
    """(V,) the vertex whose place each takes: of its piece and cell, the one farthest out; and a number for all that share a normal too."""
    low, high = mesh.bounds
    spot = np.floor((mesh.vertices - low) / cell + 0.5).astype(np.int64)
    group = _numbered(np.column_stack([piece, spot]))
    away = np.linalg.norm(mesh.vertices - (low + high) / 2, axis=1)
    order = np.lexsort((-away, group))
    first = order[np.searchsorted(group[order], np.arange(group.max() + 1))]
    axis = np.abs(normals).argmax(axis=1)
    side = 2 * axis + (normals[np.arange(len(normals)), axis] < 0)
    return first[group], _numbered(np.column_stack([group, side]))


def _clustered(
    mesh: Mesh, normals: Floats, piece: Ints, place: Ints, shade: Ints, solid: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Vertices, normals and faces with those of each group together, but pieces as they were that would lose much of their area."""
    of_face = piece[mesh.faces[:, 0]]
    before, after = _areas(mesh.vertices, mesh.faces), _areas(mesh.vertices, place[mesh.faces])
    count = int(piece.max()) + 1
    whole, left = np.bincount(of_face, before, count), np.bincount(of_face, after, count)
    thin = (left < KEPT_AREA * whole) & (whole - left > SMALL_SHARE * whole.sum())
    thin[of_face[~solid]] = True
    moves = ~thin[piece]
    total: Floats = np.stack([np.bincount(shade, normals[:, axis]).astype(np.float64) for axis in range(3)], axis=1)
    mean = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    number = np.arange(len(shade))
    _, first = np.unique(shade, return_index=True)
    number = np.where(moves, first[shade], number)
    vertices = np.where(moves[:, None], mesh.vertices[place], mesh.vertices)
    return vertices, np.where(moves[:, None], mean[shade], normals), number[mesh.faces].astype(np.int32)


def _of_size(mesh: Mesh, piece: Ints, cell: float) -> NDArray[np.bool_]:
    """(F,) faces of pieces that are longer than a cell."""
    count = int(piece.max()) + 1
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, piece, mesh.vertices)
    np.maximum.at(high, piece, mesh.vertices)
    large: NDArray[np.bool_] = (np.linalg.norm(high - low, axis=1) > cell)[piece[mesh.faces[:, 0]]]
    return large


def _with_corners(vertices: Floats, faces: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(F,) triangles with an area, each but once."""
    kept: NDArray[np.bool_] = _areas(vertices, faces) > 1e-9
    return kept


def _fewer_leaves(mesh: Mesh, vertices: Floats, leaves: NDArray[np.bool_], piece: Ints, kept: NDArray[np.bool_], cell: float) -> Floats:
    """Vertices with leaves grown, where only some are left; those left out are struck from `kept`."""
    of_face = piece[mesh.faces[:, 0]]
    all_of_them = np.unique(of_face[leaves])
    area = _areas(mesh.vertices, mesh.faces)[leaves].sum() / len(all_of_them)
    share = min(1.0, 1.35 * area / (LEAF_CELLS * cell) ** 2)
    if share > 0.9:
        return vertices
    left = np.zeros(int(piece.max()) + 1, dtype=np.bool_)
    left[all_of_them[np.floor(np.arange(len(all_of_them)) * share) != np.floor((np.arange(len(all_of_them)) - 1) * share)]] = True
    kept &= ~leaves | left[of_face]
    counts = np.maximum(np.bincount(piece), 1)
    middle = np.stack([np.bincount(piece, mesh.vertices[:, axis]) for axis in range(3)], axis=1) / counts[:, None]
    grown = middle[piece] + (mesh.vertices - middle[piece]) / np.sqrt(share)
    return np.where(left[piece][:, None], grown, vertices)


def _areas(vertices: Floats, faces: NDArray[np.integer]) -> Floats:
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    u, v = b - a, c - a
    x = u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1]
    y = u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2]
    z = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area: Floats = 0.5 * np.sqrt(x * x + y * y + z * z)
    return area
