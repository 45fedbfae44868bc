"""Rows of which some cells are set: all others are made as ever, and what is computed from a set cell follows it.

Where a rule of the table is broken, the cells that are not set are drawn again, as ever; rows that no draw mends are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.data.keyed import Rows
from understudy.rules.cells import Cells, World
from understudy.rules.compiling import MOST_ATTEMPTS, CompiledTable
from understudy.rules.dataset import Dataset
from understudy.rules.making.choices import ListMaker

Value = Any
"""A value, None for a missing one, or `Following`: computed from the row's other cells."""


@dataclass(frozen=True)
class Following:
    """A value that other cells of the row decide."""

    make: Callable[[Cells], pl.Series]


@dataclass(frozen=True)
class Placed:
    """frame: the rows, in the order asked for. kept: (n,) whether rules hold; the rows of others are in the frame all the same."""

    frame: pl.DataFrame
    kept: NDArray[np.bool_]


Settings = Sequence[Mapping[Any, Value]]
"""For each row what is set: cells by their columns, entries of lists by what `entry_of` says."""


class SetCells(Cells):
    """Cells of which some are set."""

    def __init__(self, world: World, table: str, rows: Rows, settings: Settings, attempts: NDArray[np.uint64] | None = None) -> None:
        super().__init__(world, table, rows, attempts)
        self._settings = settings

    def column(self, name: str) -> pl.Series:
        if name not in self._columns:
            made = super().column(name)
            places = [i for i, row in enumerate(self._settings) if name in row]
            if places:
                self._columns[name] = self._set(widened(made), name, places)
        return self._columns[name]

    def _set(self, made: pl.Series, name: str, places: list[int]) -> pl.Series:
        values: list[Any] = made.to_list()
        for place in places:
            value = self._settings[place][name]
            values[place] = value.make(self)[place] if isinstance(value, Following) else value
        return pl.Series(name, values, dtype=made.dtype, strict=False)

    def keep(self, what: Any, make: Callable[[], Any]) -> Any:
        """The entry of a list is set with any of the columns that are taken from it."""
        if what not in self._kept and isinstance(what, tuple) and what[0] == "entry":
            found = np.array(make())
            for i, row in enumerate(self._settings):
                if what in row:
                    found[i] = row[what]
            self._kept[what] = found
        return super().keep(what, make)


def widened(series: pl.Series) -> pl.Series:
    """A series whose type takes any value of its sort."""
    if series.dtype == pl.Enum or series.dtype == pl.Categorical:
        return series.cast(pl.String)
    if series.dtype.is_integer():
        return series.cast(pl.Int64)
    return series


def narrowed(series: pl.Series, dtype: Any) -> pl.Series:
    """Back in a column's own type, where all values are of it."""
    if series.dtype == dtype:
        return series
    try:
        return series.cast(dtype)
    except pl.exceptions.PolarsError:
        return series


def place(data: Dataset, table: str, rows: Rows, settings: Settings, *, seed: int | None = None, check: bool = True) -> Placed:
    """Rows `rows` of a table with `settings`; check: rules are held by drawing again what is not set."""
    world = data.world(data.seed if seed is None else seed)
    compiled = world.tables[table]
    attempts = np.zeros(len(rows), np.uint64)
    cells = SetCells(world, table, rows, settings, attempts)
    broken = broken_rows(compiled, cells) if check else np.zeros(len(rows), bool)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        left = np.flatnonzero(broken)
        if not len(left):
            break
        attempts[left] = attempt
        again = SetCells(world, table, rows[left], [settings[int(i)] for i in left], attempts[left])
        broken[left] = broken_rows(compiled, again)
    cells = SetCells(world, table, rows, settings, attempts)
    kinds = world.cells(table, rows[:1]).frame(compiled.visible).schema
    return Placed(pl.DataFrame({name: narrowed(cells.column(name), kinds[name]) for name in compiled.visible}), ~broken)


def broken_rows(compiled: CompiledTable, cells: Cells) -> NDArray[np.bool_]:
    """Which rows break a rule: where it is false, not where it is unknown."""
    broken = np.zeros(cells.height, bool)
    for formula in compiled.rules.values():
        broken |= ~formula.at(cells).fill_null(True).to_numpy()
    return broken


def large_enough(data: Dataset, table: str, rows: int) -> Dataset:
    """The data set, or the same with more rows, so that a table has as many as are wanted: keys then never repeat."""
    there = data.sizes()[table]
    if there >= rows:
        return data
    if there == 0:
        raise ConstraintError(f'"{table}" has no rows to set cells in.', where=f"tables.{table}")
    larger = type(data).__new__(type(data))
    larger.spec = data.spec.scaled(2.0 * rows / there)
    larger._start(data._sources)
    return large_enough(larger, table, rows)


def entry_of(maker: ListMaker) -> tuple[str, Any]:
    """What a list's entry is kept as, for all columns that are taken from the same."""
    leader = maker if maker._leader is None else maker._leader
    return entry_of(leader) if leader is not maker else ("entry", maker.place)
