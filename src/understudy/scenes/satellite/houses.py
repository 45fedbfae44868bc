"""Blocks of houses, each on a lot with a garden, a drive, sheds and pools."""

from __future__ import annotations

import math

import numpy as np

from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook
from understudy.scenes.satellite.parking import park_car
from understudy.scenes.satellite.planting import plant
from understudy.scenes.satellite.site import Site, add_building, tinted
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator


def houses(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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
        add_building(site, (u, v), heading, shed, (tinted(rng, "plaster"), tinted(rng, "grey tiles")), "shed")
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
    add_building(site, place, heading, joined(parts), (walls, roof, surface("solar panel", contrast=0.1)), "house")


def _on_slope(length: float, width: float, eaves: float, pitch: float) -> Mesh:
    """Solar panels on the slope towards −y."""
    low, high = -width * 0.42, -width * 0.12
    a, b = eaves + pitch * (width / 2 + low) + 0.12, eaves + pitch * (width / 2 + high) + 0.12
    half = length / 2
    return mesh([(-half, low, a), (half, low, a), (half, high, b), (-half, high, b)], [(0, 1, 2), (0, 2, 3)], 2)


def _pool(site: Site, place: tuple[float, float], heading: float, rng: Rng) -> None:
    length, width = float(rng.uniform(5, 10)), float(rng.uniform(3, 4.6))
    heading += math.pi / 2 * int(rng.integers(2))
    c = abs(math.cos(heading)) > 0.5
    a, b = (length, width) if c else (width, length)
    site.plan.rect(place[0] - a / 2 - 1.2, place[1] - b / 2 - 1.2, place[0] + a / 2 + 1.2, place[1] + b / 2 + 1.2, "paving")
    outline = shapes.oblong(length, width) if rng.random() < 0.7 else shapes.disc(1.0, 20) * (length / 2, width / 2)
    water = surface("pool", float(rng.uniform(0.7, 1.1)), contrast=0.25, scale=1.5)
    site.add("swimming-pool", place, heading, shapes.plate(outline, 0.06), (water,), (length, width, 0.06))
