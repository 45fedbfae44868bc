"""`Codec`: a whole table to tokens and back, the same for every learner.

The frames that go in and come out hold **typed** values (numbers, moments, booleans, text, as the ``data`` room reads
them), without the columns that constraints derive from others. Going from and to the source's own form is
`TableSynthesizer`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.core.artifact import State, below
from understudy.core.errors import ArtifactError, ConditionError, DataError, did_you_mean
from understudy.core.random import Stream
from understudy.data.condition import Condition
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.codec.calendar import CalendarColumn
from understudy.tabular.codec.category import CategoryColumn
from understudy.tabular.codec.column import Arrays, ColumnCodec, Limit, Tables, rest
from understudy.tabular.codec.counting import Census
from understudy.tabular.codec.number import NumberColumn
from understudy.tabular.codec.protection import Protection
from understudy.tabular.codec.remade import ConstantColumn, RemadeColumn
from understudy.tabular.codec.text import TextColumn
from understudy.tabular.condition import parse_conditions
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Positions, Tokens

NUMBER_KINDS = frozenset({"integer", "decimal", "latitude", "longitude", "duration"})
CALENDAR_KINDS = frozenset({"datetime", "date", "time"})
LEVEL_KINDS = frozenset({"categorical", "ordinal", "boolean"})
MUCH_PROTECTED = 0.2  # share of a column's values that is worth a warning
MOSTLY_PROTECTED = 0.5  # share at which a text column is made anew as codes instead

_COLUMNS: dict[str, type[ColumnCodec]] = {
    c.tag: c for c in (NumberColumn, CategoryColumn, CalendarColumn, ConstantColumn, RemadeColumn, TextColumn)
}


_FIXED = Stream(0)


class Chunked(Protocol):
    """What a codec is fitted on: a table that gives its rows in frames, the same on every call."""

    def chunks(self) -> Iterator[pl.DataFrame]: ...


@dataclass(frozen=True)
class Restricted:
    """Conditions compiled: per field what is allowed, per field the limits that make numbers exact, and the conditions that
    the fields cannot express exactly and that rows must be tested for."""

    allowed: dict[int, Allowed] = field(default_factory=dict)
    limits: dict[int, Limit] = field(default_factory=dict)
    inexact: list[Condition] = field(default_factory=list)


class Codec:
    """Fields of a table, and the way to them and back. Made by `fit` or `from_state`."""

    def __init__(self, columns: list[ColumnCodec], rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.fields: list[Field] = [f for column in columns for f in column.fields]
        self._by_name = {column.name: column for column in columns}
        self._first: dict[str, int] = {}
        for j, f in enumerate(self.fields):
            self._first.setdefault(f.column, j)

    @classmethod
    def fit(cls, table: Chunked, schema: TableSchema, stream: Stream, protection: Protection = Protection()) -> Self:  # noqa: B008 - frozen
        """One pass over the table's chunks.

        Args:
            table: frames of typed values with exactly the schema's columns.
            stream: decides the sampled rows and the rare threshold.

        Raises:
            DataError: fewer than two rows.
            SchemaError: the schema says something of a column that its values contradict.
        """
        kinds = {column.name: column.kind for column in schema.columns}
        counted = [name for name, kind in kinds.items() if kind in LEVEL_KINDS | {"constant"}]
        kept = [name for name, kind in kinds.items() if kind in ("identifier", "personal")]
        sampled = [name for name in kinds if name not in counted + kept]
        if "text" in kinds.values():
            # What texts may go with, and what tells whose they are, is looked at in the same rows.
            sampled = [name for name, kind in kinds.items() if kind not in ("constant", "personal")]
        census = Census(counted, sampled, kept, stream)
        census.take(table.chunks())
        if census.rows < 2:
            raise DataError(
                f"A table of {census.rows} rows cannot be learned from.",
                remedy="Give at least two rows; some hundreds make a model worth having.",
            )
        rare = protection.rare_threshold(census.rows, stream)
        columns = {c.name: _fit_column(c, census, protection, rare, stream.child(c.name)) for c in schema.columns if c.kind != "text"}
        columns |= {c.name: _fit_text(c, schema, census, columns, stream.child(c.name)) for c in schema.columns if c.kind == "text"}
        return cls([columns[name] for name in kinds], census.rows)

    def encode(self, frame: pl.DataFrame) -> Encoded:
        """Tokens and positions of a frame of typed values."""
        parts = [part for column in self.columns if column.fields for part in column.encode(frame[column.name])]
        return Encoded([tokens for tokens, _ in parts], [positions for _, positions in parts])

    def decode(
        self, drawn: Encoded, rows: NDArray[np.int64], stream: Stream, limits: Mapping[int, Limit] | None = None, *, texts: bool = True
    ) -> pl.DataFrame:
        """Typed values.

        Args:
            drawn: tokens of every field; a position of None is drawn from the bin's shape.
            rows: (n,) the rows' numbers in the whole data set; remade columns depend on them and on ``stream.root``.
            stream: the block's; each column uses its own child.
            limits: from `restrict`: what decoded numbers of a field are moved into.
            texts: False for rows that are only tried: free text is left empty.
        """
        made: dict[str, pl.Series] = {}
        for column in sorted(self.columns, key=lambda column: isinstance(column, TextColumn)):
            at = self._places(column)
            parts = [(drawn.tokens[j], drawn.positions[j]) for j in at]
            mine = {k: limits[j] for k, j in enumerate(at) if j in limits} if limits else {}
            if isinstance(column, TextColumn):
                made[column.name] = column.told(parts, rows, stream, self._codes(column, made) if texts else [], texts)
            else:
                made[column.name] = column.decode(parts, rows, stream, mine)
        return pl.DataFrame({column.name: made[column.name] for column in self.columns})

    def remake(self, frame: pl.DataFrame, rows: NDArray[np.int64], stream: Stream) -> pl.DataFrame:
        """The frame with remade columns as they are at other row numbers; what is missing stays so."""
        fresh = []
        for column in self.columns:
            if isinstance(column, TextColumn):
                there = frame[column.name].is_not_null().to_numpy().astype(np.uint8)
                fresh.append(column.told([(there, None)], rows, stream, self._codes(column, frame), True))
            elif isinstance(column, RemadeColumn):
                fresh.append(column.make(rows, stream).alias(column.name).set(frame[column.name].is_null(), None))
        return frame.with_columns(fresh)

    def _codes(self, column: TextColumn, made: Mapping[str, pl.Series] | pl.DataFrame) -> list[NDArray[np.int64]]:
        """What a text goes with, read in finished values."""
        return [r.codes(self._by_name[r.column].encode(made[r.column])[r.part][0]) for r in column.read]

    # -- fields and their order

    def column(self, name: str) -> ColumnCodec:
        return self._by_name[name]

    def main_field(self, column: str) -> int | None:
        """The field whose coordinate rises with the column's value; None where nothing of the column is learned."""
        return self._first.get(column)

    def decode_field(self, j: int, tokens: Tokens, positions: Positions | None, stream: Stream = _FIXED) -> Floats:
        """Values (n,) of an ordered column by its main field ``j`` as plain numbers, missing as NaN.

        Numbers are themselves; durations microseconds; moments microseconds since 1970 (of the day, for a time), by the date part
        alone where there is one; ordered levels their place. Numbers of two columns of like kind can be compared.
        """
        return self._by_name[self.fields[j].column].scale(tokens, positions, stream)

    def coordinate(self, j: int, values: Floats) -> Floats:
        """Coordinates (n,) of plain numbers (as from `decode_field`, of any column) in main field ``j``; NaN stays NaN.

        A value between two tokens lies above all of the lower and below all of the upper, so that coordinates serve as bounds.
        """
        return self._by_name[self.fields[j].column].coordinate(np.asarray(values, np.float64))

    def step(self, j: int) -> float:
        """The least difference between two values of field ``j``'s column as plain numbers; 0 where there is none."""
        return self._by_name[self.fields[j].column].step

    # -- conditions

    def allowed(self, given: Mapping[str, Any]) -> dict[int, Allowed]:
        """What conditions leave of each conditioned field. Raises ``ConditionError``; see `restrict`."""
        return self.restrict(given).allowed

    def restrict(self, given: Mapping[str, Any]) -> Restricted:
        """Compile conditions.

        Raises ``ConditionError`` for an unknown column (naming the nearest), a value outside of what the column holds (saying
        what it holds), an empty range, and columns that are made anew.
        """
        result = Restricted()
        for name, condition in parse_conditions(given).items():
            if name not in self._by_name:
                raise unknown_column(name, list(self._by_name))
            column = self._by_name[name]
            restriction = rest(column, condition.excluded) if condition.excluded else column.restrict(condition)
            at = self._places(column)
            result.allowed.update({at[k]: allowed for k, allowed in restriction.allowed.items()})
            result.limits.update({at[k]: limit for k, limit in restriction.limits.items()})
            if not restriction.exact:
                result.inexact.append(condition)
        return result

    def _places(self, column: ColumnCodec) -> range:
        first = self._first.get(column.name, 0)
        return range(first, first + len(column.fields))

    # -- the saved form

    def to_state(self) -> State:
        """JSON facts, arrays and tables."""
        manifest: dict[str, Any] = {"rows": self.rows, "columns": []}
        arrays: Arrays = {}
        tables: Tables = {}
        for number, column in enumerate(self.columns):
            facts, own_arrays, own_tables = column.to_state()
            manifest["columns"].append({"tag": column.tag, **facts})
            arrays |= {f"codec.{number}.{name}": array for name, array in own_arrays.items()}
            tables |= {f"codec.{number}.{name}": frame for name, frame in own_tables.items()}
        return State(manifest, arrays, {name: frame.to_arrow() for name, frame in tables.items()})

    @classmethod
    def from_state(cls, state: State) -> Self:
        columns = []
        for number, facts in enumerate(state.manifest["columns"]):
            facts = dict(facts)
            kind = _COLUMNS.get(facts.pop("tag"))
            if kind is None:
                raise ArtifactError(f"The model holds a column of a kind that this release does not know: {facts.get('name')!r}.")
            prefix = f"codec.{number}."
            tables = {name: _frame(table) for name, table in below(state.tables, prefix).items()}
            columns.append(kind.from_state(facts, below(state.arrays, prefix), tables))
        return cls(columns, state.manifest["rows"])


