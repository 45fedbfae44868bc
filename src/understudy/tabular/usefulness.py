"""What can be learned from made rows: boosted trees trained on them answer questions about real rows that were not learned.

A question is one of yes or no about one field ("is churn Yes?", "does income lie above its median?"), answered from all other
columns, and scored by the AUC on unseen rows. Without a target the questions are about the fields that the others say most about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, auc, mean_of
from understudy.tabular.features import rank_scores
from understudy.tabular.fields import Encoded, Field, Mask
from understudy.tabular.ordering import association
from understudy.tabular.telling import boosted, coordinates

ROWS = 4_000
"""Rows that the trees learn on, at the most."""
CHOSEN = 2
"""Fields asked about where no target is named."""
CLASSES = 4
"""Commonest levels of a target that are asked about one by one."""
LEAST_SHARE = 0.02
"""A question that fewer rows answer with yes (or with no) is not asked where no target is named."""


@dataclass(frozen=True)
class Question:
    """`yes` (size,): the tokens of the field that answer it with yes."""

    field: int
    yes: Mask


def questions(fields: list[Field], encoded: Encoded, target: str | None, stream: Stream) -> list[Question]:
    """About the target's field, or about those that go most with the others; empty where there is one column only."""
    if len({field.column for field in fields}) < 2:
        return []
    if target is not None:
        return [question for j, field in enumerate(fields) if field.column == target and field.main for question in _thorough(j, field)]
    strength = np.mean(np.square(association(fields, encoded, stream)), axis=1)
    asked = [_plain(int(j), fields[j]) for j in np.argsort(-strength, kind="stable") if fields[j].main]
    return [question for question in asked if _shared(fields, question)][:CHOSEN]


def usefulness(fields: list[Field], asked: list[Question], made: Encoded, unseen: Encoded, rng: np.random.Generator) -> Estimate | None:
    """Mean AUC of the answers on unseen rows, 1 at best, .5 for guessing; None where nothing is asked or answered."""
    if not asked:
        return None
    some = made.take(slice(0, ROWS))
    learn, test = coordinates(fields, some, rng), coordinates(fields, unseen, rng)
    found = []
    for question in asked:
        label, truth = question.yes[some.tokens[question.field]], question.yes[unseen.tokens[question.field]]
        if truth.all() or not truth.any():
            continue
        if label.all() or not label.any():
            found.append(Estimate(0.5, 0.0))
            continue
        used = [j for j, field in enumerate(fields) if field.column != fields[question.field].column]
        model = boosted(fields, used, iterations=50, rate=0.12, leaves=15).fit(learn[:, used], label)
        scores = model.decision_function(test[:, used])
        found.append(auc(scores[truth], scores[~truth]))
    return mean_of(found) if found else None


def _plain(j: int, field: Field) -> Question:
    """One question: the commonest level, or the upper half."""
    if field.kind == "categorical":
        return Question(j, np.arange(field.size) == int(np.argmax(field.shares)))
    return Question(j, _above(field, 0.5))


def _thorough(j: int, field: Field) -> list[Question]:
    """A category level by level, a number at its quartiles."""
    if field.kind == "numeric":
        asked = [Question(j, _above(field, share)) for share in (0.25, 0.5, 0.75)]
        return [question for question in asked if 0 < float(field.shares[question.yes].sum()) < 1]
    levels = np.argsort(-field.shares, kind="stable")[: CLASSES if field.size > 2 else 1]
    return [Question(j, np.arange(field.size) == level) for level in levels]


def _above(field: Field, share: float) -> Mask:
    return np.asarray(rank_scores(field) >= share)


def _shared(fields: list[Field], question: Question) -> bool:
    return LEAST_SHARE <= float(fields[question.field].shares[question.yes].sum()) <= 1 - LEAST_SHARE
