"""What is wrong with a data set, gathered while its files are read back; a file that cannot be read at all is one more finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError, UnderstudyError
from understudy.data.media.image_files import read_image


class Findings:
    """Problems of the data set in `folder`.

    Attributes:
        problems: one sentence each, beginning with the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.problems: list[str] = []

    def add(self, where: str | Path, what: str) -> None:
        self.problems.append(f"{self.relative(where)}: {what}")

    def expect(self, right: bool, where: str | Path, what: str) -> bool:
        if not right:
            self.add(where, what)
        return right

    def relative(self, where: str | Path) -> str:
        path = Path(where)
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(where)

    def reading(self, where: str | Path) -> Reading:
        """What goes wrong in the block because of the file's content is a finding, and the work goes on behind it."""
        return Reading(self, where)

    def json(self, path: Path) -> Any:
        """The content of a JSON file; None, with a finding, where there is none."""
        with self.reading(path):
            return json.loads(path.read_text("utf-8"))
        return None

    def image(self, path: Path) -> NDArray[Any] | None:
        """A picture; None, with a finding, where it is missing or damaged."""
        with self.reading(path):
            return read_image(path.read_bytes())
        return None

    def image_of(self, path: Path, width: int, height: int) -> NDArray[Any] | None:
        """A picture that must have this size, and more than one value: a blank one is a renderer's failure."""
        image = self.image(path)
        if image is None:
            return None
        size = (image.shape[1], image.shape[0])
        if not self.expect(size == (width, height), path, f"it is {size[0]} × {size[1]} pixels, said to be {width} × {height}."):
            return None
        return image

    def strays(self, folder: Path, known: set[Path], pattern: str = "*") -> None:
        """Files below a folder that nothing speaks of."""
        for path in sorted(folder.rglob(pattern)) if folder.is_dir() else ():
            if path.is_file() and path not in known:
                self.add(path, "no index speaks of this file.")

    def box(self, box: Any, width: float, height: float, where: str | Path, of: str) -> bool:
        """Whether x, y, width, height is a box of some area that lies in the picture."""
        x, y, w, h = (float(value) for value in box)
        if not np.isfinite([x, y, w, h]).all() or w <= 0 or h <= 0:
            return self.expect(False, where, f"the box of {of} has no area: {[x, y, w, h]}.")
        inside = x >= 0 and y >= 0 and x + w <= width + 1e-6 and y + h <= height + 1e-6
        return self.expect(inside, where, f"the box of {of} reaches out of the picture: {[x, y, w, h]}.")


class Reading:
    """A block in which files are read: what is wrong with them is added to the findings and goes no further."""

    def __init__(self, findings: Findings, where: str | Path) -> None:
        self._findings = findings
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> bool:
        what = _in_words(error)
        if what:
            self._findings.add(self._where, what)
        return bool(what)


def _in_words(error: BaseException | None) -> str:
    """What an error says of the file that was read; "" where it is no fault of the file."""
    if isinstance(error, MissingExtraError):
        return ""
    if isinstance(error, FileNotFoundError):
        return "the file is missing."
    if isinstance(error, KeyError):
        return f"{error} is missing."
    if isinstance(error, UnderstudyError):
        return error.what
    if isinstance(error, (OSError, ValueError, TypeError, IndexError, AttributeError, OverflowError, EOFError)):
        return f"it cannot be read as it should: {str(error).rstrip('.') or type(error).__name__}."
    return ""


def extent(mask: NDArray[np.bool_]) -> list[int]:
    """x, y, width, height of the pixels of a mask; all 0 for an empty one."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return [0, 0, 0, 0]
    return [int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)]
