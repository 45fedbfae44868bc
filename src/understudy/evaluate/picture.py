"""The bars of one column on cells that serve all three tables: exact values that many rows share apart, ranges for the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.evaluate.resample import SIDES, Floats, Side
from understudy.evaluate.result import Cell, Picture
from understudy.evaluate.tables import Axis, Column

MOST_CELLS = 40
_MOST_ATOMS = 8
_ATOM_SHARE = 0.03
_MOST_BARS = 30
_TAIL = 0.005


def picture(column: Column) -> Picture:
    """Counts per cell; missing values are not counted."""
    return _histogram(column) if column.numeric else _bars(column)


def _histogram(column: Column) -> Picture:
    present = {side: column.present(side) for side in SIDES}
    values, counts = np.unique(present["real"], return_counts=True)
    few = len(np.unique(np.concatenate(list(present.values())))) <= MOST_CELLS
    atoms = np.unique(np.concatenate(list(present.values()))) if few else _shared(values, counts)
    cells = [
        Cell(label=label(value, column.axis), low=float(value), high=float(value), atom=True, **_counts(present, lambda v, a=value: v == a))
        for value in atoms
    ]
    if not few:
        rest = {side: part[~np.isin(part, atoms)] for side, part in present.items()}
        cells += _ranges(rest, MOST_CELLS - len(atoms), column)
    cells.sort(key=lambda cell: (cell.low, cell.high))
    return Picture(form="histogram", axis=column.axis, cells=cells, **_totals(present))


def _shared(values: Floats, counts: NDArray[np.int64]) -> Floats:
    """Values that at least 3 % of the rows have and that stand out from their neighbours: a lattice of whole numbers has none."""
    if not len(values):
        return values
    share = counts / counts.sum()
    often = np.flatnonzero((share >= _ATOM_SHARE) & (share > 4 * np.median(share)))
    return np.sort(values[often[np.argsort(-share[often], kind="stable")][:_MOST_ATOMS]])


def _ranges(rest: dict[Side, Floats], most: int, column: Column) -> list[Cell]:
    """Equal widths over the body of real and synthetic values, and one cell for each end."""
    pooled = np.concatenate([part for part in rest.values() if len(part)] or [np.zeros(0)])
    if not len(pooled):
        return []
    body = rest["real"] if len(rest["real"]) else pooled
    low, high = np.quantile(body, [_TAIL, 1 - _TAIL])
    least, greatest = float(pooled.min()), float(pooled.max())
    edges = _edges(
        float(low), float(high), most - 2, whole=column.schema.kind in ("integer", "date"), unit=86_400 if column.axis == "date" else 1
    )
    if least < edges[0]:
        edges = np.insert(edges, 0, least)
    if greatest >= edges[-1]:
        edges = np.append(edges, np.nextafter(greatest, np.inf) if greatest > edges[-1] else edges[-1] + (edges[-1] - edges[-2]))
    counted = {side: np.histogram(part, edges)[0] for side, part in rest.items()}
    return [
        Cell(
            label=f"{label(a, column.axis)} to {label(b, column.axis)}",
            low=float(a),
            high=float(b),
            **{side: int(counted[side][place]) for side in SIDES},
        )
        for place, (a, b) in enumerate(pairwise(edges.tolist()))
    ]


def _edges(low: float, high: float, most: int, *, whole: bool, unit: float) -> Floats:
    """At most `most` cells of equal width from low to high; whole numbers share cells in equal numbers."""
    if high <= low:
        return np.array([low, low + unit])
    if not whole:
        return np.linspace(low, high, min(most, 30) + 1)
    width = unit * max(1.0, np.ceil((high - low + unit) / unit / min(most, 30)))
    return np.arange(low, high + width, width)


def _bars(column: Column) -> Picture:
    present = {side: column.present(side) for side in SIDES}
    counts = {side: np.bincount(part, minlength=len(column.levels)) for side, part in present.items()}
    weight = counts["real"] / max(1, len(present["real"])) + 1e-6 * counts["synthetic"] / max(1, len(present["synthetic"]))
    new = np.arange(len(column.levels)) >= column.known
    weight = np.where(new, counts["synthetic"] / max(1, len(present["synthetic"])), weight)
    order = np.argsort(-weight, kind="stable")
    shown = order[: _MOST_BARS if len(order) > _MOST_BARS + 1 else len(order)]
    if column.schema.kind == "ordinal":
        shown = np.sort(shown)
    cells = [Cell(label=column.levels[k], atom=True, **{side: int(counts[side][k]) for side in SIDES}) for k in shown]
    others = np.setdiff1d(order, shown)
    if len(others):
        summed = {side: int(counts[side][others].sum()) for side in SIDES}
        cells.append(Cell(label=f"{len(others):,} other levels", atom=False, **summed))
    return Picture(form="bars", axis="category", cells=cells, omitted_levels=len(others), **_totals(present))


def _counts(present: dict[Side, Floats], holds) -> dict[str, int]:  # type: ignore[no-untyped-def]
    return {side: int(holds(part).sum()) for side, part in present.items()}


def _totals(present: dict[Side, NDArray[np.generic]]) -> dict[str, int]:
    return {f"total_{side}": len(part) for side, part in present.items()}


def label(value: float, axis: Axis) -> str:
    """A number as a reader of its axis expects it."""
    if axis in ("instant", "date"):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(value))
        return f"{moment:%Y-%m-%d}" if axis == "date" or not moment.time().isoformat().strip("0:.") else f"{moment:%Y-%m-%d %H:%M}"
    if axis == "time":
        return f"{int(value // 3600):02d}:{int(value % 3600 // 60):02d}"
    if axis == "duration":
        return str(timedelta(seconds=round(float(value))))
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.5g}"
