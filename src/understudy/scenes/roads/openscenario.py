"""OpenSCENARIO XML: `write_openscenario` (1.2) of trajectories, `read_openscenario` of entities and trajectories (1.0 to 1.3).

https://www.asam.net/standards/detail/openscenario-xml/. A vehicle's place in the file is the middle of its rear axle, as the standard
asks; its box says how far ahead of it the middle of the footprint lies, so that reading gives the trajectory back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.scenes.roads.runs import assembled, runs
from understudy.scenes.roads.xml_nodes import Node, element, read_xml, unread, write_xml
from understudy.scenes.traffic.trajectories import Agent, Trajectories

Floats = NDArray[np.float64]
CATEGORIES = {"car", "van", "truck", "trailer", "semitrailer", "bus", "motorbike", "bicycle", "train", "tram"}
ALIASES = {"motorcycle": "motorbike", "cyclist": "bicycle", "lorry": "truck", "taxi": "car"}
WALKERS = {"pedestrian": "pedestrian", "person": "pedestrian", "child": "pedestrian", "animal": "animal", "wheelchair": "wheelchair"}
REAR_AXLE = 0.3
"""Of a vehicle's length, from its middle back to its rear axle."""
MASSES = {"pedestrian": 75.0, "animal": 60.0}
SIZE = (4.5, 1.8, 1.5)
"""m, of entities whose box is not said."""
OKTAS = ("zeroOktas", "oneOktas", "twoOktas", "threeOktas", "fourOktas", "fiveOktas", "sixOktas", "sevenOktas", "eightOktas")


@dataclass(frozen=True)
class Environment:
    """sun_elevation, sun_azimuth: radians. cloud: 0 .. 1. visibility: m. rain, snow: mm/h (one of them). friction: 1 for a dry road."""

    sun_elevation: float = 0.8
    sun_azimuth: float = 0.6
    cloud: float = 0.0
    visibility: float = 100_000.0
    rain: float = 0.0
    snow: float = 0.0
    friction: float = 1.0
    date: str = "2024-06-21T12:00:00"


@dataclass(frozen=True)
class Entity:
    """kind: "vehicle", "pedestrian", "misc" or "catalog" (then `category` is the entry's name). center: of its box, from its reference
    point. size: length, width, height m; None where the file does not say."""

    name: str
    kind: str
    category: str
    size: tuple[float, float, float] | None = None
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Scenario:
    """road: path of the road network as the file has it; "" for none. trajectories: None where no entity follows one by time."""

    entities: tuple[Entity, ...]
    road: str = ""
    trajectories: Trajectories | None = None
    notes: tuple[str, ...] = ()


def write_openscenario(
    trajectories: Trajectories,
    path: str | Path,
    *,
    road: str = "",
    environment: Environment | None = None,
    date: str = "2024-01-01T00:00:00",
    description: str = "trajectories",
) -> None:
    """Every agent follows its way by absolute time; those that come later or go earlier are added and deleted then.

    Args:
        road: path of the OpenDRIVE file, from where the scenario is.
        date: of the file's header; not the clock's, so that equal trajectories give equal files.

    Raises:
        DataError: an agent is never there. SinkError: the file cannot be written.
    """
    for place, agent in enumerate(trajectories.agents):
        if not trajectories.present[:, place].any():
            raise DataError(f'The agent "{agent.id}" is never present.', where=str(path), remedy="Leave it out of the trajectories.")
    root = element(None, "OpenSCENARIO")
    element(root, "FileHeader", revMajor=1, revMinor=2, date=date, description=description, author="understudy")
    element(root, "ParameterDeclarations")
    element(root, "CatalogLocations")
    network = element(root, "RoadNetwork")
    if road:
        element(network, "LogicFile", filepath=road)
    entities = element(root, "Entities")
    for agent in trajectories.agents:
        _entity(entities, agent)
    board = element(root, "Storyboard")
    actions = element(element(board, "Init"), "Actions")
    if environment is not None:
        _environment(actions, environment)
    for place, agent in enumerate(trajectories.agents):
        _initial(actions, trajectories, place, agent)
    act = element(element(board, "Story", name="story"), "Act", name="act")
    for place, agent in enumerate(trajectories.agents):
        _maneuver(act, trajectories, place, agent)
    _at_time(element(act, "StartTrigger"), "act starts", float(trajectories.times_s[0]))
    _at_time(element(board, "StopTrigger"), "end", float(trajectories.times_s[-1]))
    write_xml(root, path)


