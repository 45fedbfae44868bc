"""`Profile`: a road's cross-section, from which lane sections are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from understudy.core.errors import ArgumentError
from understudy.scenes.roads.network import LaneHeight, LaneSection, MarkLine, RoadLane, RoadMark, RoadType
from understudy.scenes.roads.polynomials import Cubics

CURB_HEIGHT = 0.12
DASHES = {"motorway": (6.0, 12.0), "rural": (4.0, 8.0), "town": (3.0, 6.0)}
"""m painted and m free of lane lines, as German rules for markings (RMS) have them."""
WIDTHS = {"motorway": 0.15, "rural": 0.12, "town": 0.12}
Edge = tuple[str, float]
"""Kind and width of a lane beside the driving lanes."""


@dataclass(frozen=True)
class Profile:
    """Lanes from the middle outwards, the same on both sides but for the number of driving lanes.

    Attributes:
        kind: of road; it chooses how marks look.
        forward, backward: driving lanes along the reference line and against it; 0 backward: one way.
        lane_width, shoulder, bike, parking, sidewalk: m; 0: there is none. A sidewalk has a kerb before it.
        median: m between the directions.
        speed: limit in m/s; None: none.
        middle: mark between the directions where there is no median: "broken", "solid", "solid solid", "broken solid", "none".
        edge: whether driving lanes end in a solid line where no kerb follows.
        both_sides: whether what lies beside the driving lanes lies on the left, too.
    """

    kind: Literal["motorway", "rural", "town"] = "rural"
    forward: int = 1
    backward: int = 1
    lane_width: float = 3.5
    shoulder: float = 0.0
    bike: float = 0.0
    parking: float = 0.0
    sidewalk: float = 0.0
    median: float = 0.0
    speed: float | None = 100 / 3.6
    middle: str = "broken"
    edge: bool = True
    both_sides: bool = True

    def __post_init__(self) -> None:
        if self.forward < 1 or self.backward < 0:
            raise ArgumentError(
                f"A road cannot have {self.forward} lanes forward and {self.backward} back.",
                where="profile",
                remedy="Give forward ≥ 1, backward ≥ 0.",
            )
        if self.lane_width <= 0 or min(self.shoulder, self.bike, self.parking, self.sidewalk, self.median) < 0:
            raise ArgumentError(
                "A lane cannot be of no or negative width.", where="profile", remedy="Give widths in m, 0 for lanes that are not there."
            )
        if self.kind not in DASHES:
            raise ArgumentError(
                f'There are no roads of the kind "{self.kind}".', where="profile", remedy=f"Use one of {', '.join(DASHES)}."
            )

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Lanes outside the driving lanes, from the middle outwards."""
        paved = [("shoulder", self.shoulder), ("biking", self.bike), ("parking", self.parking)]
        walked = [("curb", 0.15), ("sidewalk", self.sidewalk)] if self.sidewalk else []
        return tuple((kind, width) for kind, width in [*paved, *walked] if width)

    @property
    def asphalt(self) -> float:
        """m from the middle to the kerb, or the end of the asphalt, on the wider side."""
        paved = sum(width for kind, width in self.edges if kind not in ("curb", "sidewalk"))
        return self.median / 2 + max(self.forward, self.backward) * self.lane_width + paved

    @property
    def half_width(self) -> float:
        """m from the middle to the end of the outermost lane, on the wider side."""
        return self.asphalt + sum(width for kind, width in self.edges if kind in ("curb", "sidewalk"))

    def section(self) -> LaneSection:
        lanes = {0: RoadLane(0, "none", marks=self._middle_marks())}
        for side, count in ((1, self.backward), (-1, self.forward)):
            edges = self.edges if side < 0 or self.both_sides else ()
            for number, lane in enumerate(self._outwards(count, edges), start=1):
                lanes[side * number] = replace(lane, id=side * number)
        return LaneSection(0.0, {number: lanes[number] for number in sorted(lanes, reverse=True)})

    def types(self) -> tuple[RoadType, ...]:
        return (RoadType(0.0, self.kind, self.speed),)

    def driving(self, side: int) -> list[int]:
        """Numbers of the driving lanes on a side (-1: right, 1: left), from the middle outwards."""
        first = 2 if self.median else 1
        return [side * number for number in range(first, first + (self.forward if side < 0 else self.backward))]

    def _outwards(self, count: int, edges: tuple[Edge, ...]) -> Iterator[RoadLane]:
        """The lanes of a side with `count` driving lanes; their numbers are set later."""
        if self.median:
            yield RoadLane(0, "median", Cubics.constant(self.median / 2), marks=(self._mark("solid", change="none"),))
        following = edges[0][0] if edges else "nothing"
        for number in range(count):
            between = number + 1 < count
            outer = self._mark("broken") if between else self._mark("solid" if self._edged(following) else "none", change="none")
            yield RoadLane(0, "driving", Cubics.constant(self.lane_width), marks=(outer,))
        for kind, width in edges:
            raised = (LaneHeight(0.0, CURB_HEIGHT, CURB_HEIGHT),) if kind in ("curb", "sidewalk") else ()
            marks = (self._mark("solid", change="none"),) if kind == "biking" and self.parking else ()
            yield RoadLane(0, kind, Cubics.constant(width), marks=marks, heights=raised)

    def _edged(self, following: str) -> bool:
        return self.edge and following != "curb"

    def _middle_marks(self) -> tuple[RoadMark, ...]:
        if self.median or not self.backward:
            return (self._mark("solid" if not self.backward else "none", change="none"),)
        return (self._mark(self.middle, change="none" if "solid" in self.middle else "both"),)

    def _mark(self, kind: str, *, change: str = "both") -> RoadMark:
        width, (dash, space) = WIDTHS[self.kind], DASHES[self.kind]
        names, apart = kind.split(), width if " " in kind else 0.0
        lines = () if kind == "none" else tuple(
            MarkLine(dash, space if name == "broken" else 0.0, apart * side, width=width)
            for name, side in zip(names, (1, -1) if len(names) == 2 else (0,), strict=True)
        )  # fmt: skip
        return RoadMark(0.0, kind, "white", width=width, lane_change=change, name=kind, lines=lines)
