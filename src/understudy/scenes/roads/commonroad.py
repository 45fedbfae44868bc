"""CommonRoad scenarios: `write_commonroad` (2020a) and `read_commonroad` (2018b and 2020a).

https://commonroad.in.tum.de, Althoff et al., "CommonRoad: Composable benchmarks for motion planning on roads", 2017. A scenario is
lanelets (lanes between two bounds), obstacles with trajectories, and problems for planners. Times are whole steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.scenes.roads.lanes import lane_id, lanes_of
from understudy.scenes.roads.network import DRIVABLE, RoadNetwork
from understudy.scenes.roads.runs import assembled, runs
from understudy.scenes.roads.sampling import stations
from understudy.scenes.roads.xml_nodes import Node, element, read_xml, unread, write_xml
from understudy.scenes.traffic.trajectories import Agent, Trajectories

Floats = NDArray[np.float64]
KINDS = {
    "car": "car", "van": "car", "taxi": "taxi", "truck": "truck", "bus": "bus", "motorcycle": "motorcycle", "motorbike": "motorcycle",
    "bicycle": "bicycle", "cyclist": "bicycle", "pedestrian": "pedestrian", "person": "pedestrian", "train": "train",
}  # fmt: skip
HEIGHTS = {"car": 1.5, "taxi": 1.5, "truck": 3.5, "bus": 3.2, "train": 4.0, "bicycle": 1.7, "motorcycle": 1.5, "pedestrian": 1.7}
"""m; the format knows no heights."""
Interval = tuple[float, float]


@dataclass(frozen=True)
class Neighbour:
    """A lanelet beside another. same: its traffic runs in the same direction."""

    id: int
    same: bool


@dataclass(frozen=True)
class Lanelet:
    """left, right: bounds (N, 2) in the direction of travel. speed: limit m/s, None: none said. kinds: "urban", "highway" …"""

    id: int
    left: Floats
    right: Floats
    predecessors: tuple[int, ...] = ()
    successors: tuple[int, ...] = ()
    beside_left: Neighbour | None = None
    beside_right: Neighbour | None = None
    kinds: tuple[str, ...] = ()
    speed: float | None = None


@dataclass(frozen=True)
class PlanningProblem:
    """Where a planner starts, and what it should reach.

    Attributes:
        position: x, y m at the start. heading radians, speed m/s, step: of time.
        goal_steps: first and last step at which the goal counts. goal_center, goal_size, goal_turn: a rectangle (length, width), or None.
        goal_headings, goal_speeds: intervals, or None.
    """

    id: int
    position: tuple[float, float]
    heading: float
    speed: float
    goal_steps: tuple[int, int]
    step: int = 0
    goal_center: tuple[float, float] | None = None
    goal_size: tuple[float, float] = (5.0, 3.0)
    goal_turn: float = 0.0
    goal_headings: Interval | None = None
    goal_speeds: Interval | None = None
    yaw_rate: float = 0.0
    slip: float = 0.0


@dataclass(frozen=True)
class CommonRoadScenario:
    """trajectories: None where nothing moves. step: s. notes: what was not understood or had to be chosen."""

    id: str
    step: float
    lanelets: tuple[Lanelet, ...]
    trajectories: Trajectories | None = None
    problems: tuple[PlanningProblem, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()


def lanelets_of(network: RoadNetwork, *, kinds: frozenset[str] = DRIVABLE) -> tuple[Lanelet, ...]:
    """A network's lanes as lanelets, numbered from 1 in the order of `lanes_of`."""
    lanes = lanes_of(network, kinds=kinds)
    numbers = {lane.id: number for number, lane in enumerate(lanes, start=1)}
    before: dict[str, list[int]] = {}
    for lane in lanes:
        for following in lane.successors:
            before.setdefault(following, []).append(numbers[lane.id])
    made = []
    for lane in lanes:
        road_id, section, number = lane.id.split("/")
        road, part, own = network.roads[road_id], int(section), int(number)
        s = stations(road, part)
        inner, outer = (road.point(s, t)[:, :2] for t in road.borders(part, own, s))
        forward = road.forward(own)
        left, right = (inner, outer) if (own < 0) == forward else (outer, inner)
        left, right = (left, right) if forward else (left[::-1], right[::-1])
        side = 1 if own > 0 else -1
        beside = [
            Neighbour(numbers[name], road.forward(other) == forward) if (name := lane_id(road, part, other)) in numbers else None
            for other in (own - side if own - side else -side, own + side)
        ]
        to_left, to_right = beside if (own < 0) == forward else beside[::-1]
        made.append(
            Lanelet(
                numbers[lane.id],
                left,
                right,
                tuple(before.get(lane.id, ())),
                tuple(numbers[name] for name in lane.successors),
                to_left,
                to_right,
                speed=lane.speed_limit_mps,
            )
        )
    return tuple(made)


