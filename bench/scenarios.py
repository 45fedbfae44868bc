"""Scenarios without pixels: how many a CPU second, and how many fewer a search needs than crude sampling.

    python bench/scenarios.py              speeds; cut-in: crude sampling with 4 million runs beside 20 repeats of searches
    python bench/scenarios.py --quick      400,000 runs and 5 repeats

Bars: 100,000 cut-ins of 8 s at 0.1 s in a CPU second; the probability of a collision at a cut-in with 50 times fewer runs than crude
sampling takes to the same error. The error is that seen over the repeats, not the one that a search reports of itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from understudy.core.random import Stream
from understudy.scenes.traffic.scenarios import CATALOGUE, Scenario, scenario
from understudy.scenes.traffic.search import Estimate, cross_entropy, monte_carlo, subset_simulation

SPEED_BAR, FEWER_BAR = 100_000, 50.0


def speed(known: Scenario, pet_horizon_s: float) -> float:
    """Runs in a CPU second, best of three, random numbers and laws included."""
    known.run(known.draw(10, Stream(0)), pet_horizon_s=pet_horizon_s)
    rates = []
    for seed in range(3):
        start = time.process_time()
        known.run(known.draw(20_000, Stream(seed)), pet_horizon_s=pet_horizon_s)
        rates.append(20_000 / (time.process_time() - start))
    return max(rates)


def repeated(search: Callable[[int], Estimate], repeats: int, truth: Estimate) -> tuple[float, float]:
    """Prints what repeats of a search found; the mean probability and how many times fewer runs than crude sampling it took."""
    start = time.process_time()
    found = [search(seed) for seed in range(repeats)]
    spent = (time.process_time() - start) / repeats
    chances, runs = np.array([each.probability for each in found]), float(np.mean([each.runs for each in found]))
    mean, spread = chances.mean(), chances.std(ddof=1) / chances.mean()
    fewer = (1 - mean) / mean / spread**2 / runs
    apart = abs(mean - truth.probability) / np.hypot(truth.standard_error, chances.std(ddof=1) / np.sqrt(repeats))
    reported = np.mean([each.relative_error for each in found])
    print(f"| {found[0].method} | {mean:.3e} | {spread:.1%} | {reported:.1%} | {runs:,.0f} | {fewer:,.0f} × | {apart:.1f} | {spent:.2f} |")
    return float(mean), float(fewer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print("| scenario | runs/CPU s | with PET up to 3 s | collisions |\n|---|---|---|---|")
    for known in CATALOGUE.values():
        share = known.run(known.draw(20_000, Stream(1)), pet_horizon_s=0).collision.mean()
        print(f"| {known.name} | {speed(known, 0.0):,.0f} | {speed(known, 3.0):,.0f} | {share:.4f} |", flush=True)
    cut_in = scenario("cut_in")
    print(f"\ncut_in: {speed(cut_in, 0.0) / SPEED_BAR:.2f} × the bar of {SPEED_BAR:,} runs in a CPU second\n")

    def margin(u: np.ndarray) -> np.ndarray:
        return cut_in.run(cut_in.from_normal(u), pet_horizon_s=0).margin

    dimensions = len(cut_in.parameters)
    crude = monte_carlo(margin, dimensions, Stream(1), runs=400_000 if quick else 4_000_000)
    print(f"crude sampling: {crude.probability:.3e} ± {crude.standard_error:.1e} with {crude.runs:,} runs\n")
    print("| search | probability | error seen | error reported | runs | fewer runs than crude | errors apart | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    repeats = 5 if quick else 20
    _, fewer = repeated(lambda seed: cross_entropy(margin, dimensions, Stream(seed)), repeats, crude)
    repeated(lambda seed: subset_simulation(margin, dimensions, Stream(seed)), repeats, crude)
    print(f"\ncross entropy: {fewer / FEWER_BAR:.1f} × the bar of {FEWER_BAR:.0f} times fewer runs")


if __name__ == "__main__":
    main()
