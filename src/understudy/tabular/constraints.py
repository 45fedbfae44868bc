"""Declared constraints compiled: derived columns leave before learning and are recomputed after, so that every row keeps the rule.

| rule | forward | backward |
|---|---|---|
| dependency a → b | b is dropped | b is looked up in the pairs seen in training |
| total = sum of parts | one of them is dropped | recomputed in whole units of its last decimal |
| equal a = b | b is dropped | copied |
| one-hot group | joined into one categorical column | spread again |
| low ≤ high | nothing: `bounds` tells the chain | what rounding broke is moved onto the bound |

A column is dropped by one rule only, and never computed from itself by way of others. Rules that cannot be built in this way are
`tested`: rows that break them are drawn again. Frames hold typed values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError
from understudy.data.condition import Condition, meets
from understudy.data.constraints import Dependency, Equal, Inequality, OneHot, Sum
from understudy.data.schema import TableSchema
from understudy.tabular.derivation import Copy, Derivation, Joined, Lookup, Tables, Total, derivation_from_state

Mask = NDArray[np.bool_]


class Chunked(Protocol):
    def chunks(self) -> Iterator[pl.DataFrame]: ...


@dataclass(frozen=True)
class Bound:
    """low ≤ high, or low < high where ``strict``, between two columns of typed values. ``step``: the least difference."""

    low: str
    high: str
    strict: bool

    def kept(self, frame: pl.DataFrame) -> pl.Expr:
        """Whether a row keeps it; missing values break nothing."""
        low, high = _comparable(frame, self.low), _comparable(frame, self.high)
        return ((low < high) if self.strict else (low <= high)).fill_null(True)


@dataclass
class Constraints:
    """Compiled constraints. Made by `fit` or `from_state`.

    ``schema``: what is left to learn, after `forward`. ``bounds``: (low column, high column, strict) for the chain.
    ``notes``: (column, what was done, why), for the fit's record.
    """

    schema: TableSchema
    derivations: list[Derivation] = field(default_factory=list)
    inequalities: list[Bound] = field(default_factory=list)
    movable: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def bounds(self) -> list[tuple[str, str, bool]]:
        return [(b.low, b.high, b.strict) for b in self.inequalities]

    @classmethod
    def fit(cls, table: Chunked, schema: TableSchema, rare: int, extremes: int) -> Self:
        """Compile the schema's enforced constraints and learn their tables from the typed rows.

        ``rare``: rows that a value needs to be listed in a lookup. ``extremes``: rows at either end of a number that are not.
        """
        plan = _Plan(schema)
        plan.build()
        for derivation in plan.derivations:
            derivation.begin(schema)
        if plan.derivations:
            for chunk in table.chunks():
                for derivation in plan.derivations:
                    derivation.take(chunk)
        for derivation in plan.derivations:
            derivation.finish(rare, extremes)
        movable = {_key(b): _movable(b, plan.derivations, schema) for b in plan.inequalities}
        notes = plan.notes + [(d.target, d.what(), "the rule holds in every row of the output") for d in plan.derivations]
        return cls(_forward_schema(schema, plan.derivations), plan.derivations, plan.inequalities, movable, notes)

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Typed rows without what is derived."""
        for derivation in self.derivations:
            frame = derivation.forward(frame)
        dropped = {name for d in self.derivations for name in d.dropped}
        return frame.drop(dropped)

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Typed rows with everything derived, and inequalities mended. Columns are in no particular order."""
        frame = self._mended(frame)
        for derivation in reversed(self.derivations):
            frame = derivation.backward(frame)
        return self._mended(frame)

    def _mended(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that break an inequality get the movable one of the two columns put onto the bound."""
        for _ in range(len(self.inequalities) or 0):
            broken = False
            for bound in self.inequalities:
                column = self.movable[_key(bound)]
                if not column or bound.low not in frame.columns or bound.high not in frame.columns:
                    continue
                kept = frame.select(k=bound.kept(frame))["k"]
                if kept.all():
                    continue
                broken = True
                moved = _onto(frame, bound, column, self.schema)
                frame = frame.with_columns(pl.when(kept).then(pl.col(column)).otherwise(moved).alias(column))
            if not broken:
                break
        return frame

    def tested(self, frame: pl.DataFrame) -> Mask:
        """Which rows keep every inequality (n,): those that could not be mended are drawn again."""
        kept = np.ones(frame.height, bool)
        for bound in self.inequalities:
            kept &= frame.select(k=bound.kept(frame))["k"].to_numpy()
        return kept

    @property
    def may_break(self) -> bool:
        """True where some inequality can be kept only by drawing again: both sides are derived, or hang together."""
        return bool(self.inequalities) and (len(self.inequalities) > 1 or not all(self.movable.values()))

    def translate(self, given: Mapping[str, Condition]) -> tuple[dict[str, Condition], list[Condition]]:
        """Conditions on derived columns as conditions on those that they derive from; and those that rows must be tested for.

        Raises ``ConditionError`` where a derived column never takes the value.
        """
        wanted, tested = dict(given), []
        for derivation in self.derivations:
            for name in derivation.dropped:
                if name not in wanted:
                    continue
                condition = wanted.pop(name)
                for more in derivation.translate(condition, wanted):
                    wanted[more.column] = _both(wanted.get(more.column), more)
                if not derivation.exact:
                    tested.append(condition)
        return wanted, tested

    def to_state(self) -> tuple[dict[str, Any], Tables]:
        """JSON facts and tables; the schema is the caller's to keep."""
        tables: Tables = {}
        steps = []
        for number, derivation in enumerate(self.derivations):
            facts, table = derivation.to_state()
            steps.append({"tag": derivation.tag, **facts})
            if table is not None:
                tables[f"constraints.{number}"] = table
        bounds = [{"low": b.low, "high": b.high, "strict": b.strict, "move": self.movable[_key(b)]} for b in self.inequalities]
        return {"steps": steps, "bounds": bounds, "schema": self.schema.model_dump(mode="json", exclude_none=True)}, tables

    @classmethod
    def from_state(cls, facts: dict[str, Any], tables: Tables) -> Self:
        steps = [derivation_from_state(step, tables.get(f"constraints.{k}")) for k, step in enumerate(facts["steps"])]
        bounds = [Bound(b["low"], b["high"], b["strict"]) for b in facts["bounds"]]
        movable = {_key(b): entry["move"] for b, entry in zip(bounds, facts["bounds"], strict=True)}
        return cls(TableSchema.model_validate(facts["schema"]), steps, bounds, movable)


