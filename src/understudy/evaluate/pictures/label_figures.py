"""Are the labels like those of real pictures: which classes, how many, how large, where, and which together?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.pictures.boxes import Boxes
from understudy.evaluate.pictures.yardstick import Index, Sets, Words, compared
from understudy.evaluate.result import Figure

Values = NDArray[np.float64]


def label_figures(real: Boxes, synthetic: Boxes, holdout: Boxes | None, stream: Stream) -> Iterator[Figure]:
    """One figure for each property of labels: 1 for equal distributions, 0 for distributions without anything in common."""
    sets = Sets(real.groups, synthetic.groups, None if holdout is None else holdout.groups)
    for words, likeness in _FIGURES:
        mine = _statistic(likeness, real, synthetic)
        theirs = None if holdout is None else _statistic(likeness, real, holdout)
        yield compared(words, sets, mine, theirs, stream.child(words.key))


def _statistic(likeness: Callable[[_Chosen, _Chosen], float], one: Boxes, other: Boxes) -> Callable[[Index, Index], float]:
    return lambda mine, theirs: likeness(_Chosen(one, mine), _Chosen(other, theirs))


class _Chosen:
    """The objects of some pictures."""

    def __init__(self, boxes: Boxes, pictures: Index) -> None:
        taken = np.zeros(boxes.pictures, dtype=np.bool_)
        taken[pictures] = True
        kept = taken[boxes.picture]
        self.pictures = len(pictures)
        self.names = boxes.names[kept]
        self.box = boxes.box[kept]
        self.picture = np.searchsorted(pictures, boxes.picture[kept])

    @property
    def per_picture(self) -> Values:
        return np.bincount(self.picture, minlength=self.pictures).astype(np.float64)

    @property
    def sides(self) -> Values:
        return np.maximum(self.box[:, 2:] - self.box[:, :2], 1e-6)

    def presence(self, classes: list[str]) -> NDArray[np.bool_]:
        """(pictures, classes) whether a picture has an object of the class."""
        found = np.zeros((self.pictures, len(classes)), dtype=np.bool_)
        known = np.isin(self.names, classes)
        found[self.picture[known], np.searchsorted(classes, self.names[known])] = True
        return found


def _of_values(values: Callable[[_Chosen], Values]) -> Callable[[_Chosen, _Chosen], float]:
    return lambda one, other: 1 - kolmogorov_smirnov(values(one), values(other))


def kolmogorov_smirnov(one: Values, other: Values) -> float:
    """The largest difference of the two distribution functions; 1 where one of both is empty and the other not."""
    if not len(one) or not len(other):
        return float(len(one) != len(other))
    one, other = np.round(one, 4), np.round(other, 4)  # formats round places: what differs by less is the same value
    places = np.concatenate([one, other])
    below_one = np.searchsorted(np.sort(one), places, side="right") / len(one)
    below_other = np.searchsorted(np.sort(other), places, side="right") / len(other)
    return float(np.abs(below_one - below_other).max())


def _classes(one: _Chosen, other: _Chosen) -> float:
    """1 - total variation distance of the shares of classes."""
    names = np.unique(np.concatenate([one.names, other.names]))
    if not len(one.names) or not len(other.names):
        return float(len(one.names) == len(other.names))
    shares = [np.bincount(np.searchsorted(names, chosen.names), minlength=len(names)) / len(chosen.names) for chosen in (one, other)]
    return 1 - float(np.abs(shares[0] - shares[1]).sum()) / 2


def _together(one: _Chosen, other: _Chosen) -> float:
    """1 - the mean difference of the shares of pictures that two classes are in together, over pairs that occur."""
    classes = sorted({*one.names.tolist(), *other.names.tolist()})
    first, second = (chosen.presence(classes).astype(np.float64) for chosen in (one, other))
    shares = [rows.T @ rows / max(len(rows), 1) for rows in (first, second)]
    upper = np.triu_indices(len(classes), 1)
    occurs = (shares[0][upper] > 0) | (shares[1][upper] > 0)
    return 1 - float(np.abs(shares[0][upper] - shares[1][upper])[occurs].mean()) if occurs.any() else 1.0


def _words(key: str, name: str, note: str) -> Words:
    return Words(key, name, note, best=1.0, better="higher")


_FIGURES: list[tuple[Words, Callable[[_Chosen, _Chosen], float]]] = [
    (_words("label_classes", "Shares of classes", "1 - total variation distance of the shares of all objects."), _classes),
    (
        _words("label_objects", "Objects in a picture", "1 - Kolmogorov-Smirnov distance of the number of objects in a picture."),
        _of_values(lambda chosen: chosen.per_picture),
    ),
    (
        _words("label_sizes", "Sizes of boxes", "1 - Kolmogorov-Smirnov distance of the boxes' shares of their picture."),
        _of_values(lambda chosen: chosen.sides.prod(axis=1)),
    ),
    (
        _words("label_shapes", "Shapes of boxes", "1 - Kolmogorov-Smirnov distance of width over height, as shares of the picture's."),
        _of_values(lambda chosen: chosen.sides[:, 0] / chosen.sides[:, 1]),
    ),
    (
        _words("label_across", "Places across", "1 - Kolmogorov-Smirnov distance of the boxes' middles across the picture."),
        _of_values(lambda chosen: chosen.box[:, [0, 2]].mean(axis=1)),
    ),
    (
        _words("label_down", "Places down", "1 - Kolmogorov-Smirnov distance of the boxes' middles down the picture."),
        _of_values(lambda chosen: chosen.box[:, [1, 3]].mean(axis=1)),
    ),
    (_words("label_together", "Classes together", "1 - mean difference of how often two classes are in one picture."), _together),
]
