"""What a search for rare events gives back: a probability with its error, and the runs behind it with their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from understudy.core.errors import ArgumentError

Floats = NDArray[np.float64]
LimitState = Callable[[Floats], Floats]
"""From standard normal numbers (n, k) to values (n,): the event is where they are ≤ 0. How far above 0 says how far from the event."""


@dataclass(frozen=True)
class Estimate:
    """The probability of an event under standard normal numbers.

    Attributes:
        method: by which it was found.
        probability, standard_error: the estimate and its own error.
        level, low, high: an interval that holds the probability in a share `level` of repeats.
        runs: how often the limit state was asked, all stages together.
        points: (m, k) standard normal numbers of the weighted runs.
        values: (m,) of the limit state there.
        weights: (m,) likelihood weights: the mean of weights × figure over these runs is the expectation of the figure under the laws.
        notes: what to know about this estimate.
    """

    method: str
    probability: float
    standard_error: float
    level: float
    low: float
    high: float
    runs: int
    points: Floats
    values: Floats
    weights: Floats
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(m,) which of the runs are the event."""
        return self.values <= 0.0

    @property
    def relative_error(self) -> float:
        """Standard error over probability; infinite where no event was found."""
        return self.standard_error / self.probability if self.probability > 0.0 else float("inf")

    @property
    def effective_size(self) -> float:
        """How many equally weighted events the weighted ones are worth. Kong 1992, University of Chicago Technical Report 348."""
        kept = self.weights[self.failed]
        return float(kept.sum() ** 2 / (kept**2).sum()) if len(kept) else 0.0

    @property
    def crude_runs(self) -> float:
        """How many runs crude sampling takes to the same relative error: (1 - p) / (p ε²)."""
        if not 0.0 < self.relative_error < np.inf:
            return float("nan")
        return (1.0 - self.probability) / self.probability / self.relative_error**2


def log_interval(probability: float, relative_error: float, level: float) -> tuple[float, float]:
    """An interval that is symmetric in the logarithm, for what is skewed to the right as products and weighted means are."""
    if probability <= 0.0 or not np.isfinite(relative_error):
        return 0.0, 1.0
    spread = np.sqrt(np.log1p(relative_error**2)) * special.ndtri(0.5 + level / 2.0)
    return float(probability * np.exp(-spread)), float(min(1.0, probability * np.exp(spread)))


def asked(limit_state: LimitState, points: Floats) -> Floats:
    """Values (n,) of the limit state. Raises ArgumentError where it gives anything else."""
    values = np.asarray(limit_state(points), dtype=np.float64)
    if values.shape != (len(points),):
        raise ArgumentError(
            f"The limit state gives an array of shape {values.shape} for {len(points)} runs.", remedy="It takes (n, k) and gives (n,)."
        )
    if np.isnan(values).any():
        raise ArgumentError(f"The limit state is not a number in {int(np.isnan(values).sum())} of {len(points)} runs.")
    return values


def required(name: str, value: float, low: float, high: float) -> None:
    """Raises ArgumentError for an option outside its bounds."""
    if not low <= value <= high:
        raise ArgumentError(f"{name} is {value:g}.", remedy=f"It lies between {low:g} and {high:g}.")
