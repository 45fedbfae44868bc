"""From a spec to what makes its tables: every column's maker, in an order in which each has what it needs.

All that can be known before a row is made is known here: laws without values between their bounds, patterns with too few strings, sets of
columns that cannot be unique, formulas over the wrong types. Where a table states rules that its columns do not hold by construction, rows
that break one are drawn again, each by itself: how often is a function of the row, so that cells stay addressable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.data.keyed import Rows, Words, permuted
from understudy.rules import columns as c
from understudy.rules.cells import Cells, World, null_where
from understudy.rules.checking import reads
from understudy.rules.determined import determined
from understudy.rules.inverse import Discrete, discrete, inverse_of
from understudy.rules.making import families as fam
from understudy.rules.making.choices import BooleanMaker, ChoiceMaker, ConstantMaker, ListMaker, below, threshold
from understudy.rules.making.correlation import Copula
from understudy.rules.making.formulas import CaseMaker, ExpressionMaker, Formula
from understudy.rules.making.keys import KeyMaker, PatternKeyMaker, UuidMaker
from understudy.rules.making.maker import CopulaMember, Maker, Place
from understudy.rules.making.numbers import BesideMaker, NumberMaker
from understudy.rules.making.people import PersonMaker, WordMaker, person_law
from understudy.rules.making.sources import FrameMaker, ModelMaker
from understudy.rules.making.texts import PatternMaker, TemplateMaker
from understudy.rules.making.times import BesideMomentMaker, BetweenMaker, TimeMaker
from understudy.rules.sources import Sources
from understudy.rules.spec import Spec, TableSpec

MOST_ATTEMPTS = 64


@dataclass
class CompiledTable:
    """What makes one table.

    rows: None where they follow from the owner's. owner, counts: whose they are, and how many each owner has. rules: those that rows are
    drawn again for; stated: those that must hold as it is.
    """

    name: str
    rows: int | None
    owner: str | None
    counts: Discrete | None
    makers: dict[str, Maker] = field(default_factory=dict)
    nulls: dict[str, np.uint64 | Formula | None] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    rules: dict[str, Formula] = field(default_factory=dict)
    stated: dict[str, Formula] = field(default_factory=dict)
    visible: list[str] = field(default_factory=list)

    def made(self, name: str, cells: Cells) -> pl.Series:
        """A column's values, without those that are missing."""
        series = self.makers[name].make(cells)
        if name in self.longest:
            series = _cut(series, self.longest[name])
        if name not in self.nulls:
            return series
        rule = self.nulls[name]
        missing = rule.true_at(cells).to_numpy() if isinstance(rule, Formula) else below(cells.words(name, "null"), rule)
        return null_where(series, missing)

    def may_miss(self, name: str) -> bool:
        """Whether a column may lack values."""
        return name in self.nulls or isinstance(
            self.makers[name], fam.ReferenceMaker | fam.SiblingMaker | fam.ParentMaker | CaseMaker | ExpressionMaker
        )

    def reference_to(self, table: str, through: str | None) -> fam.ReferenceMaker:
        """The reference column that names rows of a table: the first, or the one called `through`."""
        for name, maker in self.makers.items():
            if isinstance(maker, fam.ReferenceMaker) and maker.table == table and through in (None, name):
                return maker
        raise ConstraintError(f'"{self.name}" neither belongs nor refers to a table "{table}".')

    def attempts(self, world: World, rows: Rows) -> NDArray[np.uint64] | None:
        """How often each row is drawn again, as often as it takes to keep the rules; None: no row is."""
        open_rows = np.flatnonzero(self._broken(Cells(world, self.name, rows)))
        if not len(open_rows):
            return None
        attempts = np.zeros(len(rows), np.uint64)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            attempts[open_rows] = attempt
            again = Cells(world, self.name, rows[open_rows], attempts[open_rows])
            open_rows = open_rows[self._broken(again)]
            if not len(open_rows):
                return attempts
        raise self._impossible(Cells(world, self.name, rows[open_rows], attempts[open_rows]))

    def require_stated(self, cells: Cells) -> None:
        """Raise `ConstraintError` where a rule that no row is drawn again for is broken."""
        for name, formula in self.stated.items():
            broken = ~formula.at(cells).fill_null(True).to_numpy()
            if broken.any():
                raise ConstraintError(
                    f'The rule "{name}" is broken by row {int(cells.rows[broken][0]) + 1:,}. It reads other rows of the table, '
                    "so that no row can be drawn again for it.",
                    where=f"tables.{self.name}.rules.{name}",
                    remedy="Hold it by construction (above:, below:, low:, high:, type: part, type: case), or widen it.",
                )

    def _broken(self, cells: Cells) -> NDArray[np.bool_]:
        broken = np.zeros(cells.height, bool)
        for formula in self.rules.values():
            # As a CHECK in SQL: a rule is broken where it is false, not where it is unknown.
            broken |= ~formula.at(cells).fill_null(True).to_numpy()
        return broken

    def _impossible(self, cells: Cells) -> ConstraintError:
        worst = max(self.rules, key=lambda name: int((~self.rules[name].at(cells).fill_null(True)).sum()))
        return ConstraintError(
            f'The rule "{worst}" is broken by row {int(cells.rows[0]) + 1:,} however often it is drawn ({MOST_ATTEMPTS} times).',
            where=f"tables.{self.name}.rules.{worst}",
            remedy="Hold it by construction (above:, below:, low:, high:, type: part, type: case), or widen it.",
        )


