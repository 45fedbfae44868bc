"""Partial rows completed by a mixture of Gaussian copulas.

Given cells hold latent numbers at points or inside intervals, in other dimensions for every row. In each row's own order, points
first, then intervals, the held latents are drawn one after another given those before (GHK: Geweke 1991, Hajivassiliou & McFadden
1998, Keane 1994); the product of the densities and probabilities on the way weighs the component and the draw together. One of all
components' draws is kept by weight, a few Gibbs sweeps over its intervals free it from the candidates that there happened to be, and
the latents that nothing holds follow given those that are. With at most one interval held all of this is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.copula_model import CopulaModel
from understudy.tabular.fields import Allowed, Encoded, Floats, Mask
from understudy.tabular.truncated import draw_between, interval_mass

Integers = NDArray[np.int64]
Unions = dict[int, tuple[Floats, Floats]]

DRAWS = 32
"""Draws a row in all components together, at least one in each."""
SWEEPS = 4
ROWS = 4096
_LEAST = 1e-300
_IMPOSSIBLE = -1e30


@dataclass
class Held:
    """What holds the latent numbers of n rows, as ``u`` in the unit interval: (n, p) lows and highs, equal at points.

    ``held`` (n, p); ``unions`` gives, for a dimension, disjoint intervals of ``u`` that hold it in rows where nothing else does.
    """

    low: Floats
    high: Floats
    held: Mask
    unions: Unions

    @property
    def points(self) -> Mask:
        return np.asarray(self.held & (self.low == self.high))

    def take(self, rows: slice | Integers) -> Held:
        return Held(self.low[rows], self.high[rows], self.held[rows], self.unions)

    def in_union(self, d: int) -> Integers:
        """The rows whose dimension ``d`` is held by its union alone."""
        return np.flatnonzero(~self.held[:, d]) if d in self.unions else np.zeros(0, np.int64)

    def order(self) -> Integers:
        """(n, p) each row's dimensions: points, intervals, unions, and those that are free."""
        rank = np.where(self.points, 0, np.where(self.held, 1, 3))
        for d in self.unions:
            rank[~self.held[:, d], d] = 2
        return np.argsort(rank, axis=1, kind="stable")


