"""Places that are watched: a square, a car park, a shop and a lobby, with what stands in people's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh, joined
from understudy.scenes.geometry.motion import about_z, still
from understudy.scenes.geometry.primitives import box, cylinder, plane
from understudy.scenes.material import Color, Material
from understudy.scenes.models.buildings import building
from understudy.scenes.models.street import street_lamp
from understudy.scenes.models.vegetation import tree
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.scene import Body, Lamp, Link
from understudy.scenes.spec.draws import Draws
from understudy.scenes.surveillance.categories import IDS

Floats = NDArray[np.float64]
Point = tuple[float, float, float]
CEILING = 3.4
"""m, the height of rooms."""
BAY = 2.6
"""m, the width of a parking bay."""
CARS = ("sedan", "hatchback", "suv", "estate", "van")


@dataclass
class Place:
    """What a place is made of.

    Attributes:
        half: (2,) m, half the lengths of the area that people use, around the origin.
        zone: (x0, y0, x1, y1) m that nobody should enter.
        indoors: under a ceiling.
        mounts: places of cameras (height 0: as the settings say), and where they look.
        obstacles: (x, y, half length, half width) of boxes that people walk around.
    """

    half: tuple[float, float]
    zone: tuple[float, float, float, float]
    indoors: bool
    mounts: tuple[tuple[Point, Point], ...]
    bodies: list[Body] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    obstacles: list[tuple[float, float, float, float]] = field(default_factory=list)
    vehicles: int = 0

    def put(self, name: str, category: str, mesh: Mesh, materials: Sequence[Material], at: Point, *, blocks: bool = True) -> None:
        """A fixed thing whose mesh stands around `at`; it blocks people's ways unless said otherwise."""
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        size, middle = (float(side) for side in high - low), (float(side) for side in (high + low) / 2)
        link = Link(mesh, still(at), tuple(materials))
        self.bodies.append(Body(name, IDS[category], 0, (link,), tuple(size), tuple(middle)))  # type: ignore[arg-type]
        if blocks:
            centre = np.asarray(at[:2]) + (high + low)[:2] / 2
            self.obstacles.append((float(centre[0]), float(centre[1]), float(high[0] - low[0]) / 2, float(high[1] - low[1]) / 2))

    def free(self, points: Floats, margin: float, *, zone: bool = True) -> bool:
        """Whether all (N, 2) points are in the area, `margin` m off everything that stands there, and off the zone."""
        if (np.abs(points) > np.asarray(self.half) - margin).any():
            return False
        boxes = np.array([*self.obstacles, *([_middle(self.zone)] if zone else [])]).reshape(-1, 4)
        out = np.maximum(np.abs(points[:, None] - boxes[None, :, :2]) - boxes[None, :, 2:], 0.0)
        return not bool((np.linalg.norm(out, axis=-1) < margin).any())


def place_of(name: str, parked: float, lit: float, draw: Draws, *, dark: bool) -> Place:
    """The place of this name, its details from `draw`."""
    made = {"square": _square, "shop": _room, "lobby": _room}.get(name)
    if made is _square:
        place = _square(draw, dark)
    elif made is _room:
        place = _room(draw, lit, shop=name == "shop")
    else:
        place = _car_park(draw, parked, dark)
    _marked(place)
    return place


