"""Small shots whose labels are known: rectangles and discs on a plane, seen by two cameras over three frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import CameraView, Category, CroppedMask, Frame, Instance, Shot

HEIGHT, WIDTH = 48, 64
ROAD, SKY, CAR, WALKER, CRATE = 1, 2, 4, 5, 9
CATEGORIES = (
    Category(ROAD, "road", thing=False, color=(90, 90, 90)),
    Category(SKY, "sky", thing=False, color=(120, 160, 220)),
    Category(CAR, "car", group="vehicle", color=(200, 30, 30)),
    Category(
        WALKER,
        "Fußgänger",
        group="person",
        color=(30, 200, 30),
        keypoints=("head", "left foot", "right foot"),
        skeleton=((0, 1), (0, 2)),
        flips=(0, 2, 1),
    ),
    Category(CRATE, "crate"),
)
FOCAL = 50.0
# Camera x right, y down, z forward; it looks along the world's x.
LOOKING_EAST = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])

Mask = NDArray[np.bool_]


def shot(index: int = 0, frames: int = 3, cameras: tuple[str, ...] = ("front", "süd/links"), *, empty: int | None = 1) -> Shot:
    """A clip. empty: the frame in which nothing but road and sky is seen."""
    made = [_frame(index, camera, step, side, empty=step == empty) for step in range(frames) for side, camera in enumerate(cameras)]
    events = [{"kind": "cut-in", "start": 0.0, "end": 0.2, "tracks": [1, 2]}]
    arrays = {f"lidar/{step:04d}/points": _points(index, step) for step in range(frames)}
    arrays |= {f"lidar/{step:04d}/track": (np.arange(40) % 3).astype(np.int32) for step in range(frames)}
    arrays |= {f"lidar/{step:04d}/pose": _lidar_pose(step) for step in range(frames)}
    return Shot(
        world="driving",
        index=index,
        frames=made,
        categories=CATEGORIES,
        rate=10.0 if frames > 1 else 0.0,
        drawn={"cars/1/speed": 12.25 + index, "weather": "fog", "gaps": [1, 2.5]},
        edge_cases=("fog",),
        events=events,
        records={"safety": [{"time": 0.0, "ttc": 1.75}]},
        arrays=arrays,
        meta={"weight": 0.125, "class": ["car", "crate"][index % 2]},
    )


def photo(index: int = 0) -> Shot:
    """A single picture of one camera."""
    return shot(index, frames=1, cameras=("front",), empty=None)


def shots(count: int = 6) -> Iterator[Shot]:
    return (shot(index) for index in range(count))


def _frame(index: int, camera: str, step: int, side: int, *, empty: bool) -> Frame:
    rng = np.random.default_rng([index, step, side])
    category = np.full((HEIGHT, WIDTH), ROAD, dtype=np.uint8)
    category[: HEIGHT // 2] = SKY
    track = np.zeros((HEIGHT, WIDTH), dtype=np.int32)
    outlines = {} if empty else _outlines(step, side)
    for number, (kind, whole, _) in outlines.items():  # later ones lie before earlier ones
        seen = whole.full(HEIGHT, WIDTH)
        track[seen], category[seen] = number, kind
    instances = [_instance(number, kind, whole, distance, track, step) for number, (kind, whole, distance) in outlines.items()]
    image = (40 * category[..., None] % 200 + rng.integers(0, 12, (HEIGHT, WIDTH, 3))).astype(np.uint8)
    depth = np.where(category == SKY, np.inf, 20.0).astype(np.float32)
    flow = rng.normal(0, 1, (HEIGHT, WIDTH, 2)).astype(np.float32)
    return Frame(
        camera=camera,
        index=step,
        time=step / 10,
        view=_view(step, side),
        image=image,
        track=track,
        category=category,
        instances=[instance for instance in instances if instance.pixels],
        depth=depth,
        distance=depth * np.float32(1.1),
        normal=np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32),
        flow_forward=flow,
        flow_backward=np.full_like(flow, np.nan) if step == 0 else flow,
        hidden_forward=rng.random((HEIGHT, WIDTH)) < 0.1,
        scene_flow=None,
        conditions={"fog": 0.3, "sun": "low"},
        caption="" if empty else "two cars, a walker and a crate",
        questions=[("How many cars?", "2")],
        proof={"partition": True},
    )


def _view(step: int, side: int) -> CameraView:
    matrix = np.array([[FOCAL, 0.0, WIDTH / 2], [0.0, FOCAL, HEIGHT / 2], [0.0, 0.0, 1.0]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = LOOKING_EAST, (step * 1.5, side * 0.5, 1.6)
    return CameraView("pinhole", matrix, (), pose, exposure=0.01, readout=0.0)


def _outlines(step: int, side: int) -> dict[int, tuple[int, CroppedMask, float]]:
    """Class, whole outline and distance of each object, farthest first."""
    shift = 2 * step + side
    return {
        1: (CAR, CroppedMask(10 + shift, 20, np.ones((14, 20), dtype=np.bool_)), 12.0),
        70000: (CAR, CroppedMask(54, 18, np.ones((10, 22), dtype=np.bool_)), 10.0),  # reaches over the right edge
        3: (WALKER, CroppedMask(20 + shift, 16, _disc(9)), 8.0),  # hides a part of 1
        4: (CRATE, CroppedMask(40, 30, _ring(7)), 6.0),  # with a hole
    }


def _disc(radius: int) -> Mask:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius)


def _ring(radius: int) -> Mask:
    ring = _disc(radius)
    ring[radius - 2 : radius + 2, radius - 3 : radius + 1] = False
    return ring


def _instance(number: int, kind: int, whole: CroppedMask, distance: float, track: NDArray[np.int32], step: int) -> Instance:
    seen = track == number
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)) if len(rows) else (0.0, 0.0, 0.0, 0.0)
    all_pixels, within = int(whole.pixels.sum()), int(whole.full(HEIGHT, WIDTH).sum())
    height, width = whole.pixels.shape
    center = np.array([distance + step * 1.5, -1.0, 0.8])
    pose = np.eye(4)
    pose[:3, :3] = LOOKING_EAST.T
    pose[:3, 3] = (1.0, 0.8, distance)
    corners = np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]])
    points = np.array([[box[0] + 1.5, box[1] + 0.5, 2], [box[0] + 0.5, box[3] - 0.5, 1], [70.0, 10.0, 0]]) if kind == WALKER else None
    return Instance(
        track=number,
        category=kind,
        name=f"things/{number}",
        pixels=int(seen.sum()),
        box=box,
        amodal_box=(float(whole.x), float(whole.y), float(whole.x + width), float(whole.y + height)),
        amodal_mask=whole,
        oriented_box=corners,
        occlusion=1 - int(seen.sum()) / max(within, 1),
        truncation=1 - within / all_pixels,
        center=center,
        size=np.array([4.2, 1.8, 1.6]),
        rotation=np.eye(3),
        pose=pose,
        distance=float(np.hypot(distance, 1.0)),
        velocity=np.array([15.0, 0.0, 0.0]),
        keypoints=points,
        attributes={"color": "blaß", "parked": False},
    )


def _points(index: int, step: int) -> NDArray[np.float32]:
    rng = np.random.default_rng([index, step, 99])
    return np.hstack([rng.uniform(0, 20, (40, 3)), rng.uniform(0, 1, (40, 1)), rng.integers(0, 32, (40, 1))]).astype(np.float32)


def _lidar_pose(step: int) -> NDArray[np.float64]:
    pose = np.eye(4)
    pose[:3, 3] = (step * 1.5 - 0.5, 0.0, 1.9)
    return pose
