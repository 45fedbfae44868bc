"""Poses over time: gaits whose feet stay where they are put, and what people do while they stand.

A gait is planned on the ground. Its phase is tied to the way that was gone, so each foot has a place for every stride; it stays there
from heel strike to toe-off and swings to the next. Legs then reach for the feet (two-bone inverse kinematics).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.curves import smoothstep
from understudy.scenes.models.people.figure import Skeleton

Floats = NDArray[np.float64]

ACTIONS = ("walk", "run", "stand", "wave", "phone", "carry", "bend", "sit", "fall")
RUNNING = 2.3
"""m/s from which people run."""


def about_axis(axis: int, angle: object) -> Floats:
    """(N, 3, 3) rotations about a coordinate axis by (N,) radians, counter-clockwise."""
    a = np.atleast_1d(np.asarray(angle, dtype=np.float64))
    made = np.zeros((len(a), 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    made[:, axis, axis] = 1.0
    made[:, one, one] = made[:, two, two] = np.cos(a)
    made[:, one, two], made[:, two, one] = -np.sin(a), np.sin(a)
    return made


@dataclass(frozen=True)
class Course:
    """A path at (N,) dense times: ground places, headings, speed, the way gone."""

    times: Floats
    places: Floats
    headings: Floats
    speed: Floats
    way: Floats

    def at_way(self, way: Floats) -> tuple[Floats, Floats]:
        """Places and headings where so much of the way is gone, straight on beyond both ends."""
        gone, first = np.unique(self.way, return_index=True)
        inside = np.clip(way, gone[0], gone[-1])
        places = np.column_stack([np.interp(inside, gone, self.places[first, axis]) for axis in range(3)])
        headings = np.interp(inside, gone, self.headings[first])
        rest = way - inside
        ahead = np.column_stack([np.cos(headings), np.sin(headings), np.zeros_like(headings)])
        return places + rest[:, None] * ahead, headings


def course(times: object, positions: object, headings: object | None, rate: float) -> Course:
    """A path read at `rate` samples a second; headings default to where the path leads."""
    moments = np.asarray(times, dtype=np.float64).ravel()
    places = np.asarray(positions, dtype=np.float64).reshape(len(moments), -1)
    places = places if places.shape[1] == 3 else np.column_stack([places, np.zeros(len(places))])
    dense = np.linspace(moments[0], moments[-1], max(1, round((moments[-1] - moments[0]) * rate)) + 1) if len(moments) > 1 else moments
    path = np.column_stack([np.interp(dense, moments, places[:, axis]) for axis in range(3)])
    step = np.diff(path, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    if headings is None:
        bearing = _bearings(step, length)
    else:
        given = np.unwrap(np.broadcast_to(np.asarray(headings, dtype=np.float64), moments.shape))
        bearing = np.interp(dense, moments, given)
    way = np.concatenate([[0.0], np.cumsum(length)])
    speed = np.gradient(way, dense) if len(dense) > 1 else np.zeros(1)
    window = min(max(1, round(0.4 * rate)), len(speed))
    kernel = np.ones(window) / window
    padded = np.pad(speed, (window // 2, window - 1 - window // 2), mode="edge")
    return Course(dense, path, bearing, np.convolve(padded, kernel, mode="valid"), way)


def _bearings(step: Floats, length: Floats) -> Floats:
    moving = length > 1e-6
    if not moving.any():
        return np.zeros(len(step) + 1)
    number = np.arange(len(step))
    bearing = np.interp(number, number[moving], np.unwrap(np.arctan2(step[moving, 1], step[moving, 0])))
    return np.concatenate([bearing, bearing[-1:]])


@dataclass(frozen=True)
class Feet:
    """Both feet over time, left then right: ankles (N, 3), headings, pitch (toes down positive), whether on the ground; the phase."""

    ankles: tuple[Floats, Floats]
    headings: tuple[Floats, Floats]
    pitch: tuple[Floats, Floats]
    planted: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    phase: Floats
    duty: float


def stride_length(speed: Floats, height: float, running: bool) -> Floats:
    """m of two steps: longer steps at higher speeds, as people take them."""
    scale = height / 1.75
    length = 0.74 * speed if running else 1.42 * scale * (np.maximum(speed, 0.05) / 1.4) ** 0.5
    bounded: Floats = np.clip(length, 0.5 * scale, 4.0)
    return bounded


def walking(path: Course, bones: Skeleton, height: float, *, start: float) -> Feet:
    """Feet of a gait along a path; `start`: phase at its beginning, 0 .. 1."""
    moving = path.speed[path.speed > 0.2]
    running = bool(len(moving) and np.median(moving) > RUNNING)
    stride = stride_length(path.speed, height, running)
    phase = start + np.concatenate([[0.0], np.cumsum(np.diff(path.way) / ((stride[1:] + stride[:-1]) / 2))])
    duty = 0.36 if running else 0.62
    feet = [planted_foot(path, bones, phase, stride, duty, offset, side, running) for offset, side in ((0.0, 1.0), (0.5, -1.0))]
    ankles, headings, pitch, planted = zip(*feet, strict=True)
    return Feet(ankles, headings, pitch, planted, phase, duty)


def planted_foot(
    path: Course, bones: Skeleton, phase: Floats, stride: Floats, duty: float, offset: float, side: float, running: bool
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """One foot of a gait: ankles (N, 3), headings, pitch, whether on the ground.

    offset: share of a cycle that it is ahead of the phase. side: 1 left, -1 right.
    """
    cycle = np.floor(phase + offset)
    share = phase + offset - cycle
    stance = share < duty
    here, bearing = _print(path, bones, phase, stride, cycle - offset + duty / 2, side)
    there, next_bearing = _print(path, bones, phase, stride, cycle + 1 - offset + duty / 2, side)
    swing = np.clip((share - duty) / (1 - duty), 0, 1)
    early = share / duty
    life = smoothstep(path.speed / 0.12)
    push, strike = (0.75, -0.1) if running else (0.55, -0.28)
    pitch = (
        np.where(
            stance,
            strike * (1 - smoothstep(early / 0.16)) + push * smoothstep((early - 0.62) / 0.38) ** 1.3,
            push + (strike - push) * smoothstep(swing),
        )
        * life
    )
    lift = (0.16 if running else 0.055) * np.sin(np.pi * swing) * (~stance) * life
    eased = smoothstep(swing)
    heading = bearing + (next_bearing - bearing) * np.where(stance, 0.0, eased)
    ground = here + (there - here) * np.where(stance, 0.0, eased)[:, None]
    contact = np.where(pitch > 0, bones.ball, -bones.heel)
    c, s = np.cos(pitch), np.sin(pitch)
    forward = contact - contact * c + bones.ankle * s
    up = contact * s + bones.ankle * c + lift
    ahead = np.column_stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)])
    ankle = ground + forward[:, None] * ahead
    ankle[:, 2] += up
    return ankle, heading, pitch, stance


def _print(path: Course, bones: Skeleton, phase: Floats, stride: Floats, planted: Floats, side: float) -> tuple[Floats, Floats]:
    """Where a foot is put that the body passes at phase `planted`. The stride at the ends of the path goes on beyond them."""
    known, first = np.unique(phase, return_index=True)
    inside = np.clip(planted, known[0], known[-1])
    way = np.interp(inside, known, path.way[first])
    beyond = planted - inside
    way = way + beyond * np.where(beyond < 0, stride[0], stride[-1])
    places, headings = path.at_way(way)
    left = np.column_stack([-np.sin(headings), np.cos(headings), np.zeros_like(headings)])
    return places + side * bones.hip_half * 0.75 * left, headings - side * 0.1


def standing(path: Course, bones: Skeleton, *, apart: float = 1.1, ahead: tuple[float, float] = (0.02, -0.02)) -> Feet:
    """Feet side by side where the path begins."""
    count = len(path.times)
    ankles = []
    headings = []
    for side, forward in ((1.0, ahead[0]), (-1.0, ahead[1])):
        turn = about_axis(2, path.headings[:1])[0]
        place = path.places[0] + turn @ np.array([forward, side * bones.hip_half * apart, bones.ankle])
        ankles.append(np.repeat(place[None], count, axis=0))
        headings.append(np.full(count, path.headings[0] + side * 0.12))
    zero, on = np.zeros(count), np.ones(count, dtype=bool)
    return Feet((ankles[0], ankles[1]), (headings[0], headings[1]), (zero, zero), (on, on), zero, 1.0)


def reach(root: Floats, target: Floats, first: float, second: float, pole: Floats) -> tuple[Floats, Floats, Floats]:
    """Two bones from `root` to `target`, the joint between them towards `pole`: rotations of both (limbs hang along -z), the joint."""
    way = target - root
    distance = np.clip(np.linalg.norm(way, axis=1, keepdims=True), abs(first - second) + 1e-3, (first + second) * 0.9995)
    unit = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    cosine = np.clip((first**2 + distance**2 - second**2) / (2 * first * distance), -1, 1)
    across = pole - unit * np.einsum("ij,ij->i", pole, unit)[:, None]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    joint = root + first * (cosine * unit + np.sqrt(1 - cosine**2) * across)
    end = root + distance * unit
    return hanging(joint - root, pole), hanging(end - joint, pole), joint


def hanging(way: Floats, front: Floats) -> Floats:
    """(N, 3, 3) rotations that turn -z to `way` and keep x near `front`."""
    z = -way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    y = np.cross(z, front)
    y /= np.maximum(np.linalg.norm(y, axis=1, keepdims=True), 1e-9)
    return np.stack([np.cross(y, z), y, z], axis=2)


@dataclass(frozen=True)
class Pose:
    """How the upper body is held, (N,) each: radians of the spine (forward, turned left), of the arms (left, right; positive: raised in
    front), out to the side, of the elbows, and m that the pelvis is lower and further back."""

    lean: Floats
    twist: Floats
    arms: tuple[Floats, Floats]
    spread: tuple[Floats, Floats]
    elbows: tuple[Floats, Floats]
    lower: Floats
    back: Floats
    nod: Floats


def pose(action: str, path: Course, feet: Feet, height: float, since: float) -> Pose:
    """The upper body in an action that begins at time `since`."""
    if action not in ACTIONS:
        raise ArgumentError(f'People cannot "{action}".', remedy=did_you_mean(action, ACTIONS))
    zero = np.zeros_like(path.times)
    swing = np.cos(2 * np.pi * feet.phase) * smoothstep(path.speed / 0.9)
    running = feet.duty < 0.5
    amount = 0.75 if running else 0.30 + 0.12 * np.clip(path.speed, 0, 2)
    bend = np.full_like(zero, 1.55 if running else 0.22)
    arms = [-swing * amount - (0.15 if running else 0.0), swing * amount - (0.15 if running else 0.0)]
    elbows = [bend + 0.15 * np.maximum(arms[0], 0), bend + 0.15 * np.maximum(arms[1], 0)]
    spread = [zero + 0.1, zero + 0.1]
    lean = zero + (0.16 if running else 0.03) * smoothstep(path.speed / 0.9)
    t = path.times - since
    lower, back, nod = zero, zero, zero
    if action == "wave":
        arms[1], elbows[1], spread[1] = zero + 2.3, 0.75 + 0.5 * np.sin(7 * t), zero + 0.55
    elif action == "phone":
        arms[1], elbows[1], spread[1], nod = zero + 0.75, zero + 2.15, zero + 0.25, zero + 0.1
    elif action == "carry":
        arms, elbows = [zero + 0.35, zero + 0.35], [zero + 1.15, zero + 1.15]
    elif action == "bend":
        down = smoothstep(t / 1.2)
        lean, arms, elbows = lean + 1.15 * down, [1.1 * down + 0.1, 1.1 * down + 0.1], [zero + 0.25, zero + 0.25]
        lower, back = 0.09 * height * down, 0.09 * height * down
    elif action == "sit":
        arms, elbows, spread = [zero + 0.55, zero + 0.55], [zero + 0.95, zero + 0.95], [zero + 0.15, zero + 0.15]
        lower, lean = zero + 0.53 * height - 0.46 - 0.05 * height, zero - 0.08
    elif action == "fall":
        down = smoothstep(t / 0.9)
        arms, spread, elbows = [2.85 * down, 3.0 * down], [0.1 + 0.4 * down, 0.1 + 0.3 * down], [zero + 0.3, zero + 0.5]
        nod = 0.2 * down
    return Pose(lean, 0.12 * swing, (arms[0], arms[1]), (spread[0], spread[1]), (elbows[0], elbows[1]), lower, back, nod)
