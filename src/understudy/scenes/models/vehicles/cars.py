"""Passenger cars, pickups and vans: a hull, a cabin, wheels, and what lies on the skin, from the measures of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.lofts import grid, sweep
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import about_z
from understudy.scenes.geometry.primitives import box
from understudy.scenes.models.joints import Joint
from understudy.scenes.models.model import Assembly, Part
from understudy.scenes.models.vehicles.cabin import Cabin, CabinShape, Post
from understudy.scenes.models.vehicles.hull import Hull, HullShape
from understudy.scenes.models.vehicles.wheels import wheels
from understudy.scenes.scene import Keypoint

Floats = NDArray[np.float64]

KEYPOINTS = (
    "front left wheel", "front right wheel", "rear left wheel", "rear right wheel", "left headlight", "right headlight", "left taillight",
    "right taillight", "left mirror", "right mirror", "roof front left", "roof front right", "roof rear left", "roof rear right",
)  # fmt: skip


@dataclass(frozen=True)
class CarShape:
    """A kind of car. All in m; `d` is a distance from the front bumper, z a height.

    Attributes:
        length, width, height: without mirrors.
        wheelbase, overhang: m between the axles, and from the front to the first.
        wheel: radius. clearance: of the sill.
        bonnet: (d, z) of the upper edge from the front to the windscreen. belt: (d, z) from there to the rear.
        windscreen: (d at its foot, d at the roof). rear_window: the same.
        roof: (d, z) of the roof's edge. lean: half width of the roof as a share of that at the belt.
        side: (d at the belt, d at the roof, role of what follows): posts of the side from front to rear.
        doors: d of the vertical seams. handles: d of the door handles.
        cladding: black plastic round the lower edge. bed: (d from, d to, depth).
        nose, tail, nose_power, tail_power: of the outline, see `HullShape`.
        rear_lamps: "wide" lie across the corner, "tall" stand beside the rear window.
    """

    length: float
    width: float
    height: float
    wheelbase: float
    overhang: float
    wheel: float
    clearance: float
    bonnet: tuple[tuple[float, float], ...]
    belt: tuple[tuple[float, float], ...]
    windscreen: tuple[float, float]
    rear_window: tuple[float, float]
    roof: tuple[tuple[float, float], ...]
    side: tuple[tuple[float, float, str], ...]
    doors: tuple[float, ...]
    handles: tuple[float, ...]
    lean: float = 0.78
    cladding: bool = False
    bed: tuple[float, ...] = ()
    nose: float = 0.75
    tail: float = 0.55
    nose_power: float = 2.7
    tail_power: float = 3.4
    rear_lamps: str = "wide"
    roof_bars: bool = False

    def x(self, d: float) -> float:
        return self.length / 2 - d

    @property
    def axles(self) -> tuple[float, float]:
        return self.x(self.overhang), self.x(self.overhang + self.wheelbase)


SHAPES: dict[str, CarShape] = {
    "sedan": CarShape(
        4.70, 1.82, 1.45, 2.75, 0.88, 0.325, 0.20,
        ((0.0, 0.66), (0.12, 0.74), (0.6, 0.86), (1.3, 0.955)), ((1.9, 0.96), (3.2, 0.99), (4.1, 1.02), (4.6, 1.0), (4.7, 0.96)),
        (1.22, 2.12), (4.12, 3.42), ((2.0, 1.36), (2.7, 1.405), (3.2, 1.39), (3.6, 1.34)),
        ((1.55, 2.24, "glass"), (2.72, 2.74, "trim"), (2.82, 2.83, "glass"), (3.62, 3.3, "paint"), (3.95, 3.46, "paint")),
        (1.62, 2.77, 3.62), (2.6, 3.5),
    ),
    "hatchback": CarShape(
        4.25, 1.79, 1.47, 2.62, 0.85, 0.32, 0.20,
        ((0.0, 0.66), (0.12, 0.75), (0.55, 0.87), (1.15, 0.965)), ((1.8, 0.97), (3.0, 1.01), (3.9, 1.04), (4.15, 1.0), (4.25, 0.94)),
        (1.08, 1.95), (4.12, 3.78), ((1.85, 1.385), (2.5, 1.425), (3.2, 1.41), (3.85, 1.37)),
        ((1.40, 2.06, "glass"), (2.52, 2.54, "trim"), (2.61, 2.62, "glass"), (3.42, 3.3, "paint"), (3.95, 3.72, "paint")),
        (1.48, 2.57, 3.4), (2.4, 3.27), tail=0.5, rear_lamps="wide",
    ),
    "estate": CarShape(
        4.72, 1.82, 1.48, 2.78, 0.88, 0.325, 0.20,
        ((0.0, 0.66), (0.12, 0.74), (0.6, 0.86), (1.3, 0.955)), ((1.9, 0.96), (3.2, 0.99), (4.3, 1.03), (4.6, 0.99), (4.72, 0.93)),
        (1.22, 2.12), (4.58, 4.22), ((2.0, 1.38), (2.7, 1.43), (3.6, 1.42), (4.3, 1.385)),
        ((1.55, 2.24, "glass"), (2.72, 2.74, "trim"), (2.81, 2.82, "glass"), (3.6, 3.55, "trim"), (3.68, 3.63, "glass"),
         (4.28, 4.06, "paint"), (4.44, 4.16, "paint")),
        (1.62, 2.77, 3.64), (2.6, 3.5), tail=0.5, roof_bars=True, rear_lamps="tall",
    ),
    "suv": CarShape(
        4.55, 1.87, 1.67, 2.68, 0.88, 0.365, 0.24,
        ((0.0, 0.80), (0.1, 0.92), (0.6, 1.02), (1.25, 1.09)), ((1.9, 1.10), (3.0, 1.13), (4.1, 1.17), (4.42, 1.12), (4.55, 1.04)),
        (1.15, 1.95), (4.42, 4.08), ((1.85, 1.565), (2.5, 1.615), (3.4, 1.6), (4.15, 1.55)),
        ((1.46, 2.07, "glass"), (2.62, 2.64, "trim"), (2.71, 2.72, "glass"), (3.45, 3.4, "trim"), (3.53, 3.48, "glass"),
         (4.06, 3.9, "paint"), (4.28, 4.02, "paint")),
        (1.53, 2.66, 3.48), (2.5, 3.36), cladding=True, tail=0.5, nose_power=3.0, roof_bars=True,
    ),
    "pickup": CarShape(
        5.35, 1.90, 1.80, 3.22, 0.9, 0.385, 0.30,
        ((0.0, 0.92), (0.1, 1.04), (0.6, 1.11), (1.3, 1.17)), ((1.9, 1.18), (3.4, 1.2), (3.7, 1.2), (5.2, 1.2), (5.35, 1.17)),
        (1.3, 2.05), (3.52, 3.38), ((1.95, 1.69), (2.5, 1.745), (3.0, 1.74), (3.45, 1.7)),
        ((1.58, 2.17, "glass"), (2.52, 2.53, "trim"), (2.6, 2.61, "glass"), (3.22, 3.2, "paint"), (3.44, 3.33, "paint")),
        (1.65, 2.56, 3.34, 3.56), (2.42, 3.22), cladding=True, bed=(3.64, 5.22, 0.5), nose_power=3.2, tail=0.35, tail_power=5.0,
        rear_lamps="tall",
    ),
    "van": CarShape(
        5.45, 2.02, 2.35, 3.40, 0.95, 0.345, 0.24,
        ((0.0, 0.84), (0.1, 0.98), (0.5, 1.14), (0.9, 1.27)), ((1.5, 1.28), (3.0, 1.28), (5.0, 1.28), (5.4, 1.27), (5.45, 1.26)),
        (0.78, 1.62), (5.42, 5.36), ((1.5, 2.19), (2.1, 2.275), (4.0, 2.29), (5.4, 2.25)),
        ((1.2, 1.78, "glass"), (2.05, 2.1, "paint"), (5.2, 5.18, "paint"), (5.36, 5.3, "paint")),
        (1.35, 2.12, 3.45, 4.95), (1.95, 2.32), lean=0.88, nose=0.7, tail=0.22, nose_power=3.0, tail_power=7.0, rear_lamps="tall",
    ),
}  # fmt: skip
"""Measures of common models of each kind, rounded."""

_SIDE = ((0.0, 0.1, 0.3, 0.5, 0.62, 0.7, 0.8, 0.93, 1.0), (0.075, 0.05, 0.022, 0.012, 0.008, 0.0, 0.012, 0.045, 0.085))
_FRONT = ((0.0, 0.12, 0.25, 0.5, 0.58, 0.8, 0.92, 1.0), (0.13, 0.05, 0.0, 0.005, 0.03, 0.05, 0.10, 0.2))
_REAR = ((0.0, 0.12, 0.25, 0.5, 0.56, 0.75, 0.92, 1.0), (0.13, 0.06, 0.0, 0.005, 0.045, 0.045, 0.06, 0.1))
_VAN_REAR = ((0.0, 0.1, 0.2, 0.3, 0.36, 0.8, 1.0), (0.1, 0.03, 0.0, 0.0, 0.03, 0.02, 0.02))


@dataclass(frozen=True)
class CarParts:
    """What a kind of car is made of, and where its labelled points and lamps are."""

    parts: tuple[Part, ...]
    keypoints: tuple[Keypoint, ...]
    headlights: tuple[tuple[float, float, float], ...]
    shape: CarShape


def stretched(shape: CarShape, length: float, width: float, height: float) -> CarShape:
    """The same kind of car with other outer measures; wheels keep their size."""
    along, up = length / shape.length, height / shape.height

    def ds(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        return tuple((d * along, z * up) for d, z in pairs)

    return CarShape(
        **{
            **shape.__dict__,
            "length": length, "width": width, "height": height, "wheelbase": shape.wheelbase * along, "overhang": shape.overhang * along,
            "bonnet": ds(shape.bonnet), "belt": ds(shape.belt), "roof": ds(shape.roof),
            "windscreen": tuple(d * along for d in shape.windscreen), "rear_window": tuple(d * along for d in shape.rear_window),
            "side": tuple((a * along, b * along, role) for a, b, role in shape.side),
            "doors": tuple(d * along for d in shape.doors), "handles": tuple(d * along for d in shape.handles),
            "bed": (shape.bed[0] * along, shape.bed[1] * along, shape.bed[2]) if shape.bed else (),
        }
    )  # fmt: skip


@lru_cache(maxsize=256)
def car_parts(shape: CarShape, spokes: int, switches: tuple[str, ...], windowed: bool = False) -> CarParts:
    """A car's parts. switches: lamps that go on and off while it is seen. windowed: a van with windows along its side."""
    made, width = _without_wheels(shape, switches, windowed), 0.115 * shape.width
    rolling = wheels(shape.axles, shape.width - width - 0.05, shape.wheel, width, spokes)
    return replace(made, parts=(made.parts[0], *rolling, *made.parts[1:]))


