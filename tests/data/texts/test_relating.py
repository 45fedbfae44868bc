"""Columns that texts go with are found, and columns of chance are not."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.core.random import Stream
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.relating import FEWEST_TEXTS, Classes, related

RNG = np.random.default_rng(0)
N = 900
TOPIC, MOOD = RNG.integers(0, 4, N), RNG.integers(0, 2, N)
COMMON, OF_TOPIC, OF_MOOD = [f"c{a}x" for a in "abcdefgh"], ["{}ta {}tb".format(*"ab"), "cta", "dta", "eta"], ["bad", "good"]
TEXTS = pl.Series(
    "text",
    [" ".join([*RNG.choice(COMMON, 7), OF_TOPIC[t], OF_MOOD[m] if RNG.random() < 0.8 else ""]) for t, m in zip(TOPIC, MOOD, strict=True)],
)


def found(*offered: np.ndarray, owners: list[int] | None = None) -> Classes:
    return related(Corpus.of_texts(TEXTS, owners, company=5), offered, Stream(1))


def test_what_texts_say_is_found_the_most_telling_first_and_chance_is_left_out() -> None:
    chance = [RNG.integers(0, 5, N) for _ in range(6)]
    classes = found(*chance, MOOD, TOPIC)
    assert [branch.column for branch in classes.branches] == [7, 6]
    assert len(classes) == 8
    rows = classes.of([TOPIC, MOOD], N)
    assert len(set(zip(rows.tolist(), TOPIC.tolist(), MOOD.tolist(), strict=True))) == 8


def test_nothing_is_taken_where_nothing_is_said() -> None:
    assert found(*[RNG.integers(0, k, N) for k in (2, 3, 8, 40)]).branches == ()
    assert len(found()) == 1


def test_small_classes_fall_back_and_unknown_codes_too() -> None:
    rare = np.where(np.arange(N) < FEWEST_TEXTS // 2, 9, TOPIC)
    classes = found(rare)
    assert np.bincount(classes.of([rare], N)).min() >= FEWEST_TEXTS
    assert classes.of([np.array([500])], 1).max() < len(classes)


def test_texts_of_few_owners_are_no_evidence() -> None:
    # Each owner has texts of one topic; told over five owners nothing is certain.
    owners = TOPIC + 1
    assert found(TOPIC, owners=owners.tolist()).branches == ()
