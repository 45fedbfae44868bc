"""A spec with every type of column: what is made of it is proven, and each rule is broken alone or said not to be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from functools import cache

import polars as pl
import pytest

from understudy.core.errors import ConstraintError
from understudy.rules import Dataset, Spec, named_rules, negatives, prove
from understudy.rules.spec import parse_spec

pytest.importorskip("duckdb")

RICH = r"""
understudy: rules/1
name: rich
seed: 3
lists:
  brands: {values: {Acme: 3, Bolt: 1, Core: 2}}
tables:
  customers:
    rows: 400
    key: id
    columns:
      id: key
      code: {type: pattern, regex: "[A-Z]{2}[0-9]{4}", unique: true}
      plan: {type: choice, values: {free: .7, pro: .3}}
      score: {type: decimal, law: {norm: {loc: 5, scale: 2}}, low: 0, high: 10, decimals: 2, nulls: .1}
      limit: {type: decimal, above: score, gap: {expon: {scale: 2}}, decimals: 2}
      age: {type: integer, law: {norm: {loc: 45, scale: 15}}, low: 18, high: 90}
      vip: {type: expression, formula: "plan == 'pro' and score > 5"}
      tenth: {type: expression, formula: "score / 10", decimals: 1}
      tier:
        type: case
        cases: [{when: "score > 7", then: gold}, {when: "score > 4", then: {type: choice, values: [silver, bronze]}}]
        else: none
      brand: {type: list, list: brands}
      label: {type: template, text: "{plan}-{brand}: {age}"}
      joined: {type: datetime, between: [2022-01-01, 2024-12-31], hours: "9-17", weekdays: {sun: 0, sat: .3}, resolution: min}
      left: {type: datetime, above: joined, gap: {expon: {scale: 90}}, unit: days, until: 2025-12-31, nulls: "plan == 'pro'"}
      active: {type: boolean, share: .8}
      source: {type: constant, value: web}
      orders: {type: aggregate, of: orders.id, by: count}
      spent: {type: aggregate, of: orders.total, by: sum}
      dearest: {type: aggregate, of: orders.total, by: max}
    correlations: [{columns: [score, age], matrix: [[1, .6], [.6, 1]]}]
    rules: {sane: "score <= 10", grown: "age >= 18 or plan == 'free'", calm: "not (plan == 'free' and brand == 'Core' and active)"}
  products:
    rows: 50
    key: sku
    columns:
      sku: {type: key, format: "P{:05d}", shuffled: true}
      price: {type: decimal, low: 1, high: 100}
      made: {type: date, between: [2020-01-01, 2021-12-31]}
  orders:
    per: {table: customers, count: {nbinom: {n: 2, p: .4}}, most: 30}
    key: id
    columns:
      id: {type: key, start: 1000}
      customer_id: {type: reference, to: customers.id}
      ordered: {type: datetime, above: customers.joined, gap: {expon: {scale: 30}}}
      plan: {type: parent, of: customers.plan}
      total: {type: aggregate, of: lines.amount, by: sum}
      net: {type: part, of: total, weight: 4}
      tax: {type: part, of: total}
      status: {type: state, initial: {new: 1}, transitions: {new: {paid: .8, lost: .2}, paid: {sent: .7, paid: .3}}}
      nth: ordinal
      before: {type: sibling, of: total, step: -1}
      so_far: {type: running, of: total, by: sum}
      follows: {type: reference, to: self.id, roots: .2}
  lines:
    per: {table: orders, count: {poisson: {mu: 2}}, least: 1, most: 12}
    unique: [[order_id, nth]]
    columns:
      order_id: {type: reference, to: orders.id}
      nth: ordinal
      sku: {type: reference, to: products.sku, distinct: true}
      price: {type: parent, of: products.price}
      count: {type: integer, law: {values: {1: .6, 2: .3, 5: .1}}}
      amount: {type: expression, formula: "price * count", decimals: 2}
"""


@cache
def spec() -> Spec:
    return parse_spec(RICH)


@cache
def data() -> Dataset:
    return Dataset(spec())


@cache
def tables() -> dict[str, pl.DataFrame]:
    made = data()
    return {name: table.sample(made.sizes()[name], seed=spec().seed) for name, table in made.tables.items()}


def test_what_is_made_of_every_type_of_column_is_proven() -> None:
    proof = prove(data(), tables())
    assert proof.violations == 0, [(check.name, check.examples) for check in proof.broken]
    assert proof.unchecked == []
    assert proof.ok, proof.unlikely
    assert len(proof.distribution) >= 14


def test_rules_are_named_as_the_proof_names_its_checks() -> None:
    proof = prove(spec(), tables(), distribution=False)
    assert [check.name for check in proof.checks] == list(named_rules(spec()))


@pytest.mark.slow
def test_every_rule_is_broken_alone_or_said_not_to_be() -> None:
    alone = 0
    for rule in _one_of_each_kind(named_rules(spec())):
        made = None
        with contextlib.suppress(ConstraintError):
            made = negatives(data(), rule, 2, tables=tables())
        if made is None:
            continue
        proof = prove(spec(), made.tables, distribution=False)
        assert [check.name for check in proof.broken] == [rule]
        alone += 1
    assert alone >= 45


def _one_of_each_kind(rules: Iterable[str]) -> Iterator[str]:
    """All rules, but of those that every column has (a type, no missing value) one a table."""
    seen = set()
    for rule in rules:
        table, *_, kind = rule.split(".")
        if kind not in ("type", "null") or (table, kind) not in seen:
            yield rule
        seen.add((table, kind))
