"""The whole of an object as if nothing stood before it: which pixels it would cover, also beyond the edge, and how far away.

Its triangles are tested against the rays of the pixels that they can cover. This is code of its own, in double precision, that shares
nothing with the tracer, so that the two check each other: what is seen must be covered, and what is covered must be seen or lie behind
what is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import CroppedMask
from understudy.scenes.labels.lens import FISHEYE, ORTHOGRAPHIC, PINHOLE, margins, project
from understudy.scenes.labels.staging import Sight, Survey

Floats = NDArray[np.float64]
NEAR = 0.01
"""Metres before a camera at which triangles that reach behind it are cut."""

TOLERANCE = (0.01, 0.001)
"""Metres, and share of the distance, by which two surfaces may differ and still count as one."""


EDGE = 1e-4
"""Share of a triangle's width within which a ray passes its edge, so that rounding decides who is hit."""


ROUNDING = 0.01
"""Pixels that are looked at beyond a triangle's corners."""


@dataclass(frozen=True)
class Silhouette:
    """A whole object in one frame.

    Attributes:
        mask: its pixels. box: their extent, or that of its corners where it reaches further than was looked.
        inside, outside: pixels within the picture, and beyond its edge. hidden: of those inside, covered by others.
        compared: pixels that tracer and silhouette both have a say on; apart: where they do not agree, though no edge is close.
    """

    mask: CroppedMask
    box: tuple[int, int, int, int]
    inside: int
    outside: int
    hidden: int
    compared: int
    apart: int

    @property
    def occlusion(self) -> float:
        return self.hidden / max(self.inside, 1)

    @property
    def truncation(self) -> float:
        return self.outside / max(self.inside + self.outside, 1)


