"""KITTI's object detection: 2D and 3D boxes in a camera's coordinates, calibration, and the lidar's points.

    training/image_2/NAME.png, label_2/NAME.txt, calib/NAME.txt, velodyne/NAME.bin
    ImageSets/train.txt, val.txt

Format: Geiger, Lenz and Urtasun, "Are we ready for autonomous driving?", CVPR 2012, and the devkit's readme. Every frame of every camera is
a picture of its own with its own calibration; a lidar goes with each camera of its step. A line has 15 columns: type, truncated (0 .. 1),
occluded (0: up to 10 % hidden, 1: up to half, 2: more), alpha, box (x0 y0 x1 y1), height width length, x y z of the middle of the box's
bottom in the camera's coordinates, rotation_y. Angles are measured about the camera's y axis; alpha = rotation_y − atan2(x, z).

As in the benchmark, pictures are rectified: those of lenses with distortion are written as a pinhole would have taken them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import SplitExporter, place
from understudy.data.media.exporting.rectified import rectified
from understudy.data.media.items import Category, Frame, Instance, Shot
from understudy.data.media.lidar import Scan, scans
from understudy.data.media.rotations import inverse, wrapped

TYPES = {
    "car": "Car",
    "van": "Van",
    "truck": "Truck",
    "pedestrian": "Pedestrian",
    "person": "Pedestrian",
    "cyclist": "Cyclist",
    "tram": "Tram",
}
"""KITTI's word for a class; other classes keep their own, without spaces."""
OCCLUDED = (0.1, 0.5)
COLUMNS = 15
_SHARED = ("P0", "P1", "P2", "P3", "R0_rect", "Tr_velo_to_cam", "Tr_imu_to_velo")


