"""What a table's columns are: each kind is decided from all the values, with a reason that names the evidence.

Tables of more than `SAMPLE_ROWS` rows are decided on a random sample and the decision is then checked on every row, chunk by chunk; a
column in which the check finds values that do not fit is decided again with those values in hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from understudy.core.errors import DataError
from understudy.core.random import Stream
from understudy.data.constraints import discover
from understudy.data.dtypes import dtype_name
from understudy.data.inference.calendar import decide_calendar_text, decide_duration_text, decide_typed_calendar
from understudy.data.inference.evidence import Evidence, examples
from understudy.data.inference.identity import decide_personal, decide_text_identifier
from understudy.data.inference.names import id_name
from understudy.data.inference.numbers import coordinate, decide_number, decide_number_text, decimals_of
from understudy.data.inference.words import decide_boolean_text, decide_ordinal, decide_words
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.typed import NUMBERS, misfits, typed

if TYPE_CHECKING:
    from understudy.data.table import Table

SAMPLE_ROWS = 200_000
_MISFITS_SHOWN = 1000


def infer_schema(table: Table, *, constraints: bool = True) -> TableSchema:
    """The schema of a table: a kind and a reason for each column, the key, and the constraints found (unless switched off).

    Raises `DataError` for a column that cannot be synthesized: infinite numbers (with the row), lists and structures in cells.
    """
    survey = _survey(table)
    columns = [_decided(survey, name) for name in survey.names]
    if not survey.complete:
        columns = _checked(table, survey, columns)
    schema = TableSchema(columns=columns, key=_key(columns))
    if not constraints or table.rows == 0:
        return schema
    return schema.model_copy(update={"constraints": discover(table, schema)})


def infer_column(values: pl.Series, name: str | None = None) -> ColumnSchema:
    """The schema of one column by itself. `name` overrides the series' own."""
    frame = values.alias(name if name is not None else values.name).to_frame()
    survey = _Survey(frame.columns, frame, frame.height, {frame.columns[0]: _facts_of(frame.to_series())}, lambda _: False)
    return _decided(survey, frame.columns[0])


@dataclass
class _Survey:
    """One pass over a table: a sample of its rows, and what must be known of all of them."""

    names: list[str]
    sample: pl.DataFrame
    rows: int
    facts: dict[str, tuple[int, Any, Any]]
    all_differ: Any

    @property
    def complete(self) -> bool:
        return self.sample.height == self.rows


def _survey(table: Table) -> _Survey:
    rows = table.rows
    keep = np.ones(rows, dtype=bool)
    if rows > SAMPLE_ROWS:
        generator = Stream(0).child("infer").generator()
        keep = np.zeros(rows, dtype=bool)
        keep[generator.choice(rows, SAMPLE_ROWS, replace=False)] = True
    kept: list[pl.DataFrame] = []
    facts: dict[str, list[tuple[int, Any, Any]]] = {name: [] for name in table.columns}
    first = 0
    for chunk in table.chunks():
        for name in chunk.columns:
            facts[name].append(_facts_of(chunk[name], first))
        kept.append(chunk.filter(keep[first : first + chunk.height]))
        first += chunk.height
    sample = pl.concat(kept) if kept else table.frame
    total = {name: _together(parts) for name, parts in facts.items()}
    return _Survey(list(table.columns), sample, rows, total, lambda name: _all_differ(table, name))


def _facts_of(series: pl.Series, first_row: int = 0) -> tuple[int, Any, Any]:
    """Missing values, lowest and highest of a part of a column."""
    _refuse_what_no_one_can_learn(series, first_row)
    nulls = series.null_count()
    if not series.dtype.is_numeric():
        return nulls, None, None
    if series.dtype.is_float():
        nulls += int(series.is_nan().sum() or 0)
        series = series.fill_nan(None)
    return nulls, series.min(), series.max()


def _refuse_what_no_one_can_learn(series: pl.Series, first_row: int) -> None:
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise DataError(
            f'Column "{series.name}" holds {series.dtype} in its cells, which is not a table of single values.',
            where=f'column "{series.name}"',
            remedy="Turn the cells into text, give each part a column of its own, or leave the column out.",
        )
    if series.dtype.is_float() and (infinite := series.is_infinite().fill_null(False)).any():
        raise DataError(
            f'Column "{series.name}" holds infinite values ({int(infinite.sum())} here).',
            where=f"row {first_row + int(infinite.arg_max() or 0) + 1}",
            remedy="Replace infinities by a number or by a missing value.",
        )


def _together(parts: list[tuple[int, Any, Any]]) -> tuple[int, Any, Any]:
    lows = [low for _, low, _ in parts if low is not None]
    highs = [high for _, _, high in parts if high is not None]
    return sum(nulls for nulls, _, _ in parts), min(lows, default=None), max(highs, default=None)


def _all_differ(table: Table, name: str) -> bool:
    hashes = [chunk[name].drop_nulls().hash(seed=0).to_numpy() for chunk in table.select([name]).chunks()]
    every = np.concatenate(hashes)
    every.sort()
    return not bool((every[1:] == every[:-1]).any())


