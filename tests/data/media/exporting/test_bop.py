"""BOP's scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo, shots

from understudy.core.errors import DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.bop import Bop
from understudy.data.media.image_files import read_image


def written(folder: Path) -> Path:
    write_dataset(opened_exporter("bop"), shots(2), folder)
    return folder


def test_poses_depth_and_shares_come_back(tmp_path: Path) -> None:
    written(tmp_path)
    scene, source = tmp_path / "train" / "000001", list(shots(2))[1]
    truths, facts, cameras = (json.loads((scene / f"scene_{name}.json").read_text()) for name in ("gt", "gt_info", "camera"))
    for number, frame in enumerate(source.frames):
        camera = cameras[str(number)]
        depth = read_image((scene / "depth" / f"{number:06d}.png").read_bytes()) * camera["depth_scale"] / 1000
        assert np.allclose(depth, np.where(np.isfinite(frame.depth), frame.depth, 0), atol=camera["depth_scale"] / 1000)
        to_camera = np.eye(4)
        to_camera[:3, :3], to_camera[:3, 3] = np.reshape(camera["cam_R_w2c"], (3, 3)), np.array(camera["cam_t_w2c"]) / 1000
        assert np.allclose(to_camera @ frame.view.pose, np.eye(4), atol=1e-9)
        for instance, truth, fact in zip(frame.instances, truths[str(number)], facts[str(number)], strict=True):
            assert np.allclose(np.reshape(truth["cam_R_m2c"], (3, 3)), instance.pose[:3, :3])
            assert np.allclose(truth["cam_t_m2c"], instance.pose[:3, 3] * 1000)
            assert fact["visib_fract"] == pytest.approx((1 - instance.occlusion) * (1 - instance.truncation))
            x, y, width, height = fact["bbox_obj"]
            assert (x, y, x + width, y + height) == instance.amodal_box


def test_objects_without_whole_masks_are_refused() -> None:
    source = photo(0)
    source.frames[0].instances[0].amodal_mask = None
    with pytest.raises(DataError, match="mask of each whole object"):
        list(Bop().files(source))


def fact(**change: Any) -> spoil.Spoil:
    return spoil.json_changed("train/*/scene_gt_info.json", lambda content: content["0"][0].update(change))


def truth(**change: Any) -> spoil.Spoil:
    return spoil.json_changed("train/*/scene_gt.json", lambda content: content["0"][0].update(change))


def one_mask_over_another(folder: Path) -> None:
    visible, whole = spoil.first(folder, "train/*/mask_visib"), spoil.first(folder, "train/*/mask")
    for masks in (visible, whole):
        (masks / "000000_000001.png").write_bytes((visible / "000000_000000.png").read_bytes())


SPOILT = {
    "a picture is missing": (spoil.removed("train/*/rgb/*.png"), "its pictures are not those of rgb/"),
    "depth is missing": (spoil.removed("train/*/depth/*.png"), "the file is missing"),
    "depth is of another size": (spoil.shrunk("train/*/depth/*.png"), "said to be 64 × 48"),
    "a mask is missing": (spoil.removed("train/*/mask/*.png"), "the file is missing"),
    "a mask is damaged": (spoil.cut_short("train/*/mask_visib/*.png"), "no picture that can be read"),
    "a mask shows more": (spoil.picture_changed("train/*/mask_visib/*.png"), "more than the whole object"),
    "masks overlap": (one_mask_over_another, "overlaps another"),
    "the box is another": (fact(bbox_visib=[0, 0, 3, 3]), "another box than its mask"),
    "pixels are miscounted": (fact(px_count_visib=3), "other visible pixels"),
    "the share is wrong": (fact(visib_fract=0.01), "wrong visib_fract"),
    "the class is unknown": (truth(obj_id=77), "not in objects.json"),
    "a rotation is none": (truth(cam_R_m2c=[1, 0, 0, 0, 1, 0, 0, 0, 2]), "a rotation that is none"),
    "an object is missing": (spoil.json_changed("train/*/scene_gt.json", lambda content: content["0"].pop()), "another number of objects"),
    "the truth is missing": (spoil.removed("train/*/scene_gt.json"), "the file is missing"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = Bop.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
