"""The strings of a pattern counted exactly: a deterministic automaton without circles.

From the tree comes the automaton of positions (Glushkov, "The abstract theory of automata", 1961), from that by subsets a deterministic
one. All repeats are bounded, so there are no circles, and the strings that lead from a state to an end can be counted, each once, however
many ways the expression has to make it. With the counts the i-th string in the order of code points is found without making the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.rules.regex.reading import Choice, Letters, Node, Repeat, Sequence

MOST_POSITIONS, MOST_STATES, MOST_WORK = 4_000, 20_000, 3_000_000
CEILING = 2**63 - 1
"""Counts in tables end here: numbers of strings beyond it are not asked for one by one."""
COUNTED = 2**50
"""Where more strings than this follow, the next character may be drawn, and enough are left to number every row."""


@dataclass(frozen=True)
class Run:
    """From a state by the characters `first` .. `first + length - 1` of the automaton's alphabet to another state."""

    first: int
    length: int
    target: int


@dataclass(frozen=True)
class Automaton:
    """alphabet: all characters, ascending. runs: of each state, ascending. accepts: whether a string may end there.
    counts: how many strings lead from a state to an end. State 0 is the start."""

    alphabet: str
    runs: list[list[Run]]
    accepts: list[bool]
    counts: list[int]


@dataclass(frozen=True)
class Tables:
    """An automaton as arrays. Runs `edges[s]` .. `edges[s+1]-1` are those of state s; `before` counts the strings of a state that come
    before a run's. wide: how many characters of a state lead to states with at least `COUNTED` strings; 0 where strings are numbered."""

    edges: NDArray[np.int64]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    target: NDArray[np.int64]
    before: NDArray[np.uint64]
    count: NDArray[np.uint64]
    accepts: NDArray[np.uint8]
    wide: NDArray[np.int64]


def derivations(node: Node) -> int:
    """In how many ways the tree makes strings: as many as there are strings, unless some are made in several ways."""
    match node:
        case Letters(alphabet):
            return len(alphabet)
        case Sequence(parts):
            return int(np.prod([derivations(part) for part in parts], dtype=object)) if parts else 1
        case Choice(options):
            return sum(map(derivations, options))
        case Repeat(part, least, most):
            each = derivations(part)
            return sum(each**times for times in range(least, most + 1))


def automaton_of(node: Node, text: str) -> Automaton:
    """The deterministic automaton of a tree. Raises `ConstraintError` where it would be too large."""
    positions = _Positions()
    fragment = positions.visit(node)
    alphabet = "".join(sorted(set().union(*positions.letters))) if positions.letters else ""
    try:
        runs, accepts = _determined(positions, fragment, alphabet)
    except OverflowError:
        raise ConstraintError(
            "The strings of the pattern cannot be counted: parts of it run into one another in too many ways.",
            where=f"pattern {text!r}",
            remedy="Put a character that occurs nowhere else between the parts, or repeat less.",
        ) from None
    return Automaton(alphabet, runs, accepts, _counted(runs, accepts))


def tables_of(automaton: Automaton) -> Tables:
    """The automaton as arrays."""
    flat = [run for runs in automaton.runs for run in runs]
    before = []
    for runs, accepts in zip(automaton.runs, automaton.accepts, strict=True):
        passed = int(accepts)
        for run in runs:
            before.append(min(passed, CEILING))
            passed += run.length * automaton.counts[run.target]
    wide = [
        sum(run.length for run in runs if automaton.counts[run.target] >= COUNTED) if count > COUNTED else 0
        for runs, count in zip(automaton.runs, automaton.counts, strict=True)
    ]
    return Tables(
        edges=np.cumsum([0, *map(len, automaton.runs)], dtype=np.int64),
        first=np.array([run.first for run in flat], dtype=np.int64),
        length=np.array([run.length for run in flat], dtype=np.int64),
        target=np.array([run.target for run in flat], dtype=np.int64),
        before=np.array(before, dtype=np.uint64),
        count=np.array([min(count, CEILING) for count in automaton.counts], dtype=np.uint64),
        accepts=np.array(automaton.accepts, dtype=np.uint8),
        wide=np.array(wide, dtype=np.int64),
    )


