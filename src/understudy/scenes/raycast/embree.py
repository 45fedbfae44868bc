"""`EmbreeTracer`: rays into a scene through Embree (Wald et al., "Embree: a kernel framework for efficient CPU ray tracing", 2014).

What stands still is one shape in Embree, built once, in coordinates near the first camera so that single precision suffices. What moves,
and large meshes that several links share, keep a shape each in their own coordinates, which is put to its pose; so nothing is ever built
again. Where rays belong to different times, they are taken into the shapes' coordinates instead, and a rolling shutter is exact: every row
has poses of its own. Embree finds the triangle; where the ray meets it is computed anew in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.hits import Hits
from understudy.scenes.raycast.broad import boxes_around, pairs_of, tree_of
from understudy.scenes.raycast.embree_library import FAR, Placed, Shape, hidden, library, nearest, shape_of
from understudy.scenes.raycast.lens import pixel_rays
from understudy.scenes.raycast.packed import Packed, packed
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
SHARED_FACES = 200
"""A mesh of as many faces that several links share is built once; smaller ones are cheaper as part of the whole."""
ANYWHERE = np.zeros(0)
"""Limits of rays that have none."""
NONE = np.zeros(0, np.int32)


@dataclass
class Found:
    """What N rays met first. link, face: -1 for nothing. u, v: as in `Hits`. distance: in lengths of the
    ray's direction, inf for nothing."""

    link: Ints
    face: Ints
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    distance: Floats


