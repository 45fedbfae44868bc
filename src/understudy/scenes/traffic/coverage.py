"""How much of a scenario's space a set of runs has seen.

Each parameter is cut into bins of equal width between its bounds (what can be) and of equal probability under its law (what is
to be expected). Seen pairs of bins of two parameters tell more than seen bins: Kuhn, Wallace, Gallo 2004, "Software fault interactions and
implications for software testing", IEEE Transactions on Software Engineering 30.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from understudy.core.errors import ArgumentError
from understudy.scenes.traffic.scenarios.scenario import Floats, Outcome, Scenario

TTC_EDGES_S = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
PET_EDGES_S = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Histogram:
    """counts: one more than there are gaps between edges: the last holds all above the last edge, infinite ones too. shares: by weight."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Coverage:
    """What runs have seen of a scenario.

    Attributes:
        scenario: its name. runs: how many.
        of_range: by parameter, the share of bins of equal width in which there is a run.
        of_law: by parameter, the share of bins of equal probability in which there is one.
        pairs: the share of pairs of bins of equal width, of any two parameters, in which there is one.
        empty: (parameter, low, high) of the bins of equal width in which there is none.
        min_ttc, pet: histograms of the figures.
        collisions: how many. collision_share: by weight.
    """

    scenario: str
    runs: int
    of_range: Mapping[str, float]
    of_law: Mapping[str, float]
    pairs: float
    empty: tuple[tuple[str, float, float], ...]
    min_ttc: Histogram
    pet: Histogram
    collisions: int
    collision_share: float

    def lines(self) -> list[str]:
        """The report in words, one line each."""
        bins = [f"{name}: {share:.0%} of its range, {self.of_law[name]:.0%} of its law" for name, share in self.of_range.items()]
        histograms = [
            f"{name} {low:g} … {high:g} s: {count:,}"
            for name, histogram in (("TTC", self.min_ttc), ("PET", self.pet))
            for low, high, count in zip(histogram.edges, (*histogram.edges[1:], np.inf), histogram.counts, strict=True)
        ]
        head = f"{self.scenario}: {self.runs:,} runs, {self.collisions:,} collisions, {self.pairs:.0%} of all pairs of bins seen"
        return [head, *bins, *histograms]


def coverage(
    known: Scenario,
    parameters: ArrayLike,
    *,
    outcome: Outcome | None = None,
    weights: ArrayLike | None = None,
    bins: int = 10,
    ttc_edges_s: Sequence[float] = TTC_EDGES_S,
    pet_edges_s: Sequence[float] = PET_EDGES_S,
) -> Coverage:
    """Counts what runs have seen.

    Args:
        known: the scenario. parameters: (n, k) values of its runs.
        outcome: of these runs; None: they are run.
        weights: (n,) likelihood weights, for the shares; None: all alike.
        bins: for each parameter, 2 … 1000.

    Raises:
        ArgumentError: no runs, wrong shapes, or bins out of bounds.
    """
    table = np.asarray(parameters, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(known.parameters) or not len(table):
        raise ArgumentError(
            f"Runs of shape {table.shape} are none of {known.name}.", remedy=f"Give a column each for {', '.join(known.names)}."
        )
    if not 2 <= bins <= 1000:
        raise ArgumentError(f"{bins} bins cannot be made.", remedy="Take 2 to 1000.")
    found = outcome if outcome is not None else known.run(table, pet_horizon_s=float(max(pet_edges_s)))
    heavy = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
    wide = np.stack([_bin((column - p.low) / (p.high - p.low), bins) for column, p in zip(table.T, known.parameters, strict=True)])
    likely = np.stack([_bin(special.ndtr(p.to_normal(column)), bins) for column, p in zip(table.T, known.parameters, strict=True)])
    seen = [np.bincount(row, minlength=bins) > 0 for row in wide]
    return Coverage(
        known.name, len(table),
        {name: float(row.mean()) for name, row in zip(known.names, seen, strict=True)},
        {name: len(np.unique(row)) / bins for name, row in zip(known.names, likely, strict=True)},
        float(np.mean([len(np.unique(a * bins + b)) / bins**2 for a, b in combinations(wide, 2)])) if len(wide) > 1 else 1.0,
        tuple(
            (p.name, p.low + gap * (p.high - p.low) / bins, p.low + (gap + 1) * (p.high - p.low) / bins)
            for p, row in zip(known.parameters, seen, strict=True) for gap in np.flatnonzero(~row).tolist()
        ),
        _histogram(found.min_ttc_s, heavy, ttc_edges_s), _histogram(found.pet_s, heavy, pet_edges_s),
        int(found.collision.sum()), float((heavy * found.collision).sum() / heavy.sum()),
    )  # fmt: skip


def _bin(shares: Floats, bins: int) -> NDArray[np.int64]:
    return np.clip((shares * bins).astype(np.int64), 0, bins - 1)


def _histogram(values: Floats, weights: Floats, edges: Sequence[float]) -> Histogram:
    place = np.maximum(np.searchsorted(edges, values, side="right") - 1, 0)
    counts, heavy = np.bincount(place, minlength=len(edges)), np.bincount(place, weights, minlength=len(edges))
    return Histogram(tuple(edges), tuple(counts.tolist()), tuple((heavy / weights.sum()).tolist()))
