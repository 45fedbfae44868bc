from __future__ import annotations

import time

import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.measures import signed_volume, surface
from understudy.scenes.geometry.motion import along
from understudy.scenes.models.vehicles import MODELS, SHAPES, vehicle
from understudy.scenes.models.vehicles.cars import _hull_shape
from understudy.scenes.models.vehicles.hull import Hull
from understudy.scenes.models.vehicles.paint import COLORS, drawn_color

LENGTHS = {"sedan": (4.5, 4.95), "van": (5.2, 5.8), "bus": (10.4, 13.2), "semi-trailer": (16.4, 16.7), "bicycle": (1.5, 2.0)}


@pytest.mark.parametrize("kind", MODELS)
def test_a_vehicle_stands_on_the_ground_within_its_box_and_has_no_triangle_without_area(kind: str) -> None:
    made = vehicle(kind, np.random.default_rng(3))
    low, high = made.bounds
    assert high - low == pytest.approx(made.size)
    assert (low + high) / 2 == pytest.approx(made.middle)
    assert abs(low[2]) < 0.02
    assert abs(low[1] + high[1]) < 0.15
    for part in made.parts:
        assert surface(part.mesh).min() > 1e-12
        assert signed_volume(part.mesh) > 0
    if kind in LENGTHS:
        assert LENGTHS[kind][0] <= made.size[0] <= LENGTHS[kind][1]


@pytest.mark.parametrize("kind", MODELS)
def test_keypoints_are_named_and_lie_in_the_box(kind: str) -> None:
    made = vehicle(kind, np.random.default_rng(3))
    assert len(made.keypoints) == len(made.keypoint_names)
    low, high = made.bounds
    for point in made.keypoints:
        place = np.add(point.place, made.parts[point.link].place)
        assert (place > low - 0.03).all()
        assert (place < high + 0.03).all()


@pytest.mark.parametrize("kind", ["suv", "semi-trailer"])
def test_equal_seeds_make_equal_vehicles(kind: str) -> None:
    one, other, third = (vehicle(kind, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert one.attributes == other.attributes
    assert one.attributes != third.attributes
    assert all(np.array_equal(a.mesh.vertices, b.mesh.vertices) for a, b in zip(one.parts, other.parts, strict=True))


@pytest.mark.parametrize("kind", SHAPES)
def test_hulls_measure_what_their_kind_says(kind: str) -> None:
    shape = SHAPES[kind]
    skin, floor = Hull(_hull_shape(shape)).shell()
    low, high = skin.bounds
    assert (high - low)[:2] == pytest.approx((shape.length, shape.width), rel=0.02)
    assert signed_volume(skin) + signed_volume(floor) > 0.5 * shape.length * shape.width * 0.6


def test_wheels_roll_as_far_as_the_vehicle_goes() -> None:
    times = np.linspace(0, 2, 21)
    made = vehicle("sedan", np.random.default_rng(1))
    body = made.body("car", 1, 1, along(times, np.column_stack([20 * times, 0 * times, 0 * times]), 0.0))
    radius = made.parts[1].joint.radius
    wheel = body.links[1].motion
    for moment in (0.013, 0.5, 1.27):
        turned = wheel.at(moment)[:3, :3]
        angle = np.arctan2(turned[0, 2], turned[0, 0]) % (2 * np.pi)
        assert angle == pytest.approx((20 * moment / radius) % (2 * np.pi), abs=0.02)
        assert wheel.at(moment)[:3, 3] == pytest.approx(np.add(made.parts[1].place, (20 * moment, 0, 0)), abs=1e-6)


def test_front_wheels_steer_and_a_trailer_follows_its_tractor_round_a_bend() -> None:
    times = np.linspace(0, 10, 101)
    heading = 0.15 * times
    places = np.column_stack([40 * np.sin(heading), 40 * (1 - np.cos(heading)), 0 * times])
    made = vehicle("semi-trailer", np.random.default_rng(1))
    body = made.body("lorry", 1, 1, along(times, places, heading), steering=np.full(101, 0.1))
    towed = next(number for number, part in enumerate(made.parts) if part.joint.kind == "towed")
    ahead, behind = (body.links[link].motion.at(10.0)[:3, 0] for link in (0, towed))
    assert 0.05 < np.cross(behind, ahead)[2] < 0.4
    steered = next(number for number, part in enumerate(made.parts) if part.joint.kind == "steered")
    axis = body.links[steered].motion.at(0.0)[:3, 1]
    assert np.arctan2(-axis[0], axis[1]) == pytest.approx(0.1)


def test_a_switched_lamp_is_out_of_sight_while_it_is_off() -> None:
    made = vehicle("sedan", np.random.default_rng(1), switches=("brake",))
    body = made.body("car", 1, 1, states={"brake": ([0.0, 1.0, 2.0], [False, True, False])})
    lamp = body.links[-1].motion
    assert lamp.at(0.5)[0, 3] > 0.2
    assert lamp.at(1.5)[0, 3] == 0
    assert lamp.at(3.0)[0, 3] > 0.2
    assert body.dynamic["brake"][1] == (False, True, False)


def test_a_trailers_lamps_stay_on_the_trailer_in_a_bend() -> None:
    times = np.linspace(0, 10, 101)
    heading = 0.15 * times
    places = np.column_stack([40 * np.sin(heading), 40 * (1 - np.cos(heading)), 0 * times])
    made = vehicle("semi-trailer", np.random.default_rng(1), switches=("brake",))
    body = made.body("lorry", 1, 1, along(times, places, heading), states={"brake": ([0.0], [True])})
    towed = next(number for number, part in enumerate(made.parts) if part.joint.kind == "towed")
    lamp = next(number for number, part in enumerate(made.parts) if part.joint.kind == "switched")
    pose, seen = (body.links[link].motion.at(10.0) for link in (towed, lamp))
    points = body.links[lamp].mesh.vertices @ seen[:3, :3].T + seen[:3, 3]
    local = (points - pose[:3, 3]) @ pose[:3, :3] + made.parts[towed].place
    assert local[:, 0] == pytest.approx(np.full(len(local), made.bounds[0][0]), abs=0.1)
    assert np.abs(local[:, 1]).max() < 1.1


def test_colours_come_as_often_as_on_the_road() -> None:
    rng = np.random.default_rng(0)
    drawn = [drawn_color(rng) for _ in range(4000)]
    for name, (share, _) in COLORS.items():
        assert drawn.count(name) / 4000 == pytest.approx(share / sum(s for s, _ in COLORS.values()), abs=0.025)


def test_unknown_kinds_colours_and_lights_name_the_nearest() -> None:
    rng = np.random.default_rng(0)
    for given, nearest in (({"kind": "sedann"}, "sedan"), ({"color": "sliver"}, "silver"), ({"lights": ("brakes",)}, "brake")):
        with pytest.raises(ArgumentError, match=nearest):
            vehicle(**{"kind": "suv", "rng": rng, **given})  # type: ignore[arg-type]


def test_a_known_shape_is_painted_fast() -> None:
    vehicle("suv", np.random.default_rng(1))
    start = time.process_time()
    for _ in range(10):
        vehicle("suv", np.random.default_rng(1))
    assert (time.process_time() - start) / 10 < 0.02
