"""Scores with weights of one are scikit-learn's; with counts they are those of the repeated rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from understudy.evaluate.scores import average_precision, macro_f1, mae, r2, roc_auc


@pytest.fixture
def draws() -> np.ndarray:
    return np.random.default_rng(0).multinomial(80, np.full(80, 1 / 80), size=5).astype(float)


def repeated(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.repeat(values, weights.astype(int))


def test_rank_scores_equal_those_of_repeated_rows(draws: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    truth, score = rng.random(80) < 0.3, rng.integers(0, 12, 80).astype(float)
    for ours, theirs in ((roc_auc, metrics.roc_auc_score), (average_precision, metrics.average_precision_score)):
        expected = [theirs(repeated(truth, w), repeated(score, w)) for w in draws]
        np.testing.assert_allclose(ours(truth, score, draws), expected)


def test_macro_f1_equals_that_of_repeated_rows(draws: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    truth, guess = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    expected = [metrics.f1_score(repeated(truth, w), repeated(guess, w), average="macro") for w in draws]
    np.testing.assert_allclose(macro_f1(truth, guess, 3, draws), expected)


def test_errors_of_numbers_equal_those_of_repeated_rows(draws: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    truth, guess = rng.normal(size=80), rng.normal(size=80)
    np.testing.assert_allclose(r2(truth, guess, draws), [metrics.r2_score(repeated(truth, w), repeated(guess, w)) for w in draws])
    np.testing.assert_allclose(
        mae(truth, guess, draws), [metrics.mean_absolute_error(repeated(truth, w), repeated(guess, w)) for w in draws]
    )
