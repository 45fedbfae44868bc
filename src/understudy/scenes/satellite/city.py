"""Cities: streets that split the plan again and again into blocks; blocks of houses, flats, offices, halls, parks and cars.

Streets are laid by recursive splitting (as in a k-d tree), wide ones first, so that lesser ones end at greater ones, and the plan's slow
waves bend them. A block's use comes from where it lies and from chance; each block draws from a stream of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.material import Material
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.ground import Plan
from understudy.scenes.satellite.site import CAR_COLORS, ON_GROUND, Site, car_paint, foliage, painted_steel, tinted, turned
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator
USES = ("houses", "flats", "offices", "halls", "park", "parking", "sports", "apron")
MIXES = {
    "suburb": (0.80, 0.07, 0.01, 0.01, 0.06, 0.02, 0.03, 0.0),
    "town": (0.34, 0.34, 0.13, 0.03, 0.07, 0.06, 0.03, 0.0),
    "downtown": (0.00, 0.16, 0.68, 0.00, 0.06, 0.10, 0.00, 0.0),
    "industrial": (0.02, 0.03, 0.04, 0.62, 0.03, 0.16, 0.00, 0.10),
}
SIDEWALK = 2.4
SMALLEST_CAR = 2.0
"""m between pixels above which there are no small vehicles: they would be less than two pixels."""

SMALLEST_TREE = 5.0
"""The same for single trees."""


@dataclass(frozen=True)
class Block:
    """A rectangle between streets. number: of it in the plan."""

    u0: float
    v0: float
    u1: float
    v1: float
    number: int

    @property
    def size(self) -> tuple[float, float]:
        return self.u1 - self.u0, self.v1 - self.v0

    @property
    def middle(self) -> tuple[float, float]:
        return (self.u0 + self.u1) / 2, (self.v0 + self.v1) / 2


@dataclass(frozen=True)
class Street:
    """From one end to another along u or v; width of the carriageway, m."""

    u0: float
    v0: float
    u1: float
    v1: float
    width: float

    @property
    def along_u(self) -> bool:
        return self.v0 == self.v1


@dataclass(frozen=True)
class CityLook:
    """What a city is like, drawn. traffic, parked: share of room for cars that is taken. trees: of places for trees."""

    style: str = "town"
    block: float = 90.0
    traffic: float = 0.35
    parked: float = 0.5
    trees: float = 0.6
    pools: float = 0.2
    bare: float = 0.0
    autumn: float = 0.0


def build_city(site: Site, look: CityLook, stream: Any) -> None:
    """Paint streets and blocks on the site's plan, and put buildings, trees and cars on it. stream: `Draws` at the city's path."""
    rng = stream.generator("streets")
    reach = site.radius
    blocks, streets = split(rng, -reach, -reach, reach, reach, look.block)
    paint_streets(site.plan, streets)
    for block in blocks:
        if not site.in_sight(block.middle, math.hypot(*block.size) / 2):
            continue
        own = stream.generator(f"block/{block.number}")
        fill(site, block, use_of(own, look.style), look, own)
    for number, street in enumerate(streets):
        drive(site, street, look, stream.generator(f"cars/{number}"))
        line_with_trees(site, street, look, stream.generator(f"trees/{number}"))


def split(rng: Rng, u0: float, v0: float, u1: float, v1: float, target: float, level: int = 0) -> tuple[list[Block], list[Street]]:
    """Blocks of a rectangle and the streets between them, numbered in order."""
    blocks: list[Block] = []
    streets: list[Street] = []
    _split(rng, u0, v0, u1, v1, target, level, blocks, streets)
    return blocks, streets


def _split(
    rng: Rng, u0: float, v0: float, u1: float, v1: float, target: float, level: int, blocks: list[Block], streets: list[Street]
) -> None:
    width, height = u1 - u0, v1 - v0
    aspect = 1.0 + 0.9 * float(rng.random())
    if (width < target * aspect and height < target * aspect * 0.8) or min(width, height) < 34:
        blocks.append(Block(u0, v0, u1, v1, len(blocks)))
        return
    street = (17.0, 13.0, 9.5, 7.5)[min(level // 2, 3)]
    share = float(rng.uniform(0.38, 0.62))
    room = street / 2 + SIDEWALK
    if width / aspect >= height * 0.8 if level % 3 else width >= height:
        at = u0 + share * width
        streets.append(Street(at, v0, at, v1, street))
        parts = ((u0, v0, at - room, v1), (at + room, v0, u1, v1))
    else:
        at = v0 + share * height
        streets.append(Street(u0, at, u1, at, street))
        parts = ((u0, v0, u1, at - room), (u0, at + room, u1, v1))
    for part in parts:
        _split(rng, *part, target, level + 1, blocks, streets)


def paint_streets(plan: Plan, streets: list[Street]) -> None:
    """Sidewalks, carriageways over them, and marks."""
    for kind, extra in (("sidewalk", SIDEWALK), ("asphalt", 0.0)):
        for street in streets:
            half = street.width / 2 + extra
            past = SIDEWALK + 0.5 if not extra else 0.0
            if street.along_u:
                plan.rect(street.u0 - past, street.v0 - half, street.u1 + past, street.v0 + half, kind)
            else:
                plan.rect(street.u0 - half, street.v0 - past, street.u0 + half, street.v1 + past, kind)
    for street in streets:
        if street.width >= 9:
            _marks(plan, street)


def _marks(plan: Plan, street: Street) -> None:
    lanes = (0.0,) if street.width < 12 else (-street.width / 4, 0.0, street.width / 4)
    for offset in lanes:
        du, dv = (0.0, offset) if street.along_u else (offset, 0.0)
        solid = offset == 0.0 and len(lanes) > 1
        ends = (
            (street.u0 + 9, street.v0, street.u1 - 9, street.v1) if street.along_u else (street.u0, street.v0 + 9, street.u1, street.v1 - 9)
        )
        plan.dashes(ends[0] + du, ends[1] + dv, ends[2] + du, ends[3] + dv, 0.22, "marking", 3.0, 0.0 if solid else 5.0)
    for end in (0, 1):  # zebra crossings at both ends
        for k in range(int(street.width / 1.1) - 1):
            across = -street.width / 2 + 0.8 + k * 1.1
            if street.along_u:
                u = street.u0 + 1.0 if end == 0 else street.u1 - 4.0
                plan.rect(u, street.v0 + across, u + 3.0, street.v0 + across + 0.5, "marking")
            else:
                v = street.v0 + 1.0 if end == 0 else street.v1 - 4.0
                plan.rect(street.u0 + across, v, street.u0 + across + 0.5, v + 3.0, "marking")


def use_of(rng: Rng, style: str) -> str:
    """What a block is used for."""
    return USES[int(rng.choice(len(USES), p=np.array(MIXES[style]) / sum(MIXES[style])))]


def fill(site: Site, block: Block, use: str, look: CityLook, rng: Rng) -> None:
    """One block."""
    {
        "houses": _houses,
        "flats": _flats,
        "offices": _offices,
        "halls": _halls,
        "park": _park,
        "parking": _parking,
        "sports": _sports,
        "apron": _apron,
    }[use](site, block, look, rng)


# -- uses


def _houses(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    plan = site.plan
    plan.rect(block.u0, block.v0, block.u1, block.v1, "lawn", plan.new_plot(brightness=float(rng.uniform(0.85, 1.1))))
    width, height = block.size
    along_u = width >= height
    long, deep = (width, height) if along_u else (height, width)
    rows = 2 if deep > 38 else 1
    style = int(rng.integers(3))
    for row in range(rows):
        at = 0.0
        while at + 13 < long:
            lot = float(rng.uniform(14, 23))
            lot = long - at if long - at - lot < 13 else lot
            u0, depth = at, deep / rows
            corner = (block.u0 + u0, block.v0 + row * depth) if along_u else (block.u0 + row * depth, block.v0 + u0)
            _lot(site, corner, lot, depth, along_u, row == 0, look, rng, style)
            at += lot


def _lot(
    site: Site, corner: tuple[float, float], lot: float, depth: float, along_u: bool, front_low: bool, look: CityLook, rng: Rng, style: int
) -> None:
    """A house with its garden. The street is at the low or the high end of the lot's depth."""
    plan = site.plan
    heading = 0.0 if along_u else math.pi / 2

    def place(s: float, t: float) -> tuple[float, float]:  # s along the street, t from the street
        t = t if front_low else depth - t
        return (corner[0] + s, corner[1] + t) if along_u else (corner[0] + t, corner[1] + s)

    def paint(s0: float, t0: float, s1: float, t1: float, kind: str, plot: int | None = None) -> None:
        (a, b), (c, d) = place(s0, t0), place(s1, t1)
        plan.rect(min(a, c), min(b, d), max(a, c), max(b, d), kind, plot)

    garden = plan.new_plot(
        brightness=float(rng.uniform(0.8, 1.15)), shift=float(rng.normal(0, 0.2)), dryness=float(rng.uniform(-0.1, 0.45))
    )
    paint(0.0, 0.0, lot, depth, "lawn" if rng.random() < 0.8 else "rough grass", garden)
    if rng.random() < 0.6:
        paint(0.0, 0.0, 0.5, depth, "bed")
    length, width = float(rng.uniform(9, min(lot - 3.5, 15))), float(rng.uniform(6.5, max(7.0, min(11.5, depth * 0.4))))
    setback = float(rng.uniform(4.5, 7.0))
    s = 3.2 + length / 2 if rng.random() < 0.85 else lot / 2
    drive = "concrete" if rng.random() < 0.5 else ("parking" if rng.random() < 0.6 else "paving")
    paint(0.4, -1.0, 3.2, setback + width * float(rng.uniform(0.5, 1.0)), drive)
    paint(s - 0.6, 0.0, s + 0.6, setback, "paving")
    if rng.random() < 0.7:
        paint(s - length * 0.3, setback + width, s + length * 0.25, setback + width + float(rng.uniform(2.5, 4.5)), "paving")
    centre = place(s, setback + width / 2)
    _house(site, centre, heading + (math.pi if not front_low else 0.0), length, width, rng, style)
    if rng.random() < look.parked:
        u, v = place(1.8, float(rng.uniform(2.5, setback + 1)))
        park_car(site, u, v, heading + math.pi / 2, rng)
    back = setback + width + 5
    if rng.random() < look.pools and depth - back > 7:
        _pool(site, place(float(rng.uniform(5, lot - 5)), float(rng.uniform(back + 2.5, depth - 3))), heading, rng)
    elif rng.random() < 0.4 and depth - back > 5:
        u, v = place(float(rng.uniform(2.5, lot - 2.5)), depth - 2.5)
        shed = shapes.gable(float(rng.uniform(2.5, 4)), float(rng.uniform(2, 3)), 2.0, 2.7, 0.15)
        _building(site, (u, v), heading, shed, (tinted(rng, "plaster"), tinted(rng, "grey tiles")), "shed")
    for _ in range(int(rng.poisson(2.2 * look.trees))):
        s, t = (
            float(rng.uniform(1, lot - 1)),
            float(rng.uniform(min(back, depth - 2), depth)) if rng.random() < 0.75 else float(rng.uniform(1, 3.5)),
        )
        plant(site, *place(s, t), float(rng.uniform(1.3, 4.2)), look, rng)


