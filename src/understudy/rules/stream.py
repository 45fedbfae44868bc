"""A data set as a stream of changes: rows that come, change and go, in the order of time.

    stream = ChangeStream(Dataset("shop.yaml"))
    for line in stream.lines(): ...                          # JSON, one change a line
    for line in stream.lines("2025-03-01", "2025-03-02"): ...  # that day alone

Every row of the data set has a life that is a function of (seed, table, row): when it comes, its changes, whether it goes. No row comes
before those that it refers to, none changes before it came or after it went, and only rows that none refers to go. The last change
of a row leaves it as the data set has it, so all changes replayed give the tables, without the rows that went.

A stretch of time is remade by looking through the rows' lives, not their values. The whole stream is put in order on disk, in stretches
that fit into memory, so memory does not grow with it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, ConstraintError, did_you_mean
from understudy.data.keyed import Rows
from understudy.rules import columns as c
from understudy.rules.cells import World
from understudy.rules.dataset import Dataset
from understudy.rules.making.families import ReferenceMaker
from understudy.rules.streaming import StreamPlan, TableStream, stream_plan
from understudy.rules.versions import affected_by, earlier_rows, words_of

Form = Literal["plain", "debezium"]
OPERATIONS = ("insert", "update", "delete")
DEBEZIUM = {"insert": "c", "update": "u", "delete": "d"}
CHUNK_ROWS, MOST_AT_ONCE, BATCH = 65_536, 400_000, 8_192
_EPOCH = datetime(1970, 1, 1)
_EVENT = np.dtype([("time", "<i8"), ("table", "<i4"), ("row", "<i8"), ("version", "<i4"), ("operation", "<i4")])
Events = NDArray[Any]


@dataclass(frozen=True)
class Life:
    """The lives of some rows. came: microseconds since 1970. changes: how many. gone: which go at last."""

    rows: Rows
    came: NDArray[np.int64]
    changes: NDArray[np.int64]
    gone: NDArray[np.bool_]


class ChangeStream:
    """The changes of a data set.

    Args:
        data: tables declared by a spec.
        plan: how rows live (`streaming.py`); the spec's `stream` unless told.
        seed: of rows and lives; the spec's unless told.

    Raises:
        SchemaError: the plan is none.
        ConstraintError: it names a table or column that is not there or cannot change, or rows would go that others refer to.
    """

    def __init__(self, data: Dataset, plan: Any = None, *, seed: int | None = None) -> None:
        self.data, self.seed = data, data.seed if seed is None else seed
        self.plan: StreamPlan = stream_plan(plan if plan is not None else getattr(data.spec, "stream", None) or {})
        tables = self.plan.tables or {name: TableStream(time=_time_of(data, name)) for name in data.tables}
        self._require_tables(tables)
        self.tables = {name: tables[name] for name in data.tables if name in tables}
        self._names = list(self.tables)
        self._keys = {name: _key_of(data, name) for name in self.tables}
        self._affected = {name: affected_by(data.spec, name, life.changed) for name, life in self.tables.items()}
        for name, life in self.tables.items():
            self._require_life(name, life)

    @property
    def world(self) -> World:
        return self.data.world(self.seed)

    # -- what is asked for

    def lines(self, since: str | None = None, until: str | None = None, *, form: Form = "plain") -> Iterator[str]:
        """Changes as JSON, one a line, in order; from `since` on and before `until`, where told."""
        for _, line in self.timed(since, until, form=form):
            yield line

    def timed(self, since: str | None = None, until: str | None = None, *, form: Form = "plain") -> Iterator[tuple[int, str]]:
        """Changes with their moments, in microseconds since 1970."""
        if form not in ("plain", "debezium"):
            raise ArgumentError(f'There is no form "{form}".', where="form", remedy=did_you_mean(form, ["plain", "debezium"]))
        first, last = _moment(since, "since"), _moment(until, "until")
        for events in self._ordered(first, last):
            for start in range(0, len(events), BATCH):
                batch = events[start : start + BATCH]
                yield from zip(batch["time"].tolist(), self._written(batch, form), strict=True)

    def final(self) -> dict[str, pl.DataFrame]:
        """The tables as they are when all is over: the data set's, without the rows that went."""
        found = {}
        for name in self._names:
            rows = self.world.rows(name)
            parts = []
            for start in range(0, max(rows, 1), CHUNK_ROWS):
                there = np.arange(start, min(start + CHUNK_ROWS, rows))
                life = self.lives(name, there)
                parts.append(self.world.cells(name, there[~life.gone]).frame(self.world.tables[name].visible))
            found[name] = pl.concat(parts)
        return found

    # -- lives

    def lives(self, table: str, rows: Rows) -> Life:
        """When rows come, how often they change, and whether they go."""
        plan, world = self.tables[table], self.world
        count = np.zeros(len(rows), np.int64)
        if plan.updates:
            again = plan.updates / (1.0 + plan.updates)
            running = np.ones(len(rows), bool)
            for i in range(40):
                running &= _unit(words_of(world, table, rows, "update", i)) < again
                count += running
        if plan.steps:
            column, order = next(iter(plan.steps.items()))
            states = world.cells(table, rows).column(column).cast(pl.String)
            count = states.replace_strict(order, list(range(len(order))), default=0, return_dtype=pl.Int64).to_numpy()
        gone = _unit(words_of(world, table, rows, "delete")) < plan.deletes
        return Life(rows, self._came(table, rows), count, gone)

    def _came(self, table: str, rows: Rows) -> NDArray[np.int64]:
        """When rows come: at their own time, but not before those that they refer to."""
        plan, world = self.tables[table], self.world
        start, end = _moment(self.plan.start, "start"), _moment(self.plan.end, "end")
        assert start is not None
        assert end is not None
        step = (end - start) / max(1, world.rows(table))
        came = start + np.floor((rows + _unit(words_of(world, table, rows, "come"))) * step).astype(np.int64)
        cells = world.cells(table, rows)
        if plan.time is not None:
            own = cells.column(plan.time).cast(pl.Datetime("us")).to_physical()
            came = np.where(own.is_not_null().to_numpy(), own.fill_null(0).to_numpy(), came)
        for other, theirs, present in self._referred(table, cells):
            if other in self.tables and present.any():
                distinct, at = np.unique(theirs[present], return_inverse=True)
                came[present] = np.maximum(came[present], self._came(other, distinct)[at])
        return np.asarray(came, dtype=np.int64)

    def _referred(self, table: str, cells: Any) -> Iterator[tuple[str, Rows, NDArray[np.bool_]]]:
        """The rows of other tables that rows belong and refer to, and where there is one."""
        compiled = self.world.tables[table]
        if compiled.owner is not None:
            yield compiled.owner, cells.ownership()[0], np.ones(cells.height, bool)
        for name, column in self.data.spec.tables[table].columns.items():
            maker = compiled.makers[name]
            if isinstance(column, c.ReferenceColumn) and isinstance(maker, ReferenceMaker):
                rows, present = maker.rows(cells)
                there = cells.column(name).is_not_null().to_numpy()
                yield maker.table, rows, there if present is None else there & present

    def _events(self, table: str, rows: Rows) -> Events:
        """All changes of some rows, in no order."""
        life = self.lives(table, rows)
        span = self.tables[table].days * 86_400e6
        each = 1 + life.changes + life.gone
        found = np.empty(int(each.sum()), _EVENT)
        found["row"] = np.repeat(rows, each)
        found["table"] = self._names.index(table)
        number = np.arange(len(found)) - np.repeat(np.cumsum(each) - each, each)
        found["version"] = number
        after = _unit(words_of(self.world, table, found["row"] * 64 + number, "after"))
        # The n-th change falls into the n-th part of the span, so changes keep their order.
        share = np.where(number == 0, 0.0, (number - 1 + 0.001 + 0.998 * after) / np.maximum(np.repeat(each - 1, each), 1))
        found["time"] = np.repeat(life.came, each) + np.floor(share * span).astype(np.int64)
        last = number == np.repeat(each, each) - 1
        found["operation"] = np.where(number == 0, 0, np.where(last & np.repeat(life.gone, each), 2, 1))
        return found

    # -- order

    def _scanned(self) -> Iterator[Events]:
        for name in self._names:
            rows = self.world.rows(name)
            for start in range(0, rows, CHUNK_ROWS):
                yield self._events(name, np.arange(start, min(start + CHUNK_ROWS, rows)))

    def _ordered(self, first: int | None, last: int | None) -> Iterator[Events]:
        """The changes between two moments, in order, in stretches that fit into memory."""

        def between(events: Events) -> Events:
            low = events["time"] >= first if first is not None else True
            high = events["time"] < last if last is not None else True
            kept: Events = events[np.broadcast_to(low & high, len(events))]
            return kept

        parts = (between(events) for events in self._scanned())
        held, size = [], 0
        for part in parts:
            held.append(part)
            size += len(part)
            if size > MOST_AT_ONCE:
                yield from self._spilled(held, parts)
                return
        yield _sorted(held)

    def _spilled(self, held: list[Events], parts: Iterator[Events]) -> Iterator[Events]:
        """Changes put into files by stretch of time, then each file in order."""
        edges = self._stretches()
        with tempfile.TemporaryDirectory(prefix="understudy-stream-") as folder:
            files = [Path(folder) / str(i) for i in range(len(edges) + 1)]

            def spill(events: Events) -> None:
                stretch = np.searchsorted(edges, events["time"], side="right")
                order = np.argsort(stretch, kind="stable")
                bounds = np.searchsorted(stretch[order], np.arange(len(files) + 1))
                for i, (start, stop) in enumerate(pairwise(bounds.tolist())):
                    if stop > start:
                        with files[i].open("ab") as file:
                            file.write(events[order[start:stop]].tobytes())

            while held:
                spill(held.pop())
            for part in parts:
                spill(part)
            for file in files:
                if file.exists():
                    yield _sorted([np.fromfile(file, _EVENT)])
                    file.unlink()

    def _stretches(self) -> NDArray[np.int64]:
        """Moments that cut the stream into stretches of alike many changes, from a sample of rows."""
        times, total = [], 0.0
        for name in self._names:
            rows = self.world.rows(name)
            sample = np.unique(np.linspace(0, max(rows - 1, 0), min(rows, 4_000)).astype(np.int64))
            if len(sample):
                found = np.sort(self._events(name, sample)["time"])
                weight = rows / len(sample)
                total += weight * len(found)
                times.append((found, np.full(len(found), weight)))
        every, weights = np.concatenate([t for t, _ in times]), np.concatenate([w for _, w in times])
        order = np.argsort(every)
        count = int(total / (MOST_AT_ONCE / 2)) + 1
        places = np.searchsorted(np.cumsum(weights[order]), np.arange(1, count) * total / count)
        return np.unique(every[order][np.minimum(places, len(every) - 1)])

    # -- values

    def _written(self, events: Events, form: Form) -> list[str]:
        lines = np.empty(len(events), dtype=object)
        for i, name in enumerate(self._names):
            places = np.flatnonzero(events["table"] == i)
            if len(places):
                lines[places] = self._table_lines(name, events[places], form)
        return list(lines)

    def _table_lines(self, table: str, events: Events, form: Form) -> list[str]:
        life = self.lives(table, events["row"])
        deletes = events["operation"] == 2
        version = np.minimum(events["version"], life.changes)
        after = self._json(table, events["row"], life.changes - version)
        before = self._json(table, events["row"], np.maximum(life.changes - version + (~deletes), 0))
        frame = pl.DataFrame(
            {
                "operation": [OPERATIONS[o] for o in events["operation"].tolist()], "table": [table] * len(events),
                "time": pl.Series(events["time"]).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"),
                "key": after["key"], "now": after["values"], "was": before["values"],
            }
        )  # fmt: skip
        frame = frame.with_columns(
            before=pl.when(pl.col("operation") == "insert").then(pl.lit("null")).otherwise("was"),
            after=pl.when(pl.col("operation") == "delete").then(pl.lit("null")).otherwise("now"),
        )
        if form == "plain":
            parts = ['{"time":"', "time", '","op":"', "operation", '","table":"', "table", '","key":', "key"]
        else:
            frame = frame.with_columns(
                pl.col("operation").replace(DEBEZIUM), ts=pl.Series(events["time"]), name=pl.lit(json.dumps(self.data.spec.name))
            )
            parts = ['{"op":"', "operation", '","ts_us":', "ts", ',"source":{"name":', "name", ',"table":"', "table", '"}']
        parts += [',"before":', "before", ',"after":', "after", "}"]
        pieces = [pl.col(part) if part in frame.columns else pl.lit(part) for part in parts]
        return frame.select(pl.concat_str(pieces).alias("line"))["line"].to_list()

    def _json(self, table: str, rows: Rows, back: NDArray[np.int64]) -> pl.DataFrame:
        plan = self.tables[table]
        frame = earlier_rows(self.world, table, rows, back, plan.update, plan.steps, self._affected[table])
        frame = frame.with_columns(
            pl.col(pl.Enum, pl.Categorical).cast(pl.String), pl.col(pl.Datetime).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"),
            pl.col(pl.Date, pl.Time).cast(pl.String),
        )  # fmt: skip
        return frame.select(key=pl.struct(self._keys[table]).struct.json_encode(), values=pl.struct(pl.all()).struct.json_encode())

    # -- what cannot be

    def _require_tables(self, tables: Mapping[str, Any]) -> None:
        for name in tables:
            if name not in self.data.tables:
                raise ConstraintError(f'There is no table "{name}".', where="stream.tables", remedy=did_you_mean(name, self.data.tables))

    def _require_life(self, table: str, plan: TableStream) -> None:
        where, columns = f"stream.tables.{table}", self.data.spec.tables[table].columns
        for name in (*plan.changed, *([plan.time] if plan.time else [])):
            if name not in columns:
                raise ConstraintError(f'There is no column "{name}".', where=where, remedy=did_you_mean(name, list(columns)))
        if plan.time is not None and not isinstance(columns[plan.time], c.DayColumn):
            raise ConstraintError(
                f'"{plan.time}" holds no moments.', where=f"{where}.time", remedy="Name a column of type datetime or date."
            )
        kept = {*self._keys[table], *([plan.time] if plan.time else [])}
        for name in sorted(self._affected[table] & kept):
            raise ConstraintError(f'"{name}" names a row or its time, and would change.', where=where, remedy="Update other columns.")
        for name in plan.changed:
            if isinstance(columns[name], c.KeyColumn | c.ReferenceColumn | c.ParentColumn | c.AggregateColumn | c.StateColumn):
                raise ConstraintError(
                    f'A column of type "{columns[name].type}" does not change.', where=where, remedy="Update other columns."
                )
        if plan.update and not plan.updates and not plan.steps:
            raise ConstraintError(
                "Columns are to change, but not how often.", where=where, remedy="Write updates: 0.5, for one row in two."
            )
        if len(plan.steps) > 1:
            raise ConstraintError("The values of one column are stepped through at a time.", where=f"{where}.steps")
        if plan.deletes:
            referring = [
                other for other, stated in self.data.spec.tables.items()
                if (stated.per is not None and stated.per.table == table)
                or any(isinstance(col, c.ReferenceColumn) and _target(other, col) == table for col in stated.columns.values())
            ]  # fmt: skip
            if referring:
                raise ConstraintError(
                    f'Rows of "{table}" cannot go: "{referring[0]}" refers to them.',
                    where=f"{where}.deletes",
                    remedy=f'Let rows of "{referring[0]}" go.',
                )


