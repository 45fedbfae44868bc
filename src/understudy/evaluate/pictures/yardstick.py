"""A figure beside its yardstick: any statistic of two sets, for synthetic and for held-out real ones, with what chance makes of both.

Intervals come from half samples: the spread of a statistic over halves of the groups drawn without replacement is that of the statistic
itself over new samples (Politis and Romano 1994; the delete-half jackknife). Groups (shots) are drawn whole, for their pictures are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.result import Figure

Index = NDArray[np.int64]
Statistic = Callable[[Index, Index], float]
"""Of rows of the real set and rows of another."""
DRAWS = 40
_NORMAL = 1.96


@dataclass(frozen=True)
class Sets:
    """Groups of the rows of the three sets. holdout: None without a yardstick."""

    real: Index
    synthetic: Index
    holdout: Index | None


@dataclass(frozen=True)
class Words:
    """How a figure is called and read; see `Figure`."""

    key: str
    name: str
    note: str
    best: float
    better: Literal["higher", "lower", "closer"]
    scale: tuple[float, float] = (0.0, 1.0)
    form: Literal["share", "score", "number", "count"] = "score"
    family: Literal["fidelity", "privacy"] = "fidelity"


def compared(words: Words, sets: Sets, synthetic: Statistic, holdout: Statistic | None, stream: Stream) -> Figure:
    """The figure of a statistic. `holdout`: the same statistic with rows of the held-out set in the place of synthetic ones."""
    value = synthetic(_all(sets.real), _all(sets.synthetic))
    spread = _spread(synthetic, sets.real, sets.synthetic, stream.child("synthetic"))
    facts: dict[str, Any] = {"value": value, "interval": _around(value, spread), "n": len(sets.synthetic)}
    if holdout is not None and sets.holdout is not None:
        yardstick = holdout(_all(sets.real), _all(sets.holdout))
        theirs = _spread(holdout, sets.real, sets.holdout, stream.child("holdout"))
        matched = _matched(synthetic, sets, stream.child("matched"))
        gap = matched - yardstick
        facts |= {
            "holdout": yardstick,
            "holdout_interval": _around(yardstick, theirs),
            "matched": matched,
            "gap": gap,
            "gap_interval": _around(gap, float(np.hypot(spread, theirs))),
            "n_holdout": len(sets.holdout),
            "reason": _in_words(words, gap, float(np.hypot(spread, theirs))),
        }
    return Figure(
        key=words.key, name=words.name, family=words.family, best=words.best, better=words.better, scale=words.scale, form=words.form,
        note=words.note, **facts,
    )  # fmt: skip


def _all(groups: Index) -> Index:
    return np.arange(len(groups))


def _spread(statistic: Statistic, real: Index, other: Index, stream: Stream) -> float:
    rng = stream.generator()
    values = [statistic(_half(real, rng), _half(other, rng)) for _ in range(DRAWS)]
    return float(np.std(values, ddof=1))


def _half(groups: Index, rng: np.random.Generator) -> Index:
    """Rows of half of the groups, at least two rows."""
    names = np.unique(groups)
    kept = rng.permutation(names)[: max(1, (len(names) + 1) // 2)]
    rows = np.flatnonzero(np.isin(groups, kept))
    return rows if len(rows) >= 2 else np.arange(min(2, len(groups)))


def _matched(statistic: Statistic, sets: Sets, stream: Stream) -> float:
    """The synthetic statistic at the yardstick's number of rows: the mean over some draws where there are more."""
    assert sets.holdout is not None
    size = len(sets.holdout)
    if len(sets.synthetic) <= size:
        return statistic(_all(sets.real), _all(sets.synthetic))
    rng = stream.generator()
    draws = [np.sort(rng.permutation(len(sets.synthetic))[:size]) for _ in range(8)]
    return float(np.mean([statistic(_all(sets.real), draw) for draw in draws]))


def _around(value: float, spread: float) -> tuple[float, float]:
    return value - _NORMAL * spread, value + _NORMAL * spread


def _in_words(words: Words, gap: float, spread: float) -> str:
    if abs(gap) <= _NORMAL * spread:
        return "not told apart from held-out real pictures at this number of pictures"
    worse = gap < 0 if words.better == "higher" else gap > 0 if words.better == "lower" else True
    return "farther from the real pictures than held-out real ones are" if worse else "better than held-out real pictures"
