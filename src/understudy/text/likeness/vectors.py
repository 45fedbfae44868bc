"""Texts as vectors: TF-IDF over hashed n-grams, and the few directions that most of their differences lie in.

Nothing is downloaded and nothing is learned but document frequencies and principal directions (latent semantic analysis, Deerwester et al.
1990), so equal texts give equal vectors on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from understudy.core.random import Stream
from understudy.text.likeness.grams import grams
from understudy.text.likeness.words import Tokens

Sparse = Any
"""A scipy.sparse.csr_array (documents, columns)."""
Rows = NDArray[np.float64]


def bag(tokens: Tokens, sizes: Sequence[int] = (1, 2), *, bits: int = 18) -> Sparse:
    """Counts of the n-grams of these sizes, hashed into 2^bits columns."""
    found = [grams(tokens, n) for n in sizes]
    columns = np.concatenate([part.codes >> np.uint64(64 - bits) for part in found]).astype(np.int64)
    owner = np.concatenate([part.owner for part in found])
    ones = np.ones(len(owner), np.float64)
    # scikit-learn takes 32-bit indices only.
    places = (owner.astype(np.int32), columns.astype(np.int32))
    counts = sparse.csr_array((ones, places), shape=(len(tokens), 2**bits))
    counts.indptr = counts.indptr.astype(np.int32)
    return counts


class Tfidf:
    """Weights by how few documents of `counts` have a column; rows of length 1. Counts go in by their logarithm."""

    def __init__(self, counts: Sparse) -> None:
        present = np.bincount(counts.indices, minlength=counts.shape[1])
        self._weights = np.log((1 + counts.shape[0]) / (1 + present)) + 1

    def __call__(self, counts: Sparse) -> Sparse:
        weighted = counts.copy()
        weighted.data = (1 + np.log(weighted.data)) * self._weights[weighted.indices]
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        weighted.data /= np.repeat(np.maximum(length, 1e-12), np.diff(weighted.indptr))
        return weighted


class Directions:
    """The `k` principal directions of some vectors (randomised SVD, Halko et al. 2011); rows are projected onto them.

    Columns that a single vector has say nothing about what vectors have in common, and are left out.
    """

    def __init__(self, vectors: Sparse, k: int, stream: Stream) -> None:
        from sklearn.utils.extmath import randomized_svd

        self._columns = np.flatnonzero(np.bincount(vectors.indices, minlength=vectors.shape[1]) > 1)
        shared = vectors[:, self._columns]
        k = min(k, min(shared.shape) - 1)
        if k < 1:
            self._axes = np.zeros((len(self._columns), 1))
            return
        number = int(stream.generator().integers(2**31))
        _, _, axes = randomized_svd(shared, n_components=k, n_iter=3, random_state=number, power_iteration_normalizer="QR")
        self._axes = np.ascontiguousarray(axes.T)

    def __call__(self, vectors: Sparse) -> Rows:
        return np.asarray(vectors[:, self._columns] @ self._axes)


def nearest_likeness(queries: Sparse, base: Sparse, *, block: int = 500) -> Rows:
    """(n,) the cosine of each row (of length 1) with the most like row of the base."""
    turned = sparse.csc_array(base.T)
    found = [(queries[start : start + block] @ turned).max(axis=1).toarray().ravel() for start in range(0, queries.shape[0], block)]
    return np.concatenate(found) if found else np.zeros(0)