def _kind(agent: Agent) -> tuple[str, str]:
    if agent.kind in WALKERS:
        return "pedestrian", WALKERS[agent.kind]
    category = ALIASES.get(agent.kind, agent.kind)
    return ("vehicle", category) if category in CATEGORIES else ("misc", "obstacle")


def _ahead(agent: Agent) -> float:
    """m from the reference point to the middle of the footprint."""
    return REAR_AXLE * agent.size_m[0] if _kind(agent)[0] == "vehicle" else 0.0


def _entity(parent: Element, agent: Agent) -> None:
    holder = element(parent, "ScenarioObject", name=agent.id)
    what, category = _kind(agent)
    length, width, height = agent.size_m
    if what == "vehicle":
        node = element(holder, "Vehicle", name=agent.kind, vehicleCategory=category)
    elif what == "pedestrian":
        node = element(holder, "Pedestrian", name=agent.kind, mass=MASSES.get(category, 75.0), pedestrianCategory=category)
    else:
        node = element(holder, "MiscObject", name=agent.kind, mass=10.0, miscObjectCategory=category)
    box = element(node, "BoundingBox")
    element(box, "Center", x=_ahead(agent), y=0.0, z=height / 2)
    element(box, "Dimensions", width=width, length=length, height=height)
    if what == "vehicle":
        element(node, "Performance", maxSpeed=70.0, maxAcceleration=10.0, maxDeceleration=10.0)
        axles = element(node, "Axles")
        wheel = min(0.7, height / 2)
        shape = {"maxSteering": 0.6, "wheelDiameter": wheel, "trackWidth": width * 0.85, "positionZ": wheel / 2}
        element(axles, "FrontAxle", positionX=2 * REAR_AXLE * length, **shape)
        element(axles, "RearAxle", positionX=0.0, **shape)
    element(element(node, "Properties"), "Property", name="kind", value=agent.kind)


def _environment(actions: Element, weather: Environment) -> None:
    action = element(element(actions, "GlobalAction"), "EnvironmentAction")
    node = element(action, "Environment", name="environment")
    element(node, "TimeOfDay", animation=False, dateTime=weather.date)
    sky = element(node, "Weather", fractionalCloudCover=OKTAS[round(min(max(weather.cloud, 0.0), 1.0) * 8)])
    element(
        sky,
        "Sun",
        azimuth=weather.sun_azimuth,
        elevation=weather.sun_elevation,
        illuminance=max(0.0, 1e5 * float(np.sin(weather.sun_elevation))),
    )
    element(sky, "Fog", visualRange=weather.visibility)
    kind = "snow" if weather.snow else "rain" if weather.rain else "dry"
    element(sky, "Precipitation", precipitationType=kind, precipitationIntensity=weather.snow or weather.rain)
    element(node, "RoadCondition", frictionScaleFactor=weather.friction)


def _place(trajectories: Trajectories, frame: int, place: int, agent: Agent) -> dict[str, float]:
    """Attributes of a WorldPosition."""
    x, y, z = (float(value) for value in trajectories.position_m[frame, place])
    heading, back = float(trajectories.heading_rad[frame, place]), _ahead(agent)
    return {"x": x - back * float(np.cos(heading)), "y": y - back * float(np.sin(heading)), "z": z, "h": heading}


def _initial(actions: Element, trajectories: Trajectories, place: int, agent: Agent) -> None:
    first = int(np.argmax(trajectories.present[:, place]))
    private = element(actions, "Private", entityRef=agent.id)
    position = element(element(element(private, "PrivateAction"), "TeleportAction"), "Position")
    element(position, "WorldPosition", **_place(trajectories, first, place, agent))
    speed = element(element(element(private, "PrivateAction"), "LongitudinalAction"), "SpeedAction")
    element(speed, "SpeedActionDynamics", dynamicsShape="step", value=0.0, dynamicsDimension="time")
    element(element(speed, "SpeedActionTarget"), "AbsoluteTargetSpeed", value=float(trajectories.speed_mps[first, place]))


