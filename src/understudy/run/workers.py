"""Parts made by N local processes.

Each worker is a fresh interpreter with one thread for every numerical library: N workers keep N cores busy and no more. They are
plain child processes rather than `multiprocessing`, so that a script needs no `if __name__ == "__main__"`, nothing is pickled, and
a worker that the system kills is told apart from one that raised.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from understudy.core.errors import SinkError, UnderstudyError
from understudy.run.engines import THREAD_LIMITS, Job, Outcome, error_from_json
from understudy.run.manifest import PartRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from understudy.run.plan import Part

TRIES = 2


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    log: IO[bytes]
    listener: threading.Thread = field(init=False)
    part: Part | None = None
    said: dict[str, Any] = field(default_factory=dict)

    def assign(self, part: Part) -> None:
        self.part = part
        self.send(part.index)

    def send(self, message: Any) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has died: the end of its output says so in a moment

    def last_words(self, characters: int = 800) -> str:
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace").strip()[-characters:]


Messages: TypeAlias = "queue.Queue[tuple[_Worker, dict[str, Any] | None]]"
"""What workers say; None: this worker's last."""


def make_parts(
    job: Job, parts: list[Part], workers: int, finished: Callable[[Part, PartRecord], None], told: Callable[[int], None]
) -> Outcome:
    """Make `parts` on `workers` processes; `finished` and `told` are called here, in the parent's thread, as things happen.

    After an error no new part is begun, and those in work are finished. A worker that dies without a word (killed, out of memory)
    is replaced and its part made again, once. KeyboardInterrupt and errors of the callbacks stop all workers at once.
    """
    outcome, waiting, tries = Outcome(), list(reversed(parts)), dict.fromkeys((part.index for part in parts), 0)
    with _crew(job) as (hire, messages):
        for _ in range(min(workers, len(parts))):
            _next_part(hire(), waiting, tries)
        busy = min(workers, len(parts))
        while busy:
            worker, message = _await(messages)
            if message is None:
                part, dead = worker.part, _death(worker)
                busy -= 1
                if part is None or outcome.error is not None:
                    continue
                if "error" in worker.said or tries[part.index] >= TRIES:
                    outcome.error, outcome.part = dead, part.index
                    continue
                waiting.append(part)
                _next_part(hire(), waiting, tries)
                busy += 1
            elif "rows" in message:
                told(message["rows"])
            elif "warning" in message:
                warnings.warn(message["warning"], UserWarning, stacklevel=2)  # Python shows equal ones once
            elif "done" in message:
                assert worker.part is not None
                finished(worker.part, PartRecord(**message["done"]))
                worker.part = None
                if waiting and outcome.error is None:
                    _next_part(worker, waiting, tries)
                else:
                    _dismiss(worker)
            else:
                worker.said = message
    return outcome


def _next_part(worker: _Worker, waiting: list[Part], tries: dict[int, int]) -> None:
    part = waiting.pop()
    tries[part.index] += 1
    worker.assign(part)


def _dismiss(worker: _Worker) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.close()


def _await(messages: Messages) -> tuple[_Worker, dict[str, Any] | None]:
    while True:
        try:
            return messages.get(timeout=0.5)  # a wait without end cannot be interrupted on every system
        except queue.Empty:
            continue


@contextmanager
def _crew(job: Job) -> Iterator[tuple[Callable[[], _Worker], Messages]]:
    """Hires workers; whatever happens, none outlives the block."""
    crew: list[_Worker] = []
    messages: Messages = queue.Queue()

    def hire() -> _Worker:
        worker = _start(job, messages)
        crew.append(worker)
        return worker

    try:
        yield hire, messages
    finally:
        for worker in crew:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait()
            worker.listener.join()
            for stream in (worker.process.stdin, worker.process.stdout, worker.log):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


def _start(job: Job, messages: Messages) -> _Worker:
    log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the worker)
    process = subprocess.Popen(
        [sys.executable, "-m", "understudy.run.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=_environment(),
        text=True,
        encoding="utf-8",
    )
    worker = _Worker(process, log)
    worker.listener = threading.Thread(target=_listen, args=(worker, messages), daemon=True)
    worker.listener.start()
    worker.send({"model": str(job.model), **job.to_json()})
    return worker


def _environment() -> dict[str, str]:
    """This process's environment and import path, with every library held to one thread."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(THREAD_LIMITS, "1")}


def _listen(worker: _Worker, messages: Messages) -> None:
    assert worker.process.stdout is not None
    for line in worker.process.stdout:
        messages.put((worker, json.loads(line)))
    messages.put((worker, None))


def _death(worker: _Worker) -> UnderstudyError:
    """Why a worker ended: the error it reported, or else what the system says."""
    code = worker.process.wait()
    if reported := worker.said.get("error"):
        return error_from_json(reported)
    if code == -9:
        return SinkError(
            "A worker process was killed twice while making it, most likely for want of memory.",
            remedy="Use fewer workers.",
        )
    words = worker.last_words()
    return SinkError(f"A worker process ended with status {code}" + (f": {words}" if words else ""))
