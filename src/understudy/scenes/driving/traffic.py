"""Traffic that flows around a scenario: on all lanes of the place, moved by `traffic.flow` or by SUMO, and in nobody's way.

The scenario's agents are guests of the simulation: they go as the scenario says, and the others mind them. The ego's driver in turn knows
the scenario's agents alone. So who would come too near before the ego, or touch anybody, is taken out, and the rest drive again without.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.driving.actors import Actor, actor, agent_kind, car_model, motion_of
from understudy.scenes.driving.moving import without
from understudy.scenes.driving.places import Place
from understudy.scenes.driving.settings import Traffic
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.roads.lanes import Cycle, lanes_of
from understudy.scenes.roads.moving import moved as moved_network
from understudy.scenes.roads.opendrive_writing import write_opendrive
from understudy.scenes.spec.draws import Draws
from understudy.scenes.spec.values import normal_score
from understudy.scenes.traffic.flow import Vehicle, simulate
from understudy.scenes.traffic.lanes import Lane
from understudy.scenes.traffic.meetings import meetings
from understudy.scenes.traffic.trajectories import Agent, Trajectories

Floats = NDArray[np.float64]
LEAD_S = 6.0
"""s that traffic has flowed when the scenario begins."""
REACH_M = 280.0
"""m from the ego's way within which there is traffic."""
SEEN_M = 260.0
"""m from the ego within which a vehicle comes at some time, if it is shown at all."""
BEYOND_M = 400.0
"""m that lanes go on where the road ends, so that nobody vanishes there."""
CLEAR_M, CLEAR_S = 6.0, 0.9
"""Room before the ego in its lane, at a stand and a second of its speed."""
APART_M = 0.3
ROUNDS = 2
"""Times that all drive again without those in the way; who is in the way then is taken out, and the rest stays as it drove."""
SLOWEST_MPS = 6.0
HEAVY = {"truck": 25.0, "semi-trailer": 24.0, "bus": 27.0}
"""m/s that these go at most."""
MOTORCYCLE_M = (2.2, 0.9, 1.7)
EMPTY = Trajectories(
    np.zeros(0), (), np.zeros((0, 0, 3)), np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), dtype=np.bool_)
)  # fmt: skip


def traffic_around(
    settings: Traffic, place: Place, scenario: Trajectories, sizes: Sequence[tuple[float, float, float]], draw: Draws
) -> Trajectories:
    """The vehicles of traffic at the scenario's times; nobody where there is none.

    Args:
        sizes: of the scenario's agents as they are shown; the larger of these and the scenario's own counts.

    Raises:
        MissingExtraError: SUMO is asked for and not installed.
    """
    density = draw(settings.per_km, "traffic/per_km")
    times = scenario.times_s
    nobody = replace(
        EMPTY, times_s=times, position_m=np.zeros((len(times), 0, 3)), heading_rad=np.zeros((len(times), 0)),
        speed_mps=np.zeros((len(times), 0)), present=np.zeros((len(times), 0), dtype=np.bool_),
    )  # fmt: skip
    if density <= 0:
        return nobody
    guests = _guests(scenario, sizes)
    lanes = _lanes(place)
    vehicles = _vehicles(settings, place, lanes, guests, density, draw)
    moved = _by_sumo(place, lanes, vehicles, guests, draw) if settings.simulator == "sumo" else _by_flow(lanes, vehicles, guests, draw)
    lead = len(guests.times_s) - len(times)
    return _shown(_cut(moved, lead, times), scenario) if moved.agents else nobody


def traffic_actors(traffic: Trajectories, draw: Draws, *, dark: bool, first_track: int) -> tuple[Actor, ...]:
    """The bodies of the vehicles, in their order."""
    return tuple(
        actor(agent.id, number, _model(agent, draw.at(agent.id)), motion_of(traffic, place), draw.at(agent.id), dark=dark)
        for place, (number, agent) in enumerate(enumerate(traffic.agents, first_track))
    )


def _model(agent: Agent, draw: Draws) -> str:
    return str(draw.drawn.get("/".join((agent.id, "model")), agent.kind))


