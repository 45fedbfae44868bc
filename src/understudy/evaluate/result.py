"""What an evaluation found: plain values that the page, the command line and other programs read.

Everything here is data: no arrays, no frames, no logic beyond look-ups. `Evaluation.to_json` and `Evaluation.from_json` are
inverse to each other, so that a page can be made from a file as well as from a fresh evaluation.

A reader should start at `Evaluation.verdict`: one sentence, the weak points worst first, then one light per family with its
reasons. Nothing is averaged into a single score: a table may be faithful and unsafe at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from understudy.core.atomic import atomic_file, sink_error
from understudy.core.errors import DataError

Verdict = Literal["pass", "warn", "fail", "undecided", "info"]
"""pass, warn and fail are judgements against a stated tolerance; undecided: too few rows or no holdout; info: shown, not judged."""

Family = Literal["fidelity", "diversity", "utility", "privacy", "rules"]
Interval = tuple[float, float]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Model):
    """One number about the synthetic table with its yardstick: the same statistic for real data that the model never saw.

    `value` uses all rows (or `n` of them); where the number of rows changes the statistic, `matched` is the synthetic statistic at the
    yardstick's own number of rows, and `gap` (synthetic minus real, `matched` where given) with `gap_interval` is what was judged.
    """

    key: str  # stable name, e.g. "c2st_auc"
    name: str  # for people, e.g. "Told apart from real (AUC)"
    family: Family
    value: float | None  # None: could not be computed; `reason` says why
    interval: Interval | None = None  # 95 %
    holdout: float | None = None  # the same statistic for held-out real data
    holdout_interval: Interval | None = None  # 95 %
    matched: float | None = None
    gap: float | None = None
    gap_interval: Interval | None = None
    best: float  # value of a perfect result: 1, 0 or .5 ...
    better: Literal["higher", "lower", "closer"]  # closer: to `best`
    scale: Interval = (0.0, 1.0)  # ends of the axis to draw it on
    form: Literal["share", "score", "number", "count"] = "score"  # share: print as per cent
    n: int | None = None  # synthetic rows used
    n_holdout: int | None = None  # yardstick rows used
    verdict: Verdict = "info"
    reason: str = ""  # plain words: why this verdict
    note: str = ""  # plain words: what it measures and how


class Score(_Model):
    """A small figure inside a column, a pair or a task: same meaning, fewer words."""

    value: float | None
    interval: Interval | None = None
    holdout: float | None = None
    holdout_interval: Interval | None = None
    verdict: Verdict = "info"


class Cell(_Model):
    """One bar: a range [low, high) of numbers, one exact value (`atom`) or one category. Counts per table."""

    label: str
    low: float | None = None  # numbers; instants are seconds since 1970, times of day and durations seconds
    high: float | None = None  # equal to low for an atom
    atom: bool = False  # one exact value that many rows share (or a category)
    real: int
    holdout: int | None = None
    synthetic: int


class Picture(_Model):
    """Counts of one column on shared bins (at most 40 cells), missing values apart.

    Draw a cell as count / total; a histogram's height as share / (high - low) unless it is an atom.
    """

    form: Literal["histogram", "bars"]
    axis: Literal["number", "instant", "date", "time", "duration", "category"]
    cells: list[Cell]  # ascending for histograms (an atom stands beside its range), commonest first for bars
    total_real: int  # rows that are not missing
    total_holdout: int | None = None
    total_synthetic: int
    omitted_levels: int = 0  # levels summed in the last bar, "other"


class Tail(_Model):
    """A far quantile of a numeric column: probability (.001, .01, .99, .999) and its value in each table."""

    probability: float
    real: float
    holdout: float | None = None
    synthetic: float | None


class Remade(_Model):
    """Checks of a column that is never learned (identifier, personal data, code, text)."""

    unique_real: float  # share of values that differ from all others, real
    unique_synthetic: float
    reused: float  # share of synthetic values that occur in the real column
    reused_holdout: float | None = None  # the same for held-out real rows
    form_kept: float | None = None  # share of synthetic values whose shape (A9-) occurs in the real column
    verdict: Verdict
    reason: str


class ColumnResult(_Model):
    name: str
    kind: str  # schema kind
    role: Literal["numeric", "categorical", "remade", "constant"]
    reason: str = ""  # why the schema treats it so
    measure: Literal["1-KS", "1-TVD", ""] = ""
    shape: Score | None = None  # None for remade columns
    missing_real: float  # share of rows, 0..1
    missing_holdout: float | None = None
    missing_synthetic: float
    out_of_domain: float = 0.0  # share of synthetic values outside the real range or levels
    out_of_domain_holdout: float | None = None
    levels_real: int | None = None  # categorical: distinct levels; numeric: distinct values
    levels_covered: float | None = None  # share of the real levels that occur in the synthetic column
    rare_levels: int | None = None  # levels under 1 %
    rare_covered: float | None = None
    decimals_real: int | None = None
    decimals_broken: float | None = None  # share of synthetic values with more decimals than the real column
    heaped_real: float | None = None  # share of rows on values that at least 1 % of the real rows share
    heaped_synthetic: float | None = None
    tails: list[Tail] = []
    gives_away: float | None = None  # share of the two-sample test's importance, 0..1
    remade: Remade | None = None
    picture: Picture | None = None
    notes: list[str] = []  # plain words, e.g. "3.1 % of the values have more decimals than the source"


class PairResult(_Model):
    a: str
    b: str
    measure: Literal["correlation", "contingency"]  # 1-|difference of Pearson|/2, or 1-TVD of the two-way table
    score: Score  # 1 is best
    real: float | None  # strength of association in each table, as in `Matrix`
    holdout: float | None = None
    synthetic: float | None


class Matrix(_Model):
    """Association of columns: Spearman (two numbers, signed), Cramér's V (two categories), correlation ratio (one of each)."""

    columns: list[str]
    roles: list[Literal["numeric", "categorical"]]
    real: list[list[float | None]]  # square, same order; None where undefined
    holdout: list[list[float | None]] | None = None
    synthetic: list[list[float | None]]
    difference: list[list[float | None]]  # synthetic minus real
    omitted: list[str] = []  # columns left out where there are more than 60, named
    note: str = ""


