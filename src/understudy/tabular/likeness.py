"""How alike made and unseen real rows are in pairs of fields: one minus the total variation distance of their two-way tables.

Numbers go by tenths of their mass, categories by their commonest levels, NULL by itself. The standard error is a jackknife's over
groups of the unseen rows (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 11). Fresh real rows do not reach 1: two
samples of one law differ as well, which is the same for every learner on the same rows.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from understudy.data.nearest import Estimate
from understudy.tabular.features import rank_scores
from understudy.tabular.fields import Encoded, Field, Floats

PAIRS = 200
"""Pairs looked at, at the most; a random choice where there are more."""
_PARTS = 10
_GROUPS = 10


def likeness(fields: list[Field], unseen: Encoded, made: Encoded, rng: np.random.Generator) -> Estimate | None:
    """The mean over pairs, 1 at best; None where there is one field only."""
    pairs = list(combinations(range(len(fields)), 2))
    if not pairs:
        return None
    chosen = pairs if len(pairs) <= PAIRS else [pairs[k] for k in np.sort(rng.choice(len(pairs), PAIRS, replace=False))]
    groups = min(_GROUPS, unseen.rows)
    member = rng.permutation(unseen.rows) % groups
    parts = [parts_of(field) for field in fields]
    real = [part[tokens] for part, tokens in zip(parts, unseen.tokens, strict=True)]
    other = [part[tokens] for part, tokens in zip(parts, made.tokens, strict=True)]
    found = np.mean([_pair(real[a], real[b], other[a], other[b], member, groups) for a, b in chosen], axis=0)
    spread = found[1:] - found[1:].mean()
    return Estimate(float(found[0]), float(np.sqrt((groups - 1) / groups * (spread**2).sum())))


def parts_of(field: Field) -> NDArray[np.int64]:
    """(size,) the part that each token belongs to, 0 .. 10."""
    if field.kind == "categorical":
        return np.minimum(np.arange(field.size), _PARTS - 1)
    part = np.minimum((rank_scores(field) * _PARTS).astype(np.int64), _PARTS - 1)
    if field.null_token is not None:
        part[field.null_token] = _PARTS
    return part


def _pair(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    made_a: NDArray[np.int64],
    made_b: NDArray[np.int64],
    member: NDArray[np.int64],
    groups: int,
) -> Floats:
    """(1 + groups,) likeness to all unseen rows, and to all but each group."""
    cells = (_PARTS + 1) ** 2
    code = a * (_PARTS + 1) + b
    counts = np.bincount(member * cells + code, minlength=groups * cells).reshape(groups, cells)
    real = np.concatenate([counts.sum(axis=0)[None], counts.sum(axis=0) - counts]).astype(np.float64)
    made = np.bincount(made_a * (_PARTS + 1) + made_b, minlength=cells) / len(made_a)
    return np.asarray(1 - 0.5 * np.abs(real / np.maximum(real.sum(axis=1, keepdims=True), 1) - made).sum(axis=1))
