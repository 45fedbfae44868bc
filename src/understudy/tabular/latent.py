"""The margins of a Gaussian copula: from a field's tokens to intervals of a latent number, and back.

A field becomes one latent **dimension** (or two: a numeric field with missing values has one for "is it missing" and one for the
value, so that the dependence of the values and that of the missingness are learned apart). Along a dimension the tokens stand in
a fixed order, each with its share of the unit interval; a value is a point ``u`` in (0, 1) or, at an atom, an interval of it.

Each component of the model bends ``u`` into its own standard normal ``z``:

* a **scale** dimension (numeric, no heavy atom) through a common scale: ``x = F⁻¹(u)``, ``z = (x − location) / spread``, where
  F = Σ weight Φ((x − location) / spread) makes the margin of the whole exact whatever the components are;
* a **level** dimension (categories, missingness, numeric fields with heavy atoms) through the component's own shares of the
  dimension's segments: ``z = Φ⁻¹(G(u))`` with G piecewise linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from understudy.tabular.fields import Encoded, Field, Tokens

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HEAVY_ATOM = 0.1  # an atom with this share of a numeric field makes it a level dimension
MOST_SEGMENTS = 64  # levels of a large category share segments: their shares inside one stay the same in every component
_GRID = np.linspace(-9.0, 9.0, 3601)
_INSIDE = np.array([0.03125, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.96875])
_TAIL = np.array([1e-5, 1e-4, 1e-3, 4e-3, 0.015])
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


@dataclass(frozen=True)
class Dimension:
    """One latent number.

    ``role`` is "value" or "missing"; ``order`` (L,) the tokens along the latent axis (for "missing": 0 = missing, 1 = there);
    ``cumulative`` (L+1,) their cumulative shares, 0 .. 1; ``segments`` (S+1,) those edges between which a component
    has a share of its own, None for a scale dimension.
    """

    field: int
    name: str
    role: str
    order: Integers
    cumulative: Floats
    segments: Floats | None
    rank: Integers = dataclass_field(repr=False)  # place of each token along the axis; -1: not on it

    @property
    def is_scale(self) -> bool:
        return self.segments is None

    def interval(self, tokens: Tokens, positions: NDArray[np.float32] | None, atom: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """The (low, high) in [0, 1] that each row's token and position leave to ``u``; equal at points; (0, 1) where unknown."""
        place = self.rank[tokens]
        low, high = self.cumulative[place], self.cumulative[place + 1]
        unknown = place < 0
        if positions is not None:
            inside = ~atom[tokens] & ~unknown
            point = low + (high - low) * np.clip(positions.astype(np.float64), 1e-4, 1 - 1e-4)
            low, high = np.where(inside, point, low), np.where(inside, point, high)
        return np.where(unknown, 0.0, low), np.where(unknown, 1.0, high)


def dimensions(
    fields: list[Field], orders: Mapping[int, Integers], skip: int | None = None, selected: Mapping[int, Floats] | None = None
) -> list[Dimension]:
    """The latent dimensions of ``fields``. ``orders`` gives the order of the levels of nominal fields; ``skip`` is left out.

    ``selected`` gives, for fields with missing values, cumulative shares that hold for all rows, where those known to be there
    are no fair sample of them.
    """
    found: list[Dimension] = []
    for j, f in enumerate(fields):
        if j == skip:
            continue
        if f.kind == "categorical":
            found += _level_dimension(j, f, orders.get(j))
            continue
        present = np.arange(f.size)
        if f.null_token is not None:
            found += _missing_dimension(j, f)
            present = np.delete(present, f.null_token)
        found += _value_dimension(j, f, present, (selected or {}).get(j))
    return found


def _level_dimension(j: int, f: Field, order: Integers | None) -> list[Dimension]:
    order = np.arange(f.size) if order is None else order
    shares = f.shares[order]
    if (shares > 0).sum() < 2:
        return []
    cumulative = _cumulate(shares)
    return [Dimension(j, f.name, "value", order, cumulative, _segment_edges(cumulative), _ranks(order, f.size))]


def _missing_dimension(j: int, f: Field) -> list[Dimension]:
    share = float(f.shares[0])
    if not 0 < share < 1:
        return []
    rank = np.ones(f.size, np.int64)
    rank[0] = 0
    edges = np.array([0.0, share, 1.0])
    return [Dimension(j, f.name, "missing", np.array([0, 1]), edges, edges, rank)]


