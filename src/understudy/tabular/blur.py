"""Rows as seen with unsteady eyes, so that a network cannot learn a few rows by heart: what it sees of a number is about where it lies.

A number moves to a level near by, of its own column, anew each time it is seen. Laid side by side by their shares, a column's levels
fill the unit interval; a value is a place inside its level, moves by a normal step, and is thrown back at the ends. That leaves every
column's shares as they are. Categories and missing values stay.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from understudy.tabular.levels import Layout

STEP, MOST_STEP, LARGE = 1.2, 0.08, 20_000
"""Standard deviation of a step in a table of one row, falling with the root of the rows; the longest; rows from which nothing moves."""


class Blur:
    """Moves the numbers of rows in the flat numbering.

    Attributes:
        step: standard deviation of a move, as a part of a column's rows.
    """

    def __init__(self, layout: Layout, rows: int, device: torch.device) -> None:
        self.step = 0.0 if rows >= LARGE else min(STEP / rows**0.5, MOST_STEP)
        lines = {j: line for j, line in enumerate(levels.line() for levels in layout.levels) if line is not None}
        self._fields = list(lines)
        if not lines:
            self.step = 0.0
            return
        most = max(len(line) for line in lines.values())
        ends = np.stack([np.pad(line, (0, most - len(line)), constant_values=2.0) for line in lines.values()])
        self._ends = torch.as_tensor(ends, dtype=torch.float32, device=device)
        self._starts = torch.cat([torch.zeros_like(self._ends[:, :1]), self._ends[:, :-1]], dim=1)
        self._last = torch.as_tensor([[len(line) - 1] for line in lines.values()], device=device)
        self._offset = torch.as_tensor(layout.offset[self._fields], device=device)[:, None]

    def __call__(self, rows: Tensor) -> Tensor:
        """(n, fields) the rows with their numbers moved."""
        if not self.step:
            return rows
        level = rows[:, self._fields].T - self._offset
        start, end = self._starts.gather(1, level), self._ends.gather(1, level)
        place = start + (end - start) * torch.rand_like(start) + self.step * torch.randn_like(start)
        place = 1 - (1 - (place % 2)).abs()
        moved = torch.minimum(torch.searchsorted(self._ends, place.contiguous(), right=True), self._last)
        blurred = rows.clone()
        blurred[:, self._fields] = (torch.where(end > start, moved, level) + self._offset).T
        return blurred
