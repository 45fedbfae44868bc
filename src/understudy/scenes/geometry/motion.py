"""`Motion`: where a rigid part is at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Motion:
    """Poses at known times, between which positions go straight and rotations along the shortest arc at constant speed.

    Before the first time and after the last the pose stays as it is.

    Attributes:
        times: (S,) s, ascending, at least one.
        positions: (S, 3) m. rotations: (S, 3, 3) object to world.
    """

    times: Floats
    positions: Floats
    rotations: Floats

    @property
    def moves(self) -> bool:
        return len(self.times) > 1

    def at(self, time: float) -> Floats:
        """(4, 4), object to world."""
        after = int(np.clip(np.searchsorted(self.times, time, side="right"), 1, max(1, len(self.times) - 1)))
        pose = np.eye(4)
        if not self.moves:
            pose[:3, :3], pose[:3, 3] = self.rotations[0], self.positions[0]
            return pose
        start, end = self.times[after - 1], self.times[after]
        share = float(np.clip((time - start) / (end - start), 0.0, 1.0))
        pose[:3, 3] = (1 - share) * self.positions[after - 1] + share * self.positions[after]
        pose[:3, :3] = _between(self.rotations[after - 1], self.rotations[after], share)
        return pose

    def velocity(self, time: float, step: float = 0.01) -> Floats:
        """(3,) m/s, by central differences; one-sided at the ends."""
        if not self.moves:
            return np.zeros(3)
        early, late = max(time - step, self.times[0]), min(time + step, self.times[-1])
        if late <= early:
            early, late = (self.times[0], self.times[0] + step) if time <= self.times[0] else (self.times[-1] - step, self.times[-1])
        moved: Floats = (self.at(late)[:3, 3] - self.at(early)[:3, 3]) / (late - early)
        return moved


def still(position: object = (0.0, 0.0, 0.0), rotation: Floats | None = None) -> Motion:
    """Always at one place."""
    turn = np.eye(3) if rotation is None else rotation
    return Motion(np.zeros(1), np.asarray(position, dtype=np.float64).reshape(1, 3), np.asarray(turn, dtype=np.float64).reshape(1, 3, 3))


def along(times: object, positions: object, headings: object) -> Motion:
    """Upright, at (S, 3) `positions`, turned about z by (S,) `headings` (radians, 0 along x, counter-clockwise)."""
    moments = np.asarray(times, dtype=np.float64).ravel()
    places = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    angles = np.broadcast_to(np.asarray(headings, dtype=np.float64), moments.shape)
    return Motion(moments, places, np.stack([about_z(angle) for angle in angles]))


def about_x(angle: float) -> Floats:
    """(3, 3) rotation about x by radians, counter-clockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def about_y(angle: float) -> Floats:
    """(3, 3) rotation about y by radians, counter-clockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def about_z(angle: float) -> Floats:
    """(3, 3) rotation about z by radians, counter-clockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def looking(at: object, place: object, roll: float = 0.0) -> Floats:
    """(3, 3) camera-to-world rotation of a camera (x right, y down, z forward) at `place` that looks to `at`, upright but for `roll`."""
    forward = np.asarray(at, dtype=np.float64) - np.asarray(place, dtype=np.float64)
    forward = forward / np.linalg.norm(forward)
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(forward, up)
    right = right / np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward], axis=1)
    c, s = np.cos(roll), np.sin(roll)
    turned: Floats = axes @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return turned


def _between(first: Floats, second: Floats, share: float) -> Floats:
    """The rotation `share` of the way along the shortest arc (Rodrigues)."""
    turn = first.T @ second
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1.0, 1.0)))
    if angle < 1e-9:
        return first
    if angle > np.pi - 1e-6:  # half a turn: the axis is the eigenvector of 1
        values, vectors = np.linalg.eigh((turn + turn.T) / 2)
        axis = vectors[:, int(np.argmax(values))]
    else:
        axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / (2 * np.sin(angle))
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    part = share * angle
    made: Floats = first @ (np.eye(3) + np.sin(part) * cross + (1 - np.cos(part)) * (cross @ cross))
    return made