def complete(model: CopulaModel, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
    """Rows with all cells: those given as they are, the others drawn given them."""
    parts = []
    for number, start in enumerate(range(0, known.rows, ROWS)):
        rows = slice(start, start + ROWS)
        parts.append(_Completion(model, known.take(rows), given[rows], allowed).rows(rng.child(number)))
    tokens = [np.concatenate([part.tokens[j] for part in parts]) for j in range(len(known.tokens))]
    positions = []
    for j in range(len(known.tokens)):
        own = [part.positions[j] for part in parts]
        positions.append(None if own[0] is None else np.concatenate([p for p in own if p is not None]))
    return Encoded(tokens, positions)


def log_evidence(model: CopulaModel, known: Encoded, given: Mask, rng: Stream) -> Floats:
    """(n,) log of the probability of each row's given cells; a density at points, on a scale that depends on the points alone."""
    parts = []
    for number, start in enumerate(range(0, known.rows, ROWS)):
        rows = slice(start, start + ROWS)
        parts.append(_Completion(model, known.take(rows), given[rows], {}).evidence(rng.child(number)))
    return np.concatenate(parts)


class _Completion:
    def __init__(self, model: CopulaModel, known: Encoded, given: Mask, allowed: Mapping[int, Allowed]) -> None:
        self.model, self.known, self.given, self.allowed = model, known, given, allowed
        self.held = _held(model, known, given, allowed)
        self.order = self.held.order()
        self.n, self.p = self.held.low.shape
        binding = self.held.held.copy()
        for d in self.held.unions:
            binding[:, d] = True
        self.steps = int(binding.sum(axis=1).max(initial=0))
        self.draws = 1 if self.steps <= 1 else max(1, DRAWS // model.components)

    def rows(self, rng: Stream) -> Encoded:
        components, latent, _ = self._chosen(rng.child("choose").generator())
        self._sweeps(components, latent, rng.child("sweeps").generator())
        self._free(components, latent, rng.child("free").generator())
        drawn = self.model._decoded(components, np.ascontiguousarray(latent.T))
        for j, tokens in enumerate(drawn.tokens):
            here = self.given[:, j]
            tokens[here] = self.known.tokens[j][here]
            positions, exact = drawn.positions[j], self.known.positions[j]
            if positions is not None and exact is not None:
                positions[here] = exact[here]
        return drawn

    def evidence(self, rng: Stream) -> Floats:
        total = self._chosen(rng.generator())[2] - np.log(self.draws)
        return np.where(total < 0.5 * _IMPOSSIBLE, -np.inf, total)

    # -- a component and a draw of the held latents

    def _chosen(self, rng: np.random.Generator) -> tuple[Integers, Floats, Floats]:
        """Component (n,) and latents (n, p; those held) of one draw by weight, and the log of the sum of all weights."""
        components, latent, total = np.zeros(self.n, np.int64), np.zeros((self.n, self.p)), np.full(self.n, 2 * _IMPOSSIBLE)
        for c in range(self.model.components):
            bent = self._bent(c)
            prior = self._prior(c) + bent.log_slope
            for _ in range(self.draws):
                z, log_weight = self._held_draw(c, bent, rng)
                log_weight = prior + log_weight
                total = np.logaddexp(total, log_weight)
                taken = np.log(rng.random(self.n)) < log_weight - total
                components[taken], latent[taken] = c, z[taken]
        return components, latent, total

    def _prior(self, c: int) -> Floats:
        model = self.model
        prior = np.full(self.n, np.log(max(model.margins.weights[c], _LEAST)))
        if model.key is not None and model.key_tokens is not None:
            token = int(model.key_tokens[c])
            here = self.given[:, model.key]
            prior[here & (self.known.tokens[model.key] != token)] = _IMPOSSIBLE
            if model.key in self.allowed and not self.allowed[model.key].mask[token]:
                prior[~here] = _IMPOSSIBLE
        return prior

    def _bent(self, c: int) -> _Bent:
        low, high = np.full((self.n, self.p), -np.inf), np.full((self.n, self.p), np.inf)
        slope = np.zeros(self.n)
        margins, points = self.model.margins, self.held.points
        for d in range(self.p):
            rows = np.flatnonzero(self.held.held[:, d])
            if not len(rows):
                continue
            low[rows, d] = margins.bend(d, c, self.held.low[rows, d])
            high[rows, d] = margins.bend(d, c, self.held.high[rows, d])
            at = np.flatnonzero(points[:, d])
            if len(at):
                slope[at] += self._log_slope(d, c, self.held.low[at, d])
        unions = {d: (margins.bend(d, c, lows), margins.bend(d, c, highs)) for d, (lows, highs) in self.held.unions.items()}
        return _Bent(low, high, slope, unions)

    def _log_slope(self, d: int, c: int, u: Floats) -> Floats | float:
        """As `Margins.log_slope`, but for what all components have in common."""
        margins = self.model.margins
        return margins.log_slope(d, c, u) if margins.shares[d] is not None else -float(np.log(margins.spread[c, d]))

    def _factors(self, c: int) -> tuple[Floats, Integers]:
        """Cholesky factors of the correlations in every order that occurs, and which of them is each row's."""
        orders, own = self._orders
        correlation = self.model.correlations[c]
        stacked = correlation[orders[:, :, None], orders[:, None, :]]
        return np.linalg.cholesky(stacked), own

    @property
    def _orders(self) -> tuple[Integers, Integers]:
        if self._orders_cache is None:
            orders, own = np.unique(self.order, axis=0, return_inverse=True)
            self._orders_cache = orders, own.ravel()
        return self._orders_cache

    _orders_cache: tuple[Integers, Integers] | None = None

    def _held_draw(self, c: int, bent: _Bent, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Held latents (n, p), each drawn given those before in its row's order, and (n,) log weights."""
        factors, own = self._factors(c)
        z, noise, log_weight = np.zeros((self.n, self.p)), np.zeros((self.n, self.p)), np.zeros(self.n)
        every = np.arange(self.n)
        for step in range(self.steps):
            d = self.order[:, step]
            row = factors[own, step]
            mean: Floats = np.einsum("nk,nk->n", row[:, :step], noise[:, :step])
            spread = row[:, step]
            low, high = (bent.low[every, d] - mean) / spread, (bent.high[every, d] - mean) / spread
            point = bent.low[every, d] == bent.high[every, d]
            mass = np.maximum(interval_mass(low, high), _LEAST)
            value = np.where(point, low, draw_between(low, high, np.asarray(rng.random(self.n))))
            density = -0.5 * np.where(point, low, 0.0) ** 2 - 0.5 * np.log(2 * np.pi) - np.log(spread)
            log_weight += np.where(point, density, np.log(mass))
            for u, (lows, highs) in bent.unions.items():
                rows = np.flatnonzero((d == u) & ~self.held.held[:, u])
                if len(rows):
                    value[rows], part = _from_union(lows, highs, mean[rows], spread[rows], rng)
                    log_weight[rows] += part
            noise[:, step] = value
            z[every, d] = mean + spread * value
        return z, log_weight

    # -- what was chosen, freed from the candidates

    def _sweeps(self, components: Integers, latent: Floats, rng: np.random.Generator) -> None:
        """Gibbs sweeps over the latents held inside intervals, in place."""
        if self.steps <= 1:
            return
        precision, low, high, unions = self._of_chosen(components)
        interval = self.held.held & ~self.held.points
        for _ in range(SWEEPS):
            for d in range(self.p):
                rows, within = np.flatnonzero(interval[:, d]), self.held.in_union(d)
                for at in (rows, within):
                    if not len(at):
                        continue
                    own = precision[at, d]
                    mean = latent[at, d] - np.einsum("nk,nk->n", own, latent[at]) / own[:, d]
                    spread = own[:, d] ** -0.5
                    if at is rows:
                        uniform = rng.random(len(at))
                        drawn = mean + spread * draw_between((low[at, d] - mean) / spread, (high[at, d] - mean) / spread, uniform)
                        latent[at, d] = np.clip(drawn, low[at, d], high[at, d])
                    else:
                        latent[at, d] = self._from_unions(unions[d], components[at], mean, spread, rng)

    @staticmethod
    def _from_unions(
        bent: dict[int, tuple[Floats, Floats]], components: Integers, mean: Floats, spread: Floats, rng: np.random.Generator
    ) -> Floats:
        out = np.empty(len(mean))
        for c in np.unique(components):
            own = np.flatnonzero(components == c)
            value, _ = _from_union(*bent[int(c)], mean[own], spread[own], rng)
            out[own] = mean[own] + spread[own] * value
        return out

    def _of_chosen(self, components: Integers) -> tuple[Floats, Floats, Floats, dict[int, dict[int, tuple[Floats, Floats]]]]:
        """Precision of the held latents (n, p, p; zero elsewhere but for the diagonal), and intervals, in each row's component."""
        bound = self.held.held.copy()
        for d in self.held.unions:
            bound[:, d] = True
        patterns, own = np.unique(np.c_[components, bound], axis=0, return_inverse=True)
        inner = patterns[:, 1:].astype(bool)
        both = inner[:, :, None] & inner[:, None, :]
        correlation = np.where(both, self.model.correlations[patterns[:, 0]], np.eye(self.p))
        precision = np.linalg.inv(correlation)[own.ravel()]
        low, high = np.full((self.n, self.p), -np.inf), np.full((self.n, self.p), np.inf)
        unions: dict[int, dict[int, tuple[Floats, Floats]]] = {d: {} for d in self.held.unions}
        for c in np.unique(components):
            rows = np.flatnonzero(components == c)
            for d in range(self.p):
                low[rows, d] = self.model.margins.bend(d, c, self.held.low[rows, d])
                high[rows, d] = self.model.margins.bend(d, c, self.held.high[rows, d])
            for d, (lows, highs) in self.held.unions.items():
                unions[d][int(c)] = self.model.margins.bend(d, c, lows), self.model.margins.bend(d, c, highs)
        return precision, low, high, unions

    def _free(self, components: Integers, latent: Floats, rng: np.random.Generator) -> None:
        """The latents that nothing holds, given those that are held, in place."""
        for c in np.unique(components):
            rows = np.flatnonzero(components == c)
            factors, own = self._factors(int(c))
            factor, order = factors[own[rows]], self.order[rows]
            noise, at = np.zeros((len(rows), self.p)), np.arange(len(rows))
            fresh = rng.standard_normal((len(rows), self.p))
            bound = self._bound_count[rows]
            for step in range(self.p):
                d = order[:, step]
                mean, spread = np.einsum("nk,nk->n", factor[:, step, :step], noise[:, :step]), factor[:, step, step]
                held = step < bound
                noise[:, step] = np.where(held, (latent[rows, d] - mean) / spread, fresh[at, step])
                latent[rows, d] = mean + spread * noise[:, step]

    @property
    def _bound_count(self) -> Integers:
        bound = self.held.held.copy()
        for d in self.held.unions:
            bound[:, d] = True
        return np.asarray(bound.sum(axis=1), np.int64)


@dataclass(frozen=True)
class _Bent:
    """`Held` in one component: lows and highs as latent numbers, the log slope of all points of a row, unions likewise."""

    low: Floats
    high: Floats
    log_slope: Floats
    unions: Unions


def _held(model: CopulaModel, known: Encoded, given: Mask, allowed: Mapping[int, Allowed]) -> Held:
    """What the given cells, and the restrictions of the others, leave to the latents."""
    from understudy.tabular.copula_model import _alternatives

    dims, n = model.margins.dims, known.rows
    low, high, held = np.zeros((n, len(dims))), np.ones((n, len(dims))), np.zeros((n, len(dims)), bool)
    unions: Unions = {}
    for d, dim in enumerate(dims):
        field, here = model.fields[dim.field], given[:, dim.field]
        positions = None if dim.role == "missing" else known.positions[dim.field]
        own = dim.interval(known.tokens[dim.field], positions, field.atom)
        held[:, d] = here & ((own[0] > 0) | (own[1] < 1))
        low[:, d], high[:, d] = np.where(held[:, d], own[0], 0.0), np.where(held[:, d], own[1], 1.0)
    for j, restriction in allowed.items():
        ways = [] if j == model.key else _alternatives(model, j, restriction)
        if len(ways) != 1:
            continue  # several ways to meet it are none that one region holds: rows are tested by whoever asked
        unions.update({d: region for d, region in ways[0].items() if not given[:, j].all()})
    return _without_given(Held(low, high, held, unions), model, given)


def _without_given(held: Held, model: CopulaModel, given: Mask) -> Held:
    """A given cell that leaves a dimension free (the value of a missing number) is not held by a union either."""
    for d in held.unions:
        loose = given[:, model.margins.dims[d].field] & ~held.held[:, d]
        held.held[loose, d] = True
    return held


def _from_union(lows: Floats, highs: Floats, mean: Floats, spread: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Standardised draws of N(mean, spread²) held inside a union of intervals, and the log of the union's probability."""
    left, right = (lows - mean[:, None]) / spread[:, None], (highs - mean[:, None]) / spread[:, None]
    masses = interval_mass(left, right)
    cumulative = np.cumsum(masses, axis=1)
    total = cumulative[:, -1]
    chosen = np.minimum((cumulative <= (rng.random(len(mean)) * total)[:, None]).sum(axis=1), len(lows) - 1)
    at = np.arange(len(mean))
    value = draw_between(left[at, chosen], right[at, chosen], rng.random(len(mean)))
    return value, np.log(np.maximum(total, _LEAST))
