"""What a format of labelled pictures must be able to do: write a shot, finish a data set, and say what is wrong with one.

A shot's own files and records are made where the shot is made, by many workers; only the common files (an index, a list of annotations)
are made at the end, from the records of all shots in their order. So the work spreads, and the bytes are the same for any number of
workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.data.media.items import Shot

Member = tuple[str, bytes]
"""A file's place in the data set, with "/" between folders, and its content. A folder whose name ends in ".tar" becomes a tar file with
the files in it, in their order; shots whose files share one follow one another."""


class Exporter(ABC):
    """A format.

    Attributes:
        name: as the user writes it, "coco".
        pictures: whether the format holds pictures or labels of pixels; if not, none need be made for it.
    """

    name: ClassVar[str]
    pictures: ClassVar[bool] = True

    def require(self) -> None:
        """Raises `MissingExtraError` where what it writes with is not installed; called before any shot is made."""

    @abstractmethod
    def files(self, shot: Shot) -> Iterator[Member]:
        """The files that belong to this shot alone. Their names come from `shot.index` and nothing that other shots decide."""

    @abstractmethod
    def record(self, shot: Shot) -> Any:
        """What the common files need to know of this shot: plain values that go through JSON."""

    @abstractmethod
    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        """The common files, from the records of all shots in order (possibly none). Holds what it must, but no pictures."""

    @classmethod
    @abstractmethod
    def problems(cls, folder: Path) -> list[str]:
        """What is wrong with a finished data set, read back from its files; empty where nothing is. Each says which file and what."""
