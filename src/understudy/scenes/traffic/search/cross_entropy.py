"""Importance sampling whose law is learned by cross entropy, as a mixture of Gaussians, in steps towards the event.

- cross entropy: Rubinstein, Kroese 2004, "The cross-entropy method", Springer;
- smooth steps: Papaioannou, Geyer, Straub 2019, "Improved cross entropy-based importance sampling with a flexible mixture model",
  Reliability Engineering and System Safety 191: the event's indicator is blurred, by less from step to step;
- mixtures: Kurtz, Song 2013, "Cross-entropy-based adaptive importance sampling using Gaussian mixture", Structural Safety 42: events in
  several places;
- defence: Hesterberg 1995, "Weighted average importance sampling and defensive mixture distributions", Technometrics 37: a share of the
  runs is drawn by the laws themselves, so that no weight exceeds one over that share.

The estimate is made from runs that had no part in learning the law, so it is unbiased and its error is that of a plain mean. What no run
has come near stays unknown: a small error bar does not say that there is no other way to the event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.search.estimate import Estimate, Floats, LimitState, asked, log_interval, required
from understudy.scenes.traffic.search.gaussian_mixture import LOG_2PI, GaussianMixture, combined, fitted, standard

TARGET_VARIATION = 1.5
HEAVY = 0.1
OUTER, OUTER_SPREAD = 0.2, 2.0  # without it, one run in some ten thousands beside the learned law outweighs all others
WIDE = 2.0  # half of the first runs are drawn this much wider than the laws, to see ways to the event that the near one hides


def cross_entropy(
    limit_state: LimitState,
    dimensions: int,
    rng: Stream,
    *,
    per_step: int = 1000,
    final: int = 6000,
    components: int = 4,
    defensive: float = 0.1,
    most_steps: int = 20,
    level: float = 0.95,
) -> Estimate:
    """The probability of a rare event by importance sampling.

    Args:
        limit_state: (n, dimensions) standard normal numbers → (n,); the event is ≤ 0, and what comes nearer to it is nearer to 0.
        rng: where randomness comes from.
        per_step: runs in each step of learning, ≥ 100; more where there are many dimensions or several ways to the event.
        final: runs that the estimate is made from, ≥ 100.
        components: of the mixture, 1 … 50. With 1, several ways to the event cost far more runs, or one is missed.
        defensive: share of runs drawn by the laws themselves, 0.01 … 0.9.
        most_steps: after so many, the law is taken as it is, with a note.

    Raises:
        ArgumentError: an option out of bounds, or a limit state that gives no usable values.
    """
    required("per_step", per_step, 100, 1e9)
    required("final", final, 100, 1e9)
    required("components", components, 1, 50)
    required("defensive", defensive, 0.01, 0.9)
    required("most_steps", most_steps, 1, 1000)
    proposal, runs, notes = _learned(limit_state, dimensions, rng, per_step, components, defensive, most_steps)
    points = proposal.sample(final, rng.child("final").generator())
    values, weights = asked(limit_state, points), np.exp(log_ratio(points, proposal))
    hit = np.where(values <= 0.0, weights, 0.0)
    probability, error = float(hit.mean()), float(hit.std(ddof=1) / np.sqrt(final))
    if probability == 0.0:
        notes.append("No run of the last stage was the event: nothing is known but that it was not found.")
    elif hit.max() > HEAVY * hit.sum():
        notes.append(f"One run makes {hit.max() / hit.sum():.0%} of the estimate: its error is not to be trusted. More runs per step help.")
    low, high = log_interval(probability, error / probability if probability else np.inf, level)
    return Estimate("cross_entropy", probability, error, level, low, high, runs + final, points, values, weights, tuple(notes))


def log_ratio(points: Floats, proposal: GaussianMixture) -> Floats:
    """(n,) the logarithm of the standard normal density over the proposal's."""
    return np.asarray(-0.5 * (points**2).sum(axis=1) - 0.5 * points.shape[1] * LOG_2PI - proposal.log_density(points))