@lru_cache(maxsize=128)
def _without_wheels(shape: CarShape, switches: tuple[str, ...], windowed: bool) -> CarParts:
    """All but the wheels, so that cars of one body with different wheels share it."""
    hull = Hull(_hull_shape(shape))
    body = Assembly()
    skin, floor = hull.shell()
    body.add(skin, "paint")
    body.add(floor, "dark")
    body.add(box((shape.wheelbase * 0.98, shape.width * 0.5, 0.3)).moved(offset=(sum(shape.axles) / 2, 0, shape.clearance + 0.16)), "dark")
    cabin = Cabin(_cabin_shape(shape, hull, windowed))
    for role, mesh in cabin.meshes().items():
        body.add(mesh, role)
    _front(body, hull, shape)
    _rear(body, hull, shape)
    _sides(body, hull, shape, cabin)
    lamps = [_switched(hull, shape, name) for name in switches]
    headlights = tuple(
        (float(x), float(y), float(z))
        for x, y, z in hull.point([0.55 * shape.width / 1.82, -0.55 * shape.width / 1.82], 0.7 * shape.bonnet[1][1] + 0.12)
    )
    return CarParts((body.part(), *lamps), _keypoints(shape, hull, cabin, headlights), headlights, shape)


def _hull_shape(s: CarShape) -> HullShape:
    edge = sorted({(s.x(d), z) for d, z in (*s.bonnet, *s.belt)})
    rear = _VAN_REAR if s.height > 2.1 or s.bed else _REAR
    return HullShape(
        s.length, s.width, s.nose, s.tail, s.nose_power, s.tail_power, 0.05 if s.height < 2.1 else 0.02, s.clearance,
        (tuple(x for x, _ in edge), tuple(z for _, z in edge)), _SIDE, _FRONT, rear,
        s.axles, s.wheel * 1.13, s.wheel * 1.02, 0.045, tuple(s.x(d) for d in s.bed[:2]) + s.bed[2:],
    )  # fmt: skip


