"""Junctions: roads end before them, and a road of its own leads from every lane that comes in to a lane that goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.scenes.roads.network import (
    Connection,
    Contact,
    Controller,
    Header,
    Junction,
    LaneSection,
    Outline,
    Road,
    RoadLane,
    RoadLink,
    RoadNetwork,
    RoadObject,
    Signal,
    Validity,
)
from understudy.scenes.roads.paths import Pose, path_between
from understudy.scenes.roads.plan_view import Pen
from understudy.scenes.roads.polynomials import Cubics
from understudy.scenes.roads.profiles import Profile

TOWN = Profile("town", lane_width=3.25, sidewalk=2.5, speed=50 / 3.6, edge=False)
ZEBRA = (1.0, 5.0)
"""m before a junction between which a zebra crossing lies."""
STOP_LINE = 6.2
"""m before a junction at which cars stop where there is a zebra crossing; 1 m where there is none."""
STRAIGHT_ON = 0.6
"""Radians by which a way through may turn and still be straight on."""
Rule = Literal["lights", "priority", "right before left"]


@dataclass(frozen=True)
class Arm:
    """An end of a road at a junction. main: it has way where the rule is "priority"."""

    road: Road
    contact: Contact
    profile: Profile
    main: bool = True

    @property
    def pose(self) -> Pose:
        """Where the reference line meets the junction, and the heading into it."""
        s = self.road.length if self.contact == "end" else 0.0
        x, y, heading = (float(value[0]) for value in self.road.plan.at(np.array([s])))
        return x, y, heading if self.contact == "end" else heading + np.pi

    @property
    def coming(self) -> list[int]:
        """Lanes that lead into the junction, from the middle outwards."""
        return self.profile.driving(-1 if self.contact == "end" else 1)

    @property
    def going(self) -> list[int]:
        return self.profile.driving(1 if self.contact == "end" else -1)

    def inner(self, lane: int, *, into: bool) -> Pose:
        """The inner end of a lane's border, heading along the traffic: into the junction or out of it."""
        s = self.road.length if self.contact == "end" else 0.0
        t = float(self.road.border(0, lane - int(np.sign(lane)), np.array([s]))[0])
        x, y, _ = self.road.point(np.array([s]), np.array([t]))[0]
        return float(x), float(y), self.pose[2] + (0.0 if into else np.pi)

    def beyond(self, *, into: bool) -> list[RoadLane]:
        """The lanes outside the driving lanes on the side of traffic into the junction, or out of it, from the middle outwards."""
        side = (-1 if self.contact == "end" else 1) * (1 if into else -1)
        driving = self.profile.driving(side)
        edge = abs(driving[-1]) if driving else (1 if self.profile.median else 0)
        return [lane for number, lane in sorted(self.road.sections[0].lanes.items(), key=lambda item: abs(item[0])) if number * side > edge]


