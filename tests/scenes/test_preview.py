from __future__ import annotations

import numpy as np
import pytest
from tests.scenes.labels.oracle import CATEGORIES, GREY, Oracle, ahead, box, ground, scene, thing

from understudy.core.errors import ArgumentError
from understudy.data.media.items import Shot
from understudy.scenes.drawing import TINT, annotated, color_of, depth, flow_colors, panels, shown
from understudy.scenes.geometry.motion import along, still
from understudy.scenes.labels import frames
from understudy.scenes.preview import GAP, MARGIN, TILE, contact_sheet
from understudy.scenes.scene import Body, Keypoint, Link

SMALL = {"width": 160, "height": 120, "focal": 125.0}


@pytest.fixture(scope="module")
def shot() -> Shot:
    points = tuple(Keypoint(0, (0.0, y, z)) for y, z in ((0.0, 0.9), (0.2, 0.0), (-0.2, 0.0)))
    person = Body("person", 2, 2, (Link(box(0.4, 0.6, 1.8), still((9.0, -1.0, 0.9)), GREY),), (0.4, 0.6, 1.8), keypoints=points)
    car = thing(1, box(2, 1.5, 1.4), along([0.0, 0.2], [[9.0, 2.0, 0.7], [9.0, 1.0, 0.7]], 0.3), size=(2.0, 1.5, 1.4))
    made = scene([ground(), car, person], [ahead(**SMALL)], [0.0, 0.1, 0.2])
    grey = np.full((120, 160, 3), 120, np.uint8)
    grey[::7, ::5] = np.arange(32 * 18 * 3).reshape(18, 32, 3) % 250
    return Shot("driving", 3, frames(made, Oracle(made), picture=lambda *_: grey), CATEGORIES, 10.0, edge_cases=("glare",))


def test_a_sheet_has_a_tile_for_every_shot(shot: Shot) -> None:
    one, four = contact_sheet([shot]), contact_sheet([shot] * 4, columns=3)
    assert one.width == 2 * MARGIN + TILE
    assert four.width == 2 * MARGIN + 3 * TILE + 2 * GAP
    assert four.height == 2 * one.height - 2 * MARGIN + GAP
    tile = np.asarray(one)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert np.array_equal(np.asarray(four)[MARGIN : MARGIN + len(tile), MARGIN : MARGIN + TILE], tile)
    assert contact_sheet([shot], labels=False).height < one.height


def test_objects_are_tinted_and_outlined_in_their_colours(shot: Shot) -> None:
    frame = shot.frames[1]
    drawn = np.asarray(annotated(frame, CATEGORIES, 640)).astype(int)
    car = frame.instances[0]
    x0, y0, _, y1 = (int(value * 4) for value in car.box)
    edge = drawn[y0 + 20 : y1 - 4, x0 - 2 : x0 + 3].reshape(-1, 3)
    assert np.abs(edge - color_of(1)).sum(axis=1).min() < 60
    inside = drawn[(y0 + y1) // 2, x0 + 12]
    assert np.abs(inside - ((1 - TINT) * 120 + TINT * np.array(color_of(1)))).max() < 40
    assert (drawn[470, 20] == drawn[470, 24]).all()


def test_panels_show_what_the_frame_has(shot: Shot) -> None:
    frame = shot.frames[1]
    made = panels(frame, CATEGORIES)
    assert list(made) == ["classes", "objects", "depth", "normals", "flow"]
    assert all(colors.shape == (120, 160, 3) and colors.dtype == np.uint8 for colors in made.values())
    assert tuple(made["classes"][2, 2]) == CATEGORIES[3].color
    assert len({color_of(track) for track in range(1, 60)}) == 59


def test_near_is_brighter_than_far_and_flow_colours_tell_directions() -> None:
    colors = depth(np.array([[2.0, 4.0, 8.0, 50.0, np.inf]], dtype=np.float32))[0].astype(int).sum(axis=1)
    assert (np.diff(colors) < 0).all()
    directions = np.array([[[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, 0.0], [np.nan, np.nan]]], dtype=np.float32)
    made = flow_colors(directions)[0]
    assert len({tuple(color) for color in made}) == 5
    assert tuple(made[3]) == (255, 255, 255)


def test_pictures_of_any_depth_and_bands_can_be_shown() -> None:
    ramp = np.linspace(100, 5000, 200).reshape(10, 20).astype(np.uint16)
    assert shown(ramp).shape == (10, 20, 3)
    assert shown(ramp)[-1, -1, 0] == 255
    assert shown(np.zeros((4, 4, 5), np.uint16)).shape == (4, 4, 3)
    assert shown(np.full((4, 4), 9, np.uint8))[0, 0].tolist() == [9, 9, 9]


def test_a_shot_without_frames_is_named_all_the_same() -> None:
    assert contact_sheet([Shot("medical", 0, [], CATEGORIES)]).width == 2 * MARGIN + TILE


def test_no_shots_are_an_error() -> None:
    with pytest.raises(ArgumentError, match="no item to show"):
        contact_sheet([])
