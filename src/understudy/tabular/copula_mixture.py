"""Splitting rows into classes: expectation-maximisation for a mixture over latent scores and levels, grown by halving.

Within a class the scores of the scale dimensions are jointly normal and the levels of the other dimensions independent (Dempster, Laird
& Rubin 1977; the mixed form is that of Hunt & Jorgensen 1999). Every estimate is drawn towards the pooled one by a few pseudo-rows, so
that a small class cannot collapse onto its rows. Growth starts from one class; each stage halves every class and settles the new ones
by a few steps, so each number of classes is a stopping place that held-out rows can judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array, hstack

from understudy.core.random import Stream

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

_LEVEL_PSEUDO_ROWS = 2.0
_STEPS = 5  # of expectation and maximisation after each halving
_SMALLEST = 12.0  # classes with fewer rows are given up
_MOST_PLACES = 4_000_000  # numbers of a class that are written out in full to halve it
_MOST_DENSE = 256  # level indicators up to which they are written out in full
_IN_CACHE = 1 << 17  # probabilities at a time


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


@dataclass(frozen=True)
class Classes:
    """A fitted mixture, as coefficients of a row's features (see `Features`): log weight + log density of each class, (features, C)."""

    quadratic: Singles
    log_shares: Singles

    @property
    def count(self) -> int:
        return int(self.quadratic.shape[1])


