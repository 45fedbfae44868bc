"""One run at a time in a folder, so that two do not clear away each other's work."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from understudy.core.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_NAME = ".lock"


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends.

    SinkError when another run holds it. Where the system has no `flock` (Windows) nothing is locked.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    path = folder / LOCK_NAME
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SinkError(
                "Another run is writing here.", where=str(folder), remedy="Wait for it to end, or choose another place."
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
