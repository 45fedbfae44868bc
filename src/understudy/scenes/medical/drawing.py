"""Drawing of places, sizes and branching trees: what makes one patient unlike another."""

from __future__ import annotations

import math
from typing import NamedTuple

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
    open_ends = [(_Triple(*start.tolist()), _unit(*direction.tolist()), radius, length, depth)]
    while open_ends:
        at, way, width, reach, left = open_ends.pop()
        a, b, c, d, e, f = rng.standard_normal(6).tolist()
        middle = _further(at, _unit(way.x + 0.22 * a, way.y + 0.22 * b, way.z + 0.22 * c), reach * 0.5)
        end = _further(middle, _unit(way.x + 0.30 * d, way.y + 0.30 * e, way.z + 0.30 * f), reach * 0.5)
        rows.append(tube([at, middle, end], [width, width * 0.93, width * 0.86]))
        if left == 0:
            continue
        x, y, z = rng.standard_normal(3).tolist()
        side = _unit(way.y * z - way.z * y, way.z * x - way.x * z, way.x * y - way.y * x)
        share = rng.uniform(0.35, 0.65)
        for sign, part in ((1, share), (-1, 1 - share)):
            turn = sign * math.radians(rng.uniform(24, 46))
            c, s = math.cos(turn), math.sin(turn)
            ahead = _Triple(c * way.x + s * side.x, c * way.y + s * side.y, c * way.z + s * side.z)
            open_ends.append((end, ahead, width * 0.86 * part ** (1 / 2.7), reach * rng.uniform(0.68, 0.9), left - 1))
    return np.concatenate(rows)


class _Triple(NamedTuple):
    """A place or direction: for so few numbers plain ones are ten times as fast as arrays."""

    x: float
    y: float
    z: float


def _unit(x: float, y: float, z: float) -> _Triple:
    length = max(math.sqrt(x * x + y * y + z * z), 1e-9)
    return _Triple(x / length, y / length, z / length)


def _further(at: _Triple, way: _Triple, reach: float) -> _Triple:
    return _Triple(at.x + reach * way.x, at.y + reach * way.y, at.z + reach * way.z)
