"""People on foot: the social force model.

Helbing, Molnár 1995, "Social force model for pedestrian dynamics", Physical Review E 51, 4282; the numbers are those of its section III: a
driving force towards the wished velocity (equation 2), repulsion by others in ellipses that point where they step (3-4), by borders (5),
less weight for what is behind (8), and no one faster than 1.3 times the wish (10). Vehicles repel as borders do, from their nearest point,
with a potential of their own.

All functions take any number of scenarios at once: shapes are (…, walkers, 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.trajectories import Agent, Floats, Trajectories

NEAR_ENOUGH_M = 0.5  # of a goal, to go for the next
BODY_M = 0.5  # across the shoulders
LEAST_M = 0.05


@dataclass(frozen=True)
class SocialForce:
    """The numbers of the model.

    Attributes:
        relaxation_s: τ, to come to the wished velocity.
        others_m2ps2, others_m: V0 and σ, strength and range of the repulsion by others.
        borders_m2ps2, borders_m: U0 and R, of that by borders. vehicles_m2ps2, vehicles_m: of that by vehicles.
        stride_s: Δt, how far ahead the steps of others are reckoned with.
        sight_rad: 2φ, the angle in which others count in full. behind: c, the weight of those outside of it.
        fastest: times the wished speed.
    """

    relaxation_s: float = 0.5
    others_m2ps2: float = 2.1
    others_m: float = 0.3
    borders_m2ps2: float = 10.0
    borders_m: float = 0.2
    vehicles_m2ps2: float = 10.0
    vehicles_m: float = 0.6
    stride_s: float = 2.0
    sight_rad: float = 200.0 / 180.0 * np.pi
    behind: float = 0.5
    fastest: float = 1.3

    def acceleration(
        self,
        place: Floats,
        velocity: Floats,
        goal: Floats,
        wish: Floats,
        borders: Floats | None = None,
        boxes: Floats | None = None,
        counts: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """(…, n, 2), m/s².

        Args:
            place, velocity, goal: (…, n, 2), m and m/s. wish: (…, n) wished speeds, m/s.
            borders: (m, 4) walls and edges as segments x0, y0, x1, y1.
            boxes: (…, v, 6) vehicles: x, y, cosine and sine of the heading, half length, half width.
            counts: (…, n) whose presence others feel; None: everybody's.
        """
        to_goal = _unit(goal - place)
        pull = (wish[..., None] * to_goal - velocity) / self.relaxation_s
        pull = pull + self._from_others(place, velocity, to_goal, counts)
        if borders is not None and len(borders):
            pull = pull + self._away(place, _nearest_on_segments(place, borders), to_goal, self.borders_m2ps2, self.borders_m)
        if boxes is not None and boxes.shape[-2]:
            pull = pull + self._away(place, _nearest_on_boxes(place, boxes), to_goal, self.vehicles_m2ps2, self.vehicles_m)
        return pull

    def _from_others(self, place: Floats, velocity: Floats, to_goal: Floats, counts: NDArray[np.bool_] | None) -> Floats:
        """Equation 4: minus the gradient of V0 exp(-b / σ), where b is the half axis of an ellipse around the other and his next step."""
        apart = place[..., :, None, :] - place[..., None, :, :]
        ahead = apart - self.stride_s * velocity[..., None, :, :]
        near, far = np.linalg.norm(apart, axis=-1), np.linalg.norm(ahead, axis=-1)
        step = self.stride_s * np.linalg.norm(velocity, axis=-1)[..., None, :]
        b = 0.5 * np.sqrt(np.maximum((near + far) ** 2 - step**2, LEAST_M**2))
        gradient = (near + far)[..., None] / (4.0 * b[..., None]) * (_unit(apart) + _unit(ahead))
        force = (self.others_m2ps2 / self.others_m * np.exp(-b / self.others_m))[..., None] * gradient
        force = force * self._seen(-force, to_goal[..., :, None, :])[..., None]
        felt = ~np.eye(place.shape[-2], dtype=np.bool_)
        if counts is not None:
            felt = felt & counts[..., None, :]
        return np.asarray(np.where(felt[..., None], force, 0.0).sum(axis=-2))

    def _away(self, place: Floats, nearest: Floats, to_goal: Floats, strength: float, reach: float) -> Floats:
        """Equation 5: repulsion from the nearest points (…, n, m, 2) of things, shoulders taken off the distance."""
        apart = place[..., None, :] - nearest
        distance = np.maximum(np.linalg.norm(apart, axis=-1) - 0.5 * BODY_M, 0.0)
        force = (strength / reach * np.exp(-distance / reach))[..., None] * _unit(apart)
        return np.asarray(force.sum(axis=-2))

    def _seen(self, towards: Floats, to_goal: Floats) -> Floats:
        """Equation 8: 1 in sight, `behind` outside."""
        along = (to_goal * towards).sum(axis=-1)
        return np.where(along >= np.linalg.norm(towards, axis=-1) * np.cos(0.5 * self.sight_rad), 1.0, self.behind)

    def limited(self, velocity: Floats, wish: Floats) -> Floats:
        """Velocities of no more than `fastest` times the wish."""
        speed = np.linalg.norm(velocity, axis=-1)
        return np.asarray(velocity * np.minimum(1.0, self.fastest * wish / np.maximum(speed, 1e-9))[..., None])


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _nearest_on_segments(place: Floats, borders: Floats) -> Floats:
    """(…, n, m, 2)."""
    start, way = borders[:, :2], borders[:, 2:] - borders[:, :2]
    share = ((place[..., None, :] - start) * way).sum(axis=-1) / np.maximum((way**2).sum(axis=-1), 1e-12)
    return np.asarray(start + np.clip(share, 0.0, 1.0)[..., None] * way)


def _nearest_on_boxes(place: Floats, boxes: Floats) -> Floats:
    """(…, n, v, 2) the nearest points of boxes; for who is inside, its centre, so that he is pushed out."""
    box = boxes[..., None, :, :]
    away = place[..., None, :] - box[..., :2]
    cos, sin = box[..., 2], box[..., 3]
    along, across = away[..., 0] * cos + away[..., 1] * sin, away[..., 1] * cos - away[..., 0] * sin
    near_along, near_across = np.clip(along, -box[..., 4], box[..., 4]), np.clip(across, -box[..., 5], box[..., 5])
    inside = (near_along == along) & (near_across == across)
    near_along, near_across = np.where(inside, 0.0, near_along), np.where(inside, 0.0, near_across)
    return np.stack((box[..., 0] + near_along * cos - near_across * sin, box[..., 1] + near_along * sin + near_across * cos), axis=-1)


@dataclass(frozen=True)
class Walker:
    """Somebody on foot. path: (N, 2) m, N ≥ 2: from the first point to the last. speed_mps: wished. starts_s: stands until then."""

    id: str
    path: Floats
    speed_mps: float = 1.34
    starts_s: float = 0.0
    kind: str = "pedestrian"
    size_m: tuple[float, float, float] = (0.5, 0.6, 1.75)


def wished_speeds(n: int, rng: Stream) -> Floats:
    """(n,) speeds in m/s as people like to walk: normal, 1.34 ± 0.26 (Helbing and Molnár, section III), within 0.5 … 2.2."""
    return np.asarray(np.clip(rng.generator().normal(1.34, 0.26, n), 0.5, 2.2))


def walk(
    walkers: Sequence[Walker],
    duration_s: float,
    *,
    step_s: float = 0.1,
    borders: Floats | None = None,
    vehicles: Trajectories | None = None,
    force: SocialForce | None = None,
    leave: bool = True,
) -> Trajectories:
    """The motion of people along their paths, around one another, borders and vehicles.

    Args:
        duration_s, step_s: > 0.
        borders: (m, 4) segments x0, y0, x1, y1 that are not crossed.
        vehicles: whom they keep clear of, at the same times.
        leave: whether they are gone once at the end of their path; else they stand there.

    Raises:
        ArgumentError: a path of fewer than two points, or vehicles at other times.
    """
    times = np.asarray(np.arange(round(duration_s / step_s) + 1) * step_s, dtype=np.float64)
    for walker in walkers:
        if np.asarray(walker.path).ndim != 2 or len(walker.path) < 2:
            raise ArgumentError("A path has two or more points (N, 2).", where=f"walker {walker.id}")
    if vehicles is not None and not np.allclose(vehicles.times_s[: len(times)], times[: len(vehicles.times_s)]):
        raise ArgumentError("The vehicles are at other times.", remedy=f"Simulate them in steps of {step_s:g} s.")
    crowd = _Crowd(walkers, force or SocialForce(), step_s, leave)
    for frame, time in enumerate(times):
        crowd.record()
        crowd.step(float(time), borders, _boxes(vehicles, frame))
    return crowd.trajectories(times)


def _boxes(vehicles: Trajectories | None, frame: int) -> Floats | None:
    if vehicles is None or frame >= len(vehicles.times_s):
        return None
    there = np.flatnonzero(vehicles.present[frame])
    heading = vehicles.heading_rad[frame, there]
    halves = np.array([vehicles.agents[place].size_m[:2] for place in there]).reshape(-1, 2) / 2.0
    return np.column_stack((vehicles.position_m[frame, there, :2], np.cos(heading), np.sin(heading), halves))


class _Crowd:
    """The state of all walkers: place, velocity, heading, and which point of the path is next."""

    def __init__(self, walkers: Sequence[Walker], force: SocialForce, step_s: float, leave: bool) -> None:
        self._walkers, self._force, self._step_s, self._leave = walkers, force, step_s, leave
        self._wish, self._starts = np.array([w.speed_mps for w in walkers]), np.array([w.starts_s for w in walkers])
        self._place = np.array([w.path[0] for w in walkers], dtype=np.float64).reshape(-1, 2)
        first = np.array([w.path[1] for w in walkers], dtype=np.float64).reshape(-1, 2) - self._place
        self._heading, self._velocity = np.arctan2(first[:, 1], first[:, 0]), np.zeros_like(self._place)
        self._next, self._present = np.ones(len(walkers), dtype=np.int64), np.ones(len(walkers), dtype=np.bool_)
        self._frames: list[tuple[NDArray[Any], ...]] = []

    def step(self, time_s: float, borders: Floats | None, boxes: Floats | None) -> None:
        goal = np.array([w.path[k] for w, k in zip(self._walkers, self._next, strict=True)], dtype=np.float64).reshape(-1, 2)
        going = self._present & (time_s >= self._starts)
        pull = self._force.acceleration(self._place, self._velocity, goal, self._wish, borders, boxes, self._present)
        velocity = self._force.limited(self._velocity + self._step_s * pull, self._wish)
        self._velocity = np.where(going[:, None], velocity, 0.0)
        self._place = self._place + self._step_s * self._velocity
        speed = np.linalg.norm(self._velocity, axis=1)
        self._heading = np.where(speed > 0.1, np.arctan2(self._velocity[:, 1], self._velocity[:, 0]), self._heading)
        self._arrive(np.linalg.norm(goal - self._place, axis=1) < NEAR_ENOUGH_M)

    def _arrive(self, there: NDArray[np.bool_]) -> None:
        for number in np.flatnonzero(there & self._present).tolist():
            if self._next[number] + 1 < len(self._walkers[number].path):
                self._next[number] += 1
            elif self._leave:
                self._present[number] = False
            else:
                self._wish[number] = 1e-6

    def record(self) -> None:
        gone = ~self._present
        place = np.column_stack((self._place, np.zeros(len(self._place))))
        place[gone] = np.nan
        speed = np.where(gone, np.nan, np.linalg.norm(self._velocity, axis=1))
        self._frames.append((place, np.where(gone, np.nan, self._heading), speed, self._present.copy()))

    def trajectories(self, times: Floats) -> Trajectories:
        place, heading, speed, present = (np.stack(column) for column in zip(*self._frames, strict=True))
        agents = tuple(Agent(walker.id, walker.kind, walker.size_m) for walker in self._walkers)
        return Trajectories(times, agents, place, heading, speed, present.astype(np.bool_))
