"""Motion blur: light gathered along the way that surfaces take over the picture while the shutter is open (McGuire et al., "A
reconstruction filter for plausible motion blur", 2012), for pixels near anything that moves by more than one of them."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits
from understudy.scenes.raycast.embree import EmbreeTracer

Floats = NDArray[np.float64]
TILE = 16
STEPS = 13


def blurred(picture: Floats, tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits) -> Floats:
    """The picture with what moves spread along its way. Untouched where nothing moves by a pixel."""
    if camera.exposure <= 0:
        return picture
    moving = np.array([link.motion.moves for link in tracer.links], dtype=np.bool_)
    if not camera.motion.moves and not moving.any():
        return picture
    way = motion_field(tracer, camera, time, hits)
    longest = np.sqrt((way**2).sum(-1))
    if float(longest.max()) < 1.0:
        return picture
    distance = np.where(np.isfinite(hits.distance), hits.distance, 1e6)
    return np.asarray(gather(picture, way, longest, distance))


def motion_field(tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits) -> Floats:
    """(H, W, 2) pixels from the shutter's opening to its closing."""
    height, width = hits.link.shape
    early, late = time - camera.exposure / 2, time + camera.exposure / 2
    now, before, after = tracer.poses(time), tracer.poses(early), tracer.poses(late)
    link = hits.link.ravel()
    if not camera.motion.moves:
        moves = np.abs(after - before).max((1, 2)) > 0
        some = np.flatnonzero((link >= 0) & moves[link])
    else:
        some = np.arange(link.size)
    view, views = camera.motion.at(time), (camera.motion.at(early), camera.motion.at(late))
    _, ahead = tracer.camera_rays(camera)
    points = hits.point.reshape(-1, 3)[some]
    away = np.isnan(points[:, 0])
    points[away] = view[:3, 3] + 1e5 * (ahead[some[away]] @ view[:3, :3].T)
    places = []
    for poses, pose in ((before, views[0]), (after, views[1])):
        moved = carried(points, link[some], now, poses)
        pixels, seen = camera.project((moved - pose[:3, 3]) @ pose[:3, :3])
        pixels[~seen] = np.nan
        places.append(pixels)
    way = np.zeros((height * width, 2))
    way[some] = np.nan_to_num(places[1] - places[0])
    reach = np.maximum(np.sqrt((way**2).sum(1, keepdims=True)) / (0.12 * width), 1.0)
    return np.asarray((way / reach).reshape(height, width, 2))


@numba.njit(cache=True)
def carried(points, link, now, then):  # type: ignore[no-untyped-def]
    """Points on links, when those are elsewhere."""
    moved = np.empty_like(points)
    for n in range(points.shape[0]):
        number = link[n]
        if number < 0:
            moved[n] = points[n]
            continue
        x, y, z = points[n, 0] - now[number, 0, 3], points[n, 1] - now[number, 1, 3], points[n, 2] - now[number, 2, 3]
        a = now[number, 0, 0] * x + now[number, 1, 0] * y + now[number, 2, 0] * z
        b = now[number, 0, 1] * x + now[number, 1, 1] * y + now[number, 2, 1] * z
        c = now[number, 0, 2] * x + now[number, 1, 2] * y + now[number, 2, 2] * z
        for i in range(3):
            moved[n, i] = then[number, i, 0] * a + then[number, i, 1] * b + then[number, i, 2] * c + then[number, i, 3]
    return moved


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
    out = picture.copy()
    for y in range(height):
        for x in range(width):
            vx, vy, length = way[y, x, 0], way[y, x, 1], longest[y, x]
            for row in range(max(y // 16 - 2, 0), min(y // 16 + 3, rows)):
                for column in range(max(x // 16 - 2, 0), min(x // 16 + 3, columns)):
                    if most[row, column, 2] > length + 0.5:
                        gap = max(abs(row * 16 + 8 - y), abs(column * 16 + 8 - x)) - 8
                        if gap < most[row, column, 2] / 2:
                            vx, vy, length = most[row, column, 0], most[row, column, 1], most[row, column, 2]
            if length < 1.0:
                continue
            total, weights = np.zeros(3), 0.0
            steps = min(13, max(3, 2 * int(length / 2) + 1))
            start = (52.9829189 * ((0.06711056 * (x + 0.5) + 0.00583715 * (y + 0.5)) % 1.0)) % 1.0 - 0.5
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
                for c in range(3):
                    total[c] += weight * picture[py, px, c]
                weights += weight
            for c in range(3):
                out[y, x, c] = total[c] / weights
    return out
