"""`verify`: is a run's output what its manifest says, and does its model make the same again?

Every file is read and its checksum compared. Then some parts, chosen at random, are made again from the saved model, and what differs is
told by table, column and row, since a checksum alone says nothing of what to look for.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.core.errors import ArgumentError, DataError
from understudy.core.progress import ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import versions_at_work
from understudy.data.media.exporting import exporter
from understudy.run.comparing import first_difference
from understudy.run.dataset import hidden_store, listed_files
from understudy.run.manifest import MODEL_NAME, Manifest, PartRecord, load_manifest, part_name
from understudy.run.part import encode_part
from understudy.run.source import opened
from understudy.run.store import ChecksummedFile, FolderStore, Store, digest, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from understudy.core.generator import Collection, Generator
    from understudy.core.progress import Progress
    from understudy.run.plan import Part


@dataclass(frozen=True)
class Finding:
    """What is not as it should be: the file, what was seen, and, where that can be told, why."""

    name: str
    what: str
    why: str | None = None


@dataclass
class Verification:
    """The result of `verify`: `files` whose checksums were compared, `remade` parts, and all `findings`."""

    target: str
    files: int = 0
    remade: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "ok": self.ok,
            "files": self.files,
            "remade": self.remade,
            "findings": [asdict(f) for f in self.findings],
        }


def verify(
    path: str | Path,
    *,
    k: int | None = 8,
    model: Generator | Collection | str | Path | None = None,
    seed: int | None = None,
    progress: ProgressLike = None,
) -> Verification:
    """Check the folder (or URL) of a run: all its files against the manifest, and `k` of its parts made again against the files.

    Args:
        path: the folder that `write` filled.
        k: parts to make again, chosen at random; None: all of them; 0: none, only checksums are compared.
        model: what the rows were made with, or its file; None: the model that the run kept beside its parts.
        seed: for the choice of parts; None: the run's own.
        progress: "auto", None (silent) or a listener.

    Raises:
        DataError: there is no run, or no model to make parts with.
        SinkError: the manifest cannot be read, or is of another release.
    """
    if k is not None and (not isinstance(k, int) or isinstance(k, bool) or k < 0):
        raise ArgumentError(f"`k` must be a whole number of at least 0, or None for all parts, not {k!r}.", where="k")
    store = open_store(str(path))
    manifest = load_manifest(store)
    if manifest is None and (of_shots := load_manifest(hidden_store(str(path)))) is not None:
        return _verified_dataset(str(path), of_shots, k, model, seed, progress)
    if manifest is None:
        raise DataError("There is no manifest.json of a run here.", where=store.shown, remedy="Name the folder that the run wrote.")
    chosen = _chosen(manifest, k, manifest.plan.seed if seed is None else seed)
    maker = _maker(store, manifest, model) if chosen else None
    result = Verification(store.shown, findings=[*_unfinished(manifest), *_foreign(store, manifest)])
    with listening(progress) as listener:
        result.findings += _files_differ(store, manifest, result, listener)
        if maker is not None:
            result.findings += _parts_differ(store, manifest, maker, chosen, result, listener)
    return result


# -- data sets of shots


def _verified_dataset(
    path: str,
    manifest: Manifest,
    k: int | None,
    model: Generator | Collection | str | Path | None,
    seed: int | None,
    progress: ProgressLike,
) -> Verification:
    """Files against their list, the data set against its format, and parts made again against the checksums that they had."""
    place, parts = open_store(path), hidden_store(path)
    result = Verification(place.shown, findings=_unfinished(manifest))
    files = listed_files(parts)
    if files is None:
        result.findings.append(Finding("files.json", "the data set is not whole: run the same again to go on"))
        return result
    chosen = _chosen(manifest, k, manifest.plan.seed if seed is None else seed)
    maker = _maker(parts, manifest, model) if chosen else None
    with listening(progress) as listener:
        records = [PartRecord(name, 0, size, sha) for name, (size, sha) in files.items()]
        result.findings += _records_differ(place, records, result, listener)
        if isinstance(place, FolderStore):
            problems = exporter(manifest.plan.format.partition(":")[0]).problems(place.path)
            result.findings += [Finding(manifest.plan.format, problem) for problem in problems]
        if maker is not None:
            result.findings += _parts_differ(parts, manifest, maker, chosen, result, listener)
    return result


# -- the files


def _unfinished(manifest: Manifest) -> list[Finding]:
    if manifest.complete:
        return []
    missing = manifest.plan.part_count - len(manifest.parts)
    return [Finding("manifest.json", f"the run is not finished: {missing} of {manifest.plan.part_count} parts are not made")]


def _foreign(store: Store, manifest: Manifest) -> Iterator[Finding]:
    """Files where a reader of the folder would take them for parts."""
    listed = {record.name for record in manifest.parts.values()}
    made = {part_name(part, manifest.plan.format) for part in manifest.plan.parts()}
    suffix = Path(part_name(manifest.plan.part(0), manifest.plan.format)).name.partition(".")[2]
    tables = {table.name for table in manifest.plan.tables}
    for name in store.names():
        if name.endswith(f".{suffix}") and name.rpartition("/")[0] in tables and name not in listed | made:
            yield Finding(name, "it is not of this run: the manifest does not list it")


def _files_differ(store: Store, manifest: Manifest, result: Verification, listener: Progress) -> Iterator[Finding]:
    return _records_differ(store, [manifest.parts[index] for index in sorted(manifest.parts)], result, listener)


def _records_differ(store: Store, records: list[PartRecord], result: Verification, listener: Progress) -> Iterator[Finding]:
    listener.stage("compare checksums", total=len(records))
    for done, record in enumerate(records, 1):
        if (what := _file_differs(store, record)) is not None:
            yield Finding(record.name, what)
        result.files += 1
        listener.advance(done)


def _file_differs(store: Store, record: PartRecord) -> str | None:
    size = store.size(record.name)
    if size is None:
        return "it is missing"
    if size != record.bytes:
        return f"it has {size:,} bytes; {record.bytes:,} were written"
    return None if digest(store, record.name) == record.sha256 else "its content is not what was written: the checksum differs"


# -- the parts made again


def _chosen(manifest: Manifest, k: int | None, seed: int) -> list[Part]:
    """Parts to make again, in order: at random, each as likely as another."""
    finished = sorted(manifest.parts)
    if k is not None and k < len(finished):
        rng = Stream(seed).child("verify").generator()
        finished = sorted(int(index) for index in rng.choice(finished, k, replace=False))
    return [manifest.plan.part(index) for index in finished]


def _maker(store: Store, manifest: Manifest, model: Generator | Collection | str | Path | None) -> Any:
    if model is not None:
        return model
    if manifest.model_file is None:
        raise DataError(
            "The run did not keep its model, without which no part can be made again.",
            where=store.shown,
            remedy="Name the model (--model FILE, model=…), or only compare checksums (-k 0, k=0).",
        )
    return _Kept(store)


@dataclass(frozen=True)
class _Kept:
    """The model that lies beside the parts."""

    store: Store


def _parts_differ(
    store: Store, manifest: Manifest, maker: Any, chosen: list[Part], result: Verification, listener: Progress
) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        if isinstance(maker, _Kept) and store.shared and (Path(store.place) / MODEL_NAME).is_file():
            maker = Path(store.place) / MODEL_NAME  # what lies beside it may belong to it
        elif isinstance(maker, _Kept):
            content = store.read(MODEL_NAME)
            if content is None:
                yield Finding(MODEL_NAME, "it is missing, so that no part can be made again", "name another copy with --model")
                return
            maker = Path(folder) / MODEL_NAME
            maker.write_bytes(content)
        with opened(maker) as source:
            if source.checksum != manifest.plan.model:
                yield Finding(
                    MODEL_NAME, "the model is not the one that the run was made with: its checksum differs", _other_releases(manifest)
                )
                return
            listener.stage("make parts again", total=len(chosen))
            for done, part in enumerate(chosen, 1):
                yield from _part_differs(store, manifest, source.tables, part, Path(folder) / "again")
                result.remade.append(manifest.parts[part.index].name)
                listener.advance(done)


def _part_differs(store: Store, manifest: Manifest, tables: Mapping[str, Generator], part: Part, again: Path) -> Iterator[Finding]:
    record = manifest.parts[part.index]
    with again.open("wb") as raw:
        file = ChecksummedFile(raw)
        encode_part(tables[part.table], manifest.plan, part, file, _ignore)
    if file.sha256 == record.sha256:
        return
    seen = "the model makes another part than the one that was written"
    if store.size(record.name) is not None:
        with store.reader(record.name) as written, again.open("rb") as remade:
            seen = f"{seen}: {_difference(written, remade, manifest.plan.format)}"
    yield Finding(record.name, seen, _other_releases(manifest))


def _difference(written: BinaryIO, remade: BinaryIO, form: str) -> str:
    try:
        return first_difference(written, remade, form)
    except Exception as error:  # whatever a damaged file makes a parser raise
        return f"the file cannot be read ({type(error).__name__})"


def _other_releases(manifest: Manifest) -> str | None:
    """Which releases are not those that the run was made with."""
    now = versions_at_work("polars", "pyarrow")
    other = [f"{package} {was} (here {now.get(package, 'none')})" for package, was in manifest.versions.items() if now.get(package) != was]
    return f"the run was made with {', '.join(other)}" if other else None


def _ignore(rows: int) -> None:
    """Parts are counted, not rows."""
