from __future__ import annotations

import numpy as np
import pytest
from tests.scenes.labels.oracle import ground, scene

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import Motion, about_x, along, still
from understudy.scenes.scene import Scene
from understudy.scenes.sensors import Gnss, Imu
from understudy.scenes.sensors.navigation import GRAVITY, felt, geodetic


def clip(frames: int = 5, rate: float = 10.0) -> Scene:
    return scene([ground()], [Camera("front")], list(np.arange(frames) / rate))


def circle(radius: float = 20.0, speed: float = 10.0) -> Motion:
    times = np.linspace(-1, 5, 601)
    angle = speed / radius * times
    return along(times, np.stack([radius * np.sin(angle), radius * (1 - np.cos(angle)), 0 * times], axis=1), angle)


def rows(sensor: object, made: Scene) -> list[dict[str, float]]:
    return [row for number in range(len(made.times)) for row in sensor.sense(made, None, number, Stream(0)).rows]  # type: ignore[attr-defined]


def test_a_unit_at_rest_feels_gravity_alone() -> None:
    force, turn = felt(still((1, 2, 3)), np.linspace(0, 1, 5))
    assert np.allclose(force, [0, 0, GRAVITY])
    assert np.allclose(turn, 0)
    force, _ = felt(still((0, 0, 0), about_x(np.pi / 2)), np.zeros(1))
    assert np.allclose(force, [[0, GRAVITY, 0]])


def test_on_a_circle_it_feels_the_centripetal_force_and_the_turn() -> None:
    force, turn = felt(circle(20.0, 10.0), np.linspace(0, 3, 31))
    assert np.allclose(force, [0, 10.0**2 / 20.0, GRAVITY], atol=0.02)
    assert np.allclose(turn, [0, 0, 0.5], atol=1e-3)


def test_speeding_up_is_felt_ahead() -> None:
    times = np.linspace(0, 4, 81)
    motion = along(times, np.stack([1.5 * times**2, 0 * times, 0 * times], axis=1), 0.0)
    force, _ = felt(motion, np.linspace(0.5, 3.5, 9))
    assert np.allclose(force, [3.0, 0, GRAVITY], atol=1e-6)
    turned = along(times, np.stack([0 * times, 1.5 * times**2, 0 * times], axis=1), np.pi / 2)
    assert np.allclose(felt(turned, np.array([2.0]))[0], [[3.0, 0, GRAVITY]], atol=1e-6)


def test_measurements_follow_one_another_without_gaps_and_have_their_noise() -> None:
    imu = Imu("imu", still(), Stream(3), rate=200.0, accelerometer_bias=0.0, accelerometer_walk=0.0, accelerometer_noise=0.01)
    found = rows(imu, clip(21))
    assert np.allclose([row["time"] for row in found], np.arange(401) / 200)
    assert np.std([row["force_z"] for row in found]) == pytest.approx(0.01 * np.sqrt(200), rel=0.12)


def test_biases_start_and_walk_as_stated_and_go_on_from_frame_to_frame() -> None:
    quiet = {"accelerometer_noise": 0.0, "gyroscope_noise": 0.0, "gyroscope_bias": 0.0}
    imu = Imu("imu", still(), Stream(3), rate=100.0, accelerometer_bias=0.5, accelerometer_walk=0.1, **quiet)
    assert np.array_equal(imu.biases("accelerometer", 50), imu.biases("accelerometer", 300)[:50])
    off = np.array([row["force_x"] for row in rows(imu, clip(11))])
    assert np.allclose(off, imu.biases("accelerometer", 101)[:, 0])
    starts = np.array([Imu("imu", still(), Stream(seed), accelerometer_bias=0.5).biases("accelerometer", 2)[0] for seed in range(300)])
    assert starts.std() == pytest.approx(0.5, rel=0.08)
    walking = [Imu("imu", still(), Stream(seed), accelerometer_bias=0.0, accelerometer_walk=0.1) for seed in range(200)]
    ends = np.array([imu.biases("accelerometer", 900)[-1] for imu in walking])
    assert ends.std() == pytest.approx(0.1 * np.sqrt(9.0), rel=0.1)


def test_positions_are_true_but_for_their_errors() -> None:
    gnss = Gnss("gnss", circle(), Stream(5), rate=10.0, noise=0.0, drift=0.0, speed_noise=0.0)
    for row in rows(gnss, clip(8)):
        place = circle().at(row["time"])[:3, 3]
        assert np.allclose([row["x"], row["y"], row["z"]], place, atol=1e-9)
        assert np.hypot(row["speed_x"], row["speed_y"]) == pytest.approx(10.0, abs=0.01)
    noisy = Gnss("gnss", still(), Stream(6), rate=100.0, noise=0.5, drift=0.0)
    found = rows(noisy, clip(41))
    assert np.std([row["x"] for row in found]) == pytest.approx(0.5, rel=0.12)
    assert np.std([row["z"] for row in found]) == pytest.approx(1.0, rel=0.12)


def test_slow_errors_remember_and_have_their_size() -> None:
    ends = np.array([Gnss("g", still(), Stream(seed), rate=1.0, drift=2.0, lasting=20.0).errors(60) for seed in range(150)])
    assert ends[:, -1].std() == pytest.approx(2.0, rel=0.1)
    assert np.corrcoef(ends[:, 30].ravel(), ends[:, 50].ravel())[0, 1] == pytest.approx(np.exp(-1), abs=0.12)


def test_there_are_no_positions_in_a_tunnel() -> None:
    gnss = Gnss("gnss", still(), Stream(1), rate=10.0, outages=((0.15, 0.35),))
    found = rows(gnss, clip(6))
    assert [row["valid"] for row in found] == [True, True, False, False, True, True]
    assert "x" not in found[2]
    lossy = Gnss("gnss", still(), Stream(1), rate=100.0, lost=0.3)
    assert np.mean([row["valid"] for row in rows(lossy, clip(41))]) == pytest.approx(0.7, abs=0.07)


def test_a_frame_alone_is_as_it_is_in_the_clip() -> None:
    made = clip(6)
    for sensor in (Imu("imu", circle(), Stream(2)), Gnss("gnss", circle(), Stream(2))):
        assert sensor.sense(made, None, 4, Stream(0)) == sensor.sense(made, None, 4, Stream(9))


def test_latitude_and_longitude_agree_with_the_ellipsoid() -> None:
    assert geodetic(np.zeros(3), (48.0, 11.0, 500.0)) == (48.0, 11.0, 500.0)
    north = geodetic(np.array([0.0, 1000.0, 0.0]), (48.0, 11.0, 0.0))
    east = geodetic(np.array([1000.0, 0.0, 0.0]), (48.0, 11.0, 0.0))
    assert north[0] - 48.0 == pytest.approx(1 / 111.195, rel=2e-4)  # km a degree of latitude at 48°
    assert east[1] - 11.0 == pytest.approx(1 / 74.628, rel=2e-4)  # km a degree of longitude at 48°
