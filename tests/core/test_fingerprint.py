from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import ArgumentError
from understudy.core.fingerprint import fingerprint

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@dataclass
class Scene:
    name: str
    depth: Any


@given(PLAIN, PLAIN)
def test_prints_are_equal_just_where_the_values_read_the_same(one: Any, other: Any) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (repr(one) == repr(other) or _same_but_for_order(one, other))


def _same_but_for_order(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(fingerprint(one[key]) == fingerprint(other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return [fingerprint(entry) for entry in one] == [fingerprint(entry) for entry in other]
    return False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (True, 1), ("1", 1), (b"a", "a"), (0.0, -0.0), ([1, 2], (1, 2)), (["ab", "c"], ["a", "bc"]), ([[1], 2], [1, [2]]),
        (np.zeros(4), np.zeros((2, 2))), (np.zeros(2, "i4"), np.zeros(2, "i8")), ({"a": 1}, {"a": 2}), (None, []),
    ],
)  # fmt: skip
def test_what_differs_has_another_print(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_nan_equals_nan_and_mappings_have_no_order() -> None:
    assert fingerprint({"a": math.nan, "b": 1}) == fingerprint({"b": 1, "a": math.nan})


def test_an_array_is_its_values_whatever_its_strides() -> None:
    array = np.arange(6).reshape(2, 3)
    assert fingerprint(array.T) == fingerprint(array.T.copy())
    assert fingerprint(np.array(["a", None], object)) == fingerprint(np.array(["a", None], object))


def test_dataclasses_count_by_their_fields() -> None:
    assert fingerprint(Scene("a", np.ones(3))) == fingerprint(Scene("a", np.ones(3)))
    assert fingerprint(Scene("a", np.ones(3))) != fingerprint(Scene("a", np.zeros(3)))


def test_other_types_are_refused_with_the_way_out() -> None:
    with pytest.raises(ArgumentError, match="object") as caught:
        fingerprint([object()])
    assert "_fingerprint" in str(caught.value)
