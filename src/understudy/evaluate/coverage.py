"""What must not be lost though it hardly moves a distribution: rare levels, and values that many rows share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from understudy.evaluate.domain import Domain
from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, overlap
from understudy.evaluate.tables import Column, Comparison


def levels_covered(comparison: Comparison, groups: Groups, *, rare_below: float | None = None) -> Sampled | None:
    """Mean over categories of the share of real levels that occur; with `rare_below`, of those under that share of the rows only.

    None where there is no such level.
    """
    parts = []
    for column in comparison.categorical:
        counts = {side: groups.counts(side, column.values[side], max(1, len(column.levels))) for side in SIDES}
        real = counts["real"].sum(axis=0)
        wanted = real > 0 if rare_below is None else (real > 0) & (real < rare_below * len(column.values["real"]))
        if wanted.any():
            parts.append(groups.sampled(counts, _occurring(wanted)))
    return Sampled.mean(parts) if parts else None


def heaping(comparison: Comparison, domains: Mapping[str, Domain], groups: Groups) -> Sampled | None:
    """Mean overlap of numeric columns cut into their shared values (at least 1 % of the real rows) and all the rest; None without any."""
    parts = []
    for column in comparison.numeric:
        atoms = domains[column.name].atoms
        if len(atoms):
            parts.append(
                groups.sampled({side: groups.counts(side, _atom_codes(column, side, atoms), len(atoms) + 1) for side in SIDES}, overlap)
            )
    return Sampled.mean(parts) if parts else None


def _occurring(wanted: NDArray[np.bool_]):  # type: ignore[no-untyped-def]
    def share(real: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
        return np.asarray((other[..., wanted] > 0).mean(axis=-1))

    return share


def _atom_codes(column: Column, side, atoms: Floats) -> NDArray[np.int64]:  # type: ignore[no-untyped-def]
    values = column.values[side]
    place = np.minimum(np.searchsorted(atoms, values), len(atoms) - 1)
    return np.where(column.missing(side), -1, np.where(atoms[place] == values, place, len(atoms))).astype(np.int64)