class EmbreeTracer:
    """Rays into a scene.

    Raises:
        MissingExtraError: embreex is not installed.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.links = [link for _, _, link in scene.links()]
        self.packed: Packed = packed(self.links)
        self.motions = Motions.of([link.motion for link in self.links])
        self.origin = scene.cameras[0].motion.at(float(scene.times[0]))[:3, 3].copy() if scene.cameras else np.zeros(3)
        bounds = [mesh.bounds if len(mesh.faces) else (np.zeros(3), np.zeros(3)) for mesh in self.packed.meshes]
        self._lows = np.array([bounds[mesh][0] for mesh in self.packed.mesh]).reshape(-1, 3)
        self._highs = np.array([bounds[mesh][1] for mesh in self.packed.mesh]).reshape(-1, 3)
        self._apart = self._links_apart()
        self._still = self.poses(0.0)
        merged = np.setdiff1d(np.arange(len(self.links)), self._apart)
        self._whole, self._whole_link, self._whole_face = self._merged([int(link) for link in merged if len(self.links[link].mesh.faces)])
        self._put: tuple[float, Placed | None, Floats] | None = None
        self._rays: tuple[object, tuple[Floats, Floats]] | None = None
        self._asked: tuple[object, NDArray[np.int64], Floats, tuple[Floats, NDArray[np.int64]]] | None = None

    # -- rays

    def hits(self, camera: Camera, time: float) -> Hits:
        """What the camera sees at `time`, of the middle row with a rolling shutter."""
        height, width = camera.height, camera.width
        times = time + ((np.arange(height) + 0.5) / height - 0.5) * camera.readout
        rolling = camera.readout > 0
        moments = times if rolling else np.array([time])
        views = Motions.of([camera.motion]).at(moments)[:, 0]
        origins, directions = self.world_rays(camera, views)
        moment = np.repeat(np.arange(len(moments), dtype=np.int32), width if rolling else height * width)
        found, poses = self._find(origins, directions, moments, moment, width=width)
        face, barycentric, distance, point, normal = self._refined(found, origins, directions, poses, moment)
        return Hits(
            link=found.link.reshape(height, width),
            face=face.reshape(height, width),
            barycentric=barycentric.reshape(height, width, 2),
            distance=distance.reshape(height, width),
            point=point.reshape(height, width, 3),
            normal=normal.reshape(height, width, 3),
            times=times,
        )

    def cast(
        self, origins: Floats, directions: Floats, time: float, only: tuple[int, ...] | None = None
    ) -> tuple[NDArray[np.int32], Floats]:
        """Link (-1: none) and distance (inf: none) of the first hit along (N, 3) rays in the world; `only` looks at these links alone."""
        found = self.trace(origins, directions, time, only)
        return found.link, found.distance

    def trace(
        self,
        origins: Floats,
        directions: Floats,
        time: float,
        only: tuple[int, ...] | None = None,
        limits: Floats | None = None,
        *,
        alike: bool = True,
    ) -> Found:
        """All known of the first hit along (N, 3) rays in the world, up to (N,) `limits`. alike: neighbours go much the same way."""
        origins, directions = np.ascontiguousarray(origins, dtype=np.float64), np.ascontiguousarray(directions, dtype=np.float64)
        found, _ = self._find(origins, directions, np.array([float(time)]), np.zeros(len(origins), np.int32), only, limits, alike=alike)
        return found

    def trace_at(self, origins: Floats, directions: Floats, moments: Floats, moment: Ints) -> Found:
        """The first hit along rays that each look at the scene at one of (T,) `moments`."""
        return self._find(origins, directions, moments, moment)[0]

    def blocked(
        self, origins: Floats, directions: Floats, time: float, limits: Floats | None = None, *, alike: bool = True
    ) -> NDArray[np.bool_]:
        """(N,) whether anything is on (N, 3) rays in the world before (N,) `limits`. alike: neighbours go much the same way."""
        origins, directions = np.ascontiguousarray(origins, dtype=np.float64), np.ascontiguousarray(directions, dtype=np.float64)
        code, placed = library(), self._placed(float(time))[0]
        arguments = code.together if alike else code.apart
        blocked: NDArray[np.bool_] = hidden(
            code.occluded, arguments.ctypes.data, _handle(self._whole), _handle(placed), self.origin, origins, directions,
            ANYWHERE if limits is None else np.asarray(limits, dtype=np.float64),
        )  # fmt: skip
        return blocked

    def poses(self, time: float) -> Floats:
        """(L, 3, 4) of all links, object to world."""
        poses: Floats = self.motions.at(np.array([float(time)]))[0]
        return poses

    def camera_rays(self, camera: Camera) -> tuple[Floats, Floats]:
        """Origins (one, or one a pixel) and directions in the camera's coordinates."""
        return pixel_rays(camera)

    def world_rays(self, camera: Camera, views: Floats) -> tuple[Floats, Floats]:
        """Origins and directions in the world of the rays of all pixels, with one view or one for each row; the last ones are kept."""
        key = (camera, views.tobytes())
        if self._rays is None or self._rays[0] != key:
            self._rays = (key, world_rays(*self.camera_rays(camera), views, camera.width))
        return self._rays[1]

    # -- what is built

    def _links_apart(self) -> NDArray[np.int64]:
        """Links with a shape of their own: those that move, and large meshes that occur more than once."""
        often = np.bincount(self.packed.mesh, minlength=len(self.packed.meshes))
        large = np.array([len(mesh.faces) >= SHARED_FACES for mesh in self.packed.meshes], dtype=np.bool_)
        shared = (often > 1) & large
        apart = [
            number
            for number, link in enumerate(self.links)
            if len(link.mesh.faces) and (link.motion.moves or shared[self.packed.mesh[number]])
        ]
        return np.array(apart, dtype=np.int64)

    def _merged(self, links: Sequence[int]) -> tuple[Shape | None, Ints, Ints]:
        """One shape of all links that stand still, and the link and the face of each of its triangles."""
        if not links:
            return None, np.zeros(0, np.int32), np.zeros(0, np.int32)
        vertices, faces, start = [], [], 0
        for number in links:
            link = self.links[number]
            vertices.append(link.mesh.vertices @ link.motion.rotations[0].T + (link.motion.positions[0] - self.origin))
            faces.append(link.mesh.faces + np.int32(start))
            start += len(link.mesh.vertices)
        counts = [len(part) for part in faces]
        shape = Shape(np.concatenate(vertices), np.concatenate(faces))
        return (
            shape,
            np.repeat(np.array(links, dtype=np.int32), counts),
            np.concatenate([np.arange(count, dtype=np.int32) for count in counts]),
        )

    def _mesh_of(self, link: int) -> Mesh:
        mesh: Mesh = self.packed.meshes[self.packed.mesh[link]]
        return mesh

    def _placed(self, time: float) -> tuple[Placed | None, Floats]:
        """The links apart where they are at `time`, and their poses (1, M, 3, 4)."""
        if self._put is None or self._put[0] != time:
            placed = self._put[1] if self._put else None
            if placed is None and len(self._apart):
                placed = Placed([shape_of(self._mesh_of(int(link))) for link in self._apart])
            poses = self.poses(time)[None, self._apart]
            if placed is not None:
                near = poses[0].copy()
                near[:, :, 3] -= self.origin
                placed.put(near)
            self._put = (time, placed, poses)
        return self._put[1], self._put[2]

    # -- what is found

    def _members(self, only: tuple[int, ...] | None, moments: Floats) -> tuple[NDArray[np.int64], Floats, tuple[Floats, NDArray[np.int64]]]:
        """Links that are asked apart, their poses (T, M, 3, 4), and the tree over their boxes."""
        key = (only, moments.tobytes())
        if self._asked is None or self._asked[0] != key:
            members = self._apart if only is None else np.array([link for link in only if len(self.links[link].mesh.faces)], dtype=np.int64)
            poses = Motions.of([self.links[link].motion for link in members]).at(moments)
            self._asked = (key, members, poses, tree_of(boxes_around(self._lows[members], self._highs[members], poses)))
        return self._asked[1:]

    def _find(
        self,
        origins: Floats,
        directions: Floats,
        moments: Floats,
        moment: Ints,
        only: tuple[int, ...] | None = None,
        limits: Floats | None = None,
        width: int = 0,
        alike: bool = True,
    ) -> tuple[Found, Floats]:
        """First hits of rays, each at one of `moments`, and the poses that members had. width: of the picture that rays make up, or 0."""
        if only is None and len(moments) == 1:
            placed, poses = self._placed(float(moments[0]))
            found = self._met(origins, directions, limits, placed, width, alike=alike)
        else:
            found = self._met(origins, directions, limits, None, width) if only is None else _nothing(len(origins), limits)
            poses = self._nearer(found, origins, directions, moments, moment, only)
        found.distance[found.link < 0] = np.inf
        return found, poses

    def _met(
        self, origins: Floats, directions: Floats, limits: Floats | None, placed: Placed | None, width: int, *, alike: bool = True
    ) -> Found:
        """First hits with what stands still and what is `placed`."""
        code = library()
        arguments = code.together if alike else code.apart
        return Found(*nearest(
            code.intersect, arguments.ctypes.data, _handle(self._whole), _handle(placed), self.origin, origins, directions,
            ANYWHERE if limits is None else np.asarray(limits, dtype=np.float64), self._whole_link, self._whole_face, self._apart, width,
        ))  # fmt: skip

    def _nearer(
        self, found: Found, origins: Floats, directions: Floats, moments: Floats, moment: Ints, only: tuple[int, ...] | None
    ) -> Floats:
        """Puts nearer hits with links apart (or `only` those) into `found`; gives the poses that they had."""
        code = library()
        members, poses, (bounds, children) = self._members(only, moments)
        rays, starts = pairs_of(bounds, children, len(members), origins, directions, found.distance)
        if len(rays):
            near, ahead, far = local_rays(rays, starts, origins, directions, found.distance, poses, moment)
            for position in np.flatnonzero(np.diff(starts)):
                part = slice(starts[position], starts[position + 1])
                link = members[position]
                hit, face, u, v, distance = nearest(
                    code.intersect, code.apart.ctypes.data, shape_of(self._mesh_of(link)).scene, 0, np.zeros(3),
                    near[part], ahead[part], far[part], NONE, NONE, self._apart, 0,
                )  # fmt: skip
                keep_nearer(rays[part], hit, face, distance, u, v, link, found.link, found.face, found.u, found.v, found.distance)
        return poses

    def _refined(self, found: Found, origins: Floats, directions: Floats, poses: Floats, moment: Ints) -> tuple[Any, ...]:
        """Face, barycentric, distance, point and normal in double precision, from the triangle that was hit."""
        position = np.full(len(self.links), -1, dtype=np.int64)
        position[self._apart] = np.arange(len(self._apart))
        data = self.packed
        refined = refine(
            found.link, found.face, found.u, found.v, found.distance, origins, directions, self._still, poses, position, moment,
            data.vertices, data.faces, data.first_face,
        )  # fmt: skip
        return (found.face, *refined)


