"""Can it be told whose texts a model learned? Tried on halves, while learning.

A model of half of the documents draws as many texts as these are. Texts that lie nearer to what was drawn than others do, by the cosine of
TF-IDF vectors of words and pairs, give themselves away as learned ones (Chen et al., "GAN-Leaks", CCS 2020). The halves are drawn by
chance, so that nothing else tells one from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc
from understudy.text.likeness.vectors import Tfidf, bag, nearest_likeness
from understudy.text.likeness.words import Vocabulary

Integers = NDArray[np.int64]

FEWEST = 200
MOST = 20_000
"""Texts: with fewer nothing can be said, with more there is little to find."""
ASKED = 1_000
TOLD_A_LITTLE, TOLD = 0.55, 0.60
"""Lower ends of the interval of the AUC, as `evaluate` has them."""


class Recognition(NamedTuple):
    """How well the texts of a half that was learned (``texts``) are told from others."""

    auc: Estimate
    texts: int

    @property
    def in_words(self) -> str | None:
        """A warning where there is one to give."""
        low = self.auc.interval[0]
        if low <= TOLD_A_LITTLE:
            return None
        found = f"(AUC {self.auc.value:.2f}, guessing gives .50; a model of {self.texts:,} of these texts, tried on the others)"
        remedy = "Learn more texts, fit with more `phrases` (5, 10), or with `epsilon` for a promise; then `evaluate` with texts held out."
        if low <= TOLD:
            return f"So few texts that those learned can be recognised a little better than by guessing {found}. {remedy}"
        return f"Too few texts: those that were learned can be recognised {found}. Do not release what is drawn without need. {remedy}"


def recognition(texts: Sequence[str], documents: Integers, drawn: Callable[[Integers], list[str]], stream: Stream) -> Recognition | None:
    """None where there are too few texts, or so many that there is little to find.

    Args:
        documents: (n,) whose the texts are; all of one document are in one half.
        drawn: texts drawn by a model of the texts of these rows, as many as they are.
    """
    if not FEWEST <= len(texts) <= MOST:
        return None
    known, place = np.unique(documents, return_inverse=True)
    learned = stream.child("halves").generator().permutation(len(known)) < len(known) // 2
    ours, others = np.flatnonzero(learned[place]), np.flatnonzero(~learned[place])
    if min(len(ours), len(others)) < FEWEST // 4:
        return None
    made = drawn(ours)
    if not made:
        return None
    rng = stream.child("asked").generator()
    asked = [rows if len(rows) <= ASKED else np.sort(rng.choice(rows, ASKED, replace=False)) for rows in (ours, others)]
    vocabulary = Vocabulary()
    bags = [bag(vocabulary.encode(group)) for group in (made, *([texts[i] for i in rows.tolist()] for rows in asked))]
    tfidf = Tfidf(sparse.vstack(bags, format="csr"))
    base, members, strangers = (tfidf(found) for found in bags)
    return Recognition(auc(nearest_likeness(members, base), nearest_likeness(strangers, base)), len(ours))
