"""Cars and trucks: in stalls, on drives, in the lanes of streets and along their sides."""

from __future__ import annotations

import functools
import math
from bisect import bisect
from typing import Any

import numpy as np

from understudy.scenes.material import Material
from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import CityLook, Street
from understudy.scenes.satellite.site import CAR_COLORS, Site, car_paint, painted_steel
from understudy.scenes.satellite.spectra import surface

Rng = np.random.Generator
_KINDS = ("sedan", "hatch", "suv", "van", "pickup")
_KIND_ENDS = (0.32, 0.58, 0.84, 0.93)
_COLOR_ENDS = (0.30, 0.48, 0.68, 0.84, 0.93)
"""Of all cars, those of each kind and colour and all before it; the last takes the rest."""
SMALLEST_CAR = 2.0
"""m between pixels above which there are no small vehicles: they would be less than two pixels."""


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
    kind, color = _KINDS[bisect(_KIND_ENDS, rng.random())], CAR_COLORS[bisect(_COLOR_ENDS, rng.random())]
    du, dv, turn = rng.standard_normal(3).tolist()
    u, v = u + 0.12 * du, v + 0.12 * dv
    if not site.is_near(u, v):
        return
    shape, size = shapes.car(kind)
    site.add("small-vehicle", (u, v), heading + 0.03 * turn, shape, _car_materials(color), size,
             attributes={"color": color, "kind": kind}, **more)  # fmt: skip


@functools.cache
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
    length = street.length
    lanes = 1 if street.width < 12 else 2
    for side in (-1, 1):
        for lane in range(lanes):
            across = side * (street.width / 2) * ((lane + 0.5) / lanes) if street.width >= 9 else side * 1.7
            at = float(rng.uniform(5, 40))
            while at < length - 5:
                heading = 0.0 if side < 0 else math.pi
                u, v = street.at(at, across)
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
                u, v = street.at(at, float(rng.choice([-1, 1])) * (street.width / 2 - 1.0))
                park_car(site, u, v, (0.0 if street.along_u else math.pi / 2) + math.pi * int(rng.integers(2)), rng)
            at += float(rng.uniform(6, 9))
