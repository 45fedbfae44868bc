"""Planted canaries: what is planted, and that what is remembered shows while what is not does not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from tests.evaluate.texts import planted_texts as planted

from understudy.core.errors import ArgumentError, DataError
from understudy.evaluate.policy import Policy
from understudy.evaluate.texts import evaluate_texts, exposure, plant

CORPUS = planted.texts(300, 5)


def test_canaries_stand_in_the_corpus_as_often_as_asked() -> None:
    made = plant(CORPUS, n=6, repeats=[1, 10], seed=2)
    texts = made.corpus["text"].to_list()
    assert made.corpus.height == 300 + 33
    assert [canary.repeats for canary in made.canaries] == [1, 10] * 3
    assert all(texts.count(canary.text) == canary.repeats for canary in made.canaries)
    assert set(made.corpus["label"].unique()) == {"good", "bad"}


def test_a_canary_begins_as_a_real_text_does_and_ends_as_none_does() -> None:
    for canary in plant(CORPUS, n=8, seed=2).canaries:
        assert any(text.startswith(canary.prefix) for text in CORPUS["text"])
        assert not any(canary.secret in text for text in CORPUS["text"])


def test_equal_seeds_plant_equal_canaries_and_others_others() -> None:
    one, same, other = (plant(CORPUS["text"].to_list(), n=3, seed=seed) for seed in (1, 1, 2))
    assert one.canaries == same.canaries
    assert one.corpus == same.corpus
    assert one.canaries != other.canaries


@pytest.mark.parametrize("secret", ["words", "code"])
def test_a_model_that_repeats_its_training_texts_is_exposed(secret: str) -> None:
    made = plant(CORPUS, n=5, seed=3, secret=secret)
    found = exposure(made.canaries, made.corpus)
    assert found.found == 5
    assert found.mean == pytest.approx(found.most, abs=0.2)
    assert found.figure(Policy()).verdict == "fail"


def test_texts_that_never_saw_the_canaries_show_what_guessing_gives() -> None:
    made = plant(CORPUS, n=40, seed=4)
    found = exposure(made.canaries, planted.texts(300, 6)["text"].to_list())
    assert found.found == 0
    assert found.mean == pytest.approx(1 / math.log(2), abs=0.8)
    assert found.figure(Policy()).verdict == "pass"


def test_a_model_that_scores_texts_is_asked_itself() -> None:
    made = plant(CORPUS, n=3, seed=5)

    class Remembers:
        def log_probability(self, texts: Sequence[str]) -> list[float]:
            return [0.0 if text in {canary.text for canary in made.canaries} else -9.0 for text in texts]

    assert exposure(made.canaries, Remembers()).mean == pytest.approx(10.0)


def test_canaries_are_judged_with_the_texts() -> None:
    made = plant(CORPUS, n=5, repeats=10, seed=3)
    leaked = pl.concat([planted.texts(200, 8), made.corpus.sample(60, seed=1)])
    found = evaluate_texts(made.corpus, leaked, text="text", holdout=planted.texts(200, 9), canaries=made.canaries)
    assert found.figure("canary_exposure").verdict == "fail"


def test_what_cannot_be_planted_is_refused() -> None:
    with pytest.raises(ArgumentError, match="1 or more"):
        plant(CORPUS, n=0)
    with pytest.raises(ArgumentError, match="1 or more"):
        plant(CORPUS, repeats=[1, 0])
    with pytest.raises(DataError, match="too few texts"):
        plant(["a", "b"])
    with pytest.raises(DataError, match='Did you mean "label"'):
        plant(CORPUS, text="lable")
    with pytest.raises(ArgumentError, match="no canaries"):
        exposure([], CORPUS)


def test_ties_count_half() -> None:
    canary = plant(CORPUS, n=1, seed=1).canaries

    class Knows:
        def log_probability(self, texts: Sequence[str]) -> np.ndarray:
            return np.zeros(len(texts))

    assert exposure(canary, Knows()).mean == pytest.approx(1.0, abs=0.01)