def _cabin_shape(s: CarShape, hull: Hull, windowed: bool) -> CabinShape:
    """Posts on the shoulder of the hull; the roof's are drawn in by `lean`."""

    def half(d: float) -> float:
        return float(hull.point(hull.p_at(s.x(d)), hull.top(hull.p_at(s.x(d))))[1]) - 0.015

    side = tuple((a, b, "glass" if windowed and role == "paint" and b - a < 1 and a < 0.9 * s.length else role) for a, b, role in s.side)
    if windowed:
        side = (*side[:1], (side[1][0], side[1][1], "trim"), *_windows(side[1][0] + 0.1, side[2][0] - 0.05), *side[2:])
    (foot, top), (rear_foot, rear_top) = s.windscreen, s.rear_window
    broad, slim = half(side[0][0]), half(side[0][0]) * s.lean
    back = half(side[-1][0])
    posts = [
        Post((s.x(foot), 0.0), (s.x(top), 0.0), "glass", 6),
        Post((s.x(foot + 0.2), 0.87 * broad), (s.x(top + 0.07), 0.86 * slim), "paint", 2),
        *(Post((s.x(a), half(a)), (s.x(b), half(a) * s.lean), role, 3 if role == "glass" else 1) for a, b, role in side),
        Post((s.x(rear_foot - 0.07), 0.86 * back), (s.x(rear_top - 0.04), 0.86 * back * s.lean), "glass", 6),
        Post((s.x(rear_foot), 0.0), (s.x(rear_top), 0.0), "glass"),
    ]
    belt = sorted({(s.x(d), z) for d, z in (*s.bonnet, *s.belt)})
    roof = sorted((s.x(d), z) for d, z in s.roof)
    return CabinShape(
        tuple(posts), (tuple(x for x, _ in belt), tuple(z - 0.012 for _, z in belt)),
        (tuple(x for x, _ in roof), tuple(z for _, z in roof)),
        crown=s.height - max(z for _, z in s.roof) if s.height < 2.1 else 0.06, frame=0.88 if s.height < 2.1 else 0.8,
    )  # fmt: skip


