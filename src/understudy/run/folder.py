"""A folder of parts: begun or gone on with, made by one process or many, never left without a true manifest."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy.core.atomic import sink_error
from understudy.core.errors import ArgumentError, Cancelled, SinkError, UnderstudyError
from understudy.core.record import versions_at_work
from understudy.run.lock import exclusive
from understudy.run.manifest import Manifest, PartRecord, intact, load_manifest, part_name
from understudy.run.part import make_part
from understudy.run.workers import Job, Outcome, available_cores, make_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from understudy.core.progress import Progress
    from understudy.run.plan import Part, Plan
    from understudy.run.source import Source


@dataclass(frozen=True)
class Run:
    """What one call of `write` was asked to do; see there."""

    source: Source
    plan: Plan
    workers: int | None
    resume: bool
    overwrite: bool
    progress: Progress


@contextmanager
def parts_in(folder: Path, run: Run) -> Iterator[Manifest]:
    """All of the plan's parts, finished, in `folder`, which no other run may touch meanwhile."""
    _make_folder(folder)
    with exclusive(folder):
        manifest = _begun(run, folder)
        _finish(run, manifest, folder)
        yield manifest


class RowCount:
    """Counts rows as they are made, tells the listener, and stops the run when the listener asks for it."""

    def __init__(self, progress: Progress, done: int = 0) -> None:
        self._progress = progress
        self._done = done

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress.advance(self._done)
        if self._progress.cancelled:
            raise KeyboardInterrupt


GO_ON = "Run the same again to go on from there."


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sink_error(error, folder) from error


def _begun(run: Run, folder: Path) -> Manifest:
    """The manifest to go on from: an earlier run's intact parts where the plan is the same, none where there was no run."""
    earlier = load_manifest(folder)
    if earlier is None:
        _refuse_foreign_files(folder)
    different = run.plan.differences(earlier.plan) if earlier else []
    if earlier and different and not run.overwrite:
        raise _plan_differs(run.plan, earlier.plan, different[0], folder)
    _clear_leftovers(folder)
    manifest = Manifest(str(folder), run.plan, versions=versions_at_work("polars", "pyarrow"))
    for index, record in earlier.parts.items() if earlier else ():
        if run.resume and not different and intact(folder, record):
            manifest.parts[index] = record
        else:
            (folder / record.name).unlink(missing_ok=True)
    manifest.reused = len(manifest.parts)
    manifest.save(folder)
    return manifest


def _finish(run: Run, manifest: Manifest, folder: Path) -> None:
    """Make the missing parts. On any error or Ctrl-C those that are finished stay, and the error says how to go on."""
    missing = [part for part in run.plan.parts() if part.index not in manifest.parts]
    count = RowCount(run.progress, manifest.rows)

    def finished(part: Part, record: PartRecord) -> None:
        _list(manifest, part, record, folder)

    try:
        workers = _worker_count(run, len(missing))
        if workers > 1:
            assert run.source.path is not None
            job = Job(run.source.path, run.source.class_path, run.plan, folder)
            outcome = make_parts(job, missing, workers, finished, count.add)
        else:
            outcome = _make_here(run, missing, folder, finished, count)
    except KeyboardInterrupt:
        manifest.save(folder)  # it may have come between a part and its line in the manifest
        raise Cancelled(f"Stopped. {_finished_so_far(manifest)}", where=str(folder), remedy=GO_ON) from None
    finally:
        _clear_leftovers(folder)
    if outcome.error is not None:
        raise _explained(outcome, manifest) from outcome.error


def _list(manifest: Manifest, part: Part, record: PartRecord, folder: Path) -> None:
    """Write a finished part into the manifest; where that fails, the part counts as not made."""
    manifest.parts[part.index] = record
    try:
        manifest.save(folder)
    except SinkError as error:
        del manifest.parts[part.index]
        raise _with_way_on(error, _sentence(error.what), manifest) from error


def _make_here(run: Run, parts: list[Part], folder: Path, finished: Callable[[Part, PartRecord], None], count: RowCount) -> Outcome:
    for part in parts:
        try:
            record = make_part(run.source.generator, run.plan, part, folder / part_name(part.index, run.plan.format), count.add)
        except UnderstudyError as error:
            return Outcome(error, part.index)
        finished(part, record)
    return Outcome()


def _worker_count(run: Run, missing: int) -> int:
    if run.workers is not None and run.workers > 1 and missing > 1 and not run.source.portable:
        raise ArgumentError(
            f"{type(run.source.generator).__name__} cannot be loaded by worker processes.",
            where="workers",
            remedy="Define its class at the top of a module of its own and give it a saved form, or use workers=1.",
        )
    if not run.source.portable:
        return 1
    return min(run.workers or available_cores(), missing)


def _refuse_foreign_files(folder: Path) -> None:
    foreign = next((entry.name for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")), None)
    if foreign is not None:
        raise SinkError(
            f"The folder is not empty ({foreign}) and holds no manifest of an earlier run.",
            where=str(folder),
            remedy="Choose a new or empty folder.",
        )


def _plan_differs(plan: Plan, earlier: Plan, key: str, folder: Path) -> SinkError:
    was, now = getattr(earlier, key), getattr(plan, key)
    if key == "part_blocks":  # in the caller's words
        key, was, now = "part_rows", earlier.part_blocks * earlier.block_rows, plan.part_blocks * plan.block_rows
    return SinkError(
        f"An earlier run is here with another plan: its {key} is {was!r}, now asked for is {now!r}.",
        where=str(folder),
        remedy="Choose another folder, ask for the same, or give the earlier run up with overwrite=True (--overwrite).",
    )


def _clear_leftovers(folder: Path) -> None:
    """Half-written files of workers and runs that were killed; the lock says that none is being written now."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def _finished_so_far(manifest: Manifest) -> str:
    parts, rows = f"{len(manifest.parts)} of {manifest.plan.part_count} parts", f"{manifest.rows:,} of {manifest.plan.rows:,} rows"
    return f"{parts} ({rows}) are finished and kept."


def _explained(outcome: Outcome, manifest: Manifest) -> UnderstudyError:
    """The error of a part, with the part's name, what is kept, and how to go on."""
    error = outcome.error
    assert error is not None
    assert outcome.part is not None
    name = part_name(outcome.part, manifest.plan.format)
    return _with_way_on(error, f"{name} could not be made: {_sentence(error.what)}", manifest)


def _with_way_on(error: UnderstudyError, what: str, manifest: Manifest) -> UnderstudyError:
    remedy = f"{_sentence(error.remedy)} {GO_ON}" if error.remedy else GO_ON
    return type(error)(f"{what} {_finished_so_far(manifest)}", where=error.where or manifest.target, remedy=remedy)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
