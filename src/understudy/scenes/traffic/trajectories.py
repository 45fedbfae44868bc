"""What a simulation of traffic gives back: where everybody is at each moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agent:
    """Somebody or something on the road. size_m: length, width, height, m."""

    id: str
    kind: str
    size_m: tuple[float, float, float]


@dataclass(frozen=True)
class Trajectories:
    """The motion of all agents at common times. Where an agent is not present, its numbers are NaN.

    Attributes:
        times_s: (S,) ascending.
        agents: A of them.
        position_m: (S, A, 3) the centre of the footprint, on the ground.
        heading_rad: (S, A) from +x to the left.
        speed_mps: (S, A) along the heading, ≥ 0.
        present: (S, A) bool.
        lanes: ids; `lane` holds indices into it.
        lane: (S, A) int, -1 for no lane.
        events: moments of note by name, for example {"collision": 3.27}, s.
    """

    times_s: Floats
    agents: tuple[Agent, ...]
    position_m: Floats
    heading_rad: Floats
    speed_mps: Floats
    present: NDArray[np.bool_]
    lanes: tuple[str, ...] = ()
    lane: NDArray[np.int32] | None = None
    events: Mapping[str, float] = field(default_factory=dict)

    def index(self, agent: str) -> int:
        """The place of an agent in the arrays. Raises ArgumentError for an id that is not there."""
        ids = [known.id for known in self.agents]
        if agent not in ids:
            raise ArgumentError(f'There is no agent "{agent}".', remedy=did_you_mean(agent, ids))
        return ids.index(agent)

    def lanes_of(self, agent: str) -> list[str | None]:
        """The lane of an agent at each time; None where it is in none."""
        if self.lane is None:
            return [None] * len(self.times_s)
        return [self.lanes[at] if at >= 0 else None for at in self.lane[:, self.index(agent)]]

    @property
    def velocity_mps(self) -> Floats:
        """(S, A, 2) along x and y."""
        along = np.stack((np.cos(self.heading_rad), np.sin(self.heading_rad)), axis=-1)
        return np.asarray(self.speed_mps[..., None] * along)


def joined(parts: list[Trajectories]) -> Trajectories:
    """Trajectories at equal times as one: for example vehicles and walkers. Agents keep their order; lanes are renumbered."""
    first = parts[0]
    if any(not np.array_equal(part.times_s, first.times_s) for part in parts[1:]):
        raise ArgumentError("Trajectories can be joined where their times are the same.", remedy="Simulate all with one step and duration.")
    lanes = tuple(dict.fromkeys(name for part in parts for name in part.lanes))

    def side_by_side(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts], axis=1)

    return Trajectories(
        first.times_s, tuple(agent for part in parts for agent in part.agents), side_by_side("position_m"), side_by_side("heading_rad"),
        side_by_side("speed_mps"), side_by_side("present"), lanes, np.concatenate([_renumbered(part, lanes) for part in parts], axis=1),
        {name: moment for part in parts for name, moment in part.events.items()},
    )  # fmt: skip


def _renumbered(part: Trajectories, lanes: tuple[str, ...]) -> NDArray[np.int32]:
    if part.lane is None:
        return np.full(part.present.shape, -1, dtype=np.int32)
    places = np.array([*(lanes.index(name) for name in part.lanes), -1], dtype=np.int32)
    return np.asarray(places[part.lane])
