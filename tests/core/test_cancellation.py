from __future__ import annotations

import os
import signal
import threading

import pytest

from understudy.core.cancellation import cancel_on_interrupt
from understudy.core.progress import Progress


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_interrupt_asks_to_stop_and_the_second_breaks_off() -> None:
    listener = Progress()
    with cancel_on_interrupt(listener):
        interrupt()
        assert listener.cancelled
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_the_old_handler_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with cancel_on_interrupt(Progress()):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_it_does_nothing() -> None:
    seen = []

    def work() -> None:
        with cancel_on_interrupt(Progress()) as listener:
            seen.append(listener.cancelled)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
