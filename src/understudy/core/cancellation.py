"""Ctrl-C as a request to stop: the first asks the work to stop with what it has, the second breaks it off."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from understudy.core.progress import Progress


@contextmanager
def cancel_on_interrupt(listener: Progress) -> Iterator[Progress]:
    """Within the block, the first Ctrl-C sets `listener.cancelled`; the next raises KeyboardInterrupt as usual.

    Outside the main thread, where Python takes no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield listener
        return
    before = signal.getsignal(signal.SIGINT)

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        listener.cancelled = True
        listener.note("Stopping with what there is; press Ctrl-C again to break off.")

    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield listener
    finally:
        signal.signal(signal.SIGINT, before)
