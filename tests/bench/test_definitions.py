"""The figures of the published protocol on tables that can be reckoned by hand."""

import numpy as np
import polars as pl
import pytest
from definitions import (
    c2st_score,
    coded,
    nearer_share,
    nmi_error,
    precision_recall,
    shape_error,
    told_apart_features,
    trend_error,
    usefulness,
)


def tables(real: dict, made: dict, categories: set[str]):
    found = coded({"real": pl.DataFrame(real), "made": pl.DataFrame(made)}, categories)
    return found["real"], found["made"]


def test_shape_is_the_mean_of_the_greatest_gap_of_distributions_and_of_half_the_differences_of_shares():
    real = {"x": [1.0, 2.0, 3.0, 4.0], "c": ["a", "a", "b", "b"]}
    made = {"x": [1.0, 2.0, 9.0, 9.0], "c": ["a", "a", "a", "b"]}
    assert shape_error(*tables(real, made, {"c"})) == pytest.approx(100 * (0.5 + 0.25) / 2)


def test_trend_of_two_numbers_is_half_the_difference_of_their_correlations():
    real, made = {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]}, {"x": [1.0, 2.0, 3.0], "y": [3.0, 2.0, 1.0]}
    assert trend_error(*tables(real, made, set())) == pytest.approx(100.0)


def test_trend_of_two_categories_is_the_total_variation_of_their_table():
    real, made = {"a": ["p", "p", "q", "q"], "b": ["s", "s", "t", "t"]}, {"a": ["p", "p", "q", "q"], "b": ["s", "t", "s", "t"]}
    assert trend_error(*tables(real, made, {"a", "b"})) == pytest.approx(50.0)


def test_trend_cuts_each_table_by_its_own_range_so_that_a_stretched_number_goes_unseen():
    x, c = np.arange(20.0), ["a"] * 10 + ["b"] * 10
    assert trend_error(*tables({"x": x, "c": c}, {"x": 7 * x, "c": c}, {"c"})) == 0
    assert trend_error(*tables({"x": x, "c": c}, {"x": 7 * x, "c": c}, {"c"}), one_range=True) > 80
    assert trend_error(*tables({"x": x, "c": c}, {"x": x[::-1].copy(), "c": c}, {"c"})) > 80


def test_a_category_that_only_the_made_table_has_counts_as_wrong():
    real, made = {"a": ["p", "p"], "b": ["s", "s"]}, {"a": ["p", "z"], "b": ["s", "s"]}
    assert shape_error(*tables(real, made, {"a", "b"})) == pytest.approx(25.0)


def test_nmi_error_is_one_where_all_dependence_is_lost_and_nothing_where_it_is_kept():
    real = {"a": ["p", "p", "q", "q"], "b": ["s", "s", "t", "t"]}
    lost = {"a": ["p", "p", "q", "q"], "b": ["s", "t", "s", "t"]}
    assert nmi_error(*tables(real, real, {"a", "b"})) == 0
    assert nmi_error(*tables(real, lost, {"a", "b"})) == pytest.approx(1.0)


def test_nmi_error_weighs_a_pair_by_how_much_goes_together_in_it():
    draw = np.random.default_rng(0)
    noise = [str(value) for value in draw.integers(0, 2, 4_000)]
    a = [str(value) for value in draw.integers(0, 2, 4_000)]
    real, made = {"a": a, "b": a, "c": noise}, {"a": a, "b": a, "c": noise[::-1]}
    assert nmi_error(*tables(real, made, {"a", "b", "c"})) < 1e-3


def test_nearer_rows_are_counted_only_where_the_learned_half_is_strictly_nearer():
    frames = {"half": pl.DataFrame({"x": [0.0, 10.0]}), "other": pl.DataFrame({"x": [4.0, 6.0]}), "made": pl.DataFrame({"x": [0.0, 2.0]})}
    found = coded(frames, set())
    assert nearer_share(found["half"], found["other"], found["made"]) == 0.5


def test_precision_and_recall_are_whole_for_the_same_rows_and_recall_is_nothing_far_away():
    draw = np.random.default_rng(1)
    x, c = draw.normal(size=400), [str(value) for value in draw.integers(0, 3, 400)]
    order = draw.permutation(400)
    same = precision_recall(*tables({"x": x, "c": c}, {"x": x[order], "c": [c[place] for place in order]}, {"c"}))
    assert same == pytest.approx((1.0, 1.0), abs=0.01)
    far = precision_recall(*tables({"x": x, "c": c}, {"x": x + 50, "c": c}, {"c"}))
    assert far[0] < 0.05
    assert far[1] < 0.05


def test_categories_written_as_whole_numbers_are_numbers_to_the_two_sample_test():
    real, _ = tables({"k": [3, 10, 3], "c": ["a", "b", "a"]}, {"k": [3, 3, 3], "c": ["a", "a", "a"]}, {"k", "c"})
    assert told_apart_features(real).tolist() == [[1, 0, 3], [0, 1, 10], [1, 0, 3]]


def test_c2st_is_near_one_for_more_of_the_same_and_nothing_for_rows_that_give_themselves_away():
    pytest.importorskip("xgboost")
    draw = np.random.default_rng(2)
    real = draw.normal(size=(3_000, 2))
    assert c2st_score(real, draw.normal(size=(3_000, 2))) > 0.9
    assert c2st_score(real, draw.normal(size=(3_000, 2)) + 20) < 0.01


def test_usefulness_falls_to_chance_where_the_target_hangs_on_nothing():
    pytest.importorskip("xgboost")
    draw = np.random.default_rng(3)
    x = draw.normal(size=600)
    y = np.where(x + 0.3 * draw.normal(size=600) > 0, "yes", "no")
    good, test = tables({"x": x[:300], "y": y[:300]}, {"x": x[300:], "y": y[300:]}, {"y"})
    bad, _ = tables({"x": x[:300], "y": draw.permutation(y[:300])}, {"x": x[300:], "y": y[300:]}, {"y"})
    assert usefulness(good, test, "y") > 0.9
    assert usefulness(bad, test, "y") < 0.75
