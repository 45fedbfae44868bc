from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("10min", 600), ("1h", 3600), ("1h 30min", 5400), ("1h30m", 5400), (" 2 Minutes ", 120), ("250ms", 0.25),
        ("1.5h", 5400), ("90", 90), (90, 90), (0.5, 0.5), ("best", math.inf), ("Best", math.inf), (None, None),
    ],
)  # fmt: skip
def test_lengths_of_time_are_understood(text: Any, seconds: float | None) -> None:
    assert Budget.parse(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "-3s", "10min!", "1h best", "s", "nan", math.nan, True, [30], b"30s"])
def test_anything_else_is_refused_with_examples(text: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        Budget.parse(text)
    assert repr(text) in str(caught.value)
    assert '"10min"' in str(caught.value)


@pytest.mark.parametrize("text", [0, "0s", -1.5])
def test_no_time_at_all_is_refused(text: Any) -> None:
    with pytest.raises(ArgumentError, match="no time at all"):
        Budget.parse(text)


def test_the_clock_runs_from_start_until_exhausted() -> None:
    clock = Clock()
    budget = Budget(10, clock=clock)
    clock.now += 50
    assert budget.spent == 0
    budget.start()
    clock.now += 4
    assert (budget.spent, budget.remaining(), budget.exhausted) == (4, 6, False)
    clock.now += 6
    assert (budget.remaining(), budget.exhausted) == (0, True)
    clock.now += 6
    assert budget.remaining() == 0


def test_a_second_start_does_not_give_the_time_back() -> None:
    clock = Clock()
    budget = Budget(10, clock=clock).start()
    clock.now += 4
    assert budget.start().spent == 4


def test_a_budget_handed_on_is_the_same_budget() -> None:
    budget = Budget.parse("30s").start()
    assert Budget.parse(budget) is budget


@pytest.mark.parametrize("text", [None, "best"])
def test_without_a_limit_it_is_never_exhausted(text: str | None) -> None:
    budget = Budget.parse(text).start()
    assert budget.remaining() == math.inf
    assert not budget.exhausted
    assert budget.best == (text == "best")
    assert budget.share(0.1).seconds == Budget.parse(text).seconds


@given(st.floats(0.1, 1e6), st.floats(0, 1), st.floats(0.01, 1))
def test_a_share_is_a_part_of_what_remains(seconds: float, used: float, fraction: float) -> None:
    clock = Clock()
    budget = Budget(seconds, clock=clock).start()
    clock.now += seconds * used
    share = budget.share(fraction)
    assert share.seconds == pytest.approx(budget.remaining() * fraction)
    assert share.spent == 0
