"""Line integrals through pictures, and their inverse: parallel and fan beams, Joseph's projector, filtered back-projection.

Projection: P. M. Joseph, "An improved algorithm for reprojecting rays through pixel images", IEEE Trans. Med. Imaging 1, 192 (1982): one
sample a row or column, whichever the ray crosses more steeply, linear between two pixels. Reconstruction: A. C. Kak and M. Slaney,
"Principles of Computerized Tomographic Imaging" (1988), chapter 3: band-limited ramp as the kernel in space (equation 61), equiangular fans
(equation 91).

Places are in mm, x to the right, y down, the rotation's centre at 0. A parallel beam at angle θ runs along (-sin θ, cos θ); its detector's
coordinate s grows along (cos θ, sin θ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Window = Literal["ramp", "hann"]


@dataclass(frozen=True)
class Beam:
    """How rays run.

    Attributes:
        angles: (A,) radians.
        detectors: number of cells. pitch: mm between them for parallel beams, radians for fans.
        source: mm from the source to the centre of rotation; 0 for parallel beams.
    """

    angles: Floats
    detectors: int
    pitch: float
    source: float = 0.0

    @property
    def cells(self) -> Floats:
        """(D,) detector coordinates, mm or radians, 0 in the middle."""
        places: Floats = (np.arange(self.detectors, dtype=np.float64) - (self.detectors - 1) / 2) * self.pitch
        return places

    def rays(self) -> Floats:
        """(A, D, 4): a point x, y on each ray and its unit direction."""
        angles, cells = self.angles[:, None], self.cells[None, :]
        if not self.source:
            cos, sin = np.cos(angles), np.sin(angles)
            ones = np.ones_like(cells)
            return np.stack([cells * cos, cells * sin, -sin * ones, cos * ones], axis=2)
        # The source stands at angle θ - 90°, so that the middle ray is the parallel beam's; a cell's ray is turned by -γ.
        at_x, at_y = self.source * np.sin(angles), -self.source * np.cos(angles)
        ones = np.ones_like(cells)
        turn = angles - cells
        return np.stack([at_x * ones, at_y * ones, -np.sin(turn), np.cos(turn)], axis=2)


def parallel(views: int, detectors: int, pitch: float) -> Beam:
    """Views over half a turn."""
    return Beam(np.arange(views) * np.pi / views, detectors, pitch)


def fan(views: int, detectors: int, field: float, source: float = 600.0) -> Beam:
    """Views over a whole turn, equiangular cells that see a circle of diameter `field` (mm)."""
    half = np.arcsin(min(field / 2 / source, 0.95))
    return Beam(np.arange(views) * 2 * np.pi / views, detectors, float(2 * half / detectors), source)


def moved(rays: Floats, shifts: Floats, turns: Floats) -> Floats:
    """Rays as a patient sees them that has moved by `shifts` (A, 2) mm and turned by `turns` (A,) radians at each view."""
    cos, sin = np.cos(-turns)[:, None], np.sin(-turns)[:, None]
    x, y = rays[..., 0] - shifts[:, :1], rays[..., 1] - shifts[:, 1:]
    return np.stack(
        [cos * x - sin * y, sin * x + cos * y, cos * rays[..., 2] - sin * rays[..., 3], sin * rays[..., 2] + cos * rays[..., 3]], axis=2
    )


def line_integrals(maps: NDArray[np.float32], pixel: float, rays: Floats) -> NDArray[np.float32]:
    """(A, D, M): integrals of (H, W, M) pictures with the centre of rotation in their middle, in the pictures' unit times mm."""
    return _joseph(np.ascontiguousarray(maps, dtype=np.float32), float(pixel), rays)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _joseph(maps, pixel, rays):  # type: ignore[no-untyped-def]
    height, width, layers = maps.shape
    views, cells = rays.shape[:2]
    found = np.zeros((views, cells, layers), dtype=np.float32)
    middle_x, middle_y = (width - 1) / 2.0, (height - 1) / 2.0
    total = np.zeros(layers, dtype=np.float32)
    for view in range(views):
        for cell in range(cells):
            px, py, dx, dy = rays[view, cell]
            total[:] = 0.0
            if np.abs(dy) >= np.abs(dx):
                # One sample a row.
                slope = dx / dy
                at = (px - (py + middle_y * pixel) * slope) / pixel + middle_x
                first, last = _rows(at, slope, width, height)
                for row in range(first, last):
                    place = at + row * slope
                    left = int(np.floor(place))
                    part = np.float32(place - left)
                    for layer in range(layers):
                        a = maps[row, left, layer] if 0 <= left < width else np.float32(0.0)
                        b = maps[row, left + 1, layer] if -1 <= left < width - 1 else np.float32(0.0)
                        total[layer] += a + part * (b - a)
                step = np.float32(pixel / np.abs(dy))
            else:
                slope = dy / dx
                at = (py - (px + middle_x * pixel) * slope) / pixel + middle_y
                first, last = _rows(at, slope, height, width)
                for column in range(first, last):
                    place = at + column * slope
                    top = int(np.floor(place))
                    part = np.float32(place - top)
                    for layer in range(layers):
                        a = maps[top, column, layer] if 0 <= top < height else np.float32(0.0)
                        b = maps[top + 1, column, layer] if -1 <= top < height - 1 else np.float32(0.0)
                        total[layer] += a + part * (b - a)
                step = np.float32(pixel / np.abs(dx))
            for layer in range(layers):
                found[view, cell, layer] = total[layer] * step
    return found


