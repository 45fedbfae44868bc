"""Partial rows completed along a chain: given cells are clamped, and weigh what was drawn before them.

Every distinct partial row gets candidates of its own. They are drawn field by field; where a given cell comes after a drawn one, the
learner's probability of its token weighs the candidate, and candidates that have become too uneven are resampled among those of their
own row (a particle filter a row, all rows at once; Doucet, de Freitas & Gordon 2001). At the last weighing field as many candidates
are chosen by weight as there are rows alike, and only those are drawn to the end. A row whose given cells all come first in the chain
weighs nothing and is exact; one whose candidates turn out worth too little gets more of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Mask, Positions, Tokens

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.tabular.chain import ChainSynthesizer

Integers = NDArray[np.int64]

CANDIDATES = 16
"""Candidates a distinct partial row in its first round, at least."""
A_ROW = 4
"""Candidates for every row of those alike, where they are many."""
WORTH = 4.0
"""Independent candidates that a distinct partial row, or a row of those alike, should be worth; fewer are drawn again, more of them."""
TIMES = 4
MOST, MOST_A_ROW = 256, 16
"""Candidates of a distinct partial row, and for every row of those alike, at the most: then the choice is among those there are."""
AT_ONCE = 1 << 18
"""Candidates in work at once, about."""


@dataclass
class Candidates:
    """Rows under way.

    ``segment`` (n,) ascending: the distinct partial row that each belongs to. ``given`` (n, fields). ``worth``: of each segment,
    the fewest independent candidates that it had at any field.
    """

    segment: Integers
    drawn: Encoded
    given: Mask
    work: Any
    log_weights: Floats
    worth: Floats

    def take(self, index: NDArray[np.integer], learner: ChainSynthesizer) -> Candidates:
        work = learner._take(self.work, index)
        return Candidates(self.segment[index], self.drawn.take(index), self.given[index], work, self.log_weights[index], self.worth)

    def weigh_up(self) -> Floats:
        """The effective sample size of every segment now; `worth` keeps the least so far."""
        effective = _effective(self.log_weights, self.segment, len(self.worth))
        np.minimum(self.worth, effective, out=self.worth)
        return effective


class Completion:
    """Completes rows whose chain is the same.

    Args:
        known, given, allowed: as `TableSynthesizer._complete` has them.
        chain: the order of the fields for all of these rows.
    """

    def __init__(self, learner: ChainSynthesizer, known: Encoded, given: Mask, allowed: Mapping[int, Allowed], chain: list[int]) -> None:
        self.learner, self.known, self.given, self.allowed, self.chain = learner, known, given, allowed, chain
        self.fields = learner.codec.fields
        self.after = _last_weighing(given, allowed, chain)
        self._weigh_all, self._effort = False, 1

    def rows(self, rng: Stream) -> Encoded:
        """All rows, completed."""
        out = self.learner._blank(self.known.rows)
        exact = np.flatnonzero(self.after == 0)
        weighed = np.flatnonzero(self.after > 0)
        if len(exact):
            whole = self._extend(self._started(exact, np.arange(len(exact))), self.chain, [], rng.child("exact"))
            put(out, exact, whole.drawn)
        if len(weighed):
            self._weighed(weighed, rng.child("weighed"), out)
        return without_gaps(out, self.fields, rng.child("position"))

    def log_evidence(self, rng: Stream, each: int, effort: int) -> Floats:
        """(n,) log-probability of each row's given cells, estimated by ``each`` candidates where some cell is not given."""
        self._weigh_all, self._effort = True, effort
        rows = np.arange(self.known.rows)
        last = max((place + 1 for place, j in enumerate(self.chain) if self.given[:, j].any()), default=0)
        segment = np.repeat(rows, each)
        found = self._extend(self._started(rows[segment], segment), self.chain[:last], [], rng, resample=each > 1)
        return _log_mean(found.log_weights, found.segment, len(rows))

    def _weighed(self, rows: Integers, rng: Stream, out: Encoded) -> None:
        first, alike = self._distinct(rows)
        counts = np.bincount(alike, minlength=len(first))
        members = np.argsort(alike, kind="stable")
        starts = np.r_[0, np.cumsum(counts)]
        waiting, each = np.arange(len(first)), np.maximum(CANDIDATES, A_ROW * counts)
        most, attempt = np.maximum(MOST, MOST_A_ROW * counts), 0
        while len(waiting):
            again = []
            for number, part in enumerate(_slices(waiting, each)):
                stream = rng.child("round", attempt, number)
                found, last = self._candidates(rows[first[part]], each[part], stream)
                enough = found.worth >= np.maximum(WORTH, counts[part])
                settled = enough | (each[part] >= most[part])
                again.append(part[~settled])
                if not settled.any():
                    continue
                index = _chosen(found, np.where(settled, counts[part], 0), stream.child("choose").generator())
                owners = rows[np.concatenate([members[starts[u] : starts[u + 1]] for u in part[settled]])]
                chosen = found.take(index, self.learner)
                put(out, owners, self._extend(chosen, self.chain[last:], self.chain[:last], stream.child("tail")).drawn)
            waiting, each = np.concatenate(again), np.minimum(each * TIMES, most)
            attempt += 1

    def _candidates(self, rows: Integers, each: Integers, rng: Stream) -> tuple[Candidates, int]:
        """Candidates of each of the distinct ``rows``, drawn up to the last weighing field; how far that is along the chain."""
        segment = np.repeat(np.arange(len(rows)), each)
        last = int(self.after[rows].max())
        return self._extend(self._started(rows[segment], segment), self.chain[:last], [], rng, resample=True), last

    def _distinct(self, rows: Integers) -> tuple[Integers, Integers]:
        """The first of each kind of row (as places in ``rows``), and which kind each is."""
        given = self.given[rows]
        columns = [np.where(given[:, j], self.known.tokens[j][rows].astype(np.int64), -1) for j in range(len(self.fields))]
        for j in {j for pair in self.learner._bounded_fields() for j in pair}:
            positions = self.known.positions[j]
            if positions is not None:  # a bound lies at a place inside a bin
                columns.append(np.where(given[:, j], positions[rows].view(np.int32), -1).astype(np.int64))
        keys = np.stack(columns, axis=1)
        _, first, alike = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        return first.astype(np.int64), alike.ravel().astype(np.int64)

    def _started(self, rows: Integers, segment: Integers) -> Candidates:
        """Nothing drawn yet, given cells in place."""
        given, drawn = self.given[rows], self.learner._blank(len(rows))
        for j, field in enumerate(self.fields):
            drawn.tokens[j] = np.where(given[:, j], self.known.tokens[j][rows], 0).astype(field.token_type)
            drawn.positions[j] = self._known_positions(j, rows)
        work, counts = self.learner._workspace(len(rows), self.chain), np.bincount(segment).astype(np.float64)
        return Candidates(segment, drawn, given, work, np.zeros(len(rows)), counts)

    def _known_positions(self, j: int, rows: Integers) -> Positions | None:
        positions = self.known.positions[j]
        if self.fields[j].all_atoms or not self.given[rows, j].any():
            return None
        return np.full(len(rows), 0.5, np.float32) if positions is None else positions[rows]

    # -- one field after another

    def _extend(self, found: Candidates, chain: list[int], known: list[int], rng: Stream, *, resample: bool = False) -> Candidates:
        known = list(known)
        for j in chain:
            changed = self._settle(j, found, known, rng.child(self.fields[j].name).generator())
            self.learner._note(j, found.work, found.drawn)
            known.append(j)
            if resample and changed:
                effective = found.weigh_up()
                found = found if j == chain[-1] else self._resampled(found, effective, rng.child("resample", j).generator())
        return found

    def _settle(self, j: int, found: Candidates, known: list[int], rng: np.random.Generator) -> bool:
        """Field ``j`` of every candidate: drawn, or weighed where it is given. Whether any weight changed."""
        given = found.given[:, j]
        free = np.flatnonzero(~given)
        held = np.flatnonzero(given if self._weigh_all else given & ~found.given[:, known].all(axis=1))
        if len(held):
            work, drawn = self.learner._take(found.work, held), found.drawn.take(held)
            found.log_weights[held] += self.learner._log_mass(j, work, drawn, known, drawn.tokens[j], rng, self._effort)
        mass = self._draw(j, found, known, free, rng) if len(free) else None
        return bool(len(held)) or mass is not None

    def _draw(self, j: int, found: Candidates, known: list[int], free: Integers, rng: np.random.Generator) -> Floats | None:
        """Field ``j`` of the candidates ``free`` into their rows; the log-probability of what is allowed."""
        whole = len(free) == len(found.segment)
        part = found if whole else found.take(free, self.learner)
        restriction = self._restriction(j, part, known)
        draw = self.learner._draw_field(j, part.work, part.drawn, known, rng, restriction)
        positions = self.learner._settled(j, draw, restriction, rng)
        if whole:
            found.drawn.tokens[j], found.drawn.positions[j] = draw.tokens, positions
        else:
            found.drawn.tokens[j][free] = draw.tokens
            self._place(j, found, free, positions, rng)
        if draw.log_mass is not None:
            found.log_weights[free] += draw.log_mass
        return draw.log_mass

    def _place(self, j: int, found: Candidates, free: Integers, positions: Positions | None, rng: np.random.Generator) -> None:
        if self.fields[j].all_atoms:
            return
        target = found.drawn.positions[j]
        target = np.full(len(found.segment), 0.5, np.float32) if target is None else target
        target[free] = rng.random(len(free), np.float32) if positions is None else positions
        target[self.fields[j].atom[found.drawn.tokens[j]]] = 0
        found.drawn.positions[j] = target

    def _restriction(self, j: int, part: Candidates, known: list[int]) -> Any:
        """What is allowed, and what cells drawn before or given later leave of the field by a declared inequality."""
        from understudy.tabular.chain import Restriction

        allowed = self.allowed.get(j)
        there = part.given.copy()
        there[:, known] = True
        low, high = self.learner._limits(j, part.drawn, list(range(len(self.fields))), there)
        return None if allowed is None and low is None and high is None else Restriction(allowed, low, high)

    def _resampled(self, found: Candidates, effective: Floats, rng: np.random.Generator) -> Candidates:
        """Candidates of a row whose weights have become too uneven, resampled among themselves; the mean weight is carried along."""
        segments = len(found.worth)
        counts = np.bincount(found.segment, minlength=segments)
        uneven = (effective < counts / 2) & (effective > 0)
        if not uneven.any():
            return found
        index = np.arange(len(found.segment))
        own = np.flatnonzero(uneven[found.segment])
        mean = _log_mean(found.log_weights, found.segment, segments)
        index[own] = own[_systematic_by_segment(found.log_weights[own], found.segment[own], counts, rng)]
        found = found.take(index, self.learner)
        found.log_weights[own] = mean[found.segment[own]]
        return found


