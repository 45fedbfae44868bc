"""From a gap with its interval to a verdict: the one rule that all gaps are judged by."""

from __future__ import annotations

import math

from understudy.evaluate.resample import Sampled
from understudy.evaluate.result import Family, Figure, Interval, Score, Verdict


def grade(loss: float, interval: Interval, limit: float, fail_limit: float | None = None) -> Verdict:
    """How bad a loss is (positive: worse than held-out real data).

    undecided: the interval can neither exclude a pass (`limit`) nor a failure (`fail_limit`, twice the limit unless given).
    """
    beyond = 2 * limit if fail_limit is None else fail_limit
    if math.isnan(loss):
        return "info"
    if interval[0] <= limit and interval[1] > beyond:
        return "undecided"
    if loss <= limit:
        return "pass"
    return "warn" if loss <= beyond else "fail"


def worst(verdicts: list[Verdict]) -> Verdict:
    """The gravest of some verdicts; what is not decided outweighs a pass, what is not judged weighs nothing."""
    for verdict in ("fail", "warn", "undecided", "pass"):
        if verdict in verdicts:
            return verdict
    return "info"


def finite(value: float | None) -> float | None:
    """None in place of a number that is none."""
    return float(value) if value is not None and math.isfinite(value) else None


def within(interval: tuple[float, float] | None, scale: Interval | None = None) -> Interval | None:
    """An interval cut to the values that the statistic can take; None where an end is no number."""
    if interval is None or not all(math.isfinite(end) for end in interval):
        return None
    low, high = interval
    return (float(low), float(high)) if scale is None else (max(scale[0], float(low)), min(scale[1], float(high)))


def score_of(sampled: Sampled, limit: float, *, scale: Interval = (0.0, 1.0)) -> Score:
    """A column's or pair's similarity (1 is best), judged against `limit`."""
    gap = sampled.gap_interval
    return Score(
        value=finite(sampled.value),
        interval=within(sampled.interval, scale),
        holdout=finite(sampled.holdout),
        holdout_interval=within(sampled.holdout_interval, scale),
        verdict=grade(-sampled.gap, (-gap[1], -gap[0]), limit),
    )


def sampled_figure(
    key: str,
    name: str,
    sampled: Sampled,
    limit: float,
    *,
    family: Family = "fidelity",
    error: bool = False,
    scale: Interval = (0.0, 1.0),
    n: int,
    n_holdout: int,
    note: str,
    percent: bool = True,
) -> Figure:
    """A figure of counts. `error`: 0 is best and less is better; otherwise 1 is best."""
    sign = 1.0 if error else -1.0
    ends = sampled.gap_interval
    loss = sign * sampled.gap
    losses = (ends[0], ends[1]) if error else (-ends[1], -ends[0])
    verdict = grade(loss, losses, limit)
    return Figure(
        key=key,
        name=name,
        family=family,
        value=finite(sampled.value),
        interval=within(sampled.interval, scale),
        holdout=finite(sampled.holdout),
        holdout_interval=within(sampled.holdout_interval, scale),
        matched=finite(sampled.matched),
        gap=finite(sampled.gap),
        gap_interval=within(ends),
        best=0.0 if error else 1.0,
        better="lower" if error else "higher",
        scale=scale,
        form="share" if percent else "number",
        n=n,
        n_holdout=n_holdout,
        verdict=verdict,
        reason=gap_reason(verdict, loss, losses, limit, percent=percent),
        note=note,
    )


def gap_reason(verdict: Verdict, loss: float, losses: Interval, limit: float, *, percent: bool = True, unit: str = "") -> str:
    def show(number: float) -> str:
        return f"{number * 100:.1f} points" if percent else f"{number:.3g}{unit}"

    if verdict == "info":
        return "Could not be computed: a table has no values."
    if verdict == "undecided":
        between = f"between {show(losses[0])} and {show(losses[1])}"
        return f"Too few rows to say: the loss against held-out real data lies {between} (limit {show(limit)})."
    if loss <= 0.1 * limit:
        return "As near to the real rows as held-out real data."
    return f"{show(loss)} worse than held-out real data (limit {show(limit)})."
