"""Are there many different pictures among them, and are they new: effective number, neighbours, duplicates, copies of real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.pictures.distances import effective_number, kernel, median_distance, squared_distances
from understudy.evaluate.pictures.features import luminance
from understudy.evaluate.pictures.loading import Pictures
from understudy.evaluate.pictures.yardstick import Index, Sets, Statistic, Words, compared
from understudy.evaluate.result import Figure

Rows = NDArray[np.float64]
ALIKE_BITS = 3
"""Of 64: pictures whose prints differ by no more are taken for the same picture."""
ALIKE_LEVELS = 0.03
"""And whose pixels differ by no more in the mean."""


def diversity_figures(
    real: Pictures | None, synthetic: Pictures, holdout: Pictures | None, features: tuple[Rows, Rows, Rows | None], stream: Stream
) -> Iterator[Figure]:
    """features: of the three sets, in the same units; those of `synthetic` twice where there is no real set."""
    base = synthetic if real is None else real
    sets = Sets(base.groups, synthetic.groups, None if holdout is None else holdout.groups)
    width = median_distance(features[0])
    kinds: list[tuple[Words, Callable[[Pictures, Rows], Statistic]]] = [
        (_EFFECTIVE, lambda pictures, rows: _effective_number(rows, width)),
        (_NEAREST, lambda pictures, rows: _nearest(rows, pictures.groups, width)),
        (_DUPLICATES, lambda pictures, rows: _alike(pictures, pictures, same=True)),
    ]
    for words, statistic in kinds:
        theirs = None if holdout is None or features[2] is None else statistic(holdout, features[2])
        yield compared(words, sets, statistic(synthetic, features[1]), theirs, stream.child(words.key))
    if real is not None:
        copied = None if holdout is None else _alike(real, holdout, same=False)
        yield compared(_COPIES, sets, _alike(real, synthetic, same=False), copied, stream.child(_COPIES.key))


_EFFECTIVE = Words(
    "effective_share",
    "Different pictures in effect",
    "The effective number of different pictures (e to the entropy of the eigenvalues of their similarities) over their number. "
    "Falls with the number of pictures: compare equal numbers only.",
    best=1.0,
    better="higher",
    form="share",
)
_NEAREST = Words(
    "nearest_other",
    "Distance to the nearest other shot",
    "Median distance of a picture to the nearest one of another shot, in units of the distance of two real pictures.",
    best=1.0,
    better="higher",
    form="number",
)
_DUPLICATES = Words(
    "duplicates",
    "Pictures that are there twice",
    "Share of pictures that look the same as one of another shot, by a print of 64 bits and the mean difference of pixels.",
    best=0.0,
    better="lower",
    form="share",
)
_COPIES = Words(
    "copies",
    "Pictures that are copies of real ones",
    "Share of pictures that look the same as one of the real pictures.",
    best=0.0,
    better="lower",
    form="share",
    family="privacy",
)


def _effective_number(rows: Rows, width: float) -> Statistic:
    similar = kernel(rows, rows, width)
    return lambda _, theirs: effective_number(similar[np.ix_(theirs, theirs)]) / len(theirs)


def _nearest(rows: Rows, groups: Index, width: float) -> Statistic:
    apart = np.sqrt(squared_distances(rows, rows))
    apart[groups[:, None] == groups[None, :]] = np.inf

    def statistic(_: Index, theirs: Index) -> float:
        nearest = apart[np.ix_(theirs, theirs)].min(axis=1)
        finite = nearest[np.isfinite(nearest)]
        return float(np.median(finite)) / width if len(finite) else 0.0

    return statistic


def _alike(one: Pictures, other: Pictures, *, same: bool) -> Statistic:
    """The share of the other pictures that look like any of the first (of another shot where both sets are the same)."""
    alike = _pairs(one, other)
    if same:
        alike &= one.groups[:, None] != other.groups[None, :]
        return lambda _, theirs: float(alike[np.ix_(theirs, theirs)].any(axis=0).mean())
    return lambda mine, theirs: float(alike[np.ix_(mine, theirs)].any(axis=0).mean())


def _pairs(one: Pictures, other: Pictures) -> NDArray[np.bool_]:
    """(N, M) whether two pictures look the same."""
    prints = [_print(pictures) for pictures in (one, other)]
    differing = 64 - prints[0] @ prints[1].T - (1 - prints[0]) @ (1 - prints[1]).T
    alike: NDArray[np.bool_] = differing <= ALIKE_BITS
    small = [_pooled(pictures) for pictures in (one, other)]
    for first, second in np.argwhere(alike):
        alike[first, second] = np.abs(small[0][first] - small[1][second]).mean() <= ALIKE_LEVELS
    return alike


def _print(pictures: Pictures) -> Rows:
    """64 bits: whether each of 8 × 9 cells is brighter than the one to its right (Krawetz's difference hash)."""
    light = luminance(pictures.images).astype(np.float64)
    count, height, width = light.shape
    rows = light.reshape(count, 8, height // 8, width).mean(axis=2)
    edges = np.linspace(0, width, 10).astype(int)
    cells = np.stack([rows[:, :, left:right].mean(axis=2) for left, right in pairwise(edges)], axis=2)
    return np.asarray((cells[:, :, :-1] > cells[:, :, 1:]).reshape(count, 64), dtype=np.float64)


def _pooled(pictures: Pictures) -> Rows:
    count, height, width, channels = pictures.images.shape
    cells = pictures.images.reshape(count, 16, height // 16, 16, width // 16, channels).mean(axis=(2, 4))
    return np.asarray(cells.reshape(count, -1), dtype=np.float64)