def _windows(start: float, end: float) -> list[tuple[float, float, str]]:
    """Panes from d to d, with thin posts between."""
    edges = np.linspace(start, end, 4)
    return [entry for a, b in pairwise(edges) for entry in ((a, a, "glass"), (b - 0.08, b - 0.08, "trim"))]


def _front(body: Assembly, hull: Hull, s: CarShape) -> None:
    """Grille, lower intake, headlights, indicators, plate, fog lamps."""
    unit, top = s.width / 1.82, s.bonnet[1][1]
    p = np.linspace(-0.42, 0.42, 17) * unit
    upper = top - 0.10 - 0.05 * np.abs(p / p[-1]) ** 2
    body.add(hull.patch(p, top - 0.235 + 0.02 * np.abs(p / p[-1]) ** 4, upper, rows=3), "trim")
    for share in (0.25, 0.5, 0.75):
        middle = top - 0.235 + share * (upper - top + 0.235)
        body.add(hull.patch(p[1:-1], (middle - 0.006)[1:-1], (middle + 0.006)[1:-1], lift=0.012, rows=1), "chrome")
    p = np.linspace(-0.62, 0.62, 21) * unit
    body.add(hull.patch(p, s.clearance + 0.07, s.clearance + 0.21 - 0.05 * np.abs(p / p[-1]) ** 3, rows=3), "trim")
    p = np.linspace(0.45, 1.0, 15) * unit
    rise = (p - p[0]) / (p[-1] - p[0])
    low, high = top - 0.225 + 0.05 * rise**1.5, top - 0.10 + 0.012 * rise
    high = low + (high - low) * np.clip(4 * (1 - rise), 0.12, 1) * np.clip(0.75 + rise, 0, 1)
    body.add_both(hull.patch(p, low - 0.012, high + 0.012, lift=0.003), "trim")
    body.add_both(hull.patch(p[:-1], low[:-1], high[:-1], lift=0.009, rows=3), "headlight")
    body.add_both(hull.patch(p[9:-1], low[9:-1] - 0.0, low[9:-1] + 0.02, lift=0.013, rows=1), "left", "right")
    p = np.linspace(-0.26, 0.26, 9)
    plate = s.clearance + 0.25
    body.add(hull.patch(p, plate, plate + 0.112, lift=0.012, rows=1), "plate")


