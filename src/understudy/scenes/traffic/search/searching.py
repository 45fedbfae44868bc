"""Searches of scenarios by name: an event in words, a method, and the dangerous runs with their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.traffic.scenarios import Scenario, scenario
from understudy.scenes.traffic.search.cross_entropy import cross_entropy
from understudy.scenes.traffic.search.estimate import Estimate, Floats
from understudy.scenes.traffic.search.monte_carlo import monte_carlo
from understudy.scenes.traffic.search.subset_simulation import subset_simulation

METHODS: dict[str, Callable[..., Estimate]] = {
    "cross_entropy": cross_entropy, "subset_simulation": subset_simulation, "monte_carlo": monte_carlo,
}  # fmt: skip
EVENTS = {
    "collision": "the ego touches somebody; no limit",
    "min_ttc_s": "the least time to collision is at most the limit, s",
    "min_gap_m": "the least gap is at most the limit, m",
    "pet_s": "the post-encroachment time is at most the limit, s",
    "max_drac_mps2": "the deceleration needed is at least the limit, m/s²",
}


@dataclass(frozen=True)
class Found:
    """What a search of a scenario found.

    Attributes:
        scenario: that was searched. event, limit: what counts.
        estimate: the probability, with its interval.
        runs: one row a weighted run: the parameters by name, "likelihood_weight", "event", and the figures of safety. The mean of weight ×
            figure over all rows is the figure's expectation under the scenario's laws, however often the rows are dangerous.
    """

    scenario: Scenario
    event: str
    limit: float | None
    estimate: Estimate
    runs: pl.DataFrame

    @property
    def dangerous(self) -> pl.DataFrame:
        """The runs in which the event happened."""
        return self.runs.filter(pl.col("event"))

    def parameters(self, n: int, rng: Stream) -> Floats:
        """(n, k) values of n dangerous runs, drawn with their weights: as such runs would come about by the laws, given the event."""
        rows = self.dangerous
        if not len(rows):
            raise ArgumentError(f'No run of "{self.scenario.name}" was the event.', remedy="Search with more runs or a less strict limit.")
        weights = rows["likelihood_weight"].to_numpy()
        chosen = rng.generator().choice(len(rows), size=n, p=weights / weights.sum())
        return rows.select(self.scenario.names).to_numpy()[chosen]


def search(
    known: str | Scenario,
    event: str = "collision",
    *,
    limit: float | None = None,
    method: str = "cross_entropy",
    seed: int = 0,
    **options: Any,
) -> Found:
    """Finds runs of a scenario in which something dangerous happens, and how probable that is.

    Args:
        known: a scenario, or its name in the catalogue.
        event: collision, min_ttc_s, min_gap_m, pet_s or max_drac_mps2.
        limit: for all events but a collision.
        method: cross_entropy, subset_simulation or monte_carlo; options are its own (runs=, per_step=, components= …).

    Raises:
        ArgumentError: an unknown scenario, event or method, or a limit that is missing or too much.
    """
    if event not in EVENTS:
        raise ArgumentError(f'There is no event "{event}".', remedy=did_you_mean(event, EVENTS))
    if method not in METHODS:
        raise ArgumentError(f'There is no method "{method}".', remedy=did_you_mean(method, METHODS))
    if (limit is None) != (event == "collision"):
        raise ArgumentError(
            f'The event "{event}" takes {"no" if event == "collision" else "a"} limit.', remedy=f"{event}: {EVENTS[event]}."
        )
    chosen = scenario(known) if isinstance(known, str) else known
    horizon = limit + 2.0 if event == "pet_s" and limit is not None else 0.0

    def limit_state(u: Floats) -> Floats:
        return _distance(chosen, chosen.from_normal(u), event, limit, horizon)

    estimate = METHODS[method](limit_state, len(chosen.parameters), Stream(seed).child("search", chosen.name), **options)
    return Found(chosen, event, limit, estimate, _table(chosen, estimate))


def _distance(known: Scenario, values: Floats, event: str, limit: float | None, horizon: float) -> Floats:
    """How far runs are from the event: ≤ 0 in it."""
    outcome = known.run(values, pet_horizon_s=horizon)
    if event == "collision" or limit is None:
        return outcome.margin
    if event == "max_drac_mps2":
        return np.asarray(limit / np.maximum(outcome.max_drac_mps2, 1e-6) - 1.0)
    figure = np.asarray(getattr(outcome, event)) - limit
    # A crash is past every limit, by its speed: else all of them would be equally near.
    return np.asarray(np.where(outcome.collision, -limit - outcome.impact_mps, np.minimum(figure, 1e3)))


def _table(known: Scenario, estimate: Estimate) -> pl.DataFrame:
    values = known.from_normal(estimate.points)
    outcome = known.run(values)
    return pl.DataFrame(
        {name: values[:, place] for place, name in enumerate(known.names)}
        | {"likelihood_weight": estimate.weights, "event": estimate.failed, "collision": outcome.collision, "min_gap_m": outcome.min_gap_m}
        | {"min_ttc_s": outcome.min_ttc_s, "max_drac_mps2": outcome.max_drac_mps2, "pet_s": outcome.pet_s, "impact_mps": outcome.impact_mps}
    )
