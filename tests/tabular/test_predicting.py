from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.tabular.test_chain import mixed_table
from tests.tabular.test_synthesizer import customers, schema

from understudy.core.errors import ArgumentError, DataError
from understudy.tabular.copula import Copula
from understudy.tabular.independent import Independent
from understudy.tabular.synthesizer import TableSynthesizer
from understudy.tabular.trees import Trees

ENGINES = {"independent": Independent, "trees": lambda: Trees(trees=4), "copula": Copula}


@pytest.fixture(scope="module", params=ENGINES)
def mixed(request: pytest.FixtureRequest) -> TableSynthesizer:
    return ENGINES[request.param]().fit(mixed_table(), seed=1)


@pytest.fixture(scope="module")
def ruled() -> TableSynthesizer:
    return Independent().fit(customers(), schema=schema())


def test_probabilities_are_calibrated_on_the_model_s_own_rows(mixed: TableSynthesizer) -> None:
    """Of rows that the model makes, told how likely each level is given the rest, as many hold it as it said."""
    rows = mixed.sample(2000, seed=3).drop("score")  # a missing cell is not given, which here is less than the model knows
    shares = mixed.predict_proba(rows, "kind")
    assert shares.columns == ["a", "b", "c", "d"]
    assert shares.sum_horizontal().to_numpy() == pytest.approx(1)
    for level in shares.columns:
        told, true = shares[level].to_numpy(), (rows["kind"] == level).to_numpy()
        for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
            group = (told >= low) & (told < high)
            if group.sum() > 100:
                spread = np.sqrt(told[group].mean() * (1 - told[group].mean()) / group.sum())
                assert abs(true[group].mean() - told[group].mean()) < 0.03 + 4 * spread, (level, low)


def test_few_given_cells_give_the_conditional_shares(mixed: TableSynthesizer) -> None:
    made = mixed.sample(40_000, seed=6)
    told = mixed.predict_proba(pl.DataFrame({"visits": [2] * 50}), "member").mean()
    true = made.filter(pl.col("visits") == 2)["member"].mean()
    assert told["true"][0] == pytest.approx(true, abs=0.04)


def test_numbers_get_a_column_for_every_value_or_interval(mixed: TableSynthesizer) -> None:
    shares = mixed.predict_proba(mixed_table(20, seed=5), "income")
    assert shares.sum_horizontal().to_numpy() == pytest.approx(1)
    edges = [name.split("..") for name in shares.columns]
    assert all(float(low) <= float(high) for low, high in (e for e in edges if len(e) == 2))


def test_the_answer_comes_in_the_caller_s_library(mixed: TableSynthesizer) -> None:
    pandas = pytest.importorskip("pandas")
    shares = mixed.predict_proba(mixed_table(5, seed=5).to_pandas(), "kind")
    assert isinstance(shares, pandas.DataFrame)
    assert list(shares.columns) == ["a", "b", "c", "d"]


def test_levels_stand_as_the_source_writes_them_and_derived_columns_have_some(ruled: TableSynthesizer) -> None:
    shares = ruled.predict_proba(customers().head(3), "churn")
    assert shares.columns == ["No", "Yes"]
    assert shares["Yes"].to_list() == pytest.approx([(customers()["churn"] == "Yes").mean()] * 3)
    prices = ruled.predict_proba(customers().head(3), "price")
    assert prices.columns == ["9.99", "19.99", "49.0"]
    assert prices.row(0) == pytest.approx([(customers()["price"] == p).mean() for p in (9.99, 19.99, 49.0)])


def test_what_has_no_probabilities_is_refused(ruled: TableSynthesizer) -> None:
    with pytest.raises(ArgumentError, match="churn"):
        ruled.predict_proba(customers(), "churned")
    for column in ("id", "contacts", "since", "region"):
        with pytest.raises(ArgumentError, match=f'"{column}".*(?s:.)*impute'):
            ruled.predict_proba(customers(), column)


def test_likely_rows_have_a_higher_probability_than_shuffled_ones(mixed: TableSynthesizer) -> None:
    real = mixed_table(1000, seed=7)
    rng = np.random.default_rng(0)
    shuffled = real.select(pl.col(c).gather(rng.permutation(1000)) for c in real.columns)
    gain = mixed.log_prob(real).mean() - mixed.log_prob(shuffled).mean()
    assert abs(gain) < 0.2 if mixed.name == "independent" else gain > 1


def test_the_probability_of_independent_columns_is_the_product_of_their_shares() -> None:
    frame = pl.DataFrame({"a": ["x", "y", "y", "y"] * 50, "b": [1, 1, 2, 3] * 50})
    model = Independent().fit(frame)
    assert model.log_prob(pl.DataFrame({"a": ["x", "y"], "b": [1, 3]})) == pytest.approx(np.log([0.25 * 0.5, 0.75 * 0.25]))
    assert model.log_prob(pl.DataFrame({"a": ["z"], "b": [1]}))[0] == -np.inf
    assert model.log_prob(pl.DataFrame({"a": [None], "b": [1]}, schema_overrides={"a": pl.String}))[0] == -np.inf
    with pytest.raises(DataError, match='"b" is not there'):
        model.log_prob(pl.DataFrame({"a": ["x"]}))
