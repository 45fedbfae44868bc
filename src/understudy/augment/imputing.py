"""Missing cells filled by a model, each on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.augment.addition import Step
from understudy.core.errors import ArgumentError, DataError, UnderstudyError, did_you_mean
from understudy.core.generator import Synthesizer
from understudy.data.table import Table, as_table
from understudy.data.typed import typed

IMPUTERS = ("mixture", "autoregressive")


@dataclass(frozen=True)
class Imputed:
    """The table with cells filled.

    Args:
        rows: as the table was, but for the cells.
        cells: one row a filled cell: `row` (from 0), `column`, `value` as text.
        why: for each row, "impute: phone, city", or null.
    """

    rows: pl.DataFrame
    cells: pl.DataFrame
    why: pl.Series
    step: Step


def imputable(real: Table, asked: Any) -> list[str]:
    """The columns with missing cells that are asked for: `True` (all whose values are learned), a name, or names.

    Raises:
        ArgumentError: a column that is not there. DataError: one whose values are never learned.
    """
    if asked is True:
        names = [column.name for column in real.schema.columns if not column.remade]
    else:
        names = [asked] if isinstance(asked, str) else list(asked) if isinstance(asked, Sequence) else []
        if not names:
            raise ArgumentError(
                f"What to impute is True, a column or a list of columns, not {asked!r}.", where="impute", remedy="For example impute=True."
            )
        for name in names:
            if name not in real.columns:
                raise ArgumentError(f'There is no column "{name}".', where="impute", remedy=did_you_mean(str(name), real.columns))
            if real.schema.column(name).remade:
                kind = real.schema.column(name).kind
                raise DataError(
                    f'The column "{name}" is treated as {kind}: its values are never learned, so none can be filled in.',
                    where=f"impute, {real.origin}",
                    remedy="Leave it out.",
                )
    return [name for name in names if _missing(real, real.frame, name).any()]


def impute(model: Synthesizer, real: Table, columns: Sequence[str], seed: int) -> Imputed:
    """The missing cells of `columns` drawn from the model's law given the rest of their rows.

    Raises:
        ArgumentError: the model cannot fill in rows.
    """
    filler: Any = getattr(model, "impute", None)
    if filler is None:
        raise ArgumentError(
            f'A model of the method "{model.name}" cannot fill in missing cells.',
            where="impute",
            remedy=f'Fit with method="{IMPUTERS[0]}" or method="{IMPUTERS[1]}".',
        )
    filled = as_table(filler(real.frame, seed=seed)).frame if columns else real.frame
    rows, cells, wanted = real.frame, list[pl.DataFrame](), 0
    whys = pl.DataFrame({"row": pl.Series(range(real.rows), dtype=pl.UInt32)})
    for name in columns:
        empty = _missing(real, real.frame, name)
        rows = rows.with_columns(pl.when(empty).then(filled[name].cast(rows[name].dtype)).otherwise(rows[name]).alias(name))
        done = empty & ~_missing(real, rows, name)
        wanted += int(empty.sum())
        places = whys["row"].filter(done)
        cells.append(pl.DataFrame({"row": places, "column": [name] * len(places), "value": rows[name].filter(done).cast(pl.String)}))
    listed = pl.concat(cells) if cells else pl.DataFrame(schema={"row": pl.UInt32, "column": pl.String, "value": pl.String})
    why = listed.group_by("row").agg(pl.lit("impute: ") + pl.col("column").str.join(", ")).rename({"literal": "why"})
    reason = "" if listed.height == wanted else "the model gave no value for the others"
    step = Step(f"impute: {', '.join(columns)}" if columns else "impute", wanted, listed.height, reason)
    return Imputed(rows, listed.sort("row", maintain_order=True), whys.join(why, on="row", how="left", maintain_order="left")["why"], step)


def require_imputer(model: Synthesizer, real: Table) -> None:
    """Raises `ArgumentError`, before work, where the model cannot fill in rows."""
    filler: Any = getattr(model, "impute", None)
    try:
        if filler is not None:
            filler(real.head(2), seed=0)
            return
    except UnderstudyError as error:
        raise ArgumentError(error.what, where="impute", remedy=error.remedy) from error


def _missing(real: Table, frame: pl.DataFrame, name: str) -> pl.Series:
    """Cells that hold nothing, or a text that stands for nothing."""
    return typed(frame[name], real.schema.column(name)).is_null()
