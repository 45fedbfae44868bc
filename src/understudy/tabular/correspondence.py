"""An order for the levels of a nominal field: their places on the first axis of its correspondence analysis with all other fields.

Benzécri (1973); Greenacre (1984). Levels whose rows look alike in the other fields come to stand side by side, which is what one latent
number can express of a nominal field.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.fields import Encoded, Field

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MOST_LEVELS = 12  # of another field, so many commonest levels are looked at
_MOST_FEATURES = 300


def level_orders(fields: list[Field], encoded: Encoded, stream: Stream, wanted: Iterable[int] | None = None) -> dict[int, Integers]:
    """For each categorical field of three levels or more, of those ``wanted`` if not None: its tokens in their order on the axis."""
    among = range(len(fields)) if wanted is None else wanted
    nominal = [j for j in among if fields[j].kind == "categorical" and fields[j].size > 2]
    if not nominal:
        return {}
    features, owners = _features(fields, encoded)
    if features.shape[1] > _MOST_FEATURES:
        kept = stream.generator().choice(features.shape[1], _MOST_FEATURES, replace=False)
        features, owners = features[:, kept], owners[kept]
    return {j: _order(encoded.tokens[j].astype(np.int64), fields[j], features[:, owners != j]) for j in nominal}


def _features(fields: list[Field], encoded: Encoded) -> tuple[Floats, Integers]:
    """(n, m) centred columns, each of about unit variance over all levels of its field, and the field of each."""
    columns: list[Floats] = []
    owners: list[int] = []
    for j, f in enumerate(fields):
        if f.size < 2:
            continue
        own = _rank(f, encoded, j) if f.kind == "numeric" else _indicators(f, encoded, j)
        columns.append(own)
        owners += [j] * own.shape[1]
    stacked = np.hstack(columns) if columns else np.empty((encoded.rows, 0))
    return stacked - stacked.mean(axis=0), np.array(owners, np.int64)


def _rank(f: Field, encoded: Encoded, j: int) -> Floats:
    middle = np.cumsum(f.shares) - 0.5 * f.shares
    return np.asarray(np.sqrt(12.0) * (middle[encoded.tokens[j]] - 0.5))[:, None]


def _indicators(f: Field, encoded: Encoded, j: int) -> Floats:
    common = np.argsort(-f.shares, kind="stable")[:_MOST_LEVELS]
    share = np.maximum(f.shares[common], 0.01)
    return np.asarray((encoded.tokens[j][:, None] == common) / np.sqrt(share))


def _order(tokens: Integers, field: Field, features: Floats) -> Integers:
    counts = np.bincount(tokens, minlength=field.size).astype(np.float64)
    by_level = np.argsort(tokens, kind="stable")
    starts = np.r_[0, np.cumsum(counts)[:-1]].astype(np.int64)
    present = counts > 0
    sums = np.zeros((field.size, features.shape[1]))
    if features.shape[1]:
        sums[present] = np.add.reduceat(features[by_level], starts[present], axis=0)
    profile = sums / (counts + 5.0)[:, None]
    if not profile.any():
        return np.arange(field.size)
    weighted = profile * np.sqrt(counts)[:, None]
    axis = np.linalg.eigh(weighted.T @ weighted)[1][:, -1]
    axis *= np.sign(axis[np.abs(axis).argmax()])
    return np.argsort(profile @ axis, kind="stable").astype(np.int64)