class Features:
    """Rows arranged so that both halves of a step are matrix products, taken some rows at a time so that they stay in the cache.

    Scores are whitened by their pooled covariance first (``whiten``, from the rows that were fitted), which lets single
    precision do. ``plain`` (n, 1 + q + q(q+1)/2) holds 1, the scores and their products; ``moments`` the same with what is unknown of a
    score added to its square; ``hot`` (n, sum of sizes) the level indicators.
    """

    def __init__(self, scores: Scores, whiten: Floats | None = None) -> None:
        q = scores.mean.shape[1]
        self.whiten = _whitening(scores) if whiten is None else whiten
        white = solve_triangular(self.whiten, scores.mean.T, lower=True).T if q else scores.mean
        first, second = np.triu_indices(q)
        self.q, self.sizes, self.rows = q, scores.sizes, scores.rows
        self.plain = np.hstack([np.ones((scores.rows, 1)), white, white[:, first] * white[:, second]]).astype(np.float32)
        inverse = solve_triangular(self.whiten, np.eye(q), lower=True) if q else np.eye(0)
        unknown = scores.variance @ (inverse[first] * inverse[second]).T if q else np.empty((scores.rows, 0))
        self.moments = self.plain.copy()
        self.moments[:, 1 + q :] += unknown.astype(np.float32)
        self.hot = _one_hot(scores)
        self._levels = self.hot.toarray() if self.hot.shape[1] <= _MOST_DENSE else self.hot

    def log_joint(self, classes: Classes, rows: slice = slice(None)) -> Singles:
        """(n, C) log of each class's weight times the density that it gives to each row."""
        out = self.plain[rows] @ classes.quadratic
        if self.hot.shape[1]:
            out += self._levels[rows] @ classes.log_shares
        return np.asarray(out)

    def posterior(self, classes: Classes, rows: slice = slice(None)) -> Singles:
        joint = self.log_joint(classes, rows)
        joint -= joint.max(axis=1, keepdims=True)
        np.exp(joint, out=joint)
        joint /= joint.sum(axis=1, keepdims=True)
        return joint

    def log_density(self, classes: Classes) -> Floats:
        """(n,) log density of each row, on the whitened scale."""
        parts = [self.log_joint(classes, rows).astype(np.float64) for rows in self._parts(classes.count)]
        return np.concatenate([(top := part.max(axis=1)) + np.log(np.exp(part - top[:, None]).sum(axis=1)) for part in parts])

    def step(self, classes: Classes) -> Classes:
        """Expectation and maximisation; classes that run out of rows are given up."""
        moments = np.zeros((classes.count, self.plain.shape[1]))
        table = np.zeros((self.hot.shape[1], classes.count))
        for rows in self._parts(classes.count):
            posterior = self.posterior(classes, rows)
            moments += posterior.T @ self.moments[rows]
            table += self._levels[rows].T @ posterior
        keep = moments[:, 0] >= _SMALLEST
        if keep.any() and not keep.all():
            moments, table = moments[keep], table[:, keep]
        return Classes(_quadratic(moments, self.q), _log_shares(table, self.sizes))

    def classes(self, posterior: Singles) -> Classes:
        """The maximisation step."""
        quadratic = _quadratic((posterior.T @ self.moments).astype(np.float64), self.q)
        return Classes(quadratic, _log_shares(np.asarray(self._levels.T @ posterior, np.float64), self.sizes))

    def _parts(self, classes: int) -> list[slice]:
        size = max(256, _IN_CACHE // classes)
        return [slice(start, start + size) for start in range(0, self.rows, size)]

    def draw(self, classes: Classes, stream: Stream) -> Integers:
        """(n,) class of each row, drawn from its posterior; renumbered 0.. without gaps."""
        cumulative = np.cumsum(self.posterior(classes), axis=1)
        drawn = (cumulative < stream.generator().random(self.rows)[:, None]).sum(axis=1)
        return np.unique(np.minimum(drawn, classes.count - 1), return_inverse=True)[1].astype(np.int64)


def grow(features: Features, stream: Stream) -> Iterator[Classes]:
    """Mixtures of 2, 4, 8 … classes, each grown from the one before (somewhat fewer, where classes had too few rows)."""
    posterior = np.ones((features.rows, 1), np.float32)
    stage = 0
    while True:
        posterior = _halved(features, posterior, stream.child("halve", stage).generator())
        classes = settle(features, features.classes(posterior), _STEPS)
        yield classes
        posterior, stage = features.posterior(classes), stage + 1


def settle(features: Features, classes: Classes, steps: int) -> Classes:
    """The mixture after further steps."""
    for _ in range(steps):
        classes = features.step(classes)
    return classes


def _halved(features: Features, posterior: Singles, rng: np.random.Generator) -> Singles:
    """Every class in two: its rows go to the nearer of two of them, picked at random, and softly so."""
    own = posterior.argmax(axis=1)
    side = np.zeros(features.rows, np.float32)
    places = hstack([csr_array(features.plain[:, 1 : 1 + features.q]), _scaled(features.hot)]).tocsr()
    for c in range(posterior.shape[1]):
        rows = np.flatnonzero(own == c)
        if len(rows) < 2:
            continue
        side[rows] = _two_means(places[rows], rng)
    soft = (0.1 + 0.8 * side)[:, None]
    return np.hstack([posterior * soft, posterior * (1 - soft)])


def _two_means(places: csr_array, rng: np.random.Generator, rounds: int = 3) -> NDArray[np.bool_]:
    """(n,) which of two centres each row is nearer to; the centres are those of the first rows where there are very many."""
    full = places[: max(2, _MOST_PLACES // max(1, places.shape[1]))].toarray()
    centres = _two_apart(full, rng)
    for _ in range(rounds):
        towards = centres[0] - centres[1]
        middle = 0.5 * (centres[0] + centres[1]) @ towards
        side = full @ towards > middle
        if side.all() or not side.any():
            return np.asarray(rng.random(places.shape[0]) < 0.5)
        centres = np.stack([full[side].mean(axis=0), full[~side].mean(axis=0)])
    return np.asarray(side if len(full) == places.shape[0] else places @ towards > middle)


def _two_apart(places: Singles, rng: np.random.Generator) -> Singles:
    """(2, m) two rows, the second picked in proportion to its squared distance from the first (Arthur & Vassilvitskii 2007)."""
    first = places[rng.integers(len(places))]
    squares = np.einsum("ij,ij->i", places, places)
    distance = np.maximum(squares - 2 * (places @ first) + first @ first, 0).astype(np.float64)
    total = distance.sum()
    second = rng.choice(len(distance), p=distance / total) if total > 0 else rng.integers(len(distance))
    return np.stack([first, places[second]])


def _scaled(hot: csr_array) -> csr_array:
    share = np.maximum(np.asarray(hot.mean(axis=0)).ravel(), 0.02)
    return (hot @ csr_array(np.diag(0.7 / np.sqrt(share)).astype(np.float32))).tocsr() if len(share) else hot


def _whitening(scores: Scores) -> Floats:
    """Lower Cholesky factor of the pooled second moments of the scores."""
    q = scores.mean.shape[1]
    pooled = scores.mean.T @ scores.mean / max(scores.rows, 1) + np.diag(scores.variance.mean(axis=0) + 1e-6)
    return np.asarray(np.linalg.cholesky(pooled) if q else np.eye(0), np.float64)


def _quadratic(moments: Floats, q: int) -> Singles:
    """(features, C): log weight and log normal density of each class as a quadratic form, from sums (C, features) over its rows.

    Covariances are drawn to the pooled within-class one by q + 2 pseudo-rows.
    """
    first, second = np.triu_indices(q)
    counts = moments[:, 0]
    centres = moments[:, 1 : 1 + q] / counts[:, None]
    scatters = np.empty((len(counts), q, q))
    scatters[:, first, second] = scatters[:, second, first] = moments[:, 1 + q :]
    scatters -= counts[:, None, None] * centres[:, :, None] * centres[:, None, :]
    within = scatters.sum(axis=0) / counts.sum() + 1e-6 * np.eye(q)
    covariances = (scatters + (q + 2.0) * within) / (counts + q + 2.0)[:, None, None]
    precisions = np.linalg.inv(covariances)
    linear = np.einsum("cij,cj->ci", precisions, centres)
    log_scale = -0.5 * (np.linalg.slogdet(covariances)[1] + q * np.log(2 * np.pi))
    constant = np.log(counts / counts.sum()) + log_scale - 0.5 * (linear * centres).sum(axis=1)
    squares = precisions[:, first, second] * np.where(first == second, -0.5, -1.0)
    return np.asarray(np.hstack([constant[:, None], linear, squares]).T, np.float32)


def _log_shares(table: Floats, sizes: list[int]) -> Singles:
    """(sum of sizes, C) log shares of the levels in each class from their sums, drawn to the pooled ones by a few pseudo-rows."""
    if not len(table):
        return table.astype(np.float32)
    starts = np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int64)
    totals = np.repeat(np.add.reduceat(table, starts, axis=0), sizes, axis=0)
    pooled = table.sum(axis=1, keepdims=True) / np.maximum(totals.sum(axis=1, keepdims=True), 1e-12)
    shares = (table + _LEVEL_PSEUDO_ROWS * pooled) / (totals + _LEVEL_PSEUDO_ROWS)
    return np.asarray(np.log(np.maximum(shares, 1e-12)), np.float32)


def _one_hot(scores: Scores) -> csr_array:
    rows, columns, start = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for level, size in zip(scores.levels, scores.sizes, strict=True):
        known = np.flatnonzero(level >= 0)
        rows.append(known)
        columns.append(level[known] + start)
        start += size
    row, column = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.ones(len(row), np.float32), (row, column)), shape=(scores.rows, start))
