"""SQL that makes tables, in any dialect that sqlglot reads (extra `rules`).

Read: CREATE TABLE with keys, references, checks, defaults and comments; CREATE TYPE … AS ENUM; CREATE DOMAIN; CREATE UNIQUE INDEX;
ALTER TABLE … ADD CONSTRAINT; COMMENT ON. Other statements are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.checks import literal, read_check
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.sqlglot_quietly import dialect_name, parse_statements
from understudy.rules.importing.types import set_type

if TYPE_CHECKING:
    from sqlglot import exp

_DOMAIN = re.compile(r"create\s+domain\s+([\w.\"]+)\s+(?:as\s+)?", re.IGNORECASE)
_DOMAIN_MARK = "understudy_domain_"


def from_ddl(source: str | Path, *, dialect: str | None = None, rows: int = ROWS, scale: float = 1.0, name: str | None = None) -> Imported:
    """A spec of the tables that SQL statements make.

    Args:
        source: the statements, or the path of a file of them.
        dialect: postgres, mysql, sqlite, tsql, oracle, duckdb …; standard SQL where it is not told.
        rows: of each table that belongs to no other.
        scale: so many times the rows.

    Raises:
        SchemaError: not SQL as it can be read, or no table in it; with file and line.
        MissingExtraError: the extra `rules` is not installed.
    """
    text, origin = _text_of(source)
    declared = declared_of(text, dialect=dialect, origin=origin)
    declared.name = name or (Path(origin).stem if origin != "DDL" else "data")
    return build(declared, rows=rows, scale=scale)


def declared_of(text: str, *, dialect: str | None, origin: str) -> Declared:
    """What SQL statements declare."""
    declared = Declared()
    _Reader(declared).read(parse_statements(_with_domains(text), dialect_name(dialect), origin))
    return declared


def _text_of(source: str | Path) -> tuple[str, str]:
    from understudy.data.located_yaml import read_text

    if isinstance(source, Path) or ("\n" not in source and "(" not in source):
        return read_text(Path(source), "SQL file"), str(source)
    return source, "DDL"


def _with_domains(text: str) -> str:
    """CREATE DOMAIN as a table of one column `value`, since parsers know tables."""
    parts = re.split(r"(;)", text)
    for i, part in enumerate(parts):
        match = _DOMAIN.search(part)
        if match is not None:
            name = match.group(1).replace('"', "").rpartition(".")[2]
            parts[i] = f"{part[: match.start()]}CREATE TABLE {_DOMAIN_MARK}{name} (value {part[match.end() :]})"
    return "".join(parts)


class _Reader:
    """Statements into tables. Names are looked up without regard to case, as SQL does."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._enums: dict[str, list[str]] = {}
        self._domains: dict[str, DeclaredTable] = {}
        self._checks: list[tuple[DeclaredTable, exp.Expression, str | None]] = []

    def read(self, statements: Iterable[exp.Expression]) -> None:
        from sqlglot import exp

        statements = list(statements)
        for statement in statements:
            if isinstance(statement, exp.Create) and statement.kind == "TYPE":
                self._enums[statement.this.name.lower()] = [str(v.this) for v in statement.expression.expressions]
        for statement in statements:
            match statement:
                case exp.Create(kind="TABLE") if isinstance(statement.this, exp.Schema):
                    self._table(statement.this)
                case exp.Create(kind="INDEX") if statement.args.get("unique"):
                    self._unique_index(statement.this)
                case exp.Alter():
                    self._alter(statement)
                case exp.Comment() if isinstance(statement.expression, exp.Literal):
                    self._comment(statement)
        resolve_names(self._declared)
        for table, check, name in self._checks:
            read_check(self._declared, table, check, name)

    def _table(self, schema: exp.Schema) -> None:
        from sqlglot import exp

        name = schema.this.name
        domain = name.startswith(_DOMAIN_MARK)
        table = DeclaredTable(name.removeprefix(_DOMAIN_MARK))
        if domain:
            self._domains[table.name.lower()] = table
        elif self._known(name) is not None:
            self._declared.note("left out", "a second CREATE TABLE of this name", name)
            return
        else:
            self._declared.tables[table.name] = table
        later: list[exp.Expression] = []
        for part in schema.expressions:
            if isinstance(part, exp.ColumnDef):
                self._column(table, part)
            else:
                later.append(part)
        for part in later:
            self._constraint(table, part)

    def _column(self, table: DeclaredTable, definition: exp.ColumnDef) -> None:
        column = DeclaredColumn(_safe(definition.name))
        table.add(column)
        self._type(table, column, definition.args.get("kind"))
        for constraint in definition.args.get("constraints") or []:
            self._column_constraint(table, column, constraint.kind, constraint.name or None)

    def _type(self, table: DeclaredTable, column: DeclaredColumn, kind: Any) -> None:
        from sqlglot import exp

        if kind is None:  # SQLite lets a column have no type
            return
        if not isinstance(kind, exp.DataType):
            self._declared.note("left out", f"the type {kind}", table.name, column.name)
            return
        word = str(kind.args["kind"]) if kind.args.get("kind") and kind.this == exp.DataType.Type.USERDEFINED else kind.this.value.lower()
        if word.lower().startswith("enum"):
            column.kind, column.choices = "text", [str(v.this) for v in kind.expressions]
            return
        named = word.replace('"', "").rpartition(".")[2].lower()
        if named in self._enums:
            column.kind, column.choices = "text", list(self._enums[named])
            return
        if named in self._domains:
            self._take_domain(column, self._domains[named])
            return
        parameters = [int(n.group()) for p in kind.expressions if (n := re.match(r"\d+", str(p.this))) is not None]
        if not set_type(column, word, parameters):
            without_type(self._declared, table, column, kind.sql())

    def _take_domain(self, column: DeclaredColumn, domain: DeclaredTable) -> None:
        source = domain.columns["value"]
        for checked, check, name in list(self._checks):
            if checked is domain:
                read_check(self._declared, domain, check, name)
                self._checks.remove((checked, check, name))
        own = column.name
        column.__dict__.update({**source.__dict__, "name": own})

    def _column_constraint(self, table: DeclaredTable, column: DeclaredColumn, kind: Any, name: str | None) -> None:
        from sqlglot import exp

        match kind:
            case exp.PrimaryKeyColumnConstraint():
                table.key, column.nullable = (column.name,), False
            case exp.NotNullColumnConstraint():
                column.nullable = bool(kind.args.get("allow_null"))
            case exp.UniqueColumnConstraint():
                table.unique.append((column.name,))
            case exp.Reference():
                table.references.append(_reference((column.name,), kind))
            case exp.CheckColumnConstraint():
                self._checks.append((table, kind.this, name))
            case exp.DefaultColumnConstraint():
                column.default = literal(kind.this)
            case exp.AutoIncrementColumnConstraint() | exp.GeneratedAsIdentityColumnConstraint() if not kind.args.get("expression"):
                column.identity, column.nullable = True, False
                start = literal(kind.args.get("start"))
                column.start = start if isinstance(start, int) else 1
            case exp.ComputedColumnConstraint() | exp.GeneratedAsIdentityColumnConstraint():
                calculated = kind.this if isinstance(kind, exp.ComputedColumnConstraint) else kind.args["expression"]
                self._checks.append((table, exp.EQ(this=exp.column(column.name), expression=calculated), name))
            case exp.CommentColumnConstraint():
                column.description = str(literal(kind.this) or "") or None
            case exp.CollateColumnConstraint() | exp.CharacterSetColumnConstraint() | exp.OnUpdateColumnConstraint():
                pass
            case None:
                pass
            case _:
                self._declared.note("left out", f"the constraint {kind.sql()}", table.name, column.name)

    def _constraint(self, table: DeclaredTable, part: exp.Expression, name: str | None = None) -> None:
        from sqlglot import exp

        match part:
            case exp.Constraint():
                for inner in part.expressions:
                    self._constraint(table, inner, part.this.name)
            case exp.PrimaryKey():
                table.key = tuple(_own(table, part.expressions))
                for key in table.key:
                    table.columns[key].nullable = False
            case exp.UniqueColumnConstraint() if part.this is not None:
                named = part.this.expressions if isinstance(part.this, exp.Schema) else [part.this]
                table.unique.append(tuple(_own(table, named)))
            case exp.ForeignKey():
                table.references.append(_reference(tuple(_own(table, part.expressions)), part.args["reference"]))
            case exp.CheckColumnConstraint() | exp.Check():
                self._checks.append((table, part.this, name))
            case exp.IndexColumnConstraint():
                pass
            case _:
                self._declared.note("left out", f"the constraint {part.sql()}", table.name)

    def _unique_index(self, index: exp.Index) -> None:
        table = self._known(index.args["table"].name)
        parameters = index.args.get("params")
        if table is None or parameters is None:
            return
        if parameters.args.get("where") is not None:
            self._declared.note("left out", f"a unique index on a part of the rows: {index.sql()}", table.name)
            return
        names = tuple(_own(table, parameters.args.get("columns") or []))
        if names:
            table.unique.append(names)
        else:
            self._declared.note("left out", f"a unique index on an expression: {index.sql()}", table.name)

    def _alter(self, statement: exp.Alter) -> None:
        from sqlglot import exp

        table = self._known(statement.this.name)
        if table is None:
            return
        for action in statement.args.get("actions") or []:
            if isinstance(action, exp.AddConstraint):
                for part in action.expressions:
                    self._constraint(table, part)
            elif isinstance(action, exp.ColumnDef):
                self._column(table, action)

    def _comment(self, statement: exp.Comment) -> None:
        if statement.args.get("kind") != "COLUMN":
            return
        table = self._known(statement.this.table)
        if table is not None:
            for name in _own(table, [statement.this]):
                table.columns[name].description = str(statement.expression.this)

    def _known(self, name: str) -> DeclaredTable | None:
        return next((table for known, table in self._declared.tables.items() if known.lower() == name.lower()), None)


