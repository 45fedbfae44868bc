"""Parts made by a Ray cluster (extra `ray`): one that runs already, by its address, or one on this machine for the time of the run.

The cluster maps over the parts. Each is made by whatever machine has a core free, and written by that machine into the place that all
of them share; nothing but its record comes back. A machine that dies therefore takes with it only the parts it was working on, and
those are made again elsewhere. The model goes to each machine once, as the bytes of its file; tasks are told in JSON.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from understudy.core.errors import MissingExtraError, SinkError
from understudy.run.engines import Job, Outcome, available_cores, error_from_json
from understudy.run.manifest import PartRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from understudy.run.plan import Part

TRIES = 4
"""How often a part is begun before the run is given up: machines die, but a part that takes every one of its makers along ends it."""
QUEUED_PER_CORE = 2
WAIT_S = 0.5
LOOKS = 16
COUNT_S = 2.0
STOP_S = 30.0
ANSWER_S = 5.0


def make_parts_on_ray(
    job: Job,
    parts: list[Part],
    workers: int | None,
    address: str | None,
    finished: Callable[[Part, PartRecord], None],
    told: Callable[[int], None],
) -> Outcome:
    """Make `parts` on the cluster at `address`, or on one of this machine's own; `finished` and `told` are called here.

    After an error no new part is begun, and those in work are finished. KeyboardInterrupt and errors of the callbacks stop all tasks.
    """
    with _cluster(address, workers) as ray:
        return _Mapping(ray, job, workers, finished, told).over(parts)


class _Mapping:
    """One run's parts on a cluster: those that wait, and those in work by the reference to their record."""

    def __init__(
        self, ray: Any, job: Job, workers: int | None, finished: Callable[[Part, PartRecord], None], told: Callable[[int], None]
    ) -> None:
        self._ray, self._job, self._workers = ray, job, workers
        self._finished, self._told = finished, told
        self._model = ray.put(job.model.read_bytes())
        self._task = ray.remote(num_cpus=1, max_retries=0)(_make_part)
        self._told_once = json.dumps({**job.to_json(), "paths": _import_paths(job)})
        self._in_work: dict[Any, Part] = {}
        self._tries: dict[int, int] = {}
        self._outcome = Outcome()
        self._cores, self._counted = 1, -COUNT_S

    def over(self, parts: list[Part]) -> Outcome:
        waiting = list(reversed(parts))
        try:
            while self._in_work or (waiting and self._outcome.error is None):
                most = self._most_in_work()
                while waiting and self._outcome.error is None and len(self._in_work) < most:
                    self._begin(waiting.pop())
                # Looking at thousands of references costs too much to do it for each part that ends.
                some = max(1, len(self._in_work) // LOOKS)
                ready, _ = self._ray.wait(list(self._in_work), num_returns=some, timeout=WAIT_S)
                for reference in ready:
                    again = self._end(reference)
                    waiting += [again] if again is not None else []
                if not ready:
                    self._told(0)  # the listener may want to stop
        finally:
            self._stop_all()
        return self._outcome

    def _most_in_work(self) -> int:
        """Enough that no core waits for its next part; the cluster may grow and shrink meanwhile."""
        if self._workers:
            return self._workers
        if time.monotonic() > self._counted + COUNT_S:
            self._cores, self._counted = int(self._ray.cluster_resources().get("CPU", 1)), time.monotonic()
        return max(1, QUEUED_PER_CORE * self._cores)

    def _begin(self, part: Part) -> None:
        self._tries[part.index] = self._tries.get(part.index, 0) + 1
        self._in_work[self._task.remote(self._told_once, self._model, part.index)] = part

    def _end(self, reference: Any) -> Part | None:
        """Take note of a part that was finished or failed; the part itself where it must be made again."""
        part = self._in_work.pop(reference)
        try:
            said = json.loads(self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            if self._tries[part.index] < TRIES:
                return part
            self._fail(part, _death(error))
            return None
        for text in said.get("warnings", ()):
            warnings.warn(text, UserWarning, stacklevel=2)  # Python shows equal ones once
        if "error" in said:
            self._fail(part, error_from_json(said["error"]))
            return None
        record = PartRecord(**said["done"])
        if self._job.store.size(record.name) != record.bytes:
            self._fail(part, _not_shared(said["machine"]))
            return None
        self._finished(part, record)
        self._told(part.rows)
        return None

    def _fail(self, part: Part, error: SinkError | Any) -> None:
        if self._outcome.error is None:
            self._outcome.error, self._outcome.part = error, part.index

    def _stop_all(self) -> None:
        """No task may write after the run has ended: the next run may have taken over its place.

        Those in work are waited for, and only what takes longer is ended by force: Ray goes down where a task ends just as it is cancelled.
        """
        left = list(self._in_work)
        if left:
            _, left = self._ray.wait(left, num_returns=len(left), timeout=STOP_S)
        for reference in left:
            self._ray.cancel(reference, force=True)
        if left:
            self._ray.wait(left, num_returns=len(left), timeout=STOP_S)


@contextmanager
def _cluster(address: str | None, workers: int | None) -> Iterator[Any]:
    """Ray, connected; left as it was where the caller is connected already."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about a run leaves its machines unasked
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
    except ImportError:
        raise MissingExtraError.of("ray", "The engine ray") from None
    if ray.is_initialized():
        yield ray
        return
    _require_answer(address)
    place: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": workers or available_cores()}
    if not address:
        place |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}  # nothing of it is to be reached from outside
    try:
        _connect(ray, place)
    except Exception as error:  # Ray raises what it likes, down to a plain Exception
        if address:
            raise _unreachable(error, address) from error
        _start_again(ray, place)
    try:
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, place: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(**place, logging_level=logging.ERROR, log_to_driver=False, configure_logging=False)


def _start_again(ray: Any, place: dict[str, Any]) -> None:
    """Ray gives its own processes half a minute to start, which a busy machine may not have: once more, then it is an error."""
    ray.shutdown()
    try:
        _connect(ray, place)
    except Exception as error:
        raise _unreachable(error, None) from error


def _require_answer(address: str | None) -> None:
    """Ask at the address, since Ray itself takes minutes to give up. "auto" is Ray's to find."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
        except (OSError, OverflowError) as error:
            raise _unreachable(error, address) from error


def _unreachable(error: Exception, address: str | None) -> SinkError:
    return SinkError(
        f"The Ray cluster cannot be reached: {next(iter(str(error).splitlines()), type(error).__name__)}",
        where=address or "this machine",
        remedy="Check that it runs (ray status), and that the address is host:port of its head.",
    )


def _make_part(told: str, model: bytes, index: int) -> str:
    """The task: make one part where it is run, write it, and tell its record in JSON. Only its own error leaves as one of Ray's."""
    from understudy.run.ray_task import make

    return make(told, model, index)


def _import_paths(job: Job) -> list[str]:
    """Where tasks may look for a class of the caller's own: this process's import path, as local workers have it."""
    if job.generator_class is None or job.generator_class.startswith("understudy."):
        return []
    return [os.path.abspath(entry or os.getcwd()) for entry in sys.path]


def _death(error: Exception) -> SinkError:
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return SinkError(
        f"The workers that began it died {TRIES} times, most likely for want of memory: {reason}",
        remedy="Look at the cluster (ray status), or use fewer workers.",
    )


def _not_shared(machine: str) -> SinkError:
    return SinkError(
        f"The machine {machine} wrote it, but it is not to be seen here: the folder is not shared.",
        remedy="Write to a folder that all machines of the cluster share, or to a URL such as s3://bucket/path.",
    )
