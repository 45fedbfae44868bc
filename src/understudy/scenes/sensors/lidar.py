"""`Lidar`: a head that spins and measures distances, with every point's object.

What comes back of a beam is the surface's reflectance times the cosine of the angle at which it is met, less what the air takes, over the
distance squared. Near the least that the receiver sees, points drop out; distances have noise, and rain and snow give echoes of their own.
All moves while the head turns: the beams of each column start where the sensor is then, and meet bodies where they are then (to within a
step of `STEP` s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.scene import Scene, Sensed
from understudy.scenes.sensors.air import Air
from understudy.scenes.sensors.surfaces import Met, Surfaces

Floats = NDArray[np.float64]
COLUMNS = ("x", "y", "z", "intensity", "ring", "time", "track", "category")
STEP = 0.002
"""Seconds for which bodies stand still while the head turns: at 30 m/s, points are off by 3 cm at most."""

SHARP = 8
"""How sharply the chance of an echo falls with its strength: half of those as strong as the threshold are received, and as many of
those twice as strong are lost as of those half as strong are received: one of 257."""

RINGS = {
    16: tuple(np.linspace(-15.0, 15.0, 16)),
    32: tuple(np.linspace(-30.67, 10.67, 32)),
    64: (*np.linspace(-24.8, -8.83, 32), *np.linspace(-8.33, 2.0, 32)),
}
"""Elevations in degrees, from below, as common heads of so many beams have them."""


@dataclass(frozen=True)
class Lidar:
    """A spinning lidar: a `Sensor`.

    Attributes:
        name: unique in the scene.
        motion: sensor to world; x forward, z up.
        elevations: (B,) radians, ring 0 first.
        columns: directions around. turn: s that the head takes for a turn, 0 for all at once. Its middle is the frame's time.
        reach: m at which a surface of `faint` reflectance, met at right angles in clear air, is just seen. nearest: m.
        noise: m, standard deviation of distances. lost: share of beams that fail for no reason.
        deskewed: points as if the sensor had stood still at the frame's time, as data sets have them; else as measured.
    """

    name: str
    motion: Motion
    elevations: tuple[float, ...]
    columns: int = 1800
    turn: float = 0.1
    reach: float = 80.0
    faint: float = 0.1
    nearest: float = 0.9
    noise: float = 0.02
    lost: float = 0.005
    deskewed: bool = True

    def sense(self, scene: Scene, tracer: Any, number: int, rng: Stream) -> Sensed:
        """Arrays: "points" (N, 8) float32 (`COLUMNS`; x, y, z in the sensor's coordinates; time in s from the frame's), "track" (N,) and
        "pose" (4, 4), sensor to world. Echoes from the air have neither track nor category."""
        time = float(scene.times[number])
        points = self.points(Surfaces(scene, tracer), scene, time, rng.generator())
        return Sensed({"points": points, "track": points[:, 6].astype(np.int32), "pose": self.motion.at(time)})

    def points(self, surfaces: Surfaces, scene: Scene, time: float, rng: np.random.Generator) -> NDArray[np.float32]:
        ring, offset, local = self._beams()
        poses = Motions.of([self.motion]).at(time + offset)[:, 0]
        origins, directions = poses[:, :, 3], np.einsum("nij,nj->ni", poses[:, :, :3], local)
        met = self._met(surfaces, origins, directions, time, offset)
        distance, power, track, category = self._received(met, surfaces, Air.of(scene.weather), rng)
        seen = np.isfinite(distance)
        place = local * np.where(seen, distance, 0)[:, None]
        if self.deskewed:
            now = self.motion.at(time)
            world = origins + directions * np.where(seen, distance, 0)[:, None]
            place = (world - now[:3, 3]) @ now[:3, :3]
        rows = np.column_stack([place, power, ring, offset, track, category])
        return rows[seen].astype(np.float32)

    def _beams(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Ring, seconds from the middle of the turn, and direction of every beam, column by column as the head turns, clockwise."""
        share = (np.arange(self.columns) + 0.5) / self.columns
        azimuth = np.pi - 2 * np.pi * share  # it begins and ends behind, and looks ahead in the middle
        rings = len(self.elevations)
        elevation = np.tile(np.asarray(self.elevations), self.columns)
        around = np.repeat(azimuth, rings)
        flat = np.cos(elevation)
        local = np.column_stack([flat * np.cos(around), flat * np.sin(around), np.sin(elevation)])
        return np.tile(np.arange(rings), self.columns), np.repeat((share - 0.5) * self.turn, rings), local

    def _met(self, surfaces: Surfaces, origins: Floats, directions: Floats, time: float, offset: Floats) -> Met:
        """In steps, as bodies move."""
        moving = any(link.motion.moves for link in surfaces.links)
        steps = max(1, int(np.ceil(self.turn / STEP))) if moving else 1
        parts = [
            surfaces.met(origins[part], directions[part], time + float(offset[part].mean()))
            for part in np.array_split(np.arange(len(offset)), steps)
            if len(part)
        ]
        return Met(*(np.concatenate([getattr(part, name) for part in parts]) for name in Met.__dataclass_fields__))

    def _received(self, met: Met, surfaces: Surfaces, air: Air, rng: np.random.Generator) -> tuple[Floats, Floats, Any, Any]:
        """Distance (inf where nothing was received), intensity 0 .. 1, track and category."""
        count = len(met.distance)
        echo = air.echoes(np.minimum(met.distance, self.reach), rng)
        from_air = np.isfinite(echo)
        intensity = np.clip(met.reflectance * met.cosine + met.retro, 0, 1)
        strength = self.strength(intensity, met.distance, air)
        chance = 1 / (1 + np.maximum(strength, 1e-9) ** -SHARP)
        received = (rng.random(count) < chance) & (rng.random(count) >= self.lost) & np.isfinite(met.distance)
        distance = np.where(from_air, echo, np.where(received, met.distance, np.inf)) + rng.normal(0, 1, count) * self.noise
        distance[~(distance >= self.nearest)] = np.inf
        brightness = np.where(from_air, 0.02, intensity)
        track, category = (np.where(from_air, 0, surfaces.of(met.link, table)) for table in (surfaces.tracks, surfaces.categories))
        return distance, brightness, track, category

    def strength(self, intensity: Floats, distance: Floats, air: Air) -> Floats:
        """Of the echo, 1 for what is just seen."""
        known = np.where(np.isfinite(distance), np.maximum(distance, 0.1), 1.0)
        made: Floats = intensity / self.faint * (self.reach / known) ** 2 * air.left(known)
        return np.where(np.isfinite(distance), made, 0.0)


def spinning(name: str, motion: Motion, beams: int = 32, **options: Any) -> Lidar:
    """A head of 16, 32 or 64 beams; `options` as in `Lidar`."""
    if beams not in RINGS:
        raise ArgumentError(f"There is no lidar of {beams} beams.", where="beams", remedy=did_you_mean(str(beams), [str(n) for n in RINGS]))
    return Lidar(name, motion, tuple(float(angle) for angle in np.radians(RINGS[beams])), **options)