class Compiler:
    """Compiles a spec table by table."""

    def __init__(self, spec: Spec, sources: Sources) -> None:
        self.spec, self.sources = spec, sources
        self.tables: dict[str, CompiledTable] = {}

    def compiled(self) -> dict[str, CompiledTable]:
        for name, table in self.spec.tables.items():
            counts = None if table.per is None else _counts(name, table)
            self.tables[name] = CompiledTable(
                name, table.rows, None if table.per is None else table.per.table, counts, visible=table.visible
            )
        for table_name, column_name in self._order():
            self._column(table_name, column_name)
        for name, table in self.spec.tables.items():
            compiled = self.tables[name]
            compiled.makers = {column: compiled.makers[column] for column in table.columns}
            self._groups(name, table, compiled)
            for rule, text in table.rules.items():
                kept = compiled.rules if self._draws(name, text) else compiled.stated
                kept[rule] = self._rule(name, rule, text)
        return self.tables

    def _order(self) -> list[tuple[str, str]]:
        order: dict[tuple[str, str], None] = {}

        def visit(at: tuple[str, str]) -> None:
            if at not in order:
                for needed in reads(self.spec, *at):
                    visit(needed)
                order[at] = None

        for table_name, table in self.spec.tables.items():
            for column in table.columns:
                visit((table_name, column))
        return list(order)

    def _column(self, table_name: str, name: str) -> None:
        column, compiled = self.spec.tables[table_name].columns[name], self.tables[table_name]
        place = Place(table_name, name)
        try:
            compiled.makers[name] = self.maker(column, place)
            if isinstance(column.nulls, str):
                compiled.nulls[name] = self.formula(column.nulls, table_name, f"{place}.nulls", truth=True)
            elif column.nulls > 0:
                compiled.nulls[name] = threshold(column.nulls)
            if isinstance(column, c.TextColumn) and column.longest is not None:
                compiled.longest[name] = column.longest
        except ConstraintError as error:
            raise error if error.where else ConstraintError(error.what, where=str(place), remedy=error.remedy) from None

    def kind_of(self, table: str, name: str) -> str:
        """The kind of a column, or of `table.column`."""
        if name in self.tables[table].makers:
            return self.tables[table].makers[name].kind
        other, _, theirs = name.partition(".")
        return self.tables[other].makers[theirs].kind

    def decimals_of(self, table: str, name: str) -> int | None:
        """The digits after the point of a column's numbers; None: not rounded."""
        if name not in self.spec.tables[table].columns:
            table, _, name = name.partition(".")
        column = self.spec.tables[table].columns[name]
        match column:
            case c.DecimalColumn() | c.ExpressionColumn():
                return column.decimals
            case c.PartColumn() | c.RunningColumn() | c.SiblingColumn() | c.ParentColumn() | c.AggregateColumn():
                return self.decimals_of(table, column.of)
        return 0 if self.kind_of(table, name) in ("integer", "boolean") else None

    def formula(self, text: str, table: str, where: str, *, truth: bool = False) -> Formula:
        """A formula over a table's columns. truth: it must be true or false."""
        from understudy.data.expression import parse

        kinds = {name: self.kind_of(table, name) for name in parse(text).columns}
        formula = Formula(text, kinds, where)
        if truth and formula.sort != "truth":
            raise ConstraintError(
                f"A condition is true or false, and this is a {formula.sort}: {text}.", where=where, remedy="Compare it: x > 0."
            )
        return formula

    def maker(self, column: c.Column, place: Place) -> Maker:
        """What makes a column."""
        found = self._drawn(column, place) or self._composed(column, place) or self._taken(column, place) or self._family(column, place)
        if found is None:
            raise ConstraintError(f'Nothing makes columns of type "{column.type}".', where=str(place))
        return found

    def _drawn(self, column: c.Column, place: Place) -> Maker | None:
        """Columns drawn from a law."""
        match column:
            case c.KeyColumn():
                return self._key(column, place)
            case c.NumberColumn():
                return NumberMaker(place, column) if (column.above or column.below) is None else BesideMaker(place, column)
            case c.DayColumn():
                return self._day(column, place)
            case c.TimeColumn():
                return TimeMaker(place, column)
            case c.BooleanColumn():
                return BooleanMaker(place, column)
            case c.ChoiceColumn():
                return ChoiceMaker(place, column)
            case c.PatternColumn():
                return PatternKeyMaker(place, column.regex) if column.unique else PatternMaker(place, column.regex)
        return None

    def _composed(self, column: c.Column, place: Place) -> Maker | None:
        """Columns made from others of the row."""
        match column:
            case c.ConstantColumn():
                return ConstantMaker(place, column.value)
            case c.TemplateColumn():
                return TemplateMaker(place, column.text)
            case c.ExpressionColumn():
                return ExpressionMaker(place, self.formula(column.formula, place.table, f"{place}.formula"), column.decimals)
            case c.CaseColumn():
                return self._case(column, place)
            case c.PartColumn():
                return self._part(column, place)
        return None

    def _taken(self, column: c.Column, place: Place) -> Maker | None:
        """Columns taken from vocabularies, lists, frames and models."""
        match column:
            case c.ListColumn():
                return self._list(column, place)
            case c.PersonColumn():
                return PersonMaker(place, column, person_law(self.spec, place.table, column.who))
            case c.WordColumn():
                return WordMaker(place, column, self.spec)
            case c.FrameColumn():
                return FrameMaker(
                    place, column.frame, self.sources.frame_column(column.frame, column.column, place), drawn=column.take == "draw"
                )
            case c.ModelColumn():
                model, dtype = self.sources.model_column(column.model, column.column, place)
                return ModelMaker(place, column.model, model, column.column, dtype)
        return None

    def _key(self, column: c.KeyColumn, place: Place) -> Maker:
        if column.uuid:
            return UuidMaker(place)
        return PatternKeyMaker(place, column.pattern) if column.pattern is not None else KeyMaker(place, column)

    def _day(self, column: c.DayColumn, place: Place) -> Maker:
        if column.between is None:
            beside = column.above or column.below or ""
            if self.kind_of(place.table, beside) not in ("date", "datetime"):
                raise ConstraintError(f'"{beside}" is no column of moments.', where=str(place), remedy="Name a date or datetime column.")
            return BesideMomentMaker(place, column)
        holidays = set() if column.holidays is None else self.sources.holidays(column.holidays.country, column.between, place)
        return BetweenMaker(place, column, holidays)

    def _list(self, column: c.ListColumn, place: Place) -> Maker:
        leader: ListMaker | None = None
        if column.together is not None:
            named = self.tables[place.table].makers[column.together]
            if not isinstance(named, ListMaker):
                raise ConstraintError(
                    f'"{column.together}" is no column of a list.', where=f"{place}.with", remedy="Name a column of type list."
                )
            leader, stated = named, self.spec.tables[place.table].columns[column.together]
            if isinstance(stated, c.ListColumn) and stated.list != column.list:
                raise ConstraintError(f'"{column.together}" is of another list, "{stated.list}".', where=f"{place}.with")
        entries, weights = self.sources.entries(column.list, column.column, place)
        return ListMaker(place, entries, weights, leader)

    def _case(self, column: c.CaseColumn, place: Place) -> Maker:
        cases = []
        for i, case in enumerate(column.cases):
            formula = self.formula(case.when, place.table, f"{place}.cases.{i}.when", truth=True)
            cases.append((formula, self._branch(case.then, Place(place.table, place.column, ("case", i)))))
        otherwise = None if column.otherwise is None else self._branch(column.otherwise, Place(place.table, place.column, ("case", "else")))
        return CaseMaker(place, cases, otherwise)

    def _branch(self, value: c.Scalar | c.Column, place: Place) -> Maker:
        return self.maker(value, place) if isinstance(value, c.Column) else ConstantMaker(place, value)

    def _family(self, column: c.Column, place: Place) -> Maker | None:
        """Columns between tables, and along the rows of one owner."""
        table = place.table
        match column:
            case c.ReferenceColumn():
                return self._reference(column, place)
            case c.ParentColumn():
                return fam.ParentMaker(place, column, self.kind_of(table, column.of))
            case c.AggregateColumn():
                return fam.AggregateMaker(place, column, self.kind_of(table, column.of), self.decimals_of(table, column.of))
            case c.StateColumn():
                return fam.StateMaker(place, column)
            case c.OrdinalColumn():
                return fam.OrdinalMaker(place)
            case c.SiblingColumn():
                return fam.SiblingMaker(place, column, self.kind_of(table, column.of))
            case c.RunningColumn():
                return fam.RunningMaker(place, column, self.kind_of(table, column.of), self.decimals_of(table, column.of))
        return None

    def _reference(self, column: c.ReferenceColumn, place: Place) -> Maker:
        other, _, key = column.to.partition(".")
        stated = self.spec.tables[place.table]
        if stated.per is not None and stated.per.table == other and column.law is None and self._first_reference(place, other):
            return fam.OwnerMaker(place, other, key, self.kind_of(other, key))
        target = place.table if other == "self" else other
        kind = self.tables[target].makers[key].kind if key in self.tables[target].makers else "integer"
        if column.distinct and stated.per is None:
            raise ConstraintError("`distinct` is among the rows of one owner, and the table has none.", where=f"{place}.distinct")
        return fam.ReferenceMaker(place, column, target, kind)

    def _first_reference(self, place: Place, other: str) -> bool:
        """Of several references to the owner's table the first is to the owner."""
        columns = self.spec.tables[place.table].columns
        first = next(
            name for name, stated in columns.items() if isinstance(stated, c.ReferenceColumn) and stated.to.startswith(f"{other}.")
        )
        return first == place.column

    def _part(self, column: c.PartColumn, place: Place) -> Maker:
        decimals = self.decimals_of(place.table, column.of)
        if self.kind_of(place.table, column.of) not in ("integer", "decimal") or decimals is None:
            raise ConstraintError(
                f'"{column.of}" is no number with a fixed count of digits, so its parts cannot add up to it.',
                where=f"{place}.of",
                remedy="Give it the type decimal or integer, or round the expression: decimals: 2.",
            )
        if column.of not in self.spec.tables[place.table].columns:
            return fam.OwnedPartMaker(place, column, decimals)
        stated = self.spec.tables[place.table].columns.items()
        group = [(name, part) for name, part in stated if isinstance(part, c.PartColumn) and part.of == column.of]
        if len(group) < 2:
            raise ConstraintError(
                f'"{column.of}" has one part only.', where=str(place), remedy="Give it two parts or more: type: part, of: …"
            )
        return fam.PartMaker(place, column, group, decimals)

    def _groups(self, name: str, table: TableSpec, compiled: CompiledTable) -> None:
        """Columns that are drawn together."""
        for number, group in enumerate(table.correlations):
            copula = Copula(group, number)
            for position, column in enumerate(group.columns):
                self._join(compiled.makers[column], copula.member(position), f"tables.{name}.correlations.{number}")
        for number, columns in enumerate(_unique_sets(table)):
            if not determined(self.spec, name, columns):
                self._make_unique(name, columns, compiled, number)

    def _join(self, maker: Maker, member: CopulaMember, where: str) -> None:
        if not maker.correlates or maker.group is not None:
            why = "is in another group already" if maker.group is not None else "is of a type that cannot be drawn together with others"
            raise ConstraintError(
                f'"{maker.place.column}" {why}.',
                where=where,
                remedy="Types that can: integer, decimal, boolean, choice, list, date, datetime, time.",
            )
        maker.group = member

    def _make_unique(self, name: str, columns: Sequence[str], compiled: CompiledTable, number: int) -> None:
        where = f"tables.{name}: the columns {', '.join(columns)} are to be unique together"
        makers = [compiled.makers[column] for column in columns]
        for maker in makers:
            if maker.group is not None or not maker.countable:
                raise ConstraintError(
                    f'"{maker.place.column}" has no closed list of values with equal chances, so that which rows repeat cannot be told.',
                    where=where,
                    remedy="Use a key or a unique pattern, columns without weights (choice, integer with low and high, list, date), or "
                    "a reference to the owner beside an ordinal or a distinct reference.",
                )
        group = UniqueGroup(name, number, makers)
        for position, maker in enumerate(makers):
            maker.group = _Digit(group, position)

    def _draws(self, table: str, rule: str) -> bool:
        """Whether rows that break a rule can be drawn again each by itself: not where it reads other rows of the same table."""
        from understudy.data.expression import parse

        open_columns = [(table, name) for name in parse(rule).columns]
        seen: set[tuple[str, str]] = set()
        while open_columns:
            at = open_columns.pop()
            if at in seen or at[1] not in self.spec.tables[at[0]].columns:
                continue
            seen.add(at)
            column = self.spec.tables[at[0]].columns[at[1]]
            along = isinstance(column, c.StateColumn | c.SiblingColumn | c.RunningColumn) or (
                isinstance(column, c.PartColumn) and "." in column.of
            )
            if along and at[0] == table:
                return False
            for other, name in reads(self.spec, *at):
                if other == table and at[0] != table:
                    return False
                open_columns.append((other, name))
                if other != at[0]:
                    open_columns += [(other, used) for text in self.spec.tables[other].rules.values() for used in parse(text).columns]
        return True

    def _rule(self, table: str, rule: str, text: str) -> Formula:
        return self.formula(text, table, f"tables.{table}.rules.{rule}", truth=True)


