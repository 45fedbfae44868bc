"""The private variant: noise where it must be, thresholds that hold back what one unit alone has, and a record that tells no counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy as us
from understudy.core.errors import ArgumentError
from understudy.core.gaussian_mechanism import delta_at
from understudy.text import NgramText
from understudy.text.ngram.private import NORMS, SHARES, UNKNOWN, Release, _cut, threshold

GOOD, BAD = "warm bright clever funny moving fresh".split(), "dull slow stale cold clumsy flat".split()
PLAIN = "the a film story and with it is of scenes actors ending plot .".split()


def reviews(n: int = 1500) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    stars = rng.choice(["good", "bad"], n)
    texts = [" ".join(rng.choice([*PLAIN, *(GOOD if s == "good" else BAD)], rng.integers(6, 14))) for s in stars]
    return pl.DataFrame({"review": texts, "stars": stars})


def test_the_releases_together_keep_the_promise() -> None:
    release = Release(2.0, 1e-5)
    strength = np.sqrt(sum((NORMS[what] / release.noise(what)) ** 2 for what in SHARES))
    assert delta_at(2.0, float(strength)) <= 0.5e-5 * 1.001
    assert sum(SHARES.values()) == pytest.approx(1)
    assert sum(UNKNOWN.values()) == pytest.approx(1)


def test_what_one_unit_holds_alone_passes_no_more_often_than_delta_allows() -> None:
    rng = np.random.default_rng(0)
    for items in (1, 10, 100):
        passes = threshold(2.0, 1.0, 100, 0.02)
        out = (rng.normal(1 / np.sqrt(items), 2.0, (20_000, items)) >= passes).any(axis=1)
        assert out.mean() <= 0.02 * 1.2


def test_no_unit_counts_for_more_than_the_norm_and_the_number_of_items_allow() -> None:
    for what in ("labels", "pieces", "words", "pairs"):
        vector = _cut(((i % 300, 1.0) for i in range(5000)), what)
        assert np.sqrt(sum(v * v for v in vector.values())) <= NORMS[what] + 1e-9
    assert len(_cut(((i, 1.0) for i in range(5000)), "pieces")) == 100


def test_words_still_belong_to_their_labels(tmp_path: Path) -> None:
    model = NgramText(epsilon=8).fit(reviews(), text="review", label="stars")
    made = model.sample(1000)
    for stars, own, other in (("good", GOOD, BAD), ("bad", BAD, GOOD)):
        words = " ".join(made.filter(stars=stars)["review"].to_list()).split()
        assert sum(word in own for word in words) > 2 * sum(word in other for word in words)
    model.save(tmp_path / "m.understudy")
    assert us.load(tmp_path / "m.understudy").sample(50).equals(made.head(50))


def test_one_text_or_one_owner_leaves_no_trace() -> None:
    data = reviews().with_columns(owner=pl.int_range(pl.len()).cast(pl.String))
    more = pl.DataFrame({"review": ["my zalvorine is QX7-9921"] * 200, "stars": "only mine", "owner": "me"})
    model = NgramText(epsilon=8).fit(pl.concat([data, more]), text="review", label="stars", owner="owner")
    assert model.levels is not None
    assert model.levels.to_list() == ["bad", "good"]
    assert not any("zalvorine" in piece or "9921" in piece for piece in model.fills.vocabulary)


def test_the_record_tells_the_promise_and_no_counts() -> None:
    data = pl.concat([reviews(), pl.DataFrame({"review": [None] * 7 + ["a cafe\u0301"], "stars": ["good"] * 8}, schema=reviews().schema)])
    record = NgramText(epsilon=3, delta=1e-6).fit(data, text="review", label="stars").record
    assert record is not None
    assert record.figures["privacy"]["epsilon"] == 3
    assert [part["release"] for part in record.figures["privacy"]["releases"]] == ["labels", "pieces", "words", "pairs", "lengths"]
    assert not any(word in json.dumps([record.decisions, record.notes]) for word in ("1,501", "1,508", "7 rows", "1 texts"))


def test_two_fits_differ_because_the_noise_takes_no_seed() -> None:
    first, second = (NgramText(epsilon=1).fit(reviews(400), text="review", label="stars", seed=1) for _ in range(2))
    assert first.shares.tolist() != second.shares.tolist()


def test_promises_that_are_none_are_refused() -> None:
    with pytest.raises(ArgumentError, match="epsilon"):
        NgramText(epsilon=0)
    with pytest.raises(ArgumentError, match="delta"):
        NgramText(epsilon=1, delta=1)
