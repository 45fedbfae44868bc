"""The ways `ngram` and `transformer`: a model that learned from texts writes for the spec's rows, each by its label.

The model knows labels and texts only: what other columns say is kept beside the texts, but not heard in them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import UnderstudyError, did_you_mean
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.text.spec.attributes import Attributes
from understudy.text.spec.sections import LearnedSection
from understudy.text.spec.text_spec import TextSpec
from understudy.text.ways.way import Way

if TYPE_CHECKING:
    from understudy.text.synthesizer import TextSynthesizer

TASKS = ("classification", "column")
_MODEL = "learned model"


class Learned(Way):
    """Writes by a model of texts: one that was saved, or one that is fitted to examples now."""

    kind: ClassVar[str]
    """ "module:Class" of the learner."""

    def __init__(self, spec: TextSpec, model: TextSynthesizer) -> None:
        self._spec, self._model = spec, model
        self._output = next(iter(spec.of_task.outputs(spec)))
        self._levels = [] if model.levels is None else model.levels.to_list()

    @classmethod
    def of(cls, spec: TextSpec, rows: Attributes, folder: Path, kept: Mapping[str, pl.DataFrame]) -> Self:
        if spec.task not in TASKS or len(spec.of_task.outputs(spec)) > 1:
            raise Contradiction(
                f"The way {cls.name} writes one text for a label, not what the task {spec.task} asks for.",
                f"Use it for {' and '.join(TASKS)}; the way template does every task.",
                at=("way",),
            )
        way = cls(spec, unpacked(kept[_MODEL]) if _MODEL in kept else cls._model_of(spec, folder))
        way._require_labels(rows)
        return way

    @classmethod
    def _model_of(cls, spec: TextSpec, folder: Path) -> TextSynthesizer:
        section: LearnedSection = getattr(spec, cls.name)
        module, _, name = cls.kind.partition(":")
        try:
            learner: Any = getattr(import_module(module), name)
            if section.model is not None:
                model: TextSynthesizer = learner.load(folder / section.model)
                return model
            made: TextSynthesizer = learner(**section.options)
            return made.fit(
                folder / str(section.examples), text=section.text, label=section.label, owner=section.owner, budget=section.budget,
                seed=spec.seed,
            )  # fmt: skip
        except TypeError as error:
            raise Contradiction(f"The learner takes no such option: {error}.", at=(cls.name, "options")) from None
        except UnderstudyError as error:
            where = f"{cls.name}: {error.where}" if error.where else cls.name
            raise type(error)(error.what, where=where, remedy=error.remedy) from None

    def _require_labels(self, rows: Attributes) -> None:
        """Raise where rows can have a label that the model never saw."""
        column = self._spec.label_column
        if column is None or not self._levels:
            return
        wanted = rows.domains().get(column)
        for value in wanted if wanted is not None else rows.sample[column].unique().to_list():
            if value not in self._levels:
                raise Contradiction(
                    f'The model has learned no texts with the label "{value}".',
                    did_you_mean(str(value), [str(level) for level in self._levels], shown=20),
                    at=("columns", column),
                )

    def write(self, rows: pl.DataFrame, numbers: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        first = int(numbers[0]) if len(numbers) else 0
        texts = self._model.texts_for(self._labels(rows), rng.child("text", self.name, first))
        return pl.DataFrame([pl.Series(self._output, texts, pl.String)])

    def _labels(self, rows: pl.DataFrame) -> list[Any]:
        """The label of each row; None, any, where the spec or the model has none."""
        column = self._spec.label_column
        return [None] * rows.height if column is None or not self._levels else rows[column].to_list()

    def says(self) -> list[str]:
        heard = f'the column "{self._spec.label_column}"' if self._levels else "no column"
        return [
            f"Texts are statistics of real ones ({self.name}): they carry the words that tell labels apart, and are not fluent.",
            f"They hear {heard}; what other columns and cases say is not in them.",
        ]

    def keep(self) -> dict[str, pl.DataFrame]:
        return {_MODEL: packed(self._model)}

    @property
    def from_real_data(self) -> bool:
        return True


def packed(model: Any) -> pl.DataFrame:
    """A saved model in a frame, for `keep`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.understudy"
        model.save(path)
        return pl.DataFrame({"bytes": pl.Series([path.read_bytes()], dtype=pl.Binary)})


def unpacked(frame: pl.DataFrame) -> Any:
    """The model that `packed` put into a frame."""
    from understudy.core.generator import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.understudy"
        path.write_bytes(frame["bytes"][0])
        return load(path)


class Ngram(Learned):
    """Counts of words in context."""

    name = "ngram"
    kind = "understudy.text.ngram.model:NgramText"

    def needs(self) -> list[str]:
        return ["real texts to learn from, or a saved model of them"]


class Transformer(Learned):
    """A small causal language model."""

    name = "transformer"
    kind = "understudy.text.transformer.model:TransformerText"

    def needs(self) -> list[str]:
        return ["real texts to learn from, or a saved model of them", 'torch: pip install "understudy[neural]"']
