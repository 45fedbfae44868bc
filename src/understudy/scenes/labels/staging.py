"""`Staging`: a scene as arrays that all its frames share; `Sight`: what one camera sees of it at one time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits, Tracer
from understudy.scenes.labels.lens import lens
from understudy.scenes.raycast.packed import Packed, packed
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Staging:
    """A scene's shapes, motions and numbers.

    Attributes:
        shapes: the meshes of its L links.
        motions: of the links.
        body: (L,) position of each link's body among the scene's B.
        links: (B + 1,) where each body's links begin.
        parts: (L, 4) first vertex, vertices, first face, faces of each link in `shapes`.
        tracks: (B,) int32. categories: (B,) uint8.
    """

    scene: Scene
    shapes: Packed
    motions: Motions
    body: NDArray[np.int32]
    links: NDArray[np.int64]
    parts: NDArray[np.int64]
    tracks: NDArray[np.int32]
    categories: NDArray[np.uint8]

    @classmethod
    def of(cls, scene: Scene, tracer: Tracer | None = None) -> Staging:
        """tracer: one that has the scene as arrays already, such as Embree's."""
        listed = list(scene.links())
        known, motions = getattr(tracer, "packed", None), getattr(tracer, "motions", None)
        shapes = known if isinstance(known, Packed) else packed([link for _, _, link in listed])
        vertices, faces = (np.array([len(part) for part in parts], dtype=np.int64) for parts in _sizes(shapes))
        starts = np.cumsum(vertices) - vertices
        return cls(
            scene,
            shapes,
            motions if isinstance(motions, Motions) else Motions.of([link.motion for _, _, link in listed]),
            np.array([body for body, _, _ in listed], dtype=np.int32),
            np.cumsum([0, *(len(body.links) for body in scene.bodies)]).astype(np.int64),
            np.column_stack([starts[shapes.mesh], vertices[shapes.mesh], shapes.first_face, faces[shapes.mesh]]).astype(np.int64),
            np.array([body.track for body in scene.bodies], dtype=np.int32),
            np.array([body.category for body in scene.bodies], dtype=np.uint8),
        )

    def sight(self, camera: Camera, number: int, hits: Hits) -> Sight:
        """What `camera` sees in the frame `number`, from its hits."""
        moments, moment = np.unique(hits.times, return_inverse=True)
        eyes = Motions.of([camera.motion]).at(moments)[:, 0]
        return Sight(
            self,
            camera,
            number,
            float(self.scene.times[number]),
            hits,
            lens(camera),
            self.motions.at(moments),
            eyes,
            moment.astype(np.int64),
        )


def _sizes(shapes: Packed) -> tuple[list[Floats], list[NDArray[np.int32]]]:
    return [mesh.vertices for mesh in shapes.meshes], [mesh.faces for mesh in shapes.meshes]


