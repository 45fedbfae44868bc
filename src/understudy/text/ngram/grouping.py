"""Words in groups that have the same neighbours, so that what two words say together can be told where only their kinds meet often enough.

Neighbours on the left and on the right among the most frequent words, as square roots of shares (Hellinger distances), brought down to a
few directions and put into groups by k-means; frequent words are groups by themselves. (Schütze, "Distributional part-of-speech
tagging", EACL 1995.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.texts.ngram.levels import Occurrences

Integers = NDArray[np.int64]

NEIGHBOURS = 400
ALONE = 100
DIRECTIONS = 32
GROUPS = 200
PRIOR = 5.0
"""Neighbours that a word is taken to have beside its own, as frequent as with all words."""


def groups_of(found: Occurrences, size: int, stream: Stream, groups: int = GROUPS) -> Integers:
    """(size + 2,) the group of each word, of the end and of what stands before the beginning."""
    from sklearn.cluster import KMeans
    from sklearn.utils.extmath import randomized_svd

    weights = np.bincount(found.words, found.weights, minlength=size + 2)
    ranked = np.argsort(-weights[:size], kind="stable")
    out = np.zeros(size + 2, np.int64)
    alone = np.concatenate([ranked[: min(ALONE, size)], [size, size + 1]])
    out[alone] = np.arange(len(alone))
    others = ranked[ALONE:]
    others = others[weights[others] > 0]
    if len(others) < 2 * groups:
        out[ranked[ALONE:]] = len(alone)
        return out
    features = _neighbours(found, size, ranked)[others]
    number = int(stream.child("groups").generator().integers(2**31))
    directions, strengths, _ = randomized_svd(features, DIRECTIONS, random_state=number, n_iter=3)
    model = KMeans(groups, n_init=1, max_iter=30, random_state=number)
    out[others] = len(alone) + model.fit(directions * strengths, sample_weight=np.sqrt(weights[others])).labels_
    return out


def _neighbours(found: Occurrences, size: int, ranked: Integers) -> NDArray[np.float64]:
    """(size + 2, 2 x known) for each word its neighbours left and right among the known, the rest as one; roots of smoothed shares."""
    known = np.full(size + 2, min(NEIGHBOURS, size) + 2, np.int64)
    chosen = np.concatenate([ranked[:NEIGHBOURS], [size, size + 1]])
    known[chosen] = np.arange(len(chosen))
    width = len(chosen) + 1
    counts = np.zeros((size + 2, 2 * width))
    np.add.at(counts, (found.words, known[found.before[0]]), found.weights)
    np.add.at(counts, (found.before[0], width + known[found.words]), found.weights)
    for side in (slice(0, width), slice(width, None)):
        whole = counts[:, side].sum(axis=0)
        smooth = counts[:, side] + PRIOR * whole / max(whole.sum(), 1e-9)
        counts[:, side] = np.sqrt(smooth / smooth.sum(axis=1, keepdims=True))
    centred: NDArray[np.float64] = counts - counts.mean(axis=0)
    return centred
