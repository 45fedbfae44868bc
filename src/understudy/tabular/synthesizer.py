"""`TableSynthesizer`: what every learner of tables shares, from the data to tokens and from tokens to rows in the data's own form.

    fit     as_table → typed values → constraints forward → codec → learner's `_learn`
    _block  learner's `_draw` → codec → constraints backward → the source's types, texts and column order

To add a learner, subclass, name it, and write `_learn`, `_draw`, `_learned` and `_relearn` (or subclass `ChainSynthesizer`, which
draws field by field and brings conditions and inequalities along).
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget, BudgetLike
from understudy.core.errors import ArgumentError, Cancelled, DataError, UnderstudyError
from understudy.core.generator import Synthesizer
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord, versions_at_work
from understudy.core.single_thread import single_thread
from understudy.data.condition import Condition, in_typed_values, meets
from understudy.data.consistency import refuse_contradictions
from understudy.data.dialect import Dialect
from understudy.data.frame_batches import FrameBatches
from understudy.data.frames import is_frame
from understudy.data.native_form import NativeForm
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.table import Table, as_table
from understudy.data.typed import typed, written
from understudy.tabular.codec.category import CategoryColumn
from understudy.tabular.codec.codec import MUCH_PROTECTED, Codec, unknown_column
from understudy.tabular.codec.column import Limit
from understudy.tabular.codec.protection import Protection
from understudy.tabular.codec.remade import RemadeColumn
from understudy.tabular.condition import has_shares, parse_conditions
from understudy.tabular.constraints import Constraints
from understudy.tabular.fields import Allowed, Encoded, Floats
from understudy.tabular.quarantine import Quarantine
from understudy.tabular.redrawing import SCARCE, fit_uniqueness, most_given, redrawn, share_in_words, try_rules

if TYPE_CHECKING:
    from os import PathLike

    from understudy.tabular.uniqueness import Registry

FEW_ROWS = 50


@dataclass(frozen=True)
class Conditions:
    """Conditions compiled for a draw.

    ``allowed``: per field what may be drawn, exact as far as fields can say it. ``limits``: per field what decoded numbers are
    moved into. ``tested``: conditions that finished rows are tested for, and drawn again where they fail. ``most``: rows that there are
    under them, where keys must not repeat.
    """

    allowed: dict[int, Allowed] = field(default_factory=dict)
    limits: dict[int, Limit] = field(default_factory=dict)
    tested: tuple[Condition, ...] = ()
    most: int | None = None


@dataclass(frozen=True)
class Recipe(Conditions):
    """Conditions that are not the same in all rows: it says itself how finished typed rows are made. ``allowed`` stays empty."""

    @abstractmethod
    def make(self, model: TableSynthesizer, rows: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        """Finished typed rows with these numbers in the data set."""


class ScarceRowsWarning(UserWarning):
    """Rows that meet the conditions were so rare that some are repeated."""


class TableSynthesizer(FrameBatches, Synthesizer):
    """A synthesizer of tables.

    Args:
        protection: what the codec holds back; the default protects rare categories and extreme numbers.

    Attributes:
        schema: what the columns mean, as the output has them. constraints, codec: fitted, see there.
        form, dialect: the library and types to give back; how the delimited text was written that was learned (else None).
    """

    name: ClassVar[str]
    block_size = 8192
    protection: Protection = Protection()
    schema: TableSchema
    constraints: Constraints
    codec: Codec
    form: NativeForm
    dialect: Dialect | None = None

    def __init__(self, *, protection: Protection | None = None) -> None:
        if protection is not None:
            self.protection = protection

    # -- what a learner writes

    @abstractmethod
    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        """Learn from encoded rows. ``budget`` runs already. Called only where there is at least one field."""

    @abstractmethod
    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        """``size`` rows as tokens; positions may be None. With conditions, rows that ``conditions.allowed`` contains."""

    @abstractmethod
    def _learned(self) -> State:
        """What was learned, apart from what this class keeps."""

    @abstractmethod
    def _relearn(self, state: State) -> None:
        """Take back what `_learned` gave; ``self.codec`` is there already."""

    # -- what a learner may write besides

    cost: ClassVar[Literal["yardstick", "cheap", "moderate", "costly"] | None] = None
    """How `auto` lets it race: "cheap" always, "moderate" beside them where there is a budget, "costly" where the budget leaves room,
    "yardstick" beside the others, None not at all."""
    requires: ClassVar[str | None] = None
    """The module that learning needs besides the base install."""

    def _lighten(self) -> None:
        """Before a race on part of the rows: leave out what the race measures itself. Most learners have nothing of that kind."""

    def _follow(self, other: TableSynthesizer) -> None:
        """Before learning: take over what one of this kind has settled on part of the same table, instead of searching for it again."""

    keeps_bounds: bool = False
    """True: `_draw` and `_complete` keep declared inequalities by themselves. False: rows that break one are drawn again."""

    def _complete(self, known: Encoded, given: NDArray[np.bool_], rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        """Rows with some fields given and the others drawn from the model's law given those.

        ``given`` (n, fields) tells which cells of ``known`` are kept as they are; the rest of ``known`` means nothing.
        ``allowed`` narrows fields in every row where they are not given (an imputed cell may not be NULL).
        """
        raise self._lacks("fill in partial rows")

    def _log_prob(self, rows: Encoded) -> Floats:
        """(n,) natural logarithm of the model's probability of the rows' tokens; a place inside a bin counts for nothing."""
        raise self._lacks("tell the probability of a row")

    def _law(self, j: int, known: Encoded, given: NDArray[np.bool_]) -> Floats:
        """(n, size) probabilities of the tokens of field ``j``, given the cells of ``known`` that ``given`` (n, fields) marks."""
        raise self._lacks("tell the probabilities of a column")

    def _lacks(self, ability: str) -> ArgumentError:
        remedy = 'Fit with method="autoregressive" or method="mixture".'
        return ArgumentError(f'A model of the method "{self.name}" cannot {ability}.', remedy=remedy)

    # -- learning

    def fit(
        self,
        data: Any,
        *,
        schema: TableSchema | str | PathLike[str] | None = None,
        budget: BudgetLike = None,
        seed: int = 0,
        progress: ProgressLike = None,
    ) -> Self:
        """Learn a table and return self.

        Args:
            data: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
            schema: what the columns mean, as an object or a YAML file; inferred, with reasons, where None.
            budget: "30s", "10min", "best", seconds, or None.
            seed: any integer in 0 .. 2**63-1.

        Raises:
            DataError, SchemaError, ConstraintError: the data cannot be learned as they are.
            Cancelled: the listener asked to stop before anything was learned.
        """
        began = time.perf_counter()
        stream, limit = Stream(seed), Budget.parse(budget).start()
        with listening(progress) as listener:
            listener.stage("read")
            table = _enough(as_table(data, schema))
            record = FitRecord(versions=versions_at_work("polars", "pyarrow"))
            encoded = self._prepare_table(table, stream, listener, record)
            if self.codec.fields:
                with single_thread():
                    self._learn(encoded, self.codec, seed=stream.child("learn"), budget=limit, progress=listener)
        self._try_rules(encoded.rows, stream.child("rules"), record)
        self._tell(record)
        record.seconds = time.perf_counter() - began
        self.record = record
        return self

    def _prepare_table(self, table: Table, stream: Stream, listener: Progress, record: FitRecord) -> Encoded:
        """Schema, constraints and codec; the table as tokens."""
        schema = table.schema
        _note_table(table, record)
        refuse_contradictions(schema)
        rows = _TypedRows(table, schema)
        _unless_cancelled(listener)
        listener.stage("learn the columns")
        rows.quarantine = Quarantine.of(rows, schema, table.rows)
        rare = self.protection.rare_threshold(rows.quarantine.rows, stream.child("codec"))
        self.constraints = Constraints.fit(rows, schema, rare, self.protection.extremes)
        self.codec = Codec.fit(_ForwardRows(rows, self.constraints), self.constraints.schema, stream.child("codec"), self.protection)
        self.constraints.settle(self.codec, stream.child("rules"))
        released = _released_levels(self.codec) | self.constraints.released()
        self.schema = _without_rare(schema, released)
        self.constraints.schema = _without_rare(self.constraints.schema, released)
        self.form, self.dialect = _form_without_rare(table.form, released), table.dialect
        for note in rows.quarantine.notes():
            record.note(note)
        listener.stage("encode", total=rows.quarantine.rows)
        parts: list[Encoded] = []
        for chunk in rows.chunks():
            _unless_cancelled(listener)
            parts.append(self.codec.encode(self.constraints.forward(chunk)))
            listener.advance(sum(part.rows for part in parts))
        return _joined(parts)

    def _try_rules(self, rows: int, stream: Stream, record: FitRecord) -> None:
        """Trial rows, where rules are kept by drawing again: what cannot be kept is refused now, and what it costs is told."""
        if not self._draws_again(None) and not self.constraints.keys:
            return
        share = try_rules(self, None, stream)
        record.figures["rows_that_keep_the_rules"] = share
        if 0 < share < SCARCE:
            record.note(f"{share:.1%} of the rows as drawn keep all rules: {share_in_words(share)}.")
        if self.constraints.keys:
            self.constraints.unique = fit_uniqueness(self, rows, stream.child("keys"))
            self.block_size = self.constraints.unique.block_size
            record.note(f"At most {self.constraints.unique.rows:,} rows can be made, because {self._keys_in_words()}.")

    def _keys_in_words(self) -> str:
        unique = self.constraints.unique
        return " and ".join(f"no two of them may have the same {' and '.join(key)}" for key in unique.keys) if unique else ""

    def _tell_learning(self, record: FitRecord) -> None:
        """What the learner decided and measured, into the record. Called where there is at least one field."""

    def _tell(self, record: FitRecord) -> None:
        """What was done to each column, into the record."""
        for column in self.codec.columns:
            if column.name in self.schema.names:
                source = self.schema.column(column.name)
                record.decide(column.name, f"treated as {source.kind}: {column.what()}", source.reason or "the schema says so")
            if isinstance(column, RemadeColumn):
                for note in column.regenerator.notes:
                    record.decide(column.name, note, f"{column.kind} columns are made up: their values could point to someone")
            if isinstance(column, CategoryColumn) and column.protected_share > MUCH_PROTECTED:
                record.note(
                    f'"{column.name}": {column.protected_share:.0%} of its values are held by too few rows and were protected; '
                    "if they name persons or things, declare it identifier, code or text."
                )
        for name, what, why in self.constraints.notes:
            record.decide(name, what, why)
        if self.codec.fields:
            self._tell_learning(record)

    # -- making rows

    def _block(self, index: int, size: int, rng: Stream, given: Conditions | None) -> pl.DataFrame:
        rows = np.arange(index * size, (index + 1) * size, dtype=np.int64)
        finished = self._finished(rows, rng, given)
        return pl.DataFrame({column.name: written(finished[column.name], column) for column in self.schema.columns})

    def _finished(self, rows: NDArray[np.int64], rng: Stream, given: Conditions | None, registry: Registry | None = None) -> pl.DataFrame:
        """Typed rows with these numbers in the data set, all rules kept; ``registry``: keys that other rows of their block hold."""
        if isinstance(given, Recipe):
            return given.make(self, rows, rng)
        made = self._decoded(len(rows), rng, given, rows)
        if self._draws_again(given):
            return self._chosen(made, rows, rng, given, registry)
        return self.constraints.backward(made)

    def _decoded(self, size: int, rng: Stream, given: Conditions | None, rows: Any, *, texts: bool = True) -> pl.DataFrame:
        """Typed rows as drawn, before constraints; without ``texts``, free text is empty."""
        with single_thread():
            drawn = self._draw(size, rng, given) if self.codec.fields else Encoded([], [])
        return self.codec.decode(drawn, rows, rng.child("decode"), None if given is None else given.limits, texts=texts)

    def _draws_again(self, given: Conditions | None) -> bool:
        """Whether finished rows are tested, and drawn again where they fail."""
        return self.constraints.may_break or not self._bounds_are_kept() or (given is not None and bool(given.tested))

    def _bounds_are_kept(self) -> bool:
        """Whether the learner keeps every declared inequality by itself: it cannot where a side of one is not learned as a number."""
        learned = {f.column for f in self.codec.fields if f.main and f.kind == "numeric"}
        bounds = self.constraints.bounds
        return not bounds or (self.keeps_bounds and all(low in learned and high in learned for low, high, _ in bounds))

    def _chosen(self, made: pl.DataFrame, rows: Any, rng: Stream, given: Conditions | None, registry: Registry | None) -> pl.DataFrame:
        """Finished typed rows of which every one passes the tests: those that fail are drawn again."""
        return redrawn(self, made, rows, rng, given, registry)

    def _passes(self, finished: pl.DataFrame, given: Conditions | None) -> Any:
        passed = self.constraints.tested(finished)
        for condition in () if given is None else given.tested:
            passed &= meets(finished[condition.column], condition)
        return passed

    # -- conditions

    def _prepare(self, given: Any) -> Conditions | None:
        if given is None:
            return None
        if is_frame(given):
            return self._partial(given)
        if has_shares(given):
            return self._shares(given)
        return self._tried(self._ready(self._compiled(given)))

    def _shares(self, given: Any) -> Conditions:
        """Asked shares, ready to be apportioned. Raises ``ConditionError`` for shares that cannot be met."""
        from understudy.tabular.proportions import prepare_shares

        return prepare_shares(self, given)

    def _partial(self, given: Any) -> Conditions:
        """A frame of partial rows, ready to be completed. Raises ``ConditionError`` for cells that cannot be."""
        from understudy.tabular.partial import PartialRows, read_partial

        _, values = read_partial(self, given, strict=True, where="given")
        return PartialRows.of(self, values, strict=True, where="given")

    def _ready(self, conditions: Conditions) -> Conditions:
        """Compiled conditions with what a learner finds out about them once, before any draw."""
        return conditions

    def _tried(self, conditions: Conditions) -> Conditions:
        """Conditions that trial rows can meet together with all rules, or ``ConditionError``."""
        if not self._draws_again(conditions):
            return conditions
        stream = Stream(0).child("conditions")
        try_rules(self, conditions, stream)
        unique = self.constraints.unique
        return conditions if unique is None else replace(conditions, most=most_given(self, unique, conditions, stream.child("keys")))

    def _most(self, given: Conditions | None) -> tuple[int, str] | None:
        unique = self.constraints.unique
        limits = [(unique.rows if given is None or given.most is None else given.most, self._keys_in_words())] if unique else []
        remade = self.constraints.most_rows(self.codec)
        limits += [(remade, "beyond that, values that are made anew no longer match their pattern")] if remade is not None else []
        return min(limits) if limits else None

    def _compiled(self, given: Any) -> Conditions:
        """Conditions compiled. Raises ``ConditionError`` where they cannot be met, saying why."""
        asked = parse_conditions(given)
        for name in asked:
            if name not in self.schema.names:
                raise unknown_column(name, self.schema.names)
        asked = {name: in_typed_values(condition, self.schema.column(name)) for name, condition in asked.items()}
        wanted, tested = self.constraints.translate(asked)
        restricted = self.codec.restrict(wanted)
        bounded = {name for low, high, _ in self.constraints.bounds for name in (low, high)}
        tested += [condition for condition in restricted.inexact if condition not in tested]
        # What keeps an inequality may leave the range that was asked for.
        tested += [condition for name, condition in asked.items() if name in bounded and condition not in tested]
        return Conditions(restricted.allowed, restricted.limits, tuple(tested))

    # -- real rows: filled in, and looked at

    def impute(self, frame: Any, *, seed: int = 0) -> Any:
        """``frame`` with its missing cells filled in, each drawn from the model's law given the rest of its row.

        Args:
            frame: a path, or a frame of any library; it may lack columns of the model, or have more, if nothing in those is missing.
            seed: any integer in 0 .. 2**63-1; other seeds give other draws, for multiple imputation.

        Returns:
            A frame of the same library (Polars for a path). Only missing cells change. Identifiers, personal data and text are
            not filled: what is missing there stays missing, with a warning.

        Raises:
            DataError: cells are missing in a column that the model does not know, or a value does not fit its column's kind.
        """
        from understudy.tabular.imputing import impute

        self._require_ready()
        return impute(self, frame, Stream(seed).child("impute"))

    def predict_proba(self, frame: Any, column: str) -> Any:
        """The probability of each value of ``column`` in every row, given what the row has in the other columns.

        Returns:
            A frame of the same library with a column a level, in the order of the levels, rows summing to 1; for numbers a column
            for every value of its own and every interval "low..high" that the model tells apart. Missing and protected values
            are left out.

        Raises:
            ArgumentError: there is no such column, or its values are not learned.
        """
        from understudy.tabular.predicting import predict_proba

        self._require_ready()
        return predict_proba(self, frame, column)

    def log_prob(self, frame: Any) -> Floats:
        """(n,) natural logarithm of the model's probability of each row, numbers counting as the interval that they fall in.

        Columns that are derived from others, or made anew, count for nothing. A level that the model cannot make gives -inf.
        """
        from understudy.tabular.predicting import log_prob

        self._require_ready()
        return log_prob(self, frame)

    # -- what a batch is

    def _deliver(self, batch: pl.DataFrame) -> Any:
        return self.form.restore(batch)

    # -- saving

    def _state(self) -> State:
        codec, learned = self.codec.to_state(), self._learned() if self.codec.fields else State()
        constraints, tables = self.constraints.to_state()
        manifest = {
            "schema": self.schema.model_dump(mode="json", exclude_none=True),
            "form": self.form.to_dict(),
            "dialect": None if self.dialect is None else self.dialect.to_dict(),
            "protection": self.protection.to_dict(),
            "constraints": constraints,
            "codec": codec.manifest,
            "learned": learned.manifest,
        }
        arrays = codec.arrays | {f"learned.{name}": array for name, array in learned.arrays.items()}
        arrow = {name: frame.to_arrow() for name, frame in tables.items()} | codec.tables
        return State(manifest, arrays, arrow | {f"learned.{name}": table for name, table in learned.tables.items()})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        facts = state.manifest
        model = cls()
        model.protection = Protection.from_dict(facts["protection"])
        model.schema = TableSchema.model_validate(facts["schema"])
        model.form = NativeForm.from_dict(facts["form"])
        model.dialect = None if facts["dialect"] is None else Dialect.from_dict(facts["dialect"])
        frames = {name: pl.DataFrame(pl.from_arrow(table)) for name, table in state.tables.items() if name.startswith("constraints.")}
        model.constraints = Constraints.from_state(facts["constraints"], frames, model.schema)
        if model.constraints.unique is not None:
            model.block_size = model.constraints.unique.block_size
        model.codec = Codec.from_state(State(facts["codec"], state.arrays, state.tables))
        learned = "learned."
        if model.codec.fields:
            model._relearn(
                State(
                    facts["learned"],
                    {name.removeprefix(learned): array for name, array in state.arrays.items() if name.startswith(learned)},
                    {name.removeprefix(learned): table for name, table in state.tables.items() if name.startswith(learned)},
                )
            )
        return model


class _TypedRows:
    """A table's rows as typed values, chunk by chunk, without those that are set aside once that is known."""

    def __init__(self, table: Table, schema: TableSchema) -> None:
        self._table, self._schema = table, schema
        self.quarantine: Quarantine | None = None

    def chunks(self) -> Iterator[pl.DataFrame]:
        first = 0
        kept = None if self.quarantine is None else self.quarantine.kept
        for number, chunk in enumerate(self._table.chunks()):
            try:
                made = pl.DataFrame({c.name: typed(chunk[c.name], c, first_row=first) for c in self._schema.columns})
                yield made if kept is None else made.filter(pl.Series(kept[number]))
            except UnderstudyError as error:
                error.where = f"{self._table.origin}, {error.where}" if error.where else self._table.origin
                raise
            first += chunk.height


