"""OpenDRIVE: `read_opendrive` (versions 1.4 to 1.7) and `write_opendrive` (1.6). https://www.asam.net/standards/detail/opendrive/

What the reader does not understand, and what it changes so that the rest can be used, stands in the network's `notes`.
"""

from __future__ import annotations

from pathlib import Path

from understudy.scenes.roads.network import Connection, Controller, Header, Junction, Road, RoadLink, RoadNetwork, RoadType, Structure
from understudy.scenes.roads.opendrive_lanes import read_sections
from understudy.scenes.roads.opendrive_things import read_objects, read_signals, read_validity
from understudy.scenes.roads.opendrive_writing import write_opendrive
from understudy.scenes.roads.plan_view import Arc, Line, ParamPoly3, Piece, PlanView, Poly3, Spiral
from understudy.scenes.roads.polynomials import Cubics
from understudy.scenes.roads.xml_nodes import Node, parse_xml, read_xml, unread

__all__ = ["read_opendrive", "parse_opendrive", "write_opendrive"]

GAP = 0.01
"""m between pieces of a reference line, above which the gap is noted."""
SPEEDS = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704}
VERSIONS = [(1, minor) for minor in range(4, 9)]


def read_opendrive(path: str | Path) -> RoadNetwork:
    """The network of a file, which may be packed with gzip.

    Raises:
        DataError: it is no OpenDRIVE, or something needed is missing or wrong; the message names file, line and road.
    """
    return _network(read_xml(path, "OpenDRIVE"))


def parse_opendrive(text: str | bytes, name: str = "the text") -> RoadNetwork:
    """As `read_opendrive`, from what would be in the file."""
    return _network(parse_xml(text.encode() if isinstance(text, str) else text, name, "OpenDRIVE"))


def _network(root: Node) -> RoadNetwork:
    notes: list[str] = []
    header = _header(root.need("header"), notes)
    roads: dict[str, Road] = {}
    for node in root.all("road"):
        road = _road(node, notes)
        if road.id in roads:
            raise node.fault(f'There are two roads "{road.id}".', "Give every road an key of its own.")
        roads[road.id] = road
    junctions = {junction.id: junction for junction in map(_junction, root.all("junction"))}
    controllers = tuple(_controller(node) for node in root.all("controller"))
    if not roads:
        raise root.fault("The network has no roads.", "Give a file with at least one <road>.")
    notes += _dangling(roads, junctions)
    return RoadNetwork(roads, junctions, controllers, header, (*notes, *unread(root)))


def _header(node: Node, notes: list[str]) -> Header:
    major, minor = node.integer("revMajor"), node.integer("revMinor")
    if (major, minor) not in VERSIONS:
        notes.append(f"OpenDRIVE {major}.{minor} is not among the versions that are known well (1.4 to 1.8); it was read as the nearest.")
    for extent in ("north", "south", "east", "west", "version"):
        node.text(extent, "")
    place, offset = node.first("geoReference"), node.first("offset")
    return Header(
        name=node.text("name", ""),
        version=f"{major}.{minor}",
        date=node.text("date", "") or None,
        vendor=node.text("vendor", "") or None,
        place=place.content.strip() or None if place is not None else None,
        offset=(0.0, 0.0, 0.0, 0.0) if offset is None else tuple(offset.number(name, 0.0) for name in ("x", "y", "z", "hdg")),  # type: ignore[arg-type]
    )


def _road(node: Node, notes: list[str]) -> Road:
    key = node.text("id")
    plan = _plan(node, notes)
    length = node.number("length")
    if abs(length - plan.length) > GAP:
        notes.append(f'road "{key}" says that it is {length:.3f} m long, but its reference line is {plan.length:.3f} m; the line counts')
    length = plan.length
    rule = node.text("rule", "RHT")
    if rule not in ("RHT", "LHT"):
        raise node.fault(f'The rule of traffic is "{rule}".', "Write RHT or LHT.")
    lanes, link, lateral = node.need("lanes"), node.first("link"), node.first("lateralProfile")
    signals, references = read_signals(node)
    junction = node.text("junction", "-1")
    return Road(
        id=key,
        length=length,
        plan=plan,
        sections=read_sections(lanes, key, length, notes, _speed),
        name=node.text("name", ""),
        junction=None if junction in ("-1", "") else junction,
        right_hand=rule == "RHT",
        predecessor=_link(link, "predecessor"),
        successor=_link(link, "successor"),
        types=tuple(_type(part) for part in node.all("type")),
        elevation=_cubics(node.first("elevationProfile"), "elevation"),
        banking=_cubics(lateral, "superelevation"),
        offset=_cubics(lanes, "laneOffset"),
        signals=signals,
        references=references,
        objects=read_objects(node, notes),
        structures=_structures(node),
    )


def _plan(road: Node, notes: list[str]) -> PlanView:
    pieces = []
    for node in road.need("planView").all("geometry"):
        if node.number("length") > 0:
            pieces.append(_piece(node))
        else:
            notes.append(f'road "{road.text("id")}": a piece of the reference line has no length, left out (line {node.line})')
    if not pieces:
        raise road.fault("The road has no reference line.", "Give its <planView> at least one <geometry> longer than 0.")
    plan = PlanView(tuple(sorted(pieces, key=lambda piece: piece.s)))
    notes += [
        f'road "{road.text("id")}": the reference line has a gap of {width:.3f} m at s = {s:.2f}' for s, width in plan.gaps() if width > GAP
    ]
    return plan


