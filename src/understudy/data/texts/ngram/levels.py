"""Contexts and what follows them, from long to short, so that what is drawn has the frequencies of what was learned.

Interpolated absolute discounting, with the lower levels made of what the higher ones leave: every occurrence of a word brings its weight
to the longest context; there an event keeps its sum but for a share (and nothing where too few documents share it), and what is left
of each occurrence goes on to the next level. Where all is kept but a fixed discount this is Kneser-Ney's modification (Ney, Essen &
Kneser 1994; Chen & Goodman 1999), whose marginals are those of the data; the same holds here, whatever is withheld.

A level is an order (words of context plus one), whether the label belongs to its contexts, and whether it sees the groups of the words
before in the place of these (`Levels.groups`): what words say together in too few documents, their kinds may still say in enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.texts.corpus import Corpus

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Packed = tuple[Words, Integers, Integers, NDArray[np.uint32]]

FULL = 2**32
GROUPED = 4
"""What a context of groups of words has in its key beside its order."""


class Step(NamedTuple):
    """One level of the way down: ``order``, whether it is ``labelled``, the documents its events need (``company``) and the ``discount``.

    ``apart``: the company are documents of the same label. ``grouped``: contexts are those of the groups of words.
    """

    order: int
    labelled: bool
    company: int
    discount: float
    apart: bool = False
    grouped: bool = False


@dataclass(frozen=True)
class Occurrences:
    """All words of all texts, ends included: the word, up to three before it, its label, document and weight."""

    words: Integers
    before: Integers
    labels: Integers
    documents: Integers
    weights: Floats
    position: Integers

    @classmethod
    def of(cls, corpus: Corpus, rows: Integers | None = None, order: int = 4) -> Occurrences:
        """Of the corpus's texts, or of some. The end is word V, and V + 1 stands before the beginning."""
        rows = np.arange(corpus.texts) if rows is None else rows
        end = len(corpus.vocabulary)
        lengths = np.diff(corpus.starts)[rows]
        total = int(lengths.sum()) + len(rows)
        firsts = np.concatenate([[0], np.cumsum(lengths + 1)[:-1]])
        row = np.repeat(np.arange(len(rows)), lengths + 1)
        position = np.arange(total) - firsts[row]
        source = corpus.starts[rows][row] + position
        words = np.where(position == lengths[row], end, corpus.tokens[np.minimum(source, len(corpus.tokens) - 1)])
        before = np.full((order - 1, total), end + 1, np.int64)
        for back in range(1, order):
            inside = position >= back
            before[back - 1, inside] = words[np.flatnonzero(inside) - back]
        return cls(words, before, corpus.labels[rows][row], corpus.documents[rows][row], corpus.weights[rows][row], position)


class Table(NamedTuple):
    """A level said outright: contexts as label (0: none, else its place plus 1), words from the last back, and shares of what follows."""

    order: int
    labelled: bool
    contexts: Sequence[tuple[int, tuple[int, ...], Sequence[tuple[int, float]]]]


@dataclass(frozen=True)
class Levels:
    """Released contexts of all levels, the longest first.

    ``slots`` is a hash table from a context's key to its number (-1: empty); context c is followed by
    followers[starts[c]:starts[c + 1]], and ``thresholds`` are their running shares of 2³²: what lies above the last goes on to the next
    level. ``groups`` (words + 2,) are those of the words, none where no level is grouped.
    """

    steps: tuple[tuple[int, bool, bool], ...]
    keys: Words
    slots: NDArray[np.int32]
    starts: Integers
    followers: NDArray[np.int32]
    thresholds: NDArray[np.uint32]
    groups: NDArray[np.int32]

    @classmethod
    def fit(cls, found: Occurrences, steps: Sequence[Step], groups: Integers | None = None) -> Self:
        groups = np.zeros(0, np.int64) if groups is None else groups
        left = found.weights.astype(np.float64).copy()
        parts = [_level(found, step, left, groups, last=i == len(steps) - 1) for i, step in enumerate(steps)]
        keys = np.concatenate([part[0] for part in parts])
        counts = np.concatenate([part[1] for part in parts])
        return cls(
            tuple((step.order, step.labelled, step.grouped) for step in steps), keys, table_of(keys),
            np.concatenate([[0], np.cumsum(counts)]), np.concatenate([part[2] for part in parts]).astype(np.int32),
            np.concatenate([part[3] for part in parts]), groups.astype(np.int32),
        )  # fmt: skip

    @classmethod
    def of(cls, tables: Sequence[Table]) -> Self:
        """Levels said outright; shares of a context sum to at most 1, and what is missing goes on to the next level."""
        keys, counts, words, shares = [], [], [], []
        for table in tables:
            for label, context, followers in table.contexts:
                key = mixed(np.array([label * 8 + table.order], np.uint64))
                for word in context:
                    key = mixed(key + np.uint64(word))
                keys.append(key)
                counts.append(len(followers))
                words += [word for word, _ in followers]
                shares.append(np.clip(np.cumsum([share for _, share in followers]) * FULL, 0, FULL - 1).astype(np.uint32))
        found = np.concatenate(keys)
        return cls(
            tuple((table.order, table.labelled, False) for table in tables), found, table_of(found),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.array(words, np.int32), np.concatenate(shares),
            np.zeros(0, np.int32),
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"keys": self.keys, "starts": self.starts, "followers": self.followers, "thresholds": self.thresholds, "groups": self.groups}

    @classmethod
    def from_arrays(cls, steps: Sequence[Sequence[Any]], arrays: Mapping[str, NDArray[Any]]) -> Self:
        keys = arrays["keys"]
        known = tuple((int(order), bool(labelled), bool(more and more[0])) for order, labelled, *more in steps)
        groups = arrays.get("groups", np.zeros(0, np.int32))
        return cls(known, keys, table_of(keys), arrays["starts"], arrays["followers"], arrays["thresholds"], groups)


