"""Formulas as SQL (DuckDB's dialect), with the meaning that they have in Polars: the second opinion on what a formula computes.

Truth has three values, a missing operand makes the result missing, and what has no finite value is missing; rounding is half to even.
Where the two engines need not agree to the last bit, a term says so: `close` after exp, log or powers, which each computes in its own
way; `doubt` lists conditions on a row under which they may differ altogether (the capital of ß, the text of 1e300, a rounding that
hangs on the last bit of a logarithm).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from understudy.core.errors import ConstraintError, did_you_mean

if TYPE_CHECKING:
    from understudy.data.expression import Sort

_DAY_US = 86_400_000_000
_SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


@dataclass(frozen=True)
class SqlTerm:
    """A part of a formula in SQL.

    Attributes:
        text: the SQL. Moments are timestamps, durations whole microseconds. sort: what sort of value it has.
        whole: a number of an integer type. close: equal to what Polars computes but for the last digits.
        doubt: conditions in SQL under which the engines may differ. spelling: how a truth is written, false first.
        constant: the same in every row.
    """

    text: str
    sort: Sort
    whole: bool = False
    close: bool = False
    doubt: tuple[str, ...] = ()
    spelling: tuple[str, str] | None = None
    constant: bool = False


def in_sql(text: str, body: ast.expr, columns: Mapping[str, SqlTerm]) -> SqlTerm:
    """A parsed formula as SQL; `columns`: what its names stand for. Raises `ConstraintError` as compiling to Polars does."""
    return _Compiler(text, columns).term(body)


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as an SQL literal of the type that Polars gives it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 2**63:
        return f"({value}::BIGINT)"
    if isinstance(value, int | float):
        shown = repr(float(value))
        return f"({shown if 'e' in shown else f'{shown}e0'}::DOUBLE)"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


class _Compiler:
    """From nodes to SQL; the sorts of values are checked as they are on the way to Polars."""

    def __init__(self, text: str, columns: Mapping[str, SqlTerm]) -> None:
        self._text, self._columns = text, columns

    def term(self, node: ast.expr) -> SqlTerm:
        match node:
            case ast.Name():
                return self._column(node.id)
            case ast.Constant():
                return _constant(node.value)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                word = " AND " if isinstance(node.op, ast.And) else " OR "
                parts = [self._wanted(value, "truth") for value in node.values]
                return _made(f"({word.join(part.text for part in parts)})", "truth", parts)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                test, (yes, no) = self._wanted(node.test, "truth"), self._alike([node.body, node.orelse])
                text = f"(CASE WHEN {test.text} THEN {yes.text} ELSE {no.text} END)"
                return _made(text, yes.sort, [test, yes, no], whole=yes.whole and no.whole)
            case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=name)]):
                return self._column(str(name))
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node)
        raise ConstraintError("This is no part of the language of formulas.", where=f"formula: {self._text}")

    def _column(self, name: str) -> SqlTerm:
        if name not in self._columns:
            raise ConstraintError(
                f'The formula names the column "{name}", which is not there.', where=self._text, remedy=did_you_mean(name, self._columns)
            )
        return self._columns[name]

    def _arithmetic(self, node: ast.BinOp) -> SqlTerm:
        left, right, sign = self.term(node.left), self.term(node.right), _SIGNS[type(node.op)]
        sorts = (left.sort, right.sort)
        if sign == "+" and sorts == ("text", "text"):
            return _made(f"({left.text} || {right.text})", "text", [left, right])
        if sign == "-" and sorts == ("moment", "moment"):
            return _made(f"(epoch_us({_instant(left)}) - epoch_us({_instant(right)}))", "duration", [left, right])
        if sign in "+-" and sorts == ("moment", "duration"):
            return _made(f"make_timestamp(epoch_us({_instant(left)}) {sign} {right.text})", "moment", [left, right])
        if sign in "+-" and sorts == ("duration", "duration"):
            return _made(f"({left.text} {sign} {right.text})", "duration", [left, right])
        if not set(sorts) <= {"number", "truth"}:
            self._refuse(f"{sign} is not made for a {left.sort} and a {right.sort}.")
        return _calculated(sign, _number(left), _number(right))

    def _unary(self, node: ast.UnaryOp) -> SqlTerm:
        if isinstance(node.op, ast.Not):
            operand = self._wanted(node.operand, "truth")
            return _made(f"(NOT {operand.text})", "truth", [operand])
        operand = self._wanted(node.operand, "number")
        return _made(f"(-{operand.text})", "number", [operand], whole=operand.whole) if isinstance(node.op, ast.USub) else operand

    def _comparison(self, node: ast.Compare) -> SqlTerm:
        found: list[SqlTerm] = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            found.append(self._compared(left, operator, right))
            left = right
        return found[0] if len(found) == 1 else _made(f"({' AND '.join(part.text for part in found)})", "truth", found)

    def _compared(self, left_node: ast.expr, operator: ast.cmpop, right_node: ast.expr) -> SqlTerm:
        if isinstance(operator, ast.In | ast.NotIn):
            if not isinstance(right_node, ast.List | ast.Tuple | ast.Set):
                self._refuse("`in` needs a list of values, as [1, 2].")
            met = [self._compared(left_node, ast.Eq(), element) for element in right_node.elts]
            inside = f"({' OR '.join(part.text for part in met)})" if met else "false"
            return _made(inside if isinstance(operator, ast.In) else f"(NOT {inside})", "truth", met)
        left, right = self._alike([left_node, right_node])
        sign = _COMPARED[type(operator)]
        if sign not in ("=", "<>") and left.sort == "truth":
            self._refuse("true and false have no order.")
        a, b = (_instant(left), _instant(right)) if left.sort == "moment" else (left.text, right.text)
        hanging = (f"abs({a} - {b}) <= 1e-11 * greatest(abs({a}), abs({b}))",) if left.close or right.close else ()
        return _made(f"({a} {sign} {b})", "truth", [left, right], doubt=hanging, close=False)

    def _alike(self, nodes: Sequence[ast.expr]) -> list[SqlTerm]:
        terms = [self.term(node) for node in nodes]
        sorts = {term.sort for term in terms}
        if len(sorts) > 1 and "text" in sorts:
            model = next(term for term in terms if term.sort != "text")
            terms = [self._meant(node, term, model) for node, term in zip(nodes, terms, strict=True)]
            sorts = {term.sort for term in terms}
        if sorts == {"number", "truth"}:
            return [_number(term) for term in terms]
        if len(sorts) > 1:
            self._refuse(f"A {terms[0].sort} and a {next(s for s in sorts if s != terms[0].sort)} cannot be compared or mixed.")
        return terms

    def _meant(self, node: ast.expr, term: SqlTerm, model: SqlTerm) -> SqlTerm:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            return term
        if model.sort == "moment":
            try:
                return SqlTerm(literal(datetime.fromisoformat(node.value).replace(tzinfo=None)), "moment")
            except ValueError:
                self._refuse(f'"{node.value}" is no moment; write it as 2024-05-31 or 2024-05-31 14:30.')
        if model.sort == "truth" and model.spelling and node.value in model.spelling:
            return SqlTerm(literal(model.spelling[1] == node.value), "truth")
        return term

    def _wanted(self, node: ast.expr, sort: Sort) -> SqlTerm:
        term = self.term(node)
        if sort == "number" and term.sort == "truth":
            return _number(term)
        if term.sort != sort:
            self._refuse(f"A {sort} is needed here, and this is a {term.sort}.")
        return term

    def _call(self, name: str, node: ast.Call) -> SqlTerm:
        function = _FUNCTIONS[name]
        if function.takes is None:
            terms = self._alike(node.args) if len(node.args) > 1 else [self.term(node.args[0])]
        else:
            terms = [self._wanted(argument, sort) for argument, sort in zip(node.args, function.takes, strict=False)]
        if name == "round" and len(node.args) == 2:
            return rounded(terms[0], int(node.args[1].value))  # type: ignore[attr-defined, unused-ignore]
        return function.make(terms)

    def _refuse(self, what: str) -> NoReturn:
        raise ConstraintError(what, where=f"formula: {self._text}")


_SIGNS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
_COMPARED: dict[type, str] = {ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def _made(
    text: str, sort: Sort, parts: Sequence[SqlTerm], *, whole: bool = False, close: bool | None = None, doubt: tuple[str, ...] = ()
) -> SqlTerm:
    """A term of others: it is as close and as doubtful as they are."""
    doubts = dict.fromkeys([*(d for part in parts for d in part.doubt), *doubt])
    close = any(part.close for part in parts) if close is None else close
    return SqlTerm(text, sort, whole, close, tuple(doubts), constant=all(part.constant for part in parts))


def _constant(value: Any) -> SqlTerm:
    sort: Sort = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return SqlTerm(literal(value), sort, whole=whole, constant=True)


def _number(term: SqlTerm) -> SqlTerm:
    return _made(f"({term.text}::BIGINT)", "number", [term], whole=True) if term.sort == "truth" else term


def _instant(term: SqlTerm) -> str:
    return f"({term.text})::TIMESTAMP"


def _double(term: SqlTerm) -> str:
    return f"({term.text}::DOUBLE)"


def _finite(text: str, parts: Sequence[SqlTerm], *, whole: bool = False, close: bool | None = None) -> SqlTerm:
    """A number, missing where it is none."""
    if whole:
        return _made(text, "number", parts, whole=True, close=close)
    return _made(f"(CASE WHEN isfinite({text}) THEN {text} END)", "number", parts, close=close)


def _calculated(sign: str, a: SqlTerm, b: SqlTerm) -> SqlTerm:
    whole = a.whole and b.whole
    left, right = (a.text, b.text) if whole else (_double(a), _double(b))
    match sign:
        case "+" | "-" | "*":
            return _finite(f"({left} {sign} {right})", [a, b], whole=whole)
        case "/":
            return _finite(_ratio(a, b), [a, b])
        case "//":
            return _stepped(_finite(f"floor({_ratio(a, b)})", [a, b]), _ratio(a, b))
        case "%":
            ratio = _ratio(a, b)
            return _stepped(_finite(f"({_double(a)} - floor({ratio}) * {_double(b)})", [a, b]), ratio)
    return _finite(f"pow({_double(a)}, {_double(b)})", [a, b], close=True)


def _ratio(a: SqlTerm, b: SqlTerm) -> str:
    """One number by another. By a constant, Polars multiplies by the rounded reciprocal."""
    return f"({_double(a)} * (1e0 / {_double(b)}))" if b.constant and not a.constant else f"({_double(a)} / {_double(b)})"


def _stepped(term: SqlTerm, of: str) -> SqlTerm:
    """What jumps at whole numbers is in doubt near them where `of` is known but for its last digits."""
    return _made(term.text, term.sort, [term], doubt=(f"abs({of} - round({of})) < 1e-9 * (1 + abs({of}))",)) if term.close else term


def rounded(term: SqlTerm, digits: int) -> SqlTerm:
    """To so many digits after the point, halves to even."""
    if term.whole:
        return term
    hanging = f"abs({term.text} * 1e{digits} - floor({term.text} * 1e{digits}) - 0.5) < 1e-6 * (1 + abs({term.text}))"
    text = f"round_even({term.text}, 0)" if digits == 0 else f"(round_even({term.text} * 1e{digits}, 0) / 1e{digits})"
    return _made(text, "number", [term], doubt=(hanging,) if term.close else ())


@dataclass(frozen=True)
class _Function:
    takes: tuple[Sort, ...] | None
    make: Callable[[list[SqlTerm]], SqlTerm]


def _of_number(template: str, *, close: bool | None = None, steps: bool = False) -> _Function:
    def made(terms: list[SqlTerm]) -> SqlTerm:
        found = _finite(template.format(_double(terms[0])), terms, close=close)
        return _stepped(found, terms[0].text) if steps else found

    return _Function(("number",), made)


def _simple(template: str, takes: tuple[Sort, ...], sort: Sort, *, whole: bool = False) -> _Function:
    def made(terms: list[SqlTerm]) -> SqlTerm:
        texts = [_instant(term) if term.sort == "moment" else term.text for term in terms]
        return _made(template.format(*texts), sort, terms, whole=whole)

    return _Function(takes, made)


def _cased(function: str) -> _Function:
    """Letters whose other case is several letters, or hangs on the word, are in doubt."""

    def made(terms: list[SqlTerm]) -> SqlTerm:
        doubt = f"regexp_matches({terms[0].text}, {literal(f'[{_special_letters()}]')})"
        return _made(f"{function}({terms[0].text})", "text", terms, doubt=(doubt,))

    return _Function(("text",), made)


@cache
def _special_letters() -> str:
    """Letters that Unicode's simple tables of cases do not cover, and those that tables of different age may know differently."""
    named = [chr(point) for point in range(128, 0x3000) if len(chr(point).upper()) > 1 or len(chr(point).lower()) > 1]
    return "".join(named) + "Σςẞ\ufb00-\ufb17\u1c80-\u1cbf\u2c2f\u2c5f\ua640-\ua7ff\uab30-\uabbf\U00010400-\U0001e943"


