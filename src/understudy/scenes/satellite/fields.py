"""Farmland: fields in all phases of a year, circles of centre pivots, woods, hedges, farms, farm roads and a river."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.scenes.geometry.mesh import joined
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import CityLook
from understudy.scenes.satellite.parking import park_car
from understudy.scenes.satellite.planting import plant
from understudy.scenes.satellite.site import Site, tinted, turned
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator
CROPS = ("crop", "young crop", "flowering crop", "ripe crop", "stubble", "ploughed", "meadow", "pasture", "orchard ground")
BY_SEASON = {
    "spring": (0.25, 0.25, 0.14, 0.01, 0.02, 0.14, 0.10, 0.06, 0.03),
    "summer": (0.30, 0.04, 0.03, 0.30, 0.10, 0.05, 0.08, 0.07, 0.03),
    "autumn": (0.10, 0.16, 0.00, 0.10, 0.24, 0.24, 0.07, 0.06, 0.03),
    "winter": (0.04, 0.26, 0.00, 0.00, 0.20, 0.32, 0.08, 0.07, 0.03),
}
SMALLEST_TREE = 3.0
"""m between pixels above which single trees are painted, not built."""


@dataclass(frozen=True)
class FarmLook:
    """As `settings.Fields`, drawn. spacing: m between pixels."""

    parcel: float
    pivots: float
    hedges: float
    woods: float
    river: float
    season: str
    spacing: float
    bare: float
    autumn: float

    @property
    def greens(self) -> CityLook:
        return CityLook(trees=1.0, bare=self.bare, autumn=self.autumn)


def build_fields(site: Site, look: FarmLook, stream: Any) -> None:
    """Paint fields on the whole plan. stream: `Draws` at the fields' path."""
    rng = stream.generator("parcels")
    reach = site.radius
    parcels: list[tuple[float, float, float, float]] = []
    roads: list[tuple[float, float, float, float, float]] = []
    _divide(rng, (-reach, -reach, reach, reach), look.parcel, 0, parcels, roads)
    for number, parcel in enumerate(parcels):
        _parcel(site, parcel, look, stream.generator(f"parcel/{number}"))
    for number, road in enumerate(roads):
        _road(site, road, look, stream.generator(f"road/{number}"))
    river = stream.generator("river")
    if river.random() < look.river:
        _river(site, look, river)


