"""Ports: a quay with ships, cranes and stacks of containers, tanks and halls behind it, and a sea with ships under way.

On the plan the quay runs along u at v = 0, and the sea is at v > 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook
from understudy.scenes.satellite.covers import WATERS
from understudy.scenes.satellite.flat_roofs import halls, tank
from understudy.scenes.satellite.open_grounds import parking_lot
from understudy.scenes.satellite.parking import park_truck
from understudy.scenes.satellite.site import Site, painted_steel, tinted, turned
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator
ZONE = 900.0
"""m along the quay to each side of the middle that are built in full."""

APRON = 48.0
DEEP = 330.0
"""m from the quay to the road behind the port."""


@dataclass(frozen=True)
class PortLook:
    """As `settings.Port`, drawn. spacing: m between pixels."""

    ships: float
    at_sea: int
    containers: float
    tanks: float
    spacing: float


def build_port(site: Site, look: PortLook, stream: Any) -> None:
    """Paint land and sea on the plan and fill them. The plan begins as water. stream: `Draws` at the port's path."""
    reach, plan = site.radius, site.plan
    plan.rect(-reach, -2 * reach, reach, 0.0, "industry" if look.spacing > 4 else "yard", 0)
    length = min(reach, ZONE)
    plan.rect(-length, -APRON, length, 0.0, "concrete", plan.new_plot(brightness=0.9))
    plan.rect(-length, -1.2, length, 0.0, "sidewalk", 0)
    for v in (-6.0, -36.0):
        plan.rect(-length, v - 0.25, length, v + 0.25, "rail")
    _piers(site, look, stream.generator("piers"), length)
    _berths(site, look, stream, length)
    _yard(site, look, stream.generator("yard"), length)
    _hinterland(site, look, stream, length)
    sail(site, look, stream.generator("sea"), -reach, 120.0, reach, site.plan.high[1])


def _berths(site: Site, look: PortLook, stream: Any, length: float) -> None:
    """Ships at the quay, and cranes over those that carry containers."""
    at, number = -length + 20, 0
    while at < length - 60:
        rng = stream.generator(f"berth/{number}")
        number += 1
        kind = str(rng.choice(["container", "bulk", "tanker", "ferry"], p=[0.55, 0.2, 0.15, 0.1]))
        room = float(rng.uniform(150, 300))
        if rng.random() < look.ships:
            shape, size, _ = shapes.ship(rng, kind)
            room = size[0] + float(rng.uniform(18, 45))
            place = (at + size[0] / 2, size[1] / 2 + 2.5)
            add_ship(site, place, 0.0 if rng.random() < 0.5 else math.pi, rng, kind, (shape, size), moored=True)
        if kind == "container":
            for k in range(max(2, int(room / 75))):
                u = at + (k + 0.5) * room / max(2, int(room / 75)) + float(rng.normal(0, 9))
                steel, cabin = painted_steel(rng, 1.3), tinted(rng, "white membrane")
                shape = shapes.gantry(float(rng.uniform(46, 60)), float(rng.uniform(34, 44)))
                low, high = shape.bounds
                size3 = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2]))
                site.add("container-crane", (u, -21.0), math.pi / 2, shape, (steel, cabin), size3)
        at += room + float(rng.uniform(5, 25))


def add_ship(
    site: Site,
    place: tuple[float, float],
    heading: float,
    rng: Rng,
    kind: str,
    made: tuple[Any, tuple[float, float, float]],
    *,
    moored: bool,
) -> None:
    """A ship in colours of its own."""
    shape, size = made
    deck = {"container": "rust", "bulk": "rust", "tanker": "rust", "ferry": "white membrane"}.get(kind, "light tiles")
    paint = tinted(rng, deck, 0.25, contrast=0.4, scale=6.0) if rng.random() < 0.5 else painted_steel(rng, 0.9)
    hatch = painted_steel(rng) if kind != "yacht" else surface("glass", contrast=0.1)
    cargo = tuple(painted_steel(rng, 1.1) for _ in range(6))
    hull = painted_steel(rng, 0.8)
    white = surface("white membrane", float(rng.uniform(0.75, 1.1)), contrast=0.2)
    attributes = {"kind": kind, "moored": moored}
    site.add("ship", place, heading, shape, (hull, white if kind == "yacht" else paint, white, hatch, *cargo), size, attributes=attributes)


