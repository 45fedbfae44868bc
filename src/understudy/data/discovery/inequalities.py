"""Inequalities low ≤ high between columns of like units.

Offered where every row that has both keeps it, though independent columns with the same values would often break it, and where no
sum or dependency already implies it. Of low ≤ middle ≤ high only the two steps are listed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.data.constraints import Dependency, Inequality, Sum
from understudy.data.discovery.survey import Survey, as_numbers
from understudy.data.inference.evidence import percent

_FAMILIES = (("integer", "decimal"), ("date", "datetime"), ("time",), ("duration",))
_FEWEST_ROWS = 50
_BROKEN_IF_INDEPENDENT = 0.05
_EXPECTED_BREACHES = 10.0
_PROBED_ROWS = (64, 1024)
_GRID = 256
# Columns whose typical sizes differ by more than this are hardly in like units.
_LIKE_SIZE = 30.0


def find_inequalities(survey: Survey, sums: list[Sum], dependencies: list[Dependency], left_out: frozenset[str]) -> list[Inequality]:
    """The inequalities between numbers, between dates, between times and between durations."""
    found: list[Inequality] = []
    for kinds in _FAMILIES:
        names = [c.name for c in survey.columns(*kinds) if c.name not in left_out]
        if len(names) >= 2:
            found += _between(survey, names, implied=_implied(names, sums, dependencies), sized="integer" in kinds)
    return found


def _between(survey: Survey, names: list[str], *, implied: NDArray[np.bool_], sized: bool) -> list[Inequality]:
    values = survey.numbers(names)
    never_above = _never_above(values) & ~implied
    np.fill_diagonal(never_above, False)
    broken = np.zeros_like(never_above, dtype=np.float64)
    together = np.zeros(never_above.shape, dtype=np.int64)
    for low, high in zip(*np.nonzero(never_above), strict=True):
        both = ~np.isnan(values[:, low]) & ~np.isnan(values[:, high])
        a, b = values[both, low], values[both, high]
        together[low, high] = len(a)
        if len(a) < _FEWEST_ROWS or (sized and not _like_size(a, b)):
            continue
        broken[low, high] = _broken_if_independent(a, b)
    keep = (broken >= _BROKEN_IF_INDEPENDENT) & (broken * together >= _EXPECTED_BREACHES)
    # The gap must be a rule, not a rarity: equal columns are copies.
    keep &= ~(keep & keep.T)
    edges = _without_shortcuts(keep)
    rules = [_rule(survey, names[i], names[j], float(broken[i, j])) for i, j in zip(*np.nonzero(edges), strict=True)]
    return sorted((rule for rule in rules if rule is not None), key=lambda rule: names.index(rule.low))


def _never_above(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(columns, columns): no sampled row has the first above the second. A few rows refute most pairs."""
    columns = values.shape[1]
    holds = np.ones((columns, columns), dtype=bool)
    for rows in (*_PROBED_ROWS, len(values)):
        part = values[:rows]
        for low in range(columns):
            others = np.flatnonzero(holds[low])
            if len(others):
                with np.errstate(invalid="ignore"):
                    holds[low, others] = ~(part[:, [low]] > part[:, others]).any(axis=0)
    return holds


def _like_size(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    size_a, size_b = float(np.abs(a).mean()), float(np.abs(b).mean())
    return min(size_a, size_b) > 0 and max(size_a, size_b) / min(size_a, size_b) <= _LIKE_SIZE


def _broken_if_independent(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """P(low > high) for independent draws from the two columns, on a grid of quantiles."""
    quantiles = (np.arange(_GRID) + 0.5) / _GRID
    grid_low, grid_high = np.quantile(low, quantiles), np.quantile(high, quantiles)
    return float(np.searchsorted(grid_high, grid_low, side="left").mean() / _GRID)


def _without_shortcuts(edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    steps = edges.astype(np.int32)
    return np.asarray(edges & ~((steps @ steps) > 0))


def _rule(survey: Survey, low: str, high: str, broken: float) -> Inequality | None:
    rows, equal = 0, 0
    for chunk in survey.chunks([low, high]):
        a, b = as_numbers(chunk[low]), as_numbers(chunk[high])
        both = ~np.isnan(a) & ~np.isnan(b)
        if (a[both] > b[both]).any():
            return None
        rows += int(both.sum())
        equal += int((a[both] == b[both]).sum())
    sign = "<" if equal == 0 else "≤"
    return Inequality(
        low=low, high=high, strict=equal == 0, rows_checked=rows,
        reason=f"{low} {sign} {high} in all {rows:,} rows that have both; independent columns would break it in {percent(broken)}",
    )  # fmt: skip


def _implied(names: list[str], sums: list[Sum], dependencies: list[Dependency]) -> NDArray[np.bool_]:
    """Pairs of which a sum or a dependency already says all there is to say."""
    place = {name: i for i, name in enumerate(names)}
    implied = np.zeros((len(names), len(names)), dtype=bool)
    groups = [[rule.total, *rule.parts] for rule in sums] + _derived_together(dependencies)
    for group in groups:
        inside = [place[name] for name in group if name in place]
        implied[np.ix_(inside, inside)] = True
    return implied


def _derived_together(dependencies: list[Dependency]) -> list[list[str]]:
    """Each determinant with all that follows from it, at any distance."""
    children: dict[str, list[str]] = {}
    for rule in dependencies:
        children.setdefault(rule.determinants[0], []).append(rule.dependent)
    groups: list[list[str]] = []
    for root in children:
        group, open_ = [root], [root]
        while open_:
            for child in children.get(open_.pop(), []):
                if child not in group:
                    group.append(child)
                    open_.append(child)
        groups.append(group)
    return groups
