"""A way from one pose to another by lines and arcs without a kink: how cars turn in junctions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.roads.plan_view import Pen, PlanView

Floats = NDArray[np.float64]
Pose = tuple[float, float, float]
"""x, y, heading."""
STRAIGHT = 1e-7


def path_between(start: Pose, end: Pose) -> PlanView:
    """A line where the poses lie on one; line, arc and line where the tangents meet between them; else two arcs that meet without a kink
    (Bolton, "Biarc curves", 1975)."""
    turn = (end[2] - start[2] + np.pi) % (2 * np.pi) - np.pi
    first, last = _direction(start[2]), _direction(end[2])
    way = np.array([end[0] - start[0], end[1] - start[1]])
    pen = Pen(*start)
    if abs(turn) < STRAIGHT and abs(_cross(first, way)) < STRAIGHT and first @ way > 0:
        return pen.line(float(first @ way)).view()
    if STRAIGHT < abs(turn) < np.pi - 0.05:
        before, after = _cross(way, last) / _cross(first, last), _cross(first, way) / _cross(first, last)
        if before > STRAIGHT and after > STRAIGHT:
            tangent = min(before, after)
            radius = tangent / np.tan(abs(turn) / 2)
            return pen.line(before - tangent).arc(radius * abs(turn), float(np.sign(turn)) / radius).line(after - tangent).view()
    return _biarc(pen, way, first, last)


def _biarc(pen: Pen, way: Floats, first: Floats, last: Floats) -> PlanView:
    """Both arcs have tangents of one length, which puts the place where they meet in the middle of the tangents' ends."""
    start, parallel, along = np.array([pen.x, pen.y]), 2 * (1 - first @ last), way @ (first + last)
    if parallel > 1e-12:
        reach = float((np.sqrt(along**2 + parallel * (way @ way)) - along) / parallel)
    else:
        reach = float(way @ way / (2 * along)) if along > 1e-12 else float(np.linalg.norm(way)) / 2
    for target in (start + (way + reach * (first - last)) / 2, start + way):
        _arc_to(pen, target - np.array([pen.x, pen.y]))
    return pen.view()


def _arc_to(pen: Pen, chord: Floats) -> None:
    direction = _direction(pen.heading)
    across, size = _cross(direction, chord), float(np.linalg.norm(chord))
    half = float(np.arctan2(across, direction @ chord))
    if abs(half) < STRAIGHT:
        pen.line(size)
    else:
        pen.arc(size * half / float(np.sin(half)), 2 * across / size**2)


def _direction(heading: float) -> Floats:
    return np.array([np.cos(heading), np.sin(heading)])


def _cross(a: Floats, b: Floats) -> float:
    return float(a[0] * b[1] - a[1] * b[0])
