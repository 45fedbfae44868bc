"""CommonRoad 2020a: a scenario a shot, in which a planner takes the ego's place.

    ZAM_Understudy-1_1_T-1.xml   lanelets, everybody but the ego as obstacles with trajectories, and the ego's start and goal
    scenarios.jsonl              likelihood weights, safety figures, and which obstacle is which agent

https://commonroad.in.tum.de, Althoff et al., "CommonRoad: Composable benchmarks for motion planning on roads", IV 2017. The goal is to be
where the ego was at the end of the run, or would have been at its first speed where the run ended in a collision, give or take 15 m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.items import Shot
from understudy.scenes.driving.exporting.scenarios import ScenarioExporter, content, expect_motion, road_of
from understudy.scenes.driving.moving import trajectories_of, without
from understudy.scenes.roads.commonroad import (
    CommonRoadScenario,
    Lanelet,
    PlanningProblem,
    lanelets_of,
    obstacle_numbers,
    read_commonroad,
    write_commonroad,
)
from understudy.scenes.traffic.trajectories import Trajectories

FIRST_PROBLEM = 2_000_000
STEP = 0.1
GOAL_M = (30.0, 3.5)
GOAL_FROM = 0.6
"""Of the run: from when on the goal counts."""


class CommonRoad(ScenarioExporter):
    """The exporter.

    Args:
        ego: write the ego as it drove, as one more obstacle, and no problem for a planner.
    """

    name: ClassVar[str] = "commonroad"

    def __init__(self, *, ego: bool = False) -> None:
        if not isinstance(ego, bool):
            raise ArgumentError(f"ego is true or false, not {ego!r}.", remedy="Pass ego=true to have the ego as an obstacle.")
        self.ego = ego

    def file_of(self, index: int) -> str:
        return f"{_id(index)}.xml"

    def files(self, shot: Shot) -> Iterator[Member]:
        made = self._scenario(shot, lanelets_of(road_of(shot)))
        yield self.file_of(shot.index), content(lambda path: write_commonroad(made, path))

    def record(self, shot: Shot) -> Any:
        numbers = obstacle_numbers(self._scenario(shot, lanelets_of(road_of(shot))))
        return super().record(shot) | {"obstacles": {str(number): name for number, (name, _) in numbers.items()}}

    def _scenario(self, shot: Shot, lanelets: tuple[Lanelet, ...]) -> CommonRoadScenario:
        trajectories = trajectories_of(shot)
        problems = () if self.ego else (_problem(trajectories, collided=bool(shot.meta.get("collision"))),)
        others = trajectories if self.ego else without(trajectories, [0])
        return CommonRoadScenario(_id(shot.index), STEP, lanelets, _plain(others), problems)

    @classmethod
    def check(cls, findings: Findings, path: Path, row: dict[str, Any]) -> set[Path]:
        read = read_commonroad(path)
        findings.expect(read.id == path.stem, path, f'its benchmark is "{read.id}".')
        numbers = {lanelet.id for lanelet in read.lanelets}
        findings.expect(len(numbers) == len(read.lanelets) > 0, path, "it has no lanelets, or two with one number.")
        for lanelet in read.lanelets:
            strange = {*lanelet.predecessors, *lanelet.successors} - numbers
            findings.expect(not strange, path, f"lanelet {lanelet.id} leads to {sorted(strange)}, which are not there.")
        found = {agent.id for agent in read.trajectories.agents} if read.trajectories is not None else set()
        findings.expect(found == set(row["obstacles"]), path, "its obstacles are not those of the table.")
        ego = str(row["agents"][0]["id"])
        has_ego = ego in row["obstacles"].values()
        findings.expect(has_ego != bool(read.problems), path, "it has neither the ego nor a problem for a planner, or both.")
        if read.trajectories is not None:
            expect_motion(findings, path, read.trajectories)
        return set()


def _id(index: int) -> str:
    """Country (ZAM: none), map, number of the map and of the scenario on it, "T" for trajectories, number of the prediction."""
    return f"ZAM_Understudy-{index + 1}_1_T-1"


def _plain(trajectories: Trajectories) -> Trajectories:
    """Times as whole steps to the last digit."""
    return replace(trajectories, times_s=np.round(trajectories.times_s, 9))


def _problem(trajectories: Trajectories, *, collided: bool) -> PlanningProblem:
    x, y = (float(value) for value in trajectories.position_m[0, 0, :2])
    heading, speed = float(trajectories.heading_rad[0, 0]), float(trajectories.speed_mps[0, 0])
    last = round(float(trajectories.times_s[-1]) / STEP)
    end = trajectories.position_m[-1, 0, :2]
    if collided:
        end = np.array([x, y]) + speed * last * STEP * np.array([np.cos(heading), np.sin(heading)])
    return PlanningProblem(
        FIRST_PROBLEM, (x, y), heading, speed, (round(GOAL_FROM * last), last), goal_center=(float(end[0]), float(end[1])),
        goal_size=GOAL_M, goal_headings=(heading - 0.3, heading + 0.3),
    )  # fmt: skip
