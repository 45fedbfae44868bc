"""`Shot`: what cameras saw of one scene, with labels that are true by construction.

A shot is the item of every generator of pictures: one frame for a photo, several for a clip, several cameras for a rig. Arrays that no
camera gives (a lidar's points, a scanner's volume) and rows that are no labels of pixels (events, safety figures) go with it.

Conventions. World: metres, right-handed, z up. Camera: x right, y down, z forward, origin at the optical centre. Pixels: x to the right
along a row, y down; the centre of the first pixel is (0.5, 0.5); a box is [x0, y0, x1, y1], its pixels those with x0 ≤ x < x1 and
y0 ≤ y < y1. Rotation matrices take object coordinates to world coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Category:
    """A class of things, or of stuff that is not counted.

    Attributes:
        id: 1 .. 255, unique in a shot.
        name: "car".
        thing: counted objects (cars), or stuff (road, sky).
        group: the class that it belongs to ("vehicle"); "" for none.
        color: for pictures of labels, 0 .. 255 each.
        keypoints: names of the points that are labelled on each object, in their order.
        skeleton: pairs of positions in `keypoints` that are joined.
        flips: for each keypoint, the position of its mirror image.
    """

    id: int
    name: str
    thing: bool = True
    group: str = ""
    color: tuple[int, int, int] = (128, 128, 128)
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    flips: tuple[int, ...] = ()


@dataclass(frozen=True)
class CroppedMask:
    """A mask of a whole picture that is False outside a rectangle. x, y: its corner; pixels: (h, w) of bool. May reach over the picture."""

    x: int
    y: int
    pixels: NDArray[np.bool_]

    def full(self, height: int, width: int) -> NDArray[np.bool_]:
        """The part that lies in the picture, at the picture's size."""
        mask = np.zeros((height, width), dtype=np.bool_)
        top, left = max(self.y, 0), max(self.x, 0)
        bottom, right = min(self.y + self.pixels.shape[0], height), min(self.x + self.pixels.shape[1], width)
        if top < bottom and left < right:
            mask[top:bottom, left:right] = self.pixels[top - self.y : bottom - self.y, left - self.x : right - self.x]
        return mask


@dataclass(frozen=True)
class CameraView:
    """Where a camera stood and how it maps rays to pixels.

    Attributes:
        model: "pinhole", "fisheye" (equidistant) or "orthographic" (then `matrix` holds pixels a metre).
        matrix: (3, 3) intrinsics in pixels.
        distortion: k1, k2, p1, p2, k3 of Brown and Conrady for pinholes; k1 .. k4 of the equidistant model for fisheyes; () for none.
        pose: (4, 4), camera to world, at the middle of the exposure of the picture's middle row.
        exposure: seconds. readout: seconds between the first row and the last (rolling shutter), 0 for a global one.
    """

    model: str
    matrix: NDArray[np.float64]
    distortion: tuple[float, ...]
    pose: NDArray[np.float64]
    exposure: float = 0.0
    readout: float = 0.0


