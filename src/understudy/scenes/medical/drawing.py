"""Drawing of places, sizes and branching trees: what makes one patient unlike another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.shapes import Vector, tube

Floats = NDArray[np.float64]


def near(rng: np.random.Generator, values: Vector, spread: float) -> Floats:
    """Values jittered by a normal of `spread` (mm), within two of it."""
    found: Floats = np.asarray(values, dtype=np.float64) + np.clip(rng.normal(size=len(values)), -2, 2) * spread
    return found


def varied(rng: np.random.Generator, values: Vector, share: float) -> Floats:
    """Values, each times 1 ± `share`."""
    found: Floats = np.asarray(values, dtype=np.float64) * (1 + np.clip(rng.normal(size=len(values)), -2, 2) * share)
    return found


def branches(start: Floats, direction: Floats, radius: float, length: float, depth: int, rng: np.random.Generator) -> Floats:
    """A tree of tubes: each parts into two of unlike width; rows as of `tube`."""
    rows: list[Floats] = []
    open_ends = [(start, direction / np.linalg.norm(direction), radius, length, depth)]
    while open_ends:
        at, way, width, reach, left = open_ends.pop()
        bend = way + rng.normal(0, 0.22, 3)
        middle = at + bend / np.linalg.norm(bend) * reach * 0.5
        bend = way + rng.normal(0, 0.30, 3)
        end = middle + bend / np.linalg.norm(bend) * reach * 0.5
        rows.append(tube([at, middle, end], [width, width * 0.93, width * 0.86]))
        if left == 0:
            continue
        side = np.cross(way, rng.normal(size=3))
        side /= max(np.linalg.norm(side), 1e-9)
        share = rng.uniform(0.35, 0.65)
        for sign, part in ((1, share), (-1, 1 - share)):
            turn = sign * np.radians(rng.uniform(24, 46))
            ahead = np.cos(turn) * way + np.sin(turn) * side
            open_ends.append((end, ahead, width * 0.86 * part ** (1 / 2.7), reach * rng.uniform(0.68, 0.9), left - 1))
    return np.concatenate(rows)