class GiveAway(_Model):
    """A column by which a classifier tells synthetic rows from real ones: the AUC lost when that column is shuffled."""

    column: str
    auc_lost: float
    share: float  # of all that is lost, 0..1
    hint: str = ""  # what is off, where a simple cause was found


class Pattern(_Model):
    """A combination of missing columns and the share of rows that have it."""

    columns: list[str]
    real: float
    holdout: float | None = None
    synthetic: float


class Missingness(_Model):
    patterns: list[Pattern]  # commonest first, at most 12
    omitted: int = 0


class ModelScore(_Model):
    model: Literal["boosted trees", "linear"]
    metric: Literal["ROC AUC", "PR AUC", "macro F1", "R2", "MAE"]
    better: Literal["higher", "lower"]
    real: float  # trained on real, tested on held-out real (TRTR)
    real_interval: Interval | None
    synthetic: float  # trained on synthetic, tested on held-out real (TSTR)
    synthetic_interval: Interval | None
    gap: float  # synthetic minus real
    gap_interval: Interval | None  # paired bootstrap over the test rows
    verdict: Verdict = "info"


class Importance(_Model):
    column: str
    real: float  # score lost on held-out rows when the column is shuffled, model trained on real
    synthetic: float


class UtilityTask(_Model):
    target: str
    task: Literal["binary", "multiclass", "regression"]
    positive: str | None = None  # binary: the class that ROC AUC and PR AUC are about (the rarer one)
    classes: int | None = None
    rows_train: int  # of real and of synthetic alike
    rows_test: int
    scores: list[ModelScore]
    importances: list[Importance] = []  # most important on real first, at most 20
    agreement: Score | None = None  # Spearman of the two importance lists; holdout: between two halves of real
    top_overlap: Score | None = None  # share of the top k (5) columns in common
    note: str = ""