def _house(site: Site, place: tuple[float, float], heading: float, length: float, width: float, rng: Rng, style: int) -> None:
    roofs = (
        ("red tiles", "red tiles", "brown tiles"),
        ("grey tiles", "brown tiles", "dark tiles"),
        ("light tiles", "grey tiles", "red tiles"),
    )[style]
    roof = tinted(rng, roofs[int(rng.integers(3))], 0.22, contrast=0.5, scale=float(rng.uniform(1.0, 4.0)))
    walls = tinted(rng, "plaster" if rng.random() < 0.7 else "brick")
    eaves = float(rng.choice([2.9, 3.1, 5.6]))
    pitch = float(rng.uniform(0.32, 0.62))
    make = shapes.gable if rng.random() < 0.6 else shapes.hip
    parts = [make(length, width, eaves, eaves + pitch * width / 2)]
    if rng.random() < 0.5:
        wing_length, wing = width * float(rng.uniform(0.55, 0.8)), length * float(rng.uniform(0.35, 0.5))
        part = make(wing_length + width * 0.5, wing, eaves, eaves + pitch * wing / 2)
        side = float(rng.choice([-1, 1]))
        parts.append(
            part.moved(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), (side * (length - wing) / 2, width * 0.25 + wing_length * 0.2, 0))
        )
    if rng.random() < 0.7:
        parts.append(
            shapes.block(0.8, 0.7, eaves, eaves + pitch * width / 2 + 0.9, float(rng.uniform(-0.3, 0.3)) * length, width * 0.12, 0, 0)
        )
    if rng.random() < 0.18:
        parts.append(_on_slope(length * 0.5, width, eaves, pitch))
    _building(site, place, heading, joined(parts), (walls, roof, surface("solar panel", contrast=0.1)), "house")


