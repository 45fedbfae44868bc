"""Lanes as OpenDRIVE writes them: sections, widths or borders, marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from understudy.scenes.roads.network import (
    LaneAccess,
    LaneHeight,
    LaneMaterial,
    LaneRule,
    LaneSection,
    MarkLine,
    RoadLane,
    RoadMark,
)
from understudy.scenes.roads.polynomials import Cubics
from understudy.scenes.roads.xml_nodes import Node

SIDES = {"left": 1, "center": 0, "right": -1}
Speed = Callable[[Node], float | None]


def read_sections(lanes: Node, road: str, length: float, notes: list[str], speed: Speed) -> tuple[LaneSection, ...]:
    """The lane sections of a road, in order; those that begin behind its end are left out with a note."""
    sections = [_section(node, notes, road, speed) for node in lanes.all("laneSection")]
    if not sections:
        raise lanes.fault("The road has no lane sections.", "Give its <lanes> at least one <laneSection>.")
    kept = [section for section in sections if section.s < length or section.s == 0]
    if len(kept) < len(sections):
        notes.append(f'road "{road}": {len(sections) - len(kept)} lane sections begin at or behind its end, left out')
    return tuple(sorted(kept, key=lambda section: section.s))


def _section(node: Node, notes: list[str], road: str, speed: Speed) -> LaneSection:
    lanes: dict[int, RoadLane] = {}
    for side, sign in SIDES.items():
        parent = node.first(side)
        found = sorted((_number(lane, sign), lane) for lane in ([] if parent is None else parent.all("lane")))
        outwards = found if sign >= 0 else list(reversed(found))
        if [abs(number) for number, _ in outwards] != list(range(1, len(outwards) + 1)) and sign:
            notes.append(f'road "{road}", section at s = {node.text("s")}: lanes on the {side} are not numbered 1, 2, … (line {node.line})')
        inner = Cubics.of([])
        for number, lane in outwards:
            lanes[number], inner = _lane(lane, number, inner, speed)
    if 0 not in lanes:
        lanes[0] = RoadLane(0, "none")
        notes.append(f'road "{road}", section at s = {node.text("s")}: there is no lane 0, one without marks was put in (line {node.line})')
    return LaneSection(
        node.number("s"), {number: lanes[number] for number in sorted(lanes, reverse=True)}, _truth(node.text("singleSide", "false"))
    )


def _number(lane: Node, sign: int) -> int:
    number = lane.integer("id")
    if (number > 0) - (number < 0) != sign:
        side = next(name for name, value in SIDES.items() if value == sign)
        raise lane.fault(
            f"Lane {number} stands in <{side}>.", "Lanes on the left are numbered above 0, on the right below, the middle is 0."
        )
    return number


def _lane(node: Node, number: int, inner: Cubics, speed: Speed) -> tuple[RoadLane, Cubics]:
    """The lane, and its outer border if borders were given (else none)."""
    widths = [[part.number("sOffset"), *(part.number(name) for name in "abcd")] for part in node.all("width")]
    borders = [[part.number("sOffset"), *(part.number(name) for name in "abcd")] for part in node.all("border")]
    width, outer = Cubics.of(widths), inner
    if borders and not widths:
        outer = Cubics.of(borders)
        difference = outer.minus(inner)
        width = difference if number > 0 else Cubics(difference.starts, -difference.coefficients)
    link = node.first("link")
    before, after = ([] if link is None else link.all(which) for which in ("predecessor", "successor"))
    lane = RoadLane(
        id=number,
        kind=node.text("type"),
        width=width,
        level=_truth(node.text("level", "false")),
        predecessors=tuple(part.integer("id") for part in before),
        successors=tuple(part.integer("id") for part in after),
        marks=tuple(_mark(part) for part in node.all("roadMark")),
        speeds=tuple((part.number("sOffset"), speed(part)) for part in node.all("speed")),
    )
    return _detailed(lane, node), outer


def _detailed(lane: RoadLane, node: Node) -> RoadLane:
    def optional(part: Node, name: str) -> float | None:
        return part.number(name, 0.0) if name in part.attributes else None

    return replace(
        lane,
        heights=tuple(LaneHeight(part.number("sOffset"), part.number("inner"), part.number("outer")) for part in node.all("height")),
        materials=tuple(
            LaneMaterial(
                part.number("sOffset"), part.number("friction", 0.0), optional(part, "roughness"), part.text("surface", "") or None
            )
            for part in node.all("material")
        ),
        accesses=tuple(
            LaneAccess(part.number("sOffset"), part.text("restriction"), part.text("rule", "deny")) for part in node.all("access")
        ),
        rules=tuple(LaneRule(part.number("sOffset"), part.text("value")) for part in node.all("rule")),
    )


def _mark(node: Node) -> RoadMark:
    kind, explicit = node.first("type"), node.first("explicit")
    width = node.number("width", 0.0) if "width" in node.attributes else None
    return RoadMark(
        s=node.number("sOffset"),
        kind=node.text("type"),
        color=node.text("color", "standard"),
        weight=node.text("weight", "standard"),
        width=width,
        height=node.number("height", 0.0),
        lane_change=node.text("laneChange", "both"),
        material=node.text("material", "standard"),
        name=None if kind is None else kind.text("name"),
        lines=() if kind is None else tuple(_line(part, kind) for part in kind.all("line")),
        explicit=() if explicit is None else tuple(_line(part, explicit) for part in explicit.all("line")),
    )


def _line(node: Node, parent: Node) -> MarkLine:
    owner = parent.number("width", 0.0) if "width" in parent.attributes else None
    width = node.number("width", 0.0) if "width" in node.attributes else owner
    place = node.number("length"), node.number("space", 0.0), node.number("tOffset"), node.number("sOffset")
    return MarkLine(*place, width, node.text("rule", "") or None)


def _truth(written: str) -> bool:
    return written.strip().lower() in ("true", "1", "yes")
