"""Satellite navigation and inertial measurement: what a receiver and a strap-down unit on a moving body report.

The body's motion is made smooth through its known poses (cubic splines, and SciPy's `RotationSpline`), since a path of straight pieces has
no acceleration but at its corners. An accelerometer measures acceleration less gravity, in
the body's axes: at rest it shows + 9.81 m/s² along z. Biases walk at random from a drawn start (Allan variance: rate random walk).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.scene import Scene, Sensed

Floats = NDArray[np.float64]
GRAVITY = 9.80665
EARTH = 6378137.0, 0.00669437999014
"""Semi-major axis in m and squared eccentricity (WGS 84)."""


@dataclass(frozen=True)
class Imu:
    """An inertial unit: a `Sensor`.

    Attributes:
        motion: unit to world.
        stream: of its own: biases go on from frame to frame, so that they cannot come from the frame's.
        rate: measurements a second; those since the last frame are given with each.
        accelerometer_noise, gyroscope_noise: densities, m/s²/√Hz and rad/s/√Hz.
        accelerometer_bias, gyroscope_bias: standard deviation at the start, m/s² and rad/s; walk: by which they change in √s.
    """

    name: str
    motion: Motion
    stream: Stream
    rate: float = 100.0
    accelerometer_noise: float = 0.002
    gyroscope_noise: float = 0.0002
    accelerometer_bias: float = 0.02
    gyroscope_bias: float = 0.001
    accelerometer_walk: float = 0.0005
    gyroscope_walk: float = 0.00005

    def sense(self, scene: Scene, tracer: Any, number: int, rng: Stream) -> Sensed:
        """Rows: time, force_x, force_y, force_z (m/s²), turn_x, turn_y, turn_z (rad/s), in the unit's axes."""
        first, stop = _counts(scene, number, self.rate)
        times = float(scene.times[0]) + np.arange(first, stop) / self.rate
        force, turn = felt(self.motion, times)
        draws = self.stream.child("noise", number).generator()
        for values, name, density in ((force, "accelerometer", self.accelerometer_noise), (turn, "gyroscope", self.gyroscope_noise)):
            values += draws.normal(0, density * np.sqrt(self.rate), values.shape) + self.biases(name, stop)[first:stop]
        names = ("force_x", "force_y", "force_z", "turn_x", "turn_y", "turn_z")
        measured = np.column_stack([force, turn])
        return Sensed(
            rows=[
                {"time": float(time), **dict(zip(names, map(float, row), strict=True))} for time, row in zip(times, measured, strict=True)
            ]
        )

    def biases(self, name: str, count: int) -> Floats:
        """(count, 3) of the "accelerometer" or the "gyroscope" at its first measurements."""
        start, walk = (getattr(self, f"{name}_bias"), getattr(self, f"{name}_walk"))
        draws = self.stream.child("bias", name).generator()
        steps = draws.normal(size=(count + 1, 3))
        walked: Floats = start * steps[0] + np.cumsum(steps[1:] * (walk / np.sqrt(self.rate)), axis=0)
        return walked


