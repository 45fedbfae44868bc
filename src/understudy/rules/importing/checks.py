"""CHECK constraints read: bounds, choices, lengths, patterns and orders go to the columns, so that rows keep them by construction; what has
another form becomes a named rule in the language of formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredOrder, DeclaredTable
from understudy.rules.importing.formulas import Untranslatable, to_formula, written
from understudy.rules.importing.patterns import of_like
from understudy.rules.importing.sqlglot_quietly import parse_condition, without_negations

if TYPE_CHECKING:
    from sqlglot import exp

_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte", "eq": "eq"}


def read_check(declared: Declared, table: DeclaredTable, check: exp.Expression, name: str | None = None) -> None:
    """Take a CHECK into the table: every part of it that is joined by AND by itself."""
    for part in _parts(without_negations(check)):
        if not _to_columns(table, part):
            _keep_as_rule(declared, table, part, name)


def read_check_text(declared: Declared, table: DeclaredTable, text: str, dialect: str | None = None, name: str | None = None) -> None:
    """Take a CHECK given as SQL text."""
    check = parse_condition(text, dialect)
    if check is None:
        declared.note("left out", f"a check that cannot be read: {' '.join(text.split())}", table.name)
        return
    read_check(declared, table, check, name)


def _keep_as_rule(declared: Declared, table: DeclaredTable, part: exp.Expression, name: str | None) -> None:
    shown = part.sql()
    try:
        formula = to_formula(part, table)
    except Untranslatable as error:
        declared.note("left out", f"the check {shown}: {error}", table.name)
        return
    kept = table.add_rule(formula, name)
    declared.note("changed", f'the check {shown} is kept as the rule "{kept}": rows that break it are drawn again', table.name)


def _parts(check: exp.Expression) -> Iterator[exp.Expression]:
    from sqlglot import exp

    check = check.unnest()
    if isinstance(check, exp.And):
        yield from _parts(check.left)
        yield from _parts(check.right)
    elif isinstance(check, exp.Between) and not check.args.get("symmetric"):
        yield exp.GTE(this=check.this, expression=check.args["low"])
        yield exp.LTE(this=check.this, expression=check.args["high"])
    else:
        yield check


def _to_columns(table: DeclaredTable, part: exp.Expression) -> bool:
    """Whether a part of a check went to the columns whole."""
    from sqlglot import exp

    part = part.unnest()
    match part:
        case exp.In() if not part.args.get("query"):
            return _choose(_column(table, part.this), [_literal(value) for value in part.expressions])
        case exp.EQ() if isinstance(part.expression, exp.Any):
            return _choose(_column(table, part.this), [_literal(value) for value in _array(part.expression)])
        case exp.Or():
            return _alternatives(table, part)
        case exp.Not() if isinstance(part.this.unnest(), exp.Is):
            column = _column(table, part.this.unnest().this)
            if column is not None:
                column.nullable = False
            return column is not None
        case exp.RegexpLike() | exp.RegexpFullMatch():
            return _match(_column(table, part.this), _literal(part.expression))
        case exp.Like():
            text = _literal(part.expression)
            return isinstance(text, str) and _match(_column(table, part.this), of_like(text))
        case exp.LT() | exp.LTE() | exp.GT() | exp.GTE() | exp.EQ():
            return _compare(table, part.key, part.this, part.expression)
    return False


def _compare(table: DeclaredTable, sign: str, left: exp.Expression, right: exp.Expression) -> bool:
    from sqlglot import exp

    left, right = _bare(left), _bare(right)
    if _literal(left) is not None and _literal(right) is None:
        left, right, sign = right, left, _TURNED[sign]
    value = _literal(right)
    if isinstance(left, exp.Length) and isinstance(value, int | float):
        return _bound_length(_column(table, left.this), sign, int(value))
    column = _column(table, left)
    if column is None:
        return sign == "eq" and (other := _column(table, right)) is not None and _calculate(table, other, left)
    if value is not None:
        return _bound(column, sign, value)
    other = _column(table, right)
    if other is None:
        return sign == "eq" and _calculate(table, column, right)
    if sign == "eq" or column.kind != other.kind or column.kind not in ("integer", "decimal", "date", "datetime"):
        return False
    low, high = (column, other) if sign in ("lt", "lte") else (other, column)
    table.orders.append(DeclaredOrder(low.name, high.name, strict=sign in ("lt", "gt")))
    return True


def _bound(column: DeclaredColumn, sign: str, value: Any) -> bool:
    if sign == "eq":
        return _choose(column, [value])
    if column.kind in ("date", "datetime") and isinstance(value, str):
        return _bound_moment(column, sign, value)
    if isinstance(value, bool | str) or column.kind not in ("integer", "decimal"):
        return False
    step = 1.0 if column.kind == "integer" else 10.0 ** -(column.decimals if column.decimals is not None else 2)
    if sign in ("gt", "gte"):
        low = float(value) + (step if sign == "gt" else 0.0)
        low = math.floor(value) + 1.0 if sign == "gt" and column.kind == "integer" else low
        column.low = low if column.low is None else max(column.low, low)
    else:
        high = float(value) - (step if sign == "lt" else 0.0)
        high = math.ceil(value) - 1.0 if sign == "lt" and column.kind == "integer" else high
        column.high = high if column.high is None else min(column.high, high)
    return True


def _bound_moment(column: DeclaredColumn, sign: str, value: str) -> bool:
    from datetime import date, timedelta

    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return False
    if sign in ("gt", "gte"):
        first = (day + timedelta(days=sign == "gt" or len(value) > 10)).isoformat()
        column.first = first if column.first is None else max(first, column.first)
    else:
        last = (day - timedelta(days=sign == "lt" or len(value) > 10 or column.kind == "datetime")).isoformat()
        column.last = last if column.last is None else min(last, column.last)
    return True


def _bound_length(column: DeclaredColumn | None, sign: str, value: int) -> bool:
    if column is None or column.kind not in ("text", "unknown"):
        return False
    if sign in ("gt", "gte", "eq"):
        column.least_length = max(column.least_length, value + (sign == "gt"))
    if sign in ("lt", "lte", "eq"):
        most = value - (sign == "lt")
        column.length = most if column.length is None else min(column.length, most)
    return True


def _choose(column: DeclaredColumn | None, values: list[Any]) -> bool:
    if column is None or not values or any(value is None for value in values):
        return False
    if column.kind == "boolean":
        values = [bool(value) for value in values]
    if column.kind in ("date", "datetime", "time", "uuid", "binary"):
        return False
    if column.kind == "text" and any(not isinstance(v, str) for v in values):
        return False
    if column.kind in ("integer", "decimal") and any(isinstance(v, str | bool) for v in values):
        return False
    column.choices = [v for v in column.choices if v in values] if column.choices is not None else list(dict.fromkeys(values))
    return True


def _match(column: DeclaredColumn | None, regex: Any) -> bool:
    from understudy.rules.importing.patterns import readable_regex

    if column is None or column.kind != "text" or not isinstance(regex, str) or column.pattern is not None or readable_regex(regex) is None:
        return False
    column.pattern = regex
    return True


def _calculate(table: DeclaredTable, column: DeclaredColumn, value: exp.Expression) -> bool:
    """`total = quantity * price` makes the column by the formula."""
    try:
        formula = to_formula(value, table)
    except Untranslatable:
        return False
    bound = {*table.key, *(name for reference in table.references for name in reference.columns)}
    if column.formula is not None or column.name in bound or _circular(table, column, formula):
        return False
    column.formula = formula
    return True


def _circular(table: DeclaredTable, column: DeclaredColumn, formula: str) -> bool:
    from understudy.data.expression import parse

    waiting, seen = list(parse(formula).columns), set()
    while waiting:
        name = waiting.pop()
        if name == column.name:
            return True
        needed = table.columns[name].formula if name in table.columns else None
        if name not in seen and needed is not None:
            waiting += parse(needed).columns
        seen.add(name)
    return False


def _alternatives(table: DeclaredTable, part: exp.Expression) -> bool:
    """`x IS NULL OR …`: what a missing x passes anyway. `x = 'a' OR x = 'b'`: choices. `… OR x IS NOT NULL`: where x may be missing."""
    from sqlglot import exp

    sides = list(part.flatten())
    values = [(side.unnest(), _column(table, side.unnest().this)) for side in sides]
    if all(isinstance(side, exp.EQ) and column is not None and column is values[0][1] for side, column in values):
        return _choose(values[0][1], [_literal(side.expression) for side, _ in values])
    if len(sides) != 2:
        return False
    for side, other in ((sides[0].unnest(), sides[1]), (sides[1].unnest(), sides[0])):
        missing = isinstance(side, exp.Is) and isinstance(side.expression, exp.Null)
        there = isinstance(side, exp.Not) and isinstance(side.this.unnest(), exp.Is)
        column = _column(table, side.this if missing else side.this.unnest().this) if missing or there else None
        if column is None:
            continue
        named = {found.name for found in other.find_all(exp.Column)}
        if missing and named == {column.name}:
            return all(_to_columns(table, each) for each in _parts(other))
        if column.name not in named and column.nullable and not isinstance(column.nulls, str):
            return _missing_where(table, column, other, missing)
    return False


def _missing_where(table: DeclaredTable, column: DeclaredColumn, other: exp.Expression, missing: bool) -> bool:
    try:
        formula = to_formula(other, table)
    except Untranslatable:
        return False
    column.nulls = f"not ({formula})" if missing else formula
    return True


# ---- pieces of expressions


def _bare(node: exp.Expression) -> exp.Expression:
    """Without parentheses and casts."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast | exp.Convert):
        node = node.this if not isinstance(node, exp.Convert) else node.expression
    return node


def _column(table: DeclaredTable, node: Any) -> DeclaredColumn | None:
    from sqlglot import exp

    if not isinstance(node, exp.Expression):
        return None
    node = _bare(node)
    if not isinstance(node, exp.Column):
        return None
    name = written(node.name, table)
    return table.columns.get(name) if name is not None else None


def _literal(node: Any) -> Any:
    """A constant's value; None where the node is none."""
    from sqlglot import exp

    if not isinstance(node, exp.Expression):
        return None
    node = _bare(node)
    if isinstance(node, exp.Neg):
        value = _literal(node.this)
        return -value if isinstance(value, int | float) else None
    if isinstance(node, exp.National):
        return str(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.this)
    number = float(node.this)
    return int(number) if number.is_integer() and "." not in str(node.this) else number


def _array(node: exp.Expression) -> list[exp.Expression]:
    from sqlglot import exp

    found = node.find(exp.Array)
    return list(found.expressions) if found is not None else []


literal = _literal
