"""What is painted on a network: lane marks, stop lines, zebra crossings, lines of parking places. All of it lies `LIFT` over the lanes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.roads.network import MarkLine, Road, RoadLane, RoadMark, RoadNetwork, RoadObject, Signal
from understudy.scenes.roads.sampling import TOLERANCE
from understudy.scenes.roads.surfaces import Surface, heights, strip

Floats = NDArray[np.float64]
LIFT = 0.005
"""m."""
WIDTH = {"standard": 0.12, "bold": 0.25}
"""m of lines whose width is not said, by weight."""
DASH = (3.0, 6.0)
"""m painted and free of broken lines whose pattern is not said."""
STRIPE = 0.5
"""m of a zebra crossing's stripes, and between them."""
STOP = 0.5
"""m along the road of stop lines."""
STOP_LINES = frozenset({"294"})
ZEBRA_SIGNALS = frozenset({"1000003"})
UNPAINTED = frozenset({"none", "curb", "grass", "edge"})


def paint(network: RoadNetwork, *, tolerance: float = TOLERANCE) -> list[Surface]:
    """All paint of a network; objects of the kind "crosswalk" and signals of the kinds 294 and 1000003 are paint, too."""
    found: list[Surface] = []
    for road in network.roads.values():
        found += list(_lane_marks(road, tolerance))
        for signal in road.signals:
            found += list(_of_signal(road, signal))
        for thing in road.objects:
            found += list(_of_object(road, thing))
    return [surface for surface in found if len(surface.faces)]


def _lane_marks(road: Road, tolerance: float) -> Iterator[Surface]:
    for section, part in enumerate(road.sections):
        start, end = road.span(section)
        for lane in part.lanes.values():
            marks = sorted(lane.marks, key=lambda mark: mark.s)
            for mark, following in zip(marks, [*marks[1:], None][: len(marks)], strict=True):
                stop = end if following is None else min(end, start + following.s)
                for line, once in _lines(mark, lane.id):
                    low = start + mark.s
                    spans = _once(line, low, stop) if once else _dashes(line, low, stop)
                    if len(spans) and mark.kind not in UNPAINTED:
                        yield _band(road, section, lane, line, spans, mark.color, tolerance)


def _lines(mark: RoadMark, lane: int) -> Iterator[tuple[MarkLine, bool]]:
    """The lines of a mark with their widths, and whether they stand once. Without detail, of double marks the first word is the line
    towards the middle of the road, and in the middle the left one."""
    usual = mark.width or WIDTH.get(mark.weight, WIDTH["standard"])
    for lines, once in ((mark.lines, False), (mark.explicit, True)):
        for line in lines:
            yield MarkLine(line.length, line.space, line.t, line.s, line.width or usual), once
    if mark.lines or mark.explicit:
        return
    words = {"botts dots": ["dots"]}.get(mark.kind, mark.kind.split())
    apart = 0.0 if len(words) == 1 else usual * (1 if lane <= 0 else -1)
    for word, side in zip(words, (1, -1), strict=False):
        if word == "dots":
            yield MarkLine(0.1, 2.9, 0.0, 0.0, 0.1), False
        else:
            length, space = DASH if word == "broken" else (1.0, 0.0)
            yield MarkLine(length, space, apart * side, 0.0, usual), False


def _dashes(line: MarkLine, low: float, stop: float) -> Floats:
    """(N, 2) s from and to of a line's dashes."""
    if stop - low < 1e-6:
        return np.zeros((0, 2))
    if line.space <= 0 or line.length <= 0:
        return np.array([[low + line.s, stop]]) if low + line.s < stop else np.zeros((0, 2))
    starts = np.arange(low + line.s, stop, line.length + line.space)
    spans = np.stack([starts, np.minimum(starts + line.length, stop)], axis=1)
    return np.asarray(spans[spans[:, 1] - spans[:, 0] > 1e-3])


def _once(line: MarkLine, low: float, stop: float) -> Floats:
    start = low + line.s
    return np.array([[start, min(start + line.length, stop)]]) if start < stop and line.length > 0 else np.zeros((0, 2))


def _band(road: Road, section: int, lane: RoadLane, line: MarkLine, spans: Floats, color: str, tolerance: float) -> Surface:
    """All dashes of a line as one surface, each cut into as many pieces as the sharpest bend of the longest asks for."""
    longest = float((spans[:, 1] - spans[:, 0]).max())
    along = np.linspace(spans[:, 0].min(), spans[:, 1].max(), 200)
    bend = max(float((np.abs(road.plan.curvature(along)) + np.abs(road.elevation.bend(along))).max()), 1e-9)
    piece = min(float(np.sqrt(8 * tolerance / 2 / bend)), 10.0)
    s = np.linspace(spans[:, 0], spans[:, 1], int(np.ceil(longest / piece)) + 1, axis=1)
    flat = s.ravel()
    part = road.sections[section]
    middle = road.border(section, lane.id, flat) + line.t
    height = LIFT + (heights(lane, flat - part.s)[1] if lane.id else 0.0)
    half = (line.width or WIDTH["standard"]) / 2
    inner, outer = (road.point(flat, middle + side * half, height).reshape(*s.shape, 3) for side in (-1, 1))
    return Surface("paint", *strip(inner, outer, leftwards=True), road.id, lane.id, _shade(color))


