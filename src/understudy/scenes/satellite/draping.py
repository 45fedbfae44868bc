"""`DrapedTracer`: rays into a scene whose ground is painted; what a ray meets on the ground is the stuff that is painted there.

The ground is one mesh. For every land cover there is a body of stuff without triangles of its own; hits on the ground are given to the
cover's body, so that labels are made from hits as for any other scene.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import Mesh, mesh
from understudy.scenes.geometry.motion import still
from understudy.scenes.hits import Hits
from understudy.scenes.material import Material
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.satellite.covers import BY_NAME, STUFF, kind_table
from understudy.scenes.satellite.ground import Ground
from understudy.scenes.scene import Body, Link, Scene

Floats = NDArray[np.float64]
GROUND = 0
"""Link of the ground's mesh; those of the covers follow it, in the order of `STUFF`."""


def ground_bodies(ground: Ground, reach: float) -> list[Body]:
    """The ground, and one body for each land cover."""
    shape = ground.relief.mesh() if ground.relief is not None else _level(reach)
    whole = Body("ground", BY_NAME["outside"], 0, (Link(shape, still(), (Material("ground"),)),), (2 * reach, 2 * reach, 0.0))
    nothing = mesh(np.zeros((1, 3)), np.zeros((0, 3)))
    covers = [
        Body(f"cover/{cover.name}", cover.id, 0, (Link(nothing, still(), (Material("ground"),)),), (0.0, 0.0, 0.0)) for cover in STUFF
    ]
    return [whole, *covers]


def _level(reach: float) -> Mesh:
    return mesh([(-reach, -reach, 0), (reach, -reach, 0), (reach, reach, 0), (-reach, reach, 0)], [(0, 1, 2), (0, 2, 3)])


class DrapedTracer(EmbreeTracer):
    """Rays into a scene that begins with `ground_bodies`."""

    def __init__(self, scene: Scene, ground: Ground) -> None:
        super().__init__(scene)
        self.ground = ground
        link_of_cover = np.zeros(256, dtype=np.int32)
        link_of_cover[[cover.id for cover in STUFF]] = GROUND + 1 + np.arange(len(STUFF))
        self._link_of_kind: NDArray[np.int32] = link_of_cover[kind_table().cover]

    def bare(self, link: NDArray[np.int32]) -> NDArray[np.int32]:
        """Links with the ground as one."""
        return np.where((link > GROUND) & (link <= GROUND + len(STUFF)), np.int32(GROUND), link)

    @property
    def still_poses(self) -> Floats:
        """(L, 3, 4) of the links; nothing moves in a picture."""
        poses: Floats = self.motions.at(np.zeros(1))[0]
        return poses

    def met(self, origins: Floats, directions: Floats) -> tuple[Any, ...]:
        """Link (the ground as one), face, barycentric, point and normal of (N, 3) rays in the world."""
        found = self.trace(origins, directions, 0.0)
        far = np.where(found.link >= 0, found.distance, 0.0)
        data = self.packed
        normal = _normals(found.link, found.face, directions, data.vertices, data.faces, data.first_face, self.still_poses)
        return found.link, found.face, np.column_stack([found.u, found.v]), origins + far[:, None] * directions, normal

    def hits(self, camera: Camera, time: float) -> Hits:
        found = super().hits(camera, time)
        on_ground = found.link == GROUND
        kinds, _ = self.ground.look_up(found.point[on_ground])
        found.link[on_ground] = self._link_of_kind[kinds]
        return found


@numba.njit(cache=True, error_model="numpy")
def _normals(link, face, directions, vertices, faces, first_face, poses):  # type: ignore[no-untyped-def]
    """(N, 3) unit normals of the faces that rays met, towards where they came from; 0 for nothing."""
    made = np.zeros((link.shape[0], 3), np.float32)
    for i in range(link.shape[0]):
        if link[i] < 0:
            continue
        corners = faces[first_face[link[i]] + face[i]]
        a, b, c = vertices[corners[0]], vertices[corners[1]], vertices[corners[2]]
        px, py, pz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        qx, qy, qz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        length = np.sqrt(x * x + y * y + z * z)
        pose = poses[link[i]]
        turned = 0.0
        for k in range(3):
            made[i, k] = (pose[k, 0] * x + pose[k, 1] * y + pose[k, 2] * z) / length
            turned += made[i, k] * directions[i, k]
        if turned > 0:
            for k in range(3):
                made[i, k] = -made[i, k]
    return made
