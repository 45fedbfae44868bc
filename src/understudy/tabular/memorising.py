"""How much a learner remembers of its own rows: encoded training rows against rows that it never saw.

The learner asks this of itself while it fits. It is an alarm for tightening, not a proof of privacy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, dcr_share, membership_auc, nearest
from understudy.tabular.features import rank_scores
from understudy.tabular.fields import Encoded, Field

ROWS = 4_000
"""Rows asked about, of each kind, at the most."""
BASE_ROWS = 40_000
"""Training rows that synthetic rows are compared with, at the most."""
SHUFFLED_ROWS = 8_000
"""Rows that remember nothing, at the most."""

LARGE = 20_000
"""From here on the rows kept aside are few enough to stay aside; below, the model learns them too once its way is settled."""
SMALL = 5_000
"""Below, more than one split is measured where a learner asks for it."""


@dataclass(frozen=True)
class Memorising:
    """``membership``: chance that a training row lies nearer to the synthetic rows than an unseen one does (.5: nothing remembered).
    ``nearer``: share of synthetic rows nearer to training rows than to unseen ones, brought to a 50 % baseline."""

    membership: Estimate
    nearer: Estimate

    def safe(self, limit: float) -> bool:
        """Neither figure is above the limit by more than chance explains (one standard error)."""
        return all(e.value - e.standard_error <= limit for e in (self.membership, self.nearer))

    def to_dict(self) -> dict[str, Any]:
        return {
            "membership_auc": round(self.membership.value, 4),
            "membership_auc_standard_error": round(self.membership.standard_error, 4),
            "nearer_to_training_share": round(self.nearer.value, 4),
            "nearer_to_training_standard_error": round(self.nearer.standard_error, 4),
        }


def kept_aside(rows: int, rounds: int, rng: np.random.Generator) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(learn, aside) row numbers: one split of large tables, crosswise ones of small tables, so that every row is once aside."""
    order = rng.permutation(rows)
    if rows >= LARGE:
        cut = min(5_000, rows // 10)
        return [(np.sort(order[cut:]), order[:cut])]
    if rows < 40:
        return [(np.arange(rows), order[:0])]
    parts = np.array_split(order, 4)
    rounds = 1 if rows >= SMALL else rounds
    return [(np.sort(np.concatenate(parts[:i] + parts[i + 1 :])), parts[i]) for i in range(rounds)]


def pooled(found: list[Memorising | None]) -> Memorising | None:
    """The mean of the figures of several splits; standard errors as of independent ones."""
    present = [f for f in found if f is not None]
    if not present:
        return None

    def mean(name: str) -> Any:
        estimates = [getattr(f, name) for f in present]
        value = float(np.mean([e.value for e in estimates]))
        return type(estimates[0])(value, float(np.sqrt(np.sum([e.standard_error**2 for e in estimates])) / len(estimates)))

    return Memorising(mean("membership"), mean("nearer"))


def told(found: Memorising | None, limit: float, steps: int, relearned: bool) -> str:
    """What was measured, in a sentence; after ``steps`` towards a coarser model."""
    if found is None:
        return "Too few rows to measure what the model remembers of them."
    kept = "" if steps == 0 else f" after growing {steps} step{'s' * (steps > 1)} coarser"
    kept += ", on parts of the table, before all of it was learned" if relearned else ""
    over = max(found.membership.value, found.nearer.value) > limit
    verdict = "still above" if not found.safe(limit) else "not clearly above" if over else "within"
    return (
        f"Memorising, measured on rows kept aside{kept}: membership AUC {_shown(found.membership)}, "
        f"nearer to training {_shown(found.nearer)} (.5: nothing remembered); {verdict} the limit {limit}."
    )


def _shown(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ± {estimate.standard_error:.3f}"


def memorising(fields: list[Field], learned: Encoded, unseen: Encoded, synthetic: Encoded, rng: np.random.Generator) -> Memorising:
    """Compare distances of learned and of unseen rows to the nearest synthetic row, and the other way round."""
    members = _parts(fields, learned.take(rng.permutation(learned.rows)[:ROWS]))
    others = _parts(fields, unseen.take(rng.permutation(unseen.rows)[:ROWS]))
    made = _parts(fields, synthetic)
    membership = membership_auc(nearest(*members, *made)[:, 0], nearest(*others, *made)[:, 0])
    base = _parts(fields, learned.take(rng.permutation(learned.rows)[:BASE_ROWS]))
    asked = _head(made, ROWS)
    to_learned, to_unseen = nearest(*asked, *base)[:, 0], nearest(*asked, *others)[:, 0]
    nearer = dcr_share(to_learned, to_unseen, len(base[0]), len(others[0]))
    return Memorising(membership, nearer)


def memorising_of_shuffled(fields: list[Field], learned: Encoded, unseen: Encoded, stream: Stream) -> Memorising:
    """The figures of rows with every column shuffled, which remember nothing: what the luck of the split alone makes of them.

    Where few rows are kept aside it is more than the figures' standard errors, which are those of one split.
    """
    mixed = [learned.take(stream.child("shuffle", j).generator().permutation(learned.rows)) for j in range(len(fields))]
    made = Encoded([rows.tokens[j] for j, rows in enumerate(mixed)], [rows.positions[j] for j, rows in enumerate(mixed)])
    return memorising(fields, learned, unseen, made.take(slice(0, SHUFFLED_ROWS)), stream.child("asked").generator())


def excess(found: Memorising, nothing: Memorising, limit: float) -> float:
    """By how much, beyond one standard error, the figures are above `limit`, or above those of rows that remember nothing."""
    pairs = ((found.membership, nothing.membership), (found.nearer, nothing.nearer))
    return sum(max(0.0, e.value - e.standard_error - max(limit, least.value)) for e, least in pairs)


def _parts(fields: list[Field], rows: Encoded) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Ranks of the numbers (NULL -0.5) and codes of the categories."""
    numbers = [j for j, f in enumerate(fields) if f.kind == "numeric"]
    categories = [j for j, f in enumerate(fields) if f.kind == "categorical"]
    ranks = np.zeros((rows.rows, len(numbers)), np.float32)
    for k, j in enumerate(numbers):
        ranks[:, k] = _ranks(fields[j], rows, j)
    codes = np.zeros((rows.rows, len(categories)), np.int32)
    for k, j in enumerate(categories):
        codes[:, k] = rows.tokens[j]
    return ranks, codes


def _ranks(field: Field, rows: Encoded, j: int) -> NDArray[np.float32]:
    tokens = rows.tokens[j]
    rank = rank_scores(field)[tokens]
    position = rows.positions[j]
    if position is not None:
        rank = np.where(field.atom[tokens], rank, rank + (position - 0.5) * field.shares[tokens])
    if field.null_token is not None:
        rank = np.where(tokens == field.null_token, -0.5, rank)
    return rank.astype(np.float32)


def _head(parts: tuple[NDArray[np.float32], NDArray[np.int32]], n: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    return parts[0][:n], parts[1][:n]
