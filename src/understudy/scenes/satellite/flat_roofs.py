"""Blocks of large buildings: flats, offices, halls, tanks."""

from __future__ import annotations

import math

import numpy as np

from understudy.scenes.geometry.mesh import Mesh, joined
from understudy.scenes.material import Material
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook
from understudy.scenes.satellite.parking import park_truck, stalls
from understudy.scenes.satellite.planting import scatter_trees
from understudy.scenes.satellite.site import Site, add_building, tinted, turned
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator


def flats(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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
        add_building(site, place, heading, body, materials, "flats")
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


def offices(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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
    add_building(site, ((u0 + u1) / 2, (v0 + v1) / 2), 0.0, shape, materials, "office")


def halls(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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
    add_building(site, place, heading, joined(parts), materials, "hall")


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
