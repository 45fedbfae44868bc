"""BOP: poses of objects in a camera's coordinates, masks of the whole and of the visible object, depth.

    train/000012/rgb/000000.png, depth/000000.png, mask/000000_000001.png, mask_visib/000000_000001.png
    train/000012/scene_camera.json, scene_gt.json, scene_gt_info.json
    camera.json, objects.json

Format: https://github.com/thodan/bop_toolkit, docs/bop_datasets_format.md (Hodaň et al., "BOP: Benchmark for 6D Object Pose Estimation",
ECCV 2018). A scene is a shot, its pictures the frames of all cameras. Shifts are in millimetres, depth in 16 bits at the scale that
scene_camera.json states, as fine as the farthest pixel lets it be. An object's number is that of its class (objects.json): the
format's models are not among a shot's labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings, extent
from understudy.data.media.exporting.pictures import CommonCategories, PictureExporter, place, plain_categories, things
from understudy.data.media.image_files import depth_png, depth_scale, png
from understudy.data.media.items import CroppedMask, Frame, Instance, Shot
from understudy.data.media.json_files import as_json

Mask = NDArray[np.bool_]


class Bop(PictureExporter):
    """The exporter. Shots must have amodal masks."""

    name: ClassVar[str] = "bop"

    def files(self, shot: Shot) -> Iterator[Member]:
        folder = f"train/{shot.index:06d}"
        cameras, truths, facts = {}, {}, {}
        for number, frame in enumerate(shot.frames):
            instances = _instances(shot, frame)
            yield f"{folder}/rgb/{number:06d}.{self.image}", self.picture(frame)
            camera: dict[str, Any] = {"cam_K": frame.view.matrix.ravel(), **_world_to_camera(frame)}
            if frame.depth is not None:
                camera["depth_scale"] = depth_scale(frame.depth)
                yield f"{folder}/depth/{number:06d}.png", depth_png(frame.depth, camera["depth_scale"])
            for position, (instance, whole) in enumerate(instances):
                name = f"{number:06d}_{position:06d}.png"
                yield f"{folder}/mask/{name}", png(whole.full(frame.height, frame.width), flat=True)
                yield f"{folder}/mask_visib/{name}", png(frame.track == instance.track, flat=True)
            cameras[str(number)] = camera
            truths[str(number)] = [_truth(instance) for instance, _ in instances]
            facts[str(number)] = [_facts(frame, instance, whole) for instance, whole in instances]
        yield f"{folder}/scene_camera.json", as_json(cameras)
        yield f"{folder}/scene_gt.json", as_json(truths)
        yield f"{folder}/scene_gt_info.json", as_json(facts)

    def record(self, shot: Shot) -> Any:
        frame = shot.frames[0]
        matrix = frame.view.matrix
        camera = {"cx": float(matrix[0, 2]), "cy": float(matrix[1, 2]), "fx": float(matrix[0, 0]), "fy": float(matrix[1, 1])}
        camera |= {"width": frame.width, "height": frame.height, "depth_scale": 1.0 if frame.depth is None else depth_scale(frame.depth)}
        return {"shot": shot.index, "camera": camera, "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories, camera = CommonCategories(), None
        for record in records:
            categories.see(record["categories"], record["shot"])
            camera = camera or record["camera"]
        yield "camera.json", as_json(camera or {})
        yield "objects.json", as_json({str(row["id"]): row["name"] for row in categories.rows if row["thing"]})

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        objects = findings.json(folder / "objects.json") or {}
        findings.json(folder / "camera.json")
        for scene in sorted(path for path in (folder / "train").glob("*") if path.is_dir()):
            with findings.reading(scene):
                _Scene(findings, scene, set(objects)).check()
        return findings.problems


def _instances(shot: Shot, frame: Frame) -> list[tuple[Instance, CroppedMask]]:
    counted = {category.id for category in things(shot)}
    found = []
    for instance in frame.instances:
        if instance.category not in counted:
            continue
        if instance.amodal_mask is None:
            raise DataError(
                "BOP wants the mask of each whole object, and this one has none.",
                where=f'{place(shot, frame)}, object "{instance.name}"',
                remedy='Have the labels "amodal" made.',
            )
        found.append((instance, instance.amodal_mask))
    return found


def _world_to_camera(frame: Frame) -> dict[str, Any]:
    rotation = frame.view.pose[:3, :3].T
    return {"cam_R_w2c": rotation.ravel(), "cam_t_w2c": -rotation @ frame.view.pose[:3, 3] * 1000}


def _truth(instance: Instance) -> dict[str, Any]:
    return {"cam_R_m2c": instance.pose[:3, :3].ravel(), "cam_t_m2c": instance.pose[:3, 3] * 1000, "obj_id": instance.category}


def _facts(frame: Frame, instance: Instance, whole: CroppedMask) -> dict[str, Any]:
    x, y, width, height = extent(whole.pixels)
    visible = frame.track == instance.track
    pixels = int(whole.pixels.sum())
    valid = int(visible.sum() if frame.depth is None else (visible & np.isfinite(frame.depth)).sum())
    return {
        "bbox_obj": [x + whole.x, y + whole.y, width, height],
        "bbox_visib": extent(visible),
        "px_count_all": pixels,
        "px_count_valid": valid,
        "px_count_visib": int(visible.sum()),
        "visib_fract": min(1.0, int(visible.sum()) / pixels) if pixels else 0.0,
    }


class _Scene:
    """One scene read back."""

    def __init__(self, findings: Findings, folder: Path, objects: set[str]) -> None:
        self.findings = findings
        self.folder = folder
        self.objects = objects

    def check(self) -> None:
        cameras, truths, facts = (self.findings.json(self.folder / f"scene_{name}.json") for name in ("camera", "gt", "gt_info"))
        if cameras is None or truths is None or facts is None:
            return
        pictures = {str(int(path.stem)): path for path in sorted((self.folder / "rgb").glob("*"))}
        for name, table in (("camera", cameras), ("gt", truths), ("gt_info", facts)):
            right = set(table) == set(pictures)
            self.findings.expect(right, self.folder / f"scene_{name}.json", "its pictures are not those of rgb/.")
        for number, path in pictures.items():
            with self.findings.reading(path):
                self._picture(number, path, cameras[number], truths[number], facts[number])

    def _picture(self, number: str, path: Path, camera: Any, truths: list[Any], facts: list[Any]) -> None:
        image = self.findings.image(path)
        if image is None:
            return
        height, width = image.shape[:2]
        index = self.folder / "scene_gt.json"
        self.findings.expect(len(truths) == len(facts), index, f"picture {number} has another number of objects in scene_gt_info.json.")
        if "depth_scale" in camera:
            self.findings.image_of(self.folder / "depth" / f"{int(number):06d}.png", width, height)
        taken = np.zeros((height, width), dtype=np.bool_)
        for position, (truth, fact) in enumerate(zip(truths, facts, strict=False)):
            of = f"object {position} of picture {number}"
            with self.findings.reading(index):
                self._pose(index, of, truth)
                visible = self._masks(f"{int(number):06d}_{position:06d}.png", of, fact, width, height)
                if visible is not None:
                    self.findings.expect(not (taken & visible).any(), index, f"{of} overlaps another in mask_visib/.")
                    taken |= visible

    def _pose(self, index: Path, of: str, truth: Any) -> None:
        rotation = np.array(truth["cam_R_m2c"], dtype=np.float64).reshape(3, 3)
        turned = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) and np.linalg.det(rotation) > 0
        self.findings.expect(bool(turned), index, f"{of} has a rotation that is none.")
        self.findings.expect(len(truth["cam_t_m2c"]) == 3, index, f"{of} has a shift that is none.")
        self.findings.expect(
            str(truth["obj_id"]) in self.objects, index, f"{of} is of class {truth['obj_id']}, which is not in objects.json."
        )

    def _masks(self, name: str, of: str, fact: Any, width: int, height: int) -> Mask | None:
        whole = self.findings.image_of(self.folder / "mask" / name, width, height)
        seen = self.findings.image_of(self.folder / "mask_visib" / name, width, height)
        if whole is None or seen is None:
            return None
        visible, index = seen > 0, self.folder / "scene_gt_info.json"
        self.findings.expect(not (visible & (whole == 0)).any(), self.folder / "mask_visib" / name, "it shows more than the whole object.")
        self.findings.expect(int(visible.sum()) == fact["px_count_visib"] > 0, index, f"{of} has other visible pixels than its mask.")
        self.findings.expect(extent(visible) == fact["bbox_visib"], index, f"{of} has another box than its mask.")
        self.findings.expect(fact["px_count_all"] >= int((whole > 0).sum()), index, f"{of} has fewer pixels than its mask.")
        share = fact["px_count_visib"] / max(fact["px_count_all"], 1)
        self.findings.expect(abs(fact["visib_fract"] - min(share, 1.0)) < 1e-6, index, f"{of} has a wrong visib_fract.")
        return visible