class _ForwardRows:
    """Typed rows without what constraints derive."""

    def __init__(self, rows: _TypedRows, constraints: Constraints) -> None:
        self._rows, self._constraints = rows, constraints

    def chunks(self) -> Iterator[pl.DataFrame]:
        return (self._constraints.forward(chunk) for chunk in self._rows.chunks())


def _enough(table: Table) -> Table:
    if table.rows < 2:
        raise DataError(
            f"The table has {'one row' if table.rows == 1 else 'no rows'}; nothing can be learned from that.",
            where=table.origin,
            remedy="Give at least two rows; some hundreds make a model worth having.",
        )
    return table


def _note_table(table: Table, record: FitRecord) -> None:
    for note in table.notes:
        record.decide(note.column, note.what, note.why)
    if table.rows < FEW_ROWS:
        record.note(f"The table has only {table.rows} rows: the model knows little, and little of it can be protected.")


def _unless_cancelled(listener: Progress) -> None:
    if listener.cancelled:
        raise Cancelled("Learning was stopped before anything was learned.")


def _released_levels(codec: Codec) -> dict[str, set[str]]:
    """By column, the texts of the levels that are not protected."""
    return {column.name: {str(level) for level in column.levels} for column in codec.columns if isinstance(column, CategoryColumn)}