@dataclass(frozen=True)
class Sight:
    """One camera at one time. A rolling shutter sees its rows at K moments, a global one at a single one.

    Attributes:
        lens: see `lens.lens`.
        poses: (K, L, 3, 4) links to world. eyes: (K, 3, 4) camera to world.
        moment: (H,) position of each row's moment among the K.
    """

    staging: Staging
    camera: Camera
    number: int
    time: float
    hits: Hits
    lens: Floats
    poses: Floats
    eyes: Floats
    moment: NDArray[np.int64]

    @property
    def rolling(self) -> bool:
        return len(self.eyes) > 1

    @property
    def middle(self) -> int:
        """The moment of the middle row."""
        return int(self.moment[len(self.moment) // 2])

    @cached_property
    def to_camera(self) -> Floats:
        """(K, L, 3, 4) from the links' coordinates to the camera's."""
        return composed(inverse(self.eyes[:, None]), self.poses)  # type: ignore[no-any-return]

    @cached_property
    def to_links(self) -> Floats:
        """(K, L, 3, 4) from the world's coordinates to the links'."""
        return inverse(self.poses)  # type: ignore[no-any-return]

    @cached_property
    def planes(self) -> Floats:
        """(H, W) of the surface seen, m from the world's origin along its normal."""
        return _planes(self.hits.normal, self.hits.point)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _planes(normal, point):  # type: ignore[no-untyped-def]
    height, width = normal.shape[:2]
    made = np.empty((height, width))
    for y in range(height):
        for x in range(width):
            made[y, x] = normal[y, x, 0] * point[y, x, 0] + normal[y, x, 1] * point[y, x, 1] + normal[y, x, 2] * point[y, x, 2]
    return made


@numba.njit(cache=True)
def inverse(poses):  # type: ignore[no-untyped-def]
    """Of (K, L, 3, 4) rigid transforms."""
    made = np.empty_like(poses)
    for k in range(poses.shape[0]):
        for link in range(poses.shape[1]):
            pose = poses[k, link]
            for i in range(3):
                made[k, link, i, 3] = -(pose[0, i] * pose[0, 3] + pose[1, i] * pose[1, 3] + pose[2, i] * pose[2, 3])
                for j in range(3):
                    made[k, link, i, j] = pose[j, i]
    return made


@numba.njit(cache=True)
def composed(outer, inner):  # type: ignore[no-untyped-def]
    """(K, L, 3, 4): first `inner`, then `outer`, which is (K, L, 3, 4) too or (K, 1, 3, 4)."""
    made = np.empty_like(inner)
    for k in range(inner.shape[0]):
        for link in range(inner.shape[1]):
            a, b = outer[k, link if outer.shape[1] > 1 else 0], inner[k, link]
            for i in range(3):
                for j in range(4):
                    made[k, link, i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j] + (a[i, 3] if j == 3 else 0.0)
    return made


@dataclass(frozen=True)
class Survey:
    """What is seen where, and how much of each body.

    Attributes:
        body: (H, W) int32, position among the bodies, -1 for the sky.
        track, category, depth, distance: as in `Frame`.
        pixels: (B,) visible pixels. boxes: (B, 4) their extent, half-open.
    """

    body: NDArray[np.int32]
    track: NDArray[np.int32]
    category: NDArray[np.uint8]
    depth: NDArray[np.float32]
    distance: NDArray[np.float32]
    pixels: NDArray[np.int64]
    boxes: NDArray[np.int64]


def survey(sight: Sight, rays: NDArray[np.float32]) -> Survey:
    """Maps and extents. rays: the picture's own, (H, W, 3)."""
    stage = sight.staging
    axial = np.ones(rays.shape[:2], np.float32) if sight.camera.model == "orthographic" else rays[..., 2]
    return Survey(
        *_survey(sight.hits.link, sight.hits.distance, axial, stage.body, stage.tracks, stage.categories, stage.scene.sky_category)
    )


@numba.njit(cache=True)
def _survey(link, distance, axial, bodies, tracks, categories, sky):  # type: ignore[no-untyped-def]
    height, width = link.shape
    body = np.empty((height, width), np.int32)
    track = np.empty((height, width), np.int32)
    category = np.empty((height, width), np.uint8)
    depth = np.empty((height, width), np.float32)
    along = np.empty((height, width), np.float32)
    count = tracks.shape[0]
    pixels = np.zeros(count, np.int64)
    boxes = np.zeros((count, 4), np.int64)
    boxes[:, 0], boxes[:, 1] = width, height
    for y in range(height):
        for x in range(width):
            found = link[y, x]
            if found < 0:
                body[y, x], track[y, x], category[y, x] = -1, 0, sky
                depth[y, x], along[y, x] = np.inf, np.inf
                continue
            number = bodies[found]
            body[y, x], track[y, x], category[y, x] = number, tracks[number], categories[number]
            along[y, x] = distance[y, x]
            depth[y, x] = distance[y, x] * axial[y, x]
            pixels[number] += 1
            boxes[number, 0], boxes[number, 1] = min(boxes[number, 0], x), min(boxes[number, 1], y)
            boxes[number, 2], boxes[number, 3] = max(boxes[number, 2], x + 1), max(boxes[number, 3], y + 1)
    return body, track, category, depth, along, pixels, boxes
