"""Targets that take rows in order: a database table, inside one transaction, and the standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from understudy.core.errors import Cancelled
from understudy.core.record import versions_at_work
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
    from understudy.data.sql import shown_url, write_sql

    shown = f"{shown_url(target.place)}#{target.table}"
    try:
        rows = write_sql(_frames(run), target.place, target.table, if_exists="replace" if run.overwrite else "fail")
    except KeyboardInterrupt:
        raise Cancelled("Stopped; nothing was written.", where=shown) from None
    return Manifest(shown, run.plan, {0: PartRecord(target.table or "", rows, 0, "")}, versions_at_work("polars", "pyarrow"))


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
