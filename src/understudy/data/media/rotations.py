"""Rotations as other formats write them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def quaternion(rotation: Matrix) -> list[float]:
    """w, x, y, z with w ≥ 0 of a (3, 3) rotation (Shepperd, "Quaternion from rotation matrix", 1978)."""
    m = np.asarray(rotation, dtype=np.float64)
    squares = np.array([1 + np.trace(m), *(1 + 2 * np.diag(m) - np.trace(m))])
    largest = int(squares.argmax())
    four = 2 * np.sqrt(max(squares[largest], 1e-300))  # four times the largest part
    differences = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    if largest == 0:
        parts = np.array([four / 4, *(differences / four)])
    else:
        axis = largest - 1
        parts = np.empty(4)
        parts[0] = differences[axis] / four
        parts[1:] = (m[axis] + m[:, axis]) / four
        parts[largest] = four / 4
    parts = parts / np.linalg.norm(parts)
    return [float(part) for part in (parts if parts[0] >= 0 else -parts)]


def from_quaternion(parts: list[float]) -> Matrix:
    """The (3, 3) rotation of w, x, y, z of length 1."""
    w, x, y, z = parts
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def inverse(pose: Matrix) -> Matrix:
    """The inverse of a (4, 4) rotation and shift."""
    back = np.eye(4)
    back[:3, :3] = pose[:3, :3].T
    back[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return back


def wrapped(angle: float) -> float:
    """The same angle between -π and π."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
