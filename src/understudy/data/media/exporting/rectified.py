"""Pictures of a lens with distortion as a pinhole in its place would have taken them, with the labels that formats of pinholes hold.

The lens is that of Brown and Conrady (Brown 1971, "Close-range camera calibration", Photogrammetric Engineering 37, 855). Each pixel of the
new picture is looked up where its ray fell: colours between the four nearest pixels, labels at the nearest one. What is visible is counted
afresh, so boxes are the extents of masks again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.exporting.findings import extent
from understudy.data.media.items import CameraView, Frame, Instance

Floats = NDArray[np.float64]
STEPS = 12
"""Of the inverse of the lens, which has no formula."""
WIDEST = 4.0
"""Times by which the picture is drawn closer at most, so that no corner stays empty."""


def rectified(frame: Frame) -> Frame:
    """The frame without distortion, of the same size: picture, track, category, instances. Other maps are left out.

    The focal length stays, unless corners would stay empty; then it grows as little as fills them. Boxes, pixels and truncation are those
    of the new picture, what hides what and everything in the world stays as it was. Objects that are left without a pixel are not listed.
    """
    height, width = frame.image.shape[:2]
    lens, matrix = tuple(frame.view.distortion), frame.view.matrix
    columns, rows, scale = _lookup(lens, tuple(matrix.ravel().tolist()), height, width)
    track = _nearest(frame.track, columns, rows)
    view = CameraView("pinhole", _closer(matrix, scale), (), frame.view.pose, frame.view.exposure, frame.view.readout)
    kept = (_instance(instance, track, view.matrix, (lens, matrix)) for instance in frame.instances)
    return replace(
        frame, view=view, image=_between(frame.image, columns, rows), track=track, category=_nearest(frame.category, columns, rows),
        instances=[instance for instance in kept if instance is not None], depth=None, distance=None, normal=None, flow_forward=None,
        flow_backward=None, hidden_forward=None, hidden_backward=None, scene_flow=None,
    )  # fmt: skip


def distorted(x: Floats, y: Floats, lens: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Where a ray through (x, y) on the plane at distance 1 falls. lens: k1, k2, p1, p2, k3, as many as there are."""
    k1, k2, p1, p2, k3 = (*lens, 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
    square = x * x + y * y
    radial = 1.0 + square * (k1 + square * (k2 + square * k3))
    return (
        np.asarray(x * radial + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x)),
        np.asarray(y * radial + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y),
    )


def undistorted(x: Floats, y: Floats, lens: tuple[float, ...]) -> tuple[Floats, Floats]:
    """The rays that fall on (x, y), by fixed points; NaN where there is none."""
    wanted_x, wanted_y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            there = distorted(x, y, lens)
            x, y = x + wanted_x - there[0], y + wanted_y - there[1]
        there = distorted(x, y, lens)
        found = np.hypot(there[0] - wanted_x, there[1] - wanted_y) < 1e-3
    return np.where(found, x, np.nan), np.where(found, y, np.nan)


@lru_cache(maxsize=8)
def _lookup(lens: tuple[float, ...], numbers: tuple[float, ...], height: int, width: int) -> tuple[Floats, Floats, float]:
    """Columns and rows (H, W) to look each new pixel up at, and by how much the picture is drawn closer."""
    matrix = np.array(numbers).reshape(3, 3)
    edge = np.concatenate(
        [
            [(x, y) for x in (0.5, width - 0.5) for y in np.arange(height) + 0.5],
            [(x, y) for x in np.arange(width) + 0.5 for y in (0.5, height - 0.5)],
        ]
    )
    scale = 1.0
    while scale < WIDEST and not _inside(edge, matrix, lens, scale, height, width):
        scale *= 1.01
    rows, columns = np.mgrid[:height, :width] + 0.5
    there = _sources(np.stack([columns, rows], axis=-1), matrix, lens, scale)
    return there[..., 0], there[..., 1], scale


def _inside(places: Floats, matrix: Floats, lens: tuple[float, ...], scale: float, height: int, width: int) -> bool:
    """Whether all these pixels are found in the old picture, and the lens has not begun to fold back on the way to them."""
    there, nearer = (_sources(places, matrix, lens, closer) for closer in (scale, scale * 1.02))
    middle = matrix[:2, 2]
    grows = np.linalg.norm(there - middle, axis=-1) >= np.linalg.norm(nearer - middle, axis=-1)
    return bool(grows.all() and (there >= 0).all() and (there[:, 0] <= width).all() and (there[:, 1] <= height).all())


