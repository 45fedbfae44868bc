"""The SQL that makes a spec's tables: types, keys, references, what must not be missing, and the rules that SQL has words for.

Tables come after those that they refer to. References in a circle are added afterwards, where the dialect can.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.expression import parse
from understudy.rules import columns as c
from understudy.rules.compiling import order_of_tables

if TYPE_CHECKING:
    from understudy.rules.spec import Spec, TableSpec

_NAMES = {"postgres": "postgresql", "sqlite3": "sqlite", "mariadb": "mysql"}
_TYPES: dict[str, dict[str, str]] = {
    "postgresql": {"decimal": "DOUBLE PRECISION", "datetime": "TIMESTAMP", "boolean": "BOOLEAN", "text": "TEXT", "uuid": "TEXT"},
    "duckdb": {"decimal": "DOUBLE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN", "text": "VARCHAR", "uuid": "VARCHAR"},
    "sqlite": {"decimal": "REAL", "datetime": "DATETIME", "boolean": "BOOLEAN", "text": "TEXT", "uuid": "TEXT"},
    "mysql": {"decimal": "DOUBLE", "datetime": "DATETIME(6)", "boolean": "BOOLEAN", "text": "TEXT", "uuid": "CHAR(36)"},
}
DIALECTS = tuple(_TYPES)
_KEY_TEXT = 255
"""MySQL's keys are of texts that say how long they may be."""


def create_statements(spec: Spec, dialect: str) -> list[str]:
    """The statements that make a spec's tables, parents first.

    Args:
        dialect: "postgresql", "sqlite", "duckdb" or "mysql".

    Rules that SQL has no words for in this dialect are left out of the statements: a proof checks them all.
    """
    dialect = _NAMES.get(dialect, dialect)
    if dialect not in _TYPES:
        raise ArgumentError(f'Tables are not written for the dialect "{dialect}".', remedy=did_you_mean(dialect, DIALECTS))
    order = order_of_tables(spec)
    statements = [_Table(spec, name, dialect).statement(order) for name in order]
    return statements + [text for name in order for text in _Table(spec, name, dialect).later(order)]


class _Table:
    """One table's statement."""

    def __init__(self, spec: Spec, name: str, dialect: str) -> None:
        self._spec, self._name, self._dialect = spec, name, dialect
        self._table: TableSpec = spec.tables[name]

    def statement(self, order: list[str]) -> str:
        lines = [self._column(name) for name in self._table.visible]
        if self._key:
            lines.append(f"PRIMARY KEY ({self._quoted(self._key)})")
        lines += [f"UNIQUE ({self._quoted(names)})" for names in self._unique]
        lines += [self._reference(r) for r in references(self._spec, self._name) if self._early(r, order)]
        lines += [f"CHECK ({text})" for text in self._checks()]
        return f"CREATE TABLE {quoted(self._name, self._dialect)} (\n  " + ",\n  ".join(lines) + "\n)"

    def later(self, order: list[str]) -> list[str]:
        """References to tables that are made after this one. SQLite has them in the statement; DuckDB cannot add any."""
        late = [r for r in references(self._spec, self._name) if not self._early(r, order)]
        if self._dialect not in ("postgresql", "mysql"):
            return []
        deferred = " DEFERRABLE INITIALLY DEFERRED" if self._dialect == "postgresql" else ""
        return [f"ALTER TABLE {quoted(self._name, self._dialect)} ADD {self._reference(r)}{deferred}" for r in late]

    @property
    def _key(self) -> list[str]:
        return self._table.key if all(name in self._table.visible for name in self._table.key) else []

    @property
    def _unique(self) -> list[list[str]]:
        shown = [names for names in self._table.unique if all(name in self._table.visible for name in names)]
        return [names for names in shown if names != self._key] + [[name] for name in self._alone if [name] not in (*shown, self._key)]

    @property
    def _alone(self) -> list[str]:
        """Columns that others refer to: a foreign key needs a unique set."""
        return list(
            dict.fromkeys(
                to[0]
                for other in self._spec.tables
                for _, table, to in references(self._spec, other)
                if table == self._name and len(to) == 1
            )
        )

    def _early(self, reference: tuple[tuple[str, ...], str, tuple[str, ...]], order: list[str]) -> bool:
        if self._dialect == "duckdb" and reference[1] == self._name:
            return False  # DuckDB refuses rows that refer to rows of the same insert
        before = order.index(reference[1]) <= order.index(self._name)
        return before or self._dialect == "sqlite"  # SQLite looks tables up when rows come

    def _column(self, name: str) -> str:
        missing = "" if may_miss(self._spec, self._name, name) and name not in self._key else " NOT NULL"
        return f"{quoted(name, self._dialect)} {self._type(name)}{missing}"

    def _type(self, name: str) -> str:
        kind, facts = kind_of(self._spec, self._name, name)
        types = _TYPES[self._dialect]
        if kind == "integer":
            return "BIGINT" if self._dialect != "sqlite" else "INTEGER"
        if kind == "decimal" and facts is not None and self._dialect != "sqlite":
            return f"NUMERIC({max(18, facts + 12)}, {facts})"
        if kind == "text" and facts is not None:
            return f"VARCHAR({facts})"
        if kind == "text" and self._dialect == "mysql" and self._in_a_key(name):
            return f"VARCHAR({_KEY_TEXT})"
        return types.get(kind, kind.upper())

    def _in_a_key(self, name: str) -> bool:
        sets = [self._key, *self._unique, *(list(columns) for columns, _, _ in references(self._spec, self._name))]
        return any(name in names for names in sets)

    def _reference(self, reference: tuple[tuple[str, ...], str, tuple[str, ...]]) -> str:
        columns, table, to = reference
        return f"FOREIGN KEY ({self._quoted(columns)}) REFERENCES {quoted(table, self._dialect)} ({self._quoted(to)})"

    def _checks(self) -> Iterator[str]:
        for name in self._table.visible:
            yield from self._bounds(name, self._table.columns[name])
        for formula in self._table.rules.values():
            if set(parse(formula).columns) <= set(self._table.visible):
                text = to_check(formula, self._dialect)
                if text is not None:
                    yield text

    def _bounds(self, name: str, column: c.Column) -> Iterator[str]:
        """What columns keep by construction. A bound of a law alone is none of the table's."""
        shown = quoted(name, self._dialect)
        match column:
            case c.NumberColumn() | c.DayColumn():
                for side, sign in (("above", ">="), ("below", "<=")):
                    other = getattr(column, side)
                    if other in self._table.visible and _same_kind(self._table, name, other):
                        yield f"{shown} {sign} {quoted(other, self._dialect)}"
                if isinstance(column, c.NumberColumn):
                    yield from (f"{shown} >= {_number(column.low)}" for _ in range(column.low is not None))
                    yield from (f"{shown} <= {_number(column.high)}" for _ in range(column.high is not None))
            case c.ChoiceColumn():
                yield f"{shown} IN ({', '.join(_literal(value, self._dialect) for value in column.weights)})"
            case c.StateColumn():
                yield f"{shown} IN ({', '.join(_literal(value, self._dialect) for value in column.states)})"

    def _quoted(self, names: tuple[str, ...] | list[str]) -> str:
        return ", ".join(quoted(name, self._dialect) for name in names)


