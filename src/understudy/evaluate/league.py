"""What a comparison of engines found: plain values, one entry an engine, best first; read by the page, the command line and programs.

`League.table` is the same as a frame; `to_json` and `from_json` are inverse to each other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from understudy.evaluate.result import FamilyVerdict, Figure, Subject, WeakPoint, written_as

if TYPE_CHECKING:
    import polars as pl

SHOWN = ("c2st_auc", "utility_kept", "pair_trends", "membership_auc", "dcr_share")
"""Figures of the league table, in reading order; the others are in the entries."""

Outcome = Literal["judged", "failed", "not tried"]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Plain):
    """One engine in the comparison."""

    engine: str
    outcome: Outcome
    why: str = ""  # why it is the best, why it is not, or why there is nothing to judge; in words
    best: bool = False
    yardstick: bool = False  # columns drawn each by itself: shown, never the best
    learned_by: str | None = None  # what an engine that chooses among others took
    figures: list[Figure] = []
    families: list[FamilyVerdict] = []
    weak_points: list[WeakPoint] = []
    fit_cpu_s: float | None = None  # of all cores together
    fit_s: float | None = None  # by the clock
    rows_per_cpu_s: float | None = None  # while sampling

    def figure(self, key: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.key == key), None)


class League(_Plain):
    """Engines side by side: learned on the same rows, judged on the same rows that none of them saw."""

    version: Literal[1] = 1
    entries: list[Entry]  # best first, then by what they are told from real rows, then what failed
    rule: str  # by what the best is chosen, in words
    target: str | None
    train: Subject
    holdout: Subject
    columns: int
    notes: list[str] = []
    seed: int
    budget_s: float | None = None  # for all fits together; None: each engine's own measure
    seconds: float
    versions: dict[str, str]
    created: str  # ISO 8601, UTC

    @property
    def best(self) -> str | None:
        """The name of the best engine; None where none could be judged."""
        return next((entry.engine for entry in self.entries if entry.best), None)

    def entry(self, engine: str) -> Entry:
        """The entry of that engine; KeyError where it did not take part."""
        for entry in self.entries:
            if entry.engine == engine:
                return entry
        raise KeyError(engine)

    @property
    def real(self) -> list[Figure]:
        """The figures of held-out real rows, as they stand beside the first engine that was judged."""
        judged = next((entry for entry in self.entries if entry.outcome == "judged"), None)
        return [] if judged is None else judged.figures

    @property
    def table(self) -> pl.DataFrame:
        """A row an engine and one for held-out real rows; figures with their intervals as `..._low` and `..._high`."""
        import polars as pl

        rows = [_row(entry) for entry in self.entries]
        if self.real:
            rows.append({"engine": "held-out real rows", "outcome": "yardstick"} | _figures(self.real, of_real=True))
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> League:
        return cls.model_validate(json.loads(text))

    def save(self, path: str | Path) -> Path:
        """Write `league.html` (one self-contained page) or `league.json`, by the ending of `path`.

        Raises:
            DataError: another ending.
            SinkError: it cannot be written; what was there before is untouched.
        """

        def page() -> str:
            from understudy.evaluate.report.league import render

            return render(self)

        return written_as(path, page, lambda: self.to_json(indent=1))


def _row(entry: Entry) -> dict[str, Any]:
    facts = {"engine": entry.engine, "outcome": entry.outcome, "best": entry.best, "why": entry.why}
    verdicts = {family.family: family.verdict for family in entry.families}
    spent = {"fit_cpu_s": entry.fit_cpu_s, "fit_s": entry.fit_s, "rows_per_cpu_s": entry.rows_per_cpu_s}
    return facts | verdicts | _figures(entry.figures, of_real=False) | spent


def _figures(figures: list[Figure], *, of_real: bool) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for figure in figures:
        if figure.key in SHOWN:
            value, ends = (figure.holdout, figure.holdout_interval) if of_real else (figure.value, figure.interval)
            low, high = ends or (None, None)
            found |= {figure.key: value, f"{figure.key}_low": low, f"{figure.key}_high": high}
    return found
