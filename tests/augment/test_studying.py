"""`us.augment.study`: does it help? Nothing of a test row reaches a generator, and the words say what the figures say."""

import json
import sys
from html import escape
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tests.augment.tables import Echo, customers

import understudy as us
from understudy.augment.encoding import Encoding
from understudy.augment.learner import Rows
from understudy.augment.resampled import mean_interval, splits
from understudy.augment.smote import smote
from understudy.augment.study_result import Estimate, Measure, Study, VariantResult
from understudy.augment.study_verdict import verdict, within
from understudy.augment.studying import MIXES, STRENGTHS
from understudy.core.errors import ArgumentError, Cancelled, DataError, MissingExtraError
from understudy.core.random import Stream
from understudy.data.table import as_table
from understudy.evaluate.report.names import sentence

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
QUICK = {"method": "independent", "splits": 2, "estimator": TREE, "strengths": [1.0], "mixes": [1.0], "sieve": False, "progress": None}


def studied(real, target="churn", **options):
    return us.augment.study(real, target, **{**QUICK, **options})


@pytest.fixture(scope="module")
def study():
    return studied(customers(gaps=True), strengths=STRENGTHS, mixes=MIXES, sieve=True)


class Witness(ClassifierMixin, BaseEstimator):
    """Notes the numbers of the rows that it learns and that it is asked about."""

    learned: ClassVar[list[set[float]]] = []
    asked: ClassVar[list[set[float]]] = []

    def fit(self, frame, target):
        Witness.learned.append(set(frame["number"].to_list()))
        self.classes_ = np.unique(target)
        return self

    def predict_proba(self, frame):
        Witness.asked.append(set(frame["number"].to_list()))
        return np.full((len(frame), len(self.classes_)), 1 / len(self.classes_))


def test_no_row_that_is_tested_on_is_ever_seen_by_a_generator_or_a_model():
    real = customers().with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("number"))
    for notes in (Echo.seen, Witness.learned, Witness.asked):
        notes.clear()
    witness = make_pipeline(FunctionTransformer(), Witness())
    found = us.augment.study(real, "churn", method=Echo, estimator=witness, splits=3, beside=["oversampling"], sieve=True, progress=None)
    ways = len(found.variants)
    assert len(Echo.seen) == 3
    assert ways == 8
    for split, seen in enumerate(Echo.seen):
        generator = set(seen["number"].to_list())
        tested = set.union(*Witness.asked[split * ways : (split + 1) * ways])
        assert len(tested) == 100
        assert not generator & tested
        assert generator | tested == set(real["number"].to_list())
        assert all(rows <= generator for rows in Witness.learned[split * ways : (split + 1) * ways])


def test_every_way_is_compared_on_the_same_splits(study):
    families = [variant.family for variant in study.variants]
    assert families == ["real", "weights", "oversampling", *["smote"] * 3, *["synthetic"] * 5, "alone"]
    assert all(len(values) == 2 for variant in study.variants for values in variant.by_split.values())
    assert {measure.key for measure in study.measures} == {"pr_auc", "roc_auc", "f1", "balanced_accuracy", "brier"}
    gain = study.variant("mix_1").against_real["pr_auc"].value
    pairs = zip(study.variant("mix_1").by_split["pr_auc"], study.variant("real").by_split["pr_auc"], strict=True)
    assert gain == pytest.approx(np.mean([one - other for one, other in pairs]))


def test_the_same_seed_gives_the_same_study():
    one, other = (studied(customers(), beside="weights", seed=4) for _ in range(2))
    assert one.variants == other.variants
    assert one.variants != studied(customers(), beside="weights", seed=5).variants


def test_rows_that_say_nothing_are_not_said_to_help(study):
    assert study.verdict.helps in ("no", "unclear")
    assert study.verdict.recommended == "real"
    assert study.verdict.call == ""
    assert "train on the real rows alone" in study.verdict.sentences[-1]


