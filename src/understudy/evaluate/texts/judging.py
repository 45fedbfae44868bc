"""`evaluate_texts`: everything that can be said about synthetic texts without a language model, beside the same for held-out real texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from understudy.core.progress import ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import versions_at_work
from understudy.evaluate.judging import Clock
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import Side
from understudy.evaluate.result import Subject
from understudy.evaluate.texts.canaries import Canary, exposure
from understudy.evaluate.texts.count_figures import count_figures, length_picture, telling_words
from understudy.evaluate.texts.diversity_figures import diversity_figures
from understudy.evaluate.texts.fluency_figures import fluency_figures
from understudy.evaluate.texts.label_figures import label_figures, tests, trained_on
from understudy.evaluate.texts.memory_figures import memory
from understudy.evaluate.texts.reading import Corpora, read_corpora
from understudy.evaluate.texts.result import TextEvaluation
from understudy.evaluate.texts.space_figures import space_figures, space_of
from understudy.evaluate.texts.verdict import text_verdict
from understudy.evaluate.texts.yardstick import Weights


def evaluate_texts(
    real: object,
    synthetic: object,
    *,
    text: str | None = None,
    label: str | None = None,
    holdout: object | None = None,
    canaries: Sequence[Canary] | None = None,
    seed: int = 0,
    progress: ProgressLike = None,
    policy: Policy | None = None,
) -> TextEvaluation:
    """Judge synthetic texts.

    Args:
        real: the texts that the model learned from: a table, a file, or a list of strings.
        synthetic: the texts to judge, in the same form.
        text: the column of texts; "text" unless told.
        label: the column of classes; None: whether the texts are useful for training is not judged.
        holdout: real texts that the model never saw. Without them the real texts are split for yardsticks, and memorising cannot be judged.
        canaries: sentences planted in the training texts (`plant`); how far they come back is judged too.
        seed: of all sampling; equal inputs and seeds give equal figures.
        progress: "auto", None, a function or a listener.
        policy: the limits that verdicts use.

    Raises:
        DataError: a column is not there or holds no text, or there are too few texts; nothing has been computed then.
        Cancelled: the listener asked to stop.
    """
    limits = policy or Policy()
    stream = Stream(seed).child("evaluate texts")
    with listening(progress) as listener:
        clock = Clock(listener)
        clock.stage("read")
        corpora = read_corpora(real, synthetic, holdout, text=text, label=label, stream=stream.child("read"))
        for note in corpora.notes:
            listener.note(note)
        found = _figures(corpora, limits, canaries, stream, clock)
        clock.end()
    return TextEvaluation(
        **found,
        lengths=length_picture(corpora),
        words=telling_words(corpora),
        text=corpora.text,
        label=label,
        real=_subject(corpora, "real"),
        synthetic=_subject(corpora, "synthetic"),
        holdout=_subject(corpora, "holdout") if corpora.withheld else None,
        notes=corpora.notes,
        tolerances=limits.to_dict(),
        seed=seed,
        seconds=clock.total,
        stage_seconds=clock.seconds,
        versions=versions_at_work("scikit-learn", "polars", "scipy"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _figures(corpora: Corpora, policy: Policy, canaries: Sequence[Canary] | None, stream: Stream, clock: Clock) -> dict[str, Any]:
    weights = Weights(stream.child("weights"))
    clock.stage("words")
    figures = [*count_figures(corpora, policy, stream.child("counts"))]
    clock.stage("fluency")
    figures += fluency_figures(corpora, policy, weights)
    clock.stage("likeness")
    space = space_of(corpora, stream.child("directions"))
    figures += space_figures(corpora, space, policy, weights, stream.child("space"))
    clock.stage("variety")
    figures += diversity_figures(corpora, space, policy, weights, stream.child("diversity"))
    clock.stage("usefulness")
    tested = tests(corpora, weights)
    figures += label_figures(corpora, tested, policy, weights, stream.child("labels"))
    clock.stage("memorising")
    remembered = memory(corpora, policy, weights, stream.child("memory"))
    figures += remembered.figures
    if canaries:
        figures.append(exposure(canaries, corpora.texts["synthetic"]).figure(policy))
    return {
        "figures": figures,
        "verdict": text_verdict(figures, withheld=corpora.withheld),
        "trained": trained_on(tested),
        "runs": remembered.runs,
        "longest": remembered.longest,
    }


def _subject(corpora: Corpora, side: Side) -> Subject:
    note = "" if corpora.withheld or side == "synthetic" else "One random half; the other half is its yardstick."
    return Subject(origin=corpora.origins[side], rows=corpora.given[side], rows_used=corpora.count(side), note=note)
