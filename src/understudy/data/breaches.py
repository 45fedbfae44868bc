"""Rows of a frame that break a constraint, counted."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from understudy.core.errors import ConstraintError, did_you_mean
from understudy.data.constraints import Constraint, Dependency, Equal, Inequality, OneHot, Sum, columns_of
from understudy.data.schema import TableSchema
from understudy.data.typed import typed


def breaches(frame: pl.DataFrame, constraint: Constraint, mappings: Mapping[str, pl.DataFrame], schema: TableSchema | None) -> int:
    """How many rows of `frame` break `constraint`; see `constraints.check`. Raises `ConstraintError` for a column that is not there."""
    names = columns_of(constraint)
    for name in names:
        if name not in frame.columns:
            raise ConstraintError(
                f'The {constraint.type} constraint names the column "{name}", which the data lack.',
                remedy=did_you_mean(name, frame.columns),
            )
    match constraint:
        case Dependency():
            mapping = mappings.get(constraint.dependent)
            return _off_the_commonest(frame, constraint) if mapping is None else _off_the_mapping(frame, constraint, mapping)
        case Equal():
            return int((~frame[constraint.a].eq_missing(frame[constraint.b])).sum())
        case Inequality():
            values = _meant(frame, names, schema)
            low, high = pl.col(constraint.low), pl.col(constraint.high)
            return int(values.select((low >= high if constraint.strict else low > high).fill_null(False).sum()).item())
        case Sum():
            values = _meant(frame, names, schema)
            gap = pl.col(constraint.total) - pl.sum_horizontal(constraint.parts, ignore_nulls=False)
            # Half a unit of the last decimal, and what binary fractions lose.
            return int(values.select((gap.abs() > 0.5 * 10.0**-constraint.decimals).fill_null(False).sum()).item())
        case OneHot():
            values = _meant(frame, names, schema).select(pl.all().cast(pl.Float64))
            return int(values.select((pl.sum_horizontal(names, ignore_nulls=False) != 1).fill_null(False).sum()).item())


def _meant(frame: pl.DataFrame, names: list[str], schema: TableSchema | None) -> pl.DataFrame:
    part = frame.select(names)
    if schema is None:
        return part
    return part.select(typed(part[name], schema.column(name)) for name in names)


def _off_the_commonest(frame: pl.DataFrame, rule: Dependency) -> int:
    pairs = frame.group_by([*rule.determinants, rule.dependent]).len(name="__rows")
    return frame.height - int(pairs.group_by(rule.determinants).agg(pl.col("__rows").max())["__rows"].sum())


def _off_the_mapping(frame: pl.DataFrame, rule: Dependency, mapping: pl.DataFrame) -> int:
    right = mapping.select(*rule.determinants, __right=pl.col(rule.dependent), __known=pl.lit(True))
    joined = frame.select(*rule.determinants, rule.dependent).join(right, on=rule.determinants, how="left", nulls_equal=True)
    return int(joined.select((pl.col("__known") & pl.col(rule.dependent).ne_missing(pl.col("__right"))).fill_null(False).sum()).item())
