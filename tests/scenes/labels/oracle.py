"""A tracer of a few lines that tests every ray against every triangle (Möller and Trumbore, 1997), and simple scenes."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import Mesh, mesh
from understudy.scenes.geometry.motion import Motion, looking, still
from understudy.scenes.hits import Hits
from understudy.scenes.material import Material
from understudy.scenes.scene import Body, Link, Scene

Floats = NDArray[np.float64]
EDGE = 1e-9
"""By which triangles are wider, so that no ray slips through between two."""

GREY = (Material("grey"),)
CATEGORIES = (
    Category(1, "car", color=(220, 60, 60)),
    Category(2, "person", color=(60, 90, 220), keypoints=("top", "left", "right"), skeleton=((0, 1), (0, 2)), flips=(0, 2, 1)),
    Category(3, "road", thing=False, color=(110, 100, 110)),
    Category(4, "sky", thing=False, color=(150, 190, 240)),
    Category(5, "traffic_light", color=(240, 200, 40)),
)


class Oracle:
    def __init__(self, scene: Scene) -> None:
        self.links = [link for _, _, link in scene.links()]

    def hits(self, camera: Camera, time: float) -> Hits:
        height, width = camera.height, camera.width
        times = time + ((np.arange(height) + 0.5) / height - 0.5) * camera.readout
        grid = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
        shapes = {"link": (np.int32, ()), "face": (np.int32, ()), "distance": (np.float64, ()), "point": (np.float64, (3,)),
                  "normal": (np.float32, (3,)), "barycentric": (np.float32, (2,))}  # fmt: skip
        found = {name: np.empty((height, width, *shape), kind) for name, (kind, shape) in shapes.items()}
        for moment in np.unique(times):
            rows = np.flatnonzero(times == moment)
            pose = camera.motion.at(float(moment))
            starts, ahead = camera.rays(grid[rows].reshape(-1, 2))
            traced = self._trace(starts @ pose[:3, :3].T + pose[:3, 3], ahead @ pose[:3, :3].T, float(moment))
            for name, values in traced.items():
                found[name][rows] = values.reshape(len(rows), width, *values.shape[1:])
        return Hits(times=times, **found)

    def cast(
        self, origins: Floats, directions: Floats, time: float, only: tuple[int, ...] | None = None
    ) -> tuple[NDArray[np.int32], Floats]:
        traced = self._trace(origins, directions, time, only)
        return traced["link"], traced["distance"]

    def _trace(self, origins: Floats, directions: Floats, time: float, only: Sequence[int] | None = None) -> dict[str, NDArray]:
        count = len(origins)
        link, face = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
        distance, barycentric = np.full(count, np.inf), np.zeros((count, 2), np.float32)
        normal = np.zeros((count, 3), np.float32)
        for number in range(len(self.links)) if only is None else only:
            part = self.links[number]
            pose = part.motion.at(time)
            vertices = part.mesh.vertices @ pose[:3, :3].T + pose[:3, 3]
            middle = vertices.mean(axis=0)
            off = np.linalg.norm(np.cross(middle - origins, directions), axis=1)
            near = np.flatnonzero(off <= np.linalg.norm(vertices - middle, axis=1).max() + EDGE)
            far, met, place, flat = nearest(origins[near], directions[near], vertices[part.mesh.faces])
            kept = far < distance[near]
            rays = near[kept]
            link[rays], face[rays], distance[rays] = number, met[kept], far[kept]
            barycentric[rays], normal[rays] = place[kept], flat[kept]
        point = origins + np.where(np.isfinite(distance), distance, np.nan)[:, None] * directions
        return {"link": link, "face": face, "distance": distance, "point": point, "normal": normal, "barycentric": barycentric}


@numba.njit(cache=True, error_model="numpy")
def nearest(origins, directions, corners):  # type: ignore[no-untyped-def]
    """Of each ray: distance to the nearest triangle, its position, u and v, and its normal towards the ray's start."""
    count = origins.shape[0]
    distance, face = np.full(count, np.inf), np.full(count, -1)
    place, normal = np.zeros((count, 2)), np.zeros((count, 3))
    for k in range(corners.shape[0]):
        a, ab, ac = corners[k, 0], corners[k, 1] - corners[k, 0], corners[k, 2] - corners[k, 0]
        flat = np.cross(ab, ac)
        area = np.sqrt((flat * flat).sum())
        if area < 1e-12:
            continue
        for ray in range(count):
            d = directions[ray]
            volume = -(d[0] * flat[0] + d[1] * flat[1] + d[2] * flat[2])
            s0, s1, s2 = origins[ray, 0] - a[0], origins[ray, 1] - a[1], origins[ray, 2] - a[2]
            far = (s0 * flat[0] + s1 * flat[1] + s2 * flat[2]) / volume
            e0, e1, e2 = s1 * d[2] - s2 * d[1], s2 * d[0] - s0 * d[2], s0 * d[1] - s1 * d[0]
            u, v = (ac[0] * e0 + ac[1] * e1 + ac[2] * e2) / volume, -(ab[0] * e0 + ab[1] * e1 + ab[2] * e2) / volume
            if u >= -EDGE and v >= -EDGE and u + v <= 1 + EDGE and EDGE < far < distance[ray]:
                distance[ray], face[ray], place[ray, 0], place[ray, 1] = far, k, u, v
                normal[ray] = flat / area if volume > 0 else -flat / area
    return distance, face, place, normal


