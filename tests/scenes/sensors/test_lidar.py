from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.scenes.labels.oracle import box, scene, square

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import Motion, about_z, along, still
from understudy.scenes.material import Material
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.scene import Body, Link, Scene, Weather
from understudy.scenes.sensors import Lidar, spinning
from understudy.scenes.sensors.air import Air
from understudy.scenes.sensors.lidar import COLUMNS

PERFECT = {"noise": 0.0, "lost": 0.0, "reach": 500.0}
X, Y, Z, INTENSITY, RING, TIME, TRACK, CATEGORY = range(8)


def world(*more: Body, weather: Weather | None = None, ground: float = 0.5) -> Scene:
    road = Body("road", 3, 0, (Link(square(600.0), still(), (Material("road", (ground,) * 3),)),), (600, 600, 0))
    return scene([road, *more], [Camera("front")], [0.0], weather=weather or Weather(haze=0.0))


def wall(away: float, track: int = 5, motion: Motion | None = None, color: float = 0.5) -> Body:
    """A tall wall whose face is `away` ahead."""
    place = motion or still((away + 0.5, 0.0, 0.0))
    return Body(f"wall/{track}", 1, track, (Link(box(1, 200, 60), place, (Material("wall", (color,) * 3),)),), (1, 200, 60))


def sensed(lidar: Lidar, made: Scene, seed: int = 1) -> np.ndarray:
    return lidar.sense(made, EmbreeTracer(made), 0, Stream(seed)).arrays["points"]


def test_rings_on_level_ground_are_circles_at_the_distance_that_geometry_says() -> None:
    lidar = spinning("lidar", still((3.0, 4.0, 1.8)), 16, columns=360, **PERFECT)
    points = sensed(lidar, world())
    assert points.shape == (8 * 360, len(COLUMNS))
    assert points.dtype == np.float32
    for ring in range(8):
        mine = points[points[:, RING] == ring]
        slope = np.radians(15 - 2 * ring)
        assert np.allclose(np.hypot(mine[:, X], mine[:, Y]), 1.8 / np.tan(slope), rtol=1e-4)
        assert np.allclose(mine[:, Z], -1.8, atol=1e-4)
        assert np.allclose(mine[:, INTENSITY], 0.5 * np.sin(slope), atol=1e-5)  # reflectance times the cosine of the angle to the normal
    assert set(points[:, CATEGORY]) == {3.0}
    assert set(points[:, TRACK]) == {0.0}


def test_points_on_an_object_carry_its_track_and_category() -> None:
    lidar = spinning("lidar", still((0.0, 0.0, 1.8)), 32, columns=720, **PERFECT)
    found = lidar.sense(made := world(wall(20.0)), EmbreeTracer(made), 0, Stream(1)).arrays
    points = found["points"]
    mine = points[:, TRACK] == 5
    assert mine.sum() > 1000
    assert np.allclose(points[mine & (np.abs(points[:, Y]) < 50), X], 20.0, atol=1e-3)
    assert set(points[mine, CATEGORY]) == {1.0}
    assert np.array_equal(found["track"], points[:, TRACK].astype(int))
    assert np.allclose(found["pose"][:3, 3], [0, 0, 1.8])


def test_the_head_turns_clockwise_and_looks_ahead_at_the_frame_s_time() -> None:
    points = sensed(spinning("lidar", still((0, 0, 1.8)), 16, columns=720, turn=0.1, **PERFECT), world())
    azimuth = np.arctan2(points[:, Y], points[:, X])
    assert np.allclose(points[:, TIME], -azimuth / (2 * np.pi) * 0.1, atol=1e-4)


def test_noise_has_its_standard_deviation_and_no_bias() -> None:
    lidar = replace(spinning("lidar", still((0.0, 0.0, 1.8)), 64, columns=900, **PERFECT), noise=0.05)
    points = sensed(lidar, world(wall(15.0)))
    clean = sensed(replace(lidar, noise=0.0), world(wall(15.0)))
    off = np.linalg.norm(points[:, :3], axis=1) - np.linalg.norm(clean[:, :3], axis=1)
    assert off.mean() == pytest.approx(0.0, abs=0.001)
    assert off.std() == pytest.approx(0.05, rel=0.02)


def test_half_of_the_beams_return_where_the_echo_is_just_seen() -> None:
    ahead = tuple(np.zeros(20_000))
    lidar = Lidar("lidar", still((0.0, 0.0, 1.8)), ahead, columns=1, reach=80.0, faint=0.1, noise=0.0, lost=0.0)
    # 0.1 at 80 m is the threshold; 0.4 at 160 m is as strong, 0.4 at 80 m four times, 0.1 at 160 m a quarter
    shares = {(80.0, 0.1): 0.5, (160.0, 0.4): 0.5, (80.0, 0.4): 1.0, (160.0, 0.1): 0.0}
    for (away, color), share in shares.items():
        points = sensed(lidar, world(wall(away, color=color)))
        assert len(points) / 20_000 == pytest.approx(share, abs=0.012), (away, color)


