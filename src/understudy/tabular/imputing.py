"""`impute`: the missing cells of real rows, drawn from the model's law given the rest of each row."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from understudy.core.errors import DataError, did_you_mean
from understudy.core.wording import counted
from understudy.data.dtypes import dtype_name
from understudy.data.filling import fill_cells
from understudy.data.schema import ColumnSchema
from understudy.data.table import Table
from understudy.data.typed import written
from understudy.tabular.codec.remade import RemadeColumn
from understudy.tabular.fields import Allowed
from understudy.tabular.partial import PartialRows, read_partial, without_null

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.tabular.synthesizer import TableSynthesizer


def impute(model: TableSynthesizer, data: Any, stream: Stream) -> Any:
    """See `TableSynthesizer.impute`."""
    table, values = read_partial(model, data, strict=False, where="impute")
    _require_known(model, table)
    missing = {name: values[name].is_null().to_numpy() for name in _fillable(model, table) if values[name].null_count()}
    if not missing:
        return fill_cells(data, table, {})
    partial = PartialRows.of(model, values, strict=False, where=table.origin)
    rows = np.flatnonzero(np.logical_or.reduce(list(missing.values())))
    filled = _completed(model, partial, rows, stream)
    cells, left = {}, 0
    for name, gone in missing.items():
        at = np.flatnonzero(gone[rows] & filled[name].is_not_null().to_numpy())
        left += int(gone.sum()) - len(at)
        cells[name] = rows[at], _as_in(table, filled[name][at], model.schema.column(name))
    if left:
        warnings.warn(f"{counted(left, 'cell')} stay missing: the model holds no value for them.", UserWarning, stacklevel=3)
    return fill_cells(data, table, cells)


def _completed(model: TableSynthesizer, partial: PartialRows, rows: Any, stream: Stream) -> pl.DataFrame:
    """The rows with these numbers, completed block by block: a block's draws depend on its own rows alone."""
    allowed = _never_missing(model)
    block = rows // model.block_size
    parts = [
        partial.completed(model, rows[block == index], rows[block == index], stream.child("block", int(index)), allowed)
        for index in np.unique(block)
    ]
    return pl.concat(parts)


def _never_missing(model: TableSynthesizer) -> dict[int, Allowed]:
    """Restrictions under which no imputed cell comes out missing."""
    allowed: dict[int, Allowed] = {}
    for column in model.codec.columns:
        if isinstance(column, RemadeColumn):
            continue
        for j in model.codec._places(column):
            restriction = without_null(model.codec.fields[j])
            if restriction is not None:
                allowed[j] = restriction
    for derivation in model.constraints.derivations:
        condition = derivation.present()
        if condition is not None:
            allowed |= model.codec.restrict({condition.column: condition}).allowed
    return allowed


def _fillable(model: TableSynthesizer, table: Table) -> list[str]:
    """The columns to fill; those that are made anew are told of, and left."""
    remade = [c.name for c in model.schema.columns if c.remade and c.name in table.columns and table.frame[c.name].null_count()]
    remade += [c.name for c in model.codec.columns if isinstance(c, RemadeColumn) and c.name in table.columns and c.name not in remade]
    gone = [name for name in remade if table.frame[name].null_count()]
    if gone:
        names = ", ".join(f'"{name}"' for name in gone)
        warnings.warn(f"Not filled: {names}. Identifiers, personal data and text are made up, not learned.", UserWarning, stacklevel=4)
    return [name for name in model.schema.names if name in table.columns and name not in remade]


def _require_known(model: TableSynthesizer, table: Table) -> None:
    for name in table.columns:
        if name not in model.schema.names and table.frame[name].null_count():
            raise DataError(
                f'Cells are missing in the column "{name}", which the model does not know.',
                where=table.origin,
                remedy=f"Leave it out of the frame, or learn a model with it. {did_you_mean(name, model.schema.names)}",
            )


def _as_in(table: Table, values: pl.Series, column: ColumnSchema) -> pl.Series:
    """Typed values as the caller's own column writes them."""
    dtype = table.frame.schema[column.name]
    if dtype == pl.Null:
        return written(values, column)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return written(values, column.model_copy(update={"dtype": "String", "categories": None})).cast(pl.String)
    return written(values, column.model_copy(update={"dtype": dtype_name(dtype)}))
