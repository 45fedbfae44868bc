"""`Instance`s: what is known of each object that a camera sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Instance
from understudy.scenes.labels.lens import project
from understudy.scenes.labels.oriented import around_pixels, around_points
from understudy.scenes.labels.silhouette import Silhouette
from understudy.scenes.labels.staging import Sight, Survey
from understudy.scenes.scene import Body

Floats = NDArray[np.float64]


def instance(sight: Sight, seen: Survey, outline: Silhouette, to_camera: Floats, number: int, wanted: frozenset[str]) -> Instance:
    """The visible body at position `number` of the scene."""
    body = sight.staging.scene.bodies[number]
    first = int(sight.staging.links[number])
    pose = sight.poses[sight.middle, first]
    center = pose[:, :3] @ np.asarray(body.middle) + pose[:, 3]
    x0, y0, x1, y1 = (float(value) for value in seen.boxes[number])
    return Instance(
        track=body.track,
        category=body.category,
        name=body.name,
        pixels=int(seen.pixels[number]),
        box=(x0, y0, x1, y1),
        amodal_box=tuple(float(value) for value in outline.box),  # type: ignore[arg-type]
        amodal_mask=outline.mask if "amodal" in wanted else None,
        oriented_box=_oriented(sight, seen, to_camera, number) if "boxes" in wanted else _corners(x0, y0, x1, y1),
        occlusion=outline.occlusion,
        truncation=outline.truncation,
        center=center,
        size=np.array(body.size, dtype=np.float64),
        rotation=pose[:, :3].copy(),
        pose=np.vstack([to_camera[sight.middle, first], [0.0, 0.0, 0.0, 1.0]]),
        distance=float(np.linalg.norm(center - sight.eyes[sight.middle][:, 3])),
        velocity=body.links[0].motion.velocity(sight.time),
        keypoints=_keypoints(sight, to_camera, body, first) if "keypoints" in wanted and body.keypoints else None,
        attributes=attributes(body, sight.time),
    )


def attributes(body: Body, time: float) -> dict[str, Any]:
    """Those that stay, and those that change as they are at `time`; a changing one is not there before its first time."""
    found = dict(body.attributes)
    for name, (times, values) in body.dynamic.items():
        position = int(np.searchsorted(times, time, side="right")) - 1
        if position >= 0:
            found[name] = values[position]
    return found


def _corners(x0: float, y0: float, x1: float, y1: float) -> Floats:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _oriented(sight: Sight, seen: Survey, to_camera: Floats, number: int) -> Floats:
    """Around the visible pixels; seen by parallel rays from above, around the outline on the ground."""
    if sight.camera.model != "orthographic":
        x0, y0, x1, y1 = (float(value) for value in seen.boxes[number])
        return around_pixels(seen.body, number, (x0, y0, x1, y1))
    stage = sight.staging
    placed = []
    for link in range(stage.links[number], stage.links[number + 1]):
        first, count = stage.parts[link, :2]
        pose = sight.poses[sight.middle, link]
        placed.append(stage.shapes.vertices[first : first + count] @ pose[:, :3].T + pose[:, 3])
    points = np.concatenate(placed)
    points[:, 2] = points[:, 2].min()
    eye = sight.eyes[sight.middle]
    pixels, _ = sight.camera.project((points - eye[:, 3]) @ eye[:, :3])
    return around_points(pixels)


def _keypoints(sight: Sight, to_camera: Floats, body: Body, first: int) -> Floats:
    """(K, 3): places, and whether they are seen. Points outside the picture keep their places, those behind the camera have none."""
    height, width = sight.hits.link.shape
    found = np.zeros((len(body.keypoints), 3))
    for position, keypoint in enumerate(body.keypoints):
        place, moment = np.asarray(keypoint.place), sight.middle
        for _ in range(4 if sight.rolling else 1):
            pose = to_camera[moment, first + keypoint.link]
            x, y, z = pose[:, :3] @ place + pose[:, 3]
            u, v, ahead = project(sight.lens, x, y, z)
            if not ahead:
                break
            moment = int(sight.moment[int(np.clip(v, 0, height - 1))])
        if not ahead:
            continue
        found[position, :2] = u, v
        if 0 <= u < width and 0 <= v < height:
            far = z if sight.camera.model == "orthographic" else float(np.sqrt(x * x + y * y + z * z))
            found[position, 2] = 2.0 if sight.hits.distance[int(v), int(u)] >= far - keypoint.reach else 1.0
    return found