# -- writing


def write_commonroad(scenario: CommonRoadScenario, path: str | Path, *, date: str = "2024-01-01") -> dict[int, tuple[str, int]]:
    """Version 2020a. Heights and z are not kept, for the format has none.

    Returns: for each obstacle's number in the file its agent and the step at which it comes: an agent that is away for a while is several.

    Raises:
        DataError: times are no whole steps from the first on, or a lanelet's neighbour is not there. SinkError: it cannot be written.
    """
    _check(scenario, str(path))
    root = element(
        None, "commonRoad", timeStepSize=scenario.step, commonRoadVersion="2020a", author="understudy", affiliation="none",
        source=scenario.source or "synthetic", benchmarkID=scenario.id, date=date,
    )  # fmt: skip
    location = element(root, "location")
    for tag, value in (("geoNameId", -999), ("gpsLatitude", 999), ("gpsLongitude", 999)):  # the format's own numbers for "unknown"
        element(location, tag).text = str(value)
    element(element(root, "scenarioTags"), "simulated")
    for lanelet in scenario.lanelets:
        _lanelet(root, lanelet)
    _speed_signs(root, scenario)
    named = obstacle_numbers(scenario)
    _obstacles(root, scenario, list(named))
    for problem in scenario.problems:
        _problem(root, problem)
    write_xml(root, path)
    return named


def obstacle_numbers(scenario: CommonRoadScenario) -> dict[int, tuple[str, int]]:
    """For each obstacle's number in the file its agent and the step at which it comes."""
    trajectories = scenario.trajectories
    if trajectories is None:
        return {}
    signs = (_SIGN_OFFSET + lanelet.id for lanelet in scenario.lanelets if lanelet.speed is not None)
    taken = max([0, *(lanelet.id for lanelet in scenario.lanelets), *signs, *(problem.id for problem in scenario.problems)])
    steps = np.round(trajectories.times_s / scenario.step).astype(int)
    comes = [
        (agent.id, int(steps[first]))
        for place, agent in enumerate(trajectories.agents)
        for first, _ in runs(trajectories.present[:, place])
    ]
    return dict(enumerate(comes, start=taken + 1))


def _check(scenario: CommonRoadScenario, where: str) -> None:
    ids = {lanelet.id for lanelet in scenario.lanelets}
    for lanelet in scenario.lanelets:
        beside = [neighbour.id for neighbour in (lanelet.beside_left, lanelet.beside_right) if neighbour is not None]
        for other in (*lanelet.predecessors, *lanelet.successors, *beside):
            if other not in ids:
                raise DataError(
                    f"Lanelet {lanelet.id} names lanelet {other}, which is not there.", where=where, remedy="Add it, or the link out."
                )
    if scenario.trajectories is not None:
        steps = scenario.trajectories.times_s / scenario.step
        if np.abs(steps - np.round(steps)).max() > 1e-6:
            raise DataError(
                f"Times are no multiples of the step of {scenario.step} s.", where=where, remedy="Sample the trajectories at whole steps."
            )


