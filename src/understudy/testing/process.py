"""Blocks made by another process: a fresh interpreter with another hash seed, working directory and global random state."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from understudy.core import registry
from understudy.core.errors import ArgumentError
from understudy.core.generator import Collection, Generator
from understudy.core.storable import Storable
from understudy.testing.clauses import ContractBroken

_TIMEOUT_S = 600


def fingerprints_elsewhere(kind: type[Generator], saved: Path, *, seed: int, given: Any, indices: list[int]) -> list[str]:
    """Load `saved`, a generator of class `kind`, in a new process and make the blocks `indices` there, in that order.

    Args:
        given: conditions, as JSON values.

    Returns:
        each block's fingerprint in hexadecimal.
    """
    made = _ask(kind, saved, {"seed": seed, "given": given, "indices": indices})
    return list(made)


def table_fingerprints_elsewhere(
    kind: type[Collection], saved: Path, *, seed: int, wanted: Mapping[str, list[int]]
) -> dict[str, list[str]]:
    """Load `saved`, a collection of class `kind`, in a new process and make blocks of its tables there; `wanted`: which of each."""
    return dict(_ask(kind, saved, {"seed": seed, "wanted": dict(wanted)}))


def _ask(kind: type[Storable], saved: Path, what: dict[str, Any]) -> Any:
    answer = saved.with_name("answer.json")
    task = {"home": _home(kind), "saved": str(saved), "answer": str(answer), **what}
    done = subprocess.run(
        [sys.executable, "-c", "from understudy.testing.process import answer; answer()"],
        input=json.dumps(task),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path), "PYTHONHASHSEED": "20011"},
        cwd=saved.parent,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise ContractBroken(f"the other process failed:\n{done.stderr.strip()}")
    return json.loads(answer.read_text())


def answer() -> None:
    """The other process: its task comes in on standard input, the fingerprints go to the file that it names."""
    import random

    random.seed(91)
    task = json.load(sys.stdin)
    loaded: Any = (_class_at(task["home"]) if task["home"] else Storable).load(task["saved"])
    made: Any
    if "wanted" in task:
        made = {name: _fingerprints(loaded.tables[name], indices, task["seed"], None) for name, indices in task["wanted"].items()}
    else:
        made = _fingerprints(loaded, task["indices"], task["seed"], task["given"])
    Path(task["answer"]).write_text(json.dumps(made))


def _fingerprints(generator: Generator, indices: list[int], seed: int, given: Any) -> list[str]:
    blocks = [generator.block(index, seed=seed, given=given) for index in indices]
    return [generator._fingerprint(block).hex() for block in blocks]


def _home(kind: type[Storable]) -> dict[str, str] | None:
    """Where another process finds the class; None where the registry knows it."""
    try:
        if registry.get("generators", kind.name) is kind:
            return None
    except ArgumentError:
        pass
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if "<locals>" in kind.__qualname__ or file is None:
        raise ContractBroken(f"{kind.__qualname__} cannot be found by another process; define it at the top of a module")
    return {"module": kind.__module__, "name": kind.__qualname__, "file": file}


def _class_at(home: dict[str, str]) -> Any:
    found: Any = _module_at(home)
    for name in home["name"].split("."):
        found = getattr(found, name)
    return found


def _module_at(home: dict[str, str]) -> ModuleType:
    """The module by its name, or, where it was run as a script or collected by a test runner, by its file."""
    if home["module"] != "__main__":
        try:
            module = importlib.import_module(home["module"])
        except ImportError:
            module = None
        if module is not None and getattr(module, "__file__", None) == home["file"]:
            return module
    spec = importlib.util.spec_from_file_location("understudy_checked_module", home["file"])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
