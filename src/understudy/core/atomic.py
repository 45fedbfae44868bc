"""Files that appear whole or not at all: written under a temporary name beside the target, flushed to the disk, then renamed."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from understudy.core.errors import SinkError

_REASONS = {
    errno.ENOSPC: ("The disk is full.", "Free some space, or write to another disk; no half-written file was left behind."),
    errno.EDQUOT: ("The disk quota is used up.", "Free some space, or write to another disk; no half-written file was left behind."),
    errno.EACCES: ("No permission to write here.", "Choose another folder, or have its permissions changed."),
    errno.EPERM: ("No permission to write here.", "Choose another folder, or have its permissions changed."),
    errno.EROFS: ("This disk can only be read.", "Choose a folder on another disk."),
    errno.ENOENT: ("The folder does not exist.", "Make the folder first, or choose another."),
    errno.ENOTDIR: ("A part of the path is a file, not a folder.", "Choose another path."),
    errno.EISDIR: ("The path is a folder, not a file.", "Add a file name to the path."),
    errno.ENAMETOOLONG: ("The file name is too long.", "Choose a shorter one."),
}


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write to that takes the place of `path` on leaving the block, and vanishes if the block raises.

    Raises:
        SinkError: it cannot be written; the message names the path and the reason. What was at `path` before is untouched.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".tmp")
    except OSError as error:
        raise sink_error(error, path) from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except OSError as error:
        raise sink_error(error, path) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def sink_error(error: OSError, path: str | Path) -> SinkError:
    """The error for a failed write to `path`, in the user's words."""
    what, remedy = _REASONS.get(error.errno or 0, (f"The file cannot be written: {error.strerror or error}.", "Choose another path."))
    return SinkError(what, where=str(path), remedy=remedy)


def _mode(path: Path) -> int:
    """The permissions that the file has already, or that a new file would get."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
