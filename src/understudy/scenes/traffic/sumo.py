"""SUMO as a source of background traffic, and as somebody else's drivers to compare with ours (extra `sumo`).

Lopez and others 2018, "Microscopic traffic simulation using SUMO", IEEE Intelligent Transportation Systems Conference; https://eclipse.dev/sumo.
It runs inside this process (libsumo), one simulation at a time; with one seed it does the same every time. The packages are under EPL-2.0
or GPL-2.0-or-later.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.core.random import Stream
from understudy.scenes.traffic.flow import Vehicle
from understudy.scenes.traffic.trajectories import Agent, Floats, Trajectories

KINDS = {"passenger": "car", "truck": "truck", "bus": "bus", "motorcycle": "motorcycle", "bicycle": "cyclist", "delivery": "van"}
TRIES = 20


def simulated(network: str | Path, routes: str | Path, duration_s: float, *, step_s: float = 0.1, seed: int = 0) -> Trajectories:
    """The traffic of a SUMO route file on a network.

    Args:
        network: a SUMO network (.net.xml), or OpenDRIVE (.xodr), which is converted.
        routes: a SUMO route file (.rou.xml).
        seed: SUMO's own, 0 … 2**31-1.

    Raises:
        MissingExtraError: SUMO is not installed. DataError: it cannot read the files.
    """
    with _network(network) as net, _running(net, step_s, seed, ["--route-files", str(routes)]) as sumo:
        return _recorded(sumo, net, duration_s, step_s, 0.0, lambda: None)


def background(
    network: str | Path, vehicles: int, duration_s: float, *, step_s: float = 0.1, warm_up_s: float = 60.0, seed: int = 0
) -> Trajectories:
    """Vehicles on random ways through a network: whenever there are fewer than asked for, another one enters.

    Args:
        network: a SUMO network (.net.xml), or OpenDRIVE (.xodr), which is converted.
        vehicles: how many are on the way at once, ≥ 1.
        warm_up_s: time before time 0, in which traffic spreads.

    Raises:
        MissingExtraError: SUMO is not installed. DataError: it cannot read the network, or no way leads through it.
    """
    if vehicles < 1:
        raise ArgumentError(f"{vehicles} vehicles cannot be on the way.", remedy="Ask for one or more.")
    draws = Stream(seed).child("sumo").generator()
    with _network(network) as net, _running(net, step_s, seed, []) as sumo:
        edges = [edge for edge in sumo.edge.getIDList() if not edge.startswith(":")]
        entered = [0]

        def fill() -> None:
            for _ in range(min(vehicles - sumo.vehicle.getIDCount() - len(sumo.simulation.getPendingVehicles()), 10)):
                _enter(sumo, edges, f"vehicle{entered[0]}", draws)
                entered[0] += 1

        return _recorded(sumo, net, duration_s, step_s, warm_up_s, fill)


def around_guests(
    network: str | Path, vehicles: Sequence[Vehicle], places: Floats, guests: Trajectories, *, green_rad: float | None = None, seed: int = 0
) -> Trajectories:
    """Vehicles that SUMO's drivers move from given places on, around guests whose motion is given.

    Guests are moved by hand at each step, and SUMO's drivers mind those that are on their lanes. Who finds no room at the beginning enters
    when there is some. Where each goes is drawn from `seed`.

    Args:
        network: a SUMO network (.net.xml), or OpenDRIVE (.xodr), which is converted.
        vehicles: their lanes and stations are not read. places: (N, 2) m of their middles, near lanes of the network.
        guests: from time 0 on, at even steps; they are not in what is given back.
        green_rad: a heading along which all lights stay green, and red across; None: they change as SUMO has them.

    Raises:
        MissingExtraError: SUMO is not installed. DataError: it cannot read the network.
    """
    times, step_s = guests.times_s, float(guests.times_s[1] - guests.times_s[0])
    draws = Stream(seed).child("sumo").generator()
    with _network(network) as net, _running(net, step_s, seed, ["--collision.action", "none"]) as sumo:
        offset = _offset(net)
        edges = [edge for edge in sumo.edge.getIDList() if not edge.startswith(":")]
        for vehicle, place in zip(vehicles, places + offset, strict=True):
            _put(sumo, edges, vehicle, place, draws)
        if green_rad is not None:
            _set_lights(sumo, green_rad)
        for agent in guests.agents:
            _new_type(sumo, f"guest {agent.id}", agent.size_m)
        frame = [0]

        def lead() -> None:
            for place, agent in enumerate(guests.agents):
                _lead(sumo, edges[0], f"guest {agent.id}", guests, frame[0], place, offset)
            frame[0] = min(frame[0] + 1, len(times) - 1)

        moved = _recorded(sumo, net, float(times[-1]), step_s, 0.0, lead, known={vehicle.id: vehicle for vehicle in vehicles})
    return replace(moved, times_s=times)


def _new_type(sumo: Any, name: str, size: tuple[float, float, float], kind: str = "passenger") -> None:
    sumo.vehicletype.copy("DEFAULT_VEHTYPE", name)
    sumo.vehicletype.setVehicleClass(name, kind)
    for setting, value in zip((sumo.vehicletype.setLength, sumo.vehicletype.setWidth, sumo.vehicletype.setHeight), size, strict=True):
        setting(name, float(value))


def _put(sumo: Any, edges: list[str], vehicle: Vehicle, place: Floats, draws: np.random.Generator) -> None:
    """A vehicle where it starts, on a random way."""
    edge, position, lane = sumo.simulation.convertRoad(float(place[0]), float(place[1]))
    ends = [edges[int(draws.integers(len(edges)))] for _ in range(6)]
    ways = [] if edge.startswith(":") else [way for end in ends if _goes_on(way := sumo.simulation.findRoute(edge, end).edges)]
    kind = {"truck": "truck", "bus": "bus", "motorcycle": "motorcycle", "van": "delivery"}.get(vehicle.kind, "passenger")
    _new_type(sumo, f"type of {vehicle.id}", vehicle.size_m, kind)
    sumo.vehicletype.setSpeedFactor(f"type of {vehicle.id}", float(vehicle.wish))
    sumo.route.add(f"way of {vehicle.id}", ways[0] if ways else (edge,))
    front = position + 0.5 * vehicle.size_m[0]
    name, place_on = vehicle.id, {"departLane": str(lane), "departPos": f"{front:.3f}", "departSpeed": "max"}
    with suppress(_packages()[0].TraCIException):
        sumo.vehicle.add(name, f"way of {name}", typeID=f"type of {name}", depart="now", **place_on)


def _goes_on(way: Sequence[str]) -> bool:
    """Whether a way leads somewhere, without turning round at the end of a road. netconvert gives the way back the same name with a "-"."""
    return bool(way) and all(f"-{one}" != other and f"-{other}" != one for one, other in pairwise(way))


def _set_lights(sumo: Any, heading: float) -> None:
    """Green for good along a heading and against it, red across; who turns gives way."""
    for light in sumo.trafficlight.getIDList():
        state = ""
        for links in sumo.trafficlight.getControlledLinks(light):
            if not links:
                state += "r"
                continue
            into, out = (_heading_of(sumo, lane, end) for lane, end in ((links[0][0], -1), (links[0][1], 0)))
            along = abs(np.cos(into - heading)) > 0.7
            state += "r" if not along else "G" if np.cos(out - into) > 0.7 else "g"
        sumo.trafficlight.setRedYellowGreenState(light, state)


def _heading_of(sumo: Any, lane: str, end: int) -> float:
    shape = np.array(sumo.lane.getShape(lane))
    way = shape[-1] - shape[-2] if end else shape[1] - shape[0]
    return float(np.arctan2(way[1], way[0]))


def _lead(sumo: Any, edge: str, name: str, guests: Trajectories, frame: int, place: int, offset: Floats) -> None:
    """A guest where it is now; nowhere, where no lane of the network is near."""
    if not guests.present[frame, place]:
        return
    if name not in sumo.vehicle.getIDList():
        if f"way of {name}" not in sumo.route.getIDList():
            sumo.route.add(f"way of {name}", (edge,))
        sumo.vehicle.add(name, f"way of {name}", typeID=name, depart="now")
        sumo.vehicle.setLaneChangeMode(name, 0)
    heading, half = float(guests.heading_rad[frame, place]), 0.5 * guests.agents[place].size_m[0]
    x, y = guests.position_m[frame, place, :2] + offset + half * np.array([np.cos(heading), np.sin(heading)])
    with suppress(_packages()[0].TraCIException):
        sumo.vehicle.moveToXY(name, "", -1, float(x), float(y), float(90.0 - np.degrees(heading)), 2)
        sumo.vehicle.setSpeed(name, float(guests.speed_mps[frame, place]))


def _enter(sumo: Any, edges: list[str], name: str, draws: np.random.Generator) -> None:
    for _ in range(TRIES):
        start, end = (edges[int(draws.integers(len(edges)))] for _ in range(2))
        way = sumo.simulation.findRoute(start, end).edges
        if way:
            sumo.route.add(f"way of {name}", way)
            sumo.vehicle.add(name, f"way of {name}", departLane="best", departPos="random_free", departSpeed="max")
            return
    raise DataError("No way was found between edges of the network.", remedy="Check that its roads are connected.")


def _packages() -> tuple[Any, Path]:
    """libsumo, and the folder of SUMO's programs."""
    try:
        import libsumo
        import sumo
    except ImportError:
        raise MissingExtraError.of("sumo", "Traffic by SUMO") from None
    return libsumo, Path(sumo.SUMO_HOME) / "bin"


