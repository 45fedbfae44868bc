"""People: figures of 15 rigid links that walk, run, stand, sit, wave, carry, bend and fall. They have no faces and are nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.curves import smoothstep
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.geometry.primitives import box
from understudy.scenes.material import Material
from understudy.scenes.models.model import Assembly, Part
from understudy.scenes.models.people import posing
from understudy.scenes.models.people.figure import KEYPOINTS, LINKS, Look, Skeleton, figure, keypoint_places, look, palette, skeleton
from understudy.scenes.models.people.posing import ACTIONS, Course, Feet, Pose, about_axis, course, reach
from understudy.scenes.scene import Body, Keypoint, Link

Floats = NDArray[np.float64]

RATE = 25.0
"""Poses a second."""


def person(
    name: str,
    category: int,
    track: int,
    appearance: Look,
    times: object,
    positions: object,
    headings: object | None = None,
    action: str = "walk",
    *,
    since: float | None = None,
    start: float = 0.0,
    sideways: bool = False,
    attributes: Mapping[str, Any] | None = None,
) -> Body:
    """A person in a scene.

    Args:
        name, category, track: as in `Body`.
        appearance: from `look`.
        times: (S,) s. positions: (S, 2 or 3) m on the ground. headings: (S,) radians; None: where the path leads.
        action: of `ACTIONS`. Where the path stands still, so does who walks it. "sit" needs a seat .46 m high under the first position.
        since: when the action begins (fall, bend); None: at the first time. start: phase of the gait at first, 0 .. 1.
        sideways: who falls, falls to the left, not forward.
    Raises:
        ArgumentError: an unknown action; it names the nearest.
    """
    path = course(times, positions, headings, RATE)
    bones = skeleton(appearance)
    moving = path.way[-1] > 0.15 and action != "sit"
    begin = float(path.times[0]) if since is None else since
    ahead = {"sit": (bones.thigh * 0.93, bones.thigh * 0.85)}.get(action, (0.02, -0.02))
    feet = posing.walking(path, bones, appearance.height, start=start) if moving else posing.standing(path, bones, ahead=ahead)
    held = posing.pose(action, path, feet, appearance.height, begin)
    poses = _fallen(_placed(path, bones, feet, held), path, action, begin, sideways)
    if not moving and action in ("walk", "run", "stand", "phone", "carry", "sit"):
        path, poses = _first(path, poses)
    parts = figure(*(getattr(appearance, field) for field in ("height", "build", "age", "sex", "top", "bottom", "extras")))
    parts = (*parts[:1], _with_load(parts[1], bones), *parts[2:]) if action == "carry" else parts
    paint = {**palette(appearance), "load": Material("carton", (0.42, 0.29, 0.17), (0.36, 0.24, 0.14), "cardboard", 0.05)}
    links = tuple(
        Link(part.mesh, Motion(path.times, places, turns), tuple(paint[role] for role in part.roles))
        for part, (places, turns) in zip(parts, poses, strict=True)
    )
    size, middle = box_around(links)
    points = tuple(Keypoint(link, place, near) for link, place, near in keypoint_places(appearance))
    facts = {
        "age": appearance.age,
        "sex": appearance.sex,
        "height": appearance.height,
        "top": appearance.top,
        "bottom": appearance.bottom,
        "action": action,
    }
    return Body(name, category, track, links, size, middle, points, {**facts, **(attributes or {})})


Poses = list[tuple[Floats, Floats]]
"""For each link: places of its joint (N, 3) and rotations (N, 3, 3)."""


def _placed(path: Course, bones: Skeleton, feet: Feet, held: Pose) -> Poses:
    upright = about_axis(2, path.headings)
    ahead, left = upright[:, :, 0], upright[:, :, 1]
    pelvis = path.places - held.back[:, None] * ahead
    sway = 0.018 * np.sin(2 * np.pi * feet.phase) * smoothstep(path.speed / 0.8) if feet.duty < 1 else np.zeros_like(path.way)
    pelvis = pelvis + sway[:, None] * left
    pelvis[:, 2] += bones.hip - held.lower + (0.03 * np.cos(4 * np.pi * feet.phase + np.pi) if feet.duty < 0.5 else 0.0)
    hips = [side * bones.hip_half * left for side in (1.0, -1.0)]
    for hip, ankle in zip(hips, feet.ankles, strict=True):  # low enough for both legs
        flat = ankle - (pelvis + hip)
        room = np.maximum((0.997 * (bones.thigh + bones.shin)) ** 2 - flat[:, 0] ** 2 - flat[:, 1] ** 2, 0.04)
        pelvis[:, 2] = np.minimum(pelvis[:, 2], ankle[:, 2] + np.sqrt(room))
    legs: Poses = []
    for hip, ankle, heading, pitch in zip(hips, feet.ankles, feet.headings, feet.pitch, strict=True):
        thigh, shin, knee = reach(pelvis + hip, ankle, bones.thigh, bones.shin, ahead + 0.15 * hip / bones.hip_half)
        legs += [(pelvis + hip, thigh), (knee, shin), (ankle, about_axis(2, heading) @ about_axis(1, pitch))]
    return [(pelvis, upright), *_upper(pelvis, upright, bones, held), *legs]


def _upper(pelvis: Floats, upright: Floats, bones: Skeleton, held: Pose) -> Poses:
    trunk = upright @ about_axis(1, held.lean) @ about_axis(2, held.twist)
    waist = pelvis + upright[:, :, 2] * (bones.waist * 0.9)
    head = upright @ about_axis(1, 0.55 * held.lean + held.nod)
    arms: Poses = []
    for side, raised, out, bent in zip((1.0, -1.0), held.arms, held.spread, held.elbows, strict=True):
        shoulder = waist + trunk @ np.array([-0.004, side * bones.shoulder_half * 0.98, bones.shoulder * 0.93])
        upper = trunk @ about_axis(0, side * out) @ about_axis(1, -raised)
        elbow = shoulder - bones.upper_arm * upper[:, :, 2]
        lower = upper @ about_axis(1, -bent) @ about_axis(0, -side * 0.06)
        arms += [(shoulder, upper), (elbow, lower), (elbow - bones.forearm * lower[:, :, 2], lower @ about_axis(1, -0.1))]
    return [(waist, trunk), (waist + bones.neck * 0.96 * trunk[:, :, 2], head), *arms]


def _fallen(poses: Poses, path: Course, action: str, since: float, sideways: bool) -> Poses:
    """A fall: all of the body turns about where its feet are, and comes to lie on the ground."""
    if action != "fall":
        return poses
    share = np.clip((path.times - since) / 0.9, 0, 1) ** 2
    turn = about_axis(0, -1.52 * share) if sideways else about_axis(1, 1.52 * share)
    upright = about_axis(2, path.headings)
    tilt = upright @ turn @ np.swapaxes(upright, 1, 2)
    lift = np.zeros_like(path.places)
    lift[:, 2] = (0.2 if sideways else 0.14) * np.sin(1.52 * np.sqrt(share))
    ankles = about_axis(1, 0.0 * share if sideways else 1.1 * share)
    poses = [(places, turns @ ankles if number in (11, 14) else turns) for number, (places, turns) in enumerate(poses)]
    return [(path.places + lift + np.einsum("nij,nj->ni", tilt, places - path.places), tilt @ turns) for places, turns in poses]


def _first(path: Course, poses: Poses) -> tuple[Course, Poses]:
    """Who does not move has one pose."""
    one = Course(path.times[:1], path.places[:1], path.headings[:1], path.speed[:1], path.way[:1])
    return one, [(places[:1], turns[:1]) for places, turns in poses]


def _with_load(chest: Part, bones: Skeleton) -> Part:
    made = Assembly()
    made.add_part(chest)
    made.add(box((0.3, 0.4, 0.28), bevel=0.005).moved(offset=(bones.forearm + 0.15, 0, bones.shoulder - bones.upper_arm + 0.06)), "load")
    return made.part()


def box_around(links: tuple[Link, ...]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The box around all links at all times, in the first link's coordinates."""
    pelvis = links[0].motion
    chosen = np.unique(np.linspace(0, len(pelvis.times) - 1, 24).astype(int))
    frame, origin = pelvis.rotations[chosen], pelvis.positions[chosen]
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for link in links:
        turn = np.swapaxes(frame, 1, 2) @ link.motion.rotations[chosen]
        shift = np.einsum("nji,nj->ni", frame, link.motion.positions[chosen] - origin)
        points = link.mesh.vertices @ np.swapaxes(turn, 1, 2) + shift[:, None]
        low, high = np.minimum(low, points.min(axis=(0, 1))), np.maximum(high, points.max(axis=(0, 1)))
    size, middle = high - low, (high + low) / 2
    return (float(size[0]), float(size[1]), float(size[2])), (float(middle[0]), float(middle[1]), float(middle[2]))


__all__ = ["ACTIONS", "KEYPOINTS", "LINKS", "Look", "look", "person"]
