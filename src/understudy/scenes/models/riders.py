"""Bicycles and motorcycles with who rides them: wheels roll, cranks turn with the way, legs follow the pedals, and they lean into bends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.curves import spline
from understudy.scenes.geometry.lofts import lathe, sweep
from understudy.scenes.geometry.mesh import Mesh, joined
from understudy.scenes.geometry.motion import Motion, about_x, about_y, about_z, still
from understudy.scenes.geometry.primitives import box, cylinder, ellipsoid
from understudy.scenes.material import Material
from understudy.scenes.models.joints import Joint, moved, sampled
from understudy.scenes.models.model import Assembly, Part
from understudy.scenes.models.people import box_around
from understudy.scenes.models.people.figure import KEYPOINTS, Look, figure, keypoint_places, limb, palette, skeleton
from understudy.scenes.models.people.posing import about_axis, reach
from understudy.scenes.models.prints import plate
from understudy.scenes.models.vehicles.paint import body_paint, color_of, drawn_color, lamps
from understudy.scenes.models.vehicles.wheels import wheel
from understudy.scenes.scene import Body, Keypoint, Link

Floats = NDArray[np.float64]

KINDS = ("bicycle", "motorcycle")
RATE = 25.0
GEAR = 5.2
"""m that a bicycle goes for a turn of its crank."""
_HUBS = {"bicycle": ((0.6, 0.345), (-0.45, 0.345)), "motorcycle": ((0.72, 0.31), (-0.68, 0.31))}
"""(x, radius) of the front and rear wheel."""
_CRANK = (0.0, 0.29, 0.17)
"""x and z of a bicycle's bottom bracket, length of its cranks."""


