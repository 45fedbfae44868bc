"""Small models trained on synthetic pictures and tested on real ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.image_files import png
from understudy.evaluate.pictures import PictureUtility, classification_utility, detection_utility

torch = pytest.importorskip("torch")

SIZE = 48


def picture(rng: np.random.Generator, kind: int, *, wrong: bool = False) -> tuple[np.ndarray, list[int]]:
    """A bright square (0) or a bright cross (1) on a noisy ground; x, y, width, height. wrong: the box lies elsewhere."""
    image = rng.normal(80, 12, (SIZE, SIZE, 3))
    side = int(rng.integers(12, 20))
    x, y = (int(value) for value in rng.integers(2, SIZE - side - 2, 2))
    if kind == 0:
        image[y : y + side, x : x + side] += 110
    else:
        third = side // 3
        image[y + third : y + 2 * third, x : x + side] += 110
        image[y : y + side, x + third : x + 2 * third] += 110
    place = [(x + SIZE // 2) % (SIZE - side), (y + SIZE // 2) % (SIZE - side)] if wrong else [x, y]
    return image.clip(0, 255).astype(np.uint8), [*place, side, side]


def detection_set(folder: Path, count: int, seed: int, *, wrong: bool = False) -> Path:
    """In COCO's form."""
    folder.mkdir()
    rng, images, annotations = np.random.default_rng(seed), [], []
    for number in range(count):
        image, box = picture(rng, number % 2, wrong=wrong)
        (folder / f"{number}.png").write_bytes(png(image))
        images.append({"id": number, "file_name": f"{number}.png", "width": SIZE, "height": SIZE})
        annotations.append({"id": number + 1, "image_id": number, "category_id": 1 + number % 2, "bbox": box})
    categories = [{"id": 1, "name": "square"}, {"id": 2, "name": "cross"}]
    (folder / "coco.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return folder


def class_set(folder: Path, count: int, seed: int, *, swapped: bool = False) -> Path:
    rng = np.random.default_rng(seed)
    for number in range(count):
        image, _ = picture(rng, number % 2)
        path = folder / ("square", "cross")[(number + swapped) % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    return folder


def test_a_detector_learns_from_true_boxes_and_not_from_wrong_ones(tmp_path: Path) -> None:
    sets = [
        detection_set(tmp_path / "real", 40, 1),
        detection_set(tmp_path / "wrong", 40, 2, wrong=True),
        detection_set(tmp_path / "test", 16, 3),
    ]
    result = detection_utility(*sets, size=(SIZE, SIZE), steps=80)
    assert result.classes == ["cross", "square"]
    assert result["real"].score > 0.6
    assert result["synthetic"].score < 0.3
    assert result["synthetic"].gap_interval[1] < 0  # type: ignore[index]
    assert set(result["real"].by_class) == {"cross", "square"}
    assert result["real + synthetic"].pictures == 80
    assert PictureUtility.model_validate_json(result.to_json()) == result
    assert "against real" in str(result)


def test_the_same_seed_gives_the_same_scores(tmp_path: Path) -> None:
    real, test = detection_set(tmp_path / "real", 8, 1), detection_set(tmp_path / "test", 4, 3)
    first, second = (detection_utility(real, real, test, size=(SIZE, SIZE), steps=3, real_pictures=4, seed=5) for _ in range(2))
    assert [score.model_dump() for score in first.scores] == [score.model_dump() for score in second.scores]
    assert first["real"].pictures == 4


def test_a_classifier_learns_from_true_classes_and_not_from_swapped_ones(tmp_path: Path) -> None:
    sets = [class_set(tmp_path / "real", 40, 1), class_set(tmp_path / "swapped", 40, 2, swapped=True), class_set(tmp_path / "test", 30, 3)]
    result = classification_utility(*sets, size=(SIZE, SIZE), steps=35, real_pictures=30)
    assert result["real"].score > 0.85
    assert result["synthetic"].score < 0.3
    assert result["real"].pictures == 30
    assert result["synthetic"].gap_interval[1] < 0  # type: ignore[index]


def test_sets_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    real, classes = detection_set(tmp_path / "real", 2, 1), class_set(tmp_path / "classes", 4, 1)
    with pytest.raises(DataError, match="no pictures with boxes"):
        detection_utility(real, classes, real)
    with pytest.raises(DataError, match=r"test pictures lack the classes \['car'\]"):
        detection_utility(real, real, real, classes=["car"])
    with pytest.raises(ArgumentError, match="multiples of 8"):
        detection_utility(real, real, real, size=(100, 60))
    with pytest.raises(ArgumentError, match="real_pictures is 9"):
        detection_utility(real, real, real, real_pictures=9)
    with pytest.raises(DataError, match="no folders of classes"):
        classification_utility(classes, classes, real)
    with pytest.raises(DataError, match="At least two classes"):
        classification_utility(classes, classes, classes, classes=["square"])
    (real / "0.png").unlink()
    with pytest.raises(DataError, match="picture is missing"):
        detection_utility(real, real, real, size=(SIZE, SIZE))
