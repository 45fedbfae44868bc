"""DOTA: oriented boxes in pictures from above.

    train/images/NAME.png, train/labelTxt/NAME.txt, classes.txt

Format: Xia et al., "DOTA: A Large-scale Dataset for Object Detection in Aerial Images", CVPR 2018. Two lines of facts (where the picture is
from, metres a pixel), then a line an object: x, y of the four corners clockwise, class without spaces, and whether it is difficult:
more than half of it is hidden or cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import CommonCategories, SplitExporter, plain_categories, stem, things
from understudy.data.media.items import Frame, Instance, Shot

DIFFICULT = 0.5
_FACTS = 2


class Dota(SplitExporter):
    """The exporter."""

    name: ClassVar[str] = "dota"

    def files(self, shot: Shot) -> Iterator[Member]:
        split = self.split(shot.index)
        names = {category.id: _word(category.name) for category in things(shot)}
        for frame in shot.frames:
            yield f"{split}/images/{stem(shot, frame)}.{self.image}", self.picture(frame)
            lines = [f"imagesource:{_word(shot.world)}\n", f"gsd:{_metres_a_pixel(frame)}\n"]
            lines += [_line(instance, names[instance.category]) for instance in frame.instances if instance.category in names]
            yield f"{split}/labelTxt/{stem(shot, frame)}.txt", "".join(lines).encode()

    def record(self, shot: Shot) -> Any:
        return {"shot": shot.index, "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories = CommonCategories()
        for record in records:
            categories.see(record["categories"], record["shot"])
        yield "classes.txt", "".join(f"{_word(row['name'])}\n" for row in categories.rows if row["thing"]).encode()

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        classes: set[str] = set()
        with findings.reading(folder / "classes.txt"):
            classes = set((folder / "classes.txt").read_text("utf-8").split())
        for split in ("train", "val", "test"):
            images = {path.stem: path for path in sorted((folder / split / "images").glob("*"))}
            labels = {path.stem: path for path in sorted((folder / split / "labelTxt").glob("*.txt"))}
            for name in sorted(images.keys() ^ labels.keys()):
                findings.add(images.get(name) or labels[name], "a picture or its labels are missing.")
            for name in sorted(images.keys() & labels.keys()):
                image = findings.image(images[name])
                with findings.reading(labels[name]):
                    _check_labels(findings, labels[name], image, classes)
        return findings.problems


def _word(name: str) -> str:
    return "-".join(name.split()) or "-"


def _metres_a_pixel(frame: Frame) -> str:
    """Known where rays are parallel; DOTA writes null where it is not."""
    return f"{1 / frame.view.matrix[0, 0]:.6g}" if frame.view.model == "orthographic" else "null"


def _line(instance: Instance, name: str) -> str:
    corners = instance.oriented_box
    x, y = corners[:, 0], corners[:, 1]
    turning = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    corners = corners if turning >= 0 else corners[::-1]  # y goes down: positive is clockwise on the screen
    difficult = int(1 - (1 - instance.occlusion) * (1 - instance.truncation) > DIFFICULT)
    return " ".join(f"{value:.2f}" for value in corners.ravel()) + f" {name} {difficult}\n"


def _check_labels(findings: Findings, path: Path, image: NDArray[Any] | None, classes: set[str]) -> None:
    lines = path.read_text("utf-8").splitlines()
    facts = [line.partition(":")[0] for line in lines[:_FACTS]]
    findings.expect(facts == ["imagesource", "gsd"], path, "it does not begin with imagesource and gsd.")
    seen: set[str] = set()
    for number, line in enumerate(lines[_FACTS:], start=_FACTS + 1):
        where = f"{findings.relative(path)}, line {number}"
        with findings.reading(where):
            words = line.split()
            if not findings.expect(len(words) == 10, where, f"it has {len(words)} columns, not 10."):
                continue
            findings.expect(words[8] in classes, where, f'class "{words[8]}" is not in classes.txt.')
            findings.expect(words[9] in ("0", "1"), where, f"difficult is {words[9]}, not 0 or 1.")
            findings.expect(line not in seen, where, "the object is there twice.")
            seen.add(line)
            _check_corners(findings, where, np.array([float(word) for word in words[:8]]).reshape(4, 2), image)


def _check_corners(findings: Findings, where: str, corners: NDArray[np.float64], image: NDArray[Any] | None) -> None:
    x, y = corners[:, 0], corners[:, 1]
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    findings.expect(area != 0, where, "the box has no area.")
    findings.expect(area >= 0, where, "the corners do not go clockwise.")
    if image is not None:
        beside = x.max() <= 0 or y.max() <= 0 or x.min() >= image.shape[1] or y.min() >= image.shape[0]
        findings.expect(not beside, where, "the box lies beside the picture.")
