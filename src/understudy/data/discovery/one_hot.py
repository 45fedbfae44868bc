"""One-hot groups: 0/1 columns of which exactly one is 1 on every row (one category spread over several columns).

Two columns can stand in one group only where no row has both: cliques of that graph are grown, from neighbours outward, until
every row is covered once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.data.constraints import OneHot
from understudy.data.discovery.survey import Survey

# A pair of opposite flags is a dependency, not a group.
_FEWEST_COLUMNS = 3


def find_one_hot(survey: Survey, left_out: frozenset[str]) -> list[OneHot]:
    """The groups, each column in at most one of them."""
    names = [c.name for c in survey.columns("boolean") if not c.nullable and c.name not in left_out]
    if len(names) < _FEWEST_COLUMNS or survey.sample.height < 2:
        return []
    flags = np.column_stack([survey.sample[name].to_numpy().astype(bool) for name in names])
    apart = (flags.T.astype(np.float32) @ flags.astype(np.float32)) == 0
    counts = flags.sum(axis=0)
    found: list[OneHot] = []
    free = set(range(len(names)))
    for seed in range(len(names)):
        group = _grown(seed, free, apart, counts, survey.sample.height)
        if group is None or not flags[:, group].any(axis=1).all():
            continue
        rule = _checked(survey, [names[i] for i in group])
        if rule is not None:
            found.append(rule)
            free -= set(group)
    return found


def _grown(seed: int, free: set[int], apart: NDArray[np.bool_], counts: NDArray[np.int64], rows: int) -> list[int] | None:
    """A set of columns, no two of them 1 together, whose ones number as many as the rows; the seed's neighbours come first."""
    if seed not in free or counts[seed] == 0:
        return None
    group, covered = [seed], int(counts[seed])
    for other in sorted(free - {seed}, key=lambda i: (abs(i - seed), i)):
        if covered == rows:
            break
        if counts[other] and covered + counts[other] <= rows and apart[other, group].all():
            group.append(other)
            covered += int(counts[other])
    return sorted(group) if covered == rows and len(group) >= _FEWEST_COLUMNS else None


def _checked(survey: Survey, names: list[str]) -> OneHot | None:
    for chunk in survey.chunks(names):
        if not (chunk.sum_horizontal() == 1).all():
            return None
    return OneHot(
        columns=names, rows_checked=survey.rows, reason=f"exactly one of the {len(names)} columns is 1 in all {survey.rows:,} rows"
    )