def _of_signal(road: Road, signal: Signal) -> Iterator[Surface]:
    if signal.kind in STOP_LINES:
        low, high = _reach(road, signal)
        depth = signal.height if signal.height and 0.1 <= signal.height <= 1.5 else STOP
        yield _patch(road, signal.s - depth / 2, signal.s + depth / 2, low, high)
    elif signal.kind in ZEBRA_SIGNALS and signal.width and signal.value:
        low, high, half = signal.t - signal.width / 2, signal.t + signal.width / 2, signal.value / 2
        corners = road.point(
            np.array([signal.s - half, signal.s - half, signal.s + half, signal.s + half]), np.array([high, low, low, high])
        )
        yield _stripes(road, corners)


def _reach(road: Road, signal: Signal) -> tuple[float, float]:
    """t of a stop line's ends: those of the lanes that it is for, else from its width."""
    here = np.array([np.clip(signal.s, 0.0, road.length)])
    section = road.section_at(float(here[0]))
    lanes = [n for part in signal.lanes for n in range(part.first, part.last + 1) if n and n in road.sections[section].lanes]
    if not lanes:
        half = (signal.width or 3.0) / 2
        return signal.t - half, signal.t + half
    borders = [float(t[0]) for lane in lanes for t in road.borders(section, lane, here)]
    return min(borders), max(borders)


def _patch(road: Road, s_low: float, s_high: float, t_low: float, t_high: float) -> Surface:
    s = np.linspace(max(s_low, 0.0), min(s_high, road.length), 2)
    inner, outer = (road.point(s, np.full(2, t), LIFT) for t in (t_low, t_high))
    return Surface("paint", *strip(inner, outer, leftwards=True), road.id, 0, "white")


def _of_object(road: Road, thing: RoadObject) -> Iterator[Surface]:
    corners = [outline_points(road, thing, number) for number in range(len(thing.outlines))]
    if thing.kind == "crosswalk" and corners and len(corners[0]) in (4, 5):
        yield _stripes(road, corners[0][:4])
    elif thing.kind == "crosswalk" and thing.length and thing.width:
        yield _stripes(road, _box(road, thing))
    for mark in thing.marks:
        if thing.outlines and len(mark.corners) >= 2:
            ids = dict(zip(thing.outlines[0].ids, corners[0], strict=True))
            points = [ids[key] for key in mark.corners if key in ids]
            yield from (_line_between(a, b, mark.width, mark.line, mark.space, mark.color) for a, b in pairwise(points))


def outline_points(road: Road, thing: RoadObject, outline: int) -> Floats:
    """(N, 3) in the world, of the foot of an object's outline."""
    shape = thing.outlines[outline]
    if shape.coordinates == "road":
        return road.point(shape.corners[:, 0], shape.corners[:, 1], shape.corners[:, 2])
    return _placed(road, thing, shape.corners[:, :3])


def _placed(road: Road, thing: RoadObject, local: Floats) -> Floats:
    """Local u, v, z of an object in the world; it stands upright."""
    heading = float(road.plan.at(np.array([thing.s]))[2][0])
    origin = road.point(np.array([thing.s]), np.array([thing.t]), thing.z)[0]
    angle = heading + thing.heading + (np.pi if thing.orientation == "-" else 0.0)
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([c * local[:, 0] - s * local[:, 1], s * local[:, 0] + c * local[:, 1], local[:, 2]], axis=1)
    return np.asarray(turned + origin)


def _box(road: Road, thing: RoadObject) -> Floats:
    """The four corners of an object's box on the ground."""
    u, v = (thing.length or 0.0) / 2, (thing.width or 0.0) / 2
    return _placed(road, thing, np.array([[-u, v, 0.0], [-u, -v, 0.0], [u, -v, 0.0], [u, v, 0.0]]))


def _stripes(road: Road, corners: Floats) -> Surface:
    """Stripes across the longer sides of a four-sided patch: people cross along them, cars drive along the stripes."""
    a, b, c, d = corners
    if np.linalg.norm(b - a) < np.linalg.norm(c - b):
        a, b, c, d = b, c, d, a
    length = float(np.linalg.norm(b - a))
    count = max(1, int((length + STRIPE) // (2 * STRIPE)))
    start = (length - (2 * count - 1) * STRIPE) / 2 + np.arange(count) * 2 * STRIPE
    shares = np.stack([start, start + STRIPE], axis=1)[:, :, None] / length
    near, far = a + shares * (b - a), d + shares * (c - d)
    up = np.array([0.0, 0.0, LIFT])
    vertices, faces = strip(near + up, far + up, leftwards=True)
    return Surface("paint", vertices, _upwards(vertices, faces), road.id, 0, "white")


def _line_between(a: Floats, b: Floats, width: float, dash: float, space: float, color: str) -> Surface:
    length = float(np.linalg.norm(b - a))
    spans = _dashes(MarkLine(dash, space, 0.0), 0.0, length)
    if not len(spans) or length < 1e-6:
        return Surface("paint", np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32))
    direction = (b - a) / length
    aside = np.array([-direction[1], direction[0], 0.0]) * width / 2
    middle = a + spans[:, :, None] * direction + np.array([0.0, 0.0, LIFT])
    return Surface("paint", *strip(middle - aside, middle + aside, leftwards=True), color=_shade(color))


def _upwards(vertices: Floats, faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same faces, turned so that they are counter-clockwise seen from above."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    down = np.cross(b - a, c - a)[:, 2] < 0
    return np.where(down[:, None], faces[:, ::-1], faces).astype(np.int32)


def _shade(color: str) -> str:
    return "white" if color == "standard" else color