def converted(arguments: list[str], target: Path) -> Path:
    """A network made by SUMO's netconvert from what the arguments name. Raises DataError with its own words."""
    _, programs = _packages()
    done = subprocess.run([str(programs / "netconvert"), *arguments, "-o", str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.exists():
        raise DataError(f"SUMO cannot make a network of it: {done.stderr.strip().splitlines()[:1]}.", where=" ".join(arguments))
    return target


@contextmanager
def _network(path: str | Path) -> Iterator[Path]:
    source = Path(path)
    if not source.exists():
        raise DataError("There is no such file.", where=str(source))
    if not source.name.endswith(".xodr"):
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        yield converted(["--opendrive-files", str(source), "--no-warnings"], Path(folder) / "converted.net.xml")


@contextmanager
def _running(net: Path, step_s: float, seed: int, more: list[str]) -> Iterator[Any]:
    sumo, _ = _packages()
    arguments = ["sumo", "-n", str(net), "--step-length", f"{step_s:g}", "--seed", str(seed % 2**31), "--no-step-log", "true"]
    try:
        sumo.start([*arguments, "--no-warnings", "true", "--duration-log.disable", "true", *more])
    except Exception as error:
        raise DataError(f"SUMO cannot begin: {str(error).strip()}", where=str(net)) from error
    try:
        yield sumo
    finally:
        sumo.close()


def _recorded(
    sumo: Any,
    net: Path,
    duration_s: float,
    step_s: float,
    warm_up_s: float,
    before: Callable[[], None],
    known: Mapping[str, Vehicle] | None = None,
) -> Trajectories:
    """Steps through the warm-up and the time wanted; at each frame of the latter notes all vehicles, or only those that are known."""
    for _ in range(round(warm_up_s / step_s)):
        before()
        sumo.simulationStep()
    times = np.asarray(np.arange(round(duration_s / step_s) + 1) * step_s, dtype=np.float64)
    agents: dict[str, Agent] = {}
    lanes: dict[str, int] = {}
    frames: list[dict[str, tuple[float, ...]]] = []
    for _ in times:
        before()
        sumo.simulationStep()
        frames.append({name: _state(sumo, name, agents, lanes) for name in sumo.vehicle.getIDList() if known is None or name in known})
    if known is not None:
        agents = {name: Agent(name, known[name].kind, known[name].size_m) for name in agents}
    return _trajectories(times, frames, agents, lanes, _offset(net))


def _state(sumo: Any, name: str, agents: dict[str, Agent], lanes: dict[str, int]) -> tuple[float, ...]:
    """x, y, z of the middle (SUMO tells the front), heading, speed, lane."""
    vehicle = sumo.vehicle
    if name not in agents:
        kind = KINDS.get(vehicle.getVehicleClass(name), "car")
        agents[name] = Agent(name, kind, (vehicle.getLength(name), vehicle.getWidth(name), vehicle.getHeight(name)))
    heading = 0.5 * np.pi - np.radians(vehicle.getAngle(name))
    half = 0.5 * agents[name].size_m[0]
    x, y, z = vehicle.getPosition3D(name)
    lane = lanes.setdefault(vehicle.getLaneID(name), len(lanes))
    return x - half * np.cos(heading), y - half * np.sin(heading), z, heading, vehicle.getSpeed(name), lane


def _trajectories(
    times: Floats, frames: list[dict[str, tuple[float, ...]]], agents: dict[str, Agent], lanes: dict[str, int], offset: Floats
) -> Trajectories:
    states = np.full((len(times), len(agents), 6), np.nan)
    places = {name: place for place, name in enumerate(agents)}
    for frame, seen in enumerate(frames):
        for name, state in seen.items():
            states[frame, places[name]] = state
    states[..., :2] -= offset
    present = ~np.isnan(states[..., 0])
    lane: NDArray[np.int32] = np.where(present, np.nan_to_num(states[..., 5], nan=-1.0), -1).astype(np.int32)
    return Trajectories(times, tuple(agents.values()), states[..., :3], states[..., 3], states[..., 4], present, tuple(lanes), lane)


def _offset(net: Path) -> Floats:
    """(2,) by which SUMO moved the network; taken off again, places are those of the source."""
    for _, element in ET.iterparse(net):
        if element.tag == "location":
            return np.array([float(part) for part in element.attrib["netOffset"].split(",")])
    return np.zeros(2)
