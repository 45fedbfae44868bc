"""Formulas: what they compute, and what they refuse with its place."""

from __future__ import annotations

import contextlib
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import ConstraintError
from understudy.data.expression import FUNCTIONS, parse
from understudy.data.schema import ColumnSchema

COLUMNS = {
    name: ColumnSchema.model_validate({"name": name, **facts})
    for name, facts in {
        "a": {"kind": "integer", "dtype": "Int64"},
        "x": {"kind": "decimal", "dtype": "Float64"},
        "s": {"kind": "categorical"},
        "flag": {"kind": "boolean", "spelling": ["No", "Yes"]},
        "born": {"kind": "date", "dtype": "Date"},
        "left": {"kind": "datetime", "dtype": "Datetime[us]"},
        "monthly fee": {"kind": "decimal", "dtype": "Float64"},
    }.items()
}
FRAME = pl.DataFrame(
    {
        "a": [7, -2, None],
        "x": [2.5, 0.0, 4.0],
        "s": ["Ab", "c", "xyz"],
        "flag": [True, False, None],
        "born": [date(1990, 5, 31), date(2000, 1, 1), date(1985, 12, 24)],
        "left": [datetime(2020, 6, 1, 14, 30), datetime(2021, 1, 1), datetime(2021, 3, 4, 5, 6)],
        "monthly fee": [1.0, 2.0, 3.0],
    }
)


def computed(text: str) -> list[object]:
    return FRAME.select(v=parse(text).compiled(COLUMNS).expr)["v"].to_list()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a * 2 + 1", [15, -3, None]),
        ("a / x", [2.8, None, None]),
        ("a // 2", [3.0, -1.0, None]),
        ("a % 3", [1.0, 1.0, None]),
        ("a ** 2 - -a", [56.0, 2.0, None]),
        ("abs(a)", [7, 2, None]),
        ("round(x / 3, 2)", [0.83, 0.0, 1.33]),
        ("floor(x) + ceil(x)", [5.0, 0.0, 8.0]),
        ("min(a, x, 3)", [2.5, -2.0, None]),
        ("max(a, 0)", [7, 0, None]),
        ("log(x)", [math.log(2.5), None, math.log(4.0)]),
        ("sqrt(x) * exp(0)", [math.sqrt(2.5), 0.0, 2.0]),
        ("1 if a > 0 and x > 1 else 0", [1, 0, 0]),
        ("a > 0 or flag", [True, False, None]),
        ("not flag", [False, True, None]),
        ("flag == 'Yes'", [True, False, None]),
        ("-2 <= a < 7", [False, True, None]),
        ("s in ['c', 'xyz']", [False, True, True]),
        ("s not in ['c']", [True, False, True]),
        ("lower(s) + '-' + upper(s)", ["ab-AB", "c-C", "xyz-XYZ"]),
        ("length(s) + flag", [3, 1, None]),
        ("starts(s, 'A') or ends(s, 'z') or contains(s, '.')", [True, False, True]),
        ("text(a) + strip(' x ')", ["7x", "-2x", None]),
        ("year(left) * 10000 + month(left) * 100 + day(left)", [20200601, 20210101, 20210304]),
        ("hour(left) * 60 + minute(left)", [870, 0, 306]),
        ("weekday(born)", [4, 6, 2]),
        ("born < '2000-01-01'", [True, False, True]),
        ("days(left - born) > 36525 / 4", [True, False, True]),
        ("add_days(born, a)", [datetime(1990, 6, 7), datetime(1999, 12, 30), None]),
        ("col('monthly fee') * 12", [12.0, 24.0, 36.0]),
        ("coalesce(a, 0)", [7, -2, 0]),
        ("missing(a)", [False, False, True]),
    ],
)
def test_formulas_compute_what_they_say(text: str, values: list[object]) -> None:
    found = computed(text)
    for one, other in zip(found, values, strict=True):
        assert one == (pytest.approx(other) if isinstance(other, float) else other)


def test_columns_are_listed_once_in_order() -> None:
    assert parse("x + col('monthly fee') * x - a").columns == ("x", "monthly fee", "a")


def test_a_duration_added_to_a_moment_is_a_moment() -> None:
    term = parse("left + (left - born)").compiled(COLUMNS)
    assert term.sort == "moment"
    assert FRAME.select(v=term.expr)["v"][1] == datetime(2021, 1, 1) + timedelta(days=7671)


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("a +", "cannot be read", "character 4"),
        ("a.real", "no part of the language", "character 1"),
        ("[a for a in x]", "no part of the language", "character 1"),
        ("__import__('os')", "no function", "character 1"),
        ("1 + rund(x)", 'no function "rund"', "character 5: 1 + ⟨here⟩rund(x)"),
        ("(lambda: 1)()", "no part of the language", "character"),
        ("a if x is None else 1", "`is`", "character 11"),
        ("f'{a}'", "no part of the language", "character 1"),
        ("a := 3", "cannot be read", "character"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text: str, says: str, place: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a + s", r"\+ is not made for a number and a text"),
        ("2 * amont", r'names the column "amont".*character 5'),
        ("year(a)", "A moment is needed here, and this is a number"),
        ("1 if a else 2", "A truth is needed here"),
        ("born > 'tomorrow'", '"tomorrow" is no moment'),
        ("flag < True", "have no order"),
        ("round(x, a)", "whole number of digits"),
        ("abs(a, x)", "takes 1 arguments, not 2"),
        ("s == 3", "cannot be compared"),
        ("a in s", "needs a list"),
    ],
)
def test_operations_on_values_that_they_are_not_made_for_are_refused(text: str, says: str) -> None:
    with pytest.raises(ConstraintError, match=says):
        parse(text).compiled(COLUMNS)


def test_long_and_deep_formulas_are_refused_not_run() -> None:
    with pytest.raises(ConstraintError, match="too long"):
        parse("a+" * 3000 + "a")
    with pytest.raises(ConstraintError, match="nested"):
        parse("-" * 500 + "a")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_either_a_formula_or_refused(text: str) -> None:
    with contextlib.suppress(ConstraintError):
        assert parse(text).text == text


def test_every_function_stands_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "schema.md").read_text("utf-8")
    assert [name for name in FUNCTIONS if f"`{name}(" not in page] == []
