"""Pictures judged beside a yardstick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media.shots import shot, shots

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.image_files import png
from understudy.evaluate.pictures import PictureEvaluation, evaluate_pictures


def scenes(count: int, seed: int, *, hue: int = 0, stripes: int = 0) -> list[np.ndarray]:
    """Discs on a ground, at chance places; hue: which channel they have; stripes: over the ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:96, 0:96]
    made = []
    for _ in range(count):
        picture = np.full((96, 96, 3), 120.0) + rng.normal(0, 8, (96, 96, 3))
        if stripes:
            picture[:, ::stripes] += 30
        for _ in range(rng.integers(2, 6)):
            inside = (x - rng.integers(0, 96)) ** 2 + (y - rng.integers(0, 96)) ** 2 < rng.integers(5, 18) ** 2
            picture[inside] = 60
            picture[inside, hue] = 220
        made.append(picture.clip(0, 255).astype(np.uint8))
    return made


@pytest.fixture(scope="module")
def alike() -> PictureEvaluation:
    return evaluate_pictures(scenes(48, 1), scenes(48, 2), holdout=scenes(48, 3))


@pytest.fixture(scope="module")
def other() -> PictureEvaluation:
    return evaluate_pictures(scenes(48, 1), scenes(48, 2, hue=1, stripes=4), holdout=scenes(48, 3))


def test_pictures_of_the_same_kind_are_as_near_as_held_out_ones(alike: PictureEvaluation) -> None:
    for figure in alike.figures:
        assert figure.holdout is not None
        assert figure.gap_interval is not None
        if figure.key.startswith(("frechet", "mmd")):
            assert abs(figure.gap or 0) < 0.05, figure
    assert abs(alike.figure("told_apart").value - 0.5) < 0.2  # type: ignore[operator]
    assert "not told apart" in alike.figure("mmd_texture").reason


def test_pictures_of_another_kind_are_told_apart_and_far(other: PictureEvaluation) -> None:
    assert other.figure("told_apart").value > 0.98  # type: ignore[operator]
    for name in ("color", "texture", "spectrum", "random_convolutions"):
        for kind in ("frechet", "mmd"):
            figure = other.figure(f"{kind}_{name}")
            assert figure.gap_interval[0] > 0, figure  # type: ignore[index]
            assert "farther from the real pictures" in figure.reason


def test_half_of_the_real_pictures_is_the_yardstick_where_none_is_given() -> None:
    result = evaluate_pictures(scenes(20, 1), scenes(10, 2))
    assert result.holdout is not None
    assert result.holdout.rows_used == 10
    assert any("Half of the real pictures" in note for note in result.notes)


def test_duplicates_and_copies_are_counted() -> None:
    real, made = scenes(30, 1), scenes(30, 2)
    made[0] = made[1]
    made[2:5] = real[:3]
    result = evaluate_pictures(real, made, holdout=scenes(30, 3))
    assert result.figure("duplicates").value == pytest.approx(2 / 30)
    assert result.figure("copies").value == pytest.approx(3 / 30)
    assert result.figure("copies").holdout == 0


def test_a_set_of_one_picture_over_and_over_is_not_diverse() -> None:
    few = scenes(2, 5)
    result = evaluate_pictures(None, [few[number % 2] for number in range(20)])
    assert 0.05 < result.figure("effective_share").value <= 0.1  # type: ignore[operator]
    assert result.figure("duplicates").value == 1
    assert result.real is None


def test_the_same_call_gives_the_same_figures() -> None:
    first, second = (evaluate_pictures(scenes(16, 1), scenes(16, 2), seed=4) for _ in range(2))
    assert [figure.model_dump() for figure in first.figures] == [figure.model_dump() for figure in second.figures]


def test_figures_come_back_from_the_file(alike: PictureEvaluation, tmp_path: Path) -> None:
    alike.save(tmp_path / "figures.json")
    assert PictureEvaluation.from_json((tmp_path / "figures.json").read_text("utf-8")) == alike
    with pytest.raises(ArgumentError, match="saved as JSON"):
        alike.save(tmp_path / "figures.html")
    assert "Fréchet distance, color" in str(alike)


def test_labels_of_our_formats_are_compared(tmp_path: Path) -> None:
    for form in ("coco", "yolo", "frames"):
        write_dataset(opened_exporter(form), shots(6), tmp_path / form)
    for form in ("yolo", "frames"):
        result = evaluate_pictures(tmp_path / "coco", tmp_path / form, holdout=tmp_path / "coco")
        for key in ("classes", "objects", "sizes", "shapes", "across", "down", "together"):
            assert result.figure(f"label_{key}").value == pytest.approx(1, abs=1e-4), key
        assert result.figure("copies").value == 1


def test_other_classes_and_sizes_are_seen_in_the_labels(tmp_path: Path) -> None:
    write_dataset(opened_exporter("coco:val=0"), shots(4), tmp_path / "real")

    def changed(source: Any) -> Any:
        for frame in source.frames:
            for instance in frame.instances:
                instance.category = 4
            frame.instances = frame.instances[:1]
        return source

    write_dataset(opened_exporter("coco:val=0"), (changed(shot(index)) for index in range(4)), tmp_path / "made")
    result = evaluate_pictures(tmp_path / "real", tmp_path / "made", holdout=tmp_path / "real")
    assert result.figure("label_classes").value == pytest.approx(0.5)  # cars are half of the real objects
    assert result.figure("label_objects").value == pytest.approx(1 / 3)  # a third of the pictures are empty in both
    assert result.figure("label_classes").holdout == 1


def test_pictures_without_labels_are_compared_alone(tmp_path: Path) -> None:
    for number, picture in enumerate(scenes(10, 1)):
        (tmp_path / f"{number}.png").write_bytes(png(picture))
    result = evaluate_pictures(tmp_path, tmp_path)
    assert any("Labels were not compared" in note for note in result.notes)


def test_bad_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There are 0 pictures"):
        evaluate_pictures(tmp_path, scenes(3, 1))
    with pytest.raises(ArgumentError, match="2 or more"):
        evaluate_pictures(scenes(3, 1), scenes(3, 1), most=1)
    with pytest.raises(ArgumentError, match="given as a folder"):
        evaluate_pictures([np.zeros(3)], scenes(3, 1))  # type: ignore[list-item]
    (tmp_path / "a.png").write_bytes(png(scenes(1, 1)[0]))
    (tmp_path / "b.png").write_bytes(png(scenes(1, 2)[0]))
    (tmp_path / "coco.json").write_text(json.dumps({"categories": []}))
    with pytest.raises(DataError, match="labels cannot be read"):
        evaluate_pictures(tmp_path, tmp_path)
