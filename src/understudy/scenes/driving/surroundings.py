"""What stands and drives around a scenario: oncoming and parked vehicles, people on sidewalks, houses, trees, lamps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.driving.actors import Actor, actor, traffic_kind
from understudy.scenes.driving.categories import IDS
from understudy.scenes.driving.places import Place
from understudy.scenes.driving.settings import Around
from understudy.scenes.geometry.motion import about_z, along, still
from understudy.scenes.models.buildings import building
from understudy.scenes.models.people import look, person
from understudy.scenes.models.street import SIGNS, guard_rail, sign, street_lamp, traffic_light
from understudy.scenes.models.vegetation import tree
from understudy.scenes.spec.draws import Draws
from understudy.scenes.traffic.trajectories import Trajectories

Floats = NDArray[np.float64]
SIGHT = 170.0
"""m ahead of the ego's way that things are put."""
BEHIND = 60.0
LIGHTS = ("1000001", "1000009", "1000010", "1000011")
SIGN_KINDS = {"274": "", "205": "yield", "206": "stop", "267": "no entry", "350": "crossing"}
"""Kinds of signals in OpenDRIVE (German catalogue) as models of signs; "" for limits of speed."""
CLEAR = 4.0
"""m between what is added and the agents of the scenario."""
CLOSE = 1.4
"""m between what stands and the middle of the ego's way."""


@dataclass
class _Setting:
    """What is being put together: the next free track number, and where the scenario's agents go."""

    place: Place
    trajectories: Trajectories
    dark: bool
    next_track: int
    start: float = 0.0
    end: float = 0.0
    made: list[Actor] = field(default_factory=list)

    def add(self, one: Actor, *, thing: bool) -> None:
        self.made.append(one)
        self.next_track += thing

    def free(self, position: Floats, radius: float) -> bool:
        """Whether no agent of the scenario comes near this place at any time; the ego may pass close by."""
        away = np.nan_to_num(np.linalg.norm(self.trajectories.position_m[..., :2] - position[:2], axis=-1), nan=np.inf)
        return bool((away[:, 1:] > radius + CLEAR).all() and (away[:, 0] > radius + CLOSE).all())

    def beside(self, position: Floats, half: tuple[float, float]) -> bool:
        """Whether a vehicle along the street can stand here: the ego passes, and no other agent comes near."""
        away = np.abs(self.trajectories.position_m[..., :2] - position[:2])
        passes = (away[:, 0, 0] > half[0] + CLOSE + 2.5) | (away[:, 0, 1] > half[1] + CLOSE)
        others = np.nan_to_num(np.linalg.norm(away[:, 1:], axis=-1), nan=np.inf)
        return bool(passes.all() and (others > half[0] + CLEAR).all())


def surroundings(
    settings: Around, place: Place, trajectories: Trajectories, draw: Draws, *, dark: bool, first_track: int, flows: bool = False
) -> tuple[Actor, ...]:
    """All of it. Tracks count on from `first_track`; what is stuff (houses, trees) has none. flows: traffic does, on the other side too."""
    ego = trajectories.position_m[:, 0, 0]
    town = place.kind != "motorway"
    setting = _Setting(place, trajectories, dark, first_track, float(ego.min()) - BEHIND, float(ego.max()) + SIGHT)
    if not flows:
        _oncoming(setting, settings, draw)
    if town:
        _parked(setting, settings, draw)
        _walkers(setting, settings, draw)
        _houses(setting, settings, draw)
        _lamps(setting)
    _trees(setting, settings, draw, town=town)
    _signals(setting)
    if not town:
        _rails(setting)
    return tuple(setting.made)


