"""Where the files of a run lie: a folder on a disk; `url_store` has the same for places behind a URL."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from understudy.core.atomic import atomic_file, sink_error
from understudy.run.lock import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL_NAME = ".journal"


class Store(Protocol):
    """A place for files by name ("part-00000.csv", "customers/part-00000.csv").

    shown: what messages call it. place: what `open_store` makes it from again, in another process. shared: whether other processes
    see what is written here. checksums_are_cheap: whether a finished file is read through again before it is relied upon.
    """

    shown: str
    place: str
    shared: bool
    checksums_are_cheap: bool

    def prepare(self) -> None: ...
    def exclusive(self) -> AbstractContextManager[None]: ...
    def file(self, name: str) -> AbstractContextManager[ChecksummedFile]: ...
    def put(self, name: str, content: bytes) -> None: ...
    def reader(self, name: str) -> BinaryIO: ...
    def read(self, name: str) -> bytes | None: ...
    def size(self, name: str) -> int | None: ...
    def names(self) -> list[str]: ...
    def remove(self, names: list[str]) -> None: ...
    def clear_leftovers(self) -> None: ...
    def note(self, line: dict[str, Any]) -> None: ...
    def journal(self) -> list[bytes]: ...
    def clear_journal(self) -> None: ...
    def clear_away(self) -> None: ...


def open_store(place: str) -> Store:
    """The store at a folder's path or a URL."""
    if "://" in place:
        from understudy.run.url_store import UrlStore

        return UrlStore(place)
    return FolderStore(Path(place))


def digest(store: Store, name: str) -> str:
    """SHA-256 of a file's content, as hexadecimal."""
    with store.reader(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


class ChecksummedFile:
    """A binary file to append to, which counts and hashes what passes through."""

    def __init__(self, file: BinaryIO | None) -> None:
        """`file`: None where nothing but the checksum is wanted."""
        self._file = file
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, content: bytes) -> int:
        written = self._file.write(content) if self._file is not None else memoryview(content).nbytes
        self._digest.update(content)
        self.bytes += written
        return written

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Does nothing: encoders close what they are given, but the file still has to be synced and renamed."""


class FolderStore:
    """A folder on a disk, which one run at a time may write to."""

    shared = True
    checksums_are_cheap = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)
        self.place = str(path.absolute())  # another process may work in another folder

    def prepare(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sink_error(error, self.path) from error

    def exclusive(self) -> AbstractContextManager[None]:
        return exclusive(self.path)

    @contextmanager
    def file(self, name: str) -> Iterator[ChecksummedFile]:
        """A file to write, in the folder of its table where it has one."""
        path = self.path / name
        if "/" in name:
            try:
                path.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise sink_error(error, path.parent) from error
        with atomic_file(path) as raw:
            yield ChecksummedFile(raw)

    def put(self, name: str, content: bytes) -> None:
        """A file, in folders that are made where needed. A crash may leave half of it: something else must say that it is whole."""
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise sink_error(error, path) from error

    def reader(self, name: str) -> BinaryIO:
        return (self.path / name).open("rb")

    def read(self, name: str) -> bytes | None:
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def size(self, name: str) -> int | None:
        path = self.path / name
        return path.stat().st_size if path.is_file() else None

    def names(self) -> list[str]:
        """All files but hidden ones, down to the folders of tables."""
        if not self.path.is_dir():
            return []
        found = [entry for pattern in ("*", "*/*") for entry in self.path.glob(pattern) if entry.is_file()]
        names = [entry.relative_to(self.path) for entry in found]
        return sorted(name.as_posix() for name in names if not any(step.startswith(".") for step in name.parts))

    def remove(self, names: list[str]) -> None:
        for name in names:
            (self.path / name).unlink(missing_ok=True)
            if "/" in name:
                with suppress(OSError):  # it is not empty yet
                    (self.path / name).parent.rmdir()

    def clear_leftovers(self) -> None:
        """Half-written files of workers and runs that were killed; the lock says that none is being written now."""
        for pattern in (".*.tmp", "*/.*.tmp"):
            for leftover in self.path.glob(pattern):
                leftover.unlink(missing_ok=True)

    def note(self, line: dict[str, Any]) -> None:
        """Add a line to the journal; it is on the disk when this returns."""
        path = self.path / JOURNAL_NAME
        try:
            with path.open("ab") as file:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise sink_error(error, path) from error

    def journal(self) -> list[bytes]:
        return (self.read(JOURNAL_NAME) or b"").splitlines()

    def clear_journal(self) -> None:
        (self.path / JOURNAL_NAME).unlink(missing_ok=True)

    def clear_away(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
