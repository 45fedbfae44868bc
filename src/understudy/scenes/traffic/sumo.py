"""SUMO as a source of background traffic, and as somebody else's drivers to compare with ours (extra `sumo`).

Lopez and others 2018, "Microscopic traffic simulation using SUMO", IEEE Intelligent Transportation Systems Conference; https://eclipse.dev/sumo.
It runs inside this process (libsumo), one simulation at a time; with one seed it does the same every time. The packages are under EPL-2.0
or GPL-2.0-or-later.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.core.random import Stream
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


def _recorded(sumo: Any, net: Path, duration_s: float, step_s: float, warm_up_s: float, before: Callable[[], None]) -> Trajectories:
    """Steps through the warm-up and the time wanted; at each frame of the latter notes all vehicles."""
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
        frames.append({name: _state(sumo, name, agents, lanes) for name in sumo.vehicle.getIDList()})
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
