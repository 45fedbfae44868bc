"""What formats of traffic share: files for each shot that hold who moved how, and one table of what happened in each."""

from __future__ import annotations

import json
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.core.errors import DataError
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.items import Shot
from understudy.data.media.json_files import plain
from understudy.scenes.driving.moving import trajectories_of
from understudy.scenes.driving.places import place_of
from understudy.scenes.roads.moving import moved
from understudy.scenes.roads.network import RoadNetwork
from understudy.scenes.traffic.scenarios import scenario
from understudy.scenes.traffic.trajectories import Trajectories

INDEX = "scenarios.jsonl"
TOLD = ("scenario", "parameters", "likelihood_weight", "collision", "min_ttc_s", "min_gap_m", "max_drac_mps2", "pet_s")


class ScenarioExporter(Exporter):
    """A format that holds traffic, and no pictures. `scenarios.jsonl` has a line a shot: its file, scenario, parameters, likelihood weight,
    safety figures, agents with their tracks, events, and the times (s) of the frames that cameras would take."""

    pictures: ClassVar[bool] = False

    @abstractmethod
    def file_of(self, index: int) -> str:
        """The place of the main file of the shot with this number."""

    @classmethod
    @abstractmethod
    def check(cls, findings: Findings, path: Path, row: dict[str, Any]) -> set[Path]:
        """Read a main file back, compare it with its line of the table, and tell which other files go with it."""

    def record(self, shot: Shot) -> Any:
        trajectories = trajectories_of(shot)
        row = {"shot": shot.index, "file": self.file_of(shot.index)} | {name: shot.meta.get(name) for name in TOLD}
        row |= {"agents": shot.meta["agents"], "events": shot.events, "frame_times_s": sorted({frame.time for frame in shot.frames})}
        return plain(row | {"edge_cases": list(shot.edge_cases), "duration_s": float(trajectories.times_s[-1])})

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        yield INDEX, "".join(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n" for record in records).encode()

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings, known = Findings(folder), {folder / INDEX}
        with findings.reading(folder / INDEX):
            for number, line in enumerate((folder / INDEX).read_text("utf-8").splitlines(), start=1):
                with findings.reading(f"{INDEX}, line {number}"):
                    row = json.loads(line)
                    path = folder / row["file"]
                    findings.expect(path not in known, path, "two lines of the table name it.")
                    known.add(path)
                    with findings.reading(path):
                        known |= cls.check(findings, path, row)
        for path in sorted(folder.glob("*")):
            findings.expect(path in known or path.is_dir(), path, "no index speaks of this file.")
        return findings.problems


def road_of(shot: Shot) -> RoadNetwork:
    """The roads of a shot, where its labels have them.

    Raises:
        DataError: the shot plays no scenario of the catalogue.
    """
    if "scenario" not in shot.meta:
        raise DataError("The shot names no scenario.", where=f"shot {shot.index}", remedy='Formats of traffic are for the world "driving".')
    found = place_of(scenario(str(shot.meta["scenario"])))
    x, y, _ = found.motion.positions[0]
    return moved(found.network, float(x), float(y))


def content(write: Callable[[Path], object]) -> bytes:
    """What a function writes to the path that it is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def expect_agents(findings: Findings, path: Path, row: dict[str, Any], found: Trajectories | None, names: set[str] | None = None) -> None:
    """Whether the agents are those of the table, and go no faster than anything on a road."""
    if found is None:
        findings.add(path, "nobody moves in it.")
        return
    wanted = {str(agent["id"]) for agent in row["agents"]}
    seen = {agent.id for agent in found.agents} if names is None else names
    findings.expect(seen <= wanted, path, f"{sorted(seen - wanted)[:3]} are not among the agents of {INDEX}.")
    findings.expect(wanted <= seen, path, f"{sorted(wanted - seen)[:3]} are missing.")
    expect_motion(findings, path, found)


FASTEST = 90.0
"""m/s."""


def expect_motion(findings: Findings, path: Path, found: Trajectories) -> None:
    """Whether times ascend, and nobody jumps."""
    import numpy as np

    steps = np.diff(found.times_s)
    if findings.expect(bool((steps > 0).all()), path, "times do not ascend.") and len(steps):
        way = np.linalg.norm(np.diff(found.position_m[..., :2], axis=0), axis=-1) / steps[:, None]
        jumps = np.flatnonzero((np.nan_to_num(way) > FASTEST).any(axis=0))
        for place in jumps[:3]:
            findings.add(path, f'"{found.agents[place].id}" jumps.')
