"""Partial rows: frames in which a missing cell means "not given".

    recover    what given cells make certain (the part that a total leaves over, the copy of a copy) counts as given, too
    forward    what the model has learned; a derived cell that is given narrows its sources, row by row
    complete   the learner draws what is not given
    backward   derived cells; rows that break a rule, miss a given derived cell, or have the key of another, are drawn again, each by itself

Given cells come out as they went in. ``strict`` is for conditions: a cell that the model cannot hold is refused. Otherwise (rows to be
imputed) unknown levels count as not given, and numbers outside of what was learned as the nearest inside.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, DataError, UnderstudyError, did_you_mean
from understudy.core.random import Stream
from understudy.core.single_thread import single_thread
from understudy.core.wording import counted
from understudy.data.condition import Condition
from understudy.data.constraints import Unique
from understudy.data.dtypes import polars_dtype
from understudy.data.schema import ColumnSchema
from understudy.data.table import Table, as_table
from understudy.data.typed import typed
from understudy.tabular.codec.category import CategoryColumn
from understudy.tabular.codec.column import ColumnCodec, Limit
from understudy.tabular.codec.number import NumberColumn
from understudy.tabular.codec.remade import ConstantColumn, RemadeColumn
from understudy.tabular.fields import Allowed, Encoded, Field, Mask
from understudy.tabular.redrawing import registry_of
from understudy.tabular.synthesizer import Recipe, ScarceRowsWarning
from understudy.tabular.uniqueness import Keys, Registry, capacity, hashed

if TYPE_CHECKING:
    from understudy.tabular.constraints import Constraints
    from understudy.tabular.synthesizer import TableSynthesizer

Integers = NDArray[np.int64]

LOOKED_AT = 1000
"""Distinct values of a column that are looked up one by one before partial rows are taken."""
ATTEMPTS, MORE = 10, 4
"""How often rows that break a rule are drawn again, with ever so many times more candidates for each."""
DRAWN_ONLY = 3
"""Attempts before a part of a given total may also be computed from it."""
CANDIDATES_FOR_KEYS = 8_192
"""Candidates in one attempt, at the most, where rows must not have the same key and blocks are small."""
TRIAL_ROWS = 2_048
"""Rows completed to find out how many keys there are, where keys must not repeat."""
MOST_GROUPS = 512
"""Different derived cells that are told to the learner; beyond, rows are only tested for them."""


@dataclass(frozen=True)
class Narrowed:
    """What given derived cells leave of the fields that they are derived from."""

    allowed: Mapping[int, Allowed] = field(default_factory=dict)
    limits: Mapping[int, Limit] = field(default_factory=dict)


@dataclass(frozen=True)
class GivenKeys:
    """What partial rows give of keys that must not repeat.

    ``pinned`` (m, keys): where all of a key is given. ``taken``: by key, the sorted hashes of those, which no drawn row may have.
    ``once``: the first row that can be there only once; m where there is none.
    """

    pinned: Mask
    taken: tuple[Keys, ...]
    once: int

    @classmethod
    def of(cls, model: TableSynthesizer, values: pl.DataFrame, where: str) -> GivenKeys | None:
        """None where no key is declared. Raises ``ConditionError`` where two rows give the same key."""
        rules = [rule.columns for rule in model.schema.constraints if isinstance(rule, Unique)]
        once = values.height
        for columns in rules:
            keys, there = hashed(values, columns, model.constraints.columns)
            once = min(once, int(there.argmax()) if there.any() else once)
            _refuse_repeated(keys, there, columns, where)
        if not rules:
            return None
        unique = model.constraints.unique
        pinned = [hashed(values, columns, model.constraints.columns) for columns in ([] if unique is None else unique.keys)]
        there = np.stack([there for _, there in pinned], axis=1) if pinned else np.zeros((values.height, 0), bool)
        return cls(there, tuple(np.unique(keys[there]) for keys, there in pinned), once)

    @property
    def drawn(self) -> bool:
        """Whether some row leaves part of a key to be drawn."""
        return bool((~self.pinned).any())

    def most(self, model: TableSynthesizer, values: pl.DataFrame, trial: pl.DataFrame | None) -> int | None:
        """How many rows there are: one of each whose key is given, and of others as many as trial rows have keys."""
        unique, m = model.constraints.unique, values.height
        limits = [m + self.once] if self.once < m else []
        if unique is None:
            return min(limits, default=None)
        limits.append(unique.rows)
        if trial is None:
            return min(limits)
        at = np.arange(trial.height) % m
        for k, columns in enumerate(unique.keys):
            kinds = values.select(columns).hash_rows().to_numpy()
            hashes, there = hashed(trial, columns, model.constraints.columns)
            for kind in np.unique(kinds[~self.pinned[:, k]]):
                own = kinds == kind
                share, rows = own.mean(), own[at]
                wanted = max(1, round(unique.rows * share))
                there_are = capacity(hashes[rows], there[rows], wanted) if rows.any() else wanted
                in_block = there_are // unique.blocks
                if there_are < wanted and share * unique.block_size > in_block:
                    limits.append(int(in_block / share))
        return min(limits)


def _refuse_repeated(keys: Keys, there: Mask, columns: list[str], where: str) -> None:
    rows = np.flatnonzero(there)
    _, first, number = np.unique(keys[rows], return_index=True, return_inverse=True)
    again = np.flatnonzero(first[number] != np.arange(len(rows)))
    if not len(again):
        return
    raise ConditionError(
        f"Rows {int(rows[first[number[again[0]]]]) + 1} and {int(rows[again[0]]) + 1} give the same {' and '.join(columns)}, "
        "which no two rows may have.",
        where=where, remedy="Take one of them out, or leave part of the key to be drawn.",
    )  # fmt: skip


@dataclass(frozen=True)
class PartialRows(Recipe):
    """Partial rows ready to be completed.

    ``values``: m typed rows of all of the schema's columns, null where not given. ``known`` and ``given``: the same as tokens.
    ``group`` (m,) says which of ``groups`` narrows each row. ``excused`` (m,): rows whose given cells break a rule by themselves.
    ``keys``: what is given of keys that must not repeat, where rows are conditions.
    """

    values: pl.DataFrame = field(default_factory=pl.DataFrame)
    known: Encoded = field(default_factory=lambda: Encoded([], []))
    given: Mask = field(default_factory=lambda: np.zeros((0, 0), bool))
    group: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    groups: tuple[Narrowed, ...] = ()
    excused: Mask = field(default_factory=lambda: np.zeros(0, bool))
    strict: bool = True
    keys: GivenKeys | None = None

    @classmethod
    def of(cls, model: TableSynthesizer, values: pl.DataFrame, *, strict: bool, where: str) -> PartialRows:
        """From typed values as `read_partial` gives them. Raises ``ConditionError`` where ``strict`` and a cell cannot be."""
        if strict:
            for column in model.codec.columns:
                if column.name in values.columns:
                    _refuse_unknown(column, values[column.name], where)
        excused = ~_consistent(model.constraints, values)
        if strict and excused.any():
            raise ConditionError(
                "The given cells break a rule by themselves.", where=f"{where}, row {int(excused.argmax()) + 1}",
                remedy="Correct the row, or give fewer of its cells.",
            )  # fmt: skip
        recovered = model.constraints.recover(values)
        known, given = _encoded(model, recovered, strict)
        group, groups = _narrowed(model, recovered, strict, where)
        found = cls(values=values, known=known, given=given, group=group, groups=groups, excused=excused, strict=strict)
        return found._with_keys(model, recovered, where) if strict else found

    def _with_keys(self, model: TableSynthesizer, recovered: pl.DataFrame, where: str) -> PartialRows:
        """With keys that must not repeat, and how many rows there are by them."""
        keys = GivenKeys.of(model, recovered, where)
        if keys is None:
            return self
        rows = np.arange(min(model.block_size, max(TRIAL_ROWS, self.values.height)), dtype=np.int64)
        trial = self.completed(model, rows % self.values.height, rows, Stream(0).child("keys")) if keys.drawn else None
        return replace(self, keys=keys, most=keys.most(model, recovered, trial))

    def make(self, model: TableSynthesizer, rows: Integers, rng: Stream) -> pl.DataFrame:
        """Row i of the data set completes partial row i mod m."""
        if self.most is not None and rows[-1] >= self.most:
            there = rows[rows < self.most]
            return (
                self.make(model, there, rng) if len(there) else self.completed(model, rows[:1] % self.values.height, rows[:1], rng).head(0)
            )
        registry = None if self.keys is None else registry_of(model, rows, rng, self.keys.taken)
        return self.completed(model, rows % self.values.height, rows, rng, registry=registry)

    def completed(
        self,
        model: TableSynthesizer,
        at: Integers,
        rows: Integers,
        rng: Stream,
        allowed: Mapping[int, Allowed] | None = None,
        registry: Registry | None = None,
    ) -> pl.DataFrame:
        """Finished typed rows: partial row ``at[i]`` completed as row ``rows[i]`` of the data set."""
        made, kept = self._attempt(model, at, rows, rng, allowed or {})
        kept = self._admitted(registry, made, kept, np.arange(len(at)), at)
        broken = np.flatnonzero(~kept)
        most = model.block_size if registry is None else max(model.block_size, CANDIDATES_FOR_KEYS)
        for attempt in range(ATTEMPTS):
            if not len(broken):
                return made
            times = max(1, min(MORE ** (attempt + 1), most // len(broken)))
            again = np.repeat(broken, times)
            fresh, kept = self._attempt(model, at[again], rows[again], rng.child("again", attempt), allowed or {})
            if attempt >= DRAWN_ONLY:
                fresh, kept = self._solved(model, fresh, kept, at[again])
            kept = self._admitted(registry, fresh, kept, again, at[again])
            kept = kept.reshape(len(broken), times)
            made = _with_rows(made, broken, fresh[np.arange(len(broken)) * times + kept.argmax(axis=1)])
            broken = broken[~kept.any(axis=1)]
        if len(broken):
            self._give_up(at[broken])
        return made

    def _admitted(self, registry: Registry | None, made: pl.DataFrame, kept: Mask, owner: Integers, at: Integers) -> Mask:
        """Of the candidates that keep the rules, the first of each row whose keys no other row has."""
        if registry is None or self.keys is None or not kept.any():
            return kept
        kept = kept.copy()
        kept[kept] = registry.one_each(made.filter(pl.Series(kept)), owner[kept], self.keys.pinned[at[kept]])
        return kept

    def _solved(self, model: TableSynthesizer, made: pl.DataFrame, kept: Mask, at: Integers) -> tuple[pl.DataFrame, Mask]:
        """Where the parts that were drawn miss a given total, one of them becomes what the others leave over."""
        rows = np.flatnonzero(~kept)
        values, drawn = self.values[at[rows]], made[rows]
        freed = model.constraints.recover(model.constraints.freed(drawn, values))
        finished = _overlaid(model.constraints.backward(model.constraints.forward(freed)), values).select(drawn.columns)
        good = np.array(model.constraints.tested(finished), bool) & _consistent(model.constraints, finished)
        good &= _within(model, finished, drawn)
        kept = kept.copy()
        kept[rows[good]] = True
        return _with_rows(made, rows[good], finished.filter(pl.Series(good))), kept

    def _attempt(
        self, model: TableSynthesizer, at: Integers, rows: Integers, rng: Stream, allowed: Mapping[int, Allowed]
    ) -> tuple[pl.DataFrame, Mask]:
        parts, order = [], []
        for g in np.unique(self.group[at]):
            own = np.flatnonzero(self.group[at] == g)
            parts.append(self._drawn(model, at[own], rows[own], rng.child("group", int(g)), allowed, self.groups[g]))
            order.append(own)
        forward = pl.concat(parts)[np.argsort(np.concatenate(order), kind="stable")] if len(parts) > 1 else parts[0]
        values = self.values[at]
        finished = model.constraints.backward(_overlaid(forward, values)).select(self.values.columns)
        kept = _agree(finished, values) | self.excused[at]
        finished = _overlaid(finished, values)
        return finished, kept & (model.constraints.tested(finished) | self.excused[at])

    def _drawn(
        self, model: TableSynthesizer, at: Integers, rows: Integers, rng: Stream, allowed: Mapping[int, Allowed], narrowed: Narrowed
    ) -> pl.DataFrame:
        """Typed rows before constraints."""
        drawn = Encoded([], [])
        if model.codec.fields:
            with single_thread():
                drawn = model._complete(self.known.take(at), self.given[at], rng, _both(allowed, narrowed.allowed))
        return model.codec.decode(drawn, rows, rng.child("decode"), narrowed.limits)

    def _give_up(self, at: Integers) -> None:
        if self.strict:
            raise ConditionError(
                f"No row that keeps the rules was found for partial row {int(at[0]) + 1}.",
                where="given", remedy="Its given cells may exclude one another in this model; give fewer of them.",
            )  # fmt: skip
        warnings.warn(f"{counted(len(at), 'row')} could not be completed so that every rule holds.", ScarceRowsWarning, stacklevel=4)


def read_partial(model: TableSynthesizer, data: Any, *, strict: bool, where: str) -> tuple[Table, pl.DataFrame]:
    """The caller's frame as a table, and its rows as typed values of all of the schema's columns, null where there is none.

    Raises:
        DataError: a value does not fit its column's kind. ConditionError: ``strict`` and a column is unknown.
    """
    table = as_table(data)
    names = model.schema.names
    for name in table.columns:
        if strict and name not in names:
            raise ConditionError(f'There is no column "{name}".', where=where, remedy=did_you_mean(name, names))
    if not set(table.columns) & set(names):
        raise DataError("None of the model's columns is there.", where=table.origin, remedy=did_you_mean(table.columns[0], names))
    frame = table.frame
    columns = [_typed(frame[c.name] if c.name in frame.columns else None, c, frame.height, table.origin) for c in model.schema.columns]
    return table, pl.DataFrame(columns)


def _typed(series: pl.Series | None, column: ColumnSchema, rows: int, origin: str) -> pl.Series:
    """Typed values in the type that the model has learned them in."""
    dtype = typed(pl.Series(column.name, [], dtype=polars_dtype(column.dtype, [str(c) for c in column.categories or []])), column).dtype
    if series is None or series.dtype == pl.Null:
        return pl.Series(column.name, [None] * rows, dtype=dtype)
    try:
        return typed(series, column).cast(dtype)
    except UnderstudyError as error:
        error.where = f"{origin}, {error.where}" if error.where else origin
        raise
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f'The column "{column.name}" holds {series.dtype}, where the model has learned {dtype}.',
            where=origin,
            remedy="Give its values as the model's table had them.",
        ) from error


def _encoded(model: TableSynthesizer, recovered: pl.DataFrame, strict: bool) -> tuple[Encoded, Mask]:
    """Tokens of the learned columns, and which of them are given."""
    forward, codec = model.constraints.forward(recovered), model.codec
    given, unknown = np.zeros((recovered.height, len(codec.fields)), bool), []
    for column in codec.columns:
        there = _there(model.constraints, recovered, column.name)
        if not strict and isinstance(column, CategoryColumn | ConstantColumn):
            known = _level_is_known(column, forward[column.name])
            unknown += [column.name] * bool((there & ~known).any())
            there &= known
        for j in codec._places(column):
            given[:, j] = there
    if unknown:
        names = ", ".join(f'"{name}"' for name in unknown)
        warnings.warn(f"Values that the model does not know count as not given, in {names}.", UserWarning, stacklevel=4)
    return codec.encode(forward), given


def _there(constraints: Constraints, recovered: pl.DataFrame, name: str) -> Mask:
    """Where a learned column is given: one that stands in for others, where all of them are."""
    if name in recovered.columns:
        return recovered[name].is_not_null().to_numpy().copy()
    for derivation in constraints.derivations:
        added = derivation.added()
        if added is not None and added.name == name:
            return np.asarray(np.logical_and.reduce([recovered[c].is_not_null().to_numpy() for c in derivation.dropped]))
    return np.zeros(recovered.height, bool)


def _level_is_known(column: CategoryColumn | ConstantColumn, values: pl.Series) -> Mask:
    levels = column.levels if isinstance(column, CategoryColumn) else column.value
    return values.cast(pl.String).is_in(levels.cast(pl.String).implode()).fill_null(False).to_numpy()


def _refuse_unknown(column: ColumnCodec, values: pl.Series, where: str) -> None:
    """Raises ``ConditionError`` for a cell that the column cannot hold, as a condition on it would be refused."""
    if isinstance(column, RemadeColumn):
        return
    distinct = values.drop_nulls().unique(maintain_order=True)
    looked_at = distinct.head(LOOKED_AT).to_list()
    if len(distinct) > LOOKED_AT and (values.dtype.is_numeric() or values.dtype.is_temporal()):
        looked_at += [distinct.min(), distinct.max()]
    for value in looked_at:
        try:
            column.restrict(Condition(column.name, (value,)))
        except ConditionError as error:
            row = int((values == value).fill_null(False).arg_max() or 0) + 1
            raise ConditionError(error.what, where=f'{where}, row {row}, column "{column.name}"', remedy=error.remedy) from None


def _consistent(constraints: Constraints, values: pl.DataFrame) -> Mask:
    """Rows whose given cells alone break no rule."""
    kept = ~constraints.contradicted(values)
    for derivation in constraints.derivations:
        whole = pl.all_horizontal(
            pl.col(name).is_not_null() for name in {*derivation.sources, *derivation.dropped} if name in values.columns
        )
        rows = np.flatnonzero(values.select(w=whole)["w"].to_numpy())
        if len(rows):
            part = values[rows]
            again = derivation.backward(derivation.forward(part).drop(derivation.dropped))
            kept[rows] &= _agree(again.select(derivation.dropped), part)
    return kept


def _narrowed(model: TableSynthesizer, recovered: pl.DataFrame, strict: bool, where: str) -> tuple[Integers, tuple[Narrowed, ...]]:
    """Rows by what their given derived cells leave of the fields."""
    evidence = _derived_evidence(model.constraints, recovered)
    if not evidence.width:
        return np.zeros(recovered.height, np.int64), (Narrowed(),)
    _, first, group = np.unique(evidence.hash_rows().to_numpy(), return_index=True, return_inverse=True)
    if len(first) > MOST_GROUPS:
        return np.zeros(recovered.height, np.int64), (Narrowed(),)
    groups = []
    for row in first:
        asked = {name: Condition(name, (value,)) for name, value in evidence.row(int(row), named=True).items() if value is not None}
        groups.append(_told(model, asked, strict, f"{where}, row {int(row) + 1}"))
    return group.ravel().astype(np.int64), tuple(groups)


def _derived_evidence(constraints: Constraints, recovered: pl.DataFrame) -> pl.DataFrame:
    """Given derived cells of which not all sources are given; null elsewhere."""
    found = []
    for derivation in constraints.derivations:
        added = derivation.added()
        sources = [name for name in derivation.sources if name in recovered.columns]
        names = sources if sources else list(derivation.dropped) if added is not None else []
        if not names:
            continue
        loose = ~pl.all_horizontal(pl.col(name).is_not_null() for name in names)
        found += [pl.when(loose).then(pl.col(name)).alias(name) for name in derivation.dropped]
    evidence = recovered.select(found)
    return evidence.select(name for name in evidence.columns if evidence[name].null_count() < evidence.height)


def _told(model: TableSynthesizer, asked: dict[str, Condition], strict: bool, where: str) -> Narrowed:
    try:
        wanted, _ = model.constraints.translate(asked)
        restricted = model.codec.restrict({name: wish for name, wish in wanted.items() if name not in asked})
    except ConditionError as error:
        if strict:
            raise ConditionError(error.what, where=where, remedy=error.remedy) from None
        return Narrowed()
    return Narrowed(restricted.allowed, restricted.limits)


def _both(first: Mapping[int, Allowed], second: Mapping[int, Allowed]) -> dict[int, Allowed]:
    """Both restrictions at once; the second alone where they exclude one another."""
    found = {**first, **second}
    for j in first.keys() & second.keys():
        mask = first[j].mask & second[j].mask
        if mask.any():
            found[j] = replace(second[j], mask=mask, low=max(first[j].low, second[j].low), high=min(first[j].high, second[j].high))
    return found


def without_null(field: Field) -> Allowed | None:
    """A restriction to the values of a field that can be missing too."""
    if field.null_token is None or not (np.delete(field.shares, field.null_token) > 0).any():
        return None
    mask = np.ones(field.size, bool)
    mask[field.null_token] = False
    return Allowed(mask, nullable=True)


def _overlaid(frame: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with the cells that ``values`` has."""
    names = [name for name in frame.columns if name in values.columns and values[name].null_count() < values.height]
    mixed = [values[name].cast(frame.schema[name]).zip_with(values[name].is_not_null(), frame[name]).alias(name) for name in names]
    return frame.with_columns(mixed)


