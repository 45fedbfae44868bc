"""Figures of likeness against definitions computed another way, and intervals against their spread over samples."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp
from scipy.stats.contingency import association as scipy_association
from tests.evaluate import planted

from understudy.core.random import Stream
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.evaluate.accuracy import accuracies
from understudy.evaluate.association import cramers_v
from understudy.evaluate.c2st import two_sample_test
from understudy.evaluate.domain import decimals_of, domains
from understudy.evaluate.missingness import missing_values
from understudy.evaluate.picture import MOST_CELLS, picture
from understudy.evaluate.resample import Groups, Sampled
from understudy.evaluate.shapes import shapes
from understudy.evaluate.tables import Comparison, compare
from understudy.evaluate.trends import trends


def comparison_of(real: pl.DataFrame, synthetic: pl.DataFrame, holdout: pl.DataFrame, schema: TableSchema = planted.SCHEMA) -> Comparison:
    return compare(real, synthetic, holdout, schema=schema, target=None, stream=Stream(0))


@pytest.fixture(scope="module")
def compared(train: pl.DataFrame, holdout: pl.DataFrame) -> Comparison:
    return comparison_of(train, planted.jittered_copy(train, 0), holdout)


@pytest.fixture(scope="module")
def groups(compared: Comparison) -> Groups:
    return Groups(compared.rows, Stream(0))


def test_shapes_are_one_minus_ks_and_one_minus_tvd(compared: Comparison, groups: Groups) -> None:
    found = shapes(compared, groups)
    real, made = compared.frames["real"], compared.frames["synthetic"]
    assert found["income"].value == pytest.approx(1 - ks_2samp(real["income"], made["income"]).statistic)
    levels = {level: ((real["trade"] == level).mean(), (made["trade"] == level).mean()) for level in real["trade"].unique()}
    assert found["trade"].value == pytest.approx(1 - 0.5 * sum(abs(a - b) for a, b in levels.values()), abs=1e-6)


def test_trend_of_two_numbers_is_the_difference_of_pearson_correlations(compared: Comparison, groups: Groups) -> None:
    found = trends(compared, groups, Stream(0))
    assert found is not None
    pair = next(entry for entry in found.pairs if entry.correlation and {entry.a, entry.b} == {0, 1})
    correlations = [np.corrcoef(compared.frames[side]["age"], compared.frames[side]["income"])[0, 1] for side in ("real", "synthetic")]
    assert pair.score.value == pytest.approx(1 - abs(correlations[0] - correlations[1]) / 2, abs=1e-6)
    assert found.counted == found.possible == 10


def test_a_table_against_itself_is_perfect(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    same = comparison_of(train, train, holdout)
    groups = Groups(same.rows, Stream(0))
    assert Sampled.mean(list(shapes(same, groups).values())).value == pytest.approx(1.0)
    assert all(sampled.value == pytest.approx(1.0) for sampled, _ in accuracies(same, groups, Stream(0)).values())


def test_intervals_are_as_wide_as_the_spread_over_fresh_samples() -> None:
    values, widths = [], []
    for seed in range(30):
        fresh = [planted.population(400, 1_000 * part + seed) for part in (1, 2, 3)]
        comparison = comparison_of(*fresh)
        found = accuracies(comparison, Groups(comparison.rows, Stream(seed)), Stream(seed))[2][0]
        values.append(found.value)
        widths.append(found.interval[1] - found.interval[0])
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.std(values), rel=0.35)


def test_a_small_holdout_is_met_at_its_own_size(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    comparison = comparison_of(train, planted.fresh_real(train, 3), holdout[:250])
    found = accuracies(comparison, Groups(comparison.rows, Stream(0)), Stream(0))[3][0]
    assert found.holdout < found.value - 0.05
    assert abs(found.gap) < 0.03


def test_equal_rows_share_a_fold_so_that_a_copy_cannot_be_told_apart(train: pl.DataFrame) -> None:
    found = two_sample_test(comparison_of(train, train, train), Stream(0))
    assert found is not None
    assert found.synthetic.value == pytest.approx(0.5, abs=0.03)


def test_the_column_that_gives_a_table_away_is_found(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    made = planted.fresh_real(train, 0).with_columns(hours=pl.col("hours") * 1.3)
    found = two_sample_test(comparison_of(train, made, holdout), Stream(0))
    assert found is not None
    assert found.synthetic.value > 0.75
    assert max(found.lost, key=lambda name: found.lost[name]) == "hours"
    assert found.holdout.value == pytest.approx(0.5, abs=0.06)


def test_missing_patterns_and_rates_are_compared() -> None:
    schema = TableSchema(columns=[ColumnSchema(name=name, kind="decimal", dtype="Float64", nullable=True) for name in "ab"])

    def table(together: bool, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        gone = rng.random(800) < 0.3
        other = gone if together else rng.random(800) < 0.3
        return pl.DataFrame({"a": np.where(gone, np.nan, 1.0), "b": np.where(other, np.nan, 2.0)}).fill_nan(None)

    comparison = comparison_of(table(True, 0), table(False, 1), table(True, 2), schema)
    found = missing_values(comparison, Groups(comparison.rows, Stream(0)))
    assert found is not None
    assert found.rate_error.value < 0.05
    assert found.pattern_overlap.value < 0.7
    assert found.pattern_overlap.holdout > 0.93
    assert found.patterns[0].columns == []


def test_decimals_are_counted_in_the_face_of_binary_fractions() -> None:
    assert decimals_of(np.array([0.1, 0.2, 0.30000000000000004, 1234567.7])) == 1
    assert decimals_of(np.array([1.0, 2.0])) == 0
    assert decimals_of(np.random.default_rng(0).random(50)) is None


def test_levels_and_ranges_outside_the_real_ones_are_found(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    made = planted.fresh_real(train, 0).with_columns(trade=pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("pilot")).otherwise("trade"))
    found = domains(comparison_of(train, made, holdout))
    assert found["trade"].outside["synthetic"].mean() == pytest.approx(100 / made.height)
    assert not found["trade"].outside["holdout"].any()


def test_corrected_cramers_v_nears_the_plain_one_with_many_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, 20_000)
    y = np.where(rng.random(20_000) < 0.5, x, rng.integers(0, 4, 20_000))
    table = np.zeros((4, 4), int)
    np.add.at(table, (x, y), 1)
    assert cramers_v(x, y) == pytest.approx(scipy_association(table, method="cramer"), abs=0.005)
    assert cramers_v(x, rng.integers(0, 4, 20_000)) < 0.02


def test_a_picture_counts_every_value_once_and_sets_shared_values_apart() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"gain": np.where(rng.random(900) < 0.8, 0.0, rng.exponential(5_000, 900))})
    schema = TableSchema(columns=[ColumnSchema(name="gain", kind="decimal", dtype="Float64")])
    drawn = picture(comparison_of(frame[:300], frame[300:600], frame[600:], schema).columns[0])
    assert len(drawn.cells) <= MOST_CELLS
    for side in ("real", "holdout", "synthetic"):
        assert sum(getattr(cell, side) for cell in drawn.cells) == getattr(drawn, f"total_{side}") == 300
    zero = next(cell for cell in drawn.cells if cell.atom)
    assert (zero.low, zero.high) == (0.0, 0.0)
    assert zero.real > 200
