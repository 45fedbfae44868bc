from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from understudy.tabular.blur import Blur
from understudy.tabular.fields import Field
from understudy.tabular.levels import Layout, Levels

NULL, LEVELS = 0, 12
SHARES = np.array([0.2, 0.3, *np.full(10, 0.05)])  # NULL, a heavy level, ten light ones
NUMBER = Field("x", "x", "numeric", LEVELS, NULL, SHARES, np.ones(LEVELS, bool))
WORD = Field("c", "c", "categorical", 3, None, np.array([0.5, 0.3, 0.2]), np.ones(3, bool))
LAYOUT = Layout([Levels(NUMBER, np.arange(LEVELS)), Levels(WORD, np.arange(3))], [[0], [1]])


def seen(rows: int, learned: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows by the columns' shares, before and after."""
    rng = np.random.default_rng(0)
    before = LAYOUT.offset + np.stack([rng.choice(LEVELS, rows, p=SHARES), rng.choice(3, rows, p=WORD.shares)], axis=1)
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        return before, Blur(LAYOUT, learned, torch.device("cpu"))(torch.from_numpy(before)).numpy()


def test_numbers_move_to_levels_near_by_and_keep_their_shares() -> None:
    before, after = seen(200_000, 300)
    light = before[:, 0] > 1
    moved = np.abs(after[light, 0] - before[light, 0])
    assert 0.3 < (moved > 0).mean() < 0.9
    assert np.quantile(moved, 0.99) <= 4
    assert np.bincount(after[:, 0], minlength=LEVELS) / len(after) == pytest.approx(SHARES, abs=0.005)


def test_missing_values_and_categories_stay() -> None:
    before, after = seen(5_000, 300)
    assert ((before[:, 0] == NULL) == (after[:, 0] == NULL)).all()
    assert (before[:, 1] == after[:, 1]).all()


def test_the_more_rows_there_are_the_less_they_move() -> None:
    shares = [(before != after).mean() for before, after in (seen(20_000, learned) for learned in (300, 5_000, 50_000))]
    assert shares[0] > shares[1] > shares[2] == 0


def test_a_table_without_numbers_is_seen_as_it_is() -> None:
    rows = torch.tensor([[0], [2]])
    assert Blur(Layout([Levels(WORD, np.arange(3))], [[0]]), 100, torch.device("cpu"))(rows) is rows
