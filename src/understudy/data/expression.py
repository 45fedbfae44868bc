"""Formulas over columns: a small, safe part of Python's expression syntax, compiled to Polars.

    amount * (1 + rate)        round(weight / height ** 2, 1)      "senior" if age >= 65 else band
    year(left) - year(born)    upper(country) + "-" + text(no)      col("monthly fee") * 12

Python's own parser reads the text; only the kinds of nodes below are taken, and nothing is ever evaluated as Python. Names are columns;
`col("…")` names one that is no Python name. A missing value makes the result missing, but for `if`: a condition that is unknown takes the
else branch, as in SQL; `missing(x)` and `coalesce(x, y)` deal with them. What has no finite value (x / 0, log(-1)) is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import polars as pl

from understudy.core.errors import ConstraintError, did_you_mean

if TYPE_CHECKING:
    from understudy.data.expression_sql import SqlTerm
    from understudy.data.schema import ColumnSchema

Sort = Literal["number", "text", "truth", "moment", "time", "duration"]

_DAY_US = 86_400_000_000
LONGEST, DEEPEST = 4_000, 60


@dataclass(frozen=True)
class Term:
    """A compiled part of an expression: the Polars expression, and what sort of value it has."""

    expr: pl.Expr
    sort: Sort


@dataclass(frozen=True)
class Expression:
    """A parsed formula. ``columns``: those that it names, in order of appearance."""

    text: str
    columns: tuple[str, ...]
    _body: ast.expr = field(repr=False, compare=False)

    def compiled(self, schema: Mapping[str, ColumnSchema]) -> Term:
        """As a Polars expression over typed values of the columns.

        Raises:
            ConstraintError: an unknown column (with the nearest), or an operation on values that it is not made for; with the place.
        """
        return _Compiler(self.text, schema).term(self._body)

    def to_sql(self, columns: Mapping[str, SqlTerm]) -> SqlTerm:
        """As SQL of the same meaning; `columns`: what each name stands for. Raises `ConstraintError` as `compiled` does."""
        from understudy.data.expression_sql import in_sql

        return in_sql(self.text, self._body, columns)

    def place_of(self, name: str) -> str:
        """Where the formula first names a column, for messages."""
        for node in ast.walk(self._body):
            if (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Constant) and node.value == name):
                return _place(self.text, _offset(self.text, node))
        return "formula"


def parse(text: str) -> Expression:
    """Read a formula. Raises `ConstraintError` that tells the place of what is no part of the language."""
    if len(text) > LONGEST:
        raise ConstraintError(f"A formula of {len(text):,} characters is too long; {LONGEST:,} are read.")
    try:
        body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConstraintError(
            f"The formula cannot be read: {getattr(error, 'msg', error)}.",
            where=_place(text, (getattr(error, "offset", None) or len(text) + 1) - 1),
            remedy=_REMEDY,
        ) from None
    names: dict[str, None] = {}
    _Reader(text, names).read(body)
    return Expression(text, tuple(names), body)


def sort_of(column: ColumnSchema) -> Sort:
    """What sort of value the typed values of a column have."""
    by_kind: dict[str, Sort] = {
        "integer": "number", "decimal": "number", "latitude": "number", "longitude": "number", "boolean": "truth",
        "datetime": "moment", "date": "moment", "time": "time", "duration": "duration",
    }  # fmt: skip
    if column.kind in by_kind:
        return by_kind[column.kind]
    if column.dtype.startswith(("Int", "UInt", "Float", "Decimal")):
        return "number"
    return "truth" if column.dtype == "Boolean" else "text"


_FOREIGN = "This is no part of the language of formulas."
_REMEDY = (
    'Write it as in Python: columns by name or col("name"), numbers, "texts", + - * / // % **, comparisons, and/or/not, a if b else c, '
    "and the functions that docs/schema.md lists."
)
_OPERATORS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
_COMPARISONS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def _place(text: str, offset: int) -> str:
    """Where in a formula something is: the text with a mark in front of it."""
    start = max(0, offset - 30)
    lead, rest = ("…" if start else "") + text[start:offset], text[offset : offset + 30] + ("…" if len(text) > offset + 30 else "")
    return f"formula, character {offset + 1}: {lead}⟨here⟩{rest}"


def _offset(text: str, node: ast.AST) -> int:
    """The character that a node begins at; the parser counts bytes of its line."""
    lines = text.splitlines(keepends=True)
    line = int(getattr(node, "lineno", 1)) - 1
    before = sum(map(len, lines[:line]))
    return before + len(lines[line].encode()[: int(getattr(node, "col_offset", 0))].decode(errors="ignore")) if lines else 0


class _Reader:
    """Checks that a parsed expression belongs to the language, and lists its columns."""

    def __init__(self, text: str, names: dict[str, None]) -> None:
        self._text, self._names = text, names

    def read(self, node: ast.expr, depth: int = 0) -> None:
        if depth > DEEPEST:
            place = _place(self._text, _offset(self._text, node))
            raise ConstraintError(f"The formula is nested more than {DEEPEST} deep.", where=place)
        for child in self._parts(node):
            self.read(child, depth + 1)

    def _parts(self, node: ast.expr) -> Sequence[ast.expr]:
        match node:
            case ast.Name():
                self._names[node.id] = None
                return ()
            case ast.Constant(value=bool() | int() | float() | str()):
                return ()
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return (node.left, node.right)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
                return (node.operand,)
            case ast.BoolOp():
                return node.values
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return (node.test, node.body, node.orelse)
            case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as name)], keywords=[]):
                self._names[name] = None
                return ()
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
                return node.args
            case ast.Call(func=ast.Name(id=name)):
                raise ConstraintError(
                    f"The formula calls {name}() in a way that it is not made for."
                    if name in (*_FUNCTIONS, "col")
                    else f'There is no function "{name}" in formulas.',
                    where=_place(self._text, _offset(self._text, node)),
                    remedy=did_you_mean(name, _FUNCTIONS, shown=40),
                )
        raise ConstraintError(_FOREIGN, where=_place(self._text, _offset(self._text, node)), remedy=_REMEDY)

    def _compared(self, node: ast.Compare) -> list[ast.expr]:
        parts = [node.left]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if type(operator) not in _COMPARISONS:
                raise ConstraintError(
                    "`is` is no comparison of values.", where=_place(self._text, _offset(self._text, right)), remedy="Use == or missing(x)."
                )
            if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple | ast.Set):
                parts += right.elts
            else:
                parts.append(right)
        return parts


class _Compiler:
    """From nodes to Polars, with the sorts of values checked."""

    def __init__(self, text: str, schema: Mapping[str, ColumnSchema]) -> None:
        self._text, self._schema = text, schema

    def term(self, node: ast.expr) -> Term:
        match node:
            case ast.Name():
                return self._column(node.id, node)
            case ast.Constant():
                return _constant(node.value)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                parts = [self._wanted(value, "truth").expr for value in node.values]
                return Term(reduce((lambda a, b: a & b) if isinstance(node.op, ast.And) else (lambda a, b: a | b), parts), "truth")
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                test, yes, no = self._wanted(node.test, "truth"), *self._alike([node.body, node.orelse])
                return Term(pl.when(test.expr).then(yes.expr).otherwise(no.expr), yes.sort)
            case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=name)]):
                return self._column(str(name), node)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node)
        raise ConstraintError(_FOREIGN, where=_place(self._text, _offset(self._text, node)), remedy=_REMEDY)

    def _column(self, name: str, node: ast.expr) -> Term:
        column = self._schema.get(name)
        if column is None:
            raise ConstraintError(
                f'The formula names the column "{name}", which is not there.',
                where=_place(self._text, _offset(self._text, node)),
                remedy=did_you_mean(name, self._schema),
            )
        return Term(pl.col(name), sort_of(column))

    def _arithmetic(self, node: ast.BinOp) -> Term:
        left, right, sign = self.term(node.left), self.term(node.right), _OPERATORS[type(node.op)]
        sorts = (left.sort, right.sort)
        if sign == "+" and sorts == ("text", "text"):
            return Term(left.expr + right.expr, "text")
        if sign == "-" and sorts == ("moment", "moment"):
            return Term(_instant(left.expr) - _instant(right.expr), "duration")
        if sign in "+-" and sorts == ("moment", "duration"):
            return Term(_instant(left.expr) + right.expr if sign == "+" else _instant(left.expr) - right.expr, "moment")
        if sign in "+-" and sorts == ("duration", "duration"):
            return Term(left.expr + right.expr if sign == "+" else left.expr - right.expr, "duration")
        if not set(sorts) <= {"number", "truth"}:
            self._refuse(f"{sign} is not made for a {left.sort} and a {right.sort}.", node)
        return Term(_finite(_calculated(sign, _number(left), _number(right))), "number")

    def _unary(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            return Term(~self._wanted(node.operand, "truth").expr, "truth")
        operand = self._wanted(node.operand, "number")
        return Term(-operand.expr, "number") if isinstance(node.op, ast.USub) else operand

    def _comparison(self, node: ast.Compare) -> Term:
        found: list[pl.Expr] = []
        left_node = node.left
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            found.append(self._compared(left_node, _COMPARISONS[type(operator)], right_node, node))
            left_node = right_node
        return Term(reduce(lambda a, b: a & b, found), "truth")

    def _compared(self, left_node: ast.expr, sign: str, right_node: ast.expr, node: ast.Compare) -> pl.Expr:
        if sign in ("in", "not in"):
            if not isinstance(right_node, ast.List | ast.Tuple | ast.Set):
                self._refuse(f"`{sign}` needs a list of values, as [1, 2].", node)
            met = [self._compared(left_node, "==", element, node) for element in right_node.elts]
            inside = reduce(lambda a, b: a | b, met, pl.lit(False))
            return inside if sign == "in" else ~inside
        left, right = self._alike([left_node, right_node])
        if sign not in ("==", "!=") and left.sort == "truth":
            self._refuse("true and false have no order.", node)
        a, b = (left.expr, right.expr) if left.sort != "moment" else (_instant(left.expr), _instant(right.expr))
        return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]

    def _alike(self, nodes: Sequence[ast.expr]) -> list[Term]:
        """Terms of one sort; a text that is written for a moment or for a boolean's spelling becomes what it means."""
        terms = [self.term(node) for node in nodes]
        sorts = {term.sort for term in terms}
        if len(sorts) > 1 and "text" in sorts:
            model = next(node for node, term in zip(nodes, terms, strict=True) if term.sort != "text")
            terms = [self._meant(node, term, model) for node, term in zip(nodes, terms, strict=True)]
            sorts = {term.sort for term in terms}
        if sorts == {"number", "truth"}:
            return [Term(_number(term), "number") for term in terms]
        if len(sorts) > 1:
            self._refuse(f"A {terms[0].sort} and a {next(s for s in sorts if s != terms[0].sort)} cannot be compared or mixed.", nodes[1])
        return terms

    def _meant(self, node: ast.expr, term: Term, model: ast.expr) -> Term:
        """A constant text as the value that it stands for beside `model`."""
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            return term
        other = self.term(model).sort
        if other == "moment":
            try:
                return Term(pl.lit(datetime.fromisoformat(node.value).replace(tzinfo=None)).cast(pl.Datetime("us")), "moment")
            except ValueError:
                self._refuse(f'"{node.value}" is no moment; write it as 2024-05-31 or 2024-05-31 14:30.', node)
        name = model.id if isinstance(model, ast.Name) else ""
        spelling = self._schema[name].spelling if name in self._schema else None
        if other == "truth" and spelling and node.value in map(str, spelling):
            return Term(pl.lit(str(spelling[1]) == node.value), "truth")
        return term

    def _wanted(self, node: ast.expr, sort: Sort) -> Term:
        term = self.term(node)
        if sort == "number" and term.sort == "truth":
            return Term(_number(term), "number")
        if term.sort != sort:
            self._refuse(f"A {sort} is needed here, and this is a {term.sort}.", node)
        return term

    def _call(self, name: str, node: ast.Call) -> Term:
        function = _FUNCTIONS[name]
        least, most = function.arguments
        if not least <= len(node.args) <= most:
            self._refuse(f"{name}() takes {least if least == most else f'{least} or more'} arguments, not {len(node.args)}.", node)
        if function.takes is None:
            terms = self._alike(node.args) if len(node.args) > 1 else [self.term(node.args[0])]
        else:
            terms = [self._wanted(argument, sort) for argument, sort in zip(node.args, function.takes, strict=False)]
        if name == "round" and len(node.args) == 2:
            return Term(terms[0].expr.round(self._digits(node.args[1])), "number")
        return function.make(terms)

    def _digits(self, node: ast.expr) -> int:
        if not (isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value <= 30):
            self._refuse("round() takes a whole number of digits from 0 to 30.", node)
        return int(node.value)

    def _refuse(self, what: str, node: ast.AST) -> NoReturn:
        raise ConstraintError(what, where=_place(self._text, _offset(self._text, node)), remedy=_REMEDY)


