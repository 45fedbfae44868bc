"""`Site`: a place that is being built: its painted plan, and the things that stand on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import Motion, about_z
from understudy.scenes.material import Material
from understudy.scenes.satellite.covers import BY_NAME, NUMBER
from understudy.scenes.satellite.ground import Plan, Relief
from understudy.scenes.satellite.spectra import spectrum, surface
from understudy.scenes.scene import Body, Link

Floats = NDArray[np.float64]
ON_GROUND = "ground"
"""Name of the material of flat things that show what is painted under them (a tennis court)."""

CAR_COLORS = ("white", "silver", "black", "grey", "red", "blue")
_CAR_REFLECTANCE = {"white": 0.62, "silver": 0.36, "black": 0.035, "grey": 0.14}


@dataclass
class Thing:
    """Something on a plan. u, v, heading: where on the plan (radians, 0 along u). z: m above the ground. scale: factor of its mesh."""

    name: str
    category: str
    u: float
    v: float
    heading: float
    mesh: Mesh
    materials: tuple[Material, ...]
    size: tuple[float, float, float]
    z: float = 0.0
    scale: float = 1.0
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Site:
    """A place.

    radius: m, half the side of the square that is built. spacing: m between the pixels that will
    show it. sight: m from the middle to
    the sides of what will be seen, None for all. things: in the order in which they were put there.
    """

    plan: Plan
    radius: float
    spacing: float = 0.5
    sight: tuple[float, float] | None = None
    things: list[Thing] = field(default_factory=list)
    relief: Relief | None = None
    depth: NDArray[np.float32] | None = None
    bottom: str = "sand"
    counts: dict[str, int] = field(default_factory=dict)
    _frame: tuple[float, float, float] | None = None

    def add(
        self,
        category: str,
        place: tuple[float, float],
        heading: float,
        shape: Mesh,
        materials: tuple[Material, ...],
        size: tuple[float, float, float],
        **more: Any,
    ) -> None:
        """Put a thing on the plan."""
        number = self.counts.get(category, 0)
        self.counts[category] = number + 1
        self.things.append(Thing(f"{category}/{number}", category, place[0], place[1], heading, shape, materials, size, **more))

    def in_sight(self, place: tuple[float, float], reach: float) -> bool:
        """Whether something of this radius at u, v can be seen."""
        if self.sight is None:
            return True
        x, y = self.plan.to_world(np.array([place]))[0]
        return bool(abs(x) <= self.sight[0] + reach and abs(y) <= self.sight[1] + reach)

    def is_near(self, u: float, v: float) -> bool:
        """Whether a point at u, v may be in sight: quickly, as if the plan were bent by the most everywhere."""
        if self.sight is None:
            return True
        if self._frame is None:
            self._frame = (math.cos(self.plan.turn), math.sin(self.plan.turn), float(np.abs(self.plan.waves[:, :2]).sum()))
        c, s, bend = self._frame
        return abs(c * u - s * v) <= self.sight[0] + bend and abs(s * u + c * v) <= self.sight[1] + bend

    def is_sealed(self, u: float, v: float) -> bool:
        """Whether cars drive or people walk there, so that nothing grows."""
        return self.plan.kind_at(u, v) in SEALED


SEALED = frozenset(
    NUMBER[name]
    for name in (
        "asphalt", "fresh asphalt", "marking", "yellow marking", "parking", "parking line", "runway", "rail", "acrylic green",
        "acrylic blue", "clay court", "water", "pond",
    )
)  # fmt: skip


def add_building(
    site: Site, place: tuple[float, float], heading: float, shape: Mesh, materials: tuple[Material, ...], use: str, **more: Any
) -> None:
    """A building, as large as its shape."""
    low, high = shape.bounds
    size = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2]))
    site.add("building", place, heading, shape, materials, size, attributes={"use": use}, **more)


def bodies(things: list[Thing], plan: Plan, relief: Relief | None, tracks: Mapping[str, int]) -> list[Body]:
    """The things as bodies of a scene; tracks: by their names."""
    if not things:
        return []
    places = np.array([(thing.u, thing.v) for thing in things])
    world = plan.to_world(places)
    heading = plan.headings(places, np.array([thing.heading for thing in things]))
    heights = np.zeros(len(things)) if relief is None else relief.at(world)
    made = []
    for number, thing in enumerate(things):
        shape = thing.mesh if thing.scale == 1.0 else thing.mesh.scaled(thing.scale)
        position = np.array([[world[number, 0], world[number, 1], heights[number] + thing.z]])
        motion = Motion(np.zeros(1), position, about_z(float(heading[number]))[None])
        made.append(
            Body(
                thing.name,
                BY_NAME[thing.category],
                tracks[thing.name],
                (Link(shape, motion, thing.materials),),
                thing.size,
                (0.0, 0.0, thing.size[2] / 2),
                attributes={**thing.attributes, "height_m": round(thing.size[2], 2)},
            )
        )
    return made


def car_paint(color: str) -> Material:
    """A car's paint."""
    if color in _CAR_REFLECTANCE:
        return _metal(color, np.full(5, _CAR_REFLECTANCE[color]))
    values = {"red": (0.30, 0.035, 0.03, 0.42, 0.40), "blue": (0.03, 0.06, 0.22, 0.20, 0.22)}[color]
    return _metal(color, np.array(values))


