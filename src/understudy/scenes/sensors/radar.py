"""`Radar`: a list of targets with range, azimuth, Doppler speed and cross-section, each labelled with its object.

Objects that a fan of rays reaches give one target for each cell of range that they fill. Whether a target is detected follows from its
signal-to-noise ratio by the law for slowly fluctuating targets (Swerling I: P_d = P_fa^(1 / (1 + SNR)); P. Swerling, "Probability of
detection for fluctuating targets", 1960), with the ratio falling with the fourth power of range (the radar equation). Now and then a
target comes twice, by way of a second trip between it and the sensor, and noise is taken for a target: both are labelled as what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.scene import Body, Scene, Sensed
from understudy.scenes.sensors.surfaces import Surfaces

Floats = NDArray[np.float64]
SECTIONS = {"person": -3.0, "cyclist": 0.0, "bicycle": -2.0, "motorcycle": 5.0, "animal": -6.0, "car": 10.0, "van": 13.0, "truck": 18.0,
            "bus": 18.0, "trailer": 18.0, "debris": -8.0}  # fmt: skip
"""Typical cross-sections in dBsm (mean over directions, 77 GHz; rounded from measurements in the literature, which spread by ± 5 dB)."""

PER_AREA = 4.0
"""dBsm for a square metre of the box's largest side, for what is not in the list; an attribute "rcs_dbsm" of the body comes first."""


