"""What formats of scenarios share: when agents are there without a break, and trajectories put together from what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.traffic.trajectories import Agent, Trajectories

Floats = NDArray[np.float64]


def runs(present: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    return [(int(first), int(stop)) for first, stop in zip(edges[::2], edges[1::2], strict=True)]


def assembled(
    agents: Sequence[Agent], times: Floats, known: Mapping[str, Sequence[tuple[Floats, Floats, Floats, Floats | None]]]
) -> Trajectories:
    """Trajectories at `times` from runs of each agent: their times (N,), positions (N, 3), headings (N,) and speeds (N,) or None.

    Between known times positions go straight and headings turn evenly the shorter way. Without speeds, those of the positions count.
    """
    shape = len(times), len(agents)
    position, heading, speed = np.full((*shape, 3), np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for place, agent in enumerate(agents):
        for moments, places, angles, speeds in known.get(agent.id, ()):
            inside = (times >= moments[0] - 1e-9) & (times <= moments[-1] + 1e-9)
            at = times[inside]
            position[inside, place] = np.stack([np.interp(at, moments, places[:, axis]) for axis in range(3)], axis=1)
            heading[inside, place] = np.interp(at, moments, np.unwrap(angles))
            speed[inside, place] = np.interp(at, moments, _speeds(moments, places) if speeds is None else speeds)
    return Trajectories(times, tuple(agents), position, heading, speed, ~np.isnan(heading))


def _speeds(times: Floats, places: Floats) -> Floats:
    if len(times) < 2:
        return np.zeros(len(times))
    return np.asarray(np.linalg.norm(np.gradient(places, times, axis=0), axis=1))
