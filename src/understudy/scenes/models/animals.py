"""Animals on four legs that walk, trot and stand: deer, dog, boar, cow, cat, horse. Feet stay where they are put, as people's do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.curves import smoothstep, spline
from understudy.scenes.geometry.lofts import sweep
from understudy.scenes.geometry.motion import Motion, about_y
from understudy.scenes.geometry.primitives import ellipsoid
from understudy.scenes.material import Color, Material
from understudy.scenes.models.model import Assembly, Part
from understudy.scenes.models.people import box_around
from understudy.scenes.models.people.figure import Skeleton, limb
from understudy.scenes.models.people.posing import Course, about_axis, course, planted_foot, reach
from understudy.scenes.scene import Body, Keypoint, Link

Floats = NDArray[np.float64]

RATE = 25.0
LYING = np.pi / 2


@dataclass(frozen=True)
class Beast:
    """A kind of animal. shoulder: height of its back, m. length: of the trunk, chest to rump, over that height; depth, width: of the trunk,
    over it. leg: where legs begin, over it. neck: (length over it, radians up). head: length over it. tail: the same. coats: colours
    (upper, belly). ears, horns: "antlers", "horns" or "". thick: of legs."""

    shoulder: tuple[float, float]
    length: float
    depth: float
    width: float
    leg: float
    neck: tuple[float, float]
    head: float
    tail: float
    coats: tuple[tuple[Color, Color], ...]
    ears: float
    horns: str
    thick: float


KINDS: dict[str, Beast] = {
    "deer": Beast(
        (0.85, 1.15), 1.05, 0.42, 0.27, 0.62, (0.5, 1.0), 0.29, 0.12, (((0.2, 0.11, 0.055), (0.34, 0.25, 0.17)),), 0.16, "antlers", 0.045
    ),
    "dog": Beast(
        (0.4, 0.65),
        1.1,
        0.42,
        0.28,
        0.6,
        (0.28, 0.75),
        0.4,
        0.5,
        (((0.25, 0.15, 0.06), (0.4, 0.3, 0.18)), ((0.03, 0.028, 0.026), (0.05, 0.045, 0.04)), ((0.55, 0.5, 0.42), (0.6, 0.57, 0.5))),
        0.2,
        "",
        0.06,
    ),
    "boar": Beast((0.65, 0.85), 1.2, 0.6, 0.42, 0.5, (0.2, 0.05), 0.5, 0.25, (((0.06, 0.05, 0.042), (0.1, 0.085, 0.07)),), 0.18, "", 0.06),
    "cow": Beast(
        (1.35, 1.5),
        1.15,
        0.52,
        0.4,
        0.56,
        (0.3, 0.35),
        0.36,
        0.5,
        (((0.16, 0.075, 0.04), (0.3, 0.2, 0.14)), ((0.03, 0.03, 0.03), (0.6, 0.58, 0.54)), ((0.5, 0.42, 0.3), (0.55, 0.5, 0.42))),
        0.13,
        "horns",
        0.05,
    ),
    "cat": Beast(
        (0.24, 0.3),
        1.35,
        0.4,
        0.32,
        0.58,
        (0.22, 0.6),
        0.38,
        1.0,
        (((0.12, 0.11, 0.1), (0.3, 0.28, 0.26)), ((0.4, 0.2, 0.07), (0.5, 0.35, 0.2)), ((0.02, 0.02, 0.02), (0.03, 0.03, 0.03))),
        0.2,
        "",
        0.07,
    ),
    "horse": Beast(
        (1.45, 1.65),
        1.05,
        0.42,
        0.32,
        0.58,
        (0.5, 0.85),
        0.36,
        0.55,
        (((0.18, 0.08, 0.04), (0.2, 0.1, 0.06)), ((0.05, 0.035, 0.03), (0.06, 0.045, 0.04)), ((0.5, 0.49, 0.47), (0.5, 0.49, 0.47))),
        0.11,
        "",
        0.04,
    ),
}
LEGS = ("left fore", "right fore", "left hind", "right hind")
KEYPOINTS = ("nose", "withers", "rump", *(f"{leg} {joint}" for leg in LEGS for joint in ("root", "joint", "foot")))


def animal(
    name: str,
    category: int,
    track: int,
    kind: str,
    rng: np.random.Generator,
    times: object,
    positions: object,
    headings: object | None = None,
    *,
    attributes: Mapping[str, Any] | None = None,
) -> Body:
    """An animal in a scene.

    Args:
        name, category, track: as in `Body`.
        kind: of `KINDS`.
        rng: for its size, coat and phase.
        times: (S,) s. positions: (S, 2 or 3) m on the ground under its middle. headings: (S,) radians; None: where the path leads.
    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in KINDS:
        raise ArgumentError(f'There is no animal "{kind}".', remedy=did_you_mean(kind, KINDS))
    beast = KINDS[kind]
    tall = round(float(rng.uniform(*beast.shoulder)), 2)
    upper, belly = beast.coats[int(rng.integers(len(beast.coats)))]
    antlers = beast.horns == "antlers" and bool(rng.random() < 0.5)
    start = float(rng.random())
    path = course(times, positions, headings, RATE)
    poses = _poses(beast, tall, path, start)
    if path.way[-1] < 0.15:
        path, poses = (
            Course(*(getattr(path, field)[:1] for field in ("times", "places", "headings", "speed", "way"))),
            [(p[:1], r[:1]) for p, r in poses],
        )
    paint = _paint(upper, belly)
    links = tuple(
        Link(part.mesh, Motion(path.times, places, turns), tuple(paint[role] for role in part.roles))
        for part, (places, turns) in zip(_parts(kind, tall, antlers), poses, strict=True)
    )
    size, middle = box_around(links)
    facts = {"kind": kind, "shoulder_height": tall, **(attributes or {})}
    return Body(name, category, track, links, size, middle, _keypoints(beast, tall), facts)


