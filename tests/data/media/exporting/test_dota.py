"""DOTA's oriented boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo, shots

from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.dota import Dota
from understudy.data.media.items import Shot


def written(folder: Path) -> Path:
    write_dataset(opened_exporter("dota"), shots(2), folder)
    return folder


def lines(source: Shot) -> list[str]:
    return next(content.decode().splitlines() for name, content in Dota(val=0).files(source) if "labelTxt" in name)


def test_corners_go_clockwise_whichever_way_they_came() -> None:
    source = photo(0)
    straight = lines(source)
    for instance in source.frames[0].instances:
        instance.oriented_box = instance.oriented_box[::-1]
    assert lines(source) == straight
    assert straight[0] == "imagesource:driving"
    assert straight[1] == "gsd:null"
    assert straight[2].split()[8:] == ["car", "0"]
    assert straight[3].split()[8:] == ["car", "1"]  # more than half of it is beyond the edge
    assert len(straight) == 6


def test_metres_a_pixel_are_known_from_above() -> None:
    source = photo(0)
    view = source.frames[0].view
    source.frames[0].view = type(view)("orthographic", np.diag([4.0, 4.0, 1.0]), (), view.pose)
    assert lines(source)[1] == "gsd:0.25"


def first_object(change: str) -> spoil.Spoil:
    def edit(text: str) -> str:
        rows = text.splitlines()
        return "\n".join([*rows[:2], change, *rows[3:]]) + "\n"

    return spoil.text_changed("train/labelTxt/*_0000.txt", edit)


SPOILT = {
    "a picture is missing": (spoil.removed("train/images/*.png"), "a picture or its labels are missing"),
    "labels are missing": (spoil.removed("train/labelTxt/*.txt"), "a picture or its labels are missing"),
    "classes are missing": (spoil.removed("classes.txt"), "the file is missing"),
    "a class is unknown": (first_object("1 1 5 1 5 5 1 5 boat 0"), 'class "boat" is not in classes.txt'),
    "a box has no area": (first_object("1 1 5 1 5 1 1 1 car 0"), "has no area"),
    "a box goes the other way": (first_object("1 1 1 5 5 5 5 1 car 0"), "do not go clockwise"),
    "a box lies beside": (first_object("101 1 105 1 105 5 101 5 car 0"), "beside the picture"),
    "a corner is missing": (first_object("1 1 5 1 5 5 car 0"), "8 columns, not 10"),
    "the mark is none": (first_object("1 1 5 1 5 5 1 5 car 2"), "difficult is 2"),
    "an object comes twice": (
        spoil.text_changed("train/labelTxt/*_0000.txt", lambda text: text + text.splitlines()[-1] + "\n"),
        "the object is there twice",
    ),
    "facts are missing": (spoil.text_changed("train/labelTxt/*.txt", lambda text: text.split("\n", 1)[1]), "imagesource and gsd"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = Dota.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
