"""Generators whose rows are hurt: any table, or tables that belong together, with the labels written beside.

    dirty = DirtyDataset(Dataset("shop.yaml"))        # hurt as the spec's `dirt` says
    dirty.write("shop/")                              # shop/…, and shop.labels.parquet

A block of the dirty table is the rows, hurt, of whole groups of clean rows, so any part is remade alone. The labels of a block come from
`labels(index, seed)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, cast

import polars as pl

from understudy.core import registry
from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, ConstraintError
from understudy.core.generator import Collection, Generator
from understudy.core.random import Stream
from understudy.data.frame_batches import FrameBatches
from understudy.rules.dirt import plan as p
from understudy.rules.dirt.hurting import Dirty, hurt, require_fits
from understudy.rules.dirt.work import GROUP, LABELS, dirty_rows, duplicates_in

WRITTEN = (".parquet", ".csv", ".tsv", ".jsonl", ".arrow")


class DirtyTable(FrameBatches, Generator):
    """The rows of another generator of frames, hurt by a plan.

    Args:
        clean: makes Polars frames.
        plan: entries as models or plain values (`dirt/plan.py`).
        table: its name in the labels.

    Raises:
        SchemaError, ConstraintError: the plan is none, or does not fit the table.
    """

    name = "dirty"

    def __init__(self, clean: Generator, plan: Any, *, table: str = "table") -> None:
        self.clean, self.plan, self.table = clean, p.plan_of(plan), table
        self._clean_rows = max(1, round(clean.block_size / GROUP)) * GROUP
        self.block_size = self._clean_rows // GROUP * (GROUP + duplicates_in(self.plan, GROUP))
        head = clean.block(0)
        if not isinstance(head, pl.DataFrame):
            raise ConstraintError(f"{type(clean).__name__} makes no tables, and dirt is for tables.")
        require_fits(self.plan, dict(head.schema), table)

    @property
    def from_real_data(self) -> bool:
        return self.clean.from_real_data

    def hurt(self, index: int, *, seed: int = 0) -> Dirty:
        """Block `index` with its labels."""
        return self._hurt(index, Stream(seed), self.clean._prepare(None))

    def labels(self, n: int | None = None, *, seed: int = 0) -> Iterator[pl.DataFrame]:
        """The labels of the first `n` rows, block by block; None: of all rows, where they end."""
        stop = self._stop(n, self._prepare(None))
        if stop is None:
            raise ArgumentError("Say how many rows the labels are for.", where="n")
        for index in range(-(-stop // self.block_size)):
            yield self.hurt(index, seed=seed).labels.filter(pl.col("row") < stop)

    def write(self, n: int, path: Any, *, labels: str | Path | None = None, **options: Any) -> Any:
        """As every generator's, and the labels beside: `labels` names their file, else it stands beside what is written."""
        target = label_file(path, labels)
        manifest = super().write(n, path, **options)
        write_labels(self.labels(n, seed=options.get("seed", 0)), target)
        return manifest

    def _prepare(self, given: Any) -> Any:
        return self.clean._prepare(given)

    def _block(self, index: int, size: int, rng: Stream, given: Any) -> pl.DataFrame:
        return self._hurt(index, rng.root, given).frame

    def _hurt(self, index: int, seed: Stream, prepared: Any) -> Dirty:
        first = index * self._clean_rows
        return hurt(self._clean(first, first + self._clean_rows, seed, prepared), self.plan, seed, self.table, first)

    def _clean(self, first: int, last: int, seed: Stream, prepared: Any) -> pl.DataFrame:
        """Clean rows `first` up to `last`, or to where they end."""
        size = self.clean.block_size
        most = self.clean._most(prepared)
        last = last if most is None else max(first, min(last, most[0]))
        blocks = range(first // size, -(-last // size)) if last > first else range(first // size, first // size + 1)
        frame: pl.DataFrame = pl.concat([self.clean._make(block, seed, prepared) for block in blocks], how="vertical_relaxed")
        return pl.DataFrame(frame.slice(first - blocks[0] * size, last - first))

    def _most(self, given: Any) -> tuple[int, str] | None:
        most = self.clean._most(given)
        if most is None:
            return None
        return self.rows(most[0]), f"{most[1]}, and duplicates"

    def rows(self, clean: int) -> int:
        """How many rows a table of `clean` rows has when it is hurt."""
        return dirty_rows(self.plan, clean)

    def _state(self) -> State:
        inner = self.clean._sealed_state()
        stated = [entry.model_dump(mode="json") for entry in self.plan]
        facts = {"clean": self.clean.name, "inner": inner.manifest, "plan": stated, "table": self.table}
        return State(manifest=facts, arrays=inner.arrays, tables=inner.tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(cast(Generator, _inner(state)), state.manifest["plan"], table=state.manifest["table"])


class DirtyDataset(Collection):
    """The tables of another collection, hurt by plans; tables without one stay clean.

    Args:
        clean: tables that belong together.
        plans: by table; those of the collection's spec (`dirt:`) unless told.
    """

    name = "dirty-dataset"

    def __init__(self, clean: Collection, plans: Mapping[str, Any] | None = None) -> None:
        self.clean, self.seed = clean, clean.seed
        if plans is None:
            plans = {name: table.dirt for name, table in cast(Any, clean).spec.tables.items()}
        self.plans = {name: p.plan_of(plan) for name, plan in plans.items() if len(plan)}
        if not self.plans:
            raise ArgumentError("There is no dirt to hurt the tables with.", where="dirt", remedy="Add `dirt` to a table of the spec.")
        unknown = [name for name in self.plans if name not in clean.tables]
        if unknown:
            raise ArgumentError(f'There is no table "{unknown[0]}" to be hurt.', where="plans")
        self._tables = {
            name: DirtyTable(table, self.plans[name], table=name) if name in self.plans else table for name, table in clean.tables.items()
        }

    @property
    def tables(self) -> Mapping[str, Generator]:
        return self._tables

    def sizes(self, *, seed: int | None = None) -> dict[str, int]:
        clean = self.clean.sizes(seed=seed)
        return {name: table.rows(clean[name]) if isinstance(table, DirtyTable) else clean[name] for name, table in self._tables.items()}

    def labels(self, *, seed: int | None = None) -> Iterator[pl.DataFrame]:
        """The labels of all rows, table by table, block by block."""
        sizes = self.sizes(seed=seed)
        for name, table in self._tables.items():
            if isinstance(table, DirtyTable):
                yield from table.labels(sizes[name], seed=self.seed if seed is None else seed)

    def write(self, path: Any, *, labels: str | Path | None = None, **options: Any) -> Any:
        """As every collection's, and the labels of all tables in one file beside: `labels` names it."""
        target = label_file(path, labels)
        manifest = super().write(path, **options)
        write_labels(self.labels(seed=options.get("seed")), target)
        return manifest

    def _state(self) -> State:
        inner = self.clean._sealed_state()
        plans = {name: [entry.model_dump(mode="json") for entry in plan] for name, plan in self.plans.items()}
        return State(manifest={"clean": self.clean.name, "inner": inner.manifest, "plans": plans}, arrays=inner.arrays, tables=inner.tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        return cls(cast(Collection, _inner(state)), state.manifest["plans"])


def _inner(state: State) -> Any:
    found = registry.stored(state.manifest["clean"])
    return found._from_state(State(manifest=state.manifest["inner"], arrays=state.arrays, tables=state.tables))


def label_file(target: Any, labels: str | Path | None) -> Path:
    """Where labels go: `out.labels.parquet` beside `out/` or `out.csv`. Raises `ArgumentError` where there is no such place."""
    if labels is not None:
        if not str(labels).endswith(WRITTEN):
            raise ArgumentError(f"Labels are written as one of {', '.join(WRITTEN)}.", where=str(labels))
        return Path(labels)
    if not isinstance(target, str | Path) or str(target) == "-" or "://" in str(target):
        raise ArgumentError("There is no place for the labels beside this target.", where="labels", remedy="Pass labels=FILE.")
    path = Path(target)
    name = path.name if path.suffix == "" else path.name.split(".")[0]
    return path.with_name(f"{name}.labels.parquet")


def write_labels(frames: Iterator[pl.DataFrame], path: Path) -> None:
    """Write labels block by block."""
    from understudy.data.files import write_table

    first = next(frames, pl.DataFrame(schema=LABELS))

    def every() -> Iterator[pl.DataFrame]:
        yield first
        yield from frames

    write_table(every(), path)
