"""Trajectories as tables: who is where at each step of a tenth of a second.

    00000000.csv   a row for each agent at each moment: frame, time, id, kind, x, y, z, heading, speed, length, width, height
    scenarios.jsonl

Places are those of the labels: metres, x, y, z of the middle of the footprint. Sizes of the scenario's own agents are those that its
figures were measured with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.items import Shot
from understudy.scenes.driving.exporting.scenarios import ScenarioExporter, content, expect_agents
from understudy.scenes.driving.moving import trajectories_of
from understudy.scenes.roads.trajectories_csv import read_trajectories, write_trajectories


class TrajectoryTables(ScenarioExporter):
    """The exporter."""

    name: ClassVar[str] = "trajectories"

    def file_of(self, index: int) -> str:
        return f"{index:08d}.csv"

    def files(self, shot: Shot) -> Iterator[Member]:
        trajectories = trajectories_of(shot)
        yield self.file_of(shot.index), content(lambda path: write_trajectories(trajectories, path))

    @classmethod
    def check(cls, findings: Findings, path: Path, row: dict[str, Any]) -> set[Path]:
        expect_agents(findings, path, row, read_trajectories(path))
        return set()