def _oncoming(setting: _Setting, settings: Around, draw: Draws) -> None:
    """Vehicles that come the other way, each at its own even speed, far enough apart in its lane not to meet."""
    density = draw(settings.oncoming_per_km, "around/oncoming_per_km")
    times = setting.trajectories.times_s
    duration = float(times[-1])
    for lane, (y, direction) in enumerate(setting.place.lanes):
        if direction > 0 or density <= 0:
            continue
        here = draw.at(f"oncoming/{lane}")
        speed = 31.0 - 4.0 * lane if setting.place.kind == "motorway" else 11.0
        gap = 1000.0 / density
        x = setting.start - BEHIND + gap * here.quantile("first")
        number = 0
        while x < setting.end + speed * duration:
            at = here.at(str(number))
            path = np.stack([x - speed * times, np.full_like(times, y), np.zeros_like(times)], axis=1)
            if all(setting.free(point, 2.5) or abs(point[0]) > 400 for point in path[:: max(1, len(path) // 6)]):
                name = f"oncoming/{lane}/{number}"
                kind = traffic_kind(at)
                setting.add(actor(name, setting.next_track, kind, along(times, path, np.pi), at, dark=setting.dark), thing=True)
            x += max(22.0, gap * (0.4 + 1.2 * at.quantile("gap")))
            number += 1


def _parked(setting: _Setting, settings: Around, draw: Draws) -> None:
    """Cars along the kerb, on both sides where there is room for them."""
    if setting.place.kind != "street":
        return
    share = draw(settings.parked, "around/parked")
    width = setting.place.lane_width
    for side, y, heading in (("right", -width / 2 - 1.15, 0.0), ("left", 1.5 * width + 1.15, np.pi)):
        for number, x in enumerate(np.arange(setting.start, setting.end, 6.0)):
            here = draw.at(f"parked/{side}/{number}")
            position = np.array([x + 0.5 * here.quantile("place"), y + 0.2 * (here.quantile("aside") - 0.5), 0.0])
            if here.quantile("taken") < share and setting.beside(position, (2.6, 1.05)):
                motion = still(position, about_z(heading + 0.03 * (here.quantile("turn") - 0.5)))
                kind = "van" if here.quantile("van") < 0.12 else "car"
                one = actor(f"parked/{side}/{number}", setting.next_track, kind, motion, here, dark=False)
                setting.add(replace(one, lamps=()), thing=True)


def _walkers(setting: _Setting, settings: Around, draw: Draws) -> None:
    """People on the sidewalks, who walk along them or stand."""
    times = setting.trajectories.times_s
    width, parking = setting.place.lane_width, 2.3 if setting.place.kind == "street" else 0.0
    for number in range(draw(settings.walkers, "around/walkers")):
        here = draw.at(f"walkers/{number}")
        right = here.quantile("side") < 0.5
        aside = 0.45 + 1.7 * here.quantile("aside")
        y = -width / 2 - parking - 0.15 - aside if right else 1.5 * width + parking + 0.15 + aside
        direction = 1.0 if here.quantile("direction") < 0.5 else -1.0
        speed = 0.0 if here.quantile("stands") < 0.2 else 0.9 + 0.8 * here.quantile("speed")
        x = setting.start + 30 + (setting.end - setting.start - 60) * here.quantile("place")
        path = np.stack([x + direction * speed * times, np.full_like(times, y), np.full_like(times, 0.12)], axis=1)
        if not all(setting.free(point, 0.5) for point in path[::20]):
            continue
        headings = np.full_like(times, 0.0 if direction > 0 else np.pi)
        action = "walk" if speed else ("phone" if here.quantile("phone") < 0.3 else "stand")
        appearance = look(here.generator("look"))
        name = f"walkers/{number}"
        body = person(name, IDS["pedestrian"], setting.next_track, appearance, times, path, headings, action)
        setting.add(Actor(body, (), "pedestrian", along(times, path, headings)), thing=True)


def _houses(setting: _Setting, settings: Around, draw: Draws) -> None:
    """Rows of houses along the street, a few plots left free."""
    share = draw(settings.buildings, "around/buildings")
    kinds = {"house": 1.0, "terrace": 2.0, "old town": 3.0, "apartments": 3.0, "office": 1.0}
    chosen = list(kinds)[int(np.searchsorted(np.cumsum(list(kinds.values())), draw.quantile("around/quarter") * sum(kinds.values())))]
    width = setting.place.lane_width
    paved = (2.3 if setting.place.kind == "street" else 0.0) + 2.6 + 0.3
    for side, edge, turn in (("right", -width / 2 - paved, np.pi), ("left", 1.5 * width + paved, 0.0)):
        x, number = setting.start - 20.0, 0
        while x < setting.end + 60.0:
            here = draw.at(f"houses/{side}/{number}")
            rng = here.generator("model")
            kind = chosen if rng.random() < 0.8 else str(rng.choice(list(kinds)))
            made = building(kind, rng, lit=0.35 if setting.dark else 0.0)
            long, deep = made.size[0], made.size[1]
            back = {"house": 5.0, "terrace": 2.5}.get(kind, 0.4) + deep / 2
            place = np.array([x + long / 2, edge + (back if turn == 0.0 else -back), 0.0])
            crosses = setting.place.kind == "crossroads" and abs(place[0] - setting.place.motion.positions[0, 0]) < long / 2 + 13
            if here.quantile("built") < share and not crosses:
                body = made.body(f"houses/{side}/{number}", IDS["building"], 0, still(place, about_z(turn)))
                setting.add(Actor(body), thing=False)
            x += long + (0.0 if kind in ("terrace", "old town") else 2.0 + 4.0 * here.quantile("gap"))
            number += 1


def _trees(setting: _Setting, settings: Around, draw: Draws, *, town: bool) -> None:
    density = draw(settings.trees, "around/trees")
    kinds = ("linden", "maple", "plane", "birch") if town else ("linden", "birch", "poplar", "spruce", "pine", "bush", "bush")
    chosen = kinds[int(draw.quantile("around/tree_kind") * len(kinds))]
    autumn = max(0.0, 2.0 * draw.quantile("around/autumn") - 1.2)
    edge_right, edge_left = setting.place.edge_right, max(y for y, _ in setting.place.lanes) + setting.place.lane_width / 2
    for side in ("right", "left"):
        step = 14.0 if town else 7.0
        for number, x in enumerate(np.arange(setting.start, setting.end + 120.0, step)):
            here = draw.at(f"trees/{side}/{number}")
            if here.quantile("stands") > density:
                continue
            out = (2.3 if setting.place.kind == "street" else 0.0) + 0.75 if town else 12.0 + 45.0 * here.quantile("aside") ** 1.5
            y = edge_right - out if side == "right" else edge_left + out
            position = np.array([x + step * 0.5 * here.quantile("place"), y, 0.1 if town else 0.0])
            near_crossing = setting.place.kind == "crossroads" and abs(position[0] - setting.place.motion.positions[0, 0]) < 14
            if near_crossing or not setting.free(position, 0.8):
                continue
            rng = here.generator("model")
            kind = chosen if rng.random() < 0.6 or town else str(rng.choice(kinds))
            made = tree("young" if town and rng.random() < 0.3 else kind, rng, autumn=autumn)
            turn = about_z(float(rng.uniform(0, 2 * np.pi)))
            setting.add(Actor(made.body(f"trees/{side}/{number}", IDS["vegetation"], 0, still(position, turn))), thing=False)


def _rails(setting: _Setting) -> None:
    """Guard rails along the motorway, at its right edge and on the median."""
    right = setting.place.edge_right - 2.5 - 0.7
    middle = setting.place.motion.positions[0, 1]
    start, end = setting.start - 100.0, setting.end + 250.0
    made = guard_rail(np.random.default_rng(0), length=end - start)
    for name, y in (("right", right), ("median", middle)):
        body = made.body(f"rails/{name}", IDS["guard rail"], 0, still(((start + end) / 2, y, 0.0)))
        setting.add(Actor(body), thing=False)


def _lamps(setting: _Setting) -> None:
    """Street lamps along the kerb, lit when it is dark."""
    made = street_lamp(np.random.default_rng(0), lit=setting.dark)
    parking = 2.3 if setting.place.kind == "street" else 0.0
    for number, x in enumerate(np.arange(setting.start, setting.end + 60.0, 28.0)):
        right = number % 2 == 0
        y = setting.place.edge_right - parking - 0.45 if right else 1.5 * setting.place.lane_width + parking + 0.45
        position = np.array([x, y, 0.12])
        at_crossing = setting.place.kind == "crossroads" and abs(x - setting.place.motion.positions[0, 0]) < 13
        if at_crossing or not setting.free(position, 0.3):
            continue
        name = f"lamps/{number}"
        body = made.body(name, IDS["pole"], 0, still(position, about_z(np.pi / 2 if right else -np.pi / 2)))
        setting.add(Actor(body, made.lamps_of(name)), thing=False)


def _signals(setting: _Setting) -> None:
    """Signs and lights where the network has them; along the ego's way lights are green, across it red."""
    shift = setting.place.motion.positions[0]
    for road in setting.place.network.roads.values():
        for number, signal in enumerate(road.signals):
            s = np.array([signal.s])
            place = road.point(s, np.array([signal.t]))[0] + shift
            if not setting.start - 40 < place[0] < setting.end + 60:
                continue
            heading = float(road.plan.at(s)[2][0]) + (np.pi if signal.orientation != "-" else 0.0)
            rng = np.random.default_rng(0)
            if signal.kind in LIGHTS:
                along_ego = abs(np.cos(heading)) > 0.7
                made, category = traffic_light(rng, state="green" if along_ego else "red"), "traffic light"
            elif signal.kind in SIGN_KINDS:
                kind = SIGN_KINDS[signal.kind] or f"limit {signal.value or 50:.0f}"
                if kind not in SIGNS:
                    continue
                made, category = sign(kind, rng), "traffic sign"
            else:
                continue
            name = f"signals/{road.id}/{number}"
            body = made.body(name, IDS[category], setting.next_track, still(place, about_z(heading)))
            setting.add(Actor(body, made.lamps_of(name) if setting.dark else ()), thing=True)
