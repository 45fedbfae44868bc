"""Boxes and classes of a data set of pictures, read from what it was written in: the native form, COCO or YOLO."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.reading import shot_folders

Row = tuple[int, str, float, float, float, float]


@dataclass(frozen=True)
class Boxes:
    """Objects in pictures.

    Attributes:
        origin: the folder's name.
        pictures: how many there are, with and without objects.
        groups: (pictures,) which shot each is of.
        picture: (N,) the picture of each object.
        names: (N,) its class.
        box: (N, 4) x0, y0, x1, y1 as shares of width and height.
        files: each picture's file.
    """

    origin: str
    pictures: int
    groups: NDArray[np.int64]
    picture: NDArray[np.int64]
    names: NDArray[np.str_]
    box: NDArray[np.float64]
    files: tuple[Path, ...]

    def part(self, taken: NDArray[np.bool_]) -> Boxes:
        """Those of some pictures, given as (pictures,) of bool."""
        kept, number = taken[self.picture], np.cumsum(taken) - 1
        files = tuple(path for path, here in zip(self.files, taken, strict=True) if here)
        return Boxes(self.origin, len(files), self.groups[taken], number[self.picture[kept]], self.names[kept], self.box[kept], files)


def read_boxes(folder: str | Path) -> Boxes | None:
    """The objects of a data set; None where a folder holds pictures alone.

    Raises:
        DataError: its files of labels cannot be read.
    """
    folder = Path(folder)
    indexes = [*sorted(folder.glob("annotations/instances_*.json")), *sorted(folder.glob("*coco*.json"))]
    try:
        if shot_folders(folder):
            return _gathered(folder, _native(folder))
        if indexes:
            return _gathered(folder, (picture for index in indexes for picture in _coco(index)))
        if (folder / "data.yaml").is_file() and (folder / "labels").is_dir():
            return _gathered(folder, _yolo(folder))
    except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
        raise DataError(
            f"The labels cannot be read: {error!r}.", where=str(folder), remedy="Mend them, or compare the pictures alone."
        ) from error
    return None


Picture = tuple[Path, str, list[tuple[str, list[float]]]]
"""Its file, the shot that it is of, and class and box of each object."""


def _gathered(folder: Path, pictures: Iterable[Picture]) -> Boxes:
    shots: dict[str, int] = {}
    groups: list[int] = []
    rows: list[Row] = []
    files: list[Path] = []
    for number, (file, shot, objects) in enumerate(pictures):
        files.append(file)
        groups.append(shots.setdefault(shot, len(shots)))
        rows += [(number, name, *box) for name, box in objects]  # type: ignore[misc]
    return Boxes(
        origin=str(folder),
        pictures=len(groups),
        groups=np.array(groups, dtype=np.int64),
        picture=np.array([row[0] for row in rows], dtype=np.int64),
        names=np.array([row[1] for row in rows], dtype=np.str_),
        box=np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 4),
        files=tuple(files),
    )


def _native(folder: Path) -> Iterable[Picture]:
    for path in shot_folders(folder):
        shot = json.loads((path / "shot.json").read_text("utf-8"))
        names = {row["id"]: row["name"] for row in shot["categories"]}
        for frame in shot["frames"]:
            size = np.array([frame["width"], frame["height"]] * 2)
            objects = [(names[row["category"]], (np.array(row["box"]) / size).tolist()) for row in frame["instances"]]
            file = next(iter(sorted(path.glob(f"{frame['files']}.image.*"))), path / f"{frame['files']}.image.png")
            yield file, str(shot["index"]), objects


def _coco(index: Path) -> Iterable[Picture]:
    content = json.loads(index.read_text("utf-8"))
    names = {row["id"]: row["name"] for row in content["categories"]}
    objects: dict[Any, list[tuple[str, list[float]]]] = {}
    sizes = {row["id"]: np.array([row["width"], row["height"]] * 2) for row in content["images"]}
    for row in content["annotations"]:
        x, y, width, height = row["bbox"]
        box = np.array([x, y, x + width, y + height]) / sizes[row["image_id"]]
        objects.setdefault(row["image_id"], []).append((names[row["category_id"]], box.tolist()))
    for image in content["images"]:
        yield _found(index, image["file_name"]), str(image.get("shot", f"{index.name}/{image['id']}")), objects.get(image["id"], [])


def _found(index: Path, name: str) -> Path:
    """Where a picture that COCO's index names lies: in our layout, beside the index, or in a folder of pictures."""
    split, root = index.stem.removeprefix("instances_"), index.parent
    places = (root.parent / "images" / split, root.parent / split, root.parent / "images", root, root / "images", root.parent)
    return next((place / name for place in places if (place / name).is_file()), root / name)


def _yolo(folder: Path) -> Iterable[Picture]:
    names = yaml.safe_load((folder / "data.yaml").read_text("utf-8"))["names"]
    names = dict(enumerate(names)) if isinstance(names, list) else names
    for path in sorted((folder / "labels").rglob("*.txt")):
        objects = []
        for line in path.read_text("utf-8").splitlines():
            words = line.split()
            numbers = [float(word) for word in words[1:]]
            objects.append((str(names[int(words[0])]), _yolo_box(path, numbers)))
        pictures = folder / "images" / path.relative_to(folder / "labels").parent
        file = next(iter(sorted(pictures.glob(f"{glob.escape(path.stem)}.*"))), pictures / f"{path.stem}.png")
        yield file, path.stem.split("_")[0], objects


def _yolo_box(path: Path, numbers: list[float]) -> list[float]:
    """Four numbers are centre and size; an even number of more is an outline."""
    if len(numbers) == 4:
        x, y, width, height = numbers
        return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    if len(numbers) % 2:
        raise DataError("Poses of YOLO are not read here.", where=str(path), remedy='Write the data set with format "yolo" or "coco".')
    corners = np.array(numbers).reshape(-1, 2)
    return [*corners.min(axis=0), *corners.max(axis=0)]
