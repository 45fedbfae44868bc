"""A model that gives its texts away is found out on halves; one that does not is not accused."""

from __future__ import annotations

import numpy as np

from understudy.core.random import Stream
from understudy.text.ngram.recognition import recognition

WORDS = [f"{a}{b}" for a in "bcdfghklmnprst" for b in "aeiou"]


def texts(n: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 9)) for _ in range(n)]


def test_copies_are_recognised_and_fresh_texts_are_not() -> None:
    learned, documents = texts(600, 0), np.arange(600)
    copies = recognition(learned, documents, lambda rows: [learned[i] for i in rows.tolist()], Stream(0))
    assert copies is not None
    assert copies.texts == 300
    assert copies.auc.value > 0.99
    assert "Too few texts" in str(copies.in_words)
    assert "phrases" in str(copies.in_words)
    fresh = recognition(learned, documents, lambda rows: texts(len(rows), 1), Stream(0))
    assert fresh is not None
    assert fresh.auc.interval[0] < 0.55
    assert fresh.in_words is None


def test_all_texts_of_one_document_are_in_one_half() -> None:
    documents = np.repeat(np.arange(100), 4)
    halves: list[np.ndarray] = []

    def drawn(rows: np.ndarray) -> list[str]:
        halves.append(rows)
        return texts(len(rows), 1)

    assert recognition(texts(400, 0), documents, drawn, Stream(0)) is not None
    assert len(halves[0]) == 200
    assert (np.bincount(documents[halves[0]])[np.unique(documents[halves[0]])] == 4).all()


def test_nothing_is_said_of_few_texts_or_where_nothing_can_be_drawn() -> None:
    assert recognition(texts(100, 0), np.arange(100), lambda rows: texts(len(rows), 1), Stream(0)) is None
    assert recognition(texts(400, 0), np.arange(400), lambda rows: [], Stream(0)) is None
    assert recognition(texts(400, 0), np.zeros(400, np.int64), lambda rows: texts(len(rows), 1), Stream(0)) is None
