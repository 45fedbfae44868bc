"""Distances between two sets of rows of features: of their normal approximations, and of their kernel means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


def frechet(one: Rows, other: Rows) -> float:
    """Squared Fréchet distance of two normal distributions with the rows' means and covariances (Dowson and Landau 1982).

    It is biased upwards by few rows: compare figures of equal numbers of rows only.
    """
    shift = one.mean(axis=0) - other.mean(axis=0)
    first, second = _centered(one), _centered(other)
    overlap = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    return max(0.0, float(shift @ shift + (first**2).sum() + (second**2).sum() - 2 * overlap))


def _centered(rows: Rows) -> Rows:
    """At most as many rows as columns whose squares sum to the covariance.

    The trace of the root of a product of covariances AᵀA BᵀB is the sum of the singular values of A Bᵀ: no root of a matrix is taken.
    """
    centered = (rows - rows.mean(axis=0)) / np.sqrt(max(len(rows) - 1, 1))
    return centered if len(rows) <= rows.shape[1] else np.asarray(np.linalg.qr(centered, mode="r"))


def squared_distances(one: Rows, other: Rows) -> Rows:
    """(N, M) squared Euclidean distances."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0.0))


def kernel(one: Rows, other: Rows, width: float) -> Rows:
    """The mean of three Gaussian kernels, of half, one and two times `width`."""
    squares = squared_distances(one, other)
    return np.asarray(np.mean([np.exp(-squares / (2 * (factor * width) ** 2)) for factor in (0.5, 1.0, 2.0)], axis=0))


def median_distance(rows: Rows) -> float:
    """Between two rows; the width that kernels take."""
    squares = squared_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    return max(float(np.sqrt(np.median(squares))) if len(squares) else 1.0, 1e-6)


def mmd(within: Rows, among: Rows, between: Rows) -> float:
    """Squared maximum mean discrepancy without bias, from kernels (Gretton et al. 2012, lemma 6); about 0 for equal distributions."""
    n, m = len(within), len(among)
    mine = (within.sum() - np.trace(within)) / (n * (n - 1))
    theirs = (among.sum() - np.trace(among)) / (m * (m - 1))
    return float(mine + theirs - 2 * between.mean())


def effective_number(similarities: Rows) -> float:
    """How many different rows there are in effect: e to the entropy of the eigenvalues of their similarities (Friedman and Dieng 2023)."""
    values = np.linalg.eigvalsh(similarities / len(similarities))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))
