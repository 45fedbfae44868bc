"""Copied rows: synthetic rows that equal a training row, and rare real rows that occur again and again.

In a table of few levels fresh real rows equal training rows too, so a count means nothing without the holdout's own. Two comparisons must
both speak before copies count as memorised: synthetic rows equal training rows more often than held-out rows do, and they equal training
rows more often than equally many held-out ones. (Making common rows too often, without memorising, shows in the first alone.)

Numbers are equal when they agree to six digits; columns that are made anew are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, fisher_exact

from understudy.core.random import Stream
from understudy.evaluate.closeness import Share
from understudy.evaluate.features import row_keys
from understudy.evaluate.membership import clopper_pearson
from understudy.evaluate.resample import SIDES, Floats, Side
from understudy.evaluate.tables import Column, Comparison

_RARE_COUNT = 3


@dataclass(frozen=True)
class Copies:
    synthetic: Share  # synthetic rows that equal a training row
    holdout: Share  # held-out rows that do
    beyond_chance: float  # p value: synthetic rows equal training rows no more often than held-out rows do
    beyond_holdout: float  # p value: they equal training rows no more often than they equal held-out rows


@dataclass(frozen=True)
class Repeats:
    """Rows that are rare or absent among the real rows and occur in a table more often than chance allows."""

    synthetic: float  # share of rows that are such repeats beyond the expected number
    holdout: float
    most: int  # how often the most repeated of them occurs
    of_training_row: bool  # that one equals a training row


def copies(comparison: Comparison, stream: Stream) -> Copies:
    return copies_of(_keys(comparison), stream)


def repeats(comparison: Comparison, level: float) -> Repeats:
    return repeats_of(_keys(comparison), level)


def copies_of(keys: dict[Side, NDArray[np.int64]], stream: Stream) -> Copies:
    """keys: one number a row, equal for equal rows."""
    seen = np.unique(keys["real"])
    equal = {side: np.isin(keys[side], seen) for side in ("holdout", "synthetic")}
    share = {side: _share(flags) for side, flags in equal.items()}
    made, held = share["synthetic"], share["holdout"]
    table = [[made.hits, made.n - made.hits], [held.hits, held.n - held.hits]]
    return Copies(made, held, float(fisher_exact(table, alternative="greater").pvalue), _beyond_holdout(keys, stream))


def repeats_of(keys: dict[Side, NDArray[np.int64]], level: float) -> Repeats:
    """keys: one number a row, equal for equal rows."""
    synthetic, most, of_training_row = _repeated(keys["real"], keys["synthetic"], level)
    holdout, _, _ = _repeated(keys["real"], keys["holdout"], level)
    return Repeats(synthetic, holdout, most, of_training_row)


def _beyond_holdout(keys: dict[Side, NDArray[np.int64]], stream: Stream) -> float:
    """One-sided McNemar test on distinct synthetic rows: in as many training rows as there are held-out rows, or in those?"""
    rows = min(len(keys["real"]), len(keys["holdout"]))
    rng = stream.child("copies").generator()
    train = np.unique(rng.choice(keys["real"], rows, replace=False))
    holdout = np.unique(rng.choice(keys["holdout"], rows, replace=False))
    made = np.unique(keys["synthetic"])
    in_train, in_holdout = np.isin(made, train), np.isin(made, holdout)
    only_train, only_holdout = int((in_train & ~in_holdout).sum()), int((in_holdout & ~in_train).sum())
    if only_train + only_holdout == 0:
        return 1.0
    return float(binomtest(only_train, only_train + only_holdout, alternative="greater").pvalue)


def _repeated(real: NDArray[np.int64], other: NDArray[np.int64], level: float) -> tuple[float, int, bool]:
    rows, times = np.unique(other, return_counts=True)
    known, known_times = np.unique(real, return_counts=True)
    place = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    before = np.where(known[place] == rows, known_times[place], 0)
    chance = (before + 1) / (len(real) + 1)
    # Bonferroni: the most repeated of many rows is repeated by chance as well.
    too_often = (before <= _RARE_COUNT) & (binom.sf(times - 1, len(other), chance) * len(rows) < level)
    if not too_often.any():
        return 0.0, 0, False
    excess = float((times - len(other) * chance)[too_often].sum() / len(other))
    worst = int(np.flatnonzero(too_often)[times[too_often].argmax()])
    return excess, int(times[worst]), bool(before[worst] > 0)


def _keys(comparison: Comparison) -> dict[Side, NDArray[np.int64]]:
    values = {side: np.column_stack([_digits(column, side) for column in comparison.columns]) for side in SIDES}
    keys = row_keys(np.concatenate([values[side] for side in SIDES]))
    ends = np.cumsum([0, *(len(values[side]) for side in SIDES)])
    return {side: keys[ends[i] : ends[i + 1]] for i, side in enumerate(SIDES)}


def _digits(column: Column, side: Side) -> Floats:
    values = column.values[side].astype(np.float64)
    if column.axis != "number" or column.schema.kind == "integer":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    unit = 10.0 ** (5 - np.where(np.isfinite(size), size, 0))
    return np.asarray(np.round(values * unit) / unit)


def _share(flags: NDArray[np.bool_]) -> Share:
    hits = int(flags.sum())
    return Share(hits / len(flags), clopper_pearson(hits, len(flags)), hits, len(flags))
