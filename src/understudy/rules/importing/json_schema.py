"""JSON Schema (draft 4 to 2020-12): an object is a table; an object in it, columns of its own; a list in it, a table of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from understudy.core.errors import SchemaError
from understudy.rules.columns import ConstantColumn
from understudy.rules.importing.building import ROWS, build
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable, free_name, words_of
from understudy.rules.importing.imported import Imported

Node = Mapping[str, Any]
_DEEPEST = 8
_SILENT = frozenset(
    "type enum const minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format title "
    "description default examples $ref $defs definitions anyOf oneOf allOf properties required items additionalProperties $schema $id "
    "$comment readOnly writeOnly deprecated nullable minItems maxItems uniqueItems prefixItems decimals".split()
)


def from_json_schema(source: Node | str | Path, *, rows: int = ROWS, scale: float = 1.0, name: str | None = None) -> Imported:
    """A spec of the tables that a JSON Schema describes.

    Args:
        source: the schema, its text, or the path of its file.
        rows: of each object that is in no other.
        scale: so many times the rows.
        name: of the table, where the schema has no title.

    Raises:
        SchemaError: no JSON, no object, or a reference that leads nowhere.
    """
    schema, origin = _read(source)
    declared = Declared(name=origin)
    reader = _Reader(declared, schema)
    reader.top(name)
    return build(declared, rows=rows, scale=scale)


def _read(source: Node | str | Path) -> tuple[Node, str]:
    from understudy.data.located_yaml import read_text

    if isinstance(source, Mapping):
        return source, str(source.get("title") or "data")
    in_file = isinstance(source, Path) or not source.lstrip().startswith("{")
    text = read_text(Path(source), "JSON Schema") if in_file else str(source)
    origin = str(source) if in_file else "JSON Schema"
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise SchemaError(f"This is not JSON: {error.msg}.", where=f"{origin}, line {error.lineno}") from None
    if not isinstance(schema, dict):
        raise SchemaError("A JSON Schema of a table is an object.", where=origin)
    return schema, Path(origin).name.partition(".")[0] if in_file else "data"


class _Reader:
    """Objects into tables."""

    def __init__(self, declared: Declared, schema: Node) -> None:
        self._declared, self._schema = declared, schema

    def top(self, name: str | None) -> None:
        """The schema's object, or all objects that it defines where it is none itself."""
        schema = self._resolved(self._schema)
        if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
            schema = self._resolved(schema["items"])
        if "properties" in schema:
            self._table(name or str(schema.get("title") or self._declared.name), schema)
            return
        definitions = {**self._schema.get("definitions", {}), **self._schema.get("$defs", {})}
        for title, definition in definitions.items():
            if "properties" in self._resolved(definition):
                self._table(title, self._resolved(definition))
        if not self._declared.tables:
            raise SchemaError("The JSON Schema describes no object with properties.", where=self._declared.name)

    def _table(self, name: str, schema: Node) -> DeclaredTable:
        table = DeclaredTable(free_name(_name(name), self._declared.tables))
        self._declared.tables[table.name] = table
        self._properties(table, schema, "", optional=False, depth=0)
        self._give_key(table)
        return table

    def _give_key(self, table: DeclaredTable) -> None:
        """`id`, or `product_id` in a table of products, names its rows."""
        own = {"_".join(table.words), table.words[-1] if table.words else ""}
        for name, column in table.columns.items():
            words = "_".join(column.words)
            if words in ("id", "uuid", "guid") or words in {f"{word}_id" for word in own}:
                if column.kind in ("integer", "text", "uuid") and not column.choices:
                    table.key, column.nullable = (name,), False
                    self._declared.note("guessed", "it names each row", table.name, name)
                return

    def _properties(self, table: DeclaredTable, schema: Node, prefix: str, *, optional: bool, depth: int) -> None:
        required = set(schema.get("required", ()))
        for name, node in schema.get("properties", {}).items():
            self._property(table, _name(prefix + name), node, optional=optional or name not in required, depth=depth)
        if isinstance(schema.get("additionalProperties"), Mapping):
            self._declared.note("left out", "properties of any name (additionalProperties)", table.name, prefix.rstrip("_") or None)

    def _property(self, table: DeclaredTable, name: str, node: Any, *, optional: bool, depth: int) -> None:
        if node is True or node == {}:
            node = {"type": "string"}
            self._declared.note("guessed", "may be anything; it is made as text", table.name, name)
        if not isinstance(node, Mapping):
            return
        node, missing = self._plain(table, name, node)
        optional = optional or missing
        if depth > _DEEPEST:
            self._declared.note("left out", f"nested more than {_DEEPEST} deep", table.name, name)
        elif "properties" in node:
            self._properties(table, node, f"{name}_", optional=optional, depth=depth + 1)
        elif node.get("type") == "array" or "items" in node:
            self._list(table, name, node, depth)
        elif node.get("type") == "object":
            table.add(DeclaredColumn(name, "text", column=ConstantColumn(value="{}")))
            self._declared.note("left out", 'an object without properties: "{}" in all rows', table.name, name)
        else:
            self._column(table, name, node, optional)

    def _list(self, table: DeclaredTable, name: str, node: Node, depth: int) -> None:
        """A table of the list's entries, each of which belongs to a row of the table."""
        items = node.get("items")
        if not isinstance(items, Mapping):
            items = {"type": "string"}
            self._declared.note("guessed", "a list of anything; texts are made", table.name, name)
        self._own_key(table)
        child = DeclaredTable(free_name(f"{table.name}_{name}", self._declared.tables))
        self._declared.tables[child.name] = child
        owner = free_name(f"{'_'.join(words_of(table.name)) or 'parent'}_id", self._resolved(items).get("properties", {}))
        child.add(DeclaredColumn(owner, table.columns[table.key[0]].kind, nullable=False))
        child.references.append(DeclaredReference((owner,), table.name, table.key, owns=True))
        inner, _ = self._plain(child, "value", items)
        if "properties" in inner:
            self._properties(child, inner, "", optional=False, depth=depth + 1)
            self._give_key(child)
        else:
            self._property(child, "value", inner, optional=False, depth=depth + 1)
        if node.get("minItems") or node.get("maxItems"):
            least, most = int(node.get("minItems", 0)), int(node.get("maxItems", max(6, 2 * int(node.get("minItems", 0)))))
            self._limits[child.name] = (least, most)
        if node.get("uniqueItems") and "value" in child.columns:
            child.unique.append((owner, "value"))

    @property
    def _limits(self) -> dict[str, tuple[int, int]]:
        limits = self.__dict__.setdefault("_known_limits", {})
        self._declared.fan_out = lambda table, _: _evenly(*limits[table]) if table in limits else None
        found: dict[str, tuple[int, int]] = limits
        return found

    def _own_key(self, table: DeclaredTable) -> None:
        if len(table.key) == 1:
            return
        self._give_key(table)
        if not table.key:
            name = free_name("id", table.columns)
            table.columns = {name: DeclaredColumn(name, "integer", nullable=False), **table.columns}
            table.key = (name,)
            self._declared.note("changed", "a key is added, so that lists can belong to its rows", table.name, name)

    def _column(self, table: DeclaredTable, name: str, node: Node, optional: bool) -> None:
        column = DeclaredColumn(name, nullable=optional, description=node.get("description"))
        table.add(column)
        kind = node.get("type") or self._kind_of(node)
        format_ = node.get("format")
        match kind:
            case "integer":
                column.kind = "integer"
            case "number":
                column.kind = "decimal"
            case "boolean":
                column.kind = "boolean"
            case "null":
                column.column = ConstantColumn(value="", nulls=1.0)
            case _:
                by_format = {"date": "date", "date-time": "datetime", "time": "time", "uuid": "uuid", "binary": "binary", "byte": "binary"}
                column.kind = by_format.get(str(format_), "text")  # type: ignore[assignment]
        column.format = str(format_) if format_ else None
        self._facts(table, column, node)

    def _facts(self, table: DeclaredTable, column: DeclaredColumn, node: Node) -> None:
        if "const" in node and node["const"] is not None:
            column.choices = [node["const"]]
        if node.get("enum"):
            column.choices = [value for value in node["enum"] if isinstance(value, bool | int | float | str)]
            column.nullable = column.nullable or None in node["enum"]
        column.default = node.get("default") if isinstance(node.get("default"), bool | int | float | str) else None
        column.least_length, column.length = int(node.get("minLength", 0)), node.get("maxLength")
        column.pattern = node.get("pattern")
        step = float(node.get("multipleOf", 0) or 0)
        if 0 < step < 1:
            column.decimals = len(f"{step:.12f}".rstrip("0").partition(".")[2])
        elif step and not (column.kind == "integer" and step == 1):
            self._declared.note("left out", f"multiples of {step:g} only", table.name, column.name)
        column.decimals = node.get("decimals", column.decimals)
        least = 1.0 if column.kind == "integer" else 10.0 ** -(column.decimals if column.decimals is not None else 2)
        column.low, column.high = _bound(node, "inimum", least), _bound(node, "aximum", -least)
        for key in node:
            if key not in _SILENT and not str(key).startswith("x-"):
                self._declared.note("left out", f"{key}: {json.dumps(node[key], default=str)[:60]}", table.name, column.name)

    @staticmethod
    def _kind_of(node: Node) -> str:
        values = node.get("enum") or ([node["const"]] if "const" in node else [])
        if values and all(isinstance(v, bool) for v in values):
            return "boolean"
        if values and all(isinstance(v, int | float) for v in values):
            return "integer" if all(isinstance(v, int) for v in values) else "number"
        return "number" if {"minimum", "maximum", "multipleOf"} & set(node) else "string"

    # ---- references and alternatives

    def _plain(self, table: DeclaredTable, name: str, node: Node) -> tuple[Node, bool]:
        """A node without $ref, allOf, anyOf and lists of types, and whether it may be null."""
        node = self._resolved(node)
        missing = bool(node.get("nullable"))
        for word in ("anyOf", "oneOf"):
            if word not in node:
                continue
            ways = [self._resolved(way) for way in node[word]]
            there = [way for way in ways if way.get("type") != "null"]
            missing = missing or len(there) < len(ways)
            node = {**{k: v for k, v in node.items() if k != word}, **(_numeric_first(there)[0] if there else {"type": "null"})}
            if len(there) > 1 and not _is_decimal(there):
                self._declared.note("left out", f"one of {len(there)} alternatives is made: the first", table.name, name)
            return (inner := self._plain(table, name, node))[0], missing or inner[1]
        if isinstance(node.get("type"), list):
            kinds = [kind for kind in node["type"] if kind != "null"]
            missing = missing or "null" in node["type"]
            if len(kinds) > 1:
                self._declared.note("left out", f"one of the types {', '.join(kinds)} is made: the first", table.name, name)
            node = {**node, "type": kinds[0] if kinds else "null"}
        return node, missing

    def _resolved(self, node: Node, seen: tuple[str, ...] = ()) -> Node:
        """With $ref followed and allOf joined. A reference to itself is an object without properties."""
        found = dict(node)
        while "$ref" in found:
            ref = str(found.pop("$ref"))
            if ref in seen:
                return {"type": "object"}
            seen = (*seen, ref)
            found = {**self._lookup(ref), **found}
        parts = found.pop("allOf", None)
        for part in parts or ():
            inner = self._resolved(part, seen)
            properties = {**found.get("properties", {}), **inner.get("properties", {})}
            required = [*found.get("required", ()), *inner.get("required", ())]
            found = {**inner, **found, **({"properties": properties} if properties else {}), **({"required": required} if required else {})}
        return found

    def _lookup(self, ref: str) -> Node:
        node: Any = self._schema
        if not ref.startswith("#"):
            raise SchemaError(
                f"The reference {ref} leads out of the file.", where=self._declared.name, remedy="Bundle the schema into one file."
            )
        for step in ref.removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if step and (not isinstance(node, Mapping) or step not in node):
                raise SchemaError(f"The reference {ref} leads nowhere.", where=self._declared.name)
            node = node[step] if step else node
        return node if isinstance(node, Mapping) else {}