@numba.njit(cache=True)
def _rows(at, slope, across, count):  # type: ignore[no-untyped-def]
    """Which samples along a ray fall into the picture."""
    if np.abs(slope) < 1e-12:
        return (0, count) if -1.0 < at < across else (0, 0)
    one, two = (-1.0 - at) / slope, (across - at) / slope
    first, last = max(int(np.floor(min(one, two))), 0), min(int(np.ceil(max(one, two))) + 1, count)
    return first, max(last, first)


def reconstructed(sinogram: Floats, beam: Beam, size: int, pixel: float, window: Window = "hann") -> Floats:
    """(size, size): the picture whose line integrals (A, D) are in the picture's unit times mm."""
    filtered = _filtered(np.asarray(sinogram, dtype=np.float64), beam, window)
    if beam.source:
        return _back_fan(filtered, beam.angles, beam.detectors, beam.pitch, beam.source, size, pixel)  # type: ignore[no-any-return]
    return _back_parallel(filtered, beam.angles, beam.detectors, beam.pitch, size, pixel)  # type: ignore[no-any-return]


def _filtered(sinogram: Floats, beam: Beam, window: Window) -> Floats:
    """Convolved with the ramp kernel, weighted, times the step of the angle."""
    from scipy import fft

    count, pitch = beam.detectors, beam.pitch
    length = int(fft.next_fast_len(2 * count, real=True))
    places = np.arange(length)
    places = np.where(places <= length // 2, places, places - length)
    odd = places % 2 == 1
    kernel = np.zeros(length)
    kernel[0] = 1 / (8 * pitch**2) if beam.source else 1 / (4 * pitch**2)
    away = np.sin(places[odd] * pitch) if beam.source else places[odd] * pitch
    kernel[odd] = -1 / ((2.0 if beam.source else 1.0) * (np.pi * away) ** 2)
    response = fft.rfft(kernel).real
    if window == "hann":
        response = response * (0.5 + 0.5 * np.cos(np.pi * np.arange(len(response)) / (len(response) - 1)))
    weighted = sinogram * (beam.source * np.cos(beam.cells)) if beam.source else sinogram
    filtered: Floats = fft.irfft(fft.rfft(weighted, length, axis=1) * response, length, axis=1)[:, :count] * pitch
    step = (2 * np.pi if beam.source else np.pi) / len(beam.angles)
    return np.ascontiguousarray(filtered * step)


@numba.njit(cache=True)
def _back_parallel(filtered, angles, detectors, pitch, size, pixel):  # type: ignore[no-untyped-def]
    picture = np.zeros((size, size))
    middle, center = (size - 1) / 2.0, (detectors - 1) / 2.0
    for view in range(len(angles)):
        cos, sin = np.cos(angles[view]) * pixel / pitch, np.sin(angles[view]) * pixel / pitch
        for row in range(size):
            start = (row - middle) * sin - middle * cos + center
            for column in range(size):
                place = start + column * cos
                left = int(np.floor(place))
                if 0 <= left < detectors - 1:
                    part = place - left
                    picture[row, column] += (1.0 - part) * filtered[view, left] + part * filtered[view, left + 1]
    return picture


@numba.njit(cache=True)
def _back_fan(filtered, angles, detectors, pitch, source, size, pixel):  # type: ignore[no-untyped-def]
    picture = np.zeros((size, size))
    middle, center = (size - 1) / 2.0, (detectors - 1) / 2.0
    for view in range(len(angles)):
        cos, sin = np.cos(angles[view]), np.sin(angles[view])
        for row in range(size):
            y = (row - middle) * pixel
            for column in range(size):
                x = (column - middle) * pixel
                across = x * cos + y * sin
                along = source + (y * cos - x * sin)
                place = np.arctan2(across, along) / pitch + center
                left = int(np.floor(place))
                if 0 <= left < detectors - 1:
                    part = place - left
                    value = (1.0 - part) * filtered[view, left] + part * filtered[view, left + 1]
                    picture[row, column] += value / (along * along + across * across)
    return picture