class UniqueGroup:
    """Columns whose values together never repeat: a permutation of all combinations, one for each row."""

    def __init__(self, table: str, number: int, makers: Sequence[Maker]) -> None:
        self._table, self._number, self._makers = table, number, makers

    def digits(self, cells: Cells) -> list[Words]:
        """Random bits for each column that mean its value of the row's combination."""
        found: list[Words] = cells.keep(("unique", self._number), lambda: self._digits(cells))
        return found

    def _digits(self, cells: Cells) -> list[Words]:
        sizes = [maker.domain_in(cells.world) for maker in self._makers]
        combinations = 1
        for size in sizes:
            combinations *= size
        if cells.world.rows(self._table) > combinations:
            names = ", ".join(maker.place.column for maker in self._makers)
            raise ConstraintError(
                f"{cells.world.rows(self._table):,} rows are to differ in {names}, which have {combinations:,} combinations.",
                where=f"tables.{self._table}.unique",
                remedy="Ask for fewer rows, or give the columns more values.",
            )
        rest = permuted(cells.rows, min(combinations, 1 << 62), cells.world.key(self._table, "", "unique", self._number))
        words: list[Words] = []
        for size in sizes:
            digit, rest = rest % size, rest // size
            words.append((((digit + 0.5) / size) * 2.0**53).astype(np.uint64) << np.uint64(11))
        return words


