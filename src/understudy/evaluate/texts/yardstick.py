"""A figure beside its yardstick: a statistic of synthetic texts and of held-out real ones, with what chance makes of both, and a verdict.

Two ways give intervals: a bootstrap over documents, where the statistic is a mean or a ratio of sums over them; and half samples, where it
must be computed anew (the spread over halves drawn without replacement is that of the statistic over new samples; Politis and Romano 1994).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.grade import finite, grade, within
from understudy.evaluate.resample import Floats, Sampled, Side, centred
from understudy.evaluate.result import Family, Figure, Interval

DRAWS = 200
HALVES = 30
OTHERS: tuple[Side, Side] = ("synthetic", "holdout")
Index = NDArray[np.int64]
Statistic = Callable[[Index, Index], float]
"""Of documents of the real set and documents of another."""


@dataclass(frozen=True)
class Words:
    """How a figure is called and read; see `Figure`."""

    key: str
    name: str
    note: str
    best: float
    better: Literal["higher", "lower", "closer"]
    family: Family = "fidelity"
    scale: Interval = (0.0, 1.0)
    form: Literal["share", "score", "number", "count"] = "score"


@dataclass(frozen=True)
class Limits:
    """What is lost against the yardstick passes up to `limit` and fails beyond `beyond`. kind: how a loss is counted: as a difference, as a
    share of the yardstick, or as the logarithm of their ratio. percent: a loss is told in points. floor: values under it are as good.
    least: with fewer texts nothing worse than doubt is said. sure: a loss that may be chance raises no alarm."""

    limit: float
    beyond: float | None = None
    kind: Literal["difference", "share", "ratio"] = "difference"
    percent: bool = False
    floor: float | None = None
    least: int = 30
    sure: bool = False

    def loss(self, synthetic: Floats, holdout: Floats, sign: float) -> Floats:
        """sign: 1 where less is better."""
        if self.floor is not None:
            synthetic, holdout = np.maximum(synthetic, self.floor), np.maximum(holdout, self.floor)
        if self.kind == "ratio":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(sign * (np.log(synthetic) - np.log(holdout)))
        lost = sign * (synthetic - holdout)
        return np.asarray(lost / np.where(holdout == 0, np.nan, holdout) if self.kind == "share" else lost)

    def in_words(self, loss: float) -> str:
        if self.kind == "ratio":
            return f"{np.exp(loss):.2f} times that of held-out real texts (limit {np.exp(self.limit):.2f})"
        if self.kind == "share":
            return f"{loss:.1%} worse than held-out real texts (limit {self.limit:.0%})"
        shown = f"{100 * loss:.1f} points" if self.percent else f"{loss:.3g}"
        limit = f"{100 * self.limit:.3g} points" if self.percent else f"{self.limit:.3g}"
        return f"{shown} worse than held-out real texts (limit {limit})"


class Weights:
    """Bootstrap weights of documents, the same for all figures: (draws, documents) how often each is drawn."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._made: dict[tuple[str, int], NDArray[np.float32]] = {}

    def __call__(self, side: str, documents: int) -> NDArray[np.float32]:
        if (side, documents) not in self._made:
            rng = self._stream.child("documents", side).generator()
            drawn = rng.integers(0, documents, (DRAWS, documents))
            rows = np.repeat(np.arange(DRAWS), documents)
            counts = np.bincount(rows * documents + drawn.ravel(), minlength=DRAWS * documents)
            self._made[side, documents] = counts.reshape(DRAWS, documents).astype(np.float32)
        return self._made[side, documents]

    def ratio(self, side: str, top: Floats, bottom: Floats) -> tuple[float, Floats]:
        """The sum of `top` over the sum of `bottom`, values of documents, with its draws."""
        weights = self(side, len(top))
        both = np.column_stack([top, bottom]).astype(np.float64)
        sums = weights @ both
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(both[:, 0].sum() / both[:, 1].sum()), np.asarray(sums[:, 0] / sums[:, 1])

    def mean(self, side: str, values: Floats) -> tuple[float, Floats]:
        return self.ratio(side, values, np.ones(len(values)))

    def share(self, side: str, flags: NDArray[np.bool_], among: NDArray[np.bool_] | None = None) -> tuple[float, Floats]:
        """The share of documents, or of those `among` them, that are flagged."""
        counted = np.ones(len(flags), np.bool_) if among is None else among
        hits, n = int((flags & counted).sum()), int(counted.sum())
        if 0 < hits < n:
            return self.ratio(side, (flags & counted).astype(np.float64), counted.astype(np.float64))
        # All alike: drawing them again shows no spread, which does not mean that there is none (Jeffreys' law of a proportion).
        rng = self._stream.child("share", side).generator()
        return (hits / n if n else np.nan), rng.beta(hits + 0.5, n - hits + 0.5, DRAWS)


