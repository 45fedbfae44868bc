"""The far ends of the numbers: how far off are the .1 %, 1 %, 99 % and 99.9 % points, in interquartile ranges of the real column?

(In standard deviations where the interquartile range is zero.) An error counts as at most 10, so that one absurd value does not
hide the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, Side
from understudy.evaluate.tables import Column, Comparison

PROBABILITIES = (0.001, 0.01, 0.99, 0.999)
_MOST_COLUMNS = 60
_DRAWS = 60
_WORST = 10.0


@dataclass(frozen=True)
class Tails:
    error: Sampled  # mean over columns and probabilities
    quantiles: dict[str, dict[Side, Floats]]  # per column (4,) in the column's units


def tails(comparison: Comparison, groups: Groups) -> Tails | None:
    """None where no column is numeric. With more than 60 numeric columns the first 60 are used."""
    columns = [column for column in comparison.numeric[:_MOST_COLUMNS] if all(len(column.present(side)) for side in SIDES)]
    if not columns:
        return None
    quantiles = {column.name: {side: np.quantile(column.present(side), PROBABILITIES) for side in SIDES} for column in columns}
    return Tails(Sampled.mean([_column_error(column, groups) for column in columns]), quantiles)


def _column_error(column: Column, groups: Groups) -> Sampled:
    scale = _scale(column.present("real"))
    points = {side: _WeightedQuantiles(column, side, groups) for side in SIDES}
    whole = {side: points[side](np.ones((1, groups.size[side]), np.float32)) for side in SIDES}
    drawn = {side: points[side](groups.weights[side][:_DRAWS]) for side in SIDES}
    subsets = points["synthetic"](groups.subsets)

    def error(real: Floats, other: Floats) -> Floats:
        return np.asarray(np.minimum(_WORST, np.abs(real - other) / scale).mean(axis=-1))

    return Sampled(
        float(error(whole["real"], whole["synthetic"])[0]),
        float(error(whole["real"], whole["holdout"])[0]),
        float(np.nanmean(error(whole["real"], subsets))),
        error(drawn["real"], drawn["synthetic"]),
        error(drawn["real"], drawn["holdout"]),
    )


def _scale(real: Floats) -> float:
    low, high = np.quantile(real, [0.25, 0.75])
    return float(high - low) or float(real.std()) or 1.0


class _WeightedQuantiles:
    """The four quantiles of one column under any weights of its table's groups; between two values, the lower."""

    def __init__(self, column: Column, side: Side, groups: Groups) -> None:
        present = ~column.missing(side)
        values, member = column.values[side][present], groups.member[side][present]
        order = np.argsort(values, kind="stable")
        self._values, self._member = values[order], member[order]

    def __call__(self, weights: np.ndarray) -> Floats:
        """(draws, groups) weights -> (draws, 4)."""
        found = np.full((len(weights), len(PROBABILITIES)), np.nan)
        for k, weight in enumerate(weights):
            mass = np.cumsum(weight[self._member])
            if mass[-1] > 0:
                place = np.searchsorted(mass, np.array(PROBABILITIES, np.float32) * mass[-1])
                found[k] = self._values[np.minimum(place, len(self._values) - 1)]
        return found
