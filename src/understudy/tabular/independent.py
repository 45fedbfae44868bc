"""Columns drawn each by itself, from the codec's shares: the yardstick that shows what a learner adds.

Whatever is measured on its output is the codec's doing (single columns) or nobody's (everything between columns).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.tabular.completion import with_known_positions
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Mask, Positions, Tokens
from understudy.tabular.synthesizer import Conditions, TableSynthesizer

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.random import Stream
    from understudy.tabular.codec import Codec


class Independent(TableSynthesizer):
    """Draws every field from its shares. Conditions are met exactly, and change no other column."""

    name: ClassVar[str] = "independent"
    cost = "yardstick"

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        """Nothing is left to learn: the codec knows the shares."""
        progress.stage("learn", total=1)
        progress.advance(1)

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        allowed = {} if conditions is None else conditions.allowed
        drawn = [_draw_field(f, size, rng.child(f.name).generator(), allowed.get(j)) for j, f in enumerate(self.codec.fields)]
        return Encoded([tokens for tokens, _ in drawn], [positions for _, positions in drawn])

    # -- partial rows: what is given tells nothing of the rest

    def _complete(self, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        out = Encoded([], [])
        for j, field in enumerate(self.codec.fields):
            tokens, positions = _draw_field(field, known.rows, rng.child(field.name).generator(), allowed.get(j))
            out.tokens.append(np.where(given[:, j], known.tokens[j], tokens).astype(field.token_type))
            out.positions.append(positions)
        return with_known_positions(out, known, given, self.codec.fields, rng.child("position"))

    def _log_prob(self, rows: Encoded) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(sum(np.log(f.shares[tokens]) for f, tokens in zip(self.codec.fields, rows.tokens, strict=True)))

    def _law(self, j: int, known: Encoded, given: Mask) -> Floats:
        return np.tile(self.codec.fields[j].shares, (known.rows, 1))

    # -- saving

    def _learned(self) -> State:
        return State()

    def _relearn(self, state: State) -> None:
        """The codec has it all."""


def _draw_field(field: Field, size: int, rng: np.random.Generator, allowed: Allowed | None) -> tuple[Tokens, Positions | None]:
    """Tokens by their (allowed) shares; positions only where a condition cuts a bin."""
    if allowed is None:
        return _by_shares(field.shares, size, rng).astype(field.token_type), None
    token = np.arange(field.size, dtype=np.float64)
    start = np.where(field.atom, 0.0, np.clip(allowed.low - token, 0.0, 1.0))
    stop = np.where(field.atom, 1.0, np.clip(allowed.high - token, 0.0, 1.0))
    weights = field.shares * allowed.mask * np.maximum(stop - start, 0.0)
    if not weights.sum() > 0:
        # A condition on a value that training shares say nothing of: any allowed token is as good as another.
        weights = allowed.mask.astype(np.float64)
    tokens = _by_shares(weights, size, rng)
    if field.all_atoms:
        return tokens.astype(field.token_type), None
    positions = np.minimum(start[tokens] + rng.random(size) * (stop - start)[tokens], 1 - 2.0**-24)
    return tokens.astype(field.token_type), np.where(field.atom[tokens], 0, positions).astype(np.float32)


def _by_shares(weights: Floats, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    cumulative = np.cumsum(weights)
    place = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], "right")
    last: int = int(np.flatnonzero(weights)[-1])
    return np.asarray(np.minimum(place, last), np.int64)
