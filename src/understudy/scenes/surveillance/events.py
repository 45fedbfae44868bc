"""Who goes where: walks that keep clear of things and of each other, and the people of an event.

People are placed one after the other, each clear of all before, so that one more changes no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.labels.events import events
from understudy.scenes.spec.draws import Draws
from understudy.scenes.spec.placing import placed
from understudy.scenes.surveillance.places import Place

Floats = NDArray[np.float64]
STEP = 0.1
APART = 0.75
"""m between the middles of two people, at least."""
ROUNDING = 0.15
"""m more than that while legs are chosen: the corners between them are rounded afterwards."""
LEGS = 160
CHOICES = 12
"""How many legs are tried for a walk, and how many ways for a leg."""
MARGIN = 0.4
LEAST_STORY = 30.0
"""s that a story lasts; clips are cut out of it."""
MOMENT = 9.0
"""s at which things happen."""
LEFT = 5.0
"""m from which its owner has abandoned a bag."""
LOITER = 2.5
GATHERED = 3.0


@dataclass
class Role:
    """A person of the story. path: (T, 2) m. since: when the action begins."""

    name: str
    path: Floats
    action: str = "walk"
    since: float | None = None
    facing: tuple[float, float] | None = None


@dataclass
class Story:
    """times: (T,) s. bag: (T, 3) m, its owner is the first role. kinds of events with their rows."""

    times: Floats
    roles: list[Role] = field(default_factory=list)
    bag: Floats | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    def clear(self, path: Floats) -> bool:
        """Whether this path keeps its distance from everybody's, at all times."""
        return all(bool((np.linalg.norm(role.path - path, axis=1) > APART).all()) for role in self.roles)


def story_of(event: str, people: int, crowd: int, place: Place, duration: float, draw: Draws) -> Story:
    """The people of the event, then those who walk about. Tracks count people from 1 in this order; the bag comes after all.

    Raises:
        ConstraintError: no way was found for somebody.
    """
    times: Floats = np.arange(round(max(LEAST_STORY, duration + 4.0) / STEP) + 1, dtype=np.float64) * STEP
    story = Story(times)
    here = draw.at("event")
    if event == "crowd":
        _crowd(story, place, crowd, here)
    elif event != "none":
        _alone(event, story, place, here)
    for number in range(people):
        at = draw.at(f"people/{number}")
        _join(story, place, at, f"people/{number}", lambda d: _wander(place, story, d), tries=60)
    if story.bag is not None:
        away = np.linalg.norm(story.bag[:, :2] - story.roles[0].path, axis=1)
        story.rows += events("abandoned-bag", story.times, (away > LEFT) & (story.bag[:, 2] < 1e-9), [1, len(story.roles) + 1])
    return story


def _join(
    story: Story,
    place: Place,
    draw: Draws,
    name: str,
    propose: Callable[[Draws], Floats],
    *,
    zone: bool = True,
    tries: int = 600,
    **more: Any,
) -> Floats:
    """Place somebody whose path fits, and give the path."""
    tests = {"clear of things": lambda path: place.free(path, MARGIN, zone=zone), "apart from others": story.clear}
    path: Floats = placed(draw, propose, tests, tries=tries, what=name)
    story.roles.append(Role(name, path, **more))
    return path


def _spot(place: Place, draw: Draws, name: str, share: float = 0.9) -> Floats:
    return np.array([place.half[axis] * share * (2 * draw.quantile(f"{name}/{axis}") - 1) for axis in range(2)])


def _wander(place: Place, story: Story, draw: Draws) -> Floats:
    """From spot to spot, with pauses now and then. Each leg is one in which nobody is in the way; where none is found, the last is taken
    back. Where that leads nowhere the path leads out of the place, and is refused."""
    rng, end = draw.generator("walk"), float(story.times[-1])
    others = np.array([role.path for role in story.roles]).reshape(-1, len(story.times), 2)
    speed = 0.9 + 0.6 * rng.random()
    legs = [(0.0, _start_spot(place, others, rng))]
    for _ in range(LEGS):
        if legs[-1][0] > end:
            return _smooth(story.times, np.array([leg[0] for leg in legs]), np.array([leg[1] for leg in legs]))
        leg = _leg(place, story.times, others, legs[-1], speed, rng)
        if leg is not None:
            legs.append(leg)
        elif len(legs) > 1:
            legs.pop()
    return np.full((len(story.times), 2), np.inf)


def _start_spot(place: Place, others: Floats, rng: np.random.Generator) -> Floats:
    """A spot where nobody is at first; the last of many tries if none is."""
    spot = np.zeros(2)
    for _ in range(60):
        spot = 0.9 * np.asarray(place.half) * rng.uniform(-1, 1, 2)
        if place.free(spot[None], MARGIN + 0.1) and (np.linalg.norm(others[:, 0] - spot, axis=-1) > APART + ROUNDING).all():
            break
    return spot