@dataclass
class Instance:
    """One object in one frame.

    Attributes:
        track: ≥ 1, the object's number, the same in all frames and cameras of a shot.
        category: a `Category.id`.
        name: the object's path in the scene, "traffic/car/3".
        pixels: visible pixels; ≥ 1, for what is not seen at all is not listed.
        box: extent of the visible pixels.
        amodal_box: extent of the whole object as if nothing stood before it, not cut at the picture's edge.
        amodal_mask: the pixels of the whole object as if nothing stood before it, beyond the picture's edge as far as it was looked at.
        oriented_box: (4, 2) corners of the least rectangle, at any angle, around the visible pixels, or around the object's outline on
            the ground (scenes seen from above); in order around it.
        occlusion: share of its pixels within the picture that something else hides, 0 .. 1.
        truncation: share of its pixels that lie beyond the picture's edge, 0 .. 1.
        center, size, rotation: 3D box in the world: (3,) m, (3,) length, width, height in m, (3, 3).
        pose: (4, 4), object to camera coordinates.
        distance: m, from the optical centre to the 3D box's centre.
        velocity: (3,) m/s in the world.
        keypoints: (K, 3) x, y, and 0 (not in the picture), 1 (hidden) or 2 (visible), in the order of the category's; None without any.
        attributes: plain values ("color": "red").
    """

    track: int
    category: int
    name: str
    pixels: int
    box: Box
    amodal_box: Box
    amodal_mask: CroppedMask | None
    oriented_box: NDArray[np.float64]
    occlusion: float
    truncation: float
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    rotation: NDArray[np.float64]
    pose: NDArray[np.float64]
    distance: float
    velocity: NDArray[np.float64]
    keypoints: NDArray[np.float64] | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Frame:
    """One picture and its labels. H, W: its height and width; arrays that were not asked for are None.

    Attributes:
        image: (H, W, 3) uint8 sRGB, (H, W) uint8 or uint16 for one channel, (H, W, B) uint16 for other bands.
        track: (H, W) int32, the visible object's number, 0 where stuff is seen.
        category: (H, W) uint8, `Category.id` of what is seen; never 0.
        depth: (H, W) m along the optical axis (z); inf where nothing was hit.
        distance: (H, W) m along the ray; inf where nothing was hit.
        normal: (H, W, 3) unit vectors in the world, towards the camera's side; 0 where nothing was hit.
        flow_forward, flow_backward: (H, W, 2) pixels x, y to where the point seen here is in the next, the last frame (motion field);
            NaN where there is no such frame or the point is behind the camera.
        hidden_forward, hidden_backward: (H, W) bool, that the point is not seen there (hidden, or outside the picture).
        scene_flow: (H, W, 3) m in the world from this frame to the next; NaN where nothing was hit, and in the last frame.
        conditions: weather, light and the camera's faults, as plain values.
        questions: question and answer pairs from the scene.
        proof: the checks that the labels passed, by name, with their figures.
    """

    camera: str
    index: int
    time: float
    view: CameraView
    image: NDArray[Any]
    track: NDArray[np.int32]
    category: NDArray[np.uint8]
    instances: list[Instance]
    depth: Floats | None = None
    distance: Floats | None = None
    normal: Floats | None = None
    flow_forward: Floats | None = None
    flow_backward: Floats | None = None
    hidden_forward: NDArray[np.bool_] | None = None
    hidden_backward: NDArray[np.bool_] | None = None
    scene_flow: Floats | None = None
    conditions: dict[str, Any] = field(default_factory=dict)
    caption: str = ""
    questions: list[tuple[str, str]] = field(default_factory=list)
    proof: dict[str, Any] = field(default_factory=dict)

    @property
    def height(self) -> int:
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        return int(self.image.shape[1])


@dataclass
class Shot:
    """One item: frames of one or more cameras, and all that was drawn to make them.

    Attributes:
        world: "driving".
        index: the item's number in the data set.
        frames: by time, then by camera.
        categories: of everything that is labelled.
        rate: frames a second; 0 for a single picture.
        drawn: every value that was drawn, by its path in the scene.
        edge_cases: names of those that this item shows.
        events: rows with "kind", "start", "end" (s) and "tracks", and more.
        records: other rows by name ("radar", "safety", "gnss").
        arrays: other arrays by name ("lidar/0003/points", "volume").
        meta: plain values that belong to the whole shot (caption, spacing of a volume, likelihood weight …).
    """

    world: str
    index: int
    frames: list[Frame]
    categories: tuple[Category, ...]
    rate: float = 0.0
    drawn: dict[str, Any] = field(default_factory=dict)
    edge_cases: tuple[str, ...] = ()
    events: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names in the order of their first frames."""
        return tuple(dict.fromkeys(frame.camera for frame in self.frames))

    def of_camera(self, camera: str) -> Iterator[Frame]:
        return (frame for frame in self.frames if frame.camera == camera)

    def category(self, number: int) -> Category:
        return next(category for category in self.categories if category.id == number)