def _last_weighing(given: Mask, allowed: Mapping[int, Allowed], chain: list[int]) -> Integers:
    """(n,) how far along the chain weights can still change; 0 where they never do."""
    after = np.zeros(len(given), np.int64)
    drawn = np.zeros(len(given), bool)
    for place, j in enumerate(chain):
        weighs = given[:, j] | (j in allowed)
        after[drawn & weighs] = place + 1
        drawn |= ~given[:, j]
    return after


def put(out: Encoded, rows: Integers, part: Encoded) -> None:
    """Rows of ``part`` into their places; a position of None stays one only where every row has none."""
    for j, (tokens, positions) in enumerate(zip(part.tokens, part.positions, strict=True)):
        put_field(out, j, rows, tokens, positions)


def put_field(out: Encoded, j: int, rows: Integers, tokens: Tokens, positions: Positions | None) -> None:
    """Likewise of one field; rows without a position, beside others that have one, get NaN."""
    out.tokens[j][rows] = tokens
    target = out.positions[j]
    if positions is None:
        if target is not None:
            target[rows] = np.nan
        return
    target = np.full(out.rows, np.nan, np.float32) if target is None else target
    target[rows] = positions
    out.positions[j] = target


def without_gaps(out: Encoded, fields: list[Field], rng: Stream) -> Encoded:
    """Positions that some rows have and others have not: uniform in the others, as a bin's own law is."""
    for field, tokens, positions in zip(fields, out.tokens, out.positions, strict=True):
        if positions is None:
            continue
        gaps = np.flatnonzero(np.isnan(positions))
        positions[gaps] = rng.child(field.name).generator().random(len(gaps), np.float32)
        positions[field.atom[tokens]] = 0
    return out