def _paint(upper: Color, belly: Color) -> dict[str, Material]:
    dark: Color = (upper[0] * 0.55, upper[1] * 0.55, upper[2] * 0.55)
    return {
        "coat": Material("fur", upper, belly, "fur", 0.06, 0.35, roughness=0.9, temperature=12.0),
        "belly": Material("fur", belly, upper, "fur", 0.06, 0.3, roughness=0.9, temperature=12.0),
        "hoof": Material("hoof", dark, roughness=0.6, temperature=6.0),
        "dark": Material("nose", (0.02, 0.018, 0.018), roughness=0.4, temperature=12.0),
        "horn": Material("horn", (0.3, 0.22, 0.14), roughness=0.6),
    }


def _bones(beast: Beast, tall: float) -> Skeleton:
    """As much of a skeleton as a planted foot needs."""
    zero = (0.0,) * 9
    return Skeleton(
        *zero[:1], 0.36 * beast.width * tall / 0.75, *zero[:8], ankle=0.07 * tall, ball=0.05 * tall, heel=0.02 * tall, toe=0.06 * tall
    )


def _lengths(beast: Beast, tall: float) -> tuple[float, float]:
    leg = (beast.leg - 0.07) * tall * 1.06
    return 0.5 * leg, 0.5 * leg


