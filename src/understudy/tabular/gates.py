"""Fields as a diffusion model sees them: a gate, which is one of few codes, and for numbers a score inside the gate.

The **code** of a row says NULL, which atom, or which group of bins; groups hold about equal shares of the rows. Inside a group the
**place** in [0, 1] says how much of the group's mass lies below the value, and its normal score is what a flow moves. So a spike stays a
spike, a condition is a mask on the gate and at most two cut groups, and whatever comes out of the flow lies inside the group.

A field with more codes than a head should have gives two **slots**, code // width and code % width: first the block, then the one in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from understudy.tabular.chain import token_weights
from understudy.tabular.features import rank_scores
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Positions, Tokens

Codes = NDArray[np.int64]

EDGE = 1e-4
"""Places nearer to the ends of their group are moved here, so that scores are bounded."""
BELOW_ONE = np.float32(1 - 2**-24)


class Gate:
    """One field's codes and places.

    Args:
        groups: groups of bins in the field, where all its mass were in bins; fewer where less is.
        levels: codes that one slot may have, at the most.

    Attributes:
        code: (size,) the code of each token. codes: their number. grouped: (codes,) whether it is a group of bins.
        sizes: of the slots, one or two.
    """

    def __init__(self, field: Field, groups: int, levels: int) -> None:
        self.field = field
        bins = np.flatnonzero(~field.atom)
        mass = np.zeros(field.size)
        mass[bins] = np.maximum(field.shares[bins], 1e-9)
        total = max(float(mass.sum()), 1e-9)
        self._mass = mass / total
        self._below = np.cumsum(self._mass) - self._mass
        self.code, group = _numbered(field, bins, self._below + self._mass / 2, max(1, round(groups * min(1.0, total))))
        self.codes = int(self.code.max()) + 1
        self.grouped = np.zeros(self.codes, bool)
        self.grouped[self.code[bins]] = True
        self.share: Floats = np.asarray(np.bincount(self.code, field.shares, self.codes), np.float64)
        self._first = np.full(self.codes, 0)
        self._last = np.full(self.codes, 0)
        self._start, self._width = np.zeros(self.codes), np.ones(self.codes)
        for g in np.unique(group[bins]) if len(bins) else []:
            inside = bins[group[bins] == g]
            c = self.code[inside[0]]
            self._first[c], self._last[c] = inside[0], inside[-1]
            self._start[c], self._width[c] = self._below[inside[0]], self._mass[inside].sum()
        self._token = np.zeros(self.codes, np.int64)
        self._token[self.code[::-1]] = np.arange(field.size)[::-1]
        self.width = self.codes if self.codes <= levels else int(np.ceil(np.sqrt(self.codes)))
        self.sizes = [self.codes] if self.width == self.codes else [-(-self.codes // self.width), self.width]

    @property
    def flows(self) -> bool:
        """Whether some codes have places inside."""
        return bool(self.grouped.any())

    def slots(self, codes: Codes) -> list[Codes]:
        """Codes as the values of the field's one or two slots."""
        return [codes] if len(self.sizes) == 1 else [codes // self.width, codes % self.width]

    # -- rows to codes and scores, and back

    def score(self, rows: Encoded, j: int) -> NDArray[np.float32]:
        """(n,) the normal score of the place inside the group; 0 where there is none. Positions that are None count as the middle."""
        tokens, position = rows.tokens[j], rows.positions[j]
        inside = np.full(len(tokens), 0.5) if position is None else position.astype(np.float64)
        code = self.code[tokens]
        place = (self._below[tokens] + inside * self._mass[tokens] - self._start[code]) / self._width[code]
        return np.where(self.grouped[code], ndtri(np.clip(place, EDGE, 1 - EDGE)), 0.0).astype(np.float32)

    def rank(self, rows: Encoded, j: int) -> NDArray[np.float32]:
        """(n,) the normal score of the value among all of the field's; 0 at NULL."""
        tokens, position = rows.tokens[j], rows.positions[j]
        rank = rank_scores(self.field)[tokens]
        if position is not None:
            rank = np.where(self.field.atom[tokens], rank, rank + (position - 0.5) * self.field.shares[tokens])
        score = ndtri(np.clip(rank, 1e-4, 1 - 1e-4))
        return np.where(tokens == self.field.null_token, 0.0, score).astype(np.float32)

    def decode(self, codes: Codes, scores: Floats) -> tuple[Tokens, Positions | None]:
        """Tokens and positions of codes and of the normal scores inside them."""
        tokens = self._token[codes]
        if not self.flows:
            return tokens.astype(self.field.token_type), None
        below = self._start[codes] + ndtr(scores) * self._width[codes]
        found = np.searchsorted(self._below + self._mass, below, "right")
        found = np.clip(found, self._first[codes], self._last[codes])
        tokens = np.where(self.grouped[codes], found, tokens)
        position = (below - self._below[tokens]) / np.maximum(self._mass[tokens], 1e-300)
        position = np.where(self.grouped[codes], np.clip(position, 0, BELOW_ONE), 0)
        return tokens.astype(self.field.token_type), position.astype(np.float32)

    # -- what may be drawn

    def windows(self, codes: Codes, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The part (start, stop) of each of ``codes`` (n, k) that lies in its row's closed interval of coordinates (n,): equal where
        nothing does. NULL lies in every interval."""
        start = np.clip((self._mass_below(low)[:, None] - self._start[codes]) / self._width[codes], 0, 1)
        stop = np.clip((self._mass_below(high)[:, None] - self._start[codes]) / self._width[codes], 0, 1)
        token = self._token[codes]
        inside = ((token >= low[:, None]) & (token <= high[:, None])) | (token == self.field.null_token)
        grouped = self.grouped[codes]
        return np.where(grouped, start, 0.0), np.where(grouped, np.maximum(start, stop), inside.astype(np.float64))

    def _mass_below(self, coordinate: Floats) -> Floats:
        token = np.clip(np.floor(coordinate), 0, self.field.size - 1).astype(np.int64)
        return np.asarray(self._below[token] + np.clip(coordinate - token, 0, 1) * self._mass[token])

    def interval(self, allowed: Allowed) -> tuple[float, float] | None:
        """The interval of coordinates that a condition leaves besides NULL; None where it leaves holes."""
        tokens = np.flatnonzero(allowed.mask)
        tokens = tokens[tokens != self.field.null_token]
        if len(tokens) == 0:
            return (np.inf, -np.inf)
        if len(tokens) != tokens[-1] - tokens[0] + 1 or self.field.kind == "categorical":
            return None
        last = float(tokens[-1]) if self.field.atom[tokens[-1]] else float(tokens[-1] + 1)
        return max(allowed.low, float(tokens[0])), min(allowed.high, last)

    def by_shares(self, size: int, allowed: Allowed | None, rng: np.random.Generator) -> tuple[Tokens, Positions | None]:
        """Rows from the field's own shares, as far as they are allowed."""
        weights = self.field.shares.astype(np.float64)
        if allowed is not None:
            weights = weights * token_weights(self.field, allowed)
            if not weights.sum() > 0:  # shares say nothing of a value that no row had: any allowed token is as good as another
                weights = allowed.mask.astype(np.float64)
        cumulative = np.cumsum(weights)
        tokens = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], "right")
        tokens = np.minimum(tokens, np.flatnonzero(weights)[-1])
        low, high = (-np.inf, np.inf) if allowed is None else (allowed.low, allowed.high)
        return self._placed(tokens, np.full(size, low), np.full(size, high), rng)

    def share_allowed(self, allowed: Allowed) -> Floats:
        """(codes,) the share of each code's mass that is allowed."""
        weights = np.maximum(self.field.shares, 1e-9)
        return np.bincount(self.code, weights * token_weights(self.field, allowed), self.codes) / np.bincount(
            self.code, weights, self.codes
        )

    def within(
        self, codes: Codes, allowed: Allowed, low: Floats, high: Floats, rng: np.random.Generator
    ) -> tuple[Tokens, Positions | None]:
        """Tokens of given codes (n,) by their shares inside the code, as far as a condition and each row's interval allow them."""
        token = np.arange(self.field.size)
        last = np.where(self.field.atom, token, token + 1)
        weights = np.maximum(self.field.shares, 1e-9) * token_weights(self.field, allowed)
        open_ = (last >= low[:, None]) & (token <= high[:, None]) | (token == self.field.null_token)
        cumulative = np.cumsum((self.code == codes[:, None]) * (weights * open_ + 1e-30 * allowed.mask), axis=1)
        point = rng.random(len(codes)) * cumulative[:, -1]
        tokens = np.minimum((cumulative <= point[:, None]).sum(axis=1), self.field.size - 1)
        return self._placed(tokens, np.maximum(low, allowed.low), np.minimum(high, allowed.high), rng)

    def _placed(self, tokens: Codes, low: Floats, high: Floats, rng: np.random.Generator) -> tuple[Tokens, Positions | None]:
        """With places drawn evenly from the part of each token that lies in [low, high]."""
        if not self.flows:
            return tokens.astype(self.field.token_type), None
        start, stop = np.clip(low - tokens, 0, 1), np.clip(high - tokens, 0, 1)
        position = np.where(self.field.atom[tokens], 0, start + rng.random(len(tokens)) * np.maximum(stop - start, 0))
        return tokens.astype(self.field.token_type), np.minimum(position, BELOW_ONE).astype(np.float32)


def _numbered(field: Field, bins: Codes, middle: Floats, groups: int) -> tuple[Codes, Codes]:
    """The code of each token, ascending with the first token of the code, and the group of each bin."""
    group = np.full(field.size, -1)
    group[bins] = np.minimum((middle[bins] * groups).astype(np.int64), groups - 1)
    code = np.empty(field.size, np.int64)
    of_group: dict[int, int] = {}
    count = 0
    for token in range(field.size):
        g = int(group[token])
        if g >= 0 and g in of_group:
            code[token] = of_group[g]
            continue
        code[token] = count
        if g >= 0:
            of_group[g] = count
        count += 1
    return code, group