class RuleResult(_Model):
    """A rule and the share of rows that break it."""

    rule: str  # plain words, e.g. "education determines education-num"
    columns: list[str]
    source: Literal["schema", "found"]
    real: float
    holdout: float | None = None
    synthetic: float
    verdict: Verdict


class Curve(_Model):
    """Distances to the closest real training row, as quantiles, for synthetic and for held-out rows."""

    probabilities: list[float]
    synthetic: list[float]
    holdout: list[float] | None = None


class FamilyVerdict(_Model):
    family: Family
    title: str  # "Looks like the real data"
    verdict: Verdict
    sentence: str  # one line, plain words
    reasons: list[str]  # what decided it, most important first
    figures: list[str]  # keys, in reading order


class WeakPoint(_Model):
    """Something that a reader must know before using the data, worst first."""

    severity: Literal["fail", "warn", "undecided"]
    family: Family
    text: str
    columns: list[str] = []


class OverallVerdict(_Model):
    headline: str  # one sentence
    families: list[FamilyVerdict]
    weak_points: list[WeakPoint]

    def __getitem__(self, family: str) -> FamilyVerdict:
        return next(entry for entry in self.families if entry.family == family)


class Subject(_Model):
    """One of the tables compared."""

    origin: str  # file name or "DataFrame"
    rows: int
    rows_used: int  # of the table, before each figure's own cap
    note: str = ""


class Evaluation(_Model):
    """All figures, pictures and verdicts about one synthetic table."""

    version: Literal[1] = 1
    verdict: OverallVerdict
    figures: list[Figure]
    columns: list[ColumnResult]  # in the table's order
    pairs: list[PairResult]  # worst first, at most 200
    pairs_counted: int  # pairs that entered the mean
    pairs_possible: int
    matrix: Matrix | None
    missingness: Missingness | None  # None: nothing is missing anywhere
    gives_away: list[GiveAway]  # most telling first, at most 20
    rules: list[RuleResult]  # most broken first
    utility: list[UtilityTask]
    target: str | None
    distances: Curve | None
    real: Subject
    synthetic: Subject
    holdout: Subject | None  # None: no rows that the model never saw were given
    record: dict[str, Any] | None = None  # the model's fit record, passed through
    notes: list[str] = []  # said aloud: no holdout, coerced types, rows used ...
    tolerances: dict[str, float]  # every limit that a verdict used
    seed: int
    seconds: float
    stage_seconds: dict[str, float]
    versions: dict[str, str]
    created: str  # ISO 8601, UTC

    def figure(self, key: str) -> Figure:
        """The figure of that key; KeyError where it was not computed."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def column(self, name: str) -> ColumnResult:
        """The result of that column; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Evaluation:
        return cls.model_validate(content)

    @classmethod
    def from_json(cls, text: str) -> Evaluation:
        return cls.model_validate(json.loads(text))

    def save(self, path: str | Path) -> Path:
        """Write `report.html` (one self-contained page) or `report.json`, by the ending of `path`.

        Raises:
            DataError: another ending.
            SinkError: it cannot be written; what was there before is untouched.
        """

        def page() -> str:
            from understudy.evaluate.report import render

            return render(self)

        return written_as(path, page, lambda: self.to_json(indent=1))


def written_as(path: str | Path, page: Callable[[], str], document: Callable[[], str]) -> Path:
    """Write the page or the JSON document, by the ending of `path`.

    Raises:
        DataError: another ending.
        SinkError: it cannot be written; what was there before is untouched.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in (".json", ".html", ".htm"):
        raise DataError(
            f"a report cannot be written as '{ending or target.name}'", where=str(target), remedy="end the name in .html or .json"
        )
    text = document() if ending == ".json" else page()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sink_error(error, target) from error
    with atomic_file(target) as file:
        file.write(text.encode("utf-8"))
    return target