def rider(
    name: str,
    category: int,
    track: int,
    kind: str,
    appearance: Look,
    motion: Motion | None,
    rng: np.random.Generator,
    *,
    lights: Collection[str] = (),
    attributes: Mapping[str, Any] | None = None,
) -> Body:
    """Somebody on a bicycle or motorcycle.

    Args:
        name, category, track: as in `Body`.
        kind: of `KINDS`.
        appearance: from `people.look`; a helmet is an extra of it.
        motion: of the ground under the middle of the wheels, upright; None: they stand at the world's origin.
        rng: for colours. lights: as of vehicles.
    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in KINDS:
        raise ArgumentError(f'Nobody rides a "{kind}".', remedy=did_you_mean(kind, KINDS))
    base = _leaning(motion or still())
    color = drawn_color(rng)
    registration, print_ = plate(rng)
    paint = {
        **palette(appearance),
        **lamps(lights),
        **_metal(color, rng),
        "plate": Material("number plate", print=print_, retroreflection=0.5),
    }
    parts = _bicycle(round(_saddle(appearance), 2)) if kind == "bicycle" else _motorcycle()
    steering = _steering(base, _HUBS[kind][0][0] - _HUBS[kind][1][0])
    links = [
        Link(part.mesh, moved(part.joint, part.place, base, steering, {}), tuple(paint[role] for role in part.roles)) for part in parts
    ]
    way = _way(base)
    if kind == "bicycle":
        links.append(_crank_link(base, way, paint))
    shapes = figure(*(getattr(appearance, field) for field in ("height", "build", "age", "sex", "top", "bottom", "extras")))
    for shape, (places, turns) in zip(shapes, _seated(kind, appearance, way), strict=True):
        world = base.positions + np.einsum("nij,nj->ni", base.rotations, places)
        links.append(Link(shape.mesh, Motion(base.times, world, base.rotations @ turns), tuple(paint[role] for role in shape.roles)))
    size, middle = box_around((*(Link(link.mesh, _at(link.motion, base.times), link.materials) for link in links),))
    start = len(links) - len(shapes)
    points = tuple(Keypoint(start + number, place, near) for number, place, near in keypoint_places(appearance))
    facts = {"kind": kind, "color": color, "helmet": "helmet" in appearance.extras}
    if kind == "motorcycle":
        facts["plate"] = registration
    return Body(name, category, track, tuple(links), size, middle, points, {**facts, **(attributes or {})})


def _metal(color: str, rng: np.random.Generator) -> dict[str, Material]:
    return {
        "frame": body_paint(color_of(color), rng),
        "tyre": Material("rubber", (0.022, 0.022, 0.023), roughness=0.9, temperature=6.0),
        "rim": Material("alloy", (0.5, 0.5, 0.52), roughness=0.3, metallic=1.0),
        "rim dark": Material("disc", (0.05, 0.05, 0.055), roughness=0.6),
        "chrome": Material("chrome", (0.7, 0.7, 0.72), roughness=0.15, metallic=1.0),
        "black": Material("black plastic", (0.02, 0.02, 0.022), roughness=0.6),
        "engine": Material("engine", (0.18, 0.18, 0.19), roughness=0.5, metallic=1.0, temperature=25.0),
    }


def _leaning(motion: Motion) -> Motion:
    """At `RATE`, tilted so that weight and centrifugal force go through the wheels."""
    if not motion.moves:
        return motion
    count = max(2, round((motion.times[-1] - motion.times[0]) * RATE) + 1)
    times = np.linspace(motion.times[0], motion.times[-1], count)
    positions, rotations = sampled(motion, times)
    heading = np.unwrap(np.arctan2(rotations[:, 1, 0], rotations[:, 0, 0]))
    speed = np.linalg.norm(np.gradient(positions, times, axis=0), axis=1)
    lean = np.arctan(speed * np.gradient(heading, times) / 9.81)
    window = min(9, count)
    smooth = np.convolve(np.pad(lean, (window // 2, window - 1 - window // 2), mode="edge"), np.ones(window) / window, mode="valid")
    return Motion(times, positions, rotations @ about_axis(0, -np.clip(smooth, -0.7, 0.7)))


def _steering(base: Motion, wheelbase: float) -> Floats:
    if not base.moves:
        return np.zeros(1)
    heading = np.unwrap(np.arctan2(base.rotations[:, 1, 0], base.rotations[:, 0, 0]))
    speed = np.linalg.norm(np.gradient(base.positions, base.times, axis=0), axis=1)
    angles: Floats = np.clip(np.arctan2(wheelbase * np.gradient(heading, base.times), np.maximum(speed, 0.8)), -0.5, 0.5)
    return angles


def _way(base: Motion) -> Floats:
    if not base.moves:
        return np.zeros(1)
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(base.positions, axis=0), axis=1))])


def _at(motion: Motion, times: Floats) -> Motion:
    positions, rotations = sampled(motion, times)
    return Motion(times, positions, rotations)


def _saddle(appearance: Look) -> float:
    """Height of the pelvis over the ground: the leg is nearly straight at the lowest pedal."""
    return _CRANK[1] - _CRANK[2] + 0.03 + 0.039 * appearance.height + 0.478 * appearance.height


def _seated(kind: str, appearance: Look, way: Floats) -> list[tuple[Floats, Floats]]:
    """Joints and rotations of the rider's links in the coordinates of what is ridden."""
    bones, count = skeleton(appearance), len(way)
    bicycle = kind == "bicycle"
    seat = np.array([-0.2, 0.0, _saddle(appearance)] if bicycle else [-0.22, 0.0, 0.80 + 0.045 * appearance.height])
    one = np.ones((count, 1))
    ahead, up = np.array([[1.0, 0, 0]]) * one, np.array([[0.0, 0, 1]]) * one
    lean = np.full(count, 0.62 if bicycle else 0.3)
    pelvis = seat * one
    trunk = about_axis(1, lean)
    waist = pelvis + bones.waist * 0.9 * about_axis(1, 0.7 * lean)[:, :, 2]
    links = [(pelvis, about_axis(1, 0.35 * lean)), (waist, trunk)]
    links.append((waist + bones.neck * 0.96 * trunk[:, :, 2], about_axis(1, 0.25 * lean)))
    grip = np.array([0.37, 0.26, 1.03] if bicycle else [0.36, 0.34, 0.99])
    for side in (1.0, -1.0):
        shoulder = waist + trunk @ np.array([0.0, side * bones.shoulder_half * 0.97, bones.shoulder * 0.93])
        hand = grip * [1, side, 1] * one
        pole = np.array([-0.4, 0.5 * side, -0.8]) * one
        upper, lower, elbow = reach(shoulder, hand, bones.upper_arm, bones.forearm, pole)
        links += [(shoulder, upper), (elbow, lower), (elbow - bones.forearm * lower[:, :, 2], lower)]
    turn = 2 * np.pi * way / GEAR
    for side in (1.0, -1.0):
        hip = pelvis + np.array([0.0, side * bones.hip_half, 0.0])
        if bicycle:
            angle = turn + (0.0 if side > 0 else np.pi)
            pedal = np.column_stack([_CRANK[0] + _CRANK[2] * np.sin(angle), 0 * angle + side * 0.12, _CRANK[1] + _CRANK[2] * np.cos(angle)])
            pitch = 0.15 - 0.25 * np.sin(angle + 0.6)
        else:
            pedal = np.array([-0.12, side * 0.19, 0.34]) * one
            pitch = np.zeros(count)
        foot = about_axis(1, pitch)
        ankle = pedal - foot @ np.array([bones.ball, 0.0, -bones.ankle - 0.01])
        thigh, shin, knee = reach(hip, ankle, bones.thigh, bones.shin, ahead + 0.1 * up + np.array([0, side * 0.12, 0]))
        links += [(hip, thigh), (knee, shin), (ankle, foot)]
    return links


