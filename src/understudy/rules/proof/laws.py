"""Distribution functions of a spec's laws by SciPy, cut to bounds; p values of samples under them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.rules.law import Law

Floats = NDArray[np.float64]
_LEAST_EXPECTED = 5.0


def is_discrete(law: Law) -> bool:
    """Whether a law has whole values only (or listed ones)."""
    from scipy import stats

    return law.name == "values" or (law.name not in ("mixture", "histogram") and isinstance(getattr(stats, law.name), stats.rv_discrete))


def cdf(law: Law, x: Floats) -> Floats:
    """The distribution function at `x`."""
    from scipy import stats

    if law.name == "mixture":
        parts = law.mixture or []
        total = sum(part.share for part in parts)
        return np.asarray(sum((part.share / total * cdf(part.law, x) for part in parts), np.zeros(len(x))))
    if law.name == "histogram" and law.histogram is not None:
        shares = np.concatenate(([0.0], np.cumsum(law.histogram.shares) / sum(law.histogram.shares)))
        return np.interp(x, law.histogram.edges, shares)
    if law.name == "values":
        pairs = sorted((law.values or {}).items())
        shares = np.concatenate(([0.0], np.cumsum([w for _, w in pairs]) / sum(w for _, w in pairs)))
        return shares[np.searchsorted([v for v, _ in pairs], x, side="right")]
    return np.asarray(getattr(stats, law.name)(**law.parameters).cdf(x), dtype=np.float64)


def cut(law: Law, x: Floats, low: float | None, high: float | None) -> Floats:
    """The distribution function at `x` of the law between two bounds; of a discrete law both belong to it."""
    below = np.array([-np.inf if low is None else low - (1e-9 * max(1, abs(low)) if is_discrete(law) else 0)])
    start = 0.0 if low is None else float(cdf(law, below)[0])
    stop = 1.0 if high is None else float(cdf(law, np.array([high]))[0])
    return np.clip((cdf(law, x) - start) / (stop - start), 0.0, 1.0)


def kolmogorov(values: Floats, expected: Any) -> tuple[float, float]:
    """The greatest distance of a sample's shares from the law's, at the values that occur, and its p value (Kolmogorov 1933; not too small
    for rounded values)."""
    from scipy import stats

    seen, counts = np.unique(values, return_counts=True)
    shares = np.cumsum(counts) / len(values)
    at = np.asarray(expected(seen))
    gaps = np.abs(shares - at)
    distance = float(max(gaps.max(), at[0] if len(seen) == len(values) else 0.0))
    return distance, float(stats.kstwo.sf(distance, len(values)))


def chi_square(counts: Floats, shares: Floats) -> tuple[float, float]:
    """Pearson's statistic and its p value; rare classes are taken together, and one that cannot occur but does decides."""
    from scipy import stats

    counts, shares = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if counts[shares <= 0].sum() > 0:
        return float("inf"), 0.0
    counts, shares = counts[shares > 0], shares[shares > 0]
    expected = counts.sum() * shares / shares.sum()
    rare = expected < _LEAST_EXPECTED
    if rare.any():
        counts, expected = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    if len(expected) < 2 or (expected < 1).any():
        return 0.0, 1.0
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return statistic, float(stats.chi2.sf(statistic, len(expected) - 1))


def holm(p: list[float]) -> list[float]:
    """p values adjusted for their number (Holm 1979, "A simple sequentially rejective multiple test procedure")."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate([min(1.0, (len(p) - rank) * p[at]) for rank, at in enumerate(order)]) if p else np.array([])
    found = np.empty(len(p))
    found[order] = adjusted
    return [float(value) for value in found]
