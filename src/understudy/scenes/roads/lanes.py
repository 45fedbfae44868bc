"""A network as lanes to drive along: middle lines in the direction of travel, neighbours, successors through junctions, lines to stop at.

A lane's key is its road's, the number of its section and its own number: "5/0/-1".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.roads.network import DRIVABLE, Connection, Contact, Junction, Road, RoadLane, RoadLink, RoadNetwork
from understudy.scenes.roads.sampling import LONGEST, TOLERANCE, stations
from understudy.scenes.traffic.lanes import Lane, Signal, StopLine

Floats = NDArray[np.float64]
CROSSABLE = frozenset({"both", "increase", "decrease"})
WALKED, CYCLED = frozenset({"sidewalk", "walking"}), frozenset({"biking"})
UNLIMITED = 36.1
"""m/s (130 km/h) where nothing limits the speed."""
STOP_LINES, GIVE_WAY, LIGHTS = frozenset({"294"}), frozenset({"205", "206"}), frozenset({"1000001"})
NARROW = 0.5
"""m; lanes that are nowhere wider are none to drive on."""
MEETING = 1.0
"""m between the middle lines of two ways under which their traffic meets."""


@dataclass(frozen=True)
class Cycle:
    """How long lights of one phase are green and yellow, s; all phases of a junction take turns, with `clear` s of red for all between."""

    green: float = 18.0
    yellow: float = 3.0
    clear: float = 2.0


def lanes_of(
    network: RoadNetwork,
    *,
    kinds: frozenset[str] = DRIVABLE,
    tolerance: float = TOLERANCE,
    longest: float = LONGEST,
    cycle: Cycle | None = None,
) -> list[Lane]:
    """Every lane of these kinds, in the order of the network. Lanes without a way to go, or nowhere `NARROW` m wide, are left out.

    Args:
        tolerance: m between a middle line and its polyline. longest: m of its pieces.
        cycle: of the lights.
    """
    made: dict[str, Lane] = {}
    for road, section, lane in network.lanes_of(kinds):
        found = _lane(network, road, section, lane, kinds, tolerance, longest)
        if found is not None:
            made[found.id] = found
    linked = {key: _existing(lane, made) for key, lane in made.items()}
    ways = {key: lane for key, lane in linked.items() if network.roads[key.split("/")[0]].junction is not None}
    lights = _lights(network, cycle or Cycle())
    yields = _yields(network, ways, linked)
    return [replace(lane, stops=tuple(_stops(network, lane, lights, yields))) for lane in linked.values()]


def lane_id(road: Road, section: int, lane: int) -> str:
    return f"{road.id}/{section}/{lane}"


def successors(network: RoadNetwork, road: Road, section: int, lane: int) -> list[str]:
    """Ids of the lanes that traffic in a lane comes to next."""
    forward = road.forward(lane)
    part = road.sections[section].lanes[lane]
    numbers = part.successors if forward else part.predecessors
    following = section + (1 if forward else -1)
    if 0 <= following < len(road.sections):
        return [lane_id(road, following, number) for number in numbers if number in road.sections[following].lanes]
    link = road.successor if forward else road.predecessor
    if link is None:
        return []
    if link.kind == "road":
        return list(_into(network, link, numbers))
    junction = network.junctions.get(link.id)
    return [] if junction is None else list(_through(network, junction, road, lane))


def _into(network: RoadNetwork, link: RoadLink, numbers: tuple[int, ...]) -> Iterator[str]:
    other = network.roads.get(link.id)
    if other is None:
        return
    contact = link.contact or "start"
    section = 0 if contact == "start" else len(other.sections) - 1
    for number in numbers:
        if number in other.sections[section].lanes and other.forward(number) == (contact == "start"):
            yield lane_id(other, section, number)


def _through(network: RoadNetwork, junction: Junction, road: Road, lane: int) -> Iterator[str]:
    for connection in junction.connections:
        if connection.incoming == road.id and connection.connecting in network.roads:
            numbers = tuple(to for origin, to in connection.lanes if origin == lane)
            yield from _into(network, RoadLink("road", connection.connecting, _entered(connection)), numbers)


def _entered(connection: Connection) -> Contact:
    return connection.contact


def _lane(
    network: RoadNetwork, road: Road, section: int, lane: RoadLane, kinds: frozenset[str], tolerance: float, longest: float
) -> Lane | None:
    s = stations(road, section, tolerance=tolerance, longest=longest)
    inner, outer = road.borders(section, lane.id, s)
    width = np.abs(outer - inner)
    if s[-1] - s[0] < 0.01 or width.max() < NARROW:
        return None
    line = road.point(s, (inner + outer) / 2)
    forward = road.forward(lane.id)
    line = line if forward else line[::-1]
    apart = np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1) > 1e-6
    line = line[np.concatenate([[True], apart])]
    if len(line) < 2:
        return None
    left, right = _neighbours(road, section, lane, kinds)
    limit = road.limit_at(section, lane.id, float(s.mean()))
    return Lane(
        lane_id(road, section, lane.id),
        line,
        width_m=float(np.mean(width)),
        left=left,
        right=right,
        successors=tuple(successors(network, road, section, lane.id)),
        speed_limit_mps=limit if limit else UNLIMITED,
        kind="walking" if lane.kind in WALKED else "biking" if lane.kind in CYCLED else "driving",
    )


def _neighbours(road: Road, section: int, lane: RoadLane, kinds: frozenset[str]) -> tuple[str | None, str | None]:
    """The lanes to the left and right of the traffic in the same direction that the marks let one change to."""
    part = road.sections[section]
    side = 1 if lane.id > 0 else -1
    inner, outer = part.lanes.get(lane.id - side), part.lanes.get(lane.id + side)
    inwards = lane_id(road, section, inner.id) if inner and inner.id and inner.kind in kinds and _allows(inner, "increase", side) else None
    outwards = lane_id(road, section, outer.id) if outer and outer.kind in kinds and _allows(lane, "decrease", -side) else None
    middle_on_left = (lane.id < 0) == road.forward(lane.id)
    return (inwards, outwards) if middle_on_left else (outwards, inwards)


def _allows(lane: RoadLane, inwards: str, side: int) -> bool:
    """Whether the mark on a lane's outer border may be crossed; "increase" and "decrease" are meant for lane numbers."""
    if not lane.marks:
        return True
    first = lane.marks[0]
    allowed = "increase" if side < 0 else "decrease"
    return first.lane_change in ("both", allowed) and first.kind not in ("solid", "solid solid", "curb")


