"""KITTI's object detection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo, shots

from understudy.core.errors import DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.kitti import Kitti
from understudy.data.media.image_files import read_image
from understudy.data.media.items import Shot
from understudy.scenes.generator import Scenes


def files(source: Shot) -> dict[str, bytes]:
    return dict(Kitti().files(source))


def written(folder: Path) -> Path:
    write_dataset(opened_exporter("kitti"), shots(4), folder)
    return folder


def matrix(calibration: str, key: str) -> np.ndarray:
    row = next(line for line in calibration.splitlines() if line.startswith(f"{key}:"))
    return np.array([float(word) for word in row.split()[1:]]).reshape(3, -1)


def test_a_car_ahead_lies_where_it_stands_and_looks_away() -> None:
    label = files(photo(0))["training/label_2/000000.txt"].decode().splitlines()[0].split()
    assert label[0] == "Car"
    assert label[2] == "1"  # the walker hides a part of it
    height, width, length, x, y, z, rotation_y = (float(word) for word in label[8:15])
    assert (height, width, length) == (1.6, 1.8, 4.2)
    assert (x, y, z) == (1.0, 1.6, 12.0)  # the middle of its bottom
    assert rotation_y == pytest.approx(-np.pi / 2, abs=1e-4)
    assert float(label[3]) == pytest.approx(rotation_y - np.arctan2(x, z), abs=2e-4)


def test_points_fall_in_the_picture_where_the_camera_sees_them() -> None:
    made, source = files(photo(0)), photo(0)
    calibration = made["training/calib/000000.txt"].decode()
    points = np.frombuffer(made["training/velodyne/000000.bin"], dtype="<f4").reshape(-1, 4)
    to_camera = matrix(calibration, "R0_rect") @ matrix(calibration, "Tr_velo_to_cam")
    seen = to_camera @ np.vstack([points[:, :3].T, np.ones(len(points))])
    world = source.arrays["lidar/0000/points"][:, :3] + source.arrays["lidar/0000/pose"][:3, 3]
    pose = source.frames[0].view.pose
    assert np.allclose(seen, pose[:3, :3].T @ (world - pose[:3, 3]).T, atol=1e-5)
    assert np.allclose(matrix(calibration, "P2")[:, :3], source.frames[0].view.matrix)


def test_a_fisheye_is_refused_with_the_setting_to_change() -> None:
    source = photo(0)
    view = source.frames[0].view
    source.frames[0].view = type(view)("fisheye", view.matrix, (), view.pose)
    with pytest.raises(DataError, match="settings.cameras.rig"):
        list(Kitti().files(source))


def test_pictures_of_a_bent_lens_are_rectified_with_their_labels() -> None:
    """Boxes are those of a camera that never had the distortion, to a pixel."""
    shots_of = {bend: list(driven(bend).sample(1)) for bend in (0.0, -0.12, 0.1)}
    for bend in (-0.12, 0.1):
        for straight, bent in zip(shots_of[0.0], shots_of[bend], strict=True):
            made, flat = dict(Kitti().files(bent)), straight.frames[0]
            name = f"{bent.index:06d}"
            camera = matrix(made[f"training/calib/{name}.txt"].decode(), "P2")[:, :3]
            scale = camera[0, 0] / flat.view.matrix[0, 0]
            assert scale == pytest.approx(1.0) if bend < 0 else 1.0 < scale < 1.2
            picture = read_image(made[f"training/image_2/{name}.png"])
            assert picture.shape == flat.image.shape
            if bend < 0:
                assert (
                    np.abs(picture.astype(float) - flat.image).mean() < np.abs(bent.frames[0].image.astype(float) - flat.image).mean() / 2
                )
            rows = [line.split() for line in made[f"training/label_2/{name}.txt"].decode().splitlines()]
            assert rows
            middle = flat.view.matrix[:2, 2]
            for row in rows:
                box, place = np.array(row[4:8], dtype=float), np.array(row[11:14], dtype=float)
                twin = min(flat.instances, key=lambda one: np.linalg.norm(one.pose[:3, 3] - place))
                if bend < 0 and twin.pixels > 60:
                    assert np.abs(box - np.array(twin.box)).max() <= 1.5
                assert box.min() >= 0
                assert (box[2:] <= picture.shape[1::-1]).all()
            assert middle == pytest.approx(camera[:2, 2])


def driven(bend: float) -> Scenes:
    cameras = {"distortion": bend, "sensor": {"width": 320, "height": 240, "noise": 0, "vignette": 0, "exposure_ms": 0, "flare": 0}}
    around = {"trees": 0, "buildings": 0.3, "walkers": 1, "oncoming_per_km": 30}
    settings = {"scenario": "hard-brake", "moment_s": 2.0, "cameras": cameras, "around": around}
    return Scenes({"understudy": "scenes/1", "world": "driving", "renderer": "none", "labels": ["amodal"], "settings": settings})


def column(number: int, value: str) -> spoil.Spoil:
    def change(text: str) -> str:
        words = text.splitlines()[0].split()
        words[number] = value
        return "\n".join([" ".join(words), *text.splitlines()[1:]]) + "\n"

    return spoil.text_changed("training/label_2/*.txt", change)


def half_a_point(folder: Path) -> None:
    path = spoil.first(folder, "training/velodyne/*.bin")
    path.write_bytes(path.read_bytes()[:-3])


SPOILT = {
    "a picture is missing": (spoil.removed("training/image_2/*.png"), "the picture is missing"),
    "labels are missing": (spoil.removed("training/label_2/*.txt"), "the file is missing"),
    "the calibration is missing": (spoil.removed("training/calib/*.txt"), "the file is missing"),
    "points are missing": (spoil.removed("training/velodyne/*.bin"), "the file is missing"),
    "points are cut": (half_a_point, "whole points of four numbers"),
    "a picture is one too many": (spoil.copied("training/image_2/*.png", "7777777777.png"), "no index speaks of this file"),
    "the list is missing": (spoil.removed("ImageSets/train.txt"), "the file is missing"),
    "a matrix is short": (spoil.text_changed("training/calib/*.txt", lambda text: text.replace("P2: ", "P2: 1 ")), "P2 has 13 numbers"),
    "a box reaches out": (column(6, "99.0"), "reaches out of the picture"),
    "a box has no area": (column(6, "10.0"), "has no area"),
    "a box has no volume": (column(8, "0.0"), "has no volume"),
    "alpha is another": (column(3, "0.5"), "does not go with rotation_y"),
    "truncated is beyond one": (column(1, "1.5"), "truncated is 1.5"),
    "occluded is none of four": (column(2, "9"), "occluded is 9"),
    "a column is missing": (column(14, ""), "14 columns, not 15"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = Kitti.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
