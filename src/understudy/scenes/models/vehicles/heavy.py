"""Buses and lorries: a cab or a whole body from hull and cabin, boxes, chassis, and wheels of two or more axles."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.primitives import box, cylinder
from understudy.scenes.models.joints import Joint
from understudy.scenes.models.model import Assembly, Part, mirrored
from understudy.scenes.models.vehicles import cars
from understudy.scenes.models.vehicles.cabin import Cabin
from understudy.scenes.models.vehicles.cars import CarParts, CarShape
from understudy.scenes.models.vehicles.hull import Hull
from understudy.scenes.models.vehicles.wheels import wheels
from understudy.scenes.scene import Keypoint

WHEEL = 0.5
TYRE = 0.3

BUS = CarShape(
    12.0, 2.55, 3.05, 5.9, 2.7, 0.48, 0.32,
    ((0.0, 1.12), (0.3, 1.16), (1.0, 1.2)), ((1.2, 1.2), (11.0, 1.2), (11.8, 1.2), (12.0, 1.2)),
    (0.02, 0.12), (11.96, 11.9), ((0.1, 2.88), (0.5, 2.93), (11.0, 2.93), (11.95, 2.88)),
    ((0.34, 0.4, "glass"), (1.0, 1.0, "trim"), (1.08, 1.08, "glass"), (2.6, 2.6, "trim"), (2.68, 2.68, "glass"), (4.2, 4.2, "trim"),
     (4.28, 4.28, "glass"), (5.8, 5.8, "trim"), (5.88, 5.88, "glass"), (7.4, 7.4, "trim"), (7.48, 7.48, "glass"), (9.0, 9.0, "trim"),
     (9.08, 9.08, "glass"), (10.6, 10.6, "trim"), (10.68, 10.68, "glass"), (11.5, 11.5, "paint"), (11.75, 11.72, "paint")),
    (1.05, 2.2), (), lean=0.955, nose=0.35, tail=0.28, nose_power=3.6, tail_power=5.0, rear_lamps="tall",
)  # fmt: skip
CAB = CarShape(
    2.25, 2.45, 3.0, 4.6, 1.3, WHEEL, 0.5,
    ((0.0, 1.42), (0.2, 1.5), (0.6, 1.55)), ((0.8, 1.55), (2.0, 1.55), (2.25, 1.55)),
    (0.05, 0.35), (2.22, 2.2), ((0.3, 2.78), (0.8, 2.92), (1.6, 2.95), (2.24, 2.93)),
    ((0.36, 0.62, "glass"), (1.3, 1.3, "paint"), (2.0, 2.0, "paint"), (2.14, 2.13, "paint")),
    (0.45, 1.4), (1.25,), lean=0.93, nose=0.4, tail=0.15, nose_power=3.4, tail_power=8.0, rear_lamps="tall",
)  # fmt: skip


@lru_cache(maxsize=64)
def bus_parts(length: float, switches: tuple[str, ...]) -> CarParts:
    """A city bus with three doors' panes on its right side."""
    made = cars.car_parts(cars.stretched(BUS, length, BUS.width, BUS.height), 0, switches)
    hull = Hull(cars._hull_shape(made.shape))
    body = Assembly()
    body.add_part(made.parts[0])
    for d in (0.5, 0.485 * length, 0.72 * length):
        p = hull.p_at(np.linspace(made.shape.x(d), made.shape.x(d + 1.15), 5))
        body.add(mirrored(hull.patch(p, 0.36, 1.2, lift=0.012)), "glass")
        for edge in (p[0], (p[0] + p[-1]) / 2, p[-1]):
            body.add(mirrored(hull.patch([edge - 0.025, edge + 0.025], 0.34, 1.19, lift=0.02)), "trim")
    body.add(hull.patch(np.linspace(-0.95, 0.95, 9), 1.13, 1.17, lift=0.01), "trim")
    body.add(box((0.06, 1.7, 0.26), bevel=0.02).moved(offset=(length / 2 - 0.1, 0, 2.82)), "sign")
    body.add(box((2.2, 1.6, 0.22), bevel=0.05).moved(offset=(-length * 0.15, 0, 3.05)), "paint")
    return CarParts((body.part(), *made.parts[1:]), made.keypoints, made.headlights, made.shape)


