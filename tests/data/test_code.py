"""Codes keep their shapes; what fewer than five rows have is not in the model."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from understudy.core.random import Stream
from understudy.data.inference.words import masks_of
from understudy.data.regenerator import fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema

RNG = np.random.default_rng(0)
SOURCE = pl.Series(
    "cabin",
    [f"{'ABC'[i % 3]}{RNG.integers(10, 99)}" for i in range(600)] + [f"V{RNG.integers(100, 999)}" for _ in range(200)] + ["Q#SECRET-7"],
)
COLUMN = ColumnSchema(name="cabin", kind="code")


def test_shapes_come_as_often_and_characters_place_by_place() -> None:
    made = fit_regenerator(SOURCE, COLUMN, Stream(1)).make(np.arange(20_000), Stream(2))
    assert set(masks_of(made).unique()) == {"A99", "A999"}
    assert (masks_of(made) == "A99").mean() == pytest.approx(0.75, abs=0.02)
    assert set(made.filter(masks_of(made) == "A999").str.slice(0, 1).unique()) == {"V"}


def test_a_rare_shape_leaves_no_trace() -> None:
    state = json.dumps(fit_regenerator(SOURCE, COLUMN, Stream(1)).to_dict())
    assert "#" not in state
    assert "Q" not in state


def test_a_row_has_the_same_code_in_any_block_and_after_loading() -> None:
    regenerator = fit_regenerator(SOURCE, COLUMN, Stream(1))
    again = regenerator_from_dict(json.loads(json.dumps(regenerator.to_dict())))
    rows = np.arange(1000)
    assert again.make(rows[::-3].copy(), Stream(2)).equals(regenerator.make(rows, Stream(2)).gather(rows[::-3]))


def test_a_column_of_one_odd_code_still_gives_codes() -> None:
    made = fit_regenerator(pl.Series(["Z-1"]), COLUMN, Stream(1)).make(np.arange(50), Stream(2))
    assert made.str.contains(r"^[A-Z]-\d$").all()