def _rear(body: Assembly, hull: Hull, s: CarShape) -> None:
    """Tail lamps, plate, seam of the boot, lower trim, reflectors."""
    unit, end = s.width / 1.82, hull.end
    top = float(hull.top(end - 0.02))
    p, low, high = _tail_lamp(hull, s)
    body.add_both(hull.patch(p, low - 0.008, high + 0.008, lift=0.003), "trim")
    body.add_both(hull.patch(p, low, high, lift=0.008, rows=3), "taillight")
    count = len(p) // 2
    body.add_both(hull.patch(p[:count], low[:count] + 0.008, low[:count] + 0.035, lift=0.013, rows=1), "left", "right")
    body.add_both(hull.patch(p[-3:], low[-3:] + 0.01, low[-3:] + 0.04, lift=0.013, rows=1), "reverse")
    across = end + np.linspace(-0.66, 0.66, 25) * unit
    body.add(_around_rear(hull, across, s.clearance + 0.02, s.clearance + 0.14), "trim")
    plate = top - 0.30 if s.rear_lamps == "wide" else s.clearance + 0.34
    body.add(_around_rear(hull, end + np.linspace(-0.26, 0.26, 9), plate, plate + 0.112, 0.012), "plate")
    line = s.clearance + 0.30
    body.add(_around_rear(hull, end + np.linspace(-0.6, 0.6, 25) * unit, line, line + 0.012), "seam")
    if s.rear_lamps == "tall" and s.height > 2.1:
        body.add(_around_rear(hull, end + np.linspace(-0.008, 0.008, 3), line, top - 0.02), "seam")
    p = end - np.linspace(0.75, 0.55, 4) * unit
    body.add_both(hull.patch(p, s.clearance + 0.17, s.clearance + 0.2), "reflector")


def _tail_lamp(hull: Hull, s: CarShape) -> tuple[Floats, Floats, Floats]:
    unit, end = s.width / 1.82, hull.end
    top = float(hull.top(end - 0.02))
    if s.rear_lamps == "tall":
        p = end - np.linspace(0.98, 0.76, 8) * unit
        p = p if s.height > 1.6 else end - np.linspace(1.05, 0.72, 8) * unit
        return p, np.full(8, top - (0.55 if s.height > 2.1 else 0.32)), np.full(8, top - 0.04)
    p = end - np.linspace(1.12, 0.52, 14) * unit
    rise = np.linspace(0, 1, 14)
    low = top - 0.25 + 0.03 * (1 - rise)
    return p, low, low + 0.16 * np.clip(0.35 + 2.2 * rise, 0, 1) * np.clip(0.55 + 2 * (1 - rise), 0, 1)


def _around_rear(hull: Hull, p: Floats, low: float, high: float, lift: float = 0.004) -> Mesh:
    """A patch over the middle of the rear, where p of the left side ends and goes on, mirrored, on the right."""
    left = np.minimum(p, 2 * hull.end - p)
    along = np.where(p > hull.end, -left, left)
    share = np.linspace(0, 1, 3)[:, None]
    points = hull.point(along[None, :], low + share * (high - low), lift)
    return grid(points)


def _sides(body: Assembly, hull: Hull, s: CarShape, cabin: Cabin) -> None:
    """Seams and handles of doors, lower trim, arches, mirrors, fuel flap, roof bars."""
    line = float(hull.top(hull.p_at(s.x(s.doors[0]))))
    for d in s.doors:
        seam = float(hull.p_at(s.x(d)))
        high = float(hull.top(seam)) - 0.02
        low = float(np.maximum(hull.low(np.array([s.x(d) - 0.02, s.x(d) + 0.02])).max(), s.clearance + 0.09)) + 0.01
        body.add_both(hull.patch([seam - 0.005, seam + 0.005], low, high, rows=8), "seam")
    span = hull.p_at([s.x(s.doors[0]), s.x(s.doors[-1])])
    p = np.linspace(span[0], span[1], 12)
    body.add_both(hull.patch(p, s.clearance + 0.095, s.clearance + 0.105, rows=1), "seam")
    front, rear = s.axles
    p = hull.p_at(np.linspace(front - s.wheel * 1.2, rear + s.wheel * 1.2, 16))
    body.add_both(hull.patch(p, s.clearance, s.clearance + (0.13 if s.cladding else 0.05), lift=0.008), "trim")
    for axle in s.axles if s.cladding else ():
        body.add_both(hull.arch_trim(axle, 0.055), "trim")
    for d in s.handles:
        place = hull.point(hull.p_at(s.x(d)), line - 0.13, 0.018)
        body.add_both(box((0.19, 0.028, 0.03), bevel=0.009).moved(offset=place), "paint")
    _mirrors(body, hull, s)
    if s.roof_bars:
        _bars(body, cabin)


