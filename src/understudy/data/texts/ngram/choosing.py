"""Which of several texts drawn for a row is kept: the one that looks most like what was learned, by chance.

Draws that are weighed by exp(t(x)), where t is a classifier's log-odds of real against drawn, follow the real law as far as the
classifier can see (Azadi et al., "Discriminator rejection sampling", ICLR 2019; Grover et al. 2019). The classifier here sees words, pairs
of words that enough documents share, and the length; it is fitted again on what the former choice lets through, and the log-odds add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.ngram.levels import Occurrences, table_of
from understudy.data.texts.ngram.sampling import pair_keys_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

LENGTH_STEPS = 24
PENALTY = 1.0
DRAWN_FOR_LENGTHS = 4_000
FEWEST_JUDGED = 200
"""Texts that a label needs to be judged by itself."""


@dataclass(frozen=True)
class Taste:
    """Log-odds: of a word words[group, w], of a pair pairs[number of its key], both over the root of the length, and of the length itself.

    ``groups`` (classes,): which labels are judged together.
    """

    groups: Integers
    words: Floats
    lengths: Floats
    pair_keys: Words
    pair_slots: NDArray[np.int32]
    pairs: Floats

    @classmethod
    def none(cls, classes: int, words: int, longest: int) -> Self:
        keys = np.zeros(0, np.uint64)
        return cls(np.zeros(classes, np.int64), np.zeros((1, words)), np.zeros((1, longest + 1)), keys, table_of(keys), np.zeros(0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"groups": self.groups, "words": self.words, "lengths": self.lengths, "pair_keys": self.pair_keys, "pairs": self.pairs}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        keys = arrays["pair_keys"]
        return cls(arrays["groups"], arrays["words"], arrays["lengths"], keys, table_of(keys), arrays["pairs"])


Drawing = Callable[[Taste, Integers, Stream], tuple[Integers, Integers]]
"""Gives texts under a taste, for labels: tokens one after another, and where each text starts."""


@dataclass(frozen=True)
class Texts:
    """Texts as tokens: text i is tokens[starts[i]:starts[i + 1]]; with labels and weights."""

    tokens: Integers
    starts: Integers
    labels: Integers
    weights: Floats


def fit_taste(
    real: Texts, draw: Drawing, pairs: Integers, groups: Integers, words: int,
    longest: int, *, rounds: int, stream: Stream,
) -> Taste:  # fmt: skip
    """The taste after some rounds.

    Args:
        draw: gives texts under a taste, for labels.
        pairs: (p, 2) the pairs of words that may be looked at.
        groups: (classes,) which labels are judged together.
    """
    judge = _Judge(pairs, groups, words, longest)
    taste = judge.taste()
    for turn in range(rounds):
        labels = real.labels
        tokens, starts = draw(taste, labels, stream.child("draw", turn))
        judge.learn(real, Texts(tokens, starts, labels, np.ones(len(labels))))
        taste = judge.taste()
    return taste


def taste_of(
    corpus: Corpus, company: int, longest: int, draw: Drawing, stream: Stream, most: int
) -> Taste:  # fmt: skip
    """The taste for a corpus's texts, learned from at most ``most`` of them; labels of enough texts are judged by themselves."""
    rows = np.arange(corpus.texts)
    if len(rows) > most:
        rows = np.sort(stream.child("judged").generator().choice(rows, most, replace=False))
    counts = np.bincount(corpus.labels[rows], minlength=corpus.classes)
    alone = np.flatnonzero(counts >= FEWEST_JUDGED)
    groups = np.zeros(corpus.classes, np.int64)
    groups[alone] = np.arange(len(alone)) + (len(alone) < corpus.classes)
    lengths = np.diff(corpus.starts)[rows]
    places = np.repeat(corpus.starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    starts = np.concatenate([[0], np.cumsum(lengths)])
    real = Texts(corpus.tokens[places].astype(np.int64), starts, corpus.labels[rows], corpus.weights[rows])
    pairs = shared_pairs(corpus, max(company, 2))
    return fit_taste(real, draw, pairs, groups, len(corpus.vocabulary), longest, rounds=1, stream=stream.child("taste"))


def taste_of_lengths(
    wanted: Floats, draw: Drawing, words: int, stream: Stream
) -> Taste:  # fmt: skip
    """A taste for lengths alone: (classes, longest + 1) shares that each label's texts should have."""
    classes, longest = len(wanted), wanted.shape[1] - 1
    blank = Taste.none(classes, words, longest)
    labels = np.repeat(np.arange(classes), DRAWN_FOR_LENGTHS)
    lengths = np.minimum(np.diff(draw(blank, labels, stream)[1]), longest)
    edges = np.unique(np.round(np.geomspace(1, longest, LENGTH_STEPS)).astype(np.int64))
    step = np.maximum(np.searchsorted(edges, np.arange(longest + 1), side="right") - 1, 0)
    odds = np.zeros((classes, longest + 1))
    for k in range(classes):
        real = np.bincount(step, wanted[k])
        made = np.bincount(step[lengths[labels == k]], minlength=len(real)) + 1.0
        odds[k] = np.log((real + 1e-6) / (made / made.sum()))[step]
    return replace(blank, groups=np.arange(classes), words=np.zeros((classes, words)), lengths=odds)


class _Judge:
    def __init__(self, pairs: Integers, groups: Integers, words: int, longest: int) -> None:
        self.groups, self.words, self.longest = groups, words, longest
        count = int(groups.max()) + 1
        self.pair_codes = np.sort(pairs[:, 0] * (words + 2) + pairs[:, 1])
        self.edges = np.unique(np.round(np.geomspace(1, longest, LENGTH_STEPS)).astype(np.int64))
        self.weights = np.zeros((count, words + len(self.pair_codes) + len(self.edges)))

    def learn(self, real: Texts, drawn: Texts) -> None:
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        features = [self._features(texts) for texts in (real, drawn)]
        group = self.groups[real.labels]
        for g in range(len(self.weights)):
            rows = np.flatnonzero(group == g)
            if not len(rows):
                continue
            X = vstack([f[rows] for f in features])
            y = np.repeat([1, 0], len(rows))
            weight = np.concatenate([real.weights[rows] * len(rows) / real.weights[rows].sum(), np.ones(len(rows))])
            model = LogisticRegression(C=PENALTY, solver="liblinear", random_state=0, max_iter=200)
            self.weights[g] += model.fit(X, y, sample_weight=weight).coef_[0]

    def _features(self, texts: Texts) -> Any:
        from scipy.sparse import coo_matrix, hstack

        lengths = np.diff(texts.starts)
        row = np.repeat(np.arange(len(lengths)), lengths)
        scale = 1 / np.sqrt(np.maximum(lengths, 1))[row]
        before = np.concatenate([[self.words + 1], texts.tokens[:-1]])
        before[texts.starts[:-1][lengths > 0]] = self.words + 1
        heard = texts.tokens >= 0
        code = np.where(heard & (before >= 0), before * (self.words + 2) + texts.tokens, -1)
        place = np.minimum(np.searchsorted(self.pair_codes, code), len(self.pair_codes) - 1) if len(self.pair_codes) else code * 0
        known = self.pair_codes[place] == code if len(self.pair_codes) else np.zeros(len(code), bool)
        n = len(lengths)
        words = coo_matrix((scale[heard], (row[heard], texts.tokens[heard])), shape=(n, self.words))
        pairs = coo_matrix((scale[known], (row[known], place[known])), shape=(n, len(self.pair_codes)))
        steps = np.searchsorted(self.edges, np.minimum(lengths, self.longest), side="right") - 1
        length = coo_matrix((np.ones(n), (np.arange(n), np.maximum(steps, 0))), shape=(n, len(self.edges)))
        return hstack([words, pairs, length]).tocsr()

    def taste(self) -> Taste:
        count, pairs = len(self.weights), len(self.pair_codes)
        before, word = np.divmod(self.pair_codes, self.words + 2)
        keys = np.concatenate([pair_keys_of(g, before, word) for g in range(count)]) if pairs else np.zeros(0, np.uint64)
        steps = np.maximum(np.searchsorted(self.edges, np.arange(self.longest + 1), side="right") - 1, 0)
        values = self.weights[:, self.words : self.words + pairs].reshape(-1)
        lengths = self.weights[:, self.words + pairs :][:, steps]
        return Taste(
            self.groups, np.ascontiguousarray(self.weights[:, : self.words]), np.ascontiguousarray(lengths), keys, table_of(keys), values
        )


def shared_pairs(corpus: Corpus, company: int) -> Integers:
    """(p, 2) the pairs of words in a row that `company` documents share; the word V + 1 stands before the beginning."""
    found, size = Occurrences.of(corpus, order=2), len(corpus.vocabulary) + 2
    inside = found.words < size - 2
    code = (found.before[0] * size + found.words)[inside]
    held = np.unique(np.stack([code, found.documents[inside]]), axis=1)[0]
    codes, counts = np.unique(held, return_counts=True)
    return np.stack(np.divmod(codes[counts >= company], size), axis=1)