def quoted(name: str, dialect: str) -> str:
    """A name for a statement."""
    mark = "`" if dialect == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def references(spec: Spec, name: str) -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """The foreign keys of a table: its columns, the other table, and the columns there. Parts of one row's key are one reference."""
    table = spec.tables[name]
    found: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = []
    parts: dict[tuple[str, str | None], dict[str, str]] = {}
    for key in table.visible:
        column = table.columns[key]
        if isinstance(column, c.ReferenceColumn):
            other, _, theirs = column.to.partition(".")
            found.append(((key,), name if other == "self" else other, (theirs,)))
        elif isinstance(column, c.ParentColumn):
            other, _, theirs = column.of.partition(".")
            parts.setdefault((other, column.through), {})[theirs] = key
    for (other, _), columns in parts.items():
        target = spec.tables[other]
        for names in (target.key, *target.unique):
            if len(names) > 1 and set(names) <= set(columns):
                found.append((tuple(columns[n] for n in names), other, tuple(names)))
                break
    return found


Asked = frozenset[tuple[str, str]]


def may_miss(spec: Spec, table: str, name: str, asked: Asked = frozenset()) -> bool:
    """Whether a column may lack values."""
    column = spec.tables[table].columns[name]
    if (table, name) in asked or isinstance(column.nulls, str) or column.nulls > 0:
        return True
    asked = asked | {(table, name)}
    if isinstance(column, c.ReferenceColumn | c.ParentColumn | c.AggregateColumn):
        return _may_miss_there(spec, table, column, asked)
    return _may_miss_here(spec, table, column, asked)


def _may_miss_there(spec: Spec, table: str, column: c.Column, asked: Asked) -> bool:
    """A column taken from other rows."""
    match column:
        case c.AggregateColumn():
            return column.by not in ("sum", "count")
        case c.ReferenceColumn():
            other, _, theirs = column.to.partition(".")
            return other == "self" or column.roots > 0 or may_miss(spec, other, theirs, asked)
        case c.ParentColumn():
            other, _, theirs = column.of.partition(".")
            through = column.through is not None and may_miss(spec, table, column.through, asked)
            return through or may_miss(spec, other, theirs, asked)
    return False


