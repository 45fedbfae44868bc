from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.evaluate.report.numbers import MINUS, NONE, THIN, formatted, gap, interval, number, score, seconds, share


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (0.92814, "0.928"), (0.9997, "0.9997"), (-0.0301, f"{MINUS}0.030"), (0.5, "0.500"), (1234.6, "1,235")],
)
def test_a_score_has_three_decimals_unless_they_would_hide_a_flaw(value: float, text: str) -> None:
    assert score(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "100"), (0.519, "51.9"), (0.0016, "0.16"), (0.0123, "1.2"), (0.00003, f"<{THIN}0.01"), (0.9999, "99.99")],
)
def test_a_share_is_per_cent_with_digits_that_mean_something(value: float, text: str) -> None:
    assert share(value) == f"{text}{THIN}%"


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_no_share_between_reads_as_nought_or_all(value: float) -> None:
    assert share(value).rstrip(f"{THIN}%") not in ("0", "0.0", "0.00", "100", "100.0", "100.00")


@pytest.mark.parametrize("form", ["share", "score", "number", "count"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_a_dash(value: float | None, form: str) -> None:
    assert formatted(value, form) == NONE


def test_intervals_use_a_dash_only_where_no_minus_sign_is_near() -> None:
    assert interval((0.9655, 0.9767), "score") == "0.966–0.977"
    assert interval((-0.006, 0.002), "score") == f"{MINUS}0.006 to 0.002"
    assert interval((0.511, 0.527), "share") == f"51.1–52.7{THIN}%"
    assert interval(None, "score") == NONE


def test_a_difference_of_shares_is_in_points() -> None:
    assert gap(-0.0227, (-0.028, 0.017), "share") == f"{MINUS}2.27 points ({MINUS}2.80 to +1.70)"
    assert gap(0.0512, None, "score") == "+0.051"


@pytest.mark.parametrize(
    ("value", "text"), [(20438, "20,438"), (0.12344, "0.1234"), (3e-7, f"3.00e{MINUS}7"), (-2.5, f"{MINUS}2.5"), (0, "0")]
)
def test_a_number_has_four_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_time_spans_are_read_in_their_own_unit() -> None:
    assert [seconds(value) for value in (0.42, 21.3, 200, 9000)] == [
        f"0.4{THIN}s", f"21{THIN}s", f"3{THIN}min 20{THIN}s", f"2{THIN}h 30{THIN}min"
    ]  # fmt: skip
