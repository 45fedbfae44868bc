"""Membership inference: can training rows be told from rows the model never saw, by looking at the synthetic table?

Two attacks (Chen et al., GAN-Leaks, CCS 2020). *Distance*: training rows lie nearer to their nearest synthetic row. *Ratio*: that
distance is set against the distance to the nearest row of an independent reference (the other half of the holdout), so that rows
of dense regions, which are near to everything, do not drown the signal. Read as AUC (.5: no better than guessing) and as the rate
of training rows found while only one in a hundred others is accused, because a leak of a few rows moves the second long before
the first (Carlini et al., S&P 2022).

The yardstick plays the same attacks on two halves of the held-out rows, of which neither was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc
from understudy.evaluate.proximity import Space
from understudy.evaluate.resample import Floats

_DRAWS = 200


@dataclass(frozen=True)
class Attack:
    """Scores of members and others: AUC, and the true-positive rate at a false-positive rate with its interval."""

    auc: Estimate
    found: float
    found_interval: tuple[float, float]
    members: int
    others: int


@dataclass(frozen=True)
class Membership:
    distance: Attack
    distance_null: Attack
    ratio: Attack
    ratio_null: Attack


def membership(space: Space, stream: Stream, false_positives: float) -> Membership | None:
    """None where a table has fewer than 20 rows."""
    if min(len(points) for points in space.points.values()) < 20:
        return None
    synthetic, members = space["synthetic"], space["real"][: space.queries]
    middle = len(space["holdout"]) // 2
    halves = space["holdout"][:middle], space["holdout"][middle:]
    asked = [half[: space.queries] for half in halves]
    near_member = members.to(synthetic).distance[:, 0]
    near_other = [half.to(synthetic).distance[:, 0] for half in asked]
    # Each half of the holdout is the reference of the other, and both serve the members: all rows are used, none is its own reference.
    apart = members[: len(members) // 2], members[len(members) // 2 :]
    reference = [np.concatenate([part.to(half).distance[:, 0] for part, half in zip(apart, halves, strict=True)])]
    reference += [asked[0].to(halves[1]).distance[:, 0], asked[1].to(halves[0]).distance[:, 0]]
    tiny = max(1e-4, 0.01 * float(np.median(np.concatenate(reference[1:]))))
    member_scores, *other_scores = (
        np.log(far + tiny) - np.log(near + tiny) for far, near in zip(reference, [near_member, *near_other], strict=True)
    )
    draw = Attacks(stream, false_positives)
    return Membership(
        draw.attack("distance", -near_member, -np.concatenate(near_other)),
        draw.attack("distance null", -near_other[0], -near_other[1]),
        draw.attack("ratio", member_scores, np.concatenate(other_scores)),
        draw.attack("ratio null", other_scores[0], other_scores[1]),
    )


class Attacks:
    """Attacks under one rate of false alarms, each with its interval."""

    def __init__(self, stream: Stream, false_positives: float) -> None:
        self._stream, self._rate = stream, false_positives

    def attack(self, name: str, members: NDArray[np.floating], others: NDArray[np.floating]) -> Attack:
        """Scores high for members."""
        high, low = np.asarray(members, np.float64), np.asarray(others, np.float64)
        found = found_at(high, low, self._rate)
        return Attack(auc(high, low), found, self._interval(name, high, low, found), len(high), len(low))

    def _interval(self, name: str, members: Floats, others: Floats, found: float) -> tuple[float, float]:
        """Clopper-Pearson for the members, widened where drawing the others anew, and with them the threshold, spreads more."""
        exact = clopper_pearson(round(found * len(members)), len(members))
        rng = self._stream.child("attack", name).generator()
        drawn = np.empty(_DRAWS)
        for k in range(_DRAWS):
            drawn[k] = found_at(rng.choice(members, len(members)), rng.choice(others, len(others)), self._rate)
        low, high = np.quantile(drawn, [0.025, 0.975])
        return min(exact[0], float(low)), max(exact[1], float(high))


def found_at(members: Floats, others: Floats, false_positives: float) -> float:
    """Share of members above the lowest threshold that at most this share of the others is above."""
    allowed = int(np.floor(false_positives * len(others)))
    threshold = np.partition(others, len(others) - 1 - allowed)[len(others) - 1 - allowed]
    return float((members > threshold).mean())


def clopper_pearson(hits: int, n: int) -> tuple[float, float]:
    """Exact 95 % interval of a proportion (Biometrika 26, 1934)."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return low, high
