"""Traffic that flows around a scenario: nobody touches anybody, lanes change, and labels know everybody."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.scenes.driving.moving import trajectories_of
from understudy.scenes.driving.settings import DrivingSettings
from understudy.scenes.driving.world import Driving
from understudy.scenes.generator import Scenes
from understudy.scenes.scene import Scene
from understudy.scenes.spec.draws import Draws
from understudy.scenes.traffic.meetings import meetings
from understudy.scenes.traffic.trajectories import Agent, Trajectories
from understudy.scenes.world import Video

BARE = {"buildings": 0, "trees": 0, "walkers": 0, "parked": 0}


@cache
def staged(scenario: str, seed: int = 1, per_km: float = 30, walkers: int = 0, simulator: str = "flow") -> Scene:
    traffic = {"per_km": per_km, "walkers": walkers, "simulator": simulator}
    settings = DrivingSettings.model_validate({"scenario": scenario, "moment_s": 2.0, "traffic": traffic, "around": BARE})
    return Driving().scene(settings, Video(5, 5), Draws(Stream(seed), settings))


def motion(scene: Scene) -> tuple[Trajectories, list[int]]:
    """Everybody, and the places of the vehicles of traffic."""
    names = ("times", "position", "heading", "speed", "present", "size")
    times, position, heading, speed, present, size = (scene.arrays[f"trajectories/{name}"] for name in names)
    agents = tuple(Agent(row["id"], row["kind"], tuple(one)) for row, one in zip(scene.meta["agents"], size.tolist(), strict=True))
    flows = [place for place, agent in enumerate(agents) if agent.id.startswith("traffic/") and agent.kind != "pedestrian"]
    return Trajectories(times, agents, position, heading, speed, present), flows


@pytest.mark.parametrize(
    "scenario", ["cut-in", pytest.param("fog-queue-end", marks=pytest.mark.slow), "red-light-runner", "occluded-pedestrian"]
)
def test_no_vehicle_of_traffic_touches_anybody(scenario: str) -> None:
    moved, flows = motion(staged(scenario))
    assert len(flows) >= 8
    touching = {(moved.agents[one].id, moved.agents[other].id) for one, other in meetings(moved, moved) if one in flows}
    assert not touching


def test_the_ego_has_room_ahead_of_it() -> None:
    moved, flows = motion(staged("cut-in"))
    ego = moved.position_m[:, 0]
    for place in flows:
        ahead, aside = (moved.position_m[:, place] - ego)[:, :2].T
        in_lane = (np.abs(aside) < 1.5) & (ahead > 0)
        assert (ahead[in_lane] > 10.0).all()


def test_lanes_are_changed_on_a_motorway_and_indicators_tell_of_it() -> None:
    moved, flows = motion(staged("cut-in"))
    changes = [place for place in flows if np.ptp(moved.position_m[:, place, 1]) > 2.5]
    assert len(changes) >= 2
    sideways = np.abs(np.diff(moved.position_m[:, changes, 1], axis=0)).max()
    assert 0.05 < sideways < 0.3, "smoothly, within some seconds"


def test_traffic_waits_at_red_across_the_way_of_the_ego() -> None:
    crossing, flows = motion(staged("red-light-runner"))
    speed = crossing.speed_mps[-1, flows]
    across = np.abs(np.cos(crossing.heading_rad[-1, flows])) < 0.2
    assert (speed[across] < 1.0).any()


@pytest.mark.slow
def test_kinds_have_their_shares() -> None:
    kinds = {"car": 0, "van": 0, "truck": 0, "semi_trailer": 0, "bus": 0, "motorcycle": 1}
    settings = DrivingSettings.model_validate(
        {"scenario": "hard-brake", "moment_s": 2.0, "traffic": {"per_km": 15, "kinds": kinds}, "around": BARE}
    )
    moved, flows = motion(Driving().scene(settings, Video(), Draws(Stream(3), settings)))
    assert {moved.agents[place].kind for place in flows} == {"motorcycle"}


@pytest.mark.slow
def test_walkers_keep_apart_and_on_the_sidewalks() -> None:
    scene = staged("occluded-pedestrian", walkers=24)
    moved, _ = motion(scene)
    people = [place for place, agent in enumerate(moved.agents) if agent.id.startswith("traffic/walkers")]
    assert len(people) > 15
    position = moved.position_m[:, people, :2]
    away = np.minimum(np.abs(position[..., 1] + 3.925), np.abs(position[..., 1] - 7.175))
    assert away.max() < 2.9
    assert np.linalg.norm(position[-1] - position[0], axis=1).mean() > 5.0
    apart = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1) + 9 * np.eye(len(people))
    assert np.quantile(apart.min(axis=(1, 2)), 0.5) > 0.3


@pytest.mark.slow
def test_labels_know_the_traffic_where_it_is() -> None:
    made = Scenes(
        {
            "understudy": "scenes/1", "world": "driving", "renderer": "none", "labels": "fast", "video": {"frames": 2, "rate": 5},
            "settings": {
                "scenario": "tailgater", "moment_s": 2.0, "traffic": {"per_km": 30}, "around": BARE,
                "cameras": {"sensor": {"width": 320, "height": 240}},
            },
        }
    )  # fmt: skip
    shot, again = made.sample(1, seed=4)[0], made.sample(1, seed=4)[0]
    moved = trajectories_of(shot)
    seen = [(frame, one) for frame in shot.frames for one in frame.instances if one.name.startswith("traffic/")]
    assert len(seen) >= 4
    tracks = {row["id"]: row["track"] for row in shot.meta["agents"]}
    for frame, one in seen:
        assert tracks[one.name] == one.track
        step = np.argmin(np.abs(moved.times_s - frame.time))
        np.testing.assert_allclose(one.center[:2], moved.position_m[step, moved.index(one.name), :2], atol=0.2)
        speed = moved.speed_mps[step, moved.index(one.name)]
        assert np.linalg.norm(one.velocity) == pytest.approx(speed, abs=1.5)
    assert {row["track"] for row in shot.records["safety"]} >= {one.track for _, one in seen}
    assert [one.box for one in again.frames[1].instances] == [one.box for one in shot.frames[1].instances]
    np.testing.assert_array_equal(trajectories_of(again).position_m, moved.position_m)


def test_no_traffic_is_no_traffic() -> None:
    moved, flows = motion(staged("cut-in", per_km=0))
    assert not flows
    assert len(moved.agents) > 1, "others come the other way"


@pytest.mark.slow
def test_sumo_can_drive_the_traffic() -> None:
    pytest.importorskip("libsumo", reason='SUMO is not installed: pip install "understudy[sumo]"')
    moved, flows = motion(staged("red-light-runner", simulator="sumo"))
    assert len(flows) >= 4
    assert not {other for one, other in meetings(moved, moved) if one in flows}
    assert (np.ptp(moved.position_m[:, flows, :2], axis=0).max(axis=1) > 20).sum() >= 2
    staged.cache_clear()
    again, _ = motion(staged("red-light-runner", simulator="sumo"))
    np.testing.assert_array_equal(again.position_m, moved.position_m)
