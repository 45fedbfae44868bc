"""Seconds, memory and tables of figures."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_EVERY_S = 0.05


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of all cores together; of a process also the most memory that it and its children held at once."""

    wall_s: float
    cpu_s: float
    peak_bytes: int = 0
    output: str = ""

    @property
    def peak_gb(self) -> float:
        return self.peak_bytes / 1e9


def timed(work: Callable[[], Any]) -> tuple[Any, Spent]:
    """Do it in this process; what it gave, and what it took."""
    wall, cpu = time.perf_counter(), _own_cpu()
    found = work()
    return found, Spent(time.perf_counter() - wall, _own_cpu() - cpu)


class TooSlow(Exception):
    """A command did not end in the time allowed; the text says which and how long."""


def understudy(*arguments: str, limit_s: float = 3600.0) -> Spent:
    """Run a command of understudy in a process of its own; see `watched`."""
    return watched([sys.executable, "-m", "understudy", *arguments], arguments[0], limit_s=limit_s)


def watched(
    command: Sequence[str],
    name: str,
    *,
    limit_s: float = float("inf"),
    cpu_limit_s: float = float("inf"),
    settings: Mapping[str, str] | None = None,
    every_s: float = _EVERY_S,
) -> Spent:
    """Run a command in a process of its own, watching it and all that it starts.

    Memory is the sum of the resident sets, so what several processes share is counted several times. `settings` are added to the
    environment; `every_s`: how often it is looked at.

    Raises:
        TooSlow: it was still running after `limit_s` by the clock or `cpu_limit_s` of all cores together, and was ended.
        RuntimeError: it failed; with what it said.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as said:
        process = psutil.Popen(command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **(settings or {})})
        while process.poll() is None:
            peak = max(peak, _resident(process))
            time.sleep(every_s)
            if time.perf_counter() - began > limit_s:
                _end(process)
                raise TooSlow(f"{name}: not done after {limit_s:.0f} s")
            if cpu_limit_s < float("inf") and _cpu(process) > cpu_limit_s:
                _end(process)
                raise TooSlow(f"{name}: not done after {cpu_limit_s:.0f} CPU s")
        wall = time.perf_counter() - began
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu, peak, output)


def _own_cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _resident(process: psutil.Process) -> int:
    total = 0
    for each in [process, *_children(process)]:
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total


def _cpu(process: psutil.Process) -> float:
    """CPU seconds of the process and all that it started."""
    total = 0.0
    for each in [process, *_children(process)]:
        with suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _end(process: psutil.Process) -> None:
    for each in [*_children(process), process]:
        with suppress(psutil.Error):
            each.kill()
    process.wait()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, its cells padded so that it also reads as plain text."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def save(path: Path, document: dict[str, Any]) -> None:
    """The figures as JSON, with the machine they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), **document}, indent=1) + "\n", encoding="utf-8")
    print(f"\nAll figures: {path}")