@dataclass(frozen=True)
class Gnss:
    """A receiver of satellite navigation: a `Sensor`.

    Attributes:
        motion: antenna to world.
        stream: of its own: errors that change slowly go on from frame to frame.
        origin: latitude and longitude in degrees, height in m, of the world's origin; x points east, y north.
        rate: positions a second.
        noise: m, of each position, across; twice as much in height. drift: m, of the slow error; lasting: s that it remembers.
        speed_noise: m/s.
        outages: (start, end) s without positions (tunnels). lost: share of positions that fail besides.
    """

    name: str
    motion: Motion
    stream: Stream
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rate: float = 10.0
    noise: float = 0.4
    drift: float = 1.0
    lasting: float = 60.0
    speed_noise: float = 0.05
    outages: tuple[tuple[float, float], ...] = field(default=())
    lost: float = 0.0

    def sense(self, scene: Scene, tracer: Any, number: int, rng: Stream) -> Sensed:
        """Rows: time, valid, and where valid x, y, z, latitude_deg, longitude_deg, height_m, speed_x, speed_y, speed_z."""
        first, stop = _counts(scene, number, self.rate)
        times = float(scene.times[0]) + np.arange(first, stop) / self.rate
        errors = self.errors(stop)[first:stop]
        rows = []
        for time, slow in zip(times, errors, strict=True):
            draws = self.stream.child("position", round((time - float(scene.times[0])) * self.rate)).generator()
            jitter, speed_jitter, luck = draws.normal(size=3), draws.normal(size=3), draws.random()
            place = self.motion.at(time)[:3, 3] + slow + jitter * self.noise * (1.0, 1.0, 2.0)
            out = any(start <= time < end for start, end in self.outages) or luck < self.lost
            rows.append({"time": float(time), "valid": not out} | ({} if out else self._fix(place, time, speed_jitter)))
        return Sensed(rows=rows)

    def errors(self, count: int) -> Floats:
        """(count, 3) m: errors that remember the last (Gauss and Markov's process), with standard deviation `drift`."""
        steps = self.stream.child("drift").generator().normal(size=(count, 3))
        keep = float(np.exp(-1 / (self.rate * self.lasting)))
        made = np.empty_like(steps)
        for number in range(count):
            fresh = self.drift * steps[number]
            made[number] = fresh if number == 0 else keep * made[number - 1] + np.sqrt(1 - keep * keep) * fresh
        return made

    def _fix(self, place: Floats, time: float, jitter: Floats) -> dict[str, float]:
        latitude, longitude, height = geodetic(place, self.origin)
        speed = self.motion.velocity(time) + self.speed_noise * jitter
        names = ("x", "y", "z", "latitude_deg", "longitude_deg", "height_m", "speed_x", "speed_y", "speed_z")
        return dict(zip(names, map(float, (*place, latitude, longitude, height, *speed)), strict=True))


def felt(motion: Motion, times: Floats) -> tuple[Floats, Floats]:
    """Force a mass (T, 3) m/s² and rate of turn (T, 3) rad/s in the body's axes, without errors."""
    from scipy.interpolate import CubicSpline
    from scipy.spatial.transform import Rotation, RotationSpline

    up = np.array([0.0, 0.0, GRAVITY])
    if len(motion.times) < 2:
        return np.broadcast_to(motion.rotations[0].T @ up, (len(times), 3)).copy(), np.zeros((len(times), 3))
    inside = np.clip(times, motion.times[0], motion.times[-1])
    still = (times < motion.times[0]) | (times > motion.times[-1])
    acceleration = np.where(still[:, None], 0.0, CubicSpline(motion.times, motion.positions, axis=0)(inside, 2))
    spline = RotationSpline(motion.times, Rotation.from_matrix(motion.rotations))
    turned = spline(inside).as_matrix()
    rates = np.where(still[:, None], 0.0, np.einsum("tji,tj->ti", turned, _world_rates(spline, inside)))
    return np.einsum("tji,tj->ti", turned, acceleration + up), rates


def _world_rates(spline: Any, times: Floats, step: float = 1e-4) -> Floats:
    """(T, 3) rad/s in the world's axes, by central differences of the smooth rotation."""
    before, after = spline(np.maximum(times - step, spline.times[0])), spline(np.minimum(times + step, spline.times[-1]))
    span = np.minimum(times + step, spline.times[-1]) - np.maximum(times - step, spline.times[0])
    turned: Floats = (after * before.inv()).as_rotvec() / span[:, None]
    return turned


def geodetic(place: Floats, origin: tuple[float, float, float]) -> tuple[float, float, float]:
    """Latitude and longitude in degrees, height in m, of a place in the world whose x points east and y north at `origin`.

    By the ellipsoid's two radii of curvature there: within a centimetre up to a kilometre away.
    """
    axis, squared = EARTH
    latitude = np.radians(origin[0])
    bent = 1 - squared * np.sin(latitude) ** 2
    north, east = axis * (1 - squared) / bent**1.5 + origin[2], (axis / np.sqrt(bent) + origin[2]) * np.cos(latitude)
    return float(origin[0] + np.degrees(place[1] / north)), float(origin[1] + np.degrees(place[0] / east)), float(origin[2] + place[2])


def _counts(scene: Scene, number: int, rate: float) -> tuple[int, int]:
    """Measurements, counted from the first frame's, that come after the last frame's time and up to this one's."""
    start = float(scene.times[0])
    stop = int(np.floor((float(scene.times[number]) - start) * rate + 1e-6)) + 1
    first = int(np.floor((float(scene.times[number - 1]) - start) * rate + 1e-6)) + 1 if number else 0
    return first, stop
