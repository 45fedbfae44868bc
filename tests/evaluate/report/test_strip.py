from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.evaluate.report.strip import Reading, domain, in_words, strip

NEAR_ONE = Reading(0.987, (0.986, 0.988), 0.991, (0.990, 0.993), 1.0, (0.0, 1.0), "score")


def test_the_picture_says_in_words_all_that_it_shows() -> None:
    assert in_words(NEAR_ONE) == ("synthetic 0.987, 95 % interval 0.986–0.988, held-out real data 0.991, its interval 0.990–0.993, best 1")
    assert f'aria-label="{in_words(NEAR_ONE)}"' in strip(NEAR_ONE)


def test_the_axis_holds_every_mark_and_stops_at_the_end_of_the_scale() -> None:
    low, high = domain(NEAR_ONE)
    assert low < 0.986
    assert high == 1.0


def test_a_difference_of_nothing_is_not_blown_up() -> None:
    low, high = domain(Reading(0.50001, None, 0.50002, None, 0.5, (0.0, 1.0), "score"))
    assert high - low >= 0.02


def test_a_value_beyond_the_scale_is_on_the_axis() -> None:
    assert domain(Reading(-3.2, None, None, None, 1.0, (0.0, 1.0), "score"))[0] <= -3.2


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 1))
def test_nothing_is_drawn_outside_the_picture(value: float, holdout: float, best: float) -> None:
    picture = strip(Reading(value, (value - 1, value + 1), holdout, None, best, (0.0, 1.0), "score"))
    places = [float(place) for place in re.findall(r' c?x[12]?="([-0-9.]+)%"', picture)]
    assert places
    assert all(0 <= place <= 100 for place in places)


@pytest.mark.parametrize("value", [None, 0.5])
def test_without_a_holdout_there_is_no_diamond(value: float | None) -> None:
    assert 'class="hold' not in strip(Reading(value, None, None, None, 1.0, (0.0, 1.0), "score"))
