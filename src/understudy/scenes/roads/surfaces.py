"""A network as surfaces: lanes by their kind, kerbs, paint. Triangles are counter-clockwise seen from above, or from the road for kerbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.roads.network import Junction, Road, RoadLane, RoadNetwork
from understudy.scenes.roads.sampling import LONGEST, TOLERANCE, stations

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
RAISED = 0.12
"""m that sidewalks and kerbs lie above the road where a file does not say."""
SKIRT = 0.15
"""m that the outer side of a raised lane goes down."""
UNDER = 0.01
"""m that the asphalt which fills a junction lies under its lanes."""
PAVED = frozenset(
    "driving entry exit onRamp offRamp connectingRamp slipLane bidirectional bus taxi HOV stop parking biking shoulder special1".split()
)


@dataclass(frozen=True)
class Surface:
    """Triangles of one kind.

    Attributes:
        kind: a lane's kind ("driving", "sidewalk"), "curb side", "junction", "paint" or "island".
        road, lane: where it belongs; "" and 0 for none. color: of paint, "white", "yellow" …
        vertices: (V, 3) m. faces: (F, 3).
    """

    kind: str
    vertices: Floats
    faces: Ints
    road: str = ""
    lane: int = 0
    color: str = "standard"

    @property
    def area(self) -> float:
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def lane_surfaces(network: RoadNetwork, *, tolerance: float = TOLERANCE, longest: float = LONGEST) -> list[Surface]:
    """Every lane with a width, the sides of lanes that are raised, and what lies between the lanes of junctions."""
    found = []
    for road in network.roads.values():
        for section in range(len(road.sections)):
            s = stations(road, section, tolerance=tolerance, longest=longest)
            for side in (1, -1):
                found += list(_side(road, section, side, s))
    found += [_filling(network, junction, tolerance) for junction in network.junctions.values() if _inside(network, junction)]
    return [surface for surface in found if len(surface.faces)]


def heights(lane: RoadLane, from_start: Floats) -> tuple[Floats, Floats]:
    """(N,) m above the road of the inner and the outer border."""
    if not lane.heights:
        level = np.full_like(from_start, RAISED if lane.kind in ("sidewalk", "curb") else 0.0)
        return level, level
    starts = np.array([height.s for height in lane.heights])
    piece = np.maximum(np.searchsorted(starts, from_start, side="right") - 1, 0)
    values = np.array([[height.inner, height.outer] for height in lane.heights])
    return values[piece, 0], values[piece, 1]


def strip(inner: Floats, outer: Floats, *, leftwards: bool) -> tuple[Floats, Ints]:
    """A band between two rows of (..., N, 3) points, as many bands as there are rows before; faces without area are left out."""
    first, second = (inner, outer) if leftwards else (outer, inner)
    rows = np.stack([first, second], axis=-2).reshape(-1, 3)
    bands, count = int(np.prod(inner.shape[:-2], dtype=np.int64)), inner.shape[-2]
    corner = (np.arange(bands)[:, None] * count + np.arange(count - 1)[None, :]).ravel() * 2
    faces = np.concatenate([np.stack([corner, corner + 2, corner + 3], axis=1), np.stack([corner, corner + 3, corner + 1], axis=1)])
    a, b, c = (rows[faces[:, place]] for place in range(3))
    wide = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-7
    return rows, faces[wide].astype(np.int32)


def _side(road: Road, section: int, side: int, s: Floats) -> Iterator[Surface]:
    """The lanes of one side of a section, from the middle outwards, and the steps between them."""
    part = road.sections[section]
    _, _, heading = road.plan.at(s)
    bank = road.banking.at(s)
    across = np.stack([-np.sin(heading), np.cos(heading), np.zeros_like(heading)], axis=-1)
    up = np.array([0.0, 0.0, 1.0])
    border = road.point(s, road.offset.at(s))
    before = np.zeros_like(s)
    lanes = part.inwards(part.outermost[1] if side > 0 else part.outermost[0])
    for number, lane in enumerate(lanes):
        width = side * lane.width.at(s - part.s)
        tilt = np.zeros_like(s) if lane.level else bank
        outer = border + (width * np.cos(tilt))[:, None] * across + (width * np.sin(tilt))[:, None] * up
        low, high = heights(lane, s - part.s)
        yield Surface(lane.kind, *strip(border + low[:, None] * up, outer + high[:, None] * up, leftwards=side > 0), road.id, lane.id)
        if np.any(low != before):
            yield _step(road, lane, border, before, low, leftwards=side > 0)
        if number + 1 == len(lanes) and np.any(high > 0):
            yield _step(road, lane, outer, high, np.minimum(high, 0.0) - SKIRT, leftwards=side > 0)
        border, before = outer, high


def _step(road: Road, lane: RoadLane, border: Floats, before: Floats, after: Floats, *, leftwards: bool) -> Surface:
    """The upright face at a border where heights differ."""
    up = np.array([0.0, 0.0, 1.0])
    return Surface("curb side", *strip(border + before[:, None] * up, border + after[:, None] * up, leftwards=leftwards), road.id, lane.id)


# -- junctions


def _inside(network: RoadNetwork, junction: Junction) -> list[Road]:
    return [road for road in network.roads.values() if road.junction == junction.id]


def _filling(network: RoadNetwork, junction: Junction, tolerance: float) -> Surface:
    """A fan from the middle of a junction to the outermost of its paved lanes in every direction, a little under them."""
    first, last = [], []
    for road in _inside(network, junction):
        for section in range(len(road.sections)):
            s = stations(road, section, tolerance=tolerance, longest=2.0)
            for t in _paved_borders(road, section, s):
                points = road.point(s, t)
                first.append(points[:-1])
                last.append(points[1:])
    starts, ends = np.concatenate(first), np.concatenate(last)
    middle = np.concatenate([starts, ends]).mean(axis=0)
    rim = _outermost(starts, ends, middle)
    vertices = np.concatenate([middle[None], rim]) - np.array([0.0, 0.0, UNDER])
    around = np.arange(len(rim), dtype=np.int32) + 1
    faces = np.stack([np.zeros_like(around), around, np.roll(around, -1)], axis=1)
    return Surface("junction", vertices, faces, lane=0)


def _paved_borders(road: Road, section: int, s: Floats) -> Iterable[Floats]:
    part = road.sections[section]
    for lane in part.lanes.values():
        if lane.id and lane.kind in PAVED:
            yield from road.borders(section, lane.id, s)


def _outermost(starts: Floats, ends: Floats, middle: Floats, directions: int = 360) -> Floats:
    """(directions, 3) the furthest place on any of the edges, along rays from the middle; where a ray meets none, the middle of its
    neighbours."""
    angles = np.linspace(-np.pi, np.pi, directions, endpoint=False)
    ray = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    origin, edge = (starts - middle)[:, :2], (ends - starts)[:, :2]
    cross = ray[:, None, 0] * edge[None, :, 1] - ray[:, None, 1] * edge[None, :, 0]
    safe = np.where(np.abs(cross) < 1e-9, np.inf, cross)
    distance = (origin[None, :, 0] * edge[None, :, 1] - origin[None, :, 1] * edge[None, :, 0]) / safe
    share = (origin[None, :, 0] * ray[:, None, 1] - origin[None, :, 1] * ray[:, None, 0]) / safe
    met = (share >= -1e-6) & (share <= 1 + 1e-6) & (distance > 0)
    furthest = np.where(met, distance, 0.0)
    best = furthest.argmax(axis=1)
    reach = furthest[np.arange(directions), best]
    z = starts[best, 2] + share[np.arange(directions), best] * (ends - starts)[best, 2]
    seen = reach > 0
    if seen.any():
        reach = np.where(seen, reach, np.interp(angles, angles[seen], reach[seen], period=2 * np.pi))
        z = np.where(seen, z, np.interp(angles, angles[seen], z[seen], period=2 * np.pi))
    return np.column_stack([middle[:2] + ray * reach[:, None], z])


def by_kind(surfaces: Iterable[Surface]) -> Mapping[str, list[Surface]]:
    sorted_: dict[str, list[Surface]] = {}
    for surface in surfaces:
        sorted_.setdefault(surface.kind, []).append(surface)
    return sorted_
