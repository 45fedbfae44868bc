from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from understudy.core import registry
from understudy.core.errors import ArgumentError, UnderstudyError
from understudy.tabular.auto import Auto
from understudy.tabular.copula import Copula
from understudy.tabular.entrants import entrants
from understudy.tabular.independent import Independent
from understudy.tabular.trees import Trees


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is registered, to be changed by a test."""
    found: dict[str, Any] = {"auto": Auto, "copula": Copula, "independent": Independent, "trees": Trees}

    def get(kind: str, name: str) -> Any:
        if isinstance(found[name], Exception):
            raise found[name]
        return found[name]

    monkeypatch.setattr(registry, "names", lambda kind: sorted(found))
    monkeypatch.setattr(registry, "get", get)
    return found


def test_all_that_declare_a_cost_enter_the_yardstick_first(known: dict[str, Any]) -> None:
    assert [e.name for e in entrants()] == ["independent", "copula", "trees"]
    assert [e.yardstick for e in entrants()] == [True, False, False]


def test_a_plug_in_enters_by_declaring_its_cost_and_the_costly_come_last(known: dict[str, Any]) -> None:
    class Slow(Copula):
        cost = "costly"

    class Moderate(Copula):
        cost = "moderate"

    class Silent(Copula):
        cost = None

    known |= {"a-slow": Slow, "a-steady": Moderate, "b-silent": Silent, "scene": object, "broken": UnderstudyError("broken")}
    assert [e.name for e in entrants()] == ["independent", "copula", "trees", "a-steady", "a-slow"]
    assert [e.costly for e in entrants()] == [False, False, False, False, True]
    assert [e.wants_budget for e in entrants()] == [False, False, False, True, True]


def test_named_ones_race_beside_the_yardstick(known: dict[str, Any]) -> None:
    class Silent(Copula):
        cost = None

    known["silent"] = Silent
    assert [e.name for e in entrants(["silent", "trees", "trees"])] == ["independent", "silent", "trees"]


def test_what_learning_needs_and_is_not_installed_is_told(known: dict[str, Any]) -> None:
    class Needy(Copula):
        requires = "no_such_module_at_all"

    known["needy"] = Needy
    (found,) = [e for e in entrants() if e.name == "needy"]
    assert found.missing == 'pip install "understudy[neural]"'
    assert not [e for e in entrants(["trees"]) if e.missing]


def test_without_torch_its_engines_are_listed_with_what_they_need() -> None:
    script = (
        "import importlib.util, sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "there = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'torch' else there(name)\n"
        "from understudy.tabular.entrants import entrants\n"
        "print(sorted(entrant.name for entrant in entrants() if 'neural' in entrant.missing))\n"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "['autoregressive', 'diffusion', 'gan']"


def test_what_is_no_learner_of_tables_cannot_race(known: dict[str, Any]) -> None:
    known["scene"] = object
    with pytest.raises(ArgumentError, match='"scene" cannot race'):
        entrants(["scene"])
    with pytest.raises(ArgumentError, match='"auto" cannot race'):
        entrants(["auto"])
    with pytest.raises(ArgumentError, match="No engine is named"):
        entrants([])
