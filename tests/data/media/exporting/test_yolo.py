"""YOLO's four forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.data.media import corruption as spoil
from tests.data.media.shots import HEIGHT, WIDTH, photo, shot, shots

from understudy.core.errors import DataError
from understudy.data.media.exporting import exporter, opened_exporter, write_dataset
from understudy.data.media.exporting.yolo import Yolo, YoloObb, YoloPose, YoloSegment
from understudy.data.media.outlines import filled

FORMS = ["yolo", "yolo-segment", "yolo-pose", "yolo-obb"]


def written(folder: Path, form: str) -> Path:
    write_dataset(opened_exporter(form), shots(4), folder)
    return folder


def lines(kind: type[Yolo], source: object = None) -> list[list[float]]:
    source = source or photo(0)
    content = next(content for name, content in kind().files(source) if name.startswith("labels/"))  # type: ignore[arg-type]
    return [[float(word) for word in line.split()] for line in content.decode().splitlines()]


@pytest.mark.parametrize("form", FORMS)
def test_a_data_set_is_without_problems(tmp_path: Path, form: str) -> None:
    assert exporter(form).problems(written(tmp_path, form)) == []


def test_classes_are_numbered_from_nought_without_stuff(tmp_path: Path) -> None:
    description = yaml.safe_load((written(tmp_path, "yolo") / "data.yaml").read_text("utf-8"))
    assert description == {"train": "images/train", "val": "images/val", "names": {0: "car", 1: "Fußgänger", 2: "crate"}}
    labels = sorted((tmp_path / "labels").rglob("*.txt"))
    assert len(labels) == 4 * 6
    assert sum(not path.read_text() for path in labels) == 4 * 2  # empty pictures have empty files


def test_training_pictures_stand_in_where_none_are_for_validation(tmp_path: Path) -> None:
    write_dataset(opened_exporter("yolo:val=0"), shots(2), tmp_path)
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["val"] == "images/train"


def test_boxes_come_back_to_a_hundredth_of_a_pixel() -> None:
    source = photo(0)
    for line, instance in zip(lines(Yolo, source), source.frames[0].instances, strict=True):
        x, y, width, height = np.array(line[1:]) * [WIDTH, HEIGHT, WIDTH, HEIGHT]
        assert np.allclose([x - width / 2, y - height / 2, x + width / 2, y + height / 2], instance.box, atol=0.01)


def test_outlines_filled_are_the_visible_masks() -> None:
    source = photo(0)
    frame = source.frames[0]
    for line, instance in zip(lines(YoloSegment, source), frame.instances, strict=True):
        mask = filled([np.array(line[1:]).reshape(-1, 2) * [WIDTH, HEIGHT]], HEIGHT, WIDTH)
        assert (mask == (frame.track == instance.track)).all()


def test_poses_hold_the_classes_with_keypoints_alone(tmp_path: Path) -> None:
    (line,) = lines(YoloPose)
    assert line[0] == 0
    assert len(line) == 1 + 4 + 9
    assert line[7::3] == [2, 1, 0]
    description = yaml.safe_load((written(tmp_path, "yolo-pose") / "data.yaml").read_text("utf-8"))
    assert description["names"] == {0: "Fußgänger"}
    assert description["kpt_shape"] == [3, 3]
    assert description["flip_idx"] == [0, 2, 1]


def test_a_scene_without_keypoints_has_no_poses() -> None:
    source = photo(0)
    source.categories = tuple(category for category in source.categories if not category.keypoints)
    with pytest.raises(DataError, match="No class of this scene has keypoints"):
        list(YoloPose().files(source))


def test_corners_of_oriented_boxes_are_drawn_into_the_picture() -> None:
    source = photo(0)
    source.frames[0].instances[0].oriented_box = np.array([[-5.0, 2.0], [20.0, -9.0], [30.0, 15.0], [5.0, 26.0]])
    assert lines(YoloObb, source)[0][1:5] == pytest.approx([0, 2 / HEIGHT, 20 / WIDTH, 0], abs=1e-6)


def test_an_object_that_would_come_twice_is_written_once() -> None:
    source = photo(0)
    source.frames[0].instances.append(source.frames[0].instances[0])
    assert len(lines(Yolo, source)) == 4


def _doubled(text: str) -> str:
    return text + text.splitlines()[0] + "\n"


def _first_line(change: str) -> spoil.Spoil:
    return spoil.text_changed("labels/train/*.txt", lambda text: change + "\n" + text.split("\n", 1)[1])


SPOILT = {
    "yolo": {
        "a picture is missing": (spoil.removed("images/train/*.png"), "it has no picture"),
        "labels are missing": (spoil.removed("labels/val/*.txt"), "it has no file of labels"),
        "a picture is damaged": (spoil.cut_short("images/train/*.png"), "no picture that can be read"),
        "the description is missing": (spoil.removed("data.yaml"), "data.yaml: the file is missing"),
        "classes have a gap": (spoil.text_changed("data.yaml", lambda text: text.replace("  1:", "  7:")), "not numbered from 0"),
        "an object comes twice": (spoil.text_changed("labels/train/*.txt", _doubled), "an object is there twice"),
        "a class is unknown": (_first_line("8 0.5 0.5 0.1 0.1"), "class 8 is not in data.yaml"),
        "a box reaches out": (_first_line("0 0.95 0.5 0.2 0.1"), "reaches out of the picture"),
        "a box has no area": (_first_line("0 0.5 0.5 0.0 0.1"), "has no area"),
        "a number is missing": (_first_line("0 0.5 0.5 0.1"), "a box has 4 numbers, not 3"),
        "a number is none": (_first_line("0 0.5 x 0.1 0.1"), "cannot be read"),
    },
    "yolo-segment": {
        "a corner is outside": (_first_line("0 0.5 0.5 1.1 0.5 0.6 0.6"), "not between 0 and 1"),
        "an outline is a line": (_first_line("0 0.5 0.5 0.6 0.6 0.7 0.7"), "no area"),
        "an outline is too short": (_first_line("0 0.5 0.5 0.6 0.6"), "at least 3 corners"),
    },
    "yolo-pose": {
        "a keypoint is missing": (_first_line("0 0.5 0.5 0.1 0.1 0.5 0.5 2 0.5 0.5 2"), "a box and 3 keypoints"),
        "visibility is no number of three": (_first_line("0 0.5 0.5 0.1 0.1 0.5 0.5 3 0.5 0.5 2 0 0 0"), "visibility of a keypoint"),
    },
    "yolo-obb": {
        "a corner is outside": (_first_line("0 0.5 -0.5 0.6 0.5 0.6 0.6 0.5 0.6"), "not between 0 and 1"),
        "there are five corners": (_first_line("0 0.5 0.5 0.6 0.5 0.6 0.6 0.5 0.6 0.5 0.5"), "has 8 numbers, not 10"),
    },
}


@pytest.mark.parametrize(("form", "what"), [(form, what) for form, cases in SPOILT.items() for what in cases])
def test_the_validator_sees_that(tmp_path: Path, form: str, what: str) -> None:
    corrupt, message = SPOILT[form][what]
    written(tmp_path, form)
    corrupt(tmp_path)
    problems = exporter(form).problems(tmp_path)
    assert any(message in problem for problem in problems), problems


def test_several_frames_and_cameras_have_files_of_their_own() -> None:
    names = [name for name, _ in Yolo().files(shot(3)) if name.startswith("images/")]
    assert names[1] == "images/val/00000003_süd-links_0000.png"
    assert len(set(names)) == 6
