"""Motion blur: light gathered along the way that surfaces take over the picture while the shutter is open (McGuire et al., "A
reconstruction filter for plausible motion blur", 2012), for pixels near anything that moves by more than one of them."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.lighting import interleaved

Floats = NDArray[np.float64]
NOWHERE = 1e29
"""Stands for places that need not be known: nothing moves there."""


def blurred(picture: Floats, tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits) -> Floats:
    """The picture with what moves spread along its way. Untouched where nothing moves by a pixel."""
    if camera.exposure <= 0:
        return picture
    moving = np.array([link.motion.moves for link in tracer.links], dtype=np.bool_)
    if not camera.motion.moves and not moving.any():
        return picture
    way = motion_field(tracer, camera, time, hits)
    longest = np.hypot(way[..., 0], way[..., 1])
    if float(longest.max()) < 1.0:
        return picture
    distance = np.where(np.isfinite(hits.distance), hits.distance, 1e6)
    return np.asarray(gather(picture, way, longest, distance))


def motion_field(tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits) -> Floats:
    """(H, W, 2) pixels from the shutter's opening to its closing."""
    height, width = hits.link.shape
    early, late = time - camera.exposure / 2, time + camera.exposure / 2
    now, before, after = tracer.poses(time), tracer.poses(early), tracer.poses(late)
    moves = np.abs(after - before).max((1, 2)) > 0 if len(now) else np.zeros(0, np.bool_)
    view, views = camera.motion.at(time), (camera.motion.at(early), camera.motion.at(late))
    _, ahead = tracer.camera_rays(camera)
    link, points = hits.link.ravel(), hits.point.reshape(-1, 3)
    sides = [
        carried(points, link, now, poses, moves, camera.motion.moves, view, ahead, pose)
        for poses, pose in ((before, views[0]), (after, views[1]))
    ]
    if camera.model == "pinhole":
        k1, k2, p1, p2, k3 = (*camera.distortion, *(0.0,) * (5 - len(camera.distortion)))
        furthest = min(Camera._turning_point(k1, k2, k3), 1e30)
        way = ways(sides[0], sides[1], camera.focal, 0.12 * width, k1, k2, p1, p2, k3, furthest)
    else:
        way = _ways(camera, sides[0], sides[1], 0.12 * width)
    return np.asarray(way).reshape(height, width, 2)


def _ways(camera: Camera, before: Floats, after: Floats, most: float) -> Floats:
    """As `ways`, for other lenses."""
    some = np.flatnonzero(before[:, 0] < NOWHERE)
    (first, seen), (last, still_seen) = camera.project(before[some]), camera.project(after[some])
    moved = np.where((seen & still_seen)[:, None], last - first, 0.0)
    way = np.zeros((len(before), 2))
    way[some] = moved / np.maximum(np.sqrt((moved**2).sum(1, keepdims=True)) / most, 1.0)
    return way


@numba.njit(cache=True, error_model="numpy")
def distorted(x, y, k1, k2, p1, p2, k3, furthest):  # type: ignore[no-untyped-def]
    """Brown and Conrady's model, as `Camera.project` has it."""
    r2 = min(x * x + y * y, furthest)
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y


@numba.njit(cache=True, error_model="numpy")
def ways(before, after, focal, most, k1, k2, p1, p2, k3, furthest):  # type: ignore[no-untyped-def]
    """Pixels between points in a pinhole's coordinates, `most` at most; 0 for what stands or is behind it."""
    way = np.zeros((before.shape[0], 2))
    for n in range(before.shape[0]):
        if before[n, 0] >= 1e29 or before[n, 2] < 1e-6 or after[n, 2] < 1e-6:
            continue
        first_x, first_y = distorted(before[n, 0] / before[n, 2], before[n, 1] / before[n, 2], k1, k2, p1, p2, k3, furthest)
        last_x, last_y = distorted(after[n, 0] / after[n, 2], after[n, 1] / after[n, 2], k1, k2, p1, p2, k3, furthest)
        x, y = (last_x - first_x) * focal, (last_y - first_y) * focal
        over = max(np.sqrt(x * x + y * y) / most, 1.0)
        way[n, 0], way[n, 1] = x / over, y / over
    return way


