"""Noise that makes counts differentially private, and what it promises.

The Gaussian mechanism adds normal noise of standard deviation σ to a release that changes by at most `sensitivity` (in Euclidean norm)
when one record comes or goes. Several such releases together are, exactly, one with the root of the summed squares of
sensitivity over σ (Gaussian differential privacy: Dong, Roth, Su, 2022); what that is in terms of ε and δ is exact as well
(Balle, Wang, 2018, theorem 8).

The noise comes from the operating system's entropy and takes no seed: noise that could be made again would promise nothing.
"""

from __future__ import annotations

import math
import secrets

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from understudy.core.errors import ArgumentError

Floats = NDArray[np.float64]


def delta_at(epsilon: float, strength: float) -> float:
    """The δ at which releases of this strength (sensitivity over σ, root of summed squares) are (ε, δ)-private."""
    if strength <= 0:
        return 0.0
    upper = log_ndtr(strength / 2 - epsilon / strength)
    lower = epsilon + log_ndtr(-strength / 2 - epsilon / strength)
    return max(0.0, math.exp(upper) - math.exp(min(lower, 700.0)))


def strength_for(epsilon: float, delta: float) -> float:
    """The greatest strength that is (ε, δ)-private.

    Raises:
        ArgumentError: ε is not above 0, or δ not between 0 and 1.
    """
    require_promise(epsilon, delta)
    low, high = 0.0, 1.0
    while delta_at(epsilon, high) < delta:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_at(epsilon, middle) <= delta else (low, middle)
    return low


def epsilon_at(delta: float, strength: float) -> float:
    """The least ε at which releases of this strength are (ε, δ)-private."""
    low, high = 0.0, 1.0
    if delta_at(low, strength) <= delta:
        return low
    while delta_at(high, strength) > delta:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_at(middle, strength) <= delta else (middle, high)
    return high


def noise_scale(epsilon: float, delta: float, *, sensitivity: float = 1.0, releases: int = 1) -> float:
    """The standard deviation of the noise on each of so many releases that are (ε, δ)-private together."""
    return sensitivity * math.sqrt(releases) / strength_for(epsilon, delta)


def require_promise(epsilon: float, delta: float) -> None:
    """Raise `ArgumentError` where no promise of privacy reads so."""
    if not 0 < epsilon < math.inf:
        raise ArgumentError(f"`epsilon` must be a number above 0, not {epsilon!r}.", where="epsilon", remedy="Usual values are 1 to 8.")
    if not 0 < delta < 1:
        raise ArgumentError(
            f"`delta` must lie between 0 and 1, not {delta!r}.", where="delta", remedy="Take less than one over the number of records."
        )


def system_normal(shape: int | tuple[int, ...], scale: float) -> Floats:
    """Normal noise from the operating system's entropy."""
    source = np.random.Generator(np.random.Philox(key=np.frombuffer(secrets.token_bytes(16), dtype=np.uint64)))
    return source.normal(0.0, scale, shape)
