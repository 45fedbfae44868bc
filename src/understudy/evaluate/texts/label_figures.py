"""Do the labels fit the texts, and does a classifier trained on synthetic texts work on real ones?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from understudy.core.random import Stream
from understudy.evaluate.grade import grade, sampled_figure, within
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES, Floats, Groups, Side, centred, overlap
from understudy.evaluate.result import Figure
from understudy.evaluate.scores import macro_f1, roc_auc
from understudy.evaluate.texts.reading import Corpora, Index
from understudy.evaluate.texts.result import TrainedOn
from understudy.evaluate.texts.yardstick import Limits, Weights, Words, beside, figure, sampled
from understudy.text.likeness.classifier import TextClassifier
from understudy.text.likeness.vectors import Sparse

_LEAST_SKILL = 0.05
Name = Literal["synthetic", "real, as many", "real, all", "real + synthetic"]


@dataclass(frozen=True)
class Tested:
    """Scores on held-out real texts, with draws that all models share."""

    name: Name
    texts: int
    accuracy: tuple[float, Floats]
    macro_f1: tuple[float, Floats]
    auc: tuple[float, Floats] | None


def label_figures(corpora: Corpora, tested: list[Tested], policy: Policy, weights: Weights, stream: Stream) -> Iterator[Figure]:
    if corpora.labels is None:
        yield Figure(
            key="utility_kept", name="Usefulness kept", family="utility", value=None, best=1.0, better="higher", form="share",
            reason="No label was named, so nothing could be trained. Name the column of labels: label=.",
        )  # fmt: skip
        return
    yield _shares(corpora, policy, stream)
    yield _consistency(corpora, policy, weights)
    by_name = {entry.name: entry for entry in tested}
    made, beside = by_name["synthetic"], by_name["real, as many"]
    yield _kept(corpora, made, beside, policy)
    for key, name, metric in (
        ("tstr_accuracy", "Accuracy", "accuracy"),
        ("tstr_macro_f1", "Macro F1", "macro_f1"),
        ("tstr_auc", "AUC", "auc"),
    ):
        one, other = getattr(made, metric), getattr(beside, metric)
        if one is not None and other is not None:
            yield _score(key, name, one, other, by_name["real, all"], metric, corpora)


def tests(corpora: Corpora, weights: Weights) -> list[Tested]:
    """Classifiers trained on synthetic texts, on as many real ones, on all real ones and on both, tested on held-out real texts."""
    if corpora.labels is None:
        return []
    level = min(corpora.count("real"), corpora.count("synthetic"))
    parts: list[tuple[Name, list[tuple[Side, int]]]] = [
        ("synthetic", [("synthetic", level)]),
        ("real, as many", [("real", level)]),
        ("real, all", [("real", corpora.count("real"))]),
        ("real + synthetic", [("real", corpora.count("real")), ("synthetic", corpora.count("synthetic"))]),
    ]
    return [_tested(corpora, name, part, weights) for name, part in parts]


def trained_on(tested: list[Tested]) -> list[TrainedOn]:
    return [_trained(entry) for entry in tested]


def _tested(corpora: Corpora, name: Name, part: list[tuple[Side, int]], weights: Weights) -> Tested:
    assert corpora.labels is not None
    counts: Sparse = sparse.vstack([corpora.bags[side][:n] for side, n in part], format="csr")
    labels = np.concatenate([corpora.labels[side][:n] for side, n in part])
    scores = TextClassifier(counts, labels, len(corpora.classes)).scores(corpora.bags["holdout"])
    truth, guess = corpora.labels["holdout"], scores.argmax(axis=1)
    drawn = weights("holdout", len(truth)).astype(np.float64)
    every = np.ones((1, len(truth)))
    auc = None
    if len(np.unique(np.concatenate([corpora.labels["real"], truth]))) == 2 and len(np.unique(truth)) == 2:
        # Classes are numbered commonest first, so the second is the rarer one.
        auc = (float(roc_auc(truth == 1, scores[:, 1], every)[0]), roc_auc(truth == 1, scores[:, 1], drawn))
    f1 = [macro_f1(truth, guess, len(corpora.classes), w) for w in (every, drawn)]
    return Tested(name, len(labels), weights.share("holdout", guess == truth), (float(f1[0][0]), f1[1]), auc)


def _trained(entry: Tested) -> TrainedOn:
    facts: dict[str, Any] = {}
    for metric in ("accuracy", "macro_f1", "auc"):
        found = getattr(entry, metric)
        if found is not None:
            facts |= {metric: found[0], f"{metric}_interval": within(centred(*found), (0.0, 1.0))}
    return TrainedOn(name=entry.name, texts=entry.texts, **facts)


def _shares(corpora: Corpora, policy: Policy, stream: Stream) -> Figure:
    assert corpora.labels is not None
    groups = Groups({side: corpora.count(side) for side in SIDES}, stream.child("shares"))
    counts = {side: groups.counts(side, corpora.labels[side], len(corpora.classes)) for side in SIDES}
    found = sampled_figure(
        "label_shares", "Labels as frequent", groups.sampled(counts, overlap), policy.text_shape_gap,
        n=corpora.count("synthetic"), n_holdout=corpora.count("holdout"),
        note="One minus the share of texts that would have to change their label (1-TVD). Other shares may well be wanted: at most a "
        "warning.",
    )  # fmt: skip
    level = corpora.count("synthetic") <= corpora.count("holdout")
    return found.model_copy(
        update={"verdict": "warn" if found.verdict == "fail" else found.verdict, "matched": None if level else found.matched}
    )


def _consistency(corpora: Corpora, policy: Policy, weights: Weights) -> Figure:
    """Whether a classifier that learned from real texts agrees with labels of synthetic ones as often as with held-out ones'."""
    assert corpora.labels is not None
    model = TextClassifier(corpora.bags["real"], corpora.labels["real"], len(corpora.classes))
    right = {side: _class_weighted(model.predict(corpora.bags[side]), corpora.labels[side]) for side in ("synthetic", "holdout")}
    return figure(
        Words(
            "label_consistency", "Labels that a real-trained classifier gives too",
            "Share of the labels that a classifier trained on real texts agrees with, each class weighing the same. Above held-out real "
            "texts: the "
            "texts are plainer than real ones.",
            1.0, "higher", "utility", form="share",
        ),
        beside(lambda side: weights.ratio(side, *right[side])),
        Limits(policy.label_gap, percent=True), n=corpora.count("synthetic"), n_holdout=corpora.count("holdout"),
    )  # fmt: skip


