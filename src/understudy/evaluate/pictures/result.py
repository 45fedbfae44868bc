"""What an evaluation of pictures found: figures beside their yardsticks, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from understudy.core.atomic import atomic_file
from understudy.core.errors import ArgumentError
from understudy.evaluate.result import Figure, Subject


class TrainedOn(BaseModel):
    """A small model trained on one set of pictures, and how good it is on real ones that nothing was trained on.

    Attributes:
        name: "real", "synthetic" or "real + synthetic".
        pictures: that it was trained on.
        score, interval: on the test pictures; 95 %, by drawing them again.
        gap, gap_interval: score minus that of the model trained on real pictures, from the same draws; None for that model itself.
        by_class: the score of each class that the test pictures have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    pictures: int
    score: float
    interval: tuple[float, float]
    gap: float | None = None
    gap_interval: tuple[float, float] | None = None
    by_class: dict[str, float] = {}


class PictureUtility(BaseModel):
    """Models trained on synthetic pictures beside models trained on real ones, tested on the same real pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Literal["detection", "classification"]
    metric: str
    classes: list[str]
    test_pictures: int
    steps: int
    scores: list[TrainedOn]
    seed: int
    seconds: float
    notes: list[str] = []

    def __getitem__(self, name: str) -> TrainedOn:
        """The model trained on "real", "synthetic" or "real + synthetic"; KeyError where none was."""
        for score in self.scores:
            if score.name == name:
                return score
        raise KeyError(name)

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    def __str__(self) -> str:
        lines = [f"{self.metric} on {self.test_pictures} real pictures"]
        for score in self.scores:
            gap = (
                ""
                if score.gap is None or score.gap_interval is None
                else (f"   {score.gap:+.3f} [{score.gap_interval[0]:+.3f}, {score.gap_interval[1]:+.3f}] against real")
            )
            lines.append(
                f"{score.name:18} {score.pictures:6} pictures   {score.score:.3f} [{score.interval[0]:.3f}, {score.interval[1]:.3f}]{gap}"
            )
        return "\n".join([*lines, *self.notes])


class PictureEvaluation(BaseModel):
    """All figures about one set of synthetic pictures.

    Attributes:
        figures: in reading order; `holdout` in each is the same statistic for real pictures that were kept aside.
        real, synthetic, holdout: what was compared; `real` is None where only the synthetic pictures were looked at.
        notes: what a reader must know: how the yardstick was made, what was left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    figures: list[Figure]
    real: Subject | None
    synthetic: Subject
    holdout: Subject | None
    notes: list[str] = []
    seed: int
    seconds: float

    def figure(self, key: str) -> Figure:
        """The figure of that key; KeyError where it was not computed."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> PictureEvaluation:
        return cls.model_validate_json(text)

    def save(self, path: str | Path) -> None:
        """Write the figures as JSON. Raises `ArgumentError` for another kind of file, `SinkError` where it cannot be written."""
        if Path(path).suffix != ".json":
            raise ArgumentError("Figures about pictures are saved as JSON.", where=str(path), remedy='Name a file that ends in ".json".')
        with atomic_file(path) as file:
            file.write(self.to_json(indent=2).encode())

    def __str__(self) -> str:
        """A table: a line a figure."""
        rows = [("", "synthetic", "held-out real", "best")]
        rows += [(figure.name, _shown(figure), _yardstick(figure), f"{figure.best:g}") for figure in self.figures]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *self.notes])


def _shown(figure: Figure) -> str:
    return _with_interval(figure.value if figure.matched is None else figure.matched, figure.interval, figure.value)


def _yardstick(figure: Figure) -> str:
    return _with_interval(figure.holdout, figure.holdout_interval, figure.holdout)


def _with_interval(value: float | None, interval: tuple[float, float] | None, center: float | None) -> str:
    if value is None:
        return "-"
    half = None if interval is None or center is None else interval[1] - center
    return f"{value:.3g}" if half is None else f"{value:.3g} ± {half:.2g}"