@numba.njit(cache=True)
def carried(points, link, now, then, moves, eye_moves, view, ahead, pose):  # type: ignore[no-untyped-def]
    """Points on links when those are elsewhere, in the coordinates of a camera that is at `pose` then; of the sky, where the camera that is
    at `view` now looks."""
    seen = np.empty((points.shape[0], 3))
    for n in range(points.shape[0]):
        number = link[n]
        if not eye_moves and (number < 0 or not moves[number]):
            seen[n, 0] = 1e30
            continue
        x = y = z = 0.0
        if number < 0:
            x = 1e5 * (view[0, 0] * ahead[n, 0] + view[0, 1] * ahead[n, 1] + view[0, 2] * ahead[n, 2]) + view[0, 3]
            y = 1e5 * (view[1, 0] * ahead[n, 0] + view[1, 1] * ahead[n, 1] + view[1, 2] * ahead[n, 2]) + view[1, 3]
            z = 1e5 * (view[2, 0] * ahead[n, 0] + view[2, 1] * ahead[n, 1] + view[2, 2] * ahead[n, 2]) + view[2, 3]
        else:
            old, new = now[number], then[number]
            dx, dy, dz = points[n, 0] - old[0, 3], points[n, 1] - old[1, 3], points[n, 2] - old[2, 3]
            a = old[0, 0] * dx + old[1, 0] * dy + old[2, 0] * dz
            b = old[0, 1] * dx + old[1, 1] * dy + old[2, 1] * dz
            c = old[0, 2] * dx + old[1, 2] * dy + old[2, 2] * dz
            x = new[0, 0] * a + new[0, 1] * b + new[0, 2] * c + new[0, 3]
            y = new[1, 0] * a + new[1, 1] * b + new[1, 2] * c + new[1, 3]
            z = new[2, 0] * a + new[2, 1] * b + new[2, 2] * c + new[2, 3]
        x, y, z = x - pose[0, 3], y - pose[1, 3], z - pose[2, 3]
        for i in range(3):
            seen[n, i] = pose[0, i] * x + pose[1, i] * y + pose[2, i] * z
    return seen


@numba.njit(cache=True, error_model="numpy")
def gather(picture, way, longest, distance):  # type: ignore[no-untyped-def]  # noqa: C901
    """Means along the way of each pixel, or of the fastest near it; what is nearer spreads over what is behind it."""
    height, width = longest.shape
    rows, columns = (height + 15) // 16, (width + 15) // 16
    most = np.zeros((rows, columns, 3))
    for y in range(height):
        for x in range(width):
            if longest[y, x] > most[y // 16, x // 16, 2]:
                most[y // 16, x // 16, 0], most[y // 16, x // 16, 1], most[y // 16, x // 16, 2] = way[y, x, 0], way[y, x, 1], longest[y, x]
    fastest = np.zeros((rows, columns, 3))
    for row in range(rows):
        for column in range(columns):
            for j in range(max(row - 2, 0), min(row + 3, rows)):
                for i in range(max(column - 2, 0), min(column + 3, columns)):
                    gap = max(max(abs(row - j), abs(column - i)) - 1, 0) * 16
                    if most[j, i, 2] > fastest[row, column, 2] and gap < most[j, i, 2] / 2:
                        for c in range(3):
                            fastest[row, column, c] = most[j, i, c]
    out = picture.copy()
    for y in range(height):
        for x in range(width):
            vx, vy, length = way[y, x, 0], way[y, x, 1], longest[y, x]
            row, column = y // 16, x // 16
            if fastest[row, column, 2] > 1.15 * length + 0.5:
                vx, vy, length = fastest[row, column, 0], fastest[row, column, 1], fastest[row, column, 2]
            if length < 1.0:
                continue
            red, green, blue, weights = 0.0, 0.0, 0.0, 0.0
            steps = min(13, max(3, 2 * int(length / 2) + 1))
            start = interleaved(x + 0.5, y + 0.5) - 0.5
            for step in range(steps):
                share = (step + 0.5 + 0.6 * start) / steps - 0.5
                px, py = int(np.floor(x + 0.5 + vx * share)), int(np.floor(y + 0.5 + vy * share))
                if px < 0 or py < 0 or px >= width or py >= height:
                    continue
                gone = abs(share) * length
                near = 1.0 if distance[py, px] < distance[y, x] * 1.02 + 0.05 else 0.0
                over = min(max(longest[py, px] / 2 - gone + 0.5, 0.0), 1.0)  # what moves there reaches here
                under = min(max(longest[y, x] / 2 - gone + 0.5, 0.0), 1.0)  # what moves here uncovers what is there
                weight = max(near * over, (1.0 - near) * under) + (1e-3 if gone > 0.5 else 0.6)
                red, green, blue = (
                    red + weight * picture[py, px, 0],
                    green + weight * picture[py, px, 1],
                    blue + weight * picture[py, px, 2],
                )
                weights += weight
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = red / weights, green / weights, blue / weights
    return out
