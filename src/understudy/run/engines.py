"""Engines: who makes the parts. `local` is processes of this machine, `ray` a cluster; both are told the same and answer the same."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from understudy.core import errors
from understudy.core.errors import ArgumentError, SinkError, UnderstudyError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from understudy.run.manifest import PartRecord
    from understudy.run.plan import Part, Plan
    from understudy.run.store import Store

ENGINES = ("local", "ray")
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "ARROW_IO_THREADS",
)


@dataclass(frozen=True)
class Engine:
    """name: one of `ENGINES`. workers: parts in work at a time, None: as many as there are cores. address: of a Ray cluster."""

    name: str = "local"
    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise ArgumentError(f'There is no engine "{self.name}".', where="engine", remedy=did_you_mean(self.name, ENGINES))
        if self.address is not None and self.name != "ray":
            raise ArgumentError("An address is that of a Ray cluster.", where="address", remedy='Add engine="ray" (--engine ray).')

    def in_this_process(self, parts: int, portable: bool, shared: bool) -> bool:
        """Whether this process makes `parts` parts itself. ArgumentError where it must, and others were asked for."""
        wants_others = self.name == "ray" or (self.workers is not None and self.workers > 1 and parts > 1)
        if wants_others and not portable:
            raise ArgumentError(
                "The generator cannot be loaded by worker processes.",
                where="engine" if self.name == "ray" else "workers",
                remedy="Use workers=1; or define its class at the top of a module of its own and give it a saved form.",
            )
        if wants_others and not shared:
            raise ArgumentError(
                "What is written there is seen by this process only.", where="target", remedy="Use workers=1, or name another place."
            )
        if not (portable and shared):
            return True
        return parts == 0 or (self.name == "local" and min(self.workers or available_cores(), parts) == 1)


@dataclass(frozen=True)
class Job:
    """What every worker is told once. `generator_class` is "module:Class" for a class that no registry names."""

    model: Path
    generator_class: str | None
    plan: Plan
    store: Store

    def to_json(self) -> dict[str, Any]:
        """All but the model itself."""
        return {"class": self.generator_class, "plan": self.plan.to_json(), "place": self.store.place}


@dataclass
class Outcome:
    """What became of the parts that were not finished: the first error, and whose it was."""

    error: UnderstudyError | None = None
    part: int | None = None


def make_parts_with(
    engine: Engine, job: Job, parts: list[Part], finished: Callable[[Part, PartRecord], None], told: Callable[[int], None]
) -> Outcome:
    """Make `parts`; `finished` and `told` are called here, in the caller's thread, as things happen."""
    if engine.name == "ray":
        from understudy.run.ray_cluster import make_parts_on_ray

        return make_parts_on_ray(job, parts, engine.workers, engine.address, finished, told)
    from understudy.run.workers import make_parts

    return make_parts(job, parts, engine.workers or available_cores(), finished, told)


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def error_to_json(error: BaseException) -> dict[str, Any]:
    """An error for another process."""
    known = {key: getattr(error, key, None) for key in ("what", "where", "remedy")}
    return {
        "type": type(error).__name__,
        **known,
        "what": known["what"] or f"{type(error).__name__}: {error}",
        "traceback": traceback.format_exc(),
    }


def error_from_json(reported: dict[str, Any]) -> UnderstudyError:
    """The error of another process; what was no error of ours there is a `SinkError` here."""
    kind = getattr(errors, reported["type"], SinkError)
    error: UnderstudyError = kind(reported["what"], where=reported["where"], remedy=reported["remedy"])
    error.add_note(reported["traceback"])
    return error