def resolve_names(declared: Declared) -> None:
    """Names in references as the tables that they name write them."""
    tables = {name.lower(): name for name in declared.tables}
    for table in declared.tables.values():
        found: list[DeclaredReference] = []
        for reference in table.references:
            name = tables.get(reference.table.lower(), reference.table)
            columns = {c.lower(): c for c in declared.tables[name].columns} if name in declared.tables else {}
            to = tuple(columns.get(c.lower(), c) for c in reference.to)
            found.append(DeclaredReference(reference.columns, name, to, reference.owns))
        table.references = found


def _reference(columns: tuple[str, ...], reference: exp.Reference) -> DeclaredReference:
    from sqlglot import exp

    target = reference.this
    if isinstance(target, exp.Schema):
        return DeclaredReference(columns, target.this.name, tuple(_safe(e.name) for e in target.expressions))
    return DeclaredReference(columns, target.name)


def _own(table: DeclaredTable, nodes: Iterable[exp.Expression]) -> Iterator[str]:
    """The columns of a table that parts of a constraint name."""
    from sqlglot import exp

    lower = {name.lower(): name for name in table.columns}
    for node in nodes:
        identifier = node if isinstance(node, exp.Identifier) else node.find(exp.Identifier)
        name = lower.get(_safe(identifier.name if identifier is not None else node.name).lower())
        if name is not None:
            yield name


def without_type(declared: Declared, table: DeclaredTable, column: DeclaredColumn, shown: str) -> None:
    """A type that nothing is known of: JSON and lists are made empty; others are text."""
    column.kind = "text"
    if re.match(r"json|variant|object|array|map|struct|list", shown, re.IGNORECASE) or shown.endswith("[]"):
        from understudy.rules.columns import ConstantColumn

        column.column = ConstantColumn(value="{}")
        declared.note("left out", f'values of the type {shown}: "{{}}" in all rows', table.name, column.name)
    else:
        declared.note("changed", f"the type {shown} is made as text", table.name, column.name)


def _safe(name: str) -> str:
    """A name without dots, which part tables from columns in a spec."""
    return name.replace(".", "_")
