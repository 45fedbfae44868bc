"""Rectangles at an angle: along a direction that is known, or the least around points. One of the least one's sides lies on a side of
the points' convex hull (Freeman and Shapira, 1975), so the hull is turned from side to side (rotating calipers, Toussaint 1983)."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Box

Floats = NDArray[np.float64]


def around_pixels(body: NDArray[np.int32], number: int, box: Box) -> Floats:
    """(4, 2): around the pixels of `body` that hold `number`, all within `box`; a pixel is a square, not a point."""
    return _least(_hull(_edges(body, number, int(box[0]), int(box[1]), int(box[2]), int(box[3]))))  # type: ignore[no-any-return]


def around_points(points: Floats) -> Floats:
    """(4, 2): around (N, 2) points."""
    order = np.lexsort((points[:, 0], points[:, 1]))
    return _least(_hull(np.ascontiguousarray(points[order])))  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _edges(body, number, x0, y0, x1, y1):  # type: ignore[no-untyped-def]
    """Corners of the first and last pixel of each row, by y and then x: no others can be on the hull."""
    points = np.empty((4 * (y1 - y0), 2))
    count = 0
    before = (0, -1)
    for y in range(y0, y1 + 1):
        first, last = x1, x0 - 1
        if y < y1:
            for x in range(x0, x1):
                if body[y, x] == number:
                    first = x
                    break
            for x in range(x1 - 1, first - 1, -1):
                if body[y, x] == number:
                    last = x
                    break
        low, high = min(first, before[0]) if before[1] >= 0 else first, max(last, before[1])
        if high >= low and (last >= first or before[1] >= 0):
            points[count] = low, y
            points[count + 1] = high + 1, y
            count += 2
        before = (first, last) if last >= first else (0, -1)
    return points[:count]


@numba.njit(cache=True)
def _hull(points):  # type: ignore[no-untyped-def]
    """Of points sorted by y, then x, in order around it (Andrew's monotone chain, 1979)."""
    count = points.shape[0]
    hull = np.empty((2 * count + 1, 2))
    size = 0
    for part in range(2):
        least = size + 1 if part else 2
        for k in range(count):
            p = points[count - 1 - k] if part else points[k]
            if part and k == 0:
                continue
            while size >= least and _turn(hull[size - 2], hull[size - 1], p) <= 0:
                size -= 1
            hull[size] = p
            size += 1
    return hull[: max(size - 1, 1)]


@numba.njit(cache=True, inline="always")
def _turn(a, b, c):  # type: ignore[no-untyped-def]
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@numba.njit(cache=True)
def _least(hull):  # type: ignore[no-untyped-def]
    """Corners of the least rectangle around a hull; of equal ones the first found."""
    count = hull.shape[0]
    best, corners = np.inf, np.zeros((4, 2))
    for k in range(count):
        dx, dy = hull[(k + 1) % count, 0] - hull[k, 0], hull[(k + 1) % count, 1] - hull[k, 1]
        length = np.sqrt(dx * dx + dy * dy)
        if length == 0:
            dx, dy, length = 1.0, 0.0, 1.0
        dx, dy = dx / length, dy / length
        low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
        for i in range(count):
            u, v = hull[i, 0] * dx + hull[i, 1] * dy, hull[i, 1] * dx - hull[i, 0] * dy
            low_u, high_u, low_v, high_v = min(low_u, u), max(high_u, u), min(low_v, v), max(high_v, v)
        area = (high_u - low_u) * (high_v - low_v)
        if area < best - 1e-9:
            best = area
            for i in range(4):
                u, v = (low_u if i in (0, 3) else high_u), (low_v if i < 2 else high_v)
                corners[i, 0], corners[i, 1] = u * dx - v * dy, u * dy + v * dx
    return corners
