"""Who of two groups touches whom, at any of the times of their trajectories."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.traffic.trajectories import Trajectories

Floats = NDArray[np.float64]


def meetings(first: Trajectories, second: Trajectories, apart_m: float = 0.0) -> Iterator[tuple[int, int]]:
    """Pairs of places of agents whose boxes come within `apart_m` of each other, by separating axes (see `boxes`); an agent of one group
    is never paired with the same place of the same group. Where axes do not part boxes that are near, they count as meeting."""
    centre = [np.where(group.present[..., None], group.position_m[..., :2], np.nan) for group in (first, second)]
    half = [np.array([agent.size_m[:2] for agent in group.agents]).reshape(-1, 2) / 2.0 for group in (first, second)]
    away = centre[1][:, None] - centre[0][:, :, None]
    reach = np.linalg.norm(half[0], axis=1)[:, None] + np.linalg.norm(half[1], axis=1)
    with np.errstate(invalid="ignore"):
        near = (np.linalg.norm(away, axis=-1) < reach + apart_m).any(axis=0)
    for one, other in np.argwhere(near):
        if first is second and one == other:
            continue
        angles = first.heading_rad[:, one], second.heading_rad[:, other]
        if _touch(away[:, one, other], angles, half[0][one], half[1][other], apart_m):
            yield int(one), int(other)


def _touch(away: Floats, angles: tuple[Floats, Floats], half: Floats, other: Floats, apart_m: float) -> bool:
    there = np.isfinite(away[:, 0])
    away, angles = away[there], (angles[0][there], angles[1][there])
    turn = angles[1] - angles[0]
    c, s = np.abs(np.cos(turn)), np.abs(np.sin(turn))
    parted = np.zeros(len(away), dtype=np.bool_)
    for angle, own, its in ((angles[0], half, other), (angles[1], other, half)):
        ahead = np.abs(away[:, 0] * np.cos(angle) + away[:, 1] * np.sin(angle))
        aside = np.abs(away[:, 1] * np.cos(angle) - away[:, 0] * np.sin(angle))
        parted |= (ahead >= own[0] + c * its[0] + s * its[1] + apart_m) | (aside >= own[1] + c * its[1] + s * its[0] + apart_m)
    return bool((~parted).any())
