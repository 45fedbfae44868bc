"""What a model says of real rows: the probability of each value of a column, and of whole rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.core.single_thread import single_thread
from understudy.data.native_form import NativeForm
from understudy.data.table import quoted
from understudy.data.typed import written
from understudy.tabular.codec.category import CategoryColumn
from understudy.tabular.codec.number import NumberColumn
from understudy.tabular.derivation import Copy, Joined, Lookup
from understudy.tabular.fields import Floats, Mask
from understudy.tabular.partial import PartialRows, read_partial

if TYPE_CHECKING:
    from understudy.data.schema import ColumnSchema
    from understudy.tabular.synthesizer import TableSynthesizer

Outcomes = tuple[int, list[str], Mask]
"""The field to ask, names of the outcomes, and for each (outcomes, tokens) which tokens of the field are it."""


def predict_proba(model: TableSynthesizer, data: Any, column: str) -> Any:
    """See `TableSynthesizer.predict_proba`."""
    j, names, masks = _outcomes(model, column)
    table, values = read_partial(model, data, strict=False, where="predict_proba")
    values = values.with_columns(pl.lit(None, values.schema[column]).alias(column))
    partial = PartialRows.of(model, values, strict=False, where=table.origin)
    parts = []
    for rows in _blocks(values.height, model.block_size):
        with single_thread():
            law = model._law(j, partial.known.take(rows), partial.given[rows])
        share = law @ masks.T.astype(np.float64)
        total = share.sum(axis=1, keepdims=True)
        parts.append(np.where(total > 0, share / np.where(total > 0, total, 1.0), 1 / len(names)))
    shares = np.concatenate(parts)
    return NativeForm(table.native).restore(pl.DataFrame({name: shares[:, k] for k, name in enumerate(names)}))


def log_prob(model: TableSynthesizer, data: Any) -> Floats:
    """See `TableSynthesizer.log_prob`."""
    table, values = read_partial(model, data, strict=False, where="log_prob")
    absent = [c.name for c in model.schema.columns if c.name not in table.columns and not c.remade]
    if absent:
        raise DataError(f"A row's probability needs all columns; {quoted(absent)} is not there.", where=table.origin)
    forward = model.constraints.forward(values)
    encoded, impossible = model.codec.encode(forward), _impossible(model, forward)
    if not model.codec.fields:
        return np.where(impossible, -np.inf, 0.0)
    parts = []
    for rows in _blocks(values.height, model.block_size):
        with single_thread():
            parts.append(model._log_prob(encoded.take(rows)))
    return np.where(impossible, -np.inf, np.concatenate(parts))


def _impossible(model: TableSynthesizer, forward: pl.DataFrame) -> Mask:
    """Rows with a missing value where none was learned, or a level that is neither known nor among the protected ones."""
    found = np.zeros(forward.height, bool)
    for column in model.codec.columns:
        values = forward[column.name]
        if column.fields and column.fields[0].null_token is None:
            found |= values.is_null().to_numpy()
        if isinstance(column, CategoryColumn) and not column.rare.levels:
            levels = column.levels.cast(pl.String).implode()
            found |= ~(values.cast(pl.String).is_in(levels) | values.is_null()).fill_null(True).to_numpy()
    return found


def _outcomes(model: TableSynthesizer, column: str) -> Outcomes:
    if column not in model.schema.names:
        raise ArgumentError(f'There is no column "{column}".', where="predict_proba", remedy=did_you_mean(column, model.schema.names))
    schema = model.schema.column(column)
    levels = _levels(model, column, schema)
    if levels is None:
        return _tokens(model, column)
    asked = [model._compiled({column: level}).allowed for level in levels.to_list()]
    fields = {j for allowed in asked for j in allowed}
    if len(fields) != 1:
        raise _not_learned(column)
    (j,) = fields
    names = written(levels.alias(column), schema).cast(pl.String).to_list()
    return j, names, np.stack([allowed[j].mask for allowed in asked])


def _levels(model: TableSynthesizer, column: str, schema: ColumnSchema) -> pl.Series | None:
    """The typed levels of a column in their order; None for one without levels of its own."""
    derivation = next((d for d in model.constraints.derivations if column in d.dropped), None)
    if isinstance(derivation, Joined):
        return pl.Series([0, 1]).cast(derivation._example.schema[column])
    if isinstance(derivation, Copy):
        return _levels(model, derivation.sources[0], schema)
    if isinstance(derivation, Lookup) and len(derivation.sources) == 1:
        return derivation.pairs[column].drop_nulls().unique().sort()
    learned = None if derivation is not None else model.codec.column(column)
    if not isinstance(learned, CategoryColumn):
        return None
    return learned.levels.sort() if schema.kind == "boolean" else learned.levels


def _tokens(model: TableSynthesizer, column: str) -> Outcomes:
    """A number's own values and intervals."""
    learned = None if any(column in d.dropped for d in model.constraints.derivations) else model.codec.column(column)
    if not isinstance(learned, NumberColumn):
        raise _not_learned(column)
    j = model.codec.main_field(column)
    assert j is not None
    masks = np.eye(learned.fields[0].size, dtype=bool)[learned.number.offset :]
    return j, learned.interval_names(), masks


def _not_learned(column: str) -> ArgumentError:
    return ArgumentError(
        f'The column "{column}" has no values of its own that the model tells the probability of.',
        where="predict_proba",
        remedy="Ask for a column of categories, truth values or numbers; for others, draw several times with impute(frame, seed=…).",
    )


def _blocks(rows: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, rows, size)]
