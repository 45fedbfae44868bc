"""Words that stand in the same places are of one kind."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.core.random import Stream
from understudy.data.table import as_table
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.ngram.levels import Occurrences
from understudy.text.ngram.grouping import ALONE, groups_of


def letters(n: int) -> list[str]:
    return ["".join(chr(97 + (i // 26**k) % 26) for k in range(2)) for i in range(n)]


def occurrences() -> tuple[Corpus, Occurrences]:
    rng = np.random.default_rng(0)
    nouns, verbs = ([kind + name for name in letters(120)] for kind in ("n", "v"))
    texts = [
        f"the {n} {v} the {m} ." for n, v, m in zip(rng.choice(nouns, 2500), rng.choice(verbs, 2500), rng.choice(nouns, 2500), strict=True)
    ]
    found = Corpus.of(as_table(pl.DataFrame({"text": texts})), "text", merge=False)
    return found, Occurrences.of(found)


def test_words_with_the_same_neighbours_are_of_one_kind_and_frequent_ones_of_their_own() -> None:
    found, seen = occurrences()
    size = len(found.vocabulary)
    groups = groups_of(seen, size, Stream(1), groups=2)
    assert len(groups) == size + 2
    assert np.array_equal(groups, groups_of(seen, size, Stream(1), groups=2))
    kind = np.array([piece.strip()[0] for piece in found.vocabulary])
    rare = np.bincount(seen.words, minlength=size)[:size].argsort()[: size - ALONE]
    own = [groups[rare][kind[rare] == letter] for letter in "nv"]
    assert all((group == np.bincount(group).argmax()).mean() > 0.95 for group in own)
    assert np.bincount(own[0]).argmax() != np.bincount(own[1]).argmax()
    frequent = np.setdiff1d(np.arange(size + 2), rare)
    assert len(np.unique(groups[frequent])) == len(frequent)


def test_few_words_are_of_one_kind() -> None:
    found, seen = occurrences()
    groups = groups_of(seen, len(found.vocabulary), Stream(1), groups=1000)
    assert len(np.unique(groups)) == ALONE + 3