def _text(parent: Element, tag: str, value: object) -> None:
    element(parent, tag).text = repr(float(value)) if isinstance(value, float) else str(value)


def _exact(parent: Element, tag: str, value: float | int) -> None:
    _text(element(parent, tag), "exact", value)


def _interval(parent: Element, tag: str, interval: tuple[float, float] | tuple[int, int]) -> None:
    node = element(parent, tag)
    _text(node, "intervalStart", interval[0])
    _text(node, "intervalEnd", interval[1])


def _point(parent: Element, place: Sequence[float] | Floats, tag: str = "point") -> None:
    node = element(parent, tag)
    _text(node, "x", float(place[0]))
    _text(node, "y", float(place[1]))


def _lanelet(root: Element, lanelet: Lanelet) -> None:
    node = element(root, "lanelet", id=lanelet.id)
    for tag, bound in (("leftBound", lanelet.left), ("rightBound", lanelet.right)):
        line = element(node, tag)
        for place in bound:
            _point(line, place)
    for other in lanelet.predecessors:
        element(node, "predecessor", ref=other)
    for other in lanelet.successors:
        element(node, "successor", ref=other)
    for tag, neighbour in (("adjacentLeft", lanelet.beside_left), ("adjacentRight", lanelet.beside_right)):
        if neighbour is not None:
            element(node, tag, ref=neighbour.id, drivingDir="same" if neighbour.same else "opposite")
    for kind in lanelet.kinds or ("urban",):
        element(node, "laneletType").text = kind
    if lanelet.speed is not None:
        element(node, "trafficSignRef", ref=_SIGN_OFFSET + lanelet.id)


_SIGN_OFFSET = 1_000_000
"""Numbers of signs that limit the speed on a lanelet, from its own number: the format gives limits by signs."""


def _speed_signs(root: Element, scenario: CommonRoadScenario) -> None:
    """A virtual sign for each lanelet's limit."""
    for lanelet in scenario.lanelets:
        if lanelet.speed is None:
            continue
        node = element(root, "trafficSign", id=_SIGN_OFFSET + lanelet.id)
        part = element(node, "trafficSignElement")
        element(part, "trafficSignID").text = "274"
        _text(part, "additionalValue", float(lanelet.speed))
        _point(element(node, "position"), lanelet.right[0])
        element(node, "virtual").text = "true"


def _obstacles(root: Element, scenario: CommonRoadScenario, numbers: Sequence[int]) -> None:
    """A moving obstacle for each run of an agent's presence, by these numbers."""
    trajectories = scenario.trajectories
    if trajectories is None:
        return
    steps, left = np.round(trajectories.times_s / scenario.step).astype(int), iter(numbers)
    for place, agent in enumerate(trajectories.agents):
        for first, stop in runs(trajectories.present[:, place]):
            node = element(root, "dynamicObstacle", id=next(left))
            element(node, "type").text = KINDS.get(agent.kind, "unknown")
            box = element(element(node, "shape"), "rectangle")
            _text(box, "length", float(agent.size_m[0]))
            _text(box, "width", float(agent.size_m[1]))
            _state(element(node, "initialState"), trajectories, first, place, int(steps[first]))
            way = element(node, "trajectory")
            for frame in range(first + 1, stop) if stop > first + 1 else [first]:
                _state(element(way, "state"), trajectories, frame, place, int(steps[frame]))


def _state(node: Element, trajectories: Trajectories, frame: int, place: int, step: int) -> None:
    _point(element(node, "position"), trajectories.position_m[frame, place])
    _exact(node, "orientation", float(trajectories.heading_rad[frame, place]))
    _exact(node, "time", step)
    _exact(node, "velocity", float(trajectories.speed_mps[frame, place]))


