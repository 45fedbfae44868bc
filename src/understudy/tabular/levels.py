"""Tokens grouped into levels: what a network sees of a field, so that its size is bounded whatever the field's.

Neighbouring tokens of a number share a level by mass, the rarest of a category likewise; a heavy token and NULL stay alone. Inside a
level tokens keep their shares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from understudy.core.random import Stream
from understudy.tabular.chain import Draw, Restriction, token_weights
from understudy.tabular.fields import Encoded, Field, Floats, Tokens

Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

MOST_LEVELS, LEAST_LEVELS, LEVELS_IN_ALL = 128, 16, 16_000
"""Levels of a field at the most; fewer in wide tables, where the fields share `LEVELS_IN_ALL`."""
ROWS_OF_A_LEVEL = 20
"""Rows that a level has on average, at the least: a level of few rows would give them away."""
COARSE = 12
"""Coarse groups of a field's levels at the most."""
HARMONICS = 6


class Levels:
    """A field's tokens grouped into levels: neighbours of a number by mass, the rarest of a category; a heavy token stays alone.

    Attributes:
        of_token: (size,) the level of every token. count: levels. shares: (count,).
    """

    def __init__(self, field: Field, of_token: Integers) -> None:
        self.field, self.of_token = field, of_token
        self.count = int(self.of_token.max()) + 1
        within = field.shares + 1e-9 / field.size
        self.shares = np.bincount(self.of_token, within, self.count) / within.sum()
        self._order = np.argsort(self.of_token, kind="stable")
        self._within = within / np.bincount(self.of_token, within, self.count)[self.of_token]

    @classmethod
    def of(cls, field: Field, most: int) -> Levels:
        """At most `most` levels of about equal mass, besides the heavy ones."""
        return cls(field, _grouped(field, most))

    def features(self) -> Singles:
        """(count, HARMONICS + 2) what levels of a number share with their neighbours: normal score, cosines of the rank, NULL.

        Zero for categories.
        """
        found = np.zeros((self.count, HARMONICS + 2), np.float32)
        if self.field.kind != "numeric":
            return found
        null = None if self.field.null_token is None else int(self.of_token[self.field.null_token])
        shares = self.shares.copy()
        if null is not None:
            shares[null] = 0.0
        rank = np.clip((np.cumsum(shares) - shares / 2) / max(shares.sum(), 1e-12), 1e-4, 1 - 1e-4)
        found[:, 0] = ndtri(rank) / 2
        found[:, 1:-1] = np.cos(np.pi * np.arange(1, HARMONICS + 1) * rank[:, None])
        if null is not None:
            found[null] = 0.0
            found[null, -1] = 1.0
        return found

    def line(self) -> Floats | None:
        """(count,) where levels of a number end when they are laid side by side by their shares, from 0 to 1; NULL has no room.

        None for categories.
        """
        if self.field.kind != "numeric":
            return None
        shares = self.shares.copy()
        if self.field.null_token is not None:
            shares[self.of_token[self.field.null_token]] = 0.0
        return np.asarray(np.cumsum(shares) / max(shares.sum(), 1e-12))

    def coarse(self) -> Integers:
        """(count,) 0 .. COARSE - 1: neighbours of a number by mass; the commonest levels of a category by themselves, the rest together."""
        if self.count <= COARSE:
            return np.arange(self.count)
        if self.field.kind == "numeric":
            rank = np.cumsum(self.shares) - self.shares / 2
            return np.asarray(np.minimum((rank * COARSE).astype(np.int64), COARSE - 1))
        place = np.empty(self.count, np.int64)
        place[np.argsort(-self.shares, kind="stable")] = np.arange(self.count)
        return np.minimum(place, COARSE - 1)

    def draw(self, law: Singles, rng: np.random.Generator, restriction: Restriction | None) -> Draw:
        """Tokens from the rows' laws over levels (n, count), restricted; their log-mass where a condition restricts them."""
        if restriction is not None and restriction.bounded:
            return self._draw_bounded(law, rng, restriction)
        allowed = None if restriction is None else restriction.allowed
        if allowed is None:
            return Draw(self._tokens(_choose(law, rng), self._within, rng), None)
        within = self._within * token_weights(self.field, allowed)
        part = np.bincount(self.of_token, within, self.count)
        law = law * part
        mass = law.sum(axis=1)
        law[mass <= 0] = part  # what is drawn there does not matter, but it must be allowed
        with np.errstate(divide="ignore"):
            return Draw(self._tokens(_choose(law, rng), within, rng), None, np.log(mass, dtype=np.float64))

    def tokens(self, level: Integers, rng: np.random.Generator) -> Tokens:
        """A token of every row's level (n,), by their shares."""
        return self._tokens(level, self._within, rng)

    def _tokens(self, level: Integers, within: Floats, rng: np.random.Generator) -> Tokens:
        """A token of every row's level, by the tokens' weights within it."""
        if self.count == self.field.size:
            return level.astype(self.field.token_type)
        cumulative = np.concatenate([[0.0], np.cumsum(within[self._order])])
        start = np.searchsorted(self.of_token[self._order], np.arange(self.count + 1))
        low, high = cumulative[start[level]], cumulative[start[level + 1]]
        point = np.minimum(low + rng.random(len(level)) * (high - low), np.nextafter(high, 0.0))
        place = np.searchsorted(cumulative, point, side="right") - 1
        place = np.clip(place, start[level], start[level + 1] - 1)
        return np.asarray(self._order[place], self.field.token_type)

    def _draw_bounded(self, law: Singles, rng: np.random.Generator, restriction: Restriction) -> Draw:
        """Row by row what an interval of coordinates leaves; a row that it leaves nothing gets the nearest token."""
        n, field = len(law), self.field
        low = np.full(n, -np.inf) if restriction.low is None else restriction.low
        high = np.full(n, np.inf) if restriction.high is None else restriction.high
        condition = np.ones(field.size) if restriction.allowed is None else token_weights(field, restriction.allowed)
        open_part = _inside(field, low, high) * condition
        weights = law[:, self.of_token] * self._within * open_part
        mass = weights.sum(axis=1)
        none = mass <= 0
        weights[none] = open_part[none]
        tokens = _choose(weights, rng)
        stuck = ~open_part.any(axis=1)
        nearest = np.where(np.isfinite(low), low, high)[stuck]
        tokens[stuck] = np.clip(nearest, 0 if field.null_token is None else 1, field.size - 1).astype(np.int64)
        with np.errstate(divide="ignore"):
            total = np.log((law[:, self.of_token] * self._within * _inside(field, low, high)).sum(axis=1))
            log_mass = None if restriction.allowed is None else np.where(none, -np.inf, np.log(mass) - total)
        return Draw(tokens.astype(field.token_type), None, log_mass)

    def log_density(self, law: Singles, tokens: Tokens, restriction: Restriction | None) -> Floats:
        """(n,) log-probability of the tokens' levels under laws (n, count) within a restriction.

        Two laws of one field compare by it: what tokens have within their level, and positions within their token, is the same in both.
        """
        taken = law[np.arange(len(law)), self.of_token[tokens]].astype(np.float64)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(taken) - np.log(self._mass(law, restriction)))

    def _mass(self, law: Singles, restriction: Restriction | None) -> Floats:
        """(n,) what a restriction leaves of every row's law; 1 where it leaves nothing, for such a row is given the nearest token."""
        if restriction is None:
            return np.ones(len(law))
        weights = self._within if restriction.allowed is None else self._within * token_weights(self.field, restriction.allowed)
        if restriction.bounded:
            low = np.full(len(law), -np.inf) if restriction.low is None else restriction.low
            high = np.full(len(law), np.inf) if restriction.high is None else restriction.high
            mass = (law[:, self.of_token] * weights * _inside(self.field, low, high)).sum(axis=1)
        else:
            mass = law @ np.bincount(self.of_token, weights, self.count)
        return np.where(mass > 0, mass, 1.0)

    def token_law(self, law: Singles) -> Floats:
        """(n, size) probabilities of tokens."""
        return np.asarray(law[:, self.of_token] * self._within, np.float64)


