"""`RoadNetwork`: roads, lanes, marks, junctions, signals and objects, as ASAM OpenDRIVE means them (versions 1.4 to 1.7).

A road has a reference line. s is the way along it, t the distance to the left of it, both in m. Lanes are numbered from the reference
line outwards: 1, 2, … on the left, -1, -2, … on the right; lane 0 has no width and carries the marks of the middle. Speeds are m/s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError, did_you_mean
from understudy.scenes.roads.plan_view import PlanView
from understudy.scenes.roads.polynomials import Cubics

Floats = NDArray[np.float64]
Contact = Literal["start", "end"]
NOTHING = Cubics(np.zeros(0), np.zeros((0, 4)))
DRIVABLE = frozenset(
    "driving entry exit onRamp offRamp connectingRamp slipLane bidirectional bus taxi HOV mwyEntry mwyExit special1".split()
)
"""Kinds of lanes that cars drive on."""


@dataclass(frozen=True)
class MarkLine:
    """One line of a mark. length, space: of a dash and the gap after it, m; 0 space: no gaps. t: left of the mark's middle. s: of the
    first dash."""

    length: float
    space: float
    t: float
    s: float = 0.0
    width: float | None = None
    rule: str | None = None


@dataclass(frozen=True)
class RoadMark:
    """What is painted on a lane's outer border from s on, m from the section's start. lines: its detail; () where the kind says enough.
    explicit: lines that stand once, each at its own s, instead of repeating."""

    s: float
    kind: str
    color: str = "standard"
    weight: str = "standard"
    width: float | None = None
    height: float = 0.0
    lane_change: str = "both"
    material: str = "standard"
    name: str | None = None
    lines: tuple[MarkLine, ...] = ()
    explicit: tuple[MarkLine, ...] = ()


@dataclass(frozen=True)
class LaneHeight:
    """From s on, m from the section's start, the lane lies this much above the road at its inner and outer border."""

    s: float
    inner: float
    outer: float


@dataclass(frozen=True)
class LaneMaterial:
    s: float
    friction: float
    roughness: float | None = None
    surface: str | None = None


@dataclass(frozen=True)
class LaneAccess:
    """From s on, `restriction` may ("allow") or may not ("deny") use the lane."""

    s: float
    restriction: str
    rule: str = "deny"


@dataclass(frozen=True)
class LaneRule:
    s: float
    value: str


@dataclass(frozen=True)
class RoadLane:
    """A lane in one section. predecessors, successors: lane numbers in the section before and after, or of the road joined there.
    speeds: s and limit; None: none."""

    id: int
    kind: str
    width: Cubics = NOTHING
    level: bool = False
    predecessors: tuple[int, ...] = ()
    successors: tuple[int, ...] = ()
    marks: tuple[RoadMark, ...] = ()
    speeds: tuple[tuple[float, float | None], ...] = ()
    heights: tuple[LaneHeight, ...] = ()
    materials: tuple[LaneMaterial, ...] = ()
    accesses: tuple[LaneAccess, ...] = ()
    rules: tuple[LaneRule, ...] = ()


@dataclass(frozen=True)
class LaneSection:
    """The lanes from s on, by number. single_side: it is valid for one side of the road alone."""

    s: float
    lanes: Mapping[int, RoadLane]
    single_side: bool = False

    def inwards(self, lane: int) -> list[RoadLane]:
        """The lanes from the reference line out to `lane`, without 0."""
        side = 1 if lane > 0 else -1
        return [self.lanes[number] for number in range(side, lane + side, side) if number in self.lanes]

    @property
    def outermost(self) -> tuple[int, int]:
        """The numbers furthest right and left."""
        return min(0, *self.lanes, 0), max(0, *self.lanes, 0)


@dataclass(frozen=True)
class RoadLink:
    """What a road continues in. contact: at which end the other road is joined; None for junctions. s, direction: of virtual junctions."""

    kind: Literal["road", "junction"]
    id: str
    contact: Contact | None = None
    s: float | None = None
    direction: str | None = None


@dataclass(frozen=True)
class RoadType:
    """From s on: "motorway", "rural", "town" …. speed: m/s, None: none said."""

    s: float
    kind: str
    speed: float | None = None
    country: str | None = None


@dataclass(frozen=True)
class Validity:
    """The lanes that something is meant for."""

    first: int
    last: int


