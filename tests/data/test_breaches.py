"""Rows that break declared rules, counted alike in training, made and judged rows; a missing value breaks nothing by itself."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from understudy.core.errors import SchemaError
from understudy.data.constraints import (
    RULES,
    TYPES,
    Combinations,
    Constraint,
    Formula,
    Implication,
    Range,
    Regex,
    Unique,
    check,
    columns_of,
    in_words,
)  # fmt: skip
from understudy.data.schema import ColumnSchema, TableSchema

FRAME = pl.DataFrame(
    {
        "n": [1, 2, 3, None, 5],
        "x": [0.5, 1.0, 1.54, 2.0, None],
        "s": ["a", "b", "a", "b", None],
        "code": ["A1", "B22", "A3", None, "C4x"],
        "day": [date(2020, 1, 1), date(2020, 6, 30), date(2021, 1, 1), None, date(2019, 12, 31)],
    }
)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Range(column="n", low=2), 1),
        (Range(column="n", low=2, high=5, strict_low=True, strict_high=True), 3),
        (Range(column="day", low="2020-01-01", high=date(2020, 12, 31)), 2),
        (Range(column="day", low=datetime(2020, 1, 1), strict_low=True), 2),
        (Formula(target="x", expression="n / 2"), 1),
        (Formula(target="s", expression="'a' if n > 2 else 'b'"), 1),
        (Implication(when={"s": "a"}, then={"n": (1, 2)}), 1),
        (Implication(when={"s": ["a", "b"]}, then={"n": [1, 2]}), 1),
        (Implication(when={"s": ["a", "b"]}, then={"n": {"low": 1, "high": 2, "missing": False}}), 2),
        (Implication(when={"code": None}, then={"s": "b"}), 0),
        (Implication(when={"s": "b"}, then={"code": None}), 1),
        (Implication(when={"s": None, "n": 5}, then={"x": {"missing": False}}), 1),
        (Implication(when={"n": {"low": 2}}, then={"s": "a", "day": {"high": "2020-12-31"}}), 2),
        (Regex(column="code", pattern=r"[A-C]\d"), 2),
        (Regex(column="code", pattern=r"A\d|B\d+"), 1),
        (Regex(column="n", pattern=r"[1-3]"), 1),
        (Unique(columns=["s"]), 2),
        (Unique(columns=["s", "n"]), 0),
        (Combinations(columns=["s", "n"]), 0),
    ],
)
def test_rows_that_break_a_rule_are_counted(rule: Constraint, broken: int) -> None:
    assert check(FRAME, [rule]) == [broken]


def test_combinations_are_judged_by_those_that_are_known() -> None:
    known = {"s + n": FRAME.select("s", "n").head(3)}
    assert check(FRAME, [Combinations(columns=["s", "n"])], known) == [2]


def test_a_formula_is_held_to_the_decimals_of_its_target() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 4.0], "third": [0.33, 0.67, 1.34]})
    columns = [ColumnSchema(name=name, kind="decimal", decimals=2, dtype="Float64") for name in frame.columns]
    schema = TableSchema(columns=columns)
    assert check(frame, [Formula(target="third", expression="a / 3")], None, schema) == [1]


def test_values_are_compared_as_the_source_writes_them() -> None:
    days = ["31.12.2020", "01.01.2021", "02.01.2021"]
    frame = pl.DataFrame({"paid": ["Yes", "No", "Yes"], "when": days, "fee": ["1,50 €", "2,00 €", "9,00 €"]})
    schema = TableSchema(
        columns=[
            ColumnSchema(name="paid", kind="boolean", spelling=["No", "Yes"]),
            ColumnSchema(name="when", kind="date", format="%d.%m.%Y"),
            ColumnSchema(name="fee", kind="decimal", decimals=2, decimal_comma=True, suffix=" €", trailing_zeros=True),
        ]
    )
    rules = [
        Implication(when={"paid": "Yes"}, then={"when": {"high": "01.01.2021"}}),
        Range(column="fee", high="2,00 €"),
        Regex(column="when", pattern=r"\d\d\.01\.2021"),
        Formula(target="paid", expression="when != '2021-01-01'"),
    ]
    assert check(frame, rules, None, schema) == [1, 1, 1, 0]


EXAMPLES: list[Constraint] = [
    Range(column="n", low=1, high=5, strict_high=True),
    Range(column="day", low=date(2020, 1, 1)),
    Combinations(columns=["s", "code"]),
    Formula(target="x", expression="n / 2"),
    Implication(when={"s": ["a", None]}, then={"n": (1, None), "code": None}, enforce=False),
    Regex(column="code", pattern="[A-Z]+"),
    Unique(columns=["s", "n"], most=500),
]


def test_rules_in_a_file_are_the_same_as_objects(tmp_path: Path) -> None:
    kinds = {"n": "integer", "x": "decimal", "s": "categorical", "code": "categorical", "day": "date"}
    columns = [ColumnSchema.model_validate({"name": name, "kind": kind}) for name, kind in kinds.items()]
    schema = TableSchema(columns=columns, constraints=EXAMPLES)
    schema.save(tmp_path / "schema.yaml")
    assert TableSchema.load(tmp_path / "schema.yaml") == schema
    assert TableSchema.model_validate(schema.model_dump(mode="json", exclude_none=True)) == schema


def test_every_rule_says_itself_in_words() -> None:
    assert [in_words(rule) for rule in EXAMPLES] == [
        "1 ≤ n < 5",
        "2020-01-01 ≤ day",
        "only known combinations of s and code",
        "x = n / 2",
        "if s is one of a, missing, then n ≥ 1 and code is missing",
        "code matches [A-Z]+",
        "no two rows have the same s and n",
    ]
    assert len(RULES) == len(set(TYPES)) == 11
    assert columns_of(EXAMPLES[4]) == ["s", "n", "code"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Range(column="n", low=3, high=2), "empty"),
        (lambda: Range(column="n", low=2, high=2, strict_low=True), "empty"),
        (lambda: Range(column="n"), "no end"),
        (lambda: Range(column="d", low="2021-01-01", high="2020-01-01"), "empty"),
        (lambda: Formula(target="n", expression="n + 1"), "of that very column"),
        (lambda: Formula(target="n", expression="rund(x)"), 'no function "rund".*"round"'),
        (lambda: Implication(when={"s": []}, then={"n": 1}), "lists no value"),
        (lambda: Implication(when={"s": {"low": 2, "high": 1}}, then={"n": 1}), "empty"),
        (lambda: Regex(column="s", pattern="[a"), "no regular expression"),
        (lambda: Regex(column="s", pattern="(?=a)b"), "looks ahead"),
        (lambda: Unique(columns=["a", "a"]), "twice"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(make: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        make()  # type: ignore[operator]


def test_mistakes_in_a_file_are_told_with_line_and_nearest_word(tmp_path: Path) -> None:
    page = tmp_path / "schema.yaml"
    text = "columns:\n- {name: amount, kind: integer, dtype: Int64}\n- {name: double, kind: integer, dtype: Int64}\nconstraints:\n"
    page.write_text(text + "- type: formula\n  target: double\n  expression: 2 * amont\n")
    with pytest.raises(SchemaError, match=r'"amont", which is not there.*character 5.*line 5.*(?s:.)*"amount"'):
        TableSchema.load(page)
    page.write_text(text + "- {type: range, column: amount, lowest: 3}\n")
    with pytest.raises(SchemaError, match=r'"lowest" is not a key here(?s:.)*"low"'):
        TableSchema.load(page)
    page.write_text(text + "- {type: rnage, column: amount}\n")
    with pytest.raises(SchemaError, match=r'"rnage" is not a type(?s:.)*"range"'):
        TableSchema.load(page)
