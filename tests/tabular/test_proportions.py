"""Asked shares: exact over the data set, other columns as the model has them given the asked ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.tabular.test_synthesizer import customers, schema

from understudy.core.errors import ConditionError
from understudy.tabular.copula import Copula
from understudy.tabular.independent import Independent
from understudy.tabular.synthesizer import TableSynthesizer
from understudy.tabular.trees import Trees
from understudy.testing import check_generator

ENGINES = {"independent": Independent, "trees": lambda: Trees(trees=4), "copula": Copula}


def leavers(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Those who pay much leave more often; the plan "family" is never "young"."""
    rng = np.random.default_rng(seed)
    young = rng.random(rows) < 0.4
    plan = np.where(young, rng.choice(["basic", "plus"], rows), rng.choice(["basic", "plus", "family"], rows))
    fee = np.round(20 + 10 * (plan == "plus") + 25 * (plan == "family") + rng.gamma(3, 3, rows), 1)
    churn = np.where(rng.random(rows) < 1 / (1 + np.exp(3.5 - fee / 18)), "yes", "no")
    age = np.where(young, rng.integers(18, 35, rows), rng.integers(35, 90, rows))
    phone = pl.Series(rng.choice(["x", "y"], rows)).set(pl.Series(rng.random(rows) < 0.2), None)
    return pl.DataFrame({"plan": plan, "age": age, "fee": fee, "churn": churn, "young": young, "phone": phone})


@pytest.fixture(scope="module", params=ENGINES)
def model(request: pytest.FixtureRequest) -> TableSynthesizer:
    return ENGINES[request.param]().fit(leavers(), seed=1)


@pytest.fixture(scope="module")
def simple() -> TableSynthesizer:
    return Independent().fit(leavers(), seed=1)


def test_every_head_has_the_asked_share_to_within_one_row(model: TableSynthesizer) -> None:
    made = model.sample(9000, seed=3, given={"churn": {"yes": 0.37}})
    yes = (made["churn"] == "yes").cum_sum().to_numpy()
    assert np.abs(yes - 0.37 * np.arange(1, 9001)).max() <= 1


def test_the_other_columns_follow_as_under_a_condition(model: TableSynthesizer) -> None:
    made = model.sample(8192, seed=3, given={"churn": {"yes": 0.5}})
    for answer in ("yes", "no"):
        alone = model.sample(4096, seed=8, given={"churn": answer})
        part = made.filter(pl.col("churn") == answer)
        spread = alone["fee"].std() * np.sqrt(2 / 4096)
        assert abs(part["fee"].mean() - alone["fee"].mean()) < 5 * spread


def test_the_rest_is_as_the_model_has_it_among_the_other_values(model: TableSynthesizer) -> None:
    made = model.sample(8192, seed=1, given={"plan": {"family": 0.5}})
    free = model.sample(8192, seed=2).filter(pl.col("plan") != "family")
    told, true = ((frame["plan"] == "basic").sum() / (frame["plan"] != "family").sum() for frame in (made, free))
    assert told == pytest.approx(true, abs=0.04)


def test_ranges_missing_values_and_ordinary_conditions_go_together(model: TableSynthesizer) -> None:
    given = {"age": {(18, 29): 0.5, (60, None): 0.2}, "phone": {None: 0.9}, "churn": "no"}
    made = model.sample(2000, seed=1, given=given)
    assert (made["churn"] == "no").all()
    assert made["age"].is_between(18, 29).sum() == pytest.approx(1000, abs=6)
    assert (made["age"] >= 60).sum() == pytest.approx(400, abs=6)
    assert made["phone"].null_count() == pytest.approx(1800, abs=6)


def test_several_columns_keep_the_model_s_association() -> None:
    """The odds ratio of the two columns is that of the model, the margins are those asked for."""
    model = Trees(trees=4).fit(leavers(), seed=1)
    made = model.sample(16_384, seed=1, given={"churn": {"yes": 0.5}, "plan": {"family": 0.5}})
    assert (made["churn"] == "yes").mean() == pytest.approx(0.5, abs=0.001)
    assert (made["plan"] == "family").mean() == pytest.approx(0.5, abs=0.001)
    assert _odds_ratio(made) == pytest.approx(_odds_ratio(model.sample(32_768, seed=4)), rel=0.25)


def test_the_contract_holds_under_shares(simple: TableSynthesizer) -> None:
    check_generator(simple, given={"churn": {"yes": 0.5}, "phone": {"x": 0.25}, "plan": ["basic", "plus"]})


def test_derived_columns_take_shares_too() -> None:
    model = Independent().fit(customers(), schema=schema(), seed=1)
    made = model.sample(3000, given={"price": {49.0: 0.8}, "churn": {"Yes": 0.5}})
    assert (made["price"] == 49.0).sum() == pytest.approx(2400, abs=3)
    assert (made["churn"] == "Yes").sum() == pytest.approx(1500, abs=3)
    assert set(made.select("plan", "price").rows()) == {("basic", 9.99), ("plus", 19.99), ("pro", 49.0)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"churn": {"yes": 0.7, "no": 0.4}}, "sum to 1.1"),
        ({"churn": {"yes": 0.4, "no": 0.4}}, "sum to 0.8.*no other value"),
        ({"churn": {"yes": "half"}}, "'half' is no share"),
        ({"churn": {"yes": 1.5}}, "1.5 is no share"),
        ({"plan": {"basi": 0.5}}, '(?s)basi.*"basic"'),
        ({"churnn": {"yes": 0.5}}, '(?s)churnn.*"churn"'),
        ({"age": {(20, 40): 0.5, (30, 50): 0.2}}, "overlap"),
        ({"churn": {}}, "No value is given a share"),
        ({"plan": {"platinum": 0.5}}, "platinum"),
    ],
)
def test_shares_that_cannot_be_are_refused_before_sampling(simple: TableSynthesizer, given: dict[str, object], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        simple.stream(10, given=given)


def test_shares_that_exclude_one_another_are_refused_with_the_value() -> None:
    model = Independent().fit(customers(), schema=schema(), seed=1)
    made = model.sample(2000, given={"plan": {"pro": 0.5}, "price": {9.99: 0.4}})
    assert ((made["plan"] == "basic") == (made["price"] == 9.99)).all()
    assert (made["price"] == 9.99).sum() == pytest.approx(800, abs=3)
    with pytest.raises(ConditionError, match=r"cannot have the share 0\.[59]"):
        model.sample(10, given={"plan": {"pro": 0.9}, "price": {9.99: 0.5}})


def _odds_ratio(frame: pl.DataFrame) -> float:
    both = [[((frame["churn"] == a) & ((frame["plan"] == "family") == b)).sum() for b in (True, False)] for a in ("yes", "no")]
    return float(both[0][0] * both[1][1] / (both[0][1] * both[1][0]))
