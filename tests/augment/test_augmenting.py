"""`us.augment`: real rows untouched, synthetic rows where they lack, and a reason for each."""

import json

import numpy as np
import polars as pl
import pytest
from tests.augment.tables import Able, Echo, customers

import understudy as us
from understudy.augment.making import UnmetWarning
from understudy.core.errors import ArgumentError, DataError
from understudy.tabular.synthesizer import TableSynthesizer


@pytest.fixture(scope="module")
def real():
    return customers()


@pytest.fixture(scope="module")
def model(real):
    return us.fit(real, method="independent", progress=None)


@pytest.fixture
def add(real, model):
    return lambda **asked: us.augment(real, model=model, progress=None, **asked)


def shares(frame, column):
    counts = frame[column].value_counts()
    return dict(zip(counts[column], counts["count"] / frame.height, strict=True))


# -- what every result has


def test_the_package_is_called_like_its_function(real):
    made = us.augment(real, balance="churn", method="independent", progress=None)
    assert shares(made.frame, "churn") == {"yes": 0.5, "no": 0.5}


def test_real_rows_come_first_and_as_they_were(add, real):
    made = add(balance="churn", cover=40, mix=0.6)
    assert made.frame.head(real.height).select(real.columns).equals(real)
    assert made.real_rows == real.height
    assert made.synthetic_rows == len(made) - real.height == round(real.height * 1.5)


def test_every_row_tells_where_it_comes_from(add, real):
    made = add(balance="churn", seed=5)
    facts = made.provenance
    assert facts["origin"].to_list() == ["real"] * real.height + ["synthetic"] * made.synthetic_rows
    synthetic = facts.tail(made.synthetic_rows)
    assert synthetic.unique().rows() == [("synthetic", "independent", 5, "balance: churn=yes")]
    assert facts.head(real.height).select("engine", "seed", "why").null_count().row(0) == (real.height,) * 3
    assert made.frame[made.names["why"]].equals(facts["why"].alias(made.names["why"]))


def test_provenance_columns_never_take_the_name_of_a_column(real):
    taken = real.rename({"plan": "understudy_origin", "city": "understudy_origin_2"})
    made = us.augment(taken, balance="churn", method="independent", progress=None)
    assert made.names["origin"] == "understudy_origin_3"
    assert made.frame.head(real.height).select(taken.columns).equals(taken)


def test_without_provenance_columns_the_frame_has_those_of_the_table_and_the_facts_stand_apart(add, real):
    made = add(balance="churn", provenance=False)
    assert made.frame.columns == real.columns
    assert made.provenance.height == made.frame.height


def test_a_pandas_frame_comes_back_as_one_with_its_types(real):
    frame = real.to_pandas().astype({"city": "category"})
    made = us.augment(frame, balance="churn", method="independent", progress=None)
    assert type(made.frame) is type(frame)
    assert made.frame.head(len(frame))[list(frame.columns)].equals(frame)
    assert str(made.frame["city"].dtype) == "category"
    assert str(made.frame["understudy_seed"].dtype) == "Int64"


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(add):
    assert add(balance="churn", seed=3).frame.equals(add(balance="churn", seed=3).frame)
    assert not add(balance="churn", seed=3).frame.equals(add(balance="churn", seed=4).frame)


def test_identifiers_of_synthetic_rows_repeat_neither_real_ones_nor_each_other(real):
    keyed = real.with_columns(pl.format("C-{}", pl.int_range(1000, 1000 + real.height)).alias("id"))
    made = us.augment(keyed, balance=["churn", "city"], method="independent", progress=None)
    assert not made.frame["id"].is_duplicated().any()


def test_a_result_is_saved_and_told_in_words_and_in_json(add, tmp_path):
    made = add(balance="churn")
    assert us.read(made.save(tmp_path / "train.parquet")).frame.equals(made.frame)
    facts = json.loads(made.to_json())
    assert (facts["real"], facts["synthetic"], facts["engine"]) == (400, made.synthetic_rows, "independent")
    assert f"balance: churn=yes: {made.synthetic_rows} added" in str(made)


def test_the_model_is_at_hand_and_a_saved_one_will_do(add, real, model, tmp_path):
    made = add(balance="churn")
    assert made.model is model
    model.save(tmp_path / "m.understudy")
    assert us.augment(real, balance="churn", model=tmp_path / "m.understudy", progress=None).frame.equals(made.frame)


