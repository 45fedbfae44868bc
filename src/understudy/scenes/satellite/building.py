"""`Place`: a built site with all that its pictures share, before any date."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.satellite.blocks import CityLook
from understudy.scenes.satellite.city import build_city
from understudy.scenes.satellite.coast import CoastLook, build_coast
from understudy.scenes.satellite.fields import FarmLook, build_fields
from understudy.scenes.satellite.ground import Plan, Relief, Season
from understudy.scenes.satellite.port import PortLook, build_port
from understudy.scenes.satellite.settings import SatelliteSettings
from understudy.scenes.satellite.site import Site, Thing

if TYPE_CHECKING:
    from understudy.scenes.spec.draws import Draws

SEASONS: Mapping[str, Season] = {
    "spring": Season(0.05, 0.0, 0.12),
    "summer": Season(0.25, 0.0, 0.0),
    "autumn": Season(0.20, 0.65, 0.10),
    "winter": Season(0.45, 0.05, 0.85),
}
LARGEST = 3000
"""Cells along a side of a plan."""


@dataclass(frozen=True)
class Place:
    """A place.

    Attributes:
        site: its plan and things. reach: m from its middle to where its ground ends.
        tracks: numbers of all things, by name.
        offset: of the ground's noise. season: as drawn.
    """

    site: Site
    reach: float
    tracks: Mapping[str, int]
    offset: tuple[float, float]
    season: Season
    season_name: str

    @property
    def relief(self) -> Relief | None:
        return self.site.relief

    @property
    def depth(self) -> NDArray[np.float32] | None:
        return self.site.depth

    @property
    def bottom(self) -> str:
        return self.site.bottom

    def within_sight(self, things: list[Thing], camera: Camera, slope: float) -> list[Thing]:
        """Those that the camera can see, or whose shadows can fall there. slope: tangent of the sun's height."""
        if not things:
            return []
        plan = self.site.plan
        places = plan.to_world(np.array([(thing.u, thing.v) for thing in things]))
        lean = abs(math.tan(math.acos(min(1.0, abs(float(camera.motion.at(0.0)[2, 2]))))))
        stretch = math.hypot(1.0, lean)
        half = np.array([camera.width, camera.height]) / 2 / camera.focal * stretch
        reach = np.array(
            [math.hypot(thing.size[0], thing.size[1]) / 2 + (thing.size[2] + thing.z) * (1 / slope + lean) for thing in things]
        )
        seen = (np.abs(places) <= half + reach[:, None] + 1.0).all(axis=1)
        return [thing for thing, near in zip(things, seen, strict=True) if near]


def built(settings: SatelliteSettings, draw: Draws) -> Place:
    """The place that the settings describe."""
    spacing, kind = draw(settings.gsd_m, "gsd_m"), draw(settings.site, "site")
    lean = math.tan(math.radians(draw(settings.off_nadir_deg, "off_nadir_deg")))
    half = np.array([settings.sensor.width, settings.sensor.height]) / 2 * spacing
    seen = float(np.hypot(*half)) * math.hypot(1.0, lean)
    name = draw(settings.season, "season")
    season = SEASONS[name]
    season = Season(season.dry, season.autumn, season.bare, draw(settings.snow, "snow"))
    offset = draw.generator("ground").uniform(0, 1e5, 2)
    site = _BUILDERS[kind](settings, draw, seen, spacing, season)
    tracks = {thing.name: number for number, thing in enumerate(site.things, 1)}
    return Place(site, 2 * seen + 100, tracks, (float(offset[0]), float(offset[1])), season, name)


def empty_plan(radius: float, spacing: float, base: str, turn: float, waves: NDArray[np.float64] | None = None) -> Plan:
    """Cells of half the sampling distance, unless there would be too many."""
    return Plan.empty(radius, max(spacing / 2, 0.1, 2 * radius / LARGEST), base, turn, waves)


