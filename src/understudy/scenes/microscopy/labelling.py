"""Cells on each other to maps and instances, counted, never read from the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import CameraView, CroppedMask, Frame, Instance
from understudy.scenes.labels.oriented import around_pixels
from understudy.scenes.labels.silhouette import Silhouette
from understudy.scenes.microscopy.cells import Cell

ABOVE_M = 1e-3
"""The camera's height over the slide; an orthographic picture does not depend on it."""


class Slide:
    """The picture's part of all cells.

    cells: from the lowest to the highest; their numbers are their places, from 1.
    thinning: the share of its dye that a red cell lacks where it lies with another cell.
    """

    def __init__(self, cells: Sequence[Cell], width: int, height: int, thinning: float = 0.0) -> None:
        self.cells, self.width, self.height = cells, width, height
        self.track = np.zeros((height, width), dtype=np.int32)
        self.layers = np.zeros((height, width), dtype=np.int32)
        self.absorbance = np.zeros((height, width, 3), dtype=np.float32)
        for number, cell in enumerate(cells, start=1):
            picture, own = self._common(cell)
            with_others = (1 - np.float32(thinning) * (self.layers[picture] > 0) * cell.mask[own])[..., None]
            if cell.category == "red cell":
                self.absorbance[picture] += cell.absorbance[own] * with_others
            else:
                self.absorbance[picture] = self.absorbance[picture] * with_others + cell.absorbance[own]
            self.track[picture][cell.mask[own]] = number
            self.layers[picture] += cell.mask[own]

    def _common(self, cell: Cell) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The part of the picture that a cell's maps cover, and the part of the maps."""
        rows, columns = cell.mask.shape
        top, left = max(cell.y, 0), max(cell.x, 0)
        bottom, right = max(min(cell.y + rows, self.height), top), max(min(cell.x + columns, self.width), left)
        return (slice(top, bottom), slice(left, right)), (slice(top - cell.y, bottom - cell.y), slice(left - cell.x, right - cell.x))

    def categories(self, ids: Mapping[str, int]) -> NDArray[np.uint8]:
        """(H, W)"""
        table = np.array([ids["background"], *(ids[cell.category] for cell in self.cells)], dtype=np.uint8)
        return table[self.track]

    def instances(self, ids: Mapping[str, int], view: CameraView, pixels_per_m: float) -> tuple[list[Instance], dict[int, Silhouette]]:
        """Of what is seen, and all of each as if nothing lay on it."""
        listed, outlines = [], {}
        for number, cell in enumerate(self.cells, start=1):
            picture, own = self._common(cell)
            inside = cell.mask[own]
            seen = self.track[picture] == number
            if not seen.any():
                continue
            whole, covered = int(cell.mask.sum()), int(inside.sum())
            hidden = int(np.count_nonzero(inside & (self.track[picture] > number)))
            lower = int(np.count_nonzero(inside & (self.track[picture] < number)))
            amodal = _extent(cell.mask, cell.x, cell.y)
            mask = CroppedMask(cell.x, cell.y, cell.mask)
            outlines[number] = Silhouette(mask, amodal, covered, whole - covered, hidden, covered, lower)
            box = _extent(seen, picture[1].start, picture[0].start)
            overlap = float(np.count_nonzero(inside & (self.layers[picture] > 1))) / covered
            attributes = {**cell.attributes, "overlap": round(overlap, 4), "at_edge": whole > covered}
            listed.append(self._instance(number, cell, ids, int(seen.sum()), box, amodal, hidden / covered, 1 - covered / whole, attributes,
                                         view, pixels_per_m))  # fmt: skip
        return listed, outlines

    def _instance(self, number: int, cell: Cell, ids: Mapping[str, int], pixels: int, box: tuple[int, int, int, int],
                  amodal: tuple[int, int, int, int], occlusion: float, truncation: float, attributes: dict[str, object],
                  view: CameraView, scale: float) -> Instance:  # fmt: skip
        x, y = (amodal[0] + amodal[2]) / 2 - self.width / 2, (amodal[1] + amodal[3]) / 2 - self.height / 2
        pose = np.eye(4)
        center = np.array([x / scale, -y / scale, 0.0])
        pose[:3, 3] = center
        pose = np.linalg.inv(view.pose) @ pose
        edges = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        return Instance(
            track=number, category=ids[cell.category], name=cell.name, pixels=pixels, box=edges,
            amodal_box=(float(amodal[0]), float(amodal[1]), float(amodal[2]), float(amodal[3])),
            amodal_mask=CroppedMask(cell.x, cell.y, cell.mask), oriented_box=around_pixels(self.track, number, edges),
            occlusion=occlusion, truncation=truncation, center=center,
            size=np.array([(amodal[2] - amodal[0]) / scale, (amodal[3] - amodal[1]) / scale, 2e-6]), rotation=np.eye(3), pose=pose,
            distance=float(np.linalg.norm(pose[:3, 3])), velocity=np.zeros(3), attributes=attributes,
        )  # fmt: skip


def slide_view(pixels_per_m: float, width: int, height: int) -> CameraView:
    """Straight down on the slide, x to the right."""
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[2, 3] = ABOVE_M
    return CameraView("orthographic", np.array([[pixels_per_m, 0, width / 2], [0, pixels_per_m, height / 2], [0, 0, 1.0]]), (), pose)


def _extent(mask: NDArray[np.bool_], x: int, y: int) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1


def counts(frame: Frame, names: Mapping[int, str]) -> dict[str, int]:
    """Of what is seen, by category and, for white cells, by kind."""
    found = dict.fromkeys(names.values(), 0)
    for one in frame.instances:
        found[names[one.category]] += 1
        if "kind" in one.attributes and names[one.category] == "white cell":
            found[one.attributes["kind"]] = found.get(one.attributes["kind"], 0) + 1
    return found
