"""YAML files whose mistakes can be located: read as plain values, with the line that each value stands in.

YAML as of version 1.2 for plain words: only `true` and `false` are booleans, so that `[No, Yes]` means what it says, and dates stay text.
A key that stands twice is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from understudy.core.errors import SchemaError


@dataclass(frozen=True)
class LocatedYaml:
    """A parsed file. body: its plain values. origin: what it is called in errors."""

    body: Any
    origin: str
    _root: yaml.Node | None

    def line_of(self, loc: tuple[Any, ...]) -> int:
        """The line (from 1) of the deepest value that the path of keys and positions `loc` names; a union's tag in it is passed over."""
        line, node = 1, self._root
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


def read_text(path: Path, what: str) -> str:
    """The file's text. Raises `SchemaError`; `what` names it: "schema"."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(f"The {what} cannot be read: {error.strerror}.", where=str(path)) from None
    except UnicodeDecodeError:
        raise SchemaError(f"The {what} is not UTF-8 text.", where=str(path), remedy="Save it as UTF-8.") from None


def parse_yaml(text: str, origin: str) -> LocatedYaml:
    """Read YAML. Raises `SchemaError` with the line of what is no YAML, or of a key that stands twice."""
    try:
        root = yaml.compose(text, Loader=_Loader)
        _refuse_repeated_keys(root, origin)
        body = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that builds plain values only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SchemaError(f"This is not YAML: {error.problem}.", where=f"{origin}, line {line}") from None
    except yaml.YAMLError as error:
        raise SchemaError(f"This is not YAML: {error}.", where=origin) from None
    return LocatedYaml(body, origin, root)


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
