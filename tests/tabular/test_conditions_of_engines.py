"""Conditions on every registered engine: their law is the engine's own joint law, shares are met, partial rows come out whole.

Laws are compared by a chi-square test of two samples: rows made under a condition, and rows made without one that happen to meet it.
Rows under a condition are resampled candidates, so one in `THINNED` is taken, which leaves next to none twice. All seeds are fixed; a
right engine fails one comparison in ten thousand choices of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency
from tests.tabular.test_rules_together import methods

from understudy.core import registry
from understudy.core.errors import ConditionError, ConstraintError
from understudy.data.constraints import Unique
from understudy.data.schema import TableSchema
from understudy.data.table import as_table
from understudy.tabular.synthesizer import TableSynthesizer

ENGINES = ["independent", "copula", "trees", "mixture", "autoregressive", "diffusion", "gan"]
FEW, MANY, THINNED = 32_768, 65_536, 8
LEVEL = 1e-4


def subscribers(rows: int = 1500, seed: int = 0) -> pl.DataFrame:
    """Plan moves fee, fee and region move churn; a third of the fees is one amount."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus", "pro"], rows, p=[0.5, 0.3, 0.2])
    region = np.where(rng.random(rows) < np.where(plan == "pro", 0.7, 0.4), "EU", "US")
    usual = np.select([plan == "basic", plan == "plus"], [20, 40], 70)
    fee = np.where(rng.random(rows) < 0.3, usual, usual + rng.integers(-15, 16, rows))
    churn = np.where(rng.random(rows) < 1 / (1 + np.exp(2 - fee / 30 - (region == "US"))), "Yes", "No")
    return pl.DataFrame({"plan": plan, "region": region, "fee": fee, "churn": churn})


def engine(name: str) -> TableSynthesizer:
    """Made small: what is tested must hold of any weights."""
    if name in ("autoregressive", "diffusion", "gan"):
        pytest.importorskip("torch")
    model = registry.get("generators", name)(**({"trees": 4} if name == "trees" else {}))
    if name == "autoregressive":
        model.presented = 40_000
    if name == "diffusion":
        model.course, model.CAUTIONS, model.learns_all = 0.05, 0, False
    if name == "gan":
        model.effort = 0.05
    model._lighten()
    return model  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=ENGINES)
def model(request: pytest.FixtureRequest) -> TableSynthesizer:
    return engine(request.param).fit(subscribers(), seed=1)


@pytest.fixture(scope="module")
def free(model: TableSynthesizer) -> pl.DataFrame:
    return model.sample(MANY, seed=2)


def test_no_engine_is_left_out() -> None:
    assert set(methods()) <= {*ENGINES}, "name the new method in ENGINES"


def p_value(first: pl.DataFrame, second: pl.DataFrame) -> float:
    """Of the hypothesis that both samples have one law, over all columns at once; fees in four parts, rare cells together."""
    fee = pl.sum_horizontal(pl.col("fee") > edge for edge in (25, 40, 60))
    cell = pl.concat_str("plan", "region", "churn", fee, separator="|")
    counts, others = (frame.select(cell=cell)["cell"].value_counts() for frame in (first, second))
    counts = counts.join(others, on="cell", how="full", coalesce=True).fill_null(0)
    table = counts.select("count", "count_right").to_numpy().astype(float)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    rare = expected.min(axis=1) < 5
    table = np.vstack([table[~rare], table[rare].sum(axis=0)]) if rare.any() else table
    table = table[table.sum(axis=1) > 0]
    return 1.0 if len(table) < 2 else float(chi2_contingency(table, correction=False).pvalue)


