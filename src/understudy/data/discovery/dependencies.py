"""Functional dependencies a → b: each value of a goes with one value of b.

Every ordered pair is tried, with an exit at the first row that refutes it, on level codes in random row order; what survives the sample
is checked on all rows. A missing value is a level of its own. What follows from other dependencies (a → b → c gives a → c) is left
out, and of two columns that determine each other only one direction is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from understudy.data.constraints import Dependency
from understudy.data.discovery.survey import Survey
from understudy.data.schema import ColumnSchema

# A determinant with so few levels (and no more than a level for 20 rows) is always taken; others must be beyond chance.
_FEW_LEVELS = 300
_ROWS_PER_LEVEL = 5
_EXPECTED_BREACHES = 20.0
# Year and weekday are functions of a date, although few rows share one.
_ROWS_PER_DATE = 2
_EXPECTED_BREACHES_OF_DATES = 200.0
_ORDER_OF_KINDS = ("ordinal", "integer", "date", "datetime", "decimal", "categorical", "boolean")


def find_dependencies(survey: Survey, left_out: frozenset[str] = frozenset()) -> list[Dependency]:
    """The dependencies between learned columns, each dependent under its closest determinant, without cycles."""
    columns = [c for c in survey.schema.columns if not c.remade and c.kind != "constant" and c.name not in left_out]
    names = [column.name for column in columns]
    if len(names) < 2 or survey.sample.height < 2 * _ROWS_PER_LEVEL:
        return []
    codes = np.stack([survey.codes(name) for name in names])
    sizes = [np.bincount(row) for row in codes]
    levels = np.array([len(size) for size in sizes], dtype=np.int64)
    dates = np.array([column.kind == "date" for column in columns])
    candidates = _candidates(sizes, survey.rows, dates)
    holds = _surviving(codes, levels, candidates)
    if not survey.complete:
        _check_all_rows(survey, names, holds)
    return _reduced(columns, levels, holds, survey.rows)


def _candidates(sizes: Sequence[NDArray[np.number[Any]]], rows: int, dates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which ordered pairs are worth trying: enough rows a level, and a breach would be expected if the two were independent.

    `sizes`: each column's rows a level in the sample; `rows`: of the whole table, to which the counts are scaled.
    """
    scale = rows / max(1, int(sizes[0].sum()))
    sizes = [size * scale for size in sizes]
    alike_pairs = np.array([float((size * (size - 1)).sum()) / 2 for size in sizes])
    variety = np.array([1.0 - float(((size / rows) ** 2).sum()) for size in sizes])
    levels = np.array([len(size) for size in sizes])
    second = np.array([np.sort(size)[-2] if len(size) > 1 else 0 for size in sizes])
    possible = (levels >= 2) & (second >= _ROWS_PER_LEVEL) & (rows / levels >= np.where(dates, _ROWS_PER_DATE, _ROWS_PER_LEVEL))
    # A missing value may be one level more.
    few = levels <= min(_FEW_LEVELS, rows / 20) + 1
    scarce = rows / levels < _ROWS_PER_LEVEL
    beyond_chance = np.outer(alike_pairs, variety) >= np.where(scarce, _EXPECTED_BREACHES_OF_DATES, _EXPECTED_BREACHES)[:, None]
    tried = possible[:, None] & (levels >= 2)[None, :] & (few[:, None] | beyond_chance)
    np.fill_diagonal(tried, False)
    # The dependent cannot have more levels than its determinant.
    return np.asarray(tried & (levels[None, :] <= levels[:, None]))


@njit(cache=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _surviving(codes: NDArray[np.int32], levels: NDArray[np.int64], candidates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which candidate pairs no row refutes. codes: (columns, rows); the outcome is (columns, columns): determinant, dependent."""
    columns, rows = codes.shape
    holds = candidates.copy()
    for a in range(columns):
        seen_by = np.full(levels[a], -1, dtype=np.int64)
        image = np.zeros(levels[a], dtype=np.int32)
        for b in range(columns):
            if not candidates[a, b]:
                continue
            for row in range(rows):
                level = codes[a, row]
                if seen_by[level] != b:
                    seen_by[level] = b
                    image[level] = codes[b, row]
                elif image[level] != codes[b, row]:
                    holds[a, b] = False
                    break
    return holds


def _check_all_rows(survey: Survey, names: list[str], holds: NDArray[np.bool_]) -> None:
    """Strike out the pairs that rows outside the sample refute."""
    for a in range(len(names)):
        dependents = [names[b] for b in np.flatnonzero(holds[a])]
        if not dependents:
            continue
        distinct = [chunk.unique() for chunk in survey.chunks([names[a], *dependents])]
        together = pl.concat(distinct).unique()
        counts = together.group_by(names[a]).agg(pl.col(name).n_unique() for name in dependents)
        for name in dependents:
            if int(counts[name].max() or 0) > 1:  # type: ignore[arg-type]
                holds[a, names.index(name)] = False


def _reduced(columns: list[ColumnSchema], levels: NDArray[np.int64], holds: NDArray[np.bool_], rows: int) -> list[Dependency]:
    mutual = holds & holds.T
    leaders = [_leader(columns, mutual, i) for i in range(len(columns))]
    found: list[Dependency] = []
    for i, leader in enumerate(leaders):
        if leader != i:
            found.append(_dependency(columns[leader], columns[i], int(levels[leader]), rows, one_to_one=True))
    heads = [i for i, leader in enumerate(leaders) if leader == i]
    edges = holds[np.ix_(heads, heads)]
    # Edges run from more levels to fewer, so they have no cycle; one that follows from two others is left out.
    follows = (edges.astype(np.int32) @ edges.astype(np.int32)) > 0
    kept = edges & ~follows
    for b in range(len(heads)):
        determinants = sorted(np.flatnonzero(kept[:, b]), key=lambda a: int(levels[heads[a]]))
        found += [_dependency(columns[heads[a]], columns[heads[b]], int(levels[heads[a]]), rows, one_to_one=False) for a in determinants]
    return found


def _leader(columns: list[ColumnSchema], mutual: NDArray[np.bool_], i: int) -> int:
    """Of the columns that determine each other, the one to learn: one with an order first, then the leftmost."""
    group = [i, *np.flatnonzero(mutual[i]).tolist()]
    return min(group, key=lambda j: (_ORDER_OF_KINDS.index(columns[j].kind) if columns[j].kind in _ORDER_OF_KINDS else 99, j))


def _dependency(a: ColumnSchema, b: ColumnSchema, levels: int, rows: int, *, one_to_one: bool) -> Dependency:
    each = f"each of the {levels:,} values of {a.name} goes with one value of {b.name} in all {rows:,} rows"
    return Dependency(
        determinants=[a.name], dependent=b.name, one_to_one=one_to_one, rows_checked=rows,
        reason=each + (", and the other way round" if one_to_one else ""),
    )  # fmt: skip