def _piece(node: Node) -> Piece:
    s, x, y, heading, length = (node.number(name) for name in ("s", "x", "y", "hdg", "length"))
    start = s, x, y, heading, length
    kinds = ("line", "arc", "spiral", "poly3", "paramPoly3")
    shape = next((child for kind in kinds if (child := node.first(kind)) is not None), None)
    if shape is None:
        found = ", ".join(f"<{child.tag}>" for child in node.children) or "nothing"
        raise node.fault(f"A piece of the reference line is of no known shape: {found}.", f"Use one of {', '.join(kinds)}.")
    if shape.tag == "line":
        return Line(*start)
    if shape.tag == "arc":
        return Arc(*start, shape.number("curvature"))
    if shape.tag == "spiral":
        return Spiral(*start, shape.number("curvStart"), shape.number("curvEnd"))
    if shape.tag == "poly3":
        return Poly3(*start, *(shape.number(name) for name in "abcd"))
    reach = shape.text("pRange", "normalized")
    if reach not in ("normalized", "arcLength"):
        raise shape.fault(f'pRange is "{reach}".', "Write normalized or arcLength.")
    u, v = (_four(shape, axis) for axis in "UV")
    return ParamPoly3(*start, u, v, "arcLength" if reach == "arcLength" else "normalized")


def _four(shape: Node, axis: str) -> tuple[float, float, float, float]:
    return shape.number(f"a{axis}"), shape.number(f"b{axis}"), shape.number(f"c{axis}"), shape.number(f"d{axis}")


def _cubics(parent: Node | None, tag: str) -> Cubics:
    nodes = [] if parent is None else parent.all(tag)
    return Cubics.of([[node.number(name) for name in "sabcd"] for node in nodes])


def _link(parent: Node | None, which: str) -> RoadLink | None:
    node = None if parent is None else parent.first(which)
    if node is None:
        return None
    kind, contact = node.text("elementType"), node.text("contactPoint", "")
    if kind not in ("road", "junction"):
        raise node.fault(f'A road cannot continue in a "{kind}".', "Write road or junction as elementType.")
    if contact not in ("start", "end", ""):
        raise node.fault(f'The contactPoint is "{contact}".', "Write start or end.")
    s = node.number("elementS", 0.0) if "elementS" in node.attributes else None
    return RoadLink(kind, node.text("elementId"), contact or None, s, node.text("elementDir", "") or None)  # type: ignore[arg-type]


def _type(node: Node) -> RoadType:
    speed = node.first("speed")
    return RoadType(node.number("s"), node.text("type"), None if speed is None else _speed(speed), node.text("country", "") or None)


def _speed(node: Node) -> float | None:
    """m/s of a <speed>; None for none."""
    written, unit = node.text("max"), node.text("unit", "m/s") or "m/s"
    if written in ("no limit", "undefined"):
        return None
    if unit not in SPEEDS:
        raise node.fault(f'The unit of a speed is "{unit}".', f"Use one of {', '.join(SPEEDS)}.")
    value = node.number("max")
    return value * SPEEDS[unit] if value >= 0 else None


def _structures(road: Node) -> tuple[Structure, ...]:
    objects = road.first("objects")
    found = []
    for what in ("tunnel", "bridge"):
        for node in [] if objects is None else objects.all(what):
            light, day = ((node.number(name, 0.0) if name in node.attributes else None) for name in ("lighting", "daylight"))
            place = node.number("s"), node.number("length")
            found.append(
                Structure(what, node.text("id"), *place, node.text("type"), node.text("name", "") or None, light, day, read_validity(node))
            )
    return tuple(found)


def _junction(node: Node) -> Junction:
    kind = node.text("type", "default") or "default"
    virtual: dict[str, str] = {name: node.text(name) for name in ("mainRoad", "sStart", "sEnd", "orientation") if name in node.attributes}
    return Junction(
        id=node.text("id"),
        name=node.text("name", ""),
        kind=kind,
        connections=tuple(_connection(part, kind) for part in node.all("connection")),
        priorities=tuple((part.text("high", ""), part.text("low", "")) for part in node.all("priority")),
        controllers=tuple(
            (part.text("id"), part.text("type", ""), part.integer("sequence") if "sequence" in part.attributes else None)
            for part in node.all("controller")
        ),
        attributes=virtual,
    )


def _connection(node: Node, kind: str) -> Connection:
    contact = node.text("contactPoint", "start")
    if contact not in ("start", "end"):
        raise node.fault(f'The contactPoint is "{contact}".', "Write start or end.")
    connecting = node.text("linkedRoad") if kind == "direct" else node.text("connectingRoad")
    pairs = tuple((part.integer("from"), part.integer("to")) for part in node.all("laneLink"))
    return Connection(node.text("id"), node.text("incomingRoad"), connecting, "start" if contact == "start" else "end", pairs)


def _controller(node: Node) -> Controller:
    sequence = node.integer("sequence") if "sequence" in node.attributes else None
    signals = tuple((part.text("signalId"), part.text("type", "")) for part in node.all("control"))
    return Controller(node.text("id"), node.text("name", ""), sequence, signals)


def _dangling(roads: dict[str, Road], junctions: dict[str, Junction]) -> list[str]:
    """Links to what is not there; they are ignored where lanes are joined."""
    notes = []
    for road in roads.values():
        for link in (road.predecessor, road.successor):
            if link is None or link.id in (roads if link.kind == "road" else junctions):
                continue
            notes += [f'road "{road.id}" continues in {link.kind} "{link.id}", which is not there']
    for junction in junctions.values():
        for connection in junction.connections:
            missing = [key for key in (connection.incoming, connection.connecting) if key not in roads]
            notes += [f'junction "{junction.id}", connection "{connection.id}": there is no road "{key}"' for key in missing]
    return notes
