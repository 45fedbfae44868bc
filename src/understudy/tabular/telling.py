"""Can boosted trees tell made rows from real ones? A classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017).

The test is on tokens and positions, so that no learner gains or loses by the codec that all share. The trees learn on the real rows
that the learner learned beside as many made ones, and are asked about real rows that neither saw beside fresh made ones: one fit
instead of one a fold, on more rows than were kept aside, and a plain AUC with DeLong's standard error. A learner that gives back
its own rows is hard to tell in this way; that is why what it remembers is measured beside it (`memorising.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from understudy.data.nearest import Estimate, auc
from understudy.tabular.fields import Encoded, Field, Floats

ROWS = 6_000
"""Rows of each kind that the trees learn on, at the most."""
_CODES = 200
"""Categories of more levels are split on as numbers: their tokens go by frequency."""


def telling(fields: list[Field], learned: Encoded, unseen: Encoded, made: Encoded, rng: np.random.Generator) -> Estimate:
    """AUC of telling made rows from unseen real ones; .5 is best. Half of the made rows, at the most, go into learning."""
    rows = min(ROWS, learned.rows, made.rows // 2)
    some = learned.take(rng.permutation(learned.rows)[:rows])
    table = np.concatenate([coordinates(fields, some, rng), coordinates(fields, made.take(slice(0, rows)), rng)])
    model = boosted(fields, range(len(fields)), iterations=60, rate=0.12).fit(table, np.repeat([0, 1], rows))
    fresh = coordinates(fields, made.take(slice(rows, None)), rng)
    return auc(model.decision_function(fresh), model.decision_function(coordinates(fields, unseen, rng)))


def coordinates(fields: list[Field], rows: Encoded, rng: np.random.Generator) -> Floats:
    """(n, fields) coordinates; bins without positions are filled evenly."""
    table = np.empty((rows.rows, len(fields)))
    for j, field in enumerate(fields):
        table[:, j] = rows.coordinate(j)
        if rows.positions[j] is None and not field.all_atoms:
            table[:, j] += np.where(field.atom[rows.tokens[j]], 0.0, rng.random(rows.rows))
    return table


def boosted(fields: list[Field], used: Any, *, iterations: int, rate: float, leaves: int = 31) -> Any:
    """A classifier of histogram gradient boosting for the coordinates of the fields `used`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    categorical = [fields[j].kind == "categorical" and fields[j].size <= _CODES for j in used]
    return HistGradientBoostingClassifier(
        max_iter=iterations,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        categorical_features=categorical,
        early_stopping=False,
        random_state=0,
    )
