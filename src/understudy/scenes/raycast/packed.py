"""All meshes of a scene in a few arrays, which is what kernels want. A mesh that several links share is there once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.scene import Link


@dataclass(frozen=True)
class Packed:
    """Meshes one after another.

    Attributes:
        meshes: those that differ. mesh: (L,) position of each link's in them.
        vertices: (V, 3) m in the link's coordinates. faces: (F, 3) positions in vertices.
        uv: (V, 2). normals: (V, 3), 0 where a mesh is flat.
        materials: (F,) position in the link's list of materials.
        first_face: (L,) where each link's faces begin.
    """

    meshes: tuple[Mesh, ...]
    mesh: NDArray[np.int64]
    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]
    normals: NDArray[np.float32]
    materials: NDArray[np.int16]
    first_face: NDArray[np.int64]


def packed(links: Sequence[Link]) -> Packed:
    positions: dict[int, int] = {}
    meshes: list[Mesh] = []
    for link in links:
        if id(link.mesh) not in positions:
            positions[id(link.mesh)] = len(meshes)
            meshes.append(link.mesh)
    of_link = np.array([positions[id(link.mesh)] for link in links], dtype=np.int64)
    vertex_starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    face_starts = np.cumsum([0, *(len(mesh.faces) for mesh in meshes)])
    return Packed(
        meshes=tuple(meshes),
        mesh=of_link,
        vertices=_joined([mesh.vertices for mesh in meshes], np.float64, 3),
        faces=_joined([mesh.faces + np.int32(start) for mesh, start in zip(meshes, vertex_starts, strict=False)], np.int32, 3),
        uv=_joined([mesh.uv for mesh in meshes], np.float32, 2),
        normals=_joined([np.zeros_like(mesh.vertices) if mesh.normals is None else mesh.normals for mesh in meshes], np.float32, 3),
        materials=np.concatenate([np.zeros(0, np.int16), *(mesh.materials.astype(np.int16) for mesh in meshes)]),
        first_face=face_starts[:-1][of_link].astype(np.int64) if len(links) else np.zeros(0, np.int64),
    )


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.generic], width: int) -> NDArray[Any]:
    return np.concatenate([np.zeros((0, width), kind), *(part.astype(kind, copy=False) for part in parts)])
