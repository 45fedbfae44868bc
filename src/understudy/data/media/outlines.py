"""Outlines of masks as polygons along the edges of their pixels, and back.

A polygon cannot have a hole, so a part with holes is cut along columns through them until no piece has one; pieces share an edge and no
pixel. Filled by the even-odd rule at the centres of the pixels, the polygons give the mask back exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Polygon = NDArray[np.float64]
"""(N, 2) corners x, y in order; the last joins the first."""


def outlines(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> list[Polygon]:
    """Polygons that together cover the mask, whose corner lies at (x, y), largest first."""
    labelled, _ = ndimage.label(mask)
    found: list[tuple[int, Polygon]] = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labelled), start=1):
        part = labelled[rows, columns] == number
        at = (corner[0] + columns.start, corner[1] + rows.start)
        cut = _hole_column(part)
        if cut is None:
            found.append((int(part.sum()), _outline(part) + at))
        else:
            pieces = [*outlines(part[:, :cut], at), *outlines(part[:, cut:], (at[0] + cut, at[1]))]
            found += [(round(_area(piece)), piece) for piece in pieces]
    return [polygon for _, polygon in sorted(found, key=lambda pair: -pair[0])]


def _hole_column(part: NDArray[np.bool_]) -> int | None:
    """A column in the middle of the first hole; None without one."""
    holes, count = ndimage.label(np.pad(~part, 1, constant_values=True), structure=np.ones((3, 3)))
    if count == 1:
        return None
    columns = np.flatnonzero((holes == 2).any(axis=0)) - 1
    return int(max(1, (columns[0] + columns[-1] + 1) // 2))


def _outline(part: NDArray[np.bool_]) -> Polygon:
    """The outer edge of one part without holes, clockwise on the screen."""
    padded = np.pad(part, 1)
    inside, above, left = padded[1:, 1:], padded[:-1, 1:], padded[1:, :-1]
    follow: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for y, x in np.argwhere(inside & ~above):  # upper edges of pixels, to the right
        follow.setdefault((int(x), int(y)), []).append((int(x) + 1, int(y)))
    for y, x in np.argwhere(~inside & above):  # lower edges, to the left
        follow.setdefault((int(x) + 1, int(y)), []).append((int(x), int(y)))
    for y, x in np.argwhere(~inside & left):  # right edges, down
        follow.setdefault((int(x), int(y)), []).append((int(x), int(y) + 1))
    for y, x in np.argwhere(inside & ~left):  # left edges, up
        follow.setdefault((int(x), int(y) + 1), []).append((int(x), int(y)))
    return np.array(_walk(follow), dtype=np.float64)


def _walk(follow: dict[tuple[int, int], list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Corners of the only circle of edges. Where two edges leave a point, the one that turns right keeps to the same pixel."""
    start = min(follow, key=lambda point: (point[1], point[0]))
    here, heading, corners = start, (0, -1), []
    while True:
        choices = follow[here]
        right = (here[0] - heading[1], here[1] + heading[0])
        step = right if len(choices) > 1 and right in choices else choices[0]
        turn = (step[0] - here[0], step[1] - here[1])
        if turn != heading:
            corners.append(here)
        here, heading = step, turn
        if here == start:
            return corners


def _area(polygon: Polygon) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def joined(polygons: list[Polygon]) -> Polygon:
    """One polygon of several, joined by bridges of no width that are walked to and fro: for formats with one polygon an object."""
    ring = polygons[0]
    for polygon in polygons[1:]:
        apart = np.abs(ring[:, None, :] - polygon[None, :, :]).sum(axis=2)
        here, there = np.unravel_index(int(apart.argmin()), apart.shape)
        around = np.roll(polygon, -int(there), axis=0)
        ring = np.concatenate([ring[: here + 1], around, around[:1], ring[here:]])
    return ring


def filled(polygons: list[Polygon], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels whose centres lie in any of the polygons, each by the even-odd rule."""
    mask = np.zeros((height, width), dtype=np.bool_)
    for polygon in polygons:
        mask |= _filled(polygon, height, width)
    return mask


def _filled(polygon: Polygon, height: int, width: int) -> NDArray[np.bool_]:
    crossings = np.zeros((height, width + 1), dtype=np.int64)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        low, high = min(y0, y1), max(y0, y1)
        rows = np.arange(max(0, int(np.ceil(low - 0.5))), min(height, int(np.ceil(high - 0.5))))
        if len(rows):
            x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            np.add.at(crossings, (rows, np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)), 1)
    odd: NDArray[np.bool_] = np.cumsum(crossings[:, :width], axis=1) % 2 == 1
    return odd
