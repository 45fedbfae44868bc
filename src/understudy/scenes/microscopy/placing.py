"""Where things lie on the slide."""

from __future__ import annotations

import numpy as np

from understudy.scenes.microscopy.cells import Rng

Placed = tuple[float, float, float]
"""x, y and radius in pixels."""
TRIES = 24


def place(radius: float, others: list[Placed], field: tuple[int, int], rng: Rng, *, cling: bool = False, cut: float = 0.7) -> Placed:
    """Where most room is of some places drawn at random, also partly beyond the edge; with `cling` on the edge of another one.
    cut: how far beyond the edge the centre may lie, in radii."""
    width, height = field
    tries = rng.uniform((-radius * cut, -radius * cut), (width + radius * cut, height + radius * cut), (TRIES, 2))
    if cling and others:
        near = np.array([others[int(k)] for k in rng.integers(0, len(others), TRIES)])
        angle = rng.uniform(0, 2 * np.pi, TRIES)
        far = (near[:, 2] + radius) * rng.uniform(0.62, 0.98, TRIES)
        tries = near[:, :2] + far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        inner = (tries > -cut * radius).all(axis=1) & (tries < np.array([width, height]) + cut * radius).all(axis=1)
        tries = tries[inner] if inner.any() else tries
    if not others:
        return float(tries[0, 0]), float(tries[0, 1]), radius
    known = np.array(others)
    gaps = np.hypot(tries[:, None, 0] - known[:, 0], tries[:, None, 1] - known[:, 1]) - radius - known[:, 2]
    room = gaps.min(axis=1)
    free = np.flatnonzero(room > 2) if not cling else np.arange(len(tries))
    best = int(free[0]) if len(free) else int(room.argmax())
    return float(tries[best, 0]), float(tries[best, 1]), radius