def _extreme(function: str) -> _Function:
    def made(terms: list[SqlTerm]) -> SqlTerm:
        whole = all(term.whole for term in terms)
        texts = [_instant(t) if t.sort == "moment" else _double(t) if t.sort == "number" and not whole else t.text for t in terms]
        there = " AND ".join(f"{text} IS NOT NULL" for text in texts)
        return _made(f"(CASE WHEN {there} THEN {function}({', '.join(texts)}) END)", terms[0].sort, terms, whole=whole)

    return _Function(None, made)


def _as_text(terms: list[SqlTerm]) -> SqlTerm:
    value = terms[0]
    if value.whole:
        return _made(f"({value.text}::VARCHAR)", "text", terms)
    written = f"({value.text} <> 0 AND (abs({value.text}) < 1e-4 OR abs({value.text}) >= 1e15))"
    hanging = ("true",) if value.close else ()
    return _made(f"({_double(value)}::VARCHAR)", "text", terms, doubt=(written, *hanging))


def _absolute(terms: list[SqlTerm]) -> SqlTerm:
    return _finite(f"abs({terms[0].text})", terms, whole=terms[0].whole)


def _later(terms: list[SqlTerm]) -> SqlTerm:
    moved = f"make_timestamp(epoch_us({_instant(terms[0])}) + round_even({_double(terms[1])} * {_DAY_US}e0, 0)::BIGINT)"
    return _made(moved, "moment", terms)


