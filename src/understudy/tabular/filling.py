"""Partial rows filled in by a learner that sees what is given from the start: field after field, each in the rows that lack it.

Such a learner (any-order network, diffusion, gan) needs no weights, where a fixed chain does (`completion.py`): whatever is given, the
law of the next field given it is known. Declared inequalities bound a field by the cells that its own row has by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.chain import Draw, Restriction
from understudy.tabular.completion import put_field, without_gaps
from understudy.tabular.fields import Allowed, Encoded, Mask

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.tabular.chain import ChainSynthesizer


@dataclass(frozen=True)
class Gap:
    """A field to be drawn in the rows that lack it. ``part``: these rows as they are now."""

    field: int
    rows: NDArray[np.int64]
    part: Encoded
    restriction: Restriction | None
    rng: np.random.Generator


class Filling:
    """Rows being filled in.

    Args:
        known, given, allowed: as `TableSynthesizer._complete` has them.

    Attributes:
        made: the rows, of which only cells that are there mean anything; there: (n, fields) which cells are.
    """

    def __init__(self, learner: ChainSynthesizer, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> None:
        self._learner, self._rng, self._allowed = learner, rng, allowed
        self.there = given.copy()
        self.made = learner._blank(known.rows)
        for j, field in enumerate(learner.codec.fields):
            here, positions = given[:, j], known.positions[j]
            if not here.any():
                continue
            self.made.tokens[j] = np.where(here, known.tokens[j], 0).astype(field.token_type)
            if positions is not None:
                self.made.positions[j] = np.where(here, positions, np.nan).astype(np.float32)

    def gaps(self, order: Iterable[int]) -> Iterator[Gap]:
        """The fields of ``order`` that some rows lack; each must be settled before the next is asked for."""
        fields = self._learner.codec.fields
        for j in order:
            rows = np.flatnonzero(~self.there[:, j])
            if not len(rows):
                continue
            part = self.made.take(rows)
            part.positions = [None if p is None else np.nan_to_num(p, nan=0.5) for p in part.positions]
            low, high = self._learner._limits(j, part, list(range(len(fields))), self.there[rows])
            narrowed = j in self._allowed or low is not None or high is not None
            restriction = Restriction(self._allowed.get(j), low, high) if narrowed else None
            yield Gap(j, rows, part, restriction, self._rng.child(fields[j].name).generator())

    def settle(self, gap: Gap, draw: Draw) -> None:
        """What was drawn into its rows."""
        positions = self._learner._settled(gap.field, draw, gap.restriction, gap.rng)
        put_field(self.made, gap.field, gap.rows, draw.tokens, positions)
        self.there[gap.rows, gap.field] = True

    def finished(self) -> Encoded:
        """All rows; positions that only some have are drawn in the others."""
        return without_gaps(self.made, self._learner.codec.fields, self._rng.child("position"))
