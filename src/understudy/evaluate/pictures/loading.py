"""Pictures of a folder at one small size, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.core.random import Stream
from understudy.data.media.image_files import read_image
from understudy.data.media.reading import picture_files

SIDE = 96
"""Pixels: all pictures are compared at this width and height, so that their resolution is not what is compared."""
_OF_A_SHOT = re.compile(r"^(\d{8})_.+_\d{4}$")
_OF_NO_INTEREST = ("panoptic", "mask", "depth", "labels")

Source = str | Path | NDArray[Any] | Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Pictures:
    """Pictures to compare.

    Attributes:
        origin: the folder's name.
        images: (N, SIDE, SIDE, 3) float32 of 0 .. 1.
        groups: (N,) pictures with the same number are of one shot, and no independent samples.
        total: pictures that there are, of which N were taken.
    """

    origin: str
    images: NDArray[np.float32]
    groups: NDArray[np.int64]
    total: int

    def part(self, index: NDArray[Any]) -> Pictures:
        return Pictures(self.origin, self.images[index], self.groups[index], len(index))


def load_pictures(source: Source, most: int, stream: Stream) -> Pictures:
    """At most `most` pictures of a folder, or of arrays (H, W) or (H, W, 3) of uint8, chosen by the stream.

    Raises:
        DataError: there are fewer than two, or one cannot be read.
    """
    if isinstance(source, (str, Path)):
        return _load_folder(Path(source), most, stream)
    arrays = list(source)
    if not all(isinstance(array, np.ndarray) and array.ndim in (2, 3) for array in arrays):
        raise ArgumentError("Pictures are given as a folder, or as arrays (H, W) or (H, W, 3) of uint8.")
    chosen = _chosen(len(arrays), most, stream, "arrays")
    return Pictures("arrays", np.stack([_small(arrays[number]) for number in chosen]), chosen, len(arrays))


def _load_folder(folder: Path, most: int, stream: Stream) -> Pictures:
    files = [path for path in picture_files(folder) if not _is_label(path.relative_to(folder))]
    names = [_shot_of(path) for path in files]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    chosen = _chosen(len(files), most, stream, str(folder))
    images = [_small(read_image(files[number].read_bytes(), str(files[number]))) for number in chosen]
    return Pictures(str(folder), np.stack(images), np.array([numbers[names[number]] for number in chosen]), len(files))


def _chosen(count: int, most: int, stream: Stream, where: str) -> NDArray[np.int64]:
    if count < 2:
        raise DataError(
            f"There are {count} pictures, and at least 2 are needed to compare.", where=where, remedy="Name a folder with pictures."
        )
    order = stream.generator().permutation(count)[:most]
    return np.sort(order).astype(np.int64)


def _is_label(path: Path) -> bool:
    """Whether a picture is one of labels, by the folder that our formats keep it in."""
    return any(part.startswith(_OF_NO_INTEREST) for part in path.parts[:-1])


def _shot_of(path: Path) -> str:
    """What a picture belongs to: a shot by its name or folder (as our formats name them), else itself."""
    if path.name.endswith((".image.png", ".image.jpg")):
        return str(path.parent)
    found = _OF_A_SHOT.match(path.stem)
    return found[1] if found else str(path)


def _small(image: NDArray[Any]) -> NDArray[np.float32]:
    """A picture squeezed to SIDE × SIDE, each pixel the mean of those that it stands for."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError.of("scenes", "Comparing pictures") from None
    eight = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else np.asarray(image, dtype=np.uint8)
    colored = np.repeat(eight[..., None], 3, axis=2) if eight.ndim == 2 else eight[..., :3]
    resized = Image.fromarray(np.ascontiguousarray(colored)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(resized, dtype=np.float32) / np.float32(255)