def _guests(scenario: Trajectories, sizes: Sequence[tuple[float, float, float]]) -> Trajectories:
    """The scenario's agents at its times and `LEAD_S` before, when they came at their first speeds; time 0 is then."""
    steps = round(LEAD_S / (scenario.times_s[1] - scenario.times_s[0]))
    step = float(scenario.times_s[1] - scenario.times_s[0])
    before = (np.arange(-steps, 0) * step)[:, None]
    velocity = np.concatenate([scenario.velocity_mps[0], np.zeros((len(scenario.agents), 1))], axis=1)
    place = np.concatenate([scenario.position_m[0] + before[..., None] * velocity, scenario.position_m])
    agents = tuple(
        Agent(agent.id, agent.kind, tuple(np.maximum(agent.size_m, size).tolist()))
        for agent, size in zip(scenario.agents, sizes, strict=True)
    )

    def held(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([np.repeat(values[:1], steps, axis=0), values])

    return Trajectories(
        np.arange(steps + len(scenario.times_s)) * step, agents, place, held(scenario.heading_rad), held(scenario.speed_mps),
        np.concatenate([np.repeat(scenario.present[:1], steps, axis=0), scenario.present]),
    )  # fmt: skip


def _lanes(place: Place) -> list[Lane]:
    """The place's lanes where the scenario has them; along the ego's way lights are green, across it red."""
    shift = place.motion.positions[0]
    made = []
    for lane in lanes_of(place.network, cycle=Cycle(green=60.0)):
        centre = lane.centre + shift
        if not lane.successors:
            way = centre[-1] - centre[-2]
            centre = np.concatenate([centre, centre[-1:] + BEYOND_M * way / np.linalg.norm(way)])
        made.append(replace(lane, centre=centre))
    return made


def _vehicles(settings: Traffic, place: Place, lanes: list[Lane], guests: Trajectories, density: float, draw: Draws) -> list[Vehicle]:
    """Vehicles on all lanes but the ways through junctions, at distances that vary by themselves, each from draws of its own path."""
    spread = draw(settings.spread, "traffic/spread")
    shares = draw.settings(settings.kinds, "traffic/kinds")
    ego = guests.position_m[:, 0, :2]
    pace = max(float(guests.speed_mps[0, 0]), SLOWEST_MPS)
    made: list[Vehicle] = []
    for number, lane in enumerate(lanes):
        if place.network.roads[lane.id.split("/")[0]].junction is not None:
            continue
        here, station, count = draw.at(f"traffic/{number}"), 0.0, 0
        end = lane.length_m - (0.0 if lane.successors else BEYOND_M)
        aims = pace if place.kind == "motorway" else min(lane.speed_limit_mps, max(pace, 10.0))
        while True:
            at = here.at(str(count))
            station += 1000.0 / density * (0.4 + 1.2 * at.quantile("gap")) * (0.5 if count == 0 else 1.0)
            count += 1
            if station > end - 10.0:
                break
            if np.linalg.norm(ego - lane.at(np.array(station))[0][:2], axis=1).min() > REACH_M:
                continue
            speed = aims * (1.0 + spread * normal_score(at.quantile("wish")))
            one = _vehicle(f"traffic/{number}/{count - 1}", lane, at, shares, speed)
            if made and made[-1].lane == lane.id:
                station = max(station, made[-1].station_m + 0.5 * (made[-1].size_m[0] + one.size_m[0]) + 8.0)
            placed = replace(one, station_m=station)
            if station + 0.5 * one.size_m[0] < end and _has_room(placed, lane, guests):
                made.append(placed)
    return made


def _vehicle(name: str, lane: Lane, draw: Draws, shares: object, speed: float) -> Vehicle:
    weights = {kind.replace("_", "-"): float(share) for kind, share in shares}  # type: ignore[attr-defined]
    ends = np.cumsum(list(weights.values()))
    kind = list(weights)[int(np.searchsorted(ends, draw.quantile("kind_of_vehicle") * max(ends[-1], 1e-9)))] if ends[-1] > 0 else "car"
    model = car_model(draw) if kind == "car" else kind
    draw.note("model", model)
    size = MOTORCYCLE_M if model == "motorcycle" else vehicle(model, draw.generator("model")).size
    speed = min(max(speed, SLOWEST_MPS), HEAVY.get(model, 60.0))
    return Vehicle(name, lane.id, 0.0, speed, agent_kind(model), size, speed / lane.speed_limit_mps)


def _has_room(one: Vehicle, lane: Lane, guests: Trajectories) -> bool:
    """Whether no guest is near on this lane at first."""
    station, aside = lane.station_of(guests.position_m[0])
    room = 0.5 * one.size_m[0] + 8.0 + 0.6 * guests.speed_mps[0]
    return not bool(((np.abs(aside) < lane.width_m) & (np.abs(station - one.station_m) < room) & guests.present[0]).any())


def _by_flow(lanes: list[Lane], vehicles: list[Vehicle], guests: Trajectories, draw: Draws) -> Trajectories:
    duration = float(guests.times_s[-1])
    for _ in range(ROUNDS):
        moved = simulate(lanes, vehicles, duration, draw.stream("traffic/turns"), guests=guests)
        wrong = _in_the_way(moved, guests)
        if not wrong:
            return moved
        vehicles = [one for place, one in enumerate(vehicles) if place not in wrong]
    return without(moved, sorted(wrong))


def _by_sumo(place: Place, lanes: list[Lane], vehicles: list[Vehicle], guests: Trajectories, draw: Draws) -> Trajectories:
    from understudy.scenes.traffic.sumo import around_guests

    x, y, _ = place.motion.positions[0]
    by_id = {lane.id: lane for lane in lanes}
    spots = np.array([by_id[one.lane].at(np.array(one.station_m))[0][:2] for one in vehicles]).reshape(-1, 2)
    with tempfile.TemporaryDirectory() as folder:
        roads = Path(folder) / "roads.xodr"
        write_opendrive(moved_network(place.network, float(x), float(y)), roads)
        moved = around_guests(roads, vehicles, spots, guests, green_rad=0.0, seed=int(draw.generator("traffic/sumo").integers(2**31)))
    return without(moved, sorted(_in_the_way(moved, guests)))


def _in_the_way(moved: Trajectories, guests: Trajectories) -> set[int]:
    """Places of vehicles that touch somebody while the scenario runs, or come too near before the ego. Of two that touch each other it is
    the one that comes later in the list."""
    since = round(LEAD_S / (guests.times_s[1] - guests.times_s[0])) - 10
    late, others = _cut(moved, since, moved.times_s[since:]), _cut(guests, since, moved.times_s[since:])
    wrong = set(_before_the_ego(late, others).tolist())
    wrong |= {first for first, _ in meetings(late, others, APART_M)}
    for first, second in meetings(late, late, APART_M):
        if first < second and first not in wrong and second not in wrong:
            wrong.add(second)
    return wrong


def _before_the_ego(moved: Trajectories, guests: Trajectories) -> NDArray[np.int64]:
    away = moved.position_m[..., :2] - guests.position_m[:, :1, :2]
    c, s = np.cos(guests.heading_rad[:, :1]), np.sin(guests.heading_rad[:, :1])
    ahead, aside = away[..., 0] * c + away[..., 1] * s, np.abs(away[..., 1] * c - away[..., 0] * s)
    size = np.array([agent.size_m[:2] for agent in moved.agents]).reshape(-1, 2)
    ego_long, ego_wide = guests.agents[0].size_m[:2]
    gap = ahead - 0.5 * (size[:, 0] + ego_long)
    same = (aside < 0.5 * (size[:, 1] + ego_wide)) & (ahead > 0) & (np.cos(moved.heading_rad - guests.heading_rad[:, :1]) > 0.5)
    with np.errstate(invalid="ignore"):
        near = same & moved.present & (gap < CLEAR_M + CLEAR_S * guests.speed_mps[:, :1])
    return np.flatnonzero(near.any(axis=0))


def _cut(moved: Trajectories, first: int, times: Floats) -> Trajectories:
    """From a step on, at these times."""
    lane = None if moved.lane is None else moved.lane[first:]
    return replace(
        moved, times_s=times, position_m=moved.position_m[first:], heading_rad=moved.heading_rad[first:], speed_mps=moved.speed_mps[first:],
        present=moved.present[first:], lane=lane,
    )  # fmt: skip


def _shown(moved: Trajectories, scenario: Trajectories) -> Trajectories:
    """Those who are there all the time, and come within sight of the ego at some time."""
    away = np.linalg.norm(moved.position_m[..., :2] - scenario.position_m[:, :1, :2], axis=-1)
    far = ~moved.present.all(axis=0) | (np.nan_to_num(away, nan=np.inf).min(axis=0) > SEEN_M)
    return without(moved, np.flatnonzero(far).tolist())
