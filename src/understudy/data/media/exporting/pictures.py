"""What formats of pictures share: how pictures are written, how files are named, which split a shot falls in, and whose classes count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.image_files import QUALITY, checked_image_format, jpeg, png
from understudy.data.media.items import Category, Frame, Shot
from understudy.data.media.json_files import as_json, plain

TRAIN, VAL, TEST = "train", "val", "test"
_GOLDEN = 0x9E3779B97F4A7C15


class PictureExporter(Exporter):
    """A format that writes each frame's picture as a file.

    Args:
        image: "png" or "jpg".
        quality: of JPEG files, 1 .. 100.
    """

    def __init__(self, *, image: str = "png", quality: int = QUALITY) -> None:
        checked_image_format(image, quality)
        self.image = image
        self.quality = quality

    def picture(self, frame: Frame) -> bytes:
        """The frame's picture as a file: of further bands only the first three, which are its colours, in 8 bits."""
        image = frame.image
        if image.ndim == 3 and image.dtype == np.uint16:
            image = (image[..., :3] >> 8).astype(np.uint8)
        return jpeg(image, self.quality) if self.image == "jpg" else png(image)


class SplitExporter(PictureExporter):
    """A format of pictures with splits.

    Args:
        image, quality: as for `PictureExporter`.
        val, test: the shares of shots that are for validation and for testing; the rest is for training.
    """

    def __init__(self, *, image: str = "png", quality: int = QUALITY, val: float = 0.2, test: float = 0.0) -> None:
        super().__init__(image=image, quality=quality)
        for name, share in (("val", val), ("test", test)):
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
                raise ArgumentError(f"{name} is a share of all shots from 0 to 1, not {share!r}.", remedy=f"Pass {name}=0.2.")
        if val + test > 1:
            raise ArgumentError(f"val and test are {val + test:g} of all shots together.", remedy="Pass shares that sum to 1 or less.")
        self.val = float(val)
        self.test = float(test)

    def split(self, index: int) -> str:
        """The split of the shot with this index, by its index alone.

        Multiples of the golden ratio spread evenly (Knuth, The Art of Computer Programming 3, 6.4, "Fibonacci hashing"): the first n
        shots, whatever n, hold each split's share to within about one shot, where a coin for each could leave a split empty.
        """
        place = (index * _GOLDEN % 2**64) / 2**64
        if place >= 1 - self.val:
            return VAL
        return TEST if place >= 1 - self.val - self.test else TRAIN


def stem(shot: Shot, frame: Frame) -> str:
    """The name of a frame's files without folder and ending: the shot's number, then camera and frame where there are several."""
    if len(shot.frames) == 1:
        return f"{shot.index:08d}"
    return f"{shot.index:08d}_{camera_names(shot)[frame.camera]}_{frame.index:04d}"


def camera_names(shot: Shot) -> dict[str, str]:
    """Each camera's name as a part of a file's name: letters, digits, "-" and "_" only, and no two alike."""
    names: dict[str, str] = {}
    for camera in shot.cameras:
        name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in camera) or "camera"
        while name.casefold() in {taken.casefold() for taken in names.values()}:
            name += "-"
        names[camera] = name
    return names


def place(shot: Shot, frame: Frame) -> str:
    """Where an error is."""
    return f'shot {shot.index}, camera "{frame.camera}", frame {frame.index}'


def plain_categories(shot: Shot) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = plain([asdict(category) for category in sorted(shot.categories, key=lambda category: category.id)])
    return rows


def things(shot: Shot) -> list[Category]:
    """The classes that are counted, by number."""
    return sorted((category for category in shot.categories if category.thing), key=lambda category: category.id)


class CommonCategories:
    """The classes of a data set, which must be the same in all shots: common files say once what numbers mean.

    Attributes:
        rows: a plain dict a class, by number; empty before the first shot.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._first: Any = None

    def see(self, categories: Iterable[dict[str, Any]], shot: int) -> None:
        """Raises `DataError` where this shot's classes are not those of the first."""
        rows = list(categories)
        if self._first is None:
            self.rows, self._first = rows, shot
            return
        if rows != self.rows:
            raise DataError(
                f"The classes of shot {shot} are not those of shot {self._first}.",
                remedy="Shots with other classes belong in a data set of their own.",
            )


def dataset_index(version: int, records: Iterable[Any], rows: str = "shots") -> Member:
    """`dataset.json`: the classes that all shots have, and what is left of each shot's record. rows: what these are called. A "notice" in
    the records is told once."""
    categories, found, notice = CommonCategories(), [], {}
    for record in records:
        categories.see(record.pop("categories"), record["shot"])
        notice = {"notice": record.pop("notice")} if "notice" in record else {}
        found.append(record)
    return "dataset.json", as_json({"version": version, **notice, "categories": categories.rows, rows: found}, indent=1)


def rounded(values: Any, digits: int = 3) -> Any:
    """Coordinates as files hold them, as plain numbers: whole ones without a fraction."""
    numbers = np.round(np.asarray(values, dtype=np.float64), digits).tolist()
    return _whole(numbers)


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if value == int(value) else value