def box(length: float, width: float, height: float) -> Mesh:
    """Around the origin."""
    corners = [[x, y, z] for x in (-length / 2, length / 2) for y in (-width / 2, width / 2) for z in (-height / 2, height / 2)]
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return mesh(corners, [triangle for a, b, c, d in sides for triangle in ((a, b, c), (a, c, d))])


def square(side: float) -> Mesh:
    """Level, seen from above."""
    h = side / 2
    return mesh([[-h, -h, 0], [h, -h, 0], [h, h, 0], [-h, h, 0]], [[0, 1, 2], [0, 2, 3]])


def sphere(radius: float, steps: int = 48) -> Mesh:
    """Its vertices lie on the sphere."""
    polar, around = np.meshgrid(np.linspace(0, np.pi, steps + 1), np.linspace(0, 2 * np.pi, 2 * steps + 1), indexing="ij")
    points = radius * np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1).reshape(-1, 3)
    row, column = (index.ravel() for index in np.mgrid[:steps, : 2 * steps])
    a = row * (2 * steps + 1) + column
    return mesh(
        points, np.concatenate([np.stack([a, a + 2 * steps + 1, a + 1], 1), np.stack([a + 1, a + 2 * steps + 1, a + 2 * steps + 2], 1)])
    )


def thing(
    track: int, shape: Mesh, motion: Motion, category: int = 1, size: tuple[float, float, float] = (1.0, 1.0, 1.0), **more: object
) -> Body:
    return Body(f"thing/{track}", category, track, (Link(shape, motion, GREY),), size, **more)  # type: ignore[arg-type]


def ground(side: float = 400.0) -> Body:
    return Body("ground", 3, 0, (Link(square(side), still(), GREY),), (side, side, 0.0))


def ahead(place: tuple[float, float, float] = (0.0, 0.0, 1.5), **more: object) -> Camera:
    """A camera that looks along x."""
    return Camera("front", motion=still(place, looking((place[0] + 1, place[1], place[2]), place)), **more)  # type: ignore[arg-type]


def scene(bodies: Sequence[Body], cameras: Sequence[Camera], times: Sequence[float] = (0.0,), **more: object) -> Scene:
    rate = 0.0 if len(times) < 2 else 1 / (times[1] - times[0])
    return Scene("driving", tuple(bodies), tuple(cameras), np.array(times), CATEGORIES, 4, rate, **more)  # type: ignore[arg-type]