def _may_miss_here(spec: Spec, table: str, column: c.Column, asked: Asked) -> bool:
    """A column made from others of the row, or from nothing."""
    stated = spec.tables[table]
    match column:
        case c.CaseColumn() | c.SiblingColumn() | c.FrameColumn() | c.ModelColumn():
            return True
        case c.ExpressionColumn():
            return _formula_may_miss(spec, table, column.formula, asked)
        case c.TemplateColumn():
            from understudy.rules.checking import placeholders

            return any(may_miss(spec, table, used, asked) for used in placeholders(column.text))
        case c.RunningColumn() | c.PartColumn():
            return column.of in stated.columns and may_miss(spec, table, column.of, asked)
        case c.NumberColumn() | c.DayColumn():
            beside = column.above or column.below
            return beside is not None and (beside not in stated.columns or may_miss(spec, table, beside, asked))
        case c.PersonColumn():
            return column.field == "region"
    return False


def _formula_may_miss(spec: Spec, table: str, formula: str, asked: Asked) -> bool:
    """A formula of sums, products and days over columns that are there is there; divisions by columns and other functions may not be."""
    names = parse(formula).columns
    body = ast.parse(formula, mode="eval").body
    if isinstance(body, ast.Call) and isinstance(body.func, ast.Name) and body.func.id == "coalesce":
        return all(_formula_may_miss(spec, table, ast.unparse(argument), asked) for argument in body.args)
    for node in ast.walk(body):
        match node:
            case ast.BinOp(op=ast.Div() | ast.Mod() | ast.FloorDiv() | ast.Pow(), right=right):
                if not (isinstance(right, ast.Constant) and right.value):
                    return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("log", "sqrt", "exp"):
            return True
    return any(name not in spec.tables[table].columns or may_miss(spec, table, name, asked) for name in names)


def kind_of(spec: Spec, table: str, name: str) -> tuple[str, int | None]:
    """A column's kind, with its decimals (None: not rounded) or the most characters (None: not told)."""
    column = spec.tables[table].columns[name]
    match column:
        case c.KeyColumn():
            return ("integer", None) if not (column.uuid or column.format or column.pattern) else ("uuid" if column.uuid else "text", None)
        case c.IntegerColumn() | c.OrdinalColumn():
            return "integer", None
        case c.DecimalColumn():
            return "decimal", column.decimals
        case c.BooleanColumn() | c.DateColumn() | c.DateTimeColumn() | c.TimeColumn():
            return column.type, None
        case c.ReferenceColumn() | c.ParentColumn() | c.AggregateColumn():
            return _kind_there(spec, table, column)
        case c.ChoiceColumn():
            return _kind_of_values(list(column.weights))
        case c.ConstantColumn():
            return _kind_of_values([column.value])
        case c.CaseColumn():
            return _kind_of_case(spec, table, column)
        case c.TextColumn():
            fields = {"birth_date": ("date", None), "age": ("integer", None), "latitude": ("decimal", None), "longitude": ("decimal", None)}
            return fields.get(getattr(column, "field", ""), ("text", column.longest))
        case c.PartColumn() | c.SiblingColumn() | c.RunningColumn():
            kind = kind_of(spec, table, column.of) if column.of in spec.tables[table].columns else ("decimal", None)
            return (
                ("integer", None)
                if getattr(column, "by", None) == "count"
                else ("decimal", None)
                if getattr(column, "by", None) == "mean"
                else kind
            )
        case c.ExpressionColumn():
            return _kind_of_formula(spec, table, column)
    return "text", None


def _kind_there(spec: Spec, table: str, column: c.ReferenceColumn | c.ParentColumn | c.AggregateColumn) -> tuple[str, int | None]:
    other, _, theirs = (column.to if isinstance(column, c.ReferenceColumn) else column.of).partition(".")
    if isinstance(column, c.AggregateColumn) and column.by in ("count", "mean"):
        return ("integer", None) if column.by == "count" else ("decimal", None)
    return kind_of(spec, table if other == "self" else other, theirs)


def _kind_of_values(values: list[c.Scalar]) -> tuple[str, int | None]:
    if all(isinstance(value, bool) for value in values):
        return "boolean", None
    if all(isinstance(value, int) for value in values):
        return "integer", None
    return ("decimal", None) if all(isinstance(value, int | float) for value in values) else ("text", None)


def _kind_of_case(spec: Spec, table: str, column: c.CaseColumn) -> tuple[str, int | None]:
    branches = [*(case.then for case in column.cases), *([column.otherwise] if column.otherwise is not None else [])]
    plain = [branch for branch in branches if not isinstance(branch, c.Column)]
    return _kind_of_values(plain) if plain else ("text", None)


