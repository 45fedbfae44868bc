"""Declared constraints compiled: derived columns leave before learning and are recomputed after, so that every row keeps the rule.

| rule | forward | backward |
|---|---|---|
| dependency a → b | b is dropped | b is looked up in the pairs seen in training |
| total = sum of parts | one of them is dropped | recomputed in whole units of its last decimal |
| equal a = b | b is dropped | copied |
| one-hot group | joined into one categorical column | spread again |
| formula | the target is dropped | recomputed, in its own type and decimals |
| combinations | joined into one categorical column | looked up again |
| low ≤ high | nothing: `bounds` tells the chain | what rounding broke is moved onto the bound |
| range, implication, regex, unique | nothing | tested |

A column is dropped by one rule only, and never computed from itself by way of others. Rules that cannot be built in this way are
`tested`: rows that break them are drawn again (`redrawing.py`). A regular expression on a column that is made anew is its regenerator's
to keep. Frames hold typed values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import TypeAdapter

from understudy.core.errors import ConditionError, ConstraintError
from understudy.core.random import Stream
from understudy.data.breaches import broken
from understudy.data.condition import Condition, meets
from understudy.data.constraints import (
    AnyRule,
    Combinations,
    Constraint,
    Dependency,
    Equal,
    Formula,
    Implication,
    Inequality,
    OneHot,
    Range,
    Regex,
    Sum,
    Unique,
    Within,
    columns_of,
    in_words,
)  # fmt: skip
from understudy.data.matching import fitted_to
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.codec.codec import Codec
from understudy.tabular.codec.remade import RemadeColumn
from understudy.tabular.codec.stored import restore, store
from understudy.tabular.combination import Combined
from understudy.tabular.derivation import Copy, Derivation, Joined, Lookup, Tables, Total, derivation_from_state
from understudy.tabular.formula import Computed
from understudy.tabular.uniqueness import Uniqueness

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
    ``tests``: rules that finished rows are tested for; ``keys``: what must not repeat among them; ``columns``: what they mean.
    ``unique``: how rows without repeated keys are made, once that is known. ``notes``: (column, what was done, why), for the fit's record.
    """

    schema: TableSchema
    derivations: list[Derivation] = field(default_factory=list)
    inequalities: list[Bound] = field(default_factory=list)
    movable: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    tests: list[Constraint] = field(default_factory=list)
    keys: list[Unique] = field(default_factory=list)
    known: dict[int, pl.DataFrame] = field(default_factory=dict)
    columns: dict[str, ColumnSchema] = field(default_factory=dict)
    unique: Uniqueness | None = None

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
        # Combinations that cannot be joined, because another rule has their columns, are known in the same way and tested.
        counted = {k: Combined(tuple(rule.columns)) for k, rule in enumerate(plan.tests) if isinstance(rule, Combinations)}
        learning = [*plan.derivations, *counted.values()]
        for derivation in learning:
            derivation.begin(schema)
        if learning:
            for chunk in table.chunks():
                for derivation in learning:
                    derivation.take(chunk)
        for derivation in learning:
            derivation.finish(rare, extremes)
        movable = {_key(b): _movable(b, plan.derivations, schema) for b in plan.inequalities}
        notes = plan.notes + [(d.target, d.what(), "the rule holds in every row of the output") for d in plan.derivations]
        made = cls(_forward_schema(schema, plan), plan.derivations, plan.inequalities, movable, notes, plan.tests, plan.keys)
        made.known = {k: combined.known for k, combined in counted.items()}
        made.columns = {column.name: column for column in schema.columns}
        return made

    def settle(self, codec: Codec, stream: Stream) -> None:
        """Rules on columns that are made anew, once it is known how: patterns and keys are their regenerators' to keep.

        Raises:
            ConstraintError: the regenerators cannot, or a rule speaks of values that come from the row's number.
        """
        anew = {column.name: column for column in codec.columns if isinstance(column, RemadeColumn)}
        patterns = [rule for rule in self.tests if isinstance(rule, Regex) and rule.column in anew]
        for rule in patterns:
            column = anew[rule.column]
            column.regenerator = fitted_to(column.regenerator, rule, stream.child("pattern", rule.column))
            self.tests.remove(rule)
            self.notes.append((rule.column, f"made so that every value matches {rule.pattern}", "the rule says so"))
        self.keys = [rule for rule in self.keys if not _unique_by_construction(rule, anew, stream)]
        tainted = _tainted(set(anew), self.derivations)
        for tested in (*self.tests, *self.keys):
            _refuse_made_anew(tested, tainted)

    def most_rows(self, codec: Codec) -> int | None:
        """The rows beyond which a regenerator runs out of values that match its pattern."""
        limits = [column.regenerator.most for column in codec.columns if isinstance(column, RemadeColumn)]
        return min((limit for limit in limits if limit is not None), default=None)

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Typed rows without what is derived."""
        for derivation in self.derivations:
            frame = derivation.forward(frame)
        dropped = {name for d in self.derivations for name in d.dropped}
        return frame.drop(dropped)

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Typed rows with everything derived, and inequalities mended. Columns are in no particular order."""
        return self.mended(self.rebuilt(self.mended(frame)))

    def rebuilt(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Typed rows with everything derived; inequalities are as they were drawn."""
        for derivation in reversed(self.derivations):
            frame = derivation.backward(frame)
        return frame

    def recover(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Partial rows (null: not given) with the cells that given derived cells make certain."""
        for derivation in self.derivations:
            frame = derivation.recover(frame)
        return frame

    def freed(self, frame: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
        """Finished rows without the cells that `recover` can compute from ``given`` derived ones."""
        for derivation in self.derivations:
            frame = derivation.freed(frame, given)
        return frame

    def mended(self, frame: pl.DataFrame) -> pl.DataFrame:
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
        """Which rows keep every inequality and every rule that is tested (n,): those that do not are drawn again."""
        return np.asarray(np.logical_and.reduce([np.ones(frame.height, bool), *(mask for _, mask in self.verdicts(frame))]))

    def contradicted(self, frame: pl.DataFrame) -> Mask:
        """Partial rows (null: not given) whose given cells alone break an inequality or a tested rule."""
        found = np.zeros(frame.height, bool)
        for bound in self.inequalities:
            found |= ~frame.select(k=bound.kept(frame))["k"].to_numpy()
        for k, rule in enumerate(self.tests):
            part = frame.select(columns_of(rule))
            rows = np.flatnonzero(part.select(w=pl.all_horizontal(pl.all().is_not_null()))["w"].to_numpy())
            if len(rows):
                found[rows] |= broken(part[rows], rule, self.columns, self.known.get(k))
        return found

    def verdicts(self, frame: pl.DataFrame) -> Iterator[tuple[str, Mask]]:
        """Every tested rule in words, with the rows (n,) that keep it."""
        for bound in self.inequalities:
            yield f"{bound.low} {'<' if bound.strict else '≤'} {bound.high}", frame.select(k=bound.kept(frame))["k"].to_numpy()
        for k, rule in enumerate(self.tests):
            names = columns_of(rule)
            against = broken(frame.select(names), rule, self.columns, self.known.get(k))
            yield in_words(rule), ~against

    @property
    def may_break(self) -> bool:
        """True where some rule can be kept only by drawing again: rules that are tested, or an inequality whose sides are derived."""
        mended = len(self.inequalities) <= 1 and all(self.movable.values())
        return bool(self.tests or self.unique) or (bool(self.inequalities) and not mended)

    def released(self) -> dict[str, set[str]]:
        """By column that is not learned by itself, the texts of the values that rows may hold."""
        found: dict[str, set[str]] = {}
        for derivation in self.derivations:
            if isinstance(derivation, Combined):
                found |= {name: set(derivation.known[name].cast(pl.String).drop_nulls()) for name in derivation.dropped}
            elif isinstance(derivation, Lookup):
                values = pl.concat([derivation.pairs[derivation.target], derivation.usual[derivation.target]])
                found[derivation.target] = set(values.cast(pl.String).drop_nulls())
        return found

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
        facts = {"steps": steps, "bounds": bounds, "schema": self.schema.model_dump(mode="json", exclude_none=True)}
        if self.tests or self.unique:
            facts["tests"] = [rule.model_dump(mode="json", exclude_none=True) for rule in self.tests]
            facts["unique"] = None if self.unique is None else self.unique.to_dict()
            facts["known"] = {}
            for k, known in self.known.items():
                facts["known"][str(k)], table = store(known)
                if table is not None:
                    tables[f"constraints.known.{k}"] = table
        return facts, tables

    @classmethod
    def from_state(cls, facts: dict[str, Any], tables: Tables, source: TableSchema | None = None) -> Self:
        """``source``: the schema of the finished rows, where rules are tested in them."""
        steps = [derivation_from_state(step, tables.get(f"constraints.{k}")) for k, step in enumerate(facts["steps"])]
        bounds = [Bound(b["low"], b["high"], b["strict"]) for b in facts["bounds"]]
        movable = {_key(b): entry["move"] for b, entry in zip(bounds, facts["bounds"], strict=True)}
        made = cls(TableSchema.model_validate(facts["schema"]), steps, bounds, movable)
        made.tests = [_RULE.validate_python(rule) for rule in facts.get("tests", [])]
        made.known = {int(k): restore(known, tables.get(f"constraints.known.{k}")) for k, known in facts.get("known", {}).items()}
        made.unique = Uniqueness.from_dict(facts["unique"]) if facts.get("unique") else None
        made.columns = {} if source is None else {column.name: column for column in source.columns}
        return made


_RULE: TypeAdapter[AnyRule] = TypeAdapter(Constraint)


class _Plan:
    """Which rule drops which column, so that no column is dropped twice or computed from itself."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.derivations: list[Derivation] = []
        self.inequalities: list[Bound] = []
        self.tests: list[Constraint] = []
        self.keys: list[Unique] = []
        self.notes: list[tuple[str, str, str]] = []
        self._from: dict[str, tuple[str, ...]] = {}
        self._remade = {c.name for c in schema.columns if c.remade}
        self._joined: set[str] = set()

    def build(self) -> None:
        enforced = [c for c in self.schema.constraints if c.enforce]
        rank: list[type] = [
            Formula, Combinations, Equal, OneHot, Sum, Dependency, Inequality, Range, Implication, Regex, Unique,
        ]  # fmt: skip
        for rule in sorted(enforced, key=lambda c: rank.index(type(c))):
            if not self._covered(rule):
                self._place(rule)
        self.derivations = self._sorted()

    def _place(self, rule: Constraint) -> None:
        match rule:
            case Formula():
                self._from[rule.target] = rule.parsed().columns
                self.derivations.append(Computed(rule, {c.name: c for c in self.schema.columns}))
            case Combinations():
                self._combine(rule)
            case Equal():
                self._one_of([(rule.b, (rule.a,)), (rule.a, (rule.b,))], lambda t, s: Copy(t, s), rule)
            case OneHot():
                self._join(rule)
            case Sum():
                self._sum(rule)
            case Dependency():
                self._depend(rule)
            case Inequality() if self._remade.intersection([rule.low, rule.high]):
                self._leave(rule, "its columns are made anew")
            case Inequality():
                self.inequalities.append(Bound(rule.low, rule.high, rule.strict))
            case Unique():
                self.keys.append(rule)
            case _:
                self.tests.append(rule)

    def _covered(self, rule: Constraint) -> bool:
        """Rules inside one set of known combinations hold by it, because every training row that is left keeps them."""
        inside = any(isinstance(d, Combined) and set(columns_of(rule)) <= set(d.dropped) for d in self.derivations)
        return inside and not isinstance(rule, Combinations | Unique)

    def _leave(self, rule: Constraint, why: str) -> None:
        """A rule that no derivation builds in: tested where a person declared it, noted where it was found in the data."""
        names = columns_of(rule)
        if rule.rows_checked == 0 and not isinstance(rule, Dependency) and not self._remade.intersection(names):
            self.tests.append(rule)
            return
        column = rule.dependent if isinstance(rule, Dependency) else names[0]
        self.notes.append((column, f"the rule {rule.type} is not built in", why))

    def _combine(self, rule: Combinations) -> None:
        if any(name in self._from or name in self._joined for name in rule.columns):
            self.tests.append(rule)
            return
        self._joined.update(rule.columns)
        self.derivations.append(Combined(tuple(rule.columns)))

    def _one_of(
        self,
        choices: Iterable[tuple[str, tuple[str, ...]]],
        make: Callable[[str, tuple[str, ...]], Derivation],
        rule: Constraint,
    ) -> None:
        """The first target that may be derived from its sources; left where there is none."""
        options = list(choices)
        for target, sources in options:
            if self._may(target, sources):
                self._from[target] = sources
                self.derivations.append(make(target, sources))
                return
        if options[0][0] not in self._from or rule.rows_checked == 0:
            self._leave(rule, "its columns are made anew, or derived from one another already")

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
            self._leave(rule, "its columns are derived from others already")
            return
        self._joined.update(rule.columns)
        self.derivations.append(Joined(tuple(rule.columns)))

    def _sum(self, rule: Sum) -> None:
        options: list[tuple[str, tuple[str, ...]]] = [(rule.total, tuple(rule.parts))]
        options += [(part, (rule.total, *(p for p in rule.parts if p != part))) for part in reversed(rule.parts)]
        if self._remade.intersection([rule.total, *rule.parts]):
            self._leave(rule, "some of its columns are made anew")
            return
        self._one_of(options, lambda t, s: Total(t, s, whole=t == rule.total, decimals=rule.decimals), rule)

    def _depend(self, rule: Dependency) -> None:
        if self._remade.intersection(rule.determinants):
            self._leave(rule, "what it depends on is made anew for every row")
            return
        options = [(rule.dependent, tuple(rule.determinants))]
        if rule.one_to_one and len(rule.determinants) == 1:
            options.append((rule.determinants[0], (rule.dependent,)))
        self._one_of(options, lambda t, s: Lookup(t, s), rule)

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


def _forward_schema(schema: TableSchema, plan: _Plan) -> TableSchema:
    dropped = {name for d in plan.derivations for name in d.dropped}
    alone = {rule.columns[0] for rule in plan.keys if len(rule.columns) == 1}
    columns = [_made_once(c) if c.name in alone else c for c in schema.columns if c.name not in dropped]
    columns += [added for d in plan.derivations if (added := d.added()) is not None]
    return TableSchema(columns=columns)


def _made_once(column: ColumnSchema) -> ColumnSchema:
    """A column made anew whose values must not repeat."""
    if column.kind == "code":
        return ColumnSchema(name=column.name, kind="identifier", dtype=column.dtype, nullable=column.nullable, unique=True)
    return column.model_copy(update={"unique": True}) if column.kind in ("identifier", "personal") else column


TRIED_KEYS = 20_000


def _unique_by_construction(rule: Unique, anew: Mapping[str, RemadeColumn], stream: Stream) -> bool:
    """Whether some column of a key is made so that it never repeats. Raises ``ConstraintError`` where one is made so that it does."""
    remade = [name for name in rule.columns if name in anew]
    for name in remade:
        made = anew[name].make(np.arange(TRIED_KEYS, dtype=np.int64), stream.child("keys"))
        if made.n_unique() == TRIED_KEYS:
            return True
    if remade:
        raise ConstraintError(
            f'The values of "{remade[0]}" are made anew from the row\'s number and repeat, so that rows cannot be kept apart by them.',
            where=in_words(rule),
            remedy=f'Declare "{remade[0]}" an identifier with unique: true, or leave it out of the rule.',
        )
    return False


def _tainted(anew: set[str], derivations: list[Derivation]) -> set[str]:
    """Columns made anew, and those computed from them."""
    for derivation in reversed(derivations):
        if anew.intersection(derivation.sources):
            anew |= set(derivation.dropped)
    return anew


def _refuse_made_anew(rule: Constraint, tainted: set[str]) -> None:
    """A test of values that come from the row's number would pass at one place and fail at another."""
    names = set(columns_of(rule))
    if isinstance(rule, Implication):
        names = {name for name, wanted in (*rule.when.items(), *rule.then.items()) if not _of_presence(wanted)}
    for name in sorted(names & tainted):
        raise ConstraintError(
            f'The values of "{name}" are made anew from the row\'s number, so that no rule on them can be kept by drawing again.',
            where=in_words(rule), remedy="Leave the column out of the rule, or declare it categorical.",
        )  # fmt: skip


def _of_presence(wanted: Any) -> bool:
    return isinstance(wanted, Within) and wanted.low is None and wanted.high is None


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