def _middle(zone: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = zone
    return (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2


def _marked(place: Place) -> None:
    """The zone's border as a painted line."""
    x, y, a, b = _middle(place.zone)
    paint = Material("yellow paint", (0.62, 0.42, 0.03), roughness=0.7, retroreflection=0.05)
    sides = [box((2 * a, 0.1, 0.01)).moved(offset=(0, s * b, 0)) for s in (-1, 1)] + [
        box((0.1, 2 * b, 0.01)).moved(offset=(s * a, 0, 0)) for s in (-1, 1)
    ]
    place.put("zone", "marking", joined(sides), (paint,), (x, y, 0.005), blocks=False)


def _square(draw: Draws, dark: bool) -> Place:
    rng = draw.generator("square")
    place = Place((15.0, 12.0), (7.5, 5.0, 13.0, 10.0), False, (
        ((-14.5, -13.0, 0.0), (1.0, 1.5, 0.6)), ((14.5, -13.0, 0.0), (-1.0, 2.0, 0.6)), ((0.0, 13.0, 0.0), (0.0, -1.0, 0.5)),
    ))  # fmt: skip
    stone = Material("paving", (0.36, 0.345, 0.32), (0.25, 0.24, 0.225), "tiles", 0.6, 0.4, roughness=0.85)
    place.put("ground", "floor", plane((160.0, 160.0)), (stone,), (0.0, 0.0, 0.0), blocks=False)
    for side, (turn, back) in enumerate(((0.0, 17.0), (np.pi, 27.0), (-np.pi / 2, 21.0), (np.pi / 2, 21.0))):
        x = -32.0
        for number in range(6):
            made = building(
                "old town" if rng.random() < 0.7 else "apartments", draw.at(f"houses/{side}/{number}").generator("model"), lit=0.4 * dark
            )
            x += made.size[0] / 2
            spot = about_z(turn) @ np.array([x, back + made.size[1] / 2, 0.0])
            place.bodies.append(made.body(f"houses/{side}/{number}", IDS["building"], 0, still(spot, about_z(turn))))
            x += made.size[0] / 2
    steel, wood = (
        Material("steel", (0.2, 0.21, 0.22), metallic=1.0, roughness=0.4),
        Material("slats", (0.3, 0.17, 0.08), (0.2, 0.1, 0.05), "wood", 0.1),
    )
    for number, at in enumerate(((-6.0, 6.5, 0.0), (-9.0, -6.0, 0.0), (4.0, -7.5, 0.0))):
        seat = joined(
            [
                box((1.8, 0.45, 0.06)).moved(offset=(0, 0, 0.44)),
                *(box((0.06, 0.4, 0.42), 1).moved(offset=(s * 0.75, 0, 0.21)) for s in (-1, 1)),
            ]
        )
        place.put(f"benches/{number}", "furniture", seat, (wood, steel), at)
    for number, (x, y) in enumerate(((-11.0, 9.0), (11.5, -9.0), (-3.0, 10.3))):
        made = tree("young" if number else "maple", draw.at(f"trees/{number}").generator("model"))
        place.bodies.append(made.body(f"trees/{number}", IDS["vegetation"], 0, still((x, y, 0.0))))
        place.obstacles.append((x, y, 0.35, 0.35))
    kiosk = joined(
        [
            box((2.6, 2.2, 2.5)).moved(offset=(0, 0, 1.25)),
            box((3.1, 2.7, 0.14), 1).moved(offset=(0, 0, 2.57)),
            box((1.9, 0.06, 1.0), 2).moved(offset=(0, -1.11, 1.5)),
        ]
    )
    green = Material("painted wood", (0.05, 0.14, 0.1), roughness=0.5)
    place.put("kiosk", "furniture", kiosk, (green, steel, Material("window", (0.05, 0.06, 0.07), roughness=0.08)), (0.5, 7.5, 0.0))
    _street_lamps(place, ((-13.0, 0.0), (13.0, -2.0), (-2.0, -10.5), (5.0, 10.8)), dark)
    return place


def _street_lamps(place: Place, spots: Sequence[tuple[float, float]], dark: bool) -> None:
    made = street_lamp(np.random.default_rng(0), lit=dark)
    for number, spot in enumerate(spots):
        name = f"lamps/{number}"
        turn = about_z(float(np.arctan2(-spot[1], -spot[0])))
        place.bodies.append(made.body(name, IDS["pole"], 0, still((*spot, 0.0), turn)))
        place.obstacles.append((*spot, 0.15, 0.15))
        place.lamps += made.lamps_of(name)


def _car_park(draw: Draws, parked: float, dark: bool) -> Place:
    place = Place((17.0, 10.0), (9.0, -2.2, 15.0, 2.2), False, (
        ((-17.0, -12.0, 0.0), (0.0, 1.0, 0.5)), ((17.0, 12.0, 0.0), (-1.0, -1.0, 0.5)), ((-17.0, 12.0, 0.0), (0.0, 0.0, 0.5)),
    ))  # fmt: skip
    asphalt = Material("asphalt", (0.11, 0.11, 0.115), (0.07, 0.07, 0.072), "asphalt", 0.02, 0.5, roughness=0.9)
    place.put("ground", "floor", plane((160.0, 160.0)), (asphalt,), (0.0, 0.0, 0.0), blocks=False)
    white = Material("white paint", (0.62, 0.62, 0.6), roughness=0.7, retroreflection=0.1)
    for row, y in enumerate((-7.2, 7.2)):
        edges = [box((0.1, 5.0, 0.008)).moved(offset=(BAY * (number - 5.5), 0, 0)) for number in range(12)]
        place.put(f"lines/{row}", "marking", joined(edges), (white,), (0.0, y, 0.004), blocks=False)
        for number in range(11):
            here = draw.at(f"parked/{row}/{number}")
            if here.quantile("taken") < parked:
                place.vehicles += 1
                rng = here.generator("model")
                made = vehicle(CARS[int(here.quantile("kind") * len(CARS))], rng)
                at = (BAY * (number - 5), y + 0.3 * (here.quantile("place") - 0.5), 0.0)
                heading = np.pi / 2 * (1 if here.quantile("way") < 0.5 else -1) + 0.04 * (here.quantile("turn") - 0.5)
                place.bodies.append(made.body(f"parked/{row}/{number}", IDS["vehicle"], place.vehicles, still(at, about_z(heading))))
                place.obstacles.append((at[0], at[1], made.size[1] / 2, made.size[0] / 2))
    for side, turn in enumerate((0.0, np.pi)):
        x = -36.0
        for number in range(3):
            made = building("office" if side else "apartments", draw.at(f"houses/{side}/{number}").generator("model"), lit=0.3 * dark)
            x += made.size[0] / 2
            spot = about_z(turn) @ np.array([x, 20.0 + made.size[1] / 2, 0.0])
            place.bodies.append(made.body(f"houses/{side}/{number}", IDS["building"], 0, still(spot, about_z(turn))))
            x += made.size[0] / 2 + 3.0
    for number, x in enumerate((-22.0, -8.0, 7.0, 21.0)):
        made = tree("linden", draw.at(f"trees/{number}").generator("model"))
        place.bodies.append(made.body(f"trees/{number}", IDS["vegetation"], 0, still((x, 14.5, 0.0))))
    _street_lamps(place, ((-9.0, -10.5), (9.0, -10.5), (-9.0, 10.5), (9.0, 10.5)), dark)
    return place


def _room(draw: Draws, lit: float, *, shop: bool) -> Place:
    a, b = (8.0, 6.5)
    place = Place((a, b), (4.7, 2.6, 7.6, 6.1), True, (
        ((-a + 0.25, -b + 0.25, CEILING - 0.35), (-3.0, -2.5, 0.0)), ((a - 0.25, -b + 0.25, CEILING - 0.35), (3.0, -2.5, 0.0)),
        ((-a + 0.25, b - 0.25, CEILING - 0.35), (-3.0, 2.5, 0.0)),
    ))  # fmt: skip
    tiles = Material("floor tiles", (0.5, 0.48, 0.44), (0.36, 0.35, 0.33), "tiles", 0.6 if shop else 1.0, 0.3, roughness=0.35)
    paint = Material("wall paint", (0.66, 0.64, 0.6), (0.6, 0.58, 0.55), "plaster", 0.5, 0.15)
    place.put("floor", "floor", plane((2 * a, 2 * b)), (tiles,), (0.0, 0.0, 0.0), blocks=False)
    walls = [box((2 * a + 0.4, 0.2, CEILING)).moved(offset=(0, s * (b + 0.1), CEILING / 2)) for s in (-1, 1)]
    walls += [box((0.2, 2 * b, CEILING)).moved(offset=(s * (a + 0.1), 0, CEILING / 2)) for s in (-1, 1)]
    place.put("walls", "wall", joined(walls), (paint,), (0.0, 0.0, 0.0), blocks=False)
    white = Material(
        "ceiling", (0.72, 0.72, 0.71), (0.55, 0.55, 0.55), "tiles", 0.6, 0.3, emission=(0.06 * lit, 0.06 * lit, 0.055 * lit)
    )  # what the floor throws back
    place.put("ceiling", "ceiling", box((2 * a + 0.4, 2 * b + 0.4, 0.1)), (white,), (0.0, 0.0, CEILING + 0.05), blocks=False)
    glow = Material("lamp", (0.9, 0.9, 0.88), emission=(1.2 * lit, 1.2 * lit, 1.12 * lit))
    spots = [(x, y) for x in (-5.2, 0.0, 5.2) for y in (-3.4, 3.4)]
    place.put(
        "panels",
        "ceiling",
        joined([box((1.5, 0.35, 0.04)).moved(offset=(x, y, 0)) for x, y in spots]),
        (glow,),
        (0, 0, CEILING - 0.02),
        blocks=False,
    )
    place.lamps += [Lamp((x, y, CEILING - 0.08), (3.2 * lit, 3.1 * lit, 2.9 * lit), cone=1.45, soft=0.5) for x, y in spots if lit > 0]
    dark_glass = Material("door", (0.05, 0.07, 0.08), roughness=0.1)
    place.put("door", "wall", box((2.4, 0.04, 2.3)), (dark_glass,), (0.0, -b + 0.02, 1.15), blocks=False)
    (_shelves if shop else _seats)(place, draw)
    return place


def _shelves(place: Place, draw: Draws) -> None:
    """Rows of shelves with goods, and a counter."""
    frame = Material("shelf", (0.55, 0.55, 0.56), roughness=0.5)
    for row, (x, y) in enumerate(((-4.0, 3.0), (-4.0, 0.2), (1.0, 3.0), (1.0, 0.2))):
        rng = draw.at(f"shelves/{row}").generator("goods")
        tones: list[Color] = [(float(r), float(g), float(b)) for r, g, b in rng.uniform(0.04, 0.65, (7, 3))]
        parts = [
            box((3.2, 0.06, 1.7)).moved(offset=(0, 0, 0.85)),
            *(box((3.2, 0.7, 0.03)).moved(offset=(0, 0, z)) for z in (0.1, 0.55, 1.0, 1.45)),
        ]
        for z in (0.115, 0.565, 1.015, 1.465):
            for side in (-1, 1):
                for place_x in np.arange(-1.45, 1.5, 0.2):
                    if rng.random() < 0.9:
                        tall = float(rng.uniform(0.14, 0.32 if z < 1.4 else 0.25))
                        good = box((0.16, 0.22, tall), 1 + int((place_x + 1.45) / 0.6 + 3 * z + side) % 7)
                        parts.append(good.moved(offset=(float(place_x), side * 0.2, z + tall / 2)))
        goods = [Material("goods", tone, roughness=0.5) for tone in tones]
        place.put(f"shelves/{row}", "furniture", joined(parts), (frame, *goods), (x, y, 0.0))
    _counter(place, (4.6, -3.6, 0.0))


def _seats(place: Place, draw: Draws) -> None:
    """A reception desk, pillars, sofas and plants in pots."""
    _counter(place, (-4.6, 4.4, 0.0))
    stone = Material("pillar", (0.5, 0.48, 0.45), (0.42, 0.4, 0.38), "concrete", 0.3)
    for number, x in enumerate((-2.5, 2.5)):
        place.put(f"pillars/{number}", "wall", cylinder(0.25, CEILING), (stone,), (x, 1.2, 0.0))
    tone = (0.06, 0.09, 0.16) if draw.quantile("sofa") < 0.5 else (0.28, 0.09, 0.05)
    cloth = Material("sofa", tone, tuple(0.7 * c for c in tone), "fabric", 0.02)  # type: ignore[arg-type]
    sofa = joined(
        [box((2.0, 0.85, 0.42), bevel=0.05).moved(offset=(0, 0, 0.21)), box((2.0, 0.22, 0.8), bevel=0.05).moved(offset=(0, 0.34, 0.4))]
    )
    for number, x in enumerate((0.6, 3.2)):
        place.put(f"sofas/{number}", "furniture", sofa, (cloth,), (x, 5.6, 0.0))
    leaf = Material("leaves", (0.05, 0.16, 0.04), (0.03, 0.1, 0.03), "leaves", 0.1)
    for number, (x, y) in enumerate(((-7.3, -5.8), (7.3, -5.8))):
        pot = joined([cylinder(0.22, 0.4), *(cylinder(0.3, 0.8, 9, 1, top=0.04).moved(offset=(0, 0, 0.4 + 0.35 * n)) for n in range(2))])
        place.put(f"plants/{number}", "vegetation", pot, (stone, leaf), (x, y, 0.0))


def _counter(place: Place, at: Point) -> None:
    wood = Material("counter", (0.26, 0.15, 0.08), (0.18, 0.1, 0.05), "wood", 0.2, roughness=0.4)
    top = Material("worktop", (0.1, 0.1, 0.11), roughness=0.25)
    screen = Material("screen", (0.02, 0.02, 0.025), roughness=0.2)
    parts = [
        box((3.0, 0.7, 1.0)).moved(offset=(0, 0, 0.5)),
        box((3.1, 0.8, 0.05), 1).moved(offset=(0, 0, 1.02)),
        box((0.5, 0.05, 0.32), 2).moved(offset=(0.5, 0, 1.25)),
    ]
    place.put("counter", "furniture", joined(parts), (wood, top, screen), at)