def _crank_link(base: Motion, way: Floats, paint: dict[str, Material]) -> Link:
    part = _crank()
    turns = about_axis(1, 2 * np.pi * way / GEAR)
    place = base.positions + base.rotations @ np.array([_CRANK[0], 0.0, _CRANK[1]])
    return Link(part.mesh, Motion(base.times, place, base.rotations @ turns), tuple(paint[role] for role in part.roles))


@lru_cache(maxsize=1)
def _crank() -> Part:
    made = Assembly()
    made.add(cylinder(0.095, 0.008, 20).moved(about_x(-np.pi / 2), (0, -0.05, 0)), "chrome")
    for side in (1, -1):
        made.add(box((0.025, 0.015, _CRANK[2])).moved(offset=(0, side * 0.07, side * _CRANK[2] / 2)), "chrome")
        made.add(box((0.09, 0.09, 0.02)).moved(offset=(0, side * 0.12, side * _CRANK[2])), "black")
    return made.part()


@lru_cache(maxsize=2)
def _spoked(radius: float) -> Part:
    """A bicycle's wheel."""
    made = Assembly()
    angle = np.linspace(0, 2 * np.pi, 9)
    ring = np.column_stack([radius - 0.019 + 0.019 * np.cos(angle), 0.018 * np.sin(angle)])
    made.add(lathe(ring, 28, crease=9.0).moved(about_x(-np.pi / 2)), "tyre")
    rim = [(radius - 0.055, -0.011), (radius - 0.033, -0.011), (radius - 0.033, 0.011), (radius - 0.055, 0.011), (radius - 0.055, -0.011)]
    made.add(lathe(rim, 28).moved(about_x(-np.pi / 2)), "rim")
    spoke = box((0.0035, 0.0035, radius - 0.05)).moved(offset=(0, 0, radius / 2))
    made.add(joined([spoke.moved(about_y(2 * np.pi * k / 18)) for k in range(18)]), "chrome")
    made.add(cylinder(0.025, 0.09, 10).moved(about_x(-np.pi / 2), (0, -0.045, 0)), "chrome")
    return made.part()


def _bar(*points: tuple[float, float, float], radius: float = 0.017) -> Mesh:
    return sweep(np.array(points), radius, 8)


