"""MOTChallenge: tracks of boxes, a folder for each camera's clip.

    train/SHOT-CAMERA/img1/000001.png, gt/gt.txt, seqinfo.ini
    seqmaps/understudy-train.txt, classes.txt

Format: Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", 2016. A line of gt.txt: frame (from 1), track, left, top, width,
height (pixels counted from 1), 1 (to be counted), class, visible share. As there, a box is that of the whole object, also where something
hides it or the picture's edge cuts it. Persons are of class 1, cars of class 3 …; classes that MOT does not know come behind its own.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import CommonCategories, PictureExporter, camera_names, plain_categories, things
from understudy.data.media.items import Frame, Instance, Shot

CLASSES = {"person": 1, "pedestrian": 1, "walker": 1, "car": 3, "bicycle": 4, "motorbike": 5, "motorcycle": 5}
OTHERS = 13
"""Classes that are not among MOT's are numbered by their own number behind this one."""


class Mot(PictureExporter):
    """The exporter."""

    name: ClassVar[str] = "mot"

    def files(self, shot: Shot) -> Iterator[Member]:
        counted = {category.id: _class(category.id, category.name) for category in things(shot)}
        for camera in shot.cameras:
            folder, frames = f"train/{_sequence(shot, camera)}", list(shot.of_camera(camera))
            for number, frame in enumerate(frames, start=1):
                yield f"{folder}/img1/{number:06d}.{self.image}", self.picture(frame)
            lines = [
                _line(number, instance, counted[instance.category])
                for number, frame in enumerate(frames, start=1)
                for instance in frame.instances
                if instance.category in counted
            ]
            yield f"{folder}/gt/gt.txt", "".join(lines).encode()
            yield f"{folder}/seqinfo.ini", self._information(shot, camera, frames).encode()

    def _information(self, shot: Shot, camera: str, frames: list[Frame]) -> str:
        rows = {
            "name": _sequence(shot, camera),
            "imDir": "img1",
            "frameRate": f"{shot.rate or 1:g}",
            "seqLength": len(frames),
            "imWidth": frames[0].width,
            "imHeight": frames[0].height,
            "imExt": f".{self.image}",
        }
        return "[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in rows.items())

    def record(self, shot: Shot) -> Any:
        sequences = [_sequence(shot, camera) for camera in shot.cameras]
        return {"shot": shot.index, "sequences": sequences, "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories, names = CommonCategories(), []
        for record in records:
            categories.see(record["categories"], record["shot"])
            names += record["sequences"]
        yield "seqmaps/understudy-train.txt", "".join(f"{name}\n" for name in ["name", *names]).encode()
        classes = {_class(row["id"], row["name"]): row["name"] for row in categories.rows if row["thing"]}
        yield "classes.txt", "".join(f"{number} {name}\n" for number, name in sorted(classes.items())).encode()

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        folders = {path.name: path for path in sorted((folder / "train").glob("*")) if path.is_dir()}
        listing, classes = folder / "seqmaps" / "understudy-train.txt", folder / "classes.txt"
        with findings.reading(listing):
            names = listing.read_text("utf-8").splitlines()[1:]
            findings.expect(set(names) == set(folders), listing, "its sequences are not those of train/.")
        known: set[int] = set()
        with findings.reading(classes):
            known = {int(line.split(" ", 1)[0]) for line in classes.read_text("utf-8").splitlines()}
        for path in folders.values():
            with findings.reading(path / "seqinfo.ini"):
                _check_sequence(findings, path, known)
        return findings.problems


def _sequence(shot: Shot, camera: str) -> str:
    return f"{shot.index:08d}-{camera_names(shot)[camera]}"


def _class(number: int, name: str) -> int:
    return CLASSES.get(name.casefold(), OTHERS + number)


def _line(number: int, instance: Instance, kind: int) -> str:
    x0, y0, x1, y1 = instance.amodal_box
    visible = max(0.0, (1 - instance.occlusion) * (1 - instance.truncation))
    box = ",".join(f"{value:.2f}" for value in (x0 + 1, y0 + 1, x1 - x0, y1 - y0))
    return f"{number},{instance.track},{box},1,{kind},{visible:.4f}\n"


def _check_sequence(findings: Findings, folder: Path, classes: set[int]) -> None:
    parser = configparser.ConfigParser()
    parser.read_string((folder / "seqinfo.ini").read_text("utf-8"))
    facts = parser["Sequence"]
    length, width, height = int(facts["seqLength"]), int(facts["imWidth"]), int(facts["imHeight"])
    expected = {folder / facts["imDir"] / f"{number:06d}{facts['imExt']}" for number in range(1, length + 1)}
    for path in sorted(expected):
        findings.image_of(path, width, height)
    findings.strays(folder / facts["imDir"], expected)
    truth, seen = folder / "gt" / "gt.txt", set()
    with findings.reading(truth):
        for number, line in enumerate(truth.read_text("utf-8").splitlines(), start=1):
            where = f"{findings.relative(truth)}, line {number}"
            with findings.reading(where):
                frame, track, left, top, wide, high, counted, kind, visible = (float(word) for word in line.split(","))
                findings.expect(1 <= frame <= length, where, f"frame {frame:g} is not among the {length}.")
                findings.expect(track >= 1 and counted in (0, 1), where, "the track or its mark is no number of the format.")
                findings.expect((frame, track) not in seen, where, f"track {track:g} is twice in frame {frame:g}.")
                findings.expect(kind in classes, where, f"class {kind:g} is not in classes.txt.")
                findings.expect(0 <= visible <= 1, where, f"the visible share is {visible}.")
                findings.expect(wide > 0 and high > 0, where, "the box has no area.")
                beside = left - 1 >= width or top - 1 >= height or left - 1 + wide <= 0 or top - 1 + high <= 0
                findings.expect(not beside, where, "the box lies beside the picture.")
                seen.add((frame, track))
