"""`Dataset`: the tables that a spec declares, each a generator whose rows, columns and cells are made alone or together, the same.

data = us.rules.Dataset("shop.yaml")
data.tables["orders"].sample(10)                  # the first ten orders
data.cell("orders", "total", 41_999_999)          # one cell
data.write("shop/", workers=2)                    # everything
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.generator import Collection, Generator
from understudy.core.random import Stream
from understudy.data.frame_batches import FrameBatches
from understudy.rules.cells import World
from understudy.rules.compiling import CompiledTable, Compiler, order_of_tables
from understudy.rules.sources import Sources
from understudy.rules.spec import Spec, located, parse_spec, read_spec

BLOCK_ROWS = 131_072
VERSION = 1
"""Raised when a spec gives other values than it did: the golden hashes of the tests hold it to be true."""


class Dataset(Collection):
    """Tables that a spec declares.

    Args:
        spec: a `Spec`, plain values, or the path of a YAML file.
        folder: what file names in it are relative to: the file's own folder, or the present one.
        scale: so many times the rows that it says. rows: other numbers of rows, by table.

    Raises:
        SchemaError, ConstraintError: what the spec says is not known, or cannot be; before any row is made.
    """

    name = "rules"

    def __init__(
        self,
        spec: Spec | Mapping[str, Any] | str | Path,
        *,
        folder: str | Path | None = None,
        scale: float = 1.0,
        rows: Mapping[str, int] | None = None,
    ) -> None:
        path = Path(spec) if isinstance(spec, str | Path) else None
        if isinstance(spec, str | Path):
            stated = read_spec(spec)
        else:
            stated = spec if isinstance(spec, Spec) else Spec.from_dict(spec)
        if not 0 < scale < float("inf"):
            raise ArgumentError(f"`scale` is a number above 0, not {scale!r}.", where="scale")
        self.spec = (stated if scale == 1.0 else stated.scaled(scale)).with_rows(rows or {})
        with located(path):
            self._start(Sources(self.spec, Path(folder) if folder is not None else path.parent if path is not None else Path()))

    def _start(self, sources: Sources) -> None:
        self.seed = self.spec.seed
        self._sources = sources
        self._compiled = Compiler(self.spec, sources).compiled()
        self._worlds: dict[bytes, World] = {}
        self._try()

    @classmethod
    def over(cls, spec: Spec, folder: Path, sources: Mapping[str, pl.DataFrame]) -> Self:
        """The tables of a spec with sources that were read before, by the names that `sources` of another data set gives them."""
        data = cls.__new__(cls)
        data.spec = spec
        data._start(Sources(spec, folder, dict(sources)))
        return data

    @property
    def sources(self) -> dict[str, pl.DataFrame]:
        """The files and models that the spec names, as they were read."""
        return {name: pl.DataFrame(pl.from_arrow(table)) for name, table in self._sources.tables.items()}

    def _try(self) -> None:
        """A few rows of every table, so that what cannot be is said before work begins."""
        world = self.world(self.seed)
        for name, table in self._compiled.items():
            rows = world.rows(name)
            if rows:
                tried = world.cells(name, np.unique(np.linspace(0, rows - 1, 64).astype(np.int64)))
                tried.frame(list(table.makers))
                table.require_stated(tried)

    @property
    def from_real_data(self) -> bool:
        return bool(self.spec.models or self.spec.frames)

    @cached_property
    def tables(self) -> Mapping[str, Generator]:
        return {name: RuleTable(self, name) for name in order_of_tables(self.spec)}

    def sizes(self, *, seed: int | None = None) -> dict[str, int]:
        world = self.world(self.seed if seed is None else seed)
        return {name: world.rows(name) for name in self.tables}

    def world(self, seed: int | Stream) -> World:
        """The data set of one seed; 0 is the spec's own, as where none is asked for."""
        stream = seed.root if isinstance(seed, Stream) else Stream(seed)
        stream = Stream(self.seed) if stream == Stream(0) else stream
        if stream.key not in self._worlds:
            self._worlds = {stream.key: World(self._compiled, stream.child("rules", VERSION))}
        return self._worlds[stream.key]

    def rows(self, table: str, rows: Sequence[int], *, seed: int | None = None, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Some rows by their numbers (from 0), in any order; all visible columns unless told."""
        compiled = self._table(table)
        wanted = np.asarray(rows, dtype=np.int64)
        world = self.world(self.seed if seed is None else seed)
        if len(wanted) and not (wanted.min() >= 0 and wanted.max() < world.rows(table)):
            raise ArgumentError(f'"{table}" has rows 0 to {world.rows(table) - 1:,}.', where="rows")
        for column in columns or ():
            if column not in compiled.makers:
                raise ArgumentError(f'There is no column "{column}".', where=table, remedy=did_you_mean(column, list(compiled.makers)))
        return world.cells(table, wanted).frame(list(columns or compiled.visible))

    def cell(self, table: str, column: str, row: int, *, seed: int | None = None) -> Any:
        """One cell, made alone."""
        return self.rows(table, [row], seed=seed, columns=[column])[column][0]

    def create_statements(self, dialect: str) -> list[str]:
        from understudy.rules.ddl import create_statements

        return list(create_statements(self.spec, dialect))

    def _table(self, name: str) -> CompiledTable:
        if name not in self._compiled:
            raise ArgumentError(f'There is no table "{name}".', remedy=did_you_mean(name, list(self._compiled)))
        return self._compiled[name]

    def _state(self) -> State:
        return _state(self)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        data = cls.__new__(cls)
        data.spec = parse_spec(state.manifest["spec"])
        kept = {name: pl.DataFrame(pl.from_arrow(state.tables[f"source{i}"])) for i, name in enumerate(state.manifest["sources"])}
        data._start(Sources(data.spec, Path(), kept))
        return data


def _state(data: Dataset) -> State:
    sources = data._sources.tables
    tables = {f"source{i}": table for i, table in enumerate(sources.values())}
    return State(manifest={"spec": data.spec.to_yaml(), "sources": list(sources)}, arrays={}, tables=tables)


class RuleTable(FrameBatches, Generator):
    """One table of a data set. Sampling it gives its first rows."""

    name = "rule-table"

    def __init__(self, data: Dataset, table: str) -> None:
        self.data, self.table = data, table
        # Rows do not depend on blocks: small tables have small ones, so that few rows are made for few.
        rows = data.world(data.seed).rows(table)
        self.block_size = min(BLOCK_ROWS, max(1024, 1 << max(0, rows // 8 - 1).bit_length()))

    @property
    def from_real_data(self) -> bool:
        return self.data.from_real_data

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> pl.DataFrame:
        world = self.data.world(rng)
        last = min((index + 1) * size, max(world.rows(self.table), index * size))
        return self._rows(world, np.arange(index * size, last))

    def _rows(self, world: World, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.DataFrame:
        return world.cells(self.table, rows).frame(self.data._compiled[self.table].visible)

    def _most(self, given: Any) -> tuple[int, str] | None:
        """Rows of a table that belongs to another follow from the seed: they end where they end."""
        rows = self.data.spec.tables[self.table].rows
        return None if rows is None else (rows, f"its spec says rows: {rows}")

    def _state(self) -> State:
        state = _state(self.data)
        state.manifest["table"] = self.table
        return state

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(Dataset._from_state(state), state.manifest["table"])
