"""Arrow schemas: names, types and whether values may be missing; structures become columns of their own, lists tables of their own."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from understudy.core.errors import ArgumentError
from understudy.rules.columns import ConstantColumn
from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable, Kind, free_name
from understudy.rules.importing.imported import Imported


def from_arrow(schema: Any, *, name: str = "data", rows: int = ROWS, scale: float = 1.0) -> Imported:
    """A spec of a table with an Arrow schema; a column named id names its rows. Raises `ArgumentError` where it is none."""
    if not isinstance(schema, pa.Schema):
        raise ArgumentError(f"{type(schema).__name__} is no Arrow schema.", remedy="Pass table.schema, a pyarrow.Schema.")
    declared = Declared(name=name)
    table = declared.tables[name] = DeclaredTable(name)
    for field in schema:
        _field(declared, table, field, field.name, field.nullable)
    for column in table.columns.values():
        if not table.key and column.words in (["id"], [*table.words, "id"], ["uuid"]) and column.kind in ("integer", "text"):
            table.key, column.nullable = (column.name,), False
            declared.note("guessed", "it names each row", name, column.name)
    return build(declared, rows=rows, scale=scale)


def _field(declared: Declared, table: DeclaredTable, field: pa.Field, name: str, nullable: bool) -> None:
    name, kind = name.replace(".", "_"), field.type
    if pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            _field(declared, table, kind.field(i), f"{name}_{kind.field(i).name}", nullable or kind.field(i).nullable)
        return
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        _list(declared, table, kind, name)
        return
    comment = (field.metadata or {}).get(b"description") or (field.metadata or {}).get(b"comment")
    column = DeclaredColumn(name, nullable=nullable, description=comment.decode("utf-8", "replace") if comment else None)
    table.add(column)
    _type(declared, table, column, kind)


def _list(declared: Declared, table: DeclaredTable, kind: Any, name: str) -> None:
    """The entries as rows of a table that belong to those of this one."""
    if not table.key:
        key = next((c for c in table.columns if c.lower() == "id"), None) or free_name("id", table.columns)
        table.columns = (
            {key: DeclaredColumn(key, "integer", nullable=False), **table.columns} if key not in table.columns else table.columns
        )
        table.key = (key,)
    child = DeclaredTable(free_name(f"{table.name}_{name}", declared.tables))
    declared.tables[child.name] = child
    owner = f"{table.name}_id"
    child.add(DeclaredColumn(owner, table.columns[table.key[0]].kind, nullable=False))
    child.references.append(DeclaredReference((owner,), table.name, table.key, owns=True))
    entry = kind.value_field
    if not pa.types.is_struct(entry.type):
        _field(declared, child, entry, "value", entry.nullable)
        return
    for i in range(entry.type.num_fields):
        inner = entry.type.field(i)
        _field(declared, child, inner, inner.name, inner.nullable)


def _type(declared: Declared, table: DeclaredTable, column: DeclaredColumn, kind: pa.DataType) -> None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind):
        bits, signed = kind.bit_width, pa.types.is_signed_integer(kind)
        column.kind, column.high = "integer", 2.0 ** min(bits - signed, 53) - 1
        column.low = None if signed else 0.0
        return
    if pa.types.is_decimal(kind):
        column.kind, column.digits, column.decimals = "decimal", kind.precision, max(0, kind.scale)
        return
    found: Kind | None = next((name for test, name in _TESTS if test(kind)), None)
    if found is not None:
        column.kind = found
        return
    column.column = ConstantColumn(value="", nulls=1.0)
    declared.note("left out", f"values of the type {kind}: missing in all rows", table.name, column.name)


_TESTS: tuple[tuple[Any, Kind], ...] = (
    (pa.types.is_floating, "decimal"),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_time, "time"),
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (getattr(pa.types, "is_string_view", lambda kind: False), "text"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_fixed_size_binary, "binary"),
)