def _on_slope(length: float, width: float, eaves: float, pitch: float) -> Mesh:
    """Solar panels on the slope towards −y."""
    low, high = -width * 0.42, -width * 0.12
    a, b = eaves + pitch * (width / 2 + low) + 0.12, eaves + pitch * (width / 2 + high) + 0.12
    half = length / 2
    return mesh([(-half, low, a), (half, low, a), (half, high, b), (-half, high, b)], [(0, 1, 2), (0, 2, 3)], 2)


def _building(
    site: Site, place: tuple[float, float], heading: float, shape: Mesh, materials: tuple[Material, ...], use: str, **more: Any
) -> None:
    low, high = shape.bounds
    size = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2]))
    site.add("building", place, heading, shape, materials, size, attributes={"use": use}, **more)


def _pool(site: Site, place: tuple[float, float], heading: float, rng: Rng) -> None:
    length, width = float(rng.uniform(5, 10)), float(rng.uniform(3, 4.6))
    heading += math.pi / 2 * int(rng.integers(2))
    c = abs(math.cos(heading)) > 0.5
    a, b = (length, width) if c else (width, length)
    site.plan.rect(place[0] - a / 2 - 1.2, place[1] - b / 2 - 1.2, place[0] + a / 2 + 1.2, place[1] + b / 2 + 1.2, "paving")
    outline = shapes.oblong(length, width) if rng.random() < 0.7 else shapes.disc(1.0, 20) * (length / 2, width / 2)
    water = surface("pool", float(rng.uniform(0.7, 1.1)), contrast=0.25, scale=1.5)
    site.add("swimming-pool", place, heading, shapes.plate(outline, 0.06), (water,), (length, width, 0.06))


