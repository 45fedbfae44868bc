"""`import understudy` loads nothing heavy; every public name is there when it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import understudy

HEAVY = {
    "numpy",
    "scipy",
    "sklearn",
    "polars",
    "pyarrow",
    "pandas",
    "narwhals",
    "numba",
    "pydantic",
    "yaml",
    "rich",
    "safetensors",
    "torch",
    "ray",
    "fsspec",
    "duckdb",
}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `statement`."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module",
    [
        "understudy",
        "understudy.core",
        "understudy.data",
        "understudy.tabular",
        "understudy.run",
        "understudy.evaluate",
        "understudy.testing",
    ],
)
def test_importing_a_room_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") & HEAVY == set()


def test_the_command_line_loads_no_data_library() -> None:
    assert loaded_by("import understudy.cli") & (HEAVY - {"rich"}) == set()


def test_the_contract_itself_loads_nothing_heavy() -> None:
    assert loaded_by("from understudy.core.generator import Generator") & HEAVY == set()


@pytest.mark.parametrize("name", understudy.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(understudy, name) is not None
    assert name in dir(understudy)


def test_evaluate_can_be_called_whatever_was_imported_before() -> None:
    code = (
        "import understudy.evaluate, understudy; assert callable(understudy.evaluate); import understudy.evaluate as room; room.Evaluation"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert callable(understudy.evaluate)


def test_the_release_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert understudy.__version__ == version("understudy")
