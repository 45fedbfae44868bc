"""A mixture of Gaussian copulas over the fields of a table: its density, its draws, its conditionals. How it is fitted is in `copula_fit`.

    component ~ weights;    z | component ~ N(0, correlation of the component);    field = margin of the component (z)

With one component it is the Gaussian copula. Components may be the levels of one **key** field (then the field is the component and
has no latent number) or classes that no column shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.tabular.conditioned_normal import ConditionedNormal
from understudy.tabular.fields import Allowed, Encoded, Field, Positions, Tokens
from understudy.tabular.latent import Margins, value_intervals
from understudy.tabular.truncated import draw_between, interval_mass

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DENSITY_DRAWS = 4
_DENSITY_ROWS = 4096


@dataclass(frozen=True)
class CopulaModel:
    """``correlations`` is (C, p, p) over the dimensions of ``margins``; ``key_tokens`` (C,) is the key field's token in each component."""

    fields: list[Field]
    margins: Margins
    correlations: Floats
    key: int | None = None
    key_tokens: Integers | None = None

    @cached_property
    def _factors(self) -> Floats:
        return np.asarray(np.linalg.cholesky(self.correlations), np.float64)

    @property
    def components(self) -> int:
        return len(self.margins.weights)

    def log_density(self, encoded: Encoded, stream: Stream, draws: int = _DENSITY_DRAWS) -> Floats:
        """(n,) log of each row's probability: a density over the unit scale at points, a mass at atoms.

        Exact where at most one dimension is an interval, else estimated by sequential importance sampling with ``draws`` draws.
        """
        rng = stream.generator()
        low, high = value_intervals(self.margins.dims, self.fields, encoded)
        out = np.empty(len(low))
        for start in range(0, len(low), _DENSITY_ROWS):
            rows = slice(start, start + _DENSITY_ROWS)
            key = None if self.key is None else encoded.tokens[self.key][rows]
            out[rows] = self._log_density(low[rows], high[rows], key, rng, draws)
        return out

    def _log_density(self, low: Floats, high: Floats, key: Tokens | None, rng: np.random.Generator, draws: int) -> Floats:
        each, stretch = np.full((self.components, len(low)), -np.inf), self._stretch(low, high)
        for c in range(self.components):
            rows = np.arange(len(low)) if key is None or self.key_tokens is None else np.flatnonzero(key == self.key_tokens[c])
            if rows.size:
                each[c, rows] = np.log(self.margins.weights[c]) + self._component_log_density(c, low[rows], high[rows], rng, draws)
                each[c, rows] += stretch[rows]
        top = each.max(axis=0)
        shift = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(shift + np.log(np.exp(each - shift).sum(axis=0)))

    def _stretch(self, low: Floats, high: Floats) -> Floats:
        """(n,) what points on scale dimensions add to the log density, whatever the component."""
        out = np.zeros(len(low))
        for d, dim in enumerate(self.margins.dims):
            if dim.is_scale:
                point = low[:, d] == high[:, d]
                out[point] += self.margins.log_stretch(d, low[point, d])
        return out

    def _component_log_density(self, c: int, low: Floats, high: Floats, rng: np.random.Generator, draws: int) -> Floats:
        """(n,) in one component, without what `_stretch` adds."""
        p = low.shape[1]
        z_low, z_high, slopes = np.empty_like(low), np.empty_like(high), np.zeros(len(low))
        for d in range(p):
            z_low[:, d], z_high[:, d] = self.margins.bend(d, c, low[:, d]), self.margins.bend(d, c, high[:, d])
            point = low[:, d] == high[:, d]
            if self.margins.dims[d].is_scale:
                slopes[point] -= np.log(self.margins.spread[c, d])
            else:
                slopes[point] += self.margins.log_slope(d, c, low[point, d])
        order = np.argsort((low < high).mean(axis=0), kind="stable")
        factor = np.linalg.cholesky(self.correlations[c][np.ix_(order, order)])
        exact = (low < high).sum(axis=1).max(initial=0) <= 1
        logs = [_sequential_log_density(z_low[:, order], z_high[:, order], factor, rng) for _ in range(1 if exact else draws)]
        return np.asarray(slopes + np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)))

    def draw(self, n: int, rng: Stream, mend: Mend | None = None) -> Encoded:
        """``n`` rows. ``mend`` may change rows after they are drawn."""
        labels = np.searchsorted(np.cumsum(self.margins.weights)[:-1], rng.child("component").generator().random(n), "right")
        whole = [Stratum(c, 0.0, None) for c in range(self.components)]
        return self._draw_by(labels, self._noise(n, rng), whole, rng, mend)

    def latents(self, n: int, rng: Stream) -> tuple[Integers, Floats]:
        """Components (n,) and latent numbers (p, n) of ``n`` rows."""
        labels = np.sort(np.searchsorted(np.cumsum(self.margins.weights)[:-1], rng.child("component").generator().random(n), "right"))
        latent = self._noise(n, rng)
        bounds = np.searchsorted(labels, np.arange(self.components + 1))
        for c, (start, stop) in enumerate(pairwise(bounds)):
            latent[:, start:stop] = self._factors[c] @ latent[:, start:stop]
        return labels, latent

    def strata(self, allowed: Mapping[int, Allowed], stream: Stream) -> list[Stratum]:
        """The ways in which a condition can be met, each with its probability. Impossible: ConditionError."""
        options = [_alternatives(self, j, restriction) for j, restriction in allowed.items() if j != self.key]
        found = []
        for c in self._allowed_components(allowed):
            for number, choice in enumerate(product(*options)):
                regions = {d: region for part in choice for d, region in part.items()}
                found.append(self._stratum(c, regions, stream.child("stratum", c, number)))
        found = [s for s in found if np.isfinite(s.log_mass)]
        if not found:
            names = ", ".join(f'"{self.fields[j].column}"' for j in allowed)
            raise ConditionError(
                f"No row can meet the condition on {names}: the model gives it no probability.",
                remedy="Widen the condition, or leave out one of the columns.",
            )
        return found

    def draw_given(self, n: int, strata: list[Stratum], rng: Stream, mend: Mend | None = None) -> Encoded:
        """``n`` rows that meet the condition behind ``strata``, distributed as all rows that do."""
        masses = np.exp(np.array([s.log_mass for s in strata]) - max(s.log_mass for s in strata))
        share = np.cumsum(masses) / masses.sum()
        labels = np.searchsorted(share[:-1], rng.child("component").generator().random(n), "right")
        return self._draw_by(labels, self._noise(n, rng), strata, rng, mend)

    def _noise(self, n: int, rng: Stream) -> Floats:
        noise = np.empty((len(self.margins.dims), n))
        for d, dim in enumerate(self.margins.dims):
            rng.child("latent", dim.name, dim.role).generator().standard_normal(out=noise[d])
        return noise

    def _allowed_components(self, allowed: Mapping[int, Allowed]) -> Iterator[int]:
        for c in range(self.components):
            if self.key is None or self.key_tokens is None or self.key not in allowed or allowed[self.key].mask[self.key_tokens[c]]:
                yield c

    def _stratum(self, c: int, regions: Regions, stream: Stream) -> Stratum:
        points, unions, slopes = {}, {}, 0.0
        for d, (lows, highs) in regions.items():
            if len(lows) == 1 and lows[0] == highs[0]:
                points[d] = float(self.margins.bend(d, c, lows)[0])
                slopes += float(self.margins.log_slope(d, c, lows)[0])
                continue
            z_lows, z_highs = self.margins.bend(d, c, lows), self.margins.bend(d, c, highs)
            wide = z_highs > z_lows
            if not wide.any():
                return Stratum(c, -np.inf, None)
            unions[d] = (z_lows[wide], z_highs[wide])
        if not points and not unions:
            return Stratum(c, float(np.log(self.margins.weights[c])), None)
        normal = ConditionedNormal(self.correlations[c], points, unions, stream.generator())
        return Stratum(c, float(np.log(self.margins.weights[c])) + slopes + normal.log_mass, normal)

    def _draw_by(self, labels: Integers, noise: Floats, strata: Sequence[Stratum], rng: Stream, mend: Mend | None) -> Encoded:
        """Rows whose stratum is given by ``labels`` (n,)."""
        order = np.argsort(labels, kind="stable")
        bounds = np.r_[0, np.cumsum(np.bincount(labels, minlength=len(strata)))]
        parts = [(s, slice(a, b)) for s, (a, b) in zip(strata, pairwise(bounds), strict=True) if b > a]
        latent = np.empty_like(noise)
        for number, (stratum, rows) in enumerate(parts):
            latent[:, rows] = self._latent(stratum, noise[:, rows], rng.child("stratum", number))
        components = np.array([s.component for s in strata], np.int64)[labels[order]]
        drawn = self._decoded(components, latent)
        if mend is not None:
            mend(components, latent, drawn, rng.child("mend").generator())
        return drawn.take(np.argsort(order))

    def _latent(self, stratum: Stratum, noise: Floats, rng: Stream) -> Floats:
        if stratum.normal is None:
            return np.asarray(self._factors[stratum.component] @ noise)
        return stratum.normal.draw(noise, rng.generator())

    def _decoded(self, components: Integers, latent: Floats) -> Encoded:
        """The rows whose latent numbers are ``latent`` (p, n), each in its component."""
        out = _blank(self.fields, latent.shape[1])
        missing: dict[int, NDArray[np.bool_]] = {}
        if self.key is not None and self.key_tokens is not None:
            out.tokens[self.key] = self.key_tokens[components].astype(self.fields[self.key].token_type)
        for d, dim in enumerate(self.margins.dims):
            tokens, position = self.margins.unbend(d, components, latent[d], self.fields[dim.field])
            if dim.role == "missing":
                missing[dim.field] = tokens == 0
                continue
            out.tokens[dim.field] = tokens
            if position is not None:
                out.positions[dim.field] = position
        for j, gone in missing.items():
            out.tokens[j][gone] = 0
            position = out.positions[j]
            if position is not None:
                position[gone] = 0
        return out


