"""Bytes in and out of files: decompressed on the way in, compressed and atomic on the way out."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.core.atomic import atomic_file
from understudy.core.errors import DataError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


def require_file(path: Path) -> Path:
    """The path, which must be a readable file that is not empty. Raises `DataError` naming the nearest file."""
    if not path.exists():
        raise missing_file(path)
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise DataError("The file is empty.", where=str(path), remedy="Hand in a file with column names and rows.")
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.", where=str(path), remedy="Check its permissions.") from None
    return path


def missing_file(path: Path) -> DataError:
    """The error for a path that is not there."""
    folder = path.parent
    if not folder.is_dir():
        return DataError(f"There is no folder {folder}.", where=str(path), remedy="Check the path.")
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    close = nearest(path.name, names)
    remedy = (
        "Did you mean " + " or ".join(f'"{folder / name}"' for name in close) + "?" if close else f"The folder holds: {_listed(names)}."
    )
    return DataError(f"There is no file {path.name}.", where=str(path), remedy=remedy)


def _listed(names: list[str], shown: int = 8) -> str:
    if not names:
        return "nothing"
    return ", ".join(sorted(names)[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def compression_of(path: Path) -> str | None:
    """ "gzip" or "zstd" by the file's first bytes, whatever its name; None where it is neither."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for name, magic in _MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def opened(path: Path) -> Iterator[pa.NativeFile]:
    """The file's bytes, decompressed. Raises `DataError` where the compressed data is damaged or cut off."""
    import pyarrow as pa

    compression = compression_of(path)
    file: Any = pa.OSFile(str(path), "r")
    stream = pa.CompressedInputStream(file, compression) if compression else file
    try:
        yield stream
    except OSError as error:
        if compression is None:
            raise DataError(f"The file cannot be read: {error}.", where=str(path)) from None
        raise DataError(
            f"The {compression} data is damaged or cut off.", where=str(path), remedy="Fetch or write the file again."
        ) from None
    finally:
        stream.close()
        file.close()


def beginning(path: Path, size: int) -> bytes:
    """Up to `size` first bytes, decompressed."""
    parts: list[bytes] = []
    with opened(path) as stream:
        while size > 0 and (part := stream.read(size)):
            parts.append(part)
            size -= len(part)
    return b"".join(parts)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` once all of it is written; else nothing is left behind.

    A name that ends in .gz or .zst compresses. Raises `SinkError` naming the path.
    """
    with atomic_file(path) as file, _compressing(file, path.suffix.lower()) as stream:
        yield stream


@contextmanager
def _compressing(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        # No name and no time in the header: equal content, equal bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=file, mtime=0) as stream:
            yield stream  # type: ignore[misc]
    elif suffix == ".zst":
        import pyarrow as pa

        with pa.PythonFile(_KeptOpen(file), mode="w") as sink, pa.CompressedOutputStream(sink, "zstd") as stream:
            yield stream
    else:
        yield file


class _KeptOpen:
    """A file that a compressor may close without closing it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.closed = False

    def write(self, data: Any) -> int:
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True


def release_unused() -> None:
    """Give back what Arrow's allocator keeps of freed memory: its threads would otherwise each hold on to their own."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
