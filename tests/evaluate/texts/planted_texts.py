"""A population of labelled texts of which any number of fresh ones can be drawn, and sets with planted faults whose verdict is known."""

from __future__ import annotations

import numpy as np
import polars as pl

_WORDS = 900
_FOLLOWERS = 14
_MARKS = 40


def _language() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words, and for each the words that may follow with their probabilities: the same for all texts."""
    rng = np.random.default_rng(7)
    sounds = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words: list[str] = []
    while len(words) < _WORDS:
        word = "".join(rng.choice(sounds, rng.integers(1, 4)))
        if word not in words:
            words.append(word)
    frequency = 1 / np.arange(1, _WORDS + 1)
    frequency /= frequency.sum()
    followers = np.stack([rng.choice(_WORDS, _FOLLOWERS, replace=False, p=frequency) for _ in range(_WORDS)])
    return words, followers, rng.dirichlet(np.full(_FOLLOWERS, 0.7), _WORDS)


LANGUAGE = _language()


def texts(rows: int, seed: int) -> pl.DataFrame:
    """Columns text and label ("good", "bad"); which words mark a text tells its label."""
    words, followers, chances = LANGUAGE
    rng = np.random.default_rng(seed)
    made, labels = [], []
    for _ in range(rows):
        good = rng.random() < 0.6
        word = int(rng.integers(60))
        text = [words[word]]
        for _ in range(int(rng.integers(10, 28))):
            if rng.random() < 0.12:
                word = _WORDS - 1 - int(rng.integers(_MARKS)) - (_MARKS if good else 0)
            else:
                word = int(followers[word][rng.choice(_FOLLOWERS, p=chances[word])])
            text.append(words[word])
        made.append(" ".join(text))
        labels.append("good" if good else "bad")
    return pl.DataFrame({"text": made, "label": labels})


def full_copy(train: pl.DataFrame) -> pl.DataFrame:
    return train.sample(fraction=1.0, shuffle=True, seed=1)


def jittered_copy(train: pl.DataFrame) -> pl.DataFrame:
    """Every training text with one word in ten replaced."""
    rng = np.random.default_rng(1)
    words = LANGUAGE[0]
    replaced = [" ".join(word if rng.random() > 0.1 else words[rng.integers(_WORDS)] for word in text.split()) for text in train["text"]]
    return train.with_columns(text=pl.Series(replaced))


def some_verbatim(train: pl.DataFrame) -> pl.DataFrame:
    """Fresh texts, five per cent of them replaced by training texts."""
    count = train.height // 20
    return pl.concat([train.sample(count, seed=1), fresh_real(train)[count:]])


def word_salad(train: pl.DataFrame) -> pl.DataFrame:
    return shuffled_words(fresh_real(train))


def shuffled_words(frame: pl.DataFrame) -> pl.DataFrame:
    """The words of each text in another order."""
    rng = np.random.default_rng(1)
    return frame.with_columns(text=pl.Series([" ".join(rng.permutation(text.split())) for text in frame["text"].to_list()]))


def one_text(train: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([train[:1]] * train.height)


def wrong_labels(train: pl.DataFrame) -> pl.DataFrame:
    return fresh_real(train).with_columns(label=pl.col("label").shuffle(seed=1))


def fresh_real(train: pl.DataFrame) -> pl.DataFrame:
    return texts(train.height, 99)
