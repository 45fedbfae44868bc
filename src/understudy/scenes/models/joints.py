"""How parts move with what they are part of: wheels roll by the way that was gone and steer, lamps are switched, trailers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.motion import Motion, about_x, about_z

Floats = NDArray[np.float64]

ROLL_STEP = 0.7
"""Radians that a wheel turns between two poses; more than half a turn would make it seem to turn back."""


@dataclass(frozen=True)
class Joint:
    """A part's freedom.

    Attributes:
        kind: "fixed"; "wheel" rolls; "steered" rolls and steers; "handle" steers only; "switched" hides while its lamp is off, as it is
            where nobody says; "towed" follows the hitch `place` with its axle `reach` m behind; "towed wheel" rolls under such a part.
        radius: of a wheel, m.
        switch: name of the lamp.
        hide: (3,) m, in the model's coordinates, by which a switched part goes back inside while off.
        reach: m from hitch to axle. hitch: (3,) m, place of the hitch, for "towed wheel" and for lamps of what is towed.
        rake: radians that a handle's steering axis leans back.
    """

    kind: Literal["fixed", "wheel", "steered", "handle", "switched", "towed", "towed wheel"] = "fixed"
    radius: float = 0.3
    switch: str = ""
    hide: tuple[float, float, float] = (0.0, 0.0, 0.0)
    reach: float = 0.0
    hitch: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rake: float = 0.0


def moved(
    joint: Joint, place: tuple[float, float, float], base: Motion, steering: object, states: Mapping[str, tuple[Any, Sequence[bool]]]
) -> Motion:
    """The motion of a part of what moves as `base`."""
    offset = np.asarray(place)
    if joint.kind == "switched":
        hitch = np.asarray(joint.hitch)
        carrier = _towed(base, hitch, joint.reach) if joint.reach else base
        return _switched(joint, offset - hitch if joint.reach else offset, carrier, states.get(joint.switch))
    if not base.moves:
        turn = _steer(joint, float(np.asarray(steering, dtype=np.float64).ravel()[0])) if steering is not None else np.eye(3)
        return Motion(base.times, base.positions + base.rotations @ offset, base.rotations @ turn)
    if joint.kind == "fixed":
        return Motion(base.times, base.positions + base.rotations @ offset, base.rotations)
    if joint.kind == "handle":
        turns = np.stack([_steer(joint, angle) for angle in _angles(steering, base, base.times)])
        return Motion(base.times, base.positions + base.rotations @ offset, base.rotations @ turns)
    if joint.kind == "towed":
        return _towed(base, offset, joint.reach)
    frame = _towed(base, np.asarray(joint.hitch), joint.reach) if joint.kind == "towed wheel" else base
    return _rolling(joint, offset - (np.asarray(joint.hitch) if joint.kind == "towed wheel" else 0.0), frame, steering)


def _rolling(joint: Joint, offset: Floats, base: Motion, steering: object) -> Motion:
    """A wheel: turned by the way that its base went, over enough poses."""
    step = np.diff(base.positions, axis=0)
    forward = (base.rotations[:-1, :, 0] + base.rotations[1:, :, 0]) / 2
    way = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->i", step, forward))])
    parts = np.maximum(1, np.ceil(np.abs(np.diff(way)) / joint.radius / ROLL_STEP).astype(int))
    times = np.concatenate(
        [*(np.linspace(a, b, n, endpoint=False) for a, b, n in zip(base.times, base.times[1:], parts, strict=False)), base.times[-1:]]
    )
    positions, rotations = sampled(base, times)
    angle = np.interp(times, base.times, way) / joint.radius
    spin = np.zeros((len(times), 3, 3))
    c, s = np.cos(angle), np.sin(angle)
    spin[:, 0, 0], spin[:, 0, 2], spin[:, 1, 1], spin[:, 2, 0], spin[:, 2, 2] = c, s, 1.0, -s, c
    if joint.kind == "steered":
        steer = _angles(steering, base, times)
        turn = np.zeros_like(spin)
        c, s = np.cos(steer), np.sin(steer)
        turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1], turn[:, 2, 2] = c, -s, s, c, 1.0
        spin = turn @ spin
    return Motion(times, positions + rotations @ offset, rotations @ spin)


def _angles(steering: object, base: Motion, times: Floats) -> Floats:
    given = np.zeros(1) if steering is None else np.asarray(steering, dtype=np.float64).ravel()
    return np.interp(times, base.times, np.broadcast_to(given, base.times.shape))


def _steer(joint: Joint, angle: float) -> Floats:
    """A turn about the steering axis, which leans back by the rake."""
    if joint.kind not in ("steered", "handle"):
        return np.eye(3)
    if not joint.rake:
        return about_z(angle)
    lean = about_y_back(joint.rake)
    turn: Floats = lean @ about_z(angle) @ lean.T
    return turn


def about_y_back(angle: float) -> Floats:
    """(3, 3) rotation that leans z back against x by radians."""
    swap = about_z(np.pi / 2)
    turn: Floats = swap @ about_x(-angle) @ swap.T
    return turn.T if turn[0, 2] > 0 else turn


def _switched(joint: Joint, offset: Floats, base: Motion, state: tuple[Any, Sequence[bool]] | None) -> Motion:
    """A lens that is on its place while lit and goes back inside while not. The change takes a thousandth of a second."""
    changes = np.asarray(state[0], dtype=np.float64) if state is not None else np.zeros(1)
    lit = np.asarray(state[1] if state is not None else [False], dtype=bool)
    times = np.unique(np.concatenate([base.times, changes[1:], changes[1:] - 1e-3]))
    on = lit[np.clip(np.searchsorted(changes, times, side="right") - 1, 0, len(lit) - 1)]
    positions, rotations = sampled(base, times)
    where = offset + np.where(on[:, None], 0.0, np.asarray(joint.hide))
    return Motion(times, positions + np.einsum("nij,nj->ni", rotations, where), rotations)


def _towed(base: Motion, hitch: Floats, reach: float) -> Motion:
    """A trailer behind a hitch: its axle goes where it points (the tractrix), from straight behind at the start."""
    positions = base.positions + base.rotations @ hitch
    if not base.moves:
        return Motion(base.times, positions, base.rotations)
    axle = positions[0] - reach * base.rotations[0][:, 0]
    rotations = np.empty_like(base.rotations)
    for number, hook in enumerate(positions):
        way = hook - axle
        way /= np.linalg.norm(way)
        axle = hook - reach * way
        left = np.cross(base.rotations[number][:, 2], way)
        left /= np.linalg.norm(left)
        rotations[number] = np.column_stack([way, left, np.cross(way, left)])
    return Motion(base.times, positions, rotations)


def sampled(motion: Motion, times: Floats) -> tuple[Floats, Floats]:
    """Positions (N, 3) and rotations (N, 3, 3) at many times at once."""
    if not motion.moves:
        return np.repeat(motion.positions, len(times), axis=0), np.repeat(motion.rotations, len(times), axis=0)
    after = np.clip(np.searchsorted(motion.times, times, side="right"), 1, len(motion.times) - 1)
    start, end = motion.times[after - 1], motion.times[after]
    share = np.clip((times - start) / (end - start), 0.0, 1.0)
    positions = (1 - share)[:, None] * motion.positions[after - 1] + share[:, None] * motion.positions[after]
    return positions, turned_part(motion.rotations[after - 1], motion.rotations[after], share)


def turned_part(first: Floats, second: Floats, share: Floats) -> Floats:
    """(N, 3, 3) rotations a `share` of the way along the shortest arcs; for turns of less than half a circle."""
    turn = np.swapaxes(first, 1, 2) @ second
    axis = np.stack([turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], axis=1)
    sine = np.linalg.norm(axis, axis=1) / 2
    angle = np.arctan2(sine, (np.trace(turn, axis1=1, axis2=2) - 1) / 2)
    unit = axis / np.maximum(2 * sine, 1e-12)[:, None]
    return first @ about(unit, share * angle)


def about(axis: Floats, angle: Floats) -> Floats:
    """(N, 3, 3) rotations about (N, 3) unit axes by (N,) radians (Rodrigues)."""
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    made: Floats = np.eye(3) + np.sin(angle)[:, None, None] * cross + (1 - np.cos(angle))[:, None, None] * (cross @ cross)
    return made
