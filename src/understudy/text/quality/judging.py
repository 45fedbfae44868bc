"""Judges: whatever gives texts a score, and how far it can be trusted.

A judge that was never compared with people, or with labels that are known, proves nothing: `calibrate` compares it, by Cohen's kappa (1960)
with an interval, and by class, for judges that are harder on one class shift the balance of labels. A judge of pairs may prefer what it
reads first: `order_swap` asks twice, the other way round the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta

from understudy.core.errors import ArgumentError, DataError
from understudy.core.random import Stream

Floats = NDArray[np.float64]
_DRAWS = 400
_FEWEST = 20


@runtime_checkable
class Judge(Protocol):
    """Gives each row a number, the higher the better; None where it has no answer."""

    def score(self, rows: pl.DataFrame) -> Sequence[float | None]: ...


@runtime_checkable
class PairJudge(Protocol):
    """Says which of two rows is better: 0 the first, 1 the second, None neither."""

    def prefer(self, first: pl.DataFrame, second: pl.DataFrame) -> Sequence[int | None]: ...


@dataclass(frozen=True)
class Calibration:
    """A judge beside the truth.

    Attributes:
        agreement: the share of rows on which both say the same. kappa: what is left of it beyond chance; 1 is best, 0 is guessing.
        interval: 95 % of kappa, by a bootstrap over rows. rows: that both answered. unanswered: rows that the judge left out.
        by_class: of each true value the share that the judge agrees with.
    """

    agreement: float
    kappa: float
    interval: tuple[float, float]
    rows: int
    unanswered: int
    by_class: dict[str, float]

    def __str__(self) -> str:
        by_class = ", ".join(f"{name} {share:.0%}" for name, share in self.by_class.items())
        between = f"{self.interval[0]:.2f} to {self.interval[1]:.2f}"
        return f"kappa {self.kappa:.2f} ({between}), agreement {self.agreement:.0%} of {self.rows:,} rows; {by_class}"


def calibrate(
    judge: Judge,
    rows: pl.DataFrame,
    truth: Sequence[Any] | str,
    *,
    least: float | None = None,
    weights: Literal["none", "linear", "quadratic"] = "none",
    seed: int = 0,
) -> Calibration:
    """Hold a judge against people's judgements or known labels.

    Args:
        rows: what it is asked about. truth: the right answer for each, or the column that has it.
        least: the score from which a row is good; then the truth is what is true or false. None: scores and truth are the same grades.
        weights: how far apart grades count: alike, by their distance, or its square.
        seed: of the bootstrap.

    Raises:
        ArgumentError, DataError: truth and rows do not fit, or fewer than 20 rows are answered.
    """
    right = rows[truth].to_list() if isinstance(truth, str) else list(truth)
    scores = list(judge.score(rows))
    if not len(scores) == len(right) == rows.height:
        raise DataError(
            f"There are {rows.height} rows, {len(right)} right answers and {len(scores)} scores.", remedy="Give one for each row."
        )
    answered = [place for place, score in enumerate(scores) if score is not None and right[place] is not None]
    if len(answered) < _FEWEST:
        raise ArgumentError(
            f"{len(answered)} answers are too few to calibrate a judge.", remedy=f"Judge {_FEWEST} rows or more; some hundreds are good."
        )
    if least is None:
        told, true = [float(scores[place] or 0.0) for place in answered], [float(right[place]) for place in answered]
    else:
        told, true = [float((scores[place] or 0.0) >= least) for place in answered], [float(bool(right[place])) for place in answered]
    grades = sorted({*told, *true})
    code = {grade: number for number, grade in enumerate(grades)}
    one, other = (np.array([code[grade] for grade in part], np.int64) for part in (told, true))
    cost = _costs(np.array(grades), weights)
    rng = Stream(seed).child("calibrate").generator()
    drawn = [_kappa(one[draw], other[draw], cost) for draw in (rng.integers(0, len(one), len(one)) for _ in range(_DRAWS))]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    by_class = {_shown(grade, least): float((one[other == code[grade]] == code[grade]).mean()) for grade in sorted(set(true))}
    unanswered = sum(score is None for score in scores)
    return Calibration(
        float((one == other).mean()), _kappa(one, other, cost), (float(low), float(high)), len(answered), unanswered, by_class
    )


def _shown(grade: float, least: float | None) -> str:
    return f"{grade:g}" if least is None else ("good" if grade else "bad")


def _costs(grades: Floats, weights: str) -> Floats:
    """How bad it is to say one grade for another."""
    apart = np.abs(grades[:, None] - grades[None, :])
    if weights == "none":
        return np.asarray((apart > 0).astype(np.float64))
    return np.asarray(apart if weights == "linear" else apart**2)


def _kappa(one: NDArray[np.int64], other: NDArray[np.int64], cost: Floats) -> float:
    """Cohen's kappa with costs (1968): 1 minus what is lost over what would be lost by chance."""
    size = len(cost)
    together = np.bincount(one * size + other, minlength=size * size).reshape(size, size) / len(one)
    chance = np.outer(together.sum(axis=1), together.sum(axis=0))
    by_chance = float((cost * chance).sum())
    return float(1 - (cost * together).sum() / by_chance) if by_chance > 0 else float("nan")


@dataclass(frozen=True)
class Swapped:
    """A judge of pairs asked in both orders.

    Attributes:
        preferred: of each pair 0 or 1, None where the two answers contradict each other or are lacking.
        consistent: the share of answered pairs whose answers agree; interval: its 95 %. first: the share of answers for what stood first,
            one half where the order does not matter.
    """

    preferred: list[int | None]
    consistent: float
    interval: tuple[float, float]
    first: float


def order_swap(judge: PairJudge, one: pl.DataFrame, other: pl.DataFrame) -> Swapped:
    """Which row of each pair is better, where the judge says so in both orders.

    Raises:
        DataError: the two have different numbers of rows, or answers are lacking.
    """
    if one.height != other.height:
        raise DataError(f"Pairs of {one.height} and {other.height} rows do not fit.", remedy="Give as many rows on both sides.")
    straight, turned = list(judge.prefer(one, other)), list(judge.prefer(other, one))
    if not one.height == len(straight) == len(turned):
        raise DataError(
            f"There are {one.height} pairs, and {len(straight)} and {len(turned)} answers.", remedy="Answer each, or with None."
        )
    both = [(a, b) for a, b in zip(straight, turned, strict=True) if a is not None and b is not None]
    agree = sum(a == 1 - b for a, b in both)
    preferred = [a if a is not None and b is not None and a == 1 - b else None for a, b in zip(straight, turned, strict=True)]
    firsts = [answer == 0 for pair in both for answer in pair]
    n = len(both)
    low = float(beta.ppf(0.025, agree, n - agree + 1)) if agree else 0.0
    high = float(beta.ppf(0.975, agree + 1, n - agree)) if agree < n else 1.0
    return Swapped(preferred, agree / n if n else float("nan"), (low, high), float(np.mean(firsts)) if firsts else float("nan"))
