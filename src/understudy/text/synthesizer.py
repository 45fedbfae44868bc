"""`TextSynthesizer`: what every learner of texts shares, from a table's columns to tokens and from tokens to texts.

    fit     as_table → Corpus (personal data and rare pieces replaced) → learner's `_learn`
    _block  labels → learner's `_write`: tokens → fills made up → a frame of label and text

To add a learner, subclass, name it, and write `_learn`, `_write`, `_learned` and `_relearn`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget, BudgetLike
from understudy.core.errors import Cancelled, DataError
from understudy.core.generator import Synthesizer
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord, versions_at_work
from understudy.core.single_thread import single_thread
from understudy.data.dtypes import dtype_name
from understudy.data.frame_batches import FrameBatches
from understudy.data.native_form import NativeForm
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.table import Table, as_table
from understudy.data.texts.corpus import COMPANY, Corpus
from understudy.data.texts.fills import Fills
from understudy.text.conditions import Labels, wanted_labels

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FEW_TEXTS = 200


class TextSynthesizer(FrameBatches, Synthesizer):
    """A synthesizer of texts and their labels.

    Args:
        text, label, owner: the columns, where `fit` is not told them.
        company: documents that a piece of text needs to be released, at least 1.
        merge: whether texts that are nearly the same count as one document; turn it off where many people say the same.

    Attributes:
        text, label: the columns that were learned. levels: the label's values, sorted; None without a label.
        shares: (levels,) how often each was there. fills: the vocabulary, and what stands for what is not released.
    """

    name: ClassVar[str]
    block_size = 1024
    levels: pl.Series | None
    shares: Floats
    fills: Fills
    form: NativeForm
    dtypes: dict[str, str]

    def __init__(
        self, *, text: str | None = None, label: str | None = None, owner: str | None = None, company: int = COMPANY, merge: bool = True
    ) -> None:
        self.text, self.label, self.owner, self.company, self.merge = text, label, owner, company, merge

    # -- what a learner writes

    @abstractmethod
    def _learn(self, corpus: Corpus, *, seed: Stream, budget: Budget, progress: Progress, record: FitRecord) -> None:
        """Learn the corpus. `budget` runs already."""

    @abstractmethod
    def _write(self, labels: Integers, rng: Stream) -> list[str]:
        """A text for each label."""

    @abstractmethod
    def _learned(self) -> State:
        """What was learned, apart from what this class keeps."""

    @abstractmethod
    def _relearn(self, state: State) -> None:
        """Take back what `_learned` gave; all that this class keeps is there already."""

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
        """Learn a column of texts and return self.

        Args:
            data: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
            text: the column of texts; the one with the longest texts where it is not said.
            label: a column whose values say what a text is, such as its class or stars; it can be asked for in `given`.
            owner: a column that tells whose a text is: all texts of one owner count as one document.
            budget: "30s", "10min", "best", seconds, or None.
            seed: any integer in 0 .. 2**63-1.

        Raises:
            DataError: the data cannot be learned as they are.
            Cancelled: the listener asked to stop before anything was learned.
        """
        began = time.perf_counter()
        stream, limit = Stream(seed), Budget.parse(budget).start()
        with listening(progress) as listener:
            listener.stage("read")
            table = as_table(data)
            record = FitRecord(versions=versions_at_work("polars", "pyarrow"))
            self._choose_columns(table, text, label, owner, record)
            listener.stage("prepare texts")
            if listener.cancelled:
                raise Cancelled("Learning was stopped before anything was learned.")
            with single_thread():
                self._study(table, stream, limit, listener, record)
        record.seconds = time.perf_counter() - began
        self.record = record
        return self

    def _choose_columns(self, table: Table, text: str | None, label: str | None, owner: str | None, record: FitRecord) -> None:
        self.label, self.owner = label or self.label, owner or self.owner
        chosen = text or self.text
        if chosen is None:
            chosen = _longest_texts(table, (self.label, self.owner))
            record.decide(chosen, "taken for the column of texts", "its texts are the longest")
        self.text = chosen
        for note in table.notes:
            if note.column in (self.text, self.label, self.owner):
                record.decide(note.column, note.what, note.why)

    def _study(self, table: Table, stream: Stream, limit: Budget, listener: Progress, record: FitRecord) -> None:
        """From the table to what was learned."""
        assert self.text is not None
        corpus = Corpus.of(table, self.text, self.label, self.owner, company=self.company, merge=self.merge)
        for decision in corpus.decisions:
            record.decide(*decision)
        for note in corpus.notes:
            record.note(note)
        if corpus.texts < FEW_TEXTS:
            record.note(f"There are only {corpus.texts} texts: the model knows little, and most of its words are fills.")
        self._take_over(table, corpus.levels)
        self.shares = np.bincount(corpus.labels, minlength=corpus.classes) / corpus.texts
        self.fills = Fills(corpus.vocabulary, corpus.member_starts, corpus.members)
        record.figures |= {"texts": corpus.texts, "words_known": int((~self.fills.is_fill).sum())}
        self._learn(corpus, seed=stream.child("learn"), budget=limit, progress=listener, record=record)

    def _take_over(self, table: Table, levels: pl.Series | None) -> None:
        """The form of what is given back; lists of categories hold released values only."""
        columns = [column for column in (self.label, self.text) if column is not None]
        self.dtypes = {column: dtype_name(table.dtypes[column]) for column in columns}
        self.levels = levels
        if levels is not None and levels.dtype in (pl.Categorical, pl.Enum):
            self.levels = levels.cast(pl.String)
        known = set() if self.levels is None else {str(level) for level in self.levels.to_list()}
        form = table.form
        self.form = NativeForm(
            form.library,
            {column: name for column, name in form.dtypes.items() if column in columns},
            {text: value for text, value in form.labels.items() if text in columns},
            {column: [v for v in values if str(v) in known] for column, values in form.categories.items() if column == self.label},
        )

    @property
    def schema(self) -> TableSchema:
        """What the columns of the output mean."""
        self._require_ready()
        columns = []
        if self.label is not None and self.levels is not None:
            dtype = self.levels.dtype
            kind = (
                "boolean" if dtype == pl.Boolean else "integer" if dtype.is_integer() else "decimal" if dtype.is_float() else "categorical"
            )
            facts = {"categories": self.levels.to_list()} if kind == "categorical" and dtype == pl.String else {}
            columns.append(ColumnSchema.model_validate({"name": self.label, "kind": kind, "dtype": self.dtypes[self.label], **facts}))
        columns.append(ColumnSchema(name=str(self.text), kind="text", dtype=self.dtypes[str(self.text)]))
        return TableSchema(columns=columns)

    # -- making texts

    def texts_for(self, labels: Sequence[Any], rng: Stream) -> list[str]:
        """A text for each value of the label, in order; None stands for any. What comes out depends on (self, labels, rng) only.

        Raises:
            ConditionError: a value that the label does not have.
        """
        self._require_ready()
        places = {label: self._prepare({self.label: label}) for label in dict.fromkeys(labels) if label is not None}
        free = self._prepare(None).of(0, len(labels), rng)
        wanted = [int(free[i]) if label is None else int(np.argmax(places[label].shares)) for i, label in enumerate(labels)]
        with single_thread():
            return self._write(np.array(wanted, np.int64), rng)

    def _prepare(self, given: Any) -> Labels:
        return wanted_labels(given, self.label, self.levels, self.shares)

    def _block(self, index: int, size: int, rng: Stream, given: Labels) -> pl.DataFrame:
        labels = given.of(index * size, size, rng)
        with single_thread():
            texts = pl.Series(self.text, self._write(labels, rng), dtype=pl.String)
        if self.label is None or self.levels is None:
            return pl.DataFrame([texts])
        return pl.DataFrame([self.levels.gather(labels).alias(self.label), texts])

    def _deliver(self, batch: pl.DataFrame) -> Any:
        return self.form.restore(batch)

    # -- saving

    def _state(self) -> State:
        learned = self._learned()
        manifest = {
            "text": self.text, "label": self.label, "owner": self.owner, "company": self.company, "merge": self.merge,
            "dtypes": self.dtypes, "form": self.form.to_dict(), "learned": learned.manifest,
        }  # fmt: skip
        arrays = {"shares": self.shares, "member_starts": self.fills.starts, "members": self.fills.members}
        tables = {"vocabulary": pa.table({"piece": pa.array(self.fills.vocabulary.tolist(), pa.large_string())})}
        if self.levels is not None:
            tables["levels"] = pl.DataFrame({"level": self.levels}).to_arrow()
        return State(
            manifest,
            arrays | {f"learned.{name}": array for name, array in learned.arrays.items()},
            tables | {f"learned.{name}": table for name, table in learned.tables.items()},
        )

    @classmethod
    def _from_state(cls, state: State) -> Self:
        facts = state.manifest
        model = cls(text=facts["text"], label=facts["label"], owner=facts["owner"], company=facts["company"], merge=facts["merge"])
        model.dtypes, model.form = facts["dtypes"], NativeForm.from_dict(facts["form"])
        model.shares = state.arrays["shares"]
        levels = state.tables.get("levels")
        model.levels = None if levels is None else pl.DataFrame(pl.from_arrow(levels))["level"]
        model.fills = Fills(state.tables["vocabulary"]["piece"].to_pylist(), state.arrays["member_starts"], state.arrays["members"])
        learned = "learned."
        model._relearn(
            State(
                facts["learned"],
                {name.removeprefix(learned): array for name, array in state.arrays.items() if name.startswith(learned)},
                {name.removeprefix(learned): table for name, table in state.tables.items() if name.startswith(learned)},
            )
        )
        return model


def _longest_texts(table: Table, others: tuple[str | None, ...]) -> str:
    """The column of texts whose texts are the longest."""
    named = [name for name, dtype in table.dtypes.items() if dtype == pl.String and name not in others]
    if not named:
        raise DataError("No column holds text.", where=table.origin, remedy="Name one: fit(data, text=…).")
    lengths = table.frame.select(pl.col(name).str.len_chars().mean().fill_null(0) for name in named).row(0)
    return named[int(np.argmax(lengths))]
