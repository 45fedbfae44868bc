"""The rays of all pixels of a lens, kept for the lenses that were used last."""

from __future__ import annotations

import functools

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera

Floats = NDArray[np.float64]
STEPS = 30


def pixel_rays(camera: Camera) -> tuple[Floats, Floats]:
    """Origins (one; one a pixel where rays are parallel) and unit directions (H W, 3) through the middles of pixels, as `Camera.rays`."""
    return _rays(camera.model, camera.width, camera.height, camera.focal, camera.middle, camera.distortion)


@functools.lru_cache(maxsize=8)
def _rays(
    model: str, width: int, height: int, focal: float, middle: tuple[float, float], distortion: tuple[float, ...]
) -> tuple[Floats, Floats]:
    if model == "pinhole" and any(distortion):
        k1, k2, p1, p2, k3 = (*distortion, *(0.0,) * (5 - len(distortion)))
        most = Camera._turning_point(k1, k2, k3)
        return np.zeros((1, 3)), np.asarray(undistorted(width, height, focal, *middle, k1, k2, p1, p2, k3, min(most, 1e30)))
    camera = Camera("", width, height, model, focal, middle, distortion)  # type: ignore[arg-type]
    y, x = np.mgrid[:height, :width]
    origins, directions = camera.rays(np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5]))
    return (origins if model == "orthographic" else origins[:1]), directions


@numba.njit(cache=True, error_model="numpy")
def undistorted(width, height, focal, middle_x, middle_y, k1, k2, p1, p2, k3, most):  # type: ignore[no-untyped-def]
    """Unit directions of a pinhole's pixels: Brown and Conrady's model undone by Newton's method."""
    directions = np.empty((width * height, 3))
    for n in range(width * height):
        goal_x, goal_y = (n % width + 0.5 - middle_x) / focal, (n // width + 0.5 - middle_y) / focal
        x, y = goal_x, goal_y
        for _ in range(STEPS):
            square = x * x + y * y
            r2, inside = min(square, most), 1.0 if square < most else 0.0
            radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            slope = 2 * inside * (k1 + r2 * (2 * k2 + 3 * r2 * k3))
            left_x = goal_x - (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x))
            left_y = goal_y - (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)
            a = radial + slope * x * x + 2 * p1 * y + p2 * (2 * inside * x + 4 * x)
            b = slope * x * y + 2 * p1 * x + 2 * p2 * inside * y
            c = slope * x * y + 2 * p1 * inside * x + 2 * p2 * y
            d = radial + slope * y * y + p1 * (2 * inside * y + 4 * y) + 2 * p2 * x
            determinant = a * d - b * c
            if abs(determinant) < 1e-9:
                determinant = 1e-9
            x, y = x + (left_x * d - left_y * b) / determinant, y + (left_y * a - left_x * c) / determinant
            if abs(left_x) + abs(left_y) < 1e-13:
                break
        length = np.sqrt(x * x + y * y + 1)
        directions[n, 0], directions[n, 1], directions[n, 2] = x / length, y / length, 1 / length
    return directions
