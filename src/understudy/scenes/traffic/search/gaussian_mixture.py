"""Mixtures of Gaussians fitted to weighted points by expectation and maximisation.

Dempster, Laird, Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm", Journal of the Royal Statistical Society B 39;
with weights: Geyer, Papaioannou, Straub 2019, "Cross entropy-based importance sampling using Gaussian densities revisited", Structural
Safety 76, section 4. Beginnings: k-means++ (Arthur, Vassilvitskii 2007), weighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

Floats = NDArray[np.float64]

LOG_2PI = float(np.log(2.0 * np.pi))
ROUNDS, SETTLED = 40, 1e-3
LIGHTEST = 1e-4  # of the heaviest: lighter points are left out
STRENGTH = 3.0  # of the pull towards the unit covariance: at 1, laws in 8 and more dimensions come out too narrow now and then


@dataclass(frozen=True)
class GaussianMixture:
    """shares: (c,) sum to 1. means: (c, k). roots: (c, k, k) lower Cholesky factors of the covariances."""

    shares: Floats
    means: Floats
    roots: Floats

    def widened(self, spread: float) -> GaussianMixture:
        """The same with standard deviations `spread` times as large."""
        return GaussianMixture(self.shares, self.means, spread * self.roots)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """(n, k) points. Shares are met as nearly as whole numbers allow: less noise than drawing each point's component."""
        owners = _stratified(self.shares, n, rng)
        normal = rng.standard_normal((n, self.means.shape[1]))
        return np.asarray(self.means[owners] + np.einsum("nij,nj->ni", self.roots[owners], normal))

    def log_density(self, points: Floats) -> Floats:
        """(n,) the logarithm of the density."""
        return np.asarray(special.logsumexp(self._joint(points), axis=1))

    def _joint(self, points: Floats) -> Floats:
        """(n, c) the logarithms of share × density of each component."""
        table = np.empty((len(points), len(self.shares)))
        for place, (share, mean, root) in enumerate(zip(self.shares, self.means, self.roots, strict=True)):
            white = linalg.solve_triangular(root, (points - mean).T, lower=True, check_finite=False)
            table[:, place] = np.log(share) - 0.5 * (white**2).sum(axis=0) - np.log(np.diag(root)).sum()
        return np.asarray(table - 0.5 * points.shape[1] * LOG_2PI)


def _stratified(shares: Floats, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) components: one of n equal strata each, so that the density of a point drawn at random among them is the mixture's."""
    strata = (np.arange(n) + rng.random(n)) / n
    edges = np.cumsum(shares)
    return np.asarray(np.minimum(np.searchsorted(edges / edges[-1], strata, side="right"), len(shares) - 1))


def standard(dimensions: int, spread: float = 1.0) -> GaussianMixture:
    """The standard normal law, or the same with another standard deviation."""
    return GaussianMixture(np.ones(1), np.zeros((1, dimensions)), spread * np.eye(dimensions)[None])


def combined(parts: list[tuple[float, GaussianMixture]]) -> GaussianMixture:
    """A mixture of mixtures, with the share of each."""
    return GaussianMixture(
        np.concatenate([share * part.shares for share, part in parts]), np.concatenate([part.means for _, part in parts]),
        np.concatenate([part.roots for _, part in parts]),
    )  # fmt: skip


def fitted(points: Floats, weights: Floats, components: int, rng: np.random.Generator) -> GaussianMixture:
    """The mixture of at most so many components that describes the weighted points best.

    The number is chosen by Schwarz's criterion (1978, "Estimating the dimension of a model", Annals of Statistics 6). The covariance
    of a component is drawn towards the unit matrix, by the worth of three points for each of its free numbers; components with next to
    no points are left out.
    """
    kept = weights > LIGHTEST * weights.max()
    points, weights = points[kept], weights[kept] / weights[kept].sum()
    size, numbers = 1.0 / float((weights**2).sum()), 1.0 + points.shape[1] * (points.shape[1] + 3.0) / 2.0
    best, best_score = standard(points.shape[1]), -np.inf
    for count in range(1, components + 1):
        model, likelihood = _climbed(points, weights, count, rng)
        score = size * likelihood - 0.5 * numbers * len(model.shares) * np.log(max(size, 1.0))
        if score <= best_score:
            break
        best, best_score = model, score
    return best


def _climbed(points: Floats, weights: Floats, components: int, rng: np.random.Generator) -> tuple[GaussianMixture, float]:
    """Expectation and maximisation until nothing changes; the mixture and the mean logarithm of its density."""
    centres = _beginnings(points, weights, components, rng)
    model, before = _maximised(points, weights, np.eye(len(centres))[_nearest(points, centres)]), -np.inf
    for _ in range(ROUNDS):
        joint = model._joint(points)
        total = special.logsumexp(joint, axis=1)
        likelihood = float(weights @ total)
        if likelihood - before < SETTLED:
            break
        before = likelihood
        model = _maximised(points, weights, np.exp(joint - total[:, None]))
    return model, likelihood


def _beginnings(points: Floats, weights: Floats, components: int, rng: np.random.Generator) -> Floats:
    """(c, k) points far from one another and heavy."""
    chosen = [points[rng.choice(len(points), p=weights)]]
    for _ in range(components - 1):
        far = weights * np.min([((points - centre) ** 2).sum(axis=1) for centre in chosen], axis=0)
        if far.sum() <= 0.0:
            break
        chosen.append(points[rng.choice(len(points), p=far / far.sum())])
    return np.array(chosen)


def _nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    return np.asarray(((points[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1))


def _maximised(points: Floats, weights: Floats, belongs: Floats) -> GaussianMixture:
    """Shares, means and covariances from how far each point belongs to each component (n, c)."""
    dimensions = points.shape[1]
    free = STRENGTH * dimensions * (dimensions + 1) / 2.0
    shared = weights[:, None] * belongs
    shares = shared.sum(axis=0)
    effective = shares**2 / np.maximum((shared**2).sum(axis=0), 1e-300)
    kept = (shares > 1e-3) & (effective > 2.0)
    if not kept.any():
        kept = shares == shares.max()
    means, roots = [], []
    for place in np.flatnonzero(kept):
        share = shared[:, place] / shares[place]
        mean = share @ points
        away = points - mean
        covariance = (away * share[:, None]).T @ away
        prior = free / (effective[place] + free)
        means.append(mean)
        roots.append(np.linalg.cholesky((1.0 - prior) * covariance + prior * np.eye(dimensions)))
    return GaussianMixture(shares[kept] / shares[kept].sum(), np.array(means), np.array(roots))
