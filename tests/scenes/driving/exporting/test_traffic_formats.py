"""Formats of traffic: the files say what the labels say, read back by ourselves and by others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import shots as pictures

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting import dataset_problems, exporter, opened_exporter, write_dataset
from understudy.data.media.items import Shot
from understudy.scenes.driving.moving import trajectories_of
from understudy.scenes.generator import Scenes
from understudy.scenes.roads.commonroad import read_commonroad
from understudy.scenes.roads.lanes import lanes_of
from understudy.scenes.roads.opendrive import read_opendrive
from understudy.scenes.roads.openscenario import read_openscenario
from understudy.scenes.roads.trajectories_csv import read_trajectories

FORMATS = ("commonroad", "openscenario", "trajectories")


@pytest.fixture(scope="module")
def driven() -> list[Shot]:
    """A cut-in on the motorway, and a runner of a red light at a crossing."""
    settings = {
        "scenario": "cut-in", "moment_s": 2.0, "cameras": {"sensor": {"width": 128, "height": 96}},
        "around": {"walkers": 3, "trees": 0, "buildings": 0, "oncoming_per_km": 15},
    }  # fmt: skip
    made = Scenes({"understudy": "scenes/1", "world": "driving", "renderer": "none", "labels": [], "settings": settings})
    shots = [made.sample(1)[0], made.sample(1, given={"scenario": "red-light-runner"})[0]]
    shots[1].index = 1
    return shots


@pytest.fixture(scope="module")
def folders(driven: list[Shot], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name in FORMATS:
        made[name] = tmp_path_factory.mktemp(name)
        write_dataset(opened_exporter(name), driven, made[name])
    return made


@pytest.mark.parametrize("name", FORMATS)
def test_a_data_set_has_no_problems_and_the_same_bytes_again(
    name: str, folders: dict[str, Path], driven: list[Shot], tmp_path: Path
) -> None:
    assert dataset_problems(name, folders[name]) == []
    write_dataset(opened_exporter(name), driven, tmp_path)
    files = sorted(path.name for path in folders[name].iterdir())
    assert files == sorted(path.name for path in tmp_path.iterdir())
    assert all((tmp_path / file).read_bytes() == (folders[name] / file).read_bytes() for file in files)


def test_tables_hold_everybody_where_the_labels_have_them(folders: dict[str, Path], driven: list[Shot]) -> None:
    seen = 0
    for shot in driven:
        read, made = read_trajectories(folders["trajectories"] / f"{shot.index:08d}.csv"), trajectories_of(shot)
        assert read.agents == made.agents
        np.testing.assert_array_equal(read.position_m, made.position_m)
        tracks = {row["id"]: row["track"] for row in shot.meta["agents"]}
        for frame in shot.frames:
            step = int(np.argmin(np.abs(made.times_s - frame.time)))
            for one in frame.instances:
                if one.name in tracks or one.name.removeprefix("agents/") in tracks:
                    name = one.name if one.name in tracks else one.name.removeprefix("agents/")
                    assert one.track == tracks[name]
                    np.testing.assert_allclose(one.center[:2], made.position_m[step, made.index(name), :2], atol=0.35)
                    seen += 1
    assert seen, "somebody is seen"


def test_the_table_of_scenarios_tells_what_each_weighs(folders: dict[str, Path], driven: list[Shot]) -> None:
    rows = [json.loads(line) for line in (folders["trajectories"] / "scenarios.jsonl").read_text().splitlines()]
    assert [row["scenario"] for row in rows] == ["cut_in", "red_light_runner"]
    assert rows[0]["parameters"] == driven[0].meta["parameters"]
    assert rows[0]["likelihood_weight"] == 1.0
    assert rows[0]["frame_times_s"] == [2.0]


def test_an_openscenario_drives_on_its_own_road(folders: dict[str, Path], driven: list[Shot]) -> None:
    for shot in driven:
        path, made = folders["openscenario"] / f"{shot.index:08d}.xosc", trajectories_of(shot)
        read = read_openscenario(path, made.times_s)
        np.testing.assert_allclose(read.trajectories.position_m, made.position_m, atol=1e-6)
        lanes = lanes_of(read_opendrive(path.with_name(read.road)))
        aside = np.min([np.abs(lane.station_of(made.position_m[:, 0])[1]) for lane in lanes], axis=0)
        assert aside.max() < 0.1, "the ego goes along the middle of a lane"


def test_others_read_the_openscenario_and_its_road(folders: dict[str, Path]) -> None:
    """Their parser takes it apart and puts it together again."""
    xosc = pytest.importorskip("scenariogeneration.xosc", reason="scenariogeneration is not installed")
    from xml.etree import ElementTree

    for path in sorted(folders["openscenario"].glob("*.xosc")):
        read = xosc.Scenario.parse(ElementTree.parse(path).getroot())
        assert len(read.entities.scenario_objects) > 1
        road = ElementTree.parse(path.with_suffix(".xodr")).getroot()
        assert road.tag == "OpenDRIVE"


def test_a_planner_gets_the_others_and_a_problem(folders: dict[str, Path], driven: list[Shot]) -> None:
    read, made = read_commonroad(folders["commonroad"] / "ZAM_Understudy-1_1_T-1.xml"), trajectories_of(driven[0])
    (problem,) = read.problems
    assert problem.position == (0.0, 0.0)
    assert problem.speed == pytest.approx(made.speed_mps[0, 0])
    assert len(read.trajectories.agents) == len(made.agents) - 1
    centre = (np.concatenate([lanelet.left + lanelet.right for lanelet in read.lanelets])) / 2
    assert np.abs(centre[:, 1]).min() < 1e-6, "a lane runs where the ego starts"


def test_the_ego_can_be_an_obstacle(driven: list[Shot], tmp_path: Path) -> None:
    write_dataset(opened_exporter("commonroad:ego=true"), driven, tmp_path)
    read = read_commonroad(tmp_path / "ZAM_Understudy-1_1_T-1.xml")
    assert not read.problems
    assert len(read.trajectories.agents) == len(trajectories_of(driven[0]).agents)
    assert dataset_problems("commonroad", tmp_path) == []
    with pytest.raises(ArgumentError, match="ego is true or false"):
        opened_exporter("commonroad:ego=3")


def test_its_own_library_reads_a_commonroad_scenario(folders: dict[str, Path], driven: list[Shot]) -> None:
    reading = pytest.importorskip("commonroad.common.file_reader", reason="commonroad-io is not installed")
    rows = [json.loads(line) for line in (folders["commonroad"] / "scenarios.jsonl").read_text().splitlines()]
    for shot, row in zip(driven, rows, strict=True):
        made = trajectories_of(shot)
        read, problems = reading.CommonRoadFileReader(str(folders["commonroad"] / row["file"])).open()
        assert len(problems.planning_problem_dict) == 1
        assert len(read.dynamic_obstacles) == len(row["obstacles"])
        for obstacle in read.dynamic_obstacles:
            place = made.index(row["obstacles"][str(obstacle.obstacle_id)])
            np.testing.assert_allclose(obstacle.state_at_time(20).position, made.position_m[20, place, :2], atol=1e-6)


@pytest.mark.parametrize("name", FORMATS)
def test_shots_without_traffic_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="driving"):
        list(opened_exporter(name).files(next(pictures(1))))


def far_away(text: str) -> str:
    lines = text.splitlines()
    cells = lines[1].split(",")
    cells[4] = "900.0"
    return "\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n"


SPOILT: dict[str, tuple[str, spoil.Spoil, str]] = {
    "a table is missing": ("trajectories", spoil.removed("*.csv"), "cannot be read"),
    "somebody jumps": ("trajectories", spoil.text_changed("*.csv", far_away), "jumps"),
    "somebody is missing": ("trajectories", spoil.text_changed("*.csv", lambda text: text.replace("cutter", "ego2")), "missing"),
    "a file is one too many": ("trajectories", spoil.copied("*.csv", "7.csv"), "no index speaks of this file"),
    "the index is missing": ("openscenario", spoil.removed("scenarios.jsonl"), "missing"),
    "a road is missing": ("openscenario", spoil.removed("*.xodr"), "cannot be read"),
    "a scenario is cut": ("openscenario", spoil.cut_short("*.xosc"), "xosc"),
    "a lanelet is missing": (
        "commonroad",
        spoil.text_changed("*-2_1_T-1.xml", lambda text: text.replace('lanelet id="1"', 'lanelet id="999"')),
        "not there",
    ),
    "an obstacle is missing": (
        "commonroad",
        spoil.text_changed("scenarios.jsonl", lambda text: text.replace('"obstacles": {"', '"obstacles": {"1')),
        "table",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(what: str, driven: list[Shot], tmp_path: Path) -> None:
    name, corrupt, message = SPOILT[what]
    write_dataset(opened_exporter(name), driven, tmp_path)
    corrupt(tmp_path)
    problems = exporter(name).problems(tmp_path)
    assert any(message in problem for problem in problems), problems
    assert problems
