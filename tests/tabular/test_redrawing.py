"""Rows that fail are drawn again: they follow the learner's law given that they pass, and values are moved onto bounds at the last only."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ConditionError
from understudy.data.constraints import Combinations, Constraint, Formula, Implication, Inequality, OneHot, Range, Regex, Sum
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular import redrawing
from understudy.tabular.codec.protection import Protection
from understudy.tabular.copula import Copula
from understudy.tabular.independent import Independent

N = 3_000


def pairs(seed: int = 0) -> pl.DataFrame:
    g = np.random.default_rng(seed)
    low = g.integers(0, 500, N)
    return pl.DataFrame(
        {
            "low": low,
            "high": low + g.integers(0, 500, N),
            "level": g.choice(list("abc"), N),
            "other": g.choice(list("xyz"), N),
            "third": g.choice(list("pq"), N),
        }
    )


def fitted(*rules: Constraint, frame: pl.DataFrame | None = None) -> Independent:
    kinds = {"low": "integer", "high": "integer"}
    data = pairs() if frame is None else frame
    columns = [
        ColumnSchema.model_validate({"name": n, "kind": kinds.get(n, "categorical"), "dtype": "Int64" if n in kinds else "String"})
        for n in data.columns
    ]
    return Independent().fit(data, schema=TableSchema(columns=columns, constraints=list(rules)), seed=1)


def test_inequalities_are_kept_by_drawing_again_where_the_learner_does_not_keep_them() -> None:
    model = fitted(Inequality(low="low", high="high"))
    free = fitted().sample(30_000, seed=5)
    wanted = free.filter(pl.col("low") <= pl.col("high"))
    made = model.sample(15_000)
    assert (made["low"] <= made["high"]).all()
    ties = float((made["low"] == made["high"]).mean())  # type: ignore[arg-type]
    assert ties < 0.01
    for name in ("low", "high"):
        assert abs(made[name].mean() - wanted[name].mean()) < 4 * wanted[name].std() / 15_000**0.5 + 1  # type: ignore[operator]


def test_values_are_moved_onto_the_bound_where_no_draw_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted(Inequality(low="low", high="high"))
    monkeypatch.setattr(redrawing, "ROUNDS", 0)
    made = model.sample(8_192)
    assert (made["low"] <= made["high"]).all()
    assert float((made["low"] == made["high"]).mean()) > 0.05  # type: ignore[arg-type]


def test_rows_that_keep_an_implication_follow_the_law_given_it() -> None:
    model = fitted(Implication(when={"level": "a"}, then={"other": ["x", "y"]}))
    made = model.sample(20_000)
    assert made.filter((pl.col("level") == "a") & (pl.col("other") == "z")).is_empty()
    # What is learned has level a in a quarter of the rows, and z in another; drawn each by itself, rows with both are drawn again.
    share = float((made["level"] == "a").mean())  # type: ignore[arg-type]
    assert abs(share - 0.25 * 0.75 / (1 - 0.25 * 0.25)) < 0.02


def test_rules_that_all_rows_keep_cost_no_draw() -> None:
    plain, ruled = fitted().sample(2_000, seed=2), fitted(Range(column="low", low=0), Regex(column="level", pattern="[abc]"))
    assert ruled.sample(2_000, seed=2).equals(plain)
    assert ruled.record is not None
    assert ruled.record.figures["rows_that_keep_the_rules"] == 1.0


def test_combinations_that_overlap_are_all_kept() -> None:
    frame = pairs().filter(~((pl.col("level") == "a") & (pl.col("other") == "z")) & ~((pl.col("other") == "x") & (pl.col("third") == "q")))
    model = fitted(Combinations(columns=["level", "other"]), Combinations(columns=["other", "third"]), frame=frame)
    made = model.sample(5_000)
    for names in (["level", "other"], ["other", "third"]):
        assert set(made.select(names).rows()) == set(frame.select(names).rows())
    assert set(model.sample(50, given={"level": "a", "third": "q"})["other"]) == {"y"}
    with pytest.raises(ConditionError, match="exclude one another"):
        model.sample(5, given={"level": "a", "other": "z"})


def test_a_sum_that_cannot_be_computed_is_tested() -> None:
    g = np.random.default_rng(0)
    frame = pl.DataFrame({"low": g.integers(0, 4, N), "high": g.integers(0, 4, N)}).with_columns(
        a=pl.col("low") + pl.col("high"), b=pl.col("low") + 2 * pl.col("high")
    )
    columns = [ColumnSchema(name=name, kind="integer", dtype="Int64") for name in frame.columns]
    rules: list[Constraint] = [
        Sum(total="a", parts=["low", "high"]), Sum(total="b", parts=["a", "high"]), Sum(total="b", parts=["high", "a"]),
    ]  # fmt: skip
    made = Independent().fit(frame, schema=TableSchema(columns=columns, constraints=rules), seed=1).sample(1_000)
    assert (made["low"] + made["high"] == made["a"]).all()
    assert (made["a"] + made["high"] == made["b"]).all()


def test_the_record_says_what_rules_cost() -> None:
    frame = pairs().with_columns(high=pl.when(pl.int_range(pl.len()) % 2 == 0).then("low").otherwise("high"))
    model = fitted(Implication(when={"level": ["a", "b", "c"]}, then={"low": (0, 20)}), frame=frame)
    assert model.record is not None
    assert model.record.figures["rows_that_keep_the_rules"] > 0.9
    assert any("were set aside" in note for note in model.record.notes)


def test_a_released_list_of_values_holds_no_rare_combination() -> None:
    frame = pl.concat([pairs(), pairs().head(1).with_columns(level=pl.lit("secret"))])
    model = fitted(Combinations(columns=["level", "other"]), frame=frame)
    state = model._state()
    assert "secret" not in str(state.manifest)
    assert all("secret" not in str(table.to_pydict()) for table in state.tables.values())
    assert "secret" not in set(model.sample(3_000)["level"])


def test_inequalities_with_a_side_that_is_not_learned_are_kept_without_heaps_on_the_bound() -> None:
    g = np.random.default_rng(0)
    frame = pl.DataFrame({"low": g.integers(0, 500, N), "a": g.integers(0, 400, N), "b": g.integers(0, 400, N)})
    frame = frame.with_columns(high=pl.col("a") + pl.col("b")).filter(pl.col("low") <= pl.col("high"))
    columns = [ColumnSchema(name=name, kind="integer", dtype="Int64") for name in frame.columns]
    rules: list[Constraint] = [Formula(target="high", expression="a + b"), Inequality(low="low", high="high")]
    model = Copula().fit(frame, schema=TableSchema(columns=columns, constraints=rules), seed=1, budget="2s")
    made = model.sample(4_000)
    assert (made["a"] + made["b"] == made["high"]).all()
    assert (made["low"] <= made["high"]).all()
    assert float((made["low"] == made["high"]).mean()) < 0.02  # type: ignore[arg-type]


def test_one_hot_groups_hold_where_rare_choices_have_a_stand_in() -> None:
    g = np.random.default_rng(0)
    way = np.where(np.arange(N) < 3, 2, g.integers(0, 2, N))
    frame = pl.DataFrame({name: (way == k).astype(int) for k, name in enumerate(["air", "sea", "land"])})
    columns = [ColumnSchema(name=name, kind="boolean", spelling=[0, 1], dtype="Int64") for name in frame.columns]
    table = TableSchema(columns=columns, constraints=[OneHot(columns=frame.columns)])
    made = Independent(protection=Protection(rare="constant")).fit(frame, schema=table, seed=1).sample(5_000)
    assert (made.sum_horizontal() == 1).all()
