"""Where to cut a road so that straight pieces between the cuts stay close to it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.roads.network import Road

Floats = NDArray[np.float64]
TOLERANCE = 0.01
"""m between a curve and its chord."""
LONGEST = 20.0
"""m of a piece, even of a straight one."""


def stations(road: Road, section: int, *, tolerance: float = TOLERANCE, longest: float = LONGEST) -> Floats:
    """(N,) s of cuts through a section, from its start to its end, at least two: at every joint of its formulas, and between them as
    often as plan, height and lane borders bend."""
    start, end = road.span(section)
    edges = _joints(road, section, start, end)
    cuts = [edges[:1]]
    for low, high in pairwise(edges):
        within = np.linspace(low, high, 9)[1:-1]
        bend = max(float(_bend(road, section, within).max()), 1e-9)
        count = max(1, int(np.ceil((high - low) / min(np.sqrt(8 * tolerance / bend), longest))))
        cuts.append(np.linspace(low, high, count + 1)[1:])
    return np.concatenate(cuts)


def _joints(road: Road, section: int, start: float, end: float) -> Floats:
    part = road.sections[section]
    inside = [np.array([piece.s for piece in road.plan.pieces]), road.elevation.starts, road.banking.starts, road.offset.starts]
    inside += [lane.width.starts + part.s for lane in part.lanes.values()]
    inside += [np.array([height.s for height in lane.heights]) + part.s for lane in part.lanes.values()]
    joints = np.unique(np.concatenate(inside))
    kept = joints[(joints > start + 1e-6) & (joints < end - 1e-6)]
    return np.array([start, *kept, end])


def _bend(road: Road, section: int, s: Floats) -> Floats:
    """How much the borders furthest out bend there, 1/m: an upper bound."""
    part = road.sections[section]
    right, left = part.outermost
    reach = np.maximum(np.abs(road.border(section, right, s)), np.abs(road.border(section, left, s)))
    plan = np.abs(road.plan.curvature(s))
    aside = np.abs(road.offset.bend(s))
    for lane in part.lanes.values():
        aside = aside + np.abs(lane.width.bend(s - part.s))
    up = np.abs(road.elevation.bend(s)) + reach * np.abs(road.banking.bend(s))
    return np.asarray(plan * (1 + reach * plan) + aside + up)