def _piers(site: Site, look: PortLook, rng: Rng, length: float) -> None:
    """Piers into the water, as things, with small ships at them."""
    if rng.random() < 0.35:
        return
    u = float(rng.uniform(-0.4, 0.4)) * length
    for _ in range(int(rng.integers(1, 3))):
        long, wide = float(rng.uniform(60, 140)), float(rng.uniform(7, 14))
        concrete = tinted(rng, "concrete", contrast=0.5, scale=5.0)
        shape = shapes.block(long, wide, -1.0, 1.8)
        heading = math.pi / 2
        site.add("harbor", (u, long / 2), heading, shape, (tinted(rng, "dark concrete"), concrete), (long, wide, 1.8))
        for side in (-1, 1):
            at = 14.0
            while at < long - 10:
                kind = str(rng.choice(["tug", "fishing", "yacht", "yacht"]))
                shape, size, _ = shapes.ship(rng, kind)
                if at + size[0] < long and rng.random() < look.ships:
                    place = turned(u, 0.0, heading, at + size[0] / 2, side * (wide / 2 + size[1] / 2 + 0.6))
                    add_ship(site, place, heading + math.pi * int(rng.integers(2)), rng, kind, (shape, size), moored=True)
                at += size[0] + float(rng.uniform(2, 8))
        u += float(rng.uniform(60, 110))


def _yard(site: Site, look: PortLook, rng: Rng, length: float) -> None:
    """Blocks of stacked containers with lanes between them, cranes over some, trucks in the lanes."""
    plan = site.plan
    plan.rect(-length, -DEEP, length, -APRON, "parking", plan.new_plot(brightness=0.85))
    if look.spacing > 6:
        plan.rect(-length, -DEEP + 20, length, -APRON - 10, "industry", 0)
        return
    cell_u, cell_v = 96.0, 24.0
    v = -APRON - 16.0
    while v - cell_v > -DEEP + 90:
        u = -length + 20
        while u + cell_u < length:
            if rng.random() < 0.35 + 0.6 * look.containers:
                _stack(site, (u + cell_u / 2 - 4, v - cell_v / 2), look, rng)
            if rng.random() < 0.35:
                park_truck(site, u + float(rng.uniform(10, 80)), v + 3.2, 0.0 if rng.random() < 0.5 else math.pi, rng)
            u += cell_u + 14
        plan.dashes(-length, v + 1.0, length, v + 1.0, 0.25, "yellow marking", 6.0, 6.0)
        v -= cell_v + 9


def _stack(site: Site, place: tuple[float, float], look: PortLook, rng: Rng) -> None:
    """One block of containers: seven long, six wide, up to five high."""
    rows, across = 7, 6
    full = float(np.clip(rng.beta(2, 1.2) * (0.4 + 0.8 * look.containers), 0.05, 1))
    heights = rng.binomial(4, full, (rows, across))
    shape = shapes.container_stack(rows, across, heights, rng.integers(0, 6, (rows, across)))
    if not len(shape.faces):
        return
    size = (rows * 12.54, across * 2.55, float(heights.max()) * 2.6)
    colors = tuple(painted_steel(rng, 1.1) for _ in range(6))
    site.add("container", place, 0.0, shape, colors, size, attributes={"count": int(heights.sum())})
    if rng.random() < 0.35:
        crane = shapes.rail_gantry(across * 2.55 + 6.5)
        steel = painted_steel(rng, 1.2)
        u = place[0] + float(rng.uniform(-30, 30))
        site.add("container-crane", (u, place[1]), 0.0, crane, (steel, tinted(rng, "white membrane")), (8.5, across * 2.55 + 7.5, 20.4))


def _hinterland(site: Site, look: PortLook, stream: Any, length: float) -> None:
    """A road and rails behind the port, then halls, car parks and tank farms."""
    plan, rng = site.plan, stream.generator("hinterland")
    reach = site.radius
    for k in range(4):
        v = -DEEP + 60 - k * 5.0
        plan.rect(-reach, v - 2.0, reach, v + 2.0, "ballast", 0)
        for rail in (-0.75, 0.75):
            plan.rect(-reach, v + rail - 0.12, reach, v + rail + 0.12, "rail")
    plan.rect(-reach, -DEEP - 1, reach, -DEEP + 16, "asphalt", 0)
    plan.dashes(-reach, -DEEP + 7.5, reach, -DEEP + 7.5, 0.25, "marking", 3.0, 6.0)
    if look.spacing > 6:
        return
    v, row = -DEEP - 8, 0
    greens = CityLook("industrial", parked=0.5)
    while v > site.plan.low[1] and v > -1100:
        deep, u, number = float(rng.uniform(80, 140)), -length, 0
        while u < length:
            wide = float(rng.uniform(90, 170))
            own = stream.generator(f"plot/{row}/{number}")
            box = (u, v - deep, u + wide - 12, v)
            if own.random() < look.tanks * 0.6:
                _tank_farm(site, box, own)
            else:
                (halls if own.random() < 0.75 else parking_lot)(site, Block(*box, number), greens, own)
            u += wide
            number += 1
        plan.rect(-reach, v - deep - 10, reach, v - deep - 1, "asphalt", 0)
        v -= deep + 11
        row += 1