@dataclass(frozen=True)
class Stratum:
    """One component and one way to meet a condition in it. ``normal`` is None where the condition does not touch its latents."""

    component: int
    log_mass: float
    normal: ConditionedNormal | None

    @property
    def effective_share(self) -> float:
        return 1.0 if self.normal is None else self.normal.effective_share


Mend = Callable[[Integers, Floats, Encoded, np.random.Generator], None]  # components (n,), latents (p, n), rows to change in place
Regions = dict[int, tuple[Floats, Floats]]  # dimension → the lows and highs of ``u`` that are allowed


def _sequential_log_density(low: Floats, high: Floats, factor: Floats, rng: np.random.Generator) -> Floats:
    """(n,) log density at points times mass in intervals of N(0, factor factorᵀ), dimension by dimension, unknown ones drawn."""
    noise, log_density = np.zeros((low.shape[1], len(low))), np.zeros(len(low))
    for d in range(low.shape[1]):
        mean, spread = factor[d, :d] @ noise[:d], factor[d, d]
        left, right = (low[:, d] - mean) / spread, (high[:, d] - mean) / spread
        point = low[:, d] == high[:, d]
        at_point = -0.5 * left * left - 0.5 * np.log(2 * np.pi) - np.log(spread)
        if point.all():
            noise[d] = left
            log_density += at_point
            continue
        mass = np.maximum(interval_mass(left, right), 1e-300)
        noise[d] = np.where(point, left, draw_between(left, right, rng.random(len(low))))
        log_density += np.where(point, at_point, np.log(mass))
    return log_density


