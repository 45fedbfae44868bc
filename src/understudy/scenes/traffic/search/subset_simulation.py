"""Subset simulation: a rare event as the last of a chain of events that are not rare, each reached by Markov chains from the one before.

Au, Beck 2001, "Estimation of small failure probabilities in high dimensions by subset simulation", Probabilistic Engineering Mechanics 16;
chains: Papaioannou, Betz, Zwirglmaier, Straub 2015, "MCMC algorithms for subset simulation", Probabilistic Engineering Mechanics 41
(conditional sampling with steps that adapt). No gradient, no law to learn: it takes many dimensions, and limit states that are rough.

The error is that of Au and Beck for levels that depend on each other fully (their equation 28 upward): an upper bound, since seeds are
handed on from level to level. The estimate is biased by the order of one over the runs of a level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.traffic.search.estimate import Estimate, Floats, LimitState, asked, log_interval, required

ACCEPTED = 0.44
ROUNDS = 10


def subset_simulation(
    limit_state: LimitState,
    dimensions: int,
    rng: Stream,
    *,
    per_level: int = 2000,
    share: float = 0.1,
    most_levels: int = 30,
    level: float = 0.95,
) -> Estimate:
    """The probability of a rare event, level by level.

    Args:
        limit_state: (n, dimensions) standard normal numbers → (n,); the event is ≤ 0, and what comes nearer to it is nearer to 0.
        rng: where randomness comes from.
        per_level: runs of a level, ≥ 100.
        share: of a level's runs that make the next, 0.05 … 0.5; 1 / share is a whole number.
        most_levels: after so many the search ends with a note: the event is rarer than share ** most_levels.

    Returns:
        an estimate. Its runs are those of all levels, each level's without what belongs to the next, weighted by that shell's probability.
    """
    required("per_level", per_level, 100, 1e9)
    required("share", share, 0.05, 0.5)
    length = round(1.0 / share)
    chains = per_level // length
    points = rng.child("level", 0).generator().standard_normal((chains * length, dimensions))
    values, runs, reached, spread = asked(limit_state, points), chains * length, 1.0, 0.6
    variations: list[float] = []
    shells: list[tuple[Floats, Floats, Floats]] = []
    for number in range(1, most_levels + 1):
        order = np.argsort(values, kind="stable")
        threshold = max(0.0, 0.5 * float(values[order[chains - 1]] + values[order[min(chains, len(order) - 1)]]))
        inside = values <= threshold
        part = float(inside.mean())
        variations.append(_variation(inside, part, chains if number > 1 else 0))
        if threshold <= 0.0 or number == most_levels or part >= 1.0:
            shells.append((points, values, np.full(len(points), reached / len(points))))
            break
        shells.append((points[~inside], values[~inside], np.full(int((~inside).sum()), reached / len(points))))
        seeds = np.flatnonzero(inside)[rng.child("seeds", number).generator().permutation(int(inside.sum()))[:chains]]
        reached *= part
        points, values, spread = _chains(limit_state, points[seeds], values[seeds], threshold, length, spread, rng.child("level", number))
        runs += chains * (length - 1)
    return _estimate(shells, reached * float((values <= 0.0).mean()), variations, runs, level)


def _estimate(
    shells: list[tuple[Floats, Floats, Floats]], probability: float, variations: list[float], runs: int, level: float
) -> Estimate:
    points, values, weights = (np.concatenate([shell[place] for shell in shells]) for place in range(3))
    relative = float(sum(variations)) if probability > 0.0 else np.inf
    notes = (
        ()
        if probability > 0.0
        else ("The event was not reached: it is rarer than the last level, or the limit state does not lead to it.",)
    )
    low, high = log_interval(probability, relative, level)
    error = probability * relative if probability > 0.0 else 0.0
    return Estimate("subset_simulation", probability, error, level, low, high, runs, points, values, weights * len(weights), notes)


def _variation(inside: NDArray[np.bool_], part: float, chains: int) -> float:
    """The coefficient of variation of a level's share; runs of one chain lie `chains` apart. Au and Beck, equations 27-29."""
    n = len(inside)
    if not 0.0 < part < 1.0:
        return 0.0 if part >= 1.0 else np.inf
    correlated = 0.0
    if chains:
        table = inside.reshape(-1, chains).astype(np.float64)
        length = len(table)
        for lag in range(1, length):
            covariance = float((table[:-lag] * table[lag:]).mean()) - part**2
            correlated += 2.0 * (1.0 - lag / length) * covariance / (part * (1.0 - part))
    return float(np.sqrt((1.0 - part) / (part * n) * max(1.0 + correlated, 1.0)))


def _chains(
    limit_state: LimitState, seeds: Floats, values: Floats, threshold: float, length: int, spread: float, rng: Stream
) -> tuple[Floats, Floats, float]:
    """Markov chains of `length` from the seeds, all inside the threshold: points and values, first those of the first step, and the spread.

    A step keeps √(1 - σ²) of a point and adds σ of a new one, which keeps the standard normal law; σ adapts to the share of accepted steps.
    """
    draws = rng.generator()
    states, found = [seeds], [values]
    scale = np.minimum(1.0, spread * np.maximum(seeds.std(axis=0), 1e-3) if len(seeds) > 1 else np.full(seeds.shape[1], spread))
    base = scale / spread
    for step in range(1, length):
        scale = np.minimum(1.0, spread * base)
        here, known = states[-1], found[-1]
        proposed = np.sqrt(1.0 - scale**2) * here + scale * draws.standard_normal(here.shape)
        there = asked(limit_state, proposed)
        accepted = there <= threshold
        states.append(np.where(accepted[:, None], proposed, here))
        found.append(np.where(accepted, there, known))
        spread = float(np.clip(np.exp(np.log(spread) + (accepted.mean() - ACCEPTED) / np.sqrt(step)), 1e-3, 3.0))
    return np.concatenate(states), np.concatenate(found), spread