def _level(found: Occurrences, step: Step, left: Floats, groups: Integers, *, last: bool) -> Packed:
    """Contexts' keys, numbers of followers, followers and thresholds; `left` becomes what the level leaves of each occurrence."""
    contexts = context_keys(found, step.order, step.labelled, groups if step.grouped else None)
    order = np.lexsort((found.words, contexts))
    context, word = contexts[order], found.words[order]
    new_context = np.concatenate([[True], context[1:] != context[:-1]])
    new_event = new_context | np.concatenate([[True], word[1:] != word[:-1]])
    event = np.cumsum(new_event) - 1
    firsts = np.flatnonzero(new_event)
    mass = left[order]
    sums = np.add.reduceat(mass, firsts)
    kept = sums.copy() if last else np.maximum(sums - step.discount * np.maximum.reduceat(mass, firsts), 0.0)
    if step.company > 1:
        kept[_documents(found, step, groups)[order][firsts] < step.company] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        left[order] = mass * np.where(sums > 0, (sums - kept) / sums, 0.0)[event]
    of_context = np.cumsum(new_context)[firsts] - 1
    totals = np.bincount(of_context, sums)
    released = kept > 0
    return _packed(context[firsts][released], word[firsts][released], kept[released], totals[of_context[released]])


def _packed(contexts: Words, words: Integers, kept: Floats, totals: Floats) -> Packed:
    if not len(contexts):
        return contexts, np.zeros(0, np.int64), words, np.zeros(0, np.uint32)
    begins = np.flatnonzero(np.concatenate([[True], contexts[1:] != contexts[:-1]]))
    counts = np.diff(np.append(begins, len(contexts)))
    running = np.cumsum(kept / totals)
    before = np.repeat(np.concatenate([[0.0], running])[begins], counts)
    shares = np.clip((running - before) * FULL, 0, FULL - 1)
    return contexts[begins], counts, words, shares.astype(np.uint32)


def _documents(found: Occurrences, step: Step, groups: Integers) -> Integers:
    """For each occurrence the documents that share its words: whatever their label, unless the step keeps labels apart."""
    keys = mixed(context_keys(found, step.order, step.apart, groups if step.grouped else None) + found.words.astype(np.uint64))
    order = np.lexsort((found.documents, keys))
    key, document = keys[order], found.documents[order]
    new = np.concatenate([[True], key[1:] != key[:-1]])
    different = new | np.concatenate([[True], document[1:] != document[:-1]])
    counts = np.add.reduceat(different.astype(np.int64), np.flatnonzero(new))
    out = np.empty(len(keys), np.int64)
    out[order] = counts[np.cumsum(new) - 1]
    return out


def context_keys(found: Occurrences, order: int, labelled: bool, groups: Integers | None = None) -> Words:
    """The key of the context that each occurrence has at a level."""
    label = found.labels + 1 if labelled else np.zeros(len(found.labels), np.int64)
    with np.errstate(over="ignore"):
        key = mixed((label * 8 + order + (0 if groups is None else GROUPED)).astype(np.uint64))
        for back in range(order - 1):
            before = found.before[back]
            key = mixed(key + (before if groups is None else groups[before]).astype(np.uint64))
    return key


def mixed(words: Words) -> Words:
    """SplitMix64's output function (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        words = words + np.uint64(0x9E3779B97F4A7C15)
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def table_of(keys: Words) -> NDArray[np.int32]:
    """A hash table of keys, at most half full."""
    size = 1 << max(4, int(2 * len(keys) + 1).bit_length())
    slots: NDArray[np.int32] = _filled(keys, size)
    return slots


@numba.njit(cache=True)
def _filled(keys, size):  # type: ignore[no-untyped-def]
    slots = np.full(size, -1, np.int32)
    for i in range(len(keys)):
        place = np.int64(keys[i] & np.uint64(size - 1))
        while slots[place] >= 0:
            place = (place + 1) & (size - 1)
        slots[place] = i
    return slots


@numba.njit(cache=True, inline="always")
def found_at(keys, slots, key):  # type: ignore[no-untyped-def]
    """The number of a key in a table, -1 where it is not there."""
    size = len(slots)
    place = np.int64(key & np.uint64(size - 1))
    while slots[place] >= 0:
        if keys[slots[place]] == key:
            return slots[place]
        place = (place + 1) & (size - 1)
    return -1


@numba.njit(cache=True, inline="always")
def mix(word):  # type: ignore[no-untyped-def]
    """`mixed` of one word."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
