import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.flow import Vehicle, simulate
from understudy.scenes.traffic.lanes import straight
from understudy.scenes.traffic.walkers import SocialForce, Walker, walk, wished_speeds


def line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=float)


def test_a_walker_alone_comes_to_the_wished_speed_within_the_relaxation_time() -> None:
    path = walk([Walker("a", line((0, 0), (100, 0)), 1.5)], 5.0, step_s=0.05)
    assert path.speed_mps[-1, 0] == pytest.approx(1.5, rel=1e-3)
    assert path.speed_mps[10, 0] == pytest.approx(1.5 * (1 - np.exp(-1.0)), rel=0.05)
    assert path.position_m[:, 0, 1] == pytest.approx(0.0, abs=1e-9)


def test_two_who_meet_head_on_pass_each_other_without_touching() -> None:
    path = walk([Walker("a", line((0, 0.05), (20, 0.05))), Walker("b", line((20, -0.05), (0, -0.05)))], 18.0)
    both = path.present.all(axis=1)
    apart = np.linalg.norm(path.position_m[both, 0] - path.position_m[both, 1], axis=-1)
    assert apart.min() > 0.45
    assert not path.present[-1].any()


def test_a_wall_is_not_walked_through() -> None:
    wall = np.array([[10.0, -5.0, 10.0, 5.0]])
    path = walk([Walker("a", line((0, 0.3), (20, 0.3)))], 25.0, borders=wall)
    crossed = (path.position_m[:-1, 0, 0] < 10) & (path.position_m[1:, 0, 0] >= 10)
    assert all(abs(path.position_m[k, 0, 1]) >= 5.0 for k in np.flatnonzero(crossed))


def test_points_of_a_path_are_passed_one_after_another() -> None:
    path = walk([Walker("a", line((0, 0), (5, 0), (5, 5), (0, 5)), 1.4)], 14.0)
    track = path.position_m[path.present[:, 0], 0, :2]
    for corner in ((5, 0), (5, 5), (0, 5)):
        assert np.linalg.norm(track - corner, axis=1).min() < 0.7
    assert not path.present[-1, 0]


def test_walkers_keep_clear_of_a_parked_vehicle() -> None:
    car = simulate((straight("lane", 40.0, start=(-5.0, 0.0)),), [Vehicle("car", "lane", 15.0, 0.0, wish=1e-6)], 20.0, Stream(1))
    path = walk([Walker("a", line((0, 0.4), (20, 0.4)))], 20.0, vehicles=car)
    there = path.present[:, 0]
    x, y = np.abs(path.position_m[there, 0, 0] - 10.0), np.abs(path.position_m[there, 0, 1])
    assert not ((x < 2.3) & (y < 0.925)).any()


def test_forces_are_the_same_for_one_scenario_and_for_many_at_once() -> None:
    draws = Stream(3).generator()
    place, velocity, goal = draws.normal(0, 3, (5, 7, 2)), draws.normal(0, 1, (5, 7, 2)), draws.normal(0, 20, (5, 7, 2))
    wish, force, borders = np.full((5, 7), 1.3), SocialForce(), np.array([[0.0, 0, 1, 1]])
    together = force.acceleration(place, velocity, goal, wish, borders)
    alone = np.stack([force.acceleration(place[k], velocity[k], goal[k], wish[k], borders) for k in range(5)])
    assert together == pytest.approx(alone)


def test_the_repulsion_is_minus_the_gradient_of_the_potential() -> None:
    force = SocialForce(behind=1.0)
    velocity = np.array([[0.0, 0.0], [0.7, -0.3]])

    def potential(at: np.ndarray) -> float:
        apart = at - np.array([1.0, 0.6])
        ahead = apart - force.stride_s * velocity[1]
        near, far, step = np.linalg.norm(apart), np.linalg.norm(ahead), force.stride_s * np.linalg.norm(velocity[1])
        return float(force.others_m2ps2 * np.exp(-0.5 * np.sqrt((near + far) ** 2 - step**2) / force.others_m))

    at = np.array([0.2, -0.1])
    found = force._from_others(np.array([at, [1.0, 0.6]]), velocity, np.array([[1.0, 0], [1, 0]]), None)[0]
    slope = [(potential(at + 1e-6 * way) - potential(at - 1e-6 * way)) / 2e-6 for way in np.eye(2)]
    assert found == pytest.approx(-np.array(slope), rel=1e-4)


def test_no_one_is_faster_than_the_limit_and_wishes_are_as_people_walk() -> None:
    crowd = [Walker(f"w{k}", line((0, 0.3 * k), (15, 3 - 0.3 * k)), 1.2) for k in range(10)]
    assert np.nanmax(walk(crowd, 10.0).speed_mps) <= 1.3 * 1.2 + 1e-9
    speeds = wished_speeds(4000, Stream(1))
    assert speeds.mean() == pytest.approx(1.34, abs=0.02)
    assert speeds.std() == pytest.approx(0.26, abs=0.02)


def test_wrong_paths_and_times_are_refused() -> None:
    with pytest.raises(ArgumentError, match="walker a"):
        walk([Walker("a", line((0, 0)))], 1.0)
    car = simulate((straight("lane", 40.0),), [Vehicle("car", "lane", 15.0, 0.0)], 2.0, Stream(1), step_s=0.2)
    with pytest.raises(ArgumentError, match="other times"):
        walk([Walker("a", line((0, 0), (1, 0)))], 2.0, vehicles=car)
