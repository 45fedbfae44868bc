"""Writes a `RoadNetwork` as OpenDRIVE 1.6, elements in the order that the standard's schema asks for."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from understudy.scenes.roads.network import (
    Header,
    Junction,
    LaneSection,
    MarkLine,
    ObjectMark,
    Outline,
    Repeat,
    Road,
    RoadLane,
    RoadLink,
    RoadMark,
    RoadNetwork,
    RoadObject,
    Signal,
    Structure,
    Validity,
)
from understudy.scenes.roads.plan_view import Arc, Line, ParamPoly3, Piece, Poly3, Spiral
from understudy.scenes.roads.polynomials import Cubics
from understudy.scenes.roads.xml_nodes import element, write_xml


def write_opendrive(network: RoadNetwork, path: str | Path) -> None:
    """Numbers are written in full: what is read back is equal to the last digit. Virtual and direct junctions keep their kind.

    Raises:
        SinkError: the file cannot be written.
    """
    root = element(None, "OpenDRIVE")
    _header(root, network)
    for road in network.roads.values():
        _road(root, road)
    for controller in network.controllers:
        node = element(root, "controller", id=controller.id, name=controller.name, sequence=controller.sequence)
        for signal, kind in controller.signals:
            element(node, "control", signalId=signal, type=kind)
    for junction in network.junctions.values():
        _junction(root, junction)
    write_xml(root, path)


def _header(root: Element, network: RoadNetwork) -> None:
    header: Header = network.header
    low, high = network.bounds()
    node = element(
        root, "header", revMajor=1, revMinor=6, name=header.name, version="1.00", date=header.date, vendor=header.vendor,
        north=float(high[1]), south=float(low[1]), east=float(high[0]), west=float(low[0]),
    )  # fmt: skip
    if header.place:
        element(node, "geoReference").text = header.place
    if any(header.offset):
        x, y, z, heading = header.offset
        element(node, "offset", x=x, y=y, z=z, hdg=heading)


def _road(root: Element, road: Road) -> None:
    node = element(
        root,
        "road",
        name=road.name,
        length=road.length,
        id=road.id,
        junction=road.junction or "-1",
        rule="RHT" if road.right_hand else "LHT",
    )
    link = element(node, "link")
    _link(link, "predecessor", road.predecessor)
    _link(link, "successor", road.successor)
    for kind in road.types:
        part = element(node, "type", s=kind.s, type=kind.kind, country=kind.country)
        if kind.speed is not None:
            element(part, "speed", max=kind.speed, unit="m/s")
    plan = element(node, "planView")
    for piece in road.plan.pieces:
        _piece(plan, piece)
    _cubics(element(node, "elevationProfile"), "elevation", road.elevation)
    _cubics(element(node, "lateralProfile"), "superelevation", road.banking)
    lanes = element(node, "lanes")
    _cubics(lanes, "laneOffset", road.offset)
    for section in road.sections:
        _section(lanes, section)
    objects = element(node, "objects")
    for thing in road.objects:
        _object(objects, thing)
    for structure in road.structures:
        _structure(objects, structure)
    signals = element(node, "signals")
    for signal in road.signals:
        _signal(signals, signal)
    for reference in road.references:
        part = element(signals, "signalReference", s=reference.s, t=reference.t, id=reference.id, orientation=reference.orientation)
        _validity(part, reference.lanes)


def _link(parent: Element, tag: str, link: RoadLink | None) -> None:
    if link is not None:
        element(
            parent, tag, elementType=link.kind, elementId=link.id, contactPoint=link.contact, elementS=link.s, elementDir=link.direction
        )  # fmt: skip


def _piece(plan: Element, piece: Piece) -> None:
    node = element(plan, "geometry", s=piece.s, x=piece.x, y=piece.y, hdg=piece.heading, length=piece.length)
    if isinstance(piece, Line):
        element(node, "line")
    elif isinstance(piece, Arc):
        element(node, "arc", curvature=piece.bend)
    elif isinstance(piece, Spiral):
        element(node, "spiral", curvStart=piece.first, curvEnd=piece.last)
    elif isinstance(piece, Poly3):
        element(node, "poly3", a=piece.a, b=piece.b, c=piece.c, d=piece.d)
    elif isinstance(piece, ParamPoly3):
        ahead = {f"{name}U": value for name, value in zip("abcd", piece.u, strict=True)}
        aside = {f"{name}V": value for name, value in zip("abcd", piece.v, strict=True)}
        element(node, "paramPoly3", **ahead, **aside, pRange=piece.range)


def _cubics(parent: Element, tag: str, cubics: Cubics, start: str = "s") -> None:
    for s, (a, b, c, d) in zip(cubics.starts, cubics.coefficients, strict=True):
        element(parent, tag, **{start: float(s)}, a=float(a), b=float(b), c=float(c), d=float(d))


def _section(lanes: Element, section: LaneSection) -> None:
    node = element(lanes, "laneSection", s=section.s, singleSide=True if section.single_side else None)
    numbers = sorted(section.lanes, reverse=True)
    for side, chosen in (
        ("left", [number for number in numbers if number > 0]),
        ("center", [0]),
        ("right", [number for number in numbers if number < 0]),
    ):
        if chosen:
            parent = element(node, side)
            for number in chosen:
                _lane(parent, section.lanes[number])


def _lane(parent: Element, lane: RoadLane) -> None:
    node = element(parent, "lane", id=lane.id, type=lane.kind, level=lane.level)
    link = element(node, "link")
    for number in lane.predecessors:
        element(link, "predecessor", id=number)
    for number in lane.successors:
        element(link, "successor", id=number)
    if lane.id != 0:
        _cubics(node, "width", lane.width, "sOffset")
    for mark in lane.marks:
        _mark(node, mark)
    for material in lane.materials:
        element(
            node, "material", sOffset=material.s, surface=material.surface, friction=material.friction, roughness=material.roughness
        )  # fmt: skip
    for start, limit in lane.speeds:
        if limit is None:
            element(node, "speed", sOffset=start, max="no limit")
        else:
            element(node, "speed", sOffset=start, max=limit, unit="m/s")
    for access in lane.accesses:
        element(node, "access", sOffset=access.s, rule=access.rule, restriction=access.restriction)
    for height in lane.heights:
        element(node, "height", sOffset=height.s, inner=height.inner, outer=height.outer)
    for rule in lane.rules:
        element(node, "rule", sOffset=rule.s, value=rule.value)


def _mark(parent: Element, mark: RoadMark) -> None:
    node = element(
        parent, "roadMark", sOffset=mark.s, type=mark.kind, weight=mark.weight, color=mark.color, material=mark.material, width=mark.width,
        laneChange=mark.lane_change, height=mark.height,
    )  # fmt: skip
    if mark.lines:
        kind = element(node, "type", name=mark.name or mark.kind, width=mark.width or 0.12)
        for line in mark.lines:
            _line(kind, line, space=line.space)
    if mark.explicit:
        explicit = element(node, "explicit")
        for line in mark.explicit:
            _line(explicit, line)


def _line(parent: Element, line: MarkLine, **more: float) -> None:
    element(parent, "line", length=line.length, **more, tOffset=line.t, sOffset=line.s, width=line.width, rule=line.rule)


def _validity(parent: Element, lanes: tuple[Validity, ...]) -> None:
    for part in lanes:
        element(parent, "validity", fromLane=part.first, toLane=part.last)


def _signal(parent: Element, signal: Signal) -> None:
    node = element(
        parent, "signal", s=signal.s, t=signal.t, id=signal.id, name=signal.name, dynamic="yes" if signal.dynamic else "no",
        orientation=signal.orientation, zOffset=signal.z, country=signal.country, countryRevision=signal.country_revision,
        type=signal.kind, subtype=signal.subtype, value=signal.value, unit=signal.unit, height=signal.height, width=signal.width,
        text=signal.text, hOffset=signal.heading, pitch=signal.pitch, roll=signal.roll,
    )  # fmt: skip
    _validity(node, signal.lanes)
    for other, kind in signal.dependencies:
        element(node, "dependency", id=other, type=kind)


def _object(parent: Element, thing: RoadObject) -> None:
    node = element(
        parent, "object", type=thing.kind, subtype=thing.subtype, name=thing.name, id=thing.id, s=thing.s, t=thing.t, zOffset=thing.z,
        validLength=thing.valid_length, orientation=thing.orientation, length=thing.length, width=thing.width, radius=thing.radius,
        height=thing.height, hdg=thing.heading, pitch=thing.pitch, roll=thing.roll, dynamic="yes" if thing.dynamic else None,
    )  # fmt: skip
    for repeat in thing.repeats:
        _repeat(node, repeat)
    if thing.outlines:
        group = element(node, "outlines")
        for outline in thing.outlines:
            _outline(group, outline)
    _validity(node, thing.lanes)
    if thing.marks:
        marks = element(node, "markings")
        for mark in thing.marks:
            _object_mark(marks, mark)


def _repeat(parent: Element, repeat: Repeat) -> None:
    pairs: dict[str, float] = {}
    named = {
        "t": repeat.t,
        "zOffset": repeat.z,
        "height": repeat.height,
        "width": repeat.width,
        "length": repeat.object_length,
        "radius": repeat.radius,
    }
    for name, pair in named.items():
        if pair is not None:
            pairs |= {f"{name}Start": pair[0], f"{name}End": pair[1]}
    element(parent, "repeat", s=repeat.s, length=repeat.length, distance=repeat.distance, **pairs)


def _outline(parent: Element, outline: Outline) -> None:
    node = element(
        parent, "outline", id=outline.id, fillType=outline.fill, outer=outline.outer, closed=outline.closed, laneType=outline.lane_type
    )
    names = ("s", "t", "dz") if outline.coordinates == "road" else ("u", "v", "z")
    ids = outline.ids or (None,) * len(outline.corners)
    for corner, key in zip(outline.corners, ids, strict=True):
        places = {name: float(value) for name, value in zip((*names, "height"), corner, strict=True)}
        element(node, "cornerRoad" if outline.coordinates == "road" else "cornerLocal", **places, id=key)


def _object_mark(parent: Element, mark: ObjectMark) -> None:
    node = element(
        parent, "marking", side=mark.side, weight=mark.weight, width=mark.width, color=mark.color, zOffset=mark.height,
        spaceLength=mark.space, lineLength=mark.line, startOffset=mark.start, stopOffset=mark.stop,
    )  # fmt: skip
    for corner in mark.corners:
        element(node, "cornerReference", id=corner)


def _structure(parent: Element, structure: Structure) -> None:
    node = element(
        parent, structure.what, s=structure.s, length=structure.length, name=structure.name, id=structure.id, type=structure.kind,
        lighting=structure.lighting, daylight=structure.daylight,
    )  # fmt: skip
    _validity(node, structure.lanes)


def _junction(root: Element, junction: Junction) -> None:
    kind = None if junction.kind == "default" else junction.kind
    node = element(root, "junction", id=junction.id, name=junction.name, type=kind, **junction.attributes)
    for connection in junction.connections:
        road = {"linkedRoad" if junction.kind == "direct" else "connectingRoad": connection.connecting}
        part = element(node, "connection", id=connection.id, incomingRoad=connection.incoming, **road, contactPoint=connection.contact)
        for incoming, connecting in connection.lanes:
            element(part, "laneLink", from_=incoming, to=connecting)
    for high, low in junction.priorities:
        element(node, "priority", high=high, low=low)
    for key, kind_, sequence in junction.controllers:
        element(node, "controller", id=key, type=kind_, sequence=sequence)
