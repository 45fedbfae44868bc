"""Constraints hold in every row after `backward`, whatever the learner drew; and conditions on derived columns are translated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import ConditionError
from understudy.data.constraints import Constraint, Dependency, Equal, Inequality, OneHot, Sum
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.condition import Condition, meets, parse_conditions
from understudy.tabular.constraints import Constraints


class Frames:
    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def chunks(self) -> Iterator[pl.DataFrame]:
        return self.frame.iter_slices(50)


def compiled(frame: pl.DataFrame, kinds: dict[str, str], *rules: Constraint, rare: int = 2, decimals: int = 2) -> Constraints:
    columns = [
        ColumnSchema(name=name, kind=kind, **({"decimals": decimals} if kind == "decimal" else {}))  # type: ignore[arg-type]
        for name, kind in kinds.items()
    ]
    return Constraints.fit(Frames(frame), TableSchema(columns=columns, constraints=list(rules)), rare, 2)


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each column drawn by itself: the worst that a learner can do."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame([column.gather(rng.integers(0, len(column), len(column))) for column in frame])


def with_holes(values: np.ndarray, holes: np.ndarray) -> pl.Series:
    return pl.Series(values).set(pl.Series(holes), None)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.5), st.booleans())
def test_sums_hold_exactly_with_missing_values_in_any_place(seed: int, missing: float, decimal: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 120
    parts = [rng.integers(-1000, 1000, n) / (100 if decimal else 1) for _ in range(2)]
    holes = [rng.random(n) < missing for _ in range(3)]
    total = np.round(parts[0] + parts[1], 2)
    frame = pl.DataFrame({name: with_holes(v, h) for name, v, h in zip(["a", "b", "total"], [*parts, total], holes, strict=True)})
    if not decimal:
        frame = frame.cast(pl.Int64)
    kind = "decimal" if decimal else "integer"
    rules = compiled(frame, dict.fromkeys(frame.columns, kind), Sum(total="total", parts=["a", "b"], decimals=2 if decimal else 0))
    made = rules.backward(shuffled(rules.forward(frame), seed)).select(frame.columns)
    assert made.schema == frame.schema
    there = made.drop_nulls()
    scale = 100 if decimal else 1
    units = [(there[name] * scale).round().cast(pl.Int64) for name in ("a", "b", "total")]
    assert (units[0] + units[1] == units[2]).all()
    assert abs(made["total"].null_count() - frame["total"].null_count()) <= n * (1 - (1 - missing) ** 2) + 24


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.3))
def test_dependencies_hold_and_give_only_pairs_of_training(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    levels = np.array(list("abcdefgh"))
    key = rng.integers(0, 8, 300)
    frame = pl.DataFrame({"level": with_holes(levels[key], rng.random(300) < missing)})
    frame = frame.with_columns(
        pl.col("level").replace_strict(dict(zip(levels.tolist(), [3, 1, 4, 1, 5, 9, 2, 6], strict=True)), default=None).alias("rank")
    )
    rules = compiled(frame, {"level": "categorical", "rank": "integer"}, Dependency(determinants=["level"], dependent="rank"), rare=1)
    assert rules.schema.names == ["level"]
    made = rules.backward(shuffled(rules.forward(frame), seed))
    assert set(made.select("level", "rank").rows()) <= set(frame.rows())


def test_dependencies_on_several_columns_hold() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.integers(0, 4, 500), "b": rng.integers(0, 4, 500)}).with_columns(c=(pl.col("a") * 10 + pl.col("b")) % 7)
    rules = compiled(frame, dict.fromkeys("abc", "integer"), Dependency(determinants=["a", "b"], dependent="c"))
    made = rules.backward(shuffled(rules.forward(frame), 1))
    assert ((made["a"] * 10 + made["b"]) % 7 == made["c"]).all()


def test_a_chain_of_derivations_is_undone_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.integers(0, 5, 200), "b": rng.integers(0, 50, 200)})
    frame = frame.with_columns(
        total=pl.col("a") + pl.col("b"),
        twin=pl.col("a") + pl.col("b"),
        grade=pl.col("a").replace_strict({0: "x", 1: "y", 2: "z", 3: "x", 4: "y"}),
    )
    kinds = {"a": "integer", "b": "integer", "total": "integer", "twin": "integer", "grade": "categorical"}
    rules = compiled(
        frame, kinds, Equal(a="total", b="twin"), Sum(total="total", parts=["a", "b"]), Dependency(determinants=["a"], dependent="grade"),
        Dependency(determinants=["twin", "a"], dependent="b"),
    )  # fmt: skip
    assert rules.schema.names == ["a", "b"]
    made = rules.backward(shuffled(rules.forward(frame), 2))
    assert (made["a"] + made["b"] == made["total"]).all()
    assert (
        made["twin"].equals(made["total"], check_names=False)
        if hasattr(made["twin"], "check_names")
        else (made["twin"] == made["total"]).all()
    )
    assert set(made.select("a", "grade").rows()) <= set(frame.select("a", "grade").rows())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.3))
def test_one_hot_groups_hold(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    hot = rng.integers(0, 3, 200)
    frame = pl.DataFrame({name: pl.Series((hot == k).astype(int)) for k, name in enumerate("xyz")})
    holes = pl.Series(rng.random(200) < missing)
    frame = frame.with_columns(frame[name].set(holes, None) for name in "xyz")
    rules = compiled(frame, dict.fromkeys("xyz", "boolean"), OneHot(columns=["x", "y", "z"]))
    made = rules.backward(shuffled(rules.forward(frame), seed)).select("x", "y", "z")
    assert made.schema == frame.schema
    assert (made.drop_nulls().sum_horizontal() == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from(["integer", "decimal", "date", "mixed"]), st.floats(0, 0.3))
def test_inequalities_hold_whatever_was_drawn(seed: int, strict: bool, kind: str, missing: float) -> None:
    rng = np.random.default_rng(seed)
    n = 150
    low = rng.integers(0, 1000, n)
    high = low + rng.integers(int(strict), 500, n)
    holes = rng.random(n) < missing
    if kind == "date":
        values = [[date(2020, 1, 1) + timedelta(days=int(d)) for d in v] for v in (low, high)]
        kinds = {"low": "date", "high": "date"}
    elif kind == "decimal":
        values = [list(v / 100) for v in (low, high)]
        kinds = {"low": "decimal", "high": "decimal"}
    elif kind == "mixed":
        values = [list(low / 100), [int(v) for v in np.ceil(high / 100) + strict]]
        kinds = {"low": "decimal", "high": "integer"}
    else:
        values = [[int(v) for v in low], [int(v) for v in high]]
        kinds = {"low": "integer", "high": "integer"}
    frame = pl.DataFrame({"low": values[0], "high": values[1]}).with_columns(pl.Series("high", values[1]).set(pl.Series(holes), None))
    rules = compiled(frame, kinds, Inequality(low="low", high="high", strict=strict))
    assert rules.bounds == [("low", "high", strict)]
    made = rules.backward(shuffled(frame, seed)).drop_nulls()
    assert (made["low"] < made["high"] if strict else made["low"] <= made["high"]).all()


def test_inequalities_in_a_row_hold_together() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(np.sort(rng.integers(0, 100, (300, 3)), axis=1), schema=["a", "b", "c"])
    rules = compiled(frame, dict.fromkeys("abc", "integer"), Inequality(low="b", high="c"), Inequality(low="a", high="b"))
    made = rules.backward(shuffled(frame, 1))
    assert rules.tested(made).all()
    assert (made["a"] <= made["b"]).all()
    assert (made["b"] <= made["c"]).all()


def test_an_inequality_whose_sides_are_derived_is_tested_not_mended() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3, 4], "b": [5, 6, 7, 8]}).with_columns(total=pl.col("a") + pl.col("b"))
    rules = compiled(
        frame, dict.fromkeys(["a", "b", "total"], "integer"), Sum(total="total", parts=["a", "b"]), Inequality(low="a", high="total")
    )
    assert rules.may_break
    made = rules.backward(pl.DataFrame({"a": [1, 2], "b": [-5, 5]}))
    assert rules.tested(made).tolist() == [False, True]


def test_rules_on_columns_that_are_made_anew_are_noted_not_built() -> None:
    frame = pl.DataFrame({"id": ["a", "b"], "x": [1, 2]})
    rules = compiled(frame, {"id": "identifier", "x": "integer"}, Dependency(determinants=["id"], dependent="x"))
    assert rules.schema.names == ["id", "x"]
    assert rules.notes[0][0] == "x"
    assert "not built in" in rules.notes[0][1]


def test_rules_that_are_not_enforced_are_left_alone() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [1, 2]})
    assert compiled(frame, dict.fromkeys("ab", "integer"), Equal(a="a", b="b", enforce=False)).schema.names == ["a", "b"]


def test_pairs_of_rare_levels_are_not_kept() -> None:
    frame = pl.DataFrame({"a": ["x"] * 50 + ["secret"], "b": ["p"] * 50 + ["q"]})
    rules = compiled(frame, dict.fromkeys("ab", "categorical"), Dependency(determinants=["a"], dependent="b"), rare=5)
    facts, tables = rules.to_state()
    assert "secret" not in str(facts["steps"])
    assert not tables


def test_an_unseen_number_gets_what_the_nearest_has() -> None:
    frame = pl.DataFrame({"a": [1, 2, 10, 11] * 10, "b": ["low", "low", "high", "high"] * 10})
    rules = compiled(frame, {"a": "integer", "b": "categorical"}, Dependency(determinants=["a"], dependent="b"))
    assert rules.backward(pl.DataFrame({"a": [3, 9, 100, None]}, schema={"a": pl.Int64}))["b"].to_list()[:3] == ["low", "high", "high"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"grade": "x"}, {"a": (0, 3)}),
        ({"twin": (10, 20)}, {"b": (10, 20)}),
        ({"grade": ["x", "y"], "a": (1, 3)}, {"a": (1, 3)}),
    ],
)
def test_conditions_on_derived_columns_become_conditions_on_their_sources(
    asked: dict[str, object], wanted: dict[str, tuple[int, int]]
) -> None:
    frame = pl.DataFrame({"a": [0, 1, 2, 3] * 10, "grade": ["x", "y", "z", "x"] * 10, "b": list(range(40)), "twin": list(range(40))})
    kinds = {"a": "integer", "grade": "categorical", "b": "integer", "twin": "integer"}
    rules = compiled(frame, kinds, Dependency(determinants=["a"], dependent="grade"), Equal(a="b", b="twin"))
    translated, tested = rules.translate(parse_conditions(asked))
    assert tested == []
    (name,) = wanted
    condition = translated[name]
    found = condition.choices if condition.choices is not None else (condition.low, condition.high)
    assert tuple(sorted(found)) == wanted[name]


def test_a_condition_on_a_sum_is_tested_in_the_rows() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [3, 4], "total": [4, 6]})
    rules = compiled(frame, dict.fromkeys(["a", "b", "total"], "integer"), Sum(total="total", parts=["a", "b"]))
    translated, tested = rules.translate(parse_conditions({"total": (5, 9)}))
    assert translated == {}
    assert meets(frame["total"], tested[0]).tolist() == [False, True]


def test_a_condition_on_a_one_hot_column_chooses_it() -> None:
    frame = pl.DataFrame({"x": [1, 0, 0], "y": [0, 1, 0], "z": [0, 0, 1]})
    rules = compiled(frame, dict.fromkeys("xyz", "boolean"), OneHot(columns=["x", "y", "z"]))
    assert rules.translate(parse_conditions({"y": 1}))[0]["x|group"].choices == ("y",)
    assert rules.translate(parse_conditions({"y": 0}))[0]["x|group"].choices == ("x", "z")


def test_conditions_that_exclude_one_another_are_refused() -> None:
    frame = pl.DataFrame({"a": [0, 1] * 10, "grade": ["x", "y"] * 10})
    rules = compiled(frame, {"a": "integer", "grade": "categorical"}, Dependency(determinants=["a"], dependent="grade"))
    with pytest.raises(ConditionError, match="exclude one another"):
        rules.translate(parse_conditions({"a": 0, "grade": "y"}))
    with pytest.raises(ConditionError, match=r"No value of the column \"grade\".*(?s:.)*'x', 'y'"):
        rules.translate(parse_conditions({"grade": "nope"}))


def test_saved_constraints_do_the_same() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.integers(0, 9, 100), "b": rng.integers(0, 9, 100)}).with_columns(
        total=pl.col("a") + pl.col("b"), parity=pl.col("a") % 2
    )
    kinds = dict.fromkeys(frame.columns, "integer")
    rules = compiled(
        frame,
        kinds,
        Sum(total="total", parts=["a", "b"]),
        Dependency(determinants=["a"], dependent="parity"),
        Inequality(low="a", high="total"),
    )
    facts, tables = rules.to_state()
    again = Constraints.from_state(facts, tables)
    drawn = shuffled(rules.forward(frame), 3)
    assert again.backward(drawn).equals(rules.backward(drawn))
    assert again.bounds == rules.bounds


def test_meets_reads_conditions_on_typed_values() -> None:
    days = pl.Series([date(2020, 1, 1), date(2020, 6, 1), None])
    assert meets(days, Condition("d", None, "2020-05-01", None)).tolist() == [False, True, False]
    assert meets(days, Condition("d", (), null=True)).tolist() == [False, False, True]
    spans = pl.Series([timedelta(hours=1), timedelta(hours=3)])
    assert meets(spans, Condition("d", None, timedelta(hours=2), None)).tolist() == [False, True]
    assert meets(pl.Series([True, False, None]), Condition("d", (True,))).tolist() == [True, False, False]
