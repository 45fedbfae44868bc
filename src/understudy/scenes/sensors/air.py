"""`Air`: what fog, rain and snow do to a beam of light: they dim what comes back, and give echoes of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.scene import Weather

Floats = NDArray[np.float64]
RAIN = 1.076 / 4343.0, 0.67
"""Extinction per m is the first times mm/h to the power of the second: T. H. Carbonneau and D. R. Wisely, "Opportunities and challenges for
optical wireless", 1998, given there as dB/km (1.076 R^.67)."""

SNOW = 1.3
"""Snow dims this many times as much as the same water does as rain: an assumption, measured values lie between 1 and 10."""

ECHO = 0.01
"""Share of what drops take from a beam that comes back as an echo strong enough to be taken for a target: an assumption."""


@dataclass(frozen=True)
class Air:
    """extinction: per m, of all that is in the air. drops: per m, of rain and snow alone."""

    extinction: float
    drops: float

    @classmethod
    def of(cls, weather: Weather) -> Air:
        rain = RAIN[0] * weather.rain ** RAIN[1] if weather.rain > 0 else 0.0
        snow = SNOW * RAIN[0] * weather.snow ** RAIN[1] if weather.snow > 0 else 0.0
        return cls(weather.fog + weather.haze + rain + snow, weather.fog + rain + snow)

    def left(self, distance: Floats) -> Floats:
        """Share of light that survives the way there and back."""
        share: Floats = np.exp(-2 * self.extinction * distance)
        return share

    def echoes(self, distance: Floats, rng: np.random.Generator) -> Floats:
        """(N,) distance of the first echo from the air, inf where the beam reaches `distance` without one. Echoes come at a constant rate
        along the way, so that those near are as likely as those far (but for what lies before them)."""
        waits = rng.exponential(size=len(distance))
        rate = ECHO * self.drops
        first = waits / rate if rate > 0 else np.full(len(distance), np.inf)
        return np.where(first < distance, first, np.inf)
