"""What must be judged: whether a label fits its text, and whatever a judge of your own is asked."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from understudy.core.errors import DataError, did_you_mean
from understudy.text.likeness.classifier import TextClassifier
from understudy.text.likeness.vectors import bag
from understudy.text.quality.batch import Batch, Materials
from understudy.text.quality.filter import Filter, Reasons


class LabelCheck(Filter):
    """Texts whose label a classifier trained on real texts thinks unlikely.

    least: the probability that it must give to the label. A classifier that is often wrong itself drops good texts too, and drops those
    most that real texts have too few of: look at the counts by label.
    """

    least: float = Field(default=0.1, gt=0, lt=1)

    def missing(self, materials: Materials) -> str | None:
        if materials.label is None:
            return "Name the column of labels: sift(…, label=…)."
        if materials.real is None or materials.real.labels is None:
            return f'Pass real texts with the column "{materials.label}": sift(…, real=…).'
        return "The real texts have one label only, so nothing can be checked." if len(set(materials.real.labels)) < 2 else None

    def reasons(self, batch: Batch) -> Reasons:
        real = batch.real
        assert real.labels is not None
        assert batch.labels is not None
        classes = sorted(set(real.labels))
        number = {name: code for code, name in enumerate(classes)}
        known = bag(batch.tokens_of(real.texts))
        model = TextClassifier(known, np.array([number[name] for name in real.labels], np.int64), len(classes))
        scores = model.scores(batch.counts)
        found: Reasons = []
        for score, label in zip(scores, batch.labels, strict=True):
            given = float(score[number[label]]) if label in number else 0.0
            best = classes[int(score.argmax())]
            unknown = "" if label in number else ", which no real text has"
            found.append(
                None
                if given >= self.least
                else f'the label is "{label}"{unknown}, a real-trained classifier says "{best}" ({score.max():.2f})'
            )
        return found


class Judged(Filter):
    """Texts that a judge gives less than `least`. judge: its name in `sift(judges=)`. What it does not answer is dropped unless told."""

    judge: str
    least: float
    keep_unanswered: bool = False

    def missing(self, materials: Materials) -> str | None:
        if self.judge in materials.judges:
            return None
        return f'Pass the judge: sift(…, judges={{"{self.judge}": …}}). {did_you_mean(self.judge, materials.judges)}'

    def reasons(self, batch: Batch) -> Reasons:
        judge = batch.materials.judges[self.judge]
        scores = list(judge.score(batch.frame))
        if len(scores) != len(batch):
            raise DataError(f"{len(batch)} rows were given to the judge, and {len(scores)} scores came back.", where=self.judge)
        said = getattr(judge, "reasons", None) or [None] * len(scores)
        return [self._reason(score, why) for score, why in zip(scores, said, strict=True)]

    def _reason(self, score: float | None, why: str | None) -> str | None:
        if score is None:
            return None if self.keep_unanswered else f'the judge "{self.judge}" gave no answer'
        return (
            None if score >= self.least else f'the judge "{self.judge}" gave {score:g}, less than {self.least:g}{f": {why}" if why else ""}'
        )
