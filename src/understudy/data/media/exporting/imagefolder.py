"""Hugging Face's imagefolder: `datasets.load_dataset("imagefolder", data_dir=…)` reads it.

    train/NAME.png, train/metadata.jsonl          a row a picture: caption, objects with boxes and classes, conditions
    train/CLASS/NAME.png                          with the option `label`

Format: https://huggingface.co/docs/datasets/image_dataset. Boxes are x, y, width, height in pixels, as COCO's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import SplitExporter, rounded, stem, things
from understudy.data.media.image_files import QUALITY
from understudy.data.media.items import Frame, Shot
from understudy.data.media.json_files import as_json_lines, plain

LARGEST = "largest"
NOTHING = "nothing"
"""The class of a picture without any object, where pictures are sorted by their largest."""


class ImageFolder(SplitExporter):
    """The exporter.

    Args:
        image, quality, val, test: as for `SplitExporter`.
        label: what a picture's class is, for classification: "largest", the class of the object with the most visible pixels, or the
            name of one of the shot's `meta` or drawn values; "" for one folder with metadata.
    """

    name: ClassVar[str] = "imagefolder"

    def __init__(self, *, image: str = "png", quality: int = QUALITY, val: float = 0.2, test: float = 0.0, label: str = "") -> None:
        super().__init__(image=image, quality=quality, val=val, test=test)
        if not isinstance(label, str):
            raise ArgumentError(f"label is a name, not {label!r}.", remedy=f'Pass label="{LARGEST}", or the name of a value of the shots.')
        self.label = label

    def files(self, shot: Shot) -> Iterator[Member]:
        for frame in shot.frames:
            yield f"{self.split(shot.index)}/{self._name(shot, frame)}", self.picture(frame)

    def _name(self, shot: Shot, frame: Frame) -> str:
        file = f"{stem(shot, frame)}.{self.image}"
        return f"{_folder_name(_label(shot, frame, self.label))}/{file}" if self.label else file

    def record(self, shot: Shot) -> Any:
        rows = [{"file_name": self._name(shot, frame), **_row(shot, frame)} for frame in shot.frames]
        return {"split": self.split(shot.index), "rows": [] if self.label else rows}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        splits: dict[str, list[Any]] = {}
        for record in records:
            splits.setdefault(record["split"], []).extend(record["rows"])
        for split, rows in splits.items():
            if rows:
                yield f"{split}/metadata.jsonl", as_json_lines(rows)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        for split in sorted(path for path in folder.glob("*") if path.name in ("train", "val", "test")):
            index = split / "metadata.jsonl"
            loose = [path for path in split.glob("*") if path.is_file() and path != index]
            if index.is_file() or loose:
                with findings.reading(index):
                    known = {path for line in index.read_text("utf-8").splitlines() if (path := _check_row(findings, split, line))}
                    findings.strays(split, {*known, index})
            else:
                for path in sorted(split.glob("*/*")):
                    findings.image(path)
        return findings.problems


def _row(shot: Shot, frame: Frame) -> dict[str, Any]:
    names = {category.id: category.name for category in things(shot)}
    seen = [instance for instance in frame.instances if instance.category in names]
    boxes = [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in (instance.box for instance in seen)]
    objects = {
        "id": [instance.track for instance in seen],
        "bbox": [rounded(box) for box in boxes],
        "area": [instance.pixels for instance in seen],
        "category": [names[instance.category] for instance in seen],
        "occlusion": [round(instance.occlusion, 4) for instance in seen],
        "truncation": [round(instance.truncation, 4) for instance in seen],
    }
    row = {"width": frame.width, "height": frame.height, "caption": frame.caption, "objects": objects}
    return row | {"shot": shot.index, "camera": frame.camera, "frame": frame.index, "edge_cases": list(shot.edge_cases)}


def _label(shot: Shot, frame: Frame, label: str) -> str:
    if label == LARGEST:
        names = {category.id: category.name for category in things(shot)}
        seen = [instance for instance in frame.instances if instance.category in names]
        return names[max(seen, key=lambda instance: instance.pixels).category] if seen else NOTHING
    values = {**shot.drawn, **shot.meta}
    if label not in values or not isinstance(plain(values[label]), (str, int, float, bool)):
        raise DataError(
            f'There is no single value "{label}" to sort pictures by.',
            where=f"shot {shot.index}",
            remedy=did_you_mean(label, [LARGEST, *values]),
        )
    return str(plain(values[label]))


def _folder_name(label: str) -> str:
    """The label as the name of a folder: what cannot stand in one is written as its code, so that no two labels are alike."""
    kept = "-_ ." if label.strip(". ") else ""
    return "".join(letter if letter.isalnum() or letter in kept else f"%{ord(letter):02x}" for letter in label) or "%"


def _check_row(findings: Findings, split: Path, line: str) -> Path | None:
    index = split / "metadata.jsonl"
    with findings.reading(index):
        row = json.loads(line)
        path: Path = split / row["file_name"]
        findings.image_of(path, row["width"], row["height"])
        objects = row["objects"]
        lengths = {len(values) for values in objects.values()}
        findings.expect(len(lengths) == 1, index, f"{row['file_name']} has lists of objects of several lengths.")
        findings.expect(len(set(objects["id"])) == len(objects["id"]), index, f"{row['file_name']} has an object twice.")
        for box, area in zip(objects["bbox"], objects["area"], strict=True):
            if findings.box(box, row["width"], row["height"], index, row["file_name"]):
                findings.expect(0 < area <= box[2] * box[3], index, f"{row['file_name']} has an object larger than its box.")
        return path
    return None
