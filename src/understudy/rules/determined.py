"""Sets of columns that cannot repeat by what they are, told from the spec alone.

A set names a row where it holds a column that never repeats, or where it names the owner and something that differs among the owner's
rows: an ordinal, a distinct reference, or a formula or a case that gives every number of those another value.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.rules import columns as c

if TYPE_CHECKING:
    from understudy.rules.spec import Spec, TableSpec

_UNIQUE_FIELDS = ("email", "user_name")


def determined(spec: Spec, name: str, columns: Sequence[str]) -> bool:
    """Whether no two rows of a table can have the same values in all of `columns`."""
    table = spec.tables[name]
    if any(_never_repeats(table, column) for column in columns):
        return True
    if not _names_owner(spec, table, columns):
        return False
    assert table.per is not None
    return table.per.most == 1 or any(_differs(spec, table, column, columns) for column in columns)


def _never_repeats(table: TableSpec, name: str) -> bool:
    match column := table.columns[name]:
        case c.KeyColumn() | c.PatternColumn(unique=True):
            return True
        case c.PersonColumn():
            return column.field in _UNIQUE_FIELDS and column.longest is None
        case c.ExpressionColumn() | c.TemplateColumn():
            return any(isinstance(table.columns[used], c.KeyColumn) for used in _told_apart(table, column))
    return False


def _names_owner(spec: Spec, table: TableSpec, columns: Sequence[str]) -> bool:
    """Whether the columns tell which row of another table owns each row."""
    if table.per is None:
        return False
    theirs: set[str] = set()
    for name in columns:
        match column := table.columns[name]:
            case c.ReferenceColumn() if _is_owner(table, name):
                theirs.add(column.to.partition(".")[2])
            case c.ParentColumn(through=None) if column.of.startswith(f"{table.per.table}."):
                theirs.add(column.of.partition(".")[2])
    return bool(theirs) and determined(spec, table.per.table, sorted(theirs))


def _is_owner(table: TableSpec, name: str) -> bool:
    """Whether a reference is the one to the owner: the first to its table, without a law."""
    assert table.per is not None
    to = f"{table.per.table}."
    first = next((n for n, stated in table.columns.items() if isinstance(stated, c.ReferenceColumn) and stated.to.startswith(to)), None)
    stated = table.columns[name]
    return first == name and isinstance(stated, c.ReferenceColumn) and stated.law is None


def _differs(spec: Spec, table: TableSpec, name: str, columns: Sequence[str]) -> bool:
    """Whether a column differs among the rows of one owner."""
    match column := table.columns[name]:
        case c.OrdinalColumn():
            return True
        case c.ReferenceColumn():
            return column.distinct and not (column.roots or _is_owner(table, name))
        case c.ExpressionColumn() | c.TemplateColumn():
            return any(isinstance(table.columns[used], c.OrdinalColumn) for used in _told_apart(table, column))
        case c.CaseColumn():
            return _case_differs(table, column)
        case c.ParentColumn(through=str(way)):
            reference = table.columns[way]
            parts = [o.of.partition(".")[2] for n in columns if isinstance(o := table.columns[n], c.ParentColumn) and o.through == way]
            distinct = isinstance(reference, c.ReferenceColumn) and reference.distinct and not reference.roots
            return distinct and determined(spec, column.of.partition(".")[0], parts)
    return False


def _case_differs(table: TableSpec, column: c.CaseColumn) -> bool:
    """`nth == 1`, `nth == 2` … with a value of its own each, and no owner with more rows than values."""
    numbers, ordinals = set(), set()
    values: list[c.Scalar | c.Column | None] = []
    for case in column.cases:
        match ast.parse(case.when, mode="eval").body:
            case ast.Compare(left=ast.Name(id=used), ops=[ast.Eq()], comparators=[ast.Constant(value=int(number))]):
                numbers.add(number)
                ordinals.add(used)
            case _:
                return False
        values.append(case.then)
    values.append(column.otherwise)
    if any(isinstance(value, c.Column) for value in values) or len({(type(v), v) for v in values}) < len(values) or len(ordinals) != 1:
        return False
    counted = isinstance(table.columns.get(next(iter(ordinals))), c.OrdinalColumn)
    return counted and numbers == set(range(1, len(values))) and table.per is not None and table.per.most <= len(values)


def _told_apart(table: TableSpec, column: c.ExpressionColumn | c.TemplateColumn) -> list[str]:
    """The columns whose every number gives the column another value."""
    if isinstance(column, c.TemplateColumn):
        from understudy.rules.checking import placeholders

        return placeholders(column.text) if len(placeholders(column.text)) == 1 and column.longest is None else []
    used = _one_to_one(ast.parse(column.formula, mode="eval").body, table, column.decimals)
    return [used] if used is not None else []


def _one_to_one(node: ast.expr, table: TableSpec, decimals: int | None) -> str | None:
    """The column that a formula is a one-to-one function of: n, n + 5, n * 3, n / 100, add_days(day, n)."""
    match node:
        case ast.Name(id=name):
            return name if name in table.columns else None
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str(name))]):
            return name if name in table.columns else None
        case ast.BinOp(left=inner, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return _one_to_one(inner, table, decimals)
        case ast.BinOp(left=inner, op=ast.Mult(), right=ast.Constant(value=int(factor))) if factor:
            return _one_to_one(inner, table, decimals)
        case ast.BinOp(left=inner, op=ast.Div(), right=ast.Constant(value=int(divisor))) if divisor:
            fine = decimals is None or abs(divisor) <= 10**decimals
            return _one_to_one(inner, table, decimals) if fine else None
        case ast.Call(func=ast.Name(id="add_days"), args=[ast.Name(id=day), inner]) if _one_day(table, day):
            return _one_to_one(inner, table, decimals)
    return None


def _one_day(table: TableSpec, name: str) -> bool:
    column = table.columns.get(name)
    return isinstance(column, c.DateColumn) and column.between is not None and column.between[0] == column.between[1]