def _mirrors(body: Assembly, hull: Hull, s: CarShape) -> None:
    d = s.side[0][0] + 0.16
    x, z = s.x(d), float(hull.top(hull.p_at(s.x(d)))) + 0.085
    y = float(hull.point(hull.p_at(x), z - 0.09)[1])
    tall = 0.24 if s.height > 2.1 else 0.145
    body.add_both(
        box((0.12, 0.21, tall), bevel=0.035).moved(about_z(-0.12), (x, y + 0.09, z + tall / 2 - 0.06)),
        "trim" if s.cladding or s.height > 2.1 else "paint",
    )
    body.add_both(box((0.06, 0.12, 0.035), bevel=0.01).moved(offset=(x + 0.01, y - 0.01, z - 0.06)), "trim")
    body.add_both(box((0.006, 0.17, tall * 0.75)).moved(about_z(-0.12), (x - 0.063, y + 0.097, z + tall / 2 - 0.06)), "glass")


def _bars(body: Assembly, cabin: Cabin) -> None:
    edge = cabin.columns()[-1]
    inside = edge[(edge[:, 0] < edge[:, 0].max() - 0.35) & (edge[:, 0] > edge[:, 0].min() + 0.3)]
    at = np.linspace(inside[0, 0], inside[-1, 0], 9)
    order = np.argsort(edge[:, 0])
    y, z = (np.interp(at, edge[order, 0], edge[order, axis]) for axis in (1, 2))
    height = 0.045 * np.minimum(1, 4 * np.minimum(np.linspace(0, 1, 9), np.linspace(1, 0, 9))) + 0.002
    body.add_both(sweep(np.column_stack([at, y - 0.045, z + height]), 0.014, 6), "trim")


def _switched(hull: Hull, s: CarShape, name: str) -> Part:
    """Lit lenses over the dark ones: "brake", "left" or "right"."""
    lens = Assembly()
    p, low, high = _tail_lamp(hull, s)
    if name == "brake":
        lens.add_both(hull.patch(p, low, high, lift=0.011, rows=2), "lit taillight")
        return lens.part(joint=Joint("switched", switch=name, hide=(0.25, 0.0, 0.0)))
    count = len(p) // 2
    rear = hull.patch(p[:count], low[:count] + 0.008, low[:count] + 0.035, lift=0.016, rows=1)
    front = hull.patch(np.linspace(0.80, 0.96, 5) * s.width / 1.82, s.bonnet[1][1] - 0.2, s.bonnet[1][1] - 0.17, lift=0.016, rows=1)
    for mesh in (front, rear):
        both = Assembly()
        both.add_both(mesh, "x")
        whole = both.part().mesh
        half = len(mesh.faces)
        kept = whole.faces[:half] if name == "left" else whole.faces[half:]
        lens.add(Mesh(whole.vertices, kept, whole.materials[:half], whole.uv, whole.normals), "lit indicator")
    return lens.part(joint=Joint("switched", switch=name, hide=(0.0, -0.25 if name == "left" else 0.25, 0.0)))


def _keypoints(s: CarShape, hull: Hull, cabin: Cabin, headlights: tuple[tuple[float, float, float], ...]) -> tuple[Keypoint, ...]:
    wide = (s.width - 0.05) / 2 - 0.01
    hubs = [(x, side * wide, s.wheel) for x in s.axles for side in (1, -1)]
    p, low, high = _tail_lamp(hull, s)
    tails = hull.point([p[len(p) // 2], -p[len(p) // 2]], float((low + high).mean()) / 2)
    d = s.side[0][0] + 0.16
    mirror = hull.point(hull.p_at(s.x(d)), hull.top(hull.p_at(s.x(d)))) + np.array([0.0, 0.12, 0.08])
    edge = cabin.columns()[-1]
    order = np.argsort(edge[:, 0])
    corners = []
    for x in (edge[:, 0].max() - 0.12, edge[:, 0].min() + 0.12):
        y, z = (float(np.interp(x, edge[order, 0], edge[order, axis])) for axis in (1, 2))
        corners += [(float(x), y, z), (float(x), -y, z)]
    places = [*hubs, *headlights, *tails, mirror, mirror * [1, -1, 1], *corners]
    return tuple(Keypoint(0, (float(x), float(y), float(z)), 0.15) for x, y, z in places)