def silhouette(sight: Sight, seen: Survey, rays: NDArray[np.float32], body: int) -> Silhouette:
    """Of the body at position `body`, which is visible. rays: with margins."""
    stage, to_camera = sight.staging, sight.to_camera
    links = np.arange(stage.links[body], stage.links[body + 1])
    left, top = margins(sight.camera)
    moments = np.array(sorted({0, len(to_camera) // 2, len(to_camera) - 1}))
    places, pixels, behind, extent = _placed(sight.lens, stage.shapes.vertices, stage.parts, links, to_camera, moments)
    cut = _looked_at(extent, behind, seen.boxes[body], (left, top, sight.camera.width, sight.camera.height))
    distance, close = _covered(
        sight.lens,
        rays,
        left,
        top,
        cut,
        stage.shapes.faces,
        stage.shapes.vertices,
        stage.parts,
        links,
        to_camera,
        sight.moment,
        places,
        pixels,
    )
    mask, box, counts = _judged(distance, close, cut, body, seen.body, sight.hits.distance, *TOLERANCE)
    x, y = int(box[0]), int(box[1])
    cropped = mask[y - cut[1] : int(box[3]) - cut[1], x - cut[0] : int(box[2]) - cut[0]]
    whole = _whole(extent, behind, box, (left, top, sight.camera.width, sight.camera.height))
    return Silhouette(CroppedMask(x, y, np.ascontiguousarray(cropped)), whole, *(int(count) for count in counts))


def _looked_at(extent: Floats, behind: bool, seen: NDArray[np.int64], picture: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """The part of picture and margins that can hold the object: [x0, y0, x1, y1]."""
    left, top, width, height = picture
    most = (-left, -top, width + left, height + top)
    ends = extent.tolist()
    if behind or not all(map(math.isfinite, ends)):
        return np.array(most)
    around = [min(math.floor(ends[k] - 0.5), int(seen[k])) for k in (0, 1)] + [max(math.ceil(ends[k] + 0.5), int(seen[k])) for k in (2, 3)]
    return np.array([min(max(end, most[k % 2]), most[2 + k % 2]) for k, end in enumerate(around)])


def _whole(extent: Floats, behind: bool, box: NDArray[np.int64], picture: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """`box`, wider on the sides where the object leaves the margins, as far as its corners go."""
    left, top, width, height = picture
    x0, y0, x1, y1 = (int(value) for value in box)
    if not behind and np.isfinite(extent).all():
        low, high = np.ceil(extent[:2] - 0.5), np.floor(extent[2:] - 0.5) + 1
        x0, y0 = (int(low[0]) if x0 <= -left else x0), (int(low[1]) if y0 <= -top else y0)
        x1, y1 = (int(high[0]) if x1 >= width + left else x1), (int(high[1]) if y1 >= height + top else y1)
    return x0, y0, x1, y1


@numba.njit(cache=True, error_model="numpy")
def _placed(lens, vertices, parts, links, to_camera, moments):  # type: ignore[no-untyped-def]
    """Vertices of all links, one after another, at some moments: (M, V, 3) in camera coordinates, (M, V, 2) in pixels; whether any is
    behind the camera; and the extent of the pixels."""
    count = 0
    for link in links:
        count += parts[link, 1]
    places = np.empty((moments.shape[0], count, 3))
    pixels = np.empty((moments.shape[0], count, 2))
    extent = np.array([np.inf, np.inf, -np.inf, -np.inf])
    behind = False
    for m in range(moments.shape[0]):
        position = 0
        for link in links:
            pose = to_camera[moments[m], link]
            for v in range(parts[link, 0], parts[link, 0] + parts[link, 1]):
                x, y, z = moved(pose, vertices[v, 0], vertices[v, 1], vertices[v, 2])
                u, w, ahead = project(lens, x, y, z)
                behind = behind or not ahead or (lens[0] == 0 and z < NEAR)
                places[m, position, 0], places[m, position, 1], places[m, position, 2] = x, y, z
                pixels[m, position, 0], pixels[m, position, 1] = u, w
                extent[0], extent[1] = min(extent[0], u), min(extent[1], w)
                extent[2], extent[3] = max(extent[2], u), max(extent[3], w)
                position += 1
    return places, pixels, behind, extent


@numba.njit(cache=True, inline="always")
def moved(pose, x, y, z):  # type: ignore[no-untyped-def]
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3],
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3],
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3],
    )


@numba.njit(cache=True, error_model="numpy")
def _covered(lens, rays, left, top, cut, faces, vertices, parts, links, to_camera, moment, places, pixels):  # type: ignore[no-untyped-def]
    """Distance along the ray to the object in each pixel of `cut`, inf where it is not; and whether the ray passes close to an edge."""
    x0, y0, x1, y1 = cut
    distance = np.full((max(y1 - y0, 0), max(x1 - x0, 0)), np.inf, np.float32)
    close = np.zeros(distance.shape, np.bool_)
    bounds = np.empty(4)
    corners = np.empty((3, 3))
    start, last, rolling = 0, moment.shape[0] - 1, to_camera.shape[0] > 1
    simple = lens[0] == PINHOLE and lens[10] == 0 and not rolling
    for link in links:
        shift = start - parts[link, 0]
        for face in range(parts[link, 2], parts[link, 2] + parts[link, 3]):
            a, b, c = faces[face, 0] + shift, faces[face, 1] + shift, faces[face, 2] + shift
            if simple and min(places[0, a, 2], places[0, b, 2], places[0, c, 2]) > NEAR:
                low_u, high_u = _range(pixels[0, a, 0], pixels[0, b, 0], pixels[0, c, 0])
                low_v, high_v = _range(pixels[0, a, 1], pixels[0, b, 1], pixels[0, c, 1])
            elif _bounds(lens, places, pixels, a, b, c, bounds):
                low_u, low_v, high_u, high_v = bounds
            else:
                continue
            left_most, right_most = _between(low_u, high_u, x0, x1)
            upper, lower = _between(low_v, high_v, y0, y1)
            if left_most >= right_most or upper >= lower:
                continue
            for i in range(3):
                corners[0, i], corners[1, i], corners[2, i] = places[0, a, i], places[0, b, i], places[0, c, i]
            if not rolling:
                _triangle(lens[0], corners, rays, left, top, left_most, right_most, upper, lower, distance, close, x0, y0)
                continue
            for row in range(upper, lower):
                pose = to_camera[moment[min(max(row, 0), last)], link]
                for k in range(3):
                    v = faces[face, k]
                    corners[k, 0], corners[k, 1], corners[k, 2] = moved(pose, vertices[v, 0], vertices[v, 1], vertices[v, 2])
                _triangle(lens[0], corners, rays, left, top, left_most, right_most, row, row + 1, distance, close, x0, y0)
        start += parts[link, 1]
    return distance, close


@numba.njit(cache=True, inline="always")
def _range(a, b, c):  # type: ignore[no-untyped-def]
    return min(a, b, c) - ROUNDING, max(a, b, c) + ROUNDING


@numba.njit(cache=True, inline="always")
def _between(low, high, first, stop):  # type: ignore[no-untyped-def]
    """The pixels from `first` to `stop` whose middles lie between two places."""
    return max(first, np.int64(np.ceil(max(low, -1e6) - 0.5))), min(stop, np.int64(np.floor(min(high, 1e6) - 0.5)) + 1)


@numba.njit(cache=True, error_model="numpy")
def _bounds(lens, places, pixels, a, b, c, bounds):  # type: ignore[no-untyped-def]
    """Pixels that a triangle can cover, into `bounds`; False where it is behind the camera."""
    bounds[0], bounds[1], bounds[2], bounds[3] = np.inf, np.inf, -np.inf, -np.inf
    any_ahead = False
    for m in range(places.shape[0]):
        za, zb, zc = places[m, a, 2], places[m, b, 2], places[m, c, 2]
        if lens[0] == FISHEYE or min(za, zb, zc) > NEAR:
            any_ahead = True
            for v in (a, b, c):
                _widen(bounds, pixels[m, v, 0], pixels[m, v, 1])
        elif max(za, zb, zc) > NEAR and lens[0] != ORTHOGRAPHIC:
            any_ahead = True
            for v, w in ((a, b), (b, c), (c, a)):
                if places[m, v, 2] > NEAR:
                    _widen(bounds, pixels[m, v, 0], pixels[m, v, 1])
                if (places[m, v, 2] > NEAR) != (places[m, w, 2] > NEAR):
                    share = (NEAR - places[m, v, 2]) / (places[m, w, 2] - places[m, v, 2])
                    x = places[m, v, 0] + share * (places[m, w, 0] - places[m, v, 0])
                    y = places[m, v, 1] + share * (places[m, w, 1] - places[m, v, 1])
                    u, t, _ = project(lens, x, y, NEAR)
                    _widen(bounds, u, t)
        elif lens[0] == ORTHOGRAPHIC and max(za, zb, zc) > 0:
            any_ahead = True
            for v in (a, b, c):
                _widen(bounds, pixels[m, v, 0], pixels[m, v, 1])
    if not any_ahead:
        return False
    pad = ROUNDING
    if lens[0] == FISHEYE or lens[10] > 0 or places.shape[0] > 1:  # edges are curves: they reach beyond their ends
        pad = 1.0 + 0.12 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    bounds[0], bounds[1], bounds[2], bounds[3] = bounds[0] - pad, bounds[1] - pad, bounds[2] + pad, bounds[3] + pad
    return True


@numba.njit(cache=True, inline="always")
def _widen(bounds, u, v):  # type: ignore[no-untyped-def]
    bounds[0], bounds[1] = min(bounds[0], u), min(bounds[1], v)
    bounds[2], bounds[3] = max(bounds[2], u), max(bounds[3], v)


@numba.njit(cache=True, error_model="numpy")
def _triangle(model, corners, rays, left, top, first, stop, upper, lower, distance, close, x0, y0):  # type: ignore[no-untyped-def]
    """Pixels from `first` to `stop` in rows from `upper` to `lower` against a triangle.

    Rays from the camera: by the volumes that they span with its edges. Parallel rays along z: by the areas beside their place.
    """
    ax, ay, az = corners[0, 0], corners[0, 1], corners[0, 2]
    bx, by, bz = corners[1, 0], corners[1, 1], corners[1, 2]
    cx, cy, cz = corners[2, 0], corners[2, 1], corners[2, 2]
    px, py, pz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    qx, qy, qz = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    rx, ry, rz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    volume = ax * px + ay * py + az * pz
    for row in range(upper, lower):
        for column in range(first, stop):
            x, y, z = rays[row + top, column + left, 0], rays[row + top, column + left, 1], rays[row + top, column + left, 2]
            if model == ORTHOGRAPHIC:
                u = (bx - x) * (cy - y) - (by - y) * (cx - x)
                v = (cx - x) * (ay - y) - (cy - y) * (ax - x)
                w = (ax - x) * (by - y) - (ay - y) * (bx - x)
            else:
                u, v, w = x * px + y * py + z * pz, x * qx + y * qy + z * qz, x * rx + y * ry + z * rz
            total = u + v + w
            least = min(u, v, w) if total > 0 else -max(u, v, w)
            if total == 0 or not least >= -EDGE * abs(total):
                continue
            far = (u * az + v * bz + w * cz if model == ORTHOGRAPHIC else volume) / total
            i, j = row - y0, column - x0
            close[i, j] = close[i, j] or least <= EDGE * abs(total)
            if least >= 0 and 0 < far < distance[i, j]:
                distance[i, j] = far


@numba.njit(cache=True)
def _judged(distance, close, cut, body, bodies, seen, tolerance, share):  # type: ignore[no-untyped-def]
    """The object's pixels, [x0, y0, x1, y1] of them, and counts: inside, outside, hidden, compared, apart.

    Where the tracer saw it, it is; where the tracer saw something clearly farther, it is not, whatever rounding at its edge says.
    """
    height, width = bodies.shape
    mask = np.zeros(distance.shape, np.bool_)
    box = np.array([cut[2], cut[3], cut[0], cut[1]])
    inside, outside, hidden, compared, apart = 0, 0, 0, 0, 0
    for i in range(distance.shape[0]):
        y = i + cut[1]
        for j in range(distance.shape[1]):
            x = j + cut[0]
            far = distance[i, j]
            covered = far < np.inf
            if 0 <= x < width and 0 <= y < height:
                near = seen[y, x]
                slack = tolerance + share * min(far, near)
                if bodies[y, x] == body:
                    compared += 1
                    apart += (not covered or abs(far - near) > slack) and not close[i, j]
                    covered = True
                    inside += 1
                elif covered:
                    compared += 1
                    if far < near - slack:
                        apart += not close[i, j]
                        covered = False
                    else:
                        inside += 1
                        hidden += 1
            elif covered:
                outside += 1
            if covered:
                mask[i, j] = True
                box[0], box[1] = min(box[0], x), min(box[1], y)
                box[2], box[3] = max(box[2], x + 1), max(box[3], y + 1)
    return mask, box, np.array([inside, outside, hidden, compared, apart])
