"""`Evolution`: differentially private texts, chosen by the votes of private ones among those of somebody who never saw them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget, BudgetLike
from understudy.core.errors import ArgumentError, ConditionError, DataError, did_you_mean
from understudy.core.gaussian_mechanism import require_promise
from understudy.core.generator import Generator, Synthesizer
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord, versions_at_work
from understudy.core.single_thread import single_thread
from understudy.data.frame_batches import FrameBatches
from understudy.data.native_form import NativeForm
from understudy.text.evolution.evolving import Course, Embedding, Evolved, Private, Provider, evolve
from understudy.text.evolution.generator_provider import GeneratorProvider

if TYPE_CHECKING:
    from understudy.data.table import Table

Integers = NDArray[np.int64]


class Evolution(FrameBatches, Synthesizer):
    """Texts that evolve by private votes.

    Args:
        provider: who makes texts without having seen the private ones: a generator of texts (a grammar, a model of public texts), or
            anything with `draw`, `vary` and `says`, such as a language model behind an endpoint.
        epsilon, delta: what is promised to every owner of private texts, and to every text where no owner is named; delta below one over
            their number.
        size: texts that there are at the end; no more can be sampled.
        rounds: votes that are held. variations: texts made of each that is kept, for the next vote.
        text, label, owner: the columns, where `fit` is not told them. The label's values count as public.
        embed: features to vote by; hashed words where it is None. It must not have learned from the private texts.

    The noise comes from the operating system: two fits with the same seed differ.
    """

    name: ClassVar[str] = "text-evolution"
    block_size = 64

    def __init__(
        self,
        provider: Provider | Generator | None = None,
        *,
        epsilon: float = 4.0,
        delta: float = 1e-6,
        size: int = 1_000,
        rounds: int = 5,
        variations: int = 3,
        text: str | None = None,
        label: str | None = None,
        owner: str | None = None,
        embed: Embedding | None = None,
    ) -> None:
        require_promise(epsilon, delta)
        for name, value in (("size", size), ("rounds", rounds), ("variations", variations)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"`{name}` must be a whole number of at least 1, not {value!r}.", where=name)
        self.provider, self.course, self.embed = provider, Course(size, rounds, variations, epsilon, delta), embed
        self.text, self.label, self.owner = text, label, owner

    # -- learning

    def fit(
        self,
        data: Any,
        *,
        text: str | None = None,
        label: str | None = None,
        owner: str | None = None,
        budget: BudgetLike = None,
        seed: int = 0,
        progress: ProgressLike = None,
    ) -> Self:
        """Hold the votes of private texts and return self.

        Args:
            data: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
            text: the column of texts. label: a column whose values say what a text is. owner: whose it is: all texts of one owner weigh
                as one in each vote.
            budget: "30s", "10min", seconds, or None: no further vote is held when it has run out.
            seed: of what the provider draws and of the choice among votes.

        Raises:
            ArgumentError: there is no provider, or no column of texts is named. DataError: the data have no such column, or no text.
            Cancelled: stopped before the first vote.
        """
        from understudy.data.table import as_table

        began = time.perf_counter()
        provider = self._provider(label or self.label)
        stream, limit = Stream(seed).child("evolution"), Budget.parse(budget).start()
        self.text, self.label, self.owner = text or self.text, label or self.label, owner or self.owner
        with listening(progress) as listener:
            listener.stage("read")
            private, levels, form = self._private(as_table(data))
            names = [None] if levels is None else [str(level) for level in levels]
            with single_thread():
                evolved = evolve(private, names, provider, self.course, stream, _Limited(listener, limit), self.embed)
        self._texts, self._labels, self.levels, self.form = evolved.texts, evolved.labels, levels, form
        self.record = self._account(evolved, provider, time.perf_counter() - began)
        return self

    def _provider(self, label: str | None) -> Provider:
        if self.provider is None:
            raise ArgumentError(
                "Texts evolve from somebody's who makes them.", where="provider",
                remedy="Pass a generator of texts (us.text.Texts(…), a model of public texts) or a language model.",
            )  # fmt: skip
        return GeneratorProvider(self.provider, label=label) if isinstance(self.provider, Generator) else self.provider

    def _private(self, table: Table) -> tuple[Private, pl.Series | None, NativeForm]:
        if self.text is None:
            raise ArgumentError("Say which column holds the texts.", where="text", remedy=did_you_mean("text", table.columns))
        chosen = [column for column in (self.text, self.label, self.owner) if column is not None]
        for column in chosen:
            if column not in table.columns:
                raise DataError(f'There is no column "{column}".', where=table.origin, remedy=did_you_mean(column, table.columns))
        frame = table.frame.select(list(dict.fromkeys(chosen))).filter(
            pl.col(self.text).cast(pl.String).str.strip_chars() != "", *([] if self.label is None else [pl.col(self.label).is_not_null()])
        )
        if frame.is_empty():
            raise DataError("No row holds a text.", where=f'{table.origin}, column "{self.text}"')
        texts = frame[self.text].cast(pl.String).to_list()
        levels = None if self.label is None else frame[self.label].unique().sort()
        labels = np.zeros(len(texts), np.int64)
        if levels is not None and self.label is not None:
            place = {level: i for i, level in enumerate(levels.to_list())}
            labels = np.array([place[value] for value in frame[self.label].to_list()], np.int64)
        owners = np.arange(len(texts)) if self.owner is None else _owners(frame[self.owner])
        kept = {column for column in (self.text, self.label) if column is not None}
        form = NativeForm(table.form.library, {c: d for c, d in table.form.dtypes.items() if c in kept})
        return Private(texts, labels, owners), levels, form

    def _account(self, evolved: Evolved, provider: Provider, seconds: float) -> FitRecord:
        course = self.course
        record = FitRecord(seconds=seconds, versions=versions_at_work("polars", "scikit-learn"))
        record.figures |= {**evolved.figures, "epsilon": course.epsilon, "delta": course.delta, "texts": len(evolved.texts)}
        whose = "owner's texts" if self.owner is not None else "text"
        record.note(
            f"Differentially private: with or without any one {whose}, these texts come out nearly as likely (epsilon {course.epsilon:g}, "
            f"delta {course.delta:g}, by the exact account of {course.rounds + 1} Gaussian releases). This covers the private texts alone, "
            "not what those who made the texts had learned from, nor the names of labels, which count as public."
        )
        for remark in provider.says():
            record.note(f"{remark[0].upper()}{remark[1:]}.")
        if evolved.figures["candidates"] < 4 * max(1, len(set(evolved.labels.tolist()))) * (1 + course.variations):
            record.note("Votes were few beside the noise and told few texts apart: more private texts or a larger epsilon help.")
        return record

    # -- making texts

    def _prepare(self, given: Any) -> Integers:
        """The places of the texts that may be given back."""
        if given is None or given == {}:
            return np.arange(len(self._texts))
        if not isinstance(given, Mapping) or set(given) != {self.label} or self.levels is None:
            raise ConditionError(
                "Only the label can be asked for.", where="given",
                remedy=f'For example given={{"{self.label}": …}}.' if self.label else "This model learned no label; fit it with label=.",
            )  # fmt: skip
        wanted = given[self.label]
        levels = self.levels.to_list()
        chosen = np.zeros(len(levels), dtype=bool)
        for value in wanted if isinstance(wanted, (list, tuple, set)) else [wanted]:
            if value not in levels:
                raise ConditionError(
                    f'"{value}" is no value of "{self.label}".', where="given", remedy=did_you_mean(str(value), [str(x) for x in levels])
                )
            chosen[levels.index(value)] = True
        return np.flatnonzero(chosen[self._labels])

    def _most(self, given: Integers) -> tuple[int, str] | None:
        return len(given), f"so many texts evolved (size={self.course.size})"

    def _block(self, index: int, size: int, rng: Stream, given: Integers) -> pl.DataFrame:
        order = rng.root.child("order").generator().permutation(given)
        places = order[index * size : (index + 1) * size]
        texts = pl.Series(self.text, [self._texts[i] for i in places], dtype=pl.String)
        if self.label is None or self.levels is None:
            return pl.DataFrame([texts])
        return pl.DataFrame([self.levels.gather(self._labels[places]).alias(self.label), texts])

    def _deliver(self, batch: pl.DataFrame) -> Any:
        return self.form.restore(batch)

    # -- saving

    def _state(self) -> State:
        course = self.course
        facts = {"size": course.size, "rounds": course.rounds, "variations": course.variations}
        promise = {"epsilon": course.epsilon, "delta": course.delta}
        columns = {"text": self.text, "label": self.label, "owner": self.owner}
        tables = {"texts": pa.table({"text": pa.array(self._texts, pa.large_string())})}
        if self.levels is not None:
            tables["levels"] = pl.DataFrame({"level": self.levels}).to_arrow()
        return State({**facts, **promise, **columns, "form": self.form.to_dict()}, {"labels": self._labels}, tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        facts = dict(state.manifest)
        form = NativeForm.from_dict(facts.pop("form"))
        facts.pop("record", None)
        model = cls(**facts)
        model.form, model._texts, model._labels = form, state.tables["texts"]["text"].to_pylist(), state.arrays["labels"]
        levels = state.tables.get("levels")
        model.levels = None if levels is None else pl.DataFrame(pl.from_arrow(levels))["level"]
        return model


class _Limited(Progress):
    """Passes on what it hears, and asks to stop when the budget has run out as well."""

    def __init__(self, listener: Progress, limit: Budget) -> None:
        self._listener, self._limit, self._began = listener, limit, False

    @property
    def cancelled(self) -> bool:  # type: ignore[override]
        return self._listener.cancelled or (self._began and self._limit.exhausted)

    def stage(self, name: str, total: float | None = None) -> None:
        self._listener.stage(name, total)

    def advance(self, done: float, **metrics: Any) -> None:
        self._began = True  # one vote is held, whatever the budget
        self._listener.advance(done, **metrics)

    def note(self, text: str) -> None:
        self._listener.note(text)


def _owners(column: pl.Series) -> Integers:
    """A number for each owner; a row without one is its own."""
    numbers = column.rank("dense").to_numpy().astype(float)
    missing = np.isnan(numbers)
    numbers[missing] = np.nanmax(np.append(numbers[~missing], 0)) + 1 + np.arange(missing.sum())
    return np.asarray(numbers, dtype=np.int64)
