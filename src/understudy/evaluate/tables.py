"""Three tables on equal terms: the real one, rows of it that the model never saw, and the synthetic one.

`compare` reads them, refuses what cannot be compared before any work starts, and turns every learned column into one array per table:
numbers (float64, missing NaN; instants in seconds) or category codes (int64, missing -1) over the union of levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError, UnderstudyError, nearest
from understudy.data.table import Table, as_table
from understudy.data.typed import typed
from understudy.evaluate.resample import SIDES, Side

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.data.schema import ColumnSchema, TableSchema

Role = Literal["numeric", "categorical"]
Axis = Literal["number", "instant", "date", "time", "duration", "category"]

_AXES: dict[str, Axis] = {"datetime": "instant", "date": "date", "time": "time", "duration": "duration"}
_NUMERIC = frozenset({"integer", "decimal", "latitude", "longitude", *_AXES})
_CELLS_READ = 25_000_000
_LEAST_ROWS = 2_000
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class Column:
    """A learned column of all three tables."""

    schema: ColumnSchema
    role: Role
    axis: Axis
    values: dict[Side, NDArray[Any]]  # float64 with NaN, or int64 codes with -1
    levels: tuple[str, ...] = ()  # categorical: names by code; the real ones first, commonest first
    known: int = 0  # categorical: how many levels the real table has

    @property
    def name(self) -> str:
        return self.schema.name

    @property
    def numeric(self) -> bool:
        return self.role == "numeric"

    def missing(self, side: Side) -> NDArray[np.bool_]:
        values = self.values[side]
        return np.asarray(np.isnan(values) if self.numeric else values < 0)

    def present(self, side: Side) -> NDArray[Any]:
        return np.asarray(self.values[side][~self.missing(side)])


@dataclass
class Comparison:
    """What all figures are computed from. `withheld`: the holdout was given, so the model never saw it."""

    schema: TableSchema
    columns: list[Column]
    frames: dict[Side, pl.DataFrame]  # as read, columns in the schema's order
    origins: dict[Side, str]
    rows_given: dict[Side, int]
    withheld: bool
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> dict[Side, int]:
        return {side: self.frames[side].height for side in SIDES}

    @property
    def numeric(self) -> list[Column]:
        return [column for column in self.columns if column.numeric]

    @property
    def categorical(self) -> list[Column]:
        return [column for column in self.columns if not column.numeric]

    @property
    def remade(self) -> list[ColumnSchema]:
        return [column for column in self.schema.columns if column.remade]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def select(self, side: Side, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return {column.name: column.values[side][rows] for column in self.columns}


def compare(
    real: object,
    synthetic: object,
    holdout: object | None,
    *,
    schema: TableSchema | None,
    target: str | None,
    stream: Stream,
) -> Comparison:
    """Read the tables and bring them to one form.

    Raises:
        DataError: a table is empty, a column is missing or unknown (with the nearest name), a type does not fit, no such target.
    """
    truth = as_table(real, schema)
    made = _opened(synthetic, "synthetic")
    kept = None if holdout is None else _opened(holdout, "holdout")
    _refuse_unlike(truth, made, "synthetic")
    if kept is not None:
        _refuse_unlike(truth, kept, "holdout")
    _refuse_target(truth, target)
    names, notes = truth.schema.names, []
    frames: dict[Side, pl.DataFrame] = {
        "real": _read(truth, names, stream.child("real")),
        "synthetic": _read(made, names, stream.child("synthetic")),
    }
    origins: dict[Side, str] = {"real": truth.origin, "synthetic": made.origin}
    given: dict[Side, int] = {"real": truth.rows, "synthetic": made.rows}
    if kept is not None:
        frames["holdout"] = _read(kept, names, stream.child("holdout"))
        origins["holdout"], given["holdout"] = kept.origin, kept.rows
    else:
        frames["real"], frames["holdout"] = _halves(frames["real"], stream)
        origins["holdout"], given["holdout"] = truth.origin, truth.rows
        notes.append(
            "No holdout was given. The real rows were split at random: one half stands for the real table and the other is its yardstick. "
            "The model may have seen both, so nothing can be said about memorising. Fit on part of the rows and pass the rest as holdout."
        )
    notes += [
        f"{_the(side)} has {given[side]:,} rows; {frames[side].height:,} drawn at random were used."
        for side in SIDES
        if kept is not None and frames[side].height < given[side]
    ]
    for side in ("holdout", "synthetic"):
        frames[side] = _same_types(frames["real"], frames[side], side, origins[side], notes)
    columns = [_column(entry, frames, origins) for entry in truth.schema.columns if not entry.remade and entry.kind != "constant"]
    if not columns:
        raise DataError(
            "No column of the table is learned, so there is nothing to compare.",
            where=truth.origin,
            remedy="Give a schema in which some columns are numbers, dates or categories.",
        )
    return Comparison(truth.schema, columns, frames, origins, given, kept is not None, notes)


def _opened(data: object, side: Side) -> Table:
    """`as_table`, whose error then says which of the tables is meant."""
    try:
        return as_table(data)
    except DataError as error:
        raise DataError(f"{_the(side)} cannot be used: {error.what}", where=error.where, remedy=error.remedy) from None


def _the(side: Side) -> str:
    return {"real": "The real table", "holdout": "The holdout", "synthetic": "The synthetic table"}[side]


def _refuse_unlike(truth: Table, other: Table, side: Side) -> None:
    """DataError unless `other` has the columns of the real table, in any order."""
    wanted, found = truth.columns, other.columns
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if not missing and not extra:
        return
    parts = []
    if missing:
        parts.append("lacks " + ", ".join(f'"{name}"{_like(name, extra)}' for name in missing[:5]) + _more(missing))
    if extra:
        parts.append(
            "has "
            + ", ".join(f'"{name}"{_like(name, missing)}' for name in extra[:5])
            + _more(extra)
            + ", which the real table does not have"
        )
    raise DataError(
        f"{_the(side)} {' and '.join(parts)}.", where=other.origin, remedy="Rename or drop the columns so that both tables have the same."
    )


def _like(name: str, choices: Sequence[str]) -> str:
    near = nearest(name, choices, 1)
    return f' (is it "{near[0]}"?)' if near else ""


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 5} more" if len(names) > 5 else ""


def _refuse_target(truth: Table, target: str | None) -> None:
    if target is None:
        return
    if target not in truth.columns:
        near = nearest(target, truth.columns)
        raise DataError(
            f'There is no target column "{target}".',
            where=truth.origin,
            remedy=f"Did you mean {' or '.join(repr(name) for name in near)}?"
            if near
            else f"The columns are: {', '.join(truth.columns[:12])}.",
        )
    column = truth.schema.column(target)
    if column.remade or column.kind == "constant":
        raise DataError(
            f'The target "{target}" is of kind {column.kind}, which cannot be predicted.',
            where=truth.origin,
            remedy="Choose a column of numbers or categories, or change its kind in the schema.",
        )


def _read(table: Table, names: list[str], stream: Stream) -> pl.DataFrame:
    """All rows, or a random sample of them in their order where there are more than the figures need."""
    limit = min(_MOST_ROWS, max(_LEAST_ROWS, _CELLS_READ // max(1, len(names))))
    if table.rows <= limit:
        return table.frame.select(names)
    rows = np.sort(stream.generator().choice(table.rows, limit, replace=False))
    parts, first = [], 0
    for chunk in table.chunks():
        here = rows[(rows >= first) & (rows < first + chunk.height)] - first
        parts.append(chunk.select(names)[here])
        first += chunk.height
    return pl.concat(parts)


def _halves(frame: pl.DataFrame, stream: Stream) -> tuple[pl.DataFrame, pl.DataFrame]:
    order = stream.child("halves").generator().permutation(frame.height)
    middle = (frame.height + 1) // 2
    return frame[np.sort(order[:middle])], frame[np.sort(order[middle:])]


def _same_types(real: pl.DataFrame, other: pl.DataFrame, side: Side, origin: str, notes: list[str]) -> pl.DataFrame:
    """The columns of `other` in the types of `real`. DataError where a value cannot be turned into its column's type."""
    turned, named = [], []
    for name in real.columns:
        wanted, series = real.schema[name], other[name]
        if series.dtype != wanted and not (series.dtype.is_integer() and wanted.is_integer()):
            if series.dtype not in (pl.Null, pl.Categorical) and wanted not in (pl.Null, pl.Categorical):
                named.append(f'"{name}" ({series.dtype} as {wanted})')
            series = _turned(series, wanted, _the(side), origin)
        turned.append(series)
    if named:
        more = f" and {len(named) - 8} more" if len(named) > 8 else ""
        notes.append(f"{_the(side)} holds some columns in other types; they were read as the real table's: {', '.join(named[:8])}{more}.")
    return pl.DataFrame(turned)


