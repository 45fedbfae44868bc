"""`Evolution`: differentially private texts, chosen by the votes of private ones among those of somebody who never saw them."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget, BudgetLike
from understudy.core.errors import ArgumentError, BudgetError, ConditionError, DataError, did_you_mean
from understudy.core.gaussian_mechanism import require_promise
from understudy.core.generator import Generator, Synthesizer
from understudy.core.progress import ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord, versions_at_work
from understudy.core.single_thread import single_thread
from understudy.data.frame_batches import FrameBatches
from understudy.data.native_form import NativeForm
from understudy.text.evolution.account import Account
from understudy.text.evolution.evolving import Course, Embedding, Evolved, Private, Provider, evolve
from understudy.text.evolution.generator_provider import GeneratorProvider
from understudy.text.evolution.labels import label_name
from understudy.text.evolution.votes import Votes

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
        labels: the values that the label may have, where the private texts need not show all; those that they show unless told.
        even: as many texts of each label, in the place of their shares among the private ones.
        total: the most epsilon that all evolutions on these texts together may spend; None: any, and it is told.
        embed: features to vote by; hashed words where it is None. It must not have learned from the private texts.

    The noise comes from the operating system: two fits with the same seed differ, and each spends its epsilon. What was spent on the same
    texts before, by this user on this machine, is known (`evolution/account.py`) and told.
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
        labels: Sequence[Any] | None = None,
        even: bool = False,
        total: float | None = None,
        embed: Embedding | None = None,
    ) -> None:
        require_promise(epsilon, delta)
        for name, value in (("size", size), ("rounds", rounds), ("variations", variations)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"`{name}` must be a whole number of at least 1, not {value!r}.", where=name)
        self.provider, self.course, self.embed = provider, Course(size, rounds, variations, epsilon, delta, even), embed
        self.text, self.label, self.owner, self.labels, self.total = text, label, owner, labels, total

    # -- learning

    def fit(
        self,
        data: Any,
        *,
        text: str | None = None,
        label: str | None = None,
        owner: str | None = None,
        votes: str | Path | None = None,
        budget: BudgetLike = None,
        seed: int = 0,
        progress: ProgressLike = None,
    ) -> Self:
        """Hold the votes of private texts and return self.

        Args:
            data: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
            text: the column of texts. label: a column whose values say what a text is. owner: whose it is: all texts of one owner weigh
                as one in each vote.
            votes: a file that keeps what votes have given away, so that a fit that was stopped goes on and holds none twice.
            budget: "30s", "10min", seconds, or None: no further vote is held when it has run out.
            seed: of what the provider draws and of the choice among votes.

        Raises:
            ArgumentError: there is no provider, or no column of texts is named. DataError: the data have no such column, or no text, or
                `votes` is of another fit. BudgetError: `total` would be passed. Cancelled: stopped before the first vote; or at any time,
                with `votes`.
        """
        from understudy.data.table import as_table

        began = time.perf_counter()
        provider = self._provider(label or self.label)
        stream, limit = Stream(seed).child("evolution"), Budget.parse(budget).start()
        self.text, self.label, self.owner = text or self.text, label or self.label, owner or self.owner
        with listening(progress) as listener:
            listener.stage("read")
            private, levels, form = self._private(as_table(data))
            account = Account(private.texts, Path(data) if isinstance(data, str | Path) and Path(data).is_file() else None)
            names = [None] if levels is None else levels.to_list()
            ballots = Votes(None if votes is None else Path(votes), self._asked(account, names, provider, seed), account)
            self._require_allowed(account, ballots)
            with single_thread():
                evolved = evolve(private, names, provider, self.course, stream, listener, self.embed, votes=ballots, limit=limit)
        self._texts, self._labels, self.levels, self.form = evolved.texts, evolved.labels, levels, form
        self.record = self._account(evolved, provider, account, ballots, time.perf_counter() - began)
        return self

    def _asked(self, account: Account, names: list[Any], provider: Provider, seed: int) -> str:
        """Whatever decides what votes are about."""
        said = [account.content, self.text, self.label, self.owner, names, self.course, seed, provider.says()]
        return hashlib.blake2b(repr(said).encode(errors="surrogatepass"), digest_size=16).hexdigest()

    def _require_allowed(self, account: Account, votes: Votes) -> None:
        """Raise where what is left of the votes would spend more than all may spend."""
        before, course = account.spent(without=votes.name), self.course
        spent, after = (before.epsilon(course.delta, more) for more in (0.0, course.strength))
        done = votes.standing is not None and votes.standing.rounds >= course.rounds
        if self.total is None or done or not before.evolutions or after <= self.total:
            return
        raise BudgetError(
            f"These private texts have voted in {before.evolutions} evolution(s) before, epsilon {spent:.3g} in all; with this one it "
            f"would be {after:.3g}, and {self.total:g} are allowed.",
            where="total", remedy=f"Use what evolved before; or allow it: total: {math.ceil(after * 100) / 100:g}, or a smaller epsilon.",
        )  # fmt: skip

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
        levels = None if self.label is None else self._levels(frame[self.label])
        labels = np.zeros(len(texts), np.int64)
        if levels is not None and self.label is not None:
            place = {label_name(level): i for i, level in enumerate(levels.to_list())}
            labels = np.array([place[label_name(value)] for value in frame[self.label].to_list()], np.int64)
        owners = np.arange(len(texts)) if self.owner is None else _owners(frame[self.owner])
        kept = {column for column in (self.text, self.label) if column is not None}
        form = NativeForm(table.form.library, {c: d for c, d in table.form.dtypes.items() if c in kept})
        return Private(texts, labels, owners), levels, form

    def _levels(self, column: pl.Series) -> pl.Series:
        """The labels: those that are told, else those that private texts have."""
        if self.labels is None:
            return column.unique().sort()
        levels = pl.Series(column.name, list(self.labels))
        known = [label_name(level) for level in levels.to_list()]
        for value in column.unique().to_list():
            if label_name(value) not in known:
                raise DataError(
                    f'Private texts have the label "{label_name(value)}", which is none of those that there are.',
                    where=f'column "{column.name}"', remedy=did_you_mean(label_name(value), known),
                )  # fmt: skip
        return levels

    def _account(self, evolved: Evolved, provider: Provider, account: Account, votes: Votes, seconds: float) -> FitRecord:
        course = self.course
        record = FitRecord(seconds=seconds, versions=versions_at_work("polars", "scikit-learn"))
        record.figures |= {**evolved.figures, "epsilon": course.epsilon, "delta": course.delta, "texts": len(evolved.texts)}
        record.figures |= {"label_few": self._few(votes)}
        whose = "owner's texts" if self.owner is not None else "text"
        record.note(
            f"Differentially private: with or without any one {whose}, these texts come out nearly as likely (epsilon {course.epsilon:g}, "
            f"delta {course.delta:g}, by the exact account of {course.rounds + 1} Gaussian releases). This covers the private texts alone, "
            "not what those who made the texts had learned from, nor the names of labels, which count as public."
        )
        for remark in provider.says():
            record.note(f"{remark[0].upper()}{remark[1:]}.")
        self._note_spent(record, account, votes)
        if few := record.figures["label_few"]:
            record.note(
                f"Of some labels there are few private texts, or none, as far as the noise lets see: {', '.join(few)}. Their texts are "
                "hardly chosen, and say what whoever made them says."
            )
        if evolved.figures["candidates"] < 4 * max(1, len(set(evolved.labels.tolist()))) * (1 + course.variations):
            record.note("Votes were few beside the noise and told few texts apart: more private texts or a larger epsilon help.")
        return record

    def _few(self, votes: Votes) -> list[str]:
        """Labels whose texts noise chose."""
        if votes.standing is None or self.levels is None:
            return []
        return [label_name(self.levels[int(place)]) for place in self.course.few(votes.standing.counts)]

    def _note_spent(self, record: FitRecord, account: Account, votes: Votes) -> None:
        """What was spent on these texts in all."""
        before = account.spent(without=votes.name)
        course = self.course
        whole = before.epsilon(course.delta, course.strength)
        record.figures |= {"evolutions_in_all": before.evolutions + 1, "epsilon_in_all": round(whole, 4)}
        if before.evolutions:
            record.note(
                f"These private texts have voted in {before.evolutions + 1} evolutions of this user on this machine: together epsilon "
                f"{whole:.3g} at the same delta. Elsewhere they may have voted as well."
            )
        if account.broken is not None:
            record.note(
                f"What was spent on these private texts could not be entered in the account, and is not known next time: {account.broken}."
            )

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


def _owners(column: pl.Series) -> Integers:
    """A number for each owner; a row without one is its own."""
    numbers = column.rank("dense").to_numpy().astype(float)
    missing = np.isnan(numbers)
    numbers[missing] = np.nanmax(np.append(numbers[~missing], 0)) + 1 + np.arange(missing.sum())
    return np.asarray(numbers, dtype=np.int64)
