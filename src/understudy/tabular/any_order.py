"""Learners that know the law of every field given any others, and how conditions are met by them exactly.

What is asked for is drawn first, and the rest follows; but a network's orders agree only as far as it has learned that they do. So the
candidates are weighed by the joint law of the usual order, in which unconditional rows are made: then the rows are those that would meet
the conditions among unconditional ones. Behind the last field that is asked for both orders are the same, so only what comes before it is
drawn for candidates, and those chosen are drawn to the end.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection

import numpy as np

from understudy.core.random import Stream
from understudy.tabular.chain import ChainSynthesizer, chosen, joined_rows, weighed_rounds
from understudy.tabular.fields import Allowed, Encoded, Floats

ENOUGH = 0.6
"""Independent rows, as a share of those wanted, that the candidates must be worth."""
HEAVIEST = 4.0
"""A candidate's weight is cut at this many times the mean."""


class AnyOrderSynthesizer(ChainSynthesizer):
    """Draws in any order. The workspace has ``log_prob`` (n,): of what was drawn so far, each given what was there then."""

    spare = 1.5
    """Candidates a row under conditions."""
    _order: list[int]
    """The usual order."""

    @abstractmethod
    def _log_prob_along(self, rows: Encoded, order: list[int]) -> Floats:
        """(n,) log-probability of the fields of ``order``, which begins the usual order, as they are usually drawn."""

    def _chain(self, conditioned: Collection[int]) -> list[int]:
        return [j for j in self._order if j in conditioned] + [j for j in self._order if j not in conditioned]

    def _draw_conditioned(self, size: int, rng: Stream, allowed: dict[int, Allowed], chain: list[int]) -> Encoded:
        last = max(self._order.index(j) for j in allowed) + 1
        rows, head, tail = round(self.spare * size), chain[:last], chain[last:]
        found, weights = weighed_rounds(
            lambda stream: self._weighed(rows, stream, allowed, head), rng, enough=ENOUGH * size, heaviest=HEAVIEST
        )
        drawn = joined_rows(found).take(chosen(weights, size, rng))
        work = self._workspace(size, chain)
        for j in head:
            self._note(j, work, drawn)
        self._extend(drawn, work, tail, head, rng.child("rest"), {}, None)
        return drawn

    def _weighed(self, rows: int, rng: Stream, allowed: dict[int, Allowed], head: list[int]) -> tuple[Encoded, Floats]:
        """Candidates drawn up to the last field that is asked for in the usual order, and the logarithms of their weights."""
        asked, beside = head[: len(allowed)], head[len(allowed) :]
        drawn, work = self._blank(rows), self._workspace(rows, head)
        drawn, work, log_weights = self._filtered(drawn, work, asked, rng, allowed, np.zeros(rows))
        self._extend(drawn, work, beside, asked, rng, {}, None)
        usual = self._order[: len(head)]
        if head != usual:
            log_weights = log_weights + self._log_prob_along(drawn, usual) - work.log_prob
        return drawn, log_weights
