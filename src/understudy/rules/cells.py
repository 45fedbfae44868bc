"""Cells: the rows of one table that are asked for, and what their columns are, each made once.

Every value is a function of (seed, table, column, row) alone. A column's maker sees `Cells`: row numbers in any order, random bits of its
own for each, the other columns of the same rows, and the rows of other tables that these belong or refer to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.keyed import GOLDEN, Rows, Words, key_of, mixed, words
from understudy.rules.fan_out import FanOutIndex

if TYPE_CHECKING:
    from understudy.rules.compiling import CompiledTable


@dataclass
class World:
    """A data set of one seed: its tables, and what is found out once for all of its rows."""

    tables: dict[str, CompiledTable]
    stream: Stream
    _keys: dict[tuple[str | int, ...], np.uint64] = field(default_factory=dict)
    _kept: dict[Any, Any] = field(default_factory=dict)

    def key(self, *path: str | int) -> np.uint64:
        """The key of a purpose."""
        found = self._keys.get(path)
        if found is None:
            found = self._keys[path] = key_of(self.stream, *path)
        return found

    def fan_out(self, table: str) -> FanOutIndex:
        """Which rows of `table` belong to which row of its owner."""
        found: FanOutIndex = self.once(("fan out", table), lambda: self._fan_out(table))
        return found

    def _fan_out(self, table: str) -> FanOutIndex:
        compiled = self.tables[table]
        assert compiled.owner is not None
        assert compiled.counts is not None
        return FanOutIndex.of(self.rows(compiled.owner), compiled.counts, self.key(table, "", "count"))

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        stated = self.tables[table].rows
        return self.fan_out(table).rows if stated is None else stated

    def once(self, what: Any, make: Callable[[], Any]) -> Any:
        """What is made the first time it is asked for, and kept."""
        if what not in self._kept:
            self._kept[what] = make()
        return self._kept[what]

    def cells(self, table: str, rows: Rows) -> Cells:
        """The rows of a table, drawn again where its rules ask for it."""
        return Cells(self, table, rows, settled=not self.tables[table].rules)


class Cells:
    """Some rows of one table. rows: (n,) int64, in any order.

    attempts: (n,) how often each was drawn again, None: never. settled: False where the table's rules have still to say so; they are
    asked when something is drawn, since keys and the like are what they are.
    """

    def __init__(self, world: World, table: str, rows: Rows, attempts: NDArray[np.uint64] | None = None, *, settled: bool = True) -> None:
        self.world, self.table, self.rows, self._attempts, self._settled = world, table, rows, attempts, settled
        self._columns: dict[str, pl.Series] = {}
        self._kept: dict[Any, Any] = {}

    @property
    def attempts(self) -> NDArray[np.uint64] | None:
        """How often each row was drawn again; None: never."""
        if not self._settled:
            self._attempts, self._settled = self.world.tables[self.table].attempts(self.world, self.rows), True
        return self._attempts

    @property
    def height(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> pl.Series:
        """A column of these rows; `table.column` is one of the rows that they belong or refer to."""
        if name not in self._columns:
            compiled = self.world.tables[self.table]
            if name in compiled.makers:
                self._columns[name] = compiled.made(name, self)
            else:
                other, _, theirs = name.partition(".")
                self._columns[name] = self.related(other).column(theirs)
        return self._columns[name]

    def frame(self, names: list[str]) -> pl.DataFrame:
        """Some columns of these rows."""
        return pl.DataFrame({name: self.column(name) for name in names})

    def words(self, column: str, *purpose: str | int) -> Words:
        """64 random bits a row, for a column and a purpose of its own."""
        return self._again(words(self.rows, self.world.key(self.table, column, *purpose)))

    def _again(self, found: Words) -> Words:
        attempts = self.attempts
        return found if attempts is None else np.where(attempts > 0, mixed(found + attempts * GOLDEN), found)

    def keep(self, what: Any, make: Callable[[], Any]) -> Any:
        """What several columns of the same rows need, made once."""
        if what not in self._kept:
            self._kept[what] = make()
        return self._kept[what]

    # -- rows of other tables

    def ownership(self) -> tuple[Rows, Rows]:
        """Each row's owner, and its place among the owner's rows, from 0."""
        found: tuple[Rows, Rows] = self.keep("ownership", lambda: self.world.fan_out(self.table).owners_of(self.rows))
        return found

    def related(self, table: str, via: str | None = None) -> Related:
        """The rows of another table that these belong or, by the reference column `via`, refer to."""
        found: Related = self.keep(("related", table, via), lambda: self._related(table, via))
        return found

    def _related(self, table: str, via: str | None) -> Related:
        compiled = self.world.tables[self.table]
        if via is None and compiled.owner == table:
            owners = self.ownership()[0]
            first = np.ones(len(owners), bool)
            first[1:] = owners[1:] != owners[:-1]
            return Related(self.world.cells(table, owners[first]), np.cumsum(first) - 1)
        rows, present = compiled.reference_to(table, via).rows(self)
        return Related(self.world.cells(table, rows), None, present)

    def whole(self) -> Whole:
        """All rows of the owners of these rows."""
        found: Whole = self.keep("whole", self._whole)
        return found

    def _whole(self) -> Whole:
        owners, places = self.ownership()
        distinct, at = np.unique(owners, return_inverse=True)
        firsts, counts = self.world.fan_out(self.table).rows_of(distinct)
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        rows = np.repeat(firsts - starts[:-1], counts) + np.arange(starts[-1])
        return Whole(self.world.cells(self.table, rows), starts, starts[at] + places)

    def children(self, table: str) -> Children:
        """The rows of `table` that belong to these rows."""
        found: Children = self.keep(("children", table), lambda: self._children(table))
        return found

    def _children(self, table: str) -> Children:
        firsts, counts = self.world.fan_out(table).rows_of(self.rows)
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        rows = np.repeat(firsts - starts[:-1], counts) + np.arange(starts[-1])
        return Children(self.world.cells(table, rows), starts)


@dataclass(frozen=True)
class Related:
    """Rows of another table. gather: which of `cells` each asking row has (None: one each).
    present: where there is one (None: everywhere)."""

    cells: Cells
    gather: Rows | None
    present: NDArray[np.bool_] | None = None

    def column(self, name: str) -> pl.Series:
        found = self.cells.column(name)
        found = found if self.gather is None else found.gather(self.gather)
        return found if self.present is None else null_where(found, ~self.present)


@dataclass(frozen=True)
class Whole:
    """All rows of some owners, owner by owner. starts: (owners + 1,); at: where each asking row stands in `cells`."""

    cells: Cells
    starts: Rows
    at: Rows


@dataclass(frozen=True)
class Children:
    """The rows that belong to some rows, in their order. starts: (rows + 1,)."""

    cells: Cells
    starts: Rows


def null_where(series: pl.Series, missing: NDArray[np.bool_]) -> pl.Series:
    """The series without its values where `missing`."""
    if not missing.any():
        return series
    frame = pl.DataFrame({"value": series, "missing": missing})
    return frame.select(pl.when(~pl.col("missing")).then(pl.col("value")).alias("value"))["value"]
