"""Texts put together byte by byte come back as they were meant."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.data import composed
from understudy.data.composed import DIGIT, HIGH, LETTER, NUMBER, Patterns, TextPool, joined_texts

TEXTS = ["", "a", "twelve bytes", "thirteen byte", "Zürich", "東京都", "x" * 300, "é" * 6, "é" * 7]


def test_texts_of_every_length_are_joined() -> None:
    pool = TextPool.of(TEXTS)
    first, second = (np.random.default_rng(i).integers(0, len(TEXTS), 500).astype(np.int32) for i in (1, 2))
    made = joined_texts([pool, pool], [first, second], "-")
    assert made.to_list() == [f"{TEXTS[a]}-{TEXTS[b]}" for a, b in zip(first, second, strict=True)]
    assert made.str.to_uppercase().to_list()[:50] == [text.upper() for text in made.to_list()[:50]]


def test_patterns_are_filled_with_what_their_places_take() -> None:
    patterns = Patterns.of([[f"A{DIGIT}{HIGH}-{LETTER}", "plain"], [f"Straße {NUMBER}"]], [1, 120])
    codes = np.tile(np.array([0, 1], dtype=np.int32), 20_000)
    made = patterns.fill(np.arange(40_000), np.uint64(5), codes)
    zero, one = made.filter(pl.Series(codes == 0)), made.filter(pl.Series(codes == 1))
    assert zero.str.contains(r"^(A\d[2-9]-[ABDEGHJLNPRTWXZ]|plain)$").all()
    assert (zero == "plain").mean() == pytest.approx(0.5, abs=0.02)
    numbers = one.str.extract(r"^Straße (\d+)$").cast(pl.Int64)
    assert numbers.min() == 1
    assert numbers.max() <= 120  # type: ignore[operator]
    assert numbers.median() < 40  # type: ignore[operator]


def test_parts_of_a_long_column_are_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = Patterns.of([[DIGIT * 14]])
    rows, codes = np.arange(1000), np.zeros(1000, np.int32)
    whole = patterns.fill(rows, np.uint64(1), codes)
    monkeypatch.setattr(composed, "_MOST_ROWS", 300)
    assert patterns.fill(rows, np.uint64(1), codes).equals(whole)


def test_no_rows_are_no_texts() -> None:
    assert Patterns.of([["x"]]).fill(np.arange(0), np.uint64(1), np.zeros(0, np.int32)).to_list() == []
