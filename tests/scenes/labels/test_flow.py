"""The motion field, against formulas and against warping."""

from __future__ import annotations

import numpy as np
import pytest
from tests.scenes.labels.oracle import Oracle, ahead, box, ground, scene, sphere, thing

from understudy.core.random import Stream
from understudy.data.media.items import Frame
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import Motion, about_z, along, looking, still
from understudy.scenes.labels import frames, label_frame

SMALL = {"width": 160, "height": 120, "focal": 125.0}
LENSES = [{}, {"distortion": (-0.25, 0.08, 0.001, -0.0005, 0.0)}, {"model": "fisheye", "focal": 70.0}, {"readout": 0.05}]
NAMES = ["pinhole", "distorted", "fisheye", "rolling"]


def two(bodies: list, camera: Camera) -> tuple[Frame, Frame]:
    made = scene(bodies, [camera], [0.0, 0.1])
    first, second = frames(made, Oracle(made))
    return first, second


def driving(lens: dict[str, object], speed: float = 8.0, turn: float = 0.2) -> Camera:
    times = np.linspace(-0.2, 0.4, 13)
    places = np.stack([speed * times, 0 * times, 0 * times + 1.5], axis=1)
    poses = np.stack([about_z(turn * time) @ looking((1, 0, 0), (0, 0, 0)) for time in times])
    return Camera("front", motion=Motion(times, places, poses), **(SMALL | lens))  # type: ignore[arg-type]


def cars() -> list:
    moving = along([0.0, 0.1], [[9.0, 1.5, 1.0], [9.6, 0.9, 1.0]], [0.0, 0.15])
    return [ground(60.0), thing(1, box(3, 1.6, 1.4), moving), thing(2, sphere(0.8, 10), still((6.0, -0.8, 1.2)))]


def test_flow_of_a_body_that_moves_sideways_is_focal_times_shift_over_depth() -> None:
    first, second = two([thing(1, box(1, 2, 2), along([0, 0.1], [[10.5, 0, 1.5], [10.5, 0.4, 1.5]], 0.0))], ahead(**SMALL))
    assert first.flow_forward is not None
    assert second.flow_backward is not None
    seen = (first.track == 1) & (np.abs(first.normal[..., 0]) > 0.9)  # type: ignore[index]
    assert np.allclose(first.flow_forward[seen], [-125 * 0.4 / 10, 0], atol=1e-4)
    seen = (second.track == 1) & (np.abs(second.normal[..., 0]) > 0.9)  # type: ignore[index]
    assert np.allclose(second.flow_backward[seen], [125 * 0.4 / 10, 0], atol=1e-4)
    assert np.allclose(first.scene_flow[first.track == 1], [0, 0.4, 0], atol=1e-5)  # type: ignore[index]
    assert np.isnan(second.flow_forward).all()  # type: ignore[arg-type]
    assert np.isnan(first.flow_backward).all()  # type: ignore[arg-type]
    assert second.hidden_forward.all()  # type: ignore[union-attr]


def test_the_sky_moves_with_the_camera_s_turn_alone() -> None:
    turn = 0.02
    times = np.array([0.0, 0.1])
    poses = np.stack([looking((1, 0, 0), (0, 0, 0)), about_z(turn) @ looking((1, 0, 0), (0, 0, 0))])
    camera = Camera("front", motion=Motion(times, np.array([[0.0, 0, 1.5], [5.0, 0, 1.5]]), poses), **SMALL)  # type: ignore[arg-type]
    first, _ = two([thing(1, box(1, 1, 1), still((20.0, 0.0, 1.5)))], camera)
    column = 30
    angle = np.arctan((column + 0.5 - 80) / 125.0)
    assert first.flow_forward is not None
    assert first.flow_forward[60, column, 0] == pytest.approx(125 * np.tan(angle + turn) + 80 - column - 0.5, abs=0.01)
    assert not first.hidden_forward[60, column]  # type: ignore[index]


