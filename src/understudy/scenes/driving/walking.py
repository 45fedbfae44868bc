"""People on the sidewalks who walk by social forces: around each other, lamps, trees and signs, and not into the street or the houses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.driving.actors import Actor
from understudy.scenes.driving.categories import IDS
from understudy.scenes.driving.places import Place
from understudy.scenes.driving.settings import Traffic
from understudy.scenes.geometry.motion import along
from understudy.scenes.models.people import look, person
from understudy.scenes.spec.draws import Draws
from understudy.scenes.traffic.meetings import meetings
from understudy.scenes.traffic.trajectories import Trajectories
from understudy.scenes.traffic.walkers import Walker, walk

Floats = NDArray[np.float64]
LEAD_S = 4.0
"""s that they have walked when the scenario begins."""
SIDEWALK_M = (0.3, 2.45)
"""m from the kerb between which they walk."""
KERB_M = 0.12
STOUT_M = 0.18
"""Half the width of what stands in the way."""
IN_THE_WAY = ("pole", "vegetation", "traffic sign", "traffic light")
NEAR_M = 90.0
"""m before the ego's way and behind it."""
SMOOTH_S = 0.3
APART_M = 1.0


def walkers_around(
    settings: Traffic, place: Place, everybody: Trajectories, actors: Sequence[Actor], draw: Draws, first_track: int
) -> tuple[Actor, ...]:
    """Walkers on both sidewalks, in both directions; nobody on a motorway.

    Args:
        everybody: who drives; walkers who would come too near to them are left out.
        actors: what stands there already.
    """
    count = 0 if place.kind == "motorway" else draw(settings.walkers, "traffic/walkers")
    if not count:
        return ()
    low, high = float(everybody.position_m[:, 0, 0].min()) - 20.0, float(everybody.position_m[:, 0, 0].max()) + NEAR_M
    people = [_walker(number, place, low, high, draw.at(f"traffic/walkers/{number}")) for number in range(count)]
    borders = _borders(place, actors, low - 200.0, high + 200.0)
    times = everybody.times_s
    moved = walk(people, LEAD_S + float(times[-1]), borders=borders, leave=False)
    moved = _since(moved, times)
    unlucky = {first for first, _ in meetings(moved, everybody, APART_M)}
    made: list[Actor] = []
    for number, one in enumerate(people):
        if number not in unlucky:
            made.append(_actor(one.id, first_track + len(made), moved, number, draw.at(one.id)))
    return tuple(made)


def _walker(number: int, place: Place, low: float, high: float, draw: Draws) -> Walker:
    """Somebody somewhere on a sidewalk, who goes straight along it."""
    right = draw.quantile("side") < 0.5
    near, far = SIDEWALK_M
    kerb = 0.5 * place.lane_width + (2.3 if place.kind == "street" else 0.0)
    aside = kerb + near + 0.3 + (far - near - 0.6) * draw.quantile("aside")
    y = -aside if right else place.lane_width + aside
    ahead = draw.quantile("direction") < 0.5
    x = low + (high - low) * draw.quantile("place")
    speed = float(np.clip(1.34 + 0.26 * np.sqrt(2) * _erfinv(2 * draw.quantile("speed") - 1), 0.6, 2.0))
    goal = x + (300.0 if ahead else -300.0)
    return Walker(f"traffic/walkers/{number}", np.array([[x, y], [goal, y]]), speed)


def _erfinv(value: float) -> float:
    from scipy.special import erfinv

    return float(erfinv(value))


def _borders(place: Place, actors: Sequence[Actor], low: float, high: float) -> Floats:
    """(m, 4): kerbs, house fronts, and around what stands on the sidewalks."""
    kerb = 0.5 * place.lane_width + (2.3 if place.kind == "street" else 0.0)
    lines = []
    for near in SIDEWALK_M:
        away = kerb + near + (-0.25 if near == SIDEWALK_M[0] else 0.25)
        lines += [(low, -away, high, -away), (low, place.lane_width + away, high, place.lane_width + away)]
    categories = {IDS[name] for name in IN_THE_WAY}
    for one in actors:
        if one.body.category in categories:
            x, y = one.body.links[0].motion.positions[0, :2]
            lines += [(x - STOUT_M, y, x + STOUT_M, y), (x, y - STOUT_M, x, y + STOUT_M)]
    return np.array(lines)


def _since(moved: Trajectories, times: Floats) -> Trajectories:
    """From the scenario's beginning on."""
    first = len(moved.times_s) - len(times)
    return Trajectories(
        times, moved.agents, moved.position_m[first:], moved.heading_rad[first:], moved.speed_mps[first:], moved.present[first:]
    )  # fmt: skip


def _actor(name: str, track: int, moved: Trajectories, number: int, draw: Draws) -> Actor:
    times, path = moved.times_s, moved.position_m[:, number].copy()
    path[:, 2] = KERB_M
    heading = np.unwrap(moved.heading_rad[:, number])
    width = max(1, round(SMOOTH_S / (times[1] - times[0])))
    heading = np.convolve(np.pad(heading, width, mode="edge"), np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
    body = person(name, IDS["pedestrian"], track, look(draw.generator("look")), times, path, heading, "walk")
    return Actor(body, (), "pedestrian", along(times, path, heading))
