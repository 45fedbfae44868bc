"""A camera's lens for kernels: rays of all pixels, also of those beyond the edge, and the projection of one point."""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera

Floats = NDArray[np.float64]
MARGIN = 0.5
"""How far beyond each edge objects are looked at, as a share of the picture's width and height."""

PINHOLE, FISHEYE, ORTHOGRAPHIC = 0, 1, 2
MODELS = {"pinhole": PINHOLE, "fisheye": FISHEYE, "orthographic": ORTHOGRAPHIC}
COARSE = 4
"""Pixels between the rays beyond the edge that are computed; those between them are interpolated."""


ASTRAY = 0.1
"""Pixels by which an interpolated ray may miss its own."""


def margins(camera: Camera) -> tuple[int, int]:
    """Pixels to each side, and above and below, that are looked at beyond the picture."""
    return round(MARGIN * camera.width), round(MARGIN * camera.height)


def lens(camera: Camera) -> Floats:
    """(11,): model, focal length, principal point, distortion, squared radius where the distortion turns back, whether there is any."""
    k = (*camera.distortion, *(0.0,) * (5 - len(camera.distortion)))
    turning = float("inf")
    if camera.model == "pinhole" and any(camera.distortion):
        turning = camera._turning_point(k[0], k[1], k[4])
    return np.array([MODELS[camera.model], camera.focal, *camera.middle, *k, turning, float(any(camera.distortion))])


def rays(camera: Camera) -> NDArray[np.float32]:
    """(H + 2 margin, W + 2 margin, 3) unit directions in camera coordinates; of orthographic cameras the origins instead.

    NaN where no light that a point sends falls, such as outside the circle of a fisheye.
    """
    return _rays(camera.model, camera.width, camera.height, camera.focal, camera.middle, camera.distortion)


@lru_cache(maxsize=8)
def _rays(
    model: str, width: int, height: int, focal: float, middle: tuple[float, float], distortion: tuple[float, ...]
) -> NDArray[np.float32]:
    camera = Camera("", width, height, model, focal, middle, distortion)  # type: ignore[arg-type]
    left, top = margins(camera)
    simple = model == "orthographic" or not any(distortion)
    columns, rows = _centers(-left, width + left, 1), _centers(-top, height + top, 1)
    if simple:
        return _grid(camera, columns, rows).astype(np.float32)
    table = _interpolated(camera, columns, rows)
    table[top : top + height, left : left + width] = _grid(camera, columns[left : left + width], rows[top : top + height])
    return table


def _centers(start: int, stop: int, step: int) -> Floats:
    return np.arange(start, stop, step, dtype=np.float64) + 0.5


def _grid(camera: Camera, columns: Floats, rows: Floats) -> Floats:
    """Rays at the crossings; NaN where a ray does not come back to its pixel."""
    pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):  # far outside, a lens's formula leads nowhere
        origins, directions = camera.rays(pixels)
        if camera.model == "orthographic":
            return origins.reshape(len(rows), len(columns), 3)
        back, ahead = camera.project(directions)
    directions[~(ahead & (np.abs(back - pixels).max(axis=1) < 0.01))] = np.nan
    return directions.reshape(len(rows), len(columns), 3)


def _interpolated(camera: Camera, columns: Floats, rows: Floats) -> NDArray[np.float32]:
    coarse_x, coarse_y = (_centers(int(values[0] - 0.5), int(values[-1]) + COARSE + 1, COARSE) for values in (columns, rows))
    coarse = _grid(camera, coarse_x, coarse_y)
    x, y = (columns - coarse_x[0]) / COARSE, (rows - coarse_y[0]) / COARSE
    column, row = (np.minimum(np.floor(values).astype(int), size - 2) for values, size in ((x, len(coarse_x)), (y, len(coarse_y))))
    across = (x - column)[None, :, None]
    down = (y - row)[:, None, None]
    upper = coarse[row][:, column] * (1 - across) + coarse[row][:, column + 1] * across
    lower = coarse[row + 1][:, column] * (1 - across) + coarse[row + 1][:, column + 1] * across
    mixed = upper * (1 - down) + lower * down
    made: NDArray[np.float32] = (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32)
    back, _ = camera.project(made.reshape(-1, 3).astype(np.float64))
    off = np.abs(back.reshape(len(rows), len(columns), 2) - np.stack(np.meshgrid(columns, rows), axis=-1)).max(axis=-1)
    made[~(off < ASTRAY)] = np.nan
    return made


@numba.njit(cache=True, error_model="numpy")
def project(lens, x, y, z):  # type: ignore[no-untyped-def]
    """Pixel of a point in camera coordinates, and whether it is before the camera; what `Camera.project` says, for one point."""
    model, focal, cx, cy = lens[0], lens[1], lens[2], lens[3]
    if model == ORTHOGRAPHIC:
        return x * focal + cx, y * focal + cy, z > 1e-6
    if model == FISHEYE:
        across = np.sqrt(x * x + y * y)
        angle = np.arctan2(across, z)
        square = angle * angle
        scaled = angle * (1 + square * (lens[4] + square * (lens[5] + square * (lens[6] + square * lens[7]))))
        share = scaled / across if across > 1e-12 else 1.0
        return x * share * focal + cx, y * share * focal + cy, across * across + z * z > 1e-18
    ahead = z > 1e-6
    depth = z if ahead else 1.0
    u, v = x / depth, y / depth
    if lens[10] > 0:
        k1, k2, p1, p2, k3 = lens[4], lens[5], lens[6], lens[7], lens[8]
        r2 = min(u * u + v * v, lens[9])
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        u, v = u * radial + 2 * p1 * u * v + p2 * (r2 + 2 * u * u), v * radial + p1 * (r2 + 2 * v * v) + 2 * p2 * u * v
    return u * focal + cx, v * focal + cy, ahead
