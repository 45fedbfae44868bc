"""Hugging Face's imagefolder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo, shot, shots

from understudy.core.errors import DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.imagefolder import ImageFolder


def written(folder: Path, form: str = "imagefolder") -> Path:
    write_dataset(opened_exporter(form), shots(4), folder)
    return folder


def test_metadata_tell_of_every_picture(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (written(tmp_path) / "train" / "metadata.jsonl").read_text("utf-8").splitlines()]
    assert {row["file_name"] for row in rows} == {path.name for path in (tmp_path / "train").glob("*.png")}
    assert rows[0]["objects"]["category"] == ["car", "car", "Fußgänger", "crate"]
    assert rows[2]["objects"]["bbox"] == []
    assert rows[0]["caption"] == "two cars, a walker and a crate"


@pytest.mark.parametrize(("label", "classes"), [("largest", {"Fußgänger", "nothing"}), ("class", {"car", "crate"})])
def test_classes_are_folders(tmp_path: Path, label: str, classes: set[str]) -> None:
    written(tmp_path, f"imagefolder:label={label}")
    assert {path.name for path in (tmp_path / "train").iterdir()} == classes
    assert ImageFolder.problems(tmp_path) == []


def test_a_class_that_is_no_name_of_a_folder_is_written_as_its_code() -> None:
    source = photo(0)
    for label, folder in (("a/b", "a%2fb"), ("..", "%2e%2e"), ("", "%")):
        source.meta["class"] = label
        assert next(ImageFolder(label="class").files(source))[0] == f"train/{folder}/00000000.png"


def test_a_value_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(DataError, match="no single value") as error:
        list(ImageFolder(label="clas").files(shot(0)))
    assert '"class"' in str(error.value)


def test_hugging_face_reads_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.load_dataset("imagefolder", data_dir=str(written(tmp_path)), split="train", cache_dir=str(tmp_path / "cache"))
    assert data[0]["image"].size == (64, 48)
    assert data[0]["objects"]["category"][0] == "car"


def first_row(change: str, to: str) -> spoil.Spoil:
    return spoil.text_changed("train/metadata.jsonl", lambda text: text.replace(change, to, 1))


SPOILT = {
    "a picture is missing": (spoil.removed("train/*.png"), "the file is missing"),
    "the metadata are missing": (spoil.removed("train/metadata.jsonl"), "the file is missing"),
    "a picture is one too many": (spoil.copied("train/*.png", "more.png"), "no index speaks of this file"),
    "a picture is of another size": (spoil.shrunk("train/*.png"), "said to be 64 × 48"),
    "a box reaches out": (first_row('"bbox":[[10,', '"bbox":[[60,'), "reaches out of the picture"),
    "an object comes twice": (first_row('"id":[1,70000', '"id":[1,1'), "has an object twice"),
    "a list is short": (first_row('"category":["car",', '"category":['), "lists of objects of several lengths"),
    "an area is too large": (first_row('"area":[', '"area":[9'), "larger than its box"),
    "a row is damaged": (first_row('{"file_name"', '{"file_name'), "cannot be read"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = ImageFolder.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
