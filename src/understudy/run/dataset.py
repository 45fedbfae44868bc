"""A data set of shots: parts are made as everywhere, then laid out as the format wants its folder.

Parts and the manifest lie in `.understudy` inside the folder. When all parts are finished, each shot's files go to their places, then the
common files, then the list of all files with their checksums (`files.json`), which makes the data set whole; the parts are then removed.
A run that is killed before goes on from its finished parts. Checksums of the parts stay in the manifest, so that `verify` can make
them again.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from understudy.core.errors import SinkError
from understudy.run.folder import parts_in, parts_kept, plan_differs
from understudy.run.manifest import Manifest, load_manifest
from understudy.run.shots import FILES, members_of, record_in
from understudy.run.store import digest, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from understudy.run.folder import Run
    from understudy.run.store import ChecksummedFile, Store
    from understudy.run.target import Target

HIDDEN = ".understudy"
FILES_NAME = "files.json"

FileList = dict[str, list[Any]]
"""Name → [bytes, SHA-256]."""


def write_dataset(run: Run, target: Target) -> Manifest:
    """All shots, as a data set in the target's folder."""
    place, parts = open_store(target.place), open_store(f"{target.place}/{HIDDEN}")
    place.prepare()
    _refuse_foreign_files(place, parts)
    whole = _finished_before(run, place, parts)
    if whole is not None:
        return whole
    with parts_in(parts, run) as manifest:
        run.progress.stage("lay out", total=manifest.plan.rows)
        with parts_kept(manifest):
            files = _lay_out(run, manifest, parts, place)
            with parts.file(FILES_NAME) as file:
                file.write(json.dumps(files, indent=0, ensure_ascii=False).encode())
        parts.remove([record.name for record in manifest.parts.values()])
    manifest.target = target.place
    return manifest


def listed_files(parts: Store) -> FileList | None:
    """The files of a data set that is whole; None where it is not, or where there is none."""
    content = parts.read(FILES_NAME)
    if content is None:
        return None
    found: FileList = json.loads(content)
    return found


def hidden_store(place: str) -> Store:
    """Where the manifest of the data set at `place` lies."""
    return open_store(f"{place}/{HIDDEN}")


def _finished_before(run: Run, place: Store, parts: Store) -> Manifest | None:
    """The manifest of an earlier run that made the same, if all its files are there; what another run made is cleared away."""
    files, earlier = listed_files(parts), load_manifest(parts)
    if files is None or earlier is None:
        return None
    different = run.plan.differences(earlier.plan)
    if different and not run.overwrite:
        raise plan_differs(different[0], place)
    if not different and run.resume and all(_intact(place, name, *facts) for name, facts in files.items()):
        earlier.reused = len(earlier.parts)
        earlier.target = place.shown
        run.progress.stage("lay out", total=earlier.rows)
        return earlier
    parts.remove([FILES_NAME])
    for name in files:
        with suppress(OSError):
            place.remove([name])
    return None


def _intact(place: Store, name: str, size: int, sha256: str) -> bool:
    return place.size(name) == size and (not place.checksums_are_cheap or digest(place, name) == sha256)


def _lay_out(run: Run, manifest: Manifest, parts: Store, place: Store) -> FileList:
    """Every file to its place. Returns their sizes and checksums, by name."""
    from understudy.data.media.exporting import opened_exporter
    from understudy.data.media.exporting.writing import TarFiles

    exporter = opened_exporter(run.plan.format)
    files: FileList = {}
    records: list[bytes] = []
    with TarFiles(lambda name: _listed(place, name, files)) as tars:
        for index in sorted(manifest.parts):
            with parts.reader(manifest.parts[index].name) as file:
                for name, content in members_of(file):
                    if not name.startswith(FILES):
                        records.append(content)
                        run.progress.advance(len(records))
                    elif not tars.take(name.removeprefix(FILES), content):
                        _put(place, name.removeprefix(FILES), content, files)
    for name, content in exporter.finish(_records(records)):
        _put(place, name, content, files)
    return files


def _records(contents: list[bytes]) -> Iterator[Any]:
    return (record_in(content) for content in contents)


def _put(place: Store, name: str, content: bytes, files: FileList) -> None:
    import hashlib

    if name in files:
        raise SinkError(f"Two shots want the same file, {name}.", where=place.shown, remedy="This is a mistake of the format's exporter.")
    place.put(name, content)
    files[name] = [len(content), hashlib.sha256(content).hexdigest()]


@contextmanager
def _listed(place: Store, name: str, files: FileList) -> Iterator[ChecksummedFile]:
    """A file to write to, listed with its size and checksum when it is closed."""
    with place.file(name) as file:
        yield file
    files[name] = [file.bytes, file.sha256]


def _refuse_foreign_files(place: Store, parts: Store) -> None:
    """A folder with files must be that of an earlier run."""
    if load_manifest(parts) is not None:
        return
    foreign = next(iter(place.names()), None)
    if foreign is not None:
        raise SinkError(
            f"The folder is not empty ({foreign}) and holds no data set of an earlier run.",
            where=place.shown,
            remedy="Choose a new or empty folder.",
        )
