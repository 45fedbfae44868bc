"""YOLO in the form of Ultralytics: a text file a picture, a line an object, places as shares of the picture's width and height.

    images/train/NAME.png, labels/train/NAME.txt, data.yaml

Format: https://docs.ultralytics.com/datasets. Classes are numbered from 0 in the order of the shots' numbers, classes of stuff left out.

| name | a line |
|---|---|
| `yolo` | class, centre x, y, width, height |
| `yolo-segment` | class, x, y of each corner of the outline; objects in several parts are joined by bridges of no width |
| `yolo-pose` | class, centre x, y, width, height, then x, y, visibility of each keypoint; classes without keypoints are left out |
| `yolo-obb` | class, x, y of the four corners of the oriented box, drawn into the picture |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.exporting.coco import visible_mask
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import CommonCategories, SplitExporter, plain_categories, stem, things
from understudy.data.media.items import Category, Frame, Instance, Shot
from understudy.data.media.outlines import joined, outlines

DIGITS = 6
"""Behind the point: a thousandth of a pixel at a thousand pixels."""


class Yolo(SplitExporter):
    """Boxes; the other forms override what a line holds."""

    name: ClassVar[str] = "yolo"

    def files(self, shot: Shot) -> Iterator[Member]:
        split = self.split(shot.index)
        numbers = {category.id: number for number, category in enumerate(self._classes(shot))}
        for frame in shot.frames:
            yield f"images/{split}/{stem(shot, frame)}.{self.image}", self.picture(frame)
            lines = (
                f"{numbers[instance.category]} {self._line(shot, frame, instance)}\n"
                for instance in frame.instances
                if instance.category in numbers
            )
            # Readers drop a line that comes twice, and warn.
            yield f"labels/{split}/{stem(shot, frame)}.txt", "".join(dict.fromkeys(lines)).encode()

    def record(self, shot: Shot) -> Any:
        return {"shot": shot.index, "split": self.split(shot.index), "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories, splits = CommonCategories(), {"train"}
        for record in records:
            categories.see(record["categories"], record["shot"])
            splits.add(record["split"])
        rows = [row for row in categories.rows if self._kept(row)]
        # Readers refuse a description without pictures for validation; those of training stand in where there are none.
        content: dict[str, Any] = {"train": "images/train", "val": "images/val" if "val" in splits else "images/train"}
        if "test" in splits:
            content["test"] = "images/test"
        content["names"] = {number: row["name"] for number, row in enumerate(rows)}
        content |= self._description(rows)
        yield "data.yaml", yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()

    def _classes(self, shot: Shot) -> list[Category]:
        return things(shot)

    def _kept(self, row: dict[str, Any]) -> bool:
        """Whether a class is one of this form's."""
        return bool(row["thing"])

    def _line(self, shot: Shot, frame: Frame, instance: Instance) -> str:
        """What stands behind the class."""
        return _numbers(_center_box(frame, instance))

    def _description(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """What data.yaml holds besides."""
        return {}

    # -- reading back

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        path = folder / "data.yaml"
        description: dict[str, Any] = {}
        with findings.reading(path):
            description = yaml.safe_load(path.read_text("utf-8"))
            names = description["names"]
            findings.expect(list(names) == list(range(len(names))), path, "the classes are not numbered from 0 on.")
        for split in ("train", "val", "test"):
            cls._split_problems(findings, split, description)
        return findings.problems

    @classmethod
    def _split_problems(cls, findings: Findings, split: str, description: dict[str, Any]) -> None:
        images = {path.stem: path for path in sorted((findings.folder / "images" / split).glob("*"))}
        labels = {path.stem: path for path in sorted((findings.folder / "labels" / split).glob("*.txt"))}
        for name in images.keys() - labels.keys():
            findings.add(images[name], "it has no file of labels.")
        for name, path in labels.items():
            if name not in images:
                findings.add(path, "it has no picture.")
                continue
            image = findings.image(images[name])
            with findings.reading(path):
                cls._label_problems(findings, path, image, description)

    @classmethod
    def _label_problems(cls, findings: Findings, path: Path, image: NDArray[Any] | None, description: dict[str, Any]) -> None:
        lines = path.read_text("utf-8").splitlines()
        findings.expect(len(set(lines)) == len(lines), path, "an object is there twice.")
        for number, line in enumerate(lines, start=1):
            with findings.reading(f"{findings.relative(path)}, line {number}"):
                words = line.split()
                values = np.array([float(word) for word in words[1:]])
                if int(words[0]) not in description["names"]:
                    raise DataError(f"class {words[0]} is not in data.yaml.")
                wrong = cls._line_problem(values, description, image)
                if wrong:
                    raise DataError(wrong)

    @classmethod
    def _line_problem(cls, values: NDArray[np.float64], description: dict[str, Any], image: NDArray[Any] | None) -> str:
        """What is wrong with the numbers behind a class; "" for nothing."""
        if len(values) != 4:
            return f"a box has 4 numbers, not {len(values)}."
        return _box_problem(values)


class YoloSegment(Yolo):
    """Outlines of what is visible."""

    name: ClassVar[str] = "yolo-segment"

    def _line(self, shot: Shot, frame: Frame, instance: Instance) -> str:
        mask, corner = visible_mask(frame, instance)
        ring = joined(outlines(mask, corner))
        return _numbers(ring / (frame.width, frame.height))

    @classmethod
    def _line_problem(cls, values: NDArray[np.float64], description: dict[str, Any], image: NDArray[Any] | None) -> str:
        if len(values) < 6 or len(values) % 2:
            return f"an outline has at least 3 corners of 2 numbers, not {len(values)} numbers."
        return _range_problem(values) or _area_problem(values.reshape(-1, 2))


class YoloPose(Yolo):
    """Boxes and keypoints. Classes with fewer keypoints than another are filled up with keypoints that are never visible."""

    name: ClassVar[str] = "yolo-pose"

    def _classes(self, shot: Shot) -> list[Category]:
        classes = [category for category in things(shot) if category.keypoints]
        if not classes:
            raise DataError(
                "No class of this scene has keypoints, and this format is of nothing else.",
                where=f"shot {shot.index}",
                remedy='Write it with format "yolo".',
            )
        return classes

    def _kept(self, row: dict[str, Any]) -> bool:
        return bool(row["thing"] and row["keypoints"])

    def _line(self, shot: Shot, frame: Frame, instance: Instance) -> str:
        count = max(len(category.keypoints) for category in self._classes(shot))
        points = np.zeros((count, 3))
        if instance.keypoints is not None:
            shown = np.where(instance.keypoints[:, 2:] > 0, instance.keypoints, 0.0)
            points[: len(shown)] = shown / (frame.width, frame.height, 1.0)
        places = " ".join(f"{_numbers(point[:2])} {int(point[2])}" for point in points)
        return f"{_numbers(_center_box(frame, instance))} {places}"

    def _description(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        count = max((len(row["keypoints"]) for row in rows), default=0)
        description: dict[str, Any] = {"kpt_shape": [count, 3]}
        flips = {tuple(row["flips"]) for row in rows}
        if len(flips) == 1 and len(flip := flips.pop()) == count:
            description["flip_idx"] = list(flip)
        return description

    @classmethod
    def _line_problem(cls, values: NDArray[np.float64], description: dict[str, Any], image: NDArray[Any] | None) -> str:
        count = description["kpt_shape"][0]
        if len(values) != 4 + 3 * count:
            return f"a box and {count} keypoints have {4 + 3 * count} numbers, not {len(values)}."
        points = values[4:].reshape(-1, 3)
        if not np.isin(points[:, 2], (0, 1, 2)).all():
            return "the visibility of a keypoint is not 0, 1 or 2."
        return _box_problem(values[:4]) or _range_problem(points[:, :2])


class YoloObb(Yolo):
    """Oriented boxes."""

    name: ClassVar[str] = "yolo-obb"

    def _line(self, shot: Shot, frame: Frame, instance: Instance) -> str:
        return _numbers(np.clip(instance.oriented_box / (frame.width, frame.height), 0.0, 1.0))

    @classmethod
    def _line_problem(cls, values: NDArray[np.float64], description: dict[str, Any], image: NDArray[Any] | None) -> str:
        if len(values) != 8:
            return f"an oriented box has 8 numbers, not {len(values)}."
        return _range_problem(values) or _area_problem(values.reshape(-1, 2))


def _center_box(frame: Frame, instance: Instance) -> NDArray[np.float64]:
    x0, y0, x1, y1 = instance.box
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]) / [frame.width, frame.height, frame.width, frame.height]


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.{DIGITS}f}" for value in np.asarray(values).ravel())


def _box_problem(box: NDArray[np.float64]) -> str:
    if (box[2:] <= 0).any():
        return f"the box has no area: {box.tolist()}."
    low, high = box[:2] - box[2:] / 2, box[:2] + box[2:] / 2
    tolerance = 2 * 10.0**-DIGITS
    return "" if (low >= -tolerance).all() and (high <= 1 + tolerance).all() else f"the box reaches out of the picture: {box.tolist()}."


def _range_problem(values: NDArray[np.float64]) -> str:
    return "" if ((values >= 0) & (values <= 1)).all() else "a place is not between 0 and 1."


def _area_problem(corners: NDArray[np.float64]) -> str:
    x, y = corners[:, 0], corners[:, 1]
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    return "" if area > 0 else "it has no area."
