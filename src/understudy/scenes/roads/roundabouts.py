"""Roundabouts: a ring of one lane, with a junction of its own at each arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.scenes.roads.crossings import TOWN, Arm, Crossroads
from understudy.scenes.roads.network import Junction, Outline, RoadNetwork, RoadObject, Validity
from understudy.scenes.roads.plan_view import Pen
from understudy.scenes.roads.profiles import Profile


def roundabout(
    profile: Profile = TOWN, *, arms: int = 4, radius: float = 13.0, ring_width: float = 5.0, length: float = 60.0, island: float = 0.5
) -> RoadNetwork:
    """A roundabout at the origin, driven counter-clockwise.

    Args:
        arms: evenly around, 3 .. 6. length: m of each arm's road.
        radius: m of the island in the middle. ring_width: m of the lane around it.
        island: m that the island is narrower than the ring's inner border.
    """
    opening = min(0.6, np.pi / arms * 0.72)
    if not 3 <= arms <= 6:
        raise ArgumentError(f"A roundabout of {arms} arms.", where="arms", remedy="Give 3 to 6.")
    if radius * np.sin(opening) < profile.lane_width * profile.forward + 1.0:
        raise ArgumentError(
            f"A roundabout of radius {radius} m has no room for {arms} arms of this width.",
            where="radius",
            remedy="Make it larger, or arms fewer.",
        )
    build = Crossroads("roundabout")
    ring = replace(profile, forward=1, backward=0, lane_width=ring_width, median=0.0, both_sides=False)
    step = 2 * np.pi / arms
    roads = []
    for number in range(arms):
        start = number * step + opening
        pen = Pen(radius * np.cos(start), radius * np.sin(start), start + np.pi / 2).arc((step - 2 * opening) * radius, 1 / radius)
        roads.append(build.add(pen, ring))
    away = radius + ring_width + profile.half_width + 4.0
    for number in range(arms):
        angle = number * step
        pen = Pen((away + length) * np.cos(angle), (away + length) * np.sin(angle), angle + np.pi).line(length)
        arm = Arm(build.add(pen, profile), "end", profile, main=False)
        _join(build, Arm(roads[number - 1], "end", ring), Arm(roads[number], "start", ring), arm)
    build.put(roads[0].id, objects=[_island(build, radius, island)])
    return build.network()


def _join(build: Crossroads, before: Arm, after: Arm, arm: Arm) -> None:
    """The junction between two parts of the ring and an arm: on along the ring, into it and out of it."""
    key = str(len(build.junctions) + 1)
    entry = list(zip(arm.beyond(into=True), after.beyond(into=False), strict=False))
    leaving = list(zip(before.beyond(into=True), arm.beyond(into=False), strict=False))
    connections = [
        build.way(key, (before, before.coming[0]), (after, after.going[0])),
        build.way(key, (arm, arm.coming[-1]), (after, after.going[0]), entry),
        build.way(key, (before, before.coming[0]), (arm, arm.going[-1]), leaving),
    ]
    numbered = tuple(replace(connection, id=str(number)) for number, connection in enumerate(connections))
    build.junctions[key] = Junction(key, f"junction {key}", connections=numbered, priorities=((before.road.id, arm.road.id),))
    for end in (before, after, arm):
        build.link(end.road.id, end.contact, key)
    lanes = (Validity(min(arm.coming), max(arm.coming)),)
    s, t = arm.road.length - 1.0, -(arm.profile.asphalt + 0.6)
    stop = build._stop_line(arm, s, "+", lanes)
    build.put(
        arm.road.id, signals=[stop, build.sign("205", "give way", s, t, "+", lanes), build.sign("215", "roundabout", s, t, "+", lanes)]
    )


def _island(build: Crossroads, radius: float, narrower: float) -> RoadObject:
    """The middle, seen from the start of the ring's first part, whose left is towards it."""
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = max(radius - narrower, 0.5)
    corners = np.column_stack([reach * np.cos(around), reach * np.sin(around), np.zeros(48), np.full(48, 0.15)])
    return RoadObject(
        build.thing(), 0.0, radius, "trafficIsland", name="middle of the roundabout", radius=None, height=0.15, length=2 * reach, width=2
        * reach,
        outlines=(Outline("local", corners, id=0, fill="grass"),),
    )  # fmt: skip
