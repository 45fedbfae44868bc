"""One-, two- and three-column accuracy: the overlap (1 - total variation distance) of tables of decile-binned columns.

Stricter than pair trends, because two columns can correlate rightly and still be wrong everywhere in between. Numbers are cut at the real
deciles, categories into their ten commonest levels and the rest; missing is a cell of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from understudy.core.random import Stream
from understudy.evaluate.cells import Cut, equal_mass, paired
from understudy.evaluate.resample import SIDES, Groups, Sampled, overlap
from understudy.evaluate.tables import Comparison

MOST_PAIRS = 1_500
TRIPLES = 200


def accuracies(comparison: Comparison, groups: Groups, stream: Stream) -> dict[int, tuple[Sampled, int]]:
    """For 1, 2 and 3 columns: the mean overlap, and how many tables it is the mean of (a random part where there are many)."""
    cuts = [equal_mass(column) for column in comparison.columns]
    found = {1: _mean(cuts, groups)}
    if len(cuts) >= 2:
        pairs = some_pairs(len(cuts), MOST_PAIRS, stream.child("pairs"))
        found[2] = _mean((paired(cuts[i], cuts[j]) for i, j in pairs), groups)
    if len(cuts) >= 3:
        rng = stream.child("triples").generator()
        triples = [rng.choice(len(cuts), 3, replace=False) for _ in range(TRIPLES)]
        found[3] = _mean((paired(paired(cuts[i], cuts[j]), cuts[k]) for i, j, k in triples), groups)
    return found


def some_pairs(columns: int, most: int, stream: Stream) -> list[tuple[int, int]]:
    """All pairs of columns, or `most` of them drawn at random."""
    if columns * (columns - 1) // 2 <= most:
        return list(combinations(range(columns), 2))
    numbers = np.sort(stream.generator().choice(columns * (columns - 1) // 2, most, replace=False))
    first, second = np.triu_indices(columns, 1)
    return [(int(first[number]), int(second[number])) for number in numbers]


def _mean(cuts: Iterable[Cut], groups: Groups) -> tuple[Sampled, int]:
    parts = []
    for cut in cuts:
        counts = {side: groups.counts(side, cut.codes[side], cut.cells) for side in SIDES}
        used = sum(count.sum(axis=0) for count in counts.values()) > 0
        parts.append(groups.sampled({side: count[:, used] for side, count in counts.items()}, overlap))
    return Sampled.mean(parts), len(parts)