def test_lost_beams_are_lost_at_their_rate_and_the_nearest_are_not_seen() -> None:
    lidar = spinning("lidar", still((0.0, 0.0, 1.8)), 64, columns=900, **(PERFECT | {"lost": 0.2}))
    whole = len(sensed(replace(lidar, lost=0.0), world()))
    assert len(sensed(lidar, world())) / whole == pytest.approx(0.8, abs=0.01)
    assert len(sensed(replace(lidar, nearest=1000.0), world())) == 0


def test_a_moving_sensor_sees_still_things_where_they_are_once_deskewed() -> None:
    path = along([-1.0, 1.0], [[-20.0, 0.0, 1.8], [20.0, 0.0, 1.8]], 0.0)
    lidar = spinning("lidar", path, 32, columns=720, turn=0.1, **PERFECT)
    points = sensed(lidar, world(wall(30.0)))
    assert np.allclose(points[points[:, TRACK] == 5, X], 30.0, atol=1e-3)
    raw = sensed(replace(lidar, deskewed=False), world(wall(30.0)))
    mine = raw[raw[:, TRACK] == 5]
    assert np.allclose(mine[:, X], 30.0 - 20.0 * mine[:, TIME], atol=1e-3)


def test_a_moving_body_is_met_where_it_is_when_the_beam_comes() -> None:
    coming = along([-1.0, 1.0], [[40.5, 0.0, 0.0], [0.5, 0.0, 0.0]], 0.0)  # its face is 20 m away at 0 s and comes at 20 m/s
    points = sensed(spinning("lidar", still((0.0, 0.0, 1.8)), 32, columns=720, turn=0.1, **PERFECT), world(wall(0, motion=coming)))
    mine = points[points[:, TRACK] == 5]
    assert np.ptp(mine[:, TIME]) > 0.02
    assert np.abs(mine[:, X] - (20.0 - 20.0 * mine[:, TIME])).max() < 20 * 0.002


def test_a_turned_sensor_gives_points_in_its_own_axes() -> None:
    lidar = spinning("lidar", still((0, 0, 1.8), about_z(np.pi / 2)), 16, columns=360, **PERFECT)
    points = sensed(lidar, world(wall(20.0)))
    mine = points[points[:, TRACK] == 5]
    assert np.allclose(mine[:, Y], -20.0, atol=1e-3)  # ahead in the world is to the right of a sensor that looks to the left


def test_rain_dims_and_gives_echoes_without_an_object() -> None:
    lidar = spinning("lidar", still((0.0, 0.0, 1.8)), 32, columns=900, **PERFECT)
    dry, wet = sensed(lidar, world(wall(40.0))), sensed(lidar, world(wall(40.0), weather=Weather(rain=50.0, haze=0.0)))
    echoes = wet[wet[:, CATEGORY] == 0]
    assert len(dry[dry[:, CATEGORY] == 0]) == 0
    assert 20 < len(echoes) < 0.2 * len(wet)
    assert (echoes[:, TRACK] == 0).all()
    air = Air.of(Weather(rain=10.0, haze=0.0))
    assert air.left(np.array([1000.0]))[0] == pytest.approx(10 ** (-2 * 1.076 * 10**0.67 / 10), rel=1e-3)
    fog = Air.of(Weather(fog=0.03, haze=0.0))
    assert fog.left(np.array([100.0]))[0] == pytest.approx(np.exp(-6.0))


def test_fog_shortens_the_reach() -> None:
    lidar = replace(spinning("lidar", still((0.0, 0.0, 1.8)), 32, columns=360, **PERFECT), reach=120.0)
    clear, foggy = (sensed(lidar, world(wall(60.0, color=0.6), weather=Weather(fog=fog, haze=0.0))) for fog in (0.0, 0.05))
    assert (clear[:, TRACK] == 5).sum() > 1000
    assert (foggy[:, TRACK] == 5).sum() == 0


def test_the_same_stream_gives_the_same_points() -> None:
    lidar, made = spinning("lidar", still((0.0, 0.0, 1.8)), 16, columns=180), world(wall(20.0))
    assert np.array_equal(sensed(lidar, made, 4), sensed(lidar, made, 4))
    assert not np.array_equal(sensed(lidar, made, 4), sensed(lidar, made, 5))


def test_an_unknown_number_of_beams_is_an_error() -> None:
    with pytest.raises(ArgumentError, match=r"no lidar of 61 beams.*\n.*64"):
        spinning("lidar", still(), 61)
