"""One part, made whole or not at all."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, cast

from understudy.core.atomic import atomic_file
from understudy.run.given import given_from_json
from understudy.run.manifest import PartRecord
from understudy.run.sinks import FORMATS, as_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

    from understudy.core.generator import Generator
    from understudy.data.dialect import Dialect
    from understudy.run.plan import Part, Plan


def make_part(generator: Generator, plan: Plan, part: Part, path: Path, told: Callable[[int], None]) -> PartRecord:
    """Make a part's blocks and write them to the file `path`; `told` hears the rows of every block.

    Holds a few blocks at a time. SinkError when the file cannot be written; the temporary file is removed on any error.
    """
    with checksummed_file(path) as file:
        dialect = text_dialect(generator, header=plan.header == "every" or part.index == 0)
        writer = FORMATS[plan.format].open(cast("BinaryIO", file), dialect)
        for frame in part_frames(generator, plan, part):
            writer.write(frame)
            told(frame.height)
        writer.close()
    return PartRecord(path.name, part.rows, file.bytes, file.sha256)


def text_dialect(generator: Generator, *, header: bool) -> Dialect:
    """How delimited text is written: as the file was that the generator learned from, where it says so; else the plain way.

    The encoding is always UTF-8: made-up names may hold letters that an older one lacks.
    """
    from understudy.data.dialect import Dialect

    dialect = getattr(generator, "dialect", None)
    known = dialect if isinstance(dialect, Dialect) else Dialect()
    # The mark stands at the beginning of a file; parts without a header are joined behind others.
    return replace(known, encoding="utf-8", bom=known.bom and header, header=header)


def part_frames(generator: Generator, plan: Plan, part: Part) -> Iterator[pl.DataFrame]:
    """The part's blocks as frames, the last one cut to the rows wanted; at least one frame, so that no rows still have columns."""
    start, given = part.first_block * plan.block_rows, given_from_json(plan.given)
    if part.rows == 0:
        yield as_frame(generator.block(part.first_block, seed=plan.seed, given=given), plan.generator).head(0)
    for batch in generator.stream(part.rows, seed=plan.seed, given=given, start=start):
        yield as_frame(batch, plan.generator)


@contextmanager
def checksummed_file(path: Path) -> Iterator[ChecksummedFile]:
    """A file that takes its name only when all of it is on the disk; its checksum is known without reading it again."""
    with atomic_file(path) as raw:
        yield ChecksummedFile(raw)


class ChecksummedFile:
    """A binary file to append to, which counts and hashes what passes through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, content: bytes) -> int:
        written = self._file.write(content)
        self._digest.update(content)
        self.bytes += written
        return written

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        self._file.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Does nothing: encoders close what they are given, but the file still has to be synced and renamed."""
