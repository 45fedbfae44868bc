import datetime as dt

import numpy as np
import pytest

from understudy.core.errors import ConditionError
from understudy.run.given import given_from_json, given_to_json


@pytest.mark.parametrize(
    "given",
    [
        None,
        {"age": (20, 30), "city": ["Paris", None], "flag": True, "x": 0.1},
        {"when": (dt.date(2020, 1, 2), dt.datetime(2021, 3, 4, 5, 6, tzinfo=dt.UTC)), "at": dt.time(3, 4)},
        {"level": {"low", "high"}, "took": dt.timedelta(minutes=3)},
    ],
)
def test_conditions_come_back_as_they_were(given):
    assert given_from_json(given_to_json(given)) == given


def test_numpy_scalars_become_plain_numbers():
    assert given_to_json({"age": np.int64(3), "x": np.float32(0.5)}) == {"age": 3, "x": 0.5}


def test_slices_and_arrays_become_ranges_and_lists():
    assert given_from_json(given_to_json({"age": slice(20, None), "n": np.array([1, 2])})) == {"age": (20, None), "n": [1, 2]}


def test_equal_sets_give_equal_json():
    assert given_to_json({"b", "a", "c"}) == given_to_json({"c", "b", "a"})


def test_what_has_no_json_form_is_refused():
    with pytest.raises(ConditionError, match="function"):
        given_to_json({"age": lambda x: x})
