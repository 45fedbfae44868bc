"""A row as it was before: some columns drawn otherwise, what is computed from them with them, all else as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.data.keyed import GOLDEN, Rows, Words, mixed, words
from understudy.rules.cells import Cells, World
from understudy.rules.checking import reads
from understudy.rules.setting import broken_rows, widened
from understudy.rules.spec import Spec

TRIES = 16
Back = NDArray[np.int64]
"""How many changes before its last state a row is; 0: as it is in the table."""


class EarlierCells(Cells):
    """Cells of rows `back` changes ago. chosen: the columns drawn anew at every change. steps: those that step on, with their values in
    order. affected: both, and what is computed from them."""

    def __init__(
        self, plain: Cells, back: Back, chosen: Sequence[str], steps: dict[str, list[str]], affected: set[str], tried: Back
    ) -> None:
        super().__init__(plain.world, plain.table, plain.rows, plain.attempts)
        self._plain, self._back, self._chosen, self._steps, self._affected = plain, back, set(chosen), steps, affected
        salt = np.where(back > 0, back * TRIES + tried, 0).astype(np.uint64)
        self._salt = salt * np.uint64(0xD1342543DE82EF95)

    def words(self, column: str, *purpose: str | int) -> Words:
        found = self._plain.words(column, *purpose)
        if column not in self._chosen:
            return found
        return np.where(self._salt > 0, mixed(found + self._salt * GOLDEN), found)

    def column(self, name: str) -> pl.Series:
        if name in self._columns:
            return self._columns[name]
        if name in self._steps:
            self._columns[name] = self._earlier(name)
        elif name in self._affected:
            self._columns[name] = self.world.tables[self.table].made(name, self)
        else:
            self._columns[name] = self._plain.column(name)
        return self._columns[name]

    def _earlier(self, name: str) -> pl.Series:
        order = self._steps[name]
        now = widened(self._plain.column(name))
        at = now.replace_strict(order, list(range(len(order))), default=None, return_dtype=pl.Int64)
        before = (at.fill_null(0) - pl.Series(self._back)).clip(0)
        stepped = pl.Series(order).gather(before)
        return pl.DataFrame({"now": now, "at": at, "then": stepped}).select(pl.when(pl.col("at").is_null()).then("now").otherwise("then"))[
            "now"
        ]


def affected_by(spec: Spec, table: str, chosen: Sequence[str]) -> set[str]:
    """Columns of the table that are, or are computed from, these."""
    found = set(chosen)
    grown = True
    while grown:
        more = {
            name for name in spec.tables[table].columns
            if name not in found and any(other == table and needed in found for other, needed in reads(spec, table, name))
        }  # fmt: skip
        grown = bool(more)
        found |= more
    return found


def earlier_rows(
    world: World, table: str, rows: Rows, back: Back, chosen: Sequence[str], steps: dict[str, list[str]], affected: set[str]
) -> pl.DataFrame:
    """The visible columns of rows so many changes ago; every rule holds, or the row is as it is now."""
    compiled = world.tables[table]
    plain = world.cells(table, rows)
    if not affected or not back.any():
        return plain.frame(compiled.visible)
    tried, back = np.zeros(len(rows), np.int64), back.copy()
    for attempt in range(TRIES):
        cells = EarlierCells(plain, back, chosen, steps, affected, tried)
        broken = broken_rows(compiled, cells) & (back > 0)
        if not broken.any():
            break
        tried[broken] = attempt + 1
        if attempt == TRIES - 2:
            back[broken] = 0
    return cells.frame(compiled.visible)


def words_of(world: World, table: str, rows: Rows, *purpose: str | int) -> Words:
    """Random bits of a stream's own for rows."""
    return words(rows, world.key(table, "", "stream", *purpose))
