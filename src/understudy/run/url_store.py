"""A run's files behind a URL: an object store such as S3, or any other place that fsspec knows (extra `cloud`).

Every file is made on the local disk first and put there whole, so that nothing half-written appears under its name. Credentials and
endpoints are those of the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL …) and of fsspec's own configuration.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from understudy.core.errors import MissingExtraError, SinkError, UnderstudyError
from understudy.run.store import ChecksummedFile

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL = ".journal"
_DATABASES = ("sqlite", "postgresql", "postgres", "duckdb")
_COMMON = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory", "hdfs", "sftp", "ftp", "webdav")


def is_store_scheme(scheme: str) -> bool:
    """Whether a URL's scheme is a place for files, not a database. MissingExtraError where only the packages for it are missing."""
    if scheme.partition("+")[0] in _DATABASES:
        return False
    if importlib.util.find_spec("fsspec") is None:
        if scheme in _COMMON:
            raise MissingExtraError.of("cloud", f"Writing to {scheme}://")
        return False
    from fsspec import available_protocols

    return scheme in available_protocols()


class UrlStore:
    """A place behind a URL. There is no lock in it: two runs at once must not be sent to one place."""

    checksums_are_cheap = False

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs

            self._fs, root = url_to_fs(url)
        except ImportError:
            raise MissingExtraError.of("cloud", f"Writing to {url.partition('://')[0]}://") from None
        except ValueError as error:
            raise SinkError(f"This URL cannot be used: {error}.", where=url) from error
        self._root = root.rstrip("/")
        self.shown = self.place = url.rstrip("/")
        self.shared = "memory" not in _protocols(self._fs)

    def prepare(self) -> None:
        """There is nothing to make; a wrong bucket, host or password is told when the manifest is looked for, before any work."""

    def exclusive(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def file(self, name: str) -> Iterator[ChecksummedFile]:
        """A file that is put in its place when the block is left without an error."""
        with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
            local = Path(folder) / "file"
            with local.open("wb") as raw:
                yield ChecksummedFile(raw)
            with self._explained(name):
                self._fs.put_file(str(local), self._path(name))

    def put(self, name: str, content: bytes) -> None:
        """A whole file."""
        with self.file(name) as file:
            file.write(content)

    def reader(self, name: str) -> BinaryIO:
        with self._explained(name):
            return cast("BinaryIO", self._fs.open(self._path(name), "rb"))

    def read(self, name: str) -> bytes | None:
        with self._explained(name):
            try:
                return bytes(self._fs.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int | None:
        with self._explained(name):
            try:
                self._fs.invalidate_cache()
                return int(self._fs.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

    def names(self) -> list[str]:
        return [name for name in self._found("") if not any(step.startswith(".") for step in name.split("/"))]

    def remove(self, names: list[str]) -> None:
        with self._explained(names[0] if names else ""):
            for start in range(0, len(names), 1000):  # S3 takes so many at once
                self._fs.rm([self._path(name) for name in names[start : start + 1000]])

    def clear_leftovers(self) -> None:
        """There are none: a file that was not put in its place whole is not there."""

    def note(self, line: dict[str, Any]) -> None:
        """Objects cannot be appended to, so each line of the journal is one of its own."""
        with self._explained(JOURNAL):
            self._fs.pipe_file(self._path(f"{JOURNAL}/{line['index']:08d}.json"), json.dumps(line).encode())

    def journal(self) -> list[bytes]:
        names = self._found(JOURNAL)
        if not names:
            return []
        with self._explained(JOURNAL):
            return list(self._fs.cat([self._path(name) for name in names]).values())

    def clear_journal(self) -> None:
        self.remove(self._found(JOURNAL))

    def clear_away(self) -> None:
        self.remove(self._found(""))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _found(self, below: str) -> list[str]:
        """Names of all files, hidden ones too, at the root or in a folder of it."""
        with self._explained(below):
            self._fs.invalidate_cache()
            try:
                found = self._fs.find(f"{self._root}/{below}".rstrip("/"))
            except FileNotFoundError:
                return []
        prefix = self._fs._strip_protocol(self._root).rstrip("/") + "/"
        return sorted(self._fs._strip_protocol(path).removeprefix(prefix) for path in found)

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """Whatever a file system raises becomes one kind of error, with the place."""
        try:
            yield
        except (UnderstudyError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise SinkError(
                f"The place could not be reached: {type(error).__name__}: {error}".rstrip(": "),
                where=f"{self.shown}/{name}".rstrip("/"),
                remedy="Check the address and the credentials (for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL).",
            ) from error


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
