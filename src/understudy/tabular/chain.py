"""Learners that draw one field after another, each given those before it, and how conditions narrow such a chain.

A condition restricts the draw of its field to the allowed tokens; the probability of the allowed part, given what was drawn before,
weighs the row. Rows are resampled by their weights after each conditioned field (sequential Monte Carlo with systematic
resampling; Doucet, de Freitas & Gordon 2001), so the rows follow the learner's conditional law up to Monte Carlo error, and no
condition is met by waiting for it. Where every conditioned field comes first in the chain, the weights of the first are all equal
and its draw is exact.

A declared inequality between columns narrows the draw of the later of the two in the same way, but weighs nothing: it is part of
the model.

To add a learner of this kind, subclass `ChainSynthesizer` and write `_learn`, `_draw_field` and the state; `_chain` and `_workspace`
where the default does not do.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.tabular.completion import Completion, put, tokens_apart, without_gaps
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Mask, Positions, Tokens
from understudy.tabular.synthesizer import Conditions, ScarceRowsWarning, TableSynthesizer

Found = TypeVar("Found")

CANDIDATES = 4
"""Candidates a wanted row in one round, where conditions weigh rows."""
ROUNDS = 16
"""Rounds of candidates at the most: then the rows are drawn from what was found."""
LEAST_CANDIDATES = 1024
"""Candidates in one round, at the least: a few wanted rows must not make a rare condition look impossible."""
LAW_CANDIDATES = 32
"""Candidates for each token whose probability is asked in a row that lacks other cells too."""
PATIENCE = 4
"""Estimates that are averaged where a probability is the result."""
PILOT_ROUNDS = 64
"""Rounds without one candidate that meets the conditions, before they are called impossible."""


@dataclass(frozen=True)
class Restriction:
    """What may be drawn in one field: the tokens and interval of a condition, and for each row a closed interval of coordinates.

    ``low`` and ``high`` are (n,) float64 coordinates or None. NULL meets every bound, as it does in a declared inequality.
    """

    allowed: Allowed | None = None
    low: Floats | None = None
    high: Floats | None = None

    @property
    def bounded(self) -> bool:
        return self.low is not None or self.high is not None


class Draw(NamedTuple):
    """One field of n rows. ``log_mass`` (n,): log-probability of the condition given the row so far; None where there is none."""

    tokens: Tokens
    positions: Positions | None
    log_mass: Floats | None = None


class Efficiency(NamedTuple):
    """How conditions were met. ``probability``: of the conditions under the model; ``effective``: effective sample size a candidate."""

    probability: float
    effective: float
    candidates: int


def token_weights(field: Field, allowed: Allowed) -> Floats:
    """(size,) the share of each token's mass that a condition allows: 1 or 0, but for the bins at the ends of an interval."""
    weights = allowed.mask.astype(np.float64)
    for token in np.flatnonzero(allowed.mask & ~field.atom):
        start, stop = allowed.span(int(token))
        weights[token] = stop - start
    return weights


