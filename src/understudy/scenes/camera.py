"""`Camera`: a lens, a sensor and where they are. It maps pixels to rays and points to pixels, and the two are each other's inverse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import CameraView
from understudy.scenes.geometry.motion import Motion, still

Floats = NDArray[np.float64]
STEPS = 12
"""Of Newton's method for undoing a lens's distortion; six suffice for the strongest lenses in use."""


@dataclass(frozen=True)
class Faults:
    """What is wrong with a picture, 0 for nothing. dirt: share of the lens that is dirty. drops: rain drops on it a picture. flare: of the
    sun in it. dead_rows, noise_bands: sensor faults, counts. stuck: share of hot pixels. blur: px of defocus."""

    dirt: float = 0.0
    drops: int = 0
    flare: float = 0.0
    dead_rows: int = 0
    noise_bands: int = 0
    stuck: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True)
class Camera:
    """A camera.

    Attributes:
        name: unique in a scene, "front".
        width, height: pixels.
        model: "pinhole", "fisheye" (equidistant: the angle from the axis is proportional to the distance from the centre) or
            "orthographic" (rays are parallel).
        focal: pixels (fx = fy); for orthographic cameras pixels a metre.
        center: principal point in pixels; None: the middle.
        distortion: k1, k2, p1, p2, k3 (pinhole) or k1 .. k4 (fisheye); () for none.
        motion: camera to world.
        exposure: s that the shutter is open; moving things blur. readout: s from the first row to the last (rolling shutter).
        gain: brightness; None: automatic from the scene. noise: standard deviation of read noise in 8-bit steps at gain 1.
        vignette: 0 .. 1, how dark the corners are. quality: of JPEG compression in the picture, 1 .. 100; 0 for none.
        band: "rgb", "infrared" (near, lit by a lamp at the camera, grey) or "thermal" (grey, by temperature).
        bands: names of further bands beside rgb ("nir"), for multispectral pictures.
    """

    name: str
    width: int = 640
    height: int = 480
    model: Literal["pinhole", "fisheye", "orthographic"] = "pinhole"
    focal: float = 500.0
    center: tuple[float, float] | None = None
    distortion: tuple[float, ...] = ()
    motion: Motion = field(default_factory=still)
    exposure: float = 0.0
    readout: float = 0.0
    gain: float | None = None
    noise: float = 1.0
    vignette: float = 0.2
    quality: int = 0
    band: Literal["rgb", "infrared", "thermal"] = "rgb"
    bands: tuple[str, ...] = ()
    faults: Faults = field(default_factory=Faults)

    @property
    def middle(self) -> tuple[float, float]:
        return self.center if self.center is not None else (self.width / 2, self.height / 2)

    @property
    def matrix(self) -> Floats:
        """(3, 3) intrinsics."""
        x, y = self.middle
        return np.array([[self.focal, 0.0, x], [0.0, self.focal, y], [0.0, 0.0, 1.0]])

    def view(self, time: float) -> CameraView:
        return CameraView(self.model, self.matrix, self.distortion, self.motion.at(time), self.exposure, self.readout)

    def rays(self, pixels: Floats) -> tuple[Floats, Floats]:
        """Origins and unit directions, (N, 3) each, in camera coordinates, of (N, 2) places in the picture."""
        x, y = self.middle
        plane = (np.asarray(pixels, dtype=np.float64) - (x, y)) / self.focal
        origins = np.zeros((len(plane), 3))
        if self.model == "orthographic":
            origins[:, :2] = plane
            return origins, np.broadcast_to([0.0, 0.0, 1.0], origins.shape).copy()
        if self.model == "fisheye":
            return origins, self._fisheye_rays(plane)
        straight = self._undistorted(plane) if any(self.distortion) else plane
        directions = np.column_stack([straight, np.ones(len(straight))])
        return origins, directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def project(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """(N, 2) pixels of (N, 3) points in camera coordinates, and which of them are before the camera."""
        points = np.asarray(points, dtype=np.float64)
        ahead = points[:, 2] > 1e-6
        if self.model == "orthographic":
            plane = points[:, :2]
        elif self.model == "fisheye":
            plane, ahead = self._fisheye_plane(points)
        else:
            plane = points[:, :2] / np.where(ahead, points[:, 2], 1.0)[:, None]
            plane = self._distorted(plane) if any(self.distortion) else plane
        return plane * self.focal + self.middle, ahead

    # -- lenses

    def _distorted(self, plane: Floats) -> Floats:
        """Brown and Conrady's model, from ideal to real places on the plane at distance 1."""
        k1, k2, p1, p2, k3 = (*self.distortion, *(0.0,) * (5 - len(self.distortion)))
        x, y = plane[:, 0], plane[:, 1]
        r2 = np.minimum(x * x + y * y, self._turning_point(k1, k2, k3))
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return np.column_stack(
            [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y],
        )

    @staticmethod
    def _turning_point(k1: float, k2: float, k3: float) -> float:
        """The square of the radius up to which the model goes outwards; beyond, it would fold points back into the picture."""
        roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])
        real = [float(root.real) for root in roots if abs(root.imag) < 1e-9 and root.real > 0]
        return min(real, default=float("inf"))

    def _undistorted(self, plane: Floats) -> Floats:
        ideal = plane.copy()
        step = 1e-6
        for _ in range(STEPS):
            here = self._distorted(ideal)
            along_x = (self._distorted(ideal + np.array([step, 0.0])) - here) / step
            along_y = (self._distorted(ideal + np.array([0.0, step])) - here) / step
            rest = plane - here
            determinant = along_x[:, 0] * along_y[:, 1] - along_x[:, 1] * along_y[:, 0]
            determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
            ideal = ideal + np.column_stack(
                [
                    (rest[:, 0] * along_y[:, 1] - rest[:, 1] * along_y[:, 0]) / determinant,
                    (along_x[:, 0] * rest[:, 1] - along_x[:, 1] * rest[:, 0]) / determinant,
                ]
            )
        return ideal

    def _fisheye_scale(self, angle: Floats) -> Floats:
        """Distance from the centre, in focal lengths, of rays at `angle` from the axis (Kannala and Brandt's model)."""
        k1, k2, k3, k4 = (*self.distortion, *(0.0,) * (4 - len(self.distortion)))
        square = angle * angle
        scaled: Floats = angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))
        return scaled

    def _fisheye_rays(self, plane: Floats) -> Floats:
        radius = np.linalg.norm(plane, axis=1)
        angle = radius.copy()
        for _ in range(STEPS if any(self.distortion) else 0):
            slope = (self._fisheye_scale(angle + 1e-6) - self._fisheye_scale(angle)) / 1e-6
            angle = angle - (self._fisheye_scale(angle) - radius) / np.maximum(slope, 1e-3)
        angle = np.minimum(angle, np.pi)
        share = np.where(radius > 1e-12, np.sin(angle) / np.maximum(radius, 1e-12), 1.0)
        return np.column_stack([plane * share[:, None], np.cos(angle)])

    def _fisheye_plane(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        across = np.linalg.norm(points[:, :2], axis=1)
        angle = np.arctan2(across, points[:, 2])
        share = np.where(across > 1e-12, self._fisheye_scale(angle) / np.maximum(across, 1e-12), 1.0)
        return points[:, :2] * share[:, None], np.linalg.norm(points, axis=1) > 1e-9
