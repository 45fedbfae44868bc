"""Everybody who moves in a driving scene, as trajectories; into a shot's arrays, and out of them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.items import Shot
from understudy.scenes.driving.actors import Actor
from understudy.scenes.traffic.trajectories import Agent, Trajectories, joined

ARRAYS = ("times", "position", "heading", "speed", "present", "size")


def with_actors(trajectories: Trajectories, actors: Sequence[Actor]) -> Trajectories:
    """The agents of a simulation, then all actors whose motion is known, at the simulation's times."""
    moving = [one for one in actors if one.motion is not None]
    times, shape = trajectories.times_s, (len(trajectories.times_s), len(moving))
    position, heading = np.zeros((*shape, 3)), np.zeros(shape)
    for place, one in enumerate(moving):
        motion = one.motion
        assert motion is not None
        turns = np.unwrap(np.arctan2(motion.rotations[:, 1, 0], motion.rotations[:, 0, 0]))
        heading[:, place] = np.interp(times, motion.times, turns)
        position[:, place] = np.stack([np.interp(times, motion.times, motion.positions[:, axis]) for axis in range(3)], axis=1)
    speed = np.linalg.norm(np.gradient(position, times, axis=0), axis=-1) if moving else np.zeros(shape)
    agents = tuple(Agent(one.body.name, one.kind, one.body.size) for one in moving)
    others = Trajectories(times, agents, position, heading, speed, np.ones(shape, dtype=np.bool_))
    return joined([trajectories, others])


def as_arrays(trajectories: Trajectories) -> dict[str, NDArray[Any]]:
    """The arrays of a shot. What agents are is told beside them, by `as_rows`."""
    size = np.array([agent.size_m for agent in trajectories.agents]).reshape(-1, 3)
    moving = (trajectories.times_s, trajectories.position_m, trajectories.heading_rad, trajectories.speed_mps, trajectories.present, size)
    return {f"trajectories/{name}": array for name, array in zip(ARRAYS, moving, strict=True)}


def as_rows(trajectories: Trajectories, tracks: Mapping[str, int]) -> list[dict[str, Any]]:
    """What agents are, in the order of the arrays. tracks: the numbers of their bodies; 0 for the ego."""
    return [{"track": tracks.get(agent.id, 0), "id": agent.id, "kind": agent.kind} for agent in trajectories.agents]


def trajectories_of(shot: Shot) -> Trajectories:
    """The motion of everybody in a shot.

    Raises:
        DataError: nobody's motion is known in it.
    """
    missing = [name for name in ARRAYS if f"trajectories/{name}" not in shot.arrays]
    if missing or "agents" not in shot.meta:
        raise DataError(
            f'A shot of the world "{shot.world}" holds no trajectories.',
            where=f"shot {shot.index}",
            remedy='Formats of traffic are for the world "driving"; for other worlds take coco, frames or another of pictures.',
        )
    times, position, heading, speed, present, size = (shot.arrays[f"trajectories/{name}"] for name in ARRAYS)
    agents = tuple(
        Agent(str(row["id"]), str(row["kind"]), (float(length), float(width), float(height)))
        for row, (length, width, height) in zip(shot.meta["agents"], size, strict=True)
    )
    return Trajectories(times, agents, position, heading, speed, present.astype(np.bool_))


def without(trajectories: Trajectories, agents: Sequence[int]) -> Trajectories:
    """All agents but those at these places."""
    kept = np.setdiff1d(np.arange(len(trajectories.agents)), np.asarray(agents, dtype=np.int64))
    lane = None if trajectories.lane is None else trajectories.lane[:, kept]
    return replace(
        trajectories, agents=tuple(trajectories.agents[place] for place in kept), position_m=trajectories.position_m[:, kept],
        heading_rad=trajectories.heading_rad[:, kept], speed_mps=trajectories.speed_mps[:, kept], present=trajectories.present[:, kept],
        lane=lane,
    )  # fmt: skip
