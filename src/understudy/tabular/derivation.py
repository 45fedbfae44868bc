"""Columns that are computed from others: copies, sums, lookups, one-hot groups. See `constraints.py`.

To add one, subclass `Derivation` and write its methods; `constraints.py` imports its file and says which rule it builds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pyarrow.compute as pc

from understudy.core.errors import ArtifactError, ConditionError
from understudy.data.condition import Condition, meets
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.codec.stored import restore, store

Tables = dict[str, pl.DataFrame]
_COUNT = "\x00rows"


class Derivation(ABC):
    """One or more columns (``dropped``) that are computed from ``sources``.

    `begin`, `take` for every chunk and `finish` learn what it needs. ``exact``: `translate` says all about a condition.
    """

    tag: ClassVar[str]
    exact: bool = True
    target: str
    dropped: tuple[str, ...]
    sources: tuple[str, ...]
    kinds: ClassVar[dict[str, type[Derivation]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Derivation.kinds[cls.tag] = cls

    def begin(self, schema: TableSchema) -> None: ...

    def take(self, chunk: pl.DataFrame) -> None: ...

    def finish(self, rare: int, extremes: int) -> None: ...

    def added(self) -> ColumnSchema | None:
        """A column that stands in for those dropped."""
        return None

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame

    @abstractmethod
    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the dropped columns."""

    def recover(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Partial rows (null: not given) with the sources that a given derived cell leaves no choice."""
        return frame

    def freed(self, frame: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
        """Finished rows with one drawn source taken out where the target is ``given``, if `recover` can put it right."""
        return frame

    def present(self) -> Condition | None:
        """What the added column must be so that the dropped ones are there; None where it always does, or there is none."""
        return None

    @abstractmethod
    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        """Conditions on the sources that a condition on a dropped column amounts to, or implies where not ``exact``."""

    @abstractmethod
    def what(self) -> str: ...

    @abstractmethod
    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]: ...

    @classmethod
    @abstractmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation: ...


class Copy(Derivation):
    """A column equal to another."""

    tag = "copy"

    def __init__(self, target: str, sources: tuple[str, ...], dtype: pl.DataType | None = None) -> None:
        self.target, self.sources, self.dropped = target, sources, (target,)
        self._empty = pl.Series(target, [], dtype=dtype)

    def take(self, chunk: pl.DataFrame) -> None:
        self._empty = chunk[self.target].clear()

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col(self.sources[0]).cast(self._empty.dtype).alias(self.target))

    def recover(self, frame: pl.DataFrame) -> pl.DataFrame:
        source = self.sources[0]
        return frame.with_columns(pl.coalesce(pl.col(source), pl.col(self.target).cast(frame.schema[source])).alias(source))

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        twin = others.get(self.sources[0])
        if twin is not None:
            raise ConditionError(
                f'"{self.target}" and "{self.sources[0]}" are equal in every row; both are conditioned.',
                where="given",
                remedy="Condition one of them.",
            )
        excluded = tuple(replace(each, column=self.sources[0]) for each in condition.excluded)
        return [replace(condition, column=self.sources[0], excluded=excluded)]

    def what(self) -> str:
        return f'not learned: copied from "{self.sources[0]}"'

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        return {"target": self.target, "sources": list(self.sources), "type": store(self._empty.to_frame())[0]}, None

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        return cls(facts["target"], tuple(facts["sources"]), restore(facts["type"], None)[facts["target"]].dtype)


class Total(Derivation):
    """A sum of columns (``whole``), or the part that is left of the total (first source) when the other parts are taken off.

    Computed in whole units of the last decimal, so that it is exact. Where the target can be missing although its sources are
    there, whether it is missing becomes a column of its own.
    """

    tag = "total"
    exact = False

    def __init__(self, target: str, sources: tuple[str, ...], *, whole: bool, decimals: int) -> None:
        self.target, self.sources, self.dropped = target, sources, (target,)
        self.whole, self.decimals = whole, decimals
        self.integer = True
        self.missing_apart = False

    @property
    def _presence(self) -> str:
        return f"{self.target}|missing"

    def take(self, chunk: pl.DataFrame) -> None:
        self.integer = chunk.schema[self.target].is_integer()
        there = pl.all_horizontal(pl.col(s).is_not_null() for s in self.sources)
        self.missing_apart |= bool(chunk.select((pl.col(self.target).is_null() & there).any()).item())

    def added(self) -> ColumnSchema | None:
        return ColumnSchema(name=self._presence, kind="boolean", dtype="Boolean") if self.missing_apart else None

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col(self.target).is_null().alias(self._presence)) if self.missing_apart else frame

    def _units(self, frame: pl.DataFrame, name: str) -> pl.Expr:
        """A column in whole units of the last decimal."""
        unit = 10**self.decimals
        whole: pl.Expr = pl.col(name).cast(pl.Int64) * unit
        rounded: pl.Expr = (pl.col(name) * unit).round().cast(pl.Int64)
        return whole if frame.schema[name].is_integer() else rounded

    def recover(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The one source that is not given, where the target and all others are."""
        names, unit = [self.target, *self.sources], 10**self.decimals
        signs = [-1, *([1] * len(self.sources) if self.whole else [1] + [-1] * (len(self.sources) - 1))]
        for k, name in enumerate(names[1:], 1):
            rest = [(signs[i], other) for i, other in enumerate(names) if i != k]
            only = pl.col(name).is_null() & pl.all_horizontal(pl.col(other).is_not_null() for _, other in rest)
            left = pl.sum_horizontal(-signs[k] * sign * self._units(frame, other) for sign, other in rest)
            value = (left // unit if frame.schema[name].is_integer() else left / unit).cast(frame.schema[name])
            frame = frame.with_columns(pl.when(only).then(value).otherwise(pl.col(name)).alias(name))
        return frame

    def freed(self, frame: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
        """The last source that was drawn."""
        waiting = given[self.target].is_not_null()
        for name in reversed(self.sources):
            out = waiting & given[name].is_null()
            frame = frame.with_columns(frame[name].set(out, None))
            waiting = waiting & ~out
        return frame

    def present(self) -> Condition | None:
        return Condition(self._presence, (False,)) if self.missing_apart else None

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        unit = 10**self.decimals
        units = [self._units(frame, s) for s in self.sources]
        total = units[0]
        for more in units[1:]:
            total = total + more if self.whole else total - more
        value = total // unit if self.integer else total / unit
        if self.missing_apart:
            value = pl.when(~pl.col(self._presence)).then(value)
        frame = frame.with_columns(value.alias(self.target))
        return frame.drop(self._presence) if self.missing_apart else frame

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        return []

    def what(self) -> str:
        parts = " + ".join(f'"{s}"' for s in self.sources) if self.whole else " - ".join(f'"{s}"' for s in self.sources)
        return f"not learned: computed as {parts}"

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        return {
            "target": self.target, "sources": list(self.sources), "whole": self.whole, "decimals": self.decimals,
            "integer": self.integer, "missing_apart": self.missing_apart,
        }, None  # fmt: skip

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        made = cls(facts["target"], tuple(facts["sources"]), whole=facts["whole"], decimals=facts["decimals"])
        made.integer, made.missing_apart = facts["integer"], facts["missing_apart"]
        return made


class Lookup(Derivation):
    """A column that others determine: looked up among the pairs of training.

    Pairs whose determinants too few rows hold are not kept; should such a determinant be drawn all the same (a number between
    others, a combination of levels), it gets what the nearest number has, or else the commonest value.
    """

    tag = "lookup"

    def __init__(self, target: str, sources: tuple[str, ...]) -> None:
        self.target, self.sources, self.dropped = target, sources, (target,)
        self.exact = len(sources) == 1
        self._seen: list[pl.DataFrame] = []
        self.pairs = pl.DataFrame()
        self.usual = pl.DataFrame()
        self.listed = 0

    def take(self, chunk: pl.DataFrame) -> None:
        self._seen.append(chunk.group_by([*self.sources, self.target]).len(_COUNT))
        if len(self._seen) > 8:
            self._seen = [self._merged()]

    def _merged(self) -> pl.DataFrame:
        return pl.concat(self._seen).group_by([*self.sources, self.target]).agg(pl.col(_COUNT).sum())

    def finish(self, rare: int, extremes: int) -> None:
        seen = self._merged().sort([_COUNT, *self.sources], descending=[True] + [False] * len(self.sources), nulls_last=True)
        self.usual = (
            seen.group_by(self.target, maintain_order=True)
            .agg(pl.col(_COUNT).sum())
            .sort(_COUNT, descending=True, maintain_order=True)
            .select(self.target)
            .head(1)
        )
        # Rows that break the rule in training: the value that most rows have counts.
        pairs = seen.unique(self.sources, keep="first", maintain_order=True)
        kept = pairs.filter(self._shared(seen, rare, extremes))
        self.listed = pairs.height - kept.height
        self.pairs = kept.drop(_COUNT)
        self._seen = []

    def _shared(self, seen: pl.DataFrame, rare: int, extremes: int) -> pl.Expr:
        """Pairs that enough rows share, or whose every part enough rows share; numbers need no company but at the two ends."""
        alone = pl.col(_COUNT) >= rare
        parts = [self._common(seen, self.target, rare)]
        for source in self.sources:
            if seen.schema[source].is_numeric() or seen.schema[source].is_temporal():
                parts.append(_not_extreme(seen, source, extremes))
            else:
                parts.append(self._common(seen, source, rare))
        return alone | pl.all_horizontal(parts)

    @staticmethod
    def _common(seen: pl.DataFrame, name: str, rare: int) -> pl.Expr:
        rows = seen.group_by(name).agg(pl.col(_COUNT).sum()).filter(pl.col(_COUNT) >= rare)
        return pl.col(name).is_in(rows[name].implode(), nulls_equal=True)

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        found = self._by_place(frame) if len(self.sources) == 1 else self._by_join(frame)
        return frame.with_columns(found.alias(self.target))

    def _by_place(self, frame: pl.DataFrame) -> pl.Series:
        keys = frame[self.sources[0]]
        keys = keys.cast(self.pairs.schema[self.sources[0]])
        places = pc.index_in(keys.to_arrow(), self._keys)
        place = np.array(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), np.int64)
        lost = place < 0
        if lost.any():
            place[lost] = self._nearest(keys.filter(pl.Series(lost)))
        return self._values.gather(place)

    @cached_property
    def _keys(self) -> Any:
        return self.pairs[self.sources[0]].to_arrow()

    @cached_property
    def _values(self) -> pl.Series:
        """The dependent of each pair, and last the commonest."""
        return pl.concat([self.pairs[self.target], self.usual[self.target]], rechunk=True)

    def _nearest(self, keys: pl.Series) -> Any:
        """Places of the nearest known numbers; of the commonest value where keys have no distance."""
        known = self.pairs[self.sources[0]]
        if not (keys.dtype.is_numeric() or keys.dtype.is_temporal()) or not len(known.drop_nulls()):
            return np.full(len(keys), len(known))
        number = known.to_physical().cast(pl.Float64).to_numpy()
        order = np.argsort(number)[: len(known.drop_nulls())]
        ascending = number[order]
        wanted = keys.to_physical().cast(pl.Float64).to_numpy()
        right = np.searchsorted(ascending, wanted).clip(0, len(order) - 1)
        left = (right - 1).clip(0)
        nearest = np.where(wanted - ascending[left] <= ascending[right] - wanted, order[left], order[right])
        return np.where(np.isnan(wanted), len(known), nearest)

    def _by_join(self, frame: pl.DataFrame) -> pl.Series:
        found = frame.select(self.sources).join(
            self.pairs.with_columns(pl.lit(True).alias(_COUNT)), on=list(self.sources), how="left", nulls_equal=True, maintain_order="left"
        )
        known = found[_COUNT].fill_null(False)
        return found.select(pl.when(known).then(pl.col(self.target)).otherwise(self.usual[self.target].item()))[self.target]

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        met = self.pairs.filter(pl.Series(meets(self.pairs[self.target], condition)))
        if not met.height:
            raise ConditionError(
                f'No value of the column "{self.target}" meets the condition.',
                where=f'given, column "{self.target}"',
                remedy=self._domain(),
            )
        found = []
        for source in self.sources:
            values = met[source].unique(maintain_order=True)
            found.append(Condition(source, tuple(values.drop_nulls().to_list()), null=values.null_count() > 0))
        return found

    def _domain(self) -> str:
        values = self.pairs[self.target].drop_nulls().unique(maintain_order=True)
        shown = ", ".join(repr(v) for v in values.head(12))
        return f"Its values are: {shown}{' …' if len(values) > 12 else ''}."

    def what(self) -> str:
        by = " and ".join(f'"{s}"' for s in self.sources)
        text = f"not learned: looked up by {by} among {self.pairs.height} pairs"
        return f"{text}; {self.listed} pairs that too few rows hold are not kept" if self.listed else text

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        facts, table = store(self.pairs)
        return {"target": self.target, "sources": list(self.sources), "pairs": facts, "usual": store(self.usual)[0]}, table

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        made = cls(facts["target"], tuple(facts["sources"]))
        made.pairs, made.usual = restore(facts["pairs"], table), restore(facts["usual"], None)
        return made


def _not_extreme(seen: pl.DataFrame, name: str, extremes: int) -> pl.Expr:
    """Numbers with at least ``extremes`` rows at or beyond them on either side; missing counts as common."""
    ordered = seen.group_by(name).agg(pl.col(_COUNT).sum()).drop_nulls().sort(name)
    rows = ordered[_COUNT].cum_sum()
    low = ordered.filter(rows >= extremes)[name].min()
    high = ordered.filter(rows.max() - rows + ordered[_COUNT] >= extremes)[name].max()
    if low is None or high is None:
        return pl.lit(False)
    return pl.col(name).is_between(low, high).fill_null(True)


class Joined(Derivation):
    """0/1 columns of which one is 1, as one categorical column that names it."""

    tag = "joined"

    def __init__(self, columns: tuple[str, ...], example: pl.DataFrame | None = None) -> None:
        self.target, self.dropped = columns[0], columns
        self.name = f"{columns[0]}|group"
        self.sources: tuple[str, ...] = ()
        self._example = pl.DataFrame() if example is None else example

    def take(self, chunk: pl.DataFrame) -> None:
        self._example = chunk.select(self.dropped).clear()

    def added(self) -> ColumnSchema | None:
        return ColumnSchema(name=self.name, kind="categorical", dtype="String", nullable=True)

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        hot = pl.coalesce(pl.when(self._is_hot(frame, c)).then(pl.lit(c)) for c in self.dropped)
        missing = pl.any_horizontal(pl.col(c).is_null() for c in self.dropped)
        return frame.with_columns(pl.when(~missing).then(hot).alias(self.name))

    def recover(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Beside a given 1 all others are 0; where all but one are 0, that one is 1."""
        hot = pl.any_horizontal(self._is_hot(frame, c).fill_null(False) for c in self.dropped)
        cold = [(~self._is_hot(frame, c)).fill_null(False) for c in self.dropped]
        changed = []
        for k, c in enumerate(self.dropped):
            last = pl.all_horizontal(cold[:k] + cold[k + 1 :])
            value = pl.when(hot).then(0).when(last).then(1).cast(pl.Int64)
            changed.append(pl.coalesce(pl.col(c), value.cast(self._example.schema[c])).alias(c))
        return frame.with_columns(changed)

    @staticmethod
    def _is_hot(frame: pl.DataFrame, column: str) -> pl.Expr:
        if frame.schema[column] == pl.Boolean:
            return pl.col(column)
        return pl.col(column).cast(pl.Float64, strict=False) == 1.0

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        # A stand-in for rare choices names none of the columns: the first is as good as any.
        name = pl.col(self.name)
        told = name.is_in(list(self.dropped)) | name.is_null()
        frame = frame.with_columns(pl.when(told).then(name).otherwise(pl.lit(self.dropped[0])).alias(self.name))
        spread = [(pl.col(self.name) == c).cast(pl.Int64).cast(self._example.schema[c]).alias(c) for c in self.dropped]
        return frame.with_columns(spread).drop(self.name)

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        values = pl.Series([0, 1]).cast(self._example.schema[condition.column])
        cold, hot = (bool(met) for met in meets(values, condition))
        choices = tuple(c for c in self.dropped if (hot if c == condition.column else cold))
        if not choices and not condition.null:
            raise ConditionError(f'The column "{condition.column}" holds 0 and 1.', where=f'given, column "{condition.column}"')
        return [Condition(self.name, choices, null=condition.null)]

    def what(self) -> str:
        return f"learned as one choice among {len(self.dropped)} columns, exactly one of which is 1"

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        return {"columns": list(self.dropped), "types": store(self._example)[0]}, None

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        return cls(tuple(facts["columns"]), restore(facts["types"], None))


def derivation_from_state(facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
    """The derivation that `to_state` wrote down."""
    facts = dict(facts)
    kind = Derivation.kinds.get(facts.pop("tag"))
    if kind is None:
        raise ArtifactError("The model holds a constraint of a kind that this release does not know.")
    return kind.from_state(facts, table)
