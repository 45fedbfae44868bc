"""Agents of a simulation as bodies: which model each is, how it moves, and which of its lamps are on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.driving.categories import category_of
from understudy.scenes.geometry.motion import Motion, along
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.scene import Body, Lamp
from understudy.scenes.spec.draws import Draws
from understudy.scenes.traffic.trajectories import Trajectories

Floats = NDArray[np.float64]
CARS = {"sedan": 5.0, "hatchback": 5.0, "estate": 3.0, "suv": 4.5, "pickup": 0.6}
TRAFFIC = {**CARS, "van": 2.2, "truck": 1.2, "semi-trailer": 1.6, "bus": 0.4}
BRAKES_AT = 0.7
"""m/s² of deceleration from which brake lights are on."""
SHIFTS_AT = 0.25
"""m/s sideways from which an indicator blinks."""
BLINK_S = 0.75


@dataclass(frozen=True)
class Actor:
    """A body and the lamps that it carries; of who is traffic also the kind of agent, and the motion of the middle of the footprint."""

    body: Body
    lamps: tuple[Lamp, ...] = ()
    kind: str = ""
    motion: Motion | None = None


def actor(name: str, track: int, kind: str, motion: Motion, draw: Draws, *, dark: bool, color: str | None = None) -> Actor:
    """An agent of this kind that moves so.

    Args:
        kind: of an agent ("car", "pedestrian", "deer") or of a model ("sedan").
        motion: of the middle of its footprint.
        draw: at the agent's path; its model's details are drawn there.
        dark: headlights are on.
    """
    rng = draw.generator("model")
    if kind in ("car", *TRAFFIC):
        model = _drawn(draw, CARS) if kind == "car" else kind
        made = vehicle(model, rng, color=color, lights=("low", "tail") if dark else ("daytime",), switches=("brake", "left", "right"))
        steering = _steering(motion, made.traits["wheelbase"])
        body = made.body(name, category_of(model), track, motion, steering=steering, states=_switched(motion))
        return Actor(body, made.lamps_of(name) if dark else (), agent_kind(model), motion)
    return Actor(_living(name, track, kind, motion, rng), (), kind, motion)


def agent_kind(model: str) -> str:
    """The kind of agent that a model of a vehicle is: "car" for all cars."""
    return "car" if model in CARS else "truck" if model == "semi-trailer" else model


def car_model(draw: Draws) -> str:
    """The model of a car at its path, as `actor` chooses it."""
    return _drawn(draw, CARS)


def traffic_kind(draw: Draws) -> str:
    """The model of a vehicle of ordinary traffic."""
    return _drawn(draw, TRAFFIC)


def motion_of(trajectories: Trajectories, index: int) -> Motion:
    """The motion of an agent of a simulation, while it is there."""
    there = trajectories.present[:, index]
    return along(trajectories.times_s[there], trajectories.position_m[there, index], np.unwrap(trajectories.heading_rad[there, index]))


def _drawn(draw: Draws, shares: dict[str, float]) -> str:
    ends = np.cumsum(list(shares.values()))
    found = list(shares)[int(np.searchsorted(ends, draw.quantile("kind") * ends[-1]))]
    draw.note("kind", found)
    return found


def _living(name: str, track: int, kind: str, motion: Motion, rng: np.random.Generator) -> Body:
    from understudy.scenes.driving.living import living

    return living(name, category_of(kind), track, kind, motion, rng)


def _steering(motion: Motion, wheelbase: float) -> Floats:
    """(S,) radians of the front wheels, from how the vehicle turns (kinematic bicycle model)."""
    if len(motion.times) < 3:
        return np.zeros(len(motion.times))
    heading = np.unwrap(np.arctan2(motion.rotations[:, 1, 0], motion.rotations[:, 0, 0]))
    speed = np.linalg.norm(np.gradient(motion.positions, motion.times, axis=0), axis=1)
    turn = np.gradient(heading, motion.times)
    angle: Floats = np.arctan2(wheelbase * turn, np.maximum(speed, 1.0))
    return np.clip(angle, -0.6, 0.6)


def _switched(motion: Motion) -> dict[str, tuple[list[float], list[bool]]]:
    """When brake lights and indicators are on."""
    if len(motion.times) < 3:
        return {name: ([0.0], [False]) for name in ("brake", "left", "right")}
    heading = np.arctan2(motion.rotations[:, 1, 0], motion.rotations[:, 0, 0])
    velocity = np.gradient(motion.positions[:, :2], motion.times, axis=0)
    # Sideways to where the whole way leads, not to where the vehicle points: it points along its way when it changes lanes.
    base = float(np.median(heading))
    aside = -np.sin(base) * velocity[:, 0] + np.cos(base) * velocity[:, 1]
    slower = np.gradient(np.linalg.norm(velocity, axis=1), motion.times) < -BRAKES_AT
    straight = np.abs(np.unwrap(heading) - base).max() < 0.4
    states = {"brake": slower, "left": straight & (aside > SHIFTS_AT), "right": straight & (aside < -SHIFTS_AT)}
    return {name: _changes(motion.times, on, blink=name != "brake") for name, on in states.items()}


def _changes(times: Floats, on: NDArray[np.bool_], *, blink: bool) -> tuple[list[float], list[bool]]:
    lit = on & ((times % BLINK_S) < BLINK_S / 2) if blink else on
    at = np.flatnonzero(np.diff(lit.astype(np.int8), prepend=-1))
    return [float(times[place]) for place in at], [bool(lit[place]) for place in at]
