"""Each floor imports from the floors under it only: the table in docs/architecture.md, held to be true."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy

SOURCE = Path(understudy.__file__).parent
MAY_IMPORT = {
    "core": set(),
    "data": {"core"},
    "neural": {"core"},
    "tabular": {"neural", "data", "core"},
    "rules": {"data", "core"},
    "text": {"rules", "neural", "data", "core"},
    "scenes": {"rules", "data", "core"},
    "run": {"tabular", "data", "core"},
    "evaluate": {"run", "text", "tabular", "neural", "data", "core"},
    "augment": {"evaluate", "run", "text", "tabular", "data", "core"},
    "cli": {"augment", "evaluate", "run", "text", "scenes", "tabular", "rules", "data", "core"},
    "testing": {"core"},
}
FILES = sorted(path for room in MAY_IMPORT for path in (SOURCE / room).rglob("*.py"))


def rooms_imported(path: Path) -> Iterator[tuple[str, int]]:
    """The rooms that a file imports from, at its top or later, and in which line; relative imports count too."""
    package = ["understudy", *path.relative_to(SOURCE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            modules = [f"{module}.{alias.name}" for alias in node.names] if module == "understudy" else [module]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            if parts[0] == "understudy" and len(parts) > 1 and parts[1] in MAY_IMPORT:
                yield parts[1], node.lineno


def test_every_room_stands_on_a_floor() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_from_below_only(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room}
    upward = [
        f"{path.relative_to(SOURCE)}:{line} imports {found}"
        for path in FILES
        if path.relative_to(SOURCE).parts[0] == room
        for found, line in rooms_imported(path)
        if found not in allowed
    ]
    assert upward == []


def test_the_check_sees_every_way_to_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "core" / "x.py"
    file.parent.mkdir()
    file.write_text(
        "import understudy.run\nfrom understudy import data\ndef f():\n    from ..tabular.codec import Codec\n    from . import y\n"
    )
    monkeypatch.setattr(f"{__name__}.SOURCE", tmp_path)
    assert list(rooms_imported(file)) == [("run", 1), ("data", 2), ("tabular", 4), ("core", 5)]
