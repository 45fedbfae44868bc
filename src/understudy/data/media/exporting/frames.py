"""The native form: everything that a shot holds, in plain files; `data.media.reading.read_shots` gives the shots back.

    shots/00000012/…     as `data.media.native` tells
    dataset.json         the classes, and a line a shot

Nothing is lost but what JPEG loses where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings, extent
from understudy.data.media.exporting.pictures import PictureExporter, camera_names, dataset_index, plain_categories
from understudy.data.media.image_files import QUALITY, npz
from understudy.data.media.items import Frame, Shot
from understudy.data.media.json_files import as_json
from understudy.data.media.native import VERSION, frame_files, frame_stem, shot_row
from understudy.data.media.reading import read_shot_folder, shot_folders


class Frames(PictureExporter):
    """The exporter.

    Args:
        image, quality: as for `PictureExporter`; "png" loses nothing.
        compress: pack arrays, which takes time and saves about half of the room.
    """

    name: ClassVar[str] = "frames"

    def __init__(self, *, image: str = "png", quality: int = QUALITY, compress: bool = True) -> None:
        super().__init__(image=image, quality=quality)
        if not isinstance(compress, bool):
            raise ArgumentError(f"compress is true or false, not {compress!r}.", remedy="Pass compress=True.")
        self.compress = compress

    def files(self, shot: Shot) -> Iterator[Member]:
        folder, names = f"shots/{shot.index:08d}", camera_names(shot)
        yield f"{folder}/shot.json", as_json(shot_row(shot, names), indent=1)
        for frame in shot.frames:
            files = frame_files(frame, frame_stem(frame, names), self._picture, compressed=self.compress)
            yield from ((f"{folder}/{name}", content) for name, content in files.items())
        if shot.arrays:
            yield f"{folder}/arrays.npz", npz(shot.arrays, compressed=self.compress)

    def _picture(self, frame: Frame) -> tuple[str, bytes]:
        return self.image, self.picture(frame)

    def record(self, shot: Shot) -> Any:
        row = {"shot": shot.index, "world": shot.world, "frames": len(shot.frames), "cameras": list(shot.cameras)}
        return row | {"edge_cases": list(shot.edge_cases), "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        yield dataset_index(VERSION, records)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        index = findings.json(folder / "dataset.json")
        folders = shot_folders(folder)
        with findings.reading(folder / "dataset.json"):
            listed = [folder / "shots" / f"{row['shot']:08d}" for row in index["shots"]] if index else folders
            for path in listed:
                findings.expect(path in folders, path, "the index lists it, and it is not there.")
            for path in folders:
                findings.expect(path in listed, path, "the index does not list it.")
        for path in folders:
            with findings.reading(path):
                shot = read_shot_folder(path)
                for frame in shot.frames:
                    for what in frame_problems(frame, {category.id for category in shot.categories}):
                        findings.add(path, f'camera "{frame.camera}", frame {frame.index}: {what}')
        return findings.problems


def frame_problems(frame: Frame, categories: set[int]) -> list[str]:
    """Where a frame's labels contradict one another: arrays of one size, objects and their pixels, boxes, classes."""
    found = []
    unknown = set(np.unique(frame.category).tolist()) - categories
    if unknown:
        found.append(f"pixels of the classes {sorted(unknown)}, which are not listed.")
    tracks = [instance.track for instance in frame.instances]
    if len(set(tracks)) != len(tracks):
        found.append("an object is listed twice.")
    missing = set(np.unique(frame.track[frame.track > 0]).tolist()) ^ set(tracks)
    if missing:
        found.append(f"the objects {sorted(missing)} are listed or seen, but not both.")
    for instance in frame.instances:
        mask = frame.track == instance.track
        x, y, width, height = extent(mask)
        if int(mask.sum()) != instance.pixels:
            found.append(f"object {instance.track} is said to have {instance.pixels} pixels and has {int(mask.sum())}.")
        if not np.allclose(instance.box, (x, y, x + width, y + height), atol=1e-6):
            found.append(
                f"object {instance.track} has the box {list(instance.box)}, its pixels reach over {[x, y, x + width, y + height]}."
            )
        if mask.any() and (frame.category[mask] != instance.category).any():
            found.append(f"object {instance.track} is of class {instance.category}, and pixels of it are of another.")
    return found
