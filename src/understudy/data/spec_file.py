"""What specs that are YAML files have in common: there and back, and a mistake with the file, the line and the path that it stands at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from understudy.core.errors import SchemaError
from understudy.data.located_yaml import LocatedYaml


class SpecFile:
    """A spec that is a YAML file as well. Subclasses say `to_dict`."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without what is as by default."""
        raise NotImplementedError

    def to_yaml(self) -> str:
        """The YAML text."""
        import yaml

        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True, width=140, default_flow_style=None)

    def save(self, path: str | Path) -> None:
        """Write the YAML file."""
        from understudy.core.atomic import atomic_file

        with atomic_file(Path(path)) as file:
            file.write(self.to_yaml().encode())


def mistake(what: str, remedy: str | None, loc: tuple[Any, ...], steps: list[Any], origin: str, located: LocatedYaml | None) -> SchemaError:
    """What is wrong in a spec. loc: where; steps: those of its steps that are told. located: the file, where it is one."""
    path = ".".join(str(step) for step in steps)
    where = f"{origin}, line {located.line_of(loc)}" if located is not None else origin
    return SchemaError(what, where=f"{where}: {path}" if path else where, remedy=remedy)


def steps_there(stated: Any, loc: tuple[Any, ...]) -> list[Any]:
    """The steps of a path that are there: tags of unions and types' names are passed over."""
    steps, node = [], stated
    for step in loc:
        if (isinstance(node, Mapping) and step in node) or (isinstance(node, list) and isinstance(step, int) and step < len(node)):
            node = node[step]
            steps.append(step)
    return steps


def listed(stated: Any) -> Any:
    """With lists in the place of tuples."""
    if isinstance(stated, dict):
        return {key: listed(value) for key, value in stated.items()}
    return [listed(value) for value in stated] if isinstance(stated, list | tuple) else stated
