"""Numbers as text in every form: written and read again, they are the same numbers."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.number_text import FORMS, NumberForm


@pytest.mark.parametrize("form", FORMS, ids=str)
@settings(deadline=None, max_examples=50)
@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_survive_every_form(form: NumberForm, numbers: list[float]) -> None:
    whole = all(isinstance(number, int) for number in numbers)
    frame = pl.DataFrame({"x": pl.Series(numbers, dtype=pl.Int64 if whole else pl.Float64, strict=False)})
    written = frame.select(form.write(pl.col("x")))
    assert written["x"].str.contains(form.pattern).all()
    assert written.select(form.parse(pl.col("x")).cast(frame.schema["x"]))["x"].to_list() == frame["x"].to_list()


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        (NumberForm(",", "."), -1234567.5, "-1.234.567,5"),
        (NumberForm(".", "'"), 1000.0, "1'000.0"),
        (NumberForm(",", " "), 999, "999"),
        (NumberForm(".", ","), 123456, "123,456"),
        (NumberForm(",", ""), 0.25, "0,25"),
    ],
)
def test_groups_of_three_digits(form: NumberForm, number: float, text: str) -> None:
    assert pl.DataFrame({"x": [number]}).select(form.write(pl.col("x"))).item() == text
