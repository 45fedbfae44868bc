"""The dependence of latent normals that are seen only through intervals: a correlation matrix for every component.

Extended rank likelihood (Hoff 2007): a discrete or missing value says only between which bounds its latent normal lies. Alternate
between drawing the latents inside their bounds given all others (truncated normals, vectorised over rows) and re-estimating the
correlations. That removes the attenuation which scores given to discrete values suffer. Correlations are shrunk by amounts chosen on
held-out folds: the pooled matrix towards independence, each component's towards the pooled one.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from understudy.core.random import Stream
from understudy.tabular.truncated import draw_between

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SHRINKAGES = np.array([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 0.95])
_PSEUDO_ROWS = np.array([3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 1e4, 1e9])
_FOLDS = 5
_CHUNK_VALUES = 150_000  # latents in one chunk: small enough to stay in the processor's cache


def fit_correlations(low: Floats, high: Floats, labels: Integers, stream: Stream, sweeps: int = 12) -> Floats:
    """(C, p, p) correlation matrices of latents in [low, high], both (n, p); ``labels`` (n,) gives each row's component.

    ``low == high`` marks a point; an infinite interval an unknown value.
    """
    rng = stream.generator()
    by_component = np.argsort(labels, kind="stable")
    bounds = np.r_[0, np.cumsum(np.bincount(labels))]
    low, high = low[by_component], high[by_component]
    hidden = np.flatnonzero((low < high).any(axis=0))
    latent = draw_between(low, high, np.full(low.shape, 0.5))
    groups = [slice(a, b) for a, b in pairwise(bounds)]
    if not hidden.size:
        return _shrunk(latent, groups, rng)
    total = np.zeros((len(groups), *[low.shape[1]] * 2))
    for sweep in range(sweeps):
        current = _provisional(latent, groups)
        for matrix, rows in zip(current, groups, strict=True):
            _redraw(latent[rows], low[rows], high[rows], hidden, matrix, rng)
        if sweep >= sweeps // 2:
            total += _correlations(latent, groups)
    return _shrunk(latent, groups, rng, total / (sweeps - sweeps // 2))


def _redraw(latent: Floats, low: Floats, high: Floats, hidden: Integers, correlation: Floats, rng: np.random.Generator) -> None:
    """One Gibbs sweep in place: every hidden latent given all others of its row."""
    p = latent.shape[1]
    precision = np.linalg.inv(correlation)
    spread = 1 / np.sqrt(np.diag(precision))
    weights = -precision[hidden] * (spread[hidden] ** 2)[:, None]
    weights[np.arange(len(hidden)), hidden] = 0
    step = max(1, _CHUNK_VALUES // p)
    for start in range(0, len(latent), step):
        rows = slice(start, start + step)
        block = np.ascontiguousarray(latent[rows].T)
        lows, highs = low[rows].T, high[rows].T
        uniform = rng.random((len(hidden), block.shape[1]))
        for h, d in enumerate(hidden):
            mean, s = weights[h] @ block, spread[d]
            drawn = mean + s * draw_between((lows[d] - mean) / s, (highs[d] - mean) / s, uniform[h])
            block[d] = np.clip(drawn, lows[d], highs[d])
        latent[rows] = block.T


def _correlations(latent: Floats, groups: list[slice]) -> Floats:
    """(C, p, p) second moments about zero, scaled to unit diagonals."""
    out = np.empty((len(groups), *[latent.shape[1]] * 2))
    for c, rows in enumerate(groups):
        part = latent[rows] - latent[rows].mean(axis=0)
        out[c] = _unit(part.T @ part / max(len(part), 1))
    return out


def _unit(covariance: Floats) -> Floats:
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation: Floats = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _provisional(latent: Floats, groups: list[slice]) -> Floats:
    """Correlations with a modest fixed shrinkage, good enough to draw latents with."""
    p = latent.shape[1]
    each = _correlations(latent, groups)
    sizes = np.array([rows.stop - rows.start for rows in groups], np.float64)
    pooled = np.tensordot(sizes / sizes.sum(), each, 1)
    pooled = _towards_independence(pooled, (p + 1.0) / (sizes.sum() + p + 1.0) * 0.1)
    keep = (sizes / (sizes + 2.0 * p + 10.0))[:, None, None]
    return np.asarray(keep * each + (1 - keep) * pooled)


def _towards_independence(correlation: Floats, amount: float) -> Floats:
    return np.asarray((1 - amount) * correlation + amount * np.eye(len(correlation)))


def _shrunk(latent: Floats, groups: list[slice], rng: np.random.Generator, averaged: Floats | None = None) -> Floats:
    """The final matrices: second moments (averaged over sweeps where drawn) under the shrinkage that held-out folds prefer."""
    each = _correlations(latent, groups) if averaged is None else averaged
    sizes = np.array([rows.stop - rows.start for rows in groups], np.float64)
    standard = _standardised(latent, groups)
    folds = rng.permutation(len(standard)) % _FOLDS
    amount = _best_shrinkage(standard, folds)
    pooled = _towards_independence(np.tensordot(sizes / sizes.sum(), each, 1), amount)
    if len(groups) == 1:
        return pooled[None]
    pseudo = _best_pseudo_rows(standard, groups, folds, amount)
    keep = (sizes / (sizes + pseudo))[:, None, None]
    return np.stack([_unit(matrix) for matrix in keep * each + (1 - keep) * pooled])


def _standardised(latent: Floats, groups: list[slice]) -> Floats:
    out = np.empty_like(latent)
    for rows in groups:
        part = latent[rows]
        out[rows] = (part - part.mean(axis=0)) / np.maximum(part.std(axis=0), 1e-6)
    return out


def _best_shrinkage(latent: Floats, folds: Integers) -> float:
    """The amount of independence in the pooled matrix that gives held-out rows the highest normal density."""
    score = np.zeros(len(_SHRINKAGES))
    for k in range(_FOLDS if len(latent) < 5000 else 1):
        kept, held = latent[folds != k], latent[folds == k]
        values, vectors = np.linalg.eigh(kept.T @ kept / len(kept))
        power = ((held @ vectors) ** 2).mean(axis=0)
        mixed = (1 - _SHRINKAGES)[:, None] * np.maximum(values, 0) + _SHRINKAGES[:, None]
        score -= (np.log(mixed) + power / mixed).sum(axis=1)
    return float(_SHRINKAGES[score.argmax()])


def _best_pseudo_rows(latent: Floats, groups: list[slice], folds: Integers, amount: float) -> float:
    """How many pseudo-rows of the pooled matrix each component's own is mixed with, by held-out normal density."""
    score = np.zeros(len(_PSEUDO_ROWS))
    for k in range(_FOLDS if len(latent) < 5000 else 1):
        kept = latent[folds != k]
        whiten = np.linalg.cholesky(_towards_independence(kept.T @ kept / len(kept), amount))
        for rows in groups:
            fold = folds[rows]
            white = solve_triangular(whiten, latent[rows].T, lower=True, check_finite=False).T
            score += _component_score(white[fold != k], white[fold == k])
    return float(_PSEUDO_ROWS[score.argmax()])


def _component_score(kept: Floats, held: Floats) -> Floats:
    """Held-out log density (up to a constant) for each number of pseudo-rows, in coordinates where the pooled matrix is I."""
    n = len(kept)
    if n == 0 or len(held) == 0:
        return np.zeros(len(_PSEUDO_ROWS))
    values, vectors = np.linalg.eigh(kept.T @ kept / n)
    power = ((held @ vectors) ** 2).sum(axis=0)
    keep = (n / (n + _PSEUDO_ROWS))[:, None]
    mixed = keep * np.maximum(values, 0) + (1 - keep)
    return np.asarray(-0.5 * (len(held) * np.log(mixed) + power / mixed).sum(axis=1))
