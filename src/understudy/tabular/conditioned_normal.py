"""A multivariate normal of which some coordinates are held at points and others inside unions of intervals.

Points are conditioned on in closed form. A single held coordinate is drawn exactly. Several are drawn one after another, each
truncated given those before; the product of the probabilities on the way is the weight of the draw (the GHK simulator: Geweke 1991,
Hajivassiliou & McFadden 1998, Keane 1994). The weights give the probability of the whole region, resampling by them the right law,
and a few Gibbs sweeps afterwards make the resampled rows differ again without changing that law. The free coordinates follow in closed
form. Nothing is rejected, so an unlikely region takes no longer than a likely one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.truncated import draw_in_union, union_masses

Floats = NDArray[np.float64]
Union = tuple[Floats, Floats]  # the lows (m,) and highs (m,) of disjoint ascending intervals

_MASS_PARTICLES = 4096
_OVERSAMPLING = 8
_SWEEPS = 8


class ConditionedNormal:
    """N(0, correlation) with coordinates ``points[d]`` known and coordinate d of ``unions`` inside its intervals.

    ``log_mass`` is the log density of the points times the probability of the unions given them, ``effective_share`` the effective
    sample size of the importance weights behind it as a share of the particles (1: exact).
    """

    def __init__(self, correlation: Floats, points: Mapping[int, float], unions: Mapping[int, Union], rng: np.random.Generator) -> None:
        self._p = len(correlation)
        self._known = np.array(sorted(points), np.int64)
        self._values = np.array([points[d] for d in sorted(points)])
        self._held = np.array(sorted(unions, key=lambda d: _marginal_mass(unions[d])), np.int64)
        self._unions = [unions[int(d)] for d in self._held]
        self._free = np.setdiff1d(np.arange(self._p), np.r_[self._known, self._held])
        self._condition(correlation)
        self.log_mass, self.effective_share = self._mass(rng)

    def _condition(self, correlation: Floats) -> None:
        known, held, free = self._known, self._held, self._free
        fixed = np.r_[known, held]
        self._point_log_density, self._held_mean, covariance = _given_points(correlation, known, held, self._values)
        self._held_factor = np.linalg.cholesky(covariance)
        self._held_precision = np.linalg.inv(covariance)
        self._regression = np.linalg.solve(correlation[np.ix_(fixed, fixed)], correlation[np.ix_(fixed, free)]).T
        left = correlation[np.ix_(free, free)] - self._regression @ correlation[np.ix_(fixed, free)]
        self._free_factor = np.linalg.cholesky(left + 1e-12 * np.eye(len(free)))

    def _mass(self, rng: np.random.Generator) -> tuple[float, float]:
        if not len(self._held):
            return self._point_log_density, 1.0
        if len(self._held) == 1:
            mass = union_masses(*self._unions[0], self._held_mean[:1], float(self._held_factor[0, 0])).sum()
            return self._point_log_density + _log(float(mass)), 1.0
        _, weights = self._particles(_MASS_PARTICLES, rng)
        share = weights.sum() ** 2 / max((weights * weights).sum(), 1e-300) / len(weights)
        return self._point_log_density + _log(float(weights.mean())), float(share)

    def _particles(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """(h, n) held coordinates, each drawn given those before, and (n,) weights."""
        noise, weights = np.empty((len(self._held), n)), np.ones(n)
        drawn = np.empty_like(noise)
        for h, (lows, highs) in enumerate(self._unions):
            mean = np.asarray(self._held_mean[h] + self._held_factor[h, :h] @ noise[:h])
            spread = float(self._held_factor[h, h])
            drawn[h], mass = draw_in_union(lows, highs, mean, spread, np.asarray(rng.random(n)))
            noise[h] = (drawn[h] - mean) / spread
            weights *= mass
        return drawn, weights

    def draw(self, noise: Floats, rng: np.random.Generator) -> Floats:
        """(p, n) draws. ``noise`` (p, n) standard normals make the free coordinates, ``rng`` the held ones."""
        n = noise.shape[1]
        out = np.empty((self._p, n))
        out[self._known] = self._values[:, None]
        if len(self._held):
            out[self._held] = self._draw_held(n, rng)
        fixed = np.r_[self._known, self._held]
        out[self._free] = self._regression @ out[fixed] + self._free_factor @ noise[self._free]
        return out

    def _draw_held(self, n: int, rng: np.random.Generator) -> Floats:
        if len(self._held) == 1:
            return self._particles(n, rng)[0]
        particles, weights = self._particles(_OVERSAMPLING * max(n, 64), rng)
        kept = particles[:, _resample(weights, n, rng)]
        for _ in range(_SWEEPS):
            self._sweep(kept, rng)
        return kept

    def _sweep(self, held: Floats, rng: np.random.Generator) -> None:
        """One Gibbs sweep in place over the held coordinates."""
        for h, (lows, highs) in enumerate(self._unions):
            row = self._held_precision[h]
            mean = held[h] - row @ (held - self._held_mean[:, None]) / row[h]
            uniform = np.asarray(rng.random(held.shape[1]))
            held[h] = draw_in_union(lows, highs, mean, float(1 / np.sqrt(row[h])), uniform)[0]


def _given_points(correlation: Floats, known: NDArray[np.int64], held: NDArray[np.int64], values: Floats) -> tuple[float, Floats, Floats]:
    """Log density of the points, and mean and covariance of the held coordinates given them."""
    covariance = correlation[np.ix_(held, held)]
    if not len(known):
        return 0.0, np.zeros(len(held)), covariance
    factor = np.linalg.cholesky(correlation[np.ix_(known, known)])
    white = np.linalg.solve(factor, values)
    across = np.linalg.solve(factor, correlation[np.ix_(known, held)])
    log_density = -0.5 * white @ white - np.log(np.diag(factor)).sum() - 0.5 * len(known) * np.log(2 * np.pi)
    return float(log_density), across.T @ white, covariance - across.T @ across + 1e-12 * np.eye(len(held))


def _marginal_mass(union: Union) -> float:
    return float(union_masses(*union, np.zeros(1), 1.0).sum())


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else -np.inf


def _resample(weights: Floats, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``n`` indices drawn by weight (systematic resampling), in random order."""
    total = weights.sum()
    if total <= 0:
        return rng.integers(len(weights), size=n)
    places = (np.arange(n) + rng.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(weights) / total, places), len(weights) - 1)
    return rng.permutation(chosen).astype(np.int64)