def _sources(places: Floats, matrix: Floats, lens: tuple[float, ...], scale: float) -> Floats:
    closer = _closer(matrix, scale)
    y = (places[..., 1] - closer[1, 2]) / closer[1, 1]
    x = (places[..., 0] - closer[0, 2] - closer[0, 1] * y) / closer[0, 0]
    x, y = distorted(x, y, lens)
    return np.stack([matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2], matrix[1, 1] * y + matrix[1, 2]], axis=-1)


def _closer(matrix: Floats, scale: float) -> Floats:
    return np.asarray(matrix * np.array([[scale, scale, 1.0], [1.0, scale, 1.0], [1.0, 1.0, 1.0]]))


def _nearest(values: NDArray[Any], columns: Floats, rows: Floats) -> NDArray[Any]:
    height, width = values.shape[:2]
    return np.asarray(values[np.clip(rows.astype(np.int64), 0, height - 1), np.clip(columns.astype(np.int64), 0, width - 1)])


def _between(image: NDArray[Any], columns: Floats, rows: Floats) -> NDArray[Any]:
    """Colours between the centres of pixels."""
    height, width = image.shape[:2]
    x, y = np.clip(columns - 0.5, 0, width - 1), np.clip(rows - 0.5, 0, height - 1)
    left, top = np.minimum(x.astype(np.int64), width - 2), np.minimum(y.astype(np.int64), height - 2)
    more = (1,) * (image.ndim - 2)
    a, b = (x - left).reshape(height, width, *more), (y - top).reshape(height, width, *more)
    upper = image[top, left] * (1 - a) + image[top, left + 1] * a
    lower = image[top + 1, left] * (1 - a) + image[top + 1, left + 1] * a
    return np.asarray(np.rint(upper * (1 - b) + lower * b), dtype=image.dtype)


def _instance(instance: Instance, track: NDArray[np.int32], matrix: Floats, old: tuple[tuple[float, ...], Floats]) -> Instance | None:
    seen = track == instance.track
    x, y, wide, high = extent(seen)
    if not wide:
        return None
    box = (float(x), float(y), float(x + wide), float(y + high))
    height, width = track.shape
    return replace(
        instance, pixels=int(seen.sum()), box=box, amodal_box=_whole_box(instance, matrix, old, box), amodal_mask=None,
        oriented_box=np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]]),
        truncation=_truncation(instance, matrix, old, height, width), keypoints=None,
    )  # fmt: skip


def _outline(instance: Instance, matrix: Floats, old: tuple[tuple[float, ...], Floats]) -> Floats:
    """(N, 2) where the pixels of the whole object lie in the new picture; NaN for those that no ray falls on."""
    mask = instance.amodal_mask
    if mask is None:
        return np.empty((0, 2))
    lens, before = old
    rows, columns = np.nonzero(mask.pixels)
    y = (rows + mask.y + 0.5 - before[1, 2]) / before[1, 1]
    x = (columns + mask.x + 0.5 - before[0, 2] - before[0, 1] * y) / before[0, 0]
    x, y = undistorted(x, y, lens)
    return np.stack([matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2], matrix[1, 1] * y + matrix[1, 2]], axis=-1)


def _whole_box(
    instance: Instance, matrix: Floats, old: tuple[tuple[float, ...], Floats], seen: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Around the whole object, as far as it was looked at, and around all that is seen of it."""
    places = _outline(instance, matrix, old)
    places = places[np.isfinite(places).all(axis=1)] if len(places) else places
    low, high = (places.min(axis=0) - 0.5, places.max(axis=0) + 0.5) if len(places) else (np.array(seen[:2]), np.array(seen[2:]))
    return min(seen[0], float(low[0])), min(seen[1], float(low[1])), max(seen[2], float(high[0])), max(seen[3], float(high[1]))


def _truncation(instance: Instance, matrix: Floats, old: tuple[tuple[float, ...], Floats], height: int, width: int) -> float:
    places = _outline(instance, matrix, old)
    if not len(places):
        return instance.truncation
    with np.errstate(invalid="ignore"):
        inside = (places >= 0).all(axis=1) & (places[:, 0] <= width) & (places[:, 1] <= height)
    return float(1.0 - inside.mean())
