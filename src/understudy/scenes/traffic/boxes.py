"""Oriented boxes on the plane that move: distance, contact, nearest approach. Compiled; everything else about safety is built on these.

A box is given by its centre, the cosine and sine of its heading, and its half length and half width. A pair is given relative to the first
box: dx, dy from its centre to the other's, wx, wy the other's velocity less its own. Headings are held while a pair moves.

Separating axes: Gottschalk, Lin, Manocha 1996, "OBBTree: a hierarchical structure for rapid interference detection", SIGGRAPH, section 5.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, inline="always", error_model="numpy")
def extents(c: Any, s: Any, la: Any, wa: Any, lb: Any, wb: Any) -> Any:
    """The sums of the two boxes' half extents along the first's length and width and the second's length and width.
    c, s: cosine and sine of the angle between them."""
    c, s = abs(c), abs(s)
    return la + lb * c + wb * s, wa + lb * s + wb * c, lb + la * c + wa * s, wb + la * s + wa * c


@numba.njit(cache=True, inline="always", error_model="numpy")
def _least_in(p: Any, q: Any) -> Any:
    """The least |value| on the way from p to p + q."""
    end = p + q
    return 0.0 if (p > 0.0) != (end > 0.0) else min(abs(p), abs(end))


@numba.njit(cache=True, error_model="numpy")
def separation(dx: Any, dy: Any, wx: Any, wy: Any, ca: Any, sa: Any, la: Any, wa: Any, cb: Any, sb: Any, lb: Any, wb: Any) -> Any:
    """A lower bound of the boxes' distance during a unit of time; exact for boxes one behind the other. Negative where they may meet."""
    r0, r1, r2, r3 = extents(ca * cb + sa * sb, ca * sb - sa * cb, la, wa, lb, wb)
    a = max(_least_in(dx * ca + dy * sa, wx * ca + wy * sa) - r0, _least_in(dy * ca - dx * sa, wy * ca - wx * sa) - r1)
    b = max(_least_in(dx * cb + dy * sb, wx * cb + wy * sb) - r2, _least_in(dy * cb - dx * sb, wy * cb - wx * sb) - r3)
    return max(a, b)


@numba.njit(cache=True, inline="always", error_model="numpy")
def _narrowed(enter: Any, leave: Any, p: Any, q: Any, r: Any) -> Any:
    """The part of (enter, leave) in which |p + q t| ≤ r."""
    if abs(q) < 1e-12:
        return (enter, leave) if abs(p) <= r else (np.inf, -np.inf)
    first, last = (-r - p) / q, (r - p) / q
    if q < 0.0:
        first, last = last, first
    return max(enter, first), min(leave, last)


@numba.njit(cache=True, error_model="numpy")
def contact_time(dx: Any, dy: Any, wx: Any, wy: Any, ca: Any, sa: Any, la: Any, wa: Any, cb: Any, sb: Any, lb: Any, wb: Any) -> Any:
    """The time until the boxes touch, if both keep their velocities: 0 where they overlap, infinite where they never do."""
    r0, r1, r2, r3 = extents(ca * cb + sa * sb, ca * sb - sa * cb, la, wa, lb, wb)
    enter, leave = _narrowed(0.0, np.inf, dx * ca + dy * sa, wx * ca + wy * sa, r0)
    enter, leave = _narrowed(enter, leave, dy * ca - dx * sa, wy * ca - wx * sa, r1)
    if enter > leave:
        return np.inf
    enter, leave = _narrowed(enter, leave, dx * cb + dy * sb, wx * cb + wy * sb, r2)
    enter, leave = _narrowed(enter, leave, dy * cb - dx * sb, wy * cb - wx * sb, r3)
    return enter if enter <= leave else np.inf


@numba.njit(cache=True, inline="always", error_model="numpy")
def _to_box(x: Any, y: Any, length: Any, width: Any) -> Any:
    """The distance of a point, in the box's own frame, to the box."""
    beyond_x, beyond_y = max(abs(x) - length, 0.0), max(abs(y) - width, 0.0)
    return np.sqrt(beyond_x * beyond_x + beyond_y * beyond_y)


@numba.njit(cache=True, inline="always", error_model="numpy")
def _to_segment(x: Any, y: Any, ux: Any, uy: Any) -> Any:
    """The distance of the point (x, y) to the segment from the origin to (ux, uy)."""
    long = ux * ux + uy * uy
    share = min(max((x * ux + y * uy) / long, 0.0), 1.0) if long > 0.0 else 0.0
    return np.sqrt((x - share * ux) ** 2 + (y - share * uy) ** 2)


@numba.njit(cache=True, error_model="numpy")
def _corners_to_box(dx: Any, dy: Any, wx: Any, wy: Any, ca: Any, sa: Any, la: Any, wa: Any, cb: Any, sb: Any, lb: Any, wb: Any) -> Any:
    """The least distance of the second box's corners to the first box, where the second stands and where it goes."""
    best = np.inf
    for corner in range(4):
        along, across = (lb if corner < 2 else -lb), (wb if corner % 2 == 0 else -wb)
        x, y = dx + along * cb - across * sb, dy + along * sb + across * cb
        best = min(best, _to_box(x * ca + y * sa, y * ca - x * sa, la, wa))
        x, y = x + wx, y + wy
        best = min(best, _to_box(x * ca + y * sa, y * ca - x * sa, la, wa))
    return best


@numba.njit(cache=True, error_model="numpy")
def nearest_approach(dx: Any, dy: Any, wx: Any, wy: Any, ca: Any, sa: Any, la: Any, wa: Any, cb: Any, sb: Any, lb: Any, wb: Any) -> Any:
    """The least distance of the boxes while the second moves by (wx, wy) relative to the first; 0 where they touch.

    Two convex shapes that do not meet are nearest at a corner of one of them, so it is enough to look at corners and boxes at both ends of
    the way, and at corners and the ways of corners in between.
    """
    if contact_time(dx, dy, wx, wy, ca, sa, la, wa, cb, sb, lb, wb) <= 1.0:
        return 0.0
    best = min(
        _corners_to_box(dx, dy, wx, wy, ca, sa, la, wa, cb, sb, lb, wb), _corners_to_box(-dx, -dy, -wx, -wy, cb, sb, lb, wb, ca, sa, la, wa)
    )
    if wx == 0.0 and wy == 0.0:
        return best
    for first in range(4):
        along, across = (la if first < 2 else -la), (wa if first % 2 == 0 else -wa)
        ax, ay = along * ca - across * sa, along * sa + across * ca
        for second in range(4):
            along, across = (lb if second < 2 else -lb), (wb if second % 2 == 0 else -wb)
            bx, by = dx + along * cb - across * sb, dy + along * sb + across * cb
            best = min(best, _to_segment(ax - bx, ay - by, wx, wy))
    return best


@numba.njit(cache=True, error_model="numpy")
def crosses(dx: Any, dy: Any, ux: Any, uy: Any, c: Any, s: Any, length: Any, width: Any) -> bool:
    """Whether the segment from the origin to (ux, uy) meets a box whose centre is at (dx, dy)."""
    x, y, vx, vy = -(dx * c + dy * s), -(dy * c - dx * s), ux * c + uy * s, uy * c - ux * s
    enter, leave = _narrowed(0.0, 1.0, x, vx, length)
    enter, leave = _narrowed(enter, leave, y, vy, width)
    return bool(enter <= leave)
