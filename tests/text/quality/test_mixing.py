"""Mixing, and which kinds of real texts are covered."""

from __future__ import annotations

import polars as pl
import pytest

from understudy.core.errors import ArgumentError, DataError
from understudy.text.quality import coverage, mix

REAL = pl.DataFrame({"text": [f"real {k}" for k in range(30)], "label": ["a", "b"] * 15})
MADE = pl.DataFrame({"label": ["a"] * 20, "text": [f"made {k}" for k in range(20)]})


def test_every_row_says_where_it_comes_from() -> None:
    mixed = mix(REAL, MADE, generator="text-ngram", seed=1)
    assert mixed.columns == ["text", "label", "source", "generator", "parent"]
    assert mixed["source"].value_counts(sort=True).rows() == [("real", 30), ("synthetic", 20)]
    for text, source, generator, parent in mixed.select("text", "source", "generator", "parent").rows():
        assert text == f"{'real' if source == 'real' else 'made'} {parent}"
        assert generator == (None if source == "real" else "text-ngram")
    assert mixed.equals(mix(REAL, MADE, generator="text-ngram", seed=1))
    assert not mixed.equals(mix(REAL, MADE, generator="text-ngram", seed=2))


def test_provenance_that_is_there_already_stays() -> None:
    mixed = mix(REAL, MADE.with_columns(generator=pl.lit("llm"), parent=pl.lit("seed 7")))
    assert mixed.filter(source="synthetic").select("generator", "parent").unique().rows() == [("llm", "seed 7")]


def test_shares_and_numbers_are_met_or_refused() -> None:
    assert mix(REAL, MADE, share=0.25, rows=40)["source"].value_counts(sort=True).rows() == [("real", 30), ("synthetic", 10)]
    assert mix(REAL, MADE, share=0.5).height == 40
    assert mix(REAL, MADE, share=0).height == 30
    with pytest.raises(ArgumentError, match="at most 40"):
        mix(REAL, MADE, share=0.5, rows=60)
    with pytest.raises(ArgumentError, match="0 to 1"):
        mix(REAL, MADE, share=2)
    with pytest.raises(ArgumentError, match="needs a share"):
        mix(REAL, MADE, rows=10)
    with pytest.raises(DataError, match='no column "label"'):
        mix(REAL, MADE.drop("label"))


def test_kinds_that_are_missing_are_not_covered() -> None:
    real = ["red apple pie with cream", "fast train to the city"] * 40
    found = coverage(real, ["red apple pie with sugar"] * 10, clusters=2)
    assert found.covered == pytest.approx(0.5)
    assert sorted(found.synthetic) == [0.0, 1.0]
    assert coverage(real, real[:10], clusters=2).covered == 1.0
