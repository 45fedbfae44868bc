"""`DrapedTracer`: rays into a scene whose ground is painted; what a ray meets on the ground is the stuff that is painted there.

The ground is one mesh. For every land cover there is a body of stuff without triangles of its own; hits on the ground are given to the
cover's body, so that labels are made from hits as for any other scene.
"""

from __future__ import annotations

from typing import Any

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
        found, poses = self._find(origins, directions, np.zeros(1), max(len(origins), 1))
        face, barycentric, _, point, normal = self._refined(found, origins, directions, poses, max(len(origins), 1))
        return found.link, face, barycentric, point, normal

    def hits(self, camera: Camera, time: float) -> Hits:
        found = super().hits(camera, time)
        on_ground = found.link == GROUND
        kinds, _ = self.ground.look_up(found.point[on_ground])
        found.link[on_ground] = self._link_of_kind[kinds]
        return found
