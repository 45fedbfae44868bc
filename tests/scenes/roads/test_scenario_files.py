"""Trajectories as CSV and as OpenSCENARIO: what is written is read back, and what is wrong is told with its place."""

import zipfile

import numpy as np
import pytest
from tests.data.real_data import FOLDER

from understudy.core.errors import DataError
from understudy.scenes.roads.openscenario import Environment, read_openscenario, write_openscenario
from understudy.scenes.roads.trajectories_csv import COLUMNS, read_trajectories, write_trajectories
from understudy.scenes.traffic.trajectories import Agent, Trajectories

ARCHIVE = FOLDER / "driving/opendrive_openscenario/openscenario.zip"


@pytest.fixture
def trajectories():
    """A car on a circle, a pedestrian who comes later and goes, and a cyclist who is away for a while."""
    times = np.arange(41) * 0.1
    angle = 0.3 * times
    position = np.zeros((41, 3, 3))
    position[:, 0] = np.stack([30 * np.cos(angle), 30 * np.sin(angle), 0.01 * times], axis=1)
    position[:, 1, 0] = 5 * times
    position[:, 2, 0], position[:, 2, 1] = 4.0, 1.3 * times - 3
    heading = np.stack([angle + np.pi / 2, np.zeros(41), np.full(41, np.pi / 2)], axis=1)
    speed = np.tile([9.0, 5.0, 1.3], (41, 1))
    present = np.ones((41, 3), dtype=bool)
    present[:7, 2] = present[30:, 2] = present[15:20, 1] = False
    for array in (position, heading, speed):
        array[~present] = np.nan
    agents = (
        Agent("ego", "car", (4.4, 1.8, 1.5)),
        Agent("bike", "bicycle", (1.8, 0.6, 1.7)),
        Agent("walker", "pedestrian", (0.5, 0.6, 1.7)),
    )
    return Trajectories(times, agents, position, heading, speed, present)


def assert_same(read, written, atol):
    assert read.agents == written.agents
    np.testing.assert_array_equal(read.present, written.present)
    np.testing.assert_allclose(read.times_s, written.times_s, atol=1e-12)
    np.testing.assert_allclose(read.position_m, written.position_m, atol=atol)
    turn = np.exp(1j * read.heading_rad) - np.exp(1j * written.heading_rad)
    assert np.nanmax(np.abs(turn)) < 1e-9


def test_csv_is_read_back_to_the_last_digit(trajectories, tmp_path):
    write_trajectories(trajectories, tmp_path / "way.csv")
    read = read_trajectories(tmp_path / "way.csv")
    assert_same(read, trajectories, 0.0)
    np.testing.assert_array_equal(read.speed_mps, trajectories.speed_mps)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("heading", "hedding"), "heading"),
        (lambda text: text.replace("pedestrian", "goat", 1), "walker"),
        (lambda text: text + text.splitlines()[-1] + "\n", "twice"),
        (lambda text: text.replace("\n0,0.0,ego,car,30.0", "\n0,0.0,ego,car,far"), "far"),
        (lambda text: text.splitlines()[0] + "\n", "no rows"),
    ],
)
def test_a_fault_of_a_csv_file_is_told_with_its_place(trajectories, tmp_path, change, said):
    path = tmp_path / "way.csv"
    write_trajectories(trajectories, path)
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=said) as caught:
        read_trajectories(path)
    assert "way.csv" in str(caught.value)
    assert set(COLUMNS) >= {"frame", "time", "id"}


def test_an_openscenario_plays_the_same_trajectories(trajectories, tmp_path):
    path = tmp_path / "scenario.xosc"
    write_openscenario(trajectories, path, road="town.xodr", environment=Environment(rain=3.0))
    scenario = read_openscenario(path, trajectories.times_s)
    assert scenario.road == "town.xodr"
    assert [entity.kind for entity in scenario.entities] == ["vehicle", "vehicle", "pedestrian"]
    assert_same(scenario.trajectories, trajectories, 1e-6)


def test_vehicles_stand_on_their_rear_axle_in_the_file(trajectories, tmp_path):
    path = tmp_path / "scenario.xosc"
    write_openscenario(trajectories, path)
    first = read_openscenario(path).entities[0]
    assert first.center[0] == pytest.approx(0.3 * 4.4)
    assert first.size == (4.4, 1.8, 1.5)


def test_a_scenario_is_understood_by_others(trajectories, tmp_path):
    """Their parser takes the storyboard apart and puts it together again."""
    xosc = pytest.importorskip("scenariogeneration.xosc")
    from xml.etree import ElementTree

    path = tmp_path / "scenario.xosc"
    write_openscenario(trajectories, path, road="town.xodr", environment=Environment(rain=3.0))
    scenario = xosc.Scenario.parse(ElementTree.parse(path).getroot())
    assert [entity.name for entity in scenario.entities.scenario_objects] == ["ego", "bike", "walker"]
    again = tmp_path / "again.xosc"
    scenario.write_xml(str(again))
    read = read_openscenario(again, trajectories.times_s)
    assert_same(read.trajectories, trajectories, 1e-3)


def test_an_agent_that_is_never_there_is_refused(trajectories, tmp_path):
    trajectories.present[:, 2] = False
    with pytest.raises(DataError, match="walker"):
        write_openscenario(trajectories, tmp_path / "scenario.xosc")


@pytest.mark.data
def test_real_scenarios_are_read(tmp_path):
    if not ARCHIVE.exists():
        pytest.skip(f"the real data are not here: {ARCHIVE} (set UNDERSTUDY_DATA to their folder)")
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    files = sorted(tmp_path.rglob("*.xosc"))
    assert len(files) == 79
    scenarios = [read_openscenario(file) for file in files]
    assert sum(len(scenario.entities) for scenario in scenarios) > 100
    left_out = [note for scenario in scenarios for note in scenario.notes if "trajectory has corners" in note]
    assert left_out, "some follow trajectories whose corners are relative to the road"