def _constant(value: Any) -> Term:
    if isinstance(value, bool):
        return Term(pl.lit(value), "truth")
    if isinstance(value, str):
        return Term(pl.lit(value), "text")
    return Term(pl.lit(value, dtype=pl.Int64 if isinstance(value, int) and abs(value) < 2**63 else pl.Float64), "number")


def _number(term: Term) -> pl.Expr:
    return term.expr.cast(pl.Int64) if term.sort == "truth" else term.expr


def _instant(moment: pl.Expr) -> pl.Expr:
    return moment.cast(pl.Datetime("us"))


def _calculated(sign: str, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a.cast(pl.Float64) / b.cast(pl.Float64)
        case "//":
            return (a.cast(pl.Float64) / b.cast(pl.Float64)).floor()
        case "%":
            return a - (a.cast(pl.Float64) / b.cast(pl.Float64)).floor() * b
    return a.cast(pl.Float64).pow(b.cast(pl.Float64))


def _finite(value: pl.Expr) -> pl.Expr:
    return pl.when(value.cast(pl.Float64).is_finite()).then(value)


@dataclass(frozen=True)
class _Function:
    """One function: how many arguments, their sorts (None: any, all alike), and how it is made."""

    arguments: tuple[int, int]
    takes: tuple[Sort, ...] | None
    make: Callable[[list[Term]], Term]


def _of_number(make: Callable[[pl.Expr], pl.Expr]) -> _Function:
    return _Function((1, 1), ("number",), lambda terms: Term(_finite(make(terms[0].expr)), "number"))


def _of_text(make: Callable[[pl.Expr], pl.Expr], sort: Sort) -> _Function:
    return _Function((1, 1), ("text",), lambda terms: Term(make(terms[0].expr), sort))


def _part(make: Callable[[pl.Expr], pl.Expr]) -> _Function:
    """A part of a moment, as a number."""
    return _Function((1, 1), ("moment",), lambda terms: Term(make(_instant(terms[0].expr)).cast(pl.Int64), "number"))


def _span(unit_us: int) -> _Function:
    """A duration counted in a unit."""
    return _Function((1, 1), ("duration",), lambda terms: Term(terms[0].expr.dt.total_microseconds() / unit_us, "number"))


def _extreme(pick: Callable[..., pl.Expr]) -> _Function:
    """The least or greatest of several; missing where one is."""

    def made(terms: list[Term]) -> Term:
        parts = [_instant(t.expr) if t.sort == "moment" else t.expr for t in terms]
        there = pl.all_horizontal(part.is_not_null() for part in parts)
        return Term(pl.when(there).then(pick(*parts)), terms[0].sort)

    return _Function((2, 99), None, made)


def _later(terms: list[Term]) -> Term:
    return Term(_instant(terms[0].expr) + (terms[1].expr.cast(pl.Float64) * _DAY_US).round().cast(pl.Duration("us")), "moment")


_FUNCTIONS: dict[str, _Function] = {
    "abs": _of_number(lambda x: x.abs()),
    "round": _Function((1, 2), ("number", "number"), lambda terms: Term(terms[0].expr.cast(pl.Float64).round(), "number")),
    "floor": _of_number(lambda x: x.cast(pl.Float64).floor()),
    "ceil": _of_number(lambda x: x.cast(pl.Float64).ceil()),
    "exp": _of_number(lambda x: x.cast(pl.Float64).exp()),
    "log": _of_number(lambda x: x.cast(pl.Float64).log()),
    "sqrt": _of_number(lambda x: x.cast(pl.Float64).sqrt()),
    "min": _extreme(pl.min_horizontal),
    "max": _extreme(pl.max_horizontal),
    "year": _part(lambda x: x.dt.year()),
    "month": _part(lambda x: x.dt.month()),
    "day": _part(lambda x: x.dt.day()),
    "weekday": _part(lambda x: x.dt.weekday()),
    "hour": _part(lambda x: x.dt.hour()),
    "minute": _part(lambda x: x.dt.minute()),
    "days": _span(_DAY_US),
    "hours": _span(_DAY_US // 24),
    "minutes": _span(_DAY_US // 1440),
    "seconds": _span(1_000_000),
    "add_days": _Function((2, 2), ("moment", "number"), _later),
    "lower": _of_text(lambda x: x.str.to_lowercase(), "text"),
    "upper": _of_text(lambda x: x.str.to_uppercase(), "text"),
    "strip": _of_text(lambda x: x.str.strip_chars(), "text"),
    "length": _of_text(lambda x: x.str.len_chars().cast(pl.Int64), "number"),
    "starts": _Function((2, 2), ("text", "text"), lambda terms: Term(terms[0].expr.str.starts_with(terms[1].expr), "truth")),
    "ends": _Function((2, 2), ("text", "text"), lambda terms: Term(terms[0].expr.str.ends_with(terms[1].expr), "truth")),
    "contains": _Function((2, 2), ("text", "text"), lambda terms: Term(terms[0].expr.str.contains(terms[1].expr, literal=True), "truth")),
    "text": _Function((1, 1), ("number",), lambda terms: Term(terms[0].expr.cast(pl.String), "text")),
    "missing": _Function((1, 1), None, lambda terms: Term(terms[0].expr.is_null(), "truth")),
    "coalesce": _Function((2, 99), None, lambda terms: Term(pl.coalesce(*(t.expr for t in terms)), terms[0].sort)),
}
FUNCTIONS: tuple[str, ...] = tuple(_FUNCTIONS)
"""The names of all functions of the language."""
