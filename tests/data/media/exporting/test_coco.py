"""COCO, read back by pycocotools and by its own validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import CRATE, ROAD, WALKER, shot, shots

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.coco import Coco
from understudy.data.media.image_files import read_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools with NumPy 2


def written(folder: Path, form: str = "coco", count: int = 6) -> Path:
    write_dataset(opened_exporter(form), shots(count), folder)
    return folder


@pytest.mark.parametrize("form", ["coco", "coco:masks=polygon", "coco:image=jpg,val=0"])
def test_a_data_set_is_without_problems(tmp_path: Path, form: str) -> None:
    assert Coco.problems(written(tmp_path, form)) == []


def test_a_data_set_without_shots_is_one_too(tmp_path: Path) -> None:
    assert Coco.problems(written(tmp_path, count=0)) == []


@pytest.mark.parametrize("masks", ["rle", "polygon"])
def test_pycocotools_reads_boxes_and_masks_as_they_were(tmp_path: Path, masks: str) -> None:
    tools = pytest.importorskip("pycocotools.coco")
    written(tmp_path, f"coco:masks={masks}")
    sources = {source.index: source for source in shots(6)}
    seen = 0
    for split in ("train", "val"):
        data = tools.COCO(tmp_path / "annotations" / f"instances_{split}.json")
        assert min(data.getCatIds()) == 4  # things alone
        for image in data.loadImgs(data.getImgIds()):
            frame = next(f for f in sources[image["shot"]].frames if (f.camera, f.index) == (image["camera"], image["frame"]))
            picture = read_image((tmp_path / "images" / split / image["file_name"]).read_bytes())
            assert (picture == frame.image).all()
            annotations = data.loadAnns(data.getAnnIds(imgIds=[image["id"]]))
            assert len(annotations) == len(frame.instances)
            for annotation, instance in zip(annotations, frame.instances, strict=True):
                assert (data.annToMask(annotation).astype(bool) == (frame.track == instance.track)).all()
                x, y, width, height = annotation["bbox"]
                assert (x, y, x + width, y + height) == instance.box
                seen += 1
    assert seen == 6 * 4 * 4  # shots, pictures that are not empty, objects


def test_the_truth_scores_one_against_itself(tmp_path: Path) -> None:
    tools, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    written(tmp_path)
    index = tmp_path / "annotations" / "instances_train.json"
    truth = tools.COCO(index)
    found = truth.loadRes([{**row, "score": 1.0} for row in json.loads(index.read_text())["annotations"]])
    for kind in ("bbox", "segm"):
        judge = evaluation.COCOeval(truth, found, kind)
        judge.evaluate()
        judge.accumulate()
        precision = judge.eval["precision"][..., 0, -1]  # of all sizes, at most 100 objects a picture
        assert precision[precision > -1].min() == pytest.approx(1.0)


def test_keypoints_have_names_visibility_and_a_skeleton_from_one(tmp_path: Path) -> None:
    written(tmp_path)
    content = json.loads((tmp_path / "annotations" / "keypoints_train.json").read_text("utf-8"))
    (category,) = content["categories"]
    assert category["id"] == WALKER
    assert category["name"] == "Fußgänger"
    assert category["skeleton"] == [[1, 2], [1, 3]]
    for annotation in content["annotations"]:
        assert annotation["keypoints"][5] == 1
        assert annotation["keypoints"][6:] == [0, 0, 0]
        assert annotation["num_keypoints"] == 2


def test_panoptic_segments_fill_the_picture(tmp_path: Path) -> None:
    written(tmp_path)
    content = json.loads((tmp_path / "annotations" / "panoptic_train.json").read_text())
    assert {row["id"]: row["isthing"] for row in content["categories"]}[ROAD] == 0
    for row in content["annotations"]:
        assert sum(segment["area"] for segment in row["segments_info"]) == 48 * 64
        colors = read_image((tmp_path / "annotations" / "panoptic_train" / row["file_name"]).read_bytes()).astype(int)
        numbers = colors @ [1, 256, 65536]
        assert set(np.unique(numbers)) == {segment["id"] for segment in row["segments_info"]}
    assert any(segment["id"] == 70000 for row in content["annotations"] for segment in row["segments_info"])


def test_names_of_files_come_from_the_shot_alone(tmp_path: Path) -> None:
    alone = dict(Coco().files(shot(5)))
    written(tmp_path)
    assert all((tmp_path / name).read_bytes() == content for name, content in alone.items())


def test_shots_with_other_classes_are_refused() -> None:
    exporter, other = Coco(), shot(1)
    other.categories = other.categories[:-1]
    with pytest.raises(DataError, match="classes of shot 1 are not those of shot 0"):
        list(exporter.finish([exporter.record(shot(0)), exporter.record(other)]))


def _annotation(change: dict[str, Any]) -> spoil.Spoil:
    return spoil.json_changed("annotations/instances_train.json", lambda content: content["annotations"][0].update(change))


def _swapped(content: Any) -> None:
    first, second = content["annotations"][:2]
    first["segmentation"], second["segmentation"] = second["segmentation"], first["segmentation"]


SPOILT = {
    "a picture is missing": (spoil.removed("images/train/*.png"), "the file is missing"),
    "a picture is damaged": (spoil.cut_short("images/train/*.png"), "no picture that can be read"),
    "a picture is of another size": (spoil.shrunk("images/train/*.png"), "said to be 64 × 48"),
    "a picture is one too many": (spoil.copied("images/train/*.png", "more.png"), "no index speaks of this file"),
    "the index is missing": (spoil.removed("annotations/instances_val.json"), "no index speaks of this file"),
    "the index is damaged": (spoil.cut_short("annotations/instances_train.json"), "cannot be read"),
    "the box reaches out": (_annotation({"bbox": [60, 20, 10, 10]}), "reaches out of the picture"),
    "the box has no area": (_annotation({"bbox": [10, 20, 0, 14]}), "has no area"),
    "the box is not the mask's": (_annotation({"bbox": [9, 20, 20, 14]}), "its mask reaches over"),
    "the area is wrong": (_annotation({"area": 3}), "has area 3 and a mask of"),
    "the class is unknown": (_annotation({"category_id": 77}), "category 77, which is not listed"),
    "the class is nought": (
        spoil.json_changed("annotations/instances_train.json", lambda content: content["categories"][0].update(id=0)),
        "ids of categories begin at 1",
    ),
    "the picture is unknown": (_annotation({"image_id": 4000}), "image 4000, which is not there"),
    "a key is missing": (
        spoil.json_changed("annotations/instances_train.json", lambda content: content["annotations"][0].pop("bbox")),
        "'bbox' is missing",
    ),
    "an id comes twice": (
        spoil.json_changed(
            "annotations/instances_train.json", lambda content: content["annotations"][1].update(id=content["annotations"][0]["id"])
        ),
        "is given twice",
    ),
    "masks are swapped": (spoil.json_changed("annotations/instances_train.json", _swapped), "its mask reaches over"),
    "a mask is of another size": (_annotation({"segmentation": {"size": [4, 4], "counts": "0@"}}), "a mask of [4, 4]"),
    "masks overlap": (
        spoil.json_changed(
            "annotations/instances_train.json", lambda content: content["annotations"].append({**content["annotations"][0], "id": 9999})
        ),
        "overlaps another",
    ),
    "segments are painted over": (spoil.picture_changed("annotations/panoptic_train/*.png"), "segments are not those of the index"),
    "a segment's area is wrong": (
        spoil.json_changed("annotations/panoptic_train.json", lambda content: content["annotations"][0]["segments_info"][0].update(area=1)),
        "another area or box",
    ),
    "keypoints are counted wrongly": (
        spoil.json_changed(
            "annotations/instances_train.json",
            lambda content: next(row for row in content["annotations"] if "keypoints" in row).update(num_keypoints=3),
        ),
        "counts its keypoints wrongly",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    written(tmp_path, count=4)
    corrupt(tmp_path)
    problems = Coco.problems(tmp_path)
    assert any(message in problem for problem in problems), problems


def test_a_crate_with_a_hole_is_polygons_without_one(tmp_path: Path) -> None:
    record = Coco(masks="polygon").record(shot(0))
    crate = next(row for row in record["images"][0]["annotations"] if row["category_id"] == CRATE)
    assert len(crate["segmentation"]) > 1


def test_masks_are_runs_or_polygons() -> None:
    with pytest.raises(ArgumentError, match=r'"rle" or "polygon"'):
        Coco(masks="bitmap")
