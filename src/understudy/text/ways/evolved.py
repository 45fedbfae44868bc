"""The way `evolution`: texts of a grammar or a language model, chosen by the noisy votes of private ones (`text/evolution/`).

The votes are held once, when the first row is wanted. What came of them is kept in the user's cache folder, under a name that the spec and
the private texts give (and in the folder of a job), because every run of the votes on the same private texts spends its own epsilon.
What each vote gave away is kept before anything follows from it, so that a run that was killed goes on and holds none twice. Another
evolution on texts that have voted is refused unless `total` allows for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError, UnderstudyError, did_you_mean
from understudy.core.folders import user_folder
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.text.evolution.labels import label_name
from understudy.text.spec.attributes import Attributes
from understudy.text.spec.language_model import OF_THE_SIEVE
from understudy.text.spec.sections import without
from understudy.text.spec.text_spec import TextSpec
from understudy.text.ways.learned import TASKS, packed, unpacked
from understudy.text.ways.way import Way

if TYPE_CHECKING:
    from understudy.core.progress import ProgressLike
    from understudy.data.table import Table
    from understudy.text.evolution.synthesizer import Evolution
    from understudy.text.llm.budget import Spending

_MODEL = "evolved"


class Evolved(Way):
    """Gives the texts that evolved, by their labels.

    Attributes:
        journal: with `by: llm`, where requests and replies are kept. None with `by: template`.
        place: where what evolved, and the votes, are kept besides the cache folder, the name of its content put to it.
    """

    name: ClassVar[str] = "evolution"
    one_process: ClassVar[bool] = True

    def __init__(self, spec: TextSpec, rows: Attributes, folder: Path, kept: Evolution | None) -> None:
        assert spec.evolution is not None
        self.spec, self.section, self._rows, self._model = spec, spec.evolution, rows, kept
        self._output = next(iter(spec.of_task.outputs(spec)))
        self._private = folder / self.section.private
        self._real = None if kept is not None else self._read()
        self._pools: dict[str, list[str]] = {}
        self._maker: Any = None
        self.place: Path | None = None
        if self.section.by == "llm":
            from understudy.text.ways.asking.way import LanguageModel

            self._maker = LanguageModel.of(spec, rows, folder, {})
            self._require_apart(folder)
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

    def _read(self) -> Table:
        """The private texts, looked at before anything is asked."""
        from understudy.data.files import read

        section = self.section
        table = read(self._private)
        for key in ("text", "label", "owner"):
            column = getattr(section, key)
            if column is not None and column not in table.columns:
                what = f'The private texts have no column "{column}".'
                raise Contradiction(what, did_you_mean(column, table.columns), at=("evolution", key))
        if section.label is not None and (levels := self._levels()) is not None:
            known = [label_name(level) for level in levels]
            for value in table.frame[section.label].drop_nulls().unique().sort().to_list():
                if label_name(value) not in known:
                    what = f'The private texts have the label "{label_name(value)}", which no row can have.'
                    raise Contradiction(what, did_you_mean(label_name(value), sorted(known)), at=("evolution", "label"))
        return table

    def _levels(self) -> list[Any] | None:
        """The labels that rows can have; None: they are not known."""
        if self.section.label is None:
            return None
        domain = self._rows.domains().get(str(self.spec.label_column))
        return None if domain is None else [value for value in domain if value is not None]

    def _require_apart(self, folder: Path) -> None:
        """Raise where prompts would show private texts, or say what a base model is not asked."""
        asked = self._maker.section
        if asked.examples is not None and (folder / asked.examples.file).resolve() == self._private.resolve():
            what = "Private texts would be shown to the language model as examples, and nothing would be private."
            raise Contradiction(what, "Leave out examples, or show other texts.", at=("llm", "examples"))
        if self.section.vary == "continue":
            for key in ("examples", "steps", "rounds", "judge", "system"):
                if getattr(asked, key):
                    name = "evolve" if key == "rounds" else key
                    what = f"A base model goes on with words, and does nothing with `{name}`."
                    raise Contradiction(what, f"Leave out {name}, or write vary: rewrite.", at=("llm", name))

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

    # -- votes

    def evolved(self, progress: ProgressLike = None) -> Evolution:
        """What evolved: kept from before, or by the votes held now."""
        from understudy.text.evolution.synthesizer import Evolution

        if self._model is not None:
            return self._model
        models = [place.with_suffix(".understudy") for place in self._places()]
        found = next((place for place in models if place.is_file()), None)
        model = Evolution.load(found) if found is not None else self._vote(models[0], progress)
        for place in models:
            if not place.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                model.save(place)
        self._model = model
        return model

    def _vote(self, place: Path, progress: ProgressLike) -> Evolution:
        from understudy.text.evolution.synthesizer import Evolution

        section = self.section
        learner = Evolution(
            self._provider(progress), epsilon=section.epsilon, delta=section.delta, size=section.size, rounds=section.rounds,
            variations=section.variations, labels=self._levels(), even=True, total=section.total or section.epsilon,
        )  # fmt: skip
        votes = next((file for other in self._places() if (file := other.with_suffix(".votes")).is_file()), place.with_suffix(".votes"))
        try:
            return learner.fit(
                self._private, text=section.text, label=section.label, owner=section.owner, votes=votes, seed=self.spec.seed,
                progress=progress,
            )  # fmt: skip
        except UnderstudyError as error:
            where = f"evolution: {error.where}" if error.where else "evolution"
            raise type(error)(error.what, where=where, remedy=error.remedy) from error

    def _places(self) -> list[Path]:
        """Where what evolves is kept, without endings; the first is written to first."""
        key = self._key()
        cached = user_folder("cache") / "evolved" / key
        beside = self.place if self.place is not None else self.journal
        return [cached] if beside is None else [beside.with_name(f"{beside.stem}-{key}"), cached]

    def _key(self) -> str:
        """Of the private texts, and of what decides how they evolve."""
        stated = without(self.spec.to_dict(), (*OF_THE_SIEVE, "cases"))
        stated["evolution"] = without(stated["evolution"], ("private", "total"))
        if self.spec.llm is not None:
            stated["llm"] = self.spec.llm.essence()
        digest = hashlib.blake2b(repr(stated).encode(errors="surrogatepass"), digest_size=8)
        digest.update(self._private.read_bytes())
        return digest.hexdigest()

    def _provider(self, progress: ProgressLike) -> Any:
        label = self.spec.label_column if self.section.label is not None else None
        if self.section.by == "llm":
            from understudy.text.evolution.continuing_provider import ContinuingProvider
            from understudy.text.evolution.language_model_provider import LanguageModelProvider

            kind = ContinuingProvider if self.section.vary == "continue" else LanguageModelProvider
            return kind(self._maker._program, self._rows, lambda: self._maker.session(progress), self._output, label)
        from understudy.text.evolution.generator_provider import GeneratorProvider

        return GeneratorProvider(self._maker, text=self._output, label=label)

    # -- texts

    def write(self, rows: pl.DataFrame, numbers: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        return self._written(rows, numbers, None)

    def write_many(
        self, blocks: Iterable[tuple[pl.DataFrame, NDArray[np.int64]]], rng: Stream, progress: ProgressLike = None
    ) -> Iterator[pl.DataFrame]:
        return (self._written(rows, numbers, progress) for rows, numbers in blocks)

    def _written(self, rows: pl.DataFrame, numbers: NDArray[np.int64], progress: ProgressLike) -> pl.DataFrame:
        if not rows.height:
            return pl.DataFrame([pl.Series(self._output, [], pl.String)])
        labels: list[Any] = [None] * rows.height
        if self.section.label is not None:
            labels = rows[str(self.spec.label_column)].to_list()
        pools = self._by_label(progress)
        every = [text for texts in pools.values() for text in texts]
        texts = []
        for label, number in zip(labels, numbers.tolist(), strict=True):
            pool = every if label is None else pools.get(label_name(label))
            if not pool:
                what = f'No private text had the label "{label_name(label)}", so none evolved.'
                raise DataError(what, where="evolution", remedy="Let rows have the labels of the private texts alone.")
            texts.append(pool[number % len(pool)])
        return pl.DataFrame([pl.Series(self._output, texts, pl.String)])

    def _by_label(self, progress: ProgressLike) -> dict[str, list[str]]:
        """The texts of each label, in an order of the seed."""
        if not self._pools:
            model = self.evolved(progress)
            whole: pl.DataFrame = model._collect(len(model._texts), seed=self.spec.seed)
            labels = [None] * whole.height if model.label is None else whole[model.label].to_list()
            for label, text in zip(labels, whole[str(model.text)].to_list(), strict=True):
                self._pools.setdefault(label_name(label), []).append(text)
        return self._pools

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
        if self._model is not None and self._model.record is not None:
            said += [note for note in self._model.record.notes if not note.startswith("Differentially private:")]
        if self.section.by == "llm" and self._maker.section.examples is not None:
            said.append(f"Prompts showed texts of {self._maker.section.examples.file}; nothing of this holds for them.")
        return said

    def keep(self) -> dict[str, pl.DataFrame]:
        return {_MODEL: packed(self.evolved())}

    @property
    def from_real_data(self) -> bool:
        return True