def _decided(survey: _Survey, name: str, also: pl.Series | None = None) -> ColumnSchema:
    series = survey.sample[name]
    series = series.fill_nan(None) if series.dtype.is_float() else series
    values = series.drop_nulls()
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if also is not None:
        values = pl.concat([values, also.cast(values.dtype)])
    nulls, low, high = survey.facts[name]
    siblings = tuple(other for other in survey.names if other != name)
    evidence = Evidence(name, values, survey.rows, nulls, low, high, survey.complete, lambda: bool(survey.all_differ(name)), siblings)
    facts = _decide(evidence, series.dtype)
    common = {"name": name, "dtype": dtype_name(series.dtype), "nullable": nulls > 0 or bool(facts.get("missing_text"))}
    return ColumnSchema.model_validate(common | facts)


def _decide(e: Evidence, dtype: pl.DataType) -> dict[str, Any]:
    if len(e.values) == 0:
        kind = f"all {e.rows:,} values are missing" if e.rows else "there are no rows"
        return {"kind": "constant", "reason": kind}
    if e.distinct == 1 and e.nulls == 0:
        return {"kind": "constant", "value": _plain(e.levels[0]), "reason": f"the only value is {examples(e.levels)} ({e.of()} rows)"}
    if e.dtype == pl.Boolean:
        return {"kind": "boolean", "reason": f"its type is true or false ({e.of()} values)"}
    if e.dtype.is_temporal():
        return decide_typed_calendar(e)
    if e.dtype.is_numeric():
        return decide_number(e)
    facts = _decide_text(e)
    if isinstance(dtype, pl.Enum):
        facts["categories"] = dtype.categories.to_list()
    return facts


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)


_TEXT_DECISIONS = (
    decide_boolean_text, decide_duration_text, decide_calendar_text, decide_personal, decide_number_text,
    decide_text_identifier, decide_ordinal,
)  # fmt: skip


def _decide_text(e: Evidence) -> dict[str, Any]:
    """The first kind whose evidence suffices; categories, code or free text where none does."""
    for decide in _TEXT_DECISIONS:
        facts = decide(e)
        if facts is not None:
            return _as_coordinate(e, facts)
    return decide_words(e)


def _as_coordinate(e: Evidence, facts: dict[str, Any]) -> dict[str, Any]:
    """Decimals kept as text may be a latitude or longitude as well."""
    if facts["kind"] != "decimal":
        return facts
    numbers = typed(e.values, ColumnSchema.model_validate({"name": e.name, **facts})).drop_nulls()
    place = coordinate(Evidence(e.name, numbers, e.rows, e.nulls, numbers.min(), numbers.max(), siblings=e.siblings))  # type: ignore[arg-type]
    return {**facts, "kind": place, "reason": f"{facts['reason']}; the name says {place}"} if place else facts


def _key(columns: Iterable[ColumnSchema]) -> str | None:
    """The identifier that names every row: unique, never missing; one named so comes first."""
    keys = [column for column in columns if column.kind == "identifier" and column.unique and not column.nullable]
    named = [column.name for column in keys if id_name(Evidence(column.name, pl.Series([0]), 1, 0))]
    return named[0] if named else keys[0].name if keys else None


def _checked(table: Table, survey: _Survey, columns: list[ColumnSchema]) -> list[ColumnSchema]:
    """The columns, decided again where values outside the sample do not fit what the sample said."""
    for _ in range(2):
        odd = _all_odd(table, columns)
        if not odd:
            break
        columns = [_decided(survey, c.name, odd[c.name]) if c.name in odd else c for c in columns]
    return columns


def _all_odd(table: Table, columns: list[ColumnSchema]) -> dict[str, pl.Series]:
    found: dict[str, list[pl.Series]] = {}
    for chunk in table.chunks():
        for column in columns:
            odd = _odd_values(chunk[column.name], column)
            if len(odd):
                found.setdefault(column.name, []).append(odd.head(_MISFITS_SHOWN))
    return {name: pl.concat(parts).head(_MISFITS_SHOWN) for name, parts in found.items()}


def _odd_values(series: pl.Series, column: ColumnSchema) -> pl.Series:
    """The values of a chunk that contradict the column's schema."""
    present = (series.fill_nan(None) if series.dtype.is_float() else series).drop_nulls()
    if column.kind == "constant":
        return present if column.value is None else present.filter(present.cast(pl.String) != str(column.value))
    if column.kind == "ordinal":
        return present.filter(~present.cast(pl.String).is_in([str(value) for value in column.order or []]))
    odd = present.filter(misfits(present, column))
    if column.kind in NUMBERS and column.decimals is not None and present.dtype.is_float():
        finer = decimals_of(present)
        if finer is None or finer > column.decimals:
            rounded = present.cast(pl.Float64).round(column.decimals)
            odd = present.filter((present.cast(pl.Float64) - rounded).abs() > 10.0 ** -(column.decimals + 3))
    return odd