def _divide(
    rng: Rng,
    box: tuple[float, float, float, float],
    target: float,
    level: int,
    parcels: list[tuple[float, float, float, float]],
    roads: list[tuple[float, float, float, float, float]],
) -> None:
    """Split into parcels; the first splits are roads, later ones paths and borders."""
    u0, v0, u1, v1 = box
    width, height = u1 - u0, v1 - v0
    size = target * float(rng.lognormal(0, 0.35))
    if width < size * 1.5 and height < size * 1.1:
        parcels.append(box)
        return
    share = float(rng.uniform(0.32, 0.68))
    road = (6.5, 4.0, 3.0, 0.0)[min(level // 2, 3)] if max(width, height) > 2.2 * target else 0.0
    gap = road / 2 + 0.6
    if width >= height * float(rng.uniform(0.7, 1.5)):
        at = u0 + share * width
        roads.append((at, v0, at, v1, road))
        parts = ((u0, v0, at - gap, v1), (at + gap, v0, u1, v1))
    else:
        at = v0 + share * height
        roads.append((u0, at, u1, at, road))
        parts = ((u0, v0, u1, at - gap), (u0, at + gap, u1, v1))
    for part in parts:
        _divide(rng, part, target, level + 1, parcels, roads)


def _parcel(site: Site, box: tuple[float, float, float, float], look: FarmLook, rng: Rng) -> None:
    u0, v0, u1, v1 = box
    width, height = u1 - u0, v1 - v0
    if rng.random() < look.woods:
        kind = "forest" if rng.random() < 0.7 else "conifers"
        site.plan.rect(*box, kind, site.plan.new_plot(brightness=float(rng.uniform(0.8, 1.1)), shift=float(rng.normal(0, 0.2))))
        return
    if rng.random() < 0.035 and min(width, height) > 60:
        _farm(site, box, look, rng)
        return
    rows = 0.0 if width >= height else math.pi / 2
    kind = CROPS[int(rng.choice(len(CROPS), p=np.array(BY_SEASON[look.season]) / sum(BY_SEASON[look.season])))]
    site.plan.rect(*box, kind, _plot(site, kind, rows, rng))
    if min(width, height) > 150 and rng.random() < look.pivots:
        _pivot(site, box, look, rng)
    elif kind == "orchard ground" and look.spacing < SMALLEST_TREE and width * height < 60_000:
        _orchard(site, box, look, rng)
    elif rng.random() < 0.25 and max(width, height) > 80:  # another crop in a strip
        share = float(rng.uniform(0.3, 0.7))
        other = CROPS[int(rng.choice(len(CROPS), p=np.array(BY_SEASON[look.season]) / sum(BY_SEASON[look.season])))]
        strip = (u0, v0, u1, v0 + share * height) if width >= height else (u0, v0, u0 + share * width, v1)
        site.plan.rect(*strip, other, _plot(site, other, rows, rng))


def _plot(site: Site, kind: str, rows: float, rng: Rng) -> int:
    """A field's own tone, rows and wheel tracks."""
    sown = kind not in ("meadow", "pasture", "orchard ground")
    spacing = {"ploughed": 2.6, "stubble": 6.0, "ripe crop": 4.5}.get(kind, float(rng.choice([0.75, 1.5, 3.0])))
    strength = {"crop": 0.16, "young crop": 0.45, "ploughed": 0.4, "stubble": 0.35, "ripe crop": 0.12, "flowering crop": 0.08}.get(
        kind, 0.0
    )
    world = site.plan.turn + rows + float(rng.normal(0, 0.01))
    return site.plan.new_plot(
        brightness=float(np.exp(rng.normal(0, 0.14))),
        shift=float(rng.normal(0, 0.22)),
        row_angle=world,
        row_spacing=spacing if sown else 0.0,
        row_strength=strength * float(rng.uniform(0.5, 1.3)),
        tramlines=float(rng.choice([18.0, 24.0, 27.0])) if sown and kind not in ("ploughed",) else 0.0,
        dryness=float(rng.uniform(0, 0.4)),
    )


def _pivot(site: Site, box: tuple[float, float, float, float], look: FarmLook, rng: Rng) -> None:
    """A circle watered by a turning pipe; its corners lie dry."""
    u0, v0, u1, v1 = box
    radius = min(u1 - u0, v1 - v0) / 2 - 3
    u, v = (u0 + u1) / 2, (v0 + v1) / 2
    site.plan.rect(*box, "soil" if rng.random() < 0.6 else "rough grass", site.plan.new_plot(dryness=0.5, shift=float(rng.normal(0, 0.2))))
    start, parts = float(rng.uniform(0, 6.28)), int(rng.choice([1, 1, 2, 3]))
    place = site.plan.window(u - radius, v - radius, u + radius, v + radius)
    across, along = site.plan.middles(place)
    inside = np.hypot(across - u, along - v) <= radius
    angle = (np.arctan2(along - v, across - u) - start) % (2 * math.pi)
    for part in range(parts):
        kind = str(rng.choice(["crop", "crop", "young crop", "ripe crop", "ploughed"]))
        plot = _plot(site, kind, float(rng.uniform(0, 3)), rng)
        site.plan.within(place, inside & (angle >= part * 2 * math.pi / parts) & (angle < (part + 1) * 2 * math.pi / parts), kind, plot)
    for ring in np.arange(50.0, radius, 50.0):
        site.plan.ring(u, v, ring, ring + max(0.8, site.plan.cell), "soil")
    end = turned(u, v, float(rng.uniform(0, 6.28)), radius, 0.0)
    site.plan.strip(np.array([(u, v), end]), max(1.2, site.plan.cell), "gravel")


def _orchard(site: Site, box: tuple[float, float, float, float], look: FarmLook, rng: Rng) -> None:
    u0, v0, u1, v1 = box
    apart, radius = float(rng.uniform(5, 8)), float(rng.uniform(1.4, 2.4))
    for u in np.arange(u0 + 4, u1 - 3, apart):
        for v in np.arange(v0 + 4, v1 - 3, apart * 0.8):
            if rng.random() < 0.94:
                plant(
                    site,
                    float(u + rng.normal(0, 0.2)),
                    float(v + rng.normal(0, 0.2)),
                    radius * float(rng.uniform(0.8, 1.15)),
                    look.greens,
                    rng,
                )


def _farm(site: Site, box: tuple[float, float, float, float], look: FarmLook, rng: Rng) -> None:
    """A house, barns, silos, a yard and trees."""
    u0, v0, u1, v1 = box
    u, v = (u0 + u1) / 2, (v0 + v1) / 2
    site.plan.rect(*box, "pasture", site.plan.new_plot(dryness=0.2))
    site.plan.ellipse(u, v, 32, 26, "gravel", 0, np.array([0.08, *rng.uniform(0, 6.28, 3)]))
    site.plan.strip(np.array([(u, v), (u, v0)]), 4.0, "dirt road")
    for number in range(int(rng.integers(2, 5))):
        at = turned(u, v, number * 1.7 + float(rng.uniform(0, 0.5)), float(rng.uniform(20, 30)), 0.0)
        length, deep = float(rng.uniform(14, 40)), float(rng.uniform(10, 18))
        if number == 0:
            length, deep = 14.0, 10.0
        height = 5.0
        shape = joined([shapes.gable(length, deep, height, height + deep * 0.22)])
        roof = tinted(rng, "red tiles" if number == 0 else str(rng.choice(["brown tiles", "steel", "rust", "grey tiles"])), contrast=0.5)
        low, high = shape.bounds
        size = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2]))
        site.add("building", at, float(rng.choice([0.0, math.pi / 2])), shape, (tinted(rng, "plaster"), roof), size,
                 attributes={"use": "house" if number == 0 else "barn"})  # fmt: skip
    for k in range(int(rng.integers(0, 4))):
        at = (u - 10 + 8.0 * k, v + 14)
        shell = surface("steel", 1.3, contrast=0.2)
        site.add("storage-tank", at, 0.0, shapes.tank(3.2, 9.0), (shell, shell, shell), (6.4, 6.4, 9.3), attributes={"roof": "fixed"})
    if look.spacing < SMALLEST_TREE:
        for _ in range(14):
            plant(site, u + float(rng.normal(0, 30)), v + float(rng.normal(0, 26)), float(rng.uniform(2, 5)), look.greens, rng)
        for _ in range(3):
            park_car(site, u + float(rng.uniform(-10, 10)), v + float(rng.uniform(-8, 8)), float(rng.uniform(0, 6)), rng)