def with_known_positions(out: Encoded, known: Encoded, given: Mask, fields: list[Field], rng: Stream) -> Encoded:
    """``out`` with the positions of given cells as they are known; drawn cells keep theirs, or get uniform ones beside given cells."""
    for j, field in enumerate(fields):
        here = given[:, j]
        positions = known.positions[j]
        if field.all_atoms or positions is None or not here.any():
            continue
        drawn = out.positions[j]
        drawn = np.full(out.rows, np.nan, np.float32) if drawn is None else drawn
        out.positions[j] = np.where(here, positions, drawn).astype(np.float32)
    return without_gaps(out, fields, rng)


def _slices(waiting: Integers, each: Integers) -> list[Integers]:
    """Runs of distinct rows whose candidates together are about `AT_ONCE`."""
    number = (np.cumsum(each[waiting]) - 1) // AT_ONCE
    return [waiting[number == k] for k in np.unique(number)]


def _weights(log_weights: Floats, segment: Integers, segments: int) -> tuple[Floats, Floats]:
    """Weights relative to the greatest of each segment (all one where none is possible), and that greatest as a logarithm."""
    top = np.full(segments, -np.inf)
    np.maximum.at(top, segment, log_weights)
    lost = ~np.isfinite(top)
    shift = np.where(lost, 0.0, top)
    weights = np.exp(np.where(lost[segment], 0.0, log_weights - shift[segment]))
    return weights, top