def _metal(name: str, values: Floats) -> Material:
    red, green, blue, nir, swir1 = (float(value) for value in values)
    return Material(name, (red, green, blue), (red, green, blue), contrast=0.0, clearcoat=1.0, bands={"nir": nir, "swir1": swir1})


def tinted(rng: np.random.Generator, name: str, spread: float = 0.18, **more: Any) -> Material:
    """A surface whose brightness differs from thing to thing."""
    return surface(name, float(np.exp(rng.normal(0, spread))), **more)


def painted_steel(rng: np.random.Generator, brightness: float = 1.0) -> Material:
    """Steel in a colour: of a container, a crane, a hull."""
    colors = (
        (0.26, 0.05, 0.04),
        (0.04, 0.08, 0.22),
        (0.30, 0.13, 0.04),
        (0.05, 0.15, 0.09),
        (0.40, 0.40, 0.40),
        (0.13, 0.14, 0.15),
        (0.05, 0.20, 0.30),
    )
    base = np.array(colors[int(rng.integers(len(colors)))]) * brightness * float(np.exp(rng.normal(0, 0.15)))
    return _metal("painted steel", np.clip([*base, base.mean() + 0.1, base.mean() + 0.08], 0.0, 0.9))


def foliage(rng: np.random.Generator, season_bare: float = 0.0, autumn: float = 0.0) -> Material:
    """A crown's leaves, of a tone of its own."""
    conifer, dark, light, turned, colored = rng.random(5).tolist()
    if conifer < 0.2:
        base = spectrum("conifer")
    else:
        base = spectrum("broadleaf") * (0.8 + 0.25 * dark) + spectrum("broadleaf light") * (0.4 * light)
        base = base + (spectrum("autumn leaves") * (0.5 + 0.7 * turned) - base) * (autumn * (0.3 + 0.7 * colored))
        base = base + (spectrum("branches") - base) * season_bare
    red, green, blue, nir, swir1 = np.minimum(base * math.exp(0.12 * rng.standard_normal()), 0.9).tolist()
    return Material(
        "leaves", (red, green, blue), (0.45 * red, 0.45 * green, 0.45 * blue), "leaves", 0.9, 0.8,
        bands={"nir": nir, "swir1": swir1, "second nir": nir * 0.55, "second swir1": swir1 * 0.5},
    )  # fmt: skip


def turned(u: float, v: float, heading: float, along: float, across: float) -> tuple[float, float]:
    """A place `along` and `across` a heading from u, v."""
    c, s = math.cos(heading), math.sin(heading)
    return u + c * along - s * across, v + s * along + c * across
