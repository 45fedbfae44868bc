"""Columns of a table as SQL terms: those that are written, those of the rows that it belongs or refers to, hidden ones by their formula."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from understudy.data.expression import parse
from understudy.data.expression_sql import SqlTerm, literal, quoted, rounded
from understudy.rules import columns as c

if TYPE_CHECKING:
    from understudy.data.expression import Sort
    from understudy.rules.proof.check import Join
    from understudy.rules.proof.facts import Facts

SORTS: dict[str, Sort] = {
    "integer": "number", "decimal": "number", "text": "text", "boolean": "truth", "date": "moment", "datetime": "moment", "time": "time",
    "duration": "duration",
}  # fmt: skip


class Unseen(Exception):
    """A check needs what the output does not tell; why."""


class Rows:
    """The rows of one table. joins: the rows of other tables that were asked for, by alias: (of which alias, reference, table, key)."""

    def __init__(self, facts: Facts, table: str, alias: str = "t") -> None:
        self.facts, self.table, self.alias = facts, table, alias
        self.joins: dict[str, Join] = {}

    def term(self, name: str) -> SqlTerm:
        """A column of this table, or `other.column` of the row of another table that it belongs or refers to."""
        if name in self.facts.table(self.table).columns:
            return self._own(name)
        other, _, column = name.partition(".")
        way = self.facts.reference_to(self.table, other)
        if way is None:
            raise Unseen(f'no column names the row of "{other}"')
        return self.through(way, column)

    def through(self, way: str, column: str) -> SqlTerm:
        """A column of the row that a reference names."""
        if self.facts.column(self.table, way).hidden:
            raise Unseen(f'the reference "{way}" is hidden')
        other, key = self.facts.target(self.table, way)
        if self.facts.column(other, key).hidden:
            raise Unseen(f'"{other}.{key}" is hidden')
        alias = f"{self.alias} {way}"
        inner = Rows(self.facts, other, alias)
        found = inner.term(column)
        self.joins |= {alias: (self.alias, way, other, key), **inner.joins}
        return found

    def text(self, name: str) -> str:
        return f"{quoted(self.alias)}.{quoted(name)}"

    def formula(self, text: str) -> SqlTerm:
        """A formula over the columns."""
        expression = parse(text)
        return expression.to_sql({name: self.term(name) for name in expression.columns})

    def _own(self, name: str) -> SqlTerm:
        column = self.facts.column(self.table, name)
        if not column.hidden:
            return self.typed(self.text(name), self.facts.kind(self.table, name))
        if column.nulls != 0.0:
            raise Unseen(f'"{self.table}.{name}" is hidden')
        return self.expected(column, f'"{self.table}.{name}" is hidden')

    @staticmethod
    def typed(text: str, kind: str | None) -> SqlTerm:
        """SQL of a known kind."""
        return SqlTerm(text, SORTS[kind or "text"], whole=kind == "integer")

    def expected(self, column: c.Column, why: str = "it is drawn") -> SqlTerm:
        """What a column is by its definition; `Unseen` where that is chance."""
        match column:
            case c.ConstantColumn():
                return _constant(column.value)
            case c.ExpressionColumn():
                return _in_digits(self.formula(column.formula), column.decimals)
            case c.TemplateColumn():
                return self._template(column)
            case c.ParentColumn():
                other, _, theirs = column.of.partition(".")
                return self.through(column.through, theirs) if column.through is not None else self.term(f"{other}.{theirs}")
            case c.CaseColumn():
                return self._case(column, why)
        raise Unseen(why)

    def _case(self, column: c.CaseColumn, why: str) -> SqlTerm:
        tests = [self.formula(case.when) for case in column.cases]
        branches = [case.then for case in column.cases]
        made = [self.expected(b, why) if isinstance(b, c.Column) else _constant(b) for b in branches]
        other = column.otherwise
        last = None if other is None else self.expected(other, why) if isinstance(other, c.Column) else _constant(other)
        cases = " ".join(f"WHEN {test.text} THEN {value.text}" for test, value in zip(tests, made, strict=True))
        parts = [*tests, *made, *([last] if last is not None else [])]
        return SqlTerm(
            f"(CASE {cases} ELSE {'NULL' if last is None else last.text} END)",
            made[0].sort,
            whole=all(value.whole for value in made),
            close=any(value.close for value in made),
            doubt=tuple(dict.fromkeys(doubt for part in parts for doubt in part.doubt)),
        )

    def _template(self, column: c.TemplateColumn) -> SqlTerm:
        pieces: list[str] = []
        doubts: list[str] = []
        for before, name, _, _ in Formatter().parse(column.text):
            if before:
                pieces.append(literal(before))
            if name is not None:
                written, doubt = self._written(name)
                pieces.append(written)
                doubts += doubt
        text = f"({' || '.join(pieces)})" if pieces else "''"
        text = text if column.longest is None else f"left({text}, {column.longest})"
        return SqlTerm(text, "text", doubt=tuple(dict.fromkeys(doubts)))

    def _written(self, name: str) -> tuple[str, tuple[str, ...]]:
        """A column as it is written into a text, and where the engines may write it differently."""
        term, kind = self.term(name), self.facts.kind(self.table, name)
        match kind:
            case "text":
                return term.text, term.doubt
            case "datetime":
                return f"strftime({term.text}, '%Y-%m-%d %H:%M:%S')", term.doubt
            case "decimal":
                wide = f"({term.text} <> 0 AND (abs({term.text}) < 1e-4 OR abs({term.text}) >= 1e15))"
                return f"{term.text}::VARCHAR", (*term.doubt, wide)
            case "integer" | "boolean" | "date":
                return f"{term.text}::VARCHAR", term.doubt
        raise Unseen(f'how "{name}" is written into a text is the maker\'s own')


def _constant(value: Any) -> SqlTerm:
    kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    sort: Sort = "truth" if kind == "boolean" else "text" if kind == "text" else "number"
    return SqlTerm(literal(value), sort, whole=type(value) is int, constant=True)


def _in_digits(term: SqlTerm, decimals: int | None) -> SqlTerm:
    return term if decimals is None or term.sort != "number" else rounded(term, decimals)
