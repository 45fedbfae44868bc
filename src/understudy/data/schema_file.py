"""The schema's YAML file: written with its choices explained, read with every mistake located.

YAML as of version 1.2 for plain words: only `true` and `false` are booleans, so that `spelling: [No, Yes]` means what it
says, and dates stay text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from understudy.core.errors import SchemaError
from understudy.data.constraints import Contradiction
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
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(f"The schema cannot be read: {error.strerror}.", where=str(path)) from None
    except UnicodeDecodeError:
        raise SchemaError("The schema is not UTF-8 text.", where=str(path), remedy="Save it as UTF-8.") from None
    return schema_from_text(text, str(path))


def schema_from_text(text: str, origin: str) -> TableSchema:
    """The schema that `text` states; `origin` names it in errors."""
    try:
        root = yaml.compose(text, Loader=_Loader)
        _refuse_repeated_keys(root, origin)
        body = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that builds plain values only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SchemaError(f"This is not YAML: {error.problem}.", where=f"{origin}, line {line}") from None
    except yaml.YAMLError as error:
        raise SchemaError(f"This is not YAML: {error}.", where=origin) from None
    if not isinstance(body, dict):
        raise SchemaError("A schema file has the keys columns and constraints.", where=f"{origin}, line 1")
    try:
        return TableSchema.model_validate(body)
    except ValidationError as error:
        loc = _place(error)
        what, remedy = in_plain_words(error)
        where = f"{origin}, line {_line_of(root, loc)}{_column_named(body, loc)}"
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


class _Loader(yaml.SafeLoader):
    """A safe loader for which yes, no, on, off and dates are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False|TRUE|FALSE)$"), list("tTfF"))


def _refuse_repeated_keys(node: yaml.Node | None, origin: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise SchemaError(
                    f'The key "{key.value}" stands twice.', where=f"{origin}, line {key.start_mark.line + 1}", remedy="Keep one of the two."
                )
            seen.add(key.value)
            _refuse_repeated_keys(value, origin)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, origin)


def _place(error: ValidationError) -> tuple[Any, ...]:
    complaint = weightiest(error)
    cause = complaint.get("ctx", {}).get("error")
    return (*complaint["loc"], *cause.at) if isinstance(cause, Contradiction) else complaint["loc"]


def _line_of(node: yaml.Node | None, loc: tuple[Any, ...]) -> int:
    """The line (from 1) of the deepest node that `loc` names."""
    line = 1
    for step in loc:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, found = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
            line = found.start_mark.line + 1
        # A step that names no node is a union's tag: stay where we are.
        node = found if found is not None else node
    return line


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