def _blank(fields: list[Field], n: int) -> Encoded:
    tokens: list[Tokens] = [np.full(n, _only_token(f), f.token_type) for f in fields]
    positions: list[Positions | None] = [None if f.all_atoms else np.zeros(n, np.float32) for f in fields]
    return Encoded(tokens, positions)


def hold(drawn: Encoded, model: CopulaModel, allowed: Mapping[int, Allowed]) -> None:
    """Moves what rounding left just outside of a condition onto it, in place; an exact value becomes exact."""
    for j, restriction in allowed.items():
        field = model.fields[j]
        positions = drawn.positions[j]
        out = np.flatnonzero(~restriction.contains(drawn.tokens[j], positions))
        if not out.size:
            continue
        axis = next((dim for dim in model.margins.dims if dim.field == j and dim.role == "value"), None)
        rank = np.arange(field.size) if axis is None else axis.rank
        choices = np.flatnonzero(restriction.mask & (field.shares > 0))
        apart = np.abs(rank[choices][None, :] - rank[drawn.tokens[j][out]][:, None])
        tokens = choices[apart.argmin(axis=1)]
        drawn.tokens[j][out] = tokens.astype(field.token_type)
        if positions is not None:
            positions[out] = _position_inside(restriction, tokens, positions[out], field)


