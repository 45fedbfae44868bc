import datetime as dt
import json

import numpy as np
import polars as pl
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
        {"churn": {"yes": 0.5}, "age": {(18, 30): 0.25, (31, None): 0.5}, "vip": {True: 0.1, None: 0.2}},
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


def test_equal_shares_give_equal_json():
    assert given_to_json({"age": {(1, 2): 0.5, 3: 0.1}}) == given_to_json({"age": {3: 0.1, (1, 2): 0.5}})


def test_a_frame_of_partial_rows_comes_back_with_its_types():
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "when": [None, dt.date(2020, 1, 2)]}).with_columns(
        pl.col("b").cast(pl.Enum(["y", "x"]))
    )
    written = json.loads(json.dumps(given_to_json(frame)))
    assert given_from_json(written).equals(frame)
    assert given_from_json(written).schema == frame.schema
    assert given_to_json(frame) == given_to_json(frame.clone())
    assert given_from_json(given_to_json(frame.to_arrow()))["a"].to_list() == [1, None]


def test_what_has_no_json_form_is_refused():
    with pytest.raises(ConditionError, match="function"):
        given_to_json({"age": lambda x: x})
