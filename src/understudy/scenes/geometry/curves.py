"""Curves through given points, in numbers and in the plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def through(places: object, values: object, at: object) -> Floats:
    """A smooth curve through (places, values) that makes no hills of its own, read `at` other places; beyond the ends it is constant.

    Cubic Hermite pieces with the slopes of Fritsch and Butland ("A method for constructing local monotone piecewise cubic
    interpolants", SIAM J. Sci. Stat. Comput. 5, 1984). `places` ascend.
    """
    x, y, q = (np.asarray(given, dtype=np.float64) for given in (places, values, at))
    step = np.diff(x)
    rise = np.diff(y) / step
    slope = np.zeros_like(y)
    same = rise[:-1] * rise[1:] > 0
    w1, w2 = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope[1:-1] = np.where(same, (w1 + w2) / (w1 / rise[:-1] + w2 / rise[1:]), 0.0)
    slope[0], slope[-1] = rise[0], rise[-1]
    inside = np.clip(q, x[0], x[-1])
    piece = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    t, h = (inside - x[piece]) / step[piece], step[piece]
    made: Floats = (
        y[piece] * (1 + 2 * t) * (1 - t) ** 2
        + h * slope[piece] * t * (1 - t) ** 2
        + y[piece + 1] * t**2 * (3 - 2 * t)
        + h * slope[piece + 1] * t**2 * (t - 1)
    )
    return made


def spline(points: object, steps: int) -> Floats:
    """(steps, D) points evenly placed by number along a Catmull-Rom curve through (P, D) `points`."""
    given = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([[2 * given[0] - given[1]], given, [2 * given[-1] - given[-2]]])
    at = np.linspace(0, len(given) - 1, steps)
    piece = np.minimum(at.astype(int), len(given) - 2)
    t = (at - piece)[:, None]
    a, b, c, d = (padded[piece + shift] for shift in range(4))
    made: Floats = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return made


def evenly(points: Floats, count: int) -> Floats:
    """(count, D) points at equal distances along a chain of straight pieces."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.column_stack([np.interp(at, length, points[:, axis]) for axis in range(points.shape[1])])


def smoothstep(x: object) -> Floats:
    """0 up to 0, 1 from 1 on, and no corner between."""
    t = np.clip(np.asarray(x, dtype=np.float64), 0.0, 1.0)
    eased: Floats = t * t * (3 - 2 * t)
    return eased


def superellipse(a: float, b: float, power: float, steps: int) -> Floats:
    """(steps, 2) points of a quarter of |x/a|^power + |y/b|^power = 1, from (a, 0) to (0, b), at equal distances."""
    angle = np.linspace(0, np.pi / 2, 40 * steps)
    quarter = np.column_stack([a * np.cos(angle) ** (2 / power), b * np.sin(angle) ** (2 / power)])
    return evenly(quarter, steps)
