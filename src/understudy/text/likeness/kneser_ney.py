"""How probable texts are to a model of n-grams: interpolated Kneser-Ney smoothing (Kneser and Ney 1995; Chen and Goodman 1999).

The longest n-grams are counted as they are; shorter ones by how many different words stand before them. From each count a discount D =
n1 / (n1 + 2 n2) is taken and given to the next shorter n-gram, down to a uniform law over the vocabulary, so every text has a probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.text.likeness.grams import Codes, extended
from understudy.text.likeness.words import Tokens

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Order:
    """n-grams of one length and their contexts, sorted by code."""

    grams: Codes
    counts: Floats
    contexts: Codes
    totals: Floats
    followers: Floats  # different words behind each context
    discount: float


class KneserNey:
    """A model of texts.

    Args:
        tokens: what it learns from; numbers from 0 to vocabulary - 1.
        vocabulary: how many words there are, seen or not.
        order: the longest n-gram.
    """

    def __init__(self, tokens: Tokens, vocabulary: int, order: int = 5) -> None:
        self._vocabulary, self._order = vocabulary + 1, order
        padded, real = _padded(tokens, order, vocabulary)
        ends = np.flatnonzero(real)
        chains = _chains(padded, ends, order)
        self._orders: list[_Order] = []
        longer: Codes | None = None
        for n in range(order, 0, -1):
            codes, contexts = chains[n]
            if longer is None:
                grams, first, counts = np.unique(codes, return_index=True, return_counts=True)
            else:
                # Each different n+1-gram counts once for the n-gram that it ends with.
                _, one_each = np.unique(longer, return_index=True)
                grams, first, counts = np.unique(codes[one_each], return_index=True, return_counts=True)
                first = one_each[first]
            self._orders.append(_order(grams, counts.astype(np.float64), contexts[first]))
            longer = codes
        self._orders.reverse()

    def log_probabilities(self, tokens: Tokens) -> tuple[Floats, Floats]:
        """Of each document: the sum of the natural logarithms of its tokens' probabilities, its end included, and their number."""
        length = tokens.lengths + 1
        owner = np.repeat(np.arange(len(tokens)), length)
        sums = np.bincount(owner, weights=np.log(self.probabilities(tokens)), minlength=len(tokens))
        return sums.astype(np.float64), length.astype(np.float64)

    def probabilities(self, tokens: Tokens) -> Floats:
        """Of each token given those before it, and of the end of each document behind its last."""
        padded, real = _padded(tokens, self._order, self._vocabulary - 1)
        ends = np.flatnonzero(real)
        chains = _chains(padded, ends, self._order)
        probability = np.full(len(ends), 1 / self._vocabulary)
        for n, learned in enumerate(self._orders, start=1):
            codes, contexts = chains[n]
            at, known = _find(learned.contexts, contexts)
            total = np.where(known, learned.totals[at], 1.0)
            place, seen = _find(learned.grams, codes)
            count = np.where(seen, learned.counts[place], 0.0)
            kept = np.maximum(count - learned.discount, 0.0) / total
            given = learned.discount * learned.followers[at] / total
            probability = np.where(known, kept + given * probability, probability)
        return probability


def _padded(tokens: Tokens, order: int, vocabulary: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Each document behind order - 1 marks of a beginning and before one of an end; and which places are to be foretold."""
    lead = order - 1
    lengths = tokens.lengths + lead + 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    real = inside >= lead
    padded = np.full(starts[-1], vocabulary + 1, np.int64)
    ends = starts[1:] - 1
    text = real.copy()
    text[ends] = False
    padded[text] = tokens.ids
    padded[ends] = vocabulary
    return padded, real


def _chains(padded: NDArray[np.int64], ends: NDArray[np.int64], order: int) -> dict[int, tuple[Codes, Codes]]:
    """For every length n the codes of the n-grams that end at `ends`, and of what stands before their last word."""
    found = {}
    for n in range(1, order + 1):
        context = np.full(len(ends), n, np.uint64)
        for back in range(n - 1, 0, -1):
            context = extended(context, padded[ends - back])
        found[n] = (extended(context, padded[ends]), context)
    return found


def _order(grams: Codes, counts: Floats, contexts: Codes) -> _Order:
    once, twice = float((counts == 1).sum()), float((counts == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    discount = min(max(discount, 0.05), 0.95)
    names, member = np.unique(contexts, return_inverse=True)
    totals = np.bincount(member, weights=counts, minlength=len(names)).astype(np.float64)
    followers = np.bincount(member, minlength=len(names)).astype(np.float64)
    return _Order(grams, counts, names, totals, followers, discount)


def _find(known: Codes, wanted: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return at, known[at] == wanted if len(known) else np.zeros(len(wanted), np.bool_)