def unknown_column(name: str, known: list[str]) -> ConditionError:
    return ConditionError(f'There is no column "{name}".', where="given", remedy=did_you_mean(name, known))


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _fit_column(column: ColumnSchema, census: Census, protection: Protection, rare: int, stream: Stream) -> ColumnCodec:
    if column.kind == "constant":
        return ConstantColumn.fit(census.counts(column.name), column)
    if column.kind in LEVEL_KINDS:
        return _fit_levels(column, census.counts(column.name), protection, rare, stream)
    if column.kind in ("identifier", "personal"):
        return _fit_remade(column, census.all(column.name), stream)
    sample = census.sample(column.name)
    if sample.null_count() == len(sample):
        return ConstantColumn(column.name, sample.head(1), 0.0)
    if column.kind in NUMBER_KINDS:
        return NumberColumn.fit(sample, column, protection, rare)
    if column.kind in CALENDAR_KINDS:
        return CalendarColumn.fit(sample, column, protection, rare)
    return _fit_remade(column, sample, stream)


def _fit_text(column: ColumnSchema, schema: TableSchema, census: Census, fitted: Mapping[str, ColumnCodec], stream: Stream) -> ColumnCodec:
    sample = census.sampled
    if sample[column.name].null_count() == sample.height:
        return ConstantColumn(column.name, sample[column.name].head(1), 0.0)
    others = [c for c in fitted.values() if c.fields and not isinstance(c, ConstantColumn | RemadeColumn) and c.name in sample.columns]
    repeated = [c.name for c in schema.columns if c.kind == "identifier" and not c.unique and c.name in sample.columns]
    return TextColumn.beside(column, sample, others, repeated, stream)