def bends(rng: np.random.Generator, size: float, length: float) -> NDArray[np.float64]:
    """Four waves that move a plan by up to `size` m, the shortest `length` m long."""
    number = 2 * math.pi / length * rng.uniform(0.35, 1.0, 4)
    angle = rng.uniform(0, 2 * math.pi, 4)
    way = rng.uniform(0, 2 * math.pi, 4)
    amplitude = size * np.array([0.4, 0.3, 0.2, 0.1])
    return np.column_stack(
        [amplitude * np.cos(way), amplitude * np.sin(way), number * np.cos(angle), number * np.sin(angle), rng.uniform(0, 2 * math.pi, 4)]
    )


def _city(settings: SatelliteSettings, draw: Draws, seen: float, spacing: float, season: Season) -> Site:
    at = draw.at("city")
    chosen = at.settings(settings.city, "")
    radius = seen + 45.0
    waves = bends(at.generator("bends"), chosen.bend_m, 260.0)
    site = Site(empty_plan(radius, spacing, "lawn", math.radians(chosen.turn_deg), waves), radius, spacing)
    look = CityLook(chosen.style, chosen.block_m, chosen.traffic, chosen.parked, chosen.trees, chosen.pools, season.bare, season.autumn)
    site.sight = _sight(settings, spacing, draw, 45.0)
    build_city(site, look, at)
    return site


def _sight(settings: SatelliteSettings, spacing: float, draw: Draws, margin: float) -> tuple[float, float]:
    """m from the middle to the sides of the picture on the ground, and `margin` more."""
    stretch = 1 / math.cos(math.radians(draw(settings.off_nadir_deg, "off_nadir_deg")))
    return settings.sensor.width / 2 * spacing * stretch + margin, settings.sensor.height / 2 * spacing * stretch + margin


def _fields(settings: SatelliteSettings, draw: Draws, seen: float, spacing: float, season: Season) -> Site:
    at = draw.at("fields")
    chosen = at.settings(settings.fields, "")
    radius = seen + 30.0
    rng = at.generator("bends")
    site = Site(
        empty_plan(radius, spacing, "rough grass", float(rng.uniform(-0.8, 0.8)), bends(rng, chosen.parcel_m * 0.12, chosen.parcel_m * 4)),
        radius,
    )
    name = draw(settings.season, "season")
    look = FarmLook(
        chosen.parcel_m, chosen.pivots, chosen.hedges, chosen.woods, chosen.river, name, spacing, season.bare, season.autumn
    )  # fmt: skip
    build_fields(site, look, at)
    return site


def _port(settings: SatelliteSettings, draw: Draws, seen: float, spacing: float, season: Season) -> Site:
    at = draw.at("port")
    chosen = at.settings(settings.port, "")
    rng = at.generator("shore")
    radius = seen * 1.25 + 60.0
    aside = float(rng.uniform(-0.5, 0.4)) * min(seen, 700.0)
    waves = np.array([[0.0, aside, 0.0, 0.0, math.pi / 2]])  # a wave without length: the quay lies aside of the middle
    plan = empty_plan(radius, spacing, "silty water" if rng.random() < 0.4 else "water", float(rng.uniform(0, 2 * math.pi)), waves)
    plan.low = (plan.low[0], plan.low[1] + aside)
    site = Site(plan, radius, spacing)
    build_port(site, PortLook(chosen.ships, chosen.at_sea, chosen.containers, chosen.tanks, spacing), at)
    return site


def _coast(settings: SatelliteSettings, draw: Draws, seen: float, spacing: float, season: Season) -> Site:
    at = draw.at("coast")
    chosen = at.settings(settings.coast, "")
    lean = math.tan(math.radians(draw(settings.off_nadir_deg, "off_nadir_deg")))
    radius = seen * 1.04 + chosen.relief_m * 1.5 * lean + 8 * spacing
    plan = Plan.empty(radius, max(spacing, 2 * radius / 1600), "water")
    site = Site(plan, radius, spacing)
    season_name = draw(settings.season, "season")
    drawn = (chosen.land, chosen.relief_m, chosen.shelf_m, chosen.farmed, chosen.towns, chosen.dry)
    look = CoastLook(*drawn, season_name, seen, spacing)
    build_coast(site, look, at)
    return site


_BUILDERS = {"city": _city, "fields": _fields, "port": _port, "coast": _coast}
