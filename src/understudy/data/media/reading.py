"""Pictures read back: data sets in the native form (format "frames"), and folders of plain pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.image_files import read_image
from understudy.data.media.items import Shot
from understudy.data.media.native import read_shot

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".ppm", ".pgm")


def shot_folders(folder: Path) -> list[Path]:
    """The folders of a data set's shots, in their order."""
    return sorted(path.parent for path in (Path(folder) / "shots").glob("*/shot.json"))


def read_shots(folder: str | Path) -> Iterator[Shot]:
    """The shots of a data set in the native form, one after another.

    Raises:
        DataError: it is no such data set, or a file of it is missing or damaged.
    """
    folders = shot_folders(Path(folder))
    if not folders and not (Path(folder) / "dataset.json").is_file():
        raise DataError(
            "There is no data set in the native form here.",
            where=str(folder),
            remedy='Name a folder that was written with format "frames".',
        )
    return (read_shot_folder(path) for path in folders)


def read_shot_folder(folder: Path) -> Shot:
    """One shot. Raises `DataError` naming the folder where it cannot be read."""
    try:
        row: dict[str, Any] = json.loads((folder / "shot.json").read_text("utf-8"))
        return read_shot(row, lambda name: (folder / name).read_bytes(), {path.name for path in folder.iterdir()})
    except DataError as error:
        raise DataError(error.what, where=str(folder), remedy=error.remedy) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"The shot cannot be read: {error!r}.", where=str(folder), remedy="Write the data set anew.") from error


def picture_files(folder: str | Path) -> list[Path]:
    """All files below a folder that look like pictures by their names, in their order; masks of the native form left out."""
    return sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in PICTURES and not path.name.startswith(".") and not path.name.endswith((".track.png", ".category.png"))
    )


def read_pictures(folder: str | Path) -> Iterator[tuple[Path, NDArray[Any]]]:
    """Each picture below a folder with its place: (H, W) or (H, W, 3) of uint8, (H, W) of uint16.

    Raises:
        DataError: there is no folder or no picture in it, or one cannot be read.
    """
    files = picture_files(folder)
    if not files:
        raise DataError("There are no pictures here.", where=str(folder), remedy=f"Name a folder with files {', '.join(PICTURES[:5])} ….")
    return ((path, read_image(path.read_bytes(), str(path))) for path in files)