def _nothing(count: int, limits: Floats | None) -> Found:
    none = np.full(count, -1, dtype=np.int32)
    zeros = np.zeros(count, dtype=np.float32)
    return Found(none, none.copy(), zeros, zeros.copy(), np.full(count, FAR) if limits is None else np.array(limits, dtype=np.float64))


def _handle(scene: Shape | Placed | None) -> int:
    return 0 if scene is None else scene.scene


# -- kernels


@numba.njit(cache=True)
def world_rays(places, ahead, views, width):  # type: ignore[no-untyped-def]
    """Origins and directions in the world of rays in camera coordinates, with one view, or one for each row of `width` rays."""
    count = ahead.shape[0]
    origins, directions = np.empty((count, 3)), np.empty((count, 3))
    for ray in range(count):
        view = ray // width if views.shape[0] > 1 else 0
        place = ray if places.shape[0] > 1 else 0
        for i in range(3):
            a, b, c = views[view, i, 0], views[view, i, 1], views[view, i, 2]
            directions[ray, i] = a * ahead[ray, 0] + b * ahead[ray, 1] + c * ahead[ray, 2]
            origins[ray, i] = views[view, i, 3] + a * places[place, 0] + b * places[place, 1] + c * places[place, 2]
    return origins, directions


@numba.njit(cache=True)
def local_rays(rays, starts, origins, directions, limits, poses, moments):  # type: ignore[no-untyped-def]
    """Rays in the coordinates of the box that they may meet."""
    near, ahead = np.empty((rays.shape[0], 3)), np.empty((rays.shape[0], 3))
    far = np.empty(rays.shape[0])
    for box in range(starts.shape[0] - 1):
        for k in range(starts[box], starts[box + 1]):
            ray = rays[k]
            moment = moments[ray]
            x = origins[ray, 0] - poses[moment, box, 0, 3]
            y = origins[ray, 1] - poses[moment, box, 1, 3]
            z = origins[ray, 2] - poses[moment, box, 2, 3]
            for i in range(3):
                a, b, c = poses[moment, box, 0, i], poses[moment, box, 1, i], poses[moment, box, 2, i]
                near[k, i] = a * x + b * y + c * z
                ahead[k, i] = a * directions[ray, 0] + b * directions[ray, 1] + c * directions[ray, 2]
            far[k] = limits[ray]
    return near, ahead, far


