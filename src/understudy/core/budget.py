"""One dial for effort: `budget="30s" | "10min" | "1h" | "best"`, a number of seconds, or None for the method's own measure."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import Self, TypeAlias

from understudy.core.errors import ArgumentError

_UNIT_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_TERM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)")


class Budget:
    """Wall-clock time that may be spent, and a clock that tells how much of it is left.

    A learner calls `start()` once, stretches its schedule to `seconds` where that is a number, and stops at its best so far
    when `exhausted`. The clock of a started budget runs on when the budget is handed to another learner.

    Attributes:
        seconds: the limit; `math.inf` for "best" (until nothing improves); None where the caller said nothing and the learner
            chooses its own measure.
    """

    def __init__(self, seconds: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._started: float | None = None

    @classmethod
    def parse(cls, text: BudgetLike) -> Budget:
        """A budget as the user wrote it: "30s", "10min", "1h 30min", "best", seconds, None, or a `Budget`, which is returned itself.

        Raises:
            ArgumentError: it is none of these, or not above zero.
        """
        if isinstance(text, Budget):
            return text
        return cls(None if text is None else _seconds(text))

    @property
    def best(self) -> bool:
        """True where quality alone counts, whatever the time."""
        return self.seconds == math.inf

    def start(self) -> Self:
        """Start the clock, unless it runs already; returns self."""
        if self._started is None:
            self._started = self._clock()
        return self

    @property
    def spent(self) -> float:
        """Seconds since `start`; 0 before."""
        return 0.0 if self._started is None else self._clock() - self._started

    def remaining(self) -> float:
        """Seconds left, at least 0; infinite where there is no limit."""
        return math.inf if self.seconds is None else max(0.0, self.seconds - self.spent)

    @property
    def exhausted(self) -> bool:
        return self.remaining() == 0.0

    def share(self, fraction: float) -> Budget:
        """A started budget of `fraction` (0 .. 1) of what remains; of no limit where there is none."""
        limit = self.seconds if self.seconds is None else self.remaining() * fraction
        return Budget(limit, clock=self._clock).start()

    def __repr__(self) -> str:
        return f"Budget(seconds={self.seconds}, spent={self.spent:.3g})"


BudgetLike: TypeAlias = Budget | str | float | int | None


def _seconds(text: object) -> float:
    refusal = ArgumentError(
        f"The budget {text!r} is no length of time.", remedy='Write "30s", "10min", "1h", "best", or seconds as a number.'
    )
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise refusal
    seconds = _spoken(text.strip().lower()) if isinstance(text, str) else float(text)
    if seconds is None or math.isnan(seconds):
        raise refusal
    if seconds <= 0:
        raise ArgumentError(f"The budget {text!r} leaves no time at all.", remedy='Give at least some of it, for example "30s".')
    return seconds


def _spoken(text: str) -> float | None:
    """Seconds in a text such as "1h 30min"; None where it is not understood."""
    if text == "best":
        return math.inf
    total, position = 0.0, 0
    while position < len(text):
        term = _TERM.match(text, position)
        unit = term and _unit_seconds(term[2])
        if not term or not unit:
            return None
        total, position = total + float(term[1]) * unit, term.end()
    return total if text else None


def _unit_seconds(unit: str) -> float | None:
    return _UNIT_SECONDS.get(unit or "s") or _UNIT_SECONDS.get(unit.removesuffix("s"))