def thinned(made: pl.DataFrame) -> pl.DataFrame:
    return made[np.sort(np.random.default_rng(0).permutation(made.height)[: made.height // THINNED])]


CONDITIONS = {
    "a level": ({"churn": "Yes"}, pl.col("churn") == "Yes"),
    "levels of two columns": ({"plan": ["basic", "pro"], "churn": "No"}, (pl.col("plan") != "plus") & (pl.col("churn") == "No")),
    "a range and a level": ({"fee": (30, 60), "region": "EU"}, pl.col("fee").is_between(30, 60) & (pl.col("region") == "EU")),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_rows_under_a_condition_follow_the_engine_s_own_joint_law(model: TableSynthesizer, free: pl.DataFrame, name: str) -> None:
    given, meaning = CONDITIONS[name]
    made, reference = thinned(model.sample(FEW, seed=3, given=given)), free.filter(meaning)
    assert made.filter(meaning).height == made.height
    assert p_value(made, reference) > LEVEL


def test_another_law_is_told_from_the_right_one() -> None:
    """What the comparison is worth: one fifth of the rows from the wrong law, and it is found."""
    right = subscribers(FEW // THINNED, seed=1).filter(pl.col("churn") == "Yes")
    wrong = subscribers(FEW // THINNED, seed=2).with_columns(churn=pl.lit("Yes"))
    mixed = pl.concat([right[: right.height * 4 // 5], wrong.filter(pl.col("fee") < 40)[: right.height // 5]])
    same = subscribers(MANY, seed=3).filter(pl.col("churn") == "Yes")
    assert p_value(right, same) > LEVEL
    assert p_value(mixed, same) < LEVEL


def test_shares_are_met_and_the_rest_follows_as_under_conditions(model: TableSynthesizer, free: pl.DataFrame) -> None:
    made = model.sample(FEW, seed=4, given={"churn": {"Yes": 0.5}})
    yes = (made["churn"] == "Yes").cum_sum().to_numpy()
    assert np.abs(yes - np.arange(1, made.height + 1) / 2).max() <= 1
    for value in ("Yes", "No"):
        assert p_value(thinned(made.filter(pl.col("churn") == value)), free.filter(pl.col("churn") == value)) > LEVEL
    assert model.sample(40, seed=4, given={"churn": {"Yes": 0.5}}).equals(made.head(40))


EXACT = {"independent", "copula", "trees", "mixture"}
"""Engines whose partial rows are weighed, or exact. The others complete a row in an order of its own, which they know up to learning."""


def test_a_frame_of_partial_rows_is_completed(model: TableSynthesizer, free: pl.DataFrame) -> None:
    partial = pl.DataFrame({"churn": ["Yes", None, "No"], "plan": [None, "pro", "plus"], "fee": [None, 71, None]})
    made = model.sample(3 * 4096, seed=5, given=partial)
    for row, wanted in enumerate(partial.iter_rows(named=True)):
        for name, value in wanted.items():
            assert value is None or (made[name][row::3] == value).all(), (row, name)
    first, reference = made.gather_every(3), free.filter(pl.col("churn") == "Yes")
    if model.name in EXACT:
        assert p_value(first.sample(1024, seed=0), reference) > LEVEL
    assert (first["plan"] == "pro").mean() == pytest.approx((reference["plan"] == "pro").mean(), abs=0.12)
    assert model.sample(30, seed=5, given=partial).equals(made.head(30))


# -- keys that must not repeat, under conditions that differ from row to row


def places(rows: int = 600, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    shop = rng.choice(list("abcdefgh"), rows)
    return pl.DataFrame(
        {"shop": shop, "month": [f"m{k:02d}" for k in rng.integers(1, 13, rows)], "open": np.where(rng.random(rows) < 0.6, "yes", "no")}
    )


@pytest.fixture(scope="module", params=ENGINES)
def keyed(request: pytest.FixtureRequest) -> TableSynthesizer:
    table = as_table(places())
    schema = table.schema.model_copy(update={"constraints": [Unique(columns=["shop", "month"])]})
    return engine(request.param).fit(table, schema=TableSchema.model_validate(schema), seed=1)


def unrepeated(frame: pl.DataFrame) -> bool:
    return bool(frame.select("shop", "month").is_unique().all())


def test_keys_do_not_repeat_under_shares(keyed: TableSynthesizer) -> None:
    made = keyed.sample(60, seed=1, given={"open": {"yes": 0.5}})
    assert made.height == 60
    assert unrepeated(made)
    assert (made["open"] == "yes").sum() == 30
    with pytest.raises(ConstraintError, match="at most 24 can be made"):
        keyed.sample(25, seed=1, given={"shop": {"a": 0.5}})
    made = keyed.sample(24, seed=1, given={"shop": {"a": 0.5}})
    assert (made["shop"] == "a").sum() == 12
    assert unrepeated(made)


def test_keys_do_not_repeat_under_partial_rows(keyed: TableSynthesizer) -> None:
    partial: dict[str, list[Any]] = {"shop": ["a", None, "b"], "open": ["yes", "no", None]}
    made = keyed.sample(30, seed=1, given=pl.DataFrame(partial))
    assert unrepeated(made)
    assert (made["shop"][0::3] == "a").all()
    assert (made["open"][1::3] == "no").all()
    assert (made["shop"][2::3] == "b").all()
    with pytest.raises(ConstraintError, match="at most 3[0-9] can be made"):
        keyed.sample(90, given=pl.DataFrame(partial))
    assert keyed.sample(30, seed=1, given=pl.DataFrame(partial)).equals(made)


def test_a_key_that_is_given_is_there_once_and_nobody_else_gets_it(keyed: TableSynthesizer) -> None:
    partial = pl.DataFrame({"shop": ["a", "a", None], "month": [None, "m03", None]})
    made = keyed.sample(4, seed=2, given=partial)
    assert unrepeated(made)
    assert made.row(1)[:2] == ("a", "m03")
    with pytest.raises(ConstraintError, match="at most 4 can be made"):
        keyed.sample(5, given=partial)
    with pytest.raises(ConditionError, match=r"Rows 1 and 3 give the same shop and month"):
        keyed.sample(3, given=pl.DataFrame({"shop": ["a", "b", "a"], "month": ["m01", "m01", "m01"]}))
