"""Rare events: which concrete scenarios are dangerous, and how probable they are. Each method is a file and a function.

    monte_carlo(limit_state, dimensions, rng)          the yardstick
    cross_entropy(limit_state, dimensions, rng)        importance sampling with a learned mixture: the fewest runs
    subset_simulation(limit_state, dimensions, rng)    level by level: many dimensions, rough limit states

    search("cut_in", "collision")                      by name: the dangerous runs as a table, with their weights

A limit state takes standard normal numbers (n, k) and gives (n,): the event is where it is ≤ 0.
"""

from __future__ import annotations

from understudy.scenes.traffic.search.cross_entropy import cross_entropy
from understudy.scenes.traffic.search.estimate import Estimate, LimitState
from understudy.scenes.traffic.search.monte_carlo import monte_carlo
from understudy.scenes.traffic.search.searching import EVENTS, METHODS, Found, search
from understudy.scenes.traffic.search.subset_simulation import subset_simulation

__all__ = ["EVENTS", "METHODS", "Estimate", "Found", "LimitState", "cross_entropy", "monte_carlo", "search", "subset_simulation"]