def _leg(
    place: Place, times: Floats, others: Floats, since: tuple[float, Floats], speed: float, rng: np.random.Generator
) -> tuple[float, Floats] | None:
    """When and where the next leg ends; None where each of some tries is blocked by things or people."""
    start, here = since
    for _ in range(CHOICES):
        there = here if rng.random() < 0.25 else 0.9 * np.asarray(place.half) * rng.uniform(-1, 1, 2)
        way = float(np.linalg.norm(there - here))
        lasts = way / speed if way > 0 else 1.0 + 7.0 * rng.random()
        if 0 < way < 1.5 or not place.free(here + np.linspace(0, 1, 60)[:, None] * (there - here), MARGIN + 0.1):
            continue
        during = (times >= start - STEP) & (times <= start + lasts + STEP)
        path = here + np.clip((times[during] - start) / lasts, 0.0, 1.0)[:, None] * (there - here)
        if (np.linalg.norm(others[:, during] - path, axis=-1) > APART + ROUNDING).all():
            return start + lasts, there
    return None


def _free_spot(place: Place, draw: Draws, name: str) -> Floats:
    """A spot that is free; the last of many tries if none is."""
    spot = _spot(place, draw, f"{name}/0")
    for number in range(1, 40):
        if place.free(spot[None], MARGIN + 0.1):
            break
        spot = _spot(place, draw, f"{name}/{number}")
    return spot


def _next_spot(place: Place, start: Floats, draw: Draws, name: str) -> Floats:
    """A spot with a free straight way to it; where there is none the person stays."""
    for number in range(40):
        spot = _spot(place, draw, f"{name}/{number}")
        if np.linalg.norm(spot - start) > 2.0 and place.free(start + np.linspace(0, 1, 60)[:, None] * (spot - start), MARGIN + 0.1):
            return spot
    return start


def _smooth(times: Floats, moments: Floats, points: Floats) -> Floats:
    """(T, 2), through the points at these moments, corners rounded within .8 s."""
    offsets = np.linspace(-0.4, 0.4, 9)
    return np.stack(
        [np.mean([np.interp(times + offset, moments, points[:, axis]) for offset in offsets], axis=0) for axis in range(2)], axis=1
    )


def _alone(event: str, story: Story, place: Place, draw: Draws) -> None:
    """An event of one person; adds its rows, but those of the bag, which need all tracks."""
    times = story.times
    if event == "fall":
        _join(story, place, draw, "event/0", lambda d: _halting(place, times, d, room=1.9), action="fall", since=MOMENT)
        story.rows += events("fall", times, times >= MOMENT, [1])
    elif event == "loitering":
        path = _join(story, place, draw, "event/0", lambda d: _loiter(place, times, d))
        centre = (path.min(axis=0) + path.max(axis=0)) / 2
        story.rows += events("loitering", times, times >= 0, [1], place=[float(c) for c in centre], radius=LOITER)
    elif event == "intrusion":
        path = _join(story, place, draw, "event/0", lambda d: _intrude(place, times, d), zone=False)
        story.rows += events("intrusion", times, _within(place.zone, path), [1])
    elif event == "running":
        path = _join(story, place, draw, "event/0", lambda d: _run(place, times, d), action="run", since=MOMENT)
        fast = np.linalg.norm(np.gradient(path, STEP, axis=0), axis=1) > 2.0
        story.rows += events("running", times, fast, [1])
    else:
        path = _join(story, place, draw, "event/0", lambda d: _leave_bag(place, times, d))
        story.bag = _carried(path, times)


def _within(zone: tuple[float, float, float, float], path: Floats) -> NDArray[np.bool_]:
    return np.asarray((path >= zone[:2]).all(axis=1) & (path <= zone[2:]).all(axis=1))


def _line(place: Place, draw: Draws, length: float) -> tuple[Floats, Floats]:
    """A start and a goal `length` m apart."""
    start, angle = _free_spot(place, draw, "start"), 2 * np.pi * draw.quantile("angle")
    return start, start + length * np.array([np.cos(angle), np.sin(angle)])


def _halting(place: Place, times: Floats, draw: Draws, room: float) -> Floats:
    """Walks, and lies from the moment on; `room` m ahead are free, else the path leads out of the place."""
    start, goal = _line(place, draw, 5.0)
    way = (goal - start) / 5.0
    if not place.free(goal + np.linspace(0, room, 20)[:, None] * way, MARGIN):
        return np.full((len(times), 2), np.inf)
    return _smooth(times, np.array([0.0, MOMENT - 4.4, MOMENT - 0.3]), np.array([start, start, goal]))


def _loiter(place: Place, times: Floats, draw: Draws) -> Floats:
    """Up and down within a circle."""
    centre, moments = _free_spot(place, draw, "centre"), [0.0]
    points: list[Floats] = []
    while moments[-1] < times[-1] + 1:
        number = len(points)
        angle, away = 2 * np.pi * draw.quantile(f"angle/{number}"), 0.85 * LOITER * draw.quantile(f"away/{number}") ** 0.5
        points.append(centre + away * np.array([np.cos(angle), np.sin(angle)]))
        step = float(np.linalg.norm(points[-1] - points[-2])) if number else 0.0
        moments += [moments[-1] + step / 0.9 + 0.2, moments[-1] + step / 0.9 + 0.4 + 3 * draw.quantile(f"rest/{number}")]
    doubled = np.repeat(np.array(points), 2, axis=0)
    return _smooth(times, np.array(moments[1:]), doubled)