@dataclass(frozen=True)
class _Fragment:
    """A part of the automaton of positions: whether it takes the empty text, the positions that it begins and ends with."""

    empty: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING = _Fragment(True, frozenset(), frozenset())


@dataclass
class _Positions:
    """Every place of a class in the expression, repeats written out; which places may follow which."""

    letters: list[frozenset[str]] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)

    def visit(self, node: Node) -> _Fragment:
        match node:
            case Letters(alphabet):
                return self._position(alphabet)
            case Sequence(parts):
                joined = _NOTHING
                for part in reversed(parts):
                    joined = self._joined(self.visit(part), joined)
                return joined
            case Choice(options):
                found = [self.visit(option) for option in options]
                return _Fragment(
                    any(part.empty for part in found), _union(part.first for part in found), _union(part.last for part in found)
                )
            case Repeat(part, least, most):
                repeated = _NOTHING
                for times in range(most, 0, -1):
                    tail = _Fragment(repeated.empty or times >= least, repeated.first, repeated.last)
                    repeated = self._joined(self.visit(part), tail)
                return _Fragment(repeated.empty or least == 0, repeated.first, repeated.last)

    def _position(self, alphabet: str) -> _Fragment:
        if len(self.letters) >= MOST_POSITIONS:
            raise ConstraintError(
                f"The pattern has more than {MOST_POSITIONS:,} places, repeats written out; its strings are not counted.",
                remedy="Repeat less: {n,m}.",
            )
        self.letters.append(frozenset(alphabet))
        self.follow.append(set())
        here = frozenset([len(self.letters) - 1])
        return _Fragment(False, here, here)

    def _joined(self, left: _Fragment, right: _Fragment) -> _Fragment:
        for place in left.last:
            self.follow[place] |= right.first
        first = left.first | right.first if left.empty else left.first
        last = left.last | right.last if right.empty else right.last
        return _Fragment(left.empty and right.empty, first, last)


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*sets)


def _determined(positions: _Positions, whole: _Fragment, alphabet: str) -> tuple[list[list[Run]], list[bool]]:
    """States by subsets: a state is what may come next, and whether the string may end."""
    start = (whole.empty, whole.first)
    known = {start: 0}
    states = [start]
    runs: list[list[Run]] = []
    work = 0
    for _, places in states:
        targets: dict[str, set[int]] = {}
        for place in places:
            for letter in positions.letters[place]:
                targets.setdefault(letter, set()).add(place)
            work += len(positions.letters[place])
        by_places: dict[frozenset[int], int] = {}
        row: list[tuple[str, int]] = []
        for letter in sorted(targets):
            read = frozenset(targets[letter])
            if read not in by_places:
                following = frozenset().union(*(positions.follow[place] for place in read))
                work += sum(len(positions.follow[place]) for place in read)
                state = (not whole.last.isdisjoint(read), following)
                if state not in known:
                    known[state] = len(states)
                    states.append(state)
                by_places[read] = known[state]
            row.append((letter, by_places[read]))
        if len(states) > MOST_STATES or work > MOST_WORK:
            raise OverflowError
        runs.append(_runs(row, alphabet))
    return runs, [accepts for accepts, _ in states]


def _runs(row: list[tuple[str, int]], alphabet: str) -> list[Run]:
    place = {letter: i for i, letter in enumerate(alphabet)}
    found: list[Run] = []
    for letter, target in row:
        i = place[letter]
        if found and found[-1].target == target and found[-1].first + found[-1].length == i:
            found[-1] = Run(found[-1].first, found[-1].length + 1, target)
        else:
            found.append(Run(i, 1, target))
    return found


def _counted(runs: list[list[Run]], accepts: list[bool]) -> list[int]:
    """Strings from each state to an end; states after those that they lead to."""
    counts: list[int | None] = [None] * len(runs)
    stack = [0]
    while stack:
        state = stack[-1]
        waiting = [run.target for run in runs[state] if counts[run.target] is None]
        if waiting:
            stack.extend(waiting)
            continue
        counts[state] = int(accepts[state]) + sum(run.length * (counts[run.target] or 0) for run in runs[state])
        stack.pop()
    return [count or 0 for count in counts]
