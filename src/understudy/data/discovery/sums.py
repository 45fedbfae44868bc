"""Sums: a column that is the exact total of two to twelve others.

Columns are scaled to whole numbers and multiplied by one random vector modulo 2^64. The products add up where the columns do, so looking
for sums among columns becomes looking for sums among single numbers: all pairs, all triples (pairs against differences), and all
runs of neighbouring columns. What is found is then checked on every row.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.constraints import Sum
from understudy.data.discovery.survey import Survey, as_numbers
from understudy.data.schema import ColumnSchema

_MOST_DECIMALS = 6
_MOST_PARTS = 12
_FEWEST_ROWS = 30
_MOST_TRIPLE_COLUMNS = 1000
_MOST_MISSING = 0.2
# A part that is nearly always zero adds nothing that the data could prove.
_SHARE_NOT_ZERO = 0.005
# Larger numbers are not exact in float64 once scaled to whole numbers.
_EXACT = 2.0**62

Hashes = NDArray[np.uint64]


def find_sums(survey: Survey, left_out: frozenset[str]) -> list[Sum]:
    """The sums among numeric columns, smaller ones first; no column is the total of two sums."""
    columns = [c for c in survey.columns("integer", "decimal") if c.name not in left_out and _may_add_up(c)]
    if len(columns) < 3 or survey.sample.height < _FEWEST_ROWS:
        return []
    columns, hashes = _hashed(survey, columns)
    if len(columns) < 3:
        return []
    found: list[Sum] = []
    explained: set[int] = set()
    for total, parts in _candidates(hashes):
        if total in explained or any(part == total for part in parts):
            continue
        if any({columns[total].name, *(columns[p].name for p in parts)} == {rule.total, *rule.parts} for rule in found):
            continue
        rule = _checked(survey, columns[total], [columns[part] for part in parts])
        if rule is not None:
            found.append(rule)
            explained.add(total)
    return found


def _may_add_up(column: ColumnSchema) -> bool:
    return column.kind == "integer" or (column.decimals is not None and column.decimals <= _MOST_DECIMALS)


def _hashed(survey: Survey, columns: list[ColumnSchema]) -> tuple[list[ColumnSchema], Hashes]:
    """The columns that vary and are mostly there, and one number for each that adds up as the column does."""
    values = survey.numbers([column.name for column in columns])
    missing = np.isnan(values)
    mostly = missing.mean(axis=0) <= _MOST_MISSING
    rows = np.flatnonzero(~missing[:, mostly].any(axis=1))[:4096]
    if len(rows) < _FEWEST_ROWS:
        return [], np.empty(0, dtype=np.uint64)
    part = values[rows]
    varies = (part != 0).mean(axis=0) >= _SHARE_NOT_ZERO
    with np.errstate(invalid="ignore"):
        varies &= np.nanmax(np.abs(part), axis=0, initial=0) < _EXACT / 10.0**_MOST_DECIMALS
    with np.errstate(invalid="ignore"):
        varies &= np.ptp(np.where(np.isnan(part), 0, part), axis=0) > 0
    chosen = np.flatnonzero(mostly & varies)
    decimals = max((columns[i].decimals or 0 for i in chosen), default=0)
    whole = np.rint(part[:, chosen] * 10.0**decimals).astype(np.int64).view(np.uint64)
    weights = Stream(0).child("sums").generator().integers(0, 2**64, size=len(rows), dtype=np.uint64)
    return [columns[i] for i in chosen], (whole * weights[:, None]).sum(axis=0, dtype=np.uint64)


def _candidates(hashes: Hashes) -> Iterator[tuple[int, tuple[int, ...]]]:
    yield from _pairs(hashes)
    yield from _runs(hashes)
    if len(hashes) <= _MOST_TRIPLE_COLUMNS:
        yield from _triples(hashes)


def _pairs(hashes: Hashes) -> Iterator[tuple[int, tuple[int, ...]]]:
    first, second = np.triu_indices(len(hashes), k=1)
    yield from _matches(hashes[first] + hashes[second], hashes, [first, second])


def _runs(hashes: Hashes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Three to twelve neighbouring columns that add up to another column."""
    before = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(hashes, dtype=np.uint64)])
    by_hash = {int(value): i for i, value in enumerate(hashes)}
    for length in range(3, min(_MOST_PARTS, len(hashes) - 1) + 1):
        for start, value in enumerate((before[length:] - before[:-length]).tolist()):
            total = by_hash.get(value)
            if total is not None and not start <= total < start + length:
                yield total, tuple(range(start, start + length))


def _triples(hashes: Hashes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """x + y = t - z for all x < y < z and t."""
    first, second = np.triu_indices(len(hashes), k=1)
    sums = hashes[first] + hashes[second]
    order = np.argsort(sums, kind="stable")
    ascending = sums[order]
    for total in range(len(hashes)):
        rest = hashes[total] - hashes
        low, high = np.searchsorted(ascending, rest, "left"), np.searchsorted(ascending, rest, "right")
        for third in np.flatnonzero(high > low):
            for place in order[low[third] : high[third]]:
                x, y = int(first[place]), int(second[place])
                if x < y < third and total not in (x, y, third):
                    yield total, (x, y, int(third))


def _matches(sums: Hashes, hashes: Hashes, parts: list[NDArray[np.intp]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    order = np.argsort(hashes, kind="stable")
    place = np.searchsorted(hashes[order], sums)
    hit = np.flatnonzero(hashes[order][np.minimum(place, len(hashes) - 1)] == sums)
    for i in hit:
        yield int(order[place[i]]), tuple(int(part[i]) for part in parts)


def _checked(survey: Survey, total: ColumnSchema, parts: list[ColumnSchema]) -> Sum | None:
    """The rule, where every row with all the numbers keeps it to half a unit of the last decimal."""
    decimals = max(column.decimals or 0 for column in (total, *parts))
    tolerance = 0.5 * 10.0**-decimals
    names = [total.name, *(part.name for part in parts)]
    rows = 0
    for chunk in survey.chunks(names):
        values = np.column_stack([as_numbers(chunk[name]) for name in names])
        gap = np.abs(values[:, 0] - values[:, 1:].sum(axis=1))
        present = ~np.isnan(gap)
        if (gap[present] > tolerance).any():
            return None
        rows += int(present.sum())
    return Sum(
        total=total.name, parts=names[1:], decimals=decimals, rows_checked=rows,
        reason=f"{total.name} = {' + '.join(names[1:])} in all {rows:,} rows that have them, exact to {decimals} decimals",
    )  # fmt: skip