def _intrude(place: Place, times: Floats, draw: Draws) -> Floats:
    """Walks into the zone, stays a while, and walks out."""
    x0, y0, x1, y1 = place.zone
    start, stop = _free_spot(place, draw, "start"), _free_spot(place, draw, "stop")
    inside = np.array([x0 + 0.6 + (x1 - x0 - 1.2) * draw.quantile("x"), y0 + 0.6 + (y1 - y0 - 1.2) * draw.quantile("y")])
    there, back = (float(np.linalg.norm(inside - spot)) / 1.25 for spot in (start, stop))
    return _smooth(
        times,
        np.array([0.0, max(0.1, MOMENT - there), MOMENT + 0.1, MOMENT + 4, MOMENT + 4 + back]),
        np.array([start, start, inside, inside, stop]),
    )


def _run(place: Place, times: Floats, draw: Draws) -> Floats:
    """Stands, then runs a straight line."""
    length = min(1.5 * place.half[1], 14.0)
    start, goal = _line(place, draw, length)
    return _smooth(times, np.array([0.0, MOMENT, MOMENT + length / 3.6]), np.array([start, start, goal]))


def _leave_bag(place: Place, times: Floats, draw: Draws) -> Floats:
    """Walks to a spot, puts the bag down, and walks more than 5 m away."""
    spot = _free_spot(place, draw, "spot")
    start, goal = _next_spot(place, spot, draw, "start"), _next_spot(place, spot, draw, "goal")
    if np.linalg.norm(goal - spot) < LEFT + 0.8:
        return np.full((len(times), 2), np.inf)
    there, away = (float(np.linalg.norm(one - spot)) / 1.25 for one in (start, goal))
    moments = np.array([min(0.0, MOMENT - 6 - there) - 0.1, MOMENT - 6 - there, MOMENT - 6, MOMENT - 4, MOMENT - 4 + away])
    return _smooth(times, moments, np.array([start, start, spot, spot, goal]))


def _carried(path: Floats, times: Floats) -> Floats:
    """(T, 3) where the bag's bottom is: in the right hand, then on the ground beside where its owner stopped."""
    way = np.gradient(path, STEP, axis=0)
    moving = np.linalg.norm(way, axis=1) > 0.3
    heading = np.unwrap(np.arctan2(way[:, 1], way[:, 0]))
    known = np.flatnonzero(moving & (times < MOMENT - 5))
    heading = np.interp(times, times[known], heading[known]) if len(known) else np.zeros_like(times)
    side = np.stack([np.sin(heading), -np.cos(heading)], axis=1)
    put = int(np.searchsorted(times, MOMENT - 4.6))
    spot = path + 0.36 * side
    spot[put:] = spot[put]
    height = 0.36 * np.clip((MOMENT - 4.6 - times) / 0.8, 0.0, 1.0)
    return np.column_stack([spot, height])


def _crowd(story: Story, place: Place, count: int, draw: Draws) -> None:
    """People come from all around and stand in a ring; it is a crowd when all but two are there."""
    times = story.times
    centre = placed(draw, lambda d: _free_spot(place, d, "centre"), {"room": lambda spot: _roomy(place, spot)}, tries=300, what="a crowd")
    for number in range(count):
        angle = 2 * np.pi * number / 14 * (14 / count if count < 7 else 2) + (np.pi / 14 if number >= 7 else 0.0)
        goal = centre + (1.2 if number < 7 else 2.1) * np.array([np.cos(angle), np.sin(angle)])

        def come(d: Draws, goal: Floats = goal, arrives: float = MOMENT - 4 + 0.8 * number) -> Floats:
            start = _next_spot(place, goal, d, "start")
            begins = max(0.0, arrives - float(np.linalg.norm(goal - start)) / (1.0 + 0.5 * d.quantile("speed")))
            return _smooth(times, np.array([begins, max(arrives, begins + 0.1)]), np.array([start, goal]))

        toward = (float(centre[0]), float(centre[1]))
        _join(story, place, draw.at(f"people/{number}"), f"event/{number}", come, facing=toward)
    near = np.array([np.linalg.norm(role.path - centre, axis=1) < GATHERED for role in story.roles]).sum(axis=0)
    tracks = list(range(1, count + 1))
    story.rows += events("crowd", times, near >= count - 2, tracks, least=1.0, place=[float(c) for c in centre], radius=GATHERED)


def _roomy(place: Place, spot: Floats) -> bool:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return place.free(spot + np.concatenate([radius * ring for radius in (0.6, 1.2, 1.7, 2.2)]), MARGIN)