def _road(site: Site, road: tuple[float, float, float, float, float], look: FarmLook, rng: Rng) -> None:
    u0, v0, u1, v1, width = road
    line = np.array([(u0, v0), (u1, v1)])
    verge = max(width + 2.4, 1.6)
    site.plan.strip(
        line, max(verge, site.plan.cell), "rough grass", site.plan.new_plot(brightness=float(rng.uniform(0.75, 1.05)), dryness=0.2)
    )
    if width >= 6:
        site.plan.strip(line, max(width, site.plan.cell), "asphalt", 0)
        if look.spacing < 1.5:
            site.plan.dashes(u0, v0, u1, v1, 0.2, "marking", 3.0, 6.0)
    elif width:
        site.plan.strip(line, max(width * 0.8, site.plan.cell), "dirt road" if rng.random() < 0.7 else "gravel", 0)
    if rng.random() < look.hedges and look.spacing < 12:
        _hedge(site, road, look, rng)
    if width >= 6 and look.spacing < SMALLEST_TREE:
        for _ in range(int(rng.poisson((abs(u1 - u0) + abs(v1 - v0)) / 160))):
            share, side = float(rng.random()), float(rng.choice([-1, 1]))
            heading = 0.0 if v0 == v1 else math.pi / 2
            u, v = turned(u0 + share * (u1 - u0), v0 + share * (v1 - v0), heading, 0.0, -side * 1.6)
            park_car(site, u, v, heading + (0.0 if side > 0 else math.pi), rng)


def _hedge(site: Site, road: tuple[float, float, float, float, float], look: FarmLook, rng: Rng) -> None:
    """Trees and bushes along a border, with gaps."""
    u0, v0, u1, v1, width = road
    length = abs(u1 - u0) + abs(v1 - v0)
    heading = 0.0 if v0 == v1 else math.pi / 2
    across = (width / 2 + 2.5) * float(rng.choice([-1, 1]))
    at, half = 0.0, max(4.5, site.plan.cell)
    while at < length:
        u, v = turned(u0, v0, heading, at, across + float(rng.normal(0, 0.5)))
        if look.spacing < SMALLEST_TREE:
            if rng.random() < 0.8:
                plant(site, u, v, float(rng.lognormal(0.85, 0.35)), look.greens, rng)
            at += float(rng.uniform(2.5, 7))
        else:
            if rng.random() < 0.8:
                site.plan.rect(u - half, v - half, u + half, v + half, "forest", 0)
            at += 2 * half


def _river(site: Site, look: FarmLook, rng: Rng) -> None:
    """A meandering river with grass and trees at its banks; roads end at it."""
    reach = site.radius
    t = np.linspace(-1.05, 1.05, 160)
    phase, bend = rng.uniform(0, 6.28, 3), reach * rng.uniform(0.04, 0.13, 3)
    across = (
        sum(bend[k] * np.sin((2 + 2.3 * k) * t * 1.9 + phase[k]) / (1 + 0.7 * k) for k in range(3)) + float(rng.uniform(-0.4, 0.4)) * reach
    )
    angle = float(rng.uniform(0, 6.28))
    line = np.column_stack([t * reach * 1.4, across]) @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    width = float(rng.uniform(14, 34)) if look.spacing < 3 else float(rng.uniform(40, 110))
    site.plan.strip(line, width * 1.9, "rough grass", site.plan.new_plot(dryness=0.1, brightness=0.9))
    if look.spacing >= SMALLEST_TREE:
        site.plan.strip(line, width * 1.55, "forest", 0)
    site.plan.strip(line, width * 1.12, "wet sand", 0)
    site.plan.strip(line, width, "silty water", 0)
    if look.spacing < SMALLEST_TREE:
        for point in line:
            for side in (-1, 1):
                if rng.random() < 0.5:
                    u, v = point + rng.normal(0, 3, 2) + side * np.array([-math.sin(angle), math.cos(angle)]) * width * 0.75
                    plant(site, float(u), float(v), float(rng.uniform(2, 5)), look.greens, rng)
