"""`MadeRows`: the rows of a job as they were made, in files of some blocks each, so that no row is made twice.

What a language model answered comes from its journal, but reading a reply again takes a thousandth of a second: a hundred thousand rows
are minutes. From these files they are a second. A file appears whole or not at all; one that is missing is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.atomic import atomic_file, sink_error

if TYPE_CHECKING:
    from understudy.core.progress import Progress
    from understudy.text.generator import Texts

ROWS = 2048
"""In a file, or those of one block where that is more."""


class MadeRows:
    """Rows 0 up to `n` of texts, on the disk.

    Args:
        folder: for the files of all jobs at this place. essence: what decides the rows, beside the tables that the texts hold; files of
            another essence are removed.
    """

    def __init__(self, texts: Texts, n: int, seed: int, given: Any, folder: Path, essence: Any) -> None:
        self._texts, self.n, self._seed, self._given = texts, n, seed, given
        self._size = texts.block_size * max(1, ROWS // texts.block_size)
        self._folder = folder / _named(texts, essence)
        self._last: tuple[int, pl.DataFrame] | None = None
        for other in folder.iterdir() if folder.is_dir() else ():
            if other != self._folder or texts.spec.way != "llm":  # others are cheap to make, and may depend on files that changed meanwhile
                shutil.rmtree(other, ignore_errors=True)

    @property
    def done(self) -> int:
        """Rows that are there, from the first on."""
        return next((first for first, stop in self._pieces() if not self._file(first, stop).is_file()), self.n)

    def clear(self) -> None:
        """All of it is to be made again."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def fill(self, listener: Progress) -> None:
        """Make the rows that are missing. Raises what `stream` raises; files that are whole are kept."""
        start = self.done
        if start == self.n:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sink_error(error, self._folder) from None
        frames: Any = self._texts.stream(self.n - start, seed=self._seed, given=self._given, start=start, progress=listener)
        with closing(frames):
            for first, stop in self._pieces(start):
                whole: list[pl.DataFrame] = []
                while sum(frame.height for frame in whole) < stop - first:
                    whole.append(next(frames))
                with atomic_file(self._file(first, stop)) as file:
                    pl.concat(whole).write_ipc(file, compression="zstd")

    def frames(self, columns: list[str] | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
        """All rows in order, a file at a time, each with the number of its first. columns: those that are wanted."""
        for first, stop in self._pieces():
            yield first, pl.read_ipc(self._file(first, stop), columns=columns)

    def block(self, index: int) -> pl.DataFrame:
        """A block of the texts."""
        place = index * self._texts.block_size
        first = place - place % self._size
        if self._last is None or self._last[0] != first:
            stop = min(first + self._size, self.n)
            self._last = first, pl.read_ipc(self._file(first, stop))
        return self._last[1].slice(place - first, self._texts.block_size)

    def _pieces(self, start: int = 0) -> Iterator[tuple[int, int]]:
        return ((first, min(first + self._size, self.n)) for first in range(start, self.n, self._size))

    def _file(self, first: int, stop: int) -> Path:
        return self._folder / f"{first:09}-{stop:09}.arrow"


def _named(texts: Texts, essence: Any) -> str:
    """A name for what decides the rows."""
    digest = hashlib.blake2b(json.dumps(essence, sort_keys=True, default=str).encode(), digest_size=8)
    for name, table in {**texts._rows.sources, **(texts._way.keep() if texts.spec.way == "llm" else {})}.items():
        content = io.BytesIO()
        table.write_ipc(content)
        digest.update(name.encode() + content.getbuffer())
    return digest.hexdigest()
