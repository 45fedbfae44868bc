"""What texts have in common: each quick way gives what the plain way gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.texts import planted_texts as planted

from understudy.core.random import Stream
from understudy.text.likeness.classifier import TextClassifier
from understudy.text.likeness.grams import grams
from understudy.text.likeness.kneser_ney import KneserNey
from understudy.text.likeness.minhash import near_in, shingles, stars
from understudy.text.likeness.runs import longest_runs
from understudy.text.likeness.vectors import Directions, Tfidf, bag, nearest_likeness
from understudy.text.likeness.words import Tokens, Vocabulary, characters, normalized, words

CORPUS = st.lists(st.text("ab", max_size=9), min_size=1, max_size=6)


def encoded(*corpora: list[str]) -> list[Tokens]:
    vocabulary = Vocabulary()
    return [vocabulary.encode(texts) for texts in corpora]


def letters(texts: list[str]) -> Tokens:
    """Each letter a token."""
    return encoded([" ".join(text) for text in texts])[0]


def test_words_keep_apostrophes_and_part_signs_and_scripts_without_spaces() -> None:
    assert words("Don't stop, e-mail me!") == ["don't", "stop", ",", "e-mail", "me", "!"]
    assert words("你好 ok") == ["你", "好", "ok"]
    assert normalized("  ＡＢ\tc\n") == "ab c"


@given(CORPUS, st.integers(1, 4))
def test_grams_are_counted_as_tuples_are(texts: list[str], n: int) -> None:
    plain = Counter((k, tuple(text[i : i + n])) for k, text in enumerate(texts) for i in range(len(text) - n + 1))
    found = grams(letters(texts), n)
    assert sorted(Counter(zip(found.owner.tolist(), found.codes.tolist(), strict=True)).values()) == sorted(plain.values())


@given(CORPUS, CORPUS)
@settings(deadline=None)
def test_longest_runs_are_those_found_by_trying_all(reference: list[str], asked: list[str]) -> None:
    both = letters(reference + asked)
    found = longest_runs(both.head(len(reference)), both.take(np.arange(len(reference), len(both))))
    for k, text in enumerate(asked):
        runs = [text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)]
        longest = max((len(run) for run in runs if any(run in other for other in reference)), default=0)
        assert found.length[k] == longest
        if longest:
            run = text[found.start[k] : found.start[k] + longest]
            assert run in reference[found.source[k]]


def test_taking_documents_keeps_their_words() -> None:
    tokens = encoded(["a b c", "", "d", "a d"])[0]
    taken = tokens.take(np.array([3, 0]))
    assert [taken.ids[taken.starts[k] : taken.starts[k + 1]].tolist() for k in range(2)] == [[0, 3], [0, 1, 2]]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("begun", ["a b", "a", "b b c c", "c c c a b", ""])
def test_probabilities_of_all_that_may_follow_sum_to_one(order: int, begun: str) -> None:
    vocabulary = Vocabulary()
    learned = vocabulary.encode(["a b a c", "a b b", "c a", "d"])
    model = KneserNey(learned, len(vocabulary), order=order)
    continued = [model.probabilities(vocabulary.encode([f"{begun} {word}"]))[-2] for word in "abcd"]
    ended = model.probabilities(vocabulary.encode([begun]))[-1]
    assert sum(continued) + ended == pytest.approx(1.0)


def test_a_model_finds_its_own_texts_likelier_than_fresh_ones_and_those_than_shuffled_ones() -> None:
    train, fresh = planted.texts(300, 1), planted.texts(300, 2)
    salad = planted.word_salad(train)
    learned, own, salted = encoded(train["text"].to_list(), fresh["text"].to_list(), salad["text"].to_list())
    model = KneserNey(learned, 900)

    def perplexity(tokens: Tokens) -> float:
        sums, lengths = model.log_probabilities(tokens)
        return float(np.exp(-sums.sum() / lengths.sum()))

    assert perplexity(learned) < perplexity(own) < perplexity(salted)


def test_near_duplicates_are_found_and_verified() -> None:
    base = planted.texts(200, 1)["text"].to_list()
    near = [text + " zzz" for text in base[:50]]
    far = planted.texts(50, 2)["text"].to_list()
    one, other = (shingles(tokens) for tokens in encoded(base, near + far))
    likeness, where = near_in(other, one, 0.8)
    assert where[:50].tolist() == list(range(50))
    assert np.all(where[50:] == -1)
    assert likeness[0] == pytest.approx(_jaccard(base[0], near[0]))


def _jaccard(one: str, other: str) -> float:
    sets = [{tuple(text.split()[k : k + 3]) for k in range(len(text.split()) - 2)} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_a_chain_of_likeness_is_no_cluster() -> None:
    words_of = planted.texts(1, 3)["text"][0].split() + planted.texts(1, 4)["text"][0].split() + planted.texts(1, 5)["text"][0].split()
    # Windows that overlap with the next by nine tenths, and with the last hardly at all.
    chain = [" ".join(words_of[k : k + 30]) for k in range(0, len(words_of) - 30, 2)]
    likeness, center = stars(shingles(encoded(chain)[0]), 0.8)
    dropped = np.flatnonzero(center >= 0)
    assert 0 < len(dropped) < len(chain) - 1
    assert np.all(center[center[dropped]] == -1)
    assert all(_jaccard(chain[k], chain[center[k]]) >= 0.8 for k in dropped)
    assert np.all(likeness[dropped] >= 0.8)


def test_many_equal_texts_are_one_star() -> None:
    _, center = stars(shingles(encoded(["a b c d"] * 500)[0]), 0.8)
    assert center.tolist() == [-1, *[0] * 499]


def test_vectors_of_equal_texts_are_equal_and_the_nearest_is_itself() -> None:
    tokens = encoded(planted.texts(80, 1)["text"].to_list())[0]
    vectors = Tfidf(bag(tokens))(bag(tokens))
    assert nearest_likeness(vectors, vectors) == pytest.approx(np.ones(80))
    rows = Directions(vectors, 10, Stream(0))(vectors)
    assert rows.shape == (80, 10)


def test_characters_are_code_points_between_spaces() -> None:
    assert "".join(chr(point) for point in characters(["Ab", "é"]).ids) == " ab  é "


def test_the_classifier_learns_what_can_be_learned() -> None:
    train, test = planted.texts(400, 1), planted.texts(200, 2)
    learned, asked = (bag(tokens) for tokens in encoded(train["text"].to_list(), test["text"].to_list()))
    truth = (test["label"] == "good").to_numpy()
    guess = TextClassifier(learned, (train["label"] == "good").to_numpy().astype(np.int64), 2).predict(asked)
    assert (guess == truth).mean() > 0.75
    alone = TextClassifier(learned, np.ones(400, np.int64), 3)
    assert set(alone.predict(asked).tolist()) == {1}
