"""Where each point goes: flow as the motion field, what hides it there, and scene flow.

The point that a pixel shows is carried along by the rigid part that it lies on and looked at by the camera of the other frame, through
its lens and, with a rolling shutter, at the moment of the row where it arrives. The sky moves as points infinitely far away do.

Whether a point is seen there is read from the four nearest rays of the other frame where they agree: all show the surface that the point
lies in, or all end clearly before it. Else a ray is cast to it; with a rolling shutter one of the four must show the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.hits import Tracer
from understudy.scenes.labels.lens import ORTHOGRAPHIC, margins, project
from understudy.scenes.labels.lens import rays as rays_of
from understudy.scenes.labels.silhouette import TOLERANCE
from understudy.scenes.labels.staging import Sight, composed, inverse

Floats32 = NDArray[np.float32]
ROUNDS = 4
"""Of looking up the row where a point arrives, and with it the moment."""

SEEN, HIDDEN, DOUBTFUL = 0, 1, 2


@dataclass(frozen=True)
class Flow:
    """From one frame to another.

    Attributes:
        flow: (H, W, 2) pixels. hidden: (H, W). scene: (H, W, 3) m in the world, NaN in the sky.
        cast: rays that were needed.
    """

    flow: Floats32
    hidden: NDArray[np.bool_]
    scene: Floats32
    cast: int


def flow(here: Sight, there: Sight, tracer: Tracer, *, scene: bool = True) -> Flow:
    """From the sight `here` to the sight `there`, of the same camera at another time; `scene`: whether scene flow is asked for."""
    camera = here.camera
    left, top = margins(camera)
    sky = rays_of(camera)[top : top + camera.height, left : left + camera.width]
    to_camera, to_world, rolling = there.to_camera, there.poses, here.rolling or there.rolling
    if not rolling:  # there is one moment, so that one transform takes a point all the way
        to_camera, to_world = composed(to_camera, here.to_links), composed(to_world, here.to_links)
    moved, state, shift, doubtful, arrived = _moved(
        here.lens, here.hits.link, here.hits.point, sky, here.moment, here.to_links, here.eyes, there.moment, to_camera,
        inverse(there.eyes[:, None])[:, 0], to_world, there.hits.link, there.planes, there.hits.normal, there.hits.distance,
        *TOLERANCE, rolling, scene,
    )  # fmt: skip
    if len(doubtful):
        state.ravel()[doubtful] = _asked(there, tracer, arrived, here.hits.link.ravel()[doubtful] < 0)
    return Flow(moved, state != SEEN, shift, len(doubtful))


def nowhere(height: int, width: int) -> Flow:
    """For the first frame and the last: there is no other."""
    return Flow(
        np.full((height, width, 2), np.nan, np.float32),
        np.ones((height, width), np.bool_),
        np.full((height, width, 3), np.nan, np.float32),
        0,
    )


def _asked(there: Sight, tracer: Tracer, places: NDArray[np.float64], sky: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Whether rays reach the points, in camera coordinates of `there`; of the sky, whether they meet nothing."""
    eye = there.eyes[0]
    if there.camera.model == "orthographic":
        starts = places * (1.0, 1.0, 0.0)
        far = places[:, 2]
        directions = np.broadcast_to([0.0, 0.0, 1.0], places.shape)
    else:
        starts = np.zeros_like(places)
        far = np.linalg.norm(places, axis=1)
        directions = places / np.maximum(far, 1e-12)[:, None]
    origins = starts @ eye[:, :3].T + eye[:, 3]
    link, distance = tracer.cast(origins, np.ascontiguousarray(directions @ eye[:, :3].T), there.time)
    reached = np.where(sky, link < 0, distance >= far - TOLERANCE[0] - TOLERANCE[1] * far)
    return np.where(reached, SEEN, HIDDEN).astype(np.uint8)


