"""From labelled voxels to the frames of a shot: maps of categories and tracks, instances, what a frame's proof holds.

World coordinates: metres, x forward, y to the patient's left, z to the head; a patient's (x, y, z) mm are (-y, x, z) / 1000 of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ProofError
from understudy.data.media.items import CameraView, CroppedMask, Frame, Instance
from understudy.scenes.labels.oriented import around_pixels
from understudy.scenes.medical.anatomy import CATEGORY_IDS
from understudy.scenes.medical.noise import Labels
from understudy.scenes.medical.phantoms import Phantom
from understudy.scenes.medical.shapes import Grid

Floats = NDArray[np.float64]
TO_WORLD = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) / 1000.0
"""From a patient's mm to the world's metres."""
LEVELS = 4
"""Distinct values that a picture must have at least."""


@dataclass(frozen=True)
class Counted:
    """A thing that is counted, lesion or implant. low, high: (3,) mm, its extent in the patient."""

    track: int
    category: int
    name: str
    low: Floats
    high: Floats
    attributes: dict[str, Any] = field(default_factory=dict)


def counted_things(body: Phantom) -> list[Counted]:
    """Lesions, then implants, numbered from 1."""
    found = [
        Counted(number, CATEGORY_IDS[lesion.kind], f"lesions/{number - 1}", lesion.low, lesion.high, dict(lesion.attributes))
        for number, lesion in enumerate(body.lesions, start=1)
    ]
    for number, implant in enumerate(body.implants):
        low, high = extent(body.labels == implant.label, body.grid)
        attributes = {"kind": implant.name, "metal": implant.tissue}
        found.append(Counted(len(found) + 1, CATEGORY_IDS["implant"], f"implants/{number}", low, high, attributes))
    return found


def extent(mask: NDArray[np.bool_], grid: Grid) -> tuple[Floats, Floats]:
    """(3,) mm of the lowest and the highest corner of a mask's voxels; not empty."""
    spans = [np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    half = np.array(grid.spacing[::-1]) / 2
    return grid.point([float(span[0]) for span in spans]) - half, grid.point([float(span[-1]) for span in spans]) + half


def reduced(labels: Labels, detail: int) -> Labels:
    """(H / detail, W / detail): the label of most voxels of each pixel; of equal ones the greatest, so that lesions win."""
    return _reduced(np.ascontiguousarray(labels), detail)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _reduced(labels, detail):  # type: ignore[no-untyped-def]
    height, width = labels.shape[0] // detail, labels.shape[1] // detail
    found = np.empty((height, width), dtype=np.uint8)
    for row in range(height):
        for column in range(width):
            best, most = -1, 0
            for a in range(detail * detail):
                label = labels[row * detail + a // detail, column * detail + a % detail]
                times = 0
                for b in range(detail * detail):
                    times += int(labels[row * detail + b // detail, column * detail + b % detail] == label)
                if times > most or (times == most and int(label) > best):
                    best, most = int(label), times
            found[row, column] = best
    return found


def slice_view(pixel_mm: float, size: int, center: Sequence[float]) -> CameraView:
    """A slice as an orthographic camera at its plane that looks to the head; center: (x, y, z) mm of the picture's middle."""
    scale = 1000.0 / pixel_mm
    pose = np.eye(4)
    pose[:3, :3] = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    pose[:3, 3] = TO_WORLD @ np.asarray(center, dtype=np.float64)
    return CameraView("orthographic", np.array([[scale, 0, size / 2], [0, scale, size / 2], [0, 0, 1.0]]), (), pose)


def world_pose(pose_mm: Floats) -> Floats:
    """A camera's pose in patient coordinates (mm) as one in the world."""
    pose = np.eye(4)
    pose[:3, :3] = TO_WORLD @ pose_mm[:3, :3] * 1000.0
    pose[:3, 3] = TO_WORLD @ pose_mm[:3, 3]
    return pose


def instance(thing: Counted, mask: NDArray[np.bool_], outside: int, view: CameraView) -> Instance:
    """The labels of a thing whose visible pixels are `mask` (not empty), and of which `outside` pixels lie beyond the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    pixels = int(mask.sum())
    center = TO_WORLD @ ((thing.low + thing.high) / 2)
    size = np.abs(TO_WORLD @ (thing.high - thing.low))
    pose = np.eye(4)
    pose[:3, 3] = center
    pose = np.linalg.inv(view.pose) @ pose
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Instance(
        track=thing.track,
        category=thing.category,
        name=thing.name,
        pixels=pixels,
        box=box,
        amodal_box=box,
        amodal_mask=CroppedMask(int(columns[0]), int(rows[0]), cut.copy()),
        oriented_box=around_pixels(mask.astype(np.int32), 1, box),
        occlusion=0.0,
        truncation=outside / (pixels + outside),
        center=center,
        size=size,
        rotation=np.eye(3),
        pose=pose,
        distance=float(np.linalg.norm(pose[:3, 3])),
        velocity=np.zeros(3),
        attributes=dict(thing.attributes),
    )


def prove(frame: Frame) -> dict[str, Any]:
    """Checks of a finished frame with their figures: every pixel has one class, boxes are the extents of their tracks, the picture is not
    blank.

    Raises:
        ProofError: names the check that failed.
    """
    counts = np.bincount(frame.category.ravel(), minlength=256)
    tracks = np.bincount(frame.track.ravel())
    seen = {number: int(pixels) for number, pixels in enumerate(tracks) if number and pixels}
    claimed = {one.track: one.pixels for one in frame.instances}
    levels = len(np.unique(frame.image))
    boxes = all(_box(frame.track == one.track) == one.box for one in frame.instances)
    checks: dict[str, tuple[bool, dict[str, Any]]] = {
        "partition": (counts[0] == 0, {"pixels": int(frame.category.size), "classes": int(np.count_nonzero(counts))}),
        "ids": (seen == claimed, {"things": len(seen)}),
        "boxes": (boxes, {"boxes": len(frame.instances)}),
        "image": (levels >= LEVELS, {"levels": levels}),
    }
    for name, (holds, figures) in checks.items():
        if not holds:
            raise ProofError(
                f'The labels of a picture do not agree: "{name}" failed ({figures}).', where=f"{frame.camera}, frame {frame.index}"
            )
    return {name: figures for name, (_, figures) in checks.items()}


def _box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    y, x = np.nonzero(mask)
    return float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1)
