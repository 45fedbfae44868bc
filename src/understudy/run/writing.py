"""`write`: any number of rows to files or a database, in constant memory, with any number of processes or machines, resumable.

Rows go to parts (see `plan`), parts to files of their own (`part`), made here or by an engine's workers (`engines`), and every finished
part into the manifest (`manifest`). One file asked for by name is joined from parts that are kept in a hidden folder until then, so
that it resumes too. A database and the standard output are streamed in order.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError, Cancelled
from understudy.core.progress import ProgressLike, listening
from understudy.core.record import versions_at_work
from understudy.run.card import write_card
from understudy.run.dataset import write_dataset
from understudy.run.engines import Engine
from understudy.run.folder import RowCount, Run, parts_in
from understudy.run.given import given_to_json
from understudy.run.join import join_parts
from understudy.run.manifest import Manifest, require_folder_name
from understudy.run.part import make_part
from understudy.run.plan import MOST_PARTS, Plan, TablePlan, blocks_in_part
from understudy.run.sinks import FORMATS
from understudy.run.source import opened
from understudy.run.store import Store, open_store
from understudy.run.streamed import write_stdout, write_tables
from understudy.run.target import Kind, Target, parse_dataset_target, parse_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from understudy.core.generator import Collection, Generator
    from understudy.run.source import Source


def write(
    generator: Generator | Collection | str | Path,
    n: int | None,
    target: str | Path,
    *,
    seed: int | None = None,
    given: Any = None,
    format: str | None = None,  # noqa: A002
    workers: int | None = None,
    part_rows: int | None = None,
    resume: bool = True,
    overwrite: bool = False,
    engine: str = "local",
    address: str | None = None,
    keep_model: bool | None = None,
    progress: ProgressLike = None,
) -> Manifest:
    """Write the first `n` rows of a generator's data set for `seed`, the rows that `sample(n, seed=seed)` gives, or all of a collection.

    Args:
        generator: a generator of tables or of shots, a collection of tables, or the path of a saved one.
        n: rows or shots, 0 or more; None for a collection, which knows how many rows its tables have.
        target: a folder (of parts; those of a collection's tables in folders of their names), a file (.parquet .csv .tsv .jsonl
            .arrow; text also .gz .zst; replaced when the new one is whole), either also behind a URL that fsspec knows
            ("s3://bucket/path"), or a database: `URL#table`, `URL` for a collection. Shots go to a folder, as a data set of their format.
        seed: 0 .. 2**63-1; None: the collection's own, or 0.
        given: conditions, as for `sample`.
        format: of the parts in a folder, "parquet" unless told; a file's name tells its own. Of shots: "coco" unless told, with
            options as in "coco:image=jpg" (`data.media.exporting`).
        workers: parts in work at a time; None: as many as there are cores and parts. They do not change a byte. Databases take one.
        part_rows: rows in a part at least (whole blocks), 500,000 unless told; shots, 8.
        resume: go on where an earlier run with the same plan stopped; False: make everything again.
        overwrite: give up an earlier run with another plan, or replace database tables that are there.
        engine: "local" (processes of this machine) or "ray" (a cluster; parts go to a folder that all its machines share, or to a URL).
        address: of the Ray cluster, "host:6379" or "auto"; None: one on this machine, for this run.
        keep_model: put the model beside the parts in a folder, so that `verify` can make parts again; None: only where nothing in it
            was learned from real data.
        progress: "auto", None (silent) or a listener.

    Returns:
        The manifest: plan, finished files with checksums, `rows`, `bytes`, `seconds`.

    Raises:
        ConditionError, ArgumentError, SinkError: before any work, where that can be known.
        SinkError: the disk is full, a worker died twice on a part, the folder holds something else. Finished parts are kept.
        Cancelled: Ctrl-C, or the listener asked to stop. Finished parts are kept.
    """
    started = time.monotonic()
    makers = Engine(engine, workers, address)
    _check_counts(n, workers, part_rows)
    with opened(generator) as source, listening(progress) as listener:
        place = (
            parse_dataset_target(target, format) if _makes_shots(source) else parse_target(target, format, several=_is_collection(source))
        )
        plan = _planned(source, n, seed, given, part_rows, place.format)
        if place.kind in ("folder", "file", "dataset"):
            _require_few_parts(plan)
        listener.stage("write", total=plan.rows)
        keeps = not source.maker.from_real_data if keep_model is None else keep_model
        manifest = _WRITERS[place.kind](Run(source, plan, makers, resume, overwrite, keeps, listener), place)
    manifest.seconds = time.monotonic() - started
    return manifest


def _planned(source: Source, n: int | None, seed: int | None, given: Any, part_rows: int | None, form: str) -> Plan:
    """The plan, after everything was refused that can be before any work: a bad seed, condition or number."""
    from understudy.core.generator import Collection

    maker = source.maker
    if isinstance(maker, Collection):
        if n is not None:
            raise ArgumentError("A collection knows how many rows its tables have.", where="n", remedy="Pass n=None.")
        seed = maker.seed if seed is None else seed
        sizes = dict(maker.sizes(seed=seed))
    elif n is None:
        raise ArgumentError("Say how many rows.", where="n", remedy="Pass a number; None is for a collection of tables.")
    else:
        seed, sizes = 0 if seed is None else seed, {"": n}
    tables = source.tables
    for name, rows in sizes.items():
        require_folder_name(name, "tables")
        tables[name].stream(rows, seed=seed, given=given)
    return Plan(
        generator=maker.name,
        model=source.checksum,
        seed=seed,
        given=given_to_json(given),
        format=form,
        tables=tuple(
            TablePlan(name, rows, tables[name].block_size, blocks_in_part(part_rows, tables[name].block_size, tables[name].items))
            for name, rows in sizes.items()
        ),
    )


def _require_few_parts(plan: Plan) -> None:
    if plan.part_count > MOST_PARTS:
        least = -(-plan.rows // MOST_PARTS)
        raise ArgumentError(
            f"{plan.rows:,} items would be {plan.part_count:,} parts; a run has {MOST_PARTS:,} at most.",
            where="n",
            remedy=f"Ask for fewer, or for larger parts: part_rows={least} (--part-rows {least}) or more.",
        )


def _is_collection(source: Source) -> bool:
    from understudy.core.generator import Collection

    return isinstance(source.maker, Collection)


def _makes_shots(source: Source) -> bool:
    return any(table.items == "shots" for table in source.tables.values())


def _write_folder(run: Run, target: Target) -> Manifest:
    store = open_store(target.place)
    with parts_in(store, run) as manifest:
        if target.format == "huggingface":
            write_card(store, manifest, run.source.maker)
        return manifest


def _write_file(run: Run, target: Target) -> Manifest:
    """A table of one part goes straight to the file; several are kept beside it, hidden, until they can be joined."""
    folder, name = _parted(target.place)
    store = open_store(folder)
    if run.plan.part_count == 1:
        return _write_one_part(run, store, name, target)
    staging = open_store(f"{folder}/.{name}.parts")
    form = FORMATS[target.format].staged
    assert form is not None
    staged = replace(run, plan=replace(run.plan, format=form, header="first"), keep_model=False)
    with parts_in(staging, staged) as manifest:
        run.progress.stage("join parts")
        files = [manifest.parts[index].name for index in sorted(manifest.parts)]
        record = join_parts(files, staging, target.format, store, name, run.plan.rows)
        staging.clear_away()
    return replace(manifest, target=target.place, plan=run.plan, parts={0: record})


def _write_one_part(run: Run, store: Store, name: str, target: Target) -> Manifest:
    try:
        record = make_part(run.source.tables, run.plan, run.plan.part(0), store, RowCount(run.progress).add, name)
    except KeyboardInterrupt:
        raise Cancelled("Stopped before the file was whole; nothing was written.", where=target.place) from None
    return Manifest(target.place, run.plan, {0: record}, versions_at_work("polars", "pyarrow"))


def _parted(place: str) -> tuple[str, str]:
    """Folder and name of a file's path or URL."""
    if "://" in place:
        folder, _, name = place.rpartition("/")
        return folder, name
    path = Path(place)
    return str(path.parent), path.name


_WRITERS: dict[Kind, Callable[[Run, Target], Manifest]] = {
    "folder": _write_folder,
    "file": _write_file,
    "sql": write_tables,
    "stdout": write_stdout,
    "dataset": write_dataset,
}


def _check_counts(n: int | None, workers: int | None, part_rows: int | None) -> None:
    """Whole numbers in range; the rest is the generator's to check."""
    for name, value, least in (("n", n, 0), ("workers", workers, 1), ("part_rows", part_rows, 1)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise ArgumentError(f"`{name}` must be a whole number of at least {least}, not {value!r}.", where=name)