def _maneuver(act: Element, trajectories: Trajectories, place: int, agent: Agent) -> None:
    group = element(act, "ManeuverGroup", maximumExecutionCount=1, name=f"{agent.id} group")
    element(element(group, "Actors", selectTriggeringEntities=False), "EntityRef", entityRef=agent.id)
    maneuver = element(group, "Maneuver", name=f"{agent.id} maneuver")
    for number, (first, stop) in enumerate(runs(trajectories.present[:, place])):
        name = f"{agent.id} way {number + 1}"
        event = element(maneuver, "Event", name=name, priority="parallel", maximumExecutionCount=1)
        if first > 0:
            added = _entity_action(event, f"{name} appears", agent)
            position = element(element(added, "AddEntityAction"), "Position")
            element(position, "WorldPosition", **_place(trajectories, first, place, agent))
        _follow(event, trajectories, place, agent, (first, stop), name)
        _at_time(element(event, "StartTrigger"), f"{name} starts", float(trajectories.times_s[first]))
        if stop < len(trajectories.times_s):
            leave = element(maneuver, "Event", name=f"{name} ends", priority="parallel", maximumExecutionCount=1)
            element(_entity_action(leave, f"{name} vanishes", agent), "DeleteEntityAction")
            _at_time(element(leave, "StartTrigger"), f"{name} is over", float(trajectories.times_s[stop - 1]))


def _entity_action(event: Element, name: str, agent: Agent) -> Element:
    return element(element(element(event, "Action", name=name), "GlobalAction"), "EntityAction", entityRef=agent.id)


def _follow(event: Element, trajectories: Trajectories, place: int, agent: Agent, span: tuple[int, int], name: str) -> None:
    routing = element(element(element(event, "Action", name=f"{name} action"), "PrivateAction"), "RoutingAction")
    follow = element(routing, "FollowTrajectoryAction")
    trajectory = element(element(follow, "TrajectoryRef"), "Trajectory", name=name, closed=False)
    line = element(element(trajectory, "Shape"), "Polyline")
    frames = list(range(*span))
    for frame in frames if len(frames) > 1 else frames * 2:  # the schema wants two corners
        vertex = element(line, "Vertex", time=float(trajectories.times_s[frame]))
        element(element(vertex, "Position"), "WorldPosition", **_place(trajectories, frame, place, agent))
    element(element(follow, "TimeReference"), "Timing", domainAbsoluteRelative="absolute", scale=1.0, offset=0.0)
    element(follow, "TrajectoryFollowingMode", followingMode="position")


def _at_time(trigger: Element, name: str, time: float) -> None:
    condition = element(element(trigger, "ConditionGroup"), "Condition", name=name, delay=0.0, conditionEdge="none")
    element(element(condition, "ByValueCondition"), "SimulationTimeCondition", value=time, rule="greaterOrEqual")


# -- reading


def read_openscenario(path: str | Path, times: Sequence[float] | Floats | None = None) -> Scenario:
    """Entities, and the trajectories that they follow by time in world coordinates. Catalogue files give their entries as entities.

    Args:
        times: s at which the trajectories are wanted; None: at every time that the file has.

    Raises:
        DataError: it is no OpenSCENARIO; a number is none; names file and line.
    """
    root = read_xml(path, "OpenSCENARIO")
    header = root.first("FileHeader")
    if header is not None:
        for name in ("revMajor", "revMinor", "date", "description", "author"):
            header.text(name, "")
    parameters = _parameters(root)
    notes: list[str] = []
    entities = tuple(_entities(root, parameters, notes))
    network = root.first("RoadNetwork")
    logic = None if network is None else network.first("LogicFile")
    road = "" if logic is None else _resolved(logic.text("filepath", ""), parameters)
    known = _ways(root, entities, parameters, notes)
    made = _simulated(entities, known, times) if known else None
    return Scenario(entities, road, made, (*notes, *unread(root)))


def _parameters(root: Node) -> dict[str, str]:
    group = root.first("ParameterDeclarations")
    found = {}
    for node in [] if group is None else group.all("ParameterDeclaration"):
        node.text("parameterType", "")
        found[node.text("name")] = node.text("value", "")
    return found


def _resolved(written: str, parameters: Mapping[str, str]) -> str:
    """A value, or that of the parameter that it names."""
    return parameters.get(written[1:], written) if written.startswith("$") else written


def _entities(root: Node, parameters: Mapping[str, str], notes: list[str]) -> Iterator[Entity]:
    group, catalog = root.first("Entities"), root.first("Catalog")
    for holder in [] if group is None else group.all("ScenarioObject"):
        name = _resolved(holder.text("name"), parameters)
        reference = holder.first("CatalogReference")
        if reference is not None:
            reference.text("catalogName", "")
            yield Entity(name, "catalog", _resolved(reference.text("entryName"), parameters))
        else:
            yield from (_described(node, name, parameters, notes) for node in _bodies(holder))
    for node in [] if catalog is None else _bodies(catalog):
        yield _described(node, node.text("name"), parameters, notes)


def _bodies(holder: Node) -> list[Node]:
    return [node for tag in ("Vehicle", "Pedestrian", "MiscObject") for node in holder.all(tag)]


