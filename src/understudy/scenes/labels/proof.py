"""The proof of a frame: checks that its labels passed, with their figures. A frame that fails one is refused.

The checks do not repeat how the labels were made: they count, in the finished maps, what the finished instances claim, and the depth is
that of two codes that share nothing (tracer and `silhouette`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ProofError
from understudy.data.media.items import Category, Frame, Instance
from understudy.scenes.labels.silhouette import Silhouette

ROUNDING = 3
"""Pixels of one object that may differ between tracer and silhouette, beside a share of `APART`: their edges are rounded differently."""

APART = 0.005
SAMPLE = 4096
"""Pixels of a frame whose flow is followed there and back."""

FLOW_SLACK = 0.25
"""Pixels by which a point may miss its place there and back, beside what the flow differs by between the four pixels around it."""

FLOW_SHARE = 0.02
"""Share of points that may miss it: single parts with many edges, such as foliage, hide themselves within a pixel."""

LEVELS = 4
"""Distinct values that a picture must have at least."""


def prove(
    frame: Frame, categories: Sequence[Category], outlines: Mapping[int, Silhouette], *, rendered: bool = True
) -> dict[str, dict[str, Any]]:
    """The checks of one frame by name, with their figures. outlines: of the instances, by their track.

    Raises:
        ProofError: names the frame, the check and its figures.
    """
    counts = np.bincount(frame.category.ravel(), minlength=256)
    checks = {
        "partition": _partition(frame, categories, counts),
        "ids": _ids(frame),
        "boxes": _boxes(frame),
        "keypoints": _keypoints(frame, categories),
        "depth": _depth(frame, outlines),
        "image": _image(frame) if rendered else {"rendered": False},
    }
    for name, figures in checks.items():
        if figures.pop("wrong", 0):
            raise _refused(frame, name, figures)
    return checks


def prove_flow(first: Frame, second: Frame, links: tuple[NDArray[np.int32], NDArray[np.int32]]) -> None:
    """Points of `first` that are seen in `second`, followed there and back; the figures go to the proof of `second`.

    links: what is seen in both. Points are followed where the four pixels around their place show the same part and are seen in both.

    Raises:
        ProofError: more than a few do not come back to where they started.
    """
    if first.flow_forward is None or second.flow_backward is None or first.hidden_forward is None or second.hidden_backward is None:
        return
    missed, spread = _there_and_back(first.flow_forward, first.hidden_forward, second.flow_backward, second.hidden_backward, links)
    wrong = int(np.count_nonzero(missed > FLOW_SLACK + spread))
    figures = {"points": len(missed), "missed": wrong, "median_px": round(float(np.median(missed)), 4) if len(missed) else 0.0}
    if wrong > ROUNDING + FLOW_SHARE * len(missed):
        raise _refused(second, "flow", figures)
    second.proof["flow"] = figures


def _there_and_back(
    forward: NDArray[np.float32],
    hidden: NDArray[np.bool_],
    backward: NDArray[np.float32],
    hidden_back: NDArray[np.bool_],
    links: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels between start and return, and the spread of the flow on the way back, of some points."""
    height, width = hidden.shape
    seen = np.flatnonzero(~hidden.ravel())
    picked = seen[:: max(1, len(seen) // SAMPLE)]
    row, column = np.divmod(picked, width)
    moved = forward[row, column].astype(np.float64)
    x, y = column + moved[:, 0], row + moved[:, 1]  # of the corner where the four pixels' centres begin
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    inner = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
    row, column, moved, x, y, left, top = (values[inner] for values in (row, column, moved, x, y, left, top))
    around = [(top + i, left + j) for i in (0, 1) for j in (0, 1)]
    same = np.all([(links[1][place] == links[0][row, column]) & ~hidden_back[place] for place in around], axis=0)
    moved, x, y, left, top = (values[same] for values in (moved, x, y, left, top))
    flows = np.stack([backward[place[0][same], place[1][same]].astype(np.float64) for place in around])
    across, down = (x - left)[:, None], (y - top)[:, None]
    back = (flows[0] * (1 - across) + flows[1] * across) * (1 - down) + (flows[2] * (1 - across) + flows[3] * across) * down
    spread = np.linalg.norm(np.ptp(flows, axis=0), axis=1) if len(x) else np.zeros(0)
    return np.linalg.norm(moved + back, axis=1), spread


def _refused(frame: Frame, check: str, figures: Mapping[str, Any]) -> ProofError:
    listed = ", ".join(f"{name} {value}" for name, value in figures.items())
    return ProofError(
        f'The labels or the picture of a frame fail the check "{check}": {listed}.',
        where=f"camera {frame.camera}, frame {frame.index}, {frame.time:g} s",
        remedy=_REMEDIES[check],
    )


_REMEDIES = {
    "partition": "Give every body of the scene a category that the scene lists, and things a category of things.",
    "ids": "Give every thing of the scene a track of its own, from 1.",
    "boxes": "This is a fault of the labels: please report it with the description and the seed.",
    "keypoints": "Give each body as many keypoints as its category names, or none.",
    "depth": "Tracer and shapes do not agree: see whether the tracer is of this scene, and its times are those of the frames.",
    "image": "The renderer gave a blank picture. See whether the camera looks at something and there is light, or take another renderer.",
    "flow": "This is a fault of the labels: please report it with the description and the seed.",
}


def _partition(frame: Frame, categories: Sequence[Category], counts: NDArray[np.int64]) -> dict[str, Any]:
    """Every pixel shows one category that exists; pixels of things are those with a track."""
    things = [category.id for category in categories if category.thing]
    stuff = [category.id for category in categories if not category.thing]
    total = frame.category.size
    known = int(counts[things].sum() + counts[stuff].sum())
    tracked = int(np.count_nonzero(frame.track))
    same_size = frame.track.shape == frame.category.shape
    of_things = sum(instance.pixels for instance in frame.instances if instance.category in things)
    wrong = known != total or tracked != of_things or not same_size
    return {"pixels": total, "of_categories": known, "with_track": tracked, "of_instances": of_things, "wrong": wrong}


def _ids(frame: Frame) -> dict[str, Any]:
    """Tracks in the map are those of the instances, once each."""
    top = int(frame.track.max(initial=0))
    shown = set(np.flatnonzero(np.bincount(frame.track.ravel())).tolist()) if top < 1 << 22 else set(np.unique(frame.track).tolist())
    listed = [instance.track for instance in frame.instances]
    apart = (shown - {0}) ^ set(listed)
    return {"shown": len(shown - {0}), "listed": len(listed), "wrong": len(apart) + len(listed) - len(set(listed)) + (min(shown) < 0)}


def _boxes(frame: Frame) -> dict[str, Any]:
    """Every box is the extent of its mask, which shows one category and has as many pixels as it says; the amodal box holds it."""
    totals = np.bincount(frame.track.ravel(), minlength=1) if int(frame.track.max(initial=0)) < 1 << 22 else None
    wrong = [instance.name for instance in frame.instances if not _fits(frame, instance, totals)]
    return {"instances": len(frame.instances), "wrong_boxes": wrong[:3], "wrong": len(wrong)}


def _fits(frame: Frame, instance: Instance, totals: NDArray[np.int64] | None) -> bool:
    x0, y0, x1, y1 = (int(value) for value in instance.box)
    a0, b0, a1, b1 = instance.amodal_box
    mask = frame.track[y0:y1, x0:x1] == instance.track
    total = int(totals[instance.track]) if totals is not None else int(np.count_nonzero(frame.track == instance.track))
    if mask.size == 0 or not (mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()):
        return False
    if not (a0 <= x0 and b0 <= y0 and a1 >= x1 and b1 >= y1):
        return False
    one_category = bool((frame.category[y0:y1, x0:x1][mask] == instance.category).all())
    return one_category and int(np.count_nonzero(mask)) == total == instance.pixels


def _keypoints(frame: Frame, categories: Sequence[Category]) -> dict[str, Any]:
    """As many points as the category names; those that count as in the picture are in it."""
    names = {category.id: len(category.keypoints) for category in categories}
    listed = [instance for instance in frame.instances if instance.keypoints is not None]
    wrong = [
        instance.name
        for instance in listed
        if instance.keypoints is not None and not _placed(instance.keypoints, names[instance.category], frame.width, frame.height)
    ]
    return {"objects": len(listed), "wrong_keypoints": wrong[:3], "wrong": len(wrong)}


def _placed(points: NDArray[np.float64], count: int, width: int, height: int) -> bool:
    if points.shape != (count, 3) or not np.isfinite(points).all():
        return False
    inside = (points[:, 0] >= 0) & (points[:, 0] < width) & (points[:, 1] >= 0) & (points[:, 1] < height)
    return bool((inside | (points[:, 2] == 0)).all())


def _depth(frame: Frame, outlines: Mapping[int, Silhouette]) -> dict[str, Any]:
    """At every pixel that an object could cover it is seen, or what is seen is nearer."""
    compared = sum(outline.compared for outline in outlines.values())
    apart = sum(outline.apart for outline in outlines.values())
    wrong = [instance.name for instance in frame.instances if not _agrees(instance, outlines[instance.track])]
    return {"pixels": compared, "apart": apart, "wrong_objects": wrong[:3], "wrong": len(wrong)}


def _agrees(instance: Instance, outline: Silhouette) -> bool:
    return outline.apart <= ROUNDING + APART * outline.compared and outline.inside - outline.hidden == instance.pixels


def _image(frame: Frame) -> dict[str, Any]:
    """The picture has the size of the maps and shows something."""
    image = frame.image
    thin = image[::4, ::4].reshape(-1)
    levels = int(np.count_nonzero(np.bincount(thin))) if image.dtype == np.uint8 else len(np.unique(thin))
    deviation = float(thin.std())
    wrong = image.shape[:2] != frame.track.shape or levels < LEVELS or image.dtype.kind not in "ui"
    return {"levels": levels, "deviation": round(deviation, 2), "wrong": wrong}
