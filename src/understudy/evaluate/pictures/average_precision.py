"""Average precision of detections at an overlap of one half, as COCO counts it (101 places along recall, at most 100 a picture)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OVERLAP = 0.5


@dataclass(frozen=True)
class Matched:
    """One class's detections after they were matched with the truth.

    Attributes:
        picture: (N,) the picture of each detection. score: (N,) its confidence. right: (N,) whether it found an object.
        objects: (pictures,) how many objects of the class each picture has.
    """

    picture: NDArray[np.int64]
    score: Floats
    right: NDArray[np.bool_]
    objects: NDArray[np.int64]

    def average_precision(self, times: NDArray[np.int64] | None = None) -> float:
        """NaN without objects. times: how often each picture counts, for draws with replacement."""
        weight = np.ones(len(self.objects), dtype=np.int64) if times is None else times
        objects = int((self.objects * weight).sum())
        if objects == 0:
            return float("nan")
        order = np.argsort(-self.score, kind="stable")
        counted = weight[self.picture[order]]
        right = np.cumsum(self.right[order] * counted)
        found = np.cumsum(counted)
        precision = right / np.maximum(found, 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        place = np.searchsorted(right / objects, np.linspace(0, 1, 101), side="left")
        return float(np.where(place < len(envelope), envelope[np.minimum(place, len(envelope) - 1)], 0.0).mean()) if len(envelope) else 0.0


def overlaps(one: Floats, other: Floats) -> Floats:
    """(N, M) intersection over union of boxes x0, y0, x1, y1."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1) for boxes in (one, other)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12))


def matched(found: list[tuple[Floats, Floats]], truth: list[Floats]) -> Matched:
    """Each picture's detections (boxes and scores) of a class matched with its boxes, the surest first."""
    pictures, scores, rights = [], [], []
    for number, ((boxes, score), objects) in enumerate(zip(found, truth, strict=True)):
        order = np.argsort(-score, kind="stable")[:100]
        pictures += [number] * len(order)
        scores += score[order].tolist()
        rights += _right(boxes[order], objects)
    return Matched(
        np.array(pictures, dtype=np.int64), np.array(scores), np.array(rights, dtype=np.bool_), np.array([len(boxes) for boxes in truth])
    )


def _right(boxes: Floats, objects: Floats) -> list[bool]:
    """Whether each detection finds an object that none before it found: the one that it overlaps most of those left."""
    overlap = overlaps(boxes, objects)
    right = []
    for row in overlap:
        best = int(row.argmax()) if len(row) else -1
        right.append(best >= 0 and row[best] >= OVERLAP)
        if right[-1]:
            overlap[:, best] = -1.0
    return right