@numba.njit(cache=True)
def keep_nearer(rays, hit, face, far, u, v, link, links, faces, us, vs, distances):  # type: ignore[no-untyped-def]
    for k in range(rays.shape[0]):
        ray = rays[k]
        if hit[k] >= 0 and far[k] < distances[ray]:
            links[ray], faces[ray], us[ray], vs[ray], distances[ray] = link, face[k], u[k], v[k], far[k]


@numba.njit(cache=True, error_model="numpy")
def refine(  # type: ignore[no-untyped-def]
    link, face, u, v, distance, origins, directions, still, poses, position, moments, vertices, faces, first_face
):
    """Where rays meet the planes of the triangles that they hit. poses: of links that have a `position`; still: of the others."""
    count = link.shape[0]
    barycentric, refined = np.zeros((count, 2), np.float32), np.full(count, np.inf)
    point, normal = np.full((count, 3), np.nan), np.zeros((count, 3), np.float32)
    pose = np.empty((3, 4))
    last = -1
    for ray in range(count):
        number = link[ray]
        if number < 0:
            continue
        moment = moments[ray]
        slot = position[number]
        if slot >= 0:
            for i in range(3):
                for j in range(4):
                    pose[i, j] = poses[moment, slot, i, j]
        elif number != last:
            for i in range(3):
                for j in range(4):
                    pose[i, j] = still[number, i, j]
        last = number if slot < 0 else -1
        triangle = first_face[number] + face[ray]
        a, b, c = faces[triangle, 0], faces[triangle, 1], faces[triangle, 2]
        ax, ay, az = vertices[a, 0], vertices[a, 1], vertices[a, 2]
        bx, by, bz = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
        cx, cy, cz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
        nx, ny, nz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
        ox, oy, oz = origins[ray, 0] - pose[0, 3], origins[ray, 1] - pose[1, 3], origins[ray, 2] - pose[2, 3]
        wx, wy, wz = directions[ray, 0], directions[ray, 1], directions[ray, 2]
        x = pose[0, 0] * ox + pose[1, 0] * oy + pose[2, 0] * oz - ax
        y = pose[0, 1] * ox + pose[1, 1] * oy + pose[2, 1] * oz - ay
        z = pose[0, 2] * ox + pose[1, 2] * oy + pose[2, 2] * oz - az
        dx = pose[0, 0] * wx + pose[1, 0] * wy + pose[2, 0] * wz
        dy = pose[0, 1] * wx + pose[1, 1] * wy + pose[2, 1] * wz
        dz = pose[0, 2] * wx + pose[1, 2] * wy + pose[2, 2] * wz
        along = nx * dx + ny * dy + nz * dz
        square = nx * nx + ny * ny + nz * nz
        t = distance[ray]
        exact = -(nx * x + ny * y + nz * z) / along if along != 0 else t
        if abs(exact - t) <= 1e-3 + 1e-4 * t:
            t = exact
            px, py, pz = x + t * dx, y + t * dy, z + t * dz
            first = ((py * cz - pz * cy) * nx + (pz * cx - px * cz) * ny + (px * cy - py * cx) * nz) / square
            second = ((by * pz - bz * py) * nx + (bz * px - bx * pz) * ny + (bx * py - by * px) * nz) / square
        else:
            first, second = np.float64(u[ray]), np.float64(v[ray])
        first, second = min(max(first, 0.0), 1.0), min(max(second, 0.0), 1.0)
        over = max(first + second - 1.0, 0.0) / 2
        barycentric[ray, 0], barycentric[ray, 1] = first - over, second - over
        refined[ray] = t
        length = np.sqrt(square)
        side = -1.0 if along > 0 else 1.0
        for i in range(3):
            point[ray, i] = origins[ray, i] + t * directions[ray, i]
            if length > 0:
                normal[ray, i] = side * (pose[i, 0] * nx + pose[i, 1] * ny + pose[i, 2] * nz) / length
    return barycentric, refined, point, normal
