"""Point clouds among a shot's arrays, by the names that they have there.

    lidar/0003/points   (N, 4 …) float32: x, y, z in metres in the sensor's coordinates, intensity 0 .. 1, ring, further columns
    lidar/0003/track    (N,) the object that each point lies on, 0 for none; may be missing
    lidar/0003/pose     (4, 4) sensor to world; may be missing, then the points are in the world's coordinates

0003 is the step, `Frame.index`. A second sensor has another name in the place of "lidar".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Shot


@dataclass(frozen=True)
class Scan:
    """One sensor's points at one step. points: (N, 4) x, y, z, intensity. ring: (N,) which beam saw it, from below; 0 where unknown."""

    sensor: str
    step: int
    points: NDArray[np.float32]
    ring: NDArray[np.float32]
    track: NDArray[np.int64]
    pose: NDArray[np.float64]

    def hits(self, track: int) -> int:
        """Points on an object."""
        return int((self.track == track).sum())


def scans(shot: Shot) -> list[Scan]:
    """All point clouds of a shot, by step and sensor."""
    found = []
    for name, points in shot.arrays.items():
        parts = name.split("/")
        if len(parts) == 3 and parts[2] == "points" and parts[1].isdigit():
            found.append(_scan(shot.arrays, parts[0], parts[1], points))
    return sorted(found, key=lambda scan: (scan.step, scan.sensor))


def _scan(arrays: dict[str, NDArray[Any]], sensor: str, step: str, points: NDArray[Any]) -> Scan:
    four = np.zeros((len(points), 4), dtype=np.float32)
    four[:, : min(4, points.shape[1])] = points[:, :4]
    four[:, 3] = np.clip(four[:, 3], 0.0, 1.0)
    ring = points[:, 4].astype(np.float32) if points.shape[1] > 4 else np.zeros(len(points), dtype=np.float32)
    track = arrays.get(f"{sensor}/{step}/track", np.zeros(len(points)))
    pose = arrays.get(f"{sensor}/{step}/pose", np.eye(4))
    return Scan(sensor, int(step), four, ring, np.asarray(track, dtype=np.int64), np.asarray(pose, dtype=np.float64))
