"""A parameter of a logical scenario: a law between two bounds, reached from a standard normal number.

Logical scenarios (parameters with ranges and laws, of which a concrete one is drawn): Menzel, Bagschik, Maurer 2018, "Scenarios for
development, test and validation of automated vehicles", IEEE Intelligent Vehicles Symposium.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.rules.distributions import PARAMETERS, Continuous, continuous

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One number that a scenario varies.

    Attributes:
        name: ends in its unit: gap_m, ego_speed_mps.
        what: in words.
        low, high: the bounds, in that unit; the law is cut there.
        law: a distribution's name in SciPy ("norm", "lognorm", "uniform", "expon", "gamma", "beta", "weibull_min" …).
        shape: its parameters in SciPy's words; "uniform" needs none: it fills the bounds.

    Raises:
        ArgumentError: the law is not known, its parameters are wrong, or nothing of it lies within the bounds.
    """

    name: str
    what: str
    low: float
    high: float
    law: str = "uniform"
    shape: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        where = f"parameter {self.name}"
        if not self.low < self.high:
            raise ArgumentError(f"The low bound {self.low:g} is not under the high bound {self.high:g}.", where=where)
        known = [name for name in PARAMETERS if _known(name)]
        if self.law not in known:
            raise ArgumentError(f'There is no law "{self.law}".', where=where, remedy=did_you_mean(self.law, known))
        expected = {*PARAMETERS[self.law], "loc", "scale"}
        for key in self.shape or {}:
            if key not in expected:
                raise ArgumentError(
                    f'The law "{self.law}" has no parameter "{key}".', where=where, remedy=did_you_mean(key, sorted(expected))
                )
        if not all(key in (self.shape or {}) for key in PARAMETERS[self.law]):
            needed = ", ".join(PARAMETERS[self.law])
            raise ArgumentError(f'The law "{self.law}" needs a shape.', where=where, remedy=f"Give {needed}.")
        below, above = self._outside()
        if not 1.0 - below - above > 1e-9:
            raise ArgumentError(f'Nothing of the law "{self.law}" lies between {self.low:g} and {self.high:g}.', where=where)

    def between(self, low: float, high: float, law: str = "uniform", shape: Mapping[str, float] | None = None) -> Parameter:
        """The same parameter under another law."""
        return Parameter(self.name, self.what, low, high, law, shape)

    @property
    def distribution(self) -> Continuous:
        """The law before it is cut."""
        shape = {"loc": self.low, "scale": self.high - self.low} if self.law == "uniform" and not self.shape else dict(self.shape or {})
        found = continuous(self.law, shape)
        assert found is not None
        return found

    def _outside(self) -> tuple[float, float]:
        """The shares of the law below and above the bounds."""
        return float(self.distribution.cdf(self.low)), float(self.distribution.sf(self.high))

    def from_normal(self, u: Any) -> Floats:
        """The values at standard normal numbers, ascending with them. Both tails keep their digits."""
        u, law, (below, above) = np.asarray(u, dtype=np.float64), self.distribution, self._outside()
        kept = 1.0 - below - above
        share = special.ndtr(-np.abs(u)) * kept
        value, low = np.empty_like(u), u < 0.0
        value[low], value[~low] = law.ppf(np.minimum(below + share[low], 1.0)), law.isf(np.minimum(above + share[~low], 1.0))
        return np.asarray(np.clip(value, self.low, self.high))

    def to_normal(self, values: Any) -> Floats:
        """The standard normal numbers of values: the inverse of `from_normal`. Values at or beyond a bound give infinite ones."""
        values, law, (below, above) = np.asarray(values, dtype=np.float64), self.distribution, self._outside()
        kept = 1.0 - below - above
        lower, upper = (law.cdf(values) - below) / kept, (law.sf(values) - above) / kept
        return np.asarray(np.where(lower < 0.5, special.ndtri(np.clip(lower, 0.0, 1.0)), -special.ndtri(np.clip(upper, 0.0, 1.0))))


def _known(name: str) -> bool:
    shape = dict.fromkeys(PARAMETERS[name], 1.0)
    return continuous(name, shape) is not None