def replayed(lines: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows that are there when changes (in the plain form) have been followed: table → key → row.

    Raises:
        ConstraintError: a row comes that is there, or one changes or goes that is not, or is not as the change says.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for line in lines:
        event = json.loads(line)
        rows, key = tables.setdefault(event["table"], {}), json.dumps(event["key"])
        if rows.get(key) != event["before"]:
            raise ConstraintError(f"The row is not as the change says: {line}.", where=f"{event['table']} {key}")
        if event["after"] is None:
            del rows[key]
        else:
            rows[key] = event["after"]
    return tables


def _sorted(parts: list[Events]) -> Events:
    events: Events = np.concatenate(parts) if parts else np.empty(0, _EVENT)
    return events[np.lexsort((events["version"], events["row"], events["table"], events["time"]))]


def _unit(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _moment(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    try:
        return int((datetime.fromisoformat(text).replace(tzinfo=None) - _EPOCH) // (datetime(1970, 1, 1, 0, 0, 0, 1) - _EPOCH))
    except ValueError:
        raise ArgumentError(f'"{text}" is no moment.', where=where, remedy="Write it as 2024-05-31 or 2024-05-31T14:30.") from None


def _target(table: str, column: c.ReferenceColumn) -> str:
    other = column.to.partition(".")[0]
    return table if other == "self" else other


def _time_of(data: Dataset, table: str) -> str | None:
    """The first column of moments that is always there."""
    for name, column in data.spec.tables[table].columns.items():
        if isinstance(column, c.DateTimeColumn) and column.nulls == 0:
            return name
    return None


def _key_of(data: Dataset, table: str) -> list[str]:
    stated = data.spec.tables[table]
    key = stated.key or [name for name, column in stated.columns.items() if isinstance(column, c.KeyColumn)][:1]
    if not key:
        raise ConstraintError(
            f'Rows of "{table}" have no key by which changes could name them.', where=f"tables.{table}", remedy="Give it one: key: [id]."
        )
    return key
