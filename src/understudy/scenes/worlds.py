"""The worlds by name; others join through the entry point group `understudy.worlds`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core import registry

if TYPE_CHECKING:
    from understudy.scenes.world import World


def world(name: str) -> World:
    """The world called `name`. Raises `ArgumentError` with the nearest name."""
    made: World = registry.get("worlds", name)()
    return made


def world_names() -> list[str]:
    """All worlds, sorted; nothing is imported."""
    return registry.names("worlds")
