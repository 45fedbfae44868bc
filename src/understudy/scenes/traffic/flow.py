"""Traffic on a network of lanes: vehicles follow by the IDM, change lanes by MOBIL, stop at lights, give way, turn as they like.

Everybody moves at once, in steps: who is ahead of whom is found by sorting along each lane and looking on into the lanes that follow, so
a step costs a sort. A change of lanes is decided at once and takes some seconds sideways; until a vehicle is over, it is in the way on the
lane that it leaves, and minds who is ahead there. Guests, whose motion is given, are on every lane that they stand on or soon will:
vehicles follow them, wait for them and let them in. Where nobody enters, the number of vehicles only falls as they leave at lanes that end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, ConstraintError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.traffic.drivers import Idm, Mobil, advance, idm_kernel
from understudy.scenes.traffic.lanes import Lane, checked
from understudy.scenes.traffic.trajectories import Agent, Floats, Trajectories

Indices = NDArray[np.int64]

AHEAD_LANES = 4  # how many lanes ahead are looked into
CHANGE_S = 4.0  # how long a change of lanes takes
LEFT_BEHIND = 0.7  # of a change of lanes, when the lane that is left is free again
FORESIGHT_S = 2.5  # who of the guests will be on a lane within this time is on it already
CHANGE_REST_S = 6.0  # from one change to the next
THINKS_S = 0.5  # how often a driver thinks of a change
APPROACH_S = 4.0  # who is nearer than this in time to a crossing goes before those who give way
STOP_GAP_M = 1.0  # from a vehicle's front to the line it stops at
SLOWING_MPS2 = 1.0  # before a lane with a lower limit
TOO_FAST = 0.85  # of its speed: what a driver aims at who is above the limit, so that braking is gentle
BRAKE_FOR_YELLOW_MPS2 = 3.0  # who would have to brake harder drives on


@dataclass(frozen=True)
class Vehicle:
    """A vehicle at the beginning. station_m: its middle, along the lane. wish: times the speed limit, as its driver likes it; 0.8 … 1.2."""

    id: str
    lane: str
    station_m: float
    speed_mps: float
    kind: str = "car"
    size_m: tuple[float, float, float] = (4.6, 1.85, 1.5)
    wish: float = 1.0


@dataclass(frozen=True)
class Drivers:
    """How all of them drive: IDM (its desired speed is the lane's limit times each vehicle's wish) and MOBIL."""

    idm: Idm = field(default_factory=lambda: Idm(headway_s=1.4, hardest_brake_mps2=8.0))
    mobil: Mobil = field(default_factory=Mobil)


def scattered(
    lanes: Sequence[Lane],
    count: int,
    rng: Stream,
    *,
    spacing_m: float = 12.0,
    kinds: Sequence[tuple[str, tuple[float, float, float], float]] = (),
) -> list[Vehicle]:
    """So many vehicles at random places of the driving lanes, at least `spacing_m` from middle to middle.

    Args:
        kinds: (kind, size, weight) to draw from; without, all are cars.

    Raises:
        ConstraintError: the lanes have no room for so many.
    """
    usable = [lane for lane in lanes if lane.kind == "driving"]
    slots = [(lane, k) for lane in usable for k in range(int(lane.length_m // spacing_m))]
    if count > len(slots):
        raise ConstraintError(
            f"{count} vehicles do not fit on lanes of {sum(lane.length_m for lane in usable):,.0f} m.",
            remedy=f"Ask for at most {len(slots)}, or for less than {spacing_m:g} m between them.",
        )
    draws = rng.generator()
    chosen = np.sort(draws.permutation(len(slots))[:count])
    return [
        _placed(slots[slot][0], slots[slot][1], f"vehicle{number}", spacing_m, rng.child("vehicle", number), kinds)
        for number, slot in enumerate(chosen)
    ]


def _placed(
    lane: Lane, slot: int, name: str, spacing_m: float, rng: Stream, kinds: Sequence[tuple[str, tuple[float, float, float], float]]
) -> Vehicle:
    draws = rng.generator()
    wish, kind, size = float(np.clip(draws.normal(1.0, 0.1), 0.7, 1.3)), "car", (4.6, 1.85, 1.5)
    if kinds:
        weights = np.array([weight for _, _, weight in kinds])
        kind, size, _ = kinds[int(draws.choice(len(kinds), p=weights / weights.sum()))]
    return Vehicle(name, lane.id, (slot + 0.5) * spacing_m, 0.7 * wish * lane.speed_limit_mps, kind, size, wish)


def simulate(
    lanes: Iterable[Lane],
    vehicles: Sequence[Vehicle],
    duration_s: float,
    rng: Stream,
    *,
    step_s: float = 0.1,
    drivers: Drivers | None = None,
    guests: Trajectories | None = None,
) -> Trajectories:
    """The motion of all vehicles.

    Args:
        lanes: the network.
        vehicles: at the beginning.
        duration_s, step_s: > 0; steps above 0.5 s are too coarse for the drivers.
        rng: decides where each vehicle turns.
        guests: others, whose motion is given at the same times; they are not in what is given back.

    Raises:
        ArgumentError: a lane that is not there, a vehicle beyond its lane's end, vehicles that overlap on a lane, wrong times, or guests
            at other times.
    """
    if not (duration_s >= 0 and 0 < step_s <= 0.5):
        raise ArgumentError(f"A duration of {duration_s:g} s in steps of {step_s:g} s cannot be simulated.", remedy="Take steps of 0.1 s.")
    network = checked(lanes)
    _refuse_misplaced(network, vehicles)
    frames = round(duration_s / step_s) + 1
    if guests is not None and (len(guests.times_s) < frames or not np.allclose(guests.times_s[:frames], np.arange(frames) * step_s)):
        raise ArgumentError("The guests are at other times.", remedy=f"Give them in steps of {step_s:g} s for {duration_s:g} s.")
    traffic = _Traffic(list(network.values()), vehicles, rng, drivers or Drivers(), step_s, guests)
    for frame in range(frames):
        traffic.record()
        if frame < frames - 1:
            traffic.step(frame * step_s)
    return traffic.trajectories()


def _refuse_misplaced(network: dict[str, Lane], vehicles: Sequence[Vehicle]) -> None:
    by_lane: dict[str, list[Vehicle]] = {}
    for vehicle in vehicles:
        where = f"vehicle {vehicle.id}"
        if vehicle.lane not in network:
            raise ArgumentError(f'There is no lane "{vehicle.lane}".', where=where, remedy=did_you_mean(vehicle.lane, network))
        if not 0 <= vehicle.station_m <= network[vehicle.lane].length_m:
            raise ArgumentError(f"{vehicle.station_m:g} m is beyond its lane of {network[vehicle.lane].length_m:g} m.", where=where)
        by_lane.setdefault(vehicle.lane, []).append(vehicle)
    for on_lane in by_lane.values():
        ordered = sorted(on_lane, key=lambda vehicle: vehicle.station_m)
        for behind, ahead in pairwise(ordered):
            if ahead.station_m - behind.station_m < 0.5 * (ahead.size_m[0] + behind.size_m[0]):
                raise ArgumentError(f"{behind.id} and {ahead.id} overlap on lane {ahead.lane}.", remedy="Put them farther apart.")


@dataclass(frozen=True)
class _Guests:
    """Guests as the traffic on lanes sees them, one entry for each lane that one of them is ever on: E of them, at S times.

    lane, owner: (E,). station, speed, half: (S, E) along the lane. there: (S, E).
    """

    lane: Indices
    owner: Indices
    station: Floats
    speed: Floats
    half: Floats
    there: NDArray[np.bool_]


def _guests_on(lanes: Sequence[Lane], guests: Trajectories | None, step_s: float) -> _Guests:
    found = []
    for place, agent in enumerate(guests.agents if guests is not None else ()):
        assert guests is not None
        present = guests.present[:, place]
        spot = np.nan_to_num(guests.position_m[:, place])
        for number, lane in enumerate(lanes):
            station, aside = lane.station_of(spot)
            turn = np.nan_to_num(guests.heading_rad[:, place]) - lane.at(station)[1]
            c, s = np.abs(np.cos(turn)), np.abs(np.sin(turn))
            length, width = agent.size_m[:2]
            on = present & (np.abs(aside) < 0.5 * (lane.width_m + c * width + s * length))
            if on.any():
                soon = np.lib.stride_tricks.sliding_window_view(
                    np.pad(on, (0, round(FORESIGHT_S / step_s))), round(FORESIGHT_S / step_s) + 1
                )
                speed = np.nan_to_num(guests.speed_mps[:, place]) * np.cos(turn)
                found.append((number, place, station, speed, 0.5 * (c * length + s * width), soon.any(axis=1) & present))
    if not found:
        steps = 0 if guests is None else len(guests.times_s)
        none, empty = np.zeros(0, dtype=np.int64), np.zeros((steps, 0))
        return _Guests(none, none, empty, empty, empty, np.zeros((steps, 0), dtype=np.bool_))
    lane_of, owner, *series = zip(*found, strict=True)
    station, speed, half, there = (np.stack(values, axis=1) for values in series)
    return _Guests(np.array(lane_of), np.array(owner), station, speed, half, there.astype(np.bool_))


class _Traffic:
    """The state of all who are on lanes, as arrays: lane, station, speed, and how far from the lane's middle they still are after a change.

    Of n vehicles and E guests the first n are the vehicles; n more stand for them on the lanes that they are leaving, where they do; then
    come the guests. `owner` says who each is.
    """

    def __init__(
        self,
        lanes: list[Lane],
        vehicles: Sequence[Vehicle],
        rng: Stream,
        drivers: Drivers,
        step_s: float,
        guests: Trajectories | None = None,
    ) -> None:
        places = {lane.id: place for place, lane in enumerate(lanes)}
        self._lanes, self._vehicles, self._drivers, self._step_s = lanes, vehicles, drivers, step_s
        self._length = np.array([lane.length_m for lane in lanes])
        self._limit = np.array([lane.speed_limit_mps for lane in lanes])
        self._left = np.array([places.get(lane.left or "", -1) for lane in lanes])
        self._right = np.array([places.get(lane.right or "", -1) for lane in lanes])
        self._successors = [np.array([places[name] for name in lane.successors], dtype=np.int64) for lane in lanes]
        self._before = [[place for place, options in enumerate(self._successors) if lane in options] for lane in range(len(lanes))]
        self._stops = [(places[lane.id], stop, [places[name] for name in stop.yields_to]) for lane in lanes for stop in lane.stops]
        self._guests, self._n = _guests_on(lanes, guests, step_s), len(vehicles)
        self._place(vehicles, places)
        self.aside, self.changed = np.zeros(self._n), np.full(self._n, -np.inf)
        self._turns = np.array([rng.child(vehicle.id).generator().random(len(lanes)) for vehicle in vehicles]).reshape(self._n, len(lanes))
        self._frames: list[tuple[NDArray[Any], ...]] = []
        idm = self._drivers.idm
        self._taste = (idm.headway_s, idm.standstill_m, idm.acceleration_mps2, idm.brake_mps2, idm.exponent)
        self._hardest, self._time, self._frame = float(idm.hardest_brake_mps2), 0.0, 0
        self._slower_ahead = np.full(len(self.lane), np.inf)

    def _place(self, vehicles: Sequence[Vehicle], places: dict[str, int]) -> None:
        def three(values: list[float], more: Floats | float) -> Floats:
            return np.concatenate([values, values, np.broadcast_to(more, len(self._guests.lane))])

        guests, numbers = self._guests, np.arange(self._n)
        own = np.array([places[vehicle.lane] for vehicle in vehicles], dtype=np.int64)
        self.lane = np.concatenate([own, own, guests.lane])
        self.owner = np.concatenate([numbers, numbers, self._n + guests.owner])
        self.wish = three([vehicle.wish for vehicle in vehicles], 1.0)
        self.station = three([vehicle.station_m for vehicle in vehicles], 0.0)
        self.speed = three([vehicle.speed_mps for vehicle in vehicles], 0.0)
        self.half = three([vehicle.size_m[0] / 2.0 for vehicle in vehicles], 0.0)
        self.present = np.repeat([True, False, False], [self._n, self._n, len(guests.lane)])
        self._show_guests(0)

    def _show_guests(self, frame: int) -> None:
        guests, first = self._guests, 2 * self._n
        if len(guests.lane):
            self.station[first:], self.speed[first:], self.half[first:] = guests.station[frame], guests.speed[frame], guests.half[frame]
            self.present[first:] = guests.there[frame]

    def step(self, time_s: float) -> None:
        """Everybody decides on the state as it is, then all move."""
        self._time, n = time_s, self._n
        self._slower_ahead = self._speeds_for_next_lanes()
        gap, closing = self._ahead()
        pull = np.minimum(self._pull(self.lane, gap, closing), self._pull_of_lines())
        leaving = np.where(self.present[n : 2 * n], pull[n : 2 * n], np.inf)
        pull = np.minimum(pull[:n], leaving)
        self._change_lanes(pull)
        after, way = advance(self.speed[:n], np.where(self.present[:n], pull, 0.0), self._step_s)
        way = np.where(self.present[:n], way, 0.0)
        self.speed[:n], self.speed[n : 2 * n] = after, after
        self.station[:n] += way
        self.station[n : 2 * n] += way
        self._enter_next_lanes()
        self._leave_lanes()
        self._show_guests(self._frame)

    def _leave_lanes(self) -> None:
        """Who is over far enough, or past the end of the lane left behind, is there no more."""
        n = self._n
        over = self._time + self._step_s - self.changed >= LEFT_BEHIND * CHANGE_S
        past = self.station[n : 2 * n] >= self._length[self.lane[n : 2 * n]]
        self.present[n : 2 * n] &= ~over & ~past & self.present[:n]

    def _pull(self, lane: Indices, gap: Floats, closing: Floats, who: Indices | slice = slice(None)) -> Floats:
        """The IDM's acceleration on a lane, (n,)."""
        idm, speed = self._drivers.idm, self.speed[who]
        desired = np.minimum(self._limit[lane] * self.wish[who], self._slower_ahead[who])
        mine = Idm(
            np.maximum(desired, TOO_FAST * speed), idm.headway_s, idm.standstill_m, idm.acceleration_mps2, idm.brake_mps2, idm.exponent,
            idm.hardest_brake_mps2,
        )  # fmt: skip
        return np.asarray(mine.acceleration(speed, gap, closing))

    def _speeds_for_next_lanes(self) -> Floats:
        """The speeds (n,) from which one can still brake in comfort to the limit of the lane that follows."""
        found = np.full(len(self.lane), np.inf)
        for vehicle in np.flatnonzero(self.present[: self._n]):
            following = self._next_lane(int(vehicle), int(self.lane[vehicle]))
            if following >= 0:
                left = max(float(self._length[self.lane[vehicle]] - self.station[vehicle] - self.half[vehicle]), 0.0)
                limit = self._limit[following] * self.wish[vehicle]
                found[vehicle] = np.sqrt(limit**2 + 2.0 * SLOWING_MPS2 * left)
        return found

    def _next_lane(self, vehicle: int, lane: int) -> int:
        """Where a vehicle goes on from a lane; -1: out of the scene. Each vehicle keeps to its choice."""
        options = self._successors[lane]
        return int(options[int(self._turns[self.owner[vehicle], lane] * len(options))]) if len(options) else -1

    def _order(self) -> tuple[Indices, dict[int, Indices]]:
        """The vehicles that are present, sorted by lane and station, and those of each lane."""
        there = np.flatnonzero(self.present)
        order = there[np.lexsort((self.station[there], self.lane[there]))]
        starts = np.flatnonzero(np.diff(self.lane[order], prepend=-1))
        groups = np.split(order, starts[1:])
        return order, {int(self.lane[group[0]]): group for group in groups if len(group)}

    def _ahead(self) -> tuple[Floats, Floats]:
        """Gap and closing speed of all vehicles to who is ahead on their way, and on the lanes that they are leaving."""
        _, on = self._order()
        gap, closing = np.full(len(self.lane), np.inf), np.zeros(len(self.lane))
        for vehicle in np.flatnonzero(self.present[: 2 * self._n]).tolist():
            leader, away = self._leader(vehicle, int(self.lane[vehicle]), float(self.station[vehicle]), on)
            if leader >= 0:
                gap[vehicle] = away - self.half[vehicle] - self.half[leader]
                closing[vehicle] = self.speed[vehicle] - self.speed[leader]
        return gap, closing

    def _leader(self, vehicle: int, lane: int, station: float, on: dict[int, Indices]) -> tuple[int, float]:
        """Who is ahead, and how far from middle to middle; (-1, inf) where nobody is within sight."""
        base = -station
        for hop in range(AHEAD_LANES):
            group = on.get(lane)
            if group is not None:
                first = int(np.searchsorted(self.station[group], station, side="right")) if hop == 0 else 0
                while first < len(group) and self.owner[group[first]] == self.owner[vehicle]:
                    first += 1
                if first < len(group):
                    return int(group[first]), base + float(self.station[group[first]])
            base += float(self._length[lane])
            lane = self._next_lane(vehicle, lane)
            if lane < 0:
                break
        return -1, np.inf

    def _follower(self, vehicle: int, lane: int, station: float, on: dict[int, Indices]) -> tuple[int, float]:
        """Who is behind on a lane, and how far from middle to middle; (-1, inf) for nobody."""
        group = on.get(lane)
        if group is None:
            return -1, np.inf
        behind = int(np.searchsorted(self.station[group], station, side="left")) - 1
        while behind >= 0 and self.owner[group[behind]] == self.owner[vehicle]:
            behind -= 1
        return (int(group[behind]), station - float(self.station[group[behind]])) if behind >= 0 else (-1, np.inf)

    def _pull_of_lines(self) -> Floats:
        """What the lines to stop at allow, (n,): infinite where there is none to stop at."""
        pull = np.full(len(self.lane), np.inf)
        for lane, stop, first in self._stops:
            near = np.flatnonzero(self.present & (self.lane == lane) & (self.station + self.half <= stop.position_m))
            if not len(near):
                continue
            gap = stop.position_m - STOP_GAP_M - self.station[near] - self.half[near]
            colour = stop.signal.colour(self._time) if stop.signal else "green"
            needed = self.speed[near] ** 2 / (2.0 * np.maximum(gap, 1e-3))
            stops = np.full(len(near), colour == "red") | ((colour == "yellow") & (needed <= BRAKE_FOR_YELLOW_MPS2))
            if first and colour != "red" and self._comes(first):
                stops = stops | (needed <= self._drivers.idm.hardest_brake_mps2)
            line = self._pull(self.lane[near], np.maximum(gap, 0.05), self.speed[near], near)
            pull[near[stops]] = np.minimum(pull[near[stops]], line[stops])
        return pull

    def _comes(self, lanes: list[int]) -> bool:
        """Whether somebody is on one of the lanes or will be in a moment."""
        for lane in lanes:
            if (self.present & (self.lane == lane)).any():
                return True
            for before in self._before[lane]:
                on = self.present & (self.lane == before)
                left = self._length[before] - self.station - self.half
                if (on & (left <= np.maximum(self.speed, 2.0) * APPROACH_S)).any():
                    return True
        return False

    def _change_lanes(self, pull: Floats) -> None:
        """Who gains by it and harms nobody changes lanes; one after another, from the front, so that two do not take one gap."""
        order, on = self._order()
        thinks, self._frame = max(round(THINKS_S / self._step_s), 1), self._frame + 1
        for vehicle in order[::-1]:
            if vehicle >= self._n or self._time - self.changed[vehicle] < CHANGE_REST_S or (self._frame + vehicle) % thinks != 0:
                continue
            lane = int(self.lane[vehicle])
            options = [(int(side), bool(right)) for side, right in ((self._left[lane], False), (self._right[lane], True)) if side >= 0]
            worth = [self._worth(vehicle, lane, side, right, float(pull[vehicle]), on) for side, right in options]
            if not worth or max(worth) <= 0.0:
                continue
            self._move_over(vehicle, options[int(np.argmax(worth))][0], to_right=options[int(np.argmax(worth))][1])
            _, on = self._order()

    def _worth(self, vehicle: int, lane: int, side: int, right: bool, now: float, on: dict[int, Indices]) -> float:
        """MOBIL's gain of a change to the lane `side`."""
        station = float(self.station[vehicle])
        there = self._beside(station, lane, side)
        leader, ahead = self._leader(vehicle, side, there, on)
        follower, behind = self._follower(vehicle, side, there, on)
        own_after = self._pull_behind(vehicle, side, leader, ahead)
        if (leader >= 0 and ahead <= self.half[vehicle] + self.half[leader]) or (
            follower >= 0 and behind <= self.half[vehicle] + self.half[follower]
        ):
            return -np.inf
        new = (self._pull_behind(follower, side, leader, behind + ahead), self._pull_behind(follower, side, vehicle, behind))
        left_behind, tail = self._follower(vehicle, lane, station, on)
        old_leader, front = self._leader(vehicle, lane, station, on)
        old = (self._pull_behind(left_behind, lane, vehicle, tail), self._pull_behind(left_behind, lane, old_leader, tail + front))
        return float(self._drivers.mobil.gain((now, own_after), new, old, to_right=right))

    def _pull_behind(self, vehicle: int, lane: int, leader: int, away: float) -> float:
        """The acceleration of a vehicle behind a leader; 0 where there is no vehicle."""
        if vehicle < 0:
            return 0.0
        gap = away - self.half[vehicle] - self.half[leader] if leader >= 0 else np.inf
        speed = float(self.speed[vehicle])
        closing = speed - float(self.speed[leader]) if leader >= 0 else 0.0
        desired = max(min(self._limit[lane] * self.wish[vehicle], self._slower_ahead[vehicle]), TOO_FAST * speed)
        return max(float(idm_kernel(speed, gap, closing, desired, *self._taste)), -self._hardest)

    def _beside(self, station: float, lane: int, side: int) -> float:
        """The station beside, on a lane whose arc may be longer or shorter."""
        return station * float(self._length[side] / self._length[lane])

    def _move_over(self, vehicle: int, side: int, *, to_right: bool) -> None:
        lane = self._lanes[self.lane[vehicle]]
        width = 0.5 * (lane.width_m + self._lanes[side].width_m)
        self.aside[vehicle] = width if to_right else -width
        behind = self._n + vehicle
        self.lane[behind], self.station[behind], self.present[behind] = self.lane[vehicle], self.station[vehicle], True
        self.station[vehicle] = self._beside(float(self.station[vehicle]), int(self.lane[vehicle]), side)
        self.lane[vehicle], self.changed[vehicle] = side, self._time

    def _enter_next_lanes(self) -> None:
        for vehicle in np.flatnonzero((self.present & (self.station >= self._length[self.lane]))[: self._n]):
            while self.present[vehicle] and self.station[vehicle] >= self._length[self.lane[vehicle]]:
                following = self._next_lane(int(vehicle), int(self.lane[vehicle]))
                self.station[vehicle] -= self._length[self.lane[vehicle]]
                self.present[vehicle] = following >= 0
                self.lane[vehicle] = max(following, 0)

    def record(self) -> None:
        """Notes where everybody is."""
        now = self._time + self._step_s if self._frames else 0.0
        share = np.clip((now - self.changed) / CHANGE_S, 0.0, 1.0)
        left = 1.0 - share**3 * (10.0 + share * (6.0 * share - 15.0))
        rate = -30.0 * share**2 * (1.0 - share) ** 2 / CHANGE_S
        lane, station, speed, present = (values[: self._n] for values in (self.lane, self.station, self.speed, self.present))
        place, heading = np.full((self._n, 3), np.nan), np.full(self._n, np.nan)
        for number in np.unique(lane[present]):
            on = np.flatnonzero(present & (lane == number))
            place[on], heading[on] = self._lanes[number].at(station[on], self.aside[on] * left[on])
        heading += np.arctan2(np.where(share < 1.0, self.aside * rate, 0.0), np.maximum(speed, 1.0))
        self._frames.append((place, heading, np.where(present, speed, np.nan), present.copy(), np.where(present, lane, -1)))

    def trajectories(self) -> Trajectories:
        place, heading, speed, present, lane = (np.stack(column) for column in zip(*self._frames, strict=True))
        agents = tuple(Agent(vehicle.id, vehicle.kind, vehicle.size_m) for vehicle in self._vehicles)
        times = np.asarray(np.arange(len(self._frames)) * self._step_s, dtype=np.float64)
        names = tuple(each.id for each in self._lanes)
        return Trajectories(times, agents, place, heading, speed, present.astype(np.bool_), names, lane.astype(np.int32))