def _existing(lane: Lane, made: Mapping[str, Lane]) -> Lane:
    return replace(
        lane,
        left=lane.left if lane.left in made else None,
        right=lane.right if lane.right in made else None,
        successors=tuple(dict.fromkeys(key for key in lane.successors if key in made)),
    )


# -- lights, signs and who goes first


def _lights(network: RoadNetwork, cycle: Cycle) -> dict[str, Signal]:
    """A light for each signal that a junction's controllers hold; the controllers take turns."""
    lights: dict[str, Signal] = {}
    known = {controller.id: controller for controller in network.controllers}
    for junction in network.junctions.values():
        phases = [known[key] for key, _, _ in junction.controllers if key in known]
        turn = cycle.green + cycle.yellow + cycle.clear
        for number, phase in enumerate(phases):
            for signal, _ in phase.signals:
                red = turn * len(phases) - cycle.green - cycle.yellow
                lights[signal] = Signal(phase.id, cycle.green, cycle.yellow, red, (len(phases) - number) % len(phases) * turn)
    return lights


def _stops(network: RoadNetwork, lane: Lane, lights: Mapping[str, Signal], yields: Mapping[str, tuple[str, ...]]) -> Iterator[StopLine]:
    """Where a lane's traffic waits: at lights, at signs, and where it meets others who go first."""
    key, section_text, number_text = lane.id.split("/")
    road, section, number = network.roads[key], int(section_text), int(number_text)
    start, end = road.span(section)
    forward = road.forward(number)
    gives_way = yields.get(lane.id, ())
    last: tuple[float, Signal | None] | None = None
    for signal in road.signals:
        meant = not signal.lanes or any(part.first <= number <= part.last for part in signal.lanes)
        if not meant or not start <= signal.s <= end or signal.orientation == ("-" if forward else "+"):
            continue
        if signal.kind in STOP_LINES:
            last = (signal.s - start if forward else end - signal.s), last[1] if last else None
        elif signal.kind in LIGHTS and signal.id in lights:
            last = last[0] if last else (signal.s - start if forward else end - signal.s), lights[signal.id]
    if last is not None:
        yield StopLine(float(np.clip(last[0], 0.0, lane.length_m)), last[1], gives_way)
    elif gives_way:
        yield StopLine(max(0.0, lane.length_m - 1.0), None, gives_way)