@numba.njit(cache=True, error_model="numpy")
def _moved(  # type: ignore[no-untyped-def]  # noqa: C901
    lens, link, point, sky, moment, from_world, eyes, there_moment, to_camera, there_eyes, there_poses,
    there_link, planes, there_normal, there_distance, tolerance, share, rolling, with_scene,
):  # fmt: skip
    """Flow, state and scene flow of all pixels; which are doubtful, and their points in camera coordinates of the other frame."""
    height, width = link.shape
    flow = np.full((height, width, 2), np.nan, np.float32)
    scene = np.full((height if with_scene else 0, width, 3), np.nan, np.float32)
    doubtful, arrived, count = np.empty(height * width, np.int64), np.empty((height * width, 3)), 0
    state = np.full((height, width), HIDDEN, np.uint8)
    last = there_moment.shape[0] - 1
    for row in range(height):
        eye = eyes[moment[row]]
        for column in range(width):
            part = link[row, column]
            if part < 0 and lens[0] == ORTHOGRAPHIC:
                continue
            if part >= 0:
                px, py, pz = point[row, column, 0], point[row, column, 1], point[row, column, 2]
                lx, ly, lz = px, py, pz
                if rolling:
                    lx, ly, lz = _turned(from_world[moment[row], part], px, py, pz, 1.0)
            else:
                px, py, pz = 0.0, 0.0, 0.0
                lx, ly, lz = _turned(eye, sky[row, column, 0], sky[row, column, 1], sky[row, column, 2], 0.0)
            when = there_moment[min(max(row, 0), last)]
            x, y, z, u, v, ahead = 0.0, 0.0, 0.0, 0.0, 0.0, False
            for _ in range(ROUNDS if rolling else 1):
                if part >= 0:
                    x, y, z = _turned(to_camera[when, part], lx, ly, lz, 1.0)
                else:
                    x, y, z = _turned(there_eyes[when], lx, ly, lz, 0.0)
                u, v, ahead = project(lens, x, y, z)
                if not ahead or not (-1e9 < v < 1e9):
                    break
                when = there_moment[min(max(np.int64(np.floor(v)), 0), last)]
            if not ahead or not np.isfinite(u):
                continue
            flow[row, column, 0], flow[row, column, 1] = u - (column + 0.5), v - (row + 0.5)
            wx, wy, wz = 0.0, 0.0, 0.0
            if part >= 0:
                wx, wy, wz = _turned(there_poses[when, part], lx, ly, lz, 1.0)
                if with_scene:
                    scene[row, column, 0], scene[row, column, 1], scene[row, column, 2] = wx - px, wy - py, wz - pz
            if not (0 <= u < width and 0 <= v < height):
                continue
            far = z if lens[0] == ORTHOGRAPHIC else np.sqrt(x * x + y * y + z * z)
            found = _seen(part, u, v, wx, wy, wz, far, there_link, planes, there_normal, there_distance, tolerance, share, rolling)
            state[row, column] = found
            if found == DOUBTFUL:
                doubtful[count], arrived[count, 0], arrived[count, 1], arrived[count, 2] = row * width + column, x, y, z
                count += 1
    return flow, state, scene, doubtful[:count], arrived[:count]


@numba.njit(cache=True, inline="always")
def _turned(pose, x, y, z, offset):  # type: ignore[no-untyped-def]
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + offset * pose[0, 3],
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + offset * pose[1, 3],
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + offset * pose[2, 3],
    )


@numba.njit(cache=True, error_model="numpy")
def _seen(part, u, v, x, y, z, far, link, planes, normal, distance, tolerance, share, rolling):  # type: ignore[no-untyped-def]
    """What the four rays around a place say of a point there: seen, hidden or doubtful."""
    height, width = link.shape
    column, row = np.int64(np.floor(u - 0.5)), np.int64(np.floor(v - 0.5))
    shown, before = 0, 0
    for i in range(2):
        r = min(max(row + i, 0), height - 1)
        for j in range(2):
            c = min(max(column + j, 0), width - 1)
            found = link[r, c]
            if found < 0 or part < 0:
                shown += found < 0 and part < 0
                before += found >= 0 and part < 0
                continue
            off = normal[r, c, 0] * x + normal[r, c, 1] * y + normal[r, c, 2] * z - planes[r, c]
            if found == part and abs(off) < tolerance:
                shown += 1
            elif distance[r, c] < far - tolerance - share * far and (found != part or off < -tolerance - share * far):
                before += 1
    if shown == 4 or (rolling and shown > 0):
        return SEEN
    if before == 4 or rolling:
        return HIDDEN
    return DOUBTFUL
