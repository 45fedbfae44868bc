"""What of a row its text goes with: classes of rows, by the columns that say most about the texts' words.

Columns are taken one after another, the best first. How much one says is measured on texts that it was not learned from: the gain in the
log-probability of a text's words, told its class, over the class before (naive Bayes, each half of the documents judged by the other).
A column is taken where its mean gain is many standard errors above nothing, over documents and not over words, which come in bursts; so
columns that have nothing to do with the texts are left out. A class has at least some texts of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.data.texts.corpus import Corpus

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_COLUMNS = 3
CERTAIN = 4.0
"""Standard errors above nothing from which on a column is taken."""
WORTH_IT = 0.1
"""A further column brings at least this share of what the first one brings."""
FEWEST_TEXTS = 30
"""Texts of a class, at least."""
MOST_CLASSES = 160
MOST_JUDGED = 8_000
MOST_WORDS = 4_000
SMOOTHING = (2.0, 10.0)
"""Texts with a word that are put to those of a class, shared as in the class before: whichever foretells more."""


@dataclass(frozen=True)
class Branch:
    """One column taken: ``column`` is its place among those offered, ``table`` (classes before, codes) gives the class."""

    column: int
    table: Integers
    gain: float


@dataclass(frozen=True)
class Classes:
    """Rows in classes, column after column."""

    branches: tuple[Branch, ...] = ()

    def __len__(self) -> int:
        return int(self.branches[-1].table.max()) + 1 if self.branches else 1

    def of(self, codes: Sequence[Integers], rows: int) -> Integers:
        """(rows,) classes from the codes of the columns taken, in order. Codes out of the table count as code 0."""
        found = np.zeros(rows, np.int64)
        for branch, own in zip(self.branches, codes, strict=True):
            found = branch.table[found, np.where(own < branch.table.shape[1], own, 0)]
        return found


def related(corpus: Corpus, offered: Sequence[Integers], stream: Stream) -> Classes:
    """The classes by which the corpus's texts are told best.

    Args:
        offered: for each column (n,) codes of the texts' rows, from 0.
    """
    judge = _Judge(corpus, stream)
    taken: list[Branch] = []
    classes = np.zeros(corpus.texts, np.int64)
    left = [k for k, codes in enumerate(offered) if int(codes.max(initial=0)) > 0]
    while left and len(taken) < MOST_COLUMNS:
        found = []
        for k in left:
            table = _table(classes, offered[k])
            gain, errors = judge.gain(classes, table[classes, offered[k]]) if table.max() > classes.max() else (0.0, 0.0)
            found.append((gain if errors >= CERTAIN else 0.0, k, table))
        gain, best, table = max(found, key=lambda entry: entry[0])
        if gain <= (WORTH_IT * taken[0].gain if taken else 0.0):
            break
        taken.append(Branch(best, table, gain))
        classes = table[classes, offered[best]]
        left.remove(best)
    return Classes(tuple(taken))


def _table(classes: Integers, codes: Integers) -> Integers:
    """(classes, codes) the class of each code in each class: its own where it has enough texts, else that of what is left over."""
    before, size = int(classes.max()) + 1, int(codes.max()) + 1
    counts = np.bincount(classes * size + codes, minlength=before * size).reshape(before, size)
    room = max(2, MOST_CLASSES // before)
    table, following = np.zeros((before, size), np.int64), 0
    for k, own in enumerate(counts):
        large = [int(c) for c in np.argsort(-own, kind="stable")[:room] if own[c] >= FEWEST_TEXTS]
        rest = int(own.sum() - own[large].sum())
        if rest >= FEWEST_TEXTS or not large:
            table[k] = following
            following += 1
        else:
            table[k] = following
        for number, code in enumerate(large):
            table[k, code] = following + number
        following += len(large)
    return table


class _Judge:
    """Words of some of the texts, each once a text, in two halves of documents."""

    def __init__(self, corpus: Corpus, stream: Stream) -> None:
        rng = stream.child("related").generator()
        rows = np.arange(corpus.texts)
        if len(rows) > MOST_JUDGED:
            rows = np.sort(rng.choice(rows, MOST_JUDGED, replace=False))
        lengths = np.diff(corpus.starts)[rows]
        place = np.repeat(np.arange(len(rows)), lengths)
        words = corpus.tokens[np.repeat(corpus.starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())]
        pairs = np.unique(place * len(corpus.vocabulary) + words)
        place, words = np.divmod(pairs, max(1, len(corpus.vocabulary)))
        common = np.argsort(-np.bincount(words, minlength=len(corpus.vocabulary)), kind="stable")[:MOST_WORDS]
        number = np.full(len(corpus.vocabulary), -1)
        number[common] = np.arange(len(common))
        kept = number[words] >= 0
        self.rows, self.place, self.words, self.size = rows, place[kept], number[words[kept]], len(common)
        _, self.documents = np.unique(corpus.documents[rows], return_inverse=True)
        self.chance = rng.random(len(rows))
        self.half = rng.integers(0, 2, int(self.documents.max()) + 1)[self.documents]

    def gain(self, before: Integers, after: Integers) -> tuple[float, float]:
        """Mean gain a document in natural logarithms, and in standard errors how far it is above nothing, and above that of classes as
        large, of rows put into them by chance: finer classes may gain by themselves."""
        before, after = before[self.rows], after[self.rows]
        order, mixed = np.argsort(before, kind="stable"), np.lexsort((self.chance, before))
        by_chance = np.empty_like(after)
        by_chance[mixed] = after[order]
        found = []
        for weight in SMOOTHING:
            gains, chances = self._gains(before, after, weight), self._gains(before, by_chance, weight)
            found.append((float(gains.mean()), min(_errors(gains), _errors(gains - chances))))
        return max(found)

    def _gains(self, before: Integers, after: Integers, weight: float) -> Floats:
        """(documents,) gains in the log-probability of their words, each learned from the other half."""
        gains = np.zeros(len(self.rows))
        for half in (0, 1):
            learned = self.half[self.place] == half
            place, words = self.place[~learned], self.words[~learned]
            old = self._shares(before, learned, self._shares(before * 0, learned, None, weight)[0], weight)
            parents = np.zeros(int(after.max()) + 1, np.int64)
            parents[after] = before
            new = self._shares(after, learned, old[parents], weight)
            gains += np.bincount(place, np.log(new[after[place], words] / old[before[place], words]), len(gains))
        return np.asarray(np.bincount(self.documents, gains), np.float64)

    def _shares(self, classes: Integers, learned: NDArray[np.bool_], prior: Floats | None, weight: float) -> Floats:
        """(classes, words) shares of words in the classes, drawn towards a prior: rare words the most (gamma and Poisson)."""
        size = int(classes.max()) + 1
        counts = np.bincount(classes[self.place[learned]] * self.size + self.words[learned], minlength=size * self.size)
        counts = counts.reshape(size, self.size)
        totals = counts.sum(axis=1, keepdims=True)
        if prior is None:
            return np.asarray((counts + 0.5) / (totals + 0.5 * self.size))
        shares = prior * (counts + weight) / (totals * prior + weight)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _errors(gains: Floats) -> float:
    """How many standard errors a mean is above nothing."""
    error = gains.std() / np.sqrt(max(1, len(gains)))
    return float(gains.mean() / error) if error > 0 else 0.0