def _turned(series: pl.Series, wanted: pl.DataType, table: str, origin: str) -> pl.Series:
    if wanted == pl.Null or series.dtype == wanted:
        return series
    try:
        result = series.cast(pl.String).cast(wanted, strict=False) if isinstance(wanted, pl.Enum) else series.cast(wanted, strict=False)
        if wanted.is_integer() and series.dtype == pl.String:
            result = series.cast(pl.Float64, strict=False).cast(wanted, strict=False)
    except pl.exceptions.PolarsError:
        result = pl.Series(series.name, [None] * len(series), dtype=wanted)
    lost = result.is_null() & series.is_not_null()
    if lost.any():
        row = int(lost.arg_max() or 0)
        raise DataError(
            f'{table} holds column "{series.name}" as {series.dtype}, but the real table as {wanted}, and {series[row]!r} is none'
            f" ({int(lost.sum())} of {len(series)} rows).",
            where=f"{origin}, row {row + 1}",
            remedy="Give both tables the same types.",
        )
    return result


def _column(entry: ColumnSchema, frames: dict[Side, pl.DataFrame], origins: dict[Side, str]) -> Column:
    read: dict[Side, pl.Series] = {}
    for side in SIDES:
        try:
            read[side] = typed(frames[side][entry.name], entry)
        except UnderstudyError as error:
            place = f"{origins[side]}, {error.where}" if error.where else origins[side]
            raise DataError(error.what, where=place, remedy=error.remedy) from None
    if entry.kind in _NUMERIC:
        return Column(entry, "numeric", _AXES.get(entry.kind, "number"), {side: _seconds_or_number(read[side]) for side in SIDES})
    return _categorical(entry, {side: series.cast(pl.String) for side, series in read.items()})


