"""OpenSCENARIO XML 1.2, with its road as OpenDRIVE 1.6.

    00000000.xosc   everybody follows a trajectory by time; light and weather; names 00000000.xodr
    00000000.xodr   the roads, where the labels have them
    scenarios.jsonl

https://www.asam.net/standards/detail/openscenario-xml/ and https://www.asam.net/standards/detail/opendrive/.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.items import Shot
from understudy.scenes.driving.exporting.scenarios import ScenarioExporter, content, expect_agents, road_of
from understudy.scenes.driving.moving import trajectories_of
from understudy.scenes.roads.opendrive import read_opendrive
from understudy.scenes.roads.opendrive_writing import write_opendrive
from understudy.scenes.roads.openscenario import Environment, read_openscenario, write_openscenario


class OpenScenario(ScenarioExporter):
    """The exporter."""

    name: ClassVar[str] = "openscenario"

    def file_of(self, index: int) -> str:
        return f"{index:08d}.xosc"

    def files(self, shot: Shot) -> Iterator[Member]:
        trajectories, road, network = trajectories_of(shot), f"{shot.index:08d}.xodr", road_of(shot)
        about = f"{shot.meta['scenario']}, shot {shot.index}"
        yield (
            self.file_of(shot.index),
            content(
                lambda path: write_openscenario(trajectories, path, road=road, environment=_environment(shot.drawn), description=about)
            ),
        )
        yield road, content(lambda path: write_opendrive(network, path))

    @classmethod
    def check(cls, findings: Findings, path: Path, row: dict[str, Any]) -> set[Path]:
        read = read_openscenario(path)
        expect_agents(findings, path, row, read.trajectories)
        road = path.with_name(Path(read.road).name)
        with findings.reading(road):
            findings.expect(bool(read_opendrive(road).roads), road, "it has no road.")
        return {road}


def _environment(drawn: dict[str, Any]) -> Environment:
    """The standard counts the sun's azimuth from north to the east; x is east here."""
    fog, rain, snow = (float(drawn.get(f"weather/{name}", 0.0)) for name in ("fog", "rain", "snow"))
    azimuth = math.pi / 2 - math.radians(float(drawn.get("light/sun_azimuth_deg", 0.0)))
    return Environment(
        sun_elevation=math.radians(float(drawn.get("light/sun_elevation_deg", 40.0))),
        sun_azimuth=azimuth % (2 * math.pi),
        cloud=float(drawn.get("light/cloud", 0.0)),
        visibility=min(100_000.0, 3.0 / fog) if fog > 0 else 100_000.0,
        rain=rain,
        snow=snow,
    )
