"""Model fits side by side: one thread each, as many at once as there are cores.

The boosted trees of scikit-learn would use all cores for one small fit, whose threads then wait for each other more than they work,
and stand still on a busy machine. Whole fits in threads of their own do not, and the results are the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")


def side_by_side(work: Sequence[Callable[[], T]]) -> list[T]:
    """The results of all functions, in order; the first error is raised."""
    with ThreadPoolExecutor(max(1, min(len(work), _cores()))) as pool:
        return list(pool.map(_alone, work))


def _alone(function: Callable[[], T]) -> T:
    # OpenMP keeps this limit per thread, so each worker sets its own.
    with threadpool_limits(1, user_api="openmp"):
        return function()


def _cores() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, int(os.environ.get("OMP_NUM_THREADS", available)))