def _position_inside(allowed: Allowed, tokens: Integers, positions: Positions, field: Field) -> Positions:
    spans = np.array([allowed.span(int(token)) for token in tokens]).reshape(-1, 2)
    inside = np.clip(positions, spans[:, 0], np.minimum(spans[:, 1], 1 - 1e-7)).astype(np.float32)
    inside = np.where(tokens + inside.astype(np.float64) < allowed.low, np.nextafter(inside, np.float32(1)), inside)
    inside = np.where(tokens + inside.astype(np.float64) > allowed.high, np.nextafter(inside, np.float32(0)), inside)
    inside[field.atom[tokens]] = 0
    return inside


def _only_token(field: Field) -> int:
    """The token of a field without a value dimension; where some values are missing, the token of the others."""
    shares = field.shares.copy()
    if field.null_token is not None and shares[field.null_token] < 1:
        shares[field.null_token] = 0
    return int(shares.argmax())


def _alternatives(model: CopulaModel, j: int, allowed: Allowed) -> list[Regions]:
    """The disjoint ways in which field ``j`` can meet a restriction; an empty dict asks nothing of the latents, no way: an empty list."""
    field = model.fields[j]
    own = {dim.role: (d, dim) for d, dim in enumerate(model.margins.dims) if dim.field == j}
    if not own:
        return [{}] if allowed.mask[_only_token(field)] else []
    whole = bool(allowed.mask.all()) and allowed.low <= 0 and allowed.high >= field.size
    if whole:
        return [{}]
    region: Regions | None = {}
    if "value" in own:
        d, dim = own["value"]
        span = _allowed_span(dim.order, dim.cumulative, allowed, field)
        region = None if span is None else {d: span}
    elif not allowed.mask[1:].any():
        region = None
    if "missing" not in own:
        return [] if region is None else [region]
    d, dim = own["missing"]
    edge = dim.cumulative[1]
    ways: list[Regions] = [] if region is None else [{d: (np.array([edge]), np.array([1.0])), **region}]
    if allowed.mask[0]:
        ways.append({d: (np.array([0.0]), np.array([edge]))})
    return ways


def _allowed_span(order: Integers, cumulative: Floats, allowed: Allowed, field: Field) -> tuple[Floats, Floats] | None:
    """The allowed part of ``u`` as disjoint intervals, touching ones merged; a single point where one exact place in a bin is asked."""
    width = np.diff(cumulative)
    start, stop = np.zeros(len(order)), np.ones(len(order))
    bins = ~field.atom[order]
    start[bins] = np.clip(allowed.low - order[bins], 0, 1)
    stop[bins] = np.clip(allowed.high - order[bins], 0, 1)
    lows, highs = cumulative[:-1] + start * width, cumulative[:-1] + stop * width
    mask = allowed.mask[order] & (width > 0)
    exact = mask & bins & (start == stop) & (start > 0) & (allowed.low == allowed.high)
    if exact.any():
        place = int(np.flatnonzero(exact)[0])
        inner = np.clip(start[place], 1e-4, 1 - 1e-4)
        point = np.array([cumulative[place] + inner * width[place]])
        return point, point
    mask &= highs > lows
    if not mask.any():
        return None
    lows, highs = lows[mask], highs[mask]
    new = np.r_[True, lows[1:] > highs[:-1] + 1e-15]
    return lows[new], highs[np.r_[new[1:], True]]
