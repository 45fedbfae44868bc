"""Where all links are at once: what `Motion.at` says, for every motion of a scene in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.motion import Motion

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Motions:
    """The steps of L motions, one after another. starts: (L + 1,)."""

    starts: NDArray[np.int64]
    times: Floats
    positions: Floats
    rotations: Floats

    @classmethod
    def of(cls, motions: Sequence[Motion]) -> Motions:
        if not motions:
            return cls(np.zeros(1, np.int64), np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3, 3)))
        return cls(
            np.cumsum([0, *(len(motion.times) for motion in motions)]).astype(np.int64),
            np.concatenate([motion.times for motion in motions]).astype(np.float64),
            np.concatenate([motion.positions for motion in motions]).astype(np.float64),
            np.concatenate([motion.rotations for motion in motions]).astype(np.float64),
        )

    def at(self, times: Floats) -> Floats:
        """(T, L, 3, 4) object to world at (T,) times."""
        return poses_at(self.starts, self.times, self.positions, self.rotations, np.asarray(times, dtype=np.float64))  # type: ignore[no-any-return]


@numba.njit(cache=True)
def poses_at(starts, step_times, positions, rotations, times):  # type: ignore[no-untyped-def]
    links = starts.shape[0] - 1
    poses = np.empty((times.shape[0], links, 3, 4))
    for link in range(links):
        first, stop = starts[link], starts[link + 1]
        for moment in range(times.shape[0]):
            time = times[moment]
            after = first + np.searchsorted(step_times[first:stop], time, side="right")
            after = min(max(after, first + 1), max(stop - 1, first))
            before = max(after - 1, first)
            share = 0.0
            if after > before:
                share = min(max((time - step_times[before]) / (step_times[after] - step_times[before]), 0.0), 1.0)
            poses[moment, link, :, 3] = (1 - share) * positions[before] + share * positions[after]
            poses[moment, link, :, :3] = between(rotations[before], rotations[after], share)
    return poses


@numba.njit(cache=True)
def between(first, second, share):  # type: ignore[no-untyped-def]
    """The rotation `share` of the way along the shortest arc (Rodrigues)."""
    turn = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                turn[i, j] += first[k, i] * second[k, j]
    angle = np.arccos(min(max((turn[0, 0] + turn[1, 1] + turn[2, 2] - 1) / 2, -1.0), 1.0))
    if angle < 1e-9 or share == 0.0:
        return first.copy()
    axis = np.empty(3)
    if angle > np.pi - 1e-6:  # half a turn: (turn + 1) / 2 is the axis times itself
        most = 0
        for i in range(3):
            if turn[i, i] > turn[most, most]:
                most = i
        for i in range(3):
            axis[i] = (turn[i, most] + turn[most, i]) / 4 + (0.5 if i == most else 0.0)
        axis /= np.sqrt((axis * axis).sum())
    else:
        axis[0], axis[1], axis[2] = turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]
        axis /= 2 * np.sin(angle)
    x, y, z = axis[0], axis[1], axis[2]
    s, c = np.sin(share * angle), 1 - np.cos(share * angle)
    part = np.empty((3, 3))
    part[0, 0], part[0, 1], part[0, 2] = 1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y
    part[1, 0], part[1, 1], part[1, 2] = c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x
    part[2, 0], part[2, 1], part[2, 2] = c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)
    made = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                made[i, j] += first[i, k] * part[k, j]
    return made