def _coalesced(terms: list[SqlTerm]) -> SqlTerm:
    texts = [_instant(term) if term.sort == "moment" else term.text for term in terms]
    return _made(f"coalesce({', '.join(texts)})", terms[0].sort, terms, whole=all(term.whole for term in terms))


def _missing(terms: list[SqlTerm]) -> SqlTerm:
    return _made(f"({terms[0].text} IS NULL)", "truth", terms, close=False)


def _span(unit_us: int) -> _Function:
    return _Function(("duration",), lambda terms: _made(_ratio(terms[0], _constant(unit_us)), "number", terms))


def _part(template: str) -> _Function:
    return _simple(f"({template}::BIGINT)", ("moment",), "number", whole=True)


_FUNCTIONS: dict[str, _Function] = {
    "abs": _Function(("number",), _absolute),
    "round": _Function(("number", "number"), lambda terms: rounded(_made(_double(terms[0]), "number", terms), 0)),
    "floor": _of_number("floor({0})", steps=True),
    "ceil": _of_number("ceil({0})", steps=True),
    "exp": _of_number("exp({0})", close=True),
    "log": _of_number("(CASE WHEN {0} > 0 THEN ln({0}) END)", close=True),
    "sqrt": _of_number("(CASE WHEN {0} >= 0 THEN sqrt({0}) END)"),
    "min": _extreme("least"),
    "max": _extreme("greatest"),
    "year": _part("year({0})"),
    "month": _part("month({0})"),
    "day": _part("day({0})"),
    "weekday": _part("isodow({0})"),
    "hour": _part("hour({0})"),
    "minute": _part("minute({0})"),
    "days": _span(_DAY_US),
    "hours": _span(_DAY_US // 24),
    "minutes": _span(_DAY_US // 1440),
    "seconds": _span(1_000_000),
    "add_days": _Function(("moment", "number"), _later),
    "lower": _cased("lower"),
    "upper": _cased("upper"),
    "strip": _simple(f"trim({{0}}, {literal(_SPACES)})", ("text",), "text"),
    "length": _simple("(length({0})::BIGINT)", ("text",), "number", whole=True),
    "starts": _simple("starts_with({0}, {1})", ("text", "text"), "truth"),
    "ends": _simple("suffix({0}, {1})", ("text", "text"), "truth"),
    "contains": _simple("contains({0}, {1})", ("text", "text"), "truth"),
    "text": _Function(("number",), _as_text),
    "missing": _Function(None, _missing),
    "coalesce": _Function(None, _coalesced),
}
