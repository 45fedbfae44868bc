"""Judges: calibration against known answers, and pairs asked both ways."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from understudy.core.errors import ArgumentError, DataError
from understudy.text.quality import Judge, PairJudge, calibrate, order_swap


class Column:
    """Says what stands in a column."""

    def score(self, rows: pl.DataFrame) -> list[float | None]:
        return rows["score"].to_list()


def graded(rows: int = 200, noise: float = 0.3) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    truth = rng.integers(1, 6, rows)
    off = rng.random(rows) < noise
    return pl.DataFrame({"truth": truth, "score": np.clip(truth + off * rng.integers(-2, 3, rows), 1, 5).astype(float)})


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_kappa_is_that_of_scikit_learn_and_lies_in_its_interval(weights: str) -> None:
    rows = graded()
    found = calibrate(Column(), rows, "truth", weights=weights)  # type: ignore[arg-type]
    named = None if weights == "none" else weights
    assert found.kappa == pytest.approx(cohen_kappa_score(rows["truth"], rows["score"].cast(int), weights=named))
    assert found.interval[0] < found.kappa < found.interval[1]
    assert found.rows == 200


def test_a_judge_that_guesses_has_no_kappa_and_one_that_knows_has_all() -> None:
    rows = graded(noise=0.0)
    assert calibrate(Column(), rows, "truth").kappa == 1.0
    guessed = rows.with_columns(score=pl.col("score").shuffle(seed=1))
    assert calibrate(Column(), guessed, "truth").interval[0] < 0.0 < calibrate(Column(), guessed, "truth").interval[1]


def test_a_threshold_makes_good_and_bad_and_each_class_is_told() -> None:
    rows = pl.DataFrame({"score": [1.0, 4.0] * 15 + [4.0] * 10})
    found = calibrate(Column(), rows, [False, True] * 15 + [False] * 10, least=3)
    assert found.by_class == pytest.approx({"bad": 15 / 25, "good": 1.0})
    assert "good 100%" in str(found)


def test_rows_without_an_answer_are_counted() -> None:
    rows = graded().with_columns(score=pl.when(pl.int_range(pl.len()) < 40).then(None).otherwise("score"))
    found = calibrate(Column(), rows, "truth")
    assert (found.rows, found.unanswered) == (160, 40)


def test_too_few_answers_and_numbers_that_differ_are_refused() -> None:
    with pytest.raises(ArgumentError, match="too few to calibrate"):
        calibrate(Column(), graded(10), "truth")
    with pytest.raises(DataError, match="right answers"):
        calibrate(Column(), graded(30), [1] * 29)


def test_a_judge_that_prefers_what_stands_first_is_seen() -> None:
    class First:
        def prefer(self, first: pl.DataFrame, second: pl.DataFrame) -> list[int | None]:
            return [0] * first.height

    class Longer:
        def prefer(self, first: pl.DataFrame, second: pl.DataFrame) -> list[int | None]:
            return [None if len(a) == len(b) else int(len(a) < len(b)) for a, b in zip(first["t"], second["t"], strict=True)]

    one, other = pl.DataFrame({"t": ["a", "bbb", "c"]}), pl.DataFrame({"t": ["aa", "b", "c"]})
    biased = order_swap(First(), one, other)
    assert (biased.first, biased.consistent, biased.preferred) == (1.0, 0.0, [None] * 3)
    fair = order_swap(Longer(), one, other)
    assert (fair.first, fair.consistent, fair.preferred) == (0.5, 1.0, [1, 0, None])
    assert fair.interval[0] < 1.0
    assert isinstance(Longer(), PairJudge)
    assert isinstance(Column(), Judge)
    with pytest.raises(DataError, match="do not fit"):
        order_swap(Longer(), one, other[:2])
