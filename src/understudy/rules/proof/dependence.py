"""Rank correlations of columns drawn together beside those of the declared copula, seen through the same margins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.rules.proof.result import Tested
from understudy.rules.spec import Correlation, TableSpec

Floats = NDArray[np.float64]
_DRAWN = 400_000


def correlations(table: str, group: Correlation, frame: pl.DataFrame, stated: TableSpec) -> Iterator[Tested]:
    """One test a pair. The copula's rank correlation is found by drawing from it, its uniforms cut into the steps that the columns have."""
    there = [name for name in group.columns if name in frame.columns]
    drawn = _copula(group) if len(there) > 1 else np.empty((0, 0))
    for a, b in combinations(there, 2):
        pair = frame.select(a=coded(frame[a], stated, a), b=coded(frame[b], stated, b)).drop_nulls()
        if pair.height < 50:
            continue
        x, y = pair["a"].to_numpy().astype(np.float64), pair["b"].to_numpy().astype(np.float64)
        i, j = group.columns.index(a), group.columns.index(b)
        expected = spearman(_stepped(drawn[:, i], x), _stepped(drawn[:, j], y))
        observed = spearman(x, y)
        error = float(np.sqrt((1 / pair.height + 1 / len(drawn)) * (1 + expected**2 / 2)) * (1 - expected**2))
        yield _told(table, a, b, group.family, pair.height, observed, expected, max(error, 1e-6))


def _told(table: str, a: str, b: str, family: str, rows: int, observed: float, expected: float, error: float) -> Tested:
    from scipy import stats

    z = (observed - expected) / error
    return Tested(
        name=f"{table}.{a},{b}.correlation", table=table, columns=[a, b], what=f"rank correlation of a {family} copula (± {error:.4f})",
        test="z", rows=rows, statistic=z, expected=expected, observed=observed, p=float(2 * stats.norm.sf(abs(z))),
    )  # fmt: skip


def coded(values: pl.Series, stated: TableSpec, name: str) -> pl.Series:
    """Values as numbers that rise with the copula's: choices and lists in the order of the spec."""
    from understudy.rules.columns import ChoiceColumn

    column = stated.columns[name]
    if isinstance(column, ChoiceColumn):
        order = {value: place for place, value in enumerate(column.weights)}
        return pl.Series(name, [None if value is None else order.get(value, -1) for value in values], dtype=pl.Float64)
    if values.dtype == pl.String:
        return values.rank("dense").cast(pl.Float64)
    return values.to_physical().cast(pl.Float64)


def _copula(group: Correlation) -> Floats:
    """Draws whose ranks are the copula's."""
    rng = Stream(0).child("proof", "copula").generator()
    normal = rng.standard_normal((_DRAWN, len(group.columns))) @ np.linalg.cholesky(np.array(group.matrix)).T
    if group.family == "t":
        normal *= np.sqrt(group.df / rng.chisquare(group.df, _DRAWN))[:, None]
    return np.asarray(normal)


def _stepped(drawn: Floats, like: Floats) -> Floats:
    """Draws cut into the steps of a sample: the values that it has at the same ranks."""
    ordered = np.sort(like)
    places = (np.argsort(np.argsort(drawn)) + 0.5) / len(drawn)
    return np.asarray(ordered[np.minimum((places * len(ordered)).astype(np.int64), len(ordered) - 1)])


def spearman(x: Floats, y: Floats) -> float:
    """The correlation of ranks; equal values share theirs."""
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
