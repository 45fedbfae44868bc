"""Long work tells a listener where it is: one stage after another, each with a count that grows to a total, and remarks.

    listener.stage("learn trees", total=14)
    listener.advance(3, loss=0.41)          # 3 of 14 are done
    listener.note('"fnlwgt" looks like an identifier')

Whoever starts the work gives `progress="auto"` (drawn in a terminal, plain lines elsewhere), None (nothing), a function that takes events
as dictionaries, or an object with these methods. A listener whose `cancelled` is true asks the work to stop.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO, TypeAlias, runtime_checkable

from understudy.core.errors import ArgumentError

if TYPE_CHECKING:
    from rich.progress import Progress as RichBars


@runtime_checkable
class Listener(Protocol):
    """What an object must have to be given as `progress`; `cancelled: bool` may be left out."""

    def stage(self, name: str, total: float | None = None) -> None: ...
    def advance(self, done: float, **metrics: Any) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self) -> None: ...


class Progress:
    """A listener that hears and says nothing; the base of those that do.

    Attributes:
        cancelled: set to True, from any thread, to ask the work to stop at the next good moment.
    """

    cancelled: bool = False

    def stage(self, name: str, total: float | None = None) -> None:
        """A new stage begins, and the one before has ended. `total`: what `done` will reach, where known."""

    def advance(self, done: float, **metrics: Any) -> None:
        """`done` (of the stage's total, not since the last call) is done; `metrics` are figures worth showing."""

    def note(self, text: str) -> None:
        """A remark for the reader."""

    def close(self) -> None:
        """Nothing more will come."""


class Silent(Progress):
    """Shows nothing."""


class Callback(Progress):
    """Hands each event to a function as a dictionary: {"event": "stage" | "advance" | "note" | "close", …}.

    A function that returns False (not None) asks the work to stop.
    """

    def __init__(self, function: Callable[[dict[str, Any]], Any]) -> None:
        self._function = function
        self._stage: dict[str, Any] = {"stage": None, "total": None}

    def stage(self, name: str, total: float | None = None) -> None:
        self._stage = {"stage": name, "total": total}
        self._tell(event="stage", **self._stage)

    def advance(self, done: float, **metrics: Any) -> None:
        self._tell(event="advance", **self._stage, done=done, metrics=metrics)

    def note(self, text: str) -> None:
        self._tell(event="note", text=text)

    def close(self) -> None:
        self._tell(event="close")

    def _tell(self, **event: Any) -> None:
        if self._function(event) is False:
            self.cancelled = True


class Plain(Progress):
    """Lines for logs and pipes: nothing in the first seconds, then at most one line in `every_s`, and all remarks.

    Args:
        file: where to; standard error unless given.
        every_s: least seconds between two lines about the same stage, and before the first.
    """

    def __init__(self, file: TextIO | None = None, *, every_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._every_s = every_s
        self._clock = clock
        self._name = ""
        self._total: float | None = None
        self._began = self._spoke = clock()

    def stage(self, name: str, total: float | None = None) -> None:
        self._end_stage()
        self._name, self._total = name, total
        self._began = self._spoke = self._clock()

    def advance(self, done: float, **metrics: Any) -> None:
        now = self._clock()
        if now - self._spoke >= self._every_s:
            self._spoke = now
            self._say(" · ".join([f"{self._name}: {_counted(done, self._total)}", *_figures(metrics), f"{now - self._began:.0f} s"]))

    def note(self, text: str) -> None:
        self._say(text)

    def close(self) -> None:
        self._end_stage()
        self._name = ""

    def _end_stage(self) -> None:
        took = self._clock() - self._began
        if self._name and took >= self._every_s:
            self._say(f"{self._name}: done · {took:.0f} s")

    def _say(self, line: str) -> None:
        print(line, file=self._file or sys.stderr, flush=True)


class RichProgress(Progress):
    """Bars in a terminal, drawn by Rich on standard error; the finished stages stay, with their time.

    Args:
        console: a `rich.console.Console`; standard error unless given.
    """

    def __init__(self, console: Any = None) -> None:
        self._console = console
        self._bars: RichBars | None = None
        self._task: Any = None
        self._total: float | None = None

    def stage(self, name: str, total: float | None = None) -> None:
        bars = self._opened()
        self._end_stage()
        self._total = total
        self._task = bars.add_task(name, total=total, metrics="")

    def advance(self, done: float, **metrics: Any) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, metrics=" · ".join(_figures(metrics)))

    def note(self, text: str) -> None:
        from rich.text import Text

        self._opened().console.print(Text(text))

    def close(self) -> None:
        self._end_stage()
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None

    def _end_stage(self) -> None:
        if self._bars is not None and self._task is not None:
            done = self._bars.tasks[self._task].completed or 1
            self._bars.update(self._task, total=self._total or done, completed=self._total or done)
            self._bars.stop_task(self._task)

    def _opened(self) -> RichBars:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[metrics]}", style="dim", markup=False),
            )
            self._bars = Progress(*columns, console=self._console or Console(stderr=True))
            self._bars.start()
        return self._bars


class _Adapter(Progress):
    """A foreign listener, with what it may lack."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._asked = False

    @property
    def cancelled(self) -> bool:
        return self._asked or bool(getattr(self._listener, "cancelled", False))

    @cancelled.setter
    def cancelled(self, value: bool) -> None:
        self._asked = value

    def stage(self, name: str, total: float | None = None) -> None:
        self._listener.stage(name, total)

    def advance(self, done: float, **metrics: Any) -> None:
        self._listener.advance(done, **metrics)

    def note(self, text: str) -> None:
        self._listener.note(text)

    def close(self) -> None:
        self._listener.close()


ProgressLike: TypeAlias = "Progress | Listener | Callable[[dict[str, Any]], Any] | str | None"


def resolve_progress(progress: ProgressLike) -> Progress:
    """The listener for what a caller gave as `progress`.

    Raises:
        ArgumentError: it is neither "auto", None, a function, nor an object with stage, advance, note and close.
    """
    if isinstance(progress, Progress):
        return progress
    if progress is None:
        return Silent()
    if progress == "auto":
        return RichProgress() if sys.stderr is not None and sys.stderr.isatty() else Plain()
    if isinstance(progress, Listener):
        return _Adapter(progress)
    if callable(progress):
        return Callback(progress)
    raise ArgumentError(
        f"{progress!r} cannot listen to progress.",
        remedy='Pass "auto", None, a function, or an object with stage, advance, note and close.',
    )


@contextmanager
def listening(progress: ProgressLike) -> Iterator[Progress]:
    """`resolve_progress`, closing on leaving what was made here; a listener that the caller made is the caller's to close."""
    listener = resolve_progress(progress)
    try:
        yield listener
    finally:
        if not isinstance(progress, (Progress, Listener)):
            listener.close()


def _counted(done: float, total: float | None) -> str:
    if not total:
        return f"{done:,.10g}"
    return f"{done:,.10g} of {total:,.10g} ({done / total:.0%})"


def _figures(metrics: dict[str, Any]) -> list[str]:
    return [f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in metrics.items()]