def _form_without_rare(form: NativeForm, kept: dict[str, set[str]]) -> NativeForm:
    """The form to give back: its lists of categories hold no protected level."""
    categories = {name: [v for v in values if name not in kept or str(v) in kept[name]] for name, values in form.categories.items()}
    return replace(form, categories=categories)


def _without_rare(schema: TableSchema, kept: dict[str, set[str]]) -> TableSchema:
    """The schema to save: its lists of values hold no protected level."""
    columns = [_shortened(column, kept[column.name]) if column.name in kept else column for column in schema.columns]
    return TableSchema(columns=columns, constraints=schema.constraints, key=schema.key)


def _shortened(column: ColumnSchema, kept: set[str]) -> ColumnSchema:
    changes: dict[str, Any] = {}
    if column.kind == "ordinal" and column.order:
        changes["order"] = [v for v in column.order if str(v) in kept] or column.order[:1]
    if column.kind != "boolean" and column.categories:
        changes["categories"] = [v for v in column.categories if str(v) in kept] or None
    return column.model_copy(update=changes) if changes else column


def _joined(parts: list[Encoded]) -> Encoded:
    """Encoded chunks as one."""
    if len(parts) == 1:
        return parts[0]
    fields = range(len(parts[0].tokens))
    positions = [None if parts[0].positions[j] is None else np.concatenate([p.positions[j] for p in parts]) for j in fields]
    return Encoded([np.concatenate([p.tokens[j] for p in parts]) for j in fields], positions)