def test_a_study_goes_to_json_and_back_and_to_a_page(study, tmp_path):
    assert Study.from_json(study.to_json()) == study
    assert json.loads(study.save(tmp_path / "study.json").read_text())["target"] == "churn"
    page = study.save(tmp_path / "study.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http://" not in page
    assert all(escape(sentence(variant.name)) in page for variant in study.variants)
    with pytest.raises(DataError, match=r"\.html or \.json"):
        study.save(tmp_path / "study.pdf")


def test_a_page_escapes_what_a_table_calls_its_columns(tmp_path):
    real = customers().rename({"churn": "<script>alert(1)</script>"})
    page = studied(real, "<script>alert(1)</script>", beside=["weights"]).save(tmp_path / "s.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_table_has_one_flat_row_a_way(study):
    assert [row["variant"] for row in study.table] == [variant.key for variant in study.variants]
    assert pl.DataFrame(study.table).height == len(study.variants)


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_a_pipeline_gets_frames_of_the_callers_own_type(library):
    real = customers() if library == "polars" else customers().to_pandas()
    kinds = []

    def look(frame):
        kinds.append(type(frame))
        return frame

    columns = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]), ("number", StandardScaler(), ["age", "fee"])]
    )
    pipeline = Pipeline([("look", FunctionTransformer(look)), ("columns", columns), ("model", LogisticRegression())])
    found = studied(real, estimator=pipeline)
    assert set(kinds) == {type(real)}
    assert "weights" in [variant.key for variant in found.variants]
    assert found.variant("real").scores["roc_auc"].value > 0.55


def test_a_bare_linear_model_is_given_numbers(study):
    found = studied(customers(gaps=True), estimator=LogisticRegression(), beside=["smote"])
    assert found.variant("real").scores["roc_auc"].value > 0.55


def test_a_number_is_predicted_by_regression():
    real = customers().with_columns((pl.col("age") * 2 + pl.col("fee")).alias("price"))
    found = studied(real, "price", estimator=Ridge())
    assert [measure.key for measure in found.measures] == ["r2", "mae"]
    assert found.variant("real").scores["r2"].value > 0.99
    assert found.verdict.helps == "no"


def test_several_classes_are_balanced_each():
    found = studied(customers(), "city", beside=["smote"], strengths=[1.0])
    assert (found.task, found.rare) == ("multiclass", "Vienna")
    assert found.variant("balance_1").share == pytest.approx(1 / 3, abs=0.01)


def test_a_stopped_study_gives_the_splits_that_are_done():
    def stop_after(count):
        return lambda event: not (event["event"] == "advance" and event["done"] >= count)

    found = studied(customers(), beside=["weights"], splits=5, progress=stop_after(2))
    assert found.splits == 2
    assert "Stopped on request after 2 of 5 splits." in found.notes
    with pytest.raises(Cancelled):
        studied(customers(), beside=["weights"], splits=5, progress=stop_after(1))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"target": "chrun"}, ArgumentError, 'Did you mean "churn"'),
        ({"splits": 1}, ArgumentError, "at least two splits"),
        ({"test": 2.0}, ArgumentError, "between 0 and 1"),
        ({"beside": ["smoot"]}, ArgumentError, 'Did you mean "smote"'),
        ({"strengths": [2.0]}, ArgumentError, "at most 1"),
        ({"estimator": Ridge()}, ArgumentError, "no classifier"),
        ({"estimator": LogisticRegression}, ArgumentError, "estimator"),
        ({"method": "tress"}, ArgumentError, 'Did you mean "trees"'),
        ({"method": "trees", "tress": 3}, ArgumentError, 'no option "tress"'),
        ({"budget": "fast"}, ArgumentError, "fast"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(options, error, said):
    with pytest.raises(error) as caught:
        studied(customers(), **options)
    assert said in str(caught.value)


def test_a_table_with_nothing_to_find_is_refused_before_any_work():
    table = customers()
    few = table.with_columns(pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("Yes")).otherwise(pl.lit("No")).alias("churn"))
    refused = {"has 12 rows; a study needs at least 40": table.head(12), '"Yes" 3': few}
    for said, frame in refused.items():
        with pytest.raises(DataError) as caught:
            studied(frame)
        assert said in str(caught.value)
        assert "Add rows" in str(caught.value)


def test_an_interval_ends_where_the_scale_does():
    assert within(Estimate(value=0.97, interval=(0.92, 1.02)), (0.0, 1.0)).interval == (0.92, 1.0)
    assert within(Estimate(value=0.5), (0.0, 1.0)).interval is None


