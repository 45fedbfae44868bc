"""Values that the source cannot hold, levels that were lost, and digits that were not there.

Each of these is counted for the held-out real rows as well: a fresh real row may have a value that no training row has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.evaluate.resample import SIDES, Floats, Side
from understudy.evaluate.tables import Column, Comparison

RARE = 0.01
ATOM = 0.01
_MOST_DECIMALS = 10


@dataclass(frozen=True)
class Domain:
    """What was counted for one column. Shares are of the values that are present."""

    outside: dict[Side, NDArray[np.bool_]]  # per row: below, above or of no real level; or missing where real never is
    distinct: int  # of the real column
    covered: dict[Side, float] | None  # categories: share of the real levels that occur
    rare: int  # categories: real levels under 1 %
    rare_covered: dict[Side, float] | None
    decimals: int | None  # most digits after the point in the real column; None: not rounded
    finer: dict[Side, float] | None  # share of values with more digits than that
    atoms: Floats  # numbers: values that at least 1 % of the real rows share
    atom_mass: dict[Side, Floats]  # share of rows on each of them


def domains(comparison: Comparison) -> dict[str, Domain]:
    return {column.name: _numeric(column) if column.numeric else _categorical(column) for column in comparison.columns}


def _numeric(column: Column) -> Domain:
    real = column.present("real")
    low, high = (real.min(), real.max()) if len(real) else (np.nan, np.nan)
    outside = {side: _outside(column, side, (column.values[side] < low) | (column.values[side] > high)) for side in SIDES}
    values, counts = np.unique(real, return_counts=True)
    atoms = values[counts >= max(2, ATOM * len(real))] if len(values) > 1 else values
    decimals = decimals_of(real) if column.axis == "number" else None
    finer = None if decimals is None else {side: _finer(column.present(side), decimals) for side in SIDES}
    mass = {side: _mass(column.present(side), atoms) for side in SIDES}
    return Domain(outside, len(values), None, 0, None, decimals, finer, atoms, mass)


def _categorical(column: Column) -> Domain:
    outside = {side: _outside(column, side, column.values[side] >= column.known) for side in SIDES}
    counts = {side: np.bincount(column.present(side), minlength=len(column.levels))[: column.known] for side in SIDES}
    present = {side: counts[side] > 0 for side in SIDES}
    rare = counts["real"] < RARE * len(column.values["real"])
    return Domain(
        outside,
        column.known,
        {side: _share(present[side]) for side in SIDES},
        int(rare.sum()),
        {side: _share(present[side][rare]) for side in SIDES} if rare.any() else None,
        None,
        None,
        np.zeros(0),
        {side: np.zeros(0) for side in SIDES},
    )


def _outside(column: Column, side: Side, beyond: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if column.missing("real").any():
        return np.asarray(beyond & ~column.missing(side))
    return np.asarray(beyond | column.missing(side))


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 1.0


def decimals_of(values: Floats) -> int | None:
    """The digits after the point that all values have at most; None where they need more than 10 (they are not rounded)."""
    for decimals in range(_MOST_DECIMALS + 1):
        if not _finer_values(values, decimals).any():
            return decimals
    return None


def _finer(values: Floats, decimals: int) -> float:
    return float(_finer_values(values, decimals).mean()) if len(values) else 0.0


def _finer_values(values: Floats, decimals: int) -> NDArray[np.bool_]:
    # Binary fractions miss decimal ones by an ulp or two of the value, never by a noticeable part of the last digit.
    scaled = values * 10.0**decimals
    return np.asarray(np.abs(scaled - np.round(scaled)) > np.maximum(1e-6, 1e-11 * np.abs(scaled)))


def _mass(values: Floats, atoms: Floats) -> Floats:
    if not len(atoms) or not len(values):
        return np.zeros(len(atoms))
    place = np.searchsorted(atoms, values)
    hit = atoms[np.minimum(place, len(atoms) - 1)] == values
    return np.asarray(np.bincount(place[hit], minlength=len(atoms))[: len(atoms)] / len(values))