class Kitti(SplitExporter):
    """The exporter. Pictures of pinholes with distortion are rectified first, their labels with them; fisheyes are refused."""

    name: ClassVar[str] = "kitti"

    def files(self, shot: Shot) -> Iterator[Member]:
        points: dict[int, Scan] = {}
        for scan in scans(shot):
            points.setdefault(scan.step, scan)
        for original, name in zip(shot.frames, _names(shot), strict=True):
            _require_pinhole(shot, original)
            frame = rectified(original) if any(original.view.distortion) else original
            here = points.get(frame.index)
            yield f"training/image_2/{name}.{self.image}", self.picture(frame)
            yield f"training/label_2/{name}.txt", "".join(_lines(shot, frame)).encode()
            yield f"training/calib/{name}.txt", _calibration(frame, here).encode()
            if here is not None:
                yield f"training/velodyne/{name}.bin", here.points.astype("<f4").tobytes()

    def record(self, shot: Shot) -> Any:
        return {"split": self.split(shot.index), "names": _names(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        splits: dict[str, list[str]] = {"train": []}
        for record in records:
            splits.setdefault(record["split"], []).extend(record["names"])
        for split, names in splits.items():
            yield f"ImageSets/{split}.txt", "".join(f"{name}\n" for name in names).encode()

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        pictures = {path.stem: path for path in sorted((folder / "training" / "image_2").glob("*"))}
        listed: list[str] = []
        for path in sorted((folder / "ImageSets").glob("*.txt")):
            with findings.reading(path):
                listed += path.read_text("utf-8").split()
        findings.expect((folder / "ImageSets" / "train.txt").is_file(), "ImageSets/train.txt", "the file is missing.")
        for name in listed:
            findings.expect(name in pictures, f"training/image_2/{name}", "the picture is missing.")
        findings.expect(len(set(listed)) == len(listed), "ImageSets", "a picture is listed twice.")
        for name, path in pictures.items():
            findings.expect(name in set(listed), path, "no index speaks of this file.")
            _check_picture(findings, name, path)
        return findings.problems


def _names(shot: Shot) -> list[str]:
    """Readers expect digits: six for a photo, ten for a frame of a clip."""
    if len(shot.frames) == 1:
        return [f"{shot.index:06d}"]
    return [f"{shot.index:06d}{number:04d}" for number in range(len(shot.frames))]


def _require_pinhole(shot: Shot, frame: Frame) -> None:
    if frame.view.model != "pinhole":
        raise DataError(
            f"KITTI's calibration is of pinhole cameras; this one is {frame.view.model}, and sees more than a plane picture can show.",
            where=place(shot, frame),
            remedy="Give the description pinhole cameras (driving: settings.cameras.rig front, stereo or surround; surveillance: "
            'settings.cameras.dome false), or write the data set with format "nuscenes", "coco" or "frames".',
        )


def _lines(shot: Shot, frame: Frame) -> Iterator[str]:
    for instance in frame.instances:
        category = shot.category(instance.category)
        if category.thing:
            yield _line(frame, instance, category)


def _line(frame: Frame, instance: Instance, category: Category) -> str:
    to_camera = inverse(frame.view.pose)
    length, width, height = instance.size
    bottom = to_camera[:3, :3] @ (instance.center - instance.rotation[:, 2] * height / 2) + to_camera[:3, 3]
    ahead = to_camera[:3, :3] @ instance.rotation[:, 0]
    rotation_y = float(np.arctan2(-ahead[2], ahead[0]))
    alpha = wrapped(rotation_y - float(np.arctan2(bottom[0], bottom[2])))
    occluded = sum(instance.occlusion > limit for limit in OCCLUDED)
    values = [alpha, *instance.box, height, width, length, *bottom, rotation_y]
    numbers = " ".join(f"{value:.4f}" for value in values)
    return f"{_type(category)} {instance.truncation:.2f} {occluded} {numbers}\n"


def _type(category: Category) -> str:
    return TYPES.get(category.name.casefold(), "_".join(category.name.split()) or "Misc")


def _calibration(frame: Frame, scan: Scan | None) -> str:
    projection = np.hstack([frame.view.matrix, np.zeros((3, 1))])
    sensor = np.eye(4) if scan is None else scan.pose
    to_camera = (inverse(frame.view.pose) @ sensor)[:3]
    rows = dict.fromkeys(("P0", "P1", "P2", "P3"), projection)
    rows |= {"R0_rect": np.eye(3), "Tr_velo_to_cam": to_camera, "Tr_imu_to_velo": np.eye(4)[:3]}
    return "".join(f"{name}: {' '.join(f'{value:.12e}' for value in matrix.ravel())}\n" for name, matrix in rows.items())


def _check_picture(findings: Findings, name: str, path: Path) -> None:
    folder = findings.folder / "training"
    image = findings.image(path)
    calibration, label = folder / "calib" / f"{name}.txt", folder / "label_2" / f"{name}.txt"
    with findings.reading(calibration):
        rows = dict(line.split(": ", 1) for line in calibration.read_text("utf-8").splitlines())
        for key in _SHARED:
            count = len([float(word) for word in rows[key].split()])
            findings.expect(count == (9 if key == "R0_rect" else 12), calibration, f"{key} has {count} numbers.")
    with findings.reading(label):
        for number, line in enumerate(label.read_text("utf-8").splitlines(), start=1):
            where = f"{findings.relative(label)}, line {number}"
            with findings.reading(where):
                _check_line(findings, where, line.split(), image)
    points = folder / "velodyne" / f"{name}.bin"
    if (folder / "velodyne").is_dir():
        with findings.reading(points):
            content = points.read_bytes()
            findings.expect(len(content) % 16 == 0, points, "it does not hold whole points of four numbers.")
            values = np.frombuffer(content[: len(content) // 16 * 16], dtype="<f4")
            findings.expect(bool(np.isfinite(values).all()), points, "a point is not finite.")


def _check_line(findings: Findings, where: str, words: list[str], image: NDArray[Any] | None) -> None:
    if not findings.expect(len(words) == COLUMNS, where, f"it has {len(words)} columns, not {COLUMNS}."):
        return
    truncated, alpha, rotation_y = float(words[1]), float(words[3]), float(words[14])
    x0, y0, x1, y1 = (float(word) for word in words[4:8])
    sizes, (x, _, z) = [float(word) for word in words[8:11]], [float(word) for word in words[11:14]]
    findings.expect(0 <= truncated <= 1, where, f"truncated is {truncated}, not 0 .. 1.")
    findings.expect(words[2] in ("0", "1", "2", "3"), where, f"occluded is {words[2]}, not 0 .. 3.")
    if image is not None:
        findings.box([x0, y0, x1 - x0, y1 - y0], image.shape[1], image.shape[0], where, words[0])
    findings.expect(min(sizes) > 0, where, f"the 3D box has no volume: {sizes}.")
    findings.expect(abs(alpha) <= np.pi + 1e-3 and abs(rotation_y) <= np.pi + 1e-3, where, "an angle is beyond π.")
    gap = abs(wrapped(alpha - (rotation_y - float(np.arctan2(x, z)))))
    near = float(np.hypot(x, z))
    findings.expect(gap < 2e-3 + 1e-4 / max(near, 1e-4), where, f"alpha {alpha} does not go with rotation_y {rotation_y} at x {x}, z {z}.")
