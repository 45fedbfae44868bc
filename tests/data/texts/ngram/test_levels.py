"""What is drawn down the levels has the frequencies of what was learned, and no event of too few documents."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.data.keyed import words
from understudy.data.table import as_table
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.ngram.choosing import Taste
from understudy.data.texts.ngram.levels import Levels, Occurrences, Step, mixed, table_of
from understudy.data.texts.ngram.sampling import draw

WORDS = "the a film story actor scene plays long dull bright clever slow fine poor great little".split()


def corpus(n: int = 400) -> Corpus:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, rng.integers(5, 12), p=_zipf(len(WORDS)))) for _ in range(n)]
    return Corpus.of(as_table(pl.DataFrame({"text": texts, "label": ["a", "b"] * (n // 2)})), "text", "label")


def _zipf(n: int) -> np.ndarray:
    weights = 1 / np.arange(1, n + 1)
    return weights / weights.sum()


def drawn(found: Corpus, steps: list[Step], n: int = 20_000, run: int = 99) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    levels = Levels.fit(Occurrences.of(found), steps)
    size = len(found.vocabulary)
    labels = np.arange(n) % 2
    taste = Taste.none(2, size, 60)
    tokens, starts = draw(levels, taste, labels, size, longest=60, candidates=1, run=run, keys=words(np.arange(len(labels)), np.uint64(1)))
    return tokens, starts, labels


STEPS = [Step(4, True, 2, 0.3), Step(3, True, 2, 0.3), Step(2, True, 1, 0.3), Step(1, True, 1, 0.3), Step(1, False, 1, 0.0)]


def test_words_and_pairs_keep_their_frequencies_whatever_is_withheld() -> None:
    found = corpus()
    size = len(found.vocabulary)
    tokens, starts, _ = drawn(found, STEPS)
    real = np.bincount(found.tokens, weights=np.repeat(found.weights, np.diff(found.starts)), minlength=size)
    made = np.bincount(tokens, minlength=size)
    assert made / made.sum() == pytest.approx(real / real.sum(), abs=0.012)
    assert np.diff(starts).mean() == pytest.approx(np.average(np.diff(found.starts), weights=found.weights), rel=0.05)


def test_only_runs_that_two_documents_share_are_followed_beyond_pairs() -> None:
    found = corpus()
    levels = Levels.fit(Occurrences.of(found), [Step(4, False, 2, 0.0), Step(1, False, 1, 0.0)])
    occurrences = Occurrences.of(found)
    documents: dict[tuple[int, ...], set[int]] = {}
    for run in zip(*occurrences.before, occurrences.words, occurrences.documents, strict=True):
        documents.setdefault(tuple(map(int, run[:4])), set()).add(int(run[4]))
    shared = sum(len(held) >= 2 for held in documents.values())
    unigrams = len(found.vocabulary) + 1
    assert shared > 50
    assert len(levels.followers) == shared + unigrams


def test_what_too_few_documents_say_is_said_by_kinds_of_words() -> None:
    first, second = [f"{a}o" for a in "bcdfghklmn"], [f"{a}i" for a in "bcdfghklmn"]
    rng = np.random.default_rng(0)
    texts = [" ".join(f"{rng.choice(first)} {rng.choice(second)}" for _ in range(4)) for _ in range(300)]
    found = Corpus.of(as_table(pl.DataFrame({"text": texts})), "text")
    size = len(found.vocabulary)
    groups = np.array([0 if piece.endswith("o") else 1 for piece in found.vocabulary] + [2, 3])
    withheld, kinds, single = Step(2, False, 301, 0.0), Step(2, False, 2, 0.0, grouped=True), Step(1, False, 1, 0.0)
    wrong = {}
    for name, steps in (("kinds", [withheld, kinds, single]), ("single", [withheld, single])):
        levels = Levels.fit(Occurrences.of(found), steps, groups)
        again = Levels.from_arrays(levels.steps, levels.arrays())
        keys = words(np.arange(2000), np.uint64(1))
        tokens, starts = draw(again, Taste.none(1, size, 60), np.zeros(2000, np.int64), size, longest=60, candidates=1, run=9, keys=keys)
        inside = np.setdiff1d(np.arange(1, len(tokens)), starts)
        wrong[name] = (groups[tokens[inside]] == groups[tokens[inside - 1]]).mean()
    assert wrong["kinds"] == 0
    assert wrong["single"] > 0.3


def test_no_more_words_in_a_row_come_from_long_contexts_than_allowed() -> None:
    texts = ["one two three four five six seven eight nine ten", *[f"{a} {b}" for a in WORDS for b in WORDS[:2]]]
    rows = [*texts[:1], texts[0].replace("one", "a"), *texts[1:]] * 1
    found = Corpus.of(as_table(pl.DataFrame({"text": rows, "label": ["a", "b"] * (len(rows) // 2)})), "text", "label")
    whole = np.diff(drawn(found, STEPS, 4000)[1]).max()
    capped = drawn(found, [Step(4, True, 1, 0.0), Step(1, False, 1, 0.0)], 4000, run=2)
    assert whole >= 5
    order = [found.vocabulary[t].strip() for t in capped[0]]
    runs = sum(order[i : i + 5] == "two three four five six".split() for i in range(len(order)))
    assert runs == 0


def test_keys_are_found_again_and_others_are_not() -> None:
    from understudy.data.texts.ngram.levels import found_at

    keys = mixed(np.arange(1000, dtype=np.uint64))
    slots = table_of(keys)
    assert [found_at(keys, slots, key) for key in keys[:50]] == list(range(50))
    assert found_at(keys, slots, np.uint64(12345)) == -1
