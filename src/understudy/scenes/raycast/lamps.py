"""Lamps as rows of numbers for kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def lamp_row(place: Floats, color: Sequence[float], direction: Floats, cone: float, soft: float) -> list[float]:
    """Place 0:3, colour 3:6, unit direction 6:9, half angle 9, cosines where its light begins and is full 10, 11, and its strength 12."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-9)
    outer, inner = cone + soft / 2, max(cone - soft / 2, 0.0)
    begins, full = (-2.0, -1.5) if cone > 3.1 else (float(np.cos(min(outer, np.pi))), float(np.cos(min(inner, np.pi))))
    return [*place, *color, *unit, cone, begins, full, max(color)]