def _poses(beast: Beast, tall: float, path: Course, start: float) -> list[tuple[Floats, Floats]]:
    """Joints and rotations of trunk, neck, tail, and of three links for each leg."""
    fast = float(np.max(path.speed, initial=0.0)) > 2.6 * np.sqrt(tall)
    duty = 0.4 if fast else 0.64
    longest = 1.1 * sum(_lengths(beast, tall)) / duty
    stride = np.clip(1.2 * tall * (np.maximum(path.speed, 0.05) / np.sqrt(tall)) ** 0.55, 0.35 * tall, longest)
    phase = start + np.concatenate([[0.0], np.cumsum(np.diff(path.way) / ((stride[1:] + stride[:-1]) / 2))])
    offsets = (0.0, 0.5, 0.5, 0.0) if fast else (0.25, 0.75, 0.0, 0.5)
    upright = about_axis(2, path.headings)
    ahead, left = upright[:, :, 0], upright[:, :, 1]
    bones, (first, second) = _bones(beast, tall), _lengths(beast, tall)
    bob = 0.012 * tall * np.cos(4 * np.pi * phase) * smoothstep(path.speed / 0.5)
    trunk = path.places + np.array([0.0, 0.0, beast.leg * tall]) + bob[:, None] * np.array([0.0, 0.0, 1.0])
    half = 0.36 * beast.length * tall
    legs: list[tuple[Floats, Floats]] = []
    feet: list[tuple[Floats, Floats, Floats, Floats, float]] = []
    sunk = np.zeros_like(path.way)
    for (along, side, pole), offset in zip(
        ((half, 1.0, 0.6), (half, -1.0, 0.6), (-half, 1.0, -1.0), (-half, -1.0, -1.0)), offsets, strict=True
    ):
        shifted = Course(path.times, path.places + along * ahead, path.headings, path.speed, path.way)
        ankle, heading, pitch, _ = planted_foot(shifted, bones, phase, stride, duty, offset, side, False)
        root = trunk + along * ahead + side * 0.32 * beast.width * tall * left
        room = np.maximum((0.995 * (first + second)) ** 2 - ((ankle - root)[:, :2] ** 2).sum(axis=1), (0.3 * tall) ** 2)
        sunk = np.minimum(sunk, ankle[:, 2] + np.sqrt(room) - root[:, 2])
        feet.append((root, ankle, heading, pitch, pole))
    trunk[:, 2] += sunk
    for root, ankle, heading, pitch, pole in feet:
        root[:, 2] += sunk
        upper, lower, joint = reach(root, ankle, first, second, pole * ahead)
        legs += [(root, _forward(upper, ahead)), (joint, _forward(lower, ahead)), (ankle, about_axis(2, heading) @ about_axis(1, pitch))]
    nod = 0.06 * np.sin(4 * np.pi * phase) * smoothstep(path.speed / 0.5)
    neck = trunk + upright @ np.array([0.44 * beast.length * tall, 0.0, (1 - beast.leg) * tall - 0.32 * beast.depth * tall])
    tail = trunk + upright @ np.array([-0.48 * beast.length * tall, 0.0, (1 - beast.leg) * tall - 0.16 * beast.depth * tall])
    swing = 0.2 * np.sin(2 * np.pi * phase + 0.5)
    return [(trunk, upright), (neck, upright @ about_axis(1, nod)), (tail, upright @ about_axis(2, swing)), *legs]


def _forward(turns: Floats, ahead: Floats) -> Floats:
    """Rotations of limbs whose x may look back (where their joint bends so), turned about themselves to look ahead."""
    backward = np.einsum("ni,ni->n", turns[:, :, 0], ahead) < 0
    flip = np.where(backward, -1.0, 1.0)
    turned: Floats = turns * np.stack([flip, flip, np.ones_like(flip)], axis=1)[:, None, :]
    return turned


@lru_cache(maxsize=128)
def _parts(kind: str, tall: float, antlers: bool) -> tuple[Part, ...]:
    beast = KINDS[kind]
    fore, hind = _leg(beast, tall, fore=True), _leg(beast, tall, fore=False)
    return (_trunk(beast, tall, kind), _neck(beast, tall, kind, antlers), _tail(beast, tall, kind), *fore, *fore, *hind, *hind)