def _tank_farm(site: Site, box: tuple[float, float, float, float], rng: Rng) -> None:
    """Tanks in a grid, each row of one size, between low walls."""
    u0, v0, u1, v1 = box
    site.plan.rect(*box, "gravel" if rng.random() < 0.6 else "rough grass", site.plan.new_plot(dryness=0.4))
    v = v0 + 4
    while v < v1 - 20:
        radius = float(rng.uniform(6, min(26.0, (v1 - v) / 2 - 3)))
        u = u0 + radius + 5
        while u + radius + 4 < u1:
            if rng.random() < 0.92:
                site.plan.ring(u, v + radius, radius + 2.2, radius + 3.0, "concrete")
                tank(site, (u, v + radius), radius, rng)
            u += 2 * radius + 9
        v += 2 * radius + 9


def sail(site: Site, look: PortLook, rng: Rng, u0: float, v0: float, u1: float, v1: float) -> None:
    """Ships under way or at anchor on open water, apart from one another, the faster ones with wakes."""
    area = max(0.0, (u1 - u0) * (v1 - v0)) / 1e6
    placed: list[tuple[float, float, float]] = []
    for _ in range(int(rng.poisson(look.at_sea * min(area, 12.0)))):
        kind = str(
            rng.choice(
                ["container", "bulk", "tanker", "ferry", "barge", "fishing", "tug", "yacht"], p=[0.1, 0.1, 0.1, 0.1, 0.05, 0.15, 0.1, 0.3]
            )
        )
        shape, size, _ = shapes.ship(rng, kind)
        u, v, heading = float(rng.uniform(u0, u1)), float(rng.uniform(v0, v1)), float(rng.uniform(0, 2 * math.pi))
        clear = all(math.hypot(u - a, v - b) > (size[0] + other) * 0.7 for a, b, other in placed)
        if clear and site.plan.kind_at(u, v) in WATERS and _afloat(site, (u, v), heading, size[0]):
            placed.append((u, v, size[0]))
            if rng.random() < 0.7:
                _wake(site, (u, v), heading, size, rng)
            add_ship(site, (u, v), heading, rng, kind, (shape, size), moored=False)


def _afloat(site: Site, place: tuple[float, float], heading: float, length: float) -> bool:
    """Whether bow and stern are on the water."""
    kinds = {site.plan.kind_at(*turned(*place, heading, share * length, 0.0)) for share in (-0.6, 0.6)}
    return kinds <= WATERS


def _wake(site: Site, place: tuple[float, float], heading: float, size: tuple[float, float, float], rng: Rng) -> None:
    """Foam behind a ship, and the arms of its bow wave (Kelvin: 19.5° to each side)."""
    length, width, _ = size
    far = length * float(rng.uniform(1.5, 4.5))
    foam = site.plan.new_plot(brightness=0.8, shift=-0.18)
    thin = site.plan.new_plot(brightness=0.7, shift=-0.36)
    line = np.array([turned(*place, heading, -length * 0.48, 0.0), turned(*place, heading, -length * 0.48 - far * 0.35, 0.0)])
    site.plan.strip(line, width * 0.75, "foam", foam)
    tail = np.array([line[1], turned(*place, heading, -length * 0.48 - far, 0.0)])
    site.plan.strip(tail, width * 0.9, "foam", thin)
    for side in (-1, 1):
        start = turned(*place, heading, length * 0.40, side * width * 0.35)
        end = turned(*place, heading, length * 0.40 - far * 0.8, side * (width * 0.35 + far * 0.8 * math.tan(math.radians(19.5)) * 0.55))
        site.plan.strip(np.array([start, end]), max(0.14 * width, site.plan.cell), "foam", thin)
