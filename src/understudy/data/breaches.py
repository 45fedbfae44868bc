"""Rows of a frame that break a constraint: which, and how many. One meaning for training rows, made rows and judged rows.

A missing value breaks no rule, unless the rule speaks of missing values; see `constraints.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError, did_you_mean
from understudy.data.condition import Condition, in_typed_values, meets
from understudy.data.constraints import (
    Combinations,
    Constraint,
    Dependency,
    Equal,
    Formula,
    Implication,
    Inequality,
    OneHot,
    Range,
    Regex,
    Sum,
    Unique,
    Wanted,
    Within,
    columns_of,
    mapping_key,
)  # fmt: skip
from understudy.data.expression import Sort, Term, sort_of
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.typed import typed, written

Mask = NDArray[np.bool_]
Mappings = Mapping[str, pl.DataFrame]


def breaches(frame: pl.DataFrame, constraint: Constraint, mappings: Mappings, schema: TableSchema | None) -> int:
    """How many rows of `frame` break `constraint`; see `constraints.check`. Raises `ConstraintError` for a column that is not there."""
    names = columns_of(constraint)
    for name in names:
        if name not in frame.columns:
            raise ConstraintError(
                f'The {constraint.type} constraint names the column "{name}", which the data lack.',
                remedy=did_you_mean(name, frame.columns),
            )
    known = mappings.get(mapping_key(constraint))
    if schema is None or isinstance(constraint, Dependency | Equal | Combinations):
        return int(broken(frame.select(names), constraint, _assumed(frame.select(names), schema), known).sum())
    values = pl.DataFrame([typed(frame[name], schema.column(name)) for name in names])
    return int(broken(values, constraint, {name: schema.column(name) for name in names}, known).sum())


def broken(values: pl.DataFrame, rule: Constraint, columns: Mapping[str, ColumnSchema], known: pl.DataFrame | None = None) -> Mask:
    """Which rows (n,) of typed values break `rule`.

    Args:
        columns: what the rule's columns mean, by name.
        known: the right pairs of a dependency, or the known combinations.
    """
    match rule:
        case Dependency():
            return _off_the_commonest(values, rule) if known is None else _off_the_mapping(values, rule, known)
        case Equal():
            return _true(~values[rule.a].eq_missing(values[rule.b]))
        case Inequality():
            low, high = (_ordered(values, name) for name in (rule.low, rule.high))
            return _where(values, low >= high if rule.strict else low > high)
        case Sum():
            gap = pl.col(rule.total) - pl.sum_horizontal(rule.parts, ignore_nulls=False)
            # Half a unit of the last decimal, and what binary fractions lose.
            return _where(values, gap.abs() > 0.5 * 10.0**-rule.decimals)
        case OneHot():
            hot = pl.sum_horizontal([pl.col(name).cast(pl.Float64) for name in rule.columns], ignore_nulls=False)
            return _where(values, hot != 1)
        case Range():
            return _outside(values[rule.column], rule, columns[rule.column])
        case Combinations():
            return np.zeros(values.height, bool) if known is None else _unknown(values.select(rule.columns), known)
        case Formula():
            return _miscalculated(values, rule, columns)
        case Implication():
            supposed = np.logical_and.reduce([_met(values[name], wanted, columns[name]) for name, wanted in rule.when.items()])
            followed = [_met(values[name], wanted, columns[name]) | _unspoken(values[name], wanted) for name, wanted in rule.then.items()]
            return np.asarray(supposed & ~np.logical_and.reduce(followed))
        case Regex():
            matches = matching(written(values[rule.column], columns[rule.column]), rule.pattern)
            return np.asarray(~matches & values[rule.column].is_not_null().to_numpy())
        case Unique():
            return _again(values, rule, columns)


def matching(texts: pl.Series, pattern: str) -> Mask:
    """Which values (n,) match the pattern as a whole; a missing one does not."""
    return _true(texts.cast(pl.String).str.contains(f"^(?:{pattern})$"))


def wanted_as_condition(name: str, wanted: Wanted, column: ColumnSchema) -> Condition | None:
    """What an implication asks of a column as a condition on typed values; None where it only asks that a value is there."""
    if isinstance(wanted, Within):
        if wanted.low is None and wanted.high is None:
            return Condition(name, (), null=True) if wanted.missing else None
        return in_typed_values(Condition(name, None, wanted.low, wanted.high, bool(wanted.missing)), column)
    choices = wanted if isinstance(wanted, list) else [wanted]
    return in_typed_values(Condition(name, tuple(choices)), column)


def computed(rule: Formula, columns: Mapping[str, ColumnSchema]) -> pl.Expr:
    """The formula as an expression over typed values that gives typed values of its target, rounded to its decimals.

    Raises `ConstraintError` where the formula makes no value that the target could hold.
    """
    target, term = columns[rule.target], rule.parsed().compiled(columns)
    _refuse_unlike(rule, term, sort_of(target))
    value = term.expr
    if target.kind == "date":
        return value.cast(pl.Datetime("us")).dt.date()
    if sort_of(target) != "number":
        return value
    if target.kind == "integer" or target.dtype.startswith(("Int", "UInt")):
        return value.cast(pl.Float64).round().cast(pl.Int64, strict=False) if term.sort == "number" else value.cast(pl.Int64)
    value = value.cast(pl.Float64)
    return value if target.decimals is None else value.round(target.decimals)


def _refuse_unlike(rule: Formula, term: Term, sort: Sort) -> None:
    if term.sort != sort and (term.sort, sort) != ("truth", "number"):
        raise ConstraintError(
            f'The formula of "{rule.target}" gives a {term.sort}, but the column holds a {sort}.',
            where=f"formula: {rule.expression}", remedy="Change the formula, or the column's kind in the schema.",
        )  # fmt: skip


def _assumed(frame: pl.DataFrame, schema: TableSchema | None) -> dict[str, ColumnSchema]:
    """What columns mean where no schema says so: what their types say."""
    if schema is not None:
        return {name: schema.column(name) for name in frame.columns}
    kinds = {
        pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time", pl.Duration: "duration",
    }  # fmt: skip
    found = {}
    for name, dtype in frame.schema.items():
        kind = "integer" if dtype.is_integer() else "decimal" if dtype.is_numeric() else kinds.get(dtype.base_type(), "categorical")
        found[name] = ColumnSchema.model_validate({"name": name, "kind": kind, "dtype": _NAMES.get(kind, "String")})
    return found


_NAMES = {"integer": "Int64", "decimal": "Float64", "boolean": "Boolean", "date": "Date", "time": "Time"}


def _where(values: pl.DataFrame, condition: pl.Expr) -> Mask:
    return _true(values.select(k=condition)["k"])


def _true(flags: pl.Series) -> Mask:
    return np.array(flags.fill_null(False).to_numpy(), bool)


def _ordered(values: pl.DataFrame, name: str) -> pl.Expr:
    """Dates beside moments are moments at midnight."""
    return pl.col(name).cast(pl.Datetime("us")) if values.schema[name] == pl.Date else pl.col(name)


def _outside(values: pl.Series, rule: Range, column: ColumnSchema) -> Mask:
    condition = in_typed_values(Condition(rule.column, None, rule.low, rule.high, null=True), column)
    outside = ~meets(values, condition)
    for strict, end in ((rule.strict_low, condition.low), (rule.strict_high, condition.high)):
        if strict and end is not None:
            outside |= meets(values, Condition(rule.column, (end,)))
    return outside


def _met(values: pl.Series, wanted: Wanted, column: ColumnSchema) -> Mask:
    condition = wanted_as_condition(str(values.name), wanted, column)
    return values.is_not_null().to_numpy() if condition is None else meets(values, condition)


def _unspoken(values: pl.Series, wanted: Wanted) -> Mask:
    """Missing values that a conclusion does not speak of: they break nothing."""
    speaks = isinstance(wanted, Within) and wanted.missing is not None
    return np.zeros(len(values), bool) if speaks else values.is_null().to_numpy()


def _miscalculated(values: pl.DataFrame, rule: Formula, columns: Mapping[str, ColumnSchema]) -> Mask:
    target, actual = columns[rule.target], pl.col(rule.target)
    if sort_of(target) == "number":
        right = rule.parsed().compiled(columns).expr.cast(pl.Float64)
        whole = target.kind == "integer" or target.dtype.startswith(("Int", "UInt"))
        unit = 1.0 if whole else 0.0 if target.decimals is None else 10.0**-target.decimals
        # Half a unit for rounding, and what binary fractions lose.
        slack = 0.5 * unit + (1e-6 if target.dtype == "Float32" else 1e-9) * pl.max_horizontal(right.abs(), pl.lit(1.0))
        return _where(values, (actual.cast(pl.Float64) - right).abs() > slack)
    right = computed(rule, columns)
    if sort_of(target) == "moment" and target.kind != "date":
        return _where(values, actual.cast(pl.Datetime("us")) != right.cast(pl.Datetime("us")))
    return _where(values, actual != right)


def _again(values: pl.DataFrame, rule: Unique, columns: Mapping[str, ColumnSchema]) -> Mask:
    """Rows whose key an earlier row has; what is written alike is alike."""
    keys = pl.DataFrame([written(values[name], columns[name]).alias(name) for name in rule.columns])
    there = np.logical_and.reduce([values[name].is_not_null().to_numpy() for name in rule.columns])
    return np.asarray(_true(~keys.select(first=pl.struct(rule.columns).is_first_distinct())["first"]) & there)


def _unknown(values: pl.DataFrame, known: pl.DataFrame) -> Mask:
    known = known.select(pl.col(name).cast(values.schema[name]) for name in values.columns).unique()
    found = values.join(known.with_columns(__known=True), on=values.columns, how="left", nulls_equal=True, maintain_order="left")
    return np.array(found["__known"].is_null().to_numpy(), bool)


def _off_the_commonest(frame: pl.DataFrame, rule: Dependency) -> Mask:
    return _off_the_mapping(frame, rule, commonest(frame, rule))


def commonest(frame: pl.DataFrame, rule: Dependency) -> pl.DataFrame:
    """The dependent that most rows of every determinant have."""
    counted = frame.group_by([*rule.determinants, rule.dependent]).len(name="__rows")
    order = counted.sort("__rows", rule.dependent, descending=[True, False])
    return order.unique(rule.determinants, keep="first", maintain_order=True).drop("__rows")


def _off_the_mapping(frame: pl.DataFrame, rule: Dependency, mapping: pl.DataFrame) -> Mask:
    right = mapping.select(*rule.determinants, __right=pl.col(rule.dependent), __known=pl.lit(True))
    joined = frame.select(*rule.determinants, rule.dependent).join(
        right, on=rule.determinants, how="left", nulls_equal=True, maintain_order="left"
    )
    return _true(joined.select(k=pl.col("__known") & pl.col(rule.dependent).ne_missing(pl.col("__right")))["k"])
