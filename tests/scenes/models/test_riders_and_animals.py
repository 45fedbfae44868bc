from __future__ import annotations

import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.measures import surface
from understudy.scenes.geometry.motion import along
from understudy.scenes.models.animals import KEYPOINTS, _lengths, animal
from understudy.scenes.models.animals import KINDS as ANIMALS
from understudy.scenes.models.people import look
from understudy.scenes.models.riders import GEAR, KINDS, rider
from understudy.scenes.scene import Body

TIMES = np.linspace(0, 4, 41)


def ridden(kind: str, turn: float = 0.0, speed: float = 5.0, height: float = 1.75) -> Body:
    angle = turn * TIMES
    if turn:
        places = np.column_stack([speed / turn * np.sin(angle), speed / turn * (1 - np.cos(angle)), 0 * angle])
    else:
        places = np.column_stack([speed * TIMES, 0 * TIMES, 0 * TIMES])
    appearance = look(np.random.default_rng(1), height=height, extras=("helmet",))
    return rider("r", 1, 1, kind, appearance, along(TIMES, places, angle), np.random.default_rng(2))


def points_at(body: Body, moment: float) -> np.ndarray:
    poses = [link.motion.at(moment) for link in body.links]
    return np.concatenate([link.mesh.vertices @ pose[:3, :3].T + pose[:3, 3] for link, pose in zip(body.links, poses, strict=True)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_riders_stay_on_the_ground_and_in_their_box(kind: str, turn: float) -> None:
    body = ridden(kind, turn)
    for moment in (0.5, 2.0, 3.3):
        points = points_at(body, moment)
        assert -0.06 < points[:, 2].min() < 0.05
        pose = body.links[0].motion.at(moment)
        local = (points - pose[:3, 3]) @ pose[:3, :3] - body.middle
        assert (np.abs(local) < np.asarray(body.size) / 2 + 0.06).all()


@pytest.mark.parametrize("height", [1.6, 1.75, 1.9])
def test_feet_stay_on_the_pedals_while_these_turn_with_the_way(height: float) -> None:
    body = ridden("bicycle", height=height)
    crank = body.links[4].motion
    foot = body.links[-4].motion  # the left one: three links of the right leg come after it
    for moment in np.linspace(0.2, 3.8, 12):
        angle = 2 * np.pi * 5.0 * moment / GEAR
        pose = crank.at(float(moment))
        assert np.arctan2(pose[0, 2], pose[2, 2]) % (2 * np.pi) == pytest.approx(angle % (2 * np.pi), abs=0.06)
        pedal = pose[:3, 3] + pose[:3, :3] @ [0, 0.12, 0.17]
        place = foot.at(float(moment))
        ball = place[:3, 3] + place[:3, :3] @ [0.075 * height, 0.0, -0.039 * height - 0.01]
        assert np.linalg.norm(ball - pedal) < 0.04


def test_riders_lean_into_a_bend_as_far_as_physics_asks() -> None:
    body = ridden("motorcycle", turn=0.4, speed=8.0)
    up = body.links[0].motion.at(2.0)[:3, 2]
    assert np.arccos(up[2]) == pytest.approx(np.arctan(8.0 * 0.4 / 9.81), abs=0.03)
    inward = np.array([-np.sin(0.8), np.cos(0.8), 0])
    assert up @ inward > 0


@pytest.mark.parametrize("kind", ANIMALS)
def test_animals_stand_on_the_ground_with_feet_that_stay(kind: str) -> None:
    path = np.column_stack([0.8 * TIMES, 0 * TIMES])
    body = animal("a", 1, 1, kind, np.random.default_rng(3), TIMES, path)
    assert len(body.keypoints) == len(KEYPOINTS)
    tall = body.attributes["shoulder_height"]
    for moment in (0.5, 2.1, 3.7):
        assert -0.05 * tall < points_at(body, moment)[:, 2].min() < 0.1 * tall
    still = 0
    for foot in (5, 8, 11, 14):
        link = body.links[foot]
        sole = np.array([0.05, 0.0, -0.07]) * tall
        poses = np.stack([link.motion.at(moment) for moment in np.arange(0.5, 3.5, 0.02)])
        places = poses[:, :3, :3] @ sole + poses[:, :3, 3]
        speed = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.02
        still += (speed < 0.05).mean() > 0.35
    assert still == 4


@pytest.mark.parametrize("kind", ANIMALS)
def test_an_animals_legs_hold_together(kind: str) -> None:
    path = np.column_stack([1.0 * TIMES, 0 * TIMES])
    body = animal("a", 1, 1, kind, np.random.default_rng(3), TIMES, path)
    tall = body.attributes["shoulder_height"]
    for leg in range(4):
        lower, foot = body.links[4 + 3 * leg], body.links[5 + 3 * leg]
        for moment in (1.0, 1.7, 2.3, 3.1):
            pose = lower.motion.at(moment)
            end = pose[:3, 3] - sum(_lengths(ANIMALS[kind], tall)) / 2 * pose[:3, 2]
            assert np.linalg.norm(end - foot.motion.at(moment)[:3, 3]) < 0.1 * tall


def test_animals_and_riders_have_no_triangle_without_area() -> None:
    bodies = [animal("a", 1, 1, kind, np.random.default_rng(1), [0.0], [[0.0, 0.0]], 0.0) for kind in ANIMALS]
    for body in [*bodies, *(ridden(kind) for kind in KINDS)]:
        assert all(surface(link.mesh).min() > 1e-12 for link in body.links)


def test_unknown_animals_and_vehicles_name_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="horse"):
        animal("a", 1, 1, "hors", np.random.default_rng(1), [0.0], [[0.0, 0.0]])
    with pytest.raises(ArgumentError, match="bicycle"):
        ridden("bycicle")
