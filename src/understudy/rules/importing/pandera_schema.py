"""pandera schemas: columns with their types, what may be missing, what is unique, and the checks that pandera knows by name.

Nothing of pandera is imported: its objects say all that is needed.
"""

from __future__ import annotations

import re
from typing import Any

from understudy.core.errors import ArgumentError
from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredTable
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.types import set_type, split_type


def from_pandera(schema: Any, *, name: str | None = None, rows: int = ROWS, scale: float = 1.0) -> Imported:
    """A spec of a pandera `DataFrameSchema` or `DataFrameModel`. Checks of one's own code are told in the notes, since they cannot be read.

    Raises `ArgumentError` where it is none.
    """
    if isinstance(schema, type) and hasattr(schema, "to_schema"):
        schema = schema.to_schema()
    if not hasattr(schema, "columns") or not hasattr(schema, "checks") or not hasattr(schema, "strict"):
        raise ArgumentError(f"{type(schema).__name__} is no pandera schema.", remedy="Pass a DataFrameSchema or a DataFrameModel.")
    title = re.sub(r"[^\w]+", "_", name or schema.name or "data").strip("_") or "data"
    declared = Declared(name=title)
    table = declared.tables[title] = DeclaredTable(title)
    for label, told in schema.columns.items():
        _column(declared, table, str(label), told)
    for check in schema.checks or []:
        declared.note("left out", f"the check {_shown(check)} of the whole table, which is code", title)
    together = schema.unique or []
    if together:
        table.unique.append(tuple(str(n).replace(".", "_") for n in ([together] if isinstance(together, str) else together)))
    return build(declared, rows=rows, scale=scale)


def _column(declared: Declared, table: DeclaredTable, label: str, told: Any) -> None:
    column = DeclaredColumn(label.replace(".", "_"), nullable=bool(told.nullable), description=told.description)
    if getattr(told, "regex", False):
        declared.note("changed", f"one column for all whose names match {label}", table.name, column.name)
    table.add(column)
    _type(declared, table, column, told.dtype)
    if told.unique:
        table.unique.append((column.name,))
    for check in told.checks or []:
        if not _check(column, check):
            declared.note("left out", f"the check {_shown(check)}", table.name, column.name)


def _type(declared: Declared, table: DeclaredTable, column: DeclaredColumn, dtype: Any) -> None:
    if dtype is None:
        return
    shown = str(dtype).lower().replace("[pyarrow]", "")
    word, numbers = split_type(shown)
    plain = {"str": "text", "object": "text", "string": "text", "category": "text", "categorical": "text", "utf8": "text", "enum": "text",
             "datetime64": "datetime", "bool": "boolean", "float": "float64", "int": "int64"}  # fmt: skip
    if not set_type(column, plain.get(word, word), numbers):
        column.kind = "text"
        declared.note("changed", f"the type {dtype} is made as text", table.name, column.name)
    if word.startswith("float"):
        column.digits = column.decimals = None
    kinds = getattr(dtype, "categories", None)
    if kinds is not None and len(kinds):
        column.choices = [value for value in kinds if isinstance(value, bool | int | float | str)]


def _check(column: DeclaredColumn, check: Any) -> bool:
    """Whether a check went to the column whole."""
    facts, name = getattr(check, "statistics", None) or {}, str(getattr(check, "name", ""))
    step = 1.0 if column.kind == "integer" else 0.01
    match name:
        case "isin" | "equal_to":
            values = facts.get("allowed_values", [facts.get("value")])
            column.choices = [v for v in values if isinstance(v, bool | int | float | str)]
            return bool(column.choices)
        case "greater_than_or_equal_to" | "greater_than" if column.kind in ("integer", "decimal"):
            column.low = float(facts["min_value"]) + (step if name == "greater_than" else 0)
            return True
        case "less_than_or_equal_to" | "less_than" if column.kind in ("integer", "decimal"):
            column.high = float(facts["max_value"]) - (step if name == "less_than" else 0)
            return True
        case "in_range" if column.kind in ("integer", "decimal"):
            column.low = float(facts["min_value"]) + (0 if facts.get("include_min", True) else step)
            column.high = float(facts["max_value"]) - (0 if facts.get("include_max", True) else step)
            return True
        case "in_range" | "greater_than_or_equal_to" | "less_than_or_equal_to" if column.kind in ("date", "datetime"):
            column.first = str(facts["min_value"])[:10] if "min_value" in facts else column.first
            column.last = str(facts["max_value"])[:10] if "max_value" in facts else column.last
            return True
        case "str_matches":
            column.pattern = getattr(facts["pattern"], "pattern", facts["pattern"])
            return True
        case "str_startswith":
            column.pattern = re.escape(facts["string"]) + "[a-z0-9]{0,8}"
            return True
        case "str_endswith":
            column.pattern = "[a-z0-9]{0,8}" + re.escape(facts["string"])
            return True
        case "str_length":
            exact = facts.get("exact_value")
            column.least_length = int(facts.get("min_value") or exact or 0)
            column.length = facts.get("max_value") or exact
            return True
    return False


def _shown(check: Any) -> str:
    return str(getattr(check, "error", None) or getattr(check, "name", None) or check)
