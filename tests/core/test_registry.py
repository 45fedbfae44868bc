from __future__ import annotations

import importlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from understudy.core import registry
from understudy.core.errors import ArgumentError, UnderstudyError


@pytest.fixture
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs distributions with entry points: plug_ins({"name": "module:Class"}, …), one distribution an argument."""

    def install(*distributions: dict[str, str]) -> None:
        (tmp_path / "dice_plug_in.py").write_text("class Dice: pass\nclass Other: pass\n")
        (tmp_path / "broken_plug_in.py").write_text("raise RuntimeError('needs a card that is not there')\n")
        for number, points in enumerate(distributions):
            info = tmp_path / f"dice{number}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dice{number}\nVersion: 1.0\n")
            lines = [f"{name} = {target}" for name, target in points.items()]
            (info / "entry_points.txt").write_text("\n".join(["[understudy.generators]", *lines, ""]))
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()

    return install


def test_built_in_names_are_listed_without_importing_them() -> None:
    assert {"auto", "copula", "independent", "trees"} <= set(registry.names("generators"))


def test_a_plug_in_is_found_by_its_entry_point(plug_ins: Any) -> None:
    plug_ins({"dice": "dice_plug_in:Dice"})
    assert registry.get("generators", "dice").__name__ == "Dice"
    assert "dice" in registry.names("generators")


def test_a_plug_in_cannot_take_a_built_in_name(plug_ins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_ins({"trees": "dice_plug_in:Dice"})
    monkeypatch.setitem(registry._BUILT_IN["generators"], "trees", "collections:OrderedDict")
    assert registry.get("generators", "trees") is OrderedDict
    assert registry.names("generators").count("trees") == 1


def test_two_plug_ins_of_one_name_are_refused_by_name(plug_ins: Any) -> None:
    plug_ins({"dice": "dice_plug_in:Dice"}, {"dice": "dice_plug_in:Other"})
    with pytest.raises(UnderstudyError, match=r"dice_plug_in:Dice, dice_plug_in:Other"):
        registry.get("generators", "dice")


def test_a_broken_plug_in_is_named_with_its_error(plug_ins: Any) -> None:
    plug_ins({"broken": "broken_plug_in:Dice"})
    with pytest.raises(UnderstudyError, match=r"needs a card that is not there") as caught:
        registry.get("generators", "broken")
    assert "broken_plug_in:Dice" in str(caught.value)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match=r'no generator called "tress"') as caught:
        registry.get("generators", "tress")
    assert '"trees"' in str(caught.value)


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError) as caught:
        registry.get("generator", "trees")
    assert '"generators"' in str(caught.value)
