"""Public holidays by country."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

from understudy.core.errors import ArgumentError, MissingExtraError
from understudy.rules.holidays import holidays_of


def test_holidays_are_those_of_the_country_and_years() -> None:
    pytest.importorskip("holidays", reason="the extra holidays is not installed")
    found = holidays_of("US", 2024, 2025)
    assert dt.date(2024, 7, 4) in found
    assert dt.date(2025, 12, 25) in found
    assert found == sorted(found)
    assert {day.year for day in found} == {2024, 2025}


def test_an_unknown_country_names_the_nearest() -> None:
    pytest.importorskip("holidays", reason="the extra holidays is not installed")
    with pytest.raises(ArgumentError, match="XX"):
        holidays_of("XX", 2024, 2024)


def test_without_the_package_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match=r"understudy\[holidays\]"):
        holidays_of("US", 2024, 2024)
