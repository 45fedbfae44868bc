"""The distributions that specs use most, with SciPy's names and parameters, on its special functions alone.

`scipy.stats` has them all, but takes half a second and sixty megabytes to import, in every process of a run. The tests hold these to be the
same. All others come from `scipy.stats`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

Function = Callable[[Any], Any]

PARAMETERS: dict[str, tuple[str, ...]] = {
    "norm": (), "uniform": (), "lognorm": ("s",), "expon": (), "gamma": ("a",), "beta": ("a", "b"), "pareto": ("b",), "weibull_min": ("c",),
    "poisson": ("mu",), "binom": ("n", "p"), "nbinom": ("n", "p"), "geom": ("p",), "randint": ("low", "high"),
    "zipf": ("a",), "zipfian": ("a", "n"),
}  # fmt: skip


@dataclass(frozen=True)
class Continuous:
    """A distribution moved by loc and stretched by scale. Its four functions are those of loc 0 and scale 1."""

    standard_cdf: Function
    standard_sf: Function
    standard_ppf: Function
    standard_isf: Function
    loc: float
    scale: float

    def cdf(self, x: Any) -> Any:
        return self.standard_cdf(self._standard(x))

    def sf(self, x: Any) -> Any:
        return self.standard_sf(self._standard(x))

    def ppf(self, q: Any) -> Any:
        return self.loc + self.scale * self.standard_ppf(np.asarray(q, dtype=np.float64))

    def isf(self, q: Any) -> Any:
        return self.loc + self.scale * self.standard_isf(np.asarray(q, dtype=np.float64))

    def _standard(self, x: Any) -> Any:
        return (np.asarray(x, dtype=np.float64) - self.loc) / self.scale


def continuous(name: str, parameters: dict[str, float]) -> Continuous | None:
    """A distribution by its name in SciPy; None where it is not one of these. Parameters that cannot be give values that are not finite."""
    shapes = {key: value for key, value in parameters.items() if key not in ("loc", "scale")}
    loc, scale = parameters.get("loc", 0.0), parameters.get("scale", 1.0)
    if scale <= 0 or any(value <= 0 for value in shapes.values()):
        scale = float("nan")
    if name not in _CONTINUOUS:
        return None
    cdf, sf, ppf, isf = _CONTINUOUS[name](**shapes)
    return Continuous(cdf, sf, ppf, isf, loc, scale)


def _positive(inner: Function, outside: float) -> Function:
    """A function of positive numbers, with one value for all others."""
    return lambda x: np.where(np.asarray(x) > 0, inner(np.maximum(x, 1e-300)), outside)


def _norm() -> tuple[Function, ...]:
    return special.ndtr, lambda x: special.ndtr(-x), special.ndtri, lambda q: -special.ndtri(q)


def _uniform() -> tuple[Function, ...]:
    return lambda x: np.clip(x, 0, 1), lambda x: np.clip(1 - x, 0, 1), lambda q: q, lambda q: 1 - q


def _lognorm(s: float) -> tuple[Function, ...]:
    return (
        _positive(lambda x: special.ndtr(np.log(x) / s), 0.0), _positive(lambda x: special.ndtr(-np.log(x) / s), 1.0),
        lambda q: np.exp(s * special.ndtri(q)), lambda q: np.exp(-s * special.ndtri(q)),
    )  # fmt: skip


def _expon() -> tuple[Function, ...]:
    return _positive(lambda x: -np.expm1(-x), 0.0), _positive(lambda x: np.exp(-x), 1.0), lambda q: -np.log1p(-q), lambda q: -np.log(q)


def _gamma(a: float) -> tuple[Function, ...]:
    return (
        _positive(lambda x: special.gammainc(a, x), 0.0), _positive(lambda x: special.gammaincc(a, x), 1.0),
        lambda q: special.gammaincinv(a, q), lambda q: special.gammainccinv(a, q),
    )  # fmt: skip


def _beta(a: float, b: float) -> tuple[Function, ...]:
    return (
        lambda x: special.betainc(a, b, np.clip(x, 0, 1)), lambda x: special.betaincc(a, b, np.clip(x, 0, 1)),
        lambda q: special.betaincinv(a, b, q), lambda q: special.betainccinv(a, b, q),
    )  # fmt: skip


def _pareto(b: float) -> tuple[Function, ...]:
    return (
        lambda x: 1 - np.maximum(x, 1.0) ** -b, lambda x: np.maximum(x, 1.0) ** -b, lambda q: (1 - q) ** (-1 / b), lambda q: q ** (-1 / b),
    )  # fmt: skip


def _weibull_min(c: float) -> tuple[Function, ...]:
    return (
        _positive(lambda x: -np.expm1(-(x**c)), 0.0), _positive(lambda x: np.exp(-(x**c)), 1.0),
        lambda q: (-np.log1p(-q)) ** (1 / c), lambda q: (-np.log(q)) ** (1 / c),
    )  # fmt: skip


_CONTINUOUS: dict[str, Callable[..., tuple[Function, ...]]] = {
    "norm": _norm, "uniform": _uniform, "lognorm": _lognorm, "expon": _expon, "gamma": _gamma, "beta": _beta, "pareto": _pareto,
    "weibull_min": _weibull_min,
}  # fmt: skip


class Counts:
    """A distribution of whole numbers with the functions of a frozen one of `scipy.stats` that tables are made from."""

    def __init__(self, pmf: Function, cdf: Function, first: float, last: float, loc: float) -> None:
        self._pmf, self._cdf, self._first, self._last, self._loc = pmf, cdf, first, last, loc

    def pmf(self, x: Any) -> Any:
        return self._pmf(np.asarray(x, dtype=np.float64) - self._loc)

    def cdf(self, x: Any) -> Any:
        return self._cdf(np.asarray(x, dtype=np.float64) - self._loc)

    def support(self) -> tuple[float, float]:
        return self._first + self._loc, self._last + self._loc

    def isf(self, q: float) -> float:
        """The least value that is exceeded with a chance of at most q; found by doubling and halving."""
        if not np.isfinite(self._cdf(self._first)):
            return float("nan")
        low, step = self._first - 1, 1.0
        while low + step < self._last and 1 - self._cdf(low + step) > q:
            low, step = low + step, 2 * step
        high = min(low + step, self._last)
        while high - low > 1:
            middle = np.floor((low + high) / 2)
            low, high = (middle, high) if 1 - self._cdf(middle) > q else (low, middle)
        return float(high + self._loc)


def counts(name: str, parameters: dict[str, float]) -> Counts | None:
    """A distribution of whole numbers by its name in SciPy; None where it is not one of these."""
    shapes = {key: value for key, value in parameters.items() if key != "loc"}
    if name not in _COUNTS:
        return None
    pmf, cdf, first, last = _COUNTS[name](**shapes)
    return Counts(pmf, cdf, first, last, parameters.get("loc", 0.0))


def _poisson(mu: float) -> tuple[Any, ...]:
    usable = mu if mu > 0 else float("nan")

    def pmf(k: Any) -> Any:
        return np.exp(special.xlogy(k, usable) - special.gammaln(k + 1) - usable)

    return pmf, lambda k: special.pdtr(np.floor(k), usable), 0.0, np.inf


def _binom(n: float, p: float) -> tuple[Any, ...]:
    usable = p if 0 <= p <= 1 and n >= 0 else float("nan")

    def pmf(k: Any) -> Any:
        ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        return np.exp(ways + special.xlogy(k, usable) + special.xlog1py(n - k, -usable))

    def cdf(k: Any) -> Any:
        below = special.bdtr(np.clip(np.floor(k), 0, max(n - 1, 0)), int(max(n, 0)), usable)
        return np.where(np.asarray(k) >= n, np.where(np.isnan(usable), np.nan, 1.0), below)

    return pmf, cdf, 0.0, n


def _nbinom(n: float, p: float) -> tuple[Any, ...]:
    usable = p if 0 < p <= 1 and n > 0 else float("nan")

    def pmf(k: Any) -> Any:
        ways = special.gammaln(n + k) - special.gammaln(k + 1) - special.gammaln(n)
        return np.exp(ways + n * np.log(usable) + special.xlog1py(k, -usable))

    def cdf(k: Any) -> Any:
        return np.where(np.asarray(k) >= 0, special.betainc(n, np.floor(np.maximum(k, 0)) + 1, usable), 0.0)

    return pmf, cdf, 0.0, np.inf


def _geom(p: float) -> tuple[Any, ...]:
    usable = p if 0 < p <= 1 else float("nan")
    return (
        lambda k: np.exp(special.xlog1py(k - 1, -usable)) * usable, lambda k: -np.expm1(special.xlog1py(np.floor(k), -usable)), 1.0, np.inf,
    )  # fmt: skip


def _randint(low: float, high: float) -> tuple[Any, ...]:
    size = high - low if high > low else float("nan")
    return lambda k: np.ones_like(k) / size, lambda k: np.clip((np.floor(k) - low + 1) / size, 0, 1), low, high - 1


_COUNTS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "poisson": _poisson, "binom": _binom, "nbinom": _nbinom, "geom": _geom, "randint": _randint,
}  # fmt: skip
