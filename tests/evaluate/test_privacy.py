"""Planted leaks are called leaks, fresh real rows never are: the verdicts of the privacy alarm."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from tests.evaluate import planted

from understudy.core.random import Stream
from understudy.evaluate.grade import worst
from understudy.evaluate.policy import Policy
from understudy.evaluate.privacy import NO_HOLDOUT, privacy
from understudy.evaluate.result import Figure, Verdict
from understudy.evaluate.tables import compare

SEEDS = range(4)
Fault = Callable[[pl.DataFrame, int], pl.DataFrame]


def alarms(fault: Fault, seed: int, rows: int = 2_000) -> dict[str, Figure]:
    train, holdout = planted.population(rows, 100 + seed), planted.population(rows, 200 + seed)
    comparison = compare(train, fault(train, seed), holdout, schema=planted.SCHEMA, target=None, stream=Stream(seed))
    figures, _ = privacy(comparison, {}, Policy(), Stream(seed))
    return {figure.key: figure for figure in figures}


def overall(figures: dict[str, Figure]) -> Verdict:
    return worst([figure.verdict for figure in figures.values()])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("fault", "witness"),
    [
        (planted.full_copy, "exact_copies"),
        (planted.jittered_copy, "membership_auc"),
        (planted.some_verbatim, "exact_copies"),
        (planted.outliers_verbatim, "exact_copies"),
        (planted.repeated_record, "repeated_rows"),
    ],
)
def test_a_planted_leak_fails_and_the_right_figure_says_so(fault: Fault, witness: str, seed: int) -> None:
    figures = alarms(fault, seed)
    assert overall(figures) == "fail"
    assert figures[witness].verdict == "fail"


@pytest.mark.parametrize("seed", range(8))
def test_fresh_real_rows_are_never_called_a_leak(seed: int) -> None:
    assert overall(alarms(planted.fresh_real, seed)) in ("pass", "undecided")


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffled_columns_are_no_leak(seed: int) -> None:
    assert overall(alarms(planted.shuffled, seed)) in ("pass", "undecided")


def test_five_per_cent_verbatim_shows_at_few_false_alarms_though_the_auc_is_blind() -> None:
    figures = alarms(planted.some_verbatim, 0)
    assert figures["membership_auc"].verdict != "fail"
    assert figures["membership_tpr"].verdict == "fail"


def test_few_rows_are_not_decidable_and_the_reason_says_how_many_are_needed() -> None:
    figures = alarms(planted.fresh_real, 0, rows=120)
    assert figures["membership_tpr"].verdict == "undecided"
    assert "1,500 held-out rows are needed" in figures["membership_tpr"].reason
    assert figures["membership_auc"].verdict == "undecided"


def test_without_a_holdout_membership_is_not_decided_but_copies_are_found() -> None:
    train = planted.population(2_000, 1)
    comparison = compare(train, planted.full_copy(train, 0), None, schema=planted.SCHEMA, target=None, stream=Stream(0))
    figures = {figure.key: figure for figure in privacy(comparison, {}, Policy(), Stream(0))[0]}
    assert figures["membership_auc"].value is None
    assert figures["membership_auc"].reason == NO_HOLDOUT
    assert figures["exact_copies"].verdict == "fail"


def test_common_rows_are_not_called_copies() -> None:
    def coarse(rows: int, seed: int) -> pl.DataFrame:
        return planted.population(rows, seed).with_columns(age=pl.col("age") // 20 * 20, income=pl.lit(1.0), hours=pl.lit(40.0))

    train, holdout = coarse(1_500, 1), coarse(1_500, 2)
    comparison = compare(train, coarse(1_500, 3), holdout, schema=planted.SCHEMA, target=None, stream=Stream(0))
    figures = {figure.key: figure for figure in privacy(comparison, {}, Policy(), Stream(0))[0]}
    assert figures["exact_copies"].value is not None
    assert figures["exact_copies"].value > 0.9
    assert figures["exact_copies"].verdict == "pass"
    assert figures["repeated_rows"].verdict == "pass"
