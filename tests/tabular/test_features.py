from __future__ import annotations

import numpy as np
import pytest

from understudy.tabular.features import (
    CLASSES,
    Binning,
    Features,
    location_outputs,
    rank_scores,
    residual_outputs,
    token_outputs,
)
from understudy.tabular.fields import Encoded, Field


def category(shares: list[float] | np.ndarray, name: str = "c") -> Field:
    shares = np.asarray(shares, float)
    return Field(name, name, "categorical", len(shares), None, shares / shares.sum(), np.ones(len(shares), bool))


def number(shares: list[float] | np.ndarray, atoms: list[int] | None = None, name: str = "x") -> Field:
    shares = np.asarray(shares, float)
    atom = np.isin(np.arange(len(shares)), [] if atoms is None else atoms)
    return Field(name, name, "numeric", len(shares), None, shares / shares.sum(), atom)


def test_few_tokens_are_their_own_bins() -> None:
    for field in (category(np.ones(256)), number(np.ones(200))):
        binning = Binning.of(field)
        assert binning.table.tolist() == list(range(field.size))
        assert binning.size == field.size
        assert binning.ordered == (field.kind == "numeric")


def test_many_tokens_of_a_number_share_bins_in_order() -> None:
    binning = Binning.of(number(np.ones(1000)))
    assert binning.size == 256
    assert (np.diff(binning.table.astype(int)) >= 0).all()
    assert np.bincount(binning.table).max() <= 4


def test_the_rarest_levels_of_a_large_category_share_the_last_bin() -> None:
    binning = Binning.of(category(np.arange(400, 0, -1)))
    assert binning.table[:255].tolist() == list(range(255))
    assert set(binning.table[255:]) == {255}
    assert binning.size == 256


def test_features_are_the_bins_of_every_row() -> None:
    fields = [category(np.ones(3)), number(np.ones(1000))]
    encoded = Encoded([np.array([2, 0, 1], np.uint8), np.array([0, 999, 500], np.uint16)], [None, None])
    features = Features.of([Binning.of(f) for f in fields], encoded)
    assert features.bins.tolist() == [[2, 0, 1], [0, 255, 128]]
    assert features.ordered.tolist() == [False, True]
    assert features.sizes.tolist() == [3, 256]
    assert features.take(np.array([2, 0])).bins.tolist() == [[1, 2], [128, 0]]


def test_categories_are_explained_level_by_level_and_rare_ones_count() -> None:
    field = category([0.6, 0.3, 0.1])
    tokens = np.repeat([0, 1, 2], [60, 30, 10]).astype(np.uint8)
    outputs, weights = token_outputs(field, tokens)
    assert outputs.tolist() == np.eye(3)[tokens].tolist()
    assert (outputs.var(axis=0) * weights)[2] < (outputs.var(axis=0) * weights)[0]
    assert weights[2] > weights[1] > 0
    assert weights[2] == pytest.approx(1 / np.sqrt(0.1 * 0.9))


def test_only_the_commonest_levels_are_explained_one_by_one() -> None:
    shares = np.arange(1, 21) / 210.0
    outputs, weights = token_outputs(category(shares), np.arange(20, dtype=np.uint8))
    assert outputs.shape == (20, CLASSES)
    assert weights.shape == (CLASSES,)
    assert set(np.flatnonzero(outputs.any(axis=1))) == set(range(20 - CLASSES, 20))


def test_a_number_is_explained_by_its_rank_and_its_spikes() -> None:
    field = number([0.3, 0.4, 0.2, 0.1], atoms=[1, 3])
    outputs, weights = location_outputs(field, np.array([0, 1, 2, 3], np.uint8))
    assert outputs[:, 0] == pytest.approx([0.15, 0.5, 0.8, 0.95])
    assert outputs[:, 0] == pytest.approx(rank_scores(field))
    assert outputs[:, 1].tolist() == [0, 1, 0, 0]
    assert outputs[:, 2].tolist() == [0, 0, 0, 1]
    assert weights.shape == (3,)


def test_a_residual_is_explained_by_itself_its_size_and_the_spikes() -> None:
    field = number([0.2, 0.5, 0.3], atoms=[0])
    tokens = np.array([0, 1, 2, 2], np.uint8)
    residual = np.array([np.nan, -2.0, 1.0, 3.0])
    outputs, weights = residual_outputs(field, tokens, residual, np.array([True, False, False]))
    assert outputs[:, 0].tolist() == [0, -2, 1, 3]
    assert outputs[:, 1].tolist() == [2, 2, 1, 3]
    assert outputs[:, 2].tolist() == [1, 0, 0, 0]
    assert np.isfinite(outputs).all()
    assert (outputs[:, :2].var(axis=0) * weights[:2]) == pytest.approx(1.0)