def _trunk(beast: Beast, h: float, kind: str) -> Part:
    """Sections from rump to chest; its origin is at the height of the legs' roots."""
    back, deep, wide, long = (1 - beast.leg) * h, beast.depth * h, beast.width * h, 0.88 * beast.length * h
    hump = 0.05 * h if kind == "boar" else 0.0
    rows = [
        (-0.5, 0.34, 0.33, 0.02),
        (-0.4, 0.42, 0.46, 0.0),
        (-0.2, 0.43, 0.48, 0.0),
        (0.05, 0.46, 0.5, 0.0),
        (0.28, 0.5, 0.48, hump / h),
        (0.42, 0.45, 0.4, hump / h),
        (0.5, 0.33, 0.28, 0.0),
    ]
    made = Assembly()
    sections = [(x * long, tall * deep, broad * wide, -(back - tall * deep + rise * h)) for x, tall, broad, rise in rows]
    made.add(limb(sections, 16).moved(about_y(LYING)), "coat")
    low = [(x * long, 0.3 * deep, 0.8 * broad * wide, -(back - 2 * tall * deep + 0.31 * deep)) for x, tall, broad, rise in rows[1:5]]
    made.add(limb(low, 14).moved(about_y(LYING)), "belly")
    for x, size in ((0.38, 0.9), (-0.4, 1.1)):  # muscles over the legs
        for side in (1, -1):
            thigh = ellipsoid((0.3 * long * size, 0.4 * wide, 0.95 * deep * size), 12)
            made.add(thigh.moved(offset=(x * long, side * 0.29 * wide, 0.16 * h)), "coat")
    return made.part()


def _neck(beast: Beast, h: float, kind: str, antlers: bool) -> Part:
    long, rise = beast.neck[0] * h, beast.neck[1]
    made = Assembly()
    thick = 0.34 * beast.depth * h
    thin = 0.55 * thick if kind != "boar" else 0.85 * thick
    end = long * np.array([np.cos(rise), 0, np.sin(rise)])
    neck = limb(
        [
            (-0.25 * long - 0.3 * thick, thick, 0.75 * thick, 0.0),
            (0.4 * long, 0.75 * thick, 0.6 * thick, 0.0),
            (long, thin, 0.75 * thin, 0.0),
        ],
        12,
    )
    made.add(neck.moved(about_y(LYING - rise)), "coat")
    size = beast.head * h
    tilt = {"deer": 0.5, "horse": 0.75, "cow": 0.55, "boar": 0.35}.get(kind, 0.2)
    round_ = 1.35 if kind in ("cat", "dog") else 1.0
    rows = [(-0.15, 0.22, 0.2), (0.1, 0.25 * round_, 0.22 * round_), (0.4, 0.19, 0.16), (0.75, 0.12, 0.1), (0.92, 0.11, 0.1)]
    if kind == "cat":
        rows = [(-0.1, 0.26, 0.26), (0.2, 0.33, 0.33), (0.5, 0.26, 0.26), (0.62, 0.13, 0.15)]
    turn = about_y(LYING + tilt)
    made.add(limb([(x * size, tall * size, broad * size, 0.0) for x, tall, broad in rows], 14).moved(turn, end), "coat")
    tip = end + turn @ np.array([0, 0, (0.72 if kind == "cat" else 1.0) * size])
    made.add(ellipsoid((0.1 * size, 0.15 * size, 0.13 * size), 8).moved(offset=tip), "dark")
    for side in (1, -1):
        ear = ellipsoid((0.05 * h * 0.6, beast.ears * h * 0.35, beast.ears * h), 8)
        made.add(ear.moved(offset=end + np.array([-0.02 * size, side * (0.2 * size), 0.3 * size + 0.3 * beast.ears * h])), "coat")
        made.add(
            ellipsoid((0.07 * size, 0.03 * size, 0.07 * size), 6).moved(
                offset=end + turn @ np.array([-0.1 * size, side * 0.19 * size, 0.28 * size])
            ),
            "dark",
        )
        _horn(made, beast, h, end, size, side, antlers)
    return made.part()


