"""Declared inequalities between fields (low <= high) in rows drawn from a copula.

Most rows of a model learned from rows that all keep an inequality keep it too. In those that do not, the latent number of one of the two
fields is drawn anew given all others of its row, truncated where the inequality begins to hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.copula_model import CopulaModel
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Positions, Tokens
from understudy.tabular.latent import Dimension
from understudy.tabular.truncated import draw_between

Integers = NDArray[np.int64]
_BELOW_ONE = float(np.nextafter(np.float32(1), np.float32(0)))


class Scale(Protocol):
    """Fields as plain numbers that can be compared, and back to coordinates; a codec is one."""

    def decode_field(self, j: int, tokens: Tokens, positions: Positions | None) -> Floats: ...
    def coordinate(self, j: int, values: Floats) -> Floats: ...


@dataclass(frozen=True)
class OrderedPairs:
    """Mends rows drawn from ``model`` until each pair of fields (lower, upper) is in order. Missing values keep any order."""

    model: CopulaModel
    scale: Scale
    pairs: list[tuple[int, int]]
    allowed: Mapping[int, Allowed]

    def __call__(self, components: Integers, latent: Floats, drawn: Encoded, rng: np.random.Generator) -> None:
        for _ in range(len(self.pairs)):
            changed = [self._mend(components, latent, drawn, rng, lower, upper) for lower, upper in self.pairs]
            if not any(changed):
                return

    def _mend(self, c: Integers, latent: Floats, drawn: Encoded, rng: np.random.Generator, lower: int, upper: int) -> bool:
        """Puts one pair in order; whether any row had to be changed."""
        rows = self._broken(drawn, lower, upper)
        if not rows.size:
            return False
        if upper in self.allowed:
            ceiling = self._coordinates(lower, upper, drawn, rows)
            if lower in self.allowed:
                ceiling = np.full(len(rows), self._ceiling(lower, upper))
            self._redraw(lower, c, latent, drawn, rows, np.full(len(rows), -np.inf), ceiling, rng)
            rows = self._broken(drawn, lower, upper)
        if rows.size:
            floor = self._coordinates(upper, lower, drawn, rows)
            self._redraw(upper, c, latent, drawn, rows, floor, np.full(len(rows), np.inf), rng)
        return True

    def _ceiling(self, lower: int, upper: int) -> float:
        """The highest value that a condition leaves to the upper field, as a coordinate of the lower one."""
        top = np.array([_highest(self.allowed[upper])])
        token = np.floor(top).astype(self.model.fields[upper].token_type)
        return float(self.scale.coordinate(lower, self.scale.decode_field(upper, token, (top - token).astype(np.float32)))[0])

    def _broken(self, drawn: Encoded, lower: int, upper: int) -> Integers:
        """Rows in which the lower field's value is above the upper's; comparisons with a missing value are False."""
        low = self.scale.decode_field(lower, drawn.tokens[lower], drawn.positions[lower])
        high = self.scale.decode_field(upper, drawn.tokens[upper], drawn.positions[upper])
        return np.flatnonzero(low > high)

    def _coordinates(self, j: int, other: int, drawn: Encoded, rows: Integers) -> Floats:
        """The values of field ``other`` as coordinates of field ``j``."""
        positions = drawn.positions[other]
        values = self.scale.decode_field(other, drawn.tokens[other][rows], None if positions is None else positions[rows])
        return self.scale.coordinate(j, values)

    def _redraw(
        self, j: int, c: Integers, latent: Floats, drawn: Encoded, rows: Integers, low: Floats, high: Floats, rng: np.random.Generator
    ) -> None:
        """Field ``j`` of ``rows`` anew between two coordinates and inside what a condition allows of it."""
        found = [(d, dim) for d, dim in enumerate(self.model.margins.dims) if dim.field == j and dim.role == "value"]
        if not found:
            return
        (d, dim), field = found[0], self.model.fields[j]
        if j in self.allowed:
            low, high = np.maximum(low, _lowest(self.allowed[j])), np.minimum(high, _highest(self.allowed[j]))
        uniform = rng.random(len(rows))
        for component in np.unique(c[rows]):
            own = np.flatnonzero(c[rows] == component)
            at = rows[own]
            mean, spread = _given_others(self.model.correlations[component], d, latent[:, at])
            left = self.model.margins.bend(d, component, _share_below(dim, field, low[own], upper=False))
            right = np.maximum(self.model.margins.bend(d, component, _share_below(dim, field, high[own], upper=True)), left)
            z = mean + spread * draw_between((left - mean) / spread, (right - mean) / spread, uniform[own])
            latent[d, at] = np.clip(z, left, right)
        tokens, positions = self.model.margins.unbend(d, c[rows], latent[d, rows], field)
        drawn.tokens[j][rows], position = _inside(tokens, positions, low, high, field)
        target = drawn.positions[j]
        if target is not None and position is not None:
            target[rows] = position


def _given_others(correlation: Floats, d: int, latent: Floats) -> tuple[Floats, float]:
    """Mean (m,) and standard deviation of latent ``d`` given all others, ``latent`` being (p, m)."""
    precision = np.linalg.inv(correlation)[d]
    return latent[d] - (precision @ latent) / precision[d], float(precision[d] ** -0.5)


def _lowest(allowed: Allowed) -> float:
    first = int(allowed.mask[int(allowed.nullable) :].argmax()) + int(allowed.nullable)
    return max(allowed.low, float(first))


def _highest(allowed: Allowed) -> float:
    last = len(allowed.mask) - 1 - int(allowed.mask[::-1].argmax())
    return min(allowed.high, last + _BELOW_ONE)


def _share_below(dim: Dimension, field: Field, coordinates: Floats, *, upper: bool) -> Floats:
    """The ``u`` where an interval of coordinates ends: an atom at its upper end belongs to it, one below its lower end does not."""
    first, last = float(dim.order[0]), float(dim.order[-1]) + 1
    inside = np.clip(coordinates, first, last) - first
    place = np.minimum(inside.astype(np.int64), len(dim.order) - 1)
    atom = field.atom[dim.order[place]] & (inside < len(dim.order))
    beyond = atom & ((inside > place) | upper)
    return np.interp(np.where(beyond, place + 1, inside), np.arange(len(dim.cumulative)), dim.cumulative)


def _inside(tokens: Tokens, positions: Positions | None, low: Floats, high: Floats, field: Field) -> tuple[Tokens, Positions | None]:
    """Tokens and positions moved into [low, high] where rounding left them just outside."""
    coordinates = tokens + (0.0 if positions is None else positions.astype(np.float64))
    coordinates = np.maximum(np.minimum(coordinates, high), low)
    place = np.clip(np.floor(coordinates), 0, field.size - 1).astype(np.int64)
    over = field.atom[place] & (coordinates > place) & (place + 1 < field.size)
    place, coordinates = np.where(over, place + 1, place), np.where(over, place + 1.0, coordinates)
    if positions is None:
        return place.astype(field.token_type), None
    position = np.clip(coordinates - place, 0.0, _BELOW_ONE)
    position[field.atom[place]] = 0
    return place.astype(field.token_type), position.astype(np.float32)
