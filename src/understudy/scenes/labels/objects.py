"""`Instance`s: what is known of each object that a camera sees."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Instance
from understudy.scenes.labels.flow import ROUNDS
from understudy.scenes.labels.lens import ORTHOGRAPHIC, project
from understudy.scenes.labels.oriented import around_pixels
from understudy.scenes.labels.silhouette import Silhouette, moved
from understudy.scenes.labels.staging import Sight, Survey
from understudy.scenes.scene import Body

Floats = NDArray[np.float64]


def instance(sight: Sight, seen: Survey, outline: Silhouette, number: int, wanted: frozenset[str]) -> Instance:
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
        oriented_box=_oriented(sight, seen, number) if "boxes" in wanted else _corners(x0, y0, x1, y1),
        occlusion=outline.occlusion,
        truncation=outline.truncation,
        center=center,
        size=np.array(body.size, dtype=np.float64),
        rotation=pose[:, :3].copy(),
        pose=np.vstack([sight.to_camera[sight.middle, first], [0.0, 0.0, 0.0, 1.0]]),
        distance=float(np.linalg.norm(center - sight.eyes[sight.middle][:, 3])),
        velocity=body.links[0].motion.velocity(sight.time),
        keypoints=_keypoints(sight, body, first) if "keypoints" in wanted and _has_names(sight, body) else None,
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


def _has_names(sight: Sight, body: Body) -> bool:
    """Whether its points are labelled: its category names them."""
    category = next((category for category in sight.staging.scene.categories if category.id == body.category), None)
    return bool(body.keypoints) and category is not None and bool(category.keypoints)


def _corners(x0: float, y0: float, x1: float, y1: float) -> Floats:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _oriented(sight: Sight, seen: Survey, number: int) -> Floats:
    """Around the visible pixels; seen by parallel rays from above, around the outline on the ground, with sides as the object lies (the
    least rectangle around an aircraft would stand on a corner)."""
    if sight.camera.model != "orthographic":
        x0, y0, x1, y1 = (float(value) for value in seen.boxes[number])
        return around_pixels(seen.body, number, (x0, y0, x1, y1))
    stage = sight.staging
    first, last = stage.links[number], stage.links[number + 1]
    return _lying(  # type: ignore[no-any-return]
        sight.lens, stage.shapes.vertices, stage.parts, sight.poses[sight.middle], first, last, sight.eyes[sight.middle]
    )


@numba.njit(cache=True, error_model="numpy")
def _lying(lens, vertices, parts, poses, first, last, eye):  # type: ignore[no-untyped-def]
    """(4, 2): around the vertices of some links, all put on the level of the lowest, with sides along the first link's x axis."""
    level = np.inf
    for link in range(first, last):
        for v in range(parts[link, 0], parts[link, 0] + parts[link, 1]):
            level = min(level, moved(poses[link], vertices[v, 0], vertices[v, 1], vertices[v, 2])[2])
    u, v = _level(lens, eye, 0.0, 0.0, level)
    dx, dy = _level(lens, eye, 1000 * poses[first, 0, 0], 1000 * poses[first, 1, 0], level)
    dx, dy = dx - u, dy - v
    length = max(np.sqrt(dx * dx + dy * dy), 1e-12)
    dx, dy = dx / length, dy / length
    low_a, high_a, low_b, high_b = np.inf, -np.inf, np.inf, -np.inf
    for link in range(first, last):
        for k in range(parts[link, 0], parts[link, 0] + parts[link, 1]):
            x, y, _ = moved(poses[link], vertices[k, 0], vertices[k, 1], vertices[k, 2])
            u, v = _level(lens, eye, x, y, level)
            a, b = u * dx + v * dy, v * dx - u * dy
            low_a, high_a, low_b, high_b = min(low_a, a), max(high_a, a), min(low_b, b), max(high_b, b)
    corners = np.empty((4, 2))
    for k in range(4):
        a, b = (low_a if k in (0, 3) else high_a), (low_b if k < 2 else high_b)
        corners[k, 0], corners[k, 1] = a * dx - b * dy, a * dy + b * dx
    return corners


@numba.njit(cache=True, inline="always")
def _level(lens, eye, x, y, z):  # type: ignore[no-untyped-def]
    """The pixel of a place in the world."""
    x, y, z = x - eye[0, 3], y - eye[1, 3], z - eye[2, 3]
    u, v, _ = project(
        lens,
        eye[0, 0] * x + eye[1, 0] * y + eye[2, 0] * z,
        eye[0, 1] * x + eye[1, 1] * y + eye[2, 1] * z,
        eye[0, 2] * x + eye[1, 2] * y + eye[2, 2] * z,
    )
    return u, v


def _keypoints(sight: Sight, body: Body, first: int) -> Floats:
    """(K, 3): places, and whether they are seen. Points outside the picture keep their places, those behind the camera have none."""
    links = np.array([first + keypoint.link for keypoint in body.keypoints])
    places = np.array([keypoint.place for keypoint in body.keypoints], dtype=np.float64)
    reaches = np.array([keypoint.reach for keypoint in body.keypoints])
    return _pointed(sight.lens, sight.to_camera, sight.moment, sight.hits.distance, links, places, reaches)  # type: ignore[no-any-return]


@numba.njit(cache=True, error_model="numpy")
def _pointed(lens, to_camera, moment, distance, links, places, reaches):  # type: ignore[no-untyped-def]
    height, width = distance.shape
    found = np.zeros((links.shape[0], 3))
    for k in range(links.shape[0]):
        when, ahead = moment[height // 2], False
        u, v, far = 0.0, 0.0, 0.0
        for _ in range(ROUNDS if to_camera.shape[0] > 1 else 1):
            x, y, z = moved(to_camera[when, links[k]], places[k, 0], places[k, 1], places[k, 2])
            u, v, ahead = project(lens, x, y, z)
            if not ahead:
                break
            far = z if lens[0] == ORTHOGRAPHIC else np.sqrt(x * x + y * y + z * z)
            when = moment[np.int64(min(max(v, 0.0), height - 1.0))]
        if ahead:
            found[k, 0], found[k, 1] = u, v
            if 0 <= u < width and 0 <= v < height:
                found[k, 2] = 2.0 if distance[np.int64(v), np.int64(u)] >= far - reaches[k] else 1.0
    return found