class ChainSynthesizer(TableSynthesizer):
    """Draws the fields of a row one after another."""

    keeps_bounds = True
    candidates = CANDIDATES
    """Candidates a wanted row in one round; fewer where they cost much."""

    @abstractmethod
    def _draw_field(
        self, j: int, work: Any, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        """Field `j` of every row, given the fields `known` of `drawn`.

        A restricted draw gives only allowed tokens, and positions inside the allowed part of a bin or None: then they are drawn
        here. Where no allowed token has any probability for a row, its `log_mass` is -inf, and what is drawn does not matter.
        """

    def _chain(self, conditioned: Collection[int]) -> list[int]:
        """The order of the fields. A learner that knows every order puts the conditioned ones first."""
        return list(range(len(self.codec.fields)))

    def _workspace(self, rows: int, chain: list[int]) -> Any:
        """What the learner keeps between the fields of one draw; `take(work, index)` must follow a resampling."""
        return None

    def _take(self, work: Any, index: NDArray[np.integer]) -> Any:
        """The workspace of the resampled rows."""
        return work

    # -- drawing

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        allowed = {} if conditions is None else conditions.allowed
        chain = self._chain(set(allowed))
        if not allowed:
            drawn, work = self._blank(size), self._workspace(size, chain)
            self._extend(drawn, work, chain, [], rng, {}, None)
            return drawn
        return self._draw_conditioned(size, rng, allowed, chain)

    def _draw_conditioned(self, size: int, rng: Stream, allowed: dict[int, Allowed], chain: list[int]) -> Encoded:
        last = max(chain.index(j) for j in allowed) + 1
        head, tail = chain[:last], chain[last:]
        drawn, work, weights = self._candidates(size, rng, allowed, head)
        index = chosen(weights, size, rng)
        drawn, work = _take(drawn, index), self._take(work, index)
        self._extend(drawn, work, tail, list(head), rng, {}, None)
        return drawn

    def _candidates(self, size: int, rng: Stream, allowed: dict[int, Allowed], head: list[int]) -> tuple[Encoded, Any, Floats]:
        """Candidates drawn up to the last conditioned field, with their weights, until they are worth `size` independent rows."""
        if set(head) == set(allowed) and len(head) == 1:
            drawn, work = self._blank(size), self._workspace(size, head)
            self._extend(drawn, work, head, [], rng, allowed, None)
            return drawn, work, np.ones(size)
        n = max(size * self.candidates, LEAST_CANDIDATES)

        def a_round(stream: Stream) -> tuple[tuple[Encoded, Any], Floats]:
            drawn, work, log_weights = self._filtered(self._blank(n), self._workspace(n, head), head, stream, allowed, np.zeros(n))
            return (drawn, work), log_weights

        found, weights = weighed_rounds(a_round, rng, enough=size)
        return joined_rows([drawn for drawn, _ in found]), self._join([work for _, work in found]), weights

    def _join(self, works: list[Any]) -> Any:
        """One workspace of several; a learner that keeps rows in it says how."""
        if any(work is not None for work in works):
            raise NotImplementedError(f"{type(self).__name__} keeps a workspace and must write `_join`.")
        return None

    def _filtered(
        self, drawn: Encoded, work: Any, head: list[int], rng: Stream, allowed: dict[int, Allowed], log_weights: Floats
    ) -> tuple[Encoded, Any, Floats]:
        """Draw `head`, resampling whenever the weights have become too uneven; the mean weight is carried along."""
        known: list[int] = []
        for j in head:
            mass = self._extend(drawn, work, [j], known, rng, allowed, None)
            known.append(j)
            if mass is None:
                continue
            log_weights = log_weights + mass
            if j != head[-1] and np.isfinite(log_weights).any() and effective(log_weights) < len(log_weights) / 2:
                top = log_weights.max()
                weights = np.exp(log_weights - top)
                index = systematic(weights, len(weights), rng.child("resample", j).generator().random())
                drawn, work = _take(drawn, index), self._take(work, index)
                log_weights = np.full(len(index), top + np.log(weights.mean()))
        return drawn, work, log_weights

    def _extend(
        self,
        drawn: Encoded,
        work: Any,
        fields: list[int],
        known: list[int],
        rng: Stream,
        allowed: dict[int, Allowed],
        total: Floats | None,
    ) -> Floats | None:
        """Draw `fields` into `drawn`; the sum of their log-masses."""
        known = list(known)
        for j in fields:
            restriction = self._restriction(j, drawn, known, allowed.get(j))
            generator = rng.child(self.codec.fields[j].name).generator()
            draw = self._draw_field(j, work, drawn, known, generator, restriction)
            drawn.tokens[j] = draw.tokens
            drawn.positions[j] = self._settled(j, draw, restriction, generator)
            self._note(j, work, drawn)
            known.append(j)
            if draw.log_mass is not None:
                total = draw.log_mass if total is None else total + draw.log_mass
        return total

    def _note(self, j: int, work: Any, drawn: Encoded) -> None:
        """Called when field `j` is settled: the learner updates its workspace."""

    def _blank(self, size: int) -> Encoded:
        fields = self.codec.fields
        return Encoded([np.zeros(size, f.token_type) for f in fields], [None] * len(fields))

    # -- partial rows

    def _log_mass(
        self, j: int, work: Any, drawn: Encoded, known: list[int], tokens: Tokens, rng: np.random.Generator, effort: int = 1
    ) -> Floats:
        """(n,) log-probability of the `tokens` of field `j`, given the fields `known` of `drawn`.

        `effort`: how many estimates to average, in a learner that estimates. The default asks `_draw_field` token by token.
        """
        out, size = np.empty(len(tokens)), self.codec.fields[j].size
        for token, rows in tokens_apart(tokens):
            only = Restriction(Allowed(np.arange(size) == token))
            mass = self._draw_field(j, self._take(work, rows), drawn.take(rows), known, rng, only).log_mass
            assert mass is not None
            out[rows] = mass
        return out

    def _complete(self, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        out = self._blank(known.rows)
        for number, (chain, rows) in enumerate(self._by_chain(given)):
            part = Completion(self, known.take(rows), given[rows], allowed, chain).rows(rng.child("chain", number))
            put(out, rows, part)
        return without_gaps(out, self.codec.fields, rng.child("position"))

    def _by_chain(self, given: Mask) -> list[tuple[list[int], NDArray[np.int64]]]:
        """Rows by the chain that suits what is given in them."""
        patterns, own = np.unique(given, axis=0, return_inverse=True)
        chains = [tuple(self._chain({int(j) for j in np.flatnonzero(pattern)})) for pattern in patterns]
        distinct = sorted(set(chains))
        number = np.array([distinct.index(chain) for chain in chains])[own.ravel()]
        return [(list(chain), np.flatnonzero(number == k)) for k, chain in enumerate(distinct)]

    def _log_prob(self, rows: Encoded) -> Floats:
        everything, fields = np.ones((rows.rows, len(rows.tokens)), bool), set(range(len(rows.tokens)))
        found = Completion(self, rows, everything, {}, self._chain(fields))
        return found.log_evidence(Stream(0).child("probability"), each=1, effort=PATIENCE)

    def _law(self, j: int, known: Encoded, given: Mask) -> Floats:
        """By Bayes' rule: the probability of all that is given with each token in its turn."""
        given = given.copy()
        given[:, j] = True
        log_law = np.empty((known.rows, self.codec.fields[j].size))
        stream = Stream(0).child("law")
        for number, (chain, rows) in enumerate(self._by_chain(given)):
            log_law[rows] = self._log_joint(j, known.take(rows), given[rows], chain, stream.child(number))
        law = np.exp(log_law - log_law.max(axis=1, keepdims=True))
        return np.asarray(law / law.sum(axis=1, keepdims=True))

    def _log_joint(self, j: int, known: Encoded, given: Mask, chain: list[int], rng: Stream) -> Floats:
        """(n, size) log-probability of the given cells with each token in field `j`."""
        field = self.codec.fields[j]
        every = [np.full(known.rows, token, field.token_type) for token in range(field.size)]
        each = LAW_CANDIDATES if Completion(self, known, given, {}, chain).after.any() else 1
        columns = []
        for tokens in every:
            rows = Encoded([tokens if k == j else t for k, t in enumerate(known.tokens)], list(known.positions))
            columns.append(Completion(self, rows, given, {}, chain).log_evidence(rng, each=each, effort=PATIENCE))
        return np.stack(columns, axis=1)

    # -- inequalities and edges of bins

    def _restriction(self, j: int, drawn: Encoded, known: list[int], allowed: Allowed | None) -> Restriction | None:
        low, high = self._limits(j, drawn, known)
        if allowed is None and low is None and high is None:
            return None
        return Restriction(allowed, low, high)

    def _limits(self, j: int, drawn: Encoded, known: list[int], there: Mask | None = None) -> tuple[Floats | None, Floats | None]:
        """For each row the least and greatest coordinate that the declared inequalities leave to field `j`.

        `there` (n, fields) tells which cells of `drawn` count, where not all rows know the same fields.
        """
        low: Floats | None = None
        high: Floats | None = None
        for below, above in self._bounded_fields():
            if j == above and below in known:
                limit = self._coordinate_in(j, below, drawn, there)
                low = limit if low is None else np.fmax(low, limit)
            elif j == below and above in known:
                limit = self._coordinate_in(j, above, drawn, there)
                high = limit if high is None else np.fmin(high, limit)
        low = None if low is None else self._from(j, np.nan_to_num(low, nan=-np.inf))
        return low, (None if high is None else np.nan_to_num(high, nan=np.inf))

    def _from(self, j: int, low: Floats) -> Floats:
        """Lower bounds that lie between two atoms begin at the upper of them."""
        field = self.codec.fields[j]
        token = np.floor(np.clip(low, 0, field.size - 1))
        return np.where(field.atom[token.astype(np.int64)] & (low > token), token + 1, low)

    def _coordinate_in(self, j: int, other: int, drawn: Encoded, there: Mask | None) -> Floats:
        """The value of field `other` as a coordinate of field `j`; NaN where it is NULL or not there."""
        tokens = drawn.tokens[other] if there is None else np.where(there[:, other], drawn.tokens[other], 0)
        limit = self.codec.coordinate(j, self.codec.decode_field(other, tokens, drawn.positions[other]))
        return limit if there is None else np.where(there[:, other], limit, np.nan)

    def _bounded_fields(self) -> list[tuple[int, int]]:
        """Declared inequalities as pairs of main fields (lower, upper)."""
        if self._bounds_cache is None:
            main = {f.column: j for j, f in enumerate(self.codec.fields) if f.main and f.kind == "numeric"}
            self._bounds_cache = [(main[low], main[high]) for low, high, _ in self.constraints.bounds if low in main and high in main]
        return self._bounds_cache

    _bounds_cache: list[tuple[int, int]] | None = None

    def _settled(self, j: int, draw: Draw, restriction: Restriction | None, rng: np.random.Generator) -> Positions | None:
        """Positions inside the bins: those drawn, or uniform in the allowed part where the field is restricted or bounds another."""
        field = self.codec.fields[j]
        if draw.positions is not None or field.all_atoms:
            return draw.positions
        bound = any(j in pair for pair in self._bounded_fields())
        if restriction is None and not bound:
            return None
        n = len(draw.tokens)
        start, stop = np.zeros(n), np.ones(n)
        for low, high in _intervals(restriction):
            start = np.clip(np.maximum(start, low - draw.tokens), 0, 1)
            stop = np.clip(np.minimum(stop, high - draw.tokens), 0, 1)
        if field.null_token is not None:
            start, stop = np.where(draw.tokens == 0, 0.0, start), np.where(draw.tokens == 0, 1.0, stop)
        positions = start + rng.random(n) * np.maximum(stop - start, 0)
        positions[field.atom[draw.tokens]] = 0
        return np.minimum(positions, np.nextafter(np.float32(1), np.float32(0))).astype(np.float32)

    # -- conditions, checked once a call

    def efficiency(self, given: Any, *, seed: int = 0) -> Efficiency:
        """How probable conditions are in this model, and how many independent rows a candidate is worth.

        Raises:
            ConditionError: they cannot be met.
        """
        return self._pilot(self._compiled(given).allowed, Stream(seed).child("pilot"))

    def _pilot(self, allowed: dict[int, Allowed], rng: Stream) -> Efficiency:
        chain = self._chain(set(allowed))
        head = chain[: max(chain.index(j) for j in allowed) + 1]
        n = self.block_size
        _, _, log_weights = self._filtered(self._blank(n), self._workspace(n, head), head, rng, allowed, np.zeros(n))
        finite = np.isfinite(log_weights)
        if not finite.any():
            return Efficiency(0.0, 0.0, n)
        return Efficiency(float(np.exp(log_weights[finite]).sum() / n), effective(log_weights) / n, n)

    def _prepare(self, given: Any) -> Conditions | None:
        conditions = super()._prepare(given)
        if conditions is not None and conditions.allowed:
            found = self._pilot(conditions.allowed, Stream(0).child("pilot"))
            worth = found.effective * CANDIDATES * ROUNDS
            if worth < 1:
                warnings.warn(
                    f"The conditions have probability {found.probability:.2g} in this model; of every 100 rows about {100 * worth:.0f} are "
                    "independent, the rest share parts with them.",
                    ScarceRowsWarning,
                    stacklevel=3,
                )
        return conditions


def _intervals(restriction: Restriction | None) -> list[tuple[Floats | float, Floats | float]]:
    """The intervals of coordinates that a position must lie in."""
    if restriction is None:
        return []
    found: list[tuple[Floats | float, Floats | float]] = []
    if restriction.allowed is not None:
        found.append((restriction.allowed.low, restriction.allowed.high))
    if restriction.bounded:
        low = -np.inf if restriction.low is None else restriction.low
        high = np.inf if restriction.high is None else restriction.high
        found.append((low, high))
    return found


def effective(log_weights: Floats) -> float:
    """Kish's effective sample size, (Σw)² / Σw²."""
    top = log_weights.max()
    if not np.isfinite(top):
        return 0.0
    weights = np.exp(log_weights - top)
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic(weights: Floats, size: int, offset: float) -> NDArray[np.int64]:
    """`size` indices, each in proportion to its weight, by one uniform number (systematic resampling; Kitagawa 1996)."""
    cumulative = np.cumsum(weights)
    points = (np.arange(size) + offset) * (cumulative[-1] / size)
    return np.asarray(np.minimum(np.searchsorted(cumulative, points, side="right"), len(weights) - 1))


def weighed_rounds(
    draw: Callable[[Stream], tuple[Found, Floats]], rng: Stream, *, enough: float, heaviest: float = np.inf
) -> tuple[list[Found], Floats]:
    """Rounds of candidates, until these are worth `enough` independent rows or `ROUNDS` are over, and the weights of them all.

    Args:
        draw: makes one round: candidates, and the logarithms of their weights.
        heaviest: a weight is cut at this many times the mean (truncated importance sampling: Ionides, JCGS 17, 2008).

    Raises:
        ConditionError: `PILOT_ROUNDS` found no candidate of any weight.
    """
    found: list[Found] = []
    log_weights: list[Floats] = []
    for i in range(PILOT_ROUNDS):
        candidates, weighed = draw(rng.child("round", i))
        if np.isfinite(weighed).any():
            found.append(candidates)
            log_weights.append(weighed)
        if not found:
            continue
        cut = _truncated(np.concatenate(log_weights), heaviest)
        if i + 1 >= ROUNDS or effective(cut) >= enough:
            return found, np.exp(cut - cut.max())
    raise ConditionError(
        f"No row that meets the conditions was found among {PILOT_ROUNDS * len(weighed):,} candidates.",
        where="given",
        remedy="Each value alone is possible, but not together in this model. Loosen one of them.",
    )


def chosen(weights: Floats, size: int, rng: Stream) -> NDArray[np.int64]:
    """`size` candidates by their weights, in an order at random."""
    generator = rng.child("choose").generator()
    return generator.permutation(systematic(weights, size, generator.random()))


def _truncated(log_weights: Floats, heaviest: float) -> Floats:
    """The greatest becomes 0, and those above `heaviest` times the mean are cut."""
    relative = log_weights - log_weights.max()
    return np.asarray(np.minimum(relative, np.log(heaviest * np.exp(relative).mean())))


def _take(drawn: Encoded, index: NDArray[np.integer]) -> Encoded:
    return drawn.take(index)


def joined_rows(parts: list[Encoded]) -> Encoded:
    if len(parts) == 1:
        return parts[0]
    fields = range(len(parts[0].tokens))
    tokens = [np.concatenate([p.tokens[j] for p in parts]) for j in fields]
    return Encoded(tokens, [_join_positions([p.positions[j] for p in parts]) for j in fields])


def _join_positions(parts: list[Positions | None]) -> Positions | None:
    present = [p for p in parts if p is not None]
    return np.concatenate(present) if len(present) == len(parts) else None