@dataclass(frozen=True)
class Radar:
    """A radar that looks along x: a `Sensor`.

    Attributes:
        motion: sensor to world; x forward, z up.
        azimuth, elevation: half the field of view, radians.
        rays: of the fan, across and up.
        cell: m, in which targets are told apart. reach: m at which a target of 10 dBsm has a signal-to-noise ratio of `ratio` dB.
        false_alarm: probability that noise is taken for a target in one cell.
        range_noise m, azimuth_noise radians, speed_noise m/s: standard deviations.
        ghosts: share of targets that come a second time. clutter: false targets a scan, on average.
    """

    name: str
    motion: Motion
    azimuth: float = float(np.radians(45))
    elevation: float = float(np.radians(6))
    rays: tuple[int, int] = (361, 9)
    cell: float = 0.8
    reach: float = 150.0
    ratio: float = 20.0
    false_alarm: float = 1e-6
    range_noise: float = 0.1
    azimuth_noise: float = float(np.radians(0.3))
    speed_noise: float = 0.1
    ghosts: float = 0.03
    clutter: float = 1.0

    def sense(self, scene: Scene, tracer: Any, number: int, rng: Stream) -> Sensed:
        """Rows: kind ("target", "ghost" or "clutter"), track, range_m, azimuth_deg (left is positive), speed_mps (Doppler: of the
        distance, negative when it shrinks), rcs_dbsm, snr_db."""
        draws, time = rng.generator(), float(scene.times[number])
        rows = []
        for body, target in self.targets(Surfaces(scene, tracer), time):
            section = section_of(body, scene) + 10 * np.log10(max(draws.exponential(), 1e-6))
            if draws.random() < self.detection(target["range_m"], section_of(body, scene)):
                rows.append(self._measured("target", body.track, target, section, draws))
                if draws.random() < self.ghosts:
                    twice = target | {"range_m": 2 * target["range_m"], "speed_mps": 2 * target["speed_mps"]}
                    rows.append(self._measured("ghost", body.track, twice, section - 12, draws))
        for _ in range(int(draws.poisson(self.clutter))):
            place = {"range_m": self.reach * draws.random(), "azimuth_rad": self.azimuth * draws.uniform(-1, 1)}
            rows.append(self._measured("clutter", 0, place | {"speed_mps": draws.normal(0, 5)}, draws.normal(-8, 4), draws))
        return Sensed(rows=rows)

    def targets(self, surfaces: Surfaces, time: float) -> list[tuple[Body, dict[str, float]]]:
        """All things that the fan reaches, cell by cell, as they truly are."""
        pose = self.motion.at(time)
        local = self._fan()
        directions = local @ pose[:3, :3].T
        met = surfaces.met(np.broadcast_to(pose[:3, 3], directions.shape).copy(), directions, time)
        track = surfaces.of(met.link, surfaces.tracks)
        found = []
        own = self.motion.velocity(time)
        for number in np.unique(surfaces.body[met.link[(track > 0)]]):
            body = surfaces.scene.bodies[number]
            mine = np.flatnonzero((met.link >= 0) & (surfaces.body[met.link] == number))
            cells = np.floor(met.distance[mine] / self.cell).astype(int)
            for cell in np.unique(cells):
                rays = mine[cells == cell]
                away, ahead = float(met.distance[rays].mean()), directions[rays].mean(axis=0)
                ahead = ahead / np.linalg.norm(ahead)
                place = pose[:3, 3] + away * ahead
                speed = float((_speed(body, place, time) - own) @ ahead)
                side = float(np.arctan2(local[rays, 1], local[rays, 0]).mean())
                found.append((body, {"range_m": away, "azimuth_rad": side, "speed_mps": speed}))
        return found

    def detection(self, away: float, section: float) -> float:
        """Probability that a target is seen. section: its mean cross-section, dBsm."""
        return float(self.false_alarm ** (1 / (1 + 10 ** (self.signal(away, section) / 10))))

    def signal(self, away: float, section: float) -> float:
        """Signal-to-noise ratio in dB: it falls by 12 dB for each doubling of the range."""
        return float(self.ratio + section - 10 - 40 * np.log10(max(away, 0.1) / self.reach))

    def _fan(self) -> Floats:
        """Directions, evenly spaced; a column lies in one azimuth."""
        across, up = (np.linspace(-half, half, n) for half, n in zip((self.azimuth, self.elevation), self.rays, strict=True))
        around, elevation = (grid.ravel() for grid in np.meshgrid(across, up, indexing="ij"))
        flat = np.cos(elevation)
        return np.column_stack([flat * np.cos(around), flat * np.sin(around), np.sin(elevation)])

    def _measured(self, kind: str, track: int, target: dict[str, float], section: float, draws: np.random.Generator) -> dict[str, Any]:
        away = max(target["range_m"] + self.range_noise * draws.normal(), 0.0)
        return {
            "kind": kind,
            "track": track,
            "range_m": round(away, 3),
            "azimuth_deg": round(float(np.degrees(target["azimuth_rad"] + self.azimuth_noise * draws.normal())), 3),
            "speed_mps": round(target["speed_mps"] + self.speed_noise * draws.normal(), 3),
            "rcs_dbsm": round(section, 2),
            "snr_db": round(self.signal(target["range_m"], section), 2),
        }


def section_of(body: Body, scene: Scene) -> float:
    """Mean cross-section in dBsm: stated, of its category, or by the size of its box."""
    if "rcs_dbsm" in body.attributes:
        return float(body.attributes["rcs_dbsm"])
    category = next(category for category in scene.categories if category.id == body.category)
    for name in (category.name, category.group):
        if name in SECTIONS:
            return SECTIONS[name]
    _, broad, long = sorted(body.size)
    return float(PER_AREA + 10 * np.log10(max(broad * long, 1e-3)))


def _speed(body: Body, place: Floats, time: float, step: float = 0.01) -> Floats:
    """(3,) m/s of the point of a body's first link that is at `place`."""
    motion = body.links[0].motion
    if not motion.moves:
        return np.zeros(3)
    inverse = np.linalg.inv(motion.at(time))
    local = inverse[:3, :3] @ place + inverse[:3, 3]
    before, after = (motion.at(time + shift) for shift in (-step, step))
    moved: Floats = (after[:3, :3] @ local + after[:3, 3] - before[:3, :3] @ local - before[:3, 3]) / (2 * step)
    return moved
