"""`write`: any number of rows to files or a database, in constant memory, with any number of processes, resumable.

Rows go to parts (see `plan`), parts to files of their own (`part`), made here or by worker processes (`workers`), and every finished
part into the manifest (`manifest`). One file asked for by name is joined from parts that are kept in a hidden folder until then, so
that it resumes too. A database table and the standard output are streamed in order.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError, Cancelled
from understudy.core.progress import ProgressLike, listening
from understudy.core.record import versions_at_work
from understudy.run.folder import RowCount, Run, parts_in
from understudy.run.given import given_to_json
from understudy.run.join import join_parts
from understudy.run.manifest import Manifest
from understudy.run.part import make_part
from understudy.run.plan import Plan, blocks_in_part
from understudy.run.sinks import FORMATS
from understudy.run.source import opened
from understudy.run.streamed import write_stdout, write_table
from understudy.run.target import Kind, Target, parse_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from understudy.core.generator import Generator


def write(
    generator: Generator | str | Path,
    n: int,
    target: str | Path,
    *,
    seed: int = 0,
    given: Any = None,
    format: str | None = None,  # noqa: A002
    workers: int | None = None,
    part_rows: int | None = None,
    resume: bool = True,
    overwrite: bool = False,
    progress: ProgressLike = None,
) -> Manifest:
    """Write the first `n` rows of a generator's data set for `seed`: the rows that `sample(n, seed=seed)` gives.

    Args:
        generator: a generator of tables, or the path of a saved one.
        n: rows, 0 or more.
        target: a folder (of parts), a file (.parquet .csv .tsv .jsonl .arrow; text also .gz .zst; replaced when the new one is
            whole), or `URL#table` of a database.
        seed: 0 .. 2**63-1.
        given: conditions, as for `sample`.
        format: of the parts in a folder, "parquet" unless told; a file's name tells its own.
        workers: processes; None: as many as there are cores and parts. They do not change a byte. Databases take one.
        part_rows: rows in a part at least (whole blocks), 500,000 unless told.
        resume: go on where an earlier run with the same plan stopped; False: make everything again.
        overwrite: give up an earlier run with another plan, or replace a database table that is there.
        progress: "auto", None (silent) or a listener.

    Returns:
        The manifest: plan, finished files with checksums, `rows`, `bytes`, `seconds`.

    Raises:
        ConditionError, ArgumentError, SinkError: before any work, where that can be known.
        SinkError: the disk is full, a worker died twice on a part, the folder holds something else. Finished parts are kept.
        Cancelled: Ctrl-C, or the listener asked to stop. Finished parts are kept.
    """
    started = time.monotonic()
    place = parse_target(target, format)
    _check_counts(n, workers, part_rows)
    with opened(generator) as source, listening(progress) as listener:
        source.generator.stream(n, seed=seed, given=given)  # refuses a bad seed, condition or number before any work
        plan = Plan(
            generator=source.generator.name,
            model=source.checksum,
            seed=seed,
            given=given_to_json(given),
            rows=n,
            block_rows=source.generator.block_size,
            part_blocks=blocks_in_part(part_rows, source.generator.block_size),
            format=place.format,
        )
        listener.stage("write", total=n)
        manifest = _WRITERS[place.kind](Run(source, plan, workers, resume, overwrite, listener), place)
    manifest.seconds = time.monotonic() - started
    return manifest


def _write_folder(run: Run, target: Target) -> Manifest:
    with parts_in(target.path, run) as manifest:
        return manifest


def _write_file(run: Run, target: Target) -> Manifest:
    """A table of one part goes straight to the file; several are kept beside it, hidden, until they can be joined."""
    path = target.path
    if run.plan.part_count == 1:
        return _write_one_part(run, path)
    staging = path.with_name(f".{path.name}.parts")
    staged = replace(run, plan=replace(run.plan, format=FORMATS[target.format].staged, header="first"))
    with parts_in(staging, staged) as manifest:
        run.progress.stage("join parts")
        files = [staging / manifest.parts[index].name for index in sorted(manifest.parts)]
        record = join_parts(files, target.format, path, run.plan.rows)
        shutil.rmtree(staging, ignore_errors=True)
    return replace(manifest, target=str(path), plan=run.plan, parts={0: record})


def _write_one_part(run: Run, path: Path) -> Manifest:
    try:
        record = make_part(run.source.generator, run.plan, run.plan.part(0), path, RowCount(run.progress).add)
    except KeyboardInterrupt:
        raise Cancelled("Stopped before the file was whole; nothing was written.", where=str(path)) from None
    return Manifest(str(path), run.plan, {0: record}, versions_at_work("polars", "pyarrow"))


_WRITERS: dict[Kind, Callable[[Run, Target], Manifest]] = {
    "folder": _write_folder,
    "file": _write_file,
    "sql": write_table,
    "stdout": write_stdout,
}


def _check_counts(n: int, workers: int | None, part_rows: int | None) -> None:
    """Whole numbers in range; the rest is the generator's to check."""
    for name, value, least in (("n", n, 0), ("workers", workers, 1), ("part_rows", part_rows, 1)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise ArgumentError(f"`{name}` must be a whole number of at least {least}, not {value!r}.", where=name)
