"""Standard normals held inside intervals: their probability, draws and moments, accurate far out in either tail.

Everything is computed on the side of zero where the normal distribution function keeps its digits: an interval above zero is
mirrored, so that a mass of 1e-200 is as precise as one of a half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))
_FARTHEST = 37.0  # beyond this the density is zero in float64


def interval_mass(low: Floats, high: Floats) -> Floats:
    """P(low <= Z <= high) of a standard normal Z, elementwise; 0 where ``high < low``."""
    above = low > 0
    left, right = np.where(above, -high, low), np.where(above, -low, high)
    return np.asarray(np.maximum(ndtr(right) - ndtr(left), 0.0))


def draw_between(low: Floats, high: Floats, uniform: Floats) -> Floats:
    """Standard normals in [low, high], elementwise, by inversion of ``uniform`` in (0, 1).

    Where the interval holds no representable mass its end nearest to zero comes back.
    """
    above = low > 0
    left, right = np.where(above, -high, low), np.where(above, -low, high)
    start = ndtr(left)
    drawn = ndtri(start + uniform * (ndtr(right) - start))
    drawn = np.clip(np.clip(drawn, -_FARTHEST, _FARTHEST), left, right)
    return np.asarray(np.where(above, -drawn, drawn))


def moments_between(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a standard normal held in [low, high], elementwise; a point gives (itself, 0)."""
    low, high = np.clip(low, -_FARTHEST, _FARTHEST), np.clip(high, -_FARTHEST, _FARTHEST)
    mass = interval_mass(low, high)
    wide = (high > low) & (mass > 1e-300)
    safe = np.where(wide, mass, 1.0)
    density_low, density_high = np.exp(-0.5 * low * low) / _ROOT_TWO_PI, np.exp(-0.5 * high * high) / _ROOT_TWO_PI
    mean = np.where(wide, (density_low - density_high) / safe, 0.5 * (low + high))
    variance = 1 + (low * density_low - high * density_high) / safe - mean * mean
    mean = np.clip(mean, low, high)
    return mean, np.where(wide, np.clip(variance, 0.0, 0.25 * (high - low) ** 2), 0.0)


def union_masses(lows: Floats, highs: Floats, mean: Floats, spread: float) -> Floats:
    """(n, m): the probability that N(mean, spread²) gives to each of m disjoint intervals. ``mean`` is (n,)."""
    centre = mean[:, None]
    return interval_mass((lows - centre) / spread, (highs - centre) / spread)


def draw_in_union(lows: Floats, highs: Floats, mean: Floats, spread: float, uniform: Floats) -> tuple[Floats, Floats]:
    """Draws of N(mean, spread²) held inside a union of m disjoint intervals, and the union's probability.

    ``lows``, ``highs`` are (m,), ``mean`` and ``uniform`` (n,). One uniform number picks the interval and the place in it.
    Where the union has no representable mass for a row the point of it nearest to the mean comes back, with mass 0.
    """
    masses = union_masses(lows, highs, mean, spread)
    cumulative = np.cumsum(masses, axis=1)
    total = cumulative[:, -1]
    target = uniform * total
    chosen = np.minimum((cumulative <= target[:, None]).sum(axis=1), len(lows) - 1)
    rows = np.arange(len(mean))
    own = masses[rows, chosen]
    inside = np.where(own > 0, (target - (cumulative[rows, chosen] - own)) / np.where(own > 0, own, 1.0), 0.5)
    inside = np.clip(inside, 1e-12, 1 - 1e-12)
    drawn = mean + spread * draw_between((lows[chosen] - mean) / spread, (highs[chosen] - mean) / spread, inside)
    lost = total <= 0
    if lost.any():
        drawn[lost] = _nearest_point(lows, highs, mean[lost])
    return np.clip(drawn, lows[0], highs[-1]), total


def _nearest_point(lows: Floats, highs: Floats, values: Floats) -> Floats:
    candidates = np.clip(values[:, None], lows, highs)
    best = np.abs(candidates - values[:, None]).argmin(axis=1)
    return np.asarray(candidates[np.arange(len(values)), best])
