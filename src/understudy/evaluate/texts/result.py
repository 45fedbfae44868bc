"""What an evaluation of texts found: figures beside their yardsticks, verdicts, and what the page shows besides, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from understudy.evaluate.result import Curve, Figure, Interval, OverallVerdict, Picture, Subject, written_as


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WordUse(_Model):
    """A word that is used more often or more seldom than in real texts, as shares of all words. score: log odds in standard errors."""

    word: str
    real: float
    holdout: float
    synthetic: float
    score: float


class TrainedOn(_Model):
    """A classifier of texts trained on some set, tested on held-out real texts. auc: of the rarer class, where there are two."""

    name: Literal["synthetic", "real, as many", "real, all", "real + synthetic"]
    texts: int
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    auc: float | None = None
    auc_interval: Interval | None = None


class SharedRun(_Model):
    """A long run of words that a synthetic text shares with a training text; rows are counted from 0."""

    words: int
    row: int
    training_row: int


class TextEvaluation(_Model):
    """All figures and verdicts about one set of synthetic texts.

    Attributes:
        verdict: a headline, a light a family with its reasons, the weak points.
        figures: in reading order; `holdout` in each is the same statistic for real texts that were kept aside.
        lengths: lengths in words. words: those that tell synthetic texts from real ones. trained: classifiers, where labels were named.
        runs: the longest run of words in common with the training texts, as quantiles. longest: the rows that share the longest runs.
        tolerances: every limit that a verdict used.
    """

    version: Literal[1] = 1
    verdict: OverallVerdict
    figures: list[Figure]
    lengths: Picture
    words: list[WordUse]
    trained: list[TrainedOn] = []
    runs: Curve | None = None
    longest: list[SharedRun] = []
    text: str
    label: str | None
    real: Subject
    synthetic: Subject
    holdout: Subject | None
    notes: list[str] = []
    tolerances: dict[str, float]
    seed: int
    seconds: float
    stage_seconds: dict[str, float]
    versions: dict[str, str]
    created: str

    def figure(self, key: str) -> Figure:
        """The figure of that key; KeyError where it was not computed."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> TextEvaluation:
        return cls.model_validate_json(text)

    def save(self, path: str | Path) -> Path:
        """Write `report.html` (one self-contained page) or `report.json`, by the ending of `path`.

        Raises:
            DataError: another ending.
            SinkError: it cannot be written; what was there before is untouched.
        """

        def page() -> str:
            from understudy.evaluate.report.texts import render

            return render(self)

        return written_as(path, page, lambda: self.to_json(indent=1))

    def __str__(self) -> str:
        """The headline, and a line a figure."""
        rows = [("", "synthetic", "held-out real", "best", "")]
        rows += [
            (
                figure.name,
                _shown(figure.value, figure.interval),
                _shown(figure.holdout, figure.holdout_interval),
                f"{figure.best:g}",
                figure.verdict,
            )
            for figure in self.figures
            if figure.value is not None
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.verdict.headline, *lines, *self.notes])


def _shown(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if interval is None else f"{value:.3g} ({interval[0]:.3g} … {interval[1]:.3g})"