@lru_cache(maxsize=32)
def _bicycle(pelvis: float) -> tuple[Part, ...]:
    """Frame, fork with handlebar, wheels."""
    (front, radius), (rear, _) = _HUBS["bicycle"]
    x, z, _ = _CRANK
    saddle = pelvis - 0.1
    frame, fork = Assembly(), Assembly()
    head, neck, seat = (0.42, 0.0, 0.88), (0.45, 0.0, 0.72), (-0.17, 0.0, min(0.8, saddle - 0.06))
    frame.add(
        joined([_bar((x, 0, z), neck, radius=0.02), _bar(seat, (0.425, 0, 0.85)), _bar((x, 0, z), seat), _bar(neck, head, radius=0.021)]),
        "frame",
    )
    stays = [_bar((x, s * 0.03, z), (rear, s * 0.06, radius), radius=0.01) for s in (1, -1)]
    stays += [_bar((seat[0], s * 0.03, seat[2]), (rear, s * 0.06, radius), radius=0.009) for s in (1, -1)]
    frame.add(joined(stays), "frame")
    frame.add(_bar(seat, (-0.2, 0.0, saddle), radius=0.013), "chrome")
    frame.add(
        limb([(-0.13, 0.03, 0.075, 0.0), (0.0, 0.03, 0.05, 0.0), (0.13, 0.025, 0.02, 0.0)], 10).moved(
            about_y(np.pi / 2), (-0.2, 0, saddle)
        ),
        "black",
    )
    frame.add(box((0.02, 0.05, 0.05), bevel=0.006).moved(offset=(rear - 0.02, 0, radius * 2 + 0.06)), "taillight")
    frame.add(_guard(rear, radius), "black")
    fork.add(_bar((0.0, 0, 0.2), (-0.02, 0, 0.3)), "frame")
    for side in (1, -1):
        fork.add(
            _bar((0.0, side * 0.05, 0.18), (0.1, side * 0.055, -0.1), (front - 0.45, side * 0.055, radius - 0.72), radius=0.011), "frame"
        )
    curve = spline([[-0.09, -0.3, 0.3], [-0.04, -0.2, 0.31], [-0.02, 0, 0.3], [-0.04, 0.2, 0.31], [-0.09, 0.3, 0.3]], 13)
    fork.add(sweep(curve, 0.012, 8), "chrome")
    for side in (1, -1):
        fork.add(_bar((-0.1, side * 0.31, 0.3), (-0.055, side * 0.22, 0.31), radius=0.017), "black")
    fork.add(box((0.05, 0.07, 0.07), bevel=0.015).moved(offset=(0.05, 0, 0.16)), "headlight")
    wheel_ = _spoked(radius)
    return (
        frame.part(), Part(fork.part().mesh, fork.part().roles, (0.45, 0.0, 0.72), Joint("handle")),
        Part(wheel_.mesh, wheel_.roles, (front, 0.0, radius), Joint("steered", radius=radius)),
        Part(wheel_.mesh, wheel_.roles, (rear, 0.0, radius), Joint("wheel", radius=radius)),
    )  # fmt: skip


def _guard(x: float, radius: float) -> Mesh:
    angle = np.linspace(0.3, np.pi * 0.95, 10)
    path = np.column_stack([x + (radius + 0.03) * np.cos(angle), 0 * angle, radius + (radius + 0.03) * np.sin(angle)])
    return sweep(path, 0.02, 6)


