"""Learners compared on rows that they did not learn: can boosted trees tell what they make from real rows, and what do they remember?

A classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017) on tokens and positions, so that no learner gains or loses by the codec
that all share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc
from understudy.tabular.fields import Encoded, Field, Floats
from understudy.tabular.memorising import Memorising, memorising

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 6_000
"""Rows that take part at the most."""
CROSSWISE = 2_000
"""Below this many rows two splits are judged rather than one."""
FOLDS = 5


class Racer(Protocol):
    """Learns encoded rows and makes some."""

    def learn(self, rows: Encoded, stream: Stream) -> None: ...

    def make(self, size: int, stream: Stream) -> Encoded: ...


@dataclass(frozen=True)
class Result:
    """``telling``: AUC of telling made rows from unseen real ones (.5 is best)."""

    name: str
    telling: Estimate
    memorising: Memorising

    def to_dict(self) -> dict[str, Any]:
        telling = {"c2st_auc": round(self.telling.value, 4), "c2st_standard_error": round(self.telling.standard_error, 4)}
        return {"engine": self.name, **telling, **self.memorising.to_dict()}


def race(fields: list[Field], encoded: Encoded, racers: dict[str, Callable[[], Racer]], stream: Stream) -> list[Result]:
    """Every racer on the same splits; results in the racers' order."""
    order = stream.child("rows").generator().permutation(encoded.rows)[:ROWS]
    parts = np.array_split(order, 3)
    rounds = range(2) if len(order) < CROSSWISE else range(1)
    results = []
    for name, make in racers.items():
        found = [_round(fields, encoded, parts, i, make(), stream.child(name, i)) for i in rounds]
        results.append(Result(name, _mean([t for t, _ in found]), _mean_memorising([m for _, m in found])))
    return results


def best(results: list[Result], limit: float) -> Result:
    """The hardest to tell apart of those that do not memorise; where all do, the one that remembers least."""
    safe = [r for r in results if r.memorising.safe(limit)]
    if safe:
        return min(safe, key=lambda r: r.telling.value)
    return min(results, key=lambda r: r.memorising.membership.value)


def _round(
    fields: list[Field], encoded: Encoded, parts: list[NDArray[np.int64]], i: int, racer: Racer, stream: Stream
) -> tuple[Estimate, Memorising]:
    learned = encoded.take(np.sort(np.concatenate(parts[:i] + parts[i + 1 :])))
    unseen = encoded.take(parts[i])
    racer.learn(learned, stream.child("learn"))
    made = racer.make(learned.rows, stream.child("make"))
    rng = stream.child("judge").generator()
    return telling_apart(fields, unseen, made, rng), memorising(fields, learned, unseen, made, rng)


def telling_apart(fields: list[Field], real: Encoded, made: Encoded, rng: np.random.Generator) -> Estimate:
    """Five-fold AUC of histogram gradient boosting on equal numbers of real and made rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from understudy.core.single_thread import single_thread

    n = min(real.rows, made.rows)
    table = np.concatenate([_matrix(fields, real, rng)[:n], _matrix(fields, made, rng)[:n]])
    label = np.repeat([0, 1], n)
    fold = rng.permutation(2 * n) % FOLDS
    scores = np.zeros(2 * n)
    categorical = [f.kind == "categorical" and f.size <= 200 for f in fields]
    with single_thread():  # its threads wait on one another for minutes where the machine is busy
        for k in range(FOLDS):
            learn = fold != k
            model = HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.12, categorical_features=categorical, early_stopping=False, random_state=0
            )
            scores[~learn] = model.fit(table[learn], label[learn]).decision_function(table[~learn])
    return auc(scores[label == 1], scores[label == 0])


def _matrix(fields: list[Field], rows: Encoded, rng: np.random.Generator) -> Floats:
    """(n, fields) coordinates; bins without positions are filled evenly."""
    table = np.empty((rows.rows, len(fields)))
    for j, field in enumerate(fields):
        table[:, j] = rows.coordinate(j)
        if rows.positions[j] is None and not field.all_atoms:
            table[:, j] += np.where(field.atom[rows.tokens[j]], 0.0, rng.random(rows.rows))
    return table


def _mean(found: list[Estimate]) -> Estimate:
    error = float(np.sqrt(np.sum([e.standard_error**2 for e in found])) / len(found))
    return Estimate(float(np.mean([e.value for e in found])), error)


def _mean_memorising(found: list[Memorising]) -> Memorising:
    return Memorising(_mean([m.membership for m in found]), _mean([m.nearer for m in found]))