def _kind_of_formula(spec: Spec, table: str, column: c.ExpressionColumn) -> tuple[str, int | None]:
    """As the engine takes it: the formula is compiled over columns of these kinds."""
    from understudy.rules.making.formulas import Formula

    kinds = {}
    for name in parse(column.formula).columns:
        owner, used = (table, name) if name in spec.tables[table].columns else (name.partition(".")[0], name.partition(".")[2])
        kinds[name] = {"uuid": "text"}.get(kind := kind_of(spec, owner, used)[0], kind)
    sort = Formula(column.formula, kinds, "").sort
    if sort == "number":
        whole = column.decimals == 0 or (not any(sign in column.formula for sign in "/.") and set(kinds.values()) <= {"integer"})
        return ("integer", None) if whole and column.decimals is None else ("decimal", column.decimals)
    if sort == "moment":
        moved = [k for k in kinds.values() if k in ("date", "datetime")]
        return ("datetime" if "add_days" in column.formula or "datetime" in moved or not moved else "date"), None
    return {"truth": "boolean", "time": "time"}.get(sort, "text"), None


def _same_kind(table: TableSpec, name: str, other: str) -> bool:
    return table.columns[name].type == table.columns[other].type or not isinstance(table.columns[name], c.DayColumn)


def _number(value: float | None) -> str:
    assert value is not None
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


def _literal(value: c.Scalar, dialect: str) -> str:
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE") if dialect != "sqlite" else str(int(value))
    if isinstance(value, int | float):
        return _number(float(value))
    text = value.replace("'", "''")
    return "'" + (text.replace("\\", "\\\\") if dialect == "mysql" else text) + "'"


# ---- rules as checks


class _NoWords(Exception):
    """A formula that SQL has no words for."""


def to_check(formula: str, dialect: str) -> str | None:
    """A rule as the condition of a CHECK; None where the dialect has no words for it that mean the same."""
    try:
        return _sql(ast.parse(formula, mode="eval").body, dialect)
    except _NoWords:
        return None


_SIGNS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_CALLS = {"abs": "ABS", "lower": "LOWER", "upper": "UPPER", "length": "LENGTH", "strip": "TRIM", "coalesce": "COALESCE", "round": "ROUND"}


def _sql(node: ast.expr, dialect: str) -> str:
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str(name))]):
            return quoted(name, dialect)
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return _literal(value, dialect)
        case ast.Compare():
            return _comparison(node, dialect)
        case ast.Call(func=ast.Name(id=word)):
            return _call(word, node.args, dialect)
    return _operation(node, dialect)


def _operation(node: ast.expr, dialect: str) -> str:
    match node:
        case ast.BoolOp():
            word = " AND " if isinstance(node.op, ast.And) else " OR "
            return "(" + word.join(_sql(value, dialect) for value in node.values) + ")"
        case ast.UnaryOp(op=ast.Not()):
            return f"NOT ({_sql(node.operand, dialect)})"
        case ast.UnaryOp(op=ast.USub()):
            return f"-({_sql(node.operand, dialect)})"
        case ast.BinOp() if type(node.op) in _SIGNS:
            if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in (node.left, node.right)):
                raise _NoWords
            return f"({_sql(node.left, dialect)} {_SIGNS[type(node.op)]} {_sql(node.right, dialect)})"
        case ast.BinOp(op=ast.Div()):
            return f"(CAST({_sql(node.left, dialect)} AS {_TYPES[dialect]['decimal']}) / NULLIF({_sql(node.right, dialect)}, 0))"
    raise _NoWords


def _call(name: str, arguments: list[ast.expr], dialect: str) -> str:
    if name == "missing" and len(arguments) == 1:
        return f"({_sql(arguments[0], dialect)} IS NULL)"
    if name in _CALLS:
        word = "CHAR_LENGTH" if name == "length" and dialect == "mysql" else _CALLS[name]
        return f"{word}({', '.join(_sql(argument, dialect) for argument in arguments)})"
    if name in ("year", "month", "day", "hour", "minute") and dialect != "sqlite":
        return f"EXTRACT({name.upper()} FROM {_sql(arguments[0], dialect)})"
    raise _NoWords


def _comparison(node: ast.Compare, dialect: str) -> str:
    parts, left = [], node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
                raise _NoWords
            word = "IN" if isinstance(operator, ast.In) else "NOT IN"
            parts.append(f"{_sql(left, dialect)} {word} ({', '.join(_sql(value, dialect) for value in right.elts)})")
        elif type(operator) in _SIGNS:
            parts.append(f"{_sql(left, dialect)} {_SIGNS[type(operator)]} {_sql(right, dialect)}")
        else:
            raise _NoWords
        left = right
    return " AND ".join(parts) if len(parts) == 1 else "(" + " AND ".join(parts) + ")"
