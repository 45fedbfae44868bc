"""The native form, read back as it was."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import CAR, photo, shot, shots

from understudy.core.errors import DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.frames import Frames
from understudy.data.media.reading import read_pictures, read_shots


def assert_equal(one: Any, other: Any, at: str = "shot") -> None:
    """Equal in every field, arrays in type and shape too."""
    assert type(one) is type(other), at
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, at
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), at
    elif is_dataclass(one):
        for field in fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name), f"{at}.{field.name}")
    elif isinstance(one, dict):
        assert list(one) == list(other), at
        for key in one:
            assert_equal(one[key], other[key], f"{at}[{key!r}]")
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), at
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_equal(mine, theirs, f"{at}[{number}]")
    else:
        assert one == other, at


def written(folder: Path, count: int = 3, form: str = "frames") -> Path:
    write_dataset(opened_exporter(form), shots(count), folder)
    return folder


@pytest.mark.parametrize("form", ["frames", "frames:compress=false"])
def test_shots_come_back_as_they_were(tmp_path: Path, form: str) -> None:
    back = list(read_shots(written(tmp_path, form=form)))
    assert len(back) == 3
    for one, other in zip(shots(3), back, strict=True):
        assert_equal(one, other)
    assert Frames.problems(tmp_path) == []


@pytest.mark.parametrize(
    "image",
    [
        np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 20,
        np.arange(48 * 64 * 5, dtype=np.uint16).reshape(48, 64, 5),
        np.full((48, 64), 3, dtype=np.uint8),
    ],
    ids=["16 bits", "five bands", "grey"],
)
def test_pictures_of_every_kind_come_back(tmp_path: Path, image: np.ndarray) -> None:
    source = photo(4)
    source.frames[0].image = image
    write_dataset(Frames(), [source], tmp_path)
    assert_equal(source, next(read_shots(tmp_path)))


def test_a_shot_without_arrays_comes_back(tmp_path: Path) -> None:
    source = shot(2)
    source.arrays = {}
    for frame in source.frames:
        frame.depth = frame.distance = frame.normal = frame.flow_forward = frame.flow_backward = frame.hidden_forward = None
        for instance in frame.instances:
            instance.amodal_mask = None
    write_dataset(Frames(), [source], tmp_path)
    assert_equal(source, next(read_shots(tmp_path)))


def test_pictures_of_a_folder_are_read_without_its_masks(tmp_path: Path) -> None:
    pictures = list(read_pictures(written(tmp_path, count=1)))
    assert len(pictures) == 6
    assert {image.shape for _, image in pictures} == {(48, 64, 3)}


def test_a_folder_without_shots_or_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set in the native form"):
        read_shots(tmp_path)
    with pytest.raises(DataError, match="There are no pictures here"):
        read_pictures(tmp_path)


def _instance(**change: Any) -> spoil.Spoil:
    return spoil.json_changed("shots/*/shot.json", lambda content: content["frames"][0]["instances"][0].update(change))


SPOILT = {
    "the index is missing": (spoil.removed("dataset.json"), "dataset.json: the file is missing"),
    "a shot is missing": (spoil.removed("shots/*/shot.json"), "the index lists it"),
    "a picture is missing": (spoil.removed("shots/*/*.image.png"), "is missing"),
    "labels are damaged": (spoil.cut_short("shots/*/*.labels.npz"), "no file of arrays"),
    "a picture is of another size": (spoil.shrunk("shots/*/*.image.png"), "is not of the frame's 64 × 48 pixels"),
    "tracks are painted over": (spoil.picture_changed("shots/*/*.track.png"), "listed or seen, but not both"),
    "classes are painted over": (spoil.picture_changed("shots/*/*.category.png"), "which are not listed"),
    "pixels are miscounted": (_instance(pixels=5), "said to have 5 pixels"),
    "a box is wrong": (_instance(box=[0, 0, 3, 3]), "has the box"),
    "a class is wrong": (_instance(category=CAR + 1), "pixels of it are of another"),
    "an object is listed twice": (_instance(track=3), "an object is listed twice"),
    "a later release wrote it": (spoil.json_changed("shots/*/shot.json", lambda content: content.update(version=99)), "of version 99"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    folder = tmp_path / "set"
    source = shot(0)
    for frame in source.frames:  # few enough that all tracks are in pictures
        frame.track[frame.track == 70000] = 2
        for instance in frame.instances:
            instance.track = 2 if instance.track == 70000 else instance.track
    write_dataset(Frames(), [source], folder)
    assert Frames.problems(folder) == []
    corrupt(folder)
    problems = Frames.problems(folder)
    assert any(message in problem for problem in problems), problems
