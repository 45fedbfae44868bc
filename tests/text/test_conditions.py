"""Labels can be asked for: one, several, or shares that every head of the data set has."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.text.conditions import wanted_labels

LEVELS = pl.Series("stars", [1, 3, 5])
SHARES = np.array([0.2, 0.3, 0.5])


def labels(given: object, rows: int = 3000) -> np.ndarray:
    return wanted_labels(given, "stars", LEVELS, SHARES).of(0, rows, Stream(1))


def test_without_a_wish_labels_come_as_often_as_they_were() -> None:
    assert np.bincount(labels(None)) / 3000 == pytest.approx(SHARES, abs=0.03)


def test_values_asked_for_are_the_only_ones() -> None:
    assert set(labels({"stars": 5})) == {2}
    assert np.bincount(labels({"stars": [1, 3]})) / 3000 == pytest.approx([0.4, 0.6], abs=0.03)


def test_every_head_has_the_shares_asked_for() -> None:
    found = labels({"stars": {5: 0.9, 1: 0.1}})
    for n in (10, 55, 1000, 3000):
        assert abs((found[:n] == 2).sum() - 0.9 * n) <= 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "mapping"),
        ({"star": 5}, 'Did you mean "stars"'),
        ({"stars": 4}, "not among the values"),
        ({"stars": True}, "not among the values"),
        ({"stars": []}, "empty"),
        ({"stars": {1: 0.5}}, "add up to 0.5"),
        ({"stars": {1: -1, 3: 2}}, "no share"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(given: object, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        labels(given)


def test_a_model_without_a_label_takes_none() -> None:
    with pytest.raises(ConditionError, match="learned no label"):
        wanted_labels({"stars": 5}, None, None, np.ones(1))