class Layout:
    """All fields' levels side by side, and the chunks in which fields are drawn.

    Every field has its levels and one more, "hidden", in one flat numbering: `offset[j] + level`.
    """

    def __init__(self, levels: list[Levels], chunks: list[list[int]]) -> None:
        self.levels, self.chunks = levels, chunks
        self.counts = np.array([field.count for field in levels])
        self.offset = np.concatenate([[0], np.cumsum(self.counts + 1)])[:-1]
        self.hidden = self.offset + self.counts
        self.size = int((self.counts + 1).sum())
        self.chunk_of = np.empty(len(levels), np.int64)
        for c, chunk in enumerate(chunks):
            self.chunk_of[chunk] = c

    @classmethod
    def of(cls, fields: list[Field], encoded: Encoded, chunks: int, stream: Stream) -> Layout:
        """Levels of the fields, and chunks that keep apart what hangs together."""
        most = int(np.clip(min(LEVELS_IN_ALL // len(fields), encoded.rows // ROWS_OF_A_LEVEL), LEAST_LEVELS, MOST_LEVELS))
        levels = [Levels.of(field, most) for field in fields]
        return cls(levels, _chunks(_association(levels, encoded, stream), min(chunks, len(fields))))

    def flat(self, encoded: Encoded) -> Integers:
        """(n, fields) rows in the flat numbering."""
        return np.stack([self.offset[j] + field.of_token[encoded.tokens[j]] for j, field in enumerate(self.levels)], axis=1)

    def encoded(self, rows: Integers, rng: np.random.Generator) -> Encoded:
        """Rows in the flat numbering as tokens; positions are left to be drawn."""
        tokens = [field.tokens(rows[:, j] - self.offset[j], rng) for j, field in enumerate(self.levels)]
        return Encoded(tokens, [None] * len(tokens))

    def features(self) -> Singles:
        """(size, HARMONICS + 2), zero where hidden."""
        found = np.zeros((self.size, HARMONICS + 2), np.float32)
        for offset, field in zip(self.offset, self.levels, strict=True):
            found[offset : offset + field.count] = field.features()
        return found

    def split(self, flat: NDArray[Any]) -> list[NDArray[Any]]:
        """What is known of every flat number (size,), as one array a field (its levels,)."""
        return [flat[offset : offset + count] for offset, count in zip(self.offset, self.counts, strict=True)]

    def grid(self, c: int) -> tuple[Integers, NDArray[np.bool_]]:
        """Flat numbers of chunk `c`'s levels (fields, most levels), and which of them are there."""
        chunk = self.chunks[c]
        place = np.arange(self.counts[chunk].max())[None, :]
        there = place < self.counts[chunk][:, None]
        return np.where(there, self.offset[chunk][:, None] + place, self.offset[chunk][:, None]), there

    def coarse(self) -> Integers:
        """(size,) coarse group of every flat number."""
        found = np.zeros(self.size, np.int64)
        for offset, field in zip(self.offset, self.levels, strict=True):
            found[offset : offset + field.count] = field.coarse()
        return found

    def log_shares(self) -> Singles:
        found = np.zeros(self.size, np.float32)
        for offset, field in zip(self.offset, self.levels, strict=True):
            found[offset : offset + field.count] = np.log(np.maximum(field.shares, 1e-6))
        return found


def _grouped(field: Field, most: int) -> Integers:
    """The level of every token."""
    if field.size <= most:
        return np.arange(field.size)
    numeric = field.kind == "numeric"
    order = np.arange(field.size) if numeric else np.argsort(-field.shares, kind="stable")
    alone = field.shares >= 1 / most
    if not numeric:
        alone[order[: most * 3 // 4]] = True
    if field.null_token is not None:
        alone[field.null_token] = True
    part = max(float(field.shares[~alone].sum()), 1e-12) / max(most - int(alone.sum()), 1)
    level = np.empty(field.size, np.int64)
    current, held, closed = -1, 0.0, True
    for token in order:
        if alone[token] or closed or held >= part:
            current, held = current + 1, 0.0
        level[token] = current
        held += float(field.shares[token])
        closed = bool(alone[token])
    return level


def _inside(field: Field, low: Floats, high: Floats) -> Floats:
    """(n, size) the part of every token inside a row's closed interval of coordinates; NULL is inside every one."""
    token = np.arange(field.size, dtype=np.float64)
    low, high = low[:, None], high[:, None]
    part = np.clip(np.minimum(high, token + 1) - np.maximum(low, token), 0.0, 1.0)
    part = np.where(field.atom, (low <= token) & (token <= high), part)
    if field.null_token is not None:
        part[:, field.null_token] = 1.0
    return part


def _choose(weights: NDArray[Any], rng: np.random.Generator) -> Integers:
    """A place in each row (n, k) by its weights."""
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1].astype(np.float64)
    point = np.minimum(rng.random(len(weights)) * total, np.nextafter(total, 0.0))
    place = (cumulative <= point[:, None]).sum(axis=1)
    return np.asarray(np.minimum(place, weights.shape[1] - 1))


def _association(levels: list[Levels], encoded: Encoded, stream: Stream) -> Floats:
    """(fields, fields) mutual information of coarse groups, on a sample of rows."""
    groups = int(np.clip(3000 // len(levels), 2, COARSE))
    index = np.sort(stream.generator().permutation(encoded.rows)[:4000])
    hot = np.zeros((len(index), len(levels) * groups), np.float32)
    for j, field in enumerate(levels):
        of_level = field.coarse()
        coarse = of_level[field.of_token[encoded.tokens[j][index]]] * groups // (int(of_level.max()) + 1)
        hot[np.arange(len(index)), j * groups + coarse] = 1.0
    joint = (hot.T @ hot).astype(np.float64) / len(index)
    single = np.diag(joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(joint / np.outer(single, single)), 0.0)
    return np.asarray(terms.reshape(len(levels), groups, len(levels), groups).sum(axis=(1, 3)))


def _chunks(association: Floats, count: int) -> list[list[int]]:
    """Fields from the most to the least dependent, each into the chunk with room where it hangs least on those there."""
    fields = len(association)
    strength = association - np.diag(np.diag(association))
    room = -(-fields // count)
    chunks: list[list[int]] = [[] for _ in range(count)]
    for j in np.argsort(-strength.sum(axis=1), kind="stable"):
        open_ones = [c for c in range(count) if len(chunks[c]) < room]
        best = min(open_ones, key=lambda c: (strength[j, chunks[c]].sum(), len(chunks[c]), c))
        chunks[best].append(int(j))
    return [sorted(chunk) for chunk in chunks if chunk]
