from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.scenes.labels.oracle import box, ground, scene

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import Motion, along, still
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.scene import Body, Link, Scene
from understudy.scenes.sensors import Radar
from understudy.scenes.sensors.radar import section_of

QUIET = {"range_noise": 0.0, "azimuth_noise": 0.0, "speed_noise": 0.0, "ghosts": 0.0, "clutter": 0.0}


def car(motion: Motion, track: int = 4, **attributes: object) -> Body:
    return Body(f"car/{track}", 1, track, (Link(box(4, 1.8, 1.5), motion, ()),), (4, 1.8, 1.5), attributes=attributes)


def world(*bodies: Body) -> Scene:
    return scene([ground(), *bodies], [Camera("front")], [0.0])


def scans(radar: Radar, made: Scene, count: int) -> list[list[dict[str, object]]]:
    tracer = EmbreeTracer(made)
    return [radar.sense(made, tracer, 0, Stream(7).child(number)).rows for number in range(count)]


def test_a_target_has_the_range_azimuth_and_doppler_that_geometry_says() -> None:
    coming = along([-1.0, 1.0], [[52.0, 10.0, 0.75], [32.0, 10.0, 0.75]], np.pi)  # 42 m ahead at 0 s, at 10 m/s
    radar = Radar("radar", along([-1.0, 1.0], [[-15.0, 0, 0.6], [15.0, 0, 0.6]], 0.0), **QUIET)
    rows = [row for rows in scans(radar, world(car(coming)), 10) for row in rows]
    assert rows
    for row in rows:
        assert (row["kind"], row["track"]) == ("target", 4)
        assert 40.0 < row["range_m"] < 46.0  # type: ignore[operator]
        azimuth = np.radians(row["azimuth_deg"])  # type: ignore[arg-type]
        assert row["range_m"] * np.sin(azimuth) == pytest.approx(10.0, abs=1.0)
        assert row["speed_mps"] == pytest.approx(-25.0 * np.cos(azimuth), abs=0.1)  # both speeds, along the line of sight


def test_targets_are_detected_as_often_as_the_law_says() -> None:
    radar = replace(Radar("radar", still((0.0, 0.0, 0.6)), **QUIET), rays=(91, 3), reach=150.0, ratio=20.0)
    made = world(car(still((152.0, 0.0, 0.75))))
    found = sum(bool(rows) for rows in scans(radar, made, 400)) / 400
    expected = 1e-6 ** (1 / (1 + 100))  # 20 dB at 150 m
    assert radar.detection(150.0, 10.0) == pytest.approx(expected)
    assert found == pytest.approx(expected, abs=0.05)
    assert radar.signal(300.0, 10.0) == pytest.approx(20 - 12.04, abs=0.01)


def test_a_hidden_object_gives_no_target() -> None:
    front = Body("truck", 1, 9, (Link(box(4, 6, 4), still((20.0, 0.0, 2.0)), ()),), (4, 6, 4))
    rows = [
        row for rows in scans(Radar("radar", still((0, 0, 0.6)), **QUIET), world(front, car(still((40.0, 0.0, 0.75)))), 5) for row in rows
    ]
    assert {row["track"] for row in rows} == {9}


def test_ghosts_and_clutter_are_labelled() -> None:
    radar = Radar("radar", still((0.0, 0.0, 0.6)), **(QUIET | {"ghosts": 1.0, "clutter": 2.0}))
    found = scans(radar, world(car(still((30.0, 0.0, 0.75)))), 200)
    clutter = [row for rows in found for row in rows if row["kind"] == "clutter"]
    assert len(clutter) / 200 == pytest.approx(2.0, abs=0.3)
    assert {row["track"] for row in clutter} == {0}
    for rows in found:
        real = [row["range_m"] for row in rows if row["kind"] == "target"]
        assert [row["range_m"] for row in rows if row["kind"] == "ghost"] == pytest.approx([2 * away for away in real], abs=0.01)


def test_noise_is_that_of_the_sensor() -> None:
    radar = Radar("radar", still((0.0, 0.0, 0.6)), **(QUIET | {"range_noise": 0.3, "azimuth_noise": 0.01}), cell=10.0, rays=(91, 3))
    rows = [row for rows in scans(radar, world(car(still((30.0, 0.0, 0.75)))), 400) for row in rows]
    assert np.std([row["range_m"] for row in rows]) == pytest.approx(0.3, rel=0.12)
    assert np.std([np.radians(row["azimuth_deg"]) for row in rows]) == pytest.approx(0.01, rel=0.12)


def test_the_cross_section_is_stated_or_that_of_the_category() -> None:
    made = world(car(still((30, 0, 1))), car(still((30, 5, 1)), 5, rcs_dbsm=3.5))
    assert section_of(made.bodies[1], made) == 10.0
    assert section_of(made.bodies[2], made) == 3.5