def _flat_roof(rng: Rng, length: float, width: float, height: float) -> tuple[Mesh, tuple[Material, ...]]:
    """A building with a flat roof, and its materials: walls, roof, parapet, machines, panels."""
    outline = shapes.oblong(length, width)
    if rng.random() < 0.3 and min(length, width) > 18:  # a corner cut off
        a, b = length / 2, width / 2
        cut_x, cut_y = length * float(rng.uniform(0.15, 0.3)), width * float(rng.uniform(0.15, 0.3))
        outline = np.array([[-a, -b], [a, -b], [a, b - cut_y], [a - cut_x, b], [-a, b]])
    parts = [shapes.flat(outline, height)]
    parts += shapes.roof_things(rng, length * 0.8, width * 0.8, height, int(rng.integers(1, 3 + int(length * width / 130))))
    if length * width > 250:  # a shaft for lifts
        parts.append(
            shapes.block(
                5.0, 4.0, height, height + 3.2, length * float(rng.uniform(-0.2, 0.2)), width * float(rng.uniform(-0.15, 0.15)), 0, 1
            )
        )
    if rng.random() < 0.15 and length * width > 200:
        parts += shapes.panels(rng, length * 0.8, width * 0.8, height, 4)
    roof = str(rng.choice(["roof gravel", "bitumen", "white membrane", "dark concrete", "roof gravel", "bitumen"]))
    materials = (tinted(rng, "plaster"), tinted(rng, roof, 0.2, contrast=0.5, scale=float(rng.uniform(3, 9))), tinted(rng, "concrete"),
                 tinted(rng, "steel"), surface("solar panel", contrast=0.1))  # fmt: skip
    return joined(parts), materials


