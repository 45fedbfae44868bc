"""What a study found: plain values that the page, the command line and other programs read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from understudy.core.atomic import atomic_file, sink_error
from understudy.core.errors import DataError

Interval = tuple[float, float]
Helps = Literal["yes", "unclear", "no"]
"""yes: the interval of the gain lies above nought; no: the best gain is nought or less; unclear: a gain that may be chance."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measure(_Model):
    """A score that was measured; the first of a study decides."""

    key: str
    name: str
    better: Literal["higher", "lower"]


class Estimate(_Model):
    """A mean over splits with its 95 % interval (Nadeau and Bengio 2003); None where it could not be measured."""

    value: float | None
    interval: Interval | None = None


class VariantResult(_Model):
    """One way to train, over all splits."""

    key: str
    name: str
    family: Literal["real", "weights", "oversampling", "smote", "synthetic", "alone"]
    rows: int  # training rows, mean over splits
    made: int  # of these, rows that are not real
    share: float | None = None  # of the rare class among the training rows
    scores: dict[str, Estimate]
    against_real: dict[str, Estimate]  # paired differences from real rows alone, this minus that
    against_smote: Estimate | None = None  # of the deciding score, the best way with synthetic rows from the best SMOTE
    against_same_smote: Estimate | None = None  # of the deciding score, from SMOTE to the same shares
    corrected: Interval | None = None  # against_real of the deciding score, widened for having tried several
    ask: dict[str, Any] | None = None  # how augment makes it
    by_split: dict[str, list[float | None]]


class StudyVerdict(_Model):
    headline: str
    helps: Helps
    sentences: list[str]
    recommended: str  # key of a variant
    call: str  # the line of Python that makes it; empty where real rows alone are recommended
    beats_smote: Helps | None = None  # None: SMOTE was not tried


class Study(_Model):
    """Does it help? Models trained on real, synthetic and mixed rows, tested on real rows that neither they nor the generator saw."""

    version: Literal[1] = 1
    verdict: StudyVerdict
    target: str
    task: Literal["binary", "multiclass", "regression"]
    rare: str | None  # the class that PR-AUC and F1 are about
    rare_share: float | None
    classes: int
    measures: list[Measure]
    variants: list[VariantResult]
    splits: int
    rows: int
    rows_train: int
    rows_test: int
    columns: int
    origin: str
    method: str
    engines: dict[str, int]  # which engine made the rows, in how many splits
    estimator: str
    sieve: bool
    notes: list[str]
    seed: int
    seconds: float
    versions: dict[str, str]
    created: str

    def variant(self, key: str) -> VariantResult:
        """The variant of that key; KeyError where there is none."""
        for variant in self.variants:
            if variant.key == key:
                return variant
        raise KeyError(key)

    @property
    def table(self) -> list[dict[str, Any]]:
        """One flat row a variant, for a data frame: scores, and the deciding score's difference from real rows with its interval."""
        first = self.measures[0].key
        rows = []
        for variant in self.variants:
            gain = variant.against_real.get(first, Estimate(value=None))
            low, high = gain.interval or (None, None)
            scores = {measure.key: variant.scores[measure.key].value for measure in self.measures}
            rows.append(
                {"variant": variant.key, "rows": variant.rows, "made": variant.made, **scores, "gain": gain.value, "low": low, "high": high}
            )
        return rows

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Study:
        return cls.model_validate(json.loads(text))

    def save(self, path: str | Path) -> Path:
        """Write `study.html` (one self-contained page) or `study.json`, by the ending of `path`.

        Raises:
            DataError: another ending.
            SinkError: it cannot be written; what was there before is untouched.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending == ".json":
            text = self.to_json(indent=1)
        elif ending in (".html", ".htm"):
            from understudy.augment.study_page import render

            text = render(self)
        else:
            raise DataError(
                f"A study cannot be written as '{ending or target.name}'.", where=str(target), remedy="End the name in .html or .json."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sink_error(error, target) from error
        with atomic_file(target) as file:
            file.write(text.encode("utf-8"))
        return target

    def __str__(self) -> str:
        width = max(len(variant.name) for variant in self.variants)
        first = self.measures[0]
        lines = [self.verdict.headline, *self.verdict.sentences, ""]
        lines.append(f"{'trained on':<{width}}  {first.name:>20}  against real rows alone")
        for variant in self.variants:
            gain = variant.against_real.get(first.key)
            words = "" if gain is None else shown(gain, signed=True)
            lines.append(f"{variant.name:<{width}}  {shown(variant.scores[first.key], interval=False):>20}  {words}")
        return "\n".join(lines)


def shown(estimate: Estimate, *, signed: bool = False, interval: bool = True) -> str:
    """+0.021 (−0.004 to +0.046)"""
    if estimate.value is None:
        return "–"
    sign = "+" if signed else ""
    between = estimate.interval if interval else None
    words = f" ({_number(between[0], sign)} to {_number(between[1], sign)})" if between else ""
    return _number(estimate.value, sign) + words


def _number(value: float, sign: str) -> str:
    digits = ".3f" if abs(value) < 100 else ",.0f"
    return f"{value:{sign}{digits}}".replace("-", "−")
