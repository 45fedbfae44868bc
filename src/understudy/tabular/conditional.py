"""What a chain of trees knows of one field given those before it: `DonorTrees` and `ResidualTrees`.

`DonorTrees` gives the tokens found in the leaves. `ResidualTrees` says first where a number lies (boosting, `location.py`) and gives
what was left over for the donors of a leaf, so that a strong dependence needs no small leaves: what a leaf gives is then not a
value that some row had, but how far rows lie from where they were expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.chain import Draw, Restriction, token_weights
from understudy.tabular.features import Features, location_outputs, residual_outputs, token_outputs
from understudy.tabular.fields import Field, Floats, Positions, Tokens
from understudy.tabular.forest import Forest, Growth, draw_allowed, draw_donors, draw_weighed, grow_forest, stop_of_leaf, token_share
from understudy.tabular.location import Location, fit_location
from understudy.tabular.scale import Scale

TREES_RESTRICTED = 6
"""Trees that a restricted draw looks at."""
CALIBRATION_KNOTS = 257
Rows = NDArray[np.uint8]


class Conditional(Protocol):
    kind: ClassVar[str]

    def draw(self, rows: Rows, rng: np.random.Generator, restriction: Restriction | None) -> Draw:
        """The field for rows of bins (n, fields)."""

    def interval_mass(self, rows: Rows, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
        """(n,) probability of the closed interval of coordinates, a row."""

    def token_mass(self, rows: Rows, tokens: Tokens, rng: np.random.Generator) -> Floats:
        """(n,) probability of one token, a row."""

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """What `from_arrays` needs, but for `facts`."""

    def facts(self) -> dict[str, Any]:
        """Numbers for the manifest."""


@dataclass
class DonorTrees:
    """Tokens found in the leaves; ``tokens`` one a donor."""

    field: Field
    forest: Forest
    tokens: NDArray[np.int32]
    smoothing: float
    kind: ClassVar[str] = "donors"

    @classmethod
    def fit(
        cls, field: Field, tokens: Tokens, features: Features, use: NDArray[np.int64], growth: Growth, smoothing: float, stream: Stream
    ) -> DonorTrees:
        outputs, weights = token_outputs(field, tokens) if field.kind == "categorical" else location_outputs(field, tokens)
        if len(use) == 0:
            growth = Growth(trees=1, structure=0.0, rows=growth.rows)
        forest = grow_forest(features.bins, features.ordered, features.sizes, use, outputs, weights, growth, stream)
        forest = forest.sorted_by(tokens[forest.donors].astype(np.float64))
        kept = tokens[forest.donors].astype(np.int32)
        forest.donors = np.zeros(0, np.int32)
        return cls(field, forest, kept, smoothing)

    def draw(self, rows: Rows, rng: np.random.Generator, restriction: Restriction | None) -> Draw:
        if restriction is None:
            donors = draw_donors(rows, *self.forest.walk, self.smoothing, rng.random(len(rows)))
            return Draw(self.tokens[donors].astype(self.field.token_type), None)
        return self._draw_restricted(rows, rng, restriction)

    def _draw_restricted(self, rows: Rows, rng: np.random.Generator, restriction: Restriction) -> Draw:
        weight = np.ones(self.field.size) if restriction.allowed is None else token_weights(self.field, restriction.allowed)
        if len(self.forest.left) == 1 and not restriction.bounded:
            return self._draw_from_root(len(rows), rng, weight)
        if not restriction.bounded:
            return self._draw_weighed(rows, rng, weight)
        low, high = _token_bounds(self.field, restriction, len(rows))
        donors, inside, within = self._allowed(rows, rng, weight, low, high)
        tokens = self.tokens[np.maximum(donors, 0)]
        if (donors < 0).any():
            tokens = np.where(donors < 0, _from_shares(self.field, weight, low, high, rng), tokens)
        with np.errstate(divide="ignore", invalid="ignore"):
            mass = np.log(np.where(within > 0, inside / within, 0.0))
        return Draw(tokens.astype(self.field.token_type), None, None if restriction.allowed is None else mass)

    def _draw_from_root(self, n: int, rng: np.random.Generator, weight: Floats) -> Draw:
        """Where no tree splits, the restricted law is the same in all rows and exact, however rare what is allowed is."""
        shares = np.bincount(self.tokens, minlength=self.field.size) / len(self.tokens)
        if not (shares * weight).any():
            shares = np.maximum(self.field.shares, 1e-15)
        cumulative = np.cumsum(shares * weight)
        tokens = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
        tokens = np.minimum(tokens, np.flatnonzero(weight)[-1] if weight.any() else 0)
        with np.errstate(divide="ignore"):
            return Draw(tokens.astype(self.field.token_type), None, np.full(n, np.log(cumulative[-1])))

    def _draw_weighed(self, rows: Rows, rng: np.random.Generator, weight: Floats) -> Draw:
        """Where all rows allow the same: by the running sum of the donors' weights, without a look at each donor."""
        n, used = len(rows), min(TREES_RESTRICTED, len(self.forest.roots))
        cumulative = np.concatenate([[0.0], np.cumsum(weight[self.tokens])])
        donors, inside = draw_weighed(rows, *self.forest.walk, self.smoothing, rng.random((n, 3 + used)), cumulative, used)
        tokens = self.tokens[np.maximum(donors, 0)]
        missed = donors < 0
        if missed.any():
            tokens = tokens.copy()
            tokens[missed] = _from_shares(self.field, weight, np.full(n, -np.inf), np.full(n, np.inf), rng)[missed]
        with np.errstate(divide="ignore"):
            return Draw(tokens.astype(self.field.token_type), None, np.log(inside))

    def _allowed(
        self, rows: Rows, rng: np.random.Generator, weight: Floats, low: Floats, high: Floats
    ) -> tuple[NDArray[np.int32], Floats, Floats]:
        """As `draw_allowed`."""
        used = min(TREES_RESTRICTED, len(self.forest.roots))
        uniform = rng.random((len(rows), 2 + used))
        nullable = self.field.null_token is not None
        found = draw_allowed(rows, *self.forest.walk, self.smoothing, uniform, self.tokens, weight, low, high, nullable, used)
        return cast("tuple[NDArray[np.int32], Floats, Floats]", found)

    def interval_mass(self, rows: Rows, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
        bounds = Restriction(None, low, high)
        first, last = _token_bounds(self.field, bounds, len(rows))
        _, _, within = self._allowed(rows, rng, np.ones(self.field.size), first, last)
        return np.asarray(within)

    def token_mass(self, rows: Rows, tokens: Tokens, rng: np.random.Generator) -> Floats:
        if len(self.forest.left) == 1:
            return np.asarray((np.bincount(self.tokens, minlength=self.field.size) / len(self.tokens))[tokens])
        used = min(TREES_RESTRICTED, len(self.forest.roots))
        uniform = rng.random((len(rows), 1 + used))
        return np.asarray(token_share(rows, *self.forest.walk, self.smoothing, uniform, self.tokens, tokens.astype(np.int32), used))

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        return {**self.forest.arrays(prefix), f"{prefix}.tokens": self.tokens}

    def facts(self) -> dict[str, Any]:
        return {"smoothing": self.smoothing}

    @classmethod
    def from_arrays(cls, field: Field, arrays: dict[str, NDArray[Any]], prefix: str, facts: dict[str, Any]) -> DonorTrees:
        return cls(field, Forest.from_arrays(arrays, prefix), arrays[f"{prefix}.tokens"], facts["smoothing"])


@dataclass(frozen=True)
class Located:
    """Where a field's numbers lie on the scale, given the rest of the row: ``scores`` and ``residual`` (n,), NaN at spikes."""

    field: Field
    tokens: Tokens
    scale: Scale
    scores: Floats
    location: Location
    residual: Floats

    @classmethod
    def fit(
        cls,
        field: Field,
        tokens: Tokens,
        positions: Positions | None,
        features: Features,
        use: NDArray[np.int64],
        stream: Stream,
        folds: int,
    ) -> Located:
        scale = Scale.of(field)
        rng = stream.child("spread").generator()
        spread = rng.random(len(tokens)).astype(np.float32)
        place = spread if positions is None else np.where(field.atom[tokens], spread, positions)
        scores = scale.score(tokens, place)
        found = fit_location(features.bins, features.ordered, features.sizes, use, scores, stream.child("location"), folds=folds)
        return cls(field, tokens, scale, scores, *found)


@dataclass
class ResidualTrees:
    """A location, and donors of what is left over. ``spikes`` (donors,) token of donors at a spike, else -1; ``residuals`` (donors,)."""

    field: Field
    scale: Scale
    location: Location
    forest: Forest
    residuals: NDArray[np.float32]
    spikes: NDArray[np.int32]
    smoothing: float
    jitter: float
    drawn_quantiles: Floats
    real_quantiles: Floats
    kind: ClassVar[str] = "residual"

    @classmethod
    def fit(
        cls,
        field: Field,
        tokens: Tokens,
        positions: Positions | None,
        features: Features,
        use: NDArray[np.int64],
        growth: Growth,
        smoothing: float,
        stream: Stream,
        folds: int,
    ) -> ResidualTrees:
        return cls.around(Located.fit(field, tokens, positions, features, use, stream, folds), features, use, growth, smoothing, stream)

    @classmethod
    def around(
        cls, located: Located, features: Features, use: NDArray[np.int64], growth: Growth, smoothing: float, stream: Stream
    ) -> ResidualTrees:
        """Donors of what a location fitted on the same rows leaves over."""
        field, tokens, scale, residual = located.field, located.tokens, located.scale, located.residual
        outputs, weights = residual_outputs(field, tokens, residual, scale.spike)
        forest = grow_forest(features.bins, features.ordered, features.sizes, use, outputs, weights, growth, stream.child("forest"))
        forest = forest.sorted_by(np.where(np.isnan(residual), np.inf, residual)[forest.donors])
        owner = forest.donors
        spikes = np.where(np.isnan(residual[owner]), tokens[owner].astype(np.int32), -1).astype(np.int32)
        residuals = np.nan_to_num(residual[owner]).astype(np.float32)
        forest.donors = np.zeros(0, np.int32)
        spread_of_residual = float(np.nanstd(residual)) if np.isfinite(residual).any() else 1.0
        model = cls(
            field, scale, located.location, forest, residuals, spikes, smoothing, 0.1 * spread_of_residual, np.zeros(0), np.zeros(0)
        )
        model._calibrate(np.ascontiguousarray(features.bins.T), located.scores, stream.child("calibrate").generator())
        return model

    def _calibrate(self, rows: Rows, scores: Floats, rng: np.random.Generator) -> None:
        """Quantiles of drawn and of real scores: drawing maps the first onto the second, so that the margin is right."""
        grid = np.linspace(0, 1, min(CALIBRATION_KNOTS, max(3, np.isfinite(scores).sum() // 10)))
        chosen = rng.permutation(len(rows))[:50_000]
        drawn, spikes = self._scores(rows[chosen], rng)
        self.drawn_quantiles = np.quantile(drawn[spikes < 0], grid) if (spikes < 0).any() else np.zeros(0)
        self.real_quantiles = np.quantile(scores[np.isfinite(scores)], grid)
        if len(self.drawn_quantiles):
            self.drawn_quantiles = np.maximum.accumulate(self.drawn_quantiles + np.arange(len(grid)) * 1e-9)

    def _scores(self, rows: Rows, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int32]]:
        """Uncalibrated scores, and the token where a row is at a spike, else -1."""
        n = len(rows)
        where = self._where(rows, rng)
        donors = draw_donors(rows, *self.forest.walk, self.smoothing, rng.random(n))
        shake = self.jitter * (2 * rng.random(n) - 1)
        return where + self.residuals[donors] + shake, self.spikes[donors]

    def _where(self, rows: Rows, rng: np.random.Generator) -> Floats:
        return self.location.predict(rows, rng.integers(0, self.location.folds, len(rows)))

    def draw(self, rows: Rows, rng: np.random.Generator, restriction: Restriction | None) -> Draw:
        if restriction is not None:
            return self._draw_restricted(rows, rng, restriction)
        scores, spikes = self._scores(rows, rng)
        return self._as_draw(scores, spikes, None)

    def _as_draw(self, scores: Floats, spikes: NDArray[np.int32], log_mass: Floats | None) -> Draw:
        calibrated = np.interp(scores, self.drawn_quantiles, self.real_quantiles) if len(self.drawn_quantiles) else scores
        tokens, positions = self.scale.token(calibrated)
        tokens = np.where(spikes >= 0, spikes, tokens)
        if self.field.all_atoms:
            return Draw(tokens.astype(self.field.token_type), None, log_mass)
        positions[self.field.atom[tokens]] = 0
        return Draw(tokens.astype(self.field.token_type), positions, log_mass)

    def _uncalibrated(self, scores: Floats) -> Floats:
        if not len(self.drawn_quantiles):
            return scores
        inside = np.interp(scores, self.real_quantiles, self.drawn_quantiles)
        return np.where(scores >= self.real_quantiles[-1], np.inf, np.where(scores <= self.real_quantiles[0], -np.inf, inside))

    def _draw_restricted(self, rows: Rows, rng: np.random.Generator, restriction: Restriction) -> Draw:
        n, field = len(rows), self.field
        weight = np.ones(field.size) if restriction.allowed is None else token_weights(field, restriction.allowed)
        first, last = _token_bounds(field, restriction, n)
        low = self._uncalibrated(self.scale.edge(np.full(n, -np.inf) if restriction.low is None else restriction.low))
        high = self._uncalibrated(self.scale.edge(np.full(n, np.inf) if restriction.high is None else _after(field, restriction.high)))
        runs = self._runs(restriction)
        scores, spikes, inside, within = self._allowed(rows, rng, weight, first, last, low, high, *runs)
        missed = np.isnan(scores) & (spikes < 0)
        draw = self._as_draw(np.nan_to_num(scores), spikes, None)
        tokens, positions = draw.tokens, draw.positions
        if missed.any():
            tokens = np.where(missed, _from_shares(field, weight, first, last, rng), tokens).astype(field.token_type)
            if positions is not None:
                positions = np.where(missed, rng.random(n), positions).astype(np.float32)
        tokens, positions = _held(field, tokens, positions, restriction)
        with np.errstate(divide="ignore", invalid="ignore"):
            mass = np.log(np.where(within > 0, inside / within, 0.0))
        return Draw(tokens.astype(field.token_type), positions, None if restriction.allowed is None else mass)

    def _runs(self, restriction: Restriction) -> tuple[Floats, Floats]:
        """The allowed part of the scale as disjoint intervals of uncalibrated scores."""
        if restriction.allowed is None:
            return np.array([-np.inf]), np.array([np.inf])
        whole = self.field.atom & restriction.allowed.mask  # an atom is allowed with all of its interval, or not at all
        spans = [(0.0, 1.0) if whole[t] else restriction.allowed.span(t) for t in range(self.field.size)]
        low = np.array([t + s for t, (s, e) in enumerate(spans) if e > s and not self.scale.spike[t]], np.float64)
        high = np.array([t + e for t, (s, e) in enumerate(spans) if e > s and not self.scale.spike[t]], np.float64)
        if len(low) == 0:
            return np.zeros(0), np.zeros(0)
        low_score, high_score = self._uncalibrated(self.scale.edge(low)), self._uncalibrated(self.scale.edge(high))
        gap = np.flatnonzero(low_score[1:] > high_score[:-1] + 1e-12)
        return low_score[np.concatenate([[0], gap + 1])], high_score[np.concatenate([gap, [len(low) - 1]])]

    def _allowed(
        self,
        rows: Rows,
        rng: np.random.Generator,
        weight: Floats,
        first: Floats,
        last: Floats,
        low: Floats,
        high: Floats,
        run_low: Floats,
        run_high: Floats,
    ) -> tuple[Floats, NDArray[np.int32], Floats, Floats]:
        """As `_draw_residual`."""
        used = min(TREES_RESTRICTED, len(self.forest.roots))
        uniform = rng.random((len(rows), 3 + used))
        found = _draw_residual(
            rows, *self.forest.walk, self.smoothing, uniform, self._where(rows, rng), self.residuals, self.spikes, self.jitter,
            weight, first, last, low, high, run_low, run_high, self.field.null_token is not None, used,
        )  # fmt: skip
        return cast("tuple[Floats, NDArray[np.int32], Floats, Floats]", found)

    def interval_mass(self, rows: Rows, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
        bounds = Restriction(None, low, high)
        first, last = _token_bounds(self.field, bounds, len(rows))
        low_score = self._uncalibrated(self.scale.edge(low))
        high_score = self._uncalibrated(self.scale.edge(_after(self.field, high)))
        everything = np.array([-np.inf]), np.array([np.inf])
        return np.asarray(self._allowed(rows, rng, np.ones(self.field.size), first, last, low_score, high_score, *everything)[3])

    def token_mass(self, rows: Rows, tokens: Tokens, rng: np.random.Generator) -> Floats:
        exactly = tokens.astype(np.float64)
        low, high = (self._uncalibrated(self.scale.edge(edge)) for edge in (exactly, exactly + 1.0))
        spike = self.scale.spike[tokens]
        low, high = np.where(spike, np.inf, low), np.where(spike, -np.inf, high)
        used = min(TREES_RESTRICTED, len(self.forest.roots))
        uniform, where = rng.random((len(rows), 3 + used)), self._where(rows, rng)
        everything = np.array([-np.inf]), np.array([np.inf])
        found = _draw_residual(
            rows, *self.forest.walk, self.smoothing, uniform, where, self.residuals, self.spikes, self.jitter,
            np.ones(self.field.size), exactly, exactly, low, high, *everything, False, used,
        )  # fmt: skip
        return np.asarray(found[3])

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        return {
            **self.forest.arrays(prefix),
            **self.location.arrays(f"{prefix}.location"),
            f"{prefix}.residuals": self.residuals,
            f"{prefix}.spikes": self.spikes,
            f"{prefix}.drawn_quantiles": self.drawn_quantiles,
            f"{prefix}.real_quantiles": self.real_quantiles,
        }

    def facts(self) -> dict[str, Any]:
        return {"smoothing": self.smoothing, "jitter": self.jitter}

    @classmethod
    def from_arrays(cls, field: Field, arrays: dict[str, NDArray[Any]], prefix: str, facts: dict[str, Any]) -> ResidualTrees:
        return cls(
            field,
            Scale.of(field),
            Location.from_arrays(arrays, f"{prefix}.location"),
            Forest.from_arrays(arrays, prefix),
            arrays[f"{prefix}.residuals"],
            arrays[f"{prefix}.spikes"],
            facts["smoothing"],
            facts["jitter"],
            arrays[f"{prefix}.drawn_quantiles"],
            arrays[f"{prefix}.real_quantiles"],
        )


def _token_bounds(field: Field, restriction: Restriction, n: int) -> tuple[Floats, Floats]:
    """The least and the greatest token (n,) that a row's bounds allow."""
    low = np.full(n, -1.0) if restriction.low is None else np.floor(np.maximum(restriction.low, -1.0))
    high = np.full(n, float(field.size)) if restriction.high is None else np.floor(np.minimum(restriction.high, field.size))
    return low, high


def _after(field: Field, coordinates: Floats) -> Floats:
    """The end of the interval that an atom takes on the scale, where an upper bound is an atom."""
    token = np.clip(np.nan_to_num(coordinates, neginf=0.0, posinf=0.0), 0, field.size - 1).astype(np.int64)
    return np.where(np.isfinite(coordinates) & field.atom[token] & (coordinates < field.size), token + 1.0, coordinates)


def _held(field: Field, tokens: Tokens, positions: Positions | None, restriction: Restriction) -> tuple[Tokens, Positions | None]:
    """Drawn coordinates held inside the row's bounds, against rounding at their edges."""
    if not restriction.bounded:
        return tokens, positions
    coordinate = tokens.astype(np.float64) + (0.0 if positions is None else positions)
    held = coordinate
    if restriction.low is not None:
        end = field.size - 1 if field.atom[-1] else np.nextafter(np.float32(field.size), np.float32(0))
        held = np.maximum(held, np.minimum(restriction.low, end))
    if restriction.high is not None:
        held = np.minimum(held, np.maximum(restriction.high, 0 if field.null_token is None else 1))
    if field.null_token is not None:
        held = np.where(tokens == field.null_token, coordinate, held)
    token = np.minimum(held.astype(np.int64), field.size - 1)
    moved = held != coordinate
    new = np.where(moved, token, tokens).astype(tokens.dtype)
    if positions is None:
        return new, None
    place = np.where(moved, np.clip(held - token, 0, 0.999999), positions).astype(np.float32)
    place[field.atom[new]] = 0
    return new, place


def _from_shares(field: Field, weight: Floats, low: Floats, high: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) tokens by their overall shares inside the bounds, for rows whose leaves hold nothing allowed."""
    cumulative = np.concatenate([[0.0], np.cumsum(np.maximum(field.shares * weight, 1e-15 * (weight > 0)))])
    first = np.clip(low, 0 if field.null_token is None else 1, field.size - 1).astype(np.int64)
    last = np.clip(high, first, field.size - 1).astype(np.int64)
    below, above = cumulative[first], cumulative[last + 1]
    token = np.searchsorted(cumulative, below + rng.random(len(low)) * (above - below), side="right") - 1
    return np.asarray(np.clip(token, first, last))


@numba.njit(cache=True)
def _draw_residual(  # type: ignore[no-untyped-def]
    rows, roots, nodes, subsets, spans, smoothing, uniform, where, residuals, spikes, jitter,
    weight, first, last, low, high, run_low, run_high, nullable, trees_used,
):  # fmt: skip
    """Scores among what is allowed. Returns score (NaN at spikes and where nothing is allowed), spike, condition mass, bound mass.

    A donor stands for the interval where + residual ± jitter; its mass inside an interval is the overlap.
    """
    n, trees, runs = rows.shape[0], roots.shape[0], run_low.shape[0]
    score, spike = np.full(n, np.nan), np.full(n, -1, np.int32)
    inside, within = np.zeros(n), np.zeros(n)
    width = 2.0 * jitter
    for i in range(n):
        tree_start = int(uniform[i, 0] * trees)
        allowed_mass, bound_mass = 0.0, 0.0
        # reservoir: every overlap replaces what was chosen with the chance of its share so far
        u = uniform[i, 1]
        for t in range(trees_used):
            root = roots[(tree_start + t) % trees]
            node, step, offset = stop_of_leaf(rows[i], root, nodes, subsets, spans, smoothing, uniform[i, 3 + t])
            count = max(1, (spans[node, 1] - offset + step - 1) // step)
            for q in range(offset, spans[node, 1], step):
                one = 1.0 / count
                token = spikes[q]
                if token >= 0:
                    if (nullable and token == 0) or (token >= first[i] and token <= last[i]):
                        bound_mass += one
                        gain = one * weight[token]
                        if gain > 0:
                            allowed_mass += gain
                            share = gain / allowed_mass
                            if u < share:
                                u /= share
                                spike[i], score[i] = token, np.nan
                            else:
                                u = (u - share) / (1 - share)
                    continue
                a, b = where[i] + residuals[q] - jitter, where[i] + residuals[q] + jitter
                a, b = max(a, low[i]), min(b, high[i])
                if b <= a:
                    continue
                bound_mass += one * (b - a) / width
                for r in range(runs):
                    c, d = max(a, run_low[r]), min(b, run_high[r])
                    if d <= c:
                        continue
                    gain = one * (d - c) / width
                    allowed_mass += gain
                    share = gain / allowed_mass
                    if u < share:
                        u /= share
                        spike[i], score[i] = -1, c + (d - c) * uniform[i, 2]
                    else:
                        u = (u - share) / (1 - share)
        inside[i], within[i] = allowed_mass / trees_used, bound_mass / trees_used
    return score, spike, inside, within
