"""Targets that take rows in order: a database table, inside one transaction, and the standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from understudy.core.errors import Cancelled
from understudy.run.folder import RowCount, Run
from understudy.run.manifest import Manifest, PartRecord
from understudy.run.part import ChecksummedFile, part_frames, text_dialect
from understudy.run.plan import Part
from understudy.run.sinks import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from understudy.run.target import Target


def write_table(run: Run, target: Target) -> Manifest:
    """All rows or none: the table appears when the transaction ends."""
    raise NotImplementedError


def write_stdout(run: Run, target: Target) -> Manifest:
    """CSV (or another format) to the standard output. A reader that has seen enough, as `head` has, ends it quietly."""
    file = ChecksummedFile(sys.stdout.buffer)
    writer = FORMATS[target.format].open(file, text_dialect(run.source.generator, header=True))  # type: ignore[arg-type]
    try:
        for frame in _frames(run):
            writer.write(frame)
        writer.close()
        file.flush()
    except KeyboardInterrupt:
        raise Cancelled("Stopped.") from None
    return Manifest("-", run.plan, {0: PartRecord("-", run.plan.rows, file.bytes, file.sha256)})


def _frames(run: Run) -> Iterator[pl.DataFrame]:
    """All rows of the plan, block by block."""
    count = RowCount(run.progress)
    for frame in part_frames(run.source.generator, run.plan, Part(0, 0, 0, run.plan.rows)):
        yield frame
        count.add(frame.height)