def _effective(log_weights: Floats, segment: Integers, segments: int) -> Floats:
    """Kish's effective sample size of every segment; 0 where no candidate is possible."""
    weights, top = _weights(log_weights, segment, segments)
    first, second = np.bincount(segment, weights, segments), np.bincount(segment, weights**2, segments)
    return np.where(np.isfinite(top), first**2 / np.maximum(second, 1e-300), 0.0)


def _log_mean(log_weights: Floats, segment: Integers, segments: int) -> Floats:
    weights, top = _weights(log_weights, segment, segments)
    counts = np.bincount(segment, minlength=segments)
    return np.asarray(top + np.log(np.maximum(np.bincount(segment, weights, segments), 1e-300) / np.maximum(counts, 1)))


def _systematic_by_segment(log_weights: Floats, segment: Integers, wanted: Integers, rng: np.random.Generator) -> Integers:
    """Places of ``wanted[s]`` candidates of every segment s that occurs, each as often as its weight says, once more or less."""
    segments = len(wanted)
    weights, _ = _weights(log_weights, segment, segments)
    weights = weights / np.bincount(segment, weights, segments)[segment]
    cumulative = np.cumsum(weights)
    last = np.searchsorted(segment, np.arange(segments), side="right")
    first = np.searchsorted(segment, np.arange(segments), side="left")
    present = np.flatnonzero((last > first) & (wanted > 0))
    owner = np.repeat(present, wanted[present])
    place = np.arange(len(owner)) - np.repeat(np.cumsum(wanted[present]) - wanted[present], wanted[present])
    before = np.where(first > 0, cumulative[np.maximum(first - 1, 0)], 0.0)
    point = before[owner] + (place + rng.random(segments)[owner]) / wanted[owner]
    found = np.searchsorted(cumulative, point, side="right")
    return np.asarray(np.clip(found, first[owner], last[owner] - 1))


def _chosen(found: Candidates, wanted: Integers, rng: np.random.Generator) -> Integers:
    """As many candidates of every segment as are wanted, by weight, in segments' order and at random inside each."""
    index = _systematic_by_segment(found.log_weights, found.segment, wanted, rng)
    return index[np.lexsort((rng.random(len(index)), found.segment[index]))]


def tokens_apart(tokens: Tokens) -> list[tuple[int, Integers]]:
    """Each token that occurs, with its rows."""
    order = np.argsort(tokens, kind="stable")
    values, starts = np.unique(tokens[order], return_index=True)
    return [(int(value), rows) for value, rows in zip(values, np.split(order, starts[1:]), strict=True)]
