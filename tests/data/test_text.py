"""Free text is put together from what at least five rows share, and from nothing else."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from understudy.core.random import Stream
from understudy.data.regenerator import fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema
from understudy.data.vocabulary import plain_words

COLUMN = ColumnSchema(name="remark", kind="text")
ROWS = np.arange(3000)
RNG = np.random.default_rng(0)
SOURCE = pl.Series(
    [
        f"{a} room in {b} near Zyx{i}"
        for i, (a, b) in enumerate(zip(RNG.choice(["nice", "big"], 400), RNG.choice(["Camden", "Soho"], 400), strict=True))
    ]
)


def test_only_shared_words_and_pairs_appear() -> None:
    made = fit_regenerator(SOURCE, COLUMN, Stream(1)).make(ROWS, Stream(2))
    words = set(" ".join(made.to_list()).split())
    assert words == {"nice", "big", "room", "in", "Camden", "Soho", "near"}
    pairs = {pair for text in made for pair in zip(text.split(), text.split()[1:], strict=False)}
    assert ("room", "in") in pairs
    assert ("in", "room") not in pairs


def test_texts_are_as_long_as_the_source_s() -> None:
    lengths = pl.Series(["one two three four"] * 50 + ["one two"] * 50)
    made = fit_regenerator(lengths, COLUMN, Stream(1)).make(ROWS, Stream(2)).str.split(" ").list.len()
    assert (made == 4).mean() == pytest.approx(0.5, abs=0.05)
    assert (made == 2).mean() == pytest.approx(0.5, abs=0.05)


def test_nothing_rare_is_in_the_model() -> None:
    assert "Zyx" not in json.dumps(fit_regenerator(SOURCE, COLUMN, Stream(1)).to_dict())


def test_texts_that_share_nothing_become_plain_words_and_the_note_says_so() -> None:
    regenerator = fit_regenerator(pl.Series([f"zz{i} qq{i}" for i in range(50)]), COLUMN, Stream(1))
    made = regenerator.make(ROWS, Stream(2))
    assert set(" ".join(made.to_list()).split()) <= set(plain_words())
    assert "share none" in regenerator.notes[0]


def test_a_row_has_the_same_text_in_any_block_and_after_loading() -> None:
    regenerator = fit_regenerator(SOURCE, COLUMN, Stream(1))
    again = regenerator_from_dict(json.loads(json.dumps(regenerator.to_dict())))
    some = ROWS[::-7].copy()
    assert again.make(some, Stream(2)).equals(regenerator.make(ROWS, Stream(2)).gather(some))