def _fit_remade(column: ColumnSchema, values: pl.Series, stream: Stream) -> ColumnCodec:
    missing = values.null_count() / len(values)
    if missing == 1:
        return ConstantColumn(column.name, values.head(1), 0.0)
    return RemadeColumn.fit(values, missing, column, stream)


def _fit_levels(column: ColumnSchema, counts: pl.DataFrame, protection: Protection, rare: int, stream: Stream) -> ColumnCodec:
    """Levels; but a column of which nearly every value is somebody's own is remade (text) or learned as a number instead."""
    if counts["value"].null_count() == counts.height:
        return ConstantColumn(column.name, counts["value"].head(1), 0.0)
    fitted = CategoryColumn.fit(counts, column, protection, rare)
    if fitted.protected_share <= MOSTLY_PROTECTED or column.kind != "categorical":
        return fitted
    values = counts.select(pl.col("value").repeat_by("count").explode())["value"]
    if values.dtype.is_numeric():
        return NumberColumn.fit(values, column.model_copy(update={"kind": "decimal"}), protection, rare)
    if values.dtype == pl.String:
        remade = ColumnSchema(name=column.name, kind="code", dtype=column.dtype, nullable=column.nullable)
        return RemadeColumn.fit(values, values.null_count() / len(values), remade, stream)
    return fitted
