"""Crude Monte Carlo: as many runs as asked for, each drawn by the laws. The yardstick of all other searches."""

from __future__ import annotations

import numpy as np
from scipy import special

from understudy.core.random import Stream
from understudy.scenes.traffic.search.estimate import Estimate, Floats, LimitState, asked, required

BATCH = 100_000
KEPT = 100_000


def monte_carlo(limit_state: LimitState, dimensions: int, rng: Stream, *, runs: int = 100_000, level: float = 0.95) -> Estimate:
    """The share of runs in which the event happens, with the interval of Clopper and Pearson (1934, Biometrika 26).

    Args:
        limit_state: (n, dimensions) standard normal numbers → (n,); the event is ≤ 0.
        rng: where randomness comes from. The first runs of a longer search are those of a shorter one.
        runs: ≥ 1.

    Returns:
        an estimate; the first 100,000 runs are kept, each with weight 1.
    """
    required("runs", runs, 1, 1e12)
    failures, points, values = 0, [], []
    for batch, start in enumerate(range(0, runs, BATCH)):
        drawn = rng.child("crude", batch).generator().standard_normal((BATCH, dimensions))[: runs - start]
        found = asked(limit_state, drawn)
        failures += int((found <= 0.0).sum())
        if start < KEPT:
            points.append(drawn)
            values.append(found)
    share = failures / runs
    low, high = clopper_pearson(failures, runs, level)
    kept: Floats = np.concatenate(values)
    error = float(np.sqrt(share * (1.0 - share) / runs))
    return Estimate("monte_carlo", share, error, level, low, high, runs, np.concatenate(points), kept, np.ones(len(kept)))


def clopper_pearson(hits: int, n: int, level: float) -> tuple[float, float]:
    """The exact interval of a share."""
    tail = (1.0 - level) / 2.0
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits > 0 else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return low, high