def _horn(made: Assembly, beast: Beast, h: float, end: Floats, size: float, side: int, antlers: bool) -> None:
    base = end + np.array([0.0, side * 0.1 * size, 0.2 * size])
    if antlers:
        way = np.array([[0, 0, 0], [-0.1, side * 0.12, 0.16], [-0.08, side * 0.24, 0.34], [0.06, side * 0.26, 0.5]]) * h
        made.add(sweep(spline(base + way, 9), np.linspace(0.016, 0.006, 9) * h, 6), "horn")
        for k in (1, 2):
            made.add(sweep(base + np.array([way[k], way[k] + [0.12 * h, 0, 0.08 * h]]), [0.01 * h, 0.004 * h], 5), "horn")
    elif beast.horns == "horns":
        way = np.array([[0, 0, 0], [0, side * 0.08, 0.02], [0.03, side * 0.12, 0.09]]) * h
        made.add(sweep(spline(base + way, 7), np.linspace(0.018, 0.005, 7) * h, 6), "horn")


def _tail(beast: Beast, h: float, kind: str) -> Part:
    made = Assembly()
    long = beast.tail * h
    droop = {"dog": 0.35, "cat": 0.6}.get(kind, -1.0)
    points = np.array(
        [
            [0.04 * h, 0, 0],
            [-0.3 * long, 0, 0.12 * droop * long],
            [-0.55 * long, 0, 0.5 * droop * long],
            [-0.62 * long, 0, 0.9 * droop * long],
        ]
    )
    width = {"horse": 0.05, "cat": 0.045, "dog": 0.04}.get(kind, 0.022) * h
    made.add(sweep(spline(points, 8), width * np.linspace(1.0, 0.55, 8), 7), "coat")
    if kind == "cow":
        made.add(ellipsoid((0.06 * h, 0.06 * h, 0.14 * h), 8).moved(offset=points[-1]), "dark")
    return made.part()


def _leg(beast: Beast, h: float, *, fore: bool) -> tuple[Part, Part, Part]:
    first, second = _lengths(beast, h)
    r = beast.thick * h
    upper, lower, foot = Assembly(), Assembly(), Assembly()
    top = 1.9 if fore else 2.5
    upper.add(limb([(-first, r, 0.85 * r, 0.0), (-0.5 * first, 1.35 * r, 1.1 * r, 0.0), (0.05 * first, top * r, 1.3 * r, 0.0)], 10), "coat")
    lower.add(
        limb([(-second, 0.72 * r, 0.7 * r, 0.0), (-0.5 * second, 0.7 * r, 0.68 * r, 0.0), (0.0, 0.95 * r, 0.85 * r, 0.0)], 10), "coat"
    )
    foot.add(limb([(-0.05 * h, 1.15 * r, 0.95 * r, 0.45 * r), (0.0, 0.75 * r, 0.7 * r, 0.0)], 10, hem=True), "hoof")
    low = foot.part().mesh.bounds[0][2]
    shoe = foot.part()
    return upper.part(), lower.part(), Part(shoe.mesh.moved(offset=(0, 0, -0.07 * h - low)), shoe.roles)


def _keypoints(beast: Beast, h: float) -> tuple[Keypoint, ...]:
    long, rise = beast.neck[0] * h, beast.neck[1]
    back = (1 - beast.leg) * h
    points = [
        Keypoint(
            1, (float(long * np.cos(rise) + 0.85 * beast.head * h), 0.0, float(long * np.sin(rise) - 0.2 * beast.head * h)), 0.12 * h + 0.03
        ),
        Keypoint(0, (0.38 * beast.length * h, 0.0, back), 0.06 * h),
        Keypoint(0, (-0.45 * beast.length * h, 0.0, back), 0.08 * h),
    ]
    for leg in range(4):
        points += [Keypoint(3 + 3 * leg + part, (0.0, 0.0, 0.0), near * h + 0.01) for part, near in ((0, 0.2), (1, 0.08), (2, 0.07))]
    return tuple(points)
