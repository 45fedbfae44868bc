from __future__ import annotations

import time

import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.measures import signed_volume, surface
from understudy.scenes.models.people import ACTIONS, KEYPOINTS, LINKS, look, person
from understudy.scenes.models.people.figure import figure
from understudy.scenes.scene import Body

TIMES = np.linspace(0, 6, 61)
FEET = (LINKS.index("left foot"), LINKS.index("right foot"))


def walker(path: np.ndarray, action: str = "walk", **more: object) -> Body:
    return person("p", 1, 1, look(np.random.default_rng(2), height=1.75, extras=()), TIMES, path, None, action, **more)  # type: ignore[arg-type]


def bend(speed: float) -> np.ndarray:
    angle = speed * TIMES / 5
    return np.column_stack([5 * np.sin(angle), 5 * (1 - np.cos(angle))])


def slow_down(speed: float) -> np.ndarray:
    return np.column_stack([speed * np.where(TIMES < 3, TIMES, 3 + 0.8 * (1 - np.exp(-(TIMES - 3) / 0.8))), 0 * TIMES])


@pytest.mark.parametrize(
    "path", [bend(1.3), bend(3.2), slow_down(1.5), np.column_stack([0.5 * TIMES, 0 * TIMES])], ids=["bend", "run", "stop", "slow"]
)
def test_a_foot_on_the_ground_stays_where_it_is(path: np.ndarray) -> None:
    body = walker(path)
    moments = np.arange(0.5, 5.5, 0.01)
    on_ground = 0
    for foot in FEET:
        link = body.links[foot]
        low = link.mesh.vertices[:, 2].min() + 0.004
        soles = link.mesh.vertices[link.mesh.vertices[:, 2] < low]
        ball = soles[np.abs(soles[:, 0] - 1.75 * 0.075).argmin()]
        heel = soles[np.abs(soles[:, 0] + 1.75 * 0.035).argmin()]
        poses = np.stack([link.motion.at(moment) for moment in moments])
        for point in (ball, heel):
            places = poses[:, :3, :3] @ point + poses[:, :3, 3]
            speed = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.01
            height = (places[1:, 2] + places[:-1, 2]) / 2
            planted = height < 0.006
            for start in np.flatnonzero(np.diff(planted.astype(int)) == 1) + 1:  # contacts, without their first and last moments
                end = start + int(np.argmin(planted[start:])) if not planted[start:].all() else len(planted)
                inside = speed[start + 6 : end - 6]
                on_ground += len(inside)
                if len(inside):
                    assert np.median(inside) < 0.05
            assert height.min() > -0.03
    assert on_ground > 30


@pytest.mark.parametrize("action", ACTIONS)
def test_people_stand_on_the_ground_and_fit_their_box(action: str) -> None:
    path = np.column_stack([{"walk": 1.3, "run": 3.0}.get(action, 0.0) * TIMES, 0 * TIMES])
    body = walker(path, action, since=1.0)
    frame = body.links[0].motion
    for moment in (0.0, 1.3, 2.0, 5.0):
        pose = frame.at(moment)
        lowest = np.inf
        for link in body.links:
            local = link.motion.at(moment)
            points = link.mesh.vertices @ local[:3, :3].T + local[:3, 3]
            lowest = min(lowest, float(points[:, 2].min()))
            inside = (points - pose[:3, 3]) @ pose[:3, :3] - body.middle
            assert (np.abs(inside) < np.asarray(body.size) / 2 + 0.08).all()
        assert -0.07 < lowest < (0.2 if action in ("run", "fall") else 0.03)


def test_who_stands_is_as_tall_as_asked() -> None:
    for height in (1.1, 1.5, 1.75, 1.95):
        appearance = look(np.random.default_rng(5), height=height, extras=())
        body = person("p", 1, 1, appearance, [0.0], [[0.0, 0.0]], 0.0, "stand")
        assert body.size[2] == pytest.approx(height, rel=0.03)


def test_who_falls_ends_on_the_ground() -> None:
    body = walker(np.zeros((61, 2)), "fall", since=2.0)
    head = body.links[LINKS.index("head")].motion
    assert head.at(1.9)[2, 3] > 1.3
    assert head.at(4.0)[2, 3] < 0.4


def test_keypoints_are_cocos_and_stay_at_the_joints() -> None:
    body = walker(bend(1.3))
    assert len(body.keypoints) == len(KEYPOINTS) == 17
    for moment in (0.3, 2.2):
        places = {}
        for name, point in zip(KEYPOINTS, body.keypoints, strict=True):
            pose = body.links[point.link].motion.at(moment)
            places[name] = pose[:3, :3] @ point.place + pose[:3, 3]
        assert places["nose"][2] > places["left_shoulder"][2] > places["left_hip"][2] > places["left_knee"][2] > places["left_ankle"][2]
        for upper, lower, share in (
            ("left_hip", "left_knee", 0.245),
            ("right_knee", "right_ankle", 0.246),
            ("left_elbow", "left_wrist", 0.15),
        ):
            assert np.linalg.norm(places[upper] - places[lower]) == pytest.approx(share * 1.75, rel=0.03)


def test_parts_look_outwards_and_have_no_triangle_without_area() -> None:
    rng = np.random.default_rng(0)
    for _ in range(12):
        appearance = look(rng)
        fields = ("height", "build", "age", "sex", "top", "bottom", "extras")
        for part in figure(*(getattr(appearance, field) for field in fields)):
            assert signed_volume(part.mesh) > 0
            assert surface(part.mesh).min() > 1e-10


def test_equal_seeds_make_equal_people_and_others_others() -> None:
    assert look(np.random.default_rng(3)) == look(np.random.default_rng(3))
    assert len({look(np.random.default_rng(seed)) for seed in range(30)}) == 30


def test_unknown_actions_and_extras_name_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="walk"):
        walker(bend(1.0), "wallk")
    with pytest.raises(ArgumentError, match="backpack"):
        look(np.random.default_rng(1), extras=("backpak",))


def test_ten_seconds_of_walking_are_posed_fast() -> None:
    walker(bend(1.3))
    start = time.process_time()
    for _ in range(5):
        walker(bend(1.3))
    assert (time.process_time() - start) / 5 < 0.08
