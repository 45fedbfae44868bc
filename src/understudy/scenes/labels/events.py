"""Events: intervals of time in which something holds, from a series of whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def intervals(times: ArrayLike, holds: ArrayLike, least: float = 0.0, bridge: float = 0.0) -> list[tuple[float, float]]:
    """(start, end) in s of the runs of True.

    Args:
        times: (T,) s, ascending. holds: (T,) bool. A run lasts from its first time to its last.
        least: runs that last less are left out.
        bridge: gaps that last no longer are closed first.
    """
    moments, series = np.asarray(times, dtype=np.float64), np.asarray(holds, dtype=np.bool_)
    edges = np.diff(np.concatenate([[False], series, [False]]).astype(np.int8))
    runs = [
        (float(moments[first]), float(moments[last - 1]))
        for first, last in zip(*(np.flatnonzero(edges == e) for e in (1, -1)), strict=True)
    ]
    joined: list[tuple[float, float]] = []
    for start, end in runs:
        if joined and start - joined[-1][1] <= bridge:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= least]


def events(
    kind: str, times: ArrayLike, holds: ArrayLike, tracks: Sequence[int], least: float = 0.0, bridge: float = 0.0, **more: Any
) -> list[dict[str, Any]]:
    """Rows for `Shot.events`: one for each interval, with the objects that take part and whatever else is known."""
    return [
        {"kind": kind, "start": start, "end": end, "tracks": list(tracks), **more} for start, end in intervals(times, holds, least, bridge)
    ]
