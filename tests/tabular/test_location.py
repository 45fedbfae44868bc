from __future__ import annotations

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.location import PATIENCE, Location, fit_location

ORDERED = np.array([True, True, False])
SIZES = np.array([200, 50, 9])
ALL = np.array([0, 1, 2])


def features(rows: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, size, rows) for size in SIZES]).astype(np.uint8)


def known_function(bins: np.ndarray) -> np.ndarray:
    """A wave, a step and scattered categories, of about unit variance."""
    height = np.array([0, 2, 0, 1, 2, 0, 1, 0, 2])
    return np.sin(bins[0] / 25) + 0.6 * (bins[1] > 20) + 0.7 * height[bins[2]]


def fitted(bins: np.ndarray, target: np.ndarray, folds: int = 3, seed: int = 1, **options: int) -> tuple[Location, np.ndarray, np.ndarray]:
    """Location, residual, and the fold of every row."""
    location, residual = fit_location(bins, ORDERED, SIZES, ALL, target, Stream(seed), folds=folds, **options)
    return location, residual, Stream(seed).generator().integers(0, folds, len(target))


def explained(target: np.ndarray, residual: np.ndarray) -> float:
    return 1 - float(np.nanvar(residual) / np.nanvar(target))


def test_a_known_function_is_recovered_on_rows_that_were_not_seen() -> None:
    bins = features(3000)
    truth = known_function(bins)
    target = truth + 0.2 * np.random.default_rng(1).normal(size=3000)
    location, residual, fold = fitted(bins, target)
    assert explained(target, residual) > 0.9
    fresh = features(500)[:, ::-1].copy()
    place = location.predict(np.ascontiguousarray(fresh.T), np.zeros(500, np.int64))
    assert np.corrcoef(place, known_function(fresh))[0, 1] > 0.98
    assert residual == pytest.approx(target - location.predict(np.ascontiguousarray(bins.T), fold))


def test_small_tables_are_recovered_too() -> None:
    bins = features(400)
    target = known_function(bins) + 0.2 * np.random.default_rng(1).normal(size=400)
    assert explained(target, fitted(bins, target)[1]) > 0.6


def test_residuals_are_of_trees_that_did_not_see_the_row() -> None:
    bins = features(1500)
    target = known_function(bins)
    before, _, fold = fitted(bins, target)
    moved = target.copy()
    moved[fold == 1] += np.random.default_rng(3).normal(size=(fold == 1).sum())
    after, _, _ = fitted(bins, moved)
    trees = min(before.value.shape[1], after.value.shape[1])
    assert trees >= 5
    same = [np.array_equal(before.value[k, :trees], after.value[k, :trees]) for k in range(3)]
    assert same == [False, True, False]


def test_noise_is_not_explained_and_boosting_stops_early() -> None:
    bins = features(2500)
    for seed in range(3):
        noise = np.random.default_rng(seed + 10).normal(size=2500)
        location, residual, _ = fitted(bins, noise, seed=seed)
        assert explained(noise, residual) < 0.01
        assert location.value.shape[1] <= PATIENCE


def test_rows_without_a_target_are_left_out() -> None:
    bins = features(1200)
    target = known_function(bins)
    gone = np.random.default_rng(0).random(1200) < 0.3
    holes = np.where(gone, np.nan, target)
    location, residual, _ = fitted(bins, holes)
    assert (np.isnan(residual) == gone).all()
    place = location.predict(np.ascontiguousarray(bins.T[gone]), np.zeros(gone.sum(), np.int64))
    assert np.corrcoef(place, target[gone])[0, 1] > 0.95


def test_a_location_survives_its_arrays() -> None:
    bins = features(600)
    location, _, fold = fitted(bins, known_function(bins), folds=5)
    assert location.folds == 5
    arrays = location.arrays("field2.location")
    again = Location.from_arrays(arrays, "field2.location")
    rows = np.ascontiguousarray(bins.T)
    assert np.array_equal(again.predict(rows, fold), location.predict(rows, fold))
    assert arrays["field2.location.right"].nbytes * 8 == location.right.size


def test_the_same_stream_gives_the_same_location() -> None:
    bins = features(500)
    one, again, other = (fitted(bins, known_function(bins), seed=seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
