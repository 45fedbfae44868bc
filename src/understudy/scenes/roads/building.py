"""Own road networks from a few parameters: a motorway, a winding rural road, and what is made of junctions.

All are valid OpenDRIVE by construction: reference lines without gaps, lanes linked through every junction, controllers for every light.
"""

from __future__ import annotations

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.scenes.roads.crossings import Crossroads, crossing, t_junction
from understudy.scenes.roads.network import NOTHING, Header, Road, RoadNetwork, Signal
from understudy.scenes.roads.plan_view import Pen, PlanView
from understudy.scenes.roads.polynomials import Cubics
from understudy.scenes.roads.profiles import Profile
from understudy.scenes.roads.roundabouts import roundabout
from understudy.scenes.roads.towns import town_grid

__all__ = ["Crossroads", "Profile", "crossing", "motorway", "roundabout", "rural_road", "single_road", "t_junction", "town_grid"]

MOTORWAY = Profile("motorway", forward=3, backward=3, lane_width=3.75, shoulder=2.5, median=4.0, speed=130 / 3.6)
RURAL = Profile("rural", lane_width=3.5, shoulder=0.5, speed=100 / 3.6)


def motorway(length: float = 1000.0, profile: Profile = MOTORWAY) -> RoadNetwork:
    """A straight road along x from the origin; `length` in m."""
    return single_road(Pen().line(_positive("length", length)).view(), profile, name="motorway")


def rural_road(
    radius: float = 150.0,
    turn: float = 1.0,
    bends: int = 2,
    straight: float = 80.0,
    transition: float = 40.0,
    hill: float = 0.0,
    profile: Profile = RURAL,
) -> RoadNetwork:
    """A winding road: straights and bends with clothoids before and after, to the left and to the right in turn.

    Args:
        radius: m of the bends' arcs. turn: radians of each bend, clothoids included.
        straight, transition: m of each straight and each clothoid.
        hill: m that the middle of the road lies above its ends.
    """
    for name, value in (("radius", radius), ("straight", straight), ("transition", transition)):
        _positive(name, value)
    arc = radius * turn - transition
    if arc < 0:
        raise ArgumentError(
            f"Two clothoids of {transition} m turn by {transition / radius:.2f}, more than the whole bend ({turn}).",
            where="transition",
            remedy=f"Give a transition of at most {radius * turn:.1f} m.",
        )
    pen, side = Pen().line(straight), 1.0
    for _ in range(bends):
        bend = side / radius
        pen.spiral(transition, 0.0, bend).arc(arc, bend).spiral(transition, bend, 0.0).line(straight)
        side = -side
    plan = pen.view()
    return single_road(plan, profile, name="rural road", elevation=_hill(plan.length, hill))


def single_road(plan: PlanView, profile: Profile, *, name: str = "road", elevation: Cubics = NOTHING) -> RoadNetwork:
    """A network of one road along a reference line, with a sign for its speed limit at each end."""
    road = Road(
        "1",
        plan.length,
        plan,
        (profile.section(),),
        name,
        types=profile.types(),
        elevation=elevation,
        signals=_limits(plan.length, profile),
    )
    return RoadNetwork({"1": road}, header=Header(name))


def _limits(length: float, profile: Profile) -> tuple[Signal, ...]:
    if profile.speed is None or length < 40:
        return ()
    limit = float(round(profile.speed * 3.6))
    aside = profile.half_width + 0.8
    ends = [("+", 20.0, -aside)] + ([("-", length - 20.0, aside)] if profile.backward else [])
    return tuple(
        Signal(
            str(number),
            s,
            t,
            "274",
            name="speed limit",
            country="DE",
            orientation=sign,
            z=2.0,
            width=0.6,
            height=0.6,
            value=limit,
            unit="km/h",
        )
        for number, (sign, s, t) in enumerate(ends, start=1)
    )


def _hill(length: float, height: float) -> Cubics:
    """Up and down again, level at the ends and at the top."""
    if not height:
        return NOTHING
    half = length / 2
    up = (3 * height / half**2, -2 * height / half**3)
    return Cubics.of([(0.0, 0.0, 0.0, *up), (half, height, 0.0, -up[0], -up[1])])


def _positive(name: str, value: float) -> float:
    if not np.isfinite(value) or value <= 0:
        raise ArgumentError(f"{name} is {value}.", where=name, remedy="Give a length in m above 0.")
    return value