def _class_weighted(guess: Index, truth: Index) -> tuple[Floats, Floats]:
    """(hits, weights) of documents whose sums' ratio is the mean over classes of the share that is right."""
    weight = 1 / np.maximum(np.bincount(truth, minlength=int(truth.max()) + 1), 1)[truth]
    return (guess == truth) * weight, weight


def _kept(corpora: Corpora, made: Tested, beside: Tested, policy: Policy) -> Figure:
    """TSTR's skill over that of as many real texts, beyond guessing: macro F1."""
    assert corpora.labels is not None
    truth = corpora.labels["holdout"]
    size = len(corpora.classes)
    chance = float(macro_f1(truth, np.zeros_like(truth), size, np.ones((1, len(truth))))[0])
    real = beside.macro_f1[0] - chance
    base: dict[str, Any] = {
        "key": "utility_kept", "name": "Usefulness kept", "family": "utility", "best": 1.0, "better": "higher", "scale": (0.0, 1.1),
        "form": "share",
        "n": made.texts, "n_holdout": len(truth),
        "note": "What a classifier trained on synthetic texts keeps of the skill (macro F1 beyond the commonest class) of one trained on "
        "as many real "
        f'texts, predicting "{corpora.label}" of held-out real texts.',
    }  # fmt: skip
    if real <= _LEAST_SKILL:
        return Figure(**base, value=None, reason="Even a classifier trained on real texts does no better than guessing.")
    value = (made.macro_f1[0] - chance) / real
    ends = centred(value, (made.macro_f1[1] - beside.macro_f1[1]) / real + 1)
    verdict = grade(1 - value, (1 - ends[1], 1 - ends[0]), policy.utility_pass, policy.utility_warn)
    reason = f"{max(0.0, value):.1%} of the skill of classifiers trained on as many real texts is kept."
    if verdict == "undecided":
        reason = f"Too few texts to say: between {ends[0]:.0%} and {ends[1]:.0%} of the skill is kept."
    return Figure(
        **base,
        value=value,
        interval=ends,
        holdout=1.0,
        gap=value - 1,
        gap_interval=(ends[0] - 1, ends[1] - 1),
        verdict=verdict,
        reason=reason,
    )


def _score(
    key: str, name: str, made: tuple[float, Floats], beside: tuple[float, Floats], every: Tested, metric: str, corpora: Corpora
) -> Figure:
    of_all = getattr(every, metric)[0]
    found = figure(
        Words(
            key, f"{name}, trained on synthetic",
            f'Predicting "{corpora.label}": trained on synthetic, tested on held-out real texts; beside it, trained on as many real ones. '
            f"Trained on all {every.texts:,} real texts: {of_all:.3f}.",
            1.0, "higher", "utility",
        ),
        sampled(made, beside), None, n=min(corpora.count("real"), corpora.count("synthetic")), n_holdout=corpora.count("holdout"),
    )  # fmt: skip
    ends = found.gap_interval
    between = f" ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else ""
    return found.model_copy(
        update={"reason": f"{made[0] - beside[0]:+.3f}{between} against as many real texts; {of_all:.3f} with all of them."}
    )
