"""Blocks without many buildings: parks, sports grounds, aprons with aircraft, parking lots."""

from __future__ import annotations

import math

import numpy as np

from understudy.scenes.material import Material
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook
from understudy.scenes.satellite.flat_roofs import hall
from understudy.scenes.satellite.parking import stalls
from understudy.scenes.satellite.planting import plant, scatter_trees
from understudy.scenes.satellite.site import ON_GROUND, Site, painted_steel, tinted, turned
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator


def park(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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


def sports(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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


def apron(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
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


def parking_lot(site: Site, block: Block, look: CityLook, rng: Rng) -> None:
    width, height = block.size
    site.plan.rect(block.u0, block.v0, block.u1, block.v1, "lawn", 0)
    if width > 75 and height > 50 and rng.random() < 0.7:  # a shop behind it
        depth = height * float(rng.uniform(0.3, 0.45))
        site.plan.rect(block.u0, block.v1 - depth - 6, block.u1, block.v1, "yard", 0)
        hall(site, ((block.u0 + block.u1) / 2, block.v1 - depth / 2 - 2), 0.0, width - 12, depth - 4, rng)
        stalls(site, block.u0 + 1.5, block.v0 + 1.5, block.u1 - 1.5, block.v1 - depth - 3, look.parked * 1.2, rng)
    else:
        stalls(site, block.u0 + 1.5, block.v0 + 1.5, block.u1 - 1.5, block.v1 - 1.5, look.parked, rng)
