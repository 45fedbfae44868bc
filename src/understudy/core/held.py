"""A place that one process at a time works with; the system lets go of it when the process ends, however it ends."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from understudy.core.atomic import sink_error
from understudy.core.errors import SinkError


def held(path: Path, what: str, where: Path | None = None) -> IO[str]:
    """The lock beside `path`, with this process' number in it, held until it is closed. Its folder is made where there is none.

    Where the system has no `flock` (Windows) nothing is locked.

    Args:
        what: "this journal", as messages call it. where: what they name; `path` unless told.

    Raises:
        SinkError: another process holds it, or nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("a+")
    except OSError as error:
        raise sink_error(error, where or path) from None
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise SinkError(
                f"Another process (number {holder}) works with {what}.",
                where=str(where or path),
                remedy="Wait for it to end, or name another.",
            ) from None
    try:
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
    except OSError as error:
        with suppress(OSError):  # what could not be written is tried once more
            file.close()
        raise sink_error(error, where or path) from None
    return file
