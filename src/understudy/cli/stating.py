"""What commands for different kinds of specs read alike: which kind a file is of, and values that are set on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer


def states(source: str, mark: str, ready_made: Callable[[str], Path | None]) -> bool:
    """Whether a spec is of a kind: by its first line, which holds the `mark`, or as the name of a ready-made one."""
    path = Path(source)
    if not path.exists():
        return ready_made(source) is not None
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return mark.encode() in b"".join(line for line in file.read(4096).splitlines() if line.strip().startswith(b"understudy"))


def values_stated(entries: list[str] | None, option: str, what: str, example: str) -> dict[str, Any] | None:
    """NAME=VALUE of an option; values are read as YAML, so that shares and distributions can be written too. None where there are none."""
    from understudy.core.errors import SchemaError
    from understudy.data.located_yaml import parse_yaml

    found = {}
    for entry in entries or []:
        name, sign, value = entry.partition("=")
        if not (name.strip() and sign):
            raise typer.BadParameter(f'"{entry}" names no {what}: write {option} {example}')
        try:
            found[name.strip()] = parse_yaml(value, option).body
        except SchemaError:
            raise typer.BadParameter(f'"{value}" cannot be read as a value: write {option} {example}') from None
    return found or None