@dataclass
class _Memory:
    """All runs of the learning, weighted as if drawn from the mean of all laws that were drawn by: nothing found is forgotten.

    Veach, Guibas 1995, "Optimally combining sampling techniques for Monte Carlo rendering", SIGGRAPH: the balance heuristic.
    """

    points: Floats
    values: Floats
    laws: list[GaussianMixture]

    def add(self, points: Floats, values: Floats, law: GaussianMixture) -> None:
        self.points, self.values = np.concatenate((self.points, points)), np.concatenate((self.values, values))
        self.laws.append(law)

    def log_ratios(self) -> Floats:
        share = 1.0 / len(self.laws)
        return log_ratio(self.points, combined([(share, law) for law in self.laws]))


def _learned(
    limit_state: LimitState, dimensions: int, rng: Stream, per_step: int, components: int, defensive: float, most_steps: int
) -> tuple[GaussianMixture, int, list[str]]:
    """The law to draw by, the runs it took, and notes."""
    laws = standard(dimensions)
    proposal, blur = combined([(0.5, laws), (0.5, standard(dimensions, WIDE))]), np.inf
    memory = _Memory(np.empty((0, dimensions)), np.empty(0), [])
    for step in range(most_steps):
        draws = rng.child("step", step)
        points = proposal.sample(per_step, draws.child("points").generator())
        values = asked(limit_state, points)
        memory.add(points, values, proposal)
        if step and _near_enough(values, blur):
            break
        ratios = memory.log_ratios()
        blur = _less_blur(memory.values, ratios, blur)
        weights = _smooth_weights(memory.values, ratios, blur)
        learned = fitted(memory.points, weights, components, draws.child("fit").generator())
        proposal = _defended(learned, defensive, laws)
    notes = [] if _near_enough(values, blur) else [f"After {step + 1} steps the law was not yet at the event; more may help (most_steps=)."]
    hits = memory.values <= 0.0
    if hits.any():
        ratios = memory.log_ratios()[hits]
        weights = np.exp(ratios - ratios.max())
        learned = fitted(memory.points[hits], weights, components, rng.child("last fit").generator())
        proposal = _defended(learned, defensive, laws)
    return proposal, len(memory.points), notes


def _defended(learned: GaussianMixture, defensive: float, laws: GaussianMixture) -> GaussianMixture:
    """The learned law, a wider copy of it for what lies beside it, and the laws themselves for what lies elsewhere."""
    outer = OUTER * (1.0 - defensive)
    return combined([(1.0 - defensive - outer, learned), (outer, learned.widened(OUTER_SPREAD)), (defensive, laws)])


def _near_enough(values: Floats, blur: float) -> bool:
    """Whether the blurred event is so near to the sharp one that weights from one to the other vary little."""
    hits = values <= 0.0
    if not hits.any():
        return False
    if blur == np.inf:
        return bool(hits.mean() > 1.0 / (1.0 + TARGET_VARIATION**2))
    return _variation(np.where(hits, np.exp(-special.log_ndtr(np.maximum(-values, 0.0) / blur)), 0.0)) <= TARGET_VARIATION


def _variation(weights: Floats) -> float:
    mean = weights.mean()
    return float(weights.std() / mean) if mean > 0.0 else np.inf


def _smooth_weights(values: Floats, ratio: Floats, blur: float) -> Floats:
    """Weights of runs for the event blurred by `blur`, scaled so that they neither vanish nor overflow."""
    logs = special.log_ndtr(-values / blur) + ratio
    top = logs.max()
    if not np.isfinite(top):
        raise ArgumentError("The limit state is infinite in all runs.", remedy="It must tell how far from the event a run is.")
    return np.asarray(np.exp(logs - top))


def _less_blur(values: Floats, ratio: Floats, blur: float) -> float:
    """The blur below the last one at which the weights vary as much as wanted."""
    finite = np.abs(values[np.isfinite(values)])
    if not len(finite):
        raise ArgumentError("The limit state is infinite in all runs.", remedy="It must tell how far from the event a run is.")
    scale = max(float(finite.max()), 1e-12)
    high = min(np.log(blur), np.log(scale) + 3.0)

    def miss(log_blur: float) -> float:
        return (_variation(_smooth_weights(values, ratio, float(np.exp(log_blur)))) - TARGET_VARIATION) ** 2

    found = optimize.minimize_scalar(miss, bounds=(high - 8.0, high), method="bounded", options={"xatol": 1e-2})
    return float(np.exp(found.x))
