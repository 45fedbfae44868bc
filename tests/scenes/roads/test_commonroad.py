"""CommonRoad scenarios: real ones, own ones read back, and by their own library where it is installed."""

import numpy as np
import pytest
from tests.data.real_data import FOLDER

from understudy.core.errors import DataError
from understudy.scenes.roads.building import crossing, motorway
from understudy.scenes.roads.commonroad import CommonRoadScenario, PlanningProblem, lanelets_of, read_commonroad, write_commonroad
from understudy.scenes.traffic.trajectories import Agent, Trajectories

SCENARIOS = FOLDER / "driving/commonroad_scenarios"


@pytest.fixture
def scenario():
    times = np.arange(21) * 0.1
    position = np.zeros((21, 2, 3))
    position[:, 0, 0], position[:, 1, 1] = 12.5 * times, 1.3 * times - 3
    heading, speed = np.tile([0.0, np.pi / 2], (21, 1)), np.tile([12.5, 1.3], (21, 1))
    present = np.ones((21, 2), dtype=bool)
    present[:5, 1] = False
    for array in (position, heading, speed):
        array[~present] = np.nan
    agents = (Agent("ego", "car", (4.4, 1.8, 1.5)), Agent("walker", "pedestrian", (0.5, 0.6, 1.7)))
    problem = PlanningProblem(9_000, (0.0, 0.0), 0.0, 12.5, (15, 20), goal_center=(25.0, 0.0), goal_headings=(-0.1, 0.1))
    moved = Trajectories(times, agents, position, heading, speed, present)
    return CommonRoadScenario("DEU_Understudy-1_1_T-1", 0.1, lanelets_of(crossing()), moved, (problem,))


def test_a_written_scenario_reads_as_the_same(scenario, tmp_path):
    named = write_commonroad(scenario, tmp_path / "s.xml")
    read = read_commonroad(tmp_path / "s.xml")
    assert [named[int(agent.id)][0] for agent in read.trajectories.agents] == ["ego", "walker"]
    np.testing.assert_allclose(read.trajectories.position_m, scenario.trajectories.position_m, atol=1e-9)
    np.testing.assert_allclose(read.trajectories.speed_mps, scenario.trajectories.speed_mps, atol=1e-9)
    np.testing.assert_array_equal(read.trajectories.present, scenario.trajectories.present)
    assert read.problems == scenario.problems
    assert len(read.lanelets) == len(scenario.lanelets) > 10
    for mine, theirs in zip(scenario.lanelets, read.lanelets, strict=True):
        np.testing.assert_array_equal(mine.left, theirs.left)
        assert (mine.successors, mine.beside_left, mine.speed) == (theirs.successors, theirs.beside_left, theirs.speed)


@pytest.mark.parametrize("network", [motorway(200.0), crossing()], ids=["motorway", "crossing"])
def test_lanelets_lie_between_their_bounds_and_lead_on(network):
    lanelets = {lanelet.id: lanelet for lanelet in lanelets_of(network)}
    for lanelet in lanelets.values():
        way = np.diff((lanelet.left + lanelet.right) / 2, axis=0)
        aside = (lanelet.left - lanelet.right)[:-1]
        assert (way[:, 0] * aside[:, 1] - way[:, 1] * aside[:, 0] > 0).all(), "the left bound is on the left"
        for following in lanelet.successors:
            np.testing.assert_allclose(lanelets[following].left[0], lanelet.left[-1], atol=1e-6)
            assert lanelet.id in lanelets[following].predecessors
        if lanelet.beside_left is not None:
            other = lanelets[lanelet.beside_left.id]
            np.testing.assert_allclose(other.right if lanelet.beside_left.same else other.left[::-1], lanelet.left, atol=1e-6)


def test_times_between_steps_are_refused(scenario, tmp_path):
    scenario.trajectories.times_s[3] += 0.03
    with pytest.raises(DataError, match="multiples"):
        write_commonroad(scenario, tmp_path / "s.xml")


def test_a_bound_without_points_is_told_with_its_lanelet(scenario, tmp_path):
    path = tmp_path / "s.xml"
    write_commonroad(scenario, path)
    text = path.read_text()
    start, stop = text.index("<leftBound>") + 11, text.index("</leftBound>")
    path.write_text(text[:start] + text[stop:])
    with pytest.raises(DataError, match="points") as caught:
        read_commonroad(path)
    assert 'lanelet "1"' in str(caught.value)


def test_its_own_library_reads_a_written_scenario(scenario, tmp_path):
    reading = pytest.importorskip("commonroad.common.file_reader")
    write_commonroad(scenario, tmp_path / "s.xml")
    read, problems = reading.CommonRoadFileReader(str(tmp_path / "s.xml")).open()
    assert len(read.lanelet_network.lanelets) == len(scenario.lanelets)
    car = min(read.dynamic_obstacles, key=lambda obstacle: obstacle.obstacle_id)
    np.testing.assert_allclose(car.state_at_time(10).position, [12.5, 0.0], atol=1e-9)
    assert len(problems.planning_problem_dict) == 1


@pytest.mark.data
def test_real_scenarios_are_read_and_written_again(tmp_path):
    files = sorted(SCENARIOS.glob("*.xml.gz"))
    if not files:
        pytest.skip(f"the real data are not here: {SCENARIOS} (set UNDERSTUDY_DATA to their folder)")
    read = [read_commonroad(file) for file in files]
    assert len(read) == 7
    assert sum(len(scenario.trajectories.agents) for scenario in read) == 92
    assert sum(len(scenario.lanelets) for scenario in read) == 614
    write_commonroad(read[-1], tmp_path / "again.xml")
    again = read_commonroad(tmp_path / "again.xml")
    np.testing.assert_allclose(again.trajectories.position_m, read[-1].trajectories.position_m, atol=1e-9)