def _value_dimension(j: int, f: Field, present: Integers, selected: Floats | None) -> list[Dimension]:
    shares = f.shares[present]
    if shares.sum() <= 0 or (len(present) < 2 and f.all_atoms):
        return []
    cumulative = _cumulate(shares)
    heavy = f.atom[present] & (np.diff(cumulative) >= HEAVY_ATOM)
    cumulative = cumulative if selected is None else selected
    segments = None
    if heavy.any():
        places = np.flatnonzero(heavy)
        segments = np.unique(cumulative[np.r_[0, places, places + 1, len(present)]])
    return [Dimension(j, f.name, "value", present, cumulative, segments, _ranks(present, f.size))]


def _cumulate(shares: Floats) -> Floats:
    cumulative = np.r_[0.0, np.cumsum(shares)] / shares.sum()
    cumulative[-1] = 1.0
    return np.asarray(cumulative)


def _ranks(order: Integers, size: int) -> Integers:
    rank = np.full(size, -1, np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _segment_edges(cumulative: Floats) -> Floats:
    """The edges of the segments of a nominal dimension: each level its own, or runs of them of about equal mass."""
    if len(cumulative) - 1 > MOST_SEGMENTS:
        wanted = np.linspace(0, 1, MOST_SEGMENTS + 1)
        cumulative = cumulative[np.clip(np.searchsorted(cumulative, wanted), 0, len(cumulative) - 1)]
    return np.unique(np.r_[0.0, cumulative, 1.0])


@dataclass(frozen=True)
class Margins:
    """How every component bends every dimension (see the module's text).

    ``location`` and ``spread`` are (C, p), 0 and 1 in level dimensions; ``shares[d]`` is (C, S) for a level dimension d, else None.
    ``weights`` (C,) sum to one.
    """

    dims: list[Dimension]
    weights: Floats
    location: Floats
    spread: Floats
    shares: list[Floats | None]
    _tables: dict[tuple[str, int], tuple[Floats, Floats]] = dataclass_field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _pooled(self) -> dict[int, Floats]:
        """F of each scale dimension on the grid; empty where it is the standard normal's."""
        plain = len(self.weights) == 1 and not self.location.any() and bool((self.spread == 1).all())
        return {} if plain else {d: self._pooled_scale(d) for d, dim in enumerate(self.dims) if dim.is_scale}

    def _pooled_scale(self, d: int) -> Floats:
        standard = (_GRID[:, None] - self.location[:, d]) / self.spread[:, d]
        return np.asarray(ndtr(standard) @ self.weights)

    def scale(self, d: int, u: Floats) -> Floats:
        """x = F⁻¹(u) on the common scale of a scale dimension."""
        if d not in self._pooled:
            return np.asarray(np.clip(ndtri(u), -9.0, 9.0))
        return np.interp(u, self._pooled[d], _GRID)

    def bend(self, d: int, component: int, u: Floats) -> Floats:
        """z of ``u`` in one component; 0 and 1 go to minus and plus infinity."""
        shares = self.shares[d]
        if shares is not None:
            return np.asarray(ndtri(np.interp(u, self._segments(d), _cumulate(shares[component]))))
        z = (self.scale(d, u) - self.location[component, d]) / self.spread[component, d]
        return np.asarray(np.where(u <= 0, -np.inf, np.where(u >= 1, np.inf, z)))

    def log_slope(self, d: int, component: int, u: Floats) -> Floats:
        """log dz/du at inner points: what turns a density of z into one of u."""
        shares = self.shares[d]
        if shares is not None:
            segments = self._segments(d)
            which = np.clip(np.searchsorted(segments, u, "right") - 1, 0, len(segments) - 2)
            width = np.diff(segments)[which]
            z = self.bend(d, component, u)
            return np.asarray(np.log(shares[component][which] / width) + 0.5 * z * z + 0.5 * np.log(2 * np.pi))
        return self.log_stretch(d, u) - float(np.log(self.spread[component, d]))

    def log_stretch(self, d: int, u: Floats) -> Floats:
        """log dx/du of a scale dimension at inner points: the part of the slope that all components share."""
        x = self.scale(d, u)
        standard = (x[:, None] - self.location[:, d]) / self.spread[:, d]
        density = (np.exp(-0.5 * standard * standard) / self.spread[:, d]) @ self.weights
        return np.asarray(0.5 * np.log(2 * np.pi) - np.log(np.maximum(density, 1e-300)))

    def unbend(self, d: int, components: Integers, z: Floats, field: Field) -> tuple[Tokens, NDArray[np.float32] | None]:
        """Tokens and positions of latent numbers ``z`` (n,), each in its own component."""
        dim = self.dims[d]
        knots, places = self._table(d, field)
        value = self._common(d, components, z)
        if field.all_atoms or dim.role == "missing":
            place = np.searchsorted(knots[1:-1], value, "right")
            return np.asarray(dim.order[place], field.token_type), None
        coordinate = np.interp(value, knots, places)
        place = np.minimum(coordinate.astype(np.int64), len(dim.order) - 1)
        tokens: Tokens = np.asarray(dim.order[place], field.token_type)
        position = np.asarray(np.minimum(coordinate - place, _BELOW_ONE), np.float32)
        position[field.atom[tokens]] = 0
        return tokens, position

    def _common(self, d: int, components: Integers, z: Floats) -> Floats:
        """``z`` of any component on what they share: x of a scale dimension, ``u`` of a level dimension."""
        shares = self.shares[d]
        if shares is None:
            return np.asarray(self.location[components, d] + self.spread[components, d] * z)
        if len(shares) == 1:
            return np.asarray(ndtr(z))
        edges, segments = self._edges(d)
        return np.asarray(np.interp(components + np.clip(ndtr(z), 1e-12, 1 - 1e-12), edges, segments))

    def unit(self, d: int, components: Integers, z: Floats) -> Floats:
        """``u`` of latent numbers ``z`` (n,), each in its own component."""
        value = self._common(d, components, z)
        if not self.dims[d].is_scale:
            return value
        return np.interp(value, _GRID, self._pooled[d]) if d in self._pooled else np.asarray(ndtr(value))

    def _edges(self, d: int) -> tuple[Floats, Floats]:
        """One ascending table for all components of a level dimension: component + G at the segments' edges, and the edges."""
        shares = self.shares[d]
        assert shares is not None

        def made() -> tuple[Floats, Floats]:
            own = np.stack([_cumulate(row) for row in shares]) + np.arange(len(shares))[:, None]
            return own.ravel(), np.tile(self._segments(d), len(shares))

        return self._remembered(("edges", d), made)

    def _segments(self, d: int) -> Floats:
        segments = self.dims[d].segments
        assert segments is not None
        return segments

    def _table(self, d: int, field: Field) -> tuple[Floats, Floats]:
        """Knots on x (scale) or ``u`` (level), ascending, and the place + position along the axis at each."""
        return self._remembered(("table", d), lambda: self._make_table(d, field))

    def _remembered(self, key: tuple[str, int], make: Callable[[], tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
        if key not in self._tables:
            self._tables[key] = make()
        made: tuple[Floats, Floats] = self._tables[key]
        return made

    def _make_table(self, d: int, field: Field) -> tuple[Floats, Floats]:
        dim = self.dims[d]
        places = np.arange(len(dim.cumulative), dtype=np.float64)
        if not dim.is_scale:
            return dim.cumulative, places
        if not field.all_atoms:
            places = np.sort(np.concatenate([places, *self._inner_places(dim, field)]))
        u = np.interp(places, np.arange(len(dim.cumulative)), dim.cumulative)
        return self.scale(d, np.clip(u, 1e-16, 1 - 1e-16)), places

    @staticmethod
    def _inner_places(dim: Dimension, field: Field) -> list[Floats]:
        bins = np.flatnonzero(~field.atom[dim.order])
        last = len(dim.order) - 1
        inner = [(bins[:, None] + _INSIDE).ravel()]
        if bins.size and bins[0] == 0:
            inner.append(_TAIL)
        if bins.size and bins[-1] == last:
            inner.append(last + 1 - _TAIL)
        return inner


def value_intervals(dims: list[Dimension], fields: list[Field], encoded: Encoded) -> tuple[Floats, Floats]:
    """(n, p) lows and highs of every row's ``u`` in every dimension."""
    low, high = np.empty((encoded.rows, len(dims))), np.empty((encoded.rows, len(dims)))
    for d, dim in enumerate(dims):
        f = fields[dim.field]
        positions = None if dim.role == "missing" else encoded.positions[dim.field]
        low[:, d], high[:, d] = dim.interval(encoded.tokens[dim.field], positions, f.atom)
    return low, high