def _problem(root: Element, problem: PlanningProblem) -> None:
    node = element(root, "planningProblem", id=problem.id)
    start = element(node, "initialState")
    _point(element(start, "position"), problem.position)
    for tag, value in (
        ("velocity", problem.speed),
        ("orientation", problem.heading),
        ("yawRate", problem.yaw_rate),
        ("slipAngle", problem.slip),
    ):
        _exact(start, tag, float(value))
    _exact(start, "time", problem.step)
    goal = element(node, "goalState")
    _interval(goal, "time", problem.goal_steps)
    if problem.goal_center is not None:
        box = element(element(goal, "position"), "rectangle")
        for tag, value in (("length", problem.goal_size[0]), ("width", problem.goal_size[1]), ("orientation", problem.goal_turn)):
            _text(box, tag, float(value))
        _point(box, problem.goal_center, "center")
    if problem.goal_headings is not None:
        _interval(goal, "orientation", tuple(map(float, problem.goal_headings)))  # type: ignore[arg-type]
    if problem.goal_speeds is not None:
        _interval(goal, "velocity", tuple(map(float, problem.goal_speeds)))  # type: ignore[arg-type]


# -- reading


def read_commonroad(path: str | Path) -> CommonRoadScenario:
    """A scenario; the file may be packed with gzip. Areas and intervals of states count as their middles, with a note.

    Raises:
        DataError: it is no CommonRoad scenario, or something needed is missing or wrong; names file, line and element.
    """
    root = read_xml(path, "commonRoad")
    version = root.text("commonRoadVersion")
    notes = [] if version in ("2018b", "2020a") else [f"version {version} is not among those known (2018b, 2020a); read as the nearest"]
    for name in ("author", "affiliation", "date", "tags"):
        root.text(name, "")
    step = root.number("timeStepSize")
    if step <= 0:
        raise root.fault(f"The time step is {step} s.", "Give a timeStepSize above 0.")
    limits = _limits(root)
    return CommonRoadScenario(
        root.text("benchmarkID", ""), step, tuple(_read_lanelet(node, limits) for node in root.all("lanelet")),
        _trajectories(root, step, notes), tuple(_read_problem(node, notes) for node in root.all("planningProblem")),
        root.text("source", ""),
        (*dict.fromkeys(notes), *unread(root)),
    )  # fmt: skip


def _limits(root: Node) -> Mapping[int, float]:
    """m/s of the signs that limit the speed, by number."""
    found = {}
    for node in root.all("trafficSign"):
        for part in node.all("trafficSignElement"):
            sign, value = part.first("trafficSignID"), part.first("additionalValue")
            if sign is not None and value is not None and sign.content.strip() in ("274", "R2-1"):
                found[node.integer("id")] = value.content_number()
    return found


def _number(node: Node, tag: str) -> float:
    return node.need(tag).content_number()


def _places(node: Node) -> Floats:
    places = np.array([[_number(point, "x"), _number(point, "y")] for point in node.all("point")]).reshape(-1, 2)
    if len(places) < 2:
        raise node.fault(f"<{node.tag}> has {len(places)} points.", "Give a bound at least 2.")
    return places


def _read_lanelet(node: Node, limits: Mapping[int, float]) -> Lanelet:
    def neighbour(tag: str) -> Neighbour | None:
        found = node.first(tag)
        return None if found is None else Neighbour(found.integer("ref"), found.text("drivingDir") == "same")

    left, right = _places(node.need("leftBound")), _places(node.need("rightBound"))
    limit = node.first("speedLimit")
    signs = [limits[part.integer("ref")] for part in node.all("trafficSignRef") if part.integer("ref") in limits]
    return Lanelet(
        node.integer("id"), left, right, tuple(part.integer("ref") for part in node.all("predecessor")),
        tuple(part.integer("ref") for part in node.all("successor")), neighbour("adjacentLeft"), neighbour("adjacentRight"),
        tuple(part.content.strip() for part in node.all("laneletType")),
        limit.content_number() if limit is not None else min(signs, default=None),
    )  # fmt: skip


