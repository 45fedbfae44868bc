"""nuScenes, read back by its own devkit where that is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import shot, shots

from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.nuscenes import VERSION, NuScenes
from understudy.data.media.rotations import from_quaternion


def written(folder: Path, count: int = 3) -> Path:
    write_dataset(opened_exporter("nuscenes"), shots(count), folder)
    return folder


def table(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    return {row["token"]: row for row in json.loads((folder / VERSION / f"{name}.json").read_text("utf-8"))}


def test_sensors_stand_in_the_world_where_the_shot_says(tmp_path: Path) -> None:
    written(tmp_path, 1)
    poses, mounted, sensors = table(tmp_path, "ego_pose"), table(tmp_path, "calibrated_sensor"), table(tmp_path, "sensor")
    source, found = shot(0), 0
    for data in table(tmp_path, "sample_data").values():
        sensor = mounted[data["calibrated_sensor_token"]]
        pose = poses[data["ego_pose_token"]]
        turned = from_quaternion(pose["rotation"]) @ from_quaternion(sensor["rotation"])
        place = from_quaternion(pose["rotation"]) @ sensor["translation"] + pose["translation"]
        if sensors[sensor["sensor_token"]]["modality"] == "camera":
            frame = next(
                frame
                for frame in source.frames
                if data["filename"].endswith(f"{frame.index:04d}.png") and ("FRONT" in data["filename"]) == (frame.camera == "front")
            )
            truth = frame.view.pose
        else:
            truth = source.arrays[f"lidar/{data['filename'].split('_')[-1][:4]}/pose"]
        assert np.allclose(turned, truth[:3, :3], atol=1e-6)
        assert np.allclose(place, truth[:3, 3], atol=1e-6)
        found += 1
    assert found == 9
    assert len(mounted) == 3  # sensors that stay where they are in the vehicle have one calibration


def test_points_on_objects_are_counted(tmp_path: Path) -> None:
    written(tmp_path, 1)
    annotations = table(tmp_path, "sample_annotation").values()
    assert {row["num_lidar_pts"] for row in annotations} == {0, 13}  # 13 of 40 points lie on track 1


def test_points_have_an_intensity_of_one_byte_and_their_ring() -> None:
    content = dict(NuScenes().files(shot(0)))["samples/LIDAR_TOP/00000000_lidar_0000.pcd.bin"]
    rows, points = np.frombuffer(content, dtype="<f4").reshape(-1, 5), shot(0).arrays["lidar/0000/points"]
    assert np.allclose(rows, points * [1, 1, 1, 255, 1])


def test_the_devkit_reads_it(tmp_path: Path) -> None:
    devkit = pytest.importorskip("nuscenes.nuscenes", reason="nuscenes-devkit is not installed; release 1.2 asks for NumPy 1")
    written(tmp_path)
    data = devkit.NuScenes(VERSION, str(tmp_path), verbose=False)
    assert len(data.scene) == 3
    for sample in data.sample:
        assert set(sample["data"]) == {"CAM_FRONT", "CAM_SÜD_LINKS", "LIDAR_TOP"}
        for name in sample["data"].values():
            assert Path(data.get_sample_data(name)[0]).is_file()
    first = data.get("sample_annotation", data.sample[0]["anns"][0])
    assert first["category_name"] == "car"


def changed(name: str, **change: Any) -> spoil.Spoil:
    return spoil.json_changed(f"{VERSION}/{name}.json", lambda rows: rows[0].update(change))


def half_a_point(folder: Path) -> None:
    path = spoil.first(folder, "samples/LIDAR_TOP/*")
    path.write_bytes(path.read_bytes()[:-3])


SPOILT = {
    "a table is missing": (spoil.removed(f"{VERSION}/sensor.json"), "the file is missing"),
    "a picture is missing": (spoil.removed("samples/CAM_FRONT/*.png"), "the file is missing"),
    "a picture is of another size": (spoil.shrunk("samples/CAM_FRONT/*.png"), "said to be 64 × 48"),
    "a picture is one too many": (spoil.copied("samples/CAM_FRONT/*.png", "more.png"), "no index speaks of this file"),
    "points are cut": (half_a_point, "whole points of five numbers"),
    "a token leads nowhere": (changed("sample_data", sample_token="0" * 32), "is not in sample.json"),
    "a class leads nowhere": (changed("instance", category_token="0" * 32), "is not in category.json"),
    "a token comes twice": (
        spoil.json_changed(f"{VERSION}/sample_annotation.json", lambda rows: rows.append(dict(rows[0]))),
        "a token is there twice",
    ),
    "a chain is broken": (spoil.json_changed(f"{VERSION}/sample.json", lambda rows: rows[1].update(prev="")), "does not lead back"),
    "a count is wrong": (changed("scene", nbr_samples=7), "nbr_samples of"),
    "a box has no volume": (changed("sample_annotation", size=[1, 0, 1]), "has no volume"),
    "a rotation is none": (changed("ego_pose", rotation=[1, 1, 0, 0]), "is none"),
    "a key is missing": (spoil.json_changed(f"{VERSION}/scene.json", lambda rows: rows[0].pop("log_token")), "'log_token' is missing"),
    "the map is missing": (spoil.removed("maps/*.png"), "the file is missing"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = NuScenes.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