def _yields(network: RoadNetwork, ways: Mapping[str, Lane], lanes: Mapping[str, Lane]) -> dict[str, tuple[str, ...]]:
    """For each lane before a junction, the ways through it whose traffic goes first where they meet one of its own.

    By signs or priorities where there are any; else who comes from the right goes first. Who turns left gives way to those ahead where
    the lane is for turning left alone: a line is for all of its lane's traffic, and two mixed lanes would wait for one another.
    """
    before: dict[str, list[str]] = {}
    for lane in lanes.values():
        for name in lane.successors:
            if name in ways:
                before.setdefault(name, []).append(lane.id)
    found: dict[str, list[str]] = {}
    for junction in network.junctions.values():
        inside = [way for way in ways.values() if network.roads[way.id.split("/")[0]].junction == junction.id and way.id in before]
        for way in inside:
            for other in inside:
                why = _why_first(network, junction, (before[other.id][0], other), (before[way.id][0], way))
                for lane_before in before[way.id] if why else ():
                    if why != "ahead" or len(lanes[lane_before].successors) == 1:
                        found.setdefault(lane_before, []).append(other.id)
    return {lane_before: tuple(dict.fromkeys(names)) for lane_before, names in found.items()}


def _why_first(network: RoadNetwork, junction: Junction, other: tuple[str, Lane], mine: tuple[str, Lane]) -> str:
    """Why traffic from a lane along a way goes before that from another: "sign", "ahead", "right"; "" where it does not."""
    (their_lane, theirs), (my_lane, way) = other, mine
    if their_lane.split("/")[0] == my_lane.split("/")[0] or not _meet(way, theirs):
        return ""
    lower = _gives_way(network, junction, my_lane) - _gives_way(network, junction, their_lane)
    if lower:
        return "sign" if lower > 0 else ""
    coming = (_heading(theirs, 0) - _heading(way, 0) + np.pi) % (2 * np.pi) - np.pi
    if abs(coming) > 2.36:
        return "ahead" if _turn(way) > 0.6 and _turn(theirs) < 0.6 else ""
    if junction.controllers:
        return ""
    return "right" if 0.6 < coming < 2.36 else ""  # it heads to my left, so that it comes from the right


def _gives_way(network: RoadNetwork, junction: Junction, lane: str) -> int:
    """1 where a sign, or the junction, says that traffic from a lane waits."""
    road_id, _, number = lane.split("/")
    road = network.roads[road_id]
    facing = "+" if road.forward(int(number)) else "-"
    signs = {signal.kind for signal in road.signals if signal.orientation in (facing, "none")}
    return int(bool(signs & GIVE_WAY) or any(low == road_id for _, low in junction.priorities))


def _meet(first: Lane, second: Lane) -> bool:
    """Whether two ways cross or join."""
    if set(first.successors) & set(second.successors):
        return True
    a, b = (lane.at(np.linspace(0, lane.length_m, 40))[0][:, :2] for lane in (first, second))
    return bool(np.linalg.norm(a[:, None] - b[None], axis=2).min() < MEETING)


def _heading(lane: Lane, point: int) -> float:
    way = lane.centre[point + 1] - lane.centre[point] if point >= 0 else lane.centre[point] - lane.centre[point - 1]
    return float(np.arctan2(way[1], way[0]))


def _turn(lane: Lane) -> float:
    """Radians to the left from its start to its end."""
    return float((_heading(lane, -1) - _heading(lane, 0) + np.pi) % (2 * np.pi) - np.pi)