class _Digit(CopulaMember):
    def __init__(self, group: UniqueGroup, position: int) -> None:
        self._group, self._position = group, position

    def words(self, cells: Cells) -> Words:
        return self._group.digits(cells)[self._position]


def _unique_sets(table: TableSpec) -> list[list[str]]:
    return ([table.key] if table.key else []) + table.unique


def _counts(name: str, table: TableSpec) -> Discrete:
    """The law of rows per owner, as a table of whole numbers."""
    assert table.per is not None
    law = inverse_of(table.per.count, table.per.least, table.per.most, whole=True)
    if isinstance(law, Discrete):
        return law
    values = np.arange(table.per.least, table.per.most + 1, dtype=np.float64)
    shares = np.diff(np.concatenate((law.share_below(values[:1] - 0.5) * 0, law.share_below(values + 0.5))))
    if not shares.sum() > 0:
        raise ConstraintError("The law of rows per owner gives no whole number between least and most.", where=f"tables.{name}.per")
    return discrete(shares, values)


def _cut(series: pl.Series, longest: int) -> pl.Series:
    if isinstance(series.dtype, pl.Enum):
        if max(map(len, series.dtype.categories)) <= longest:
            return series
        series = series.cast(pl.String)
    return series.str.slice(0, longest)


def order_of_tables(spec: Spec) -> list[str]:
    """Tables after those that they belong or refer to; where references go in a circle, in the spec's order."""
    needs: Mapping[str, set[str]] = {name: set() for name in spec.tables}
    for name, table in spec.tables.items():
        if table.per is not None:
            needs[name].add(table.per.table)
        for column in table.columns.values():
            if isinstance(column, c.ReferenceColumn):
                needs[name].add(column.to.partition(".")[0])
        needs[name] -= {name, "self"}
    order: list[str] = []
    while len(order) < len(needs):
        ready = [name for name in needs if name not in order and needs[name] <= set(order)]
        order.append((ready or [name for name in needs if name not in order])[0])
    return order