def _within(model: TableSynthesizer, finished: pl.DataFrame, drawn: pl.DataFrame) -> Mask:
    """Rows whose changed numbers stay inside of what their columns hold."""
    inside = np.ones(finished.height, bool)
    for column in model.codec.columns:
        if isinstance(column, NumberColumn) and column.name in finished.columns:
            axis = column.axis.forward(finished[column.name])
            shape = column.number.shape
            changed = (finished[column.name] != drawn[column.name]).fill_null(False).to_numpy()
            inside &= ~changed | ((axis >= shape.lowest) & (axis <= shape.highest))
    return inside


def _with_rows(frame: pl.DataFrame, at: Integers, fresh: pl.DataFrame) -> pl.DataFrame:
    index = np.arange(frame.height)
    index[at] = frame.height + np.arange(len(at))
    return pl.concat([frame, fresh.select(frame.columns)])[index]


def _agree(made: pl.DataFrame, values: pl.DataFrame) -> Mask:
    """Rows of ``made`` that hold every cell that ``values`` has."""
    agree = np.ones(made.height, bool)
    for name in made.columns:
        if name not in values.columns or values[name].null_count() == values.height:
            continue
        wanted, found = values[name], made[name]
        if wanted.dtype.is_float():
            near = (wanted - found).abs() <= 1e-9 * (1 + wanted.abs())
        else:
            near = wanted.cast(found.dtype) == found
        agree &= (near.fill_null(False) | wanted.is_null()).to_numpy()
    return agree