@pytest.mark.parametrize("lens", LENSES, ids=NAMES)
def test_flow_warps_a_frame_to_the_next_where_nothing_hides_it(lens: dict[str, object]) -> None:
    """The place on the object that a pixel shows is shown, in the next frame, where its flow leads: tracks agree, and places do."""
    made = scene(cars(), [driving(lens)], [0.0, 0.1])
    tracer = Oracle(made)
    first, second = frames(made, tracer)
    early, late = (tracer.hits(made.cameras[0], time) for time in (0.0, 0.1))
    links = [link for _, _, link in made.links()]
    row, column = np.nonzero(~first.hidden_forward & (early.link >= 0))  # type: ignore[operator]
    to = np.stack([column, row], axis=1) + 0.5 + first.flow_forward[row, column]  # type: ignore[index]
    there = np.floor(to).astype(int)
    assert len(row) > 4000
    assert np.mean(late.link[there[:, 1], there[:, 0]] == early.link[row, column]) > 0.97
    poses_early, poses_late = ([[link.motion.at(t) for link in links] for t in hits.times] for hits in (early, late))
    checked = 0
    for k in range(0, len(row), 97):
        (y, x), (v, u) = (row[k], column[k]), (there[k, 1], there[k, 0])
        part = early.link[y, x]
        if late.link[v, u] != part:
            continue
        back, pose = np.linalg.inv(poses_early[y][part]), poses_late[v][part]
        place = pose[:3, :3] @ (back[:3, :3] @ early.point[y, x] + back[:3, 3]) + pose[:3, 3]
        view = made.cameras[0].motion.at(float(late.times[v]))
        pixel, _ = made.cameras[0].project(((place - view[:3, 3]) @ view[:3, :3])[None])
        assert np.allclose(pixel[0], to[k], atol=2e-3)
        checked += 1
    assert checked > 40
    assert second.proof["flow"]["points"] > 1000
    assert second.proof["flow"]["median_px"] < 0.05


def test_a_point_is_hidden_where_a_ray_to_it_ends_before() -> None:
    made = scene(cars(), [driving({})], [0.0, 0.1])
    tracer = Oracle(made)
    first, _ = frames(made, tracer)
    hits = tracer.hits(made.cameras[0], 0.0)
    links = [link for _, _, link in made.links()]
    eye = made.cameras[0].motion.at(0.1)[:3, 3]
    rng = np.random.default_rng(3)
    rows, columns = np.nonzero((hits.link >= 0) & np.isfinite(first.flow_forward[..., 0]))  # type: ignore[index]
    picked = rng.choice(len(rows), 3000, replace=False)
    row, column = rows[picked], columns[picked]
    moved = np.empty((len(row), 3))
    for number, link in enumerate(links):
        mine = hits.link[row, column] == number
        change = link.motion.at(0.1) @ np.linalg.inv(link.motion.at(0.0))
        moved[mine] = hits.point[row[mine], column[mine]] @ change[:3, :3].T + change[:3, 3]
    away = np.linalg.norm(moved - eye, axis=1)
    _, met = tracer.cast(np.broadcast_to(eye, moved.shape), (moved - eye) / away[:, None], 0.1)
    to = np.stack([column, row], axis=1) + 0.5 + first.flow_forward[row, column]  # type: ignore[index]
    outside = (to < 0).any(axis=1) | (to[:, 0] >= 160) | (to[:, 1] >= 120)
    expected = outside | (met < away * 0.999 - 0.01)
    assert 0.02 < expected.mean() < 0.9
    assert np.mean(first.hidden_forward[row, column] == expected) > 0.998  # type: ignore[index]


def test_a_frame_by_itself_has_the_flow_that_it_has_in_the_clip() -> None:
    made = scene(cars(), [driving({})], [0.0, 0.1])
    tracer = Oracle(made)
    clip = frames(made, tracer)
    alone = label_frame(made, tracer, made.cameras[0], 1, tracer.hits(made.cameras[0], 0.1), None, {"flow"}, Stream(0))
    assert np.array_equal(alone.flow_backward, clip[1].flow_backward, equal_nan=True)  # type: ignore[arg-type]
    assert np.array_equal(alone.hidden_backward, clip[1].hidden_backward)  # type: ignore[arg-type]
    assert np.isnan(alone.flow_forward).all()  # type: ignore[arg-type]


def test_a_single_picture_has_no_flow() -> None:
    made = scene(cars(), [driving({})], [0.0])
    assert frames(made, Oracle(made))[0].flow_forward is None
