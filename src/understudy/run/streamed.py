"""Targets that take rows in order: the tables of a database, inside one transaction, and the standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from understudy.core.errors import Cancelled
from understudy.core.record import versions_at_work
from understudy.run.folder import RowCount, Run
from understudy.run.manifest import Manifest, PartRecord
from understudy.run.part import part_frames, text_dialect
from understudy.run.plan import Part
from understudy.run.sinks import FORMATS
from understudy.run.store import ChecksummedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import polars as pl

    from understudy.run.plan import TablePlan
    from understudy.run.target import Target


def write_tables(run: Run, target: Target) -> Manifest:
    """All rows of all tables or none: they appear when the transaction ends, each after those that it refers to."""
    from understudy.core.generator import Collection
    from understudy.data.sql import database_kind, shown_url, write_sql_tables

    count, maker = RowCount(run.progress), run.source.maker
    tables = {target.table or table.name: _frames(run, table, count) for table in run.plan.tables}
    statements = maker.create_statements(database_kind(target.place)) if isinstance(maker, Collection) else []
    shown = shown_url(target.place) + (f"#{target.table}" if target.table else "")
    try:
        rows = write_sql_tables(tables, target.place, if_exists="replace" if run.overwrite else "fail", statements=statements)
    except KeyboardInterrupt:
        raise Cancelled("Stopped; nothing was written.", where=shown) from None
    parts = {index: PartRecord(name, rows[name], 0, "") for index, name in enumerate(tables)}
    return Manifest(shown, run.plan, parts, versions_at_work("polars", "pyarrow"))


def write_stdout(run: Run, target: Target) -> Manifest:
    """CSV (or another format) to the standard output. A reader that has seen enough, as `head` has, ends it quietly."""
    (table,) = run.plan.tables
    file = ChecksummedFile(sys.stdout.buffer)
    writer = FORMATS[target.format].open(cast("BinaryIO", file), text_dialect(run.source.tables[table.name], header=True))
    try:
        for frame in _frames(run, table, RowCount(run.progress)):
            writer.write(frame)
        writer.close()
        file.flush()
    except KeyboardInterrupt:
        raise Cancelled("Stopped.") from None
    return Manifest("-", run.plan, {0: PartRecord("-", run.plan.rows, file.bytes, file.sha256)})


def _frames(run: Run, table: TablePlan, count: RowCount) -> Iterator[pl.DataFrame]:
    """All rows of a table, block by block."""
    for frame in part_frames(run.source.tables[table.name], run.plan, Part(0, table.name, 0, 0, 0, table.rows)):
        yield frame
        count.add(frame.height)