def _evenly(least: int, most: int) -> Any:
    from understudy.rules.law import Law

    return Law.model_validate({"randint": {"low": least, "high": max(least, most) + 1}}), max(1, most)


def _is_decimal(ways: list[Node]) -> bool:
    """How pydantic says Decimal: a number, or a text with the pattern of one."""
    return {way.get("type") for way in ways} in ({"number", "string"}, {"integer", "number"})


def _numeric_first(ways: list[Node]) -> list[Node]:
    if not _is_decimal(ways):
        return ways
    number = next(way for way in ways if way.get("type") == "number")
    pattern = str(next((way.get("pattern") for way in ways if way.get("pattern")), ""))
    import re

    digits = re.search(r"\\d\{0,(\d+)\}\$?\)?$|\\\.\\d\{0,(\d+)\}", pattern)
    return [{**number, "decimals": int(next(g for g in digits.groups() if g))}] if digits else [number]


def _bound(node: Node, word: str, step: float) -> float | None:
    """minimum and exclusiveMinimum (of draft 4 too, where it is true or false)."""
    end, exclusive = node.get(f"m{word}"), node.get(f"exclusiveM{word}")
    if exclusive is True and end is not None:
        return float(end) + step
    if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
        inner = float(exclusive) + step
        return inner if end is None else (max if step > 0 else min)(inner, float(end))
    return float(end) if end is not None else None


def _name(name: str) -> str:
    return name.replace(".", "_").replace(" ", "_")