def _described(node: Node, name: str, parameters: Mapping[str, str], notes: list[str]) -> Entity:
    what = {"Vehicle": "vehicle", "Pedestrian": "pedestrian", "MiscObject": "misc"}[node.tag]
    attribute = {"vehicle": "vehicleCategory", "pedestrian": "pedestrianCategory", "misc": "miscObjectCategory"}[what]
    properties = node.first("Properties")
    said = [
        part.text("value", "") for part in ([] if properties is None else properties.all("Property")) if part.text("name", "") == "kind"
    ]
    category = said[0] if said else _resolved(node.text(attribute, what), parameters)
    box = node.first("BoundingBox")
    if box is None:
        notes.append(f'the entity "{name}" has no box (line {node.line})')
        return Entity(name, what, category)
    center, size = box.need("Center"), box.need("Dimensions")
    try:
        length, width, height = (_value(size, side, parameters) for side in ("length", "width", "height"))
        x, y, z = (_value(center, axis, parameters) for axis in "xyz")
    except DataError as error:
        notes.append(f'the box of the entity "{name}" could not be read: {error.what} (line {box.line})')
        return Entity(name, what, category)
    return Entity(name, what, category, (length, width, height), (x, y, z))


def _value(node: Node, name: str, parameters: Mapping[str, str]) -> float:
    return node._as_number(_resolved(node.text(name), parameters), f'The attribute "{name}" of <{node.tag}>')


Way = tuple[Floats, Floats, Floats, None]


def _ways(root: Node, entities: Sequence[Entity], parameters: Mapping[str, str], notes: list[str]) -> dict[str, list[Way]]:
    """Of each entity the polylines that it follows: times, places of the middle of its footprint, headings."""
    ahead = {entity.name: entity.center for entity in entities}
    found: dict[str, list[Way]] = {}
    for group in _deep(root, ["Storyboard", "Story", "Act", "ManeuverGroup"]):
        actors = [_resolved(node.text("entityRef"), parameters) for node in _deep(group, ["Actors", "EntityRef"])]
        for follow in _deep(group, ["Maneuver", "Event", "Action", "PrivateAction", "RoutingAction", "FollowTrajectoryAction"]):
            lines = _deep(follow, ["TrajectoryRef", "Trajectory", "Shape", "Polyline"]) + _deep(follow, ["Trajectory", "Shape", "Polyline"])
            for line in lines:
                way = _way(line, parameters)
                if way is None:
                    notes.append(f"a trajectory has corners that are not in world coordinates or without time, left out (line {line.line})")
                    continue
                for actor in actors:
                    found.setdefault(actor, []).append(_shifted(way, ahead.get(actor, (0.0, 0.0, 0.0))))
    return found


def _deep(node: Node, tags: Sequence[str]) -> list[Node]:
    found = [node]
    for tag in tags:
        found = [child for parent in found for child in parent.all(tag)]
    return found


def _way(line: Node, parameters: Mapping[str, str]) -> Way | None:
    rows: dict[float, tuple[float, float, float, float]] = {}
    for vertex in line.all("Vertex"):
        place = next(iter(_deep(vertex, ["Position", "WorldPosition"])), None)
        if place is None or "time" not in vertex.attributes:
            return None
        try:
            x, y = (_value(place, axis, parameters) for axis in "xy")
            z, heading = (_value(place, name, parameters) if name in place.attributes else 0.0 for name in "zh")
            rows[_value(vertex, "time", parameters)] = (x, y, z, heading)
        except DataError:
            if "$" in "".join([*vertex.attributes.values(), *place.attributes.values()]):
                return None
            raise
    if not rows:
        return None
    times = np.array(sorted(rows))
    table = np.array([rows[time] for time in times])
    return times, table[:, :3], table[:, 3], None


def _shifted(way: Way, center: tuple[float, float, float]) -> Way:
    """From the reference point to the middle of the footprint."""
    times, places, headings, _ = way
    c, s = np.cos(headings), np.sin(headings)
    moved = places + np.stack([center[0] * c - center[1] * s, center[0] * s + center[1] * c, np.zeros_like(c)], axis=1)
    return times, moved, headings, None


def _simulated(entities: Sequence[Entity], known: Mapping[str, list[Way]], times: Sequence[float] | Floats | None) -> Trajectories:
    wanted = (
        np.unique(np.concatenate([way[0] for ways in known.values() for way in ways]))
        if times is None
        else np.asarray(times, dtype=np.float64)
    )
    agents = [Agent(entity.name, entity.category, entity.size or SIZE) for entity in entities if entity.name in known]
    return assembled(agents, wanted, known)
