"""Pools frozen from a Faker provider."""

from __future__ import annotations

import sys

import pytest

from understudy.core.errors import ArgumentError, MissingExtraError
from understudy.rules.faker_bridge import frozen_pool


def test_a_pool_is_the_same_for_the_same_seed() -> None:
    pytest.importorskip("faker", reason="the extra faker is not installed")
    pool = frozen_pool("job", "de_DE", 30, 7)
    assert pool == frozen_pool("job", "de_DE", 30, 7)
    assert pool != frozen_pool("job", "de_DE", 30, 8)
    assert len(pool) == len(set(pool)) == 30


def test_a_provider_of_few_values_gives_those() -> None:
    pytest.importorskip("faker", reason="the extra faker is not installed")
    assert sorted(frozen_pool("boolean", "en_US", 50, 1)) == ["False", "True"]


def test_unknown_providers_and_locales_name_the_nearest() -> None:
    pytest.importorskip("faker", reason="the extra faker is not installed")
    with pytest.raises(ArgumentError, match="color_name"):
        frozen_pool("colour_name", "en_US", 5, 1)
    with pytest.raises(ArgumentError, match="de_DE"):
        frozen_pool("job", "de_ED", 5, 1)
    with pytest.raises(ArgumentError, match="collections"):
        frozen_pool("words", "en_US", 5, 1)
    with pytest.raises(ArgumentError, match="at least one"):
        frozen_pool("job", "en_US", 0, 1)


def test_without_faker_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(MissingExtraError, match=r"understudy\[faker\]"):
        frozen_pool("job", "en_US", 5, 1)
