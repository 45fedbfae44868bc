"""Rows that break one rule break it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.rules import Dataset, named_rules, negatives, prove
from understudy.rules.spec import parse_spec

pytest.importorskip("duckdb")

SHOP = parse_spec(r"""
understudy: rules/1
tables:
  customers:
    rows: 200
    key: id
    columns:
      id: key
      code: {type: pattern, regex: "[A-Z]{2}[0-9]{4}", unique: true}
      plan: {type: choice, values: {free: .7, pro: .3}}
      score: {type: decimal, low: 0, high: 10, decimals: 2, nulls: .1}
      vip: {type: expression, formula: "plan == 'pro' and score > 5"}
      joined: {type: datetime, between: [2022-01-01, 2024-12-31], hours: "9-17", weekdays: {sun: 0}, resolution: min}
      left: {type: datetime, above: joined, gap: {expon: {scale: 90}}}
      spent: {type: aggregate, of: orders.total, by: sum}
    rules: {few: "not (plan == 'pro' and score > 9)", implied: "score <= 10"}
  orders:
    per: {table: customers, count: {poisson: {mu: 2}}, most: 12}
    columns:
      customer_id: {type: reference, to: customers.id}
      total: {type: decimal, low: 1, high: 90}
      net: {type: part, of: total, weight: 4}
      tax: {type: part, of: total}
      status: {type: state, initial: {new: 1}, transitions: {new: {paid: 1}, paid: {sent: 1}}}
      nth: ordinal
""")
ALONE = [
    "customers.key(id)", "customers.id.type", "customers.code.unique", "customers.code.null", "customers.code.pattern",
    "customers.plan.values",
    "customers.score.low", "customers.score.decimals", "customers.score.type", "customers.vip.formula",
    "customers.joined.first", "customers.joined.hours", "customers.joined.weekdays", "customers.joined.resolution", "customers.left.above",
    "customers.spent.aggregate", "customers.rules.few", "orders.total.parts", "orders.status.transitions",
    "orders.nth.ordinal",
]  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset(SHOP)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ALONE)
def test_rows_break_the_named_rule_and_no_other(data: Dataset, rule: str) -> None:
    made = negatives(data, rule, 3)
    proof = prove(data, made.tables, distribution=False)
    assert [check.name for check in proof.broken] == [rule]
    assert set(made.labels["rule"]) == {rule}
    assert made.labels.filter(made.labels["why"] != "follows from the changed cell").height >= 1


def test_a_bound_is_broken_by_the_nearest_value_outside(data: Dataset, tmp_path: Path) -> None:
    made = negatives(data, "customers.score.low", 4)
    assert made.rows["score"].to_list() == [-0.01] * made.rows.height
    assert made.labels.columns == ["table", "row", "column", "rule", "why", "was", "is"]
    assert negatives(data, "customers.score.low", 4).labels.equals(made.labels)
    made.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "rows.parquet"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("customers.plan.type", "every value reads as a text"),
        ("customers.rules.implied", "would break with it|no value"),
        ("customers.score.high", "customers.rules.implied"),
        ("orders.status.values", "orders.status.transitions"),
        ("orders.per.most", "how many rows there are"),
    ],
)
def test_what_cannot_be_broken_alone_is_said_with_the_reason(data: Dataset, rule: str, why: str) -> None:
    with pytest.raises(ConstraintError, match=why):
        negatives(data, rule, 2)


def test_a_wrong_name_is_met_with_the_nearest(data: Dataset) -> None:
    assert "customers.score.low" in named_rules(data)
    with pytest.raises(ArgumentError, match=r"customers\.score\.low"):
        negatives(data, "customers.score.lo")