def _seconds_or_number(series: pl.Series) -> NDArray[np.float64]:
    if series.dtype == pl.Date:
        series = series.cast(pl.Int32).cast(pl.Float64) * 86_400
    elif series.dtype == pl.Time:
        series = series.cast(pl.Int64).cast(pl.Float64) / 1e9
    elif isinstance(series.dtype, pl.Datetime | pl.Duration):
        per_second = {"ms": 1e3, "us": 1e6, "ns": 1e9}[series.dtype.time_unit]
        series = series.cast(pl.Int64).cast(pl.Float64) / per_second
    return np.array(series.cast(pl.Float64).fill_null(float("nan")).to_numpy(), np.float64)


def _categorical(entry: ColumnSchema, texts: dict[Side, pl.Series]) -> Column:
    counted = texts["real"].drop_nulls().value_counts(sort=True)
    known = sorted(counted.iter_rows(), key=lambda pair: (-pair[1], pair[0]))
    levels = [str(level) for level, _ in known]
    if entry.kind == "ordinal" and entry.order:
        place = {str(level): number for number, level in enumerate(entry.order)}
        levels.sort(key=lambda level: place.get(level, len(place)))
    seen = set(levels)
    new = [level for side in ("holdout", "synthetic") for level in texts[side].drop_nulls().unique().sort().to_list()]
    everything = levels + [level for level in dict.fromkeys(new) if level not in seen]
    codes: dict[Side, NDArray[Any]] = {}
    for side, series in texts.items():
        physical = series.cast(pl.Enum(everything)).to_physical() if everything else pl.Series([None] * len(series), dtype=pl.Int64)
        codes[side] = np.array(physical.cast(pl.Int64).fill_null(-1).to_numpy(), np.int64)
    return Column(entry, "categorical", "category", codes, tuple(everything), len(levels))