def _trajectories(root: Node, step: float, notes: list[str]) -> Trajectories | None:
    moving = root.all("dynamicObstacle")
    moving += [node for node in root.all("obstacle") if (role := node.first("role")) is not None and role.content.strip() == "dynamic"]
    agents, known = [], {}
    for node in moving:
        states = [node.need("initialState"), *(state for way in node.all("trajectory") for state in way.all("state"))]
        rows = {row[0]: row for row in (_read_state(state, notes) for state in states)}
        table = np.array([rows[moment] for moment in sorted(rows)])
        kind = node.need("type").content.strip()
        agents.append(Agent(node.text("id"), kind, _size(node, kind, notes)))
        known[node.text("id")] = [(table[:, 0] * step, np.column_stack([table[:, 1:3], np.zeros(len(table))]), table[:, 3], table[:, 4])]
    if not agents:
        return None
    last = max(round(parts[-1][0][-1] / step) for parts in known.values())
    first = min(round(parts[0][0][0] / step) for parts in known.values())
    return assembled(agents, np.arange(first, last + 1) * step, known)


def _size(node: Node, kind: str, notes: list[str]) -> tuple[float, float, float]:
    shape = node.need("shape")
    box, circle = shape.first("rectangle"), shape.first("circle")
    height = HEIGHTS.get(kind, 1.5)
    if box is not None:
        return _number(box, "length"), _number(box, "width"), height
    if circle is not None:
        return 2 * _number(circle, "radius"), 2 * _number(circle, "radius"), height
    notes.append(f"the obstacle in line {node.line} is neither a rectangle nor a circle; it counts as 1 m × 1 m")
    return 1.0, 1.0, height


def _read_state(node: Node, notes: list[str]) -> tuple[float, float, float, float, float]:
    """Step, x, y, heading, speed."""
    x, y = _position(node.need("position"), notes)
    heading, step = _middle(node.need("orientation"), notes), _middle(node.need("time"), notes)
    speed = node.first("velocity")
    return step, x, y, heading, 0.0 if speed is None else _middle(speed, notes)


def _position(node: Node, notes: list[str]) -> tuple[float, float]:
    point = node.first("point")
    if point is None:
        shape = node.first("rectangle") or node.first("circle")
        if shape is None:
            raise node.fault("A position is neither a point nor a rectangle or circle.", "Give a <point> with x and y.")
        notes.append("positions that are areas count as the middles of those")
        point = shape.need("center")
    return _number(point, "x"), _number(point, "y")


def _middle(node: Node, notes: list[str]) -> float:
    exact = node.first("exact")
    if exact is not None:
        return exact.content_number()
    notes.append("values that are intervals count as the middles of those")
    return (_number(node, "intervalStart") + _number(node, "intervalEnd")) / 2


def _span(node: Node | None) -> Interval | None:
    if node is None:
        return None
    exact = node.first("exact")
    if exact is not None:
        return exact.content_number(), exact.content_number()
    return _number(node, "intervalStart"), _number(node, "intervalEnd")


def _read_problem(node: Node, notes: list[str]) -> PlanningProblem:
    start, goal = node.need("initialState"), node.need("goalState")
    step, x, y, heading, speed = _read_state(start, notes)
    area = goal.first("position")
    box = None if area is None else area.first("rectangle")
    center = None if box is None else box.first("center")
    rates = [0.0 if (part := start.first(tag)) is None else _middle(part, notes) for tag in ("yawRate", "slipAngle")]
    steps = _span(goal.need("time")) or (0.0, 0.0)
    place = None if box is None else (0.0, 0.0) if center is None else (_number(center, "x"), _number(center, "y"))
    size = (5.0, 3.0) if box is None else (_number(box, "length"), _number(box, "width"))
    turn = 0.0 if box is None or (part := box.first("orientation")) is None else part.content_number()
    return PlanningProblem(
        node.integer("id"), (x, y), heading, speed, (round(steps[0]), round(steps[1])), round(step), place, size, turn,
        _span(goal.first("orientation")), _span(goal.first("velocity")), rates[0], rates[1],
    )  # fmt: skip