def test_a_model_of_another_table_is_refused(model, real):
    with pytest.raises(DataError, match='does not know the column "town"'):
        us.augment(real.rename({"city": "town"}), balance="churn", model=model, progress=None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Nothing is asked for"),
        ({"balance": "chrun"}, 'Did you mean "churn"'),
        ({"balance": {"churn": {"maybe": 0.5}}}, "never holds 'maybe'"),
        ({"balance": {"churn": {"yes": 0.7, "no": 0.7}}}, "add up to 1.4"),
        ({"balance": {"churn": {"no": 0.001}}}, "drop=True"),
        ({"balance": ["churn", "churn"]}, "named twice"),
        ({"cover": {"mincount": 5}}, 'Did you mean "min_count"'),
        ({"cover": {"tails": 0.01}}, 'without "min_count"'),
        ({"cover": {"where": "agee > 80"}}, "agee"),
        ({"cover": {"where": lambda frame: frame["age"]}}, "yes or no"),
        ({"mix": 1.5}, "between 0 and 1"),
        ({"mix": 100}, "leave some out"),
        ({"mix": {"rows": 5000, "synthetic": 0.1}}, "444 rows are possible"),
        ({"mix": {"size": 5000}}, "rows"),
        ({"impute": "cty"}, 'Did you mean "city"'),
        ({"mix": 0.5, "drop": True}, "Only a balance"),
        ({"mix": 0.5, "method": "trees"}, "fitted model is given"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(add, asked, said):
    with pytest.raises(ArgumentError) as caught:
        add(**asked)
    assert said in str(caught.value)


def test_what_does_not_fit_the_table_is_refused_before_anything_is_fitted(real):
    before = len(Echo.seen)
    with pytest.raises(DataError, match="different values"):
        us.augment(real, balance="fee", model=None, method="independent", progress=None)
    assert len(Echo.seen) == before


# -- balance


def test_given_shares_are_met_without_dropping_a_row(add, real):
    made = add(balance={"churn": {"yes": 0.4}})
    assert shares(made.frame, "churn")["yes"] == pytest.approx(0.4, abs=0.002)
    assert set(made.provenance.tail(made.synthetic_rows)["why"]) == {"balance: churn=yes"}


def test_several_columns_are_balanced_jointly(add):
    frame = add(balance=["churn", "plan"]).frame
    assert frame.group_by("churn", "plan").len()["len"].n_unique() == 1


def test_shares_of_several_columns_are_margins_of_one_table(add):
    frame = add(balance={"churn": {"yes": 0.3}, "plan": "equal"}).frame
    assert shares(frame, "churn")["yes"] == pytest.approx(0.3, abs=0.01)
    assert shares(frame, "plan")["plus"] == pytest.approx(0.5, abs=0.01)


def test_the_table_keeps_its_size_where_real_rows_may_be_left_out(add, real):
    made = add(balance="churn", drop=True)
    assert len(made) == real.height
    assert shares(made.frame, "churn") == {"yes": 0.5, "no": 0.5}
    kept = made.frame.head(made.real_rows).select(real.columns)
    assert kept.join(real, on=real.columns, how="anti").height == 0
    assert "real rows left out" in str(made)


def test_the_sieve_keeps_rows_of_a_class_out_of_the_place_of_another():
    draw = np.random.default_rng(0)
    side = draw.random(600) < 0.1
    real = pl.DataFrame({"x": np.where(side, 3.0, 0.0) + draw.normal(0, 0.5, 600), "y": np.where(side, "rare", "common")})
    blind = us.fit(real, method="independent", progress=None)  # knows nothing of the relation: its "rare" lie anywhere
    plain, sifted = (us.augment(real, balance="y", model=blind, sieve=on, progress=None) for on in (False, True))
    wrong = [made.frame.tail(made.synthetic_rows)["x"].lt(1.5).mean() for made in (plain, sifted)]
    assert wrong[0] > 0.8
    assert wrong[1] < 0.2
    assert sifted.steps[0].tried > sifted.steps[0].made


def test_a_class_that_the_model_holds_back_is_told_not_passed_over(real):
    rare = real.with_columns(pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("never")).otherwise("churn").alias("churn"))
    with pytest.warns(UnmetWarning, match="churn=never"):
        made = us.augment(rare, balance="churn", method="independent", progress=None)
    unmet = [step for step in made.steps if step.unmet]
    assert [step.why for step in unmet] == ["balance: churn=never"]
    assert unmet[0].reason


# -- cover


def test_rare_values_and_pairs_reach_the_quota(add, real):
    frame = add(cover={"min_count": 60, "columns": ["city", "plan"]}).frame
    assert frame["city"].value_counts()["count"].min() >= 60
    assert frame.group_by("city", "plan").len()["len"].min() >= 60
    assert real.group_by("city", "plan").len()["len"].min() < 60


def test_pairs_may_be_left_out_or_named(add):
    single = add(cover={"min_count": 60, "pairs": False})
    named = add(cover={"min_count": 60, "pairs": [("city", "plan")]})
    assert single.synthetic_rows < named.synthetic_rows
    assert all("," not in step.why for step in single.steps)


def test_far_ends_of_numbers_are_filled(add, real):
    low, high = real["age"].quantile(0.02, "lower"), real["age"].quantile(0.98, "higher")
    frame = add(cover={"min_count": 50, "columns": ["age"], "tails": 0.02}).frame
    assert (frame["age"] <= low).sum() >= 50
    assert (frame["age"] >= high).sum() >= 50
    assert (real["age"] >= high).sum() < 50


@pytest.mark.parametrize(
    "predicate",
    [
        "age > 70 AND plan = 'plus'",
        (pl.col("age") > 70) & (pl.col("plan") == "plus"),
        lambda frame: (frame["age"] > 70) & (frame["plan"] == "plus"),
    ],
    ids=["text", "expression", "function"],
)
def test_edge_cases_are_found_and_counted(add, real, predicate):
    made = add(cover={"where": predicate, "rows": 40})
    found = made.frame.tail(made.synthetic_rows)
    assert found.height == 40
    assert found["age"].min() > 70
    assert set(found["plan"]) == {"plus"}
    assert "40 found among" in made.steps[0].reason


def test_a_text_narrows_the_search(add):
    narrowed, blind = (
        add(cover={"where": where, "rows": 30, "most_tried": 8192 * 9}).steps[0].tried
        for where in ("age > 85 AND plan = 'plus' AND city = 'Vienna'", "(age > 85) AND (plan = 'plus') AND (city = 'Vienna')")
    )
    assert narrowed < blind


def test_an_edge_case_that_is_not_found_is_said_to_be_missing(add):
    with pytest.warns(UnmetWarning, match="none found among 500 candidates"):
        made = add(cover={"where": {"impossible": pl.col("age") > 500}, "rows": 5, "most_tried": 500})
    assert made.synthetic_rows == 0
    assert made.steps[0].unmet


def test_the_least_likely_rows_are_those_of_least_probability(real):
    made = us.augment(real, cover={"unlikely": 3}, model=Able().fit(real), progress=None)
    assert sorted(made.frame.tail(3)["fee"]) == sorted(real.head(300)["fee"])[-3:]
    assert "the least likely 0.01 of 300" in made.steps[0].reason


# -- mix


def test_a_mix_reaches_size_and_ratio(add, real):
    made = add(mix={"rows": 300, "synthetic": 0.5})
    assert (made.real_rows, made.synthetic_rows) == (150, 150)
    assert add(mix=1000).synthetic_rows == 600
    assert add(mix=0.25).synthetic_rows == 133


# -- impute


def test_missing_cells_are_filled_and_each_is_on_record():
    real = customers(gaps=True)
    gaps = real["city"].is_null()
    made = us.augment(real, impute=True, model=Able().fit(real), progress=None)
    assert made.frame["city"].null_count() == 0
    assert made.frame.filter(~gaps).select(real.columns).equals(real.filter(~gaps))
    assert made.cells["row"].to_list() == gaps.arg_true().to_list()
    assert set(made.cells["column"]) == {"city"}
    facts = made.provenance
    assert set(facts.filter(gaps)["why"]) == {"impute: city"}
    assert set(facts["origin"]) == {"real"}
    assert facts.filter(~gaps)["why"].null_count() == (~gaps).sum()


def test_a_model_that_cannot_fill_in_says_so_before_work(monkeypatch):
    """A plug-in's synthesizer need not be able to."""
    model = us.fit(customers(gaps=True), method="independent", progress=None)
    monkeypatch.delattr(TableSynthesizer, "impute")
    with pytest.raises(ArgumentError, match="cannot fill in"):
        us.augment(customers(gaps=True), impute=True, model=model, progress=None)


def test_missing_cells_are_filled_by_a_real_model():
    real = customers(gaps=True)
    done = us.augment(real, impute=True, method="independent", seed=1, progress=None)
    filled = done.frame.select(real.columns)
    assert sum(real.null_count().row(0)) > 0
    assert sum(filled.null_count().row(0)) == 0
    for name in real.columns:
        there = real[name].is_not_null()
        assert filled[name].filter(there).equals(real[name].filter(there))
    assert done.cells.height == sum(real.null_count().row(0))
