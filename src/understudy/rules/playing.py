"""A stream played in real time: so many changes a second, or so many times as fast as it is dated."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from understudy.core.errors import ArgumentError

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|h)")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*x?")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
LONGEST_WAIT_S = 0.2


def rate_of(text: str) -> float:
    """Changes a second, of "100/s", "30/min". Raises `ArgumentError`."""
    found = _RATE.fullmatch(text.strip())
    if found is None or float(found[1]) == 0:
        raise ArgumentError(f'"{text}" is no rate.', where="rate", remedy="Write 100/s, 30/min or 5/h.")
    return float(found[1]) / _SECONDS[found[2]]


def speed_of(text: str) -> float:
    """How many times as fast, of "60x". Raises `ArgumentError`."""
    found = _SPEED.fullmatch(text.strip())
    if found is None or float(found[1]) == 0:
        raise ArgumentError(f'"{text}" is no speed.', where="speed", remedy="Write 60x: a minute of the stream passes in a second.")
    return float(found[1])


def played(
    timed: Iterator[tuple[int, str]],
    *,
    rate: float | None = None,
    speed: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Lines at their moments; without rate and speed as fast as they are made. One that is late is not waited for; `stopped` ends it.

    Args:
        timed: pairs of a moment in microseconds and a line, in order.
        rate: lines a second.
        speed: seconds of the stream in a second.
    """
    begun, first = clock(), None
    for number, (moment, line) in enumerate(timed):
        first = moment if first is None else first
        due = begun + (number / rate if rate else (moment - first) / 1e6 / speed if speed else 0.0)
        while (wait := due - clock()) > 0 and not stopped():
            sleep(min(wait, LONGEST_WAIT_S))
        if stopped():
            return
        yield line
