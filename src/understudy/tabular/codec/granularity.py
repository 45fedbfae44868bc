"""What the last digits of a column look like: the unit that values are multiples of, and digits that are liked more than others.

Two things make synthetic numbers conspicuous: more digits than the source has, and digits that are spread too evenly (ages
end in 0 and 5, prices in .99, times on the quarter of an hour). Here each token of a gridded column has a **unit** (all its
values are multiples of it), and a group of tokens may have **residues**: the distribution of the value modulo 10, 100, 1000 …
units. A drawn value is moved to the nearest point with a residue drawn from it. Values that are pieces of their own
(see `shape.py`) keep their value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.fields import Floats, Mask

Integers = NDArray[np.int64]

FEWEST_DISTINCT = 6  # values of a token that must all be multiples, for its unit to be more than the grid's
ROWS_A_RESIDUE = 2  # rows needed on average for each residue that is learned
FEW_ROWS = 5  # residues of fewer rows count alike
CLEARLY_UNEVEN = 6.0  # standard deviations of chi-square above an even spread
TRIES = 8  # residues drawn in a token narrower than a repeat, before the digits stay as they fall
_DRAWS = 4096


@dataclass(frozen=True)
class Granularity:
    """``unit`` (size,) of each token on the axis; ``group`` (size,) of each token, -1: even digits.

    Group g repeats after ``modulus[g]`` and has residues ``residues[g]`` with shares ``weights[g]``. ``first``, ``last`` (size,):
    the smallest and largest point of each token.
    """

    unit: Floats
    group: NDArray[np.int32]
    modulus: list[int]
    residues: list[Floats]
    weights: list[Floats]
    first: Floats = field(default_factory=lambda: np.zeros(0))
    last: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def none(cls, size: int) -> Self:
        """Digits as they fall."""
        return cls(np.zeros(size), np.full(size, -1, np.int32), [], [], [])

    def snap(self, values: Floats, tokens: NDArray[np.int32], slopes: Floats, rng: np.random.Generator) -> Floats:
        """(n,) values moved to points of their token's grid, with the digits that its group likes.

        Values of pieces with slope 0 are single values already, and stay.
        """
        if self._plain:
            values += 0.5
            return np.floor(values, out=values)
        exact = slopes == 0
        unit = self.unit[tokens]
        points = np.floor(values / unit + 0.5) * unit
        for g, modulus in enumerate(self.modulus):
            rows = np.flatnonzero((self.group[tokens] == g) & ~exact)
            points[rows] = self._with_residue(values[rows], points[rows], tokens[rows], g, modulus, rng)
        return np.where(exact, values, np.clip(points, self.first[tokens], self.last[tokens]))

    def _with_residue(
        self, values: Floats, points: Floats, tokens: NDArray[np.int32], g: int, modulus: int, rng: np.random.Generator
    ) -> Floats:
        points = points.copy()
        waiting = np.arange(len(values))
        for _ in range(TRIES):
            residue = self._tables[g][rng.integers(0, _DRAWS, len(waiting))]
            first, last = self.first[tokens[waiting]], self.last[tokens[waiting]]
            moved = residue + modulus * np.floor((values[waiting] - residue) / modulus + 0.5)
            # In a token wider than a repeat, one step brings back what has left it.
            moved += modulus * (moved < first)
            moved -= modulus * (moved > last)
            inside = moved >= first
            points[waiting[inside]] = moved[inside]
            waiting = waiting[~inside]
            if not len(waiting):
                break
        return points

    def within(self, first: Floats, last: Floats) -> Self:
        """The same, with the smallest and largest point (size,) that each token may give."""
        return replace(self, first=first, last=last)

    @cached_property
    def _plain(self) -> bool:
        return bool((self.unit == 1).all()) and not self.modulus

    @cached_property
    def _tables(self) -> list[Floats]:
        """Residues in proportion to their shares, `_DRAWS` of them."""
        return [
            residues[np.searchsorted(np.cumsum(weights), (np.arange(_DRAWS) + 0.5) / _DRAWS * weights.sum()).clip(max=len(residues) - 1)]
            for residues, weights in zip(self.residues, self.weights, strict=True)
        ]

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays: dict[str, NDArray[Any]] = {"unit": self.unit, "group": self.group, "first": self.first, "last": self.last}
        for g, (residues, weights) in enumerate(zip(self.residues, self.weights, strict=True)):
            arrays |= {f"residues{g}": residues, f"weights{g}": weights}
        return {"modulus": self.modulus}, arrays

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        many = range(len(facts["modulus"]))
        residues, weights = [arrays[f"residues{g}"] for g in many], [arrays[f"weights{g}"] for g in many]
        return cls(arrays["unit"], arrays["group"], facts["modulus"], residues, weights, arrays["first"], arrays["last"])


def fit_granularity(values: Floats, counts: Integers, token: Integers, atom: Mask, shared: Mask, moduli: tuple[int, ...]) -> Granularity:
    """Learn units and residues from distinct grid ``values`` (d,), their row ``counts`` and their ``token``.

    ``shared`` (d,): values that are pieces of their own, whose digits are known already.

    The result has no ends yet: see `Granularity.within`.
    """
    unit = _units(values, token, atom, moduli)
    result = Granularity(unit, np.full(len(atom), -1, np.int32), [], [], [])
    first, last = np.full(len(atom), np.inf), np.full(len(atom), -np.inf)
    np.minimum.at(first, token, values)
    np.maximum.at(last, token, values)
    # Bins of like width share their residues; these may repeat after up to ten times the width.
    longest = np.full(len(atom), float(min(moduli, default=0)))
    for shorter, longer in zip(sorted(moduli), sorted(moduli)[1:], strict=False):
        longest = np.where(last - first >= (shorter - 1) * unit, longer, longest)
    longest[atom] = 0
    rest = np.where(shared, 0, counts)
    for u in np.unique(unit):
        for modulus in np.unique(longest[unit == u]):
            _learn_residues(result, values, rest, (unit == u) & (longest == modulus), token, [m for m in moduli if m <= modulus])
    return result


def _units(values: Floats, token: Integers, atom: Mask, moduli: tuple[int, ...]) -> Floats:
    """The largest round unit that all values of a bin are multiples of; atoms have the grid's own.

    A bin of few distinct values says little by itself: it has the unit of a neighbour if its values allow that.
    """
    unit = np.ones(len(atom))
    known = ~atom & (np.bincount(token, minlength=len(atom)) >= FEWEST_DISTINCT)
    if not known.any():
        return unit
    places = np.flatnonzero(known)
    right = np.searchsorted(places, np.arange(len(atom))).clip(max=len(places) - 1)
    neighbours = places[(right - 1).clip(0)], places[right]
    for candidate in _round_numbers(moduli):
        fits = ~atom & (np.bincount(token, np.mod(values, candidate) != 0, len(atom)) == 0)
        unit[fits & (known | (fits & known)[neighbours[0]] | (fits & known)[neighbours[1]])] = candidate
    return unit


def _round_numbers(moduli: tuple[int, ...]) -> list[int]:
    """Units that people round to, ascending: powers of ten and their halves, or simple parts of the moduli."""
    if 10 in moduli:
        return [factor * 10**e for e in range(10) for factor in (1, 5)][1:]
    parts = {m // d for m in moduli for d in (1, 2, 4, 12) if m % d == 0}
    return sorted(parts - {1})


def _learn_residues(result: Granularity, values: Floats, counts: Integers, group: Mask, token: Integers, moduli: list[int]) -> None:
    """Give a group of tokens of one unit its residues if they are clearly uneven, for the longest modulus that its rows can tell."""
    rows = group[token] & (counts > 0)
    unit = float(result.unit[np.argmax(group)])
    weight = counts[rows].astype(np.float64)
    for modulus in sorted(moduli, reverse=True):
        if weight.sum() < ROWS_A_RESIDUE * modulus:
            continue
        residue = (np.mod(values[rows], modulus * unit) / unit).astype(np.int64)
        seen = np.bincount(residue, weight, modulus).astype(np.float64)
        # Rows that repeat one value are one observation of its digits, not many.
        independent = weight.sum() / (weight**2).sum()
        if _unevenness(seen * independent) > CLEARLY_UNEVEN:
            result.group[group] = len(result.modulus)
            result.modulus.append(int(modulus * unit))
            few = seen < FEW_ROWS
            seen[few] = seen[few].mean() if few.any() else 0.0
            result.residues.append((np.flatnonzero(seen) * unit).astype(np.float64))
            result.weights.append(seen[seen > 0])
        return


def _unevenness(seen: Floats) -> float:
    """How far chi-square against an even spread lies above its mean, in standard deviations."""
    expected = seen.sum() / len(seen)
    freedom = len(seen) - 1
    chi_square = ((seen - expected) ** 2).sum() / expected
    return float((chi_square - freedom) / np.sqrt(2 * freedom))
