"""`evaluate_pictures`: the steps of judging a set of pictures, in order."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.core.progress import ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.single_thread import single_thread
from understudy.evaluate.pictures.boxes import Boxes, read_boxes
from understudy.evaluate.pictures.diversity_figures import diversity_figures
from understudy.evaluate.pictures.features import FEATURES
from understudy.evaluate.pictures.label_figures import label_figures
from understudy.evaluate.pictures.loading import Pictures, Source, load_pictures
from understudy.evaluate.pictures.look_figures import described, look_figures
from understudy.evaluate.pictures.result import PictureEvaluation
from understudy.evaluate.result import Figure, Subject

MOST = 1000
_FEWEST_TO_SPLIT = 8


def evaluate_pictures(
    real: Source | None,
    synthetic: Source,
    *,
    holdout: Source | None = None,
    most: int = MOST,
    seed: int = 0,
    progress: ProgressLike = None,
) -> PictureEvaluation:
    """Judge synthetic pictures, and their labels where both sides have some.

    Args:
        real: a folder of real pictures (any data set of ours, COCO's or YOLO's folders, or pictures alone), or arrays (H, W) or
            (H, W, 3) of uint8; None: only how different the synthetic pictures are from one another is told.
        synthetic: the same of synthetic pictures.
        holdout: real pictures that are the yardstick. None: half of the real ones are kept aside for it.
        most: pictures of each set that are looked at, chosen by the seed.
        seed: of what is drawn: pictures, halves, folds.

    Raises:
        ArgumentError: `most` is less than 2. DataError: pictures or labels cannot be read, or there are fewer than two.
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 2:
        raise ArgumentError(f"`most` is how many pictures of each set are looked at, 2 or more, not {most!r}.", where="most")
    began, stream = time.perf_counter(), Stream(seed).child("evaluate pictures")
    notes: list[str] = []
    with listening(progress) as listener, single_thread():
        listener.stage("read pictures")
        made = load_pictures(synthetic, most, stream.child("synthetic"))
        if real is None:
            figures = list(_alone(made, stream.child("diversity")))
            notes.append("No real pictures were given: nothing says how different pictures of this kind are.")
            reference = kept = None
        else:
            reference, kept = _reference(real, holdout, most, stream, notes)
            listener.stage("compare")
            figures = list(_compared(reference, made, kept, stream))
            figures += _labels(real, synthetic, holdout, stream.child("labels"), notes)
    subjects = [_subject(pictures) for pictures in (reference, made, kept)]
    assert subjects[1] is not None
    return PictureEvaluation(
        figures=figures, real=subjects[0], synthetic=subjects[1], holdout=subjects[2], notes=notes, seed=seed,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def _reference(real: Source, holdout: Source | None, most: int, stream: Stream, notes: list[str]) -> tuple[Pictures, Pictures | None]:
    """The real pictures, and those kept aside as the yardstick: whole shots of them, where none are given."""
    pictures = load_pictures(real, most if holdout is not None else 2 * most, stream.child("real"))
    if holdout is not None:
        return pictures, load_pictures(holdout, most, stream.child("holdout"))
    names = stream.child("split").generator().permutation(np.unique(pictures.groups))
    if len(pictures.images) < _FEWEST_TO_SPLIT or len(names) < 2:
        notes.append("There are too few real pictures to keep some aside, so there is no yardstick.")
        return pictures, None
    notes.append("Half of the real pictures were kept aside as the yardstick: no holdout was given.")
    aside = np.isin(pictures.groups, names[: len(names) // 2])
    return pictures.part(np.flatnonzero(~aside)), pictures.part(np.flatnonzero(aside))


def _compared(real: Pictures, made: Pictures, kept: Pictures | None, stream: Stream) -> list[Figure]:
    data = described(real, made, kept)
    figures = list(look_figures(data, stream.child("looks")))
    rows = [None if part is None else np.hstack(list(part.values())) for part in (data.real, data.synthetic, data.holdout)]
    assert rows[0] is not None
    assert rows[1] is not None
    return figures + list(diversity_figures(real, made, kept, (rows[0], rows[1], rows[2]), stream.child("diversity")))


def _alone(made: Pictures, stream: Stream) -> list[Figure]:
    parts = []
    for feature in FEATURES.values():
        rows = feature(made.images)
        parts.append((rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-6))
    joined = np.hstack(parts)
    return list(diversity_figures(None, made, None, (joined, joined, None), stream))


def _labels(real: Source, synthetic: Source, holdout: Source | None, stream: Stream, notes: list[str]) -> list[Figure]:
    theirs, mine = _boxes(real), _boxes(synthetic)
    if theirs is None or mine is None:
        notes.append("Labels were not compared: the real or the synthetic pictures have none in the native form, COCO's or YOLO's.")
        return []
    kept = _boxes(holdout)
    if holdout is None:
        theirs, kept = _halved(theirs, stream.child("split"))
    return list(label_figures(theirs, mine, kept, stream))


def _boxes(source: Source | None) -> Boxes | None:
    return read_boxes(source) if isinstance(source, (str, Path)) else None


def _halved(boxes: Boxes, stream: Stream) -> tuple[Boxes, Boxes | None]:
    names = stream.generator().permutation(np.unique(boxes.groups))
    if boxes.pictures < _FEWEST_TO_SPLIT or len(names) < 2:
        return boxes, None
    aside = np.isin(boxes.groups, names[: len(names) // 2])
    return boxes.part(~aside), boxes.part(aside)


def _subject(pictures: Pictures | None) -> Subject | None:
    return None if pictures is None else Subject(origin=pictures.origin, rows=pictures.total, rows_used=len(pictures.images))
