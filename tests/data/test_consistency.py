"""Rules that can never hold together are refused by logic alone, and the message names them."""

from __future__ import annotations

import pytest

from understudy.core.errors import ConstraintError
from understudy.data.consistency import refuse_contradictions
from understudy.data.constraints import Combinations, Constraint, Formula, Implication, Inequality, Range, Regex
from understudy.data.schema import ColumnSchema, TableSchema

KINDS = {"a": "integer", "b": "decimal", "c": "integer", "s": "categorical", "flag": "boolean", "day": "date", "id": "identifier"}
DTYPES = {"a": "Int64", "b": "Float64", "c": "Int64", "day": "Date", "flag": "Boolean"}


def refused(*rules: Constraint) -> None:
    columns = [ColumnSchema.model_validate({"name": n, "kind": k, "dtype": DTYPES.get(n, "String")}) for n, k in KINDS.items()]
    refuse_contradictions(TableSchema(columns=columns, constraints=list(rules)))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([Range(column="a", low=5), Range(column="a", high=4)], r"no value for the column \"a\": 5 ≤ a; a ≤ 4"),
        ([Range(column="a", low=5), Range(column="a", high=5, strict_high=True)], r"no value.*a < 5"),
        ([Range(column="a", low=5), Inequality(low="a", high="b"), Range(column="b", high=4)], r"5 ≤ a; a ≤ b; b ≤ 4"),
        ([Range(column="a", low=5), Inequality(low="a", high="c", strict=True), Range(column="c", high=5)], "no value"),
        ([Inequality(low="a", high="b", strict=True), Inequality(low="b", high="a")], "circle: a ≤ b ≤ a"),
        ([Range(column="day", low="2020-01-01"), Range(column="day", high="2019-12-31")], "no value"),
        ([Range(column="a", high=5), Implication(when={"s": "x"}, then={"a": [7, 8]})], "No value of \"a\" keeps both"),
        ([Range(column="a", high=5), Implication(when={"s": "x"}, then={"a": (6, None)})], "keeps both"),
        ([Implication(when={"s": "x"}, then={"s": "y"})], "its own condition excludes"),
        ([Implication(when={"a": (0, 3)}, then={"a": (4, 9)})], "its own condition excludes"),
        ([Formula(target="a", expression="b + 1"), Formula(target="b", expression="a - 1")], "circle: a is computed from b is comp"),
        ([Formula(target="a", expression="b"), Formula(target="a", expression="c")], "Two formulas"),
        ([Formula(target="a", expression="s + 'x'")], "gives a text, but the column holds a number"),
        ([Range(column="s", low=1)], "needs numbers or moments"),
        ([Range(column="a", low="many")], "'many' is none"),
        ([Range(column="day", low="soon")], "'soon' is no moment"),
        ([Implication(when={"s": "x"}, then={"a": "many"})], "'many' is none"),
        ([Implication(when={"s": "x"}, then={"id": "C-1"})], "made anew"),
        ([Combinations(columns=["id", "s"])], "made anew"),
    ],
)  # fmt: skip
def test_what_can_never_hold_is_refused(rules: list[Constraint], says: str) -> None:
    with pytest.raises(ConstraintError, match=says):
        refused(*rules)


@pytest.mark.parametrize(
    "rules",
    [
        [Inequality(low="a", high="b"), Inequality(low="b", high="a")],
        [Range(column="a", low=5), Inequality(low="a", high="c"), Range(column="c", high=5)],
        [Implication(when={"id": None}, then={"a": None, "s": {"missing": False}})],
        [Implication(when={"s": "x"}, then={"a": [1, 9]}), Range(column="a", low=8)],
        [Range(column="a", low=5), Range(column="a", high=4, enforce=False)],
        [Formula(target="flag", expression="a > b"), Regex(column="id", pattern="[A-Z]+")],
    ],
)
def test_what_can_hold_is_let_pass(rules: list[Constraint]) -> None:
    refused(*rules)