@dataclass(frozen=True)
class Signal:
    """A sign, a light or a stop line. orientation: "+" for those who drive along s, "-" against it, "none" for both."""

    id: str
    s: float
    t: float
    kind: str
    subtype: str = "-1"
    name: str = ""
    country: str | None = None
    country_revision: str | None = None
    dynamic: bool = False
    orientation: str = "none"
    z: float = 0.0
    heading: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    width: float | None = None
    height: float | None = None
    value: float | None = None
    unit: str | None = None
    text: str | None = None
    lanes: tuple[Validity, ...] = ()
    dependencies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SignalReference:
    """A signal of another road that counts here, too."""

    id: str
    s: float
    t: float
    orientation: str = "none"
    lanes: tuple[Validity, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A polygon. corners: (N, 4): in "road" coordinates s, t, dz, height; in "local" ones u, v, z, height, seen from the object."""

    coordinates: Literal["road", "local"]
    corners: Floats
    id: int | None = None
    closed: bool = True
    outer: bool = True
    fill: str | None = None
    lane_type: str | None = None
    ids: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Repeat:
    """An object again and again from s over `length`, every `distance` m (0: without a gap). Pairs are values at the first and the last."""

    s: float
    length: float
    distance: float
    t: tuple[float, float]
    z: tuple[float, float]
    height: tuple[float, float]
    width: tuple[float, float] | None = None
    object_length: tuple[float, float] | None = None
    radius: tuple[float, float] | None = None


@dataclass(frozen=True)
class ObjectMark:
    """A painted line along a side of an object's box, or between corners of its outline by their ids."""

    side: str | None
    color: str
    line: float
    space: float
    width: float = 0.1
    start: float = 0.0
    stop: float = 0.0
    weight: str = "standard"
    height: float = 0.0
    corners: tuple[int, ...] = ()


@dataclass(frozen=True)
class RoadObject:
    """Something that stands by or lies on the road. heading: from the road's. length, width, height, radius: of its box or cylinder."""

    id: str
    s: float
    t: float
    kind: str = "none"
    subtype: str | None = None
    name: str = ""
    z: float = 0.0
    heading: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    orientation: str = "none"
    length: float | None = None
    width: float | None = None
    height: float | None = None
    radius: float | None = None
    valid_length: float | None = None
    dynamic: bool = False
    outlines: tuple[Outline, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    marks: tuple[ObjectMark, ...] = ()
    lanes: tuple[Validity, ...] = ()


@dataclass(frozen=True)
class Structure:
    """A tunnel or a bridge from s over `length`. kind: "standard", "underpass", "concrete" …; lighting, daylight: 0 .. 1."""

    what: Literal["tunnel", "bridge"]
    id: str
    s: float
    length: float
    kind: str
    name: str | None = None
    lighting: float | None = None
    daylight: float | None = None
    lanes: tuple[Validity, ...] = ()


@dataclass(frozen=True)
class Road:
    """A road.

    Attributes:
        junction: that it is a way through; None: it is none.
        plan: the reference line from above. elevation: z over s. banking: superelevation in radians over s, positive falls to the right.
        offset: t of lane 0 over s.
        right_hand: the rule of traffic; in left-hand traffic lanes on the right run against s.
    """

    id: str
    length: float
    plan: PlanView
    sections: tuple[LaneSection, ...]
    name: str = ""
    junction: str | None = None
    right_hand: bool = True
    predecessor: RoadLink | None = None
    successor: RoadLink | None = None
    types: tuple[RoadType, ...] = ()
    elevation: Cubics = NOTHING
    banking: Cubics = NOTHING
    offset: Cubics = NOTHING
    signals: tuple[Signal, ...] = ()
    references: tuple[SignalReference, ...] = ()
    objects: tuple[RoadObject, ...] = ()
    structures: tuple[Structure, ...] = ()

    def span(self, section: int) -> tuple[float, float]:
        """s of a section's start and end."""
        after = self.sections[section + 1].s if section + 1 < len(self.sections) else self.length
        return self.sections[section].s, max(after, self.sections[section].s)

    def section_at(self, s: float) -> int:
        """The number of the section that s lies in."""
        starts = [section.s for section in self.sections]
        return max(0, int(np.searchsorted(starts, s, side="right")) - 1)

    def point(self, s: Floats, t: Floats | float, height: Floats | float = 0.0) -> Floats:
        """(N, 3) in the world, of places s, t and a height over the road."""
        places = np.asarray(s, dtype=np.float64)
        x, y, heading = self.plan.at(places)
        bank = self.banking.at(places)
        flat = t * np.cos(bank) - height * np.sin(bank)
        z = self.elevation.at(places) + t * np.sin(bank) + height * np.cos(bank)
        return np.stack([x - np.sin(heading) * flat, y + np.cos(heading) * flat, z + 0.0 * flat], axis=-1)

    def border(self, section: int, lane: int, s: Floats) -> Floats:
        """(N,) t of a lane's outer border at s; lane 0: the middle, which lies at the lane offset."""
        places = np.asarray(s, dtype=np.float64)
        side = np.sign(lane)
        from_start = places - self.sections[section].s
        widths = [part.width.at(from_start) for part in self.sections[section].inwards(lane)]
        return np.asarray(self.offset.at(places) + side * sum(widths, np.zeros_like(places)))

    def borders(self, section: int, lane: int, s: Floats) -> tuple[Floats, Floats]:
        """(N,) t of a lane's inner and outer border."""
        return self.border(section, lane - int(np.sign(lane)), s), self.border(section, lane, s)

    def forward(self, lane: int) -> bool:
        """Whether traffic in the lane runs along s."""
        return (lane < 0) == self.right_hand

    def limit_at(self, section: int, lane: int, s: float) -> float | None:
        """The speed limit in m/s: the lane's own, or that of the type of road; None: none."""
        own = [limit for start, limit in self.sections[section].lanes[lane].speeds if self.sections[section].s + start <= s + 1e-9]
        if own:
            return own[-1]
        common = [kind.speed for kind in self.types if kind.s <= s + 1e-9]
        return common[-1] if common else None


@dataclass(frozen=True)
class Connection:
    """A way through a junction. connecting: the road in it (in "direct" junctions the road beyond). contact: at which of its ends
    the incoming road is joined. lanes: pairs of lane numbers, incoming and connecting."""

    id: str
    incoming: str
    connecting: str
    contact: Contact
    lanes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Junction:
    """kind: "default", "direct" (no roads of its own) or "virtual". priorities: pairs of roads, who has way and who gives it.
    controllers: id, kind and place in a sequence."""

    id: str
    name: str = ""
    kind: str = "default"
    connections: tuple[Connection, ...] = ()
    priorities: tuple[tuple[str, str], ...] = ()
    controllers: tuple[tuple[str, str, int | None], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Controller:
    """Signals that change together: their ids and kinds."""

    id: str
    name: str = ""
    sequence: int | None = None
    signals: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Header:
    """version: of the file that it was read from. place: PROJ string of the map projection. offset: x, y, z, heading of the network in
    it."""

    name: str = ""
    version: str = "1.6"
    date: str | None = None
    vendor: str | None = None
    place: str | None = None
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class RoadNetwork:
    """Roads and junctions by id. notes: what a reader changed, filled in or left out."""

    roads: Mapping[str, Road]
    junctions: Mapping[str, Junction] = field(default_factory=dict)
    controllers: tuple[Controller, ...] = ()
    header: Header = field(default_factory=Header)
    notes: tuple[str, ...] = ()

    def road(self, key: str) -> Road:
        """Raises DataError for an id that is not there."""
        if key not in self.roads:
            raise DataError(f'There is no road "{key}".', where=self.header.name or None, remedy=did_you_mean(key, self.roads))
        return self.roads[key]

    def bounds(self) -> tuple[Floats, Floats]:
        """Least and greatest x, y of the reference lines, (2,) each."""
        points = [np.stack(road.plan.at(np.linspace(0, road.length, 32))[:2], axis=-1) for road in self.roads.values()]
        every = np.concatenate(points) if points else np.zeros((1, 2))
        return every.min(axis=0), every.max(axis=0)

    def lanes_of(self, kinds: frozenset[str] = DRIVABLE) -> Iterator[tuple[Road, int, RoadLane]]:
        """Road, section and lane of each lane of these kinds."""
        for road in self.roads.values():
            for section, part in enumerate(road.sections):
                for lane in part.lanes.values():
                    if lane.id != 0 and lane.kind in kinds:
                        yield road, section, lane

    @property
    def length(self) -> float:
        """Of all roads, m."""
        return float(sum(road.length for road in self.roads.values()))
