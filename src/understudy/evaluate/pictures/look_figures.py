"""Do the pictures look like real ones: distances between named features, and whether a classifier tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from understudy.core.random import Stream
from understudy.data.nearest import auc
from understudy.evaluate.pictures.distances import frechet, kernel, median_distance, mmd
from understudy.evaluate.pictures.features import FEATURES
from understudy.evaluate.pictures.loading import Pictures
from understudy.evaluate.pictures.yardstick import Index, Sets, Statistic, Words, compared
from understudy.evaluate.result import Figure

Rows = NDArray[np.float64]
_FOLDS = 4


@dataclass(frozen=True)
class Described:
    """Features of the three sets by name, in units of the real pictures' spread."""

    real: dict[str, Rows]
    synthetic: dict[str, Rows]
    holdout: dict[str, Rows] | None
    sets: Sets


def described(real: Pictures, synthetic: Pictures, holdout: Pictures | None) -> Described:
    features = [_features(pictures) for pictures in (real, synthetic, holdout) if pictures is not None]
    for name in FEATURES:
        middle, spread = features[0][name].mean(axis=0), features[0][name].std(axis=0)
        spread = np.maximum(spread, max(1e-3 * float(spread.max(initial=0.0)), 1e-6))
        for rows in features:
            rows[name] = np.clip((rows[name] - middle) / spread, -20, 20)
    sets = Sets(real.groups, synthetic.groups, None if holdout is None else holdout.groups)
    return Described(features[0], features[1], features[2] if holdout is not None else None, sets)


def _features(pictures: Pictures) -> dict[str, Rows]:
    return {name: feature(pictures.images) for name, feature in FEATURES.items()}


def look_figures(data: Described, stream: Stream) -> Iterator[Figure]:
    """Three kinds of figures: told apart, Fréchet distances, kernel distances."""
    yield _told_apart(data, stream.child("told apart"))
    for name in FEATURES:
        yield _frechet(data, name, stream.child("frechet", name))
    for name in FEATURES:
        yield _mmd(data, name, stream.child("mmd", name))


def _frechet(data: Described, name: str, stream: Stream) -> Figure:
    note = (
        f'Fréchet distance of normal distributions of the features "{name}", a dimension, in units of the real pictures\' spread. '
        "Comparable with figures on the same features and as many pictures only."
    )
    words = Words(f"frechet_{name}", f"Fréchet distance, {_spoken(name)}", note, 0.0, "lower", form="number")
    dimensions = data.real[name].shape[1]

    def between(other: Rows) -> Statistic:
        return lambda mine, theirs: frechet(data.real[name][mine], other[theirs]) / dimensions

    holdout = None if data.holdout is None else between(data.holdout[name])
    return compared(words, data.sets, between(data.synthetic[name]), holdout, stream)


def _mmd(data: Described, name: str, stream: Stream) -> Figure:
    note = f'Squared maximum mean discrepancy of the features "{name}" with Gaussian kernels; about 0 for equal distributions.'
    words = Words(f"mmd_{name}", f"Kernel distance, {_spoken(name)}", note, 0.0, "lower", form="number")
    real = data.real[name]
    width = median_distance(real)
    within = kernel(real, real, width)

    def between(other: Rows) -> Statistic:
        among, across = kernel(other, other, width), kernel(real, other, width)
        return lambda mine, theirs: mmd(within[np.ix_(mine, mine)], among[np.ix_(theirs, theirs)], across[np.ix_(mine, theirs)])

    holdout = None if data.holdout is None else between(data.holdout[name])
    return compared(words, data.sets, between(data.synthetic[name]), holdout, stream)


def _told_apart(data: Described, stream: Stream) -> Figure:
    """AUC of a linear classifier on all features, each shot judged by a classifier that saw none of its pictures."""
    note = "AUC of a linear classifier on all features that tells these pictures from real ones: 0.5 if it cannot, 1 if it always can."
    words = Words("told_apart", "Told apart from real (AUC)", note, 0.5, "closer", (0.5, 1.0))
    real = _joined(data.real)
    mine = _scores(real, _joined(data.synthetic), data.sets.real, data.sets.synthetic, stream.child("synthetic"))
    theirs = None
    if data.holdout is not None and data.sets.holdout is not None:
        theirs = _scores(real, _joined(data.holdout), data.sets.real, data.sets.holdout, stream.child("holdout"))
    return compared(words, data.sets, mine, theirs, stream.child("intervals"))


def _scores(real: Rows, other: Rows, real_groups: Index, other_groups: Index, stream: Stream) -> Statistic:
    """The AUC as a statistic of rows, from scores that are made once."""
    rows = np.vstack([real, other])
    truth = np.repeat([0, 1], [len(real), len(other)])
    groups = np.concatenate([real_groups, other_groups + real_groups.max() + 1])
    fold = _folds(groups, truth, stream)
    score = np.zeros(len(rows))
    for number in range(_FOLDS):
        inside = fold != number
        if len(np.unique(truth[inside])) == 2 and (~inside).any():
            model = LogisticRegression(C=0.01, max_iter=300, class_weight="balanced").fit(rows[inside], truth[inside])
            score[~inside] = model.decision_function(rows[~inside])
    mine, theirs = score[: len(real)], score[len(real) :]
    return lambda one, two: auc(theirs[two], mine[one]).value


def _folds(groups: Index, truth: Index, stream: Stream) -> Index:
    """A fold for each row; shots stay whole, and each fold has its share of both sets."""
    fold = np.zeros(len(groups), dtype=np.int64)
    rng = stream.generator()
    for side in (0, 1):
        names = rng.permutation(np.unique(groups[truth == side]))
        number = {name: position % _FOLDS for position, name in enumerate(names.tolist())}
        fold[truth == side] = [number[name] for name in groups[truth == side].tolist()]
    return fold


def _joined(features: dict[str, Rows]) -> Rows:
    """All features side by side, each kind with the same weight."""
    return np.hstack([rows / np.sqrt(rows.shape[1]) for rows in features.values()])


def _spoken(name: str) -> str:
    return name.replace("_", " ")
