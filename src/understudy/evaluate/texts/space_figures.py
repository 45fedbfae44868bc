"""Do synthetic texts lie where real texts lie? Told apart, frontier, kernel distance, density and coverage on TF-IDF features.

Features are computed from the texts, with no network's weights behind them: TF-IDF of runs of three and four characters, projected onto the
principal directions of all sets together. None of these figures is the MAUVE score of a paper, which needs a language model's features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from understudy.core.random import Stream
from understudy.evaluate.pictures.distances import kernel, median_distance, mmd, squared_distances
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES, Floats, Sampled, Side
from understudy.evaluate.result import Figure
from understudy.evaluate.scores import roc_auc
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.yardstick import OTHERS, Index, Limits, Statistic, Weights, Words, by_halves, figure, sampled
from understudy.text.likeness.classifier import TextClassifier
from understudy.text.likeness.grams import text_codes
from understudy.text.likeness.vectors import Directions, Rows, Sparse, Tfidf, bag
from understudy.text.likeness.words import normalized

DIRECTIONS = 64
_MOST_TOLD = 4_000
_MOST_FRONTIER = 4_000
_MOST_KERNEL = 1_000
_FOLDS = 4
_LEAST_TOLD = 100
_NEAREST = 5
_CURVE = np.linspace(0.01, 0.99, 49)
_SHARPNESS = 5.0


@dataclass(frozen=True)
class Space:
    """rows: (texts, directions) of each set, as many of each."""

    rows: dict[Side, Rows]


def space_of(corpora: Corpora, stream: Stream) -> Space:
    n = corpora.some(_MOST_FRONTIER)
    counts: dict[Side, Sparse] = {side: bag(corpora.letters[side].head(n), (3, 4), bits=16) for side in SIDES}
    # Directions fit those texts best that they were found on, so all three sets have an equal part in them.
    together = sparse.vstack(list(counts.values()), format="csr")
    tfidf = Tfidf(together)
    directions = Directions(tfidf(together), DIRECTIONS, stream)
    return Space({side: directions(tfidf(part)) for side, part in counts.items()})


def space_figures(corpora: Corpora, space: Space, policy: Policy, weights: Weights, stream: Stream) -> Iterator[Figure]:
    n = corpora.some(_MOST_TOLD)
    yield figure(
        Words(
            "c2st_auc", "Told apart from real (AUC)",
            "AUC of a linear classifier on words and pairs of words that tells these texts from held-out real ones, never asked about a "
            "text "
            "that it learned: 0.5 if it cannot, 1 if it always can. Beside it, the texts that the model learned from against held-out "
            "ones.",
            0.5, "lower",
        ),
        sampled(_told(corpora, "synthetic", weights, stream), _told(corpora, "real", weights, stream)),
        Limits(policy.c2st_pass, policy.c2st_warn, floor=0.5, least=_LEAST_TOLD), n=n, n_holdout=n,
    )  # fmt: skip
    n = len(space.rows["real"])
    yield figure(
        Words(
            "frontier_tfidf", "frontier-tfidf",
            "Area under the divergence frontier (Pillutla et al. 2021) on clusters of TF-IDF features: 1 alike, near 0 nothing in common. "
            "It "
            "falls both for texts that real ones are not like and for real texts that are missing.",
            1.0, "higher",
        ),
        by_halves({side: _frontier(space, side, stream.child("clusters", side)) for side in OTHERS}, (n, n, n), stream.child("frontier")),
        Limits(policy.frontier_gap), n=n, n_holdout=n,
    )  # fmt: skip
    yield from _near_figures(space, policy, stream)


def _near_figures(space: Space, policy: Policy, stream: Stream) -> Iterator[Figure]:
    m = min(len(space.rows["real"]), _MOST_KERNEL)
    real = space.rows["real"][:m]
    sizes = (m, m, m)
    others: dict[Side, Rows] = {side: space.rows[side][:m] for side in OTHERS}
    yield figure(
        Words(
            "mmd_tfidf", "Kernel distance",
            "Squared maximum mean discrepancy of TF-IDF features with Gaussian kernels; about 0 for equal distributions.",
            0.0, "lower", scale=(0.0, 0.0), form="number",
        ),
        _kernel_distance(real, others, sizes, stream.child("mmd")),
        Limits(policy.kernel_gap), n=m, n_holdout=m,
    )  # fmt: skip
    within = squared_distances(real, real)
    across = {side: squared_distances(real, rows) for side, rows in others.items()}
    for key, name, density, note in (
        ("density", "Density", True, "How much of the synthetic texts lies where real texts lie: the mean over them of the balls to the "
         f"{_NEAREST}th nearest neighbour of a real text that hold it, clipped so that no text counts more than once."),
        ("coverage", "Coverage", False, f"Share of the real texts that have a synthetic text nearer than their {_NEAREST}th nearest real "
        f"one."),
    ):  # fmt: skip
        statistics: dict[Side, Statistic] = {side: _balls(within, across[side], density=density) for side in OTHERS}
        yield figure(
            Words(key, name, note, 1.0, "higher", form="share"),
            by_halves(statistics, sizes, stream.child(key)),
            None if density else Limits(policy.frontier_gap, percent=True), n=m, n_holdout=m,
        )  # fmt: skip


def _told(corpora: Corpora, side: Side, weights: Weights, stream: Stream) -> tuple[float, Floats]:
    """The AUC against held-out texts of scores by classifiers that saw neither the text nor one that reads the same.

    Against the training texts a generator that repeats their turns of phrase would pass for real, for it shares them.
    """
    n = corpora.some(_MOST_TOLD)
    counts = sparse.vstack([corpora.bags["holdout"][:n], corpora.bags[side][:n]], format="csr")
    truth = np.repeat([0, 1], n)
    both_sets = [*corpora.texts["holdout"][:n], *corpora.texts[side][:n]]
    same = text_codes([normalized(text) for text in both_sets])
    fold = _folds(same, truth, stream.child("folds", side))
    score = np.zeros(2 * n)
    for number in range(_FOLDS):
        inside = np.flatnonzero(fold != number)
        outside = np.flatnonzero(fold == number)
        if len(outside) and len(np.unique(truth[inside])) == 2:
            score[outside] = TextClassifier(counts[inside], truth[inside], 2).scores(counts[outside])[:, 1]
    both = np.hstack([weights("holdout", n), weights(side, n)])
    value = roc_auc(truth == 1, score, np.ones((1, 2 * n)))
    return float(value[0]), roc_auc(truth == 1, score, both.astype(np.float64))


def _folds(same: Index, truth: Index, stream: Stream) -> Index:
    """A fold for each text: equal texts in one, and in each fold its share of both sets, lest the rarer set be learned."""
    sets = np.zeros(int(same.max()) + 1, np.int64)
    np.bitwise_or.at(sets, same, 1 << truth)
    order = stream.generator().permutation(len(sets))
    order = order[np.argsort(sets[order], kind="stable")]
    fold = np.empty(len(sets), np.int64)
    fold[order] = np.arange(len(sets)) % _FOLDS
    return fold[same]


def _frontier(space: Space, side: Side, stream: Stream) -> Statistic:
    """As a statistic of documents, whose clusters are found once, among both sets."""
    from sklearn.cluster import KMeans

    real, other = space.rows["real"], space.rows[side]
    clusters = int(np.clip(len(real) // 20, 2, 100))
    number = int(stream.generator().integers(2**31))
    together = KMeans(clusters, n_init=1, max_iter=50, random_state=number).fit_predict(np.vstack([real, other]))
    mine, theirs = together[: len(real)], together[len(real) :]

    def statistic(one: Index, two: Index) -> float:
        return frontier(np.bincount(mine[one], minlength=clusters), np.bincount(theirs[two], minlength=clusters))

    return statistic


def frontier(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The area under the curve of exp(-c KL) of both to their mixtures, from counts; half a count is added to each cell."""
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (one, other))
    mixture = _CURVE[:, None] * p + (1 - _CURVE[:, None]) * q
    x = np.exp(-_SHARPNESS * (q * np.log(q / mixture)).sum(axis=1))
    y = np.exp(-_SHARPNESS * (p * np.log(p / mixture)).sum(axis=1))
    x, y = np.concatenate([[1.0], x, [0.0]]), np.concatenate([[0.0], y, [1.0]])
    order = np.lexsort((-y, x))
    return float(np.trapezoid(y[order], x[order]))


def _kernel_distance(real: Rows, others: dict[Side, Rows], sizes: tuple[int, int, int], stream: Stream) -> Sampled:
    width = median_distance(real)
    mine = kernel(real, real, width)

    def between(other: Rows) -> Statistic:
        among, across = kernel(other, other, width), kernel(real, other, width)
        return lambda one, two: mmd(mine[np.ix_(one, one)], among[np.ix_(two, two)], across[np.ix_(one, two)])

    return by_halves({"synthetic": between(others["synthetic"]), "holdout": between(others["holdout"])}, sizes, stream)


def _balls(within: Rows, across: Rows, *, density: bool) -> Statistic:
    """Density and coverage (Naeem et al. 2020), clipped after arXiv 2507.01761: large balls shrink to the median one, and no text counts
    for more than one."""

    def statistic(one: Index, two: Index) -> float:
        k = min(_NEAREST, len(one) - 1)
        radius = np.partition(within[np.ix_(one, one)], k, axis=1)[:, k]
        if density:
            radius = np.minimum(radius, np.median(radius))
        inside = across[np.ix_(one, two)] <= radius[:, None]
        return float(np.minimum(inside.sum(axis=0) / k, 1).mean() if density else inside.any(axis=1).mean())

    return statistic
