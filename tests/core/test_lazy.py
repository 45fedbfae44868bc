from __future__ import annotations

import sys
from pathlib import Path

import pytest

from understudy.core.lazy import make_callable, table_of_contents


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a room `judge` that holds a function `judge`."""
    package = tmp_path / "house_under_test"
    (package / "judge").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "judge" / "__init__.py").write_text(
        "from understudy.core.lazy import make_callable, table_of_contents\n"
        "__getattr__, __dir__, __all__ = table_of_contents(__name__, {'judge': 'house_under_test.judge.judging'})\n"
        "make_callable(__name__, 'judge')\n"
    )
    (package / "judge" / "judging.py").write_text("def judge(real, *, target=None): return (real, target)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "house_under_test"
    for name in [name for name in sys.modules if name.startswith("house_under_test")]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_first_used(house: str) -> None:
    import house_under_test.judge as room

    assert "house_under_test.judge.judging" not in sys.modules
    assert room.judge(1) == (1, None)
    assert "house_under_test.judge.judging" in sys.modules
    assert "judge" in dir(room)


def test_a_package_can_be_called_like_the_function_in_it(house: str) -> None:
    import house_under_test.judge

    assert house_under_test.judge(1, target="y") == (1, "y")


def test_the_package_itself_can_be_in_a_table_of_contents(house: str) -> None:
    get, _, names = table_of_contents("house_under_test", {"judge": "house_under_test.judge"})
    __import__("house_under_test")
    assert get("judge") is sys.modules["house_under_test.judge"]
    assert names == ["judge"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    import understudy

    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = understudy.evalute


def test_make_callable_needs_an_imported_package() -> None:
    with pytest.raises(KeyError):
        make_callable("no_such_package_here", "f")