class Crossroads:
    """Puts networks with junctions together: roads first, then `join` for each junction, then `network`.

    Ids count from 1; roads through junctions count on from 1000.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.roads: dict[str, Road] = {}
        self.junctions: dict[str, Junction] = {}
        self.controllers: list[Controller] = []
        self.next_way = 1000
        self.next_thing = 1

    def add(self, plan: Pen, profile: Profile) -> Road:
        """A road along what a pen has drawn."""
        view = plan.view()
        road = Road(
            str(len([key for key in self.roads if int(key) < 1000]) + 1), view.length, view, (profile.section(),), types=profile.types()
        )
        self.roads[road.id] = road
        return road

    def join(self, arms: Sequence[Arm], *, rule: Rule = "right before left", zebra: bool = False) -> Junction:
        """A junction of arms in any order: ways from each to each, stop lines, zebra crossings, lights or signs."""
        key = str(len(self.junctions) + 1)
        ordered = sorted(arms, key=lambda arm: (arm.pose[2] + np.pi) % (2 * np.pi))
        connections = []
        for number, arm in enumerate(ordered):
            for step in range(1, len(ordered)):
                connections += self._ways(key, arm, ordered[(number + step) % len(ordered)], outer=step == 1)
        priorities = [
            (main.road.id, side.road.id) for main in ordered for side in ordered if rule == "priority" and main.main and not side.main
        ]
        junction = Junction(key, f"junction {key}", connections=_numbered(connections), priorities=tuple(priorities))
        for arm in ordered:
            self._link(arm, key)
            self._furnish(arm, rule, zebra)
        self.junctions[key] = replace(junction, controllers=self._lights(key, ordered) if rule == "lights" else ())
        return self.junctions[key]

    def network(self) -> RoadNetwork:
        return RoadNetwork(dict(self.roads), dict(self.junctions), tuple(self.controllers), Header(self.name))

    def way(
        self, junction: str, origin: tuple[Arm, int], target: tuple[Arm, int], beside: Sequence[tuple[RoadLane, RoadLane]] = ()
    ) -> Connection:
        """A road of one driving lane from a lane of an arm to a lane of another; `beside`: pairs of lanes outside it that are joined,
        too."""
        (start, first), (end, last) = origin, target
        plan = path_between(start.inner(first, into=True), end.inner(last, into=False))
        pairs = [(start.road.sections[0].lanes[first], end.road.sections[0].lanes[last]), *beside]
        lanes = {0: RoadLane(0, "none")}
        for number, (before, after) in enumerate(pairs, start=1):
            lanes[-number] = replace(
                before, id=-number, width=_between(before, after, plan.length), predecessors=(before.id,), successors=(after.id,), marks=()
            )
        road = Road(
            str(self.next_way), plan.length, plan, (LaneSection(0.0, lanes),), junction=junction,
            predecessor=RoadLink("road", start.road.id, start.contact), successor=RoadLink("road", end.road.id, end.contact),
            types=start.profile.types(),
        )  # fmt: skip
        self.roads[road.id] = road
        self.next_way += 1
        links = tuple((before.id, -number) for number, (before, _) in enumerate(pairs, start=1))
        return Connection("", start.road.id, road.id, "start", links)

    def link(self, road: str, contact: Contact, junction: str) -> None:
        """Says that a road continues in a junction."""
        at = RoadLink("junction", junction)
        self.roads[road] = replace(self.roads[road], successor=at) if contact == "end" else replace(self.roads[road], predecessor=at)

    def put(self, road: str, *, signals: Sequence[Signal] = (), objects: Sequence[RoadObject] = ()) -> None:
        known = self.roads[road]
        self.roads[road] = replace(known, signals=(*known.signals, *signals), objects=(*known.objects, *objects))

    def thing(self) -> str:
        """An id for a signal or an object."""
        self.next_thing += 1
        return str(self.next_thing - 1)

    # -- parts of a junction

    def _ways(self, junction: str, start: Arm, end: Arm, *, outer: bool) -> list[Connection]:
        """Right turns from the outermost lane, left turns from the innermost, straight on from each."""
        turn = (end.pose[2] + np.pi - start.pose[2] + np.pi) % (2 * np.pi) - np.pi
        coming, going = start.coming, end.going
        if not coming or not going:
            return []
        if abs(turn) <= STRAIGHT_ON:
            pairs = list(zip(coming, going, strict=False))
        else:
            pairs = [(coming[-1], going[-1])] if turn < 0 else [(coming[0], going[0])]
        edge = list(zip(start.beyond(into=True), end.beyond(into=False), strict=False)) if outer else []
        beside = edge if all(before.kind == after.kind for before, after in edge) else []
        return [self.way(junction, (start, first), (end, last), beside if (first, last) == pairs[-1] else ()) for first, last in pairs]

    def _link(self, arm: Arm, junction: str) -> None:
        self.link(arm.road.id, arm.contact, junction)

    def _furnish(self, arm: Arm, rule: Rule, zebra: bool) -> None:
        """What stands before the junction on one arm."""
        into = 1.0 if arm.contact == "end" else -1.0
        edge = arm.road.length if arm.contact == "end" else 0.0
        sign = "+" if arm.contact == "end" else "-"
        if zebra and arm.road.length > 4 * ZEBRA[1]:
            self.put(arm.road.id, objects=[self._zebra(arm, edge, into)])
        if not arm.coming:
            return
        lanes = (Validity(min(arm.coming), max(arm.coming)),)
        stop = edge - into * (STOP_LINE if zebra else 1.0)
        aside = -into * (arm.profile.asphalt + 0.6)
        if rule == "lights" or (rule == "priority" and not arm.main):
            self.put(arm.road.id, signals=[self._stop_line(arm, stop, sign, lanes)])
        if rule == "lights":
            light = Signal(
                self.thing(), stop, aside, "1000001", name="traffic light", country="OpenDRIVE", dynamic=True, orientation=sign, z=2.4,
                width=0.35, height=0.9, lanes=lanes,
            )  # fmt: skip
            self.put(arm.road.id, signals=[light])
        if rule == "priority":
            kind, name = ("306", "priority road") if arm.main else ("205", "give way")
            self.put(arm.road.id, signals=[self.sign(kind, name, stop, aside, sign, lanes)])

    def sign(self, kind: str, name: str, s: float, t: float, orientation: str, lanes: tuple[Validity, ...]) -> Signal:
        return Signal(self.thing(), s, t, kind, name=name, country="DE", orientation=orientation, z=2.1, width=0.6, height=0.6, lanes=lanes)

    def _stop_line(self, arm: Arm, s: float, sign: str, lanes: tuple[Validity, ...]) -> Signal:
        numbers = arm.coming
        borders = [float(arm.road.border(0, lane, np.array([s]))[0]) for lane in (numbers[0] - int(np.sign(numbers[0])), numbers[-1])]
        return Signal(
            self.thing(), s, sum(borders) / 2, "294", name="stop line", country="DE", orientation=sign, width=abs(borders[1] - borders[0]),
            height=0.5, lanes=lanes,
        )  # fmt: skip

    def _zebra(self, arm: Arm, edge: float, into: float) -> RoadObject:
        near, far = (edge - into * away for away in ZEBRA)
        half = arm.profile.asphalt
        s_low, s_high = min(near, far), max(near, far)
        corners = np.array([[s_low, half, 0.0, 0.0], [s_low, -half, 0.0, 0.0], [s_high, -half, 0.0, 0.0], [s_high, half, 0.0, 0.0]])
        return RoadObject(
            self.thing(), (s_low + s_high) / 2, 0.0, "crosswalk", name="zebra crossing", length=s_high - s_low, width=2 * half, height=0.0,
            outlines=(Outline("road", corners, id=0, closed=True),),
        )  # fmt: skip

    def _lights(self, junction: str, arms: Sequence[Arm]) -> tuple[tuple[str, str, int | None], ...]:
        """A controller for each pair of arms that face each other, and one for each arm that faces none."""
        phases: list[list[Arm]] = []
        for arm in arms:
            facing = next((phase for phase in phases if len(phase) == 1 and _faces(phase[0], arm)), None)
            phases.append([arm]) if facing is None else facing.append(arm)
        named = []
        for number, phase in enumerate(phases):
            lights = [
                signal
                for arm in phase
                for signal in self.roads[arm.road.id].signals
                if signal.kind == "1000001" and signal.orientation == ("+" if arm.contact == "end" else "-")
            ]
            key = str(len(self.controllers) + 1)
            self.controllers.append(
                Controller(key, f"junction {junction}, phase {number + 1}", number, tuple((light.id, "0") for light in lights))
            )
            named.append((key, "0", number))
        return tuple(named)


def crossing(
    profile: Profile = TOWN,
    *,
    arms: int | Sequence[float] = 4,
    length: float = 80.0,
    corner: float = 6.0,
    rule: Rule = "lights",
    zebra: bool = True,
) -> RoadNetwork:
    """A junction at the origin.

    Args:
        arms: how many, evenly around, or the angles from the middle to each, radians.
        length: m of each arm's road. corner: radius of the kerb at corners of a right angle, m.
        rule: "lights", "priority" (the first two arms that face each other have way) or "right before left".
        zebra: zebra crossings on all arms.
    """
    angles = [2 * np.pi * number / arms for number in range(arms)] if isinstance(arms, int) else [float(angle) for angle in arms]
    if len(angles) < 3:
        raise ArgumentError(f"A crossing of {len(angles)} arms is none.", where="arms", remedy="Give at least 3.")
    if length < 25:
        raise ArgumentError(f"Arms of {length} m leave no room for stop lines.", where="length", remedy="Give at least 25 m.")
    build = Crossroads("crossing")
    setback = setback_of(angles, profile, corner)
    ends = [
        Arm(
            build.add(Pen((setback + length) * np.cos(angle), (setback + length) * np.sin(angle), angle + np.pi).line(length), profile),
            "end",
            profile,
        )
        for angle in angles
    ]
    build.join(with_main_road(ends), rule=rule, zebra=zebra)
    return build.network()


def t_junction(
    profile: Profile = TOWN, *, length: float = 80.0, corner: float = 6.0, rule: Rule = "priority", zebra: bool = False
) -> RoadNetwork:
    """A road along x and one from the south that ends in it."""
    return crossing(profile, arms=(0.0, np.pi, -np.pi / 2), length=length, corner=corner, rule=rule, zebra=zebra)


def setback_of(angles: Sequence[float], profile: Profile, corner: float) -> float:
    """m from the middle at which the arms end, so that the kerb's corners have the radius `corner` and sidewalks room to turn."""
    around = np.sort(np.mod(angles, 2 * np.pi))
    narrowest = float(np.min(np.diff([*around, around[0] + 2 * np.pi])))
    if narrowest < 0.5:
        raise ArgumentError(
            f"Two arms of a junction are {np.degrees(narrowest):.0f}° apart.", where="arms", remedy="Keep them at least 30° apart."
        )
    radius = max(corner, profile.half_width - profile.asphalt + 1.0)
    half = min(narrowest, np.pi * 0.9) / 2
    return float((profile.asphalt + radius) / np.tan(half) if half < np.pi / 4 else profile.asphalt + radius)


def with_main_road(arms: Sequence[Arm]) -> list[Arm]:
    """The same arms; of those, the first two that face each other have way over the rest."""
    for first in arms:
        for second in arms:
            if first is not second and _faces(first, second):
                return [replace(arm, main=arm is first or arm is second) for arm in arms]
    return list(arms)


def _faces(first: Arm, second: Arm) -> bool:
    turn = (second.pose[2] + np.pi - first.pose[2] + np.pi) % (2 * np.pi) - np.pi
    return abs(turn) <= STRAIGHT_ON


def _between(before: RoadLane, after: RoadLane, length: float) -> Cubics:
    """A width that goes smoothly from the end of one lane to the start of another (lanes of profiles are of one width throughout)."""
    first, last = (float(lane.width.at(np.zeros(1))[0]) for lane in (before, after))
    if first == last:
        return Cubics.constant(first)
    change = last - first
    return Cubics.of([(0.0, first, 0.0, 3 * change / length**2, -2 * change / length**3)])


def _numbered(connections: Sequence[Connection]) -> tuple[Connection, ...]:
    return tuple(replace(connection, id=str(number)) for number, connection in enumerate(connections))
