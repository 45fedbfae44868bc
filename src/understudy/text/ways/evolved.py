"""The way `evolution`: texts of a grammar or a language model, chosen by the noisy votes of private ones (`text/evolution/`).

The votes are held once, when the first row is wanted, and what came of them is kept: every run of the votes on the same private texts would
spend its own epsilon.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import UnderstudyError, did_you_mean
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.text.spec.attributes import Attributes
from understudy.text.spec.text_spec import TextSpec
from understudy.text.ways.learned import TASKS, packed, unpacked
from understudy.text.ways.way import Way

if TYPE_CHECKING:
    from understudy.data.table import Table
    from understudy.text.evolution.synthesizer import Evolution
    from understudy.text.llm.budget import Spending

_MODEL = "evolved"


class Evolved(Way):
    """Gives the texts that evolved, by their labels.

    Attributes:
        journal: with `by: llm`, where requests and replies are kept. None with `by: template`.
        place: where what evolved is kept, once votes were held; None: beside the journal, or nowhere.
    """

    name: ClassVar[str] = "evolution"
    one_process: ClassVar[bool] = True

    def __init__(self, spec: TextSpec, rows: Attributes, folder: Path, kept: Evolution | None) -> None:
        assert spec.evolution is not None
        self.spec, self.section, self._rows, self._kept = spec, spec.evolution, rows, kept
        self._output = next(iter(spec.of_task.outputs(spec)))
        self._real = None if kept is not None else self._read(folder)
        self._maker: Any = None
        self.place: Path | None = None
        if self.section.by == "llm":
            from understudy.text.ways.asking.way import LanguageModel

            self._maker = LanguageModel.of(spec, rows, folder, {})
        elif kept is None:
            from understudy.text.generator import Texts

            self._maker = Texts(TextSpec.from_dict({**spec.to_dict(), "way": "template"}), folder=folder)

    @classmethod
    def of(cls, spec: TextSpec, rows: Attributes, folder: Path, kept: Mapping[str, pl.DataFrame]) -> Self:
        if spec.task not in TASKS or len(spec.of_task.outputs(spec)) > 1:
            raise Contradiction(
                f"The way evolution gives one text for a label, not what the task {spec.task} asks for.",
                f"Use it for {' and '.join(TASKS)}.", at=("way",),
            )  # fmt: skip
        if spec.words is not None:
            what = "What evolved is as long as it is: `words` cannot be asked for."
            raise Contradiction(what, "Write quality: [{length: {words: [5, 60]}}].", at=("words",))
        section = spec.evolution
        assert section is not None
        if getattr(spec, section.by) is None:
            what = f"Evolution by {section.by} needs the section of that name."
            raise Contradiction(what, f"Write {section.by}: …, or by: the other.", at=("evolution", "by"))
        return cls(spec, rows, folder, unpacked(kept[_MODEL]) if _MODEL in kept else None)

    def _read(self, folder: Path) -> Table:
        """The private texts, looked at before anything is asked."""
        from understudy.data.files import read

        section = self.section
        table = read(folder / section.private)
        for key in ("text", "label", "owner"):
            column = getattr(section, key)
            if column is not None and column not in table.columns:
                what = f'The private texts have no column "{column}".'
                raise Contradiction(what, did_you_mean(column, table.columns), at=("evolution", key))
        if section.label is not None:
            domain = self._rows.domains().get(str(self.spec.label_column))
            known = {str(value) for value in domain or []}
            strange = [value for value in table.frame[section.label].drop_nulls().unique().to_list() if str(value) not in known]
            if strange and known:
                what = f'The private texts have the label "{strange[0]}", which no row can have.'
                raise Contradiction(what, did_you_mean(str(strange[0]), sorted(known)), at=("evolution", "label"))
        return table

    # -- journal

    @property
    def journal(self) -> Path | None:
        return None if self._maker is None or self.section.by != "llm" else self._maker.journal

    @journal.setter
    def journal(self, path: Path) -> None:
        self._maker.journal = path

    def spent(self) -> Spending | None:
        """What all runs over the journal have spent; None where nobody is asked."""
        found: Spending | None = self._maker.spent() if self.section.by == "llm" else None
        return found

    # -- texts

    @cached_property
    def _model(self) -> Evolution:
        """What evolved: kept from before, or by the votes held now."""
        from understudy.text.evolution.synthesizer import Evolution

        if self._kept is not None:
            return self._kept
        place = self.place or (None if self.journal is None else self.journal.with_suffix(".evolved"))
        if place is not None and place.is_file():
            return Evolution.load(place)
        section = self.section
        learner = Evolution(
            self._provider(), epsilon=section.epsilon, delta=section.delta, size=section.size, rounds=section.rounds,
            variations=section.variations,
        )  # fmt: skip
        begun = _begun_before(place)
        try:
            model = learner.fit(self._real, text=section.text, label=section.label, owner=section.owner, seed=self.spec.seed)
        except UnderstudyError as error:
            raise type(error)(error.what, where=error.where or "evolution", remedy=error.remedy) from error
        if begun and model.record is not None:
            model.record.note(
                f"The votes were begun {begun} times before and stopped: what was asked of the language model then counts as well, so that "
                f"the promise is at most {begun + 1} times epsilon and delta."
            )
        if place is not None:
            model.save(place)
        return model

    def _provider(self) -> Any:
        label = self.spec.label_column if self.section.label is not None else None
        if self.section.by == "llm":
            from understudy.text.evolution.language_model_provider import LanguageModelProvider

            return LanguageModelProvider(self._maker._program, self._rows, self._maker.session, self._output, label)
        from understudy.text.evolution.generator_provider import GeneratorProvider

        return GeneratorProvider(self._maker, text=self._output, label=label)

    @cached_property
    def _by_label(self) -> dict[str | None, list[str]]:
        """The texts of each label, in an order of the seed."""
        model = self._model
        whole: pl.DataFrame = model._collect(len(model._texts), seed=self.spec.seed)
        texts = whole[str(model.text)].to_list()
        if model.label is None:
            return {None: texts}
        found: dict[str | None, list[str]] = {}
        for label, text in zip(whole[model.label].cast(pl.String).to_list(), texts, strict=True):
            found.setdefault(label, []).append(text)
        return found

    def write(self, rows: pl.DataFrame, numbers: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        if not rows.height:
            return pl.DataFrame([pl.Series(self._output, [], pl.String)])
        labels: list[str | None] = [None] * rows.height
        if self.section.label is not None:
            labels = rows[str(self.spec.label_column)].cast(pl.String).to_list()
        every = [text for texts in self._by_label.values() for text in texts]
        texts = []
        for label, number in zip(labels, numbers.tolist(), strict=True):
            pool = self._by_label.get(label) or every
            texts.append(pool[number % len(pool)])
        return pl.DataFrame([pl.Series(self._output, texts, pl.String)])

    # -- what it says

    def needs(self) -> list[str]:
        made = self._maker.needs() if self._maker is not None else []
        return [f"private texts in {self.section.private}", *made]

    def says(self) -> list[str]:
        section = self.section
        whose = "owner" if section.owner is not None else "text"
        said = [
            f"Texts were chosen by the noisy votes of private ones: differentially private for every {whose} (epsilon {section.epsilon:g}, "
            f"delta {section.delta:g}); whoever made them saw no private text. Names of labels count as public.",
            f"There are {section.size:,} texts; more rows than that show them again.",
        ]
        if "_model" in self.__dict__ and self._model.record is not None:
            said += [note for note in self._model.record.notes if "begun" in note or "few" in note]
        return said

    def keep(self) -> dict[str, pl.DataFrame]:
        return {_MODEL: packed(self._model)}

    @property
    def from_real_data(self) -> bool:
        return True


def _begun_before(place: Path | None) -> int:
    """How often votes were begun before that were to be kept here; now once more."""
    if place is None:
        return 0
    count = place.with_suffix(".begun")
    count.parent.mkdir(parents=True, exist_ok=True)
    before = int(json.loads(count.read_text())) if count.is_file() else 0
    count.write_text(json.dumps(before + 1))
    return before