def test_without_imbalanced_learn_the_line_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(MissingExtraError, match=r"understudy\[augment\]"):
        studied(customers())
    assert studied(customers(), beside=["weights"]).verdict.beats_smote is None


# -- SMOTE where imbalanced-learn refuses


@pytest.mark.parametrize(("columns", "kind"), [(["age", "fee"], "SMOTE"), (["city", "plan"], "SMOTEN"), (["age", "city"], "SMOTENC")])
def test_smote_takes_gaps_and_tables_of_categories(columns, kind):
    real = as_table(customers(gaps=True))
    rows = Rows(real.frame.drop("churn"), (real.frame["churn"] == "yes").cast(pl.Int64).to_numpy())
    made, name = smote(rows, Encoding(real.schema, columns, real.frame), {0: 0, 1: 200}, 0)
    assert name == kind
    assert len(made) == 200 - (rows.target == 1).sum()
    assert made.frame.schema == rows.frame.schema
    assert set(made.frame["city"].drop_nulls()) <= {"Paris", "Rome", "Vienna"}


def test_smote_makes_do_with_few_rows_of_a_class_and_leaves_out_a_single_one():
    real = as_table(customers())
    target = np.zeros(400, np.int64)
    target[:3], target[3] = 1, 2
    rows = Rows(real.frame.drop("churn"), target)
    made, _ = smote(rows, Encoding(real.schema, ["age", "fee"], real.frame), {0: 396, 1: 10, 2: 10}, 0)
    assert np.bincount(made.target).tolist() == [0, 7]


# -- splits and intervals


def test_splits_keep_classes_on_both_sides_and_cover_all_rows():
    classes = np.repeat([0, 1], [95, 5])
    for train, test in splits(classes, 100, times=4, test=0.2, stream=Stream(0)):
        assert sorted([*train, *test]) == list(range(100))
        assert (classes[test] == 1).sum() == 1


def test_the_interval_is_that_of_nadeau_and_bengio():
    values = [0.80, 0.82, 0.78, 0.84, 0.81]
    mean, interval = mean_interval(values, test_to_train=1 / 3)
    error = np.sqrt((1 / 5 + 1 / 3) * np.var(values, ddof=1))
    assert mean == pytest.approx(0.81)
    assert interval == pytest.approx((0.81 - 2.776445 * error, 0.81 + 2.776445 * error), abs=1e-6)


# -- the words


def way(key, family, values, gain, interval, **more):
    score = {"pr_auc": Estimate(value=float(np.mean(values)))}
    against = {} if family == "real" else {"pr_auc": Estimate(value=gain, interval=interval)}
    return VariantResult(
        key=key,
        name=key,
        family=family,
        rows=1,
        made=0,
        scores=score,
        against_real=against,
        by_split={"pr_auc": values},
        corrected=interval,
        **more,
    )


@pytest.mark.parametrize(
    ("gain", "interval", "helps", "recommended"),
    [(0.05, (0.01, 0.09), "yes", "balance"), (0.05, (-0.01, 0.11), "unclear", "real"), (-0.02, (-0.05, 0.01), "no", "real")],
)
def test_the_verdict_says_no_more_than_the_interval(gain, interval, helps, recommended):
    ways = [way("real", "real", [0.7], 0, None), way("balance", "synthetic", [0.7 + gain], gain, interval, ask={"balance": "churn"})]
    found = verdict(ways, Measure(key="pr_auc", name="PR-AUC", better="higher"), "churn", None)
    assert (found.helps, found.recommended) == (helps, recommended)
    assert found.call == ('us.augment(real, balance="churn")' if helps == "yes" else "")


def test_the_verdict_names_a_simpler_way_that_does_as_well():
    ways = [
        way("real", "real", [0.7], 0, None),
        way("class weights", "weights", [0.8], 0.1, None),
        way("balance", "synthetic", [0.75], 0.05, (0.01, 0.09), ask={"balance": "churn"}),
    ]
    found = verdict(ways, Measure(key="pr_auc", name="PR-AUC", better="higher"), "churn", None)
    assert any("Class weights does as well" in text for text in found.sentences)
