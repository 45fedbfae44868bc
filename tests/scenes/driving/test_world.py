"""The driving world: what a scenario says is what the pictures' labels say."""

import numpy as np
import pytest

from understudy.core.errors import ArgumentError, ConditionError, DataError, SchemaError
from understudy.scenes.driving.settings import SCENARIOS
from understudy.scenes.generator import Scenes
from understudy.scenes.traffic.scenarios import CATALOGUE

SMALL = {
    "cameras": {"sensor": {"width": 128, "height": 96}},
    "around": {"walkers": 2, "trees": 0.2, "buildings": 0.4, "oncoming_per_km": 8},
}


def scenes(renderer="none", frames=1, labels="fast", **settings):
    return Scenes(
        {
            "understudy": "scenes/1", "world": "driving", "renderer": renderer, "labels": labels,
            "video": {"frames": frames, "rate": 10}, "settings": {**SMALL, **settings},
        }
    )  # fmt: skip


def test_the_catalogue_and_the_settings_name_the_same_scenarios():
    assert {name.replace("-", "_") for name in SCENARIOS} == set(CATALOGUE)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_acted_out(name):
    shot = scenes(scenario=name, moment_s=2.0).block(0)[0]
    assert shot.meta["scenario"] == name.replace("-", "_")
    assert set(shot.meta["parameters"]) == set(CATALOGUE[name.replace("-", "_")].names)
    assert shot.frames[0].category.min() > 0


def test_labels_are_where_the_trajectories_are():
    shot = scenes(scenario="cut-in", moment_s=2.0, frames=3).block(0)[0]
    times, places = shot.arrays["trajectories/times"], shot.arrays["trajectories/position"]
    for frame in shot.frames:
        cutter = next((one for one in frame.instances if one.name == "agents/cutter"), None)
        if cutter is not None:
            expected = [np.interp(frame.time, times, places[:, 1, axis]) for axis in range(2)]
            np.testing.assert_allclose(cutter.center[:2], expected, atol=0.15)
            break
    else:
        pytest.fail("the other car is never seen")


def test_parameters_that_are_set_are_played():
    shot = scenes(scenario="cut-in", parameters={"gap_m": 12.0, "speed_difference_mps": -4.0}).block(3)[0]
    assert shot.meta["parameters"]["gap_m"] == 12.0
    assert shot.drawn["parameters/speed_difference_mps"] == -4.0


def test_an_edge_case_can_be_asked_for():
    night = scenes(scenario="hard-brake").sample(1, given={"edge_case": "night"})[0]
    assert night.edge_cases == ("night",)
    assert night.drawn["light/sun_elevation_deg"] < -8
    assert night.frames[0].conditions


def test_more_walkers_change_no_other_body():
    few = scenes(scenario="crossing-cyclist", moment_s=2.0).sample(1, given={"around.walkers": 2})[0]
    many = scenes(scenario="crossing-cyclist", moment_s=2.0).sample(1, given={"around.walkers": 6})[0]
    first = {one.name: (one.center.tolist(), one.size.tolist(), one.attributes) for one in few.frames[0].instances}
    second = {one.name: (one.center.tolist(), one.size.tolist(), one.attributes) for one in many.frames[0].instances}
    shared = set(first) & set(second)
    assert shared
    assert all(first[name] == second[name] for name in shared)


def test_sensors_give_points_targets_and_positions():
    shot = scenes(scenario="stalled-car", moment_s=2.0, sensors={"lidar": True, "radar": True, "gnss": True}).block(0)[0]
    points = shot.arrays["lidar/0000/points"]
    assert points.shape[1] == 8
    assert len(points) > 5000
    assert shot.records["gnss"]
    assert shot.records["imu"]


def test_a_surround_rig_sees_all_around():
    shot = scenes(scenario="cut-out", moment_s=2.0, cameras={"rig": "surround", "sensor": {"width": 64, "height": 48}}).block(0)[0]
    ahead = {frame.camera: frame.view.pose[:3, 2] for frame in shot.frames}
    assert len(ahead) == 6
    assert ahead["front"] @ ahead["back"] < -0.9


def test_two_makings_are_the_same_bytes():
    one, two = (scenes(renderer="raycast", scenario="debris", moment_s=2.0).block(1)[0] for _ in range(2))
    assert np.array_equal(one.frames[0].image, two.frames[0].image)
    assert one.drawn == two.drawn


@pytest.mark.parametrize(
    ("settings", "frames", "said"),
    [
        ({"scenario": "cutin"}, 1, "cut-in"),
        ({"scenaro": "cut-in"}, 1, '"scenario"'),
        ({"cameras": {"rig": "surond"}}, 1, "surround"),
        ({"around": {"trees": 4}}, 1, "outside 0 .. 1"),
    ],
)
def test_bad_settings_are_refused_with_the_nearest_word(settings, frames, said):
    with pytest.raises(SchemaError, match=said):
        scenes(frames=frames, **settings)


def test_a_clip_longer_than_the_scenario_is_refused():
    with pytest.raises(ArgumentError, match="fewer frames"):
        scenes(scenario="cut-in", frames=200).block(0)


def test_an_unknown_parameter_and_a_missing_table_are_told():
    with pytest.raises(ArgumentError, match="gap_m"):
        scenes(scenario="cut-in", parameters={"gap": 3.0}).block(0)
    with pytest.raises(DataError, match="no such file"):
        scenes(scenario="cut-in", found="nowhere.csv").block(0)
    with pytest.raises(ConditionError, match="no number"):
        scenes(scenario="cut-in").sample(1, given={"weather.fog": "thick"})
    with pytest.raises(ConditionError, match="weather.fog"):
        scenes(scenario="cut-in").sample(1, given={"weather.fogg": 0.1})