def sampled(synthetic: tuple[float, Floats], holdout: tuple[float, Floats]) -> Sampled:
    """A statistic of both sets with its draws."""
    return Sampled(synthetic[0], holdout[0], synthetic[0], synthetic[1], holdout[1])


def beside(statistic: Callable[[Side], tuple[float, Floats]]) -> Sampled:
    """A statistic of either set with its draws."""
    return sampled(statistic("synthetic"), statistic("holdout"))


def by_halves(statistic: dict[Side, Statistic], sizes: tuple[int, int, int], stream: Stream) -> Sampled:
    """A statistic of a real set and another, of sizes (real, synthetic, holdout), with draws from half samples."""
    real, synthetic, holdout = sizes
    made = _halved(statistic["synthetic"], real, synthetic, stream.child("synthetic"))
    held = _halved(statistic["holdout"], real, holdout, stream.child("holdout"))
    return sampled(made, held)


def _halved(statistic: Statistic, real: int, other: int, stream: Stream) -> tuple[float, Floats]:
    rng = stream.generator()
    value = statistic(np.arange(real), np.arange(other))
    draws = np.array([statistic(_half(real, rng), _half(other, rng)) for _ in range(HALVES)])
    # Thirty draws have no tails: a normal law of their spread stands for them.
    spread = float(np.nanstd(draws, ddof=1)) if np.isfinite(draws).sum() > 1 else np.nan
    return value, value + spread * stream.child("normal").generator().standard_normal(DRAWS)


def _half(size: int, rng: np.random.Generator) -> Index:
    return np.sort(rng.permutation(size)[: max(2, (size + 1) // 2)])


def figure(words: Words, found: Sampled, limits: Limits | None, *, n: int, n_holdout: int) -> Figure:
    """The figure of a statistic, judged by what is lost against the yardstick; not judged without limits."""
    scale = None if words.scale[1] <= words.scale[0] else words.scale
    made = Figure(
        key=words.key,
        name=words.name,
        family=words.family,
        value=finite(found.value),
        interval=within(found.interval, scale),
        holdout=finite(found.holdout),
        holdout_interval=within(found.holdout_interval, scale),
        gap=finite(found.gap),
        gap_interval=within(found.gap_interval),
        best=words.best,
        better=words.better,
        scale=words.scale if scale else _ends(found, words.best),
        form=words.form,
        n=n,
        n_holdout=n_holdout,
        note=words.note,
    )
    if limits is None:
        return made
    if made.value is None or made.holdout is None:
        return made.model_copy(update={"reason": "Could not be computed: too few texts."})
    sign = -1.0 if words.better == "higher" else 1.0
    loss = float(limits.loss(np.array([found.value]), np.array([found.holdout]), sign)[0])
    ends = centred(loss, limits.loss(found.draws, found.holdout_draws, sign))
    verdict = grade(loss, ends, limits.limit, limits.beyond)
    reason = f"{limits.in_words(loss)}." if loss > 0.1 * limits.limit else "As good as held-out real texts."
    if verdict == "undecided":
        reason = f"Too few texts to say: between {limits.in_words(ends[0])} and {limits.in_words(ends[1])}."
    if limits.sure and verdict in ("warn", "fail") and ends[0] <= 0:
        verdict, reason = "pass", "No more than chance shows among held-out real texts."
    if min(n, n_holdout) < limits.least and verdict in ("warn", "fail"):
        verdict, reason = "undecided", f"Too few texts to say: {min(n, n_holdout)} of each, where {limits.least} are the least. {reason}"
    reason = reason[0].upper() + reason[1:] if verdict != "info" else "Could not be computed: the yardstick is nought."
    return made.model_copy(update={"verdict": verdict, "reason": reason})


def _ends(found: Sampled, best: float) -> Interval:
    """An axis from the best value to beyond the worse of the two."""
    values = [value for value in (found.value, found.holdout) if np.isfinite(value)]
    low, high = min([best, *values]), max([best, *values])
    return float(low), float(max(high, low + 1e-9) * 1.1)
