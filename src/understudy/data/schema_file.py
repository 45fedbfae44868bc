"""The schema's YAML file: written with its choices explained, read with every mistake located."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from understudy.core.errors import SchemaError
from understudy.data.constraints import Contradiction
from understudy.data.located_yaml import parse_yaml, read_text
from understudy.data.schema import KINDS, PERSONAL, ColumnSchema, TableSchema, in_plain_words, weightiest


def write_schema(schema: TableSchema, path: Path) -> None:
    """Write `schema` to `path`, whole or not at all."""
    text = schema_text(schema)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise SchemaError(
            f"The schema cannot be written: {error.strerror}.", where=str(path), remedy="Write it to a folder that exists."
        ) from None


def schema_text(schema: TableSchema) -> str:
    """The schema as YAML text."""
    body: dict[str, Any] = {}
    if schema.key is not None:
        body["key"] = schema.key
    body["columns"] = [_column(column) for column in schema.columns]
    body["constraints"] = [_rule(rule) for rule in schema.constraints]
    return _HEAD + yaml.dump(body, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def read_schema(path: Path) -> TableSchema:
    """Read a schema file. Raises `SchemaError` with file, line, key and the nearest valid word."""
    return schema_from_text(read_text(path, "schema"), str(path))


def schema_from_text(text: str, origin: str) -> TableSchema:
    """The schema that `text` states; `origin` names it in errors."""
    found = parse_yaml(text, origin)
    if not isinstance(found.body, dict):
        raise SchemaError("A schema file has the keys columns and constraints.", where=f"{origin}, line 1")
    try:
        return TableSchema.model_validate(found.body)
    except ValidationError as error:
        loc = _place(error)
        what, remedy = in_plain_words(error)
        where = f"{origin}, line {found.line_of(loc)}{_column_named(found.body, loc)}"
        raise SchemaError(what, where=where, remedy=remedy) from None


def _column(column: ColumnSchema) -> dict[str, Any]:
    facts = column.model_dump(exclude_none=True)
    if not facts["nullable"]:
        del facts["nullable"]
    if not facts["reason"]:
        del facts["reason"]
    return _short_lists(facts)


def _rule(rule: Any) -> dict[str, Any]:
    stated = rule.model_dump(exclude_none=True)
    plain = {"exceptions": 0, "reason": "", "one_to_one": False, "strict": False, "strict_low": False, "strict_high": False}
    for key, default in plain.items():
        if stated.get(key) == default:
            stated.pop(key, None)
    kind = stated.pop("type")
    evidence = {key: stated.pop(key) for key in ("enforce", "rows_checked", "exceptions", "reason") if key in stated}
    return _short_lists({"type": kind, **stated, **evidence})


class _Inline(list[Any]):
    """A list that YAML writes on one line."""


def _short_lists(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: _Inline(value) if isinstance(value, list) else value for key, value in facts.items()}


class _Dumper(yaml.SafeDumper):
    """Plain values; lists of facts on one line; list items indented under their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(_Inline, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True))


def _place(error: ValidationError) -> tuple[Any, ...]:
    complaint = weightiest(error)
    cause = complaint.get("ctx", {}).get("error")
    return (*complaint["loc"], *cause.at) if isinstance(cause, Contradiction) else complaint["loc"]


def _column_named(body: dict[Any, Any], loc: tuple[Any, ...]) -> str:
    if len(loc) < 2 or loc[0] != "columns" or not isinstance(loc[1], int):
        return ""
    column = body["columns"][loc[1]]
    return f', column "{column["name"]}"' if isinstance(column, dict) and "name" in column else ""


_HEAD = f"""\
# What the columns mean. Change what is wrong and hand the file in with the data.
#
# kind      {" | ".join(KINDS[:8])}
#           | {" | ".join(KINDS[8:])}
# personal  {" | ".join(PERSONAL[:8])}
#           | {" | ".join(PERSONAL[8:])}
# facts     integer, decimal, latitude, longitude: decimals; as text also prefix, suffix, thousands, decimal_comma, trailing_zeros
#           categorical: categories     ordinal: order (low to high)     boolean: spelling [false, true]
#           datetime, date, time: format (strftime), also_read, time_zone, resolution     duration: format, resolution
#           identifier, code: pattern, check, unique     personal: personal, pattern, unique     constant: value
# any       nullable: true where values are missing; missing_text: the texts that stand for missing; dtype: type in the source
# identifier, personal, code and text columns are made anew and never learned.
# constraints with `enforce: true` hold in every synthetic row; set false to let the generator break them.

"""