def _flats(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    plan = site.plan
    plan.rect(
        block.u0,
        block.v0,
        block.u1,
        block.v1,
        "lawn",
        plan.new_plot(brightness=float(rng.uniform(0.85, 1.1)), dryness=float(rng.uniform(0, 0.3))),
    )
    width, height = block.size
    along_u = bool(rng.random() < 0.5) if min(width, height) > 60 else width >= height
    long, deep = (width, height) if along_u else (height, width)
    heading = 0.0 if along_u else math.pi / 2
    pitched = rng.random() < 0.4
    floors = int(rng.integers(3, 8))
    at, lane = 4.0, 14.0
    while at + 12 < deep:
        length = min(long - 10, float(rng.uniform(30, 64)))
        middle = float(rng.uniform(length / 2 + 4, long - length / 2 - 4)) if long - length > 9 else long / 2
        t = at + 6
        place = (block.u0 + middle, block.v0 + t) if along_u else (block.u0 + t, block.v0 + middle)
        body, materials = _flat_roof(rng, length, 11.5, floors * 3.0)
        if pitched:
            body = shapes.hip(length, 11.5, floors * 3.0, floors * 3.0 + 4)
            materials = (tinted(rng, "plaster"), tinted(rng, "red tiles" if rng.random() < 0.6 else "brown tiles", contrast=0.5))
        _building(site, place, heading, body, materials, "flats")
        if at + 12 + lane < deep:
            a, b = at + 15.5, at + 27.5
            low = (block.u0 + 2, block.v0 + a) if along_u else (block.u0 + a, block.v0 + 2)
            high = (block.u1 - 2, block.v0 + b) if along_u else (block.u0 + b, block.v1 - 2)
            if b < deep - 1 and rng.random() < 0.7:
                stalls(site, low[0], low[1], high[0], high[1], look.parked, rng)
            elif rng.random() < 0.5:
                plan.ellipse(*turned(*place, heading, 0.0, 20.0), 8, 5, "sand")
        at += 12 + lane + float(rng.uniform(3, 8))
    scatter_trees(site, block, 0.0016 * look.trees, look, rng)


def _offices(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    site.plan.rect(
        block.u0,
        block.v0,
        block.u1,
        block.v1,
        "paving" if rng.random() < 0.5 else "sidewalk",
        site.plan.new_plot(brightness=float(rng.uniform(0.8, 1.1))),
    )
    _lots(site, block.u0, block.v0, block.u1, block.v1, look, rng)


def _lots(site: Site, u0: float, v0: float, u1: float, v1: float, look: CityLook, rng: Rng) -> None:
    """Split a block without streets, and fill each part with one building, or a yard."""
    width, height = u1 - u0, v1 - v0
    if max(width, height) > 48 or (max(width, height) > 30 and rng.random() < 0.6):
        share = float(rng.uniform(0.35, 0.65))
        if width >= height:
            _lots(site, u0, v0, u0 + share * width, v1, look, rng)
            _lots(site, u0 + share * width, v0, u1, v1, look, rng)
        else:
            _lots(site, u0, v0, u1, v0 + share * height, look, rng)
            _lots(site, u0, v0 + share * height, u1, v1, look, rng)
        return
    if rng.random() < 0.12 or min(width, height) < 9:
        if rng.random() < 0.5 and min(width, height) > 12:
            stalls(site, u0 + 1, v0 + 1, u1 - 1, v1 - 1, look.parked, rng)
        return
    gap = float(rng.choice([0.05, 0.05, 1.5, 3.0]))
    length, deep = width - 2 * gap, height - 2 * gap
    tall = float(np.clip(rng.lognormal(2.9, 0.55), 7, 110))
    shape, materials = _flat_roof(rng, length, deep, tall)
    if tall > 30 and min(length, deep) > 20:  # a tower on a base
        base, _ = _flat_roof(rng, length, deep, 12.0)
        tower, _ = _flat_roof(rng, length * 0.62, deep * 0.62, tall)
        shape = joined([base, tower])
    _building(site, ((u0 + u1) / 2, (v0 + v1) / 2), 0.0, shape, materials, "office")


def _halls(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    plan = site.plan
    plan.rect(block.u0, block.v0, block.u1, block.v1, "yard", plan.new_plot(brightness=float(rng.uniform(0.8, 1.1))))
    width, height = block.size
    length, deep = width * float(rng.uniform(0.45, 0.72)), height * float(rng.uniform(0.45, 0.7))
    place = (block.u0 + length / 2 + 5, block.v0 + deep / 2 + 5)
    hall(site, place, 0.0, length, deep, rng)
    free_u, free_v = block.u0 + length + 9, block.v0 + deep + 9
    if block.u1 - free_u > 13:
        stalls(site, free_u, block.v0 + 3, block.u1 - 2, block.v0 + deep, look.parked, rng)
    for _ in range(int(rng.poisson(5))):
        u, v = float(rng.uniform(block.u0 + 9, block.u1 - 9)), float(rng.uniform(free_v, max(free_v + 0.1, block.v1 - 5)))
        if v < block.v1 - 4:
            park_truck(site, u, v, math.pi / 2 if rng.random() < 0.7 else 0.0, rng)
    if rng.random() < 0.3 and block.v1 - free_v > 14:
        for k in range(int(rng.integers(1, 4))):
            u = block.u0 + 10 + k * 15
            if u < block.u1 - 8:
                tank(site, (u, block.v1 - 8), float(rng.uniform(3.5, 6)), rng)


def hall(site: Site, place: tuple[float, float], heading: float, length: float, deep: float, rng: Rng) -> None:
    """An industrial hall: shallow ribbed roofs with skylights, or flat with machines."""
    height = float(rng.uniform(7, 13))
    name = str(rng.choice(["steel", "white membrane", "blue steel", "green steel", "light tiles", "steel", "rust", "dark concrete"]))
    roof = tinted(rng, name, 0.2, contrast=0.35, scale=float(rng.uniform(4, 12)))
    if rng.random() < 0.5:
        bays = max(1, int(deep / 24))
        parts = []
        for bay in range(bays):
            part = shapes.gable(length, deep / bays, height, height + deep / bays * 0.07, 0.1)
            parts.append(part.moved(offset=(0, (bay - (bays - 1) / 2) * deep / bays, 0)))
        slope = 0.14
        for bay in range(bays):
            for k in range(int(length / 9)):
                x, y = (k + 0.5) * 9 - length / 2 + 2, (bay - (bays - 1) / 2) * deep / bays - deep / bays * 0.25
                z = height + slope * deep / bays * 0.25
                parts.append(shapes.block(1.6, deep / bays * 0.22, z - 0.5, z + 0.35, x, y, 2, 2))
        materials: tuple[Material, ...] = (tinted(rng, "steel"), roof, surface("white membrane", 0.75, contrast=0.1))
    else:
        made, own = _flat_roof(rng, length, deep, height)
        parts, materials = [made, *shapes.roof_things(rng, length, deep, height, int(length * deep / 180))], (own[0], roof, *own[2:])
    _building(site, place, heading, joined(parts), materials, "hall")


def tank(site: Site, place: tuple[float, float], radius: float, rng: Rng) -> None:
    """A storage tank."""
    height = float(rng.uniform(0.5, 0.9)) * min(radius * 1.6, 20.0)
    floating = float(rng.uniform(0.5, height * 0.8)) if radius > 9 and rng.random() < 0.55 else 0.0
    shell = (
        surface("white membrane", float(rng.uniform(0.6, 1.0)), contrast=0.2) if rng.random() < 0.75 else tinted(rng, "rust", contrast=0.5)
    )
    roof = tinted(rng, "steel" if floating else "white membrane", 0.15, contrast=0.35, scale=3.0)
    size = (2 * radius, 2 * radius, height + (0.0 if floating else radius * 0.1))
    made, materials = shapes.tank(radius, height, floating), (shell, roof, tinted(rng, "steel"))
    kind = {"roof": "floating" if floating else "fixed"}
    site.add("storage-tank", place, float(rng.uniform(0, 6)), made, materials, size, attributes=kind)


def _park(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    plan = site.plan
    plan.rect(block.u0, block.v0, block.u1, block.v1, "lawn", plan.new_plot(brightness=1.0, dryness=float(rng.uniform(0, 0.25))))
    (u, v), (width, height) = block.middle, block.size
    phases = np.array([0.12, *rng.uniform(0, 6.28, 3)])
    corners = [(block.u0, block.v0), (block.u1, block.v1), (block.u0, block.v1), (block.u1, block.v0)]
    for a, b in ((0, 1), (2, 3)):
        bend = np.array([u, v]) + rng.normal(0, 0.12, 2) * (width, height)
        t = np.linspace(0, 1, 14)[:, None]
        line = (1 - t) ** 2 * np.array(corners[a]) + 2 * t * (1 - t) * bend + t**2 * np.array(corners[b])
        plan.strip(line, 2.4, "gravel" if rng.random() < 0.5 else "paving")
    if rng.random() < 0.55 and min(width, height) > 40:
        plan.ellipse(u + width * 0.08, v, width * 0.19, height * 0.17, "wet sand", None, phases)
        plan.ellipse(u + width * 0.08, v, width * 0.18, height * 0.155, "pond", None, phases)
    for _ in range(int(width * height * 0.004 * look.trees)):
        at = rng.normal(0, 0.10, 2) * (width, height) + rng.uniform((block.u0, block.v0), (block.u1, block.v1))
        at = np.clip(at, (block.u0 + 2, block.v0 + 2), (block.u1 - 2, block.v1 - 2))
        plant(site, float(at[0]), float(at[1]), float(rng.uniform(2.5, 6.5)), look, rng)


def _sports(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    plan = site.plan
    plan.rect(block.u0, block.v0, block.u1, block.v1, "lawn", 0)
    width, height = block.size
    (u, v), along_u = block.middle, width >= height
    long, deep = max(width, height), min(width, height)
    heading = 0.0 if along_u else math.pi / 2
    if long > 75 and deep > 50:
        _pitch(site, turned(u, v, heading, -long / 2 + 40 + 4, 0.0), heading, min(100.0, long - 12) * 0.72, min(64.0, deep - 8))
        free = long - min(100.0, long - 12) * 0.72 - 14
        start = long / 2 - free / 2 - 2
    else:
        free, start = long - 4, 0.0
    courts = max(0, int(free / 19))
    for k in range(courts):
        at = turned(u, v, heading, start + (k - (courts - 1) / 2) * 18.5, 0.0)
        court(site, at, heading + math.pi / 2, rng)
    scatter_trees(site, block, 0.0012 * look.trees, look, rng)


def _apron(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    """Aircraft in a row on concrete, their noses to a hall."""
    plan, (width, height) = site.plan, block.size
    plan.rect(block.u0, block.v0, block.u1, block.v1, "concrete", plan.new_plot(brightness=float(rng.uniform(0.85, 1.05))))
    hall(site, ((block.u0 + block.u1) / 2, block.v1 - 10), 0.0, width - 14, 16, rng)
    large = min(width, height) > 62 and rng.random() < 0.7
    length = float(rng.uniform(30, 40)) if large else float(rng.uniform(8, 16))
    span = length * float(rng.uniform(0.92, 1.05))
    row = block.v1 - 24 - length / 2
    while row - length / 2 > block.v0 + 2:
        plan.dashes(block.u0 + 3, row - length / 2 - 1, block.u1 - 3, row - length / 2 - 1, 0.3, "yellow marking", 3.0, 0.0)
        u = block.u0 + span / 2 + 4
        while u + span / 2 + 3 < block.u1:
            plan.dashes(u, row - length / 2, u, row + length / 2, 0.25, "yellow marking", 3.0, 0.0)
            if rng.random() < 0.3 + 0.6 * look.parked:
                shape = shapes.plane(span, length, 2)
                white = surface("white membrane", float(rng.uniform(0.8, 1.1)), contrast=0.1)
                wings = tinted(rng, "steel") if rng.random() < 0.6 else white
                materials = (white, wings, painted_steel(rng), surface("glass", contrast=0.1))
                site.add("plane", (u, row), math.pi / 2, shape, materials, (length, span, float(shape.bounds[1][2])))
            u += span + 5
        row -= length + 14


def _pitch(site: Site, place: tuple[float, float], heading: float, length: float, width: float) -> None:
    """A football field with mown stripes and lines."""
    plan, along_u = site.plan, abs(math.cos(heading)) > 0.5
    half = (length / 2, width / 2) if along_u else (width / 2, length / 2)
    (u, v) = place
    stripes = [plan.new_plot(brightness=value) for value in (0.92, 1.1)]
    for k in range(int(length / 5.5) + 1):
        a, b = -length / 2 + k * 5.5, min(-length / 2 + (k + 1) * 5.5, length / 2)
        box = (u + a, v - width / 2, u + b, v + width / 2) if along_u else (u - width / 2, v + a, u + width / 2, v + b)
        plan.rect(*box, "sports turf", stripes[k % 2])
    line = max(0.2, plan.cell)
    for s in (-1, 1):
        plan.rect(u - half[0], v + s * half[1] - line / 2, u + half[0], v + s * half[1] + line / 2, "parking line")
        plan.rect(u + s * half[0] - line / 2, v - half[1], u + s * half[0] + line / 2, v + half[1], "parking line")
    box = (u - line / 2, v - half[1], u + line / 2, v + half[1]) if along_u else (u - half[0], v - line / 2, u + half[0], v + line / 2)
    plan.rect(*box, "parking line")
    plan.ring(u, v, 9.15 - line, 9.15, "parking line")
    _mark(site, "soccer-ball-field", place, heading, length, width)


def court(site: Site, place: tuple[float, float], heading: float, rng: Rng) -> None:
    """A tennis court: 24 × 11 m of lines on a field of 34 × 17 m."""
    plan, along_u = site.plan, abs(math.cos(heading)) > 0.5
    outer, inner = ("acrylic green", "acrylic blue") if rng.random() < 0.5 else ("clay court", "clay court")

    def box(length: float, width: float, kind: str, x: float = 0.0, y: float = 0.0) -> None:
        a, b, dx, dy = (length / 2, width / 2, x, y) if along_u else (width / 2, length / 2, y, x)
        plan.rect(place[0] + dx - a, place[1] + dy - b, place[0] + dx + a, place[1] + dy + b, kind, 0)

    box(34, 17, outer)
    box(23.8, 11, inner)
    line = max(0.12, plan.cell)
    for y in (-5.5, -4.1, 4.1, 5.5):
        box(23.8, line, "parking line", 0.0, y)
    for x in (-11.9, -6.4, 6.4, 11.9):
        box(line, 11 if abs(x) > 10 else 8.2, "parking line", x)
    box(12.8, line, "parking line")
    _mark(site, "tennis-court", place, heading, 23.8, 11)


def _mark(site: Site, category: str, place: tuple[float, float], heading: float, length: float, width: float) -> None:
    """A thing that is painted on the ground."""
    site.add(category, place, heading, shapes.plate(shapes.oblong(length, width), 0.03), (Material(ON_GROUND),), (length, width, 0.03))


def _parking(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    width, height = block.size
    site.plan.rect(block.u0, block.v0, block.u1, block.v1, "lawn", 0)
    if width > 75 and height > 50 and rng.random() < 0.7:  # a shop behind it
        depth = height * float(rng.uniform(0.3, 0.45))
        site.plan.rect(block.u0, block.v1 - depth - 6, block.u1, block.v1, "yard", 0)
        hall(site, ((block.u0 + block.u1) / 2, block.v1 - depth / 2 - 2), 0.0, width - 12, depth - 4, rng)
        stalls(site, block.u0 + 1.5, block.v0 + 1.5, block.u1 - 1.5, block.v1 - depth - 3, look.parked * 1.2, rng)
    else:
        stalls(site, block.u0 + 1.5, block.v0 + 1.5, block.u1 - 1.5, block.v1 - 1.5, look.parked, rng)


# -- cars and trees


def stalls(site: Site, u0: float, v0: float, u1: float, v1: float, taken: float, rng: Rng) -> None:
    """A parking lot: rows of stalls along its longer side, cars in a share of them, islands with trees."""
    plan = site.plan
    plan.rect(u0, v0, u1, v1, "parking", plan.new_plot(brightness=float(rng.uniform(0.75, 1.15)), shift=float(rng.normal(0, 0.2))))
    along_u = u1 - u0 >= v1 - v0
    long, deep = (u1 - u0, v1 - v0) if along_u else (v1 - v0, u1 - u0)
    offsets, at = [], 0.0
    while at + 5 <= deep:
        offsets.append(at + 2.5)
        at += 5.0 if len(offsets) % 2 == 0 else 11.5
    crowded = float(np.clip(rng.beta(2.0, 2.0 * (1 - min(taken, 0.95)) / max(min(taken, 0.95), 0.05)), 0, 1))
    line = max(0.12, plan.cell)
    for number, t in enumerate(offsets):
        for k in range(int((long - 2) / 2.6) + 1):
            s = 1.0 + k * 2.6
            a, b = (u0 + s, v0 + t) if along_u else (u0 + t, v0 + s)
            box = (a - line / 2, b - 2.4, a + line / 2, b + 2.4) if along_u else (a - 2.4, b - line / 2, a + 2.4, b + line / 2)
            plan.rect(*box, "parking line")
            if k < int((long - 2) / 2.6) and rng.random() < crowded * (1.0 - 0.35 * number / max(len(offsets), 1)):
                u, v = (a + 1.3, b) if along_u else (a, b + 1.3)
                park_car(site, u, v, (math.pi / 2 if along_u else 0.0) + math.pi * int(rng.integers(2)), rng)


def park_car(site: Site, u: float, v: float, heading: float, rng: Rng, **more: Any) -> None:
    """A small vehicle of some kind and colour, where pixels are small enough to show it."""
    if site.spacing > SMALLEST_CAR:
        return
    kind = str(rng.choice(["sedan", "hatch", "suv", "van", "pickup"], p=[0.32, 0.26, 0.26, 0.09, 0.07]))
    color = str(rng.choice(CAR_COLORS, p=[0.30, 0.18, 0.20, 0.16, 0.09, 0.07]))
    shape, size = shapes.car(kind)
    u, v = u + float(rng.normal(0, 0.12)), v + float(rng.normal(0, 0.12))
    site.add("small-vehicle", (u, v), heading + float(rng.normal(0, 0.03)), shape, _car_materials(color), size,
             attributes={"color": color, "kind": kind}, **more)  # fmt: skip


def _car_materials(color: str) -> tuple[Material, ...]:
    paint = car_paint(color)
    return (paint, paint, surface("glass", contrast=0.1), surface("bitumen", contrast=0.2))


def park_truck(site: Site, u: float, v: float, heading: float, rng: Rng) -> None:
    """A large vehicle."""
    kind = str(rng.choice(["lorry", "semi", "tanker", "bus"], p=[0.4, 0.42, 0.1, 0.08]))
    shape, size = shapes.truck(kind)
    load = surface("white membrane", float(rng.uniform(0.6, 1.0)), contrast=0.15) if rng.random() < 0.6 else painted_steel(rng, 1.2)
    cab = car_paint(str(rng.choice(["white", "red", "blue", "grey"])))
    materials = (load if kind == "bus" else cab, load, surface("glass", contrast=0.1), surface("bitumen", contrast=0.2))
    site.add("large-vehicle", (u, v), heading + float(rng.normal(0, 0.02)), shape, materials, size, attributes={"kind": kind})


def drive(site: Site, street: Street, look: CityLook, rng: Rng) -> None:
    """Cars in the lanes of a street, and along its sides."""
    length = abs(street.u1 - street.u0) + abs(street.v1 - street.v0)
    lanes = 1 if street.width < 12 else 2
    for side in (-1, 1):
        for lane in range(lanes):
            across = side * (street.width / 2) * ((lane + 0.5) / lanes) if street.width >= 9 else side * 1.7
            at = float(rng.uniform(5, 40))
            while at < length - 5:
                heading = 0.0 if side < 0 else math.pi
                u, v = _on(street, at, across)
                turn = heading if street.along_u else heading + math.pi / 2
                if street.along_u is False:
                    turn += math.pi  # keep to the right
                if rng.random() < 0.08 and street.width >= 9:
                    park_truck(site, u, v, turn, rng)
                else:
                    park_car(site, u, v, turn, rng)
                at += 12 + float(rng.exponential(max(6.0, 26 / max(look.traffic, 0.02))))
    if street.width < 9:
        at = 6.0
        while at < length - 6:
            if rng.random() < look.parked * 0.5:
                u, v = _on(street, at, float(rng.choice([-1, 1])) * (street.width / 2 - 1.0))
                park_car(site, u, v, (0.0 if street.along_u else math.pi / 2) + math.pi * int(rng.integers(2)), rng)
            at += float(rng.uniform(6, 9))


def _on(street: Street, along: float, across: float) -> tuple[float, float]:
    return (street.u0 + along, street.v0 + across) if street.along_u else (street.u0 + across, street.v0 + along)


def line_with_trees(site: Site, street: Street, look: CityLook, rng: Rng) -> None:
    """Trees along both sides of some streets."""
    if rng.random() > 0.3 + 0.6 * look.trees:
        return
    length = abs(street.u1 - street.u0) + abs(street.v1 - street.v0)
    size = float(rng.uniform(2.0, 4.0))
    for side in (-1, 1):
        at = float(rng.uniform(4, 12))
        while at < length - 4:
            if rng.random() < look.trees:
                u, v = _on(street, at, side * (street.width / 2 + 1.5))
                plant(site, u, v, size * float(rng.uniform(0.75, 1.15)), look, rng)
            at += float(rng.uniform(8, 14))


def plant(site: Site, u: float, v: float, radius: float, look: CityLook, rng: Rng) -> None:
    """A tree, unless the place is sealed."""
    if site.spacing > SMALLEST_TREE:
        return
    leaves = foliage(rng, look.bare, look.autumn)
    variant, heading = int(rng.integers(24)), float(rng.uniform(0, 6.28))
    if site.is_sealed(u, v):
        return
    bare = 0.8 if look.bare > 0.5 else 1.0
    size = radius * bare
    site.add("tree", (u, v), heading, shapes.tree(variant), (leaves,), (2 * size, 2 * size, 1.27 * size), scale=size,
             z=float(rng.uniform(0.2, 0.9)) * size)  # fmt: skip


def scatter_trees(site: Site, block: Block, density: float, look: CityLook, rng: Rng) -> None:
    """Trees anywhere in a block, `density` a square metre."""
    width, height = block.size
    for _ in range(int(rng.poisson(density * width * height))):
        u, v = float(rng.uniform(block.u0, block.u1)), float(rng.uniform(block.v0, block.v1))
        plant(site, u, v, float(rng.uniform(2.0, 5.0)), look, rng)
