"""What stands by the road in OpenDRIVE: signals and objects."""

from __future__ import annotations

from typing import Literal

import numpy as np

from understudy.scenes.roads.network import ObjectMark, Outline, Repeat, RoadObject, Signal, SignalReference, Validity
from understudy.scenes.roads.xml_nodes import Node


def read_signals(road: Node) -> tuple[tuple[Signal, ...], tuple[SignalReference, ...]]:
    parent = road.first("signals")
    if parent is None:
        return (), ()
    return tuple(_signal(node) for node in parent.all("signal")), tuple(_reference(node) for node in parent.all("signalReference"))


def read_validity(node: Node) -> tuple[Validity, ...]:
    return tuple(Validity(part.integer("fromLane"), part.integer("toLane")) for part in node.all("validity"))


def _optional(node: Node, name: str) -> float | None:
    return node.number(name, 0.0) if node.attributes.get(name, "").strip() else None


def _signal(node: Node) -> Signal:
    return Signal(
        id=node.text("id"),
        s=node.number("s"),
        t=node.number("t"),
        kind=node.text("type", "-1"),
        subtype=node.text("subtype", "-1"),
        name=node.text("name", ""),
        country=node.text("country", "") or None,
        country_revision=node.text("countryRevision", "") or None,
        dynamic=node.text("dynamic", "no").lower() in ("yes", "true"),
        orientation=node.text("orientation", "none"),
        z=node.number("zOffset", 0.0),
        heading=node.number("hOffset", 0.0),
        pitch=node.number("pitch", 0.0),
        roll=node.number("roll", 0.0),
        width=_optional(node, "width"),
        height=_optional(node, "height"),
        value=_optional(node, "value"),
        unit=node.text("unit", "") or None,
        text=node.text("text", "") or None,
        lanes=read_validity(node),
        dependencies=tuple((part.text("id"), part.text("type", "")) for part in node.all("dependency")),
    )


def _reference(node: Node) -> SignalReference:
    return SignalReference(node.text("id"), node.number("s"), node.number("t"), node.text("orientation", "none"), read_validity(node))


def read_objects(road: Node, notes: list[str]) -> tuple[RoadObject, ...]:
    """The objects of a road; those without a place are left out with a note."""
    parent = road.first("objects")
    found = []
    for node in [] if parent is None else parent.all("object"):
        if "s" in node.attributes and "t" in node.attributes:
            found.append(_object(node))
        else:
            notes.append(f'road "{road.text("id")}": the object "{node.text("id", "")}" has no s or t, left out (line {node.line})')
    return tuple(found)


def _object(node: Node) -> RoadObject:
    marks = node.first("markings")
    return RoadObject(
        id=node.text("id", ""),
        s=node.number("s"),
        t=node.number("t"),
        kind=node.text("type", "none"),
        subtype=node.text("subtype", "") or None,
        name=node.text("name", ""),
        z=node.number("zOffset", 0.0),
        heading=node.number("hdg", 0.0),
        pitch=node.number("pitch", 0.0),
        roll=node.number("roll", 0.0),
        orientation=node.text("orientation", "none"),
        length=_optional(node, "length"),
        width=_optional(node, "width"),
        height=_optional(node, "height"),
        radius=_optional(node, "radius"),
        valid_length=_optional(node, "validLength"),
        dynamic=node.text("dynamic", "no").lower() in ("yes", "true"),
        outlines=_outlines(node),
        repeats=tuple(_repeat(part, node) for part in node.all("repeat")),
        marks=() if marks is None else tuple(_object_mark(part) for part in marks.all("marking")),
        lanes=read_validity(node),
    )


def _outlines(node: Node) -> tuple[Outline, ...]:
    """Of <outlines> (1.5 on) or a single <outline> (1.4)."""
    group = node.first("outlines")
    nodes = [*node.all("outline"), *([] if group is None else group.all("outline"))]
    return tuple(_outline(part) for part in nodes)


def _outline(node: Node) -> Outline:
    on_road, local = node.all("cornerRoad"), node.all("cornerLocal")
    coordinates: Literal["road", "local"] = "road" if on_road else "local"
    names = ("s", "t", "dz") if on_road else ("u", "v", "z")
    rows = [
        [corner.number(names[0]), corner.number(names[1]), *(corner.number(name, 0.0) for name in (names[2], "height"))]
        for corner in on_road or local
    ]
    return Outline(
        coordinates,
        np.array(rows, dtype=np.float64).reshape(-1, 4),
        id=node.integer("id") if "id" in node.attributes else None,
        closed=node.text("closed", "true") != "false",
        outer=node.text("outer", "true") != "false",
        fill=node.text("fillType", "") or None,
        lane_type=node.text("laneType", "") or None,
        ids=tuple(corner.integer("id") if "id" in corner.attributes else None for corner in on_road or local),
    )


def _repeat(node: Node, owner: Node) -> Repeat:
    def pair(name: str, default: float) -> tuple[float, float]:
        first, last = node.number(f"{name}Start", default), node.number(f"{name}End", default)
        return (first, last if f"{name}End" in node.attributes else first)

    def optional(name: str) -> tuple[float, float] | None:
        return pair(name, 0.0) if f"{name}Start" in node.attributes or f"{name}End" in node.attributes else None

    return Repeat(
        node.number("s"), node.number("length"), node.number("distance"), pair("t", owner.number("t")), pair("zOffset",
        owner.number("zOffset", 0.0)),
        pair("height", owner.number("height", 0.0)), optional("width"), optional("length"), optional("radius"),
    )  # fmt: skip


def _object_mark(node: Node) -> ObjectMark:
    return ObjectMark(
        side=node.text("side", "") or None,
        color=node.text("color", "standard"),
        line=node.number("lineLength"),
        space=node.number("spaceLength"),
        width=node.number("width", 0.1),
        start=node.number("startOffset", 0.0),
        stop=node.number("stopOffset", 0.0),
        weight=node.text("weight", "standard"),
        height=node.number("zOffset", 0.0),
        corners=tuple(part.integer("id") for part in node.all("cornerReference")),
    )