@lru_cache(maxsize=64)
def lorry_parts(kind: str, length: float, height: float, switches: tuple[str, ...]) -> CarParts:
    """A lorry with a box ("truck"), or a tractor with a trailer behind it ("semi-trailer")."""
    towed = kind == "semi-trailer"
    shape = cars.stretched(CAB, CAB.length, 2.5 if towed else 2.45, 3.45 if towed else 2.75)
    ahead = length / 2 - shape.length / 2
    hull = Hull(cars._hull_shape(shape))
    cab = _cab(shape, hull)
    body = Assembly()
    body.add_part(cab, (ahead, 0, 0))
    axle = length / 2 - shape.overhang
    wheelbase = 3.7 if towed else length * 0.56
    rear = axle - wheelbase
    _chassis(body, length / 2 - 0.3, rear - 1.0 if towed else -length / 2 + 0.05, axle, rear)
    parts = wheels((axle, rear), 2.05, WHEEL, TYRE, 0)
    trailer: list[Part] = []
    if towed:
        trailer = _trailer(length, height, rear + 0.4)
        body.add(cylinder(0.5, 0.12, 16).moved(offset=(rear + 0.4, 0, 1.05)), "dark")
    else:
        back = ahead - shape.length / 2 - 0.12
        _load_box(body, back, -length / 2, height)
        _rear_lamps(body, -length / 2)
    carrier = trailer[0].joint if towed else None
    parts += _switched(switches, -length / 2, carrier, trailer[0].place if towed else (0.0, 0.0, 0.0))
    points = _keypoints(hull, shape, ahead, axle, rear, length, height, parts)
    headlights = tuple((x + ahead, y, z) for x, y, z in _headlights(hull))
    return CarParts((body.part(), *parts, *trailer), points, headlights, shape)


def _cab(shape: CarShape, hull: Hull) -> Part:
    cab = Assembly()
    skin, floor = hull.shell()
    cab.add(skin, "paint")
    cab.add(floor, "dark")
    cabin = Cabin(cars._cabin_shape(shape, hull, False))
    for role, mesh in cabin.meshes().items():
        cab.add(mesh, role)
    cars._front(cab, hull, shape)
    cars._mirrors(cab, hull, shape)
    cab.add(hull.patch(np.linspace(-1.05, 1.05, 9), 1.2, 1.27, lift=0.01), "trim")
    for d in shape.doors:
        p = float(hull.p_at(shape.x(d)))
        low = float(hull.low(np.array([shape.x(d)]))[0]) + 0.02
        cab.add_both(hull.patch([p - 0.006, p + 0.006], low, float(hull.top(p)) - 0.02, rows=6), "seam")
    return cab.part()


def _chassis(body: Assembly, front: float, back: float, axle: float, rear: float) -> None:
    """Beams, tanks, underrun guards, mudguards."""
    middle, long = (front + back) / 2, front - back
    for side in (0.42, -0.42):
        body.add(box((long, 0.1, 0.28)).moved(offset=(middle, side, 0.85)), "dark")
    for x in (axle, rear):
        body.add(box((0.2, 1.7, 0.2)).moved(offset=(x, 0, WHEEL)), "dark")
    gap = (axle + rear) / 2
    span = max(0.5, axle - rear - 2 * WHEEL - 0.5)
    tank = cylinder(0.3, min(span, 1.2), 14, bevel=0.03).moved(
        np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]), (gap - min(span, 1.2) / 2, 0.85, 0.68)
    )
    body.add(tank, "chrome")
    body.add(box((min(span, 1.0), 0.5, 0.5), bevel=0.03).moved(offset=(gap, -0.85, 0.7)), "dark")


def _load_box(body: Assembly, front: float, back: float, height: float) -> None:
    """The load's box with its frame, doors and side guards."""
    low, width = 1.05, 2.5
    middle, long, tall = (front + back) / 2, front - back, height - low
    body.add(box((long - 0.02, width - 0.02, tall - 0.02), bevel=0.015).moved(offset=(middle, 0, low + tall / 2)), "cargo")
    for z in (low + 0.06, height - 0.05):
        body.add(box((long, width, 0.1), bevel=0.01).moved(offset=(middle, 0, z)), "frame")
    for x in (front - 0.05, back + 0.05):
        for y in (width / 2 - 0.05, -width / 2 + 0.05):
            body.add(box((0.1, 0.1, tall), bevel=0.01).moved(offset=(x, y, low + tall / 2)), "frame")
    body.add(box((0.012, 0.02, tall - 0.2)).moved(offset=(back - 0.0, 0, low + tall / 2)), "seam")
    for y in (0.3, -0.3, 0.95, -0.95):
        body.add(cylinder(0.016, tall - 0.25, 6).moved(offset=(back + 0.002, y, low + 0.12)), "chrome")
    for side in (1, -1):
        body.add(box((long * 0.35, 0.03, 0.1)).moved(offset=(middle + 0.1 * long, side * (width / 2 - 0.06), 0.62)), "frame")
        body.add(box((long * 0.35, 0.03, 0.1)).moved(offset=(middle + 0.1 * long, side * (width / 2 - 0.06), 0.9)), "frame")


