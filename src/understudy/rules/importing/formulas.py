"""SQL conditions as formulas (`data/expression.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.rules.importing.declared import DeclaredTable

if TYPE_CHECKING:
    from sqlglot import exp


class Untranslatable(Exception):
    """A part of an SQL expression that formulas have no words for."""


_FUNCTIONS = {
    "abs": "abs", "length": "length", "lower": "lower", "upper": "upper", "trim": "strip", "floor": "floor", "ceil": "ceil",
    "round": "round",
    "sqrt": "sqrt", "exp": "exp", "ln": "log", "coalesce": "coalesce", "greatest": "max", "least": "min", "year": "year", "month": "month",
    "day": "day",
}  # fmt: skip


def to_formula(node: exp.Expression, table: DeclaredTable) -> str:
    """An SQL expression over a table's columns as a formula. Raises `Untranslatable`."""
    from understudy.core.errors import ConstraintError
    from understudy.data.expression import parse

    formula = _formula(node, table)
    try:
        parse(formula)
    except ConstraintError as error:
        raise Untranslatable(error.what) from None
    return formula


def written(name: str, table: DeclaredTable) -> str | None:
    """A column's name as the table writes it: SQL does not tell upper from lower case."""
    if name in table.columns:
        return name
    return next((known for known in table.columns if known.lower() == name.lower()), None)


def _formula(node: exp.Expression, table: DeclaredTable) -> str:
    from sqlglot import exp

    signs: dict[type[exp.Expression], str] = {
        exp.And: "and", exp.Or: "or", exp.EQ: "==", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
        exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "+",
    }  # fmt: skip
    sign = signs.get(type(node))
    if sign is not None:
        return f"{_inner(node.this, table)} {sign} {_inner(node.expression, table)}"
    found = _leaf(node, table)
    if found is not None:
        return found
    match node:
        case exp.Paren():
            return f"({_formula(node.this, table)})"
        case exp.Not():
            return f"not {_inner(node.this, table)}"
        case exp.Neg():
            return f"-{_inner(node.this, table)}"
        case exp.Cast():
            return _formula(node.this, table)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return f"missing({_formula(node.this, table)})"
        case exp.In() if node.expressions:
            return f"{_inner(node.this, table)} in [{', '.join(_formula(value, table) for value in node.expressions)}]"
        case exp.Between():
            low, high = _inner(node.args["low"], table), _inner(node.args["high"], table)
            return f"({low} <= {_inner(node.this, table)} and {_inner(node.this, table)} <= {high})"
        case exp.Like() if isinstance(node.expression, exp.Literal):
            return _like(_formula(node.this, table), str(node.expression.this))
        case exp.Case():
            return _case(node, table)
    return _call(node, table)


def _leaf(node: exp.Expression, table: DeclaredTable) -> str | None:
    from sqlglot import exp

    match node:
        case exp.Column():
            return _name(node, table)
        case exp.Literal():
            return _text(str(node.this)) if node.is_string else str(node.this)
        case exp.National():
            return _text(str(node.this))
        case exp.Boolean():
            return str(bool(node.this))
    return None


def _inner(node: exp.Expression, table: DeclaredTable) -> str:
    """In parentheses where it is put together."""
    from sqlglot import exp

    text = _formula(node, table)
    return f"({text})" if isinstance(node, exp.Binary | exp.Not | exp.Case) else text


def _name(node: exp.Column, table: DeclaredTable) -> str:
    import keyword

    name = written(node.name, table)
    if name is None:
        raise Untranslatable(f'there is no column "{node.name}"')
    return name if name.isidentifier() and not keyword.iskeyword(name) and name not in ("True", "False", "None") else f"col({_text(name)})"


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _like(value: str, pattern: str) -> str:
    body = pattern.strip("%")
    if "%" in body or "_" in pattern:
        raise Untranslatable("LIKE with several wildcards has no formula")
    if pattern.startswith("%") and pattern.endswith("%"):
        return f"contains({value}, {_text(body)})"
    if pattern.endswith("%"):
        return f"starts({value}, {_text(body)})"
    if pattern.startswith("%"):
        return f"ends({value}, {_text(body)})"
    return f"{value} == {_text(body)}"


def _case(node: exp.Case, table: DeclaredTable) -> str:
    default = node.args.get("default")
    if node.this is not None or default is None:
        raise Untranslatable("a CASE without ELSE has no formula")
    text = _inner(default, table)
    for branch in reversed(node.args["ifs"]):
        text = f"({_inner(branch.args['true'], table)} if {_inner(branch.this, table)} else {text})"
    return text


def _call(node: exp.Expression, table: DeclaredTable) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Extract):
        part = str(node.name).lower()
        if part not in ("year", "month", "day", "hour", "minute"):
            raise Untranslatable(f"EXTRACT({part.upper()}) has no formula")
        return f"{part}({_formula(node.expression, table)})"
    word = _FUNCTIONS.get(node.key)
    if word is None:
        raise Untranslatable(f"{node.sql()} has no formula")
    arguments = [node.this, *node.expressions, *([node.args["decimals"]] if node.args.get("decimals") is not None else [])]
    return f"{word}({', '.join(_formula(a, table) for a in arguments if isinstance(a, exp.Expression))})"