class _Plan:
    """Which rule drops which column, so that no column is dropped twice or computed from itself."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.derivations: list[Derivation] = []
        self.inequalities: list[Bound] = []
        self.notes: list[tuple[str, str, str]] = []
        self._from: dict[str, tuple[str, ...]] = {}
        self._remade = {c.name for c in schema.columns if c.remade}
        self._joined: set[str] = set()

    def build(self) -> None:
        enforced = [c for c in self.schema.constraints if c.enforce]
        rank: list[type] = [Equal, OneHot, Sum, Dependency, Inequality]
        for rule in sorted(enforced, key=lambda c: rank.index(type(c))):
            match rule:
                case Equal():
                    self._one_of([(rule.b, (rule.a,)), (rule.a, (rule.b,))], lambda t, s: Copy(t, s), "equality")
                case OneHot():
                    self._join(rule)
                case Sum():
                    self._sum(rule)
                case Dependency():
                    self._depend(rule)
                case Inequality():
                    self.inequalities.append(Bound(rule.low, rule.high, rule.strict))
        self.derivations = self._sorted()

    def _one_of(
        self, choices: Iterable[tuple[str, tuple[str, ...]]], make: Callable[[str, tuple[str, ...]], Derivation], rule: str
    ) -> None:
        """The first target that may be derived from its sources; a note where there is none."""
        options = list(choices)
        for target, sources in options:
            if self._may(target, sources):
                self._from[target] = sources
                self.derivations.append(make(target, sources))
                return
        if options[0][0] not in self._from:
            self.notes.append(
                (options[0][0], f"the {rule} is not built in", "its columns are made anew, or derived from one another already")
            )

    def _may(self, target: str, sources: tuple[str, ...]) -> bool:
        if target in self._from or target in self._joined or (target in self._remade and not self._twins(target, sources)):
            return False
        return target not in self._ancestors(sources)

    def _twins(self, target: str, sources: tuple[str, ...]) -> bool:
        """A remade column may be the copy of another one, and nothing else."""
        return len(sources) == 1 and sources[0] in self._remade

    def _ancestors(self, names: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._from.get(name, ())
        return found

    def _join(self, rule: OneHot) -> None:
        if any(name in self._remade or name in self._from or name in self._joined for name in rule.columns):
            self.notes.append((rule.columns[0], "the one-hot group is not built in", "its columns are derived from others already"))
            return
        self._joined.update(rule.columns)
        self.derivations.append(Joined(tuple(rule.columns)))

    def _sum(self, rule: Sum) -> None:
        options: list[tuple[str, tuple[str, ...]]] = [(rule.total, tuple(rule.parts))]
        options += [(part, (rule.total, *(p for p in rule.parts if p != part))) for part in reversed(rule.parts)]
        if self._remade.intersection([rule.total, *rule.parts]):
            self.notes.append((rule.total, "the sum is not built in", "some of its columns are made anew"))
            return
        self._one_of(options, lambda t, s: Total(t, s, whole=t == rule.total, decimals=rule.decimals), "sum")

    def _depend(self, rule: Dependency) -> None:
        if self._remade.intersection(rule.determinants):
            self.notes.append((rule.dependent, "the dependency is not built in", "what it depends on is made anew for every row"))
            return
        options = [(rule.dependent, tuple(rule.determinants))]
        if rule.one_to_one and len(rule.determinants) == 1:
            options.append((rule.determinants[0], (rule.dependent,)))
        self._one_of(options, lambda t, s: Lookup(t, s), "dependency")

    def _sorted(self) -> list[Derivation]:
        """In the order of `forward`: a column leaves before those that it is computed from."""
        ordered: list[Derivation] = []
        waiting = list(self.derivations)
        while waiting:
            needed = {s for d in waiting for s in d.sources}
            free = [d for d in waiting if not needed.intersection(d.dropped)]
            ordered += free
            waiting = [d for d in waiting if d not in free]
        return ordered


def _forward_schema(schema: TableSchema, derivations: list[Derivation]) -> TableSchema:
    dropped = {name for d in derivations for name in d.dropped}
    columns = [c for c in schema.columns if c.name not in dropped]
    columns += [added for d in derivations if (added := d.added()) is not None]
    return TableSchema(columns=columns)


def _both(first: Condition | None, second: Condition) -> Condition:
    """Two conditions on one column, where the second has choices."""
    if first is None:
        return second
    assert second.choices is not None
    met = [bool(meets(pl.Series([choice]), first)[0]) for choice in second.choices]
    choices = tuple(choice for choice, holds in zip(second.choices, met, strict=True) if holds)
    null = first.null and second.null
    if not choices and not null:
        raise ConditionError(f'The conditions on "{second.column}" and on a column that goes with it exclude one another.', where="given")
    return Condition(second.column, choices, null=null)


def _key(bound: Bound) -> str:
    return f"{bound.low}\x00{bound.high}"


def _movable(bound: Bound, derivations: list[Derivation], schema: TableSchema) -> str:
    """Which of the two columns can be moved without breaking another rule: the higher one if possible; "" where neither can."""
    tied = {name for d in derivations for name in (*d.dropped, *d.sources)}
    for name in (bound.high, bound.low):
        if name not in tied and not schema.column(name).remade and schema.column(name).kind != "constant":
            return name
    return ""


def _comparable(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("us")) if frame.schema[name] == pl.Date else pl.col(name)


def _onto(frame: pl.DataFrame, bound: Bound, column: str, schema: TableSchema) -> pl.Expr:
    """The value of ``column`` nearest to what it is that keeps the bound."""
    other = bound.low if column == bound.high else bound.high
    upward = column == bound.high
    source, target = frame.schema[other], frame.schema[column]
    value = pl.col(other)
    if target.is_temporal():
        return _moment_onto(value, source, target, upward, bound.strict)
    decimals = 0 if target.is_integer() else schema.column(column).decimals if column in schema.names else None
    if decimals is None:
        return value.cast(target) if not bound.strict else value.cast(target) + (1e-9 if upward else -1e-9) * (1 + value.abs())
    unit = 10.0**decimals
    points = value.cast(pl.Float64) * unit
    whole = (points - 1e-6).ceil() if upward else (points + 1e-6).floor()
    if bound.strict:
        near = (points - whole).abs() < 1e-6
        whole = pl.when(near).then(whole + (1 if upward else -1)).otherwise(whole)
    if target.is_integer():
        exact = value.cast(target) + (int(bound.strict) if upward else -int(bound.strict))
        return exact if source.is_integer() else whole.cast(target)
    return (whole / unit).cast(target)


def _moment_onto(value: pl.Expr, source: pl.DataType, target: pl.DataType, upward: bool, strict: bool) -> pl.Expr:
    if target == pl.Date:
        day = value.cast(pl.Date)
        later = strict if source == pl.Date else upward or strict
        return day.dt.offset_by(("1d" if upward else "-1d") if later else "0d")
    if target == pl.Time or isinstance(target, pl.Duration):
        return value.cast(target)
    return value.cast(target).dt.offset_by(("1s" if upward else "-1s") if strict else "0s")