def _rear_lamps(body: Assembly, back: float) -> None:
    body.add(box((0.1, 2.3, 0.14), bevel=0.01).moved(offset=(back + 0.06, 0, 0.55)), "frame")
    for side, turn in ((1, "left"), (-1, "right")):
        for offset, role in ((0.0, "taillight"), (0.16, turn), (-0.16, "reverse")):
            body.add(box((0.05, 0.14, 0.13), bevel=0.01).moved(offset=(back + 0.03, side * (0.92 + offset), 0.78)), role)
        body.add(box((0.02, 0.25, 0.1)).moved(offset=(back + 0.01, side * 0.6, 0.56)), "reflector")
    body.add(_rear_plate().moved(offset=(back + 0.004, 0, 0.62)), "plate")


def _rear_plate() -> Mesh:
    return box((0.012, 0.52, 0.112))


def _trailer(length: float, height: float, hitch: float) -> list[Part]:
    """A box trailer with three axles that hangs on its hitch; coordinates of the trailer are relative to it."""
    front, back = length / 2 - 2.75 - hitch, -length / 2 - hitch
    body = Assembly()
    _load_box(body, front, back, height)
    for side in (0.42, -0.42):
        body.add(box((front - back - 1.0, 0.1, 0.25)).moved(offset=((front + back) / 2 - 0.4, side, 0.93)), "dark")
    for y in (0.8, -0.8):
        body.add(box((0.12, 0.12, 0.75)).moved(offset=(front - 2.9, y, 0.68)), "frame")
    _rear_lamps(body, back)
    middle = back + 3.6
    reach = -middle
    joint = Joint("towed", reach=reach)
    place = (hitch, 0.0, 0.0)
    parts = [body.part(place, joint)]
    for x in (middle + 1.3, middle, middle - 1.3):
        for part in wheels((x,), 2.05, WHEEL, TYRE, 0, steered=0):
            where = (part.place[0] + hitch, part.place[1], part.place[2])
            parts.append(Part(part.mesh, part.roles, where, Joint("towed wheel", radius=WHEEL, reach=reach, hitch=place)))
    return parts


def _switched(switches: tuple[str, ...], back: float, carrier: Joint | None, hitch: tuple[float, float, float]) -> list[Part]:
    """Lit lenses at the rear, of the lorry or of the trailer that it tows."""
    made: list[Part] = []
    for name in switches:
        lens = Assembly()
        sides = {"left": (1,), "right": (-1,), "brake": (1, -1)}[name]
        for side in sides:
            y = side * (0.92 + (0.0 if name == "brake" else 0.16))
            shape = box((0.05, 0.14, 0.13), bevel=0.01).moved(offset=(back + 0.024, y, 0.78))
            lens.add(shape, "lit taillight" if name == "brake" else "lit indicator")
        reach = carrier.reach if carrier else 0.0
        made.append(lens.part(joint=Joint("switched", switch=name, hide=(0.3, 0.0, 0.15), reach=reach, hitch=hitch)))
    return made


def _headlights(hull: Hull) -> list[tuple[float, float, float]]:
    return [(float(x), float(y), float(z)) for x, y, z in hull.point([0.95, -0.95], 0.95)]


def _keypoints(
    hull: Hull, shape: CarShape, ahead: float, axle: float, rear: float, length: float, height: float, parts: list[Part]
) -> tuple[Keypoint, ...]:
    hubs = [(x, side * 1.17, WHEEL) for x in (axle, rear) for side in (1, -1)]
    lights = [(x + ahead, y, z) for x, y, z in _headlights(hull)]
    tails = [(-length / 2 + 0.03, side * 0.92, 0.78) for side in (1, -1)]
    mirror = [(ahead + shape.x(0.5), side * (shape.width / 2 + 0.1), 1.75) for side in (1, -1)]
    roof = [(length / 2 - 0.5, 1.0, shape.height - 0.15), (length / 2 - 0.5, -1.0, shape.height - 0.15)]
    roof += [(-length / 2 + 0.05, 1.2, height - 0.05), (-length / 2 + 0.05, -1.2, height - 0.05)]
    return tuple(Keypoint(0, place, 0.2) for place in (*hubs, *lights, *tails, *mirror, *roof))
