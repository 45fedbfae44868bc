"""A city's blocks and the streets between them.

Streets are laid by recursive splitting (as in a k-d tree), wide ones first, so that lesser ones end at greater ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.scenes.satellite.ground import Plan

Rng = np.random.Generator
SIDEWALK = 2.4


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

    @property
    def length(self) -> float:
        return abs(self.u1 - self.u0) + abs(self.v1 - self.v0)

    def at(self, along: float, across: float) -> tuple[float, float]:
        """The place `along` m from its first end and `across` m from its middle."""
        return (self.u0 + along, self.v0 + across) if self.along_u else (self.u0 + across, self.v0 + along)


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
