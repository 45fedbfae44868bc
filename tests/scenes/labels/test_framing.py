"""Labels of scenes whose figures are known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.scenes.labels.oracle import CATEGORIES, GREY, Oracle, ahead, box, ground, scene, sphere, square, thing

from understudy.core.errors import ArgumentError
from understudy.data.media.items import Frame
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import about_x, about_z, along, looking, still
from understudy.scenes.labels import frames
from understudy.scenes.scene import Body, Keypoint, Link, Scene

SMALL = {"width": 160, "height": 120, "focal": 125.0}


def only(made: Scene, **more: object) -> Frame:
    return frames(made, Oracle(made), **more)[0]  # type: ignore[arg-type]


def test_a_sphere_has_the_area_depth_and_box_that_geometry_says() -> None:
    radius, far, focal = 1.0, 8.0, 250.0
    camera = ahead((0.0, 0.0, 1.5), width=160, height=120, focal=focal)
    made = only(scene([thing(1, sphere(radius), still((far, 0.0, 1.5)), size=(2.0, 2.0, 2.0))], [camera]))
    ball = made.instances[0]
    half = focal * radius / np.sqrt(far**2 - radius**2)  # a centred sphere's outline is a circle of this radius
    assert ball.pixels == pytest.approx(np.pi * half**2, rel=0.01)
    assert np.allclose(ball.box, [80 - half, 60 - half, 80 + half, 60 + half], atol=1.0)
    assert ball.amodal_box == ball.box
    assert made.depth is not None
    assert made.distance is not None
    assert made.depth[60, 80] == pytest.approx(far - radius, abs=0.01)
    row, column = 60, 95
    ray = np.array([(column + 0.5 - 80) / focal, (row + 0.5 - 60) / focal, 1.0])
    unit = ray / np.linalg.norm(ray)
    along_ray = unit[2] * far - np.sqrt((unit[2] * far) ** 2 - far**2 + radius**2)
    assert made.distance[row, column] == pytest.approx(along_ray, abs=0.01)
    assert made.depth[row, column] == pytest.approx(along_ray * unit[2], abs=0.01)
    assert np.isinf(made.depth[0, 0])
    assert (ball.occlusion, ball.truncation) == (0.0, 0.0)
    assert ball.distance == pytest.approx(far)


def test_a_plane_has_the_depth_and_normals_that_geometry_says() -> None:
    camera = ahead((0.0, 0.0, 1.5), **SMALL)
    made = only(scene([ground()], [camera]))
    rows = np.arange(70, 120)
    expected = 1.5 * 125.0 / (rows + 0.5 - 60)
    assert made.depth is not None
    assert made.normal is not None
    assert np.allclose(made.depth[70:, 40], expected, rtol=1e-5)
    assert np.allclose(made.normal[70:, :], [0, 0, 1], atol=1e-6)
    assert (made.category[:59] == 4).all()
    assert (made.category[70:] == 3).all()
    assert made.instances == []


def test_the_3d_box_pose_and_velocity_are_those_of_the_motion() -> None:
    times = np.array([0.0, 1.0])
    motion = along(times, [[10.0, 2.0, 0.5], [14.0, 5.0, 0.5]], np.arctan2(3, 4))
    made = scene([thing(7, box(2, 1, 1), motion, size=(2.0, 1.0, 1.0), middle=(0.5, 0.0, 0.0))], [ahead(**SMALL)], [0.5])
    car = only(made).instances[0]
    turn = about_z(float(np.arctan2(3, 4)))
    assert np.allclose(car.center, np.array([12.0, 3.5, 0.5]) + turn @ [0.5, 0, 0])
    assert np.allclose(car.rotation, turn)
    assert np.allclose(car.velocity, [4.0, 3.0, 0.0])
    assert np.allclose(car.pose[:3, 3], [-3.5, 1.0, 12.0])  # the camera's x is right, y down, z ahead
    assert np.allclose(car.pose[:3, :3] @ car.pose[:3, :3].T, np.eye(3))
    assert car.distance == pytest.approx(np.linalg.norm(car.center - [0, 0, 1.5]))


@pytest.mark.parametrize(
    "lens",
    [
        {},
        {"distortion": (-0.25, 0.08, 0.001, -0.0005, 0.0)},
        {"model": "fisheye", "focal": 60.0},
        {"model": "orthographic", "focal": 12.0},
    ],
    ids=["pinhole", "distorted", "fisheye", "orthographic"],
)
def test_the_amodal_mask_of_a_hidden_object_is_its_mask_alone(lens: dict[str, object]) -> None:
    camera = ahead((0.0, 0.0, 1.0), **(SMALL | lens))
    hidden, front = thing(1, sphere(1.0, 20), still((10.0, 0.4, 1.0))), thing(2, box(0.5, 1.0, 1.2), still((6.0, 0.0, 1.0)))
    together = only(scene([ground(40.0), hidden, front], [camera]))
    alone = only(scene([hidden], [camera]))
    covered, free = together.instances[0], alone.instances[0]
    assert covered.amodal_mask is not None
    whole = alone.track == 1
    assert np.array_equal(covered.amodal_mask.full(120, 160), whole)
    assert covered.amodal_box == free.box
    seen = together.track == 1
    assert 0.1 < covered.occlusion < 0.9
    assert covered.occlusion == pytest.approx(1 - seen.sum() / whole.sum())
    assert together.instances[1].occlusion == 0.0
    assert together.proof["depth"]["apart"] == 0


def test_truncation_is_the_share_of_pixels_beyond_the_edge() -> None:
    wide = only(scene([thing(1, box(1, 2, 2), still((10.0, 6.6, 1.5)))], [ahead(width=240, height=120, focal=125.0)]))
    narrow = only(scene([thing(1, box(1, 2, 2), still((10.0, 6.6, 1.5)))], [ahead(width=160, height=120, focal=125.0)]))
    cut, whole = narrow.instances[0], wide.instances[0]
    assert whole.truncation == 0.0
    assert cut.truncation == pytest.approx(1 - cut.pixels / whole.pixels)
    assert 0.2 < cut.truncation < 0.9
    assert cut.amodal_box == (whole.box[0] - 40, whole.box[1], whole.box[2] - 40, whole.box[3])
    assert cut.box[0] == 0.0


def test_an_object_beside_and_behind_the_camera_is_cut_where_it_was_looked_at() -> None:
    made = only(scene([ground(), thing(1, box(20, 1, 1), still((0.0, 1.2, 1.2)))], [ahead(**SMALL)]))
    long = made.instances[0]
    assert long.truncation > 0.3
    assert long.amodal_box[0] == -80.0
    assert made.proof["depth"]["apart"] <= 2


def test_an_oriented_box_fits_a_turned_square() -> None:
    turned = still((0.0, 0.0, 1.0), about_z(np.radians(30)))
    above = Camera("above", 200, 200, "orthographic", 20.0, motion=still((0, 0, 50), looking((0, 0, 0), (0, 0, 50))))
    made = only(scene([ground(), thing(1, box(4, 2, 1), turned)], [above]))
    corners = made.instances[0].oriented_box
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    assert sorted(sides) == pytest.approx([40, 40, 80, 80], abs=1e-6)
    assert np.allclose(corners.mean(axis=0), [100, 100])
    sign = thing(1, box(0.01, 2, 2), still((8.0, 0.0, 1.5), about_x(0.4)))
    made = only(scene([sign], [ahead(width=160, height=120, focal=200.0)]))
    corners = made.instances[0].oriented_box
    assert np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1) == pytest.approx([50] * 4, abs=2.5)


def test_the_oriented_box_on_the_ground_ignores_height() -> None:
    off_nadir = Camera("off", 200, 200, "orthographic", 10.0, motion=still((30, 0, 50), looking((0, 0, 0), (30, 0, 50))))
    low = only(scene([thing(1, box(4, 2, 1), still((0.0, 0.0, 0.5)))], [off_nadir])).instances[0]
    high = only(scene([thing(1, box(4, 2, 9), still((0.0, 0.0, 4.5)))], [off_nadir])).instances[0]
    assert np.allclose(low.oriented_box, high.oriented_box)


def test_keypoints_are_seen_hidden_or_outside() -> None:
    points = (Keypoint(0, (0.0, 0.0, 1.0)), Keypoint(0, (0.0, 0.5, 0.0)), Keypoint(0, (0.0, 30.0, 0.0)), Keypoint(0, (-40.0, 0.0, 0.0)))
    person = Body("person", 2, 1, (Link(box(0.1, 1, 2), still((10.0, 0.0, 1.5)), GREY),), (0.1, 1.0, 2.0), keypoints=points)
    wall = thing(2, box(0.1, 1, 1), still((5.0, 0.7, 1.5)))
    named = (CATEGORIES[0], replace(CATEGORIES[1], keypoints=("top", "side", "aside", "behind")), *CATEGORIES[2:])
    seen = only(replace(scene([person, wall], [ahead(**SMALL)]), categories=named)).instances[0].keypoints
    assert seen is not None
    assert seen[0] == pytest.approx([80, 60 - 125 / 10, 2])
    assert seen[1] == pytest.approx([80 - 125 * 0.5 / 10, 60, 1])
    assert seen[2] == pytest.approx([80 - 125 * 30 / 10, 60, 0])
    assert seen[3] == pytest.approx([0, 0, 0])


def test_attributes_change_with_time() -> None:
    lit = thing(
        1, box(1, 1, 1), still((8.0, 0.0, 1.5)), attributes={"color": "red"}, dynamic={"brake": (np.array([0.05, 0.15]), (True, False))}
    )
    made = scene([lit], [ahead(**SMALL)], [0.0, 0.1, 0.2])
    shown = [frame.instances[0].attributes for frame in frames(made, Oracle(made), ())]
    assert shown == [{"color": "red"}, {"color": "red", "brake": True}, {"color": "red", "brake": False}]


def test_an_object_more_changes_no_other_objects_3d_labels() -> None:
    car, other = thing(1, box(2, 1, 1), still((9.0, 0.5, 0.5))), thing(2, box(1, 1, 1), still((6.0, -0.6, 0.5)))
    before = only(scene([ground(), car], [ahead(**SMALL)])).instances[0]
    after = only(scene([other, ground(), car], [ahead(**SMALL)])).instances[1]
    for name in ("center", "size", "rotation", "pose", "velocity", "distance", "amodal_box", "track", "name"):
        assert np.array_equal(getattr(before, name), getattr(after, name)), name
    assert np.array_equal(before.amodal_mask.pixels, after.amodal_mask.pixels)  # type: ignore[union-attr]


def test_labels_that_are_not_wanted_are_not_there() -> None:
    made = scene([ground(), thing(1, box(1, 1, 1), still((8.0, 0.0, 1.0)))], [ahead(**SMALL)], [0.0, 0.1])
    bare = frames(made, Oracle(made), {"depth"})[0]
    assert bare.depth is not None
    assert (bare.normal, bare.flow_forward, bare.scene_flow, bare.caption, bare.questions) == (None, None, None, "", [])
    assert bare.instances[0].amodal_mask is None
    with pytest.raises(ArgumentError, match=r'"dept".*\n.*"depth"'):
        frames(made, Oracle(made), {"dept"})


def test_the_picture_is_asked_for_once_a_frame_and_kept() -> None:
    made = scene([ground(), thing(1, box(1, 1, 1), still((8.0, 0.0, 1.0)))], [ahead(**SMALL)], [0.0, 0.1])
    asked: list[tuple[str, int]] = []

    def picture(camera: Camera, number: int, hits: object) -> np.ndarray:
        asked.append((camera.name, number))
        return np.arange(160 * 120 * 3, dtype=np.uint32).reshape(120, 160, 3).astype(np.uint8)

    shown = frames(made, Oracle(made), (), picture)
    assert asked == [("front", 0), ("front", 1)]
    assert shown[1].image[0, 1, 0] == 3
    assert shown[0].proof["image"]["levels"] > 4


def test_a_level_square_far_below_covers_its_share() -> None:
    above = Camera("above", 100, 80, "orthographic", 4.0, motion=still((0, 0, 50), looking((0, 0, 0), (0, 0, 50))))
    made = only(scene([thing(1, square(10.0), still())], [above]))
    assert made.instances[0].pixels == 1600
    assert made.instances[0].box == (30.0, 20.0, 70.0, 60.0)
    assert made.depth is not None
    assert np.allclose(made.depth[40, 50], 50.0)