@lru_cache(maxsize=1)
def _motorcycle() -> tuple[Part, ...]:
    (front, radius), (rear, _) = _HUBS["motorcycle"]
    frame, fork = Assembly(), Assembly()
    frame.add(box((0.5, 0.34, 0.4), bevel=0.06).moved(offset=(0.05, 0, 0.45)), "engine")
    frame.add(
        joined([cylinder(0.1, 0.3, 12, bevel=0.02).moved(about_y(0.35 - 0.7 * k), (0.02 + 0.1 * k, 0, 0.5)) for k in (0, 1)]), "engine"
    )
    tank = [(0.42, 0.06, 0.09), (0.34, 0.12, 0.15), (0.16, 0.14, 0.17), (-0.02, 0.11, 0.14), (-0.12, 0.06, 0.1)]
    frame.add(limb([(x, tall, wide, 0.0) for x, tall, wide in tank[::-1]], 14).moved(about_y(np.pi / 2), (0, 0, 0.83)), "frame")
    seat = [(-0.72, 0.035, 0.08, -0.06), (-0.5, 0.05, 0.13, -0.03), (-0.25, 0.05, 0.15, 0.02), (-0.08, 0.05, 0.1, 0.0)]
    frame.add(limb([(x, tall, wide, -rise) for x, tall, wide, rise in seat], 12).moved(about_y(np.pi / 2), (0, 0, 0.78)), "black")
    frame.add(limb([(-0.82, 0.03, 0.06, -0.03), (-0.45, 0.08, 0.12, 0.02)], 12).moved(about_y(np.pi / 2), (0, 0, 0.74)), "frame")
    frame.add(_bar((0.45, 0, 0.8), (0.25, 0, 0.6), (-0.2, 0, 0.55), (-0.35, 0, 0.7), radius=0.03), "black")
    for side in (1, -1):
        frame.add(_bar((rear, side * 0.11, radius), (-0.15, side * 0.12, 0.45), radius=0.025), "black")
        frame.add(_bar((-0.12, side * 0.12, 0.34), (-0.12, side * 0.24, 0.34), radius=0.015), "black")
    frame.add(
        sweep([[0.25, -0.12, 0.45], [0.1, -0.17, 0.28], [-0.3, -0.18, 0.3], [-0.75, -0.2, 0.42]], [0.025, 0.025, 0.045, 0.05], 10), "chrome"
    )
    frame.add(box((0.03, 0.16, 0.06), bevel=0.01).moved(offset=(-0.86, 0, 0.76)), "taillight")
    for side, role in ((1, "left"), (-1, "right")):
        frame.add(ellipsoid((0.06, 0.06, 0.05), 10).moved(offset=(-0.82, side * 0.14, 0.7)), role)
    frame.add(box((0.01, 0.2, 0.16)).moved(about_y(-0.3), (-0.9, 0, 0.62)), "plate")
    frame.add(
        limb([(-0.2, 0.02, 0.06, 0.0), (0.2, 0.02, 0.06, 0.0)], 10).moved(about_y(np.pi / 2), (rear + 0.02, 0, radius + 0.34)), "black"
    )
    for side in (1, -1):
        fork.add(_bar((front - 0.45, side * 0.095, radius - 0.8), (0.0, side * 0.095, 0.1), radius=0.027), "chrome")
        fork.add(_bar((-0.02, side * 0.06, 0.17), (-0.06, side * 0.25, 0.22), (-0.12, side * 0.38, 0.18), radius=0.014), "black")
        fork.add(_bar((-0.04, side * 0.24, 0.22), (0.0, side * 0.3, 0.36), radius=0.008), "black")
        fork.add(ellipsoid((0.03, 0.14, 0.09), 10).moved(offset=(0.0, side * 0.33, 0.38)), "black")
        fork.add(ellipsoid((0.06, 0.06, 0.05), 10).moved(offset=(0.06, side * 0.17, 0.06)), "left" if side > 0 else "right")
    fork.add(ellipsoid((0.16, 0.2, 0.2), 14).moved(offset=(0.1, 0, 0.08)), "frame")
    fork.add(ellipsoid((0.06, 0.16, 0.16), 14).moved(offset=(0.165, 0, 0.08)), "headlight")
    fork.add(
        limb([(-0.2, 0.02, 0.06, 0.0), (0.15, 0.02, 0.06, 0.0)], 10).moved(about_y(np.pi / 2), (front - 0.45, 0, radius + 0.36 - 0.8)),
        "frame",
    )
    half = wheel(radius, 0.14, 5, 0.66)
    both = Assembly()
    both.add_part(half)
    both.add_part(Part(half.mesh.moved(about_z(np.pi)), half.roles))
    rolling = both.part()
    return (
        frame.part(), Part(fork.part().mesh, fork.part().roles, (0.45, 0.0, 0.8), Joint("handle")),
        Part(rolling.mesh, rolling.roles, (front, 0.0, radius), Joint("steered", radius=radius)),
        Part(rolling.mesh, rolling.roles, (rear, 0.0, radius), Joint("wheel", radius=radius)),
    )  # fmt: skip


__all__ = ["KEYPOINTS", "KINDS", "rider"]
