"""Rules that hold in the real table, and columns that are made anew."""

from __future__ import annotations

import numpy as np
import polars as pl

import understudy
from understudy.data.schema import ColumnSchema, TableSchema

LEVELS = {"school": 1, "college": 2, "master": 3, "doctor": 4}


def people(rows: int, seed: int, first: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    level = rng.choice(list(LEVELS), rows)
    low = rng.integers(0, 50, rows)
    return pl.DataFrame(
        {
            "id": [f"P-{first + i:06d}" for i in range(rows)],
            "level": level,
            "years": [LEVELS[name] for name in level],
            "low": low,
            "high": low + rng.integers(0, 30, rows),
        }
    )


SCHEMA = TableSchema.model_validate(
    {
        "columns": [
            ColumnSchema(name="id", kind="identifier", unique=True, pattern="P-[0-9]{6}"),
            ColumnSchema(name="level", kind="categorical"),
            ColumnSchema(name="years", kind="integer", dtype="Int64"),
            ColumnSchema(name="low", kind="integer", dtype="Int64"),
            ColumnSchema(name="high", kind="integer", dtype="Int64"),
        ],
        "constraints": [
            {"type": "dependency", "determinants": ["level"], "dependent": "years"},
            {"type": "inequality", "low": "low", "high": "high"},
        ],
        "key": "id",
    }
)


def evaluated(made: pl.DataFrame) -> understudy.evaluate.Evaluation:
    return understudy.evaluate(people(400, 1), made, holdout=people(400, 2, 50_000), schema=SCHEMA)


def test_rules_that_are_kept_pass() -> None:
    found = evaluated(people(400, 3, 100_000))
    assert {rule.rule for rule in found.rules} == {"level determines years", "low ≤ high"}
    assert all(rule.verdict == "pass" and rule.synthetic == 0 for rule in found.rules)
    assert found.verdict["rules"].verdict == "pass"


def test_a_broken_dependency_is_judged_by_the_real_mapping_and_named() -> None:
    made = people(400, 3, 100_000).with_columns(years=pl.lit(2, dtype=pl.Int64))
    found = evaluated(made)
    worst = found.rules[0]
    assert worst.rule == "level determines years"
    assert worst.synthetic > 0.6
    assert worst.verdict == "fail"
    assert any("level determines years" in point.text for point in found.verdict.weak_points)


def test_fresh_identifiers_pass_and_are_left_out_of_likeness() -> None:
    found = evaluated(people(400, 3, 100_000))
    check = found.column("id").remade
    assert check is not None
    assert (check.verdict, check.reused, check.form_kept) == ("pass", 0.0, 1.0)
    assert found.column("id").shape is None
    assert all("id" not in (pair.a, pair.b) for pair in found.pairs)


def test_real_identifiers_that_come_back_are_a_leak() -> None:
    made = people(400, 3, 100_000).with_columns(id=people(400, 1)["id"])
    found = evaluated(made)
    assert found.figure("values_reused").verdict == "fail"
    assert found.verdict["privacy"].verdict == "fail"


def test_identifiers_that_repeat_or_change_form_are_found() -> None:
    repeated = evaluated(people(400, 3, 100_000).with_columns(id=pl.lit("P-999999"))).column("id").remade
    assert repeated is not None
    assert repeated.verdict == "fail"
    changed = evaluated(people(400, 3, 100_000).with_columns(id="sdv-" + pl.col("id"))).column("id").remade
    assert changed is not None
    assert changed.verdict == "warn"
    assert changed.form_kept == 0.0


def test_declared_rules_are_counted_on_all_three_tables_and_the_worst_is_named() -> None:
    rules = [
        {"type": "range", "column": "low", "low": 0, "high": 49},
        {"type": "combinations", "columns": ["level", "years"]},
        {"type": "formula", "target": "high", "expression": "low + 5"},
        {"type": "implication", "when": {"level": "doctor"}, "then": {"years": [4]}},
        {"type": "regex", "column": "id", "pattern": "P-[0-9]{6}"},
        {"type": "unique", "columns": ["id"]},
    ]
    schema = TableSchema.model_validate({**SCHEMA.model_dump(exclude_none=True), "constraints": rules})
    real, held, made = (people(400, seed, seed * 1000).with_columns(high=pl.col("low") + 5) for seed in (1, 2, 3))
    made = made.with_columns(
        high=pl.when(pl.int_range(400) < 100).then("low").otherwise("high"),
        years=pl.when(pl.int_range(400) < 60).then(2).otherwise("years"),
        id=pl.when(pl.int_range(400) < 40).then(pl.lit("P-000007")).otherwise("id"),
    )
    found = {rule.rule: rule for rule in understudy.evaluate(real, made, holdout=held, schema=schema).rules}
    assert len(found) == 6
    assert all(rule.real == rule.holdout == 0 for rule in found.values())
    assert found["high = low + 5"].synthetic == 100 / 400
    assert found["no two rows have the same id"].synthetic == 39 / 400
    assert found["only known combinations of level and years"].synthetic == float((made["level"] != "college").head(60).sum()) / 400
    assert found["if level is doctor, then years is one of 4"].synthetic > 0
    assert found["0 ≤ low ≤ 49"].synthetic == found["id matches P-[0-9]{6}"].synthetic == 0
    assert found["high = low + 5"].verdict == "fail"
