"""dbt's `schema.yml`: models, seeds, snapshots and sources with the tests of their columns and the constraints of their contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from understudy.core.errors import SchemaError
from understudy.data.located_yaml import parse_yaml, read_text
from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.checks import read_check_text
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.types import set_type, split_type

Node = Mapping[str, Any]
_NAMED = re.compile(r"""(?:ref|source)\(\s*(?:['"][^'"]+['"]\s*,\s*)?['"]([^'"]+)['"]""")


def from_dbt(source: str | Path, *, rows: int = ROWS, scale: float = 1.0) -> Imported:
    """A spec of the tables that a dbt properties file describes.

    Read: `unique`, `not_null`, `accepted_values`, `relationships`; of dbt_utils `accepted_range`, `unique_combination_of_columns`,
    `expression_is_true`, `not_empty_string`; contracts' constraints. Other tests are told in the notes.

    Raises:
        SchemaError: no YAML, or no model in it; with file and line.
    """
    in_file = isinstance(source, Path) or "\n" not in source
    text = read_text(Path(source), "dbt file") if in_file else str(source)
    origin = str(source) if in_file else "dbt"
    body = parse_yaml(text, origin).body
    declared = Declared(name=Path(origin).stem)
    models = list(_models(body)) if isinstance(body, dict) else []
    if not models:
        raise SchemaError("There is no model, seed, snapshot or source with columns.", where=origin, remedy="Give a dbt properties file.")
    for model in models:
        declared.tables[str(model["name"])] = DeclaredTable(str(model["name"]))
    later: list[tuple[DeclaredTable, DeclaredColumn | None, str, Node]] = []
    for model in models:
        table = declared.tables[str(model["name"])]
        for told in model.get("columns") or []:
            later += [(table, column, name, facts) for column, name, facts in _column(declared, table, told)]
        later += [(table, None, name, facts) for name, facts in _tests(model)]
    for table, column, name, facts in later:
        _test(declared, table, column, name, facts)
    for table in declared.tables.values():
        _choose_key(declared, table)
    return build(declared, rows=rows, scale=scale)


def _models(body: Node) -> Iterator[Node]:
    for group in ("models", "seeds", "snapshots"):
        yield from (model for model in body.get(group) or [] if model.get("columns"))
    for source in body.get("sources") or []:
        yield from (table for table in source.get("tables") or [] if table.get("columns"))


def _column(declared: Declared, table: DeclaredTable, told: Node) -> Iterator[tuple[DeclaredColumn, str, Node]]:
    description = told.get("description")
    column = DeclaredColumn(str(told["name"]).replace(".", "_"), description=" ".join(str(description).split()) if description else None)
    table.add(column)
    kind = told.get("data_type")
    if kind and not set_type(column, *split_type(str(kind))):
        column.kind = "text"
        declared.note("changed", f"the type {kind} is made as text", table.name, column.name)
    for name, facts in _tests(told):
        yield column, name, facts


def _tests(node: Node) -> Iterator[tuple[str, Node]]:
    """Tests and constraints as (name, arguments), whichever way they are written."""
    for test in [*(node.get("tests") or []), *(node.get("data_tests") or [])]:
        if isinstance(test, str):
            yield test, {}
            continue
        name, facts = next(iter(test.items())) if "test_name" not in test else (test["test_name"], test)
        facts = facts if isinstance(facts, Mapping) else {}
        yield str(name), {**facts, **(facts.get("arguments") or {})}
    for constraint in node.get("constraints") or []:
        yield f"constraint {constraint.get('type')}", constraint


def _test(declared: Declared, table: DeclaredTable, column: DeclaredColumn | None, name: str, facts: Node) -> None:
    known = _column_test(declared, table, column, name, facts) if column is not None else _table_test(declared, table, name, facts)
    if not known:
        declared.note("left out", f"the test {name}", table.name, column.name if column is not None else None)
    elif facts.get("where") or (facts.get("config") or {}).get("where"):
        declared.note(
            "changed", f"the test {name} is of some rows; it is kept for all", table.name, column.name if column is not None else None
        )


def _column_test(declared: Declared, table: DeclaredTable, column: DeclaredColumn, name: str, facts: Node) -> bool:
    match name.rpartition(".")[2]:
        case "not_null" | "constraint not_null" | "not_empty_string":
            column.nullable = False
        case "unique" | "constraint unique":
            table.unique.append((column.name,))
        case "constraint primary_key":
            table.key, column.nullable = (column.name,), False
        case "accepted_values":
            column.choices = list(facts.get("values") or [])
            if column.kind in ("integer", "decimal") and not facts.get("quote", False):
                column.choices = [float(v) if "." in str(v) else int(v) for v in column.choices]
        case "relationships":
            _relate(table, (column.name,), str(facts.get("to")), str(facts.get("field")))
        case "constraint foreign_key":
            _relate(
                table, (column.name,), str(facts.get("to") or facts.get("expression")), ",".join(map(str, facts.get("to_columns") or []))
            )
        case "accepted_range":
            column.low, column.high = _number(facts.get("min_value")), _number(facts.get("max_value"))
            return column.low is not None or column.high is not None
        case "constraint check":
            read_check_text(declared, table, str(facts.get("expression")))
        case "expression_is_true":
            read_check_text(declared, table, f"{column.name} {facts.get('expression')}")
        case _:
            return False
    return True


def _table_test(declared: Declared, table: DeclaredTable, name: str, facts: Node) -> bool:
    columns = tuple(str(c) for c in facts.get("columns") or facts.get("combination_of_columns") or ())
    if any(c not in table.columns for c in columns):
        return False
    match name.rpartition(".")[2]:
        case "unique_combination_of_columns" | "constraint unique" if columns:
            table.unique.append(columns)
        case "constraint primary_key" if columns:
            table.key = columns
            for key in columns:
                table.columns[key].nullable = False
        case "constraint foreign_key" if columns:
            _relate(table, columns, str(facts.get("to") or facts.get("expression")), ",".join(map(str, facts.get("to_columns") or [])))
        case "constraint check" | "expression_is_true":
            read_check_text(declared, table, str(facts.get("expression")))
        case _:
            return False
    return True


def _relate(table: DeclaredTable, columns: tuple[str, ...], to: str, field: str) -> None:
    named = _NAMED.search(to)
    fields = re.search(r"\(([^()]*)\)\s*$", to) if named is None else None
    target = named.group(1) if named else to.partition("(")[0].strip().rpartition(".")[2].strip('"')
    stated = field or (fields.group(1) if fields else "")
    table.references.append(DeclaredReference(columns, target, tuple(part.strip() for part in stated.split(",") if part.strip())))


def _choose_key(declared: Declared, table: DeclaredTable) -> None:
    """dbt knows no keys: the first column that is unique and never missing is one. What is referred to is unique."""
    for other in declared.tables.values():
        for reference in other.references:
            there = reference.table == table.name and bool(reference.to) and all(name in table.columns for name in reference.to)
            if there and reference.to != table.key and reference.to not in table.unique:
                table.unique.append(reference.to)
                declared.note("guessed", "unique, since others refer to it", table.name, ", ".join(reference.to))
    if table.key:
        return
    for names in table.unique:
        if not any(table.columns[name].nullable for name in names):
            table.key = names
            table.unique.remove(names)
            return


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
