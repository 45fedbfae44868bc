"""A folder of parts: begun or gone on with, made by one process, many, or a cluster, never left without a true manifest."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy.core.errors import Cancelled, SinkError, UnderstudyError
from understudy.core.record import versions_at_work
from understudy.run.engines import Job, Outcome, make_parts_with
from understudy.run.manifest import MODEL_NAME, Manifest, PartRecord, load_manifest, part_line, part_name
from understudy.run.part import make_part
from understudy.run.store import Store, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from understudy.core.progress import Progress
    from understudy.run.engines import Engine
    from understudy.run.plan import Difference, Part, Plan
    from understudy.run.source import Source


@dataclass(frozen=True)
class Run:
    """What one call of `write` was asked to do; see there."""

    source: Source
    plan: Plan
    engine: Engine
    resume: bool
    overwrite: bool
    keep_model: bool
    progress: Progress


@contextmanager
def parts_in(store: Store, run: Run) -> Iterator[Manifest]:
    """All of the plan's parts, finished, in `store`, where no other run may write meanwhile."""
    store.prepare()
    with store.exclusive():
        manifest = _begun(run, store)
        _finish(run, manifest, store)
        yield manifest


@contextmanager
def parts_kept(manifest: Manifest) -> Iterator[None]:
    """What is done with finished parts: where it cannot be, or is stopped, the error tells that they are kept and how to go on."""
    try:
        yield
    except SinkError as error:
        raise _with_way_on(error, _sentence(error.what), manifest) from error
    except KeyboardInterrupt:
        raise _stopped(manifest) from None


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


def _begun(run: Run, store: Store) -> Manifest:
    """The manifest to go on from: an earlier run's intact parts where the plan is the same, none where there was no run.

    An earlier run with another plan that finished nothing is in nobody's way.
    """
    earlier = load_manifest(store)
    if earlier is None:
        _refuse_foreign_files(store)
    different = run.plan.differences(earlier.plan) if earlier else []
    if earlier and earlier.parts and different and not run.overwrite:
        raise plan_differs(different[0], store)
    store.clear_leftovers()
    manifest = Manifest(store.shown, run.plan, versions=versions_at_work("polars", "pyarrow"))
    if earlier and run.resume and not different:
        manifest.parts = {index: record for index, record in earlier.parts.items() if _intact(store, record)}
    manifest.reused = len(manifest.parts)
    if earlier:
        _remove_all_but(manifest, earlier, run.keep_model, store)
    manifest.model_file = _keep_model(run, store)
    manifest.save(store)
    return manifest


def _remove_all_but(manifest: Manifest, earlier: Manifest, keeps_model: bool, store: Store) -> None:
    """Remove an earlier run's files, listed or not, that this one does not go on with."""
    kept = {record.name for record in manifest.parts.values()}
    kept |= {MODEL_NAME} if keeps_model else set()
    was = {part_name(part, earlier.plan.format) for part in earlier.plan.parts()} | {MODEL_NAME}
    store.remove([name for name in store.names() if name in was - kept])


def _keep_model(run: Run, store: Store) -> str | None:
    """Put the model beside its parts, so that anyone can make a part again."""
    if not run.keep_model or run.source.path is None:
        return None
    with run.source.path.open("rb") as model, store.file(MODEL_NAME) as file:
        while piece := model.read(8 << 20):
            file.write(piece)
    return MODEL_NAME


def _intact(store: Store, record: PartRecord) -> bool:
    """Whether a finished part is still there as it was written. Behind a URL its size has to do: reading it costs a transfer."""
    if store.size(record.name) != record.bytes:
        return False
    return not store.checksums_are_cheap or digest(store, record.name) == record.sha256


def _finish(run: Run, manifest: Manifest, store: Store) -> None:
    """Make the missing parts. On any error or Ctrl-C those that are finished stay, and the error says how to go on."""
    missing = [part for part in run.plan.parts() if part.index not in manifest.parts]
    count = RowCount(run.progress, manifest.rows)

    def finished(part: Part, record: PartRecord) -> None:
        _list(manifest, part, record, store)

    try:
        if run.engine.in_this_process(len(missing), run.source.portable, store.shared):
            outcome = _make_here(run, missing, store, finished, count)
        else:
            assert run.source.path is not None
            job = Job(run.source.path, run.source.class_path, run.plan, store)
            outcome = make_parts_with(run.engine, job, missing, finished, count.add)
    except KeyboardInterrupt:
        manifest.save(store)  # it may have come between a part and its line in the journal
        raise _stopped(manifest) from None
    finally:
        store.clear_leftovers()
    if outcome.error is None:
        manifest.save(store)
        return
    with suppress(SinkError):  # the journal has it all
        manifest.save(store)
    raise _explained(outcome, manifest) from outcome.error


def _list(manifest: Manifest, part: Part, record: PartRecord, store: Store) -> None:
    """Note a finished part; where that fails, the part counts as not made."""
    manifest.parts[part.index] = record
    try:
        store.note(part_line(part.index, record))
    except SinkError as error:
        del manifest.parts[part.index]
        raise _with_way_on(error, _sentence(error.what), manifest) from error


def _make_here(run: Run, parts: list[Part], store: Store, finished: Callable[[Part, PartRecord], None], count: RowCount) -> Outcome:
    tables = run.source.tables
    for part in parts:
        try:
            record = make_part(tables, run.plan, part, store, count.add)
        except UnderstudyError as error:
            return Outcome(error, part.index)
        finished(part, record)
    return Outcome()


def _refuse_foreign_files(store: Store) -> None:
    foreign = next(iter(store.names()), None)
    if foreign is not None:
        raise SinkError(
            f"The folder is not empty ({foreign}) and holds no manifest of an earlier run.",
            where=store.shown,
            remedy="Choose a new or empty folder.",
        )


def plan_differs(different: Difference, store: Store) -> SinkError:
    return SinkError(
        f"An earlier run is here with another plan: its {different.key} is {different.other!r}, now asked for is {different.mine!r}.",
        where=store.shown,
        remedy="Choose another folder, ask for the same, or give the earlier run up with overwrite=True (--overwrite).",
    )


def _stopped(manifest: Manifest) -> Cancelled:
    return Cancelled(f"Stopped. {_finished_so_far(manifest)}", where=manifest.target, remedy=GO_ON)


def _finished_so_far(manifest: Manifest) -> str:
    parts, rows = f"{len(manifest.parts)} of {manifest.plan.part_count} parts", f"{manifest.rows:,} of {manifest.plan.rows:,} rows"
    return f"{parts} ({rows}) are finished and kept."


def _explained(outcome: Outcome, manifest: Manifest) -> UnderstudyError:
    """The error of a part, with the part's name, what is kept, and how to go on."""
    error = outcome.error
    assert error is not None
    assert outcome.part is not None
    name = part_name(manifest.plan.part(outcome.part), manifest.plan.format)
    return _with_way_on(error, f"{name} could not be made: {_sentence(error.what)}", manifest)


def _with_way_on(error: UnderstudyError, what: str, manifest: Manifest) -> UnderstudyError:
    remedy = f"{_sentence(error.remedy)} {GO_ON}" if error.remedy else GO_ON
    return type(error)(f"{what} {_finished_so_far(manifest)}", where=error.where or manifest.target, remedy=remedy)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
