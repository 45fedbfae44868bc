"""Splitting rows into components: expectation-maximisation for a mixture over latent scores and levels.

Within a component the scores of the scale dimensions are jointly normal and the levels of the other dimensions independent
(Dempster, Laird & Rubin 1977; the mixed form is that of Hunt & Jorgensen 1999). Every estimate is drawn towards the pooled one by a
few pseudo-rows, so that a small component cannot collapse onto its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from understudy.core.random import Stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEVEL_PSEUDO_ROWS = 2.0
_STEPS = 30
_SMALLEST = 12          # components with fewer rows are given up


@dataclass(frozen=True)
class Scores:
    """Rows as the mixture sees them.

    ``mean`` and ``variance`` are (n, q): the score of each scale dimension and what is unknown of it (discrete values leave an interval).
    ``levels[d]`` is (n,), the segment in each level dimension, -1 unknown; ``sizes[d]`` counts the segments.
    """

    mean: Floats
    variance: Floats
    levels: list[Integers]
    sizes: list[int]

    def take(self, rows: Integers) -> Scores:
        return Scores(self.mean[rows], self.variance[rows], [level[rows] for level in self.levels], self.sizes)

    @property
    def rows(self) -> int:
        return len(self.mean)


def split(scores: Scores, components: int, stream: Stream, steps: int = _STEPS) -> Integers:
    """(n,) component of each row, drawn from its posterior; components are numbered 0.. without gaps."""
    rng = stream.generator()
    posterior = _start(scores, components, rng)
    statistics = _Statistics(scores)
    for _ in range(steps):
        posterior = _without_small(statistics.step(posterior))
    drawn = (np.cumsum(posterior, axis=1) < rng.random(scores.rows)[:, None]).sum(axis=1)
    return np.unique(np.minimum(drawn, posterior.shape[1] - 1), return_inverse=True)[1].astype(np.int64)


def _without_small(posterior: Floats) -> Floats:
    keep = posterior.sum(axis=0) >= _SMALLEST
    if keep.all() or not keep.any():
        return posterior
    posterior = posterior[:, keep] + 1e-12
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True))


def _start(scores: Scores, components: int, rng: np.random.Generator) -> Floats:
    """Memberships by three rounds of k-means over scores and scaled level indicators, from spread-out rows (k-means++)."""
    features = np.hstack([scores.mean, *(_indicators(level, size) for level, size in zip(scores.levels, scores.sizes, strict=True))])
    features = features.astype(np.float32)
    centres = features[rng.integers(scores.rows)][None]
    nearest = ((features - centres[0]) ** 2).sum(axis=1)
    while len(centres) < components and nearest.sum() > 0:
        chosen = features[rng.choice(scores.rows, p=nearest / nearest.sum())]
        centres = np.vstack([centres, chosen])
        nearest = np.minimum(nearest, ((features - chosen) ** 2).sum(axis=1)).astype(np.float64)
    for _ in range(3):
        distance = (centres * centres).sum(axis=1) - 2 * features @ centres.T
        members = np.eye(len(centres), dtype=np.float32)[distance.argmin(axis=1)]
        centres = (members.T @ features) / np.maximum(members.sum(axis=0), 1)[:, None]
    return 0.9 * members.astype(np.float64) + 0.1 / len(centres)


def _indicators(level: Integers, size: int) -> Floats:
    if size < 2:
        return np.empty((len(level), 0))
    hot = np.zeros((len(level), size))
    known = level >= 0
    hot[np.flatnonzero(known), level[known]] = 1.0
    share = hot.mean(axis=0)
    return (hot - share) / np.sqrt(np.maximum(share, 0.02) * size)


class _Statistics:
    """The rows arranged so that both halves of a step are matrix products over sufficient statistics.

    ``_moments`` (n, 1 + q + q(q+1)/2) holds 1, the scores and their products; ``_hot`` (n, sum of sizes) the level indicators.
    """

    def __init__(self, scores: Scores) -> None:
        self._q = scores.mean.shape[1]
        self._upper = np.triu_indices(self._q)
        self._diagonal = self._upper[0] == self._upper[1]
        products = scores.mean[:, self._upper[0]] * scores.mean[:, self._upper[1]]
        self._plain = np.hstack([np.ones((scores.rows, 1)), scores.mean, products])
        products[:, self._diagonal] += scores.variance
        self._moments = np.hstack([self._plain[:, : 1 + self._q], products])
        self._fields = np.repeat(np.arange(len(scores.sizes)), scores.sizes)
        self._hot = _one_hot(scores)

    def step(self, posterior: Floats) -> Floats:
        """One maximisation and one expectation: the posterior (n, C) under the parameters that the given one implies."""
        moments = posterior.T @ self._moments
        log_density = self._plain @ self._quadratic(moments) + self._hot @ self._log_shares(posterior)
        log_density -= log_density.max(axis=1, keepdims=True)
        np.exp(log_density, out=log_density)
        log_density /= log_density.sum(axis=1, keepdims=True)
        return np.asarray(log_density)

    def _quadratic(self, moments: Floats) -> Floats:
        """(features, C): the log weight and log normal density of each component as a quadratic form of the scores.

        Covariances are drawn to the pooled within-component one by q + 2 pseudo-rows.
        """
        q, counts = self._q, moments[:, 0]
        centres = moments[:, 1 : 1 + q] / counts[:, None]
        scatters = np.empty((len(counts), q, q))
        scatters[:, self._upper[0], self._upper[1]] = scatters[:, self._upper[1], self._upper[0]] = moments[:, 1 + q :]
        scatters -= counts[:, None, None] * centres[:, :, None] * centres[:, None, :]
        within = scatters.sum(axis=0) / counts.sum() + 1e-6 * np.eye(q)
        covariances = (scatters + (q + 2.0) * within) / (counts + q + 2.0)[:, None, None]
        precisions = np.linalg.inv(covariances)
        linear = np.einsum("cij,cj->ci", precisions, centres)
        constant = np.log(counts / counts.sum()) - 0.5 * np.linalg.slogdet(covariances)[1] - 0.5 * (linear * centres).sum(axis=1)
        squares = precisions[:, self._upper[0], self._upper[1]] * np.where(self._diagonal, -0.5, -1.0)
        return np.hstack([constant[:, None], linear, squares]).T

    def _log_shares(self, posterior: Floats) -> Floats:
        """(sum of sizes, C) log shares of the levels in each component, drawn to the pooled ones by a few pseudo-rows."""
        table = self._hot.T @ posterior
        if not len(table):
            return table
        starts = np.flatnonzero(np.r_[True, np.diff(self._fields) > 0])
        totals = np.add.reduceat(table, starts, axis=0)[self._fields]
        pooled = table.sum(axis=1, keepdims=True) / np.maximum(totals.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(np.log(np.maximum((table + _LEVEL_PSEUDO_ROWS * pooled) / (totals + _LEVEL_PSEUDO_ROWS), 1e-12)))


def _one_hot(scores: Scores) -> csr_array:
    rows, columns, start = [], [], 0
    for level, size in zip(scores.levels, scores.sizes, strict=True):
        known = np.flatnonzero(level >= 0)
        rows.append(known)
        columns.append(level[known] + start)
        start += size
    if not rows:
        return csr_array((scores.rows, 0))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.ones(len(row)), (row, column)), shape=(scores.rows, start))
